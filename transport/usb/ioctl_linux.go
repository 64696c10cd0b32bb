package usb

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// ioctlBytes passes the address of b; x/sys has no such call for any size.
func ioctlBytes(fd int, request uint, b []byte) error {
	var p unsafe.Pointer
	if len(b) > 0 {
		p = unsafe.Pointer(&b[0])
	}
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(p)); errno != 0 {
		return errno
	}
	return nil
}
