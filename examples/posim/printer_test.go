package main

import (
	"bufio"
	"bytes"
	"context"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/escpos"
	"github.com/openecr/openecr/transport/serial"
	"github.com/openecr/openecr/transport/tcp"
)

// start runs posim until the test ends and returns what follows the ready line.
func start(t *testing.T, args ...string) (where string, lines *bufio.Reader) {
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	status := make(chan int, 1)
	var stderr bytes.Buffer
	go func() {
		status <- run(ctx, args, w, &stderr)
		w.Close()
	}()
	lines = bufio.NewReader(r)
	ready, err := lines.ReadString('\n')
	require.NoError(t, err, "%s", &stderr)
	require.Contains(t, ready, " simulator ready on ")
	t.Cleanup(func() {
		cancel()
		go io.Copy(io.Discard, lines)
		require.Equal(t, statusOK, <-status, "%s", &stderr)
	})
	return ready[strings.LastIndex(ready, " ")+1 : len(ready)-1], lines
}

func slip(t *testing.T) (escpos.Profile, *escpos.Document) {
	p, ok := escpos.ProfileByName("chinese-80")
	require.True(t, ok)
	b := escpos.NewBuilder(p)
	b.Text(escpos.Style{Align: escpos.Center}, "阳光超市")
	b.Row(escpos.Style{}, escpos.Column{Text: "乌龙茶"}, escpos.Column{Text: "6.50", Width: 8, Align: escpos.Right})
	b.Drawer(escpos.Pin2)
	b.Cut(escpos.Partial)
	doc, err := b.Document()
	require.NoError(t, err)
	return p, doc
}

func printSlip(t *testing.T, d transport.Dialer) {
	// Called from another goroutine: assert, which does not end the test there.
	p, doc := slip(t)
	printer, err := escpos.New(escpos.Config{Dialer: d, Profile: p, Poll: 10 * time.Millisecond})
	if !assert.NoError(t, err) {
		return
	}
	defer printer.Close()
	assert.NoError(t, printer.Print(t.Context(), doc))
}

func TestThePrinterWritesItsSlips(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "slips")
	where, lines := start(t, "printer", "--listen", "127.0.0.1:0", "--png", dir, "--fault", "paper-out=1", "--away", "20ms")
	for _, name := range []string{"slip-0001", "slip-0002"} {
		printed := make(chan struct{})
		go func() { defer close(printed); printSlip(t, &tcp.Dialer{Addr: where}) }()
		line, err := lines.ReadString('\n')
		<-printed
		require.NoError(t, err)
		require.Contains(t, line, "drawer opened 1 times")
		require.Contains(t, line, "阳光超市")
		text, err := os.ReadFile(filepath.Join(dir, name+".txt"))
		require.NoError(t, err)
		require.Equal(t, "                    阳光超市\n乌龙茶                                      6.50\n", string(text))
		f, err := os.Open(filepath.Join(dir, name+".png"))
		require.NoError(t, err)
		defer f.Close()
		img, err := png.Decode(f)
		require.NoError(t, err)
		require.Equal(t, 640, img.Bounds().Dx())
	}
}

func TestThePrinterOnASerialPort(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("ptys are made on Linux only")
	}
	link := filepath.Join(t.TempDir(), "printer")
	where, lines := start(t, "printer", "--pty", link, "--width", "58")
	require.Equal(t, link, where)
	printed := make(chan struct{})
	go func() { defer close(printed); printSlip(t, &serial.Dialer{Path: link}) }()
	line, err := lines.ReadString('\n')
	<-printed
	require.NoError(t, err)
	require.Contains(t, line, "slip 0001")
}

func TestThePrinterRemembersItsSlips(t *testing.T) {
	books := filepath.Join(t.TempDir(), "books.jsonl")
	for _, want := range []string{"slip 0001", "slip 0002"} {
		t.Run(want, func(t *testing.T) {
			where, lines := start(t, "printer", "--listen", "127.0.0.1:0", "--books", books)
			printed := make(chan struct{})
			go func() { defer close(printed); printSlip(t, &tcp.Dialer{Addr: where}) }()
			line, err := lines.ReadString('\n')
			<-printed
			require.NoError(t, err)
			require.Contains(t, line, want)
		})
	}
}

func TestThePrinterRefusesWrongUse(t *testing.T) {
	for _, args := range [][]string{{"--width", "70"}, {"--fault", "no-such-fault"}, {"--fault", "paper-out=x"}} {
		var stderr bytes.Buffer
		require.Equal(t, statusUsage, run(t.Context(), append([]string{"printer", "--listen", "127.0.0.1:0"}, args...), io.Discard, &stderr))
		require.NotEmpty(t, stderr.String())
	}
}
