package display_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/display"
	"github.com/openecr/openecr/transport/display/displaytest"
	"github.com/openecr/openecr/transport/serial"
	"github.com/openecr/openecr/transport/tcp"
	"github.com/openecr/openecr/transport/transporttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// desk is a display, its cable and what stands before the customer.
type desk struct {
	*display.Display
	glass *displaytest.Display
}

// newDesk connects them; the far end of the cable reads in its own goroutine.
func newDesk(t *testing.T, cfg display.Config) desk {
	t.Helper()
	glass := displaytest.New(displaytest.Config{Model: cfg.Model, Charset: cfg.Charset})
	var served sync.WaitGroup
	cfg.Dialer = transport.DialFunc("pipe", func(context.Context) (transport.Conn, error) {
		near, far := transporttest.Pipe()
		served.Go(func() { glass.ServeConn(far) })
		return near, nil
	})
	d, err := display.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { d.Close(); glass.Close(); served.Wait() })
	return desk{d, glass}
}

// shows waits until the display shows the lines, which are filled to its width.
func (d desk) shows(t *testing.T, upper, lower string) {
	t.Helper()
	synctest.Wait()
	s := d.glass.Screen()
	require.Equal(t, [2]string{upper, lower}, [2]string{strings.TrimRight(s.Lines[0], " "), strings.TrimRight(s.Lines[1], " ")})
	require.Zero(t, s.Unknown, "the display was sent what it does not know")
}

func TestTextDisplays(t *testing.T) {
	for _, model := range []display.Model{display.CD5220, display.DMD} {
		t.Run(model.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, display.Config{Model: model})
				require.NoError(t, d.Show(t.Context(), "Tea", "12.80"))
				d.shows(t, "Tea", "12.80")
				require.NoError(t, d.Show(t.Context(), "A name that is longer than the glass", ""))
				d.shows(t, "A name that is longe", "")
				require.NoError(t, d.ShowAmount(t.Context(), display.Total, "12.80"))
				d.shows(t, "TOTAL", "               12.80")
				require.NoError(t, d.Brightness(t.Context(), 2))
				d.shows(t, "TOTAL", "               12.80")
				require.Equal(t, 2, d.glass.Screen().Brightness)
				require.NoError(t, d.Clear(t.Context()))
				d.shows(t, "", "")
				require.NoError(t, d.Show(t.Context(), "again", strings.Repeat("x", 20)))
				d.shows(t, "again", strings.Repeat("x", 20))
				require.Error(t, d.Brightness(t.Context(), 5))
			})
		})
	}
}

func TestAmountDisplays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, display.Config{Model: display.LED8})
		for kind, amount := range map[display.Kind]string{display.Price: "0.01", display.Total: "123456.78", display.Paid: "99999999", display.Change: "7"} {
			require.NoError(t, d.ShowAmount(t.Context(), kind, amount))
			synctest.Wait()
			s := d.glass.Screen()
			require.Equal(t, amount, strings.TrimLeft(s.Lines[0], " "))
			require.Equal(t, kind, s.Lamp)
		}
		require.NoError(t, d.Clear(t.Context()))
		synctest.Wait()
		require.Zero(t, d.glass.Screen().Lamp)
		require.Zero(t, d.glass.Screen().Unknown)
		require.ErrorIs(t, d.Show(t.Context(), "Tea", ""), errors.ErrUnsupported)
		require.ErrorIs(t, d.Brightness(t.Context(), 1), errors.ErrUnsupported)
	})
}

func TestWhatIsNoAmountIsRefused(t *testing.T) {
	for _, model := range []display.Model{display.CD5220, display.LED8} {
		d := newDesk(t, display.Config{Model: model})
		for _, amount := range []string{"", ".", "1.", ".5", "1,50", "-1", "1.2.3", "12 ", "\x0c1", "1\x1bs0", "¥1", strings.Repeat("1", 21)} {
			require.ErrorIs(t, d.ShowAmount(t.Context(), display.Total, amount), display.ErrAmount, "%q", amount)
		}
		require.ErrorIs(t, d.ShowAmount(t.Context(), 9, "1"), display.ErrAmount)
	}
	led := newDesk(t, display.Config{Model: display.LED8})
	require.ErrorIs(t, led.ShowAmount(t.Context(), display.Total, "1234567.89"), display.ErrAmount)
}

func TestTextIsNeverACommand(t *testing.T) {
	for _, model := range []display.Model{display.CD5220, display.DMD} {
		for _, charset := range []display.Charset{display.ASCII, display.GBK, display.CP866} {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, display.Config{Model: model, Charset: charset})
				for c := range 0x110 {
					require.NoError(t, d.Show(t.Context(), "a"+string(rune(c))+"b", string([]byte{byte(c), 'x'})))
					synctest.Wait()
					s := d.glass.Screen()
					require.Zero(t, s.Unknown, "%U", c)
					require.Equal(t, display.MaxBrightness, s.Brightness)
					require.True(t, strings.HasPrefix(s.Lines[0], "a"), "%U: %q", c, s.Lines[0])
					require.True(t, strings.HasSuffix(strings.TrimRight(s.Lines[0], " "), "b"), "%U: %q", c, s.Lines[0])
					require.Equal(t, "x", strings.TrimRight(s.Lines[1], " ")[1:], "%U: %q", c, s.Lines[1])
				}
			})
		}
	}
}

func TestCharactersOfTheShop(t *testing.T) {
	for name, c := range map[string]struct {
		charset     display.Charset
		text, shown string
	}{
		"Chinese":                      {display.GBK, "红茶 12元", "红茶 12元"},
		"never half a character":       {display.GBK, "一二三四五六七八九a十", "一二三四五六七八九a"},
		"German":                       {display.CP858, "Käse für 2 €", "Käse für 2 €"},
		"Russian":                      {display.CP866, "Чай", "Чай"},
		"what the charset lacks":       {display.CP437, "茶 €", "? ?"},
		"a display that knows nothing": {display.ASCII, "Käse", "K?se"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, display.Config{Model: display.CD5220, Charset: c.charset})
				require.NoError(t, d.Show(t.Context(), c.text, ""))
				d.shows(t, c.shown, "")
			})
		})
	}
}

func TestADisplayThatIsGoneCostsNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dials := 0
		d, err := display.New(display.Config{Model: display.CD5220, Dialer: transport.DialFunc("tcp://gone", func(ctx context.Context) (transport.Conn, error) {
			dials++
			<-ctx.Done() // as a host that does not answer
			return nil, ctx.Err()
		})})
		require.NoError(t, err)
		defer d.Close()
		began := time.Now()
		require.ErrorIs(t, d.Show(t.Context(), "Tea", ""), context.DeadlineExceeded)
		for range 100 {
			require.ErrorIs(t, d.ShowAmount(t.Context(), display.Total, "1"), display.ErrAway)
		}
		require.Equal(t, display.DefaultTimeout, time.Since(began))
		require.Equal(t, 1, dials)
		time.Sleep(display.DefaultRetry)
		require.Error(t, d.Clear(t.Context()))
		require.Equal(t, 2, dials)
	})
}

func TestADisplayThatTakesNothingIsGivenUp(t *testing.T) {
	port, err := transporttest.OpenPTY("")
	require.NoError(t, err)
	defer port.Close()
	d, err := display.New(display.Config{Model: display.CD5220, Timeout: 50 * time.Millisecond, Retry: time.Millisecond, Dialer: &serial.Dialer{Path: port.Path}})
	require.NoError(t, err)
	defer d.Close()
	for { // nobody reads: the buffers fill
		began := time.Now()
		err := d.Show(t.Context(), "Tea", "12.80")
		if err != nil {
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Less(t, time.Since(began), 5*time.Second)
			return
		}
	}
}

func TestCallsTakeTurnsAndCloseEndsThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := transporttest.Pipe()
		defer far.Close()
		d, err := display.New(display.Config{Model: display.CD5220, Timeout: time.Hour, Dialer: transport.DialFunc("pipe", func(context.Context) (transport.Conn, error) {
			return near, nil
		})})
		require.NoError(t, err)
		var calls sync.WaitGroup
		for range 3000 { // more than the pipe takes
			calls.Go(func() {
				if err := d.Show(t.Context(), "Tea", "12.80"); err != nil {
					require.ErrorIs(t, err, display.ErrClosed)
				}
			})
		}
		synctest.Wait()
		require.NoError(t, d.Close())
		calls.Wait()
		require.ErrorIs(t, d.Show(t.Context(), "", ""), display.ErrClosed)
		require.NoError(t, d.Close(), "twice is harmless")
	})
}

// TestADisplayComesBack is switched off in between, over TCP: it shows the new
// text and its brightness again.
func TestADisplayComesBack(t *testing.T) {
	start := func(addr string) (*displaytest.Display, string, chan displaytest.Screen, func()) {
		screens := make(chan displaytest.Screen, 100)
		glass := displaytest.New(displaytest.Config{Model: display.DMD, OnChange: func(s displaytest.Screen) { screens <- s }})
		l, err := net.Listen("tcp", addr)
		require.NoError(t, err)
		served := make(chan error, 1)
		go func() { served <- glass.Serve(l) }()
		return glass, l.Addr().String(), screens, func() { glass.Close(); require.NoError(t, <-served) }
	}
	until := func(screens chan displaytest.Screen, upper string, brightness int) {
		t.Helper()
		for limit := time.After(5 * time.Second); ; {
			select {
			case s := <-screens:
				if strings.TrimRight(s.Lines[0], " ") == upper && s.Brightness == brightness {
					return
				}
			case <-limit:
				t.Fatalf("never showed %q", upper)
			}
		}
	}
	_, addr, screens, stop := start("127.0.0.1:0")
	d, err := display.New(display.Config{Model: display.DMD, Timeout: 2 * time.Second, Retry: time.Millisecond, Dialer: &tcp.Dialer{Addr: addr}})
	require.NoError(t, err)
	defer d.Close()
	require.NoError(t, d.Brightness(t.Context(), 3))
	require.NoError(t, d.Show(t.Context(), "before", ""))
	until(screens, "before", 3)
	stop()

	// Off. The first call may still be taken by the dead socket.
	for d.Show(t.Context(), "nobody sees", "") == nil {
	}
	_, _, screens, stop = start(addr)
	defer stop()
	require.Eventually(t, func() bool { return d.Show(t.Context(), "after", "") == nil }, 5*time.Second, 5*time.Millisecond)
	until(screens, "after", 3)
}

func TestADisplayBehindAPrinter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, display.Config{Model: display.CD5220, Through: true})
		require.NoError(t, d.Show(t.Context(), "Tea", "1"))
		d.shows(t, "Tea", "1")
		d.glass.Write([]byte("a slip\n")) // the printer's, not ours
		d.shows(t, "Tea", "1")
		require.NoError(t, d.Show(t.Context(), "Cake", "2"))
		d.shows(t, "Cake", "2")
	})
}

func TestConfigurationsThatCannotBeRight(t *testing.T) {
	dialer := transport.DialFunc("x", nil)
	for name, cfg := range map[string]display.Config{
		"no dialer":            {Model: display.CD5220},
		"no model":             {Dialer: dialer},
		"an unknown charset":   {Dialer: dialer, Model: display.DMD, Charset: "ebcdic"},
		"a novel as the setup": {Dialer: dialer, Model: display.DMD, Setup: make([]byte, 65)},
	} {
		_, err := display.New(cfg)
		require.Error(t, err, name)
	}
}

// FuzzText: whatever a text holds, the display shows it as text.
func FuzzText(f *testing.F) {
	f.Add("Tea", "12.80", "gbk", false)
	f.Add("\x1bQD\x0c", "\x1f$\x01\x01", "", true)
	f.Fuzz(func(t *testing.T, upper, lower, charset string, dmd bool) {
		cfg := display.Config{Model: display.CD5220, Charset: display.Charset(charset)}
		if dmd {
			cfg.Model = display.DMD
		}
		glass := displaytest.New(displaytest.Config{Model: cfg.Model, Charset: cfg.Charset})
		near, far := net.Pipe()
		served := make(chan error, 1)
		go func() { served <- glass.ServeConn(far) }()
		cfg.Dialer = transport.DialFunc("pipe", func(context.Context) (transport.Conn, error) { return near, nil })
		d, err := display.New(cfg)
		if err == nil {
			err = d.Show(t.Context(), upper, lower)
			require.NoError(t, err)
			d.Close()
			<-served
			require.Zero(t, glass.Screen().Unknown)
		}
		near.Close()
		far.Close()
	})
}

// FuzzParser: the simulated display survives anything and stays bounded.
func FuzzParser(f *testing.F) {
	f.Add([]byte("\x1b@\x1bQAhello\r\x0c\x1f$\x14\x02x\x1bs1\x1bl\x01\x01"), uint8(1))
	f.Fuzz(func(t *testing.T, in []byte, model uint8) {
		whole := displaytest.Parser{Model: display.Model(model%3) + 1}
		whole.Write(in)
		bytewise := displaytest.Parser{Model: whole.Model}
		for i := range in {
			bytewise.Write(in[i : i+1])
		}
		require.Equal(t, whole.Screen(), bytewise.Screen())
		require.LessOrEqual(t, len(whole.Screen().String()), 4*2*display.Columns+16)
	})
}
