package scanner_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/scanner"
	"github.com/openecr/openecr/transport/transporttest"
)

// cables are the far ends of a hub's sources.
type cables []*transporttest.PipeConn

func newHub(t *testing.T, cfg scanner.HubConfig, names ...string) (*scanner.Hub, cables) {
	t.Helper()
	var far cables
	for _, name := range names {
		a, b := transporttest.Pipe()
		far = append(far, b)
		used := false // each source has one goroutine
		cfg.Sources = append(cfg.Sources, scanner.Source{Config: scanner.Config{Source: name},
			Dialer: transport.DialFunc("pipe", func(context.Context) (transport.Conn, error) {
				if used {
					return nil, errors.New("no such scanner")
				}
				used = true
				return a, nil
			})})
	}
	return scanner.NewHub(cfg), far
}

func (c cables) scan(source int, code string) { c[source].Write([]byte(code + "\r")) }

// taken is what the hub gives out until it has been quiet.
func taken(t *testing.T, h *scanner.Hub) (got []string) {
	t.Helper()
	for {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		s, err := h.Next(ctx)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			return got
		}
		require.NoError(t, err)
		got = append(got, s.Source+" "+string(s.Data.Bytes()))
	}
}

func TestOneTriggerSeenTwiceIsOneScan(t *testing.T) {
	type at struct {
		ms     int
		source int
		code   string
	}
	for name, c := range map[string]struct {
		window time.Duration
		scans  []at
		want   []string
	}{
		"two interfaces": {0, []at{{0, 0, "x"}, {20, 1, "x"}}, []string{"a x"}},
		"two interfaces, two triggers": {0, []at{{0, 0, "x"}, {20, 1, "x"}, {100, 0, "x"}, {120, 1, "x"}},
			[]string{"a x", "a x"}},
		"the second trigger is quicker than the slow interface": {0, []at{{0, 0, "x"}, {50, 0, "x"}, {60, 1, "x"}, {110, 1, "x"}},
			[]string{"a x", "a x"}},
		"the same bottle twice on one scanner":          {0, []at{{0, 0, "x"}, {5, 0, "x"}}, []string{"a x", "a x"}},
		"again on the other scanner, beyond the window": {0, []at{{0, 0, "x"}, {301, 1, "x"}}, []string{"a x", "b x"}},
		"the window does not grow with each repetition": {0, []at{{0, 0, "x"}, {200, 1, "x"}, {400, 1, "x"}}, []string{"a x", "b x"}},
		"other data":                    {0, []at{{0, 0, "x"}, {1, 1, "y"}}, []string{"a x", "b y"}},
		"no window":                     {-1, []at{{0, 0, "x"}, {1, 1, "x"}}, []string{"a x", "b x"}},
		"a longer window":               {time.Second, []at{{0, 0, "x"}, {900, 1, "x"}}, []string{"a x"}},
		"three interfaces, one trigger": {0, []at{{0, 2, "x"}, {10, 1, "x"}, {20, 0, "x"}}, []string{"c x"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, far := newHub(t, scanner.HubConfig{Window: c.window}, "a", "b", "c")
				defer h.Close()
				began := time.Now()
				for _, s := range c.scans {
					time.Sleep(time.Until(began.Add(time.Duration(s.ms) * time.Millisecond)))
					far.scan(s.source, s.code)
					synctest.Wait()
				}
				require.Equal(t, c.want, taken(t, h))
			})
		})
	}
}

func TestAHubFindsAScannerAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plugged := make(chan transport.Conn, 1)
		h := scanner.NewHub(scanner.HubConfig{Sources: []scanner.Source{{Dialer: transport.DialFunc("serial:///dev/ttyACM0",
			func(context.Context) (transport.Conn, error) {
				select {
				case c := <-plugged:
					return c, nil
				default:
					return nil, errors.New("not there")
				}
			})}}})
		defer h.Close()
		_, err := h.Next(t.Context())
		var trouble *scanner.SourceError
		require.ErrorAs(t, err, &trouble)
		require.Equal(t, "serial:///dev/ttyACM0", trouble.Source)
		require.Empty(t, taken(t, h), "an outage is told once")
		for i := range 3 {
			near, far := transporttest.Pipe()
			plugged <- near
			time.Sleep(2 * scanner.DefaultRetry)
			far.Write([]byte(fmt.Sprint("code", i, "\r")))
			s, err := h.Next(t.Context())
			require.NoError(t, err)
			require.Equal(t, fmt.Sprint("code", i), string(s.Data.Bytes()))
			far.Close()
			_, err = h.Next(t.Context())
			require.ErrorAs(t, err, &trouble)
		}
	})
}

func TestDamagedScansOfAHubAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, far := newHub(t, scanner.HubConfig{}, "a", "b")
		defer h.Close()
		far[1].Write([]byte("half"))
		_, err := h.Next(t.Context())
		require.ErrorIs(t, err, scanner.ErrIncomplete)
		require.ErrorContains(t, err, "scanner b: ")
	})
}

func TestAHubKeepsWhatWasScannedFirstAndSaysWhatItDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, far := newHub(t, scanner.HubConfig{}, "a")
		defer h.Close()
		const many = 300
		for i := range many {
			far.scan(0, fmt.Sprint("code", i))
		}
		synctest.Wait()
		var got int
		for {
			s, err := h.Next(t.Context())
			if err != nil {
				require.ErrorIs(t, err, scanner.ErrOverflow)
				break
			}
			require.Equal(t, fmt.Sprint("code", got), string(s.Data.Bytes()))
			got++
		}
		require.Greater(t, got, 100)
		require.Less(t, got, many)
	})
}

func TestEarlierScansCanBeDiscarded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, far := newHub(t, scanner.HubConfig{}, "a")
		far.scan(0, payment)
		far.scan(0, payment)
		synctest.Wait()
		require.Equal(t, 2, h.Discard())
		require.Empty(t, taken(t, h))
		done := make(chan error)
		go func() { _, err := h.Next(t.Context()); done <- err }()
		synctest.Wait()
		h.Close()
		require.ErrorIs(t, <-done, transport.ErrClosed)
		require.NoError(t, h.Close(), "twice is harmless")
	})
}
