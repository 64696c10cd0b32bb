//go:build !linux && !windows

package serial

import (
	"context"
	"fmt"
	"slices"

	bugst "go.bug.st/serial"
)

// List returns the names of the ports. Which USB device is behind them is not
// known here without C.
func (l Lister) List(ctx context.Context) ([]Port, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("serial: list: %w", err)
	}
	names, err := bugst.GetPortsList()
	if err != nil {
		return nil, fmt.Errorf("serial: list: %w", err)
	}
	slices.Sort(names)
	ports := make([]Port, len(names))
	for i, name := range names {
		ports[i].Path = name
	}
	return ports, nil
}
