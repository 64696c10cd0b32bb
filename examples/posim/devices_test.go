package main

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/display"
	"github.com/openecr/openecr/transport/scanner"
	"github.com/openecr/openecr/transport/serial"
	"github.com/openecr/openecr/transport/tcp"
)

// output is a stdout that tests wait on.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) shows(t *testing.T, text string) string {
	t.Helper()
	require.Eventually(t, func() bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		return strings.Contains(o.buf.String(), text)
	}, 10*time.Second, time.Millisecond, text)
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// posim runs a simulator and returns where it is.
func posim(t *testing.T, stdin io.Reader, args ...string) (out *output, where string) {
	t.Helper()
	out = &output{}
	ctx, interrupt := context.WithCancel(t.Context())
	status := make(chan error, 1)
	for _, s := range simulators() {
		if s.name == args[0] {
			cmd := s.command(out, out)
			cmd.SetArgs(args[1:])
			cmd.SetIn(stdin)
			go func() { status <- cmd.ExecuteContext(ctx) }()
		}
	}
	t.Cleanup(func() { interrupt(); require.NoError(t, <-status) })
	ready := out.shows(t, "ready on ")
	_, where, _ = strings.Cut(strings.TrimSpace(ready), "ready on ")
	return out, where
}

func TestTheDisplayPrintsWhatItShows(t *testing.T) {
	out, where := posim(t, nil, "display", "--listen", "127.0.0.1:0", "--model", "cd5220")
	d, err := display.New(display.Config{Model: display.CD5220, Charset: display.GBK, Dialer: &tcp.Dialer{Addr: where}, Timeout: 5 * time.Second})
	require.NoError(t, err)
	defer d.Close()
	require.NoError(t, d.Show(t.Context(), "红茶", "12.80"))
	out.shows(t, "|红茶                ||12.80               |")
}

func TestTheScannerSendsWhatIsTyped(t *testing.T) {
	for _, medium := range []string{"tcp", "serial"} {
		t.Run(medium, func(t *testing.T) {
			stdin, typing := io.Pipe()
			defer typing.Close()
			args := []string{"scanner", "--aim", "--baud", "0", "--listen", "127.0.0.1:0"}
			if medium == "serial" {
				if runtime.GOOS != "linux" {
					t.Skip("pseudo terminals need Linux")
				}
				args = []string{"scanner", "--aim", "--baud", "0", "--pty", filepath.Join(t.TempDir(), "scanner")}
			}
			_, where := posim(t, stdin, args...)
			var dialer transport.Dialer = &tcp.Dialer{Addr: where}
			if medium == "serial" {
				dialer = &serial.Dialer{Path: where}
			}
			conn, err := dialer.Dial(t.Context())
			require.NoError(t, err)
			r := scanner.NewReader(conn, scanner.Config{})
			defer r.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			// Who is connected is known a moment later: type until it arrives.
			typed := make(chan struct{})
			go func() {
				defer close(typed)
				for ctx.Err() == nil {
					if _, err := io.WriteString(typing, "4006381333931\n"); err != nil {
						return
					}
					time.Sleep(20 * time.Millisecond)
				}
			}()
			scan, err := r.Next(ctx)
			require.NoError(t, err)
			require.Equal(t, scanner.EAN, scan.Symbology)
			require.Equal(t, "4006381333931", string(scan.Data.Bytes()))
			cancel()
			<-typed
		})
	}
}
