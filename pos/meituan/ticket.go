package meituan

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
)

// plan is one scanned code of a redemption or its undo, as the journal keeps it, sealed.
type plan struct {
	Began int64    `json:"b"` // milliseconds
	Code  string   `json:"c"`
	Codes []string `json:"l,omitempty"` // of an undo: those to be taken back
	Tag   string   `json:"t"`
	Deal  ID       `json:"d"`
	Title string   `json:"n"`
	Face  Yuan     `json:"f"`
	Price Yuan     `json:"p"`
	Times int      `json:"x"`
}

// fate is what became of a ticket.
type fate int

// The fates. All uses of a ticket share one: they are redeemed in one call.
const (
	open     fate = iota // nobody knows
	redeemed             // it stands
	refused              // not done, definitely
	idle                 // not done as far as the platform knows now
	undone               // taken back
)

// ticket is a plan on its way.
type ticket struct {
	plan
	fate       fate
	codes      []string // what was redeemed, as far as it is known
	code, text string   // the platform's words
}

func (t *ticket) secret() pos.Secret { return pos.NewSecret([]byte(t.Code)) }

func (t *ticket) began() time.Time { return time.UnixMilli(t.Began) }

// words keeps the platform's words of an error.
func (t *ticket) words(err error) {
	var e *Error
	if errors.As(err, &e) && e.Class == ErrRefused {
		t.code, t.text = e.Code, e.Text
	}
}

// Keys of the handle, numbered by ticket.
const (
	keyPlan  = "plan"
	keyTag   = "tag"
	keyCodes = "codes"
	keyUndo  = "undo"
	keyTail  = "code" // masked
)

// ticketsMax bounds the codes of one redemption.
const ticketsMax = 6

// titleMax bounds a title in a handle.
const titleMax = 90

func cut(text string, limit int) string {
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "")
	}
	return text
}

// letters writes bytes without digits: no journal must take them for a card number.
var letters = base32.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef").WithPadding(base32.NoPadding)

// seal encrypts for the journal, bound to the attempt.
func (d *Driver) seal(id pos.AttemptID, text []byte) (string, error) {
	nonce := make([]byte, d.cfg.Seal.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", err
	}
	sealed := d.cfg.Seal.Seal(nonce, nonce, text, []byte("openecr meituan "+id))
	return letters.EncodeToString(sealed), nil
}

func (d *Driver) unseal(id pos.AttemptID, text string) ([]byte, error) {
	b, err := letters.DecodeString(text)
	n := d.cfg.Seal.NonceSize()
	if err == nil && len(b) >= n {
		if b, err = d.cfg.Seal.Open(nil, b[:n], b[n:], []byte("openecr meituan "+id)); err == nil {
			return b, nil
		}
	}
	return nil, fmt.Errorf("meituan: %w: the journal's note was sealed with another key, or is damaged", pos.ErrManual)
}

// handle writes everything a redemption, or its undo, consists of.
func (d *Driver) handle(id pos.AttemptID, key string, list []*ticket) (pos.Handle, error) {
	h := pos.Handle{}
	for i, t := range list {
		b, err := json.Marshal(t.plan)
		if err != nil {
			return nil, err
		}
		n := strconv.Itoa(i)
		if h[key+n], err = d.seal(id, b); err != nil {
			return nil, err
		}
		h[keyTag+n] = t.Tag
	}
	if len(list) == 1 {
		h[keyTail] = tail(list[0].secret())
	}
	return h, nil
}

// recall reads tickets back.
func (d *Driver) recall(id pos.AttemptID, key string, h pos.Handle) (list []*ticket, err error) {
	for i := range ticketsMax {
		text, ok := h[key+strconv.Itoa(i)]
		if !ok {
			break
		}
		b, err := d.unseal(id, text)
		if err != nil {
			return nil, err
		}
		t := &ticket{}
		if json.Unmarshal(b, &t.plan) != nil || t.Times < 1 || t.Times > pos.MaxVouchers {
			return nil, fmt.Errorf("meituan: %w: the journal's note cannot be read", pos.ErrManual)
		}
		list = append(list, t)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("meituan: %w: the journal has no note of what was sent", pos.ErrManual)
	}
	return list, nil
}

// chunkMax is how much plain text fits, sealed, into one word of a reply's handle.
const chunkMax = 130

// noteCodes writes down which further vouchers of its order a ticket took.
func (d *Driver) noteCodes(id pos.AttemptID, list []*ticket) (pos.Handle, error) {
	h := pos.Handle{}
	for i, t := range list {
		if t.fate != redeemed || t.Times == 1 {
			continue
		}
		for n, chunk := range chunks(t.codes) {
			sealed, err := d.seal(id, []byte(chunk))
			if err != nil {
				return nil, err
			}
			h[fmt.Sprintf("%s%d.%d", keyCodes, i, n)] = sealed
		}
	}
	return h, nil
}

func chunks(codes []string) (list []string) {
	for _, c := range codes {
		if n := len(list); n > 0 && len(list[n-1])+1+len(c) <= chunkMax {
			list[n-1] += "," + c
		} else {
			list = append(list, c)
		}
	}
	return list
}

// readCodes finds the vouchers a ticket took; false if the journal does not know them all.
func (d *Driver) readCodes(id pos.AttemptID, h pos.Handle, i int, t *ticket) (bool, error) {
	if t.Times == 1 {
		t.codes = []string{t.Code}
		return true, nil
	}
	t.codes = nil
	for n := 0; ; n++ {
		text, ok := h[fmt.Sprintf("%s%d.%d", keyCodes, i, n)]
		if !ok {
			return len(t.codes) == t.Times, nil
		}
		b, err := d.unseal(id, text)
		if err != nil {
			return false, err
		}
		t.codes = append(t.codes, strings.Split(string(b), ",")...)
	}
}

var states = map[fate]pos.VoucherState{open: pos.VoucherUnknown, redeemed: pos.VoucherRedeemed, refused: pos.VoucherRefused, idle: pos.VoucherRefused, undone: pos.VoucherUndone}

// verdicts are a ticket's uses in the Till's words.
func (t *ticket) verdicts(times int) (list []pos.VoucherVerdict) {
	for range times {
		v := pos.VoucherVerdict{ID: t.Tag, Title: t.Title, Verdict: states[t.fate], Amount: t.Face.Money(), Price: t.Price.Money()}
		if t.fate == open || t.fate == refused || t.fate == idle {
			v.Code, v.Text = t.code, t.text
		}
		list = append(list, v)
	}
	return list
}
