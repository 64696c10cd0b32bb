package report

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/openecr/openecr/pos"
)

// Journal is what a report reads; *journal.Journal is one.
type Journal interface {
	pos.Journal
	// Head is the sequence number of the newest record.
	Head() int64
	// Scan visits the attempts that match, shared by parts goroutines.
	Scan(ctx context.Context, f pos.Filter, parts int, visit func(part int, a *pos.Attempt) error) error
	// AsOf returns attempts as they stood right after a record.
	AsOf(ctx context.Context, seq int64, list ...pos.Attempt) ([]pos.Attempt, error)
	// Changes returns the attempts begun up to the record since and changed up to upTo, at both moments.
	Changes(ctx context.Context, since, upTo int64) (before, after []pos.Attempt, err error)
}

// Config says whose books these are.
type Config struct {
	// Journal holds the attempts. Required.
	Journal Journal
	// Till narrows the reports to one lane; empty takes all lanes of the
	// journal. Each has Z numbers of its own.
	Till string
	// Zone is where the shop is: days and hours are its. Required, since the
	// machine's own zone is often wrong.
	Zone *time.Location
	// CutOff is the time of day at which a business day (营业日) begins: 4 h
	// books a bar's sales after midnight on the evening before. Below 24 h.
	CutOff time.Duration
	// Channel names the sales channel (渠道) of an attempt; nil says Counter.
	Channel func(pos.Attempt) string
	// Terms are what channels take and when they pay, by tender.
	Terms map[string]Terms
	// Online are the shop's other channels. X and shift reports by time hold
	// them; a Z closes the till's own journal alone, since what an online
	// platform tells of a day may still change.
	Online []Source
	// Now is the wall clock; nil is time.Now.
	Now func() time.Time
}

// Channels without a name of their own.
const (
	Counter = "counter" // 线下
	Online  = "online"  // 线上
)

// Source is an online channel: what was sold without the till (线上渠道).
type Source interface {
	// Name is the channel of movements that name none.
	Name() string
	// Movements lists what was taken or given back in [from, to), in any order.
	Movements(ctx context.Context, from, to time.Time) iter.Seq2[Movement, error]
}

// Kind is what a movement of money does.
type Kind string

// The kinds of movement.
const (
	Sale   Kind = "sale"   // 收款
	Refund Kind = "refund" // 退款
	Void   Kind = "void"   // 撤销
)

// Movement is money that came or went.
type Movement struct {
	ID       string
	Time     time.Time
	Kind     Kind
	Tender   string
	Channel  string
	Operator string
	Vouchers []Use     // what was redeemed, or taken back
	Amount   pos.Money // above zero; Kind says which way
	// Fee is what the channel keeps, where it is known; the zero Money is
	// unknown, and Terms of the tender then decide. Negative where a refund
	// returns it.
	Fee pos.Money
}

// Use is one use of a voucher (核销), and its share of the movement's amount in minor units.
type Use struct {
	Voucher string
	Minor   int64
}

// Book makes reports. Its methods may be called concurrently.
type Book struct {
	cfg Config
}

// New checks the configuration. Errors wrap pos.ErrInvalid.
func New(cfg Config) (*Book, error) {
	switch {
	case cfg.Journal == nil:
		return nil, invalid("there is no journal to report on")
	case cfg.Zone == nil:
		return nil, invalid("name the shop's time zone")
	case cfg.CutOff < 0 || cfg.CutOff >= 24*time.Hour || cfg.CutOff%time.Second != 0:
		return nil, invalid("a business day begins at a second of the day, not at %s", cfg.CutOff)
	}
	for tender, t := range cfg.Terms {
		if err := t.check(); err != nil {
			return nil, invalid("terms of %s: %w", tender, err)
		}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Book{cfg}, nil
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("report: %w: %w", pos.ErrInvalid, fmt.Errorf(format, args...))
}

// Day is a business day such as 2026-11-22.
type Day string

// DayOf is the business day of a moment.
func (b *Book) DayOf(t time.Time) Day {
	t = t.In(b.cfg.Zone)
	day := t.Day()
	if t.Before(b.begin(t.Year(), t.Month(), day)) {
		day--
	}
	return Day(time.Date(t.Year(), t.Month(), day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
}

// Bounds are the moments between which a business day lies: [from, to).
func (b *Book) Bounds(d Day) (from, to time.Time, err error) {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return from, to, invalid("%q is not a day such as 2026-11-22", string(d))
	}
	return b.begin(t.Year(), t.Month(), t.Day()), b.begin(t.Year(), t.Month(), t.Day()+1), nil
}

// begin is when the business day of a date begins. Where the clocks change and
// there is no such time, it is the one that time.Date makes of it.
func (b *Book) begin(year int, month time.Month, day int) time.Time {
	cut := int(b.cfg.CutOff / time.Second)
	return time.Date(year, month, day, cut/3600, cut/60%60, cut%60, 0, b.cfg.Zone)
}

// Errors of closing a day.
var (
	// ErrOpen: outcomes are unknown or not confirmed; see *OpenError.
	ErrOpen = errors.New("not everything is finished")
	// ErrClosed: the day has its Z already; see *ClosedError.
	ErrClosed = errors.New("the business day is closed")
	// ErrCheck: a Z made again is not the one that was closed.
	ErrCheck = errors.New("the report differs from the one that was closed; zone, cut-off, terms or channels are others, or the journal was changed")
)

// OpenError names what keeps a day from being closed.
type OpenError struct{ Open []pos.Attempt }

// Error spells the open attempts out, up to maxNamed of them.
func (e *OpenError) Error() string {
	text := "report: " + ErrOpen.Error() + ":"
	for i, a := range e.Open {
		if i == maxNamed {
			return fmt.Sprintf("%s and %d more", text, len(e.Open)-i)
		}
		text += fmt.Sprintf(" %s (%s, %s, %s)", a.ID, a.Type, a.Amount, a.State)
	}
	return text
}

// maxNamed is how many attempts an error spells out.
const maxNamed = 20

// Unwrap returns ErrOpen and pos.ErrConflict.
func (e *OpenError) Unwrap() []error { return []error{ErrOpen, pos.ErrConflict} }

// ClosedError names the Z that a day has already.
type ClosedError struct{ Closing Closing }

// Error names the Z, its day and when it was made.
func (e *ClosedError) Error() string {
	return fmt.Sprintf("report: %v: Z %d closed %s at %s", ErrClosed, e.Closing.Number, e.Closing.Day, e.Closing.Time.Format(time.RFC3339))
}

// Unwrap returns ErrClosed and pos.ErrConflict.
func (e *ClosedError) Unwrap() []error { return []error{ErrClosed, pos.ErrConflict} }
