package cupproto

import (
	"fmt"
	"strconv"
)

// reader takes sub-fields from the front of a value. After the first error it
// returns nothing more; field and offset are the error's.
type reader struct {
	field int
	v     []byte
	at    int
	fault error
}

func (r *reader) left() int { return len(r.v) - r.at }

func (r *reader) fail(err error) {
	if r.fault == nil {
		r.fault = inField(r.field, r.at, err)
	}
}

// text takes n bytes.
func (r *reader) text(n int) string {
	if r.fault != nil {
		return ""
	}
	if n < 0 || r.left() < n {
		r.fail(ErrTruncated)
		return ""
	}
	s := string(r.v[r.at : r.at+n])
	r.at += n
	return s
}

// digits takes n digits.
func (r *reader) digits(n int) string {
	s := r.text(n)
	if !isDigits(s) {
		r.at -= n
		r.fail(malformed("want %d digits", n))
		return ""
	}
	return s
}

// number takes n digits as a number; n is at most 18.
func (r *reader) number(n int) int64 {
	s := r.digits(n)
	if s == "" {
		return 0
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		r.fail(malformed("want %d digits", n))
	}
	return v
}

// end wants nothing left.
func (r *reader) end() error {
	if r.fault == nil && r.left() > 0 {
		r.fail(fmt.Errorf("%w: %d bytes are left", ErrFormat, r.left()))
	}
	return r.fault
}

// writer appends sub-fields; it remembers the first error.
type writer struct {
	field int
	b     []byte
	fault error
}

func (w *writer) fail(what string, err error) {
	if w.fault == nil {
		w.fault = inField(w.field, -1, fmt.Errorf("%s: %w", what, err))
	}
}

// digits appends exactly n digits.
func (w *writer) digits(what, s string, n int) {
	if len(s) != n || !isDigits(s) {
		w.fail(what, malformed("want %d digits", n))
		return
	}
	w.b = append(w.b, s...)
}

// number appends a number of at most n digits.
func (w *writer) number(what string, v int64, n int) {
	s := fmt.Sprintf("%0*d", n, v)
	if v < 0 || len(s) > n {
		w.fail(what, malformed("%d does not fit %d digits", v, n))
		return
	}
	w.b = append(w.b, s...)
}

// padded appends a text with blanks to n bytes.
func (w *writer) padded(what string, s []byte, n int) {
	if len(s) > n {
		w.fail(what, tooLong(len(s), n, "bytes"))
		return
	}
	w.b = append(w.b, s...)
	for range n - len(s) {
		w.b = append(w.b, ' ')
	}
}

// done returns what was written behind dst, or dst and the error.
func (w *writer) done(dst []byte) ([]byte, error) {
	if w.fault != nil {
		return dst, w.fault
	}
	return append(dst, w.b...), nil
}
