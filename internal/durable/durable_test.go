package durable_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/internal/durable"
)

func TestReplaceKeepsOneOfTheTwo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, durable.Replace(path, []byte("one"), 0o600))
	require.NoError(t, durable.Replace(path, []byte("two"), 0o600))
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "two", string(b))
	list, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, list, 1, "nothing is left beside it")
	require.Error(t, durable.Replace(filepath.Join(path, "below a file"), nil, 0o600))
}

func TestALockIsForOneOpening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	first, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, durable.TryLock(first))
	second, err := os.Open(path)
	require.NoError(t, err)
	defer second.Close()
	require.ErrorIs(t, durable.TryLock(second), durable.ErrHeld)
	require.NoError(t, first.Close())
	require.NoError(t, durable.TryLock(second))
}
