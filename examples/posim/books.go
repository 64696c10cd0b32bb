package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/openecr/openecr/internal/durable"
)

// books are a simulator's own books and, in a file beside them, its memory:
// one JSON object a line in both. The memory is written first and holds every
// line of the books, so what a sudden death left out is written at the next
// start. The zero value keeps nothing.
type books struct {
	mu            sync.Mutex
	lines, memory *os.File
	// past is the memory of earlier runs, in order.
	past []json.RawMessage
}

// memorySuffix is what the name of the memory has more than that of the books.
const memorySuffix = ".state"

// booked is the part of an entry that is also a line of the books.
type booked struct {
	Booking json.RawMessage `json:"booking"`
}

// openBooks opens both files, cuts off lines that were not written to their
// end, and writes again what the books lack. The memory is locked, for two
// simulators would ruin each other's.
func openBooks(name string) (*books, error) {
	if name == "" {
		return &books{}, nil
	}
	memory, past, err := openLines(name + memorySuffix)
	if err != nil {
		return nil, err
	}
	b := &books{memory: memory, past: past}
	if err := b.openLines(name); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *books) openLines(name string) error {
	if err := durable.TryLock(b.memory); err != nil {
		return fmt.Errorf("%s is in use by another simulator: %w", name, err)
	}
	lines, have, err := openLines(name)
	if err != nil {
		return err
	}
	b.lines = lines
	missing, ok := lacking(have, b.past)
	if !ok {
		return fmt.Errorf("%s does not belong to the memory %s: remove both to begin a new terminal", name, name+memorySuffix)
	}
	for _, line := range missing {
		if err := appendLine(b.lines, line); err != nil {
			return err
		}
	}
	return nil
}

// lacking are the bookings of the memory that the books have not. ok is false
// for books of something else.
func lacking(have, past []json.RawMessage) (missing []json.RawMessage, ok bool) {
	var all []json.RawMessage
	for _, entry := range past {
		var e booked
		if json.Unmarshal(entry, &e) == nil && len(e.Booking) > 0 {
			all = append(all, e.Booking)
		}
	}
	if len(have) > 0 {
		last := have[len(have)-1]
		for i := len(all) - 1; i >= 0; i-- {
			if bytes.Equal(all[i], last) {
				return all[i+1:], true
			}
		}
	}
	// Not even the first booking is there: only if it was the one that was being written.
	return all, len(all) <= 1
}

// openLines opens a file of lines for appending and reads it. What follows the
// last newline was never acknowledged to anybody and is cut off.
func openLines(name string) (*os.File, []json.RawMessage, error) {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return nil, nil, err
	}
	list, err := readLines(file, name)
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, list, nil
}

func readLines(file *os.File, name string) (list []json.RawMessage, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	whole := bytes.LastIndexByte(data, '\n') + 1
	if whole < len(data) {
		if err := errors.Join(file.Truncate(int64(whole)), file.Sync()); err != nil {
			return nil, err
		}
	}
	for line := range bytes.Lines(data[:whole]) {
		if line = bytes.TrimSpace(line); !json.Valid(line) {
			return nil, fmt.Errorf("%s: line %d is not JSON", name, len(list)+1)
		}
		list = append(list, line)
	}
	return list, nil
}

// write returns when the entry, and the line of the books in it if there is
// one, survive a power cut.
func (b *books) write(entry any) error {
	if b.memory == nil {
		return nil
	}
	line, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	var e booked
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := appendLine(b.memory, line); err != nil || len(e.Booking) == 0 {
		return err
	}
	return appendLine(b.lines, e.Booking)
}

func appendLine(file *os.File, line []byte) error {
	if _, err := file.Write(append(bytes.Clone(line), '\n')); err != nil {
		return err
	}
	return file.Sync()
}

func (b *books) close() {
	for _, file := range []*os.File{b.lines, b.memory} {
		if file != nil {
			file.Close()
		}
	}
}
