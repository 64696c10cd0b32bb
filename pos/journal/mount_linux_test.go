package journal

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// mountSmall puts a file system of the given size over dir; only root may.
func mountSmall(dir string, bytes int64) (unmount func() error, err error) {
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", bytes)); err != nil {
		return nil, err
	}
	return func() error { return unix.Unmount(dir, 0) }, nil
}
