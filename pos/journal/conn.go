package journal

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// conn is one SQLite connection, used by one goroutine at a time. The driver
// is used without database/sql: the journal owns its connections, and a
// barrier must not wait for a pool.
type conn struct {
	c     driver.Conn
	stmts map[string]*stmt
}

// stmt is a prepared statement with its argument buffer.
type stmt struct {
	exec  driver.StmtExecContext
	query driver.StmtQueryContext
	close func() error
	args  []driver.NamedValue
}

// busyTimeoutMillis is how long a connection waits for a reader of another
// program (a shell, a backup) before it fails; nothing is written then.
const busyTimeoutMillis = 5000

// openConn opens path with the URI parameters (such as mode=ro) and runs the statements.
func openConn(path, params string, setup ...string) (*conn, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	full = filepath.ToSlash(full)
	if !strings.HasPrefix(full, "/") { // a Windows drive: file:///C:/...
		full = "/" + full
	}
	dsn := "file://" + (&url.URL{Path: full}).EscapedPath()
	if params != "" {
		dsn += "?" + params
	}
	dc, err := (&sqlite.Driver{}).Open(dsn)
	if err != nil {
		return nil, err
	}
	c := &conn{c: dc, stmts: map[string]*stmt{}}
	for _, q := range append([]string{fmt.Sprintf("PRAGMA busy_timeout=%d", busyTimeoutMillis)}, setup...) {
		if err := c.run(q); err != nil {
			return nil, errors.Join(err, c.close())
		}
	}
	return c, nil
}

func (c *conn) close() error {
	var list []error
	for _, s := range c.stmts {
		list = append(list, s.close())
	}
	return errors.Join(append(list, c.c.Close())...)
}

// run executes statements once, without keeping them prepared.
func (c *conn) run(query string) error {
	_, err := c.c.(driver.ExecerContext).ExecContext(context.Background(), query, nil)
	return err
}

// prepare returns the statement, prepared on first use and kept.
func (c *conn) prepare(query string) (*stmt, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	ds, err := c.c.(driver.ConnPrepareContext).PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	s := &stmt{close: ds.Close}
	var ok1, ok2 bool
	s.exec, ok1 = ds.(driver.StmtExecContext)
	s.query, ok2 = ds.(driver.StmtQueryContext)
	if !ok1 || !ok2 {
		return nil, errors.Join(errors.New("the SQLite driver lacks contexts"), ds.Close())
	}
	c.stmts[query] = s
	return s, nil
}

// bind puts the arguments into the statement's own buffer.
func (s *stmt) bind(args []any) []driver.NamedValue {
	for len(s.args) < len(args) {
		s.args = append(s.args, driver.NamedValue{Ordinal: len(s.args) + 1})
	}
	for i, a := range args {
		s.args[i].Value = a
	}
	return s.args[:len(args)]
}

// exec runs a kept statement. Arguments are int64, string, []byte or nil.
func (c *conn) exec(query string, args ...any) error {
	s, err := c.prepare(query)
	if err != nil {
		return err
	}
	_, err = s.exec.ExecContext(context.Background(), s.bind(args))
	return err
}

// errStop ends each early without being an error.
var errStop = errors.New("stop")

// each runs a query and calls f with every row; the row is reused.
func (c *conn) each(ctx context.Context, query string, args []any, f func(row []driver.Value) error) (err error) {
	s, err := c.prepare(query)
	if err != nil {
		return err
	}
	rows, err := s.query.QueryContext(ctx, s.bind(args))
	if err != nil {
		return err
	}
	defer func() {
		if e := rows.Close(); err == nil {
			err = e
		}
	}()
	row := make([]driver.Value, len(rows.Columns()))
	for {
		if err := rows.Next(row); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := f(row); err == errStop {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// number reads one integer.
func (c *conn) number(query string, args ...any) (n int64, err error) {
	err = c.each(context.Background(), query, args, func(row []driver.Value) error {
		n = asInt(row[0])
		return errStop
	})
	return n, err
}

// texts reads one column of texts.
func (c *conn) texts(query string, args ...any) (list []string, err error) {
	err = c.each(context.Background(), query, args, func(row []driver.Value) error {
		list = append(list, asText(row[0]))
		return nil
	})
	return list, err
}

// asInt, asText and asBytes read a column; another type than expected reads as
// zero, which no checksum over the row survives.
func asInt(v driver.Value) int64 {
	n, _ := v.(int64)
	return n
}

func asText(v driver.Value) string {
	s, _ := v.(string)
	return s
}

func asBytes(v driver.Value) []byte {
	b, _ := v.([]byte)
	return b
}

// sqliteCode returns the primary and extended result code, or -1 for errors of another kind.
func sqliteCode(err error) (primary, extended int) {
	if e, ok := errors.AsType[*codeError](err); ok {
		return e.code & 0xff, e.code
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return -1, -1
	}
	return e.Code() & 0xff, e.Code()
}

// noRoom reports whether the write failed cleanly because the disk is full.
func noRoom(err error) bool {
	primary, extended := sqliteCode(err)
	return primary == sqlite3.SQLITE_FULL || extended == sqlite3.SQLITE_IOERR_SHMSIZE
}

// passing reports whether another program was in the way: nothing was written, nothing is wrong.
func passing(err error) bool {
	primary, _ := sqliteCode(err)
	return primary == sqlite3.SQLITE_BUSY || primary == sqlite3.SQLITE_LOCKED || primary == sqlite3.SQLITE_INTERRUPT
}

// damaged reports whether SQLite found the file itself broken.
func damaged(err error) bool {
	primary, _ := sqliteCode(err)
	return primary == sqlite3.SQLITE_CORRUPT || primary == sqlite3.SQLITE_NOTADB
}

// taken reports whether the sequence number is already in the file.
func taken(err error) bool {
	primary, _ := sqliteCode(err)
	return primary == sqlite3.SQLITE_CONSTRAINT
}
