package postest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// ClosableJournal is a journal as its owner holds it.
type ClosableJournal interface {
	pos.Journal
	Close() error
}

// TestJournal is the conformance suite of journals. open must open the journal
// that lives in dir, creating it the first time; opened again it must find
// what was there. Call it from a test function directly.
//
// The suite runs the same test binary again as a child process and kills it
// before and after every barrier. A journal with the method Volatile() bool
// returning true is spared that.
func TestJournal(t *testing.T, open func(t *testing.T, dir string) ClosableJournal) {
	if os.Getenv(journalChildTest) == t.Name() {
		journalChild(t, open)
		return
	}
	s := &journalSuite{open: open}
	for _, c := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"keeps every kind of event", s.everyKind},
		{"appends all events or none", s.allOrNone},
		{"lets one of two racing intents win", s.races},
		{"refuses impossible transitions", s.transitions},
		{"refuses card data in every text", s.cardData},
		{"raises the epoch at every opening", s.epochs},
		{"keeps attempts identical over a reopening", s.identical},
		{"keeps nothing of the caller's memory", s.aliasing},
		{"finds by every field", s.finds},
		{"closes while lanes append", s.closing},
		{"honours contexts", s.contexts},
		{"agrees with the model on random histories", s.model},
		{"survives a kill on both sides of every barrier", s.kills},
	} {
		t.Run(c.name, c.run)
	}
}

type journalSuite struct {
	open func(t *testing.T, dir string) ClosableJournal
}

// fresh opens an empty journal that is closed with the test.
func (s *journalSuite) fresh(t *testing.T) ClosableJournal {
	j := s.open(t, t.TempDir())
	t.Cleanup(func() { require.NoError(t, j.Close()) })
	return j
}

var journalNoon = time.Date(2026, 3, 14, 12, 0, 0, 123456789, time.UTC)

func journalIntent(id, reference string, minor int64, change ...func(*pos.Intent)) pos.Event {
	in := &pos.Intent{Till: "lane-1", Type: pos.TypeCharge, Reference: reference, Tender: "card", Device: "term-" + id, Amount: pos.FromMinor(minor, pos.CNY)}
	for _, f := range change {
		f(in)
	}
	return pos.Event{Kind: pos.EventIntent, Attempt: pos.AttemptID(id), Time: journalNoon, Intent: in}
}

func journalEvent(kind pos.EventKind, id string, change ...func(*pos.Event)) pos.Event {
	e := pos.Event{Kind: kind, Attempt: pos.AttemptID(id), Time: journalNoon.Add(time.Second)}
	for _, f := range change {
		f(&e)
	}
	return e
}

func withReply(r pos.Reply) func(*pos.Event)    { return func(e *pos.Event) { e.Reply = &r } }
func withReason(reason string) func(*pos.Event) { return func(e *pos.Event) { e.Reason = reason } }

// fullReply has something in every field a driver can fill.
func fullReply(outcome pos.Outcome) pos.Reply {
	return pos.Reply{
		Outcome: outcome, AuthCode: "A12345", RRN: "012345678901", STAN: "000042", Receipt: "344", Card: "621234******7890",
		Scheme: "UnionPay", Entry: "chip", TerminalID: "T1", MerchantID: "M1", Code: "00", Text: "成功 <ok> & \"fine\"",
		PeerTime: time.Date(2026, 3, 14, 20, 0, 1, 0, time.FixedZone("CST", 8*3600)),
		Chip:     pos.Chip{AID: "A000000333010101", Label: "UnionPay Debit", Cryptogram: "0102030405060708", TVR: "0000008000", TSI: "E800", ATC: "0001", CVM: "1F0302"},
		Slips:    []pos.Slip{{Kind: pos.SlipCustomer, Lines: []string{"line 1", "", "\xff\x00 bytes that are no text"}}},
		Totals:   []pos.Total{{Name: "UnionPay", Count: 1, Amount: pos.FromMinor(1280, pos.CNY)}},
		Handle:   pos.Handle{"receipt": "344"},
	}
}

// journalScript is one history with every kind of event in it; each element is one barrier.
func journalScript() [][]pos.Event {
	armed := func(id string) []pos.Event {
		return []pos.Event{journalEvent(pos.EventArmed, id, func(e *pos.Event) { e.Handle = pos.Handle{"stan": "42"} })}
	}
	one := func(e pos.Event) []pos.Event { return []pos.Event{e} }
	doubt := func(id string) []pos.Event {
		return one(journalEvent(pos.EventDoubt, id, withReason(string(pos.DoubtTimeout))))
	}
	person := func(v pos.Verdict) func(*pos.Event) {
		return func(e *pos.Event) { e.Verdict, e.Operator, e.Reason = v, "anna", "seen on the terminal" }
	}
	return [][]pos.Event{
		one(journalIntent("a", "order-1", 1280)), armed("a"),
		{journalEvent(pos.EventOutcome, "a", withReply(fullReply(pos.OutcomeApproved))), journalEvent(pos.EventConfirm, "a", func(e *pos.Event) { e.OrderID = "R-1" })},
		one(journalEvent(pos.EventPrinted, "a", func(e *pos.Event) { e.Slip, e.Operator = pos.SlipCustomer, "anna" })),
		one(journalEvent(pos.EventEvidence, "a", func(e *pos.Event) { e.Alert = pos.AlertStray; r := fullReply(""); e.Reply = &r })),
		one(journalIntent("b", "order-2", 500)),
		one(journalEvent(pos.EventVoided, "b", withReply(pos.Reply{Outcome: pos.OutcomeNotSent, Text: "no line"}), withReason("offline"))),
		one(journalIntent("c", "order-2", 500)), armed("c"), doubt("c"), doubt("c"),
		one(journalEvent(pos.EventUndo, "c", withReason("no query"))),
		one(journalEvent(pos.EventUndo, "c", withReason("no query"), func(e *pos.Event) { e.Try = 1 })),
		one(journalEvent(pos.EventUndone, "c", withReply(pos.Reply{Outcome: pos.OutcomeApproved, Code: "25"}))),
		one(journalIntent("d", "order-3", 700)), armed("d"), doubt("d"),
		one(journalEvent(pos.EventSuspense, "d", withReason("contradiction"))),
		one(journalEvent(pos.EventResolve, "d", person(pos.VerdictPaid))),
		one(journalIntent("e", "order-4", 900)), armed("e"),
		one(journalEvent(pos.EventOutcome, "e", withReply(pos.Reply{Outcome: pos.OutcomeDeclined, Code: "51"}))),
		{journalIntent("f", "order-5", 990, func(in *pos.Intent) { in.Tender, in.Device, in.Given = pos.Cash, "", pos.FromMinor(1000, pos.CNY) }),
			journalEvent(pos.EventOutcome, "f", withReply(pos.Reply{Outcome: pos.OutcomeApproved})), journalEvent(pos.EventConfirm, "f")},
		one(journalIntent("g", "order-1", 280, func(in *pos.Intent) { in.Type, in.Original, in.Device = pos.TypeRefund, "a", "term-a" })), armed("g"),
		one(journalEvent(pos.EventOutcome, "g", withReply(fullReply(pos.OutcomeApproved)))),
		one(journalEvent(pos.EventConfirm, "g")),
		one(journalIntent("h", "day-1", 0, func(in *pos.Intent) { in.Type, in.Operator = pos.TypeSettle, "anna" })), armed("h"),
		{journalEvent(pos.EventOutcome, "h", withReply(fullReply(pos.OutcomeApproved))), journalEvent(pos.EventConfirm, "h")},
		one(journalEvent(pos.EventDenied, "i", withReason("too much"), func(e *pos.Event) {
			e.Intent = &pos.Intent{Till: "lane-1", Type: pos.Type(pos.ActionZ), Reference: "i", Operator: "anna", Rule: "permission", Asked: "z"}
		})),
	}
}

// plainAttempts makes attempts of two journals comparable: sequence numbers
// and epochs are each journal's own, as far as they are told apart from order.
func plainAttempts(list []pos.Attempt) []pos.Attempt {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b pos.Attempt) int { return cmp.Compare(a.Seq, b.Seq) })
	for i := range list {
		a := &list[i]
		a.Seq, a.Updated, a.Epoch = 0, 0, 0
		a.Created, a.Changed = a.Created.UTC(), a.Changed.UTC()
		a.PeerTime = a.PeerTime.UTC()
		a.Alerts = slices.Clone(a.Alerts)
		for k := range a.Alerts {
			a.Alerts[k].Seq = 0
		}
		a.Slips = slices.Clone(a.Slips)
		for k := range a.Slips {
			lines := slices.Clone(a.Slips[k].Lines)
			for n := range lines {
				lines[n] = strings.ToValidUTF8(lines[n], "\ufffd")
			}
			a.Slips[k].Lines = lines
		}
	}
	return list
}

func allAttempts(t require.TestingT, j pos.Journal) []pos.Attempt {
	list, err := j.Find(context.Background(), pos.Filter{})
	require.NoError(t, err)
	return list
}

// modelAfter is the memory journal after the first n barriers of the script.
func modelAfter(t require.TestingT, n int) []pos.Attempt {
	m := NewMemoryJournal()
	for _, batch := range journalScript()[:n] {
		_, err := m.Append(context.Background(), batch...)
		require.NoError(t, err)
	}
	return allAttempts(t, m)
}

func (s *journalSuite) everyKind(t *testing.T) {
	j := s.fresh(t)
	kinds := map[pos.EventKind]bool{}
	seq := int64(0)
	for i, batch := range journalScript() {
		a, err := j.Append(t.Context(), batch...)
		require.NoError(t, err, "barrier %d", i)
		require.Equal(t, batch[len(batch)-1].Attempt, a.ID)
		require.Greater(t, a.Updated, seq, "sequence numbers rise")
		require.Equal(t, j.Epoch(), a.Epoch)
		seq = a.Updated
		got, err := j.Get(t.Context(), a.ID)
		require.NoError(t, err)
		require.Equal(t, a, got, "Get tells what Append told")
		require.Equal(t, slicesString(plainAttempts(modelAfter(t, i+1))), slicesString(plainAttempts(allAttempts(t, j))), "barrier %d", i)
		for _, e := range batch {
			kinds[e.Kind] = true
		}
	}
	require.Len(t, kinds, 13, "the script has every kind of event")
	_, err := j.Get(t.Context(), "nobody")
	require.ErrorIs(t, err, pos.ErrNotFound)
}

func slicesString(list []pos.Attempt) string {
	var b strings.Builder
	for _, a := range list {
		fmt.Fprintf(&b, "%+v\n", a)
	}
	return b.String()
}

func (s *journalSuite) allOrNone(t *testing.T) {
	j := s.fresh(t)
	_, err := j.Append(t.Context(), journalIntent("a", "r", 100))
	require.NoError(t, err)
	before := allAttempts(t, j)
	for name, batch := range map[string][]pos.Event{
		"a second event that does not fit":   {journalEvent(pos.EventArmed, "a"), journalEvent(pos.EventConfirm, "a")},
		"a second event for another attempt": {journalEvent(pos.EventArmed, "a"), journalEvent(pos.EventArmed, "nobody")},
		"a second intent that is refused":    {journalIntent("b", "other", 5), journalIntent("c", "r", 100)},
		"two intents of one device":          {journalIntent("b", "other", 5), journalIntent("c", "third", 5, func(in *pos.Intent) { in.Device = "term-b" })},
		"card data in the last event":        {journalEvent(pos.EventArmed, "a"), journalEvent(pos.EventDoubt, "a", withReason("4111111111111111"))},
		"no events":                          {},
	} {
		_, err := j.Append(t.Context(), batch...)
		require.Error(t, err, name)
		require.NotErrorIs(t, err, pos.ErrJournal, name)
		require.Equal(t, before, allAttempts(t, j), name)
	}
	a, err := j.Append(t.Context(), journalIntent("b", "other", 5), journalEvent(pos.EventArmed, "b"), journalEvent(pos.EventArmed, "a"))
	require.NoError(t, err)
	require.EqualValues(t, "a", a.ID, "the attempt of the last event comes back")
	require.Len(t, allAttempts(t, j), 2)
}

func (s *journalSuite) races(t *testing.T) {
	j := s.fresh(t)
	paid := func(id, ref string, minor int64) {
		_, err := j.Append(t.Context(), journalIntent(id, ref, minor), journalEvent(pos.EventArmed, id),
			journalEvent(pos.EventOutcome, id, withReply(pos.Reply{Outcome: pos.OutcomeApproved})), journalEvent(pos.EventConfirm, id))
		require.NoError(t, err)
	}
	for round := range 10 {
		r := strconv.Itoa(round)
		paid("orig"+r, "sale"+r, 1000)
		for name, make := range map[string]func(lane string) pos.Event{
			"reference": func(lane string) pos.Event { return journalIntent("ref"+r+lane, "ref"+r, 100) },
			"due": func(lane string) pos.Event {
				return journalIntent("due"+r+lane, "due"+r, 60, func(in *pos.Intent) { in.Tender, in.Due = "t"+lane, pos.FromMinor(100, pos.CNY) })
			},
			"device": func(lane string) pos.Event {
				return journalIntent("dev"+r+lane, "dev"+r+lane, 100, func(in *pos.Intent) { in.Device = "shared" + r })
			},
			"original": func(lane string) pos.Event {
				return journalIntent("back"+r+lane, "sale"+r, 700, func(in *pos.Intent) { in.Type, in.Original = pos.TypeRefund, pos.AttemptID("orig"+r) })
			},
			"id": func(lane string) pos.Event { return journalIntent("same"+r, "same"+r+lane, 100) },
		} {
			const lanes = 4
			var wg sync.WaitGroup
			errs := [lanes]error{}
			for lane := range lanes {
				e := make(strconv.Itoa(lane))
				wg.Go(func() { _, errs[lane] = j.Append(t.Context(), e) })
			}
			wg.Wait()
			won := 0
			for _, err := range errs {
				if err == nil {
					won++
					continue
				}
				var blocked *pos.Blocked
				require.ErrorAs(t, err, &blocked, name)
			}
			require.Equal(t, 1, won, "racing for the same %s", name)
		}
	}
}

// journalMoves are all the events, for trying each in each state.
func journalMoves(id string) []pos.Event {
	return []pos.Event{
		journalIntent(id, "again", 1), journalEvent(pos.EventVoided, id, withReply(pos.Reply{Outcome: pos.OutcomeNotSent})),
		journalEvent(pos.EventArmed, id), journalEvent(pos.EventDoubt, id), journalEvent(pos.EventOutcome, id, withReply(pos.Reply{Outcome: pos.OutcomeApproved})),
		journalEvent(pos.EventOutcome, id, withReply(pos.Reply{Outcome: pos.OutcomeApproved, Approved: pos.FromMinor(99999, pos.CNY)})),
		journalEvent(pos.EventOutcome, id), journalEvent(pos.EventUndo, id), journalEvent(pos.EventUndone, id), journalEvent(pos.EventConfirm, id),
		journalEvent(pos.EventSuspense, id), journalEvent(pos.EventResolve, id), journalEvent("nonsense", id),
	}
}

func (s *journalSuite) transitions(t *testing.T) {
	j := s.fresh(t)
	for _, batch := range journalScript() {
		for _, id := range []string{string(batch[0].Attempt), "nobody"} {
			was, getErr := j.Get(t.Context(), pos.AttemptID(id))
			for _, e := range journalMoves(id) {
				if e.Kind == pos.EventIntent {
					continue // refused by Admit, or allowed for nobody
				}
				if _, _, err := pos.Reduce(was, e); err == nil {
					continue
				}
				_, err := j.Append(t.Context(), e)
				var impossible *pos.TransitionError
				require.ErrorAs(t, err, &impossible, "%s in %q", e.Kind, was.State)
				again, err := j.Get(t.Context(), pos.AttemptID(id))
				require.Equal(t, getErr == nil, err == nil)
				require.Equal(t, was, again)
			}
		}
		_, err := j.Append(t.Context(), batch...)
		require.NoError(t, err)
	}
}

// journalSecrets are test numbers that no journal may hold.
func journalSecrets() []string {
	return []string{
		"4111111111111111", "5500 0000 0000 0004", "card 3782-822463-10005 ok", "6212345678901232",
		";4111111111111111=25121010000012300000?", "4111111111111111D2512101123456789",
	}
}

func (s *journalSuite) cardData(t *testing.T) {
	j := s.fresh(t)
	_, err := j.Append(t.Context(), journalIntent("a", "r", 100))
	require.NoError(t, err)
	before := allAttempts(t, j)
	tried := 0
	for _, secret := range journalSecrets() {
		eachTextOfEvent(t, secret, func(where string, e pos.Event) {
			tried++
			_, err := j.Append(t.Context(), e)
			require.Error(t, err, "%s in %s", secret, where)
			require.NotErrorIs(t, err, pos.ErrJournal)
			require.NotContains(t, err.Error(), secret, "the error does not repeat it (%s)", where)
		})
	}
	require.Greater(t, tried, 6*30)
	require.Equal(t, before, allAttempts(t, j))
}

// eachTextOfEvent calls f with an event that has the secret in one of its texts, for each of them.
func eachTextOfEvent(t *testing.T, secret string, f func(where string, e pos.Event)) {
	full := func() reflect.Value {
		r := fullReply(pos.OutcomeApproved)
		in := journalIntent("b", "other", 100).Intent
		in.Original, in.Operator = "orig", "anna"
		e := pos.Event{Kind: pos.EventEvidence, Attempt: "a", Time: journalNoon, Intent: in, Handle: pos.Handle{"key": "value"}, Reply: &r,
			Reason: "reason", Verdict: pos.VerdictPaid, Operator: "anna", OrderID: "R-1", Alert: pos.AlertStray}
		return reflect.ValueOf(&e).Elem()
	}
	for i := 0; ; i++ {
		e, n, where := full(), i, ""
		var walk func(path string, v reflect.Value) bool
		walk = func(path string, v reflect.Value) bool {
			switch v.Kind() {
			case reflect.String:
				if n--; n < 0 && v.CanSet() {
					v.SetString(secret)
					where = path
					return true
				}
			case reflect.Pointer:
				return !v.IsNil() && walk(path, v.Elem())
			case reflect.Struct:
				if v.Type() == reflect.TypeFor[time.Time]() || v.Type() == reflect.TypeFor[pos.Money]() {
					return false
				}
				for k := range v.NumField() {
					if walk(path+"."+v.Type().Field(k).Name, v.Field(k)) {
						return true
					}
				}
			case reflect.Slice:
				for k := range v.Len() {
					if walk(fmt.Sprintf("%s[%d]", path, k), v.Index(k)) {
						return true
					}
				}
			case reflect.Map:
				if n--; n < 0 {
					v.SetMapIndex(reflect.ValueOf(secret), reflect.ValueOf("v"))
					where = path + " key"
					return true
				}
				if n--; n < 0 {
					v.SetMapIndex(reflect.ValueOf("k"), reflect.ValueOf(secret))
					where = path + " value"
					return true
				}
			}
			return false
		}
		if !walk("Event", e) {
			return
		}
		f(where, e.Interface().(pos.Event))
	}
}

func (s *journalSuite) epochs(t *testing.T) {
	dir, seen := t.TempDir(), int64(0)
	for range 4 {
		j := s.open(t, dir)
		require.Greater(t, j.Epoch(), seen)
		seen = j.Epoch()
		a, err := j.Append(t.Context(), journalIntent(fmt.Sprintf("a-%d", seen), fmt.Sprintf("r-%d", seen), 1))
		require.NoError(t, err)
		require.Equal(t, seen, a.Epoch)
		require.NoError(t, j.Close())
		require.NoError(t, j.Close(), "closing twice is harmless")
		_, err = j.Append(t.Context(), journalIntent("late", "late", 1))
		require.ErrorIs(t, err, pos.ErrJournal)
	}
}

func (s *journalSuite) identical(t *testing.T) {
	dir := t.TempDir()
	j := s.open(t, dir)
	for i, batch := range journalScript() {
		_, err := j.Append(t.Context(), batch...)
		require.NoError(t, err)
		before := allAttempts(t, j)
		require.NoError(t, j.Close())
		j = s.open(t, dir)
		require.Equal(t, before, allAttempts(t, j), "after barrier %d", i)
		for _, a := range before {
			got, err := j.Get(t.Context(), a.ID)
			require.NoError(t, err)
			require.Equal(t, a, got)
		}
	}
	require.NoError(t, j.Close())
}

func (s *journalSuite) aliasing(t *testing.T) {
	j := s.fresh(t)
	_, err := j.Append(t.Context(), journalIntent("a", "r", 1280))
	require.NoError(t, err)
	h := pos.Handle{"stan": "1"}
	_, err = j.Append(t.Context(), journalEvent(pos.EventArmed, "a", func(e *pos.Event) { e.Handle = h }))
	require.NoError(t, err)
	r := fullReply(pos.OutcomeApproved)
	_, err = j.Append(t.Context(), journalEvent(pos.EventOutcome, "a", func(e *pos.Event) { e.Reply = &r }))
	require.NoError(t, err)
	h["stan"], r.Text, r.Slips[0].Kind, r.Totals[0].Count, r.Handle["receipt"] = "2", "changed", "x", 7, "x"
	got, err := j.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, pos.Handle{"stan": "1", "receipt": "344"}, got.Handle)
	require.Equal(t, pos.SlipCustomer, got.Slips[0].Kind)
	require.Equal(t, 1, got.Totals[0].Count)
	require.NotEqual(t, "changed", got.Text)
}

func (s *journalSuite) finds(t *testing.T) {
	dir := t.TempDir()
	j := s.open(t, dir)
	var all []pos.Attempt
	tenders, types := []string{"card", "wechat"}, []pos.Type{pos.TypeCharge, pos.TypePreauth}
	for i := range 60 {
		id := fmt.Sprintf("f%d", i)
		e := journalIntent(id, fmt.Sprintf("ref-%d", i/2), int64(100+i%5), func(in *pos.Intent) {
			in.Till, in.Tender, in.Type = fmt.Sprintf("lane-%d", i%3), tenders[i%2], types[i/2%2]
			in.Device, in.Due = fmt.Sprintf("dev-%d", i%4), pos.FromMinor(1000, pos.CNY)
			if i%7 == 0 {
				in.Amount, in.Due = pos.FromMinor(100, pos.EUR), pos.FromMinor(1000, pos.EUR)
				in.Reference = "eur-" + id
			}
		})
		e.Time = journalNoon.Add(time.Duration(i) * time.Hour)
		batch := []pos.Event{e, journalEvent(pos.EventArmed, id)}
		switch i % 3 {
		case 0:
			r := pos.Reply{Outcome: pos.OutcomeApproved, Card: fmt.Sprintf("621234******%04d", i%6)}
			batch = append(batch, journalEvent(pos.EventOutcome, id, withReply(r)), journalEvent(pos.EventConfirm, id))
		default:
			batch = append(batch, journalEvent(pos.EventOutcome, id, withReply(pos.Reply{Outcome: pos.OutcomeDeclined, Card: "621234******0003"})))
		}
		a, err := j.Append(t.Context(), batch...)
		require.NoError(t, err)
		all = append(all, a)
		if i%6 == 3 { // something of an original
			back := journalIntent("b"+id, a.Reference, 10, func(in *pos.Intent) {
				in.Type, in.Original, in.Tender, in.Amount = pos.TypeVoid, a.ID, a.Tender, pos.FromMinor(10, a.Amount.Currency())
			})
			back.Time = e.Time
			if a, err = j.Append(t.Context(), back); err == nil {
				all = append(all, a)
			} else {
				require.NotErrorIs(t, err, pos.ErrJournal)
			}
		}
	}
	for range 2 { // as written, and as found again
		s.compareFinds(t, j, all)
		require.NoError(t, j.Close())
		j = s.open(t, dir)
	}
	s.compareFinds(t, j, all)
	require.NoError(t, j.Close())
}

func (s *journalSuite) compareFinds(t *testing.T, j pos.Journal, all []pos.Attempt) {
	noon := func(h int) time.Time { return journalNoon.Add(time.Duration(h) * time.Hour) }
	filters := []pos.Filter{
		{}, {Till: "lane-1"}, {Reference: "ref-3"}, {Tender: "wechat"}, {Device: "dev-2"}, {Original: "f3"}, {Types: []pos.Type{pos.TypeVoid}},
		{Types: []pos.Type{pos.TypePreauth, pos.TypeVoid}}, {States: []pos.State{pos.StateDeclined}}, {States: pos.LiveStates()},
		{States: []pos.State{pos.StateConfirmed, pos.StateIntent}}, {Amount: pos.FromMinor(102, pos.CNY)}, {Amount: pos.FromMinor(100, pos.EUR)},
		{LastFour: "0003"}, {From: noon(10)}, {To: noon(10)}, {From: noon(10), To: noon(20)}, {From: time.Unix(0, 0), To: time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)},
		{AfterSeq: all[20].Seq}, {Reference: "nobody"}, {LastFour: "0003", States: []pos.State{pos.StateDeclined}, From: noon(5), To: noon(50)},
		{Amount: pos.FromMinor(101, pos.CNY), Tender: "card", Till: "lane-1"}, {AfterSeq: all[5].Seq, To: noon(30), Device: "dev-1"}, {Reference: "' OR 1=1 --"},
	}
	for _, f := range filters {
		for _, newest := range []bool{false, true} {
			for _, limit := range []int{0, 1, 7} {
				f.Newest, f.Limit = newest, limit
				var want []pos.Attempt
				for _, a := range all {
					if f.Match(a) {
						want = append(want, a)
					}
				}
				if newest {
					slices.Reverse(want)
				}
				if limit > 0 && len(want) > limit {
					want = want[:limit]
				}
				got, err := j.Find(t.Context(), f)
				require.NoError(t, err)
				require.Equal(t, want, got, "%+v", f)
			}
		}
	}
}

func (s *journalSuite) closing(t *testing.T) {
	dir := t.TempDir()
	for round := range 5 {
		j := s.open(t, dir)
		var mu sync.Mutex
		kept := map[pos.AttemptID]bool{}
		var wg sync.WaitGroup
		for lane := range 4 {
			wg.Go(func() {
				for i := 0; ; i++ {
					id := fmt.Sprintf("c-%d-%d-%d", round, lane, i)
					_, err := j.Append(context.Background(), journalIntent(id, id, 1))
					if err != nil {
						if !errors.Is(err, pos.ErrJournal) {
							t.Errorf("an append to a closed journal returned %v", err)
						}
						return
					}
					mu.Lock()
					kept[pos.AttemptID(id)] = true
					mu.Unlock()
				}
			})
		}
		time.Sleep(time.Duration(round) * 3 * time.Millisecond)
		require.NoError(t, j.Close())
		wg.Wait()
		j = s.open(t, dir)
		for id := range kept {
			_, err := j.Get(t.Context(), id)
			require.NoError(t, err, "what Append said is durable is there")
		}
		require.NoError(t, j.Close())
	}
}

func (s *journalSuite) contexts(t *testing.T) {
	j := s.fresh(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := j.Append(ended, journalIntent("a", "r", 1))
	require.ErrorIs(t, err, pos.ErrJournal)
	require.ErrorIs(t, err, context.Canceled)
	_, err = j.Get(ended, "a")
	require.ErrorIs(t, err, context.Canceled)
	_, err = j.Find(ended, pos.Filter{})
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, allAttempts(t, j))

	// Contexts that end at any moment: an error of the context's means that
	// nothing was written, nil that it was.
	var wg sync.WaitGroup
	for lane := range 8 {
		wg.Go(func() {
			for i := range 30 {
				id := fmt.Sprintf("x-%d-%d", lane, i)
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration((lane*31+i*17)%400)*time.Microsecond)
				_, err := j.Append(ctx, journalIntent(id, id, 1))
				cancel()
				_, getErr := j.Get(t.Context(), pos.AttemptID(id))
				if (err == nil) != (getErr == nil) {
					t.Errorf("%s: Append returned %v, Get %v", id, err, getErr)
				}
			}
		})
	}
	wg.Wait()
	_, err = j.Append(t.Context(), journalIntent("b", "b", 1))
	require.NoError(t, err, "the journal works on")
}

// model runs random histories against MemoryJournal, and sums the money of every sale.
func (s *journalSuite) model(t *testing.T) {
	dir := t.TempDir()
	j := s.open(t, dir)
	m := NewMemoryJournal()
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		prefix := fmt.Sprintf("m%d-", round)
		steps := rapid.IntRange(1, 25).Draw(r, "steps")
		for range steps {
			e := randomEvent(r, prefix)
			batch := []pos.Event{e}
			if rapid.IntRange(0, 3).Draw(r, "batch") == 0 {
				batch = append(batch, randomEvent(r, prefix))
			}
			want, wantErr := m.Append(context.Background(), batch...)
			got, gotErr := j.Append(context.Background(), batch...)
			if (wantErr == nil) != (gotErr == nil) {
				r.Fatalf("%s: model says %v, journal %v", e.Kind, wantErr, gotErr)
			}
			if wantErr != nil && wantErr.Error() != gotErr.Error() {
				r.Fatalf("%s: model says %v, journal %v", e.Kind, wantErr, gotErr)
			}
			if a, b := slicesString(plainAttempts([]pos.Attempt{want})), slicesString(plainAttempts([]pos.Attempt{got})); a != b {
				r.Fatalf("%s: model says %s, journal %s", e.Kind, a, b)
			}
		}
		if rapid.IntRange(0, 15).Draw(r, "reopen") == 0 {
			require.NoError(r, j.Close())
			j = s.open(t, dir)
		}
		for ref := range 3 {
			f := pos.Filter{Reference: fmt.Sprintf("%ssale-%d", prefix, ref)}
			want, err := m.Find(context.Background(), f)
			require.NoError(r, err)
			got, err := j.Find(context.Background(), f)
			require.NoError(r, err)
			wantNet, err := pos.NetOf(want, pos.CNY)
			require.NoError(r, err)
			gotNet, err := pos.NetOf(got, pos.CNY)
			require.NoError(r, err)
			require.Equal(r, wantNet, gotNet)
			require.LessOrEqual(r, gotNet.Minor(), int64(100), "never more than is due")
			require.GreaterOrEqual(r, gotNet.Minor(), int64(0), "never more given back than taken")
			require.Equal(r, slicesString(plainAttempts(want)), slicesString(plainAttempts(got)))
		}
	})
	require.NoError(t, j.Close())
}

func randomEvent(r *rapid.T, prefix string) pos.Event {
	id := prefix + strconv.Itoa(rapid.IntRange(0, 5).Draw(r, "attempt"))
	e := journalEvent(pos.EventKind(rapid.SampledFrom([]string{
		"intent", "intent", "intent", "voided", "armed", "armed", "doubt", "outcome", "outcome", "undo", "undone", "confirm", "suspense", "resolve", "evidence", "printed",
	}).Draw(r, "kind")), id)
	e.Reply = &pos.Reply{Outcome: rapid.SampledFrom([]pos.Outcome{pos.OutcomeApproved, pos.OutcomeDeclined, pos.OutcomeNotSent}).Draw(r, "outcome")}
	e.Slip = pos.SlipCustomer
	e.Reason, e.Operator, e.Verdict = "reason", "anna", rapid.SampledFrom([]pos.Verdict{pos.VerdictPaid, pos.VerdictNotPaid, pos.VerdictUndo}).Draw(r, "verdict")
	if e.Kind != pos.EventIntent {
		return e
	}
	in := journalIntent(id, fmt.Sprintf("%ssale-%d", prefix, rapid.IntRange(0, 2).Draw(r, "sale")), rapid.Int64Range(1, 100).Draw(r, "minor"), func(in *pos.Intent) {
		in.Due = pos.FromMinor(100, pos.CNY)
		in.Device = prefix + rapid.SampledFrom([]string{"d1", "d2", "d3"}).Draw(r, "device")
		in.Tender = rapid.SampledFrom([]string{"card", "card", pos.Cash}).Draw(r, "tender")
		if rapid.IntRange(0, 3).Draw(r, "back") == 0 {
			in.Type, in.Original = pos.TypeRefund, pos.AttemptID(prefix+strconv.Itoa(rapid.IntRange(0, 5).Draw(r, "original")))
		}
	})
	in.Reply = nil
	return in
}

// The environment of a child process.
const (
	journalChildTest  = "OPENECR_JOURNAL_TEST"
	journalChildDir   = "OPENECR_JOURNAL_DIR"
	journalChildSteps = "OPENECR_JOURNAL_STEPS"
	journalChildInto  = "OPENECR_JOURNAL_INTO"
	journalChildReady = "durable"
)

// journalChild appends the first barriers of the script and dies without
// closing anything, in the middle of the next one if it is told to.
func journalChild(t *testing.T, open func(t *testing.T, dir string) ClosableJournal) {
	n, err := strconv.Atoi(os.Getenv(journalChildSteps))
	require.NoError(t, err)
	j := open(t, os.Getenv(journalChildDir))
	script := journalScript()
	for _, batch := range script[:n] {
		_, err := j.Append(context.Background(), batch...)
		require.NoError(t, err)
	}
	fmt.Println(journalChildReady)
	if pause, err := time.ParseDuration(os.Getenv(journalChildInto)); err == nil && n < len(script) {
		go j.Append(context.Background(), script[n]...)
		time.Sleep(pause)
	}
	self, err := os.FindProcess(os.Getpid())
	require.NoError(t, err)
	require.NoError(t, self.Kill())
	select {}
}

func (s *journalSuite) kills(t *testing.T) {
	probe := s.open(t, t.TempDir())
	require.NoError(t, probe.Close())
	if v, ok := probe.(interface{ Volatile() bool }); ok && v.Volatile() {
		return // nothing survives its process, by design
	}
	name := strings.TrimSuffix(t.Name(), "/survives_a_kill_on_both_sides_of_every_barrier")
	script := journalScript()
	limit := make(chan struct{}, runtime.NumCPU())
	for n := range len(script) + 1 {
		for _, into := range []string{"", fmt.Sprintf("%dus", n*37%300)} {
			if testing.Short() && n%5 != 0 {
				continue
			}
			t.Run(fmt.Sprintf("after %d%s", n, map[bool]string{true: " into the next", false: ""}[into != ""]), func(t *testing.T) {
				t.Parallel()
				limit <- struct{}{}
				defer func() { <-limit }()
				dir := t.TempDir()
				out := runJournalChild(t, name, dir, n, into)
				require.Contains(t, out, journalChildReady)
				j := s.open(t, dir)
				got := slicesString(plainAttempts(allAttempts(t, j)))
				want := slicesString(plainAttempts(modelAfter(t, n)))
				if into != "" && got != want && n < len(script) {
					want = slicesString(plainAttempts(modelAfter(t, n+1))) // it had reached the disk
				}
				require.Equal(t, want, got)
				require.NoError(t, j.Close())
			})
		}
	}
}

// runJournalChild runs this test binary again, which kills itself.
func runJournalChild(t *testing.T, name, dir string, n int, into string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	cmd := exec.Command(os.Args[0], "-test.run="+strings.Join(parts, "/"))
	cmd.Env = append(os.Environ(), journalChildTest+"="+name, journalChildDir+"="+dir, journalChildSteps+"="+strconv.Itoa(n), journalChildInto+"="+into)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "the child must die by its own hand: %s", out)
	return string(out)
}
