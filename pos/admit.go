package pos

import (
	"errors"
	"fmt"
)

// Blocked says which attempt stands in the way of a new one. It is the cause
// inside an *Error of class ErrBusy, ErrConflict or ErrOutcomeUnknown.
type Blocked struct {
	Class error // ErrBusy, ErrConflict or ErrOutcomeUnknown
	By    Attempt
	Why   string
}

// Error says why, and names the attempt that is in the way.
func (b *Blocked) Error() string {
	return fmt.Sprintf("%s: attempt %s (%s, %s, %s)", b.Why, b.By.ID, b.By.Type, b.By.Amount, b.By.State)
}

// Unwrap returns the class.
func (b *Blocked) Unwrap() error { return b.Class }

// Admit decides whether a new attempt may begin. It is pure; the journal calls
// it in the critical section that appends the intent, with related holding at
// least: the attempt of the same id if there is one, all attempts of the same
// reference, all attempts of the same device that have not ended, and the original.
//
// It guards: one key per attempt for ever; one uncertain attempt a sale and
// one attempt at a time a device; the sum of live and approved money of a sale
// never above its due; never more given back than was taken.
// Errors are *Blocked, or wrap ErrInvalid.
func Admit(id AttemptID, in Intent, related []Attempt) error {
	var sale []Attempt
	for _, a := range related {
		if a.ID == id {
			return &Blocked{Class: ErrConflict, By: a, Why: "this attempt id is taken"}
		}
		if in.Device != "" && !in.Shared && a.Device == in.Device && (a.State.Uncertain() || a.State == StateIntent) {
			return &Blocked{Class: ErrBusy, By: a, Why: "the device is occupied"}
		}
		if a.Reference == in.Reference {
			sale = append(sale, a)
		}
	}
	switch in.Type {
	case TypeCharge, TypeRedeem, TypePreauth:
		return admitIncoming(in, sale)
	case TypeVoid, TypeRefund, TypeCompletion:
		return admitFollowUp(in, related)
	case TypeSettle:
		return nil // Till.Settle has looked at everything the device left open
	}
	return fmt.Errorf("%w: unknown type %q", ErrInvalid, in.Type)
}

// admitIncoming guards the due amount of one sale.
func admitIncoming(in Intent, sale []Attempt) error {
	for _, a := range sale {
		if a.State.Uncertain() || a.State == StateIntent || a.State == StateManual {
			return &Blocked{Class: ErrOutcomeUnknown, By: a, Why: "this sale has an attempt that has not ended"}
		}
	}
	due := in.Due
	if due == (Money{}) {
		due = in.Amount
	}
	sum, err := NetOf(sale, in.Amount.Currency())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrConflict, err)
	}
	for _, a := range sale {
		if a.Type.takesBack() || !a.State.Paid() || sum.IsZero() {
			continue
		}
		if !in.Named && due != in.Amount && a.Tender == in.Tender && a.Amount == in.Amount {
			return &Blocked{Class: ErrConflict, By: a, Why: "an equal part on this tender is already paid; give a second one its own attempt id"}
		}
		if was := dueOf(a); was != due {
			return &Blocked{Class: ErrConflict, By: a, Why: fmt.Sprintf("the sale is already begun with a due of %s, not %s", was, due)}
		}
	}
	after, err := sum.Add(in.Amount)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if cmp, err := after.Cmp(due); err != nil || cmp > 0 {
		return &Blocked{Class: ErrConflict, By: last(sale), Why: fmt.Sprintf("%s would exceed the due %s, of which %s is paid", in.Amount, due, sum)}
	}
	return nil
}

func dueOf(a Attempt) Money {
	if a.Due != (Money{}) {
		return a.Due
	}
	return a.Amount
}

func last(list []Attempt) Attempt {
	if len(list) == 0 {
		return Attempt{}
	}
	return list[len(list)-1]
}

// NetOf adds up what the attempts of one sale have brought in, less what was
// given back. Holds count as money until they are completed or voided, so that
// a sale cannot be held and charged at once. Attempts that have not ended
// count as if they had succeeded, except those that give back.
func NetOf(sale []Attempt, currency Currency) (Money, error) {
	net := FromMinor(0, currency)
	var err error
	add := func(m Money, back bool) {
		if err != nil {
			return
		}
		if back {
			net, err = net.Sub(m)
		} else {
			net, err = net.Add(m)
		}
	}
	for _, a := range sale {
		switch {
		case a.State.Paid() && a.Type.movesIn(), a.State.Paid() && a.Type == TypePreauth:
			add(a.Approved, false)
		case a.State.Paid() && a.Type.takesBack():
			add(a.Approved, true)
		case a.State.Live() && !a.Type.takesBack() && a.Type != TypeSettle:
			add(a.Amount, false)
		}
		if a.Type == TypeCompletion && (a.State.Paid() || a.State.Live()) {
			if hold, ok := byID(sale, a.Original); ok {
				add(hold.Approved, true) // the completion takes the hold's place
			}
		}
	}
	return net, err
}

func byID(list []Attempt, id AttemptID) (Attempt, bool) {
	for _, a := range list {
		if a.ID == id {
			return a, true
		}
	}
	return Attempt{}, false
}

// admitFollowUp guards what is done to an earlier attempt.
func admitFollowUp(in Intent, related []Attempt) error {
	orig, ok := byID(related, in.Original)
	if !ok {
		return fmt.Errorf("%w: original %q", ErrNotFound, in.Original)
	}
	if !orig.State.Paid() {
		return &Blocked{Class: ErrConflict, By: orig, Why: "the original holds no money"}
	}
	if orig.Tender != in.Tender || orig.Reference != in.Reference {
		return &Blocked{Class: ErrConflict, By: orig, Why: "the original is of another tender or sale"}
	}
	if in.Type == TypeCompletion && orig.Type != TypePreauth {
		return &Blocked{Class: ErrConflict, By: orig, Why: "only a pre-authorisation can be completed"}
	}
	if in.Type == TypeRefund && !orig.Type.movesIn() || in.Type == TypeVoid && orig.Type.takesBack() {
		return &Blocked{Class: ErrConflict, By: orig, Why: "the original cannot be given back"}
	}
	left := orig.Approved
	for _, a := range related {
		if a.Original != in.Original || !(a.State.Paid() || a.State.Live()) {
			continue
		}
		if a.State.Live() {
			return &Blocked{Class: ErrOutcomeUnknown, By: a, Why: "an earlier one on the same original has not ended"}
		}
		if in.Type != TypeRefund || a.Type != TypeRefund {
			return &Blocked{Class: ErrConflict, By: a, Why: "the original was already voided, refunded or completed"}
		}
		if !in.Named && a.Amount == in.Amount {
			return &Blocked{Class: ErrConflict, By: a, Why: "an equal refund was already made; give a second one its own attempt id"}
		}
		var err error
		if left, err = left.Sub(a.Approved); err != nil {
			return fmt.Errorf("%w: %w", ErrConflict, err)
		}
	}
	if cmp, err := in.Amount.Cmp(left); err != nil || cmp > 0 {
		return &Blocked{Class: ErrConflict, By: orig, Why: fmt.Sprintf("%s is more than the %s that is left of the original", in.Amount, left)}
	}
	return nil
}

// CheckEvent refuses what must never be written: card data anywhere in the
// event, texts and keys beyond their limits, and money without a currency.
// Errors wrap ErrInvalid.
func CheckEvent(e Event) error {
	if err := e.Attempt.check(); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if err := checkIntent(e.Kind, e.Intent); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	total := 0
	for _, s := range e.texts() {
		if total += len(s); len(s) > MaxTextLen || total > MaxEventLen {
			return fmt.Errorf("%w: a text of attempt %s is too long for the journal", ErrInvalid, e.Attempt)
		}
		if HoldsCardData(s) {
			return fmt.Errorf("%w: attempt %s: a text looks like a full card number or track; the journal never keeps one", ErrInvalid, MaskCardData(string(e.Attempt)))
		}
	}
	return nil
}

// MaxEventLen bounds the texts of one event together: two long receipts fit, or
// a receipt beside the verdicts on many vouchers.
const MaxEventLen = 80 << 10

func checkIntent(kind EventKind, in *Intent) error {
	if in == nil {
		return nil
	}
	switch {
	case kind == EventDenied && in.Till != "" && len(in.Reference) <= MaxReferenceLen:
		return nil // what was denied may be no payment at all
	case in.Till == "" || in.Tender == "" || in.Reference == "":
		return errors.New("an intent needs till, tender and reference")
	case len(in.Reference) > MaxReferenceLen:
		return fmt.Errorf("the reference has more than %d characters", MaxReferenceLen)
	case !in.Amount.Currency().Valid():
		return fmt.Errorf("%q is not a known ISO 4217 currency", string(in.Amount.Currency()))
	case in.Type != TypeSettle && in.Amount.Minor() <= 0:
		return fmt.Errorf("the amount %s is not above zero", in.Amount)
	}
	return nil
}

// texts lists every string of the event that could hide card data.
func (e Event) texts() []string {
	list := []string{string(e.Attempt), e.Reason, e.Operator, e.OrderID, string(e.Kind), string(e.Verdict), string(e.Alert), string(e.Slip)}
	if in := e.Intent; in != nil {
		list = append(list, in.Reference, in.Tender, in.Device, in.Operator, in.Approver, in.Rule, in.Token, in.Digest, string(in.Asked), in.Till, string(in.Type), string(in.Original))
		list = append(list, string(in.Amount.Currency()), string(in.Due.Currency()), string(in.Given.Currency()))
	}
	for k, v := range e.Handle {
		list = append(list, k, v)
	}
	if r := e.Reply; r != nil {
		list = append(list, r.AuthCode, r.RRN, r.STAN, r.Receipt, r.Card, r.Scheme, r.Entry, r.TerminalID, r.MerchantID, r.Code, r.Text, string(r.Outcome), string(r.Approved.Currency()))
		for k, v := range r.Handle {
			list = append(list, k, v)
		}
		for _, s := range r.Chip.fields() {
			list = append(list, *s)
		}
		for _, s := range r.Slips {
			list = append(append(list, string(s.Kind)), s.Lines...)
		}
		for _, v := range r.Vouchers {
			list = append(list, v.texts()...)
		}
		for _, t := range r.Totals {
			list = append(list, t.Name, string(t.Amount.Currency()))
		}
	}
	return list
}
