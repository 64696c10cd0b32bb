package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
)

// quick are the options of a tender whose doubts must not take a test's time.
const quick = "ask=20ms&wait=5s"

func TestADayAtTheTill(t *testing.T) {
	for _, medium := range []string{"tcp", "serial"} {
		t.Run(medium, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "books")
			at := []string{"--listen", "127.0.0.1:0"}
			if medium == "serial" {
				needPTY(t)
				at = []string{"--pty", ptyLink(t)}
			}
			s := startSim(t, append(at, "--books", file, "--think", "1ms", "--currency", "CNY")...)
			h := newShop(t, s, "currency=CNY&"+quick)
			day(t, h)

			list, sum := books(t, file)
			require.Equal(t, h.net(), sum, "journal and books")
			require.NotEmpty(t, list)
			for _, b := range list {
				require.Equal(t, pos.CNY, b.Currency)
				require.NotEmpty(t, b.Receipt)
				require.False(t, b.Time.IsZero())
			}
		})
	}
}

// day runs every command that a healthy terminal can answer.
func day(t *testing.T, h *shop) {
	paid := h.one(statusOK, "charge", "--amount", "12.80", "--reference", "A1", "--operator", "lin")
	require.Equal(t, pos.StateApproved, paid.State)
	require.Equal(t, pos.FromMinor(1280, pos.CNY), paid.Approved)
	again := h.one(statusOK, "charge", "--amount", "12.80", "--reference", "A1")
	require.Equal(t, paid.ID, again.ID, "the same sale again is the first payment")

	confirmed := h.one(statusOK, "confirm", string(paid.ID), "--order", "77")
	require.Equal(t, pos.StateConfirmed, confirmed.State)
	require.Equal(t, "77", confirmed.OrderID)
	require.Equal(t, statusNotSent, h.json("confirm", string(paid.ID), "--order", "78").status, "another order number is a conflict")
	require.Equal(t, paid.ID, h.one(statusOK, "query", string(paid.ID)).ID)

	back := h.one(statusOK, "refund", string(paid.ID), "--amount", "2.80")
	require.Equal(t, pos.TypeRefund, back.Type)
	require.Equal(t, paid.ID, back.Original)
	over := h.one(statusNotSent, "refund", string(paid.ID), "--amount", "10.01")
	require.Equal(t, "conflict", over.Error.Class)

	voided := h.one(statusOK, "charge", "--amount", "5", "--reference", "A2", "--confirm")
	require.Equal(t, pos.StateConfirmed, voided.State, "--confirm")
	require.Equal(t, pos.TypeVoid, h.one(statusOK, "void", string(voided.ID)).Type)

	hold := h.one(statusOK, "preauth", "--amount", "100", "--reference", "A3")
	taken := h.one(statusOK, "complete", string(hold.ID), "--amount", "80")
	require.Equal(t, pos.TypeCompletion, taken.Type)
	require.Equal(t, int64(8000), taken.Approved.Minor())

	gone := h.one(statusOK, "charge", "--amount", "3", "--reference", "A4")
	require.Equal(t, pos.StateReversed, h.one(statusOK, "abandon", string(gone.ID), "--reason", "no goods").State)
	require.Equal(t, statusDeclined, h.json("query", string(gone.ID)).status)

	cash := h.one(statusOK, "charge", "--tender", "cash", "--amount", "6", "--given", "10", "--reference", "A5", "--due", "16", "--attempt", "own-id")
	require.Equal(t, int64(400), cash.Change.Minor())
	require.Equal(t, pos.AttemptID("own-id"), cash.ID)
	require.Equal(t, statusOK, h.text("void", "own-id").status)

	r := h.json("recover")
	require.Equal(t, statusOK, r.status)
	require.NotEmpty(t, r.lines)
	for _, l := range r.lines {
		require.Equal(t, "orphan", l.Found)
	}
	status := h.text("status", "--json")
	require.Equal(t, statusOK, status.status)
	require.Contains(t, status.out, `"ready":true`)

	settled := h.one(statusOK, "settle")
	require.True(t, settled.Equal, "%v", settled.raw)
	require.Equal(t, pos.TypeSettle, settled.Type)
	require.Contains(t, h.text("verify").out, "sound")
	require.Contains(t, h.text("verify", "--json").out, `"verified":true`)
	lookUps(t, h, paid.Attempt)
}

// lookUps asks list every question it answers.
func lookUps(t *testing.T, h *shop, paid pos.Attempt) {
	all := h.json("list")
	require.Equal(t, statusOK, all.status)
	for _, c := range []struct {
		args []string
		want func(line) bool
	}{
		{[]string{"--reference", "A1"}, func(l line) bool { return l.Reference == "A1" }},
		{[]string{"--amount", "12.80"}, func(l line) bool { return l.Amount.Minor() == 1280 }},
		{[]string{"--amount", "12.80", "--currency", "CNY"}, func(l line) bool { return l.Amount.Minor() == 1280 }},
		{[]string{"--last-four", paid.LastFour()}, func(l line) bool { return l.LastFour() == paid.LastFour() }},
		{[]string{"--day", time.Now().Format(time.DateOnly)}, func(line) bool { return true }},
		{[]string{"--day", "2001-01-01"}, func(line) bool { return false }},
		{[]string{"--state", "approved", "--state", "reversed"}, func(l line) bool {
			return l.State == pos.StateApproved || l.State == pos.StateReversed
		}},
	} {
		want := 0
		for _, l := range all.lines {
			if c.want(l) {
				want++
			}
		}
		r := h.json(append([]string{"list"}, c.args...)...)
		require.Equal(t, statusOK, r.status, r.stderr)
		require.Len(t, r.lines, want, "%v", c.args)
		for _, l := range r.lines {
			require.True(t, c.want(l), "%v found %v", c.args, l.raw)
		}
	}
	require.Len(t, h.json("list", "--limit", "2").lines, 2)
	table := h.text("list", "--lang", "zh").out
	require.Contains(t, table, "已冲正")
	require.Contains(t, table, paid.Card)
	require.NotContains(t, table, "not_sent")
}

// names are those of the JSON interface, which stay.
var names = []string{"attempt", "reference", "tender", "type", "state", "amount", "approved", "auth_code", "rrn", "stan", "receipt", "card", "code", "text"}

func TestNamesOfTheJSONStay(t *testing.T) {
	s := startSim(t, "--listen", "127.0.0.1:0", "--think", "1ms")
	h := newShop(t, s, quick)
	check := func(l line, extra ...string) {
		t.Helper()
		for _, name := range append(names, extra...) {
			require.Contains(t, l.raw, name)
		}
		for _, name := range []string{"amount", "approved"} {
			m := l.raw[name].(map[string]any)
			require.Contains(t, m, "minor")
			require.Contains(t, m, "currency")
		}
	}
	paid := h.one(statusOK, "charge", "--amount", "1")
	check(paid)
	require.Equal(t, "charge", paid.raw["type"])
	require.Equal(t, "approved", paid.raw["state"])
	require.Equal(t, map[string]any{"minor": 100.0, "currency": "EUR"}, paid.raw["amount"])
	require.Contains(t, paid.Card, "***")
	no := h.one(statusDeclined, "charge", "--amount", "90.05")
	check(no, "error")
	require.Equal(t, "05", no.Code)
	for _, name := range []string{"class", "text", "money_moved", "advice"} {
		require.Contains(t, no.raw["error"], name)
	}
	check(h.one(statusUsage, "charge"), "error")
	check(h.one(statusUsage, "charge", "--no-such-flag"), "error")
	check(h.one(statusNotSent, "void", "nobody"), "error")
	check(h.one(statusOK, "settle"), "journal", "peer", "difference", "equal")
	for _, l := range h.json("list").lines {
		check(l)
	}
}

func TestExitStatusSaysWhereTheMoneyIs(t *testing.T) {
	for _, c := range []struct {
		name   string
		sim    []string // nil: the terminal is away
		args   []string
		status int
		class  string
		moved  pos.Moved
	}{
		{"approved", []string{}, []string{"--amount", "1"}, statusOK, "", ""},
		{"declined by the host", []string{}, []string{"--amount", "90.71"}, statusDeclined, "declined", pos.MovedNo},
		{"stopped by the customer", []string{}, []string{"--amount", "90.06"}, statusDeclined, "canceled", pos.MovedNo},
		{"a code nobody knows", []string{"--fault", "unknown-result"}, []string{"--amount", "1"}, statusDeclined, "declined", pos.MovedNo},
		{"a part", []string{"--fault", "partial"}, []string{"--amount", "2"}, statusOther, "partial", pos.MovedYes},
		{"answer lost, then found", []string{"--fault", "lose-answer"}, []string{"--amount", "1"}, statusOK, "", ""},
		{"answer given twice", []string{"--fault", "answer-twice"}, []string{"--amount", "1"}, statusOK, "", ""},
		{"too much approved", []string{"--fault", "over"}, []string{"--amount", "1"}, statusDeclined, "", pos.MovedNo},
		{"the terminal says wait", []string{"--fault", "busy"}, []string{"--amount", "1"}, statusDeclined, "declined", pos.MovedNo},
		{"the terminal is away", nil, []string{"--amount", "1"}, statusNotSent, "not_sent", pos.MovedNo},
		{"another currency", []string{}, []string{"--amount", "1", "--currency", "USD"}, statusNotSent, "invalid", pos.MovedNo},
		{"more than twelve digits", []string{}, []string{"--amount", "10000000000.00"}, statusNotSent, "invalid", pos.MovedNo},
		{"no amount", []string{}, nil, statusUsage, "usage", pos.MovedNo},
		{"nothing", []string{}, []string{"--amount", "0"}, statusUsage, "usage", pos.MovedNo},
		{"less than nothing", []string{}, []string{"--amount", "-3"}, statusUsage, "usage", pos.MovedNo},
		{"not a number", []string{}, []string{"--amount", "12,80"}, statusUsage, "usage", pos.MovedNo},
		{"too many decimals", []string{}, []string{"--amount", "1.001"}, statusUsage, "usage", pos.MovedNo},
		{"unknown currency", []string{}, []string{"--amount", "1", "--currency", "XXY"}, statusUsage, "usage", pos.MovedNo},
		{"unknown tender", []string{}, []string{"--amount", "1", "--tender", "wechat"}, statusUsage, "usage", pos.MovedNo},
		{"a tender that is no URL", []string{}, []string{"--amount", "1", "--tender", "x=localhost:1"}, statusUsage, "usage", pos.MovedNo},
		{"a till that has no name", []string{}, []string{"--amount", "1", "--till", "no spaces"}, statusUsage, "usage", pos.MovedNo},
		{"a till whose name is too long", []string{}, []string{"--amount", "1", "--till", "lane-number-thirteen"}, statusUsage, "usage", pos.MovedNo},
		{"too little cash", []string{}, []string{"--amount", "1", "--tender", "cash", "--given", "0.50"}, statusUsage, "usage", pos.MovedNo},
		{"cash handed to a terminal", []string{}, []string{"--amount", "1", "--given", "5"}, statusUsage, "usage", pos.MovedNo},
		{"more than is due", []string{}, []string{"--amount", "2", "--due", "1"}, statusUsage, "usage", pos.MovedNo},
		{"a reference that is a card number", []string{}, []string{"--amount", "1", "--reference", "4111 1111 1111 1111"}, statusUsage, "usage", pos.MovedNo},
		{"a reference that is a story", []string{}, []string{"--amount", "1", "--reference", strings.Repeat("x", 65)}, statusUsage, "usage", pos.MovedNo},
		{"an operator that is a card number", []string{}, []string{"--amount", "1", "--operator", "4111111111111111"}, statusUsage, "usage", pos.MovedNo},
		{"an attempt with a slash", []string{}, []string{"--amount", "1", "--attempt", "a/b"}, statusUsage, "usage", pos.MovedNo},
		{"an attempt that is too long", []string{}, []string{"--amount", "1", "--attempt", strings.Repeat("x", 33)}, statusUsage, "usage", pos.MovedNo},
		{"a language nobody speaks", []string{}, []string{"--amount", "1", "--lang", "fr"}, statusUsage, "usage", pos.MovedNo},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			at := &sim{at: "127.0.0.1:1"}
			if c.sim != nil {
				at = startSim(t, append([]string{"--listen", "127.0.0.1:0", "--think", "1ms"}, c.sim...)...)
			}
			h := newShop(t, at, quick)
			got := h.one(c.status, append([]string{"charge"}, c.args...)...)
			if c.moved != "" {
				require.NotNil(t, got.Error)
				require.Equal(t, c.moved, got.Error.Moved)
				require.NotEmpty(t, got.Error.Advice)
			}
			if c.class != "" {
				require.Equal(t, c.class, got.Error.Class)
			}
		})
	}
	h := newShop(t, nil, "")
	for _, args := range [][]string{{}, {"bogus"}, {"void"}, {"void", "a", "b"}, {"settle"}, {"status"}, {"list", "--day", "tomorrow"}, {"list", "--state", "paid"},
		{"list", "--last-four", "12"}, {"resolve", "x", "--verdict", "maybe"}, {"resolve", "x", "--verdict", "paid"}, {"decode"}, {"decode", "zvt"},
		{"decode", "zvt", "0G"}, {"decode", "zvt", "012"}, {"verify"}} {
		require.Equal(t, statusUsage, h.text(args...).status, "%v", args)
	}
	require.Equal(t, statusOK, h.text("--help").status)
}

// Every wrong use is explained in one plain line that says a thing once, and
// commands that only look do not speak of money.
func TestWrongUseIsExplained(t *testing.T) {
	h := newShop(t, nil, "")
	for _, c := range []struct {
		args []string
		why  string
	}{
		{[]string{"bogus"}, `there is no command "bogus"; till --help names them all`},
		{[]string{"decode"}, "say what the bytes are: till decode zvt HEX, zvt-serial HEX, cup HEX, emv HEX, dol HEX, qr TEXT, cpm BASE64 or paycode DIGITS"},
		{[]string{"decode", "zvt"}, "give the bytes in hexadecimal, or - to read them from stdin"},
		{[]string{"decode", "zvt", " "}, "there are no bytes in what was given"},
		{[]string{"decode", "zvt", "0G"}, "character 2 ('G') is not hexadecimal"},
		{[]string{"list", "--limit", "x"}, "--limit wants a whole number"},
		{[]string{"list", "--bogus"}, "till list has no flag --bogus"},
		{[]string{"list", "--amount", "x"}, `--amount: "x" is not an amount such as 12.80`},
		{[]string{"verify", "x"}, `till verify takes flags only; what is "x"?`},
		{[]string{"verify"}, "--journal: there is no file " + h.common[1]},
		{[]string{"charge", "--tender", "cash", "--amount", "99999999999999999999"}, "--amount 99999999999999999999 is too large"},
		{[]string{"charge", "--tender", "cash", "--amount", "1", "--currency", "XXY"}, `--currency "XXY" is not in ISO 4217`},
		{[]string{"charge", "--tender", "cash", "--amount", "2", "--given", "1"}, "--given 1.00 EUR does not cover the amount of 2.00 EUR"},
		{[]string{"charge", "--tender", "cash", "--amount", "1", "--reference", "4111111111111111"}, "--reference looks like a card number, which must never be kept"},
		{[]string{"charge", "--amount", "1", "--tender", "cash", "--attempt", "a/b"}, `--attempt "a/b": an id is 1 to 32 letters, digits, - or _`},
	} {
		r := h.text(c.args...)
		require.Equal(t, statusUsage, r.status, "%v: %s", c.args, r.stderr)
		require.Contains(t, r.stderr, "  why: "+c.why+"\n", "%v", c.args)
		require.NotContains(t, r.stderr, "4111111111111111")
		looks := c.args[0] == "decode" || c.args[0] == "list" || c.args[0] == "verify"
		require.Equal(t, !looks, strings.Contains(r.stderr, "money: ") && strings.Contains(r.stderr, "Nothing was sent"), "%v: %s", c.args, r.stderr)
		as := h.json(c.args...)
		require.Len(t, as.lines, 1)
		require.Equal(t, c.why, as.lines[0].Error.Text)
		require.NotContains(t, as.out, "4111111111111111")
	}
}

// TestUnknownUntilAPersonKnows kills the terminal in the middle of a payment.
func TestUnknownUntilAPersonKnows(t *testing.T) {
	s := startSim(t, "--listen", "127.0.0.1:0", "--think", "300ms")
	h := newShop(t, s, "ask=20ms&wait=300ms")
	cmd := h.cmd("charge", "--amount", "7", "--reference", "B1", "--json", "--lang", "zh")
	var out bytes.Buffer
	stderr := newWatched("请插卡")
	cmd.Stdout, cmd.Stderr = &out, stderr
	require.NoError(t, cmd.Start())
	stderr.wait(t)
	require.NoError(t, s.cmd.Process.Kill())
	_ = s.cmd.Wait()
	_ = cmd.Wait()
	require.Equal(t, statusUnknown, cmd.ProcessState.ExitCode(), "%s", stderr)
	require.Contains(t, stderr.String(), "结果未明,请勿重复收款")
	require.Contains(t, out.String(), `"money_moved":"maybe"`)

	r := h.json("recover")
	require.Equal(t, statusUnknown, r.status)
	require.Len(t, r.lines, 1)
	require.Equal(t, "unresolved", r.lines[0].Found)
	require.Equal(t, "outcome_unknown", r.lines[0].Error.Class)
	id := string(r.lines[0].ID)
	require.Equal(t, statusUnknown, h.json("query", id).status)
	blocked := h.one(statusNotSent, "charge", "--amount", "9", "--reference", "B2")
	require.Equal(t, "busy", blocked.Error.Class)
	require.Equal(t, id, string(blocked.Error.BlockedBy))
	require.Equal(t, "B2", blocked.Reference, "the object speaks of what was asked for")
	require.Equal(t, statusUnknown, h.json("charge", "--tender", "cash", "--amount", "7", "--reference", "B1").status, "the sale itself is in doubt")
	require.Contains(t, h.text("list").out, "do not charge again")
	require.Equal(t, statusNotSent, h.json("settle").status, "no day is closed over a doubt")

	without := &shop{t: t, common: h.common[:2]} // a person needs no terminal
	told := without.one(statusOK, "resolve", id, "--verdict", "paid", "--operator", "lin", "--reason", "slip 0001 seen")
	require.Equal(t, pos.StateForced, told.State)
	require.Equal(t, statusNotSent, without.json("resolve", id, "--verdict", "not_paid", "--operator", "lin", "--reason", "x").status)
	require.Equal(t, statusOK, without.json("recover").status)
}

func TestTwoTillsOnOneJournal(t *testing.T) {
	s := startSim(t, "--listen", "127.0.0.1:0", "--think", "300ms")
	h := newShop(t, s, quick)
	first := h.cmd("charge", "--amount", "1")
	stderr := newWatched("insert card")
	first.Stderr = stderr
	require.NoError(t, first.Start())
	stderr.wait(t)
	second := h.one(statusNotSent, "charge", "--amount", "2", "--till", "till-2")
	require.Contains(t, second.Error.Text, "open elsewhere")
	require.Equal(t, pos.MovedNo, second.Error.Moved)
	require.Len(t, h.json("list").lines, 1, "looking needs no lock")
	require.NoError(t, first.Wait(), "%s", stderr)
}

func TestSecretsStayOutOfEverything(t *testing.T) {
	s := startSim(t, "--listen", "127.0.0.1:0", "--think", "1ms")
	trace := filepath.Join(t.TempDir(), "trace")
	h := newShop(t, s, "password=987654&"+quick)
	r := h.json("charge", "--amount", "1", "--trace", trace)
	require.NotEqual(t, statusOK, r.status, "the password is wrong")
	written, err := os.ReadFile(trace)
	require.NoError(t, err)
	require.Contains(t, string(written), "> ", "the trace holds the conversation")
	require.NotContains(t, r.out+r.stderr+string(written), "98 76 54")
	require.NotContains(t, r.out+r.stderr+string(written), "987654")
	bad := newShop(t, s, "password=987654&nonsense=1").text("charge", "--amount", "1")
	require.Equal(t, statusUsage, bad.status)
	require.Contains(t, bad.stderr, "nonsense")
	require.NotContains(t, bad.stderr, "987654")
}

// TestWrongProtocolOnThePort meets a peer that is no payment terminal.
func TestWrongProtocolOnThePort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = c.Read(make([]byte, 100))
				_, _ = c.Write([]byte("SSH-2.0-OpenSSH_9.6\r\n"))
				time.Sleep(time.Second)
			}()
		}
	}()
	h := newShop(t, &sim{at: l.Addr().String()}, "t3=300ms&"+quick)
	got := h.one(statusNotSent, "charge", "--amount", "1")
	require.Contains(t, got.Error.Text, "seems to speak SSH")
	require.Equal(t, pos.MovedNo, got.Error.Moved)
}

func TestSimulatorSaysWhatItCannotDo(t *testing.T) {
	status, out := runSim(t, "zvt", "--fault", "lose-sleep")
	require.Equal(t, statusUsage, status)
	require.Contains(t, out, "lose-answer")
	require.Contains(t, out, "the terminal takes the payment back")
	for _, args := range [][]string{{}, {"bogus"}, {"zvt", "--currency", "XXY"}, {"zvt", "--listen", "x", "--pty", "y"}, {"zvt", "--pty", ""}} {
		status, out := runSim(t, args...)
		require.Equal(t, statusUsage, status, "%v: %s", args, out)
	}
	status, out = runSim(t, "zvt", "--help")
	require.Equal(t, statusOK, status)
	require.Contains(t, out, "90.05")
	require.Contains(t, out, "lose-answer")
	status, _ = runSim(t, "zvt", "--listen", "256.0.0.1:1")
	require.Equal(t, statusOther, status)
}

func TestSimulatorSurvivesItsClients(t *testing.T) {
	s := startSim(t, "--listen", "127.0.0.1:0", "--think", "1ms")
	for _, noise := range []string{"", "GET / HTTP/1.1\r\n\r\n", "\x06\x01\xff\xff\xff", "\x06\x00\x06", strings.Repeat("\xff", 100_000)} {
		c, err := net.Dial("tcp", s.at)
		require.NoError(t, err)
		_, _ = c.Write([]byte(noise))
		c.Close()
	}
	require.Equal(t, pos.StateApproved, newShop(t, s, quick).one(statusOK, "charge", "--amount", "1").State)
}

func TestDamagedJournalTakesNoMoney(t *testing.T) {
	h := newShop(t, nil, "")
	h.one(statusOK, "charge", "--tender", "cash", "--amount", "5", "--reference", "genuine")
	file := h.common[1]
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(data), "genuine")
	require.NoError(t, os.WriteFile(file, bytes.Replace(data, []byte("genuine"), []byte("genuinE"), 1), 0o600))
	r := h.text("verify")
	require.Equal(t, statusOther, r.status)
	require.Contains(t, r.stderr, "record 2")
	require.Equal(t, statusNotSent, h.json("charge", "--tender", "cash", "--amount", "5").status)
}
