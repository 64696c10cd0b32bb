package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"path"
	"slices"
)

// File types of cpio, as in stat(2).
const (
	modeDir  = 0o040755
	modeFile = 0o100755
	modeChar = 0o020600
)

// archive is an initramfs: the format "newc" of cpio (Linux,
// driver-api/early-userspace/buffer-format).
type archive struct {
	out  bytes.Buffer
	dirs []string
	ino  int
}

// add puts a file into the archive, and the folders above it.
func (a *archive) add(name string, data []byte) {
	a.mkdir(path.Dir(name))
	a.entry(name, modeFile, 0, 0, data)
}

func (a *archive) mkdir(dir string) {
	if dir == "." || dir == "/" || slices.Contains(a.dirs, dir) {
		return
	}
	a.mkdir(path.Dir(dir))
	a.dirs = append(a.dirs, dir)
	a.entry(dir, modeDir, 0, 0, nil)
}

// device puts a character device into the archive.
func (a *archive) device(name string, major, minor int) {
	a.mkdir(path.Dir(name))
	a.entry(name, modeChar, major, minor, nil)
}

func (a *archive) entry(name string, mode, major, minor int, data []byte) {
	a.ino++
	fmt.Fprintf(&a.out, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		a.ino, mode, 0, 0, 1, 0, len(data), 0, 0, major, minor, len(name)+1, 0)
	a.out.WriteString(name + "\x00")
	a.pad()
	a.out.Write(data)
	a.pad()
}

func (a *archive) pad() {
	for a.out.Len()%4 != 0 {
		a.out.WriteByte(0)
	}
}

// bytes ends the archive and returns it, compressed quickly.
func (a *archive) bytes() ([]byte, error) {
	a.entry("TRAILER!!!", 0, 0, 0, nil)
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(a.out.Bytes()); err != nil {
		return nil, err
	}
	err = z.Close()
	return b.Bytes(), err
}
