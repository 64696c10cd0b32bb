package register

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
)

// book is the register's half of an approval: its own record first, on disk,
// then Confirm, then paper. A crash in between leaves an orphan, which match
// finds again; doing any of it twice changes nothing.
func (s *Shop) book(ctx context.Context, a pos.Attempt) {
	paid, err := s.commit(a)
	if err != nil {
		s.log.Error("an approved payment is not booked", "attempt", a.ID, "err", err)
		return
	}
	if a.Orphan() {
		if _, err := s.till.Confirm(ctx, a.ID, a.Reference); err != nil {
			s.log.Warn("confirming", "attempt", a.ID, "err", err) // a part is no error of ours; all else comes back as an orphan
		}
	}
	switch {
	case paid:
		s.enqueue(job{sale: a.Reference})
	case a.Original != "":
		s.enqueue(job{attempt: a.ID})
	}
	s.hub.tell()
}

// commit writes what an attempt brought or gave back into its sale. It says
// whether that paid the sale.
func (s *Shop) commit(a pos.Attempt) (paid bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.sales.get(a.Reference)
	if !ok {
		return false, errNoSale
	}
	p := o.payment(a.ID)
	if p == nil {
		return false, errNoSale
	}
	if p.Booked == a.Approved.Minor() {
		return false, nil // before a crash
	}
	delete(s.ended, a.Reference)
	p.Booked = a.Approved.Minor()
	if paid = o.Left() <= 0 && (o.State == SaleOpen || o.State == SaleParked); paid {
		o.State, o.Closed, o.Number = SalePaid, s.cfg.now(), s.sales.number()
	}
	return paid, s.sales.put(o)
}

var errNoSale = fmt.Errorf("%w: no sale of this register has it", errRequest)

// match looks at every approval nobody confirmed: what a sale of ours was
// waiting for is booked; the rest is shown for a decision.
func (s *Shop) match(ctx context.Context) {
	list, err := s.till.Find(ctx, pos.Filter{States: []pos.State{pos.StateApproved}, Limit: maxShown})
	if err != nil {
		s.log.Error("looking for orphans", "err", err)
		return
	}
	for _, a := range list {
		if s.ours(a) {
			s.book(ctx, a)
		}
	}
}

// ours reports whether a sale planned this attempt and no call is at work on it.
func (s *Shop) ours(a pos.Attempt) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running[a.ID] != nil {
		return false
	}
	o, ok := s.sales.get(a.Reference)
	if !ok {
		return false
	}
	p := o.payment(a.ID)
	return p != nil && (a.Orphan() || p.Booked == 0)
}

// doubtful wakes mend.
func (s *Shop) doubtful() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// mendEvery is how often doubts are looked at again: a device may be back.
const mendEvery = 2 * time.Second

// mend goes on asking for what is in doubt, for as long as anything is. Each
// doubt has a goroutine of its own, so that a dead device keeps nobody waiting.
func (s *Shop) mend() {
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-s.wake:
		}
		for s.askAll() {
			select {
			case <-s.ctx.Done():
				return
			case <-s.wake:
			case <-time.After(mendEvery):
			}
		}
	}
}

// askAll asks about each doubt that nobody is at work on, and says whether there is any.
func (s *Shop) askAll() bool {
	list, err := s.till.Find(s.ctx, pos.Filter{States: []pos.State{pos.StateIntent, pos.StateArmed, pos.StateUnknown, pos.StateReversing}, Limit: maxShown})
	if err != nil {
		s.log.Error("looking for doubts", "err", err)
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range list {
		if s.running[a.ID] != nil || s.asking[a.ID] {
			continue
		}
		s.asking[a.ID] = true
		s.work.Go(func() { s.ask(a.ID) })
	}
	return len(list) > 0
}

// ask finds out what became of one attempt, and books it if money came.
func (s *Shop) ask(id pos.AttemptID) {
	a, err := s.till.Query(s.ctx, id)
	if err != nil {
		s.log.Info("asked", "attempt", id, "err", err)
	}
	s.mu.Lock()
	delete(s.ended, a.Reference)
	delete(s.asking, id)
	s.mu.Unlock()
	s.match(context.WithoutCancel(s.ctx))
	s.hub.tell()
}

// Ask looks at every doubt now.
func (s *Shop) Ask() { s.doubtful() }

// ReturnRequest asks to give money back: a void of the whole, or a refund of a
// part. Attempt is the one the page was told.
type ReturnRequest struct {
	Sale              string
	Original, Attempt pos.AttemptID
	Void              bool
	Amount            string // of a refund; empty is all
	Second            Second
}

// Return plans a void or refund durably and begins it; asking twice gives back once.
func (s *Shop) Return(operator string, r ReturnRequest) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.sales.get(r.Sale)
	if !ok || o.payment(r.Original) == nil {
		return errNoSale
	}
	if o.payment(r.Attempt) != nil {
		return nil
	}
	p, err := s.planReturn(o, operator, r)
	if err != nil {
		return err
	}
	o.Returns = append(o.Returns, p)
	if err := s.sales.put(o); err != nil {
		return err
	}
	s.start(o.Reference, p, func(ctx context.Context) (pos.Attempt, error) {
		ctx = r.Second.beside(ctx)
		f := pos.FollowUpRequest{Original: p.Original, Attempt: p.Attempt, Operator: operator}
		if r.Void {
			return s.till.Void(ctx, pos.VoidRequest(f))
		}
		f.Amount = s.money(p.Amount)
		return s.till.Refund(ctx, pos.RefundRequest(f))
	})
	return nil
}

// planReturn checks what is to be given back. mu is held.
func (s *Shop) planReturn(o Sale, operator string, r ReturnRequest) (Payment, error) {
	orig := *o.payment(r.Original)
	p := Payment{Attempt: r.Attempt, Kind: pos.TypeRefund, Tender: orig.Tender, Original: r.Original, Operator: operator, Amount: orig.Booked}
	if r.Void {
		p.Kind = pos.TypeVoid
	}
	switch {
	case r.Attempt != o.returnID(r.Original):
		return p, errStale
	case s.busy(o.Reference):
		return p, errBusy
	case orig.Booked == 0 || orig.Kind != pos.TypeCharge:
		return p, fmt.Errorf("%w: there is nothing to give back", errRequest)
	case len(o.Returns) >= maxPayments:
		return p, fmt.Errorf("%w: too many returns of one sale", errRequest)
	}
	if r.Amount != "" && !r.Void {
		var err error
		if p.Amount, err = s.minor(r.Amount); err != nil || p.Amount <= 0 || p.Amount > orig.Booked {
			return p, fmt.Errorf("%w: the amount is above zero and at most what was paid", errRequest)
		}
	}
	return p, nil
}

type secondKey struct{}

// beside puts the second person into a call's context.
func (p Second) beside(ctx context.Context) context.Context {
	return context.WithValue(ctx, secondKey{}, p)
}

// askPage answers the Till's question for a second person with who the page
// sent along. The Till's side clears the PIN.
func askPage(ctx context.Context, _ pos.Approval) (string, pos.Secret, error) {
	p, _ := ctx.Value(secondKey{}).(Second)
	if p.Name == "" {
		return "", pos.Secret{}, fmt.Errorf("%w: a supervisor's name and PIN are needed", pos.ErrCanceled)
	}
	return p.Name, p.PIN, nil
}

// DecideRequest is a person's word on an attempt that no machine can decide.
type DecideRequest struct {
	Attempt pos.AttemptID
	Verdict string // keep or back, of an orphan; otherwise a pos.Verdict
	Reason  string
}

// Decide carries it out. An orphan is kept, that is booked elsewhere by hand, or
// given back; a manual attempt is resolved.
func (s *Shop) Decide(operator string, r DecideRequest) error {
	if r.Reason = strings.TrimSpace(r.Reason); r.Reason == "" {
		return fmt.Errorf("%w: say why", errRequest)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running[r.Attempt] != nil {
		return errBusy
	}
	list, err := s.till.Find(s.ctx, pos.Filter{States: []pos.State{pos.StateApproved, pos.StateManual, pos.StateUnknown}, Limit: maxShown})
	if err != nil {
		return err
	}
	for _, a := range list {
		if a.ID == r.Attempt {
			s.start(a.Reference, Payment{Attempt: a.ID, Kind: a.Type, Tender: a.Tender, Amount: a.Amount.Minor(), Operator: operator}, s.decision(operator, a, r))
			return nil
		}
	}
	return errStale
}

func (s *Shop) decision(operator string, a pos.Attempt, r DecideRequest) func(context.Context) (pos.Attempt, error) {
	return func(ctx context.Context) (pos.Attempt, error) {
		switch {
		case r.Verdict == "back":
			return s.till.Abandon(ctx, a.ID, operator+": "+r.Reason)
		case r.Verdict == "keep" && a.Orphan():
			return s.till.Confirm(ctx, a.ID, "by-hand-"+a.Reference)
		}
		return s.till.Resolve(ctx, pos.ResolveRequest{Attempt: a.ID, Verdict: pos.Verdict(r.Verdict), Operator: operator, Reason: r.Reason})
	}
}
