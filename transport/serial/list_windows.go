package serial

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.bug.st/serial/enumerator"
)

// List returns the ports the system knows, ordered by name.
func (l Lister) List(ctx context.Context) ([]Port, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("serial: list: %w", err)
	}
	found, err := enumerator.GetDetailedPortsList() // no filter: asks no device
	if err != nil {
		return nil, fmt.Errorf("serial: list: %w", err)
	}
	var ports []Port
	for _, f := range found {
		p := Port{Path: f.Name}
		if f.IsUSB {
			vid, _ := strconv.ParseUint(f.VID, 16, 16)
			pid, _ := strconv.ParseUint(f.PID, 16, 16)
			p.USB = &USBPort{VID: uint16(vid), PID: uint16(pid), Serial: f.SerialNumber, Manufacturer: f.Manufacturer, Product: f.Product}
		}
		ports = append(ports, p)
	}
	slices.SortFunc(ports, func(a, b Port) int {
		if len(a.Path) != len(b.Path) {
			return len(a.Path) - len(b.Path) // COM9 before COM10
		}
		return strings.Compare(a.Path, b.Path)
	})
	return ports, nil
}
