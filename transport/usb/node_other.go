//go:build !linux

package usb

import (
	"context"
	"fmt"
)

// nodesExist: only Linux shows which file belongs to which device.
const nodesExist = false

func (d *Dialer) openNode(_ context.Context, node string, _ function) (backend, error) {
	return nil, fmt.Errorf("%w: %s", ErrNode, node)
}
