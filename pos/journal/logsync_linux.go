package journal

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// logSync is SQLite's sync of its write-ahead log, done through Go's own
// system call. The library's makes the call behind the scheduler's back: for
// as long as the disk takes, one processor does nothing and the garbage
// collector cannot stop the world. What is synced, and when, stays SQLite's decision.
type logSync struct {
	log     *os.File
	methods uintptr                               // SQLite's own, with another sync; in its memory
	sync    func(*libc.TLS, uintptr, int32) int32 // SQLite keeps its address
	tls     *libc.TLS
}

// syncLog puts the sync of the connection's log through a logSync. The log must exist.
func (c *inserter) syncLog(path string) (*logSync, error) {
	if err := c.run("SELECT 1 FROM sqlite_master"); err != nil { // opens the log
		return nil, err
	}
	name, err := libc.CString("main")
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, name)
	if err := c.check(sqlite3.Xsqlite3_file_control(c.tls, c.db, name, sqlite3.SQLITE_FCNTL_JOURNAL_POINTER, c.mem)); err != nil {
		return nil, err
	}
	file := *(**sqlite3.Tsqlite3_file)(unsafe.Pointer(&c.memory[0]))
	if file == nil || file.FpMethods == 0 {
		return nil, errors.New("SQLite has not opened its log")
	}
	log, err := os.OpenFile(path+"-wal", os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("opening the log to sync it: %w", err)
	}
	s := &logSync{log: log, tls: c.tls}
	own := **(**sqlite3.Tsqlite3_io_methods)(unsafe.Pointer(&file.FpMethods))
	fd := int(log.Fd())
	s.sync = func(*libc.TLS, uintptr, int32) int32 {
		if err := unix.Fdatasync(fd); err != nil {
			return sqlite3.SQLITE_IOERR_FSYNC
		}
		return sqlite3.SQLITE_OK
	}
	own.FxSync = *(*uintptr)(unsafe.Pointer(&s.sync))
	if s.methods = sqlite3.Xsqlite3_malloc(c.tls, int32(unsafe.Sizeof(own))); s.methods == 0 {
		return nil, errors.Join(errors.New("SQLite has no memory for its log"), log.Close())
	}
	**(**sqlite3.Tsqlite3_io_methods)(unsafe.Pointer(&s.methods)) = own
	file.FpMethods = s.methods
	return s, nil
}

// close ends the log's second descriptor; the connection must be closed already.
func (s *logSync) close() error {
	if s == nil {
		return nil
	}
	sqlite3.Xsqlite3_free(s.tls, s.methods)
	return s.log.Close()
}
