package main

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/unionpay/cuptest"
)

// lab is a simulated acquirer and the files that reach it.
type lab struct {
	host   *cuptest.Host
	tender string
	dir    string
}

func newLab(t *testing.T, change func(profile map[string]any)) *lab {
	t.Helper()
	l := &lab{host: cuptest.New(cuptest.Config{}), dir: t.TempDir()}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = l.host.Serve(listener)
	}()
	t.Cleanup(func() {
		l.host.Close()
		<-served
	})
	profile := map[string]any{"terminal": cuptest.Terminal, "merchant": cuptest.Merchant, "master": cuptest.MasterHex, "state": "state", "card": "card.json",
		"profile": map[string]any{"timeout": "500ms"}}
	if change != nil {
		change(profile)
	}
	l.write(t, "p.json", profile)
	var track string
	cuptest.Cards()[0].Track2().Use(func(b []byte) { track = string(b) })
	l.write(t, "card.json", map[string]any{"track2": track, "pin": cuptest.Cards()[0].PIN})
	l.tender = "card=unionpay+tcp://" + listener.Addr().String() + "?profile=" + filepath.Join(l.dir, "p.json") + "&ask=20ms&wait=2s"
	return l
}

func (l *lab) write(t *testing.T, name string, content any) {
	b, err := json.Marshal(content)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(l.dir, name), b, 0o600))
}

func (l *lab) run(t *testing.T, args ...string) (status int, out, errs string) {
	t.Helper()
	return alone(t, filepath.Join(l.dir, "till.db"), append(args, "--tender", l.tender)...)
}

func TestADayAtTheAcquirer(t *testing.T) {
	l := newLab(t, nil)
	for _, quiet := range []string{"signon", "echo", "download", "balance"} {
		status, out, errs := l.run(t, quiet)
		require.Equal(t, statusOK, status, "%s: %s", quiet, errs)
		require.NotEmpty(t, out)
	}
	status, out, errs := l.run(t, "charge", "--amount", "12.80", "--reference", "A1", "--json")
	require.Equal(t, statusOK, status, errs)
	var paid pos.Attempt
	require.NoError(t, json.Unmarshal([]byte(out), &paid))
	require.Equal(t, "621234******1232", paid.Card)
	require.Empty(t, l.host.Inject("lose-answer"))
	status, _, errs = l.run(t, "charge", "--amount", "45.00", "--reference", "A2")
	require.Equal(t, statusDeclined, status, errs)
	status, out, errs = l.run(t, "charge", "--amount", "7", "--reference", "A3", "--code", "6212345678901234567", "--json")
	require.Equal(t, statusOK, status, errs)
	require.NotContains(t, out+errs, "6212345678901234567", "a payment code is as good as money")
	var scan pos.Attempt
	require.NoError(t, json.Unmarshal([]byte(out), &scan))
	status, _, errs = l.run(t, "refund", string(scan.ID))
	require.Equal(t, statusOK, status, errs)
	for _, wrong := range []string{"1", "62123456789012345x7", "-"} {
		status, _, errs = l.run(t, "charge", "--amount", "7", "--reference", "A4", "--code", wrong)
		require.Equal(t, statusUsage, status, errs)
	}
	l.write(t, "card.json", map[string]any{"entry": "chip", "track2": "6225880000000007D31062200000000", "sequence": "001",
		"chip": "9F260801020304050607089F2701809F100707000103A0A8029F3704112233449F36020001950500000080009A032611229C01009F02060000000012805F2A02015682023900"})
	status, out, errs = l.run(t, "charge", "--amount", "3", "--reference", "A5", "--json")
	require.Equal(t, statusOK, status, errs)
	var chip pos.Attempt
	require.NoError(t, json.Unmarshal([]byte(out), &chip))
	require.Equal(t, "insert", chip.Entry)
	require.Equal(t, "0102030405060708", chip.Chip.Cryptogram)
	status, _, errs = l.run(t, "void", string(chip.ID))
	require.Equal(t, statusOK, status, errs)
	status, _, errs = l.run(t, "void", string(paid.ID))
	require.Equal(t, statusOK, status, errs)
	status, out, errs = l.run(t, "settle", "--json")
	require.Equal(t, statusOK, status, errs)
	require.Contains(t, out, `"equal":true`)
	status, out, errs = l.run(t, "batch")
	require.Equal(t, statusOK, status, errs)
	require.Contains(t, out, "batch 000002")
	status, _, errs = l.run(t, "batch", "--give-up")
	require.Equal(t, statusUsage, status, errs)
	status, out, errs = l.run(t, "batch", "--give-up", "--operator", "anna", "--json")
	require.Equal(t, statusOK, status, errs)
	require.Contains(t, out, `"given_up_by":"anna"`)
	status, out, errs = l.run(t, "signoff", "--lang", "zh")
	require.Equal(t, statusOK, status, errs)
	require.Contains(t, out, "签退成功")
	require.Zero(t, l.host.Net())
	for _, file := range []string{"till.db", "till.db.view", "state"} {
		b, err := os.ReadFile(filepath.Join(l.dir, file))
		if os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err)
		require.NotContains(t, string(b), cuptest.Cards()[0].PAN, file)
	}
}

// Nothing is said to the host while a payment there is in doubt.
func TestTheReversalGoesFirst(t *testing.T) {
	l := newLab(t, nil)
	status, _, errs := l.run(t, "signon")
	require.Equal(t, statusOK, status, errs)
	require.Empty(t, l.host.Inject("lose-answer"))
	for range 1000 { // and no reversal gets through for now
		require.Empty(t, l.host.Inject("lose-request"))
	}
	status, _, errs = l.run(t, "charge", "--amount", "1", "--reference", "A1")
	require.Equal(t, statusUnknown, status, errs)
	for _, quiet := range []string{"signon", "balance", "download"} {
		status, _, errs = l.run(t, quiet)
		require.Equal(t, statusNotSent, status, errs)
		require.Contains(t, errs, "run till recover first")
	}
}

// An attempt that waits for a person hides none behind it.
func TestADoubtBehindAManualOne(t *testing.T) {
	l := newLab(t, nil)
	status, out, errs := l.run(t, "charge", "--amount", "12.80", "--reference", "A1", "--json")
	require.Equal(t, statusOK, status, errs)
	var paid pos.Attempt
	require.NoError(t, json.Unmarshal([]byte(out), &paid))
	require.Empty(t, l.host.Inject("lose-answer"))
	status, _, errs = l.run(t, "refund", string(paid.ID), "--amount", "1.00")
	require.Equal(t, statusUnknown, status, errs)
	status, _, errs = l.run(t, "echo")
	require.Equal(t, statusOK, status, errs)
	for range 1000 {
		require.Empty(t, l.host.Inject("lose-answer"))
	}
	status, _, errs = l.run(t, "charge", "--amount", "45.00", "--reference", "A2")
	require.Equal(t, statusUnknown, status, errs)
	for _, args := range [][]string{{"echo"}, {"batch", "--give-up", "--operator", "anna"}, {"batch", "--drop-note", "1", "--operator", "anna"}} {
		status, _, errs = l.run(t, args...)
		require.Equal(t, statusNotSent, status, errs)
		require.Contains(t, errs, "run till recover first")
	}
	status, out, errs = l.run(t, "batch")
	require.Equal(t, statusOK, status, errs)
	require.Contains(t, out, "12.80")
}

// A batch whose settlement the host has forgotten can be given up.
func TestGiveUpWhileSettling(t *testing.T) {
	l := newLab(t, nil)
	status, _, errs := l.run(t, "charge", "--amount", "12.80", "--reference", "A1")
	require.Equal(t, statusOK, status, errs)
	for range 1000 {
		require.Empty(t, l.host.Inject("lose-settlement"))
	}
	status, _, errs = l.run(t, "settle")
	require.NotEqual(t, statusOK, status, errs)
	status, out, errs := l.run(t, "batch", "--give-up", "--operator", "anna")
	require.Equal(t, statusOK, status, errs)
	require.Contains(t, out, "12.80")
	status, _, errs = l.run(t, "recover")
	require.Equal(t, statusOK, status, errs)
	status, out, errs = l.run(t, "batch")
	require.Equal(t, statusOK, status, errs)
	require.NotContains(t, out, "12.80")
	require.NotContains(t, out, "settlement")
	for _, wrong := range [][]string{{"--drop-note", "7"}, {"--drop-note", "7", "--give-up", "--operator", "anna"}} {
		status, _, errs = l.run(t, append([]string{"batch"}, wrong...)...)
		require.Equal(t, statusUsage, status, errs)
	}
	status, _, errs = l.run(t, "batch", "--drop-note", "7", "--operator", "anna")
	require.Equal(t, statusNotSent, status, errs)
	require.Contains(t, errs, "000007")
}

func TestSealedKeysForTheAcquirer(t *testing.T) {
	t.Setenv("TILL_TEST_KEYS", "correct horse")
	l := newLab(t, func(p map[string]any) {
		delete(p, "master")
		p["keys"], p["passphrase_env"] = "keys.json", "TILL_TEST_KEYS"
	})
	var out, errs strings.Builder
	a := &app{in: strings.NewReader(cuptest.MasterHex + "\n"), out: &out, err: &errs}
	require.Equal(t, statusOK, a.run(t.Context(), []string{"keys", "create", "--file", filepath.Join(l.dir, "keys.json"), "--passphrase-env", "TILL_TEST_KEYS"}), errs.String())
	require.Contains(t, out.String(), "KCV")
	require.NotContains(t, out.String(), "31313131")
	status, _, text := l.run(t, "charge", "--amount", "12.80", "--reference", "A1")
	require.Equal(t, statusOK, status, text)
	t.Setenv("TILL_TEST_KEYS", "wrong horse")
	status, _, text = l.run(t, "echo")
	require.Equal(t, statusUsage, status)
	require.Contains(t, text, "wrong passphrase")
	t.Setenv("TILL_TEST_KEYS", "")
	status, _, text = l.run(t, "echo")
	require.Equal(t, statusUsage, status)
	require.Contains(t, text, "TILL_TEST_KEYS")
	again := &app{in: strings.NewReader(cuptest.MasterHex), out: &out, err: &errs}
	t.Setenv("TILL_TEST_KEYS", "x")
	require.Equal(t, statusOther, again.run(t.Context(), []string{"keys", "create", "--file", filepath.Join(l.dir, "keys.json"), "--passphrase-env", "TILL_TEST_KEYS"}), "an old file is not overwritten")
}

func TestWrongUseOfAnAcquirer(t *testing.T) {
	l := newLab(t, nil)
	dir := l.dir
	write := func(name, text string) string {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		return "card=unionpay+tcp://127.0.0.1:1?profile=" + filepath.Join(dir, name)
	}
	for name, tender := range map[string]string{
		"no profile":      "card=unionpay+tcp://127.0.0.1:1",
		"no such profile": "card=unionpay+tcp://127.0.0.1:1?profile=" + dir + "/none",
		"no JSON":         write("1", "{"),
		"unknown key":     write("2", `{"state":"s","master":"00","colour":1}`),
		"no state":        write("3", `{"master":"3131313131313131"}`),
		"no keys":         write("4", `{"state":"s"}`),
		"both keys":       write("5", `{"state":"s","master":"00","keys":"k"}`),
		"bad mac":         write("6", `{"state":"s","master":"3131313131313131","mac":"md5"}`),
		"bad duration":    write("7", `{"state":"s","master":"3131313131313131","profile":{"timeout":"soon"}}`),
		"bad medium":      "card=unionpay+ftp://127.0.0.1:1?profile=" + filepath.Join(dir, "p.json"),
	} {
		status, _, errs := alone(t, filepath.Join(dir, "x.db"), "echo", "--tender", tender)
		require.Equal(t, statusUsage, status, "%s: %s", name, errs)
	}
	status, _, errs := alone(t, filepath.Join(dir, "x.db"), "echo", "--tender", "card=zvt+tcp://127.0.0.1:1")
	require.Equal(t, statusUsage, status)
	require.Contains(t, errs, "no acquirer")
	status, _, errs = l.run(t, "status")
	require.Equal(t, statusUsage, status)
	require.Contains(t, errs, "till echo")
}
