package serial

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	// maxAttribute bounds what is read of one file in /sys; a page there.
	maxAttribute = 4096
	// maxDepth bounds the walk from a port to the root of /sys: seven hubs at
	// most, and a dozen bridges.
	maxDepth = 40
	// portUnknown is PORT_UNKNOWN of linux/serial_core.h: no chip was found.
	portUnknown = "0"
)

// List returns the ports below l.Sys, ordered by path.
func (l Lister) List(ctx context.Context) ([]Port, error) {
	sys, dev := l.Sys, l.Dev
	if sys == "" {
		sys = "/sys"
	}
	if dev == "" {
		dev = "/dev"
	}
	class := filepath.Join(sys, "class", "tty")
	entries, err := os.ReadDir(class)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("serial: this system shows no devices in %s: %w", class, errors.ErrUnsupported)
	} else if err != nil {
		return nil, fmt.Errorf("serial: %w", err)
	}
	links := byID(dev)
	var ports []Port
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("serial: list: %w", err)
		}
		p, ok := readPort(filepath.Join(class, e.Name()), e.Name())
		if !ok {
			continue
		}
		p.Path = filepath.Join(dev, e.Name())
		p.Link = links[e.Name()]
		p.Access = access(p.Path)
		ports = append(ports, p)
	}
	slices.SortFunc(ports, func(a, b Port) int { return naturally(a.Path, b.Path) })
	return ports, nil
}

// readPort reads one entry; ok is false for consoles, pseudo terminals and
// built-in ports without a chip.
func readPort(entry, name string) (p Port, ok bool) {
	device, err := filepath.EvalSymlinks(filepath.Join(entry, "device"))
	if err != nil || strings.HasPrefix(name, "hvc") {
		return p, false
	}
	if attribute(entry, "type") == portUnknown {
		return p, false
	}
	if driver, err := os.Readlink(filepath.Join(device, "driver")); err == nil {
		p.Driver = filepath.Base(driver)
	}
	dir, number := device, ""
	for range maxDepth {
		if number == "" {
			number = attribute(dir, "bInterfaceNumber")
		}
		if vid := attribute(dir, "idVendor"); vid != "" {
			p.USB = &USBPort{VID: hexID(vid), PID: hexID(attribute(dir, "idProduct")), Serial: attribute(dir, "serial"),
				Manufacturer: attribute(dir, "manufacturer"), Product: attribute(dir, "product"),
				Interface: number, Place: filepath.Base(dir)}
			break
		}
		if dir = filepath.Dir(dir); dir == "/" || dir == "." {
			break
		}
	}
	return p, true
}

func attribute(dir, name string) string {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	defer f.Close()
	b := make([]byte, maxAttribute)
	n, _ := f.Read(b)
	return strings.TrimSpace(string(b[:n]))
}

func hexID(s string) uint16 {
	n, _ := strconv.ParseUint(s, 16, 16)
	return uint16(n)
}

// byID maps the names of ports to the links udev made for them.
func byID(dev string) map[string]string {
	folder := filepath.Join(dev, "serial", "by-id")
	entries, _ := os.ReadDir(folder)
	links := map[string]string{}
	for _, e := range entries {
		link := filepath.Join(folder, e.Name())
		if target, err := os.Readlink(link); err == nil {
			links[filepath.Base(target)] = link
		}
	}
	return links
}

// access asks the system without opening.
func access(path string) error {
	err := unix.Faccessat(unix.AT_FDCWD, path, unix.R_OK|unix.W_OK, unix.AT_EACCESS)
	if err == nil {
		return nil
	}
	return openError(path, err)
}

// naturally orders ttyUSB2 before ttyUSB10.
func naturally(a, b string) int {
	prefix := func(s string) (string, int) {
		head := strings.TrimRight(s, "0123456789")
		n, _ := strconv.Atoi(s[len(head):])
		return head, n
	}
	headA, numberA := prefix(a)
	headB, numberB := prefix(b)
	if c := strings.Compare(headA, headB); c != 0 {
		return c
	}
	return numberA - numberB
}
