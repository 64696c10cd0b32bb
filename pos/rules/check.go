package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/operators"
)

// anyAction stands for all of them in a permission.
const anyAction pos.Action = "*"

var actions = []pos.Action{pos.ActionCharge, pos.ActionRedeem, pos.ActionUndoRedeem, pos.ActionRefund, pos.ActionVoid,
	pos.ActionSettle, pos.ActionReprint, pos.ActionForce, pos.ActionX, pos.ActionZ, pos.ActionConfig}

// takings are what rules about money count if they name no actions.
var takings = []pos.Action{pos.ActionCharge, pos.ActionRedeem}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} // as time.Weekday counts

// check refuses what could only be a mistake, and fills in the defaults.
func (c *Config) check() error {
	if c.Version != Version {
		return fmt.Errorf("version %d: this program reads version %d", c.Version, Version)
	}
	c.defaults()
	for _, step := range []struct {
		rule string
		do   func() error
	}{
		{"calendar", c.checkCalendar}, {"currencies", c.checkCurrencies}, {"training", c.checkTraining}, {"permissions", c.checkPermissions},
		{"hours", c.checkHours}, {"limits", c.checkLimits}, {"lists", c.checkLists}, {"velocity", c.checkVelocity},
		{"duplicate", func() error { return window(c.Duplicate.Within) }}, {"refund", func() error { return onePerCurrency(c.Refund.Alone) }},
		{"vouchers", c.checkVouchers}, {"alerts", c.checkAlerts},
	} {
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.rule, err)
		}
	}
	return nil
}

func (c *Config) defaults() {
	set := func(n *int, v int) {
		if *n == 0 {
			*n = v
		}
	}
	span := func(d *Duration, v time.Duration) {
		if *d == 0 {
			*d = Duration(v)
		}
	}
	span(&c.Velocity.Within, 10*time.Minute)
	set(&c.Velocity.Warn, 3)
	set(&c.Velocity.Deny, 6)
	span(&c.Duplicate.Within, time.Minute)
	p := &c.Alerts
	set(&p.Median, 10)
	set(&p.Round, 5)
	set(&p.NearLimit, 3)
	set(&p.Refunds, 5)
	set(&p.SameCard, 5)
	if p.Night.From == p.Night.To {
		p.Night.From, p.Night.To = 23*60, 6*60
	}
}

func (c *Config) checkCalendar() error {
	if c.Calendar.Zone == "" {
		return errors.New("zone is missing: a day must begin at the same moment on every till")
	}
	zone, err := time.LoadLocation(c.Calendar.Zone)
	if err != nil || c.Calendar.Zone == "Local" {
		return fmt.Errorf("%q is no time zone", clip(c.Calendar.Zone))
	}
	if c.Calendar.CutOff >= dayEnd {
		return fmt.Errorf("cut_off %s is not below 24:00", c.Calendar.CutOff)
	}
	c.calendar = pos.Calendar{Zone: zone, CutOff: time.Duration(c.Calendar.CutOff) * time.Minute}
	return nil
}

func (c *Config) checkCurrencies() error {
	for _, x := range c.Currencies {
		if !x.Valid() {
			return fmt.Errorf("%q is not in ISO 4217", clip(string(x)))
		}
	}
	for _, l := range c.Limits {
		if l.Max != (Sum{}) && !slices.Contains(c.Currencies, l.Max.Currency()) {
			return fmt.Errorf("limit %q is in %s: name the currencies the shop takes, that one among them", l.ID, l.Max.Currency())
		}
	}
	return nil
}

func (c *Config) checkTraining() error {
	if c.Training != nil && len(c.Training.Tenders) == 0 {
		return errors.New("name the tenders that move no money")
	}
	return nil
}

func (c *Config) checkPermissions() error {
	for role, p := range c.Permissions {
		if role != operators.Cashier && role != operators.Supervisor {
			return fmt.Errorf("there is no role %q", clip(string(role)))
		}
		for _, a := range append(slices.Clone(p.May), p.Ask...) {
			if a != anyAction && !slices.Contains(actions, a) {
				return fmt.Errorf("%s: there is no action %q", role, clip(string(a)))
			}
		}
	}
	return nil
}

func (c *Config) checkHours() error {
	if c.Hours == nil {
		return nil
	}
	if len(c.Hours.Open) == 0 && len(c.Hours.Closed) == 0 {
		return errors.New("neither open nor closed says anything")
	}
	return errors.Join(openings(c.Hours.Open), known(c.Hours.Actions), act(&c.Hours.Act))
}

func openings(list []Opening) error {
	for _, o := range list {
		if o.From == o.To {
			return fmt.Errorf("from %s to %s is no time at all; a whole day is 00:00 to 24:00", o.From, o.To)
		}
		for _, d := range o.Days {
			if !slices.Contains(weekdays, d) {
				return fmt.Errorf("%q is no day; want one of %v", clip(d), weekdays)
			}
		}
	}
	return nil
}

func known(list []pos.Action) error {
	for _, a := range list {
		if !slices.Contains(actions, a) {
			return fmt.Errorf("there is no action %q", clip(string(a)))
		}
	}
	return nil
}

// act fills in the default, and refuses what is neither deny nor ask.
func act(a *pos.Act) error {
	switch *a {
	case "":
		*a = pos.ActDeny
	case pos.ActDeny, pos.ActAsk:
	default:
		return fmt.Errorf("act %q: want %s or %s", clip(string(*a)), pos.ActDeny, pos.ActAsk)
	}
	return nil
}

func (c *Config) checkLimits() error {
	ids := map[string]bool{}
	if len(c.Limits) > MaxRules {
		return fmt.Errorf("more than %d", MaxRules)
	}
	for i := range c.Limits {
		l := &c.Limits[i]
		if err := errors.Join(name(ids, l.ID), l.check()); err != nil {
			return fmt.Errorf("rule %d (%q): %w", i+1, clip(l.ID), err)
		}
	}
	return nil
}

// name refuses ids that are missing, taken or too long.
func name(ids map[string]bool, id string) error {
	switch {
	case id == "" || len(id) > maxID || strings.TrimSpace(id) != id || strings.Contains(id, also) || pos.HoldsCardData(id):
		return fmt.Errorf("an id has 1 to %d characters", maxID)
	case ids[id]:
		return errors.New("the id is taken")
	}
	ids[id] = true
	return nil
}

func (l *Limit) check() error {
	single := l.Per == PerPayment
	switch {
	case l.Per != PerPayment && l.Per != PerDay && l.Per != PerWeek:
		return fmt.Errorf("per %q: want %s, %s or %s", clip(string(l.Per)), PerPayment, PerDay, PerWeek)
	case !single && !slices.Contains([]By{ByAll, ByTill, ByOperator, ByTender, ByToken}, l.By):
		return fmt.Errorf("by %q: want %s, %s, %s, %s or %s", clip(string(l.By)), ByAll, ByTill, ByOperator, ByTender, ByToken)
	case single && (l.By != "" || l.Count != 0):
		return errors.New("by and count belong to a day or week")
	case !single && l.Min != (Sum{}):
		return errors.New("min belongs to a payment")
	case l.Count < 0:
		return errors.New("count is below zero")
	case l.Min == (Sum{}) && l.Max == (Sum{}) && l.Count == 0:
		return errors.New("min, max and count are all missing")
	}
	if l.Min != (Sum{}) && l.Max != (Sum{}) {
		if cmp, err := l.Min.Cmp(l.Max.Money); err != nil || cmp > 0 {
			return fmt.Errorf("min %s is above max %s, or of another currency", l.Min, l.Max)
		}
	}
	return errors.Join(known(l.Actions), act(&l.Act))
}

func (c *Config) checkLists() error {
	ids := map[string]bool{}
	if len(c.Lists) > MaxRules {
		return fmt.Errorf("more than %d", MaxRules)
	}
	for i := range c.Lists {
		l := &c.Lists[i]
		if err := errors.Join(name(ids, l.ID), l.check()); err != nil {
			return fmt.Errorf("rule %d (%q): %w", i+1, clip(l.ID), err)
		}
	}
	return nil
}

func (l *List) check() error {
	switch {
	case l.List != ListBlock && l.List != ListAllow && l.List != ListOnly:
		return fmt.Errorf("list %q: want %s, %s or %s", clip(string(l.List)), ListBlock, ListAllow, ListOnly)
	case len(l.Tokens) == 0 && len(l.BINs) == 0:
		return errors.New("tokens and bins are both missing")
	case l.Until != "" && l.Until < l.From:
		return fmt.Errorf("it ends (%s) before it begins (%s)", l.Until, l.From)
	}
	for _, t := range l.Tokens {
		if t == "" || pos.HoldsCardData(t) {
			return errors.New("a token is empty, or is a card number, which is never kept")
		}
	}
	for _, b := range l.BINs {
		from, to := binRange(b)
		if !bin(from) || !bin(to) || len(from) != len(to) || to < from {
			return fmt.Errorf("bin %q: want six to eight digits, or two of the same length with a dash between", clip(b))
		}
	}
	return nil
}

func binRange(s string) (from, to string) {
	from, to, ok := strings.Cut(s, "-")
	if !ok {
		to = from
	}
	return from, to
}

func bin(s string) bool { return len(s) >= 6 && len(s) <= 8 && strings.Trim(s, "0123456789") == "" }

func (c *Config) checkVelocity() error {
	if v := c.Velocity; v.Warn < 0 || v.Deny < 2 || v.Warn > v.Deny {
		return fmt.Errorf("warn %d and deny %d: want 0 <= warn <= deny, and deny at least 2", v.Warn, v.Deny)
	}
	return window(c.Velocity.Within)
}

func window(d Duration) error {
	if time.Duration(d) > MaxWindow {
		return fmt.Errorf("within %s is more than %s", d, MaxWindow)
	}
	return nil
}

func onePerCurrency(list []Sum) error {
	seen := map[pos.Currency]bool{}
	for _, s := range list {
		if seen[s.Currency()] {
			return fmt.Errorf("alone has two amounts in %s", s.Currency())
		}
		seen[s.Currency()] = true
	}
	return nil
}

func (c *Config) checkVouchers() error {
	v := &c.Vouchers
	for _, e := range v.Entry {
		if e != pos.EntryScanned && e != pos.EntryTyped {
			return fmt.Errorf("entry %q: want %s or %s", clip(string(e)), pos.EntryScanned, pos.EntryTyped)
		}
	}
	if v.PerBill < 0 {
		return errors.New("per_bill is below zero")
	}
	return errors.Join(openings(v.Hours), onePerCurrency(v.Alone))
}

func (c *Config) checkAlerts() error {
	p := c.Alerts
	for _, n := range []int{p.Median, p.Round, p.NearLimit, p.Refunds, p.SameCard} {
		if n < 2 || n > maxRun {
			return fmt.Errorf("%d: want 2 to %d", n, maxRun)
		}
	}
	for _, id := range p.Off {
		if !slices.Contains(alertIDs, id) {
			return fmt.Errorf("off: there is no alert %q; want some of %v", clip(id), alertIDs)
		}
	}
	return openings([]Opening{p.Night})
}
