// Package durable puts files on disk so that they are there after a power cut,
// and locks them so that a lock ends with its process.
package durable

import (
	"errors"
	"os"
	"path/filepath"
)

// ErrHeld: somebody else has the lock.
var ErrHeld = errors.New("the file is locked by another user of it")

// TryLock takes a file for this opening of it, or returns ErrHeld. Closing the
// file, or the end of the process however it ends, frees it.
func TryLock(f *os.File) error { return tryLock(f) }

// SyncDir makes the names in a directory durable.
func SyncDir(path string) error { return syncDir(path) }

// Replace makes content durable beside path and lets it take path's place: at
// every moment there is the old content or the new one. perm is that of the new file.
func Replace(path string, content []byte, perm os.FileMode) error {
	dir := filepath.Dir(path)
	t, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(t.Name())
	_, err = t.Write(content)
	if err = errors.Join(err, t.Chmod(perm), t.Sync(), t.Close()); err != nil {
		return err
	}
	if err := os.Rename(t.Name(), path); err != nil {
		return err
	}
	return SyncDir(dir)
}
