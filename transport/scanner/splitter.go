package scanner

import (
	"bytes"
	"strings"
)

// Splitter cuts a stream of bytes into lines. It is pure: it has no clock, the
// caller says when the line was quiet. It keeps at most Format.Max bytes and
// what one Add brought. Not for concurrent use.
type Splitter struct {
	Format Format

	buf []byte
	// skipping: the rest of a line that was given up.
	skipping bool
}

// Add takes bytes as they arrived. Call Next until it has nothing more.
func (s *Splitter) Add(p []byte) { s.buf = append(s.buf, p...) }

// Pending reports whether a line has begun and not ended: call Quiet if nothing
// follows for a while.
func (s *Splitter) Pending() bool { return len(s.buf) > 0 || s.skipping }

// Next returns the next line without its suffix, which the caller may keep, or
// an error that matches ErrDamaged. ok is false when there is nothing more yet.
func (s *Splitter) Next() (line []byte, err error, ok bool) {
	for {
		line, err, ok = s.cut()
		if !ok || err != nil || len(line) > 0 {
			return line, err, ok
		}
	}
}

// Quiet says that nothing has arrived for a while: it ends a line that has no
// suffix, and gives up one that should have had one.
func (s *Splitter) Quiet() (line []byte, err error, ok bool) {
	buf, skipping := s.buf, s.skipping
	s.buf, s.skipping = nil, false
	switch {
	case skipping || len(buf) == 0:
		return nil, nil, false
	case s.Format.NoSuffix && !s.Format.STX:
		return buf, nil, true
	case s.Format.STX && buf[0] != stx:
		return nil, ErrNoise, true
	}
	return nil, ErrIncomplete, true
}

// cut takes one line off the buffer; an empty one counts.
func (s *Splitter) cut() (line []byte, err error, ok bool) {
	if s.Format.STX && !s.skipping {
		if noise := s.dropNoise(); noise {
			return nil, ErrNoise, true
		}
	}
	begin := 0
	if s.Format.STX && !s.skipping {
		begin = 1
	}
	at, size := s.end(begin)
	switch {
	case at >= 0 && s.skipping:
		s.take(at + size)
		s.skipping = false
		return nil, nil, true
	case s.skipping:
		s.keepEnd()
		return nil, nil, false
	case at >= 0 && at-begin <= s.Format.max():
		line = append([]byte(nil), s.buf[begin:at]...)
		s.take(at + size)
		return line, nil, true
	case at >= 0: // too long, and ended in the same chunk
		s.take(at + size)
		return nil, ErrTooLong, true
	case len(s.buf)-begin > s.Format.max()+len(s.Format.Suffix):
		s.skipping = true
		s.keepEnd()
		return nil, ErrTooLong, true
	}
	return nil, nil, false
}

// dropNoise drops what stands before STX, and reports whether any of it was
// more than line ends and the suffix that may follow ETX.
func (s *Splitter) dropNoise() bool {
	at := bytes.IndexByte(s.buf, stx)
	if at == 0 {
		return false
	}
	if at < 0 {
		if len(s.buf) <= s.Format.max() && strings.Trim(string(s.buf), "\r\n"+s.Format.Suffix) != "" {
			return false // one error for all of it, when it ends
		}
		at = len(s.buf)
	}
	noise := strings.Trim(string(s.buf[:at]), "\r\n"+s.Format.Suffix) != ""
	s.take(at)
	return noise
}

// end finds where the line ends, and how long its end is.
func (s *Splitter) end(begin int) (at, size int) {
	switch {
	case s.Format.STX:
		if len(s.buf) <= begin || begin == 1 && s.buf[0] != stx {
			return -1, 0
		}
		at = bytes.IndexByte(s.buf[begin:], ETX[0])
		if at >= 0 {
			at += begin
		}
		return at, 1
	case s.Format.NoSuffix:
		return -1, 0
	case s.Format.Suffix == Enter:
		at = bytes.IndexAny(s.buf, "\r\n")
		return at, 1 // the LF after a CR is an empty line, which nobody sees
	}
	return bytes.Index(s.buf, []byte(s.Format.Suffix)), len(s.Format.Suffix)
}

func (s *Splitter) take(n int) {
	s.buf = s.buf[n:]
	if len(s.buf) == 0 {
		s.buf = nil
	}
}

// keepEnd drops the buffer but for what may be the beginning of a suffix.
func (s *Splitter) keepEnd() {
	keep := min(max(len(s.Format.Suffix)-1, 0), len(s.buf))
	s.buf = append([]byte(nil), s.buf[len(s.buf)-keep:]...)
}
