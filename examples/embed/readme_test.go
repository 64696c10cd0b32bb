package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(b)
}

// The program that both READMEs show is this one.
func TestTheReadmesShowThisProgram(t *testing.T) {
	source := read(t, "main.go")
	program := source[strings.Index(source, "package main"):]
	for _, name := range []string{"../../README.md", "../../README.zh-CN.md"} {
		require.Contains(t, read(t, name), "```go\n"+program+"```", name)
	}
}
