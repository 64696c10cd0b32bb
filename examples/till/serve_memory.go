package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// memory is what one simulated peer must not forget: a file of JSON lines. It
// returns what is in it, and what adds to it. The lines outlive this program,
// not a power cut: they are a simulation's.
func memory[E any](s *simulation, name string) (past []E, remember func(E) error, err error) {
	f, err := os.OpenFile(filepath.Join(s.dir, name+".jsonl"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, err
	}
	s.files = append(s.files, f)
	in, good := bufio.NewReader(f), int64(0)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil { // the program was killed within a line
			break
		}
		var e E
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, nil, fmt.Errorf("%s is no memory of a simulator: %w", f.Name(), err)
		}
		past, good = append(past, e), good+int64(len(line))
	}
	if err := f.Truncate(good); err != nil {
		return nil, nil, err
	}
	if _, err := f.Seek(good, io.SeekStart); err != nil {
		return nil, nil, err
	}
	return past, func(e E) error {
		text, err := json.Marshal(e)
		if err != nil {
			return err
		}
		_, err = f.Write(append(text, '\n'))
		return err
	}, nil
}
