package durable

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// tryLock takes one byte far behind the text, so that others can still read
// who holds it: locks of Windows are mandatory.
func tryLock(f *os.File) error {
	at := windows.Overlapped{Offset: 1 << 30}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return ErrHeld
	}
	return err
}

// syncDir has nothing to do: NTFS journals its names.
func syncDir(string) error { return nil }
