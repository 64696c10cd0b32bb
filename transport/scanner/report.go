package scanner

import (
	"bytes"
	"fmt"
	"time"
)

// The report of HID POS scanners (Access-IS LSR118 manual; the same in Zebra
// and Honeywell devices): id 02, length, three bytes of AIM identifier, data,
// and at the end a bit that says that more follows.
const (
	// ReportSize is the size of a report in bytes.
	ReportSize = 64
	reportID   = 0x02
	reportData = 5
	// ReportRoom is how much data one report holds.
	ReportRoom = 56
	reportMore = 63
	moreBit    = 0x01
)

// ParseReport reads one report. The error matches ErrDamaged. data aliases b.
func ParseReport(b []byte) (aim string, data []byte, more bool, err error) {
	switch {
	case len(b) != ReportSize:
		return "", nil, false, fmt.Errorf("%w: a report of %d bytes, want %d", ErrNoise, len(b), ReportSize)
	case b[0] != reportID:
		return "", nil, false, fmt.Errorf("%w: report %02X, want %02X", ErrNoise, b[0], reportID)
	case int(b[1]) > ReportRoom:
		return "", nil, false, fmt.Errorf("%w: a report that claims %d bytes", ErrNoise, b[1])
	}
	if b[2] == ']' {
		aim = string(b[2:reportData])
	}
	return aim, b[reportData : reportData+int(b[1])], b[reportMore]&moreBit != 0, nil
}

// AppendReports appends the reports that carry data to dst; aim may be empty.
func AppendReports(dst []byte, aim string, data []byte) []byte {
	for {
		n := min(len(data), ReportRoom)
		r := make([]byte, ReportSize)
		r[0], r[1] = reportID, byte(n)
		copy(r[2:reportData], aim)
		copy(r[reportData:], data[:n])
		if data = data[n:]; len(data) > 0 {
			r[reportMore] = moreBit
		}
		dst = append(dst, r...)
		if len(data) == 0 {
			return dst
		}
	}
}

// reports joins the reports of a code.
type reports struct {
	format   Format
	buf      []byte // of a report that is not whole
	data     []byte
	aim      string
	begun    bool
	skipping bool // the code was too long: skip its rest
	out      []item
}

func (r *reports) add(p []byte, _ time.Time) {
	r.buf = append(r.buf, p...)
	for len(r.buf) >= ReportSize {
		r.report(r.buf[:ReportSize])
		r.buf = r.buf[ReportSize:]
	}
}

func (r *reports) report(b []byte) {
	aim, data, more, err := ParseReport(b)
	if err != nil {
		r.reset()
		r.out = append(r.out, item{err: err})
		return
	}
	if !r.begun {
		r.aim = aim
	}
	r.begun = true
	if !r.skipping && len(r.data)+len(data) > r.format.max() {
		r.skipping, r.data = true, nil
		r.out = append(r.out, item{err: ErrTooLong})
	}
	if !r.skipping {
		r.data = append(r.data, data...)
	}
	if more {
		return
	}
	if whole := bytes.TrimSuffix(r.data, []byte(r.format.Suffix)); !r.skipping && len(whole) > 0 {
		r.out = append(r.out, item{data: whole, aim: r.aim})
	}
	r.reset()
}

func (r *reports) reset() { r.data, r.aim, r.begun, r.skipping = nil, "", false, false }

func (r *reports) quiet() {
	if (r.begun && !r.skipping) || len(r.buf) > 0 {
		r.out = append(r.out, item{err: ErrIncomplete})
	}
	r.reset()
	r.buf = nil
}

func (r *reports) pending() bool { return r.begun || len(r.buf) > 0 }

func (r *reports) wait() time.Duration {
	if r.format.Gap > 0 {
		return r.format.Gap
	}
	return DefaultGap
}

func (r *reports) next() (item, bool) { return pop(&r.out) }
