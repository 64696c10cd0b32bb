package transporttest

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestPTYIsFreeAfterItsClientWasKilled leaves TIOCEXCL behind, as the death of
// a process in the middle of opening a port does.
func TestPTYIsFreeAfterItsClientWasKilled(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root may open a port that is marked exclusive")
	}
	p, err := OpenPTY("")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	open := func() *os.File {
		t.Helper()
		f, err := os.OpenFile(p.Path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	client := open()
	if err := unix.IoctlSetInt(int(client.Fd()), unix.TIOCEXCL, 0); err != nil {
		t.Fatal(err)
	}
	client.Close()
	p.SetReadDeadline(time.Now().Add(3 * freeAfter * ptyPoll))
	p.Read(make([]byte, 1))
	client = open()
	defer client.Close()
	if n, err := unix.IoctlGetInt(int(client.Fd()), unix.TIOCGEXCL); err != nil || n != 0 {
		t.Errorf("exclusive %d, %v", n, err)
	}
}
