package scanner_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/scanner"
	"github.com/openecr/openecr/transport/scanner/scannertest"
	"github.com/openecr/openecr/transport/serial"
	"github.com/openecr/openecr/transport/transporttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	article = "4006381333931"
	payment = "134567890123456789" // looks like a code that is money
)

// bench is a reader and the scanner's end of its cable.
type bench struct {
	*scanner.Reader
	far *transporttest.PipeConn
}

func newBench(cfg scanner.Config) bench {
	a, b := transporttest.Pipe()
	return bench{scanner.NewReader(a, cfg), b}
}

func (b bench) close() { b.Close(); b.far.Close() }

func data(s scanner.Scan) string { return string(s.Data.Bytes()) }

func TestEveryFormatArrives(t *testing.T) {
	symbols := []scannertest.Symbol{
		{Kind: scanner.EAN, Data: article},
		{Kind: scanner.QR, Data: payment},
		{Kind: scanner.Code128, AIM: "]C1", Data: "0104006381333931" + "10AB\x1d" + "17301231"},
		{Kind: scanner.QR, Data: "https://example.invalid/a?b=c"},
	}
	inside := scannertest.Symbol{Kind: scanner.QR, Data: "first line\nsecond line"}
	for name, c := range map[string]struct {
		send scannertest.Config
		read scanner.Config
		also []scannertest.Symbol
	}{
		"CR":                {read: scanner.Config{}},
		"LF":                {send: scannertest.Config{Suffix: "\n"}, read: scanner.Config{}},
		"CR LF":             {send: scannertest.Config{Suffix: "\r\n"}, read: scanner.Config{}},
		"Tab":               {send: scannertest.Config{Suffix: "\t"}, read: scanner.Config{Format: scanner.Format{Suffix: scanner.Tab}}, also: []scannertest.Symbol{inside}},
		"only CR LF":        {send: scannertest.Config{Suffix: "\r\n"}, read: scanner.Config{Format: scanner.Format{Suffix: scanner.CRLF}}, also: []scannertest.Symbol{inside}},
		"ETX":               {send: scannertest.Config{Suffix: "\x03"}, read: scanner.Config{Format: scanner.Format{Suffix: scanner.ETX}}, also: []scannertest.Symbol{inside}},
		"STX and ETX":       {send: scannertest.Config{STX: true}, read: scanner.Config{Format: scanner.Format{STX: true}}, also: []scannertest.Symbol{inside}},
		"silence":           {send: scannertest.Config{NoSuffix: true}, read: scanner.Config{Format: scanner.Format{NoSuffix: true}}, also: []scannertest.Symbol{inside}},
		"a prefix":          {send: scannertest.Config{Prefix: "~A"}, read: scanner.Config{Format: scanner.Format{Prefix: "~A"}}},
		"AIM":               {send: scannertest.Config{AIM: true}, read: scanner.Config{Format: scanner.Format{AIM: scanner.AIMRequired}}},
		"9600 baud":         {send: scannertest.Config{Baud: 9600}, read: scanner.Config{}},
		"a report":          {send: scannertest.Config{Input: scanner.Report, AIM: true}, read: scanner.Config{Input: scanner.Report}, also: []scannertest.Symbol{inside, {Data: strings.Repeat("12345678", 400)}}},
		"a keyboard":        {send: scannertest.Config{Input: scanner.Keyboard, KeyPause: 4 * time.Millisecond}, read: scanner.Config{Input: scanner.Keyboard}},
		"a keyboard, Tab":   {send: scannertest.Config{Input: scanner.Keyboard, Suffix: "\t"}, read: scanner.Config{Input: scanner.Keyboard, Format: scanner.Format{Suffix: scanner.Tab}}},
		"a keyboard, quiet": {send: scannertest.Config{Input: scanner.Keyboard, NoSuffix: true}, read: scanner.Config{Input: scanner.Keyboard, Format: scanner.Format{NoSuffix: true}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(c.read)
				defer b.close()
				s := scannertest.New(c.send)
				for _, sym := range append(symbols, c.also...) {
					require.NoError(t, s.Scan(t.Context(), b.far, sym))
					got, err := b.Next(t.Context())
					require.NoError(t, err)
					require.Equal(t, sym.Data, data(got))
					require.Equal(t, scanner.DefaultSource, got.Source)
					require.Equal(t, c.send.AIM && sym.Kind != "", got.AIM != "")
					if c.send.AIM && sym.Kind != "" {
						require.Equal(t, sym.Kind, got.Symbology)
						require.Equal(t, sym.AIM == "]C1", got.GS1())
					}
				}
			})
		})
	}
}

func TestWhatIsDamagedIsNeverACode(t *testing.T) {
	next := scannertest.Symbol{Kind: scanner.EAN, Data: article}
	for name, c := range map[string]struct {
		send  scannertest.Config
		read  scanner.Config
		fault string
		want  error
	}{
		"half a line":                {fault: "cut", want: scanner.ErrIncomplete},
		"half a frame":               {send: scannertest.Config{STX: true}, read: scanner.Config{Format: scanner.Format{STX: true}}, fault: "cut", want: scanner.ErrIncomplete},
		"half a code typed":          {send: scannertest.Config{Input: scanner.Keyboard}, read: scanner.Config{Input: scanner.Keyboard}, fault: "cut", want: scanner.ErrIncomplete},
		"a line that does not end":   {fault: "endless", want: scanner.ErrTooLong},
		"a frame that does not end":  {send: scannertest.Config{STX: true}, read: scanner.Config{Format: scanner.Format{STX: true}}, fault: "endless", want: scanner.ErrTooLong},
		"keys that do not end":       {send: scannertest.Config{Input: scanner.Keyboard}, read: scanner.Config{Input: scanner.Keyboard}, fault: "endless", want: scanner.ErrTooLong},
		"reports that do not end":    {send: scannertest.Config{Input: scanner.Report}, read: scanner.Config{Input: scanner.Report}, fault: "endless", want: scanner.ErrTooLong},
		"noise before a frame":       {send: scannertest.Config{STX: true}, read: scanner.Config{Format: scanner.Format{STX: true}}, fault: "garbage", want: scanner.ErrNoise},
		"noise instead of a prefix":  {send: scannertest.Config{Prefix: "~A"}, read: scanner.Config{Format: scanner.Format{Prefix: "~A"}}, fault: "garbage", want: scanner.ErrNoise},
		"noise instead of AIM":       {send: scannertest.Config{AIM: true}, read: scanner.Config{Format: scanner.Format{AIM: scanner.AIMRequired}}, fault: "garbage", want: scanner.ErrNoise},
		"half a code in two reports": {send: scannertest.Config{Input: scanner.Report}, read: scanner.Config{Input: scanner.Report}, fault: "cut", want: scanner.ErrIncomplete},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(c.read)
				defer b.close()
				s := scannertest.New(c.send)
				require.Empty(t, s.Inject(c.fault))
				go func() {
					s.Scan(t.Context(), b.far, scannertest.Symbol{Kind: scanner.QR, Data: payment + strings.Repeat("8", 60)})
					time.Sleep(2 * scanner.DefaultGap)
					s.Scan(t.Context(), b.far, next)
				}()
				var damaged []error
				for {
					got, err := b.Next(t.Context())
					if err == nil {
						if data(got) == payment+strings.Repeat("8", 60) {
							require.Equal(t, "garbage", c.fault, "only noise before it leaves the code whole")
							continue
						}
						require.Equal(t, article, data(got))
						break
					}
					require.ErrorIs(t, err, scanner.ErrDamaged)
					require.NotContains(t, err.Error(), payment)
					damaged = append(damaged, err)
				}
				require.NotEmpty(t, damaged)
				require.ErrorIs(t, damaged[0], c.want)
				require.LessOrEqual(t, len(damaged), 2, "told again and again")
			})
		})
	}
}

func TestTypingBetweenScansIsNoScan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var typed strings.Builder
		b := newBench(scanner.Config{Input: scanner.Keyboard, Typed: func(k []byte) { typed.Write(k) }})
		defer b.close()
		done := make(chan struct{})
		go func() {
			defer close(done)
			byHand := scannertest.New(scannertest.Config{Input: scanner.Keyboard, KeyPause: 90 * time.Millisecond})
			s := scannertest.New(scannertest.Config{Input: scanner.Keyboard, KeyPause: 3 * time.Millisecond})
			byHand.Scan(t.Context(), b.far, scannertest.Symbol{Data: "12.50"})
			time.Sleep(200 * time.Millisecond)
			s.Scan(t.Context(), b.far, scannertest.Symbol{Data: payment})
			time.Sleep(200 * time.Millisecond)
			byHand.Scan(t.Context(), b.far, scannertest.Symbol{Data: "3"})
			time.Sleep(200 * time.Millisecond)
			s.Scan(t.Context(), b.far, scannertest.Symbol{Data: article})
		}()
		for _, want := range []string{payment, article} {
			got, err := b.Next(t.Context())
			require.NoError(t, err)
			require.Equal(t, want, data(got))
		}
		<-done
		require.Equal(t, "12.50\r3\r", typed.String())
	})
}

// TestAStalledTillDoesNotCutACode lets the deadline pass before the reader
// looks, as on a machine that did not run it: the rest was there in time.
func TestAStalledTillDoesNotCutACode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := transporttest.Pipe()
		defer far.Close()
		r := scanner.NewReader(&stalled{Conn: near}, scanner.Config{Format: scanner.Format{NoSuffix: true}})
		defer r.Close()
		go func() {
			far.Write([]byte(payment[:9]))
			time.Sleep(time.Millisecond)
			far.Write([]byte(payment[9:]))
		}()
		got, err := r.Next(t.Context())
		require.NoError(t, err)
		require.Equal(t, payment, data(got))
	})
}

// stalled sleeps over its first deadline.
type stalled struct {
	transport.Conn
	slept bool
}

func (s *stalled) SetReadDeadline(d time.Time) error {
	err := s.Conn.SetReadDeadline(d)
	if !d.IsZero() && time.Until(d) > 0 && !s.slept {
		s.slept = true
		time.Sleep(time.Until(d) + time.Second)
	}
	return err
}

func TestACancelledNextLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(scanner.Config{})
		defer b.close()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		b.far.Write([]byte(payment[:6]))
		_, err := b.Next(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, scanner.ErrDamaged)
		b.far.Write([]byte(payment[6:] + "\r"))
		got, err := b.Next(t.Context())
		require.NoError(t, err)
		require.Equal(t, payment, data(got))
		time.AfterFunc(time.Second, func() { b.Close() })
		_, err = b.Next(t.Context())
		require.Error(t, err)
		require.NotErrorIs(t, err, scanner.ErrDamaged)
	})
}

func TestPaymentCodesAreNeverPrinted(t *testing.T) {
	b := newBench(scanner.Config{})
	defer b.close()
	// A code that claims to be an article and is not one stays hidden as well.
	b.far.Write([]byte(payment + "\r]E0" + payment + "\r]Q1" + article + "\r]E0" + article + "\r"))
	for i := range 4 {
		scan, err := b.Next(t.Context())
		require.NoError(t, err)
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("scan", "scan", scan, "data", scan.Data, "raw", scan.Raw)
		whole, err := json.Marshal(map[string]any{"s": scan, "d": scan.Data, "in": struct{ S scanner.Scan }{scan}})
		require.NoError(t, err)
		shown := log.String() + string(whole)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%T", "%c", "%!"} {
			shown += fmt.Sprintf(verb, scan) + fmt.Sprintf(verb, &scan) + fmt.Sprintf(verb, scan.Data) +
				fmt.Sprintf(verb, scan.Raw) + fmt.Sprintf(verb, []scanner.Scan{scan}) + fmt.Sprintf(verb, struct{ s scanner.Scan }{scan})
		}
		require.NotContains(t, shown, payment)
		require.NotContains(t, shown, fmt.Sprintf("%x", payment))
		require.NotContains(t, shown, fmt.Sprintf("%X", payment))
		require.NotContains(t, shown, strings.Trim(fmt.Sprint([]byte(payment)), "[]"))
		require.Equal(t, i == 3, strings.Contains(shown, article), "only what is declared an article is shown")
	}
}

func TestScannerOnASerialPort(t *testing.T) {
	port, err := transporttest.OpenPTY("")
	require.NoError(t, err)
	defer port.Close()
	conn, err := (&serial.Dialer{Path: port.Path}).Dial(t.Context())
	require.NoError(t, err)
	r := scanner.NewReader(conn, scanner.Config{Source: "counter"})
	defer r.Close()
	s := scannertest.New(scannertest.Config{AIM: true})
	s.Inject("crumbs", "twice")
	for i, times := range []int{1, 2, 1} {
		sent := make(chan error, 1)
		go func() {
			sent <- s.Scan(t.Context(), port, scannertest.Symbol{Kind: scanner.QR, Data: fmt.Sprint(payment, i)})
		}()
		for range times {
			got, err := r.Next(t.Context())
			require.NoError(t, err)
			require.Equal(t, fmt.Sprint(payment, i), data(got))
			require.Equal(t, "]Q0", got.AIM)
		}
		require.NoError(t, <-sent)
	}
	port.Close()
	_, err = r.Next(t.Context())
	require.ErrorIs(t, err, serial.ErrUnplugged)
	require.Equal(t, []string{"flood"}, s.Inject("flood", "cut"))
	require.True(t, errors.As(err, new(*scanner.SourceError)))
}
