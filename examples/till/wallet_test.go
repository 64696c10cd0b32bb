package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/wallet"
)

// walletSim starts a simulated platform and returns the tender's flag.
func walletSim(t *testing.T, name string, args ...string) (tender, books string) {
	t.Helper()
	dir := t.TempDir()
	books = filepath.Join(dir, "books.jsonl")
	s := startPosim(t, append([]string{name, "--listen", "127.0.0.1:0", "--profile", dir, "--books", books}, args...)...)
	return name + "=" + name + "+http://" + s.at + "?profile=" + filepath.Join(dir, name+".json"), books
}

// net adds up a simulator's books.
func netOfBooks(t *testing.T, books string) (fen int64) {
	t.Helper()
	b, err := os.ReadFile(books)
	require.NoError(t, err)
	for line := range strings.Lines(string(b)) {
		var l struct{ Fen int64 }
		require.NoError(t, json.Unmarshal([]byte(line), &l))
		fen += l.Fen
	}
	return fen
}

// both runs a command and returns all that it printed.
func both(t *testing.T, journal string, args ...string) (status int, out string) {
	t.Helper()
	status, stdout, stderr := alone(t, journal, args...)
	return status, stdout + stderr
}

func TestScannedCodesRouteThemselves(t *testing.T) {
	wechat, weBooks := walletSim(t, "wechat")
	alipay, aliBooks := walletSim(t, "alipay")
	journal := filepath.Join(t.TempDir(), "till.db")
	charge := func(args ...string) (int, string) {
		return both(t, journal, append([]string{"charge", "--tender", wechat, "--tender", alipay}, args...)...)
	}
	status, out := charge("--amount", "12.80", "--code", "134567890123456789")
	require.Equal(t, statusOK, status, out)
	require.Contains(t, out, "(wechat)")
	status, out = charge("--amount", "7.20", "--code", "284567890123456789")
	require.Equal(t, statusOK, status, out)
	require.Contains(t, out, "(alipay)")
	status, out = charge("--amount", "3.00", "--show-code", "--tender", "alipay")
	require.Equal(t, statusOK, status, out)
	require.Contains(t, out, "https://qr.alipay.com/")
	require.Contains(t, out, "█")
	require.Equal(t, int64(1280), netOfBooks(t, weBooks))
	require.Equal(t, int64(1020), netOfBooks(t, aliBooks))

	for name, args := range map[string][]string{
		"a product":                  {"--code", "6901234567892"},
		"a code of nobody":           {"--code", "987654321987654321"},
		"a wallet not taken":         {"--code", "6212345678901234567"},
		"another tender's":           {"--code", "134567890123456788", "--tender", "alipay"},
		"both ways":                  {"--code", "134567890123456788", "--show-code"},
		"neither way":                {"--tender", "wechat"},
		"a display that there isn't": {"--show-code", "--tender", "wechat", "--display", "tcp://127.0.0.1:1", "--display-model", "big"},
	} {
		status, out := charge(append([]string{"--amount", "1.00"}, args...)...)
		require.Equal(t, statusUsage, status, "%s: %s", name, out)
		require.NotContains(t, out, "134567890123456788", name)
	}
	status, out = charge("--amount", "1.51", "--code", "134567890123456787")
	require.Equal(t, statusDeclined, status, out)
	require.Contains(t, out, "NOTENOUGH")
}

func TestAggregatorsTakeEveryWalletsCode(t *testing.T) {
	for name, before := range map[string][]string{"shouqianba": {"activate", "--code", "12345678"}, "chinaums": nil} {
		tender, books := walletSim(t, name)
		journal := filepath.Join(t.TempDir(), "till.db")
		if before != nil {
			status, out := both(t, journal, append(before, "--tender", tender)...)
			require.Equal(t, statusOK, status, out)
		}
		for _, code := range []string{"134567890123456701", "284567890123456702", "6212345678901234567"} {
			status, out := both(t, journal, "charge", "--amount", "5.00", "--code", code, "--confirm", "--tender", tender)
			require.Equal(t, statusOK, status, "%s: %s", name, out)
		}
		status, out := both(t, journal, "charge", "--amount", "5.00", "--show-code", "--tender", tender)
		require.Equal(t, statusOK, status, "%s: %s", name, out)
		status, out = both(t, journal, "void", firstAttempt(t, journal), "--tender", tender)
		require.Equal(t, statusOK, status, "%s: %s", name, out)
		require.Equal(t, int64(1500), netOfBooks(t, books), name)
		status, out = both(t, journal, "bill", "--tender", tender)
		require.Equal(t, statusNotSent, status, "%s gives no bill: %s", name, out)
	}
}

func TestTheBillAgainstTheJournal(t *testing.T) {
	wechat, _ := walletSim(t, "wechat")
	journal := filepath.Join(t.TempDir(), "till.db")
	run := func(command string, args ...string) (int, string) {
		return both(t, journal, append([]string{command, "--tender", wechat}, args...)...)
	}
	for _, code := range []string{"134567890123456701", "134567890123456702"} {
		status, out := run("charge", "--amount", "12.80", "--code", code, "--confirm")
		require.Equal(t, statusOK, status, out)
	}
	first := firstAttempt(t, journal)
	status, out := run("refund", "--amount", "2.80", first)
	require.Equal(t, statusOK, status, out)
	today := time.Now().In(time.FixedZone("CST", 8*3600)).Format(time.DateOnly)
	csv := filepath.Join(t.TempDir(), "bill.csv")
	status, out = run("bill", "--day", today, "--csv", csv)
	require.Equal(t, statusOK, status, out)
	require.Contains(t, out, "3, +25.60 CNY, -2.80 CNY")
	b, err := os.ReadFile(csv)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(b), "\ufefftime,kind,order"))
	require.Contains(t, string(b), first)

	other := filepath.Join(t.TempDir(), "other.db") // a register that knows nothing of these
	status, out = both(t, other, "charge", "--tender", wechat, "--amount", "1.00", "--code", "134567890123456703")
	require.Equal(t, statusOK, status, out)
	status, out = both(t, other, "bill", "--tender", wechat, "--day", today, "--json")
	require.Equal(t, statusOther, status, out)
	require.Equal(t, 3, strings.Count(out, "missing_in_journal"))
}

// firstAttempt is the oldest in a journal.
func firstAttempt(t *testing.T, journal string) string {
	t.Helper()
	status, out := both(t, journal, "list", "--json")
	require.Equal(t, statusOK, status, out)
	line, _, _ := strings.Cut(out, "\n")
	var a struct{ Attempt string }
	require.NoError(t, json.Unmarshal([]byte(line), &a), out)
	return a.Attempt
}

func TestABillThatKeptReversedMoney(t *testing.T) {
	wechat, _ := walletSim(t, "wechat")
	journal := filepath.Join(t.TempDir(), "till.db")
	status, out := both(t, journal, "charge", "--tender", wechat, "--amount", "9.64", "--code", "134567890123456701") // pays at the undo
	require.Equal(t, statusDeclined, status, out)
	id := firstAttempt(t, journal)
	paid := wallet.BillLine{Number: 1, Kind: wallet.LinePay, Order: id, Amount: pos.FromMinor(964, pos.CNY), Time: time.Now()}
	back := paid
	back.Kind = wallet.LineUndo
	a := &app{journalPath: journal, language: "en"}
	today := time.Now().In(wallet.China)
	breaks, err := a.matchBill(t.Context(), "wechat", today, []wallet.BillLine{paid, back})
	require.NoError(t, err)
	require.Empty(t, breaks)
	breaks, err = a.matchBill(t.Context(), "wechat", today, []wallet.BillLine{paid})
	require.NoError(t, err)
	require.Len(t, breaks, 1)
	require.Equal(t, "not_undone", breaks[0].Kind)
}

func TestABillFromTheConsole(t *testing.T) {
	ums, _ := walletSim(t, "chinaums")
	dir := t.TempDir()
	journal := filepath.Join(dir, "till.db")
	status, out := both(t, journal, "charge", "--tender", ums, "--amount", "5.00", "--code", "134567890123456701", "--confirm")
	require.Equal(t, statusOK, status, out)
	now := time.Now().In(wallet.China)
	bill, columns := filepath.Join(dir, "bill.csv"), filepath.Join(dir, "columns.json")
	require.NoError(t, os.WriteFile(bill, []byte("时间,类型,订单,金额\r\n"+now.Format(time.DateTime)+",消费,"+firstAttempt(t, journal)+",5.00\r\n"), 0o600))
	require.NoError(t, os.WriteFile(columns, []byte(`{"header":"时间","time":"时间","kind":"类型","order":"订单","amount":"金额","kinds":{"消费":"pay"}}`), 0o600))
	args := []string{"bill", "--tender", ums, "--day", now.Format(time.DateOnly), "--from", bill}
	status, out = both(t, journal, append(args, "--columns", columns)...)
	require.Equal(t, statusOK, status, out)
	require.Contains(t, out, "1, +5.00 CNY, -0.00 CNY")
	status, out = both(t, journal, args...)
	require.Equal(t, statusUsage, status, out)
}
