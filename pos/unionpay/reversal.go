package unionpay

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/unionpay/cupkey"
	"github.com/openecr/openecr/pos/unionpay/cupproto"
)

// Query says that the host cannot be asked what became of a payment: the Till
// then reverses it, before anything else is sent. An advice, and with
// Profile.RefundsRepeat a refund, is sent again with the same trace number: a
// host that has it answers as the first time, and one that has not does what was
// asked; 94 tells nothing, and calls a person. Other
// refunds can be neither reversed nor repeated, so only a person can tell
// (pos.ErrManual). A settlement that was cut is gone on with.
func (t *Terminal) Query(ctx context.Context, a pos.Attempt) (pos.Reply, error) {
	if a.Type == pos.TypeSettle {
		return t.resumeSettle(ctx, a)
	}
	row, ok := cupproto.LookupTransaction(rows[Kind(a.Handle[keyKind])])
	switch {
	case !ok:
		return pos.Reply{}, fmt.Errorf("unionpay: %w: the journal does not say what was sent", pos.ErrManual)
	case row.Silence == cupproto.Reverse:
		return pos.Reply{}, fmt.Errorf("unionpay: the host cannot be asked: %w", pos.ErrUnsupported)
	case row.Silence == cupproto.Resend, t.cfg.Profile.RefundsRepeat && (row.Kind == cupproto.Refund || row.Kind == cupproto.ScanRefund):
		return t.repeatMoney(ctx, a)
	}
	return pos.Reply{}, fmt.Errorf("unionpay: %w: a %s (%s) cannot be asked for or reversed; compare trace %s of batch %s with the host's list",
		pos.ErrManual, row.Kind, row.Chinese, a.Handle[keySTAN], a.Handle[keyBatch])
}

// repeatMoney sends a message again, the same trace number and all.
func (t *Terminal) repeatMoney(ctx context.Context, a pos.Attempt) (pos.Reply, error) {
	release, err := t.acquire()
	if err != nil {
		return pos.Reply{}, err
	}
	defer release()
	m, err := t.recall(ctx, a)
	if err != nil {
		return pos.Reply{}, fmt.Errorf("unionpay: %w: nothing was kept of the message, so it cannot be repeated: %w", pos.ErrManual, err)
	}
	defer m.Clear()
	if batch := t.cfg.State.State().Batch; batch != number(a.Handle[keyBatch]) {
		return pos.Reply{}, fmt.Errorf("unionpay: %w: batch %s has been settled since", pos.ErrManual, a.Handle[keyBatch])
	}
	if err := t.sameBatch(ctx, quiet{}); err != nil {
		return pos.Reply{}, err
	}
	keys, err := t.cfg.Keys.Session(ctx)
	if err != nil {
		return pos.Reply{}, err
	}
	if err := t.connect(ctx); err != nil {
		return pos.Reply{}, err
	}
	m.Set(64, make([]byte, cupkey.MACLen))
	ans, err := t.converse(ctx, m, keys, nil)
	if err != nil {
		return pos.Reply{}, err
	}
	switch {
	case ans.undecided(): // says nothing of the first sending: asked again
		return pos.Reply{}, refusal("repeating trace "+a.Handle[keySTAN], ans)
	case ans.code == codeDuplicate:
		return pos.Reply{}, fmt.Errorf("unionpay: %w: the host has seen trace %s of batch %s before, and does not say with what outcome; look at its list",
			pos.ErrManual, a.Handle[keySTAN], a.Handle[keyBatch])
	}
	card := cardOf(m)
	card.Foreign = a.Handle[keyAlien] != ""
	defer card.Clear()
	if t.has(m.STAN()) { // an earlier sending left its item before a crash
		if err := t.cfg.State.Keep(Change{Drop: m.STAN()}); err != nil {
			return pos.Reply{}, err
		}
	}
	return t.conclude(ctx, Kind(a.Handle[keyKind]), m, ans, card, a.Handle)
}

// has reports whether the batch has an item of a trace number.
func (t *Terminal) has(stan uint32) bool {
	return slices.ContainsFunc(t.cfg.State.State().Items, func(i Item) bool { return i.STAN == stan })
}

// reverse sends the reversal (冲正) of an attempt whose answer is missing, or
// that the register gives up: the same trace number and batch, with the reason.
// It is repeated by the Till until the host has answered, and never reversed itself.
func (t *Terminal) reverse(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	o := op.Original
	if o == nil || number(o.Handle[keySTAN]) == 0 {
		return pos.Reply{}, fmt.Errorf("unionpay: %w: the journal does not say which trace number to reverse", pos.ErrManual)
	}
	row, ok := cupproto.LookupTransaction(rows[Kind(o.Handle[keyKind])])
	if !ok || row.Silence != cupproto.Reverse {
		return pos.Reply{}, fmt.Errorf("unionpay: %w: a %s is not reversed", pos.ErrManual, o.Handle[keyKind])
	}
	if t.cfg.State.State().Settling != nil {
		return pos.Reply{}, ErrSettling // its totals are told already; afterwards it can only be refunded
	}
	if err := t.sameBatch(ctx, s); err != nil {
		return pos.Reply{}, err
	}
	if batch := t.cfg.State.State().Batch; batch != number(o.Handle[keyBatch]) {
		return pos.Reply{}, fmt.Errorf("unionpay: %w: batch %s has been settled since; refund it, or settle it with the acquirer", pos.ErrManual, o.Handle[keyBatch])
	}
	keys, err := t.cfg.Keys.Session(ctx)
	if err != nil {
		return pos.Reply{}, err
	}
	m, err := t.reversal(ctx, row, *o)
	if err != nil {
		return pos.Reply{}, err
	}
	defer m.Clear()
	if err := t.connect(ctx); err != nil {
		return pos.Reply{}, err
	}
	if err := s.BeforeSend(ctx, nil); err != nil {
		t.link.Drop()
		return pos.Reply{}, err
	}
	a, err := t.converse(ctx, m, keys, s)
	if err != nil {
		return pos.Reply{}, err
	}
	return t.reversed(m, a)
}

// readyToReverse signs on if it must; nothing else may go before a reversal.
func (t *Terminal) readyToReverse(ctx context.Context, s pos.Session) error {
	if _, err := t.cfg.Keys.Session(ctx); err == nil && !t.signOn {
		return nil
	}
	s.Progress(pos.Progress{Step: pos.StepConnecting, Text: "signing on", Chinese: "正在签到"})
	return t.doSignOn(ctx)
}

// sameBatch is readyToReverse for what belongs to the open batch: once the host is
// in another one, only a person can tell.
func (t *Terminal) sameBatch(ctx context.Context, s pos.Session) error {
	err := t.readyToReverse(ctx, s)
	if errors.Is(err, ErrBatch) {
		err = fmt.Errorf("unionpay: %w: %w", pos.ErrManual, err)
	}
	return err
}

// reversal builds the message from the memo, or, where none could be kept, from
// what the journal knows.
func (t *Terminal) reversal(ctx context.Context, row cupproto.Transaction, o pos.Attempt) (*cupproto.Message, error) {
	stan := number(o.Handle[keySTAN])
	reason := ""
	for _, r := range t.cfg.State.State().Reasons {
		if r.STAN == stan {
			reason = r.Code
		}
	}
	switch {
	case reason != "":
	case o.RRN != "" || o.AuthCode != "":
		reason = cupproto.ReasonOther // it was answered: the register gives it up
	default:
		reason = cupproto.ReasonSilence
	}
	memo, err := t.recall(ctx, o)
	if err != nil {
		memo = cupproto.Request(row.Kind)
		memo.SetAmount(o.Amount.Minor())
		memo.SetSTAN(stan)
		memo.SetString(22, "000")
		memo.SetString(41, t.cfg.Terminal)
		memo.SetString(42, t.cfg.Merchant)
		memo.SetF60(cupproto.F60{MessageType: row.MessageType, Batch: number(o.Handle[keyBatch]), Network: row.Network,
			ReaderCapability: t.cfg.Profile.Reader[0], ICCondition: '0'})
	}
	defer memo.Clear()
	m := cupproto.Reversal(memo, reason)
	if o.AuthCode != "" {
		m.SetString(38, o.AuthCode)
	}
	return m, nil
}

// reversed judges the answer to a reversal.
func (t *Terminal) reversed(m *cupproto.Message, a answer) (pos.Reply, error) {
	code := cupproto.LookupCode(a.code)
	r := pos.Reply{Outcome: pos.OutcomeDeclined, Code: a.code, Text: code.Chinese, STAN: trace(m.STAN())}
	known := slices.Contains(t.cfg.Profile.ReversalClosed, a.code)
	if code.Advice == cupproto.AdviceSignOn || !known && (!t.cfg.Profile.AnyCloses || undecided(code)) {
		return r, nil // the host has not looked at it, or is not well: it may stand there still
	}
	if err := t.cfg.State.Keep(Change{Drop: m.STAN()}); err != nil {
		return pos.Reply{}, err
	}
	r.Outcome, r.Text = pos.OutcomeApproved, "已冲正 ("+code.Chinese+")"
	return r, nil
}
