package register

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/operators"
)

// Errors a page can get for a request; nothing was sent for any of them.
var (
	errRequest = errors.New("the request is not right")
	errStale   = errors.New("this was overtaken by what happened meanwhile")
	errBusy    = errors.New("a payment of this sale is under way")
	errRole    = errors.New("only a supervisor may do that")
	errCode    = errors.New("nothing on sale has this code, and no wallet either")
	errShelf   = errors.New("its shelf life is over")
)

// Shop is the register behind the page: the sales, the goods and the Till. All
// of its methods may be called concurrently, by any number of pages.
type Shop struct {
	cfg   Config
	till  *pos.Till
	sales *salesBook
	goods *goodsList
	hub   hub
	log   *slog.Logger

	ctx   context.Context // ends when the shop closes
	stop  context.CancelFunc
	work  sync.WaitGroup
	wake  chan struct{} // something is in doubt
	slips chan job

	mu       sync.Mutex
	running  map[pos.AttemptID]*running
	asking   map[pos.AttemptID]bool    // doubts somebody is at work on
	problems map[pos.AttemptID]problem // of what never reached the journal
	ended    map[string][]pos.Attempt  // of sales that have ended, by reference; see attempts
	trouble  string                    // of the printer
}

// running is a call to the Till that has not returned.
type running struct {
	payment Payment
	sale    string
	cancel  context.CancelFunc
	began   time.Time
	last    pos.Progress
	code    string // that the customer is to scan
	stopped bool   // cancel was asked for
}

// problem is why a payment was not begun.
type problem struct {
	Class, Text, English, Chinese string
	Second                        bool // a second person may allow it
}

// Open opens files and Till, finds out what an earlier run left, and books what
// was approved meanwhile. Close must be called.
func Open(ctx context.Context, cfg Config) (*Shop, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Shop{cfg: cfg, log: cfg.Logger, wake: make(chan struct{}, 1), slips: make(chan job, maxJobs),
		running: map[pos.AttemptID]*running{}, asking: map[pos.AttemptID]bool{}, ended: map[string][]pos.Attempt{}, problems: map[pos.AttemptID]problem{}}
	var err error
	if s.goods, err = openGoods(cfg.Goods, cfg.FirstGoods); err != nil {
		return nil, err
	}
	if s.sales, err = openSales(cfg.Sales, salesHead{cfg.Till.ID, cfg.Currency}); err != nil {
		return nil, err
	}
	tc := cfg.Till
	tc.Progress, tc.Approver = s.progress, operators.Approver{Book: cfg.Operators, Ask: askPage}
	if s.till, err = pos.Open(ctx, tc); err != nil {
		return nil, errors.Join(err, s.sales.close())
	}
	s.ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.match(s.ctx)
	s.work.Go(s.mend)
	s.work.Go(s.print)
	s.doubtful()
	return s, nil
}

// Close asks devices that are taking money to stop, waits for what is true, and
// closes Till and files. The journal belongs to whoever opened it.
func (s *Shop) Close() error {
	s.stop()
	s.work.Wait()
	s.hub.close()
	return errors.Join(s.till.Close(), s.sales.close())
}

// sale returns the sale at the counter, and opens one if there is none.
func (s *Shop) sale(operator string) (Sale, error) {
	open := s.sales.newest(1, func(o Sale) bool { return o.State == SaleOpen })
	if len(open) > 0 {
		return open[0], nil
	}
	now := s.cfg.now()
	n := Sale{State: SaleOpen, Opened: now, Operator: operator, Next: s.till.NewAttempt(), Reference: now.Format("060102-1504-") + letters()}
	return n, s.sales.put(n)
}

// letters are a tail that no other sale has. No digits: a reference must never
// look like a card number.
func letters() string {
	b := make([]byte, 8)
	rand.Read(b)
	for i := range b {
		b[i] = 'a' + b[i]%26
	}
	return string(b)
}

// change runs one change of an open sale, alone, and makes it durable.
func (s *Shop) change(ref string, do func(*Sale) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.sales.get(ref)
	if !ok || o.State != SaleOpen {
		return fmt.Errorf("%w: this sale is not open any more", errStale)
	}
	if err := do(&o); err != nil {
		return err
	}
	err := s.sales.put(o)
	s.hub.tell()
	return err
}

// touchable refuses to change the goods of a sale that money is here for, or on its way.
func (s *Shop) touchable(o *Sale) error {
	if s.busy(o.Reference) {
		return errBusy
	}
	if o.Left() != o.Total() {
		return fmt.Errorf("%w: a part is paid; give it back first", errStale)
	}
	return s.undecided(o.Reference)
}

// busy reports whether a call for the sale is running. mu is held.
func (s *Shop) busy(ref string) bool {
	for _, r := range s.running {
		if r.sale == ref {
			return true
		}
	}
	return false
}

// undecided refuses while the journal has an attempt of the sale that has not
// ended, or one that waits to be confirmed.
func (s *Shop) undecided(ref string) error {
	list, err := s.till.Find(s.ctx, pos.Filter{Reference: ref})
	if err != nil {
		return err
	}
	for _, a := range list {
		if a.State.Live() || a.Orphan() {
			return fmt.Errorf("%w: %s", errBusy, a.ID)
		}
	}
	return nil
}

// Limits of a sale.
const (
	maxItems = 300
	maxCount = 999
)

// Put sets how many of a good are in the sale; add counts them to what is there.
func (s *Shop) Put(ref, code string, count int, add bool) error {
	return s.change(ref, func(o *Sale) error {
		if err := s.touchable(o); err != nil {
			return err
		}
		i := slices.IndexFunc(o.Items, func(i Item) bool { return i.Code == code })
		if i < 0 {
			g, ok := s.goods.find(code)
			if !ok {
				return errCode
			}
			if g.Fresh(s.cfg.now()) == Expired {
				return fmt.Errorf("%w: %s", errShelf, g.Name)
			}
			o.Items, i = append(o.Items, Item{Code: g.Code, Name: g.Name, Class: g.Class, Price: g.Price}), len(o.Items)
		}
		if add {
			count += o.Items[i].Count
		}
		if count < 0 || count > maxCount || len(o.Items) > maxItems {
			return fmt.Errorf("%w: a sale has at most %d lines of %d each", errRequest, maxItems, maxCount)
		}
		if o.Items[i].Count = count; count == 0 {
			o.Items = slices.Delete(o.Items, i, i+1)
		}
		return nil
	})
}

// Drop ends a sale of which no money is here.
func (s *Shop) Drop(ref string) error {
	return s.change(ref, func(o *Sale) error {
		o.State = SaleDropped
		return s.touchable(o)
	})
}

// Park puts a sale aside, so that the next customer can be served; money that
// arrives for it is booked all the same.
func (s *Shop) Park(ref string) error {
	return s.change(ref, func(o *Sale) error {
		o.State = SaleParked
		if len(o.Items) == 0 {
			return fmt.Errorf("%w: there is nothing to put aside", errRequest)
		}
		return nil
	})
}

// Resume brings a parked sale back to the counter, which must be empty.
func (s *Shop) Resume(ref string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.hub.tell()
	for _, o := range s.sales.newest(2, func(o Sale) bool { return o.State == SaleOpen }) {
		if len(o.Items) > 0 || len(o.Payments) > 0 {
			return fmt.Errorf("%w: finish or park the sale at the counter first", errStale)
		}
		o.State = SaleDropped
		if err := s.sales.put(o); err != nil {
			return err
		}
	}
	o, ok := s.sales.get(ref)
	if !ok || o.State != SaleParked {
		return errStale
	}
	o.State = SaleOpen
	return s.sales.put(o)
}

// Scan takes what a scanner or a person typed: a good goes into the sale, a
// payment code pays what is left. It tells which it was.
func (s *Shop) Scan(operator string, r PayRequest) (paying bool, err error) {
	var text string
	r.Code.Use(func(b []byte) { text = strings.TrimSpace(string(b)) })
	if _, ok := s.goods.find(text); ok {
		return false, s.Put(r.Sale, text, 1, true)
	}
	if s.cfg.Till.Route == nil {
		return false, errCode
	}
	tender, err := s.cfg.Till.Route(r.Code)
	if err != nil {
		return false, errCode
	}
	r.Tender = tender
	return true, s.Pay(operator, r)
}

// PayRequest asks for money of a sale. Attempt is the sale's Next, as the page
// saw it.
type PayRequest struct {
	Sale    string
	Attempt pos.AttemptID
	Tender  string
	Amount  string // of this tender; empty is all that is left
	Given   string // cash handed over
	Code    pos.Secret
	Second  Second
}

// Second is the person who agrees to what the shop's rules let nobody do alone
// (双人复核). The zero value is nobody.
type Second struct {
	Name string
	PIN  pos.Secret
}

// Pay plans a payment durably and begins it. The same attempt again changes
// nothing: that is a second click, or a page that was reloaded.
func (s *Shop) Pay(operator string, r PayRequest) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.sales.get(r.Sale)
	if !ok {
		return errStale
	}
	if o.payment(r.Attempt) != nil {
		return nil
	}
	p, err := s.plan(o, operator, r)
	if err != nil {
		return err
	}
	o.Payments, o.Next = append(o.Payments, p), s.till.NewAttempt()
	if err := s.sales.put(o); err != nil {
		return err
	}
	req := pos.ChargeRequest{Tender: p.Tender, Amount: s.money(p.Amount), Due: s.money(o.Total()), Reference: o.Reference, Attempt: p.Attempt, Operator: operator, Code: r.Code}
	if p.Given > 0 {
		req.Given = s.money(p.Given)
	}
	s.start(o.Reference, p, func(ctx context.Context) (pos.Attempt, error) {
		defer r.Code.Clear()
		return s.till.Charge(r.Second.beside(ctx), req)
	})
	return nil
}

// plan checks a request against the sale. mu is held.
func (s *Shop) plan(o Sale, operator string, r PayRequest) (Payment, error) {
	p := Payment{Attempt: r.Attempt, Kind: pos.TypeCharge, Tender: r.Tender, Amount: o.Left(), Operator: operator}
	switch {
	case o.State != SaleOpen, r.Attempt != o.Next:
		return p, errStale
	case s.busy(o.Reference):
		return p, errBusy
	case o.Left() <= 0:
		return p, fmt.Errorf("%w: there is nothing to pay", errRequest)
	case len(o.Payments) >= maxPayments:
		return p, fmt.Errorf("%w: too many payments of one sale", errRequest)
	case !s.takes(r.Tender):
		return p, fmt.Errorf("%w: no such means of payment", errRequest)
	}
	var err error
	if r.Amount != "" {
		if p.Amount, err = s.minor(r.Amount); err != nil || p.Amount <= 0 || p.Amount > o.Left() {
			return p, fmt.Errorf("%w: the amount is above zero and at most what is left", errRequest)
		}
	}
	if r.Given != "" {
		if p.Given, err = s.minor(r.Given); err != nil || p.Given < p.Amount || r.Tender != pos.Cash {
			return p, fmt.Errorf("%w: what was handed over is cash, and covers the amount", errRequest)
		}
	}
	return p, nil
}

// maxPayments bounds the tries of one sale; a receipt takes a hundred.
const maxPayments = 90

func (s *Shop) takes(tender string) bool {
	return tender == pos.Cash || slices.ContainsFunc(s.cfg.Tenders, func(t Tender) bool { return t.Name == tender })
}

func (s *Shop) money(minor int64) pos.Money { return pos.FromMinor(minor, s.cfg.Currency) }

func (s *Shop) minor(text string) (int64, error) {
	m, err := pos.ParseMoney(text, s.cfg.Currency)
	return m.Minor(), err
}

// start runs one call to the Till. mu is held.
func (s *Shop) start(ref string, p Payment, call func(context.Context) (pos.Attempt, error)) {
	ctx, cancel := context.WithCancel(s.ctx)
	s.running[p.Attempt] = &running{payment: p, sale: ref, cancel: cancel, began: s.cfg.now()}
	delete(s.problems, p.Attempt)
	delete(s.ended, ref)
	s.hub.tell()
	s.work.Go(func() {
		defer cancel()
		a, err := call(ctx)
		s.concluded(p, a, err)
	})
}

// concluded books what a call brought, and remembers why one was not begun.
func (s *Shop) concluded(p Payment, a pos.Attempt, err error) {
	if a.ID == p.Attempt && a.State.Paid() {
		s.book(context.WithoutCancel(s.ctx), a)
	}
	s.mu.Lock()
	delete(s.ended, s.running[p.Attempt].sale)
	delete(s.running, p.Attempt)
	if a.ID != p.Attempt && err != nil {
		s.problems[p.Attempt] = problemOf(err)
	}
	s.mu.Unlock()
	if errors.Is(err, pos.ErrOutcomeUnknown) {
		s.doubtful()
	}
	s.hub.tell()
}

func problemOf(err error) problem {
	var e *pos.Error
	if !errors.As(err, &e) {
		return problem{Class: "failed", Text: err.Error()}
	}
	p := problem{Class: e.Class.Error(), Text: pos.MaskCardData(err.Error()), English: e.Advice(pos.English), Chinese: e.Advice(pos.Chinese)}
	var d *pos.Denial
	if errors.As(err, &d) {
		p.Second, p.Text = d.Ruling.Act == pos.ActAsk, d.Ruling.Text
		p.English, p.Chinese = d.Ruling.Text+" "+p.English, d.Ruling.Chinese+" "+p.Chinese
	}
	return p
}

// Cancel asks the device to stop. What the payment then says is what is true.
func (s *Shop) Cancel(id pos.AttemptID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.running[id]
	if !ok {
		return errStale
	}
	r.stopped = true
	r.cancel()
	s.hub.tell()
	return nil
}

// progress shows what the Till and its devices say.
func (s *Shop) progress(p pos.Progress) {
	s.mu.Lock()
	if r := s.running[p.Attempt]; r != nil {
		switch p.Step {
		case pos.StepScan:
			r.code = p.Code
		case pos.StepScanned, pos.StepOutcome:
			r.code = ""
		}
		if p.Step == pos.StepScan {
			p.Code = "" // drawn, not spelled
		}
		r.last = p
	}
	s.mu.Unlock()
	s.hub.tell()
}

// shown is the code that the customer of an attempt is to scan.
func (s *Shop) shown(id pos.AttemptID) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.running[id]; r != nil && r.code != "" {
		return r.code, true
	}
	return "", false
}

// returnID is the attempt id of the next void or refund of a payment: fixed by
// how many there were, so that two clicks give back once.
func (s Sale) returnID(original pos.AttemptID) pos.AttemptID {
	n := 1
	for _, p := range s.Returns {
		if p.Original == original {
			n++
		}
	}
	return original + "-r" + pos.AttemptID(strconv.Itoa(n))
}
