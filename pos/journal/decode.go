package journal

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/openecr/openecr/pos"
)

// scanDecoder reads the bodies of rows for Scan: everything but Handle, Chip,
// Slips and Printed, which only drivers and printers need. The form that
// columns writes is read by hand, ten times as fast as encoding/json does it;
// anything else goes to that package.
type scanDecoder struct {
	room []byte // for texts, handed on to attempts and never used again
}

// roomBytes holds the texts of some hundred attempts.
const roomBytes = 16 << 10

// decode reads body into a, which holds the attempt before or nothing. The
// attempt keeps nothing of body: texts are copied, and those that are as in
// the attempt before are shared with it.
func (s *scanDecoder) decode(body string, a *pos.Attempt) error {
	d := decoder{text: body, scan: s, old: *a, escapes: strings.IndexByte(body, '\\') >= 0}
	*a = pos.Attempt{}
	if d.attempt(a) && d.at == len(body) {
		return nil
	}
	*a = pos.Attempt{}
	err := json.Unmarshal([]byte(body), a)
	a.Handle, a.Chip, a.Slips, a.Printed = nil, pos.Chip{}, nil, nil
	return err
}

// keep copies a text.
func (s *scanDecoder) keep(text string) string {
	if text == "" {
		return ""
	}
	if len(text) > len(s.room) {
		s.room = make([]byte, max(roomBytes, len(text)))
	}
	n := copy(s.room, text)
	kept := s.room[:n]
	s.room = s.room[n:]
	return unsafe.String(&kept[0], n)
}

// decoder reads what json.Marshal writes of an attempt, without white space.
// What it cannot read sets bad.
type decoder struct {
	text    string
	at      int
	scan    *scanDecoder
	old     pos.Attempt // the one before
	escapes bool        // there are some
	bad     bool
}

// kept reads a text and copies it, unless it is the old one.
func (d *decoder) kept(old string) string {
	if s := d.string(); s != old {
		return d.scan.keep(s)
	}
	return old
}

func (d *decoder) attempt(a *pos.Attempt) bool {
	d.expect("{")
	for !d.bad {
		key := d.string()
		d.expect(":")
		d.field(a, key)
		if d.at < len(d.text) && d.text[d.at] == ',' {
			d.at++
			continue
		}
		d.expect("}")
		break
	}
	return !d.bad
}

// field reads the value of one key; a key it does not know is left to encoding/json.
func (d *decoder) field(a *pos.Attempt, key string) {
	switch key {
	case "attempt":
		a.ID = pos.AttemptID(d.kept(string(d.old.ID)))
	case "till":
		a.Till = d.kept(d.old.Till)
	case "reference":
		a.Reference = d.kept(d.old.Reference)
	case "tender":
		a.Tender = d.kept(d.old.Tender)
	case "device":
		a.Device = d.kept(d.old.Device)
	case "type":
		a.Type = pos.Type(d.kept(string(d.old.Type)))
	case "state":
		a.State = pos.State(d.kept(string(d.old.State)))
	case "amount":
		a.Amount = d.money(d.old.Amount)
	case "approved":
		a.Approved = d.money(d.old.Approved)
	case "due":
		a.Due = d.money(d.old.Due)
	case "given":
		a.Given = d.money(d.old.Given)
	case "change":
		a.Change = d.money(d.old.Change)
	case "original":
		a.Original = pos.AttemptID(d.kept(string(d.old.Original)))
	case "operator":
		a.Operator = d.kept(d.old.Operator)
	case "digest":
		a.Digest = d.kept(d.old.Digest)
	case "approver":
		a.Approver = d.kept(d.old.Approver)
	case "order_id":
		a.OrderID = d.kept(d.old.OrderID)
	case "seq":
		a.Seq = d.number()
	case "updated":
		a.Updated = d.number()
	case "epoch":
		a.Epoch = d.number()
	case "created":
		a.Created = d.moment()
	case "changed":
		a.Changed = d.moment()
	case "rule":
		a.Rule = d.kept(d.old.Rule)
	case "token":
		a.Token = d.kept(d.old.Token)
	case "asked":
		a.Asked = pos.AttemptID(d.kept(string(d.old.Asked)))
	case "uses":
		a.Uses = int(d.number())
	case "undo_tries":
		a.Tries = int(d.number())
	case "reason":
		a.Reason = d.kept(d.old.Reason)
	default:
		d.peerField(a, key)
	}
}

// peerField reads what the peer said.
func (d *decoder) peerField(a *pos.Attempt, key string) {
	switch key {
	case "auth_code":
		a.AuthCode = d.kept(d.old.AuthCode)
	case "rrn":
		a.RRN = d.kept(d.old.RRN)
	case "stan":
		a.STAN = d.kept(d.old.STAN)
	case "receipt":
		a.Receipt = d.kept(d.old.Receipt)
	case "card":
		a.Card = d.kept(d.old.Card)
	case "scheme":
		a.Scheme = d.kept(d.old.Scheme)
	case "entry":
		a.Entry = d.kept(d.old.Entry)
	case "terminal_id":
		a.TerminalID = d.kept(d.old.TerminalID)
	case "merchant_id":
		a.MerchantID = d.kept(d.old.MerchantID)
	case "code":
		a.Code = d.kept(d.old.Code)
	case "text":
		a.Text = d.kept(d.old.Text)
	case "peer_time":
		a.PeerTime = d.moment()
	case "undo_until":
		a.UndoUntil = d.moment()
	case "handle", "chip", "slips", "printed":
		d.pass()
	case "totals":
		d.value(&a.Totals)
	case "alerts":
		d.value(&a.Alerts)
	case "vouchers":
		d.value(&a.Vouchers)
	default: // of a later version: all of it is left to encoding/json
		d.bad = true
	}
}

// value reads an object or list with encoding/json.
func (d *decoder) value(into any) {
	from := d.at
	d.pass()
	d.bad = d.bad || json.Unmarshal([]byte(d.text[from:d.at]), into) != nil
}

func (d *decoder) expect(s string) {
	if !strings.HasPrefix(d.text[d.at:], s) {
		d.bad = true
		return
	}
	d.at += len(s)
}

// string reads a text; one with escapes is taken apart by encoding/json.
func (d *decoder) string() string {
	if d.at >= len(d.text) || d.text[d.at] != '"' {
		d.bad = true
		return ""
	}
	from := d.at + 1
	n := strings.IndexByte(d.text[from:], '"')
	if n < 0 {
		d.bad = true
		return ""
	}
	if d.escapes && strings.IndexByte(d.text[from:from+n], '\\') >= 0 {
		return d.escaped()
	}
	d.at = from + n + 1
	return d.text[from : from+n]
}

func (d *decoder) escaped() (s string) {
	from := d.at
	d.passString()
	d.bad = d.bad || json.Unmarshal([]byte(d.text[from:d.at]), &s) != nil
	return s
}

// passString goes behind the text that begins here.
func (d *decoder) passString() {
	for i := d.at + 1; i < len(d.text); i++ {
		switch d.text[i] {
		case '\\':
			i++
		case '"':
			d.at = i + 1
			return
		}
	}
	d.bad = true
}

// pass goes behind the object or list that begins here.
func (d *decoder) pass() {
	for depth := 0; d.at < len(d.text); {
		switch d.text[d.at] {
		case '"':
			if d.passString(); d.bad {
				return
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if d.at++; depth <= 0 {
			return
		}
	}
	d.bad = true
}

func (d *decoder) number() int64 {
	from, n := d.at, int64(0)
	if d.at < len(d.text) && d.text[d.at] == '-' {
		d.at++
	}
	first := d.at
	for d.at < len(d.text) && d.text[d.at] >= '0' && d.text[d.at] <= '9' {
		n = n*10 + int64(d.text[d.at]-'0') // more digits than fit are read again below
		d.at++
	}
	switch digits := d.at - first; {
	case digits == 0:
		d.bad = true
	case digits > 18:
		var err error
		n, err = strconv.ParseInt(d.text[from:d.at], 10, 64)
		d.bad = d.bad || err != nil
	case first > from:
		n = -n
	}
	return n
}

func (d *decoder) money(old pos.Money) pos.Money {
	d.expect(`{"minor":`)
	minor := d.number()
	d.expect(`,"currency":`)
	currency := d.kept(string(old.Currency()))
	d.expect("}")
	return pos.FromMinor(minor, pos.Currency(currency))
}

func (d *decoder) moment() time.Time {
	t, err := time.Parse(time.RFC3339Nano, d.string())
	d.bad = d.bad || err != nil
	return t
}
