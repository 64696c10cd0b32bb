//go:build !(linux || darwin || freebsd || openbsd)

package serial

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	bugst "go.bug.st/serial"

	"github.com/openecr/openecr/transport"
)

// Conn is an open port. Deadlines and Close are noticed within 20 ms.
type Conn struct {
	*guard
	lines bugst.Port
}

var (
	_ transport.Conn    = (*Conn)(nil)
	_ transport.Aborter = (*Conn)(nil)
)

func open(d *Dialer, path string) (*Conn, error) {
	if d.Flow != NoFlow {
		return nil, fmt.Errorf("%w: flow=%s is not available on this system", ErrMode, flowNames[d.Flow])
	}
	if d.KeepLines {
		return nil, fmt.Errorf("%w: keeplines is not available on this system", ErrMode)
	}
	mode := d.mode()
	port, err := bugst.Open(path, &mode)
	if err != nil {
		return nil, portError(err)
	}
	g, err := newGuard(port)
	if err != nil {
		port.Close()
		return nil, portError(err)
	}
	return &Conn{guard: g, lines: port}, nil
}

// SetDTR sets the DTR line.
func (c *Conn) SetDTR(on bool) error { return c.lines.SetDTR(on) }

// SetRTS sets the RTS line.
func (c *Conn) SetRTS(on bool) error { return c.lines.SetRTS(on) }

// ModemLines reads the lines the other side drives.
func (c *Conn) ModemLines() (ModemLines, error) {
	bits, err := c.lines.GetModemStatusBits()
	if err != nil {
		return ModemLines{}, err
	}
	return ModemLines{CTS: bits.CTS, DSR: bits.DSR, DCD: bits.DCD, RI: bits.RI}, nil
}

// Break holds the line at break (space) for d, at most MaxBreak. Here it cannot
// be ended early; Close waits for it.
func (c *Conn) Break(ctx context.Context, d time.Duration) error {
	if d <= 0 || d > MaxBreak {
		return fmt.Errorf("serial: a break lasts up to %v, not %v", MaxBreak, d)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("serial: break: %w", err)
	}
	c.reading.Lock() // Close takes it too: the handle stays ours meanwhile
	defer c.reading.Unlock()
	if c.isClosed() {
		return errClosed()
	}
	return c.named(c.lines.Break(d))
}

// System error codes of Windows, winerror.h.
const (
	errorFileNotFound = syscall.Errno(2)
	errorPathNotFound = syscall.Errno(3)
	errorAccessDenied = syscall.Errno(5)
	errorBadCommand   = syscall.Errno(22)
	errorGenFailure   = syscall.Errno(31)
	errorAborted      = syscall.Errno(995)
)

func systemError(err error) error {
	switch {
	case errors.Is(err, errorFileNotFound), errors.Is(err, errorPathNotFound):
		return fmt.Errorf("%w: %w", ErrPortNotFound, err)
	case errors.Is(err, errorAccessDenied), errors.Is(err, errorBadCommand),
		errors.Is(err, errorGenFailure), errors.Is(err, errorAborted):
		return fmt.Errorf("%w: %w", ErrUnplugged, err) // what an open port says when its adapter is gone
	}
	return err
}
