package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/openecr/openecr/internal/durable"
)

// lockFile is the advisory lock of the one writer. The system drops it when
// the process dies, so a stale file needs no human; it is never removed,
// because removing it would let two processes lock two files of one name.
type lockFile struct{ f *os.File }

// lock takes the lock or returns durable.ErrHeld with the holder's process id, if it left one.
func lock(path string) (l *lockFile, holder int, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, 0, err
	}
	if err := durable.TryLock(f); err != nil {
		if errors.Is(err, durable.ErrHeld) {
			text, _ := io.ReadAll(io.LimitReader(f, 32)) // best effort: it only helps a person
			holder, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		}
		return nil, holder, errors.Join(err, f.Close())
	}
	if _, err := f.WriteAt(fmt.Appendf(nil, "%-20d\n", os.Getpid()), 0); err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return &lockFile{f}, 0, nil
}

func (l *lockFile) unlock() error { return l.f.Close() }
