package serial

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
	bugst "go.bug.st/serial"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/frame"
	"github.com/openecr/openecr/transport/transporttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func dial(t *testing.T, path string) *Conn {
	t.Helper()
	c, err := (&Dialer{Path: path}).Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.(*Conn).Abort() })
	return c.(*Conn)
}

func openPTY(t *testing.T) *transporttest.PTY {
	t.Helper()
	p, err := transporttest.OpenPTY("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func TestPortIsAConn(t *testing.T) {
	transporttest.TestConn(t, func() (transport.Conn, transport.Conn, func(), error) {
		p, err := transporttest.OpenPTY("")
		if err != nil {
			return nil, nil, nil, err
		}
		a, err := (&Dialer{Path: p.Path}).Dial(context.Background())
		return a, p, nil, err
	})
}

func TestGuardedLibraryPortIsAConn(t *testing.T) {
	transporttest.TestConn(t, func() (transport.Conn, transport.Conn, func(), error) {
		p, err := transporttest.OpenPTY("")
		if err != nil {
			return nil, nil, nil, err
		}
		port, err := bugst.Open(p.Path, &bugst.Mode{BaudRate: 9600})
		if err != nil {
			return nil, nil, nil, err
		}
		g, err := newGuard(port)
		return g, p, nil, err
	})
}

// raiseDescriptors makes the next descriptors come out above 1024.
func raiseDescriptors(t *testing.T) {
	t.Helper()
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil || limit.Cur < 1200 {
		t.Fatalf("the limit of %d open files is too low for this test", limit.Cur)
	}
	for {
		f, err := os.Open("/dev/null")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		if f.Fd() > 1030 {
			return
		}
	}
}

func TestDescriptorsBeyond1024Work(t *testing.T) {
	raiseDescriptors(t)
	p := openPTY(t)
	c := dial(t, p.Path)
	c.control(func(fd int) {
		if fd < 1024 {
			t.Fatalf("descriptor %d is too low to prove anything", fd)
		}
	})
	c.SetReadDeadline(time.Now().Add(time.Second))
	p.Write([]byte("hello"))
	got := make([]byte, 5)
	if _, err := io.ReadFull(c, got); err != nil || string(got) != "hello" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestGuardReportsDescriptorsBeyond1024InsteadOfPanicking(t *testing.T) {
	raiseDescriptors(t)
	p := openPTY(t)
	port, err := bugst.Open(p.Path, &bugst.Mode{})
	if err != nil {
		t.Fatal(err)
	}
	g, err := newGuard(port)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Abort()
	if _, err := g.Read(make([]byte, 1)); err == nil {
		t.Error("read from a descriptor that select cannot watch")
	}
}

func TestSecondOpenIsBusyEvenForRoot(t *testing.T) {
	p := openPTY(t)
	c := dial(t, p.Path)
	if _, err := (&Dialer{Path: p.Path}).Dial(t.Context()); !errors.Is(err, ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}
	c.Close()
	dial(t, p.Path).Close()

	other, err := bugst.Open(p.Path, &bugst.Mode{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := (&Dialer{Path: p.Path}).Dial(t.Context()); !errors.Is(err, ErrBusy) {
		t.Errorf("beside another program: got %v, want ErrBusy", err)
	}
}

// TestKilledHolderFreesAPTY closes the descriptor as the death of a process does.
func TestKilledHolderFreesAPTY(t *testing.T) {
	p := openPTY(t)
	c := dial(t, p.Path)
	c.file.Close()
	dial(t, p.Path).Close()
}

func TestErrorsOfOpeningAreNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o600)
	p := openPTY(t)
	cases := []struct {
		name   string
		dialer Dialer
		want   error
	}{
		{"no such port", Dialer{Path: "/dev/ttyUSB99"}, ErrPortNotFound},
		{"no path", Dialer{}, ErrPortNotFound},
		{"a file", Dialer{Path: file}, ErrNotSerial},
		{"a folder", Dialer{Path: t.TempDir()}, ErrNotSerial},
		{"1.5 stop bits on Linux", Dialer{Path: p.Path, StopBits: OnePointFiveStopBits}, ErrMode},
		{"nine data bits", Dialer{Path: p.Path, DataBits: 9}, ErrMode},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := c.dialer.Dial(t.Context()); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestMissingPermissionSaysWhatToDo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ttyUSB7")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	err := openError(file, unix.EACCES)
	require.ErrorIs(t, err, ErrPermission)
	require.ErrorContains(t, err, `KERNEL=="ttyUSB*"`, "no group may use it: a udev rule")
	if os.Getuid() != 0 {
		return // only root gives files to other groups
	}
	require.NoError(t, os.Chown(file, 0, 1))
	require.NoError(t, os.Chmod(file, 0o660))
	require.ErrorContains(t, openError(file, unix.EACCES), "group daemon")
}

func TestUnpluggingIsNotClosing(t *testing.T) {
	p := openPTY(t)
	c := dial(t, p.Path)
	result := make(chan error, 1)
	go func() { _, err := c.Read(make([]byte, 1)); result <- err }()
	time.Sleep(10 * time.Millisecond)
	p.Close()
	if err := <-result; !errors.Is(err, ErrUnplugged) {
		t.Errorf("blocked read: got %v, want ErrUnplugged", err)
	}
	if _, err := c.Write([]byte("x")); !errors.Is(err, ErrUnplugged) {
		t.Errorf("write: got %v, want ErrUnplugged", err)
	}
	if _, err := c.Check(); !errors.Is(err, ErrUnplugged) {
		t.Errorf("check: got %v, want ErrUnplugged", err)
	}
	c.Close()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) || errors.Is(err, ErrUnplugged) {
		t.Errorf("after close: got %v, want os.ErrClosed", err)
	}
}

func TestMissingModemLinesAreUnsupported(t *testing.T) {
	c := dial(t, openPTY(t).Path)
	_, err := c.ModemLines()
	for name, err := range map[string]error{"DTR": c.SetDTR(true), "RTS": c.SetRTS(true), "lines": err} {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: got %v, want ErrUnsupported", name, err)
		}
	}
}

// TestClosedDescriptorsAreNeverWrittenTo closes under writers while other
// files take up the freed numbers: not a byte may land in one of them.
func TestClosedDescriptorsAreNeverWrittenTo(t *testing.T) {
	for range 30 {
		p := openPTY(t)
		c := dial(t, p.Path)
		go io.Copy(io.Discard, p)
		var writers sync.WaitGroup
		for range 4 {
			writers.Go(func() {
				for {
					if _, err := c.Write([]byte("payment")); err != nil {
						return
					}
				}
			})
		}
		c.Abort()
		victims := make([]*os.File, 8)
		for i := range victims {
			victims[i], _ = os.CreateTemp(t.TempDir(), "")
		}
		writers.Wait()
		for _, v := range victims {
			if info, err := v.Stat(); err != nil || info.Size() != 0 {
				t.Errorf("%d bytes landed in somebody else's file (%v)", info.Size(), err)
			}
			v.Close()
		}
		p.Close()
	}
}

// shortPort writes at most three bytes at a time, without an error.
type shortPort struct{ bytes.Buffer }

func (s *shortPort) Write(p []byte) (int, error)        { return s.Buffer.Write(p[:min(3, len(p))]) }
func (s *shortPort) Drain() error                       { return nil }
func (s *shortPort) ResetInputBuffer() error            { return nil }
func (s *shortPort) ResetOutputBuffer() error           { return nil }
func (s *shortPort) SetReadTimeout(time.Duration) error { return nil }
func (s *shortPort) Close() error                       { return nil }

func TestShortWritesAreContinued(t *testing.T) {
	var s shortPort
	g, err := newGuard(&s)
	if err != nil {
		t.Fatal(err)
	}
	n, err := g.Write([]byte("ten  bytes"))
	if n != 10 || err != nil || s.String() != "ten  bytes" {
		t.Errorf("got %d, %v, %q", n, err, s.String())
	}
}

func TestZVTOverASerialLink(t *testing.T) {
	p := openPTY(t)
	terminal := transport.NewLink(transport.LinkConfig{Framing: frame.DLE{}, Acks: &transport.Acks{},
		Dialer: p.Dialer()})
	till := transport.NewLink(transport.LinkConfig{Framing: frame.DLE{}, Acks: &transport.Acks{}, Dialer: &Dialer{Path: p.Path, StopBits: TwoStopBits}})
	defer terminal.Close()
	defer till.Close()
	for _, l := range []*transport.Link{terminal, till} {
		if err := l.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	// The terminal may give up on a connection; its port stays.
	terminal.Drop()
	if err := terminal.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	var side sync.WaitGroup
	side.Go(func() { echo(t, terminal, 50) })
	for i := range 50 {
		request := bytes.Repeat([]byte{0x10, byte(i)}, i+1)
		if err := till.Send(t.Context(), request); err != nil {
			t.Fatal(err)
		}
		if got, err := till.Receive(t.Context()); err != nil || !bytes.Equal(got, request) {
			t.Fatalf("got % X, %v", got, err)
		}
	}
	side.Wait()
}

func echo(t *testing.T, terminal *transport.Link, times int) {
	for range times {
		got, err := terminal.Receive(t.Context())
		if err == nil {
			err = terminal.Send(t.Context(), got)
		}
		if err != nil {
			t.Error(err)
			return
		}
	}
}

// TestPtyByAnotherLibrary runs against a master this project did not make; it
// has to be made pollable, or closing it would not hang up.
func TestPtyByAnotherLibrary(t *testing.T) {
	m, s, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	name := s.Name()
	s.Close()
	fd, err := unix.FcntlInt(m.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		t.Fatal(err)
	}
	m.Close()
	unix.SetNonblock(fd, true)
	master := os.NewFile(uintptr(fd), "ptmx")
	c := dial(t, name)
	master.Write([]byte("hi"))
	got := make([]byte, 2)
	if _, err := io.ReadFull(c, got); err != nil || string(got) != "hi" {
		t.Errorf("got %q, %v", got, err)
	}
	master.Close()
	if _, err := c.Read(got); !errors.Is(err, ErrUnplugged) {
		t.Errorf("got %v, want ErrUnplugged", err)
	}
}
