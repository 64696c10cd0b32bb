package serial

import (
	"context"
	"errors"
	"fmt"

	bugst "go.bug.st/serial"

	"github.com/openecr/openecr/transport"
)

// Parity of a character. The zero value is none.
type Parity int

// Parities.
const (
	NoParity Parity = iota
	OddParity
	EvenParity
	MarkParity
	SpaceParity
)

// StopBits after a character. The zero value is one.
type StopBits int

// Stop bits. ZVT wants two.
const (
	OneStopBit StopBits = iota
	OnePointFiveStopBits
	TwoStopBits
)

// DefaultBaud is the speed of most terminals out of the box.
const DefaultBaud = 9600

// Dialer opens the port at Path. Only Path is required. It may be used by many
// goroutines at once; do not change it meanwhile.
type Dialer struct {
	Path     string // /dev/ttyUSB0, COM3
	Baud     int    // bits per second; 0 means DefaultBaud
	DataBits int    // 5 to 8; 0 means 8
	Parity   Parity
	StopBits StopBits
	// Lines sets DTR and RTS on opening; nil leaves them to the system, which
	// raises both.
	Lines *Lines
}

// Lines are the two modem lines a till drives.
type Lines struct{ DTR, RTS bool }

var _ transport.Dialer = (*Dialer)(nil)

// What can be wrong with a port; test with errors.Is. Each message says what
// to do.
var (
	// ErrPortNotFound: there is no such port. USB ports come and go.
	ErrPortNotFound = errors.New("serial port not found; is it plugged in?")
	// ErrPermission: the port may not be opened by this user.
	ErrPermission = errors.New("no permission to open the serial port")
	// ErrBusy: another program, or another part of this one, uses the port.
	ErrBusy = errors.New("serial port is in use")
	// ErrUnplugged: the port went away while open.
	ErrUnplugged = errors.New("serial port was unplugged")
	// ErrNotSerial: the path is no serial port.
	ErrNotSerial = errors.New("not a serial port")
	// ErrMode: the port cannot do the speed, parity or stop bits asked for.
	ErrMode = errors.New("serial port does not support these settings")
)

// String returns the connection text.
func (d *Dialer) String() string {
	m := d.mode()
	path := d.Path
	if path == "" || path[0] != '/' {
		path = "/" + path
	}
	return fmt.Sprintf("serial://%s?baud=%d&data=%d&parity=%s&stop=%s", path,
		m.BaudRate, m.DataBits, parityNames[d.Parity], stopNames[d.StopBits])
}

func (d *Dialer) mode() bugst.Mode {
	m := bugst.Mode{BaudRate: d.Baud, DataBits: d.DataBits, Parity: bugst.Parity(d.Parity), StopBits: bugst.StopBits(d.StopBits)}
	if m.BaudRate == 0 {
		m.BaudRate = DefaultBaud
	}
	if m.DataBits == 0 {
		m.DataBits = 8
	}
	return m
}

// Dial opens the port exclusively, in raw mode, and throws away what it
// received before: it belongs to an earlier conversation. The Conn is a *Conn.
//
// Errors: ErrPortNotFound, ErrPermission, ErrBusy, ErrNotSerial, ErrMode.
func (d *Dialer) Dial(ctx context.Context) (transport.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("serial: %s: %w", d.Path, err)
	}
	if err := d.check(); err != nil {
		return nil, fmt.Errorf("serial: %s: %w", d.Path, err)
	}
	conn, err := open(d)
	if err != nil {
		return nil, fmt.Errorf("serial: %s: %w", d.Path, err)
	}
	if d.Lines != nil {
		if err := errors.Join(conn.SetDTR(d.Lines.DTR), conn.SetRTS(d.Lines.RTS)); err != nil {
			conn.Abort()
			return nil, fmt.Errorf("serial: %s: modem lines: %w", d.Path, err)
		}
	}
	return conn, nil
}

func (d *Dialer) check() error {
	switch {
	case d.Path == "":
		return fmt.Errorf("%w: no path", ErrPortNotFound)
	case d.Baud < 0 || d.Baud > maxBaud:
		return fmt.Errorf("%w: %d baud", ErrMode, d.Baud)
	case d.DataBits != 0 && (d.DataBits < 5 || d.DataBits > 8):
		return fmt.Errorf("%w: %d data bits", ErrMode, d.DataBits)
	case d.Parity < NoParity || d.Parity > SpaceParity:
		return fmt.Errorf("%w: parity %d", ErrMode, d.Parity)
	case d.StopBits < OneStopBit || d.StopBits > TwoStopBits:
		return fmt.Errorf("%w: stop bits %d", ErrMode, d.StopBits)
	}
	return nil
}

// portError names the errors of go.bug.st/serial, which are partly its own
// type and partly bare numbers of the system.
func portError(err error) error {
	var pe *bugst.PortError
	if !errors.As(err, &pe) {
		return systemError(err)
	}
	switch pe.Code() {
	case bugst.PortBusy:
		return fmt.Errorf("%w: %w", ErrBusy, err)
	case bugst.PortNotFound:
		return fmt.Errorf("%w: %w", ErrPortNotFound, err)
	case bugst.PermissionDenied:
		return fmt.Errorf("%w: %w", ErrPermission, err)
	case bugst.InvalidSpeed, bugst.InvalidDataBits, bugst.InvalidParity, bugst.InvalidStopBits:
		return fmt.Errorf("%w: %w", ErrMode, err)
	case bugst.InvalidSerialPort:
		if isMode(err) {
			return fmt.Errorf("%w: %w", ErrMode, err)
		}
		return fmt.Errorf("%w: %w", ErrNotSerial, err)
	case bugst.PortClosed:
		return fmt.Errorf("%w: %w", ErrUnplugged, err)
	}
	return err
}
