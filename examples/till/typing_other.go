//go:build !linux

package main

import "os"

// hideTyping does nothing here: what is typed is seen.
func hideTyping(*os.File) (show func()) { return func() {} }
