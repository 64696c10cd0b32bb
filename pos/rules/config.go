package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/operators"
)

// Version is the layout of the file that this package reads.
const Version = 1

// Limits of what a file may hold.
const (
	// MaxFile bounds the file, in bytes: some ten thousand blocked tokens.
	MaxFile = 1 << 20
	// MaxRules bounds each list in it.
	MaxRules = 500
	// MaxWindow bounds velocity, duplicate and the like: counters look back that far.
	MaxWindow = 24 * time.Hour
	maxID     = 64
)

// ErrConfig is wrapped by every error about a file; the text names the rule.
var ErrConfig = errors.New("rules")

// Config is what a shop allows, as data. Load reads it. What a section leaves
// out is as its comment says; a section that is missing takes its defaults.
type Config struct {
	Version  int        `json:"version"`            // 1
	Revision string     `json:"revision,omitempty"` // the shop's own name for this state of its rules
	Calendar CalendarOf `json:"calendar"`
	// Currencies are those the shop takes; a request in any other is denied.
	// Empty takes all, and is refused where a limit names an amount.
	Currencies  []pos.Currency                `json:"currencies,omitempty"`
	Training    *Training                     `json:"training,omitempty"`
	Permissions map[operators.Role]Permission `json:"permissions,omitempty"` // missing: everybody may do everything
	Hours       *Hours                        `json:"hours,omitempty"`       // missing: always open
	Limits      list[Limit]                   `json:"limits,omitempty"`
	Lists       list[List]                    `json:"lists,omitempty"`
	Velocity    Velocity                      `json:"velocity,omitzero"`
	Duplicate   Duplicate                     `json:"duplicate,omitzero"`
	Refund      Refund                        `json:"refund,omitzero"`
	Vouchers    Vouchers                      `json:"vouchers,omitzero"`
	Alerts      Patterns                      `json:"alerts,omitzero"`

	calendar pos.Calendar
}

// CalendarOf says when a business day (营业日) begins.
type CalendarOf struct {
	// Zone is an IANA name such as Asia/Shanghai; required. A program for
	// systems without time zones imports time/tzdata.
	Zone   string `json:"zone"`
	CutOff Clock  `json:"cut_off,omitzero"` // until then it is the day before
}

// Training (培训模式) keeps practice and business apart: while it is on, only
// its tenders are taken; otherwise they are refused.
type Training struct {
	On      bool     `json:"on"`
	Tenders []string `json:"tenders"`
}

// Permission is what a role may do alone, and with a second person's consent.
// "*" is every action.
type Permission struct {
	May []pos.Action `json:"may,omitempty"`
	Ask []pos.Action `json:"ask,omitempty"`
}

// Hours are when the shop takes money (营业时间).
type Hours struct {
	Open    []Opening    `json:"open,omitempty"`    // empty: all day, but for Closed
	Closed  []Date       `json:"closed,omitempty"`  // business dates
	Actions []pos.Action `json:"actions,omitempty"` // empty: charge and redeem
	Act     pos.Act      `json:"act,omitempty"`     // deny (default) or ask
}

// Opening is one span of a day; one that ends before it begins passes midnight.
type Opening struct {
	Days []string `json:"days,omitempty"` // mon, tue, ...; empty: every day
	From Clock    `json:"from"`
	To   Clock    `json:"to"`
}

// Limit (限额) bounds single payments, or what adds up in a business day or
// week. What was taken counts even if it is given back later.
type Limit struct {
	ID      string       `json:"id"`
	Actions []pos.Action `json:"actions,omitempty"` // empty: charge and redeem
	Tenders []string     `json:"tenders,omitempty"` // empty: all
	Per     Period       `json:"per"`
	By      By           `json:"by,omitempty"`    // of a day or week; required there
	Min     Sum          `json:"min,omitzero"`    // of a payment
	Max     Sum          `json:"max,omitzero"`    // holds for its currency
	Count   int          `json:"count,omitempty"` // of attempts in a day or week
	Act     pos.Act      `json:"act,omitempty"`   // deny (default) or ask
}

// Period is what a limit counts over. Weeks begin on Monday.
type Period string

// The periods.
const (
	PerPayment Period = "payment" // 单笔
	PerDay     Period = "day"     // 单日
	PerWeek    Period = "week"    // 单周
)

// By is whose sum a limit bounds.
type By string

// Whose sums are counted. Requests whose token is not known are not counted by token.
const (
	ByAll      By = "all" // every till on the journal
	ByTill     By = "till"
	ByOperator By = "operator"
	ByTender   By = "tender"
	ByToken    By = "token"
)

// List blocks or allows cards and payers (黑白名单).
type List struct {
	ID      string   `json:"id"`
	List    ListKind `json:"list"`
	Tenders []string `json:"tenders,omitempty"` // empty: all
	Tokens  []string `json:"tokens,omitempty"`
	BINs    []string `json:"bins,omitempty"` // "622200-622299" or "622200"
	From    Date     `json:"from,omitzero"`  // first business date
	Until   Date     `json:"until,omitzero"` // last business date
}

// ListKind is what a list does.
type ListKind string

// The kinds of list.
const (
	ListBlock ListKind = "block" // 黑名单: what is on it is denied
	ListAllow ListKind = "allow" // 白名单: what is on it is neither blocked nor too frequent
	ListOnly  ListKind = "only"  // nothing else is taken, nor what cannot be told
)

// Velocity (频次) bounds the tries of one token.
type Velocity struct {
	Off    bool     `json:"off,omitempty"`
	Within Duration `json:"within,omitzero"`  // default 10 minutes
	Warn   int      `json:"warn,omitempty"`   // from this try on there is an alert; default 3
	Deny   int      `json:"deny,omitempty"`   // from this try on it is denied; default 6
	Exempt []string `json:"exempt,omitempty"` // tenders
}

// Duplicate (疑似重复) asks before the same operator takes the same amount from
// the same token for another sale.
type Duplicate struct {
	Off    bool     `json:"off,omitempty"`
	Within Duration `json:"within,omitzero"` // default 60 seconds
	// WithoutToken also compares payments whose card or payer is not known
	// beforehand: in a shop with one price that asks often.
	WithoutToken bool `json:"without_token,omitempty"`
}

// Refund bounds what is given back (退款).
type Refund struct {
	// Alone is what one person may give back of one payment, in sum, one
	// amount for each currency; more, or any other currency, needs a second
	// person. Empty asks nobody.
	Alone []Sum `json:"alone,omitempty"`
	// Unreferenced allows refunds that name no payment.
	Unreferenced bool `json:"unreferenced,omitempty"`
}

// Vouchers bounds redemptions and their undoing (核销, 撤销核销). The platform
// stays the judge of what a voucher is worth.
type Vouchers struct {
	Staff      []string        `json:"staff,omitempty"`       // who may redeem; empty: whoever has permission
	UndoStaff  []string        `json:"undo_staff,omitempty"`  // who may undo; empty likewise
	Shops      []string        `json:"shops,omitempty"`       // where; empty: everywhere
	Hours      []Opening       `json:"hours,omitempty"`       // when; empty: always
	Entry      []pos.CodeEntry `json:"entry,omitempty"`       // how the code comes in; empty: either
	PerBill    int             `json:"per_bill,omitempty"`    // vouchers of one reference; zero: any number
	Once       bool            `json:"once,omitempty"`        // a code that was redeemed here is not sent again; needs Options.TokenKey; not for codes with several uses
	UndoWithin Duration        `json:"undo_within,omitzero"`  // after it nobody may undo; zero: ask the platform
	Alone      []Sum           `json:"alone,omitempty"`       // a redemption above it needs a second person
	UndoAsk    bool            `json:"undo_second,omitempty"` // every undo needs one
}

// Patterns says which unusual patterns raise an alert. Zero fields take the defaults.
type Patterns struct {
	Off       []string `json:"off,omitempty"`        // ids of alerts that are not wanted
	Median    int      `json:"median,omitempty"`     // times the median of the till's charges; default 10
	Round     int      `json:"round,omitempty"`      // round amounts in a row by one operator; default 5
	NearLimit int      `json:"near_limit,omitempty"` // payments of a day just below a limit; default 3
	Refunds   int      `json:"refunds,omitempty"`    // refunds of a day by one operator; default 5
	SameCard  int      `json:"same_card,omitempty"`  // charges in a row from one card; default 5
	Night     Opening  `json:"night,omitzero"`       // default 23:00 to 06:00
}

// list is a list of rules whose errors name the one that is wrong.
type list[T any] []T

// UnmarshalJSON reads each rule strictly.
func (l *list[T]) UnmarshalJSON(b []byte) error {
	var raw []json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	out := make(list[T], len(raw))
	for i, text := range raw {
		if err := strict(text, &out[i]); err != nil {
			var named struct {
				ID string `json:"id"`
			}
			_ = json.Unmarshal(text, &named) // what it is called, as far as that can be read
			return fmt.Errorf("rule %d (%q): %w", i+1, clip(named.ID), err)
		}
	}
	*l = out
	return nil
}

func clip(id string) string { return pos.MaskCardData(id[:min(len(id), maxID)]) }

// strict decodes one value, with unknown names refused and nothing after it.
func strict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something behind the end")
	}
	return nil
}

// twice refuses an object that has a name twice: the second would win unseen.
func twice(d *json.Decoder) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	open, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for d.More() {
		if open == '{' {
			key, err := d.Token()
			if err != nil {
				return err
			}
			name, _ := key.(string) // in an object it is one
			if seen[strings.ToLower(name)] {
				return fmt.Errorf("%q is there twice", clip(name))
			}
			seen[strings.ToLower(name)] = true
		}
		if err := twice(d); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// Parse reads a file's text. Errors wrap ErrConfig and name the rule.
func Parse(text []byte) (*Config, error) {
	if len(text) > MaxFile {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrConfig, MaxFile)
	}
	var c Config
	if err := strict(text, &c); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if err := twice(json.NewDecoder(bytes.NewReader(text))); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return &c, nil
}

// Load reads a file.
func Load(path string) (*Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return Parse(text)
}

// Business is the calendar of the file, for pos.Config.
func (c *Config) Business() pos.Calendar { return c.calendar }

// Sum is an amount as people write it: "5000.00 CNY".
type Sum struct{ pos.Money }

// read takes digits and currency.
func (s *Sum) read(b []byte) error {
	digits, currency, ok := strings.Cut(string(b), " ")
	if !ok || !pos.Currency(currency).Valid() {
		return fmt.Errorf("%q is no amount; want one such as %q", clip(string(b)), "5000.00 CNY")
	}
	m, err := pos.ParseMoney(digits, pos.Currency(currency))
	if err == nil && m.Minor() <= 0 {
		err = errors.New("an amount is above zero")
	}
	s.Money = m
	return err
}

// UnmarshalJSON reads it from a JSON text; Money's own form is not meant here.
func (s *Sum) UnmarshalJSON(b []byte) error { return unquote(b, s.read) }

// MarshalJSON writes it as people do.
func (s Sum) MarshalJSON() ([]byte, error) {
	return json.Marshal(s.Digits() + " " + string(s.Currency()))
}

func unquote(b []byte, read func([]byte) error) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return err
	}
	return read([]byte(text))
}

// Clock is a time of the day, in minutes since midnight: "04:30", or "24:00".
type Clock int

const dayEnd Clock = 24 * 60

// UnmarshalJSON reads hours and minutes.
func (c *Clock) UnmarshalJSON(b []byte) error {
	return unquote(b, func(text []byte) error {
		if string(text) == dayEnd.String() {
			*c = dayEnd
			return nil
		}
		at, err := time.Parse("15:04", string(text))
		if err != nil || len(text) != len("15:04") {
			return fmt.Errorf("%q is no time of the day; want one such as 04:30", clip(string(text)))
		}
		*c = Clock(at.Hour()*60 + at.Minute())
		return nil
	})
}

// String writes it as in the file.
func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

// MarshalJSON writes it as in the file.
func (c Clock) MarshalJSON() ([]byte, error) { return json.Marshal(c.String()) }

// Duration is a span of time: "90s", "10m", "1h".
type Duration time.Duration

// UnmarshalJSON reads it.
func (d *Duration) UnmarshalJSON(b []byte) error {
	return unquote(b, func(text []byte) error {
		v, err := time.ParseDuration(string(text))
		if err != nil || v <= 0 {
			return fmt.Errorf("%q is no span of time; want one such as 10m", clip(string(text)))
		}
		*d = Duration(v)
		return nil
	})
}

// String writes it as in the file.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalJSON writes it as in the file.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// Date is a business date: "2026-11-22". The zero value is none.
type Date string

// UnmarshalJSON reads it.
func (d *Date) UnmarshalJSON(b []byte) error {
	return unquote(b, func(text []byte) error {
		if _, err := time.Parse(time.DateOnly, string(text)); err != nil {
			return fmt.Errorf("%q is no date; want one such as 2026-11-22", clip(string(text)))
		}
		*d = Date(text)
		return nil
	})
}
