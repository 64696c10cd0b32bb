//go:build !linux

package serial

import "fmt"

// setRS485 exists on Linux only; adapters that switch by themselves need none.
func (c *Conn) setRS485(r *RS485) error {
	if r.Off {
		return nil
	}
	return fmt.Errorf("%w: RS-485 is set on Linux only; use an adapter that switches by itself", ErrMode)
}
