// Package serial connects to terminals and printers on a serial line, be it a
// UART, a USB adapter or a pty.
//
//	d := &serial.Dialer{Path: "/dev/ttyUSB0", Baud: 9600, StopBits: serial.TwoStopBits}
//	link := transport.NewLink(transport.LinkConfig{
//		Dialer: d, Framing: frame.DLE{}, Acks: &transport.Acks{},
//	})
//
// Connection texts, for transport.Schemes:
//
//	serial:///dev/ttyUSB0?baud=9600&data=8&parity=none&stop=2
//	serial:///COM3?baud=115200
//	serial:///dev/serial/by-id/usb-FTDI_FT232R_A50285BI-if00-port0
//	serial:///by-serial/0403:6001:A50285BI?baud=115200&flow=rtscts
//	serial:///dev/ttyS1?baud=19200&parity=even&rs485=on
//
// The third and fourth name the adapter, not the port: each Dial looks where it
// is now, so that a Link finds it again after it was unplugged, whatever number
// the system gives it. List shows what there is, without opening anything.
//
// go.bug.st/serial sets the line up, on every system. Reading and writing
// differs:
//
//	Unix      a non-blocking descriptor in Go's own poller: true deadlines, no
//	          limit on descriptor numbers, Close ends reads and writes
//	others    the library's port behind a guard that adds deadlines
//
// What a system cannot do is ErrMode, never left out in silence: DTR/DSR flow
// control anywhere, any flow control on Windows, RS-485 but on Linux. RS-485,
// modem lines and break on a real UART are the driver's work; pseudo terminals
// have none of them. Lines are set after opening: systems raise both lines
// first, for a moment.
//
// A port is used exclusively: TIOCEXCL keeps other users out, a file lock on
// Linux keeps even root from opening it twice by accident.
package serial
