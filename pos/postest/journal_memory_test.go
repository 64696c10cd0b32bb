package postest_test

import (
	"sync"
	"testing"

	"github.com/openecr/openecr/pos/postest"
)

func TestMemoryJournal(t *testing.T) {
	var mu sync.Mutex
	disks := map[string]*postest.MemoryJournal{}
	postest.TestJournal(t, func(t *testing.T, dir string) postest.ClosableJournal {
		mu.Lock()
		defer mu.Unlock()
		j := disks[dir]
		if j == nil {
			j = postest.NewMemoryJournal()
		} else {
			j = j.Reopen()
		}
		disks[dir] = j
		return j
	})
}
