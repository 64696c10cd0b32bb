package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// hideTyping switches a terminal's echo off until the returned function is
// called; on anything but a terminal it does nothing.
func hideTyping(f *os.File) (show func()) {
	was, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		return func() {}
	}
	hidden := *was
	hidden.Lflag &^= unix.ECHO
	if unix.IoctlSetTermios(int(f.Fd()), unix.TCSETS, &hidden) != nil {
		return func() {}
	}
	return func() { _ = unix.IoctlSetTermios(int(f.Fd()), unix.TCSETS, was) }
}
