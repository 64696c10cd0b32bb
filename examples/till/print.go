package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/openecr/openecr/pos"
)

// object prints one JSON object as one line on stdout.
func (a *app) object(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.out, "%s\n", line)
	return err
}

// finish prints what an operation on one attempt came to, and passes the error on.
func (a *app) finish(at pos.Attempt, err error) error {
	if err != nil {
		a.failure(err)
		return err
	}
	return a.show(result{Attempt: at})
}

// show prints an attempt that ended well.
func (a *app) show(r result) error {
	if a.json {
		return a.object(r)
	}
	fmt.Fprint(a.out, a.describe(r.Attempt))
	a.slips(r.Slips)
	return nil
}

// slips prints what the terminal printed, between cutting lines.
func (a *app) slips(list []pos.Slip) {
	for _, s := range list {
		fmt.Fprintf(a.out, "\n  ---------- %s ----------\n", a.word("slip."+string(s.Kind)))
		for _, l := range s.Lines {
			fmt.Fprintf(a.out, "  %s\n", l)
		}
	}
}

// failure prints what went wrong: in words on stderr, and as an object with --json.
func (a *app) failure(err error) {
	a.told = true
	r := failed(a.draft, err, a.lang())
	if r.Error.Class == "usage" && a.moneyless {
		r.Error.Advice = a.word("advice.usage")
	}
	if a.json {
		if err := a.object(r); err != nil {
			a.say("till: %v", err)
		}
	}
	head := a.word("class." + r.Error.Class)
	if r.Attempt.Type != "" && r.Attempt.Amount != (pos.Money{}) {
		head += fmt.Sprintf(": %s %s", a.word("type."+string(r.Type)), r.Amount)
	}
	a.say("%s", head)
	if r.Error.Class == "outcome_unknown" {
		a.say("  *** %s ***", a.word("screen.unknown"))
	}
	if r.Attempt.ID != "" {
		a.say("  %s %s", a.word("attempt"), strings.Join(slices.DeleteFunc([]string{string(r.ID), a.word("state." + string(r.State))}, isEmpty), ", "))
	}
	if r.Error.BlockedBy != "" {
		a.say("  %s %s", a.word("blocked"), r.Error.BlockedBy)
	}
	a.say("  %s %s", a.word("why"), a.why(err))
	for _, v := range a.voucherLines(r.Attempt) {
		a.say("  %s", v)
	}
	if !a.moneyless {
		a.say("  %s %s", a.word("money"), a.word("moved."+string(r.Error.Moved)))
	}
	a.say("  %s %s", a.word("do"), r.Error.Advice)
	if !a.json {
		a.slips(r.Slips)
	}
}

func isEmpty(s string) bool { return s == "" }

// why is an error in one line, without what the other lines say already.
func (a *app) why(err error) string {
	var e *pos.Error
	if !errors.As(err, &e) {
		return oneLine(err.Error())
	}
	cause := ""
	var d *pos.Denial
	if a.lang() == pos.Chinese && errors.As(e.Err, &d) && d.Err == nil && d.Ruling.Chinese != "" {
		return fmt.Sprintf("%s(规则 %s)", d.Ruling.Chinese, d.Ruling.Rule)
	}
	if e.Err != nil {
		cause = oneLine(e.Err.Error())
		if e.Class != pos.ErrNotFound { // whose rest is only a name
			cause = strings.TrimPrefix(cause, e.Class.Error()+": ")
		}
	}
	switch {
	case e.Code != "" && cause != "":
		return oneLine(fmt.Sprintf("%s %s: %s", e.Code, e.Text, cause))
	case e.Code != "":
		return e.Code + " " + e.Text
	case cause != "":
		return cause
	}
	return e.Class.Error()
}

// oneLine is a text on one line, card numbers masked.
func oneLine(s string) string {
	return pos.MaskCardData(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), "; "))
}

// describe is an attempt in words, one fact a line.
func (a *app) describe(at pos.Attempt) string {
	s := fmt.Sprintf("%s: %s %s (%s)\n", a.word("state."+string(at.State)), a.word("type."+string(at.Type)), at.Amount, at.Tender)
	row := func(key, value string) {
		if value != "" {
			s += fmt.Sprintf("  %s %s\n", padded(a.word(key), 10), value)
		}
	}
	row("attempt", string(at.ID))
	row("original", string(at.Original))
	row("reference", at.Reference)
	row("card", joined(at.Scheme, at.Card, at.Entry))
	row("auth", at.AuthCode)
	row("receipt", joined(at.Receipt, prefixed("STAN ", at.STAN), prefixed("RRN ", at.RRN)))
	row("terminal", joined(at.TerminalID, at.MerchantID))
	row("answer", joined(at.Code, at.Text))
	if at.Change != (pos.Money{}) && !at.Change.IsZero() {
		row("change", at.Change.String())
	}
	if at.Approved != at.Amount && at.Approved != (pos.Money{}) && at.State.Paid() {
		row("approved", at.Approved.String())
	}
	row("reason", at.Reason)
	for _, v := range a.voucherLines(at) {
		row("voucher", v)
	}
	for _, al := range at.Alerts {
		row("alert", joined(string(al.Kind), al.Code, al.Text))
	}
	row("do", a.openAdvice(at))
	return s
}

// padded fills a text up to a width in columns; a Chinese character takes two.
func padded(s string, width int) string {
	for _, r := range s {
		width--
		if r >= 0x2E80 {
			width--
		}
	}
	return s + strings.Repeat(" ", max(width, 0))
}

func joined(parts ...string) string {
	s := ""
	for _, p := range parts {
		if p != "" && s != "" {
			s += " "
		}
		s += p
	}
	return s
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// openAdvice says what is left to do about an attempt, if anything is.
func (a *app) openAdvice(at pos.Attempt) string {
	switch {
	case at.State == pos.StateManual:
		return a.word("advice.manual")
	case at.State.Uncertain():
		return a.word("advice.unknown")
	case at.Orphan() && (at.Type == pos.TypeVoid || at.Type == pos.TypeRefund):
		return a.word("advice.returned")
	case at.Orphan():
		return a.word("advice.orphan")
	case len(at.Alerts) > 0:
		return a.word("advice.alert")
	}
	return ""
}

// silence is how long nothing may be shown before the wait itself is.
const silence = 10 * time.Second

// watch returns what shows progress on stderr, and what ends it. When the
// device has said nothing for a while, the line it said last is shown again
// with the time it has been waiting.
func (a *app) watch() (show func(pos.Progress), hush func()) {
	var mu sync.Mutex
	last, since := "", time.Time{}
	var timer *time.Timer
	timer = time.AfterFunc(silence, func() {
		mu.Lock()
		defer mu.Unlock()
		if last != "" {
			a.say("  ... %s (%s)", last, time.Since(since).Round(time.Second))
		}
		timer.Reset(silence)
	})
	show = func(p pos.Progress) {
		text := p.Text
		if a.lang() == pos.Chinese && p.Chinese != "" {
			text = p.Chinese
		}
		mu.Lock()
		defer mu.Unlock()
		timer.Reset(silence)
		switch p.Step {
		case pos.StepOutcome:
			last = ""
			return // the result itself follows
		case pos.StepScan:
			a.presentCode(p)
		case pos.StepScanned:
			if err := a.displayAmount(context.Background(), pos.Money{}); err != nil {
				a.say("  %v", err)
			}
			return
		}
		if text == last {
			return
		}
		last, since = text, time.Now()
		a.say("  %s", text)
	}
	return show, func() {
		mu.Lock()
		defer mu.Unlock()
		last = ""
		timer.Stop()
	}
}

// tellRecovered says what opening the till found and settled.
func (a *app) tellRecovered(r pos.Recovery) {
	for _, at := range r.Settled {
		a.say("%s: %s %s %s: %s", a.word("recovered"), at.ID, a.word("type."+string(at.Type)), at.Amount, a.word("state."+string(at.State)))
	}
	for _, at := range append(r.Unresolved, r.Manual...) {
		a.say("%s: %s %s %s: %s", a.word("open"), at.ID, a.word("type."+string(at.Type)), at.Amount, a.word("state."+string(at.State)))
	}
}
