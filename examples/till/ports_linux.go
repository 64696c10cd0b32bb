package main

import (
	"os"
	"os/user"
	"strconv"
	"syscall"

	"github.com/openecr/openecr/transport/usb"
)

// readWrite is R_OK|W_OK of access(2).
const readWrite = 4 | 2

// denied says what keeps this user from a node, without opening it; empty if
// nothing does. Of a copy of another machine's /sys nothing is known.
func (m machine) denied(node string, d usb.Device) string {
	if m.usb.Root != "" {
		return ""
	}
	err := syscall.Access(node, readWrite)
	if err == nil || os.IsNotExist(err) {
		return ""
	}
	info, statErr := os.Stat(node)
	if statErr == nil {
		stat, ok := info.Sys().(*syscall.Stat_t)
		if ok && stat.Gid != 0 && info.Mode().Perm()&0o060 == 0o060 {
			name := strconv.Itoa(int(stat.Gid))
			if group, err := user.LookupGroupId(name); err == nil {
				name = group.Name
			}
			return "no permission: add this user to the group " + name + " and log in again"
		}
	}
	return "no permission: as root write the line\n  " + rule(d) + "\nto /etc/udev/rules.d/70-openecr.rules, add this user to the group dialout, " +
		"plug the device in again and log in again"
}
