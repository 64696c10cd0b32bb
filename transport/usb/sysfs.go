package usb

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	// maxDevices bounds a listing: 127 addresses on each of some buses.
	maxDevices = 4096
	// maxAttribute bounds a text of sysfs: a string descriptor has at most 126
	// characters.
	maxAttribute = 4096
	// nodeDepth is how far below an interface its nodes lie: an event device of
	// a keyboard is 0003:VID:PID.N/input/inputN/eventN.
	nodeDepth = 5
	// maxNodes bounds the nodes of one interface.
	maxNodes = 64
)

// listSysfs reads a folder such as /sys/bus/usb/devices: an entry "1-2.3" or
// "usb1" for each device and "1-2.3:1.0" for each interface (Linux,
// Documentation/ABI/testing/sysfs-bus-usb).
//
// Of devices that wanted refuses by their numbers, classes and path, nothing
// more is read; nil wants all.
func listSysfs(ctx context.Context, root string, wanted func(Device) bool) ([]Device, error) {
	entries, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // a machine without USB
	}
	if err != nil {
		return nil, fmt.Errorf("usb: listing devices: %w", err)
	}
	var devices []Device
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if strings.Contains(e.Name(), ":") || len(devices) == maxDevices {
			continue
		}
		if d, ok := readDevice(root, e.Name(), wanted); ok {
			devices = append(devices, d)
		}
	}
	slices.SortFunc(devices, func(a, b Device) int { return comparePaths(a.Path, b.Path) })
	return devices, nil
}

// readDevice reads one device; false means it has gone meanwhile, or is none.
func readDevice(root, name string, wanted func(Device) bool) (Device, bool) {
	dir := filepath.Join(root, name)
	config, _ := strconv.Atoi(attribute(dir, "bConfigurationValue"))
	if config == 0 {
		config = -1 // not configured: its interfaces do not exist yet
	}
	b, err := readAtMost(filepath.Join(dir, "descriptors"), maxDescriptors)
	if err != nil {
		return Device{}, false
	}
	d, err := ParseDescriptors(b, config)
	if err != nil && d.VendorID == 0 {
		return Device{}, false
	}
	d.Path = name
	if wanted != nil && !wanted(d) {
		return Device{}, false
	}
	d.Bus, _ = strconv.Atoi(attribute(dir, "busnum"))
	d.Address, _ = strconv.Atoi(attribute(dir, "devnum"))
	if d.Bus == 0 || d.Address == 0 {
		return Device{}, false
	}
	d.Manufacturer = attribute(dir, "manufacturer")
	d.Product = attribute(dir, "product")
	d.Serial = attribute(dir, "serial")
	for n := range d.Interfaces {
		if d.Class == ClassHub { // below it are its sockets, which take long to read
			continue
		}
		readInterface(root, fmt.Sprintf("%s:%d.%d", name, config, d.Interfaces[n].Number), &d.Interfaces[n])
	}
	return d, true
}

// readInterface adds what the kernel made of an interface, to the alternate
// setting that is in use.
func readInterface(root, name string, i *Interface) {
	dir := filepath.Join(root, name)
	alternate, err := strconv.Atoi(attribute(dir, "bAlternateSetting"))
	if err != nil || alternate != i.Alternate {
		return
	}
	if target, err := os.Readlink(filepath.Join(dir, "driver")); err == nil {
		i.Driver = filepath.Base(target)
	}
	walkNodes(dir, nodeDepth, i)
	slices.Sort(i.Nodes)
}

// walkNodes collects the nodes named in the uevent files below dir.
func walkNodes(dir string, depth int, i *Interface) {
	entries, err := os.ReadDir(dir)
	if err != nil || depth == 0 || len(i.Nodes) >= maxNodes {
		return
	}
	for _, e := range entries {
		switch {
		case e.IsDir() && !strings.HasPrefix(e.Name(), "ep_") && e.Name() != "power":
			walkNodes(filepath.Join(dir, e.Name()), depth-1, i)
		case e.Name() == "uevent":
			if node := devname(dir); node != "" && !slices.Contains(i.Nodes, node) {
				i.Nodes = append(i.Nodes, node)
			}
		case e.Name() == "report_descriptor" && i.UsagePage == 0:
			if b, err := readAtMost(filepath.Join(dir, e.Name()), maxAttribute); err == nil {
				i.UsagePage = firstUsagePage(b)
			}
		}
	}
}

// devname reads the node out of a uevent file.
func devname(dir string) string {
	for line := range strings.SplitSeq(attribute(dir, "uevent"), "\n") {
		if name, ok := strings.CutPrefix(line, "DEVNAME="); ok && filepath.IsLocal(name) {
			return "/dev/" + name
		}
	}
	return ""
}

// attribute reads a text of sysfs without its line end; empty where there is none.
func attribute(dir, name string) string {
	b, err := readAtMost(filepath.Join(dir, name), maxAttribute)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(bytes.ToValidUTF8(b, []byte("?"))))
}

func readAtMost(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

// comparePaths orders port paths by number: 1-2 before 1-10.
func comparePaths(a, b string) int {
	return slices.CompareFunc(splitPath(a), splitPath(b), cmp.Compare[int])
}

func splitPath(path string) []int {
	var numbers []int
	for part := range strings.FieldsFuncSeq(strings.TrimPrefix(path, "usb"), func(r rune) bool { return r == '-' || r == '.' }) {
		n, _ := strconv.Atoi(part)
		numbers = append(numbers, n)
	}
	return numbers
}
