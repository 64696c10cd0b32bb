package zvt

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/zvt/zvtproto"
)

// lastKind chooses which receipt Repeat Receipt is asked for (tag 1F01).
type lastKind byte

const (
	lastReceipt  lastKind = 0x01
	lastEndOfDay lastKind = 0x04
)

// booking is what the terminal says it did last.
type booking struct {
	exists      bool
	unsupported bool // the terminal answers Repeat Receipt without a status-information
	info        *zvtproto.StatusInformation
}

func (b booking) receipt() string {
	if !b.exists {
		return beforeNone
	}
	if n, ok := b.info.ReceiptNumber(); ok {
		return formatReceipt(n)
	}
	return beforeUnsupported
}

func (b booking) trace() string {
	if b.exists {
		if n, ok := b.info.Trace(); ok {
			return formatTrace(n)
		}
	}
	return ""
}

// handle is what is noted before a money command. An end of day has a trace
// number and no receipt of its own.
func (b booking) handle(kind lastKind) pos.Handle {
	switch {
	case b.unsupported:
		return pos.Handle{keyReceiptBefore: beforeUnsupported}
	case kind == lastEndOfDay && b.trace() == "":
		return pos.Handle{keyTraceBefore: beforeNone}
	case kind == lastEndOfDay:
		return pos.Handle{keyTraceBefore: b.trace()}
	}
	h := pos.Handle{keyReceiptBefore: b.receipt()}
	if tr := b.trace(); tr != "" {
		h[keyTraceBefore] = tr
	}
	return h
}

// lastBooking asks for the last result again: 06 20 with service byte 03, no
// print but a status-information (P15 chapter 2). It connects and registers as
// needed. A terminal that has booked nothing yet, or cannot repeat, says so in the booking.
//
// A completion without a result is believed on a fresh connection only: on an
// old one it may be the end of an earlier dialogue, said twice.
func (t *Terminal) lastBooking(ctx context.Context, kind lastKind) (booking, error) {
	b, err := t.repeat(ctx, kind)
	if err == nil && b.unsupported && !t.fresh {
		t.drop()
		return t.repeat(ctx, kind)
	}
	return b, err
}

func (t *Terminal) repeat(ctx context.Context, kind lastKind) (booking, error) {
	if err := t.ready(ctx); err != nil {
		return booking{}, err
	}
	m := &zvtproto.RepeatReceipt{}
	m.Password = t.cfg.Password
	m.SetServiceByte(zvtproto.RepeatStatusInformation | zvtproto.RepeatNoPrint)
	tlv := zvtproto.TLV{}
	tlv.Add(zvtproto.Primitive(zvtproto.TagReceiptID, byte(kind)))
	if err := m.SetTLV(tlv); err != nil {
		return booking{}, fmt.Errorf("zvt: repeat receipt: %w", err)
	}
	end, err := t.converse(ctx, m, nil)
	if err != nil {
		t.drop()
		return booking{}, err
	}
	switch {
	case end.completed && end.result != nil:
		return booking{exists: true, info: end.result}, nil
	case end.completed, end.code == zvtproto.ResultNotPossible:
		return booking{unsupported: true}, nil
	case end.code == zvtproto.ResultPleaseWait:
		return booking{}, end.refusal()
	case end.code == codeNoReceipt:
		return booking{}, nil
	}
	return booking{}, fmt.Errorf("zvt: repeat receipt: %w", end.refusal())
}

// codeNoReceipt is how a terminal answers that there is nothing to repeat.
// Inferred: the documents name no code; "function not possible" would say that
// the command is missing, so the reading error is what an empty store gives.
const codeNoReceipt zvtproto.ResultCode = 0x64

// Query asks the terminal what became of an attempt: it compares the last
// receipt with the one noted before the attempt's command.
//
//	same number                  nothing was booked
//	next number, amount fits     ours: approved, or declined by its result code
//	anything else                another booking has come between: a person must look
//
// "Nothing was booked" is final once the terminal has acknowledged an abort on
// the new connection: it does one thing at a time, and the old connection is gone.
// Errors leave everything as it is.
func (t *Terminal) Query(ctx context.Context, a pos.Attempt) (pos.Reply, error) {
	release, err := t.acquire()
	if err != nil {
		return pos.Reply{}, err
	}
	defer release()
	return t.find(ctx, a)
}

func (t *Terminal) find(ctx context.Context, a pos.Attempt) (pos.Reply, error) {
	kind, key := lastReceipt, keyReceiptBefore
	if a.Type == pos.TypeSettle {
		kind, key = lastEndOfDay, keyTraceBefore
	}
	if a.Handle[keyReceiptBefore] == beforeUnsupported {
		return pos.Reply{}, fmt.Errorf("zvt: %w: this terminal cannot repeat its last result; a person must look at its journal", pos.ErrManual)
	}
	if a.Handle[key] == "" {
		return pos.Reply{}, fmt.Errorf("zvt: %w: the attempt has no receipt number from before it; a person must look", pos.ErrManual)
	}
	if !t.cfg.Serial {
		t.drop() // nothing of the old connection may still be on its way
	}
	if err := t.ready(ctx); err != nil {
		return pending(err)
	}
	if was := a.Handle[keyTerminal]; was != "" && t.terminalID != "" && was != t.terminalID {
		return pos.Reply{}, fmt.Errorf("zvt: %w: terminal %s answers, but the payment ran on terminal %s; a person must look there", pos.ErrManual, t.terminalID, was)
	}
	idle := t.idle(ctx)
	last, err := t.lastBooking(ctx, kind)
	if err != nil {
		return pending(err)
	}
	if last.unsupported {
		return pos.Reply{}, fmt.Errorf("zvt: %w: the terminal no longer repeats its last result; a person must look at its journal", pos.ErrManual)
	}
	return t.compare(a, last, idle)
}

// pending turns "please wait" into an answer.
func pending(err error) (pos.Reply, error) {
	if errors.Is(err, pos.ErrBusy) {
		return pos.Reply{Outcome: pos.OutcomePending, Text: err.Error()}, nil
	}
	return pos.Reply{}, err
}

// idle asks the terminal to abort whatever it may still be at. Its positive
// response proves that nothing of an earlier command is running or can start.
func (t *Terminal) idle(ctx context.Context) bool {
	if t.cfg.NoAbort {
		return false
	}
	d := &dialogue{t: t, t4: t.cfg.T4}
	if err := d.request(ctx, &zvtproto.Abort{}); err != nil {
		t.drop()
		return false
	}
	return !d.end.refused
}

// compare decides from the last booking.
func (t *Terminal) compare(a pos.Attempt, last booking, idle bool) (pos.Reply, error) {
	if a.Type == pos.TypeSettle {
		if !last.exists || last.trace() == a.Handle[keyTraceBefore] {
			return pos.Reply{Outcome: pos.OutcomeNotFound, Final: idle, Text: "the terminal has not closed the day"}, nil
		}
		return t.settlement(last.info)
	}
	before, now := a.Handle[keyReceiptBefore], last.receipt()
	moved := last.trace() != a.Handle[keyTraceBefore] && a.Handle[keyTraceBefore] != "" && last.trace() != ""
	if now == before && !moved {
		return pos.Reply{Outcome: pos.OutcomeNotFound, Final: idle,
			Text: "the terminal's last receipt is still " + before}, nil
	}
	if now != before && !follows(before, now) {
		return pos.Reply{}, fmt.Errorf("zvt: %w: the terminal's last receipt is %s, %s was expected: something else was booked; a person must look", pos.ErrManual, now, next(before))
	}
	orig, isVoid := a.Handle[keyTraceOriginal]
	n, hasOrig := last.info.OriginalTrace()
	if isVoid && hasOrig && formatTrace(n) != orig || hasOrig && n != 0 && a.Type != pos.TypeVoid && a.Type != pos.TypeCompletion {
		return pos.Reply{}, fmt.Errorf("zvt: %w: receipt %s takes back trace %06d, which is not this attempt; a person must look", pos.ErrManual, now, n)
	}
	r := t.reply(last.info)
	if last.info.Approved() && r.Approved != (pos.Money{}) && r.Approved != a.Amount {
		return pos.Reply{}, fmt.Errorf("zvt: %w: receipt %s is of %s, not of %s: it may be somebody else's, or a part; a person must look", pos.ErrManual, now, r.Approved, a.Amount)
	}
	switch code, _ := last.info.ResultCode(); {
	case last.info.Approved():
		r.Outcome = pos.OutcomeApproved
	case code == zvtproto.ResultAborted:
		r.Outcome = pos.OutcomeReversed
	default:
		r.Outcome = pos.OutcomeDeclined
	}
	return r, nil
}

// follows reports whether receipt b is the one after a. Numbers run from 0001
// to 9999; a terminal without receipts begins anywhere.
func follows(a, b string) bool { return a == beforeNone || b == next(a) }

func next(receipt string) string {
	n, err := strconv.Atoi(receipt)
	if err != nil {
		return "the first"
	}
	return formatReceipt(uint16(n%9999 + 1))
}

// reverse undoes an attempt: finds its receipt if it is not known, and takes
// it back. "Already reversed" and "nothing was booked" are success.
func (t *Terminal) reverse(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	orig := op.Original
	receipt := orig.Receipt
	if receipt == "" {
		r, err := t.find(ctx, *orig)
		if err != nil {
			return pos.Reply{}, err
		}
		switch r.Outcome {
		case pos.OutcomeApproved:
			receipt = r.Receipt
		case pos.OutcomePending:
			return pos.Reply{}, fmt.Errorf("zvt: %w: %s", pos.ErrBusy, r.Text)
		case pos.OutcomeNotFound:
			if !r.Final {
				return pos.Reply{}, errors.New("zvt: nothing is booked yet, but that is no proof while the terminal cannot be aborted")
			}
			return pos.Reply{Outcome: pos.OutcomeApproved, Text: "nothing was booked, so there is nothing to undo"}, nil
		default:
			return pos.Reply{Outcome: pos.OutcomeApproved, Code: r.Code, Text: "the terminal had booked nothing: " + r.Text}, nil
		}
	}
	m, err := t.takeBack(orig, receipt, zvtproto.Amount(op.Amount.Minor()))
	if err != nil {
		return pos.Reply{}, err
	}
	if err := t.ready(ctx); err != nil {
		return pos.Reply{}, err
	}
	r, err := t.money(ctx, m, op.Amount, pos.Handle{}, s)
	if r.Outcome == pos.OutcomeDeclined && r.Code == codeText(zvtproto.ResultAlreadyReversed) {
		r.Outcome = pos.OutcomeApproved
	}
	// What the undo says of itself does not replace what the payment said.
	return pos.Reply{Outcome: r.Outcome, Code: r.Code, Text: r.Text, Slips: r.Slips}, err
}
