package usb

import "context"

func listSystem(ctx context.Context) ([]Device, error) { return listSysfs(ctx, "/sys/bus/usb/devices") }
