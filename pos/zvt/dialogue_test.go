package zvt_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
	"github.com/openecr/openecr/pos/zvt"
	"github.com/openecr/openecr/pos/zvt/zvtproto"
	"github.com/openecr/openecr/pos/zvt/zvttest"
	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/transporttest"
)

var update = flag.Bool("update", false, "rewrite golden transcripts")

// scripted returns a driver whose terminal follows a script.
func scripted(t *testing.T, cfg zvt.Config, script transporttest.Script) (*zvt.Terminal, chan error) {
	t.Helper()
	ours, peer := transporttest.Pipe()
	cfg.Dialer = transport.DialFunc("script", func(context.Context) (transport.Conn, error) { return ours, nil })
	cfg.Currency = pos.EUR
	terminal, err := zvt.New(cfg)
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- script.Run(peer) }()
	t.Cleanup(func() { terminal.Close(); peer.Close() })
	return terminal, done
}

// bytesOf reads hex with spaces.
func bytesOf(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(t, err)
	return b
}

// opening is how every first conversation begins: registration, then the
// question for the last receipt, which here is 0343.
func opening(t *testing.T) transporttest.Script {
	return transporttest.Script{
		transporttest.Expect(bytesOf(t, "06 00 19 00 00 00 8E 09 78 06 11 26 08 0A 02 06 D1 0A 02 06 D3 12 01 32 1A 02 FF FF")...),
		transporttest.Send(bytesOf(t, "80 00 00 06 0F 02 19 00")...), // acceptance and completion in one segment
		transporttest.Expect(bytesOf(t, "80 00 00")...),
		transporttest.Expect(bytesOf(t, "06 20 0B 00 00 00 03 03 06 04 1F 01 01 01")...),
		transporttest.Send(bytesOf(t, "80 00 00 04 0F 13 27 00 04 00 00 00 00 05 00 0B 00 01 00 49 09 78 87 03 43")...),
		transporttest.Expect(bytesOf(t, "80 00 00")...),
		transporttest.Send(bytesOf(t, "06 0F 00")...),
		transporttest.Expect(bytesOf(t, "80 00 00")...),
	}
}

var sale = pos.Operation{Op: pos.OpCharge, Attempt: "a-1", Amount: pos.FromMinor(1280, pos.EUR)}

const (
	saleRequest  = "06 01 0C 04 00 00 00 00 12 80 49 09 78 19 40"
	saleApproved = "04 0F 13 27 00 04 00 00 00 00 12 80 0B 00 01 01 49 09 78 87 03 44"
)

func TestASaleByteByByte(t *testing.T) {
	script := append(opening(t),
		transporttest.Expect(bytesOf(t, saleRequest)...),
		transporttest.Send(bytesOf(t, "80 00 00 04 FF 01 0A")...),
		transporttest.Expect(bytesOf(t, "80 00 00")...),
		transporttest.Send(bytesOf(t, saleApproved)...),
		transporttest.Expect(bytesOf(t, "80 00 00")...),
		transporttest.Send(bytesOf(t, "06 D1 06 00 48 65 6C 6C 6F")...), // Hello
		transporttest.Expect(bytesOf(t, "80 00 00")...),
		transporttest.Send(bytesOf(t, "06 0F 00")...),
		transporttest.Expect(bytesOf(t, "80 00 00")...))
	terminal, done := scripted(t, zvt.Config{}, script)
	s := &recordingSession{}
	r, err := terminal.Transact(t.Context(), sale, s)
	require.NoError(t, err)
	require.NoError(t, <-done)
	require.Equal(t, pos.OutcomeApproved, r.Outcome)
	require.Equal(t, pos.FromMinor(1280, pos.EUR), r.Approved)
	require.Equal(t, "0344", r.Receipt)
	require.Equal(t, []string{"Hello"}, r.Slips[0].Lines)
	require.Equal(t, pos.Handle{"receipt_before": "0343", "trace_before": "000100"}, s.handle)
	require.Contains(t, s.codes, "0A")
}

type recordingSession struct {
	handle pos.Handle
	codes  []string
	armed  func()
}

func (s *recordingSession) BeforeSend(ctx context.Context, h pos.Handle) error {
	s.handle = h
	if s.armed != nil {
		s.armed()
	}
	return ctx.Err()
}
func (s *recordingSession) Progress(p pos.Progress) { s.codes = append(s.codes, p.Code) }

// A PIN entry longer than T4 is no timeout while the terminal keeps talking,
// and the terminal may ask for more time (Portalum.Zvt issue 14).
func TestIntermediateStatusRestartsT4(t *testing.T) {
	script := append(opening(t), transporttest.Expect(bytesOf(t, saleRequest)...), transporttest.Send(bytesOf(t, "80 00 00")...))
	for range 6 {
		script = append(script, transporttest.Wait(60*time.Millisecond),
			transporttest.Send(bytesOf(t, "04 FF 01 01")...), transporttest.Expect(bytesOf(t, "80 00 00")...))
	}
	script = append(script, transporttest.Send(bytesOf(t, "04 FF 02 01 01")...), transporttest.Expect(bytesOf(t, "80 00 00")...), // T4 is one minute now
		transporttest.Wait(400*time.Millisecond),
		transporttest.Send(bytesOf(t, saleApproved)...), transporttest.Expect(bytesOf(t, "80 00 00")...),
		transporttest.Send(bytesOf(t, "06 0F 00")...), transporttest.Expect(bytesOf(t, "80 00 00")...))
	terminal, done := scripted(t, zvt.Config{T4: 300 * time.Millisecond}, script)
	r, err := terminal.Transact(t.Context(), sale, &recordingSession{})
	require.NoError(t, err)
	require.NoError(t, <-done)
	require.Equal(t, pos.OutcomeApproved, r.Outcome)
}

func TestARunningPaymentIsAbortedFromOutside(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	script := append(opening(t),
		transporttest.Expect(bytesOf(t, saleRequest)...),
		transporttest.Send(bytesOf(t, "80 00 00 04 FF 01 0A")...),
		transporttest.Expect(bytesOf(t, "80 00 00")...),
		transporttest.Step{Do: func() error { cancel(); return nil }},
		transporttest.Expect(bytesOf(t, "06 B0 00")...),
		transporttest.Send(bytesOf(t, "80 00 00 04 0F 02 27 6C")...),
		transporttest.Expect(bytesOf(t, "80 00 00")...),
		transporttest.Send(bytesOf(t, "06 1E 01 6C")...),
		transporttest.Expect(bytesOf(t, "80 00 00")...))
	terminal, done := scripted(t, zvt.Config{}, script)
	r, err := terminal.Transact(ctx, sale, &recordingSession{})
	require.NoError(t, err)
	require.NoError(t, <-done)
	require.Equal(t, pos.OutcomeCanceled, r.Outcome)
	require.Equal(t, "6C", r.Code)
}

// The abort comes too late: the payment has gone through, and the call says so.
func TestAnAbortThatComesTooLateReportsThePayment(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	script := append(opening(t),
		transporttest.Expect(bytesOf(t, saleRequest)...),
		transporttest.Send(bytesOf(t, "80 00 00")...),
		transporttest.Step{Do: func() error { cancel(); return nil }},
		transporttest.Expect(bytesOf(t, "06 B0 00")...),
		transporttest.Send(bytesOf(t, "84 83 00"+saleApproved)...),
		transporttest.Expect(bytesOf(t, "80 00 00")...),
		transporttest.Send(bytesOf(t, "06 0F 00")...),
		transporttest.Expect(bytesOf(t, "80 00 00")...))
	terminal, done := scripted(t, zvt.Config{}, script)
	r, err := terminal.Transact(ctx, sale, &recordingSession{})
	require.NoError(t, err)
	require.NoError(t, <-done)
	require.Equal(t, pos.OutcomeApproved, r.Outcome)
}

func TestWhatContradictsItselfIsAnErrorAndNoOutcome(t *testing.T) {
	for name, answer := range map[string]string{
		"approved and then aborted":   saleApproved + "06 1E 01 6C",
		"completed without a result":  "06 0F 00",
		"only responses, then silent": "80 00 00 80 00 00",
	} {
		t.Run(name, func(t *testing.T) {
			script := append(opening(t), transporttest.Expect(bytesOf(t, saleRequest)...),
				transporttest.Send(bytesOf(t, "80 00 00"+answer)...))
			terminal, _ := scripted(t, zvt.Config{T4: 200 * time.Millisecond}, script)
			r, err := terminal.Transact(t.Context(), sale, &recordingSession{})
			require.Error(t, err)
			require.Equal(t, pos.OutcomeUnknown, r.Outcome)
		})
	}
}

func TestStatusDiagnosisAndReprint(t *testing.T) {
	eachMedium(t, func(t *testing.T, m medium) {
		sim := zvttest.New(simConfig())
		terminal := newTerminal(t, m, m.serve(t, sim))
		defer terminal.Close()
		st, err := terminal.Status(t.Context())
		require.NoError(t, err)
		require.True(t, st.Ready)
		require.Contains(t, st.Version, "simulated")
		slips, err := terminal.Diagnose(t.Context())
		require.NoError(t, err)
		require.Equal(t, pos.SlipAdmin, slips[0].Kind)
		_, err = terminal.Reprint(t.Context())
		require.Error(t, err, "nothing was printed yet")
		op := sale
		op.Amount = pos.FromMinor(1280, pos.CNY)
		_, err = terminal.Transact(t.Context(), op, nopSession{})
		require.NoError(t, err)
		slips, err = terminal.Reprint(t.Context())
		require.NoError(t, err)
		require.Len(t, slips, 2)
	})
}

func TestHoldsAreListedAndCompletedByWhatIsReleased(t *testing.T) {
	sim := zvttest.New(simConfig())
	d := media[0].serve(t, sim)
	terminal, err := zvt.New(zvt.Config{Dialer: d, Currency: pos.CNY, ReleaseToComplete: true})
	require.NoError(t, err)
	j := postest.NewMemoryJournal()
	till, err := pos.Open(t.Context(), pos.Config{ID: "lane-1", Journal: j, Drivers: map[string]pos.Driver{"card": terminal}, Times: quick})
	require.NoError(t, err)
	defer till.Close()
	hold, err := till.Preauthorize(t.Context(), pos.PreauthRequest{Amount: pos.FromMinor(1000, pos.CNY), Reference: "room-7"})
	require.NoError(t, err)
	open, err := terminal.OpenHolds(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{hold.Receipt}, open)
	_, err = till.Complete(t.Context(), pos.CompletionRequest{Original: hold.ID, Amount: pos.FromMinor(700, pos.CNY)})
	require.NoError(t, err)
	require.Equal(t, int64(700), sim.Net())
	open, err = terminal.OpenHolds(t.Context())
	require.NoError(t, err)
	require.Empty(t, open)
	require.Empty(t, postest.Agree(t.Context(), j, sim.Net()))
}

func TestATerminalThatCannotRepeatLeavesALostAnswerToAPerson(t *testing.T) {
	cfg := simConfig()
	cfg.NoRepeat = true
	s := openShop(t, media[0], cfg, nil)
	s.sim.Inject("lose-answer")
	a, err := s.charge(t, 1280, "order-1")
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
	require.Equal(t, pos.StateManual, a.State)
	require.ErrorContains(t, err, "a person must look")
	_, err = s.charge(t, 500, "order-2")
	require.NoError(t, err, "the terminal goes on selling")
	a, err = s.Resolve(t.Context(), pos.ResolveRequest{Attempt: a.ID, Verdict: pos.VerdictPaid, Operator: "maria", Reason: "receipt 0001 in the terminal's journal"})
	require.NoError(t, err)
	require.Equal(t, pos.StateForced, a.State)
	s.agree(t, "after a person looked")
}

func TestWithoutAbortNotFoundWaitsForTheQuarantine(t *testing.T) {
	cfg := simConfig()
	cfg.NoAbort = true
	s := openShop(t, media[0], cfg, nil)
	s.sim.Inject("lose-request")
	var asked int
	a, err := s.charge(t, 1280, "order-1")
	for _, p := range s.steps {
		if p.Step == pos.StepAsking {
			asked++
		}
	}
	require.ErrorIs(t, err, pos.ErrDeclined)
	require.Equal(t, pos.StateDeclined, a.State)
	require.Greater(t, asked, 1, "one look is no proof")
}

func TestTheTerminalsOwnPrinterAndPlainRegistration(t *testing.T) {
	sim := zvttest.New(simConfig())
	terminal, err := zvt.New(zvt.Config{Dialer: media[0].serve(t, sim), Currency: pos.CNY, Registration: zvtproto.ConfigTerminalPrints})
	require.NoError(t, err)
	defer terminal.Close()
	op := sale
	op.Amount = pos.FromMinor(1280, pos.CNY)
	r, err := terminal.Transact(t.Context(), op, nopSession{})
	require.NoError(t, err)
	require.Empty(t, r.Slips)
	require.Len(t, sim.Printed(), 2)
}

func TestAWrongPasswordAndCurrencySendNothing(t *testing.T) {
	sim := zvttest.New(simConfig())
	d := media[0].serve(t, sim)
	for name, cfg := range map[string]zvt.Config{
		"password": {Dialer: d, Currency: pos.CNY, Password: "123456"},
		"currency": {Dialer: d, Currency: pos.EUR},
	} {
		terminal, err := zvt.New(cfg)
		require.NoError(t, err)
		op := sale
		op.Amount = pos.FromMinor(1280, cfg.Currency)
		var refused *zvt.ResultError
		_, err = terminal.Transact(t.Context(), op, nopSession{})
		require.ErrorAs(t, err, &refused, name)
		require.NoError(t, terminal.Close())
	}
	require.Empty(t, sim.Books())
}

// The golden transcript is a whole sale as a Tap records it, masked; it plays
// back as a test of what the driver sends.
func TestGoldenTranscriptOfASale(t *testing.T) {
	name := filepath.Join("testdata", "sale.transcript")
	if *update {
		var out bytes.Buffer
		sim := zvttest.New(simConfig())
		runSale(t, media[0].serve(t, sim), transport.NewTap(&out, func(_ transport.Direction, p []byte) []byte { return zvtproto.Mask(p) }))
		text := regexp.MustCompile(`(?m)^\+\S+ (open|shut).*$`).ReplaceAllString(out.String(), "+0.000000 $1 terminal")
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(name, []byte("# device: simulated terminal (zvttest), seed 7; captured by go test -update; card numbers masked\n"+text), 0o644))
	}
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	play, err := transporttest.NewPlayback(f, zvtproto.Stream{})
	require.NoError(t, err)
	runSale(t, play, nil)
	require.NoError(t, play.Close())
}

func runSale(t *testing.T, d transport.Dialer, tap *transport.Tap) {
	terminal, err := zvt.New(zvt.Config{Dialer: d, Currency: pos.CNY, Tap: tap})
	require.NoError(t, err)
	op := sale
	op.Amount = pos.FromMinor(1280, pos.CNY)
	r, err := terminal.Transact(t.Context(), op, nopSession{})
	require.NoError(t, err)
	require.Equal(t, pos.OutcomeApproved, r.Outcome)
	require.Equal(t, "0001", r.Receipt)
	require.NoError(t, terminal.Close())
}

// An old dialogue said twice, with the same amount, must not become the answer
// to the next payment: what nobody asked for costs the connection.
func TestWhatAnOldDialogueLeftIsNoAnswerToTheNext(t *testing.T) {
	ack := transporttest.Expect(bytesOf(t, "80 00 00")...)
	first := append(opening(t), transporttest.Expect(bytesOf(t, saleRequest)...),
		transporttest.Send(bytesOf(t, "80 00 00"+saleApproved)...), ack,
		transporttest.Send(bytesOf(t, "06 0F 00")...), ack,
		transporttest.Send(bytesOf(t, "80 00 00"+saleApproved+"06 0F 00 80 00 00"+saleApproved+"06 0F 00")...))
	second := append(opening(t), transporttest.Expect(bytesOf(t, saleRequest)...),
		transporttest.Send(bytesOf(t, "80 00 00 06 1E 01 05")...), ack)
	scripts := []transporttest.Script{first, second}
	done := make(chan error, len(scripts))
	dials := 0
	terminal, err := zvt.New(zvt.Config{Currency: pos.EUR, Dialer: transport.DialFunc("script", func(context.Context) (transport.Conn, error) {
		ours, peer := transporttest.Pipe()
		t.Cleanup(func() { peer.Close() })
		script := scripts[dials]
		dials++
		go func() { done <- script.Run(peer) }()
		return ours, nil
	})})
	require.NoError(t, err)
	defer terminal.Close()
	r, err := terminal.Transact(t.Context(), sale, &recordingSession{})
	require.NoError(t, err)
	require.Equal(t, pos.OutcomeApproved, r.Outcome)
	require.NoError(t, <-done)
	r, err = terminal.Transact(t.Context(), sale, &recordingSession{})
	require.NoError(t, err)
	require.NoError(t, <-done)
	require.Equal(t, pos.OutcomeDeclined, r.Outcome)
	require.Equal(t, 2, dials)
}
