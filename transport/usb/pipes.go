package usb

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/openecr/openecr/transport/serial"
	"github.com/openecr/openecr/transport/usb/internal/deadline"
)

const (
	// writePiece is how much is written in one transfer: usbfs refuses more than
	// 16 MiB in flight, and as much is in doubt when a write is given up.
	writePiece = 16 << 10
	// readPiece is the size of a read transfer: a multiple of every packet size
	// (8 to 1024 bytes), or devices overflow it.
	readPiece = 16 << 10
	// maxReceived is what is kept for a reader that does not come; then the
	// device has to wait.
	maxReceived = 64 << 10
)

// bus is a claimed device. Its calls end when done closes, and control requests
// within ControlTimeout. After close every call fails with os.ErrClosed.
type bus interface {
	control(requestType, request uint8, value, index uint16, data []byte) (int, error)
	// in returns what arrived, also together with an error.
	in(done <-chan struct{}, e Endpoint, p []byte) (int, error)
	// out returns the largest number of bytes that can have left.
	out(done <-chan struct{}, e Endpoint, p []byte) (int, error)
	close() error
}

// errCancelled: a transfer was given up because done closed.
var errCancelled = errors.New("transfer given up")

// pipes is a Conn over the endpoints of a claimed device. One goroutine keeps a
// read pending, so that a pulled cable is noticed at once and Check knows; a
// second one listens to the interrupt endpoint of CDC-ACM. Close waits for both.
type pipes struct {
	bus     bus
	receive Endpoint
	send    Endpoint
	canRead bool
	zero    bool // ZeroPacket
	// strip takes the adapter's own bytes out of what arrived; nil leaves it.
	strip func(b []byte) []byte
	// finish says goodbye to the device before it is released; nil does nothing.
	finish func()
	// writeReport replaces out for devices without an OUT endpoint.
	writeReport func(p []byte) error

	read, written *deadline.Deadline
	writing       chan struct{} // token of whoever writes
	stop          chan struct{} // ends the goroutines
	running       sync.WaitGroup
	once          sync.Once
	err           error // of closing

	mu       sync.Mutex
	closed   bool
	received [][]byte
	size     int
	readErr  error
	news     chan struct{} // closed and replaced when received, readErr or closed change
	room     chan struct{} // something was read: the reader may go on
}

func newPipes(b bus, i Interface, zero bool) (*pipes, error) {
	p := &pipes{bus: b, zero: zero, read: deadline.New(), written: deadline.New(), writing: make(chan struct{}, 1),
		stop: make(chan struct{}), news: make(chan struct{}), room: make(chan struct{}, 1)}
	var canWrite bool
	p.receive, p.canRead = i.pipe(true)
	p.send, canWrite = i.pipe(false)
	if !p.canRead && !canWrite {
		return nil, fmt.Errorf("%w: interface %d has no pipes", ErrNoInterface, i.Number)
	}
	return p, nil
}

// start throws away what the device sent before, and begins reading.
func (p *pipes) start() {
	if p.canRead {
		p.discard()
		p.running.Go(p.keepReading)
	}
}

const (
	// quiet is the silence after which nothing of before is left: a device that
	// has something answers a read within a millisecond.
	quiet = 10 * time.Millisecond
	// maxDiscard bounds throwing away, from a device that never stops.
	maxDiscard = 256 << 10
)

// discard reads until nothing comes: it belongs to an earlier conversation.
func (p *pipes) discard() {
	buf := make([]byte, readPiece)
	for n := 0; n < maxDiscard; n += readPiece {
		silence := deadline.New()
		silence.Set(time.Now().Add(quiet))
		n, err := p.bus.in(silence.Done(), p.receive, buf)
		silence.Set(time.Time{})
		if p.strip != nil && n > 0 && len(p.strip(buf[:n])) == 0 {
			return
		}
		if err != nil || n == 0 {
			return
		}
	}
}

// keepReading fills received until the device or the connection ends.
func (p *pipes) keepReading() {
	buf := make([]byte, readPiece)
	for p.waitForRoom() {
		n, err := p.bus.in(p.stop, p.receive, buf)
		data := buf[:n]
		if p.strip != nil {
			data = p.strip(data)
		}
		p.deliver(data, err)
		if err != nil {
			return
		}
	}
}

func (p *pipes) waitForRoom() bool {
	for {
		p.mu.Lock()
		full := p.size >= maxReceived
		p.mu.Unlock()
		select {
		case <-p.stop:
			return false
		default:
		}
		if !full {
			return true
		}
		select {
		case <-p.room:
		case <-p.stop:
			return false
		}
	}
}

func (p *pipes) deliver(data []byte, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(data) > 0 {
		p.received = append(p.received, append([]byte(nil), data...))
		p.size += len(data)
	}
	p.readErr = err
	if len(data) > 0 || err != nil {
		p.changed()
	}
}

func (p *pipes) changed() {
	close(p.news)
	p.news = make(chan struct{})
}

// Read implements transport.Conn.
func (p *pipes) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for {
		n, news, err := p.take(b)
		if n > 0 || err != nil {
			return n, err
		}
		select {
		case <-news:
		case <-p.read.Done():
		}
	}
}

func (p *pipes) take(b []byte) (int, <-chan struct{}, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return 0, nil, errClosed()
	case p.read.Passed():
		return 0, nil, os.ErrDeadlineExceeded
	case len(p.received) > 0:
		n := copy(b, p.received[0])
		if p.received[0] = p.received[0][n:]; len(p.received[0]) == 0 {
			p.received = p.received[1:]
		}
		p.size -= n
		select {
		case p.room <- struct{}{}:
		default:
		}
		return n, nil, nil
	case p.readErr != nil:
		return 0, nil, p.readErr
	case !p.canRead:
		return 0, nil, unsupported("pipe to read from")
	}
	return 0, p.news, nil
}

func errClosed() error { return fmt.Errorf("usb: %w", os.ErrClosed) }

// Write implements transport.Conn.
func (p *pipes) Write(b []byte) (sent int, err error) {
	if err := p.mayWrite(); err != nil {
		return 0, err
	}
	select {
	case p.writing <- struct{}{}:
	case <-p.written.Done():
		return 0, p.gaveUp()
	}
	defer func() { <-p.writing }()
	if p.writeReport != nil {
		if err := p.writeReport(b); err != nil {
			return len(b), err
		}
		return len(b), nil
	}
	for sent < len(b) {
		if err := p.mayWrite(); err != nil {
			return sent, err
		}
		n, err := p.out(b[sent:min(len(b), sent+writePiece)])
		if sent += n; err != nil {
			return sent, err
		}
	}
	if p.zero && len(b) > 0 && p.send.MaxPacket > 0 && len(b)%p.send.MaxPacket == 0 {
		if _, err := p.out(nil); err != nil {
			return sent, err
		}
	}
	return sent, nil
}

func (p *pipes) out(b []byte) (int, error) {
	n, err := p.bus.out(p.written.Done(), p.send, b)
	if errors.Is(err, errCancelled) {
		err = p.gaveUp()
	}
	return n, err
}

// mayWrite is an error when writing has no sense.
func (p *pipes) mayWrite() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return errClosed()
	case p.written.Passed():
		return os.ErrDeadlineExceeded
	case errors.Is(p.readErr, ErrUnplugged):
		return p.readErr
	case p.send.Address == 0 && p.writeReport == nil:
		return unsupported("pipe to write to")
	}
	return nil
}

// gaveUp says why a transfer was given up: Close moves the deadlines, too.
func (p *pipes) gaveUp() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errClosed()
	}
	return os.ErrDeadlineExceeded
}

// Check implements transport.Checker.
func (p *pipes) Check() (pending bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false, errClosed()
	}
	return len(p.received) > 0, p.readErr
}

// control sends a control request.
func (p *pipes) control(requestType, request uint8, value, index uint16, data []byte) (int, error) {
	return p.bus.control(requestType, request, value, index, data)
}

// Close implements transport.Conn.
func (p *pipes) Close() error {
	p.once.Do(func() {
		p.mu.Lock()
		p.closed = true
		gone := errors.Is(p.readErr, ErrUnplugged)
		p.changed()
		p.mu.Unlock()
		close(p.stop)
		p.read.Set(time.Unix(1, 0))
		p.written.Set(time.Unix(1, 0))
		p.writing <- struct{}{} // and keep it: nobody writes any more
		p.running.Wait()
		if p.finish != nil && !gone {
			p.finish()
		}
		p.err = p.bus.close()
	})
	return p.err
}

// Abort implements transport.Aborter: nothing waits here to be sent.
func (p *pipes) Abort() error { return p.Close() }

// SetDeadline implements transport.Conn.
func (p *pipes) SetDeadline(t time.Time) error {
	return errors.Join(p.SetReadDeadline(t), p.SetWriteDeadline(t))
}

// SetReadDeadline implements transport.Conn.
func (p *pipes) SetReadDeadline(t time.Time) error { return p.setUnlessClosed(p.read, t) }

// SetWriteDeadline implements transport.Conn.
func (p *pipes) SetWriteDeadline(t time.Time) error { return p.setUnlessClosed(p.written, t) }

// setUnlessClosed keeps deadlines from reviving calls that Close is ending.
func (p *pipes) setUnlessClosed(d *deadline.Deadline, t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errClosed()
	}
	d.Set(t)
	return nil
}

// open makes the driver of a claimed function.
func (d *Dialer) open(b bus, o Device, f function) (backend, error) {
	p, err := newPipes(b, f.data, d.ZeroPacket)
	if err != nil {
		return nil, err
	}
	k, _ := o.byNumber()
	switch {
	case f.main.Class == ClassComm:
		return openACM(p, d, f)
	case k.maker == "FTDI" && f.main.Class == ClassVendor:
		return openFTDI(p, d, f)
	case f.main.Class == ClassPrinter:
		p.start()
		return &printerPipes{p, f.main}, nil
	case f.main.Class == ClassHID:
		if p.send.Address == 0 {
			p.writeReport = hidSetReport(p, f.main)
		}
		p.start()
		return p, nil
	}
	p.start()
	return p, nil
}

// linePipes is what serial devices over libusb share.
type linePipes struct {
	*pipes
	mu    sync.Mutex
	out   serial.Lines      // DTR, RTS
	lines serial.ModemLines // what the device drives
	set   func(l serial.Lines) error
	brk   func(on bool) error
}

// SetDTR implements lineBackend.
func (l *linePipes) SetDTR(on bool) error { return l.change(func(o *serial.Lines) { o.DTR = on }) }

// SetRTS implements lineBackend.
func (l *linePipes) SetRTS(on bool) error { return l.change(func(o *serial.Lines) { o.RTS = on }) }

func (l *linePipes) change(f func(*serial.Lines)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := l.out
	f(&next)
	if err := l.set(next); err != nil {
		return err
	}
	l.out = next
	return nil
}

// ModemLines implements lineBackend.
func (l *linePipes) ModemLines() (serial.ModemLines, error) {
	if _, err := l.Check(); err != nil {
		return serial.ModemLines{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines, nil
}

func (l *linePipes) sendBreak(d time.Duration) error {
	if err := l.brk(true); err != nil {
		return err
	}
	select {
	case <-time.After(d):
	case <-l.stop:
	}
	return l.brk(false)
}

// raise sets DTR and RTS as the Dialer says; both on without a word.
func (l *linePipes) raise(d *Dialer) error {
	l.out = serial.Lines{DTR: true, RTS: true}
	if d.Lines != nil {
		l.out = *d.Lines
	}
	return l.set(l.out)
}

// openACM sets a CDC-ACM device up: line coding, DTR and RTS.
func openACM(p *pipes, d *Dialer, f function) (backend, error) {
	l := &linePipes{pipes: p, lines: serial.ModemLines{CTS: true}}
	index := uint16(f.main.Number)
	l.set = func(o serial.Lines) error {
		var value uint16
		if o.DTR {
			value |= 1
		}
		if o.RTS {
			value |= 2
		}
		_, err := p.bus.control(0x21, CDCSetControlLineState, value, index, nil)
		return err
	}
	l.brk = func(on bool) error {
		value := uint16(0)
		if on {
			value = 0xFFFF
		}
		_, err := p.bus.control(0x21, CDCSendBreak, value, index, nil)
		return err
	}
	coding, err := d.coding().AppendBinary(nil)
	if err != nil {
		return nil, err
	}
	if _, err := p.bus.control(0x21, CDCSetLineCoding, 0, index, coding); err != nil && !errors.Is(err, ErrStalled) {
		return nil, err // devices without a real line may refuse it
	}
	if err := l.raise(d); err != nil && !errors.Is(err, ErrStalled) {
		return nil, err
	}
	p.finish = func() { l.set(serial.Lines{}) }
	p.start()
	if notify, ok := f.main.pipe(true); ok && f.main.Number != f.data.Number {
		p.running.Go(func() { l.listen(notify) })
	}
	return l, nil
}

// listen follows the SERIAL_STATE notifications. The bulk pipe reports what ends
// the device.
func (l *linePipes) listen(e Endpoint) {
	buf := make([]byte, max(1, e.MaxPacket)*lenSerialState) // whole packets
	for {
		n, err := l.bus.in(l.stop, e, buf)
		if s, ok := ParseSerialState(buf[:n]); ok {
			l.mu.Lock()
			l.lines = serial.ModemLines{CTS: true, DSR: s.DSR, DCD: s.DCD, RI: s.RI}
			l.mu.Unlock()
		}
		if err != nil {
			return
		}
	}
}

// openFTDI sets a chip of FTDI up.
func openFTDI(p *pipes, d *Dialer, f function) (backend, error) {
	l := &linePipes{pipes: p}
	port := uint16(f.main.Number + 1) // A is 1
	if p.receive.MaxPacket <= ftdiStatusLen {
		return nil, fmt.Errorf("%w: the adapter has no pipe to read from", ErrNoInterface)
	}
	coding := d.coding()
	divisor, high, err := ftdiDivisor(int(coding.Baud))
	if err != nil {
		return nil, err
	}
	data, err := ftdiData(coding)
	if err != nil {
		return nil, err
	}
	request := func(r uint8, value, index uint16) error {
		_, err := p.bus.control(0x40, r, value, index, nil)
		return err
	}
	l.set = func(o serial.Lines) error {
		value := uint16(0x0300)
		if o.DTR {
			value |= 1
		}
		if o.RTS {
			value |= 2
		}
		return request(FTDISetModemControl, value, port)
	}
	l.brk = func(on bool) error {
		if on {
			return request(FTDISetData, data|ftdiBreak, port)
		}
		return request(FTDISetData, data, port)
	}
	for _, step := range []func() error{
		func() error { return request(FTDIReset, 0, port) },
		func() error { return request(FTDISetLatency, ftdiLatency, port) },
		func() error { return request(FTDISetBaud, divisor, high) },
		func() error { return request(FTDISetData, data, port) },
		func() error { return request(FTDISetFlowControl, 0, port) },
		func() error { return l.raise(d) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	status := make([]byte, ftdiStatusLen)
	if n, err := p.bus.control(0xC0, FTDIGetModemStatus, 0, port, status); err == nil && n > 0 {
		l.lines = ftdiLines(status[0])
	}
	p.strip = func(b []byte) []byte {
		data, lines, ok := stripFTDI(b, p.receive.MaxPacket)
		if ok {
			l.mu.Lock()
			l.lines = lines
			l.mu.Unlock()
		}
		return data
	}
	p.finish = func() { l.set(serial.Lines{}) }
	p.start()
	return l, nil
}

// printerPipes adds the requests of the printer class.
type printerPipes struct {
	*pipes
	iface Interface
}

func (p *printerPipes) deviceID() ([]byte, error) {
	b := make([]byte, maxDeviceID)
	n, err := p.bus.control(0xA1, PrinterGetDeviceID, 0, uint16(p.iface.Number)<<8|uint16(p.iface.Alternate), b)
	return b[:n], err
}

func (p *printerPipes) portStatus() (byte, error) {
	b := make([]byte, 1)
	n, err := p.bus.control(0xA1, PrinterGetPortStatus, 0, uint16(p.iface.Number), b)
	if err == nil && n == 0 {
		err = fmt.Errorf("usb: %w: the printer gave no status", ErrStalled)
	}
	return b[0], err
}

func (p *printerPipes) softReset() error {
	_, err := p.bus.control(0x21, PrinterSoftReset, 0, uint16(p.iface.Number), nil)
	if errors.Is(err, ErrStalled) { // Printer Class 1.0 had another recipient
		_, err = p.bus.control(0x23, PrinterSoftReset, 0, uint16(p.iface.Number), nil)
	}
	return err
}

// hidSetReport writes reports where a HID has no OUT endpoint (HID 1.11, 7.2.2).
func hidSetReport(p *pipes, i Interface) func([]byte) error {
	const output = 0x0200
	return func(report []byte) error {
		if len(report) == 0 {
			return nil
		}
		data := report
		if report[0] == 0 { // not numbered: the number is not sent
			data = report[1:]
		}
		_, err := p.bus.control(0x21, 0x09, output|uint16(report[0]), uint16(i.Number), data)
		return err
	}
}
