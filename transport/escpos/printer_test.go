package escpos_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/escpos"
	"github.com/openecr/openecr/transport/escpos/escpostest"
	"github.com/openecr/openecr/transport/serial"
	"github.com/openecr/openecr/transport/tcp"
	"github.com/openecr/openecr/transport/transporttest"
)

// bench is a simulated printer, reachable over a real socket or a real pty.
type bench struct {
	sim    *escpostest.Printer
	dialer transport.Dialer
}

func overTCP(t testing.TB, cfg escpostest.Config) bench {
	sim := escpostest.New(cfg)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- sim.Serve(l) }()
	t.Cleanup(func() {
		sim.Close()
		require.ErrorIs(t, <-served, escpostest.ErrClosed)
	})
	return bench{sim, &tcp.Dialer{Addr: l.Addr().String()}}
}

func overPTY(t testing.TB, cfg escpostest.Config) bench {
	if runtime.GOOS != "linux" {
		return overTCP(t, cfg)
	}
	sim := escpostest.New(cfg)
	pty, err := transporttest.OpenPTY("")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- sim.ServeSerial(pty.Dialer()) }()
	t.Cleanup(func() {
		sim.Close()
		pty.Close()
		require.ErrorIs(t, <-served, escpostest.ErrClosed)
	})
	return bench{sim, &serial.Dialer{Path: pty.Path, Baud: 115200}}
}

// printer asks often, and is patient unless told otherwise.
func (b bench) printer(t testing.TB, p escpos.Profile, change func(*escpos.Config)) *escpos.Printer {
	cfg := escpos.Config{Dialer: b.dialer, Profile: p, Answer: 5 * time.Second, Patience: 5 * time.Second, Poll: 4 * time.Millisecond}
	if change != nil {
		change(&cfg)
	}
	printer, err := escpos.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { printer.Close() })
	return printer
}

// numbered is a slip on which each line can be told.
func numbered(t testing.TB, p escpos.Profile, lines int) *escpos.Document {
	b := escpos.NewBuilder(p)
	for i := range lines {
		b.Text(escpos.Style{Bold: i%3 == 0}, fmt.Sprintf("line %02d 第%02d行 of a slip that must be whole", i, i))
	}
	b.QR("https://example.com/r/42", escpos.QROptions{Module: 2})
	b.Text(escpos.Style{}, "end")
	b.Cut(escpos.Partial)
	doc, err := b.Document()
	require.NoError(t, err)
	return doc
}

const numberedLines = 20

func requireWhole(t testing.TB, text string) {
	t.Helper()
	var want []string
	for i := range numberedLines {
		want = append(want, fmt.Sprintf("line %02d 第%02d行 of a slip that must be whole", i, i))
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	require.Equal(t, append(want, "end"), append(lines[:min(numberedLines, len(lines))], lines[len(lines)-1]))
}

// ways are the ways in which printers confirm.
func ways(t testing.TB) map[string]escpos.Profile {
	process := profile(t, "chinese-80")
	process.Confirm = escpos.ConfirmProcess
	process.Buffer = 1024 // small, so that there are many pieces
	status := process
	status.Confirm = escpos.ConfirmStatus
	return map[string]escpos.Profile{"GS ( H": process, "GS r": status}
}

func TestPaperRunsOutAtEveryLine(t *testing.T) {
	media := map[string]func(testing.TB, escpostest.Config) bench{"tcp": overTCP, "pty": overPTY}
	for medium, open := range media {
		for way, p := range ways(t) {
			if p.Confirm == escpos.ConfirmStatus && medium == "tcp" {
				p.Confirm = escpos.ConfirmTry
			}
			t.Run(medium+" "+way, func(t *testing.T) {
				t.Parallel()
				doc := numbered(t, p, numberedLines)
				bench := open(t, escpostest.Config{Process: true, Buffer: 1024})
				waited := 0
				printer := bench.printer(t, p, func(c *escpos.Config) {
					c.Progress = func(p escpos.Progress) {
						if p.Waiting != nil {
							require.ErrorIs(t, p.Waiting, escpos.ErrPaperOut)
							waited++
							bench.sim.Refill()
						}
					}
				})
				const steps = numberedLines + 6
				for n := range steps {
					require.Empty(t, bench.sim.Inject(fmt.Sprintf("paper-out=%d", n)))
					require.NoError(t, printer.Print(t.Context(), doc), "paper out after %d", n)
					bench.sim.Heal()
					slips := bench.sim.Slips()
					require.Len(t, slips, n+1)
					requireWhole(t, slips[n].Text())
				}
				require.Greater(t, waited, steps/2)
			})
		}
	}
}

func TestPowerFailsAtEveryLine(t *testing.T) {
	media := map[string]func(testing.TB, escpostest.Config) bench{"tcp": overTCP, "pty": overPTY}
	for medium, open := range media {
		for way, p := range ways(t) {
			t.Run(medium+" "+way, func(t *testing.T) {
				t.Parallel()
				doc := numbered(t, p, numberedLines)
				for n := 1; n < numberedLines+6; n++ {
					// Back at once: a serial line shows nothing of it.
					bench := open(t, escpostest.Config{Process: true, Buffer: 1024, Away: time.Millisecond})
					printer := bench.printer(t, p, func(c *escpos.Config) {
						c.Answer, c.Patience = 50*time.Millisecond, 50*time.Millisecond
					})
					bench.sim.Inject(fmt.Sprintf("power-off=%d", n))
					err := printer.Print(t.Context(), doc)
					slips := bench.sim.Tear()
					if err == nil { // the power failed when nothing was in the buffer: every line is on paper all the same
						var all strings.Builder
						for _, s := range slips {
							all.WriteString(s.Text())
						}
						requireWhole(t, all.String())
						continue
					}
					require.ErrorIs(t, err, escpos.ErrHalfPrinted, "power off after %d", n)
					var pe *escpos.PrintError
					require.ErrorAs(t, err, &pe)
					require.Positive(t, pe.Sent)
					require.Less(t, pe.Confirmed, pe.Total)
					bench.sim.Close()
				}
			})
		}
	}
}

func TestWhatAPersonMustDoIsWaitedFor(t *testing.T) {
	for fault, want := range map[string]error{
		"cover-open=3": escpos.ErrCoverOpen, "offline=4": escpos.ErrOffline, "paper-out=5": escpos.ErrPaperOut, "cutter-error": escpos.ErrCutter,
	} {
		t.Run(fault, func(t *testing.T) {
			p := ways(t)["GS ( H"]
			bench := overTCP(t, escpostest.Config{Process: true})
			var seen []error
			printer := bench.printer(t, p, func(c *escpos.Config) {
				c.Progress = func(p escpos.Progress) {
					if p.Waiting != nil {
						seen = append(seen, p.Waiting)
						bench.sim.Heal()
					}
				}
			})
			bench.sim.Inject(fault)
			require.NoError(t, printer.Print(t.Context(), numbered(t, p, numberedLines)))
			require.ErrorIs(t, errors.Join(seen...), want)

			// And with nobody there, the call ends with its context and says what is true.
			bench.sim.Inject(fault)
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			waiting := bench.printer(t, p, nil)
			err := waiting.Print(ctx, numbered(t, p, numberedLines))
			require.ErrorIs(t, err, want)
			require.ErrorIs(t, err, escpos.ErrHalfPrinted)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			bench.sim.Heal()
		})
	}
}

func TestNothingIsSentToAPrinterThatCannotPrint(t *testing.T) {
	p := ways(t)["GS r"]
	bench := overTCP(t, escpostest.Config{Faults: []string{"paper-out"}})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := bench.printer(t, p, nil).Print(ctx, numbered(t, p, 3))
	require.ErrorIs(t, err, escpos.ErrPaperOut)
	require.NotErrorIs(t, err, escpos.ErrHalfPrinted)
	bench.sim.Heal()
	require.Empty(t, bench.sim.Tear())
}

func TestAPrinterThatNeverAnswers(t *testing.T) {
	p := ways(t)["GS r"]
	bench := overTCP(t, escpostest.Config{Faults: []string{"never-answers"}})
	printer := bench.printer(t, p, func(c *escpos.Config) { c.Answer = 20 * time.Millisecond })
	_, err := printer.Status(t.Context())
	require.ErrorIs(t, err, escpos.ErrNoAnswer)
	err = printer.Print(t.Context(), numbered(t, p, 3))
	require.ErrorIs(t, err, escpos.ErrNoAnswer)
	require.NotErrorIs(t, err, escpos.ErrHalfPrinted)
	_, err = printer.ID(t.Context())
	require.ErrorIs(t, err, escpos.ErrNoAnswer)

	patient := bench.printer(t, p, func(c *escpos.Config) { c.Answer = time.Minute })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = patient.Status(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestAPrinterThatConfirmsNothing(t *testing.T) {
	p := ways(t)["GS r"]
	p.Confirm = escpos.ConfirmTry
	bench := overTCP(t, escpostest.Config{NoStatus: true})
	printer := bench.printer(t, p, func(c *escpos.Config) { c.Answer = 50 * time.Millisecond })
	bench.sim.Inject("paper-out=4")
	go func() { time.Sleep(100 * time.Millisecond); bench.sim.Refill() }()
	require.NoError(t, printer.Print(t.Context(), numbered(t, p, numberedLines)))
	require.Eventually(t, func() bool { return len(bench.sim.Slips()) == 1 }, time.Second, time.Millisecond)
	requireWhole(t, bench.sim.Slips()[0].Text())
}

func TestStatusAndID(t *testing.T) {
	bench := overPTY(t, escpostest.Config{})
	printer := bench.printer(t, profile(t, "chinese-80"), func(c *escpos.Config) { c.DrawerOpen = escpos.OpenIsHigh })
	st, err := printer.Status(t.Context())
	require.NoError(t, err)
	require.NoError(t, st.Err())
	require.Equal(t, [4]byte{0x12, 0x12, 0x12, 0x12}, st.Raw)
	require.Equal(t, escpos.DrawerClosed, st.Drawer)
	bench.sim.Inject("paper-near-end", "cover-open")
	bench.sim.SetDrawer(true)
	st, err = printer.Status(t.Context())
	require.NoError(t, err)
	require.True(t, st.PaperNearEnd && st.CoverOpen && st.Offline && st.DrawerPin)
	require.ErrorIs(t, st.Err(), escpos.ErrCoverOpen)
	require.Equal(t, escpos.DrawerOpen, st.Drawer)
	_, err = printer.ID(t.Context())
	require.ErrorIs(t, err, escpos.ErrCoverOpen)
	bench.sim.Heal()
	id, err := printer.ID(t.Context())
	require.NoError(t, err)
	require.Equal(t, escpos.ID{Firmware: escpostest.Firmware, Maker: escpostest.Maker, Model: escpostest.Model, Serial: escpostest.Serial}, id)
}

func TestTheDrawer(t *testing.T) {
	high := true
	for _, name := range []string{"chinese-80", "epson-tm-t20"} {
		t.Run(name, func(t *testing.T) {
			bench := overTCP(t, escpostest.Config{Kicked: &high})
			p := profile(t, name)
			known := func(c *escpos.Config) { c.DrawerOpen = escpos.OpenIsHigh }
			require.NoError(t, bench.printer(t, p, known).OpenDrawer(t.Context(), escpos.Pin5))
			slips := bench.sim.Tear()
			require.Len(t, slips, 1)
			require.Equal(t, 5, slips[0].Pulses[0].Pin)
			bench.sim.SetDrawer(false)

			bench.sim.Inject("paper-out")
			err := bench.printer(t, p, known).OpenDrawer(t.Context(), escpos.Pin2)
			if p.RealTimeDrawer {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, escpos.ErrDrawer)
				require.ErrorIs(t, err, escpos.ErrPaperOut)
			}
			bench.sim.Heal()
		})
	}
	bench := overTCP(t, escpostest.Config{}) // no drawer is connected
	err := bench.printer(t, profile(t, "chinese-80"), func(c *escpos.Config) { c.DrawerOpen = escpos.OpenIsHigh }).OpenDrawer(t.Context(), escpos.Pin2)
	require.ErrorIs(t, err, escpos.ErrDrawer)
	require.NoError(t, bench.printer(t, profile(t, "chinese-80"), nil).OpenDrawer(t.Context(), escpos.Pin2), "nobody can tell")
	err = bench.printer(t, profile(t, "generic-58"), nil).OpenDrawer(t.Context(), escpos.Pin2)
	require.ErrorIs(t, err, errors.ErrUnsupported)
}

func TestCloseEndsACall(t *testing.T) {
	p := ways(t)["GS r"]
	bench := overTCP(t, escpostest.Config{Faults: []string{"paper-out"}})
	printer := bench.printer(t, p, nil)
	result := make(chan error, 1)
	go func() { result <- printer.Print(context.Background(), numbered(t, p, 3)) }()
	time.Sleep(20 * time.Millisecond)
	require.NoError(t, printer.Close())
	require.ErrorIs(t, <-result, escpos.ErrClosed)
	require.ErrorIs(t, printer.Print(t.Context(), numbered(t, p, 3)), escpos.ErrClosed)
	_, err := printer.Status(t.Context())
	require.ErrorIs(t, err, escpos.ErrClosed)
}

func TestSeveralLanesShareAPrinter(t *testing.T) {
	p := ways(t)["GS ( H"]
	bench := overTCP(t, escpostest.Config{Process: true, Step: 100 * time.Microsecond})
	doc := numbered(t, p, numberedLines)
	results := make(chan error)
	for range 4 {
		printer := bench.printer(t, p, func(c *escpos.Config) { c.Answer = 5 * time.Second })
		go func() { results <- printer.Print(t.Context(), doc) }()
	}
	for range 4 {
		require.NoError(t, <-results)
	}
	require.Len(t, bench.sim.Slips(), 4)
	for _, s := range bench.sim.Slips() {
		requireWhole(t, s.Text())
	}
}

func TestALostBufferIsFoundOutSoon(t *testing.T) {
	p := ways(t)["GS ( H"]
	bench := overPTY(t, escpostest.Config{Process: true, Away: time.Millisecond})
	printer := bench.printer(t, p, func(c *escpos.Config) { c.Patience = time.Hour })
	bench.sim.Inject("power-off=5")
	err := printer.Print(t.Context(), numbered(t, p, numberedLines))
	require.ErrorIs(t, err, escpos.ErrHalfPrinted)
}

func TestAutomaticStatusIsNoConfirmation(t *testing.T) {
	for way, p := range ways(t) {
		t.Run(way, func(t *testing.T) {
			bench := overTCP(t, escpostest.Config{Process: true, Step: time.Millisecond, AutoStatus: true})
			printer := bench.printer(t, p, func(c *escpos.Config) {
				c.Patience = time.Second
				c.Progress = func(escpos.Progress) { bench.sim.SetDrawer(true); bench.sim.SetDrawer(false) }
			})
			bench.sim.Inject("power-off=15")
			require.ErrorIs(t, printer.Print(t.Context(), numbered(t, p, numberedLines)), escpos.ErrHalfPrinted)
			bench.sim.Heal()
			bench.sim.Tear()
			require.NoError(t, printer.Print(t.Context(), numbered(t, p, numberedLines)))
			slips := bench.sim.Slips()
			requireWhole(t, slips[len(slips)-1].Text())
		})
	}
}

func TestADocumentForOtherPaperIsRefused(t *testing.T) {
	p := ways(t)["GS r"]
	bench := overTCP(t, escpostest.Config{})
	err := bench.printer(t, p, nil).Print(t.Context(), numbered(t, profile(t, "chinese-58"), 1))
	require.ErrorIs(t, err, escpos.ErrProfile)
	require.NotErrorIs(t, err, escpos.ErrHalfPrinted)
	require.Empty(t, bench.sim.Tear())
}

func TestAFreedCutterIsToldToGoOn(t *testing.T) {
	p := ways(t)["GS r"]
	bench := overTCP(t, escpostest.Config{Faults: []string{"cutter-error"}})
	freed := make(chan struct{})
	var once sync.Once
	printer := bench.printer(t, p, func(c *escpos.Config) {
		c.Progress = func(p escpos.Progress) {
			if errors.Is(p.Waiting, escpos.ErrCutter) {
				go once.Do(func() {
					defer close(freed)
					bench.sim.OpenCover()
					time.Sleep(50 * time.Millisecond)
					bench.sim.CloseCover()
				})
			}
		}
	})
	require.NoError(t, printer.Print(t.Context(), numbered(t, p, numberedLines)))
	<-freed
}

func TestASlowLineIsNoSilentPrinter(t *testing.T) {
	t.Parallel()
	p := profile(t, "chinese-80")
	bench := overPTY(t, escpostest.Config{Baud: 38400})
	printer := bench.printer(t, p, func(c *escpos.Config) { c.Poll = 20 * time.Millisecond })
	b := escpos.NewBuilder(p)
	b.Image(logo(), escpos.ImageOptions{})
	b.Text(escpos.Style{}, "end")
	b.Cut(escpos.Full)
	doc, err := b.Document()
	require.NoError(t, err)
	began := time.Now()
	require.NoError(t, printer.Print(t.Context(), doc))
	require.Greater(t, time.Since(began), time.Duration(len(doc.Bytes()))*10*time.Second/38400, "no faster than the line")
	require.Len(t, bench.sim.Slips(), 1)
}

func TestALineWithoutAWayBackIsEmptiedBeforeItIsClosed(t *testing.T) {
	t.Parallel()
	p := ways(t)["GS r"]
	p.Status, p.Confirm = escpos.NoStatus, escpos.NoConfirm
	bench := overPTY(t, escpostest.Config{Baud: 19200, Faults: []string{"never-answers"}})
	printer := bench.printer(t, p, nil)
	require.NoError(t, printer.Print(t.Context(), numbered(t, p, numberedLines)))
	require.Eventually(t, func() bool { return len(bench.sim.Slips()) == 1 }, 5*time.Second, time.Millisecond)
	requireWhole(t, bench.sim.Slips()[0].Text())
}
