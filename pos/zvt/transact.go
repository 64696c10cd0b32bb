package zvt

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/zvt/zvtproto"
	"github.com/openecr/openecr/transport"
)

// Keys of the handle: what the terminal had booked last before the command.
const (
	keyReceiptBefore = "receipt_before" // four digits, or none, or unsupported
	keyTraceBefore   = "trace_before"
	keyTraceOriginal = "trace_original" // of a void: the trace of what it takes back
	keyTerminal      = "terminal_id"    // of the terminal that was asked
)

// Values of receipt_before besides a number.
const (
	beforeNone        = "none"        // the terminal has no receipt yet
	beforeUnsupported = "unsupported" // it does not answer Repeat Receipt as documented
)

// Transact runs one money command. See pos.Driver for the rules; the errors
// before BeforeSend are pos.ErrBusy, pos.ErrInvalid, pos.ErrUnsupported, a
// *ResultError when the terminal refused the registration, or the line's.
func (t *Terminal) Transact(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	release, err := t.acquire()
	if err != nil {
		return pos.Reply{}, err
	}
	defer release()
	if op.Op == pos.OpReversal {
		return t.reverse(ctx, op, s)
	}
	m, err := t.command(op)
	if err != nil {
		return pos.Reply{}, err
	}
	s.Progress(pos.Progress{Step: pos.StepConnecting, Text: "connecting to " + t.Device(), Chinese: "正在连接终端"})
	before, err := t.lastBooking(ctx, lastReceipt)
	if err != nil {
		return pos.Reply{}, err
	}
	if before.unsupported && !t.cfg.Serial {
		// Without a receipt number only the connection tells one dialogue from another.
		t.drop()
		if err := t.ready(ctx); err != nil {
			return pos.Reply{}, err
		}
	}
	h := before.handle(lastReceipt)
	t.note(h)
	if op.Original != nil && op.Original.STAN != "" {
		h[keyTraceOriginal] = op.Original.STAN
	}
	return t.money(ctx, m, op.Amount, h, s)
}

// note adds which terminal the command goes to.
func (t *Terminal) note(h pos.Handle) {
	if t.terminalID != "" {
		h[keyTerminal] = t.terminalID
	}
}

// command builds the ZVT command of an operation.
func (t *Terminal) command(op pos.Operation) (zvtproto.Message, error) {
	if op.Amount.Currency() != t.cfg.Currency {
		return nil, fmt.Errorf("zvt: %w: %s on a terminal registered for %s", pos.ErrInvalid, op.Amount, t.cfg.Currency)
	}
	if op.Amount.Minor() <= 0 || op.Amount.Minor() > int64(zvtproto.MaxAmount) {
		return nil, fmt.Errorf("zvt: %w: %s does not fit the 12 digits of an amount", pos.ErrInvalid, op.Amount)
	}
	amount := zvtproto.Amount(op.Amount.Minor())
	switch op.Op {
	case pos.OpCharge:
		m := &zvtproto.Authorisation{}
		return m, errors.Join(t.setAmount(&m.Fields, amount), setPaymentType(&m.Fields))
	case pos.OpPreauth:
		m := &zvtproto.PreAuthorisation{}
		return m, errors.Join(t.setAmount(&m.Fields, amount), setPaymentType(&m.Fields))
	case pos.OpRefund:
		m := &zvtproto.Refund{}
		m.Password = t.cfg.Password
		return m, t.setAmount(&m.Fields, amount)
	case pos.OpVoid:
		return t.takeBack(op.Original, op.Original.Receipt, amount)
	case pos.OpCompletion:
		return t.complete(op, amount)
	}
	return nil, fmt.Errorf("zvt: %w: a ZVT terminal has no %s", pos.ErrUnsupported, op.Op)
}

func (t *Terminal) setAmount(f *zvtproto.Fields, a zvtproto.Amount) error {
	return errors.Join(f.SetAmount(a), f.SetCurrency(zvtproto.Currency(t.cfg.Currency.Numeric())))
}

// setPaymentType lets the terminal decide, the documents' normal case.
func setPaymentType(f *zvtproto.Fields) error {
	f.SetPaymentType(zvtproto.PaymentType(0x40))
	return nil
}

// takeBack is Reversal 06 30, or 06 25 for a hold, of a receipt.
func (t *Terminal) takeBack(orig *pos.Attempt, receipt string, amount zvtproto.Amount) (zvtproto.Message, error) {
	number, err := receiptNumber(receipt)
	if err != nil {
		return nil, err
	}
	if orig.Type == pos.TypePreauth {
		m := &zvtproto.PreAuthReversal{}
		return m, errors.Join(m.SetReceiptNumber(number), t.setAmount(&m.Fields, amount))
	}
	if orig.Type != pos.TypeCharge && orig.Type != pos.TypeCompletion {
		return nil, fmt.Errorf("zvt: %w: a %s cannot be reversed", pos.ErrUnsupported, orig.Type)
	}
	m := &zvtproto.Reversal{}
	m.Password = t.cfg.Password
	return m, errors.Join(m.SetReceiptNumber(number), t.setAmount(&m.Fields, amount))
}

// complete books a hold: with the amount used, or the amount to release.
func (t *Terminal) complete(op pos.Operation, amount zvtproto.Amount) (zvtproto.Message, error) {
	number, err := receiptNumber(op.Original.Receipt)
	if err != nil {
		return nil, err
	}
	if !t.cfg.ReleaseToComplete {
		m := &zvtproto.BookTotal{}
		return m, errors.Join(m.SetReceiptNumber(number), t.setAmount(&m.Fields, amount))
	}
	m := &zvtproto.PartialReversal{}
	release := zvtproto.Amount(op.Original.Approved.Minor()) - amount
	return m, errors.Join(m.SetReceiptNumber(number), t.setAmount(&m.Fields, release))
}

// receiptNumber reads a journalled receipt number. Without one the terminal
// cannot be told which payment is meant.
func receiptNumber(s string) (uint16, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n > 9999 {
		return 0, fmt.Errorf("zvt: %w: the original has no receipt number (%q)", pos.ErrInvalid, s)
	}
	return uint16(n), nil
}

// money sends a command that moves money, behind the barrier, and follows it
// to its end.
func (t *Terminal) money(ctx context.Context, m zvtproto.Message, asked pos.Money, h pos.Handle, s pos.Session) (pos.Reply, error) {
	if err := s.BeforeSend(ctx, h); err != nil {
		return pos.Reply{}, err
	}
	d := &dialogue{t: t, progress: s.Progress, t4: t.cfg.T4}
	d.judge = func(si *zvtproto.StatusInformation) verdict { return t.belongs(si, m.Command(), asked, h) }
	running, stop := d.abortOn(ctx)
	defer stop()
	if err := d.request(running, m); err != nil {
		if transport.NothingSent(err) {
			t.drop()
			return pos.Reply{Outcome: pos.OutcomeNotSent}, err
		}
		t.drop()
		return pos.Reply{}, err
	}
	if !d.end.refused {
		if err := d.follow(running); err != nil {
			t.drop()
			return pos.Reply{}, err
		}
	}
	r, err := t.outcome(d, asked)
	if err != nil {
		t.drop()
	}
	t.suspect = d.aborted.Load() && !d.abortAnswered // its response may still be on its way
	return r, err
}

// belongs binds a status-information to the running command: by the receipt
// number noted before it, and by its amount. One that approves another amount
// is refused, which makes the terminal take it back (P15 3.1).
func (t *Terminal) belongs(si *zvtproto.StatusInformation, c zvtproto.Command, asked pos.Money, h pos.Handle) verdict {
	if n, ok := si.ReceiptNumber(); ok && formatReceipt(n) == h[keyReceiptBefore] && t.sameTrace(si, h) {
		return stale
	}
	if !si.Approved() || c == zvtproto.CmdEndOfDay || c == zvtproto.CmdPartialReversal {
		return accept
	}
	if cur, ok := si.Currency(); ok && int(cur) != t.cfg.Currency.Numeric() {
		return refuse
	}
	if amount, ok := si.Amount(); ok && int64(amount) > asked.Minor() {
		return refuse
	}
	return accept
}

func (t *Terminal) sameTrace(si *zvtproto.StatusInformation, h pos.Handle) bool {
	trace, ok := si.Trace()
	return !ok || h[keyTraceBefore] == "" || formatTrace(trace) == h[keyTraceBefore]
}

// outcome reads how a money command ended.
//
// Money was booked exactly when an approved status-information was
// acknowledged and the command completed. An abort after an approval, or a
// completion without a result, contradicts itself: the Till asks.
func (t *Terminal) outcome(d *dialogue, asked pos.Money) (pos.Reply, error) {
	e := &d.end
	r := pos.Reply{}
	if e.result != nil {
		r = t.reply(e.result)
	}
	r.Slips = e.slips.done()
	approved := e.result != nil && e.result.Approved()
	switch {
	case e.refused:
		r.Outcome = pos.OutcomeDeclined
		r.Code, r.Text = codeText(e.code), e.code.String()
	case e.completed && approved:
		r.Outcome = pos.OutcomeApproved
		if r.Approved == (pos.Money{}) {
			r.Approved = asked
		}
	case e.aborted && approved:
		return pos.Reply{}, fmt.Errorf("zvt: the terminal approved and then aborted: %w", e.refusal())
	case e.aborted:
		r.Outcome = pos.OutcomeDeclined
		if e.code == zvtproto.ResultAborted {
			r.Outcome = pos.OutcomeCanceled
		}
		r.Code, r.Text = codeText(e.code), e.code.String()
		if e.vendor != "" {
			r.Text += " (" + e.vendor + ")"
		}
	case e.completed && e.result != nil:
		r.Outcome = pos.OutcomeDeclined
	default:
		return pos.Reply{}, errors.New("zvt: the terminal completed without a result")
	}
	return r, nil
}

// reply translates a status-information.
func (t *Terminal) reply(si *zvtproto.StatusInformation) pos.Reply {
	r := pos.Reply{}
	if amount, ok := si.Amount(); ok && si.Approved() {
		r.Approved = pos.FromMinor(int64(amount), t.cfg.Currency)
	}
	if n, ok := si.ReceiptNumber(); ok {
		r.Receipt = formatReceipt(n)
	}
	if n, ok := si.Trace(); ok {
		r.STAN = formatTrace(n)
	}
	r.AuthCode, _ = si.AuthorisationID()
	r.TerminalID, _ = si.TerminalID()
	r.MerchantID, _ = si.VUNumber()
	if pan, ok := si.PAN(); ok {
		r.Card = pan.String()
	}
	r.Scheme, _ = si.CardName()
	if ct, ok := si.CardType(); ok && r.Scheme == "" {
		r.Scheme = ct.String()
	}
	if code, ok := si.ResultCode(); ok {
		r.Code, r.Text = codeText(code), code.String()
	}
	r.Entry = entryOf(si)
	r.PeerTime = peerTime(si, time.Now())
	return r
}

func codeText(c zvtproto.ResultCode) string { return fmt.Sprintf("%02X", byte(c)) }

func formatReceipt(n uint16) string { return fmt.Sprintf("%04d", n) }

func formatTrace(n uint64) string { return fmt.Sprintf("%06d", n) }

// entryOf names how the card was read (tag 1F12, alone or in 2F).
func entryOf(si *zvtproto.StatusInformation) string {
	tlv, ok := si.TLV()
	if !ok {
		return ""
	}
	v, ok := tlv.Value(zvtproto.TagTechnology)
	if !ok {
		v, ok = tlv.Value(zvtproto.TagPaymentType, zvtproto.TagTechnology)
	}
	if !ok || len(v) != 1 {
		return ""
	}
	switch v[0] {
	case 0:
		return "swipe"
	case 1:
		return "insert"
	case 2:
		return "tap"
	}
	return ""
}

// peerTime joins the terminal's time (0C) and date (0D, without a year) with
// the year that makes it nearest to now.
func peerTime(si *zvtproto.StatusInformation, now time.Time) time.Time {
	hms, ok1 := bcdDigits(si, zvtproto.BMPTime)
	md, ok2 := bcdDigits(si, zvtproto.BMPDate)
	if !ok1 || !ok2 {
		return time.Time{}
	}
	best := time.Time{}
	for year := now.Year() - 1; year <= now.Year()+1; year++ {
		c, err := time.ParseInLocation("20060102150405", fmt.Sprintf("%04d", year)+md+hms, time.Local)
		if err == nil && (best.IsZero() || c.Sub(now).Abs() < best.Sub(now).Abs()) {
			best = c
		}
	}
	return best
}

func bcdDigits(si *zvtproto.StatusInformation, b zvtproto.BMP) (string, bool) {
	v, ok := si.Value(b)
	if !ok {
		return "", false
	}
	s := fmt.Sprintf("%x", v)
	_, err := strconv.ParseUint(s, 10, 64)
	return s, err == nil
}
