package usb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/openecr/openecr/internal/ctxwatch"
)

const (
	// maxReport is the largest report of a HID at full speed, and its number.
	maxReport = 4096
	// maxScan bounds a scan put together of several reports: a QR code holds
	// 4,296 characters at most.
	maxScan = 8192
)

// ErrScanTooLong: a scanner went on for longer than any bar code is.
var ErrScanTooLong = errors.New("scan longer than any bar code")

// Scan is one scanned code.
type Scan struct {
	AIM  string // symbology identifier such as "]E0"; empty where the scanner sends none
	Data []byte
	At   time.Time // of the last report
}

// HIDReader reads the reports of a HID: a scanner that reports on usage page
// 8C, or one that types like a keyboard. One goroutine at a time.
type HIDReader struct {
	conn     *Conn
	keyboard bool
	before   []byte // the keyboard report before
	scan     Scan   // so far
}

// NewHIDReader reads from c, which a Dialer opened.
func NewHIDReader(c *Conn) *HIDReader {
	i := c.Interface()
	return &HIDReader{conn: c, keyboard: i.SubClass == 1 && i.Protocol == 1}
}

// Report returns the next report, its number first if the device numbers them.
// Errors: those of Conn.Read, the context's.
func (r *HIDReader) Report(ctx context.Context) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	deadline, _ := ctx.Deadline()
	if err := r.conn.SetReadDeadline(deadline); err != nil {
		return nil, err
	}
	unwatch := ctxwatch.Watch(ctx, func() { r.conn.SetReadDeadline(ctxwatch.Past) })
	b := make([]byte, maxReport)
	n, err := r.conn.Read(b)
	unwatch()
	switch {
	case err == nil:
	case ctx.Err() != nil:
		err = ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded): // the only deadline is the context's, which ends a moment later
		err = context.DeadlineExceeded
	}
	return b[:n:n], err
}

// Scan returns the next whole scan: continued reports put together, or of a
// scanner that types, the characters up to Enter or Tab, which are left off.
// Without one of these suffixes a typing scanner's code never ends; configure
// the scanner to send it.
//
// Errors: those of Report; ErrScanTooLong, after which the next scan is read;
// ErrReport, for reports of another kind. A scan that ctx cuts short goes on in
// the next call.
func (r *HIDReader) Scan(ctx context.Context) (Scan, error) {
	for {
		report, err := r.Report(ctx)
		if err != nil {
			return Scan{}, err
		}
		done, err := r.add(report)
		if err == nil && len(r.scan.Data) > maxScan {
			err = fmt.Errorf("usb: %w (%d bytes)", ErrScanTooLong, maxScan)
		}
		if done || err != nil {
			s := r.scan
			s.At = time.Now()
			r.scan = Scan{}
			if err != nil {
				return Scan{}, err
			}
			return s, nil
		}
	}
}

// add takes one report into the scan.
func (r *HIDReader) add(report []byte) (done bool, err error) {
	if !r.keyboard {
		part, err := DecodePOSScan(report)
		if err != nil {
			return false, err
		}
		if r.scan.AIM == "" {
			r.scan.AIM = part.AIM
		}
		r.scan.Data = append(r.scan.Data, part.Data...)
		return !part.More, nil
	}
	text, err := DecodeKeyboard(r.before, report)
	if err != nil {
		return false, err
	}
	r.before = report
	for _, c := range []byte(text) {
		if c == '\r' || c == '\t' {
			done = done || len(r.scan.Data) > 0
			continue
		}
		r.scan.Data = append(r.scan.Data, c)
	}
	return done, nil
}
