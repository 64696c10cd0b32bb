package tmall

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

// plan is one code of a redemption or its undo, as the journal keeps it, sealed.
type plan struct {
	Began  int64  `json:"b"` // milliseconds
	Code   string `json:"c"`
	Token  string `json:"k"`
	Order  ID     `json:"o"`
	Tag    string `json:"t"`
	Title  string `json:"n"`
	Worth  int64  `json:"w"` // fen
	Price  int64  `json:"p"`
	Times  int    `json:"x"`
	Serial string `json:"s"`
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
	code, text string // the platform's words
}

func (t *ticket) secret() pos.Secret { return pos.NewSecret([]byte(t.Code)) }

func (t *ticket) began() time.Time { return time.UnixMilli(t.Began) }

// use is the call that redeems a ticket, or undoes it.
func (t *ticket) use() Use {
	return Use{Code: t.secret(), Issued: Issued{Order: t.Order, Token: pos.NewSecret([]byte(t.Token))}, Times: t.Times, Serial: t.Serial}
}

// words keeps the platform's words of an error.
func (t *ticket) words(err error) {
	var e *Error
	if errors.As(err, &e) && e.Class == ErrRefused {
		t.code, t.text = e.words()
	}
}

// Keys of the handle, numbered by ticket.
const (
	keyPlan = "plan"
	keyTag  = "tag"
	keyUndo = "undo"
	keyTail = "code" // masked
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
	sealed := d.cfg.Seal.Seal(nonce, nonce, text, []byte("openecr tmall "+id))
	return letters.EncodeToString(sealed), nil
}

func (d *Driver) unseal(id pos.AttemptID, text string) ([]byte, error) {
	b, err := letters.DecodeString(text)
	n := d.cfg.Seal.NonceSize()
	if err == nil && len(b) >= n {
		if b, err = d.cfg.Seal.Open(nil, b[:n], b[n:], []byte("openecr tmall "+id)); err == nil {
			return b, nil
		}
	}
	return nil, fmt.Errorf("tmall: %w: the journal's note was sealed with another key, or is damaged", pos.ErrManual)
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
			return nil, fmt.Errorf("tmall: %w: the journal's note cannot be read", pos.ErrManual)
		}
		list = append(list, t)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("tmall: %w: the journal has no note of what was sent", pos.ErrManual)
	}
	return list, nil
}

var states = map[fate]pos.VoucherState{open: pos.VoucherUnknown, redeemed: pos.VoucherRedeemed, refused: pos.VoucherRefused, idle: pos.VoucherRefused, undone: pos.VoucherUndone}

// verdicts are a ticket's uses in the Till's words.
func (t *ticket) verdicts() (list []pos.VoucherVerdict) {
	for range t.Times {
		v := pos.VoucherVerdict{ID: t.Tag, Title: t.Title, Verdict: states[t.fate], Amount: pos.FromMinor(t.Worth, pos.CNY)}
		if t.Price > 0 {
			v.Price = pos.FromMinor(t.Price, pos.CNY)
		}
		if t.fate == redeemed || t.fate == undone {
			v.Reference = t.Serial
		}
		if t.fate != undone {
			v.Code, v.Text = t.code, t.text
		}
		list = append(list, v)
	}
	return list
}
