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
//
// go.bug.st/serial sets the line up, on every system. Reading and writing
// differs:
//
//	Unix      a non-blocking descriptor in Go's own poller: true deadlines, no
//	          limit on descriptor numbers, Close ends reads and writes
//	others    the library's port behind a guard that adds deadlines
//
// A port is used exclusively: TIOCEXCL keeps other users out, a file lock on
// Linux keeps even root from opening it twice by accident.
package serial
