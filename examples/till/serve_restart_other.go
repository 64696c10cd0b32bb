//go:build !unix

package main

import (
	"fmt"
	"os"
	"strings"
)

// restart ends this program where it stands, as a kill does; this system cannot
// begin it again in its place, so it says how.
func restart(flags ...string) error {
	fmt.Fprintf(os.Stderr, "killed; start it again with: %s %s\n", strings.Join(os.Args, " "), strings.Join(flags, " "))
	os.Exit(statusOther)
	return nil
}
