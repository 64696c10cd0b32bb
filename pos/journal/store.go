package journal

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
)

// applicationID marks the file as ours in its header ("OECR").
const applicationID = 0x4f454352

// schemaVersion is the layout this version writes.
//
//	1  records and the derived table attempts in one file, no triggers
//	2  records alone, guarded by triggers; the derived table lives in the view file
const schemaVersion = 2

// The schema of version 2. It is compared with the file at every open, so that
// a missing trigger or a changed column is noticed.
var schema = []string{
	`CREATE TABLE records (
	seq INTEGER PRIMARY KEY,
	kind TEXT NOT NULL,
	attempt TEXT NOT NULL,
	epoch INTEGER NOT NULL,
	mono INTEGER NOT NULL,
	wall INTEGER NOT NULL,
	prev BLOB NOT NULL,
	hash BLOB NOT NULL,
	body TEXT NOT NULL
) STRICT`,
	`CREATE TRIGGER records_no_update BEFORE UPDATE ON records BEGIN SELECT RAISE(ABORT, 'records are append-only'); END`,
	`CREATE TRIGGER records_no_delete BEFORE DELETE ON records BEGIN SELECT RAISE(ABORT, 'records are append-only'); END`,
}

const selectRecords = "SELECT seq, kind, attempt, epoch, mono, wall, prev, hash, body FROM records "

// writerSetup makes a commit durable: the write-ahead log is synced before
// COMMIT returns (synchronous=FULL, and the drive's own cache on macOS). The
// journal checkpoints itself.
var writerSetup = []string{
	"PRAGMA journal_mode=WAL",
	"PRAGMA synchronous=FULL",
	"PRAGMA fullfsync=1",
	"PRAGMA checkpoint_fullfsync=1",
	"PRAGMA wal_autocheckpoint=0",
	"PRAGMA cell_size_check=1",
	"PRAGMA trusted_schema=0",
}

// store is the file of records.
type store struct {
	path     string
	writer   *conn     // for everything but the records
	inserter *inserter // of the leader
}

// openStore opens or creates the file for writing and brings its layout up to date.
func openStore(path string) (*store, error) {
	if err := createPrivate(path); err != nil {
		return nil, err
	}
	c, err := openConn(path, "", writerSetup...)
	if err != nil {
		return nil, err
	}
	s := &store{path: path, writer: c}
	if err := s.prepareSchema(); err != nil {
		return nil, errors.Join(err, c.close())
	}
	if s.inserter, err = openInserter(path); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return s, nil
}

// createPrivate makes an empty file for the owner's eyes only, unless there is
// one; SQLite gives its companions the same rights. An existing file is never
// opened beside SQLite: closing it would drop the locks of this process.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// errNewer and errForeign become ErrSchema.
var (
	errNewer   = errors.New("it was written by a newer version; install that one")
	errForeign = errors.New("it is not a journal of OpenECR")
)

// layout reads the version of the layout; 0 is an empty file.
func layout(c *conn) (int64, error) {
	version, err := c.number("PRAGMA user_version")
	if err != nil {
		return 0, err
	}
	app, err := c.number("PRAGMA application_id")
	if err != nil {
		return 0, err
	}
	tables, err := c.number("SELECT count(*) FROM sqlite_schema")
	switch {
	case err != nil:
		return 0, err
	case version == 0 && app == 0 && tables == 0:
		return 0, nil
	case app != applicationID || version <= 0:
		return 0, errForeign
	case version > schemaVersion:
		return 0, fmt.Errorf("%w (layout %d, this is %d)", errNewer, version, schemaVersion)
	}
	return version, nil
}

func (s *store) prepareSchema() error {
	version, err := layout(s.writer)
	if err != nil {
		return err
	}
	var steps []string
	switch version {
	case 0:
		steps = schema
	case 1:
		// The derived table moves to the view file, which is rebuilt from the
		// records; the records stay as they are, so their hashes do too.
		steps = append([]string{"DROP TABLE IF EXISTS attempts"}, schema[1:]...)
	}
	if steps != nil {
		steps = append([]string{"BEGIN IMMEDIATE"}, steps...)
		steps = append(steps, fmt.Sprintf("PRAGMA application_id=%d", applicationID),
			fmt.Sprintf("PRAGMA user_version=%d", schemaVersion), "COMMIT")
		for _, q := range steps {
			if err := s.writer.run(q); err != nil {
				return errors.Join(err, s.rollback())
			}
		}
	}
	return checkSchema(s.writer, schema)
}

// checkSchema compares what the file says of itself with what it should say.
func checkSchema(c *conn, want []string) error {
	got, err := c.texts("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")
	if err != nil {
		return err
	}
	if strings.Join(got, ";\n") != strings.Join(want, ";\n") {
		return errSchemaText
	}
	return nil
}

var errSchemaText = errors.New("its tables or triggers are not as they were made")

func (s *store) rollback() error {
	if err := s.writer.run("ROLLBACK"); err != nil && sqlitePrimary(err) != 1 { // 1: no transaction is open any more
		return err
	}
	return nil
}

func sqlitePrimary(err error) int {
	primary, _ := sqliteCode(err)
	return primary
}

// insert makes the records durable, all or none.
func (s *store) insert(rows []Record) error { return s.inserter.insert(rows) }

func (s *store) close() error { return errors.Join(s.inserter.close(), s.writer.close()) }

// scanRecord fills r from a row of selectRecords.
func scanRecord(row []driver.Value, r *Record) error {
	prev, hash := asBytes(row[6]), asBytes(row[7])
	r.Seq = asInt(row[0])
	if len(prev) != HashLen || len(hash) != HashLen {
		return fmt.Errorf("record %d has no hash", r.Seq)
	}
	r.Kind, r.Attempt, r.Epoch = asText(row[1]), pos.AttemptID(asText(row[2])), asInt(row[3])
	r.Mono, r.Wall = time.Duration(asInt(row[4])), time.Unix(0, asInt(row[5])).UTC()
	copy(r.Prev[:], prev)
	copy(r.Hash[:], hash)
	r.Body = asText(row[8])
	return nil
}

// errRow marks a row that could not be read as a record, as apart from an error of the callback.
var errRow = errors.New("unreadable record")

// records calls f with every record from seq on; r is reused.
func records(ctx context.Context, c *conn, from int64, f func(r *Record) error) error {
	var r Record
	return c.each(ctx, selectRecords+"WHERE seq >= ? ORDER BY seq", []any{from}, func(row []driver.Value) error {
		if err := scanRecord(row, &r); err != nil {
			return fmt.Errorf("%w: %w", errRow, err)
		}
		return f(&r)
	})
}

// last returns the newest record, or the zero Record of an empty journal.
func last(c *conn) (Record, error) {
	var r Record
	err := c.each(context.Background(), selectRecords+"ORDER BY seq DESC LIMIT 1", nil, func(row []driver.Value) error {
		if err := scanRecord(row, &r); err != nil {
			return fmt.Errorf("%w: %w", errRow, err)
		}
		return errStop
	})
	return r, err
}

// record returns one record, or the zero Record if there is none.
func record(c *conn, seq int64) (Record, error) {
	var r Record
	err := c.each(context.Background(), selectRecords+"WHERE seq = ?", []any{seq}, func(row []driver.Value) error {
		if err := scanRecord(row, &r); err != nil {
			return fmt.Errorf("%w: %w", errRow, err)
		}
		return errStop
	})
	return r, err
}

// walBytes is how much of the write-ahead log is kept ready: writing into
// space that exists already spares the file system its own journal at every
// barrier. The log starts over before it grows beyond (see keeper).
const walBytes = 4 << 20

// preallocateLog extends the log with zeros, which SQLite takes for its end.
// The file of the log carries no locks, so opening it a second time is safe.
func (s *store) preallocateLog() error {
	f, err := os.OpenFile(s.path+"-wal", os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	st, err := f.Stat()
	if err == nil && st.Size() < walBytes {
		if _, err = f.WriteAt(make([]byte, walBytes-st.Size()), st.Size()); err == nil {
			err = f.Sync()
		}
		if err != nil {
			err = errors.Join(err, f.Truncate(st.Size()))
		}
	}
	return errors.Join(err, f.Close())
}

// checkpoint moves the log into the file as far as no reader needs it, and
// reports whether all of it was moved, so that the log can start over.
func checkpoint(c *conn) (done bool, err error) {
	err = c.each(context.Background(), "PRAGMA wal_checkpoint(PASSIVE)", nil, func(row []driver.Value) error {
		done = asInt(row[0]) == 0 && asInt(row[1]) == asInt(row[2])
		return nil
	})
	return done, err
}
