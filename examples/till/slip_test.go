package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/transport/escpos/escpostest"
)

// simPrinter is a printer on a free port.
func simPrinter(t *testing.T, cfg escpostest.Config) (*escpostest.Printer, string) {
	p := escpostest.New(cfg)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = p.Serve(l)
	}()
	t.Cleanup(func() {
		p.Close()
		<-served
	})
	return p, "tcp://" + l.Addr().String()
}

// alone runs till without any terminal, on a journal of its own.
func alone(t *testing.T, journal string, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	a := &app{in: strings.NewReader(""), out: &o, err: &e}
	status = a.run(t.Context(), append(args, "--journal", journal))
	return status, o.String(), e.String()
}

func testLogo() image.Image {
	m := image.NewGray(image.Rect(0, 0, 60, 20))
	for i := range m.Pix {
		m.Pix[i] = uint8(i % 251)
	}
	return m
}

// cashSale is a payment that needs no terminal.
func cashSale(t *testing.T) (journal string) {
	journal = filepath.Join(t.TempDir(), "till.db")
	status, _, errs := alone(t, journal, "charge", "--tender", "cash", "--amount", "12.80", "--given", "20", "--reference", "A1", "--attempt", "a1")
	require.Equal(t, statusOK, status, errs)
	return journal
}

func TestSlipsArePrintedAndCounted(t *testing.T) {
	p, url := simPrinter(t, escpostest.Config{})
	journal := cashSale(t)
	status, _, errs := alone(t, journal, "print", "a1", "--printer", url)
	require.Equal(t, statusOK, status, errs)
	status, _, errs = alone(t, journal, "print", "a1", "--printer", url, "--lang", "zh", "--operator", "anna")
	require.Equal(t, statusOK, status, errs)
	slips := p.Slips()
	require.Len(t, slips, 2)
	require.Contains(t, slips[0].Text(), "PAYMENT")
	require.Contains(t, slips[0].Text(), "12.80 EUR")
	require.NotContains(t, slips[0].Text(), "REPRINT")
	require.Contains(t, slips[1].Text(), "重印 第 1 次")

	status, out, errs := alone(t, journal, "print", "a1", "--json")
	require.Equal(t, statusOK, status, errs)
	var line slipDone
	require.NoError(t, json.Unmarshal([]byte(out), &line))
	require.Equal(t, slipDone{Attempt: "a1", State: pos.StateApproved, Slip: pos.SlipCustomer, Copy: 3, Text: line.Text}, line)
	require.Contains(t, line.Text, "REPRINT No. 2")
}

func TestSlipsInEveryForm(t *testing.T) {
	journal := cashSale(t)
	dir := t.TempDir()
	logo := filepath.Join(dir, "logo.png")
	var picture bytes.Buffer
	require.NoError(t, png.Encode(&picture, testLogo()))
	require.NoError(t, os.WriteFile(logo, picture.Bytes(), 0o600))
	shop := filepath.Join(dir, "shop.json")
	require.NoError(t, os.WriteFile(shop, []byte(`{"name": "Corner Shop", "lines": ["Main Street 1"], "footer": ["Thank you"], "logo": "logo.png"}`), 0o600))
	drawn, raw := filepath.Join(dir, "slip.png"), filepath.Join(dir, "slip.bin")
	status, out, errs := alone(t, journal, "print", "a1", "--shop", shop, "--text", "--html", "--png", drawn, "--raw", raw, "--copy", "merchant")
	require.Equal(t, statusOK, status, errs)
	for _, want := range []string{"Corner Shop", "merchant copy", "<!DOCTYPE html>", "Thank you"} {
		require.Contains(t, out, want)
	}
	b, err := os.ReadFile(drawn)
	require.NoError(t, err)
	m, err := png.Decode(bytes.NewReader(b))
	require.NoError(t, err)
	require.Greater(t, m.Bounds().Dx(), 500)
	b, err = os.ReadFile(raw)
	require.NoError(t, err)
	require.Equal(t, "\x1b@", string(b[:2]))
}

func TestAPrinterInTroubleSaysWhatToDo(t *testing.T) {
	p, url := simPrinter(t, escpostest.Config{Away: 1500 * time.Millisecond})
	journal := cashSale(t)
	p.Inject("paper-out=5")
	status, _, errs := alone(t, journal, "print", "a1", "--printer", url)
	require.Equal(t, statusOK, status, errs)
	require.Contains(t, errs, "put in a new roll")
	require.Len(t, p.Slips(), 1, "the slip came out whole after the refill")

	status, _, errs = alone(t, journal, "print", "a1", "--printer", "tcp://127.0.0.1:1")
	require.Equal(t, statusOther, status)
	require.Contains(t, errs, "is it switched on and connected?")
	require.Contains(t, errs, "The payment is not affected")
	status, out, errs := alone(t, journal, "list", "--json")
	require.Equal(t, statusOK, status, errs)
	require.Contains(t, out, `"state":"approved"`, "the payment stands")
}

// A printer without paper must not keep the shop from selling, and what never
// reached the paper costs no original.
func TestAWaitingPrinterHoldsNothingUp(t *testing.T) {
	p, url := simPrinter(t, escpostest.Config{})
	journal := cashSale(t)
	status, _, errs := alone(t, journal, "print", "a1", "--png", filepath.Join(t.TempDir(), "none", "x.png"))
	require.Equal(t, statusUsage, status, errs)
	status, _, _ = alone(t, journal, "print", "a1", "--printer", "tcp://127.0.0.1:1")
	require.Equal(t, statusOther, status)
	p.Inject("paper-out=3")
	waiting := make(chan string)
	go func() {
		status, _, errs := alone(t, journal, "print", "a1", "--printer", url, "--wait", "3s")
		waiting <- fmt.Sprint(status, " ", errs)
	}()
	require.Eventually(t, func() bool { return p.Waiting() > 0 }, 5*time.Second, 10*time.Millisecond)
	status, _, errs = alone(t, journal, "charge", "--tender", "cash", "--amount", "1", "--reference", "A2")
	require.Equal(t, statusOK, status, errs)
	said := <-waiting
	require.Contains(t, said, "put in a new roll")
	require.Contains(t, said, "The payment is not affected")
	p.Refill()
	require.Eventually(t, func() bool { return len(p.Slips()) == 1 }, 5*time.Second, 10*time.Millisecond)
	require.NotContains(t, p.Slips()[0].Text(), "REPRINT", "the first that reached the printer is the original")
	status, out, errs := alone(t, journal, "print", "a1")
	require.Equal(t, statusOK, status, errs)
	require.Contains(t, out, "REPRINT No. 1")
}

func TestTheDrawerOpens(t *testing.T) {
	high := true
	_, url := simPrinter(t, escpostest.Config{Kicked: &high})
	journal := filepath.Join(t.TempDir(), "none.db")
	status, out, errs := alone(t, journal, "drawer", "open", "--printer", url, "--sensor", "high")
	require.Equal(t, statusOK, status, errs)
	require.Contains(t, out, "the drawer is open")
	status, out, errs = alone(t, journal, "drawer", "open", "--printer", url)
	require.Equal(t, statusOK, status, errs)
	require.Contains(t, out, "has taken the pulse", "without a sensor nobody knows whether it is open")
	stuck, stuckURL := simPrinter(t, escpostest.Config{})
	stuck.SetDrawer(true)
	status, _, errs = alone(t, journal, "drawer", "open", "--printer", stuckURL, "--sensor", "low")
	require.Equal(t, statusOther, status)
	require.Contains(t, errs, "use its key")
	for _, wrong := range [][]string{{"drawer"}, {"drawer", "close"}, {"drawer", "open"}, {"drawer", "open", "--printer", url, "--pin", "3"},
		{"drawer", "open", "--printer", url, "--sensor", "yes"}, {"drawer", "open", "--printer", "ftp://x"}, {"drawer", "open", "--printer", url, "--profile", "x"}} {
		status, _, errs := alone(t, journal, wrong...)
		require.Equal(t, statusUsage, status, "%v: %s", wrong, errs)
	}
	_, err := os.Stat(journal)
	require.ErrorIs(t, err, os.ErrNotExist, "a drawer needs no journal")
}

func TestWrongUseOfPrint(t *testing.T) {
	journal := cashSale(t)
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.json")
	require.NoError(t, os.WriteFile(bad, []byte(`{"nam": 1}`), 0o600))
	large := filepath.Join(dir, "large.json")
	require.NoError(t, os.WriteFile(large, bytes.Repeat([]byte(" "), maxShopFile+1), 0o600))
	for _, wrong := range [][]string{{"print"}, {"print", "a1", "--copy", "third"}, {"print", "a1", "--shop", dir + "/none"}, {"print", "a1", "--shop", bad},
		{"print", "a1", "--shop", large}, {"print", "a1", "--profile", "x"}, {"print", "a1", "--printer", "tcp://"}, {"print", "a1", "--operator", "4111111111111111"}} {
		status, _, errs := alone(t, journal, wrong...)
		require.Equal(t, statusUsage, status, "%v: %s", wrong, errs)
	}
	status, _, errs := alone(t, journal, "print", "nobody")
	require.Equal(t, statusNotSent, status)
	require.Contains(t, errs, "no such attempt")
	status, out, errs := alone(t, journal, "print", "a1")
	require.Equal(t, statusOK, status, errs)
	require.NotContains(t, out, "REPRINT", "what failed before was never counted")
}
