package journal

import (
	"context"
	"fmt"
	"hash/crc32"
	"unsafe"

	"github.com/openecr/openecr/pos"
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// rowReader reads the view for Scan through SQLite's own interface, without
// its locks and without the driver's copies: an attempt then costs a third of
// the processor's time, which is what a report over a million of them waits
// for. One goroutine uses it.
type rowReader struct {
	tls     *libc.TLS
	db      uintptr
	decoder scanDecoder
}

func openRows(path string) (*rowReader, error) {
	r := &rowReader{tls: libc.NewTLS()}
	name, err := libc.CString(path)
	if err != nil {
		r.tls.Close()
		return nil, err
	}
	defer libc.Xfree(r.tls, name)
	rc, err := r.out(func(at uintptr) int32 {
		return sqlite3.Xsqlite3_open_v2(r.tls, name, at, sqlite3.SQLITE_OPEN_READONLY|sqlite3.SQLITE_OPEN_NOMUTEX, 0)
	}, &r.db)
	if err == nil {
		err = r.check(rc)
	}
	if err != nil {
		r.close()
		return nil, err
	}
	sqlite3.Xsqlite3_extended_result_codes(r.tls, r.db, 1)
	sqlite3.Xsqlite3_busy_timeout(r.tls, r.db, busyTimeoutMillis)
	return r, nil
}

// out calls SQLite with a place for a pointer, and fetches what it put there.
func (r *rowReader) out(call func(at uintptr) int32, into *uintptr) (int32, error) {
	at := sqlite3.Xsqlite3_malloc(r.tls, int32(unsafe.Sizeof(uintptr(0))))
	if at == 0 {
		return 0, fmt.Errorf("SQLite has no memory")
	}
	defer sqlite3.Xsqlite3_free(r.tls, at)
	rc := call(at)
	*into = *(*uintptr)(outside(at))
	return rc, nil
}

// outside is an address outside of Go's memory.
func outside(at uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&at)) }

func (r *rowReader) check(rc int32) error {
	if rc == sqlite3.SQLITE_OK || rc == sqlite3.SQLITE_DONE || rc == sqlite3.SQLITE_ROW {
		return nil
	}
	e := &codeError{code: int(rc), text: "SQLite"}
	if r.db != 0 {
		e.text = libc.GoString(sqlite3.Xsqlite3_errmsg(r.tls, r.db))
	}
	return e
}

func (r *rowReader) close() error {
	err := r.check(sqlite3.Xsqlite3_close_v2(r.tls, r.db))
	r.tls.Close()
	return err
}

// The columns of a scan. The numbers say whether the body is as it was written.
const (
	scanSeq = iota
	scanUpdated
	scanSum
	scanBody
	scanQuery = "SELECT seq, updated, sum, body FROM attempts WHERE seq > %d AND seq <= %d ORDER BY seq LIMIT %d"
)

// chunk calls f with up to limit attempts in (low, high], oldest first, and
// returns how many rows there were and where the last one stands. f is told
// of a damaged row with nil and its sequence number; the attempt is used again
// for the next row.
func (r *rowReader) chunk(ctx context.Context, low, high int64, limit int, f func(seq int64, a *pos.Attempt) error) (n int, last int64, err error) {
	text, err := libc.CString(fmt.Sprintf(scanQuery, low, high, limit))
	if err != nil {
		return 0, low, err
	}
	defer libc.Xfree(r.tls, text)
	var s uintptr
	rc, err := r.out(func(at uintptr) int32 { return sqlite3.Xsqlite3_prepare_v2(r.tls, r.db, text, -1, at, 0) }, &s)
	if err == nil {
		err = r.check(rc)
	}
	if err != nil {
		return 0, low, err
	}
	defer sqlite3.Xsqlite3_finalize(r.tls, s)
	var a pos.Attempt
	for last = low; ; n++ {
		rc := sqlite3.Xsqlite3_step(r.tls, s)
		if rc != sqlite3.SQLITE_ROW {
			return n, last, r.check(rc)
		}
		if n%1000 == 0 && ctx.Err() != nil {
			return n, last, ctx.Err()
		}
		last = int64(sqlite3.Xsqlite3_column_int64(r.tls, s, scanSeq))
		sound := r.row(s, last, &a)
		if sound {
			err = f(last, &a)
		} else {
			err = f(last, nil)
		}
		if err != nil {
			return n, last, err
		}
	}
}

// row reads one row into a, and reports whether it is as it was written.
func (r *rowReader) row(s uintptr, seq int64, a *pos.Attempt) bool {
	at := sqlite3.Xsqlite3_column_text(r.tls, s, scanBody)
	size := int(sqlite3.Xsqlite3_column_bytes(r.tls, s, scanBody))
	if at == 0 || size == 0 {
		return false
	}
	body := unsafe.Slice((*byte)(outside(at)), size)
	if int64(crc32.Checksum(body, castagnoli)) != int64(sqlite3.Xsqlite3_column_int64(r.tls, s, scanSum)) {
		return false
	}
	return r.decoder.decode(unsafe.String(&body[0], size), a) == nil && a.Seq == seq && a.Updated == int64(sqlite3.Xsqlite3_column_int64(r.tls, s, scanUpdated))
}
