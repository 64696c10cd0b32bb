package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/openecr/openecr/internal/durable"
)

// mark is the highest record ever acknowledged, kept in a second file (best:
// on another device), so that an older copy put back is noticed.
type mark struct {
	seq   int64
	epoch int64
	hash  [HashLen]byte
}

// The file has two slots in two sectors, written in turn: a write torn by a
// power cut leaves the other one.
const (
	markMagic   = "OECRMRK1"
	markSlotLen = 8 + 8 + 8 + HashLen + 4 // magic, seq, epoch, hash, CRC32C
	markStride  = 4096                    // a sector of every drive in use
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

type markFile struct {
	f    *os.File
	next int64 // slot to write
	buf  [markSlotLen]byte
}

// readMark returns the newest sound slot; found is false if there is none.
func readMark(path string) (m mark, found bool, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, false, nil
	}
	if err != nil {
		return m, false, err
	}
	for slot := range int64(2) {
		var buf [markSlotLen]byte
		if _, err := f.ReadAt(buf[:], slot*markStride); err != nil {
			if err == io.EOF {
				continue
			}
			return m, false, errors.Join(err, f.Close())
		}
		if got, ok := decodeMark(buf[:]); ok && (!found || got.seq > m.seq) {
			m, found = got, true
		}
	}
	return m, found, f.Close()
}

func decodeMark(b []byte) (m mark, ok bool) {
	body := b[:markSlotLen-4]
	if string(b[:8]) != markMagic || crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(b[markSlotLen-4:]) {
		return m, false
	}
	m.seq = int64(binary.BigEndian.Uint64(b[8:]))
	m.epoch = int64(binary.BigEndian.Uint64(b[16:]))
	copy(m.hash[:], b[24:])
	return m, true
}

// openMark opens the file for writing and makes its first content durable.
func openMark(path string, m mark) (*markFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	w := &markFile{f: f}
	for range 2 {
		if err := w.write(m); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	if err := errors.Join(f.Sync(), durable.SyncDir(filepath.Dir(path))); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return w, nil
}

// write notes a commit. It does not sync: the commit itself is durable, and a
// mark that is behind after a power cut only notices less.
func (w *markFile) write(m mark) error {
	b := w.buf[:0]
	b = append(b, markMagic...)
	b = binary.BigEndian.AppendUint64(b, uint64(m.seq))
	b = binary.BigEndian.AppendUint64(b, uint64(m.epoch))
	b = append(b, m.hash[:]...)
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	if _, err := w.f.WriteAt(b, w.next*markStride); err != nil {
		return fmt.Errorf("watermark: %w", err)
	}
	w.next = 1 - w.next
	return nil
}

func (w *markFile) close() error { return errors.Join(w.f.Sync(), w.f.Close()) }
