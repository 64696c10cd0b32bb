package journal

import (
	"cmp"
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
)

// view is the table of attempts, derived from the records, in a file of its
// own: written in batches behind the journal, never waited for by a payment,
// and built anew from the records whenever it is missing, damaged or foreign.
type view struct {
	path    string
	writer  *conn // of the keeper; nil when open for reading only
	readers chan *conn
}

const viewVersion = 1

var viewSchema = []string{
	`CREATE TABLE attempts (
	seq INTEGER PRIMARY KEY,
	id TEXT NOT NULL,
	updated INTEGER NOT NULL,
	created INTEGER NOT NULL,
	amount INTEGER NOT NULL,
	currency TEXT NOT NULL,
	last4 TEXT NOT NULL,
	reference TEXT NOT NULL,
	state TEXT NOT NULL,
	device TEXT NOT NULL,
	original TEXT NOT NULL,
	till TEXT NOT NULL,
	tender TEXT NOT NULL,
	type TEXT NOT NULL,
	sum INTEGER NOT NULL,
	body TEXT NOT NULL
) STRICT`,
	`CREATE UNIQUE INDEX attempts_id ON attempts (id)`,
	`CREATE INDEX attempts_created ON attempts (created)`,
	`CREATE INDEX attempts_amount ON attempts (amount, currency)`,
	`CREATE INDEX attempts_last4 ON attempts (last4) WHERE last4 <> ''`,
	`CREATE INDEX attempts_reference ON attempts (reference)`,
	`CREATE INDEX attempts_state ON attempts (state)`,
	`CREATE INDEX attempts_original ON attempts (original) WHERE original <> ''`,
	`CREATE TABLE progress (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, epoch INTEGER NOT NULL, hash BLOB NOT NULL) STRICT`,
}

// viewReaders is how many look-ups run at once; more than the cores of a
// register would only take turns.
const viewReaders = 4

var viewSetup = []string{
	"PRAGMA journal_mode=WAL",
	"PRAGMA synchronous=NORMAL", // a power cut may lose its newest part, which is then derived again
	"PRAGMA wal_autocheckpoint=8192",
	"PRAGMA cell_size_check=1",
	"PRAGMA cache_size=-32768",
	"PRAGMA trusted_schema=0",
}

// errStale says that the view must be built anew.
var errStale = errors.New("the view must be built anew")

// openView opens the view for writing, or returns errStale.
func openView(path string) (*view, error) {
	if err := createPrivate(path); err != nil {
		return nil, err
	}
	c, err := openConn(path, "", viewSetup...)
	if err != nil {
		return nil, err
	}
	v := &view{path: path, writer: c}
	version, err := c.number("PRAGMA user_version")
	if err == nil && version == 0 {
		err = v.create()
	} else if err == nil && version != viewVersion {
		err = fmt.Errorf("%w: it has layout %d", errStale, version)
	}
	if err == nil {
		err = checkSchema(c, viewSchema)
	}
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	v.openReaders()
	return v, nil
}

// readView opens the view for reading only.
func readView(path string) (*view, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	v := &view{path: path}
	v.openReaders()
	err := v.read(context.Background(), func(c *conn) error {
		version, err := c.number("PRAGMA user_version")
		if err == nil && version != viewVersion {
			err = errStale
		}
		if err == nil {
			err = checkSchema(c, viewSchema)
		}
		return err
	})
	if err != nil {
		return nil, errors.Join(err, v.close())
	}
	return v, nil
}

func (v *view) create() error {
	steps := append([]string{"BEGIN IMMEDIATE"}, viewSchema...)
	steps = append(steps, "INSERT INTO progress VALUES (1, 0, 0, x'')", fmt.Sprintf("PRAGMA user_version=%d", viewVersion), "COMMIT")
	for _, q := range steps {
		if err := v.writer.run(q); err != nil {
			return err
		}
	}
	return nil
}

func (v *view) openReaders() {
	v.readers = make(chan *conn, viewReaders)
	for range viewReaders {
		v.readers <- nil // opened when first needed
	}
}

// removeView deletes the files of a view that is not open.
func removeView(path string) error {
	var list []error
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			list = append(list, err)
		}
	}
	return errors.Join(list...)
}

func (v *view) close() error {
	var list []error
	for range viewReaders {
		if c := <-v.readers; c != nil {
			list = append(list, c.close())
		}
	}
	if v.writer != nil {
		list = append(list, v.writer.close())
	}
	return errors.Join(list...)
}

// read lends a connection to f.
func (v *view) read(ctx context.Context, f func(c *conn) error) error {
	var c *conn
	select {
	case c = <-v.readers:
	case <-ctx.Done():
		return ctx.Err()
	}
	if c == nil {
		var err error
		if c, err = openConn(v.path, "mode=ro", "PRAGMA query_only=1", "PRAGMA cell_size_check=1"); err != nil {
			v.readers <- nil
			return err
		}
	}
	defer func() { v.readers <- c }()
	return f(c)
}

// progress returns up to which record the view has come.
func (v *view) progress() (m mark, err error) {
	err = v.read(context.Background(), func(c *conn) error {
		return c.each(context.Background(), "SELECT seq, epoch, hash FROM progress WHERE one = 1", nil, func(row []driver.Value) error {
			m.seq, m.epoch = asInt(row[0]), asInt(row[1])
			copy(m.hash[:], asBytes(row[2]))
			return errStop
		})
	})
	return m, err
}

// Rows are written so that a conflict gives up the whole batch: SQLite then
// keeps no journal for the single statement.
const (
	insertAttempt = "INSERT OR ROLLBACK INTO attempts VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
	updateAttempt = "UPDATE OR ROLLBACK attempts SET updated=?3, last4=?7, state=?9, sum=?15, body=?16 WHERE seq=?1"
)

// write brings the view from the record since up to at. Only the keeper calls
// it, or Open.
func (v *view) write(list []*pos.Attempt, since int64, at mark) error {
	slices.SortFunc(list, func(a, b *pos.Attempt) int { return cmp.Compare(a.Seq, b.Seq) }) // appends are cheapest
	if err := v.writer.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := func() error {
		for _, a := range list {
			args, err := v.columns(a)
			if err != nil {
				return err
			}
			query := insertAttempt
			if a.Seq <= since {
				query = updateAttempt
			}
			if err := v.writer.exec(query, args[:]...); err != nil {
				return err
			}
		}
		if err := v.writer.exec("UPDATE progress SET seq=?, epoch=?, hash=?", at.seq, at.epoch, at.hash[:]); err != nil {
			return err
		}
		return v.writer.exec("COMMIT")
	}()
	if err != nil {
		if e := v.writer.run("ROLLBACK"); e != nil && sqlitePrimary(e) != 1 {
			err = errors.Join(err, e)
		}
	}
	return err
}

const attemptColumns = 16

// columns are the values of one row, in the order of the schema.
func (v *view) columns(a *pos.Attempt) (args [attemptColumns]any, err error) {
	body, err := json.Marshal(a)
	if err != nil {
		return args, fmt.Errorf("attempt %s: %w", a.ID, err)
	}
	return [attemptColumns]any{
		a.Seq, string(a.ID), a.Updated, nanos(a.Created), a.Amount.Minor(), string(a.Amount.Currency()),
		a.LastFour(), a.Reference, string(a.State), a.Device, string(a.Original), a.Till, a.Tender, string(a.Type),
		int64(crc32.Checksum(body, castagnoli)), string(body),
	}, nil
}

// nanos is the time as a sortable number; times beyond 1678 to 2262 meet at the ends.
func nanos(t time.Time) int64 {
	switch year := t.Year(); {
	case year < 1678:
		return math.MinInt64
	case year > 2261:
		return math.MaxInt64
	}
	return t.UnixNano()
}

// rowColumns are what decodeRow needs.
const rowColumns = "seq, id, updated, sum, body"

// errBadRow says that a row of the view is not as it was written.
type errBadRow struct {
	id  pos.AttemptID
	seq int64
}

func (e *errBadRow) Error() string {
	return fmt.Sprintf("row %d (attempt %q) of the view is damaged", e.seq, string(e.id))
}

// decodeRow reads rowColumns into an attempt, or returns *errBadRow.
func decodeRow(row []driver.Value) (*pos.Attempt, error) {
	bad := &errBadRow{id: pos.AttemptID(asText(row[1])), seq: asInt(row[0])}
	body := []byte(asText(row[4]))
	if int64(crc32.Checksum(body, castagnoli)) != asInt(row[3]) {
		return nil, bad
	}
	a := new(pos.Attempt)
	if err := json.Unmarshal(body, a); err != nil || a.ID != bad.id || a.Seq != bad.seq || a.Updated != asInt(row[2]) {
		return nil, bad
	}
	return a, nil
}

// query collects the attempts of a query over rowColumns. Damaged rows are
// handed to mend, which returns them as the records tell.
func (v *view) query(ctx context.Context, sql string, args []any, mend func(*errBadRow) (*pos.Attempt, error)) (list []*pos.Attempt, err error) {
	err = v.read(ctx, func(c *conn) error {
		return c.each(ctx, sql, args, func(row []driver.Value) error {
			a, err := decodeRow(row)
			if bad, ok := errors.AsType[*errBadRow](err); ok {
				a, err = mend(bad)
			}
			if err == nil && a != nil {
				list = append(list, a)
			}
			return err
		})
	})
	return list, err
}

// plan turns a filter into a query over rowColumns, with the index that
// promises the fewest rows; "+" keeps SQLite from choosing another.
func plan(f *pos.Filter, limit int) (query string, args []any) {
	var where []string
	chosen := false
	add := func(indexed bool, column, condition string, values ...any) {
		plus := "+"
		if indexed && !chosen {
			plus, chosen = "", true
		}
		where = append(where, strings.ReplaceAll(condition, "@", plus+column))
		args = append(args, values...)
	}
	if f.Original != "" {
		add(true, "original", "@ = ? AND original <> ''", string(f.Original))
	}
	if f.Reference != "" {
		add(true, "reference", "@ = ?", f.Reference)
	}
	if f.LastFour != "" {
		add(true, "last4", "@ = ? AND last4 <> ''", f.LastFour)
	}
	if f.Amount != (pos.Money{}) {
		add(true, "amount", "@ = ? AND +currency = ?", f.Amount.Minor(), string(f.Amount.Currency()))
	}
	narrow := !slices.Contains(f.States, pos.StateConfirmed) // nearly all are confirmed
	if len(f.States) > 0 {
		values := make([]any, len(f.States))
		for i, s := range f.States {
			values[i] = string(s)
		}
		add(narrow, "state", "@ IN ("+marks(len(values))+")", values...)
	}
	if !f.From.IsZero() {
		add(true, "created", "@ >= ?", nanos(f.From))
	}
	if to := nanos(f.To); !f.To.IsZero() && to != math.MaxInt64 {
		// A second bound on the column of the chosen index narrows it further.
		if add(!chosen, "created", "@ < ?", to); !f.From.IsZero() {
			where[len(where)-1] = strings.TrimPrefix(where[len(where)-1], "+")
		}
	}
	for column, value := range map[string]string{"till": f.Till, "tender": f.Tender, "device": f.Device} {
		if value != "" {
			add(false, column, "@ = ?", value)
		}
	}
	if len(f.Types) > 0 {
		values := make([]any, len(f.Types))
		for i, t := range f.Types {
			values[i] = string(t)
		}
		add(false, "type", "@ IN ("+marks(len(values))+")", values...)
	}
	if f.AfterSeq > 0 {
		add(!chosen, "seq", "@ > ?", f.AfterSeq)
	}
	order := ""
	if f.Newest {
		order = " DESC"
	}
	// The inner query finds the rows in an index alone where it can; only those
	// that are wanted are then read.
	query = "SELECT " + rowColumns + " FROM attempts WHERE seq IN (SELECT seq FROM attempts"
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	return query + " ORDER BY seq" + order + " LIMIT ?) ORDER BY seq" + order, append(args, int64(limit))
}

func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }
