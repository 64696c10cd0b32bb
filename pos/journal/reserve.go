package journal

import (
	"errors"
	"io/fs"
	"os"
)

// reserveBytes is kept in a file of its own and given up when the disk is
// full, so that attempts already begun can be ended: 8 MiB hold more than
// 5,000 closing records.
const reserveBytes = 8 << 20

// makeReserve writes the file unless it is there in full.
func makeReserve(path string, size int64) error {
	if st, err := os.Stat(path); err == nil && st.Size() == size {
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	// Not zeros: a file system that compresses would reserve nothing.
	block := make([]byte, 1<<16)
	x := uint32(2463534242)
	for left := size; left > 0 && err == nil; left -= int64(len(block)) {
		for i := range block {
			x ^= x << 13
			x ^= x >> 17
			x ^= x << 5
			block[i] = byte(x)
		}
		_, err = f.Write(block[:min(left, int64(len(block)))])
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// giveReserve frees the space; gone is false if there was none left to free.
func giveReserve(path string) (gone bool, err error) {
	err = os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
