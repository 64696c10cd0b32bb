package report

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/openecr/openecr/pos"
)

// Closing is the durable record of one Z (日结). It is an attempt of its own
// in the journal: type settle, tender ZTender, with an id made of its number.
// So one atomic append makes it, the journal's hash chain and watermark guard
// it, and no number can exist twice.
type Closing struct {
	Number     int             `json:"number"`
	Till       string          `json:"till,omitempty"`
	Day        Day             `json:"day"`
	Time       time.Time       `json:"time"`
	Since      int64           `json:"since"` // records (Since, UpTo]
	UpTo       int64           `json:"up_to"`
	From       time.Time       `json:"from,omitzero"` // the closing before
	Operator   string          `json:"operator,omitempty"`
	Supervisor string          `json:"supervisor,omitempty"`
	Carried    []pos.AttemptID `json:"carried,omitempty"`
	Check      string          `json:"check"`
}

// ZTender marks the attempts that are closings. No driver may have this name.
const ZTender = "z-report"

// MaxCarried is how many attempts one Z carries over by name. More than that
// is no oversight but a register that never confirms.
const MaxCarried = 400

// ZRequest asks to close the business day.
type ZRequest struct {
	// Day is the business day that is closed; empty is today's. A day is
	// closed once, so a Z that was repeated after a crash cannot become two.
	Day Day
	// Again closes a day that is closed already, or an earlier one, once more,
	// with the next number: for a second Z of a day, or after the clock was wrong.
	Again    bool
	Operator string
	// CarryOver is asked when outcomes are unknown or not confirmed: it shows
	// them to a supervisor and returns who answers for carrying them over. Nil
	// or an error refuses the Z. Their money counts in the Z in whose window it
	// becomes known.
	CarryOver func(ctx context.Context, open []pos.Attempt) (supervisor string, err error)
}

// Z closes the business day: it reports everything since the last Z, under the
// next number, and makes that durable before it returns. A Z is never opened
// again. What changes later of attempts it has counted is corrected in the
// next one, so that all Zs together are the journal.
//
// Errors: *ClosedError if the day is closed, *OpenError while something is
// open, both pos.ErrConflict; pos.ErrJournal means that nobody knows whether
// the Z was kept: open the journal again and ask Last. Safe to call
// concurrently: one of two closes, the other fails with pos.ErrConflict.
func (b *Book) Z(ctx context.Context, q ZRequest) (Report, error) {
	last, _, err := b.Last(ctx)
	if err != nil {
		return Report{}, err
	}
	now := b.cfg.Now().UTC().Round(0)
	if q.Day == "" {
		q.Day = b.DayOf(now)
	}
	if _, _, err := b.Bounds(q.Day); err != nil {
		return Report{}, err
	}
	if !q.Again && last.Number > 0 && last.Day >= q.Day {
		return Report{}, &ClosedError{last}
	}
	c := Closing{Number: last.Number + 1, Till: b.cfg.Till, Day: q.Day, Time: now, From: last.Time,
		Since: last.UpTo, UpTo: b.cfg.Journal.Head(), Operator: q.Operator}
	f, err := b.fold(ctx, c.span())
	if err != nil {
		return Report{}, err
	}
	open, err := b.openAt(ctx, c, f.open)
	if err != nil {
		return Report{}, err
	}
	if err := c.carry(ctx, open, q.CarryOver); err != nil {
		return Report{}, err
	}
	r, err := c.report(f, open)
	if err != nil {
		return Report{}, err
	}
	c.Check = r.Check
	if _, err := b.cfg.Journal.Append(ctx, c.events(r)...); err != nil {
		return Report{}, fmt.Errorf("report: Z %d: %w", c.Number, err)
	}
	return r, nil
}

func (c Closing) span() span { return span{since: c.Since, upTo: c.UpTo} }

// report puts the figures under the closing's name.
func (c Closing) report(f *fold, open []pos.Attempt) (Report, error) {
	r := Report{Form: Z, Number: c.Number, Till: c.Till, Day: c.Day, From: c.From, To: c.Time, Since: c.Since, UpTo: c.UpTo,
		Operator: c.Operator, Supervisor: c.Supervisor}
	f.open = nil
	for _, a := range open {
		f.open = append(f.open, itemOf(a))
	}
	f.report(&r)
	return r, r.seal()
}

// carry asks the supervisor about what is open.
func (c *Closing) carry(ctx context.Context, open []pos.Attempt, ask func(context.Context, []pos.Attempt) (string, error)) error {
	if len(open) == 0 {
		return nil
	}
	refused := &OpenError{open}
	if ask == nil {
		return refused
	}
	if len(open) > MaxCarried {
		return fmt.Errorf("%w; a Z carries at most %d over", refused, MaxCarried)
	}
	who, err := ask(ctx, open)
	if err != nil {
		return fmt.Errorf("%w: %w", refused, err)
	}
	if who == "" {
		return fmt.Errorf("%w: carrying over needs a supervisor's name", refused)
	}
	c.Supervisor = who
	for _, a := range open {
		c.Carried = append(c.Carried, a.ID)
	}
	return nil
}

// openAt lists what had not ended, or was not confirmed, at the end of a
// window: what the fold saw, and what older windows left.
func (b *Book) openAt(ctx context.Context, c Closing, seen []Item) ([]pos.Attempt, error) {
	ids := map[pos.AttemptID]bool{}
	var list []pos.Attempt
	for _, i := range seen {
		a, err := b.cfg.Journal.Get(ctx, i.Attempt)
		if err != nil {
			return nil, err
		}
		ids[a.ID] = true
		list = append(list, a)
	}
	bringing := []pos.Type{pos.TypeCharge, pos.TypeCompletion, pos.TypeRedeem, pos.TypePreauth}
	for _, f := range []pos.Filter{{States: pos.LiveStates()}, {States: []pos.State{pos.StateApproved}, Types: bringing}} {
		f.Till = b.cfg.Till
		err := b.page(ctx, f, func(a pos.Attempt) {
			if a.Seq <= c.UpTo && !ids[a.ID] {
				ids[a.ID] = true
				list = append(list, a)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	list, err := b.cfg.Journal.AsOf(ctx, c.UpTo, list...)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(a pos.Attempt) bool { return !isOpen(a) })
	slices.SortFunc(list, func(x, y pos.Attempt) int { return int(x.Seq - y.Seq) })
	return list, nil
}

// page visits all attempts of a narrow filter.
func (b *Book) page(ctx context.Context, f pos.Filter, visit func(pos.Attempt)) error {
	for {
		list, err := b.cfg.Journal.Find(ctx, f)
		if err != nil {
			return err
		}
		for _, a := range list {
			visit(a)
		}
		if len(list) < pos.DefaultFindLimit {
			return nil
		}
		f.AfterSeq = list[len(list)-1].Seq
	}
}

// The names under which a closing keeps its facts, in the attempt's handle.
const (
	factNumber = "number"
	factDay    = "day"
	factSince  = "since"
	factUpTo   = "up_to"
	factFrom   = "from"
	factCheck  = "check"
)

// everyTill stands for all lanes where an intent wants one.
const everyTill = "*"

// reference is shared by all closings of a till, so that the last is found at once.
func (b *Book) reference() string { return "Z:" + b.lane() }

func (b *Book) lane() string {
	if b.cfg.Till == "" {
		return everyTill
	}
	return b.cfg.Till
}

// id of a closing. Two of one number cannot be.
func (c Closing) id() pos.AttemptID {
	if c.Till == "" {
		return pos.AttemptID("Z_" + strconv.Itoa(c.Number))
	}
	return pos.AttemptID("Z_" + c.Till + "_" + strconv.Itoa(c.Number))
}

// events of a closing: begun, done and confirmed, all or nothing.
func (c Closing) events(r Report) []pos.Event {
	b := Book{cfg: Config{Till: c.Till}}
	currency := pos.CNY // of a day without money
	var totals []pos.Total
	for _, l := range r.Totals {
		totals = append(totals, pos.Total{Name: "net", Count: int(l.Sales.Count + l.Refunds.Count + l.Voids.Count), Amount: l.Money(l.Net)})
		currency = totals[0].Amount.Currency()
	}
	lines := make([]string, len(c.Carried))
	for i, id := range c.Carried {
		lines[i] = string(id)
	}
	handle := pos.Handle{factNumber: strconv.Itoa(c.Number), factDay: string(c.Day), factSince: strconv.FormatInt(c.Since, 10),
		factUpTo: strconv.FormatInt(c.UpTo, 10), factCheck: c.Check}
	if !c.From.IsZero() {
		handle[factFrom] = c.From.Format(time.RFC3339Nano)
	}
	reply := &pos.Reply{Outcome: pos.OutcomeApproved, Totals: totals}
	if len(lines) > 0 {
		reply.Slips = []pos.Slip{{Kind: pos.SlipAdmin, Lines: lines}}
	}
	id := c.id()
	return []pos.Event{
		{Kind: pos.EventIntent, Attempt: id, Time: c.Time, Intent: &pos.Intent{Till: b.lane(), Type: pos.TypeSettle, Reference: b.reference(),
			Tender: ZTender, Amount: pos.FromMinor(0, currency), Operator: c.Operator, Approver: c.Supervisor, Named: true}},
		{Kind: pos.EventArmed, Attempt: id, Time: c.Time, Handle: handle},
		{Kind: pos.EventOutcome, Attempt: id, Time: c.Time, Reply: reply},
		{Kind: pos.EventConfirm, Attempt: id, Time: c.Time, OrderID: string(id)},
	}
}

// errNoZ says that an attempt under a closing's name is none.
var errNoZ = errors.New("it is no Z")

// closingOf reads a closing back from its attempt.
func closingOf(a pos.Attempt) (c Closing, err error) {
	c = Closing{Day: Day(a.Handle[factDay]), Time: a.Created.UTC(), Operator: a.Operator, Supervisor: a.Approver, Check: a.Handle[factCheck]}
	var errs [4]error
	c.Number, errs[0] = strconv.Atoi(a.Handle[factNumber])
	c.Since, errs[1] = strconv.ParseInt(a.Handle[factSince], 10, 64)
	c.UpTo, errs[2] = strconv.ParseInt(a.Handle[factUpTo], 10, 64)
	if from := a.Handle[factFrom]; from != "" {
		c.From, errs[3] = time.Parse(time.RFC3339Nano, from)
	}
	if a.Till != everyTill {
		c.Till = a.Till
	}
	for _, s := range a.Slips {
		for _, id := range s.Lines {
			c.Carried = append(c.Carried, pos.AttemptID(id))
		}
	}
	if err = errors.Join(errs[:]...); err == nil && (a.Tender != ZTender || a.Type != pos.TypeSettle || a.ID != c.id()) {
		err = errNoZ
	}
	if err != nil {
		return c, fmt.Errorf("report: attempt %s: %w", a.ID, err)
	}
	return c, nil
}

// Last returns the newest Z, and whether there is one.
func (b *Book) Last(ctx context.Context) (Closing, bool, error) {
	list, err := b.cfg.Journal.Find(ctx, pos.Filter{Reference: b.reference(), Tender: ZTender, Types: []pos.Type{pos.TypeSettle}, Newest: true, Limit: 1})
	if err != nil || len(list) == 0 {
		return Closing{}, false, err
	}
	c, err := closingOf(list[0])
	return c, err == nil, err
}

// Closing returns the record of one Z, or pos.ErrNotFound.
func (b *Book) Closing(ctx context.Context, number int) (Closing, error) {
	a, err := b.cfg.Journal.Get(ctx, Closing{Till: b.cfg.Till, Number: number}.id())
	if err != nil {
		return Closing{}, err
	}
	return closingOf(a)
}

// Numbered makes a Z again, as it was on the day it was closed, whatever has
// changed since. Errors: pos.ErrNotFound; ErrCheck, beside the report, if it
// is not the same.
func (b *Book) Numbered(ctx context.Context, number int) (Report, error) {
	c, err := b.Closing(ctx, number)
	if err != nil {
		return Report{}, err
	}
	f, err := b.fold(ctx, c.span())
	if err != nil {
		return Report{}, err
	}
	open := make([]pos.Attempt, len(c.Carried))
	for i, id := range c.Carried {
		if open[i], err = b.cfg.Journal.Get(ctx, id); err != nil {
			return Report{}, err
		}
	}
	if open, err = b.cfg.Journal.AsOf(ctx, c.UpTo, open...); err != nil {
		return Report{}, err
	}
	r, err := c.report(f, open)
	if err == nil && r.Check != c.Check {
		err = fmt.Errorf("%w: Z %d was %s, is %s", ErrCheck, number, c.Check, r.Check)
	}
	return r, err
}
