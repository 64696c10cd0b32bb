//go:build unix

package main

import (
	"os"
	"syscall"
)

// restart ends this program where it stands, as a kill does, and begins it
// again: nothing is closed, flushed or said. The flags are added to those it had.
func restart(flags ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return syscall.Exec(self, append(append([]string{}, os.Args...), flags...), os.Environ())
}
