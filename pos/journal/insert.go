package journal

import (
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// inserter is the connection that writes the records. It calls SQLite's own
// interface instead of the driver's: a barrier then costs half the processor,
// which is what decides how many lanes one sync can serve. One goroutine at a
// time, the leader, uses it.
type inserter struct {
	tls    *libc.TLS
	db     uintptr
	stmts  map[string]uintptr
	mem    uintptr // memory of SQLite for the texts of one statement
	memory []byte  // the same, as Go sees it
	log    *logSync
}

// codeError is an error of the inserter: SQLite's extended result code and its words.
type codeError struct {
	code int
	text string
}

func (e *codeError) Error() string { return fmt.Sprintf("%s (%d)", e.text, e.code) }

// inserterMemory holds the texts of eight ordinary records; larger ones get more.
const inserterMemory = 64 << 10

func openInserter(path string) (*inserter, error) {
	c := &inserter{tls: libc.NewTLS(), stmts: map[string]uintptr{}}
	name, err := libc.CString(path)
	if err != nil {
		c.tls.Close()
		return nil, err
	}
	defer libc.Xfree(c.tls, name)
	if err := c.grow(inserterMemory); err != nil {
		c.tls.Close()
		return nil, err
	}
	rc := sqlite3.Xsqlite3_open_v2(c.tls, name, c.mem, sqlite3.SQLITE_OPEN_READWRITE, 0)
	c.db = *(*uintptr)(unsafe.Pointer(&c.memory[0]))
	if err := c.check(rc); err != nil {
		c.close()
		return nil, err
	}
	sqlite3.Xsqlite3_extended_result_codes(c.tls, c.db, 1)
	sqlite3.Xsqlite3_busy_timeout(c.tls, c.db, busyTimeoutMillis)
	for _, q := range writerSetup[1:] { // the log is set up already
		if err := c.run(q); err != nil {
			c.close()
			return nil, err
		}
	}
	if c.log, err = c.syncLog(path); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// grow makes room for n bytes. The memory is SQLite's, so it does not move.
func (c *inserter) grow(n int) error {
	sqlite3.Xsqlite3_free(c.tls, c.mem)
	c.mem = sqlite3.Xsqlite3_malloc(c.tls, int32(n))
	if c.mem == 0 {
		c.memory = nil
		return fmt.Errorf("SQLite has no %d bytes of memory", n)
	}
	at := *(*unsafe.Pointer)(unsafe.Pointer(&c.mem)) // an address outside of Go's memory
	c.memory = unsafe.Slice((*byte)(at), n)
	return nil
}

func (c *inserter) check(rc int32) error {
	if rc == sqlite3.SQLITE_OK || rc == sqlite3.SQLITE_DONE || rc == sqlite3.SQLITE_ROW {
		return nil
	}
	e := &codeError{code: int(rc), text: "SQLite"}
	if c.db != 0 {
		e.text = libc.GoString(sqlite3.Xsqlite3_errmsg(c.tls, c.db))
	}
	return e
}

// run executes one statement, kept prepared; rows it returns are passed over.
func (c *inserter) run(query string) error {
	s, err := c.prepare(query)
	if err != nil {
		return err
	}
	return c.step(s)
}

// step runs a statement to its end and makes it ready for the next time.
func (c *inserter) step(s uintptr) error {
	rc := sqlite3.Xsqlite3_step(c.tls, s)
	for rc == sqlite3.SQLITE_ROW {
		rc = sqlite3.Xsqlite3_step(c.tls, s)
	}
	err := c.check(rc) // before reset: the words are those of the last call
	sqlite3.Xsqlite3_reset(c.tls, s)
	return err
}

func (c *inserter) prepare(query string) (uintptr, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	text, err := libc.CString(query)
	if err != nil {
		return 0, err
	}
	defer libc.Xfree(c.tls, text)
	if err := c.check(sqlite3.Xsqlite3_prepare_v2(c.tls, c.db, text, -1, c.mem, 0)); err != nil {
		return 0, err
	}
	s := *(*uintptr)(unsafe.Pointer(&c.memory[0]))
	c.stmts[query] = s
	return s, nil
}

// insertSizes are the row counts for which a statement is kept prepared. A
// group of exactly such a size is one statement that commits by itself.
var insertSizes = [...]int{64, 32, 16, 8, 4, 3, 2, 1}

var insertQueries = func() (q [len(insertSizes)]string) {
	for i, n := range insertSizes {
		q[i] = "INSERT INTO records VALUES " + strings.TrimSuffix(strings.Repeat("(?,?,?,?,?,?,?,?,?),", n), ",")
	}
	return q
}()

// insert makes the records durable, all or none.
func (c *inserter) insert(rows []Record) error {
	for i, n := range insertSizes {
		if n == len(rows) {
			return c.chunk(insertQueries[i], rows)
		}
	}
	if err := c.run("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := func() error {
		for i, n := range insertSizes {
			for len(rows) >= n {
				if err := c.chunk(insertQueries[i], rows[:n]); err != nil {
					return err
				}
				rows = rows[n:]
			}
		}
		return c.run("COMMIT")
	}()
	if err != nil && sqlite3.Xsqlite3_get_autocommit(c.tls, c.db) == 0 {
		// What failed is what counts; a transaction that cannot even be given
		// up makes every later one fail.
		_ = c.run("ROLLBACK")
	}
	return err
}

// textBytes is what the texts of one record take in the statement's memory.
func textBytes(r *Record) int { return len(r.Kind) + len(r.Attempt) + 2*HashLen + len(r.Body) }

// chunk inserts as many rows as the query has.
func (c *inserter) chunk(query string, rows []Record) error {
	s, err := c.prepare(query)
	if err != nil {
		return err
	}
	need := 0
	for i := range rows {
		need += textBytes(&rows[i])
	}
	if need > len(c.memory) {
		if err := c.grow(2 * need); err != nil {
			return err
		}
	}
	b := binder{c: c, s: s}
	for i := range rows {
		r := &rows[i]
		b.number(r.Seq)
		bindBytes(&b, r.Kind, true)
		bindBytes(&b, string(r.Attempt), true)
		b.number(r.Epoch)
		b.number(int64(r.Mono))
		b.number(r.Wall.UnixNano())
		bindBytes(&b, r.Prev[:], false)
		bindBytes(&b, r.Hash[:], false)
		bindBytes(&b, r.Body, true)
	}
	if err := c.check(b.rc); err != nil {
		return err
	}
	return c.step(s)
}

// binder gives a statement its values, one after the other; rc keeps the first failure.
type binder struct {
	c     *inserter
	s     uintptr
	index int32
	used  int
	rc    int32
}

func (b *binder) number(n int64) {
	b.index++
	b.note(sqlite3.Xsqlite3_bind_int64(b.c.tls, b.s, b.index, sqlite3.Tsqlite_int64(n)))
}

// bindBytes copies v into the statement's memory, which stays as it is until the next one.
func bindBytes[T string | []byte](b *binder, v T, text bool) {
	const static = 0 // SQLITE_STATIC: SQLite need not copy it
	b.index++
	at := b.c.mem + uintptr(b.used)
	b.used += copy(b.c.memory[b.used:], v)
	if text {
		b.note(sqlite3.Xsqlite3_bind_text(b.c.tls, b.s, b.index, at, int32(len(v)), static))
	} else {
		b.note(sqlite3.Xsqlite3_bind_blob(b.c.tls, b.s, b.index, at, int32(len(v)), static))
	}
}

func (b *binder) note(rc int32) {
	if b.rc == sqlite3.SQLITE_OK {
		b.rc = rc
	}
}

func (c *inserter) close() error {
	for _, s := range c.stmts {
		sqlite3.Xsqlite3_finalize(c.tls, s)
	}
	err := c.check(sqlite3.Xsqlite3_close_v2(c.tls, c.db))
	err = errors.Join(err, c.log.close())
	sqlite3.Xsqlite3_free(c.tls, c.mem)
	c.tls.Close()
	return err
}
