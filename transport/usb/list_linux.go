package usb

import "context"

func listSystem(ctx context.Context, wanted func(Device) bool) ([]Device, error) {
	return listSysfs(ctx, "/sys/bus/usb/devices", wanted)
}
