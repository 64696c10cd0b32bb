package serial

import (
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// serialRS485 is struct serial_rs485 of linux/serial.h (Linux 6.1): pauses in
// milliseconds.
type serialRS485 struct {
	flags, before, after uint32
	_                    [5]uint32
}

// Flags of linux/serial.h, SER_RS485_*.
const (
	rs485Enabled   = 1 << 0
	rs485OnSend    = 1 << 1
	rs485AfterSend = 1 << 2
	rs485Hear      = 1 << 4
	rs485Terminate = 1 << 5
)

// raw is what the driver is asked for.
func (r *RS485) raw() serialRS485 {
	raw := serialRS485{before: uint32(r.Before / time.Millisecond), after: uint32(r.After / time.Millisecond)}
	for flag, on := range map[uint32]bool{rs485Enabled: !r.Off, rs485OnSend: !r.SendLow, rs485AfterSend: r.SendLow,
		rs485Hear: r.Echo, rs485Terminate: r.Terminate} {
		if on {
			raw.flags |= flag
		}
	}
	return raw
}

// setRS485 hands the bus to the driver, and reads back whether it took it:
// drivers answer with what they can do.
func (c *Conn) setRS485(r *RS485) error {
	raw := r.raw()
	var errno unix.Errno
	if err := c.control(func(fd int) {
		_, _, errno = unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.TIOCSRS485, uintptr(unsafe.Pointer(&raw)))
	}); err != nil {
		return err
	}
	switch {
	case errno != 0 && r.Off:
		return nil // it never was in this mode
	case errno != 0:
		return fmt.Errorf("%w: the driver of this port has no RS-485: %w", ErrMode, errno)
	case (raw.flags&rs485Enabled != 0) == r.Off:
		return fmt.Errorf("%w: the driver did not change RS-485", ErrMode)
	}
	return nil
}
