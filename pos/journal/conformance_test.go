package journal_test

import (
	"path/filepath"
	"testing"

	"github.com/openecr/openecr/pos/journal"
	"github.com/openecr/openecr/pos/postest"
	"github.com/stretchr/testify/require"
)

func TestJournal(t *testing.T) {
	postest.TestJournal(t, func(t *testing.T, dir string) postest.ClosableJournal {
		j, err := journal.Open(t.Context(), journal.Config{Path: filepath.Join(dir, "till.db")})
		require.NoError(t, err)
		return j
	})
}
