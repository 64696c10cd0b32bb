package serial

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

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

// Dialer opens the port at Path, or the port of the USB device USB. One of the
// two is required, nothing else. It may be used by many goroutines at once; do
// not change it meanwhile.
type Dialer struct {
	Path     string // /dev/ttyUSB0, /dev/serial/by-id/..., COM3
	Baud     int    // bits per second; 0 means DefaultBaud
	DataBits int    // 5 to 8; 0 means 8
	Parity   Parity
	StopBits StopBits
	Flow     Flow
	// USB names a port by its adapter instead of by Path: each Dial looks for
	// it anew, so it is found again under another name.
	USB *USBName
	// RS485 sets the bus up; nil leaves it as the system has it.
	RS485 *RS485
	// Lines sets DTR and RTS on opening; nil leaves them to the system, which
	// raises both.
	Lines *Lines
	// KeepLines leaves DTR and RTS as they are when the port is closed. The
	// system lowers both otherwise, and some terminals restart on that.
	KeepLines bool

	lister Lister // where USB is looked for
}

// Lines are the two modem lines a till drives.
type Lines struct{ DTR, RTS bool }

var _ transport.Dialer = (*Dialer)(nil)

// What can be wrong with a port; test with errors.Is. Each message says what
// to do.
var (
	// ErrPortNotFound: there is no such port. USB ports come and go.
	ErrPortNotFound = errors.New("serial port not found; is it plugged in?")
	// ErrAmbiguous: several ports have this USB name.
	ErrAmbiguous = errors.New("several serial ports have this name")
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
	text := fmt.Sprintf("serial://%s?baud=%d&data=%d&parity=%s&stop=%s", d.place(),
		m.BaudRate, m.DataBits, parityNames[d.Parity], stopNames[d.StopBits])
	if d.Flow != NoFlow {
		text += "&flow=" + flowNames[d.Flow]
	}
	if d.Lines != nil {
		text += "&dtr=" + onOffText(d.Lines.DTR) + "&rts=" + onOffText(d.Lines.RTS)
	}
	if d.KeepLines {
		text += "&keeplines=on"
	}
	if d.RS485 != nil {
		text += "&" + d.RS485.String()
	}
	if d.USB != nil && d.USB.Interface != "" {
		text += "&interface=" + url.QueryEscape(d.USB.Interface)
	}
	return text
}

// place is the path of the connection text.
func (d *Dialer) place() string {
	path := d.Path
	if d.USB != nil {
		path = bySerial + d.USB.id()
	}
	return (&url.URL{Path: "/" + strings.TrimPrefix(path, "/")}).EscapedPath()
}

func onOffText(on bool) string {
	if on {
		return "on"
	}
	return "off"
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
// Errors: ErrPortNotFound, ErrAmbiguous, ErrPermission, ErrBusy, ErrNotSerial,
// ErrMode.
func (d *Dialer) Dial(ctx context.Context) (transport.Conn, error) {
	conn, err := d.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("serial: %s: %w", strings.TrimPrefix(d.place(), "//"), err)
	}
	return conn, nil
}

func (d *Dialer) dial(ctx context.Context) (*Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	path := d.Path
	if d.USB != nil {
		port, err := d.lister.find(ctx, *d.USB)
		if err != nil {
			return nil, err
		}
		path = port.Path
	}
	conn, err := open(d, path)
	if err != nil {
		return nil, err
	}
	if err := conn.prepare(d); err != nil {
		conn.Abort()
		return nil, err
	}
	return conn, nil
}

// prepare sets what the library cannot.
func (c *Conn) prepare(d *Dialer) error {
	if d.Lines != nil {
		if err := errors.Join(c.SetDTR(d.Lines.DTR), c.SetRTS(d.Lines.RTS)); err != nil {
			return fmt.Errorf("modem lines: %w", err)
		}
	}
	if d.RS485 != nil {
		return c.setRS485(d.RS485)
	}
	return nil
}

func (d *Dialer) check() error {
	switch {
	case d.Path == "" && d.USB == nil:
		return fmt.Errorf("%w: no path", ErrPortNotFound)
	case d.Path != "" && d.USB != nil:
		return fmt.Errorf("%w: give a path or a USB name, not both", ErrAmbiguous)
	case d.Baud < 0 || d.Baud > maxBaud:
		return fmt.Errorf("%w: %d baud", ErrMode, d.Baud)
	case d.DataBits != 0 && (d.DataBits < 5 || d.DataBits > 8):
		return fmt.Errorf("%w: %d data bits", ErrMode, d.DataBits)
	case d.Parity < NoParity || d.Parity > SpaceParity:
		return fmt.Errorf("%w: parity %d", ErrMode, d.Parity)
	case d.StopBits < OneStopBit || d.StopBits > TwoStopBits:
		return fmt.Errorf("%w: stop bits %d", ErrMode, d.StopBits)
	case d.Flow < NoFlow || d.Flow > DTRDSR:
		return fmt.Errorf("%w: flow control %d", ErrMode, d.Flow)
	case d.RS485 != nil && !d.RS485.Off && d.Flow == RTSCTS:
		return fmt.Errorf("%w: RS-485 and flow control both want RTS", ErrMode)
	case d.RS485 != nil:
		return d.RS485.check()
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
