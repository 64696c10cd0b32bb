//go:build !linux

package main

import "github.com/openecr/openecr/transport/usb"

// denied is not known here before opening.
func (m machine) denied(string, usb.Device) string { return "" }
