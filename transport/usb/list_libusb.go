//go:build !linux && cgo && libusb

package usb

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/gousb"
)

// listSystem asks libusb, in a context of its own. Devices that may not be
// opened are listed without their strings.
func listSystem(ctx context.Context, _ func(Device) bool) (devices []Device, err error) {
	c, err := newContext()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	defer recovered(&err)
	opened, _ := c.OpenDevices(func(desc *gousb.DeviceDesc) bool {
		devices = append(devices, fromLibusb(desc))
		return ctx.Err() == nil
	})
	for _, d := range opened {
		for n := range devices {
			if devices[n].Bus == d.Desc.Bus && devices[n].Address == d.Desc.Address {
				devices[n].Manufacturer, _ = d.Manufacturer()
				devices[n].Product, _ = d.Product()
				devices[n].Serial, _ = d.SerialNumber()
			}
		}
		d.Close()
	}
	return devices, ctx.Err()
}

func fromLibusb(desc *gousb.DeviceDesc) Device {
	d := Device{VendorID: ID(desc.Vendor), ProductID: ID(desc.Product), Bus: desc.Bus, Address: desc.Address,
		Class: Class(desc.Class), SubClass: Class(desc.SubClass), Protocol: Class(desc.Protocol), Path: fmt.Sprintf("usb%d", desc.Bus)}
	if len(desc.Path) > 0 {
		d.Path = fmt.Sprintf("%d-%s", desc.Bus, strings.Trim(strings.ReplaceAll(fmt.Sprint(desc.Path), " ", "."), "[]"))
	}
	for _, config := range desc.Configs { // one, of every device met in shops
		for _, i := range config.Interfaces {
			for _, s := range i.AltSettings {
				out := Interface{Number: s.Number, Alternate: s.Alternate, Class: Class(s.Class), SubClass: Class(s.SubClass), Protocol: Class(s.Protocol)}
				for _, e := range s.Endpoints {
					out.Endpoints = append(out.Endpoints, Endpoint{Address: uint8(e.Address), Attributes: uint8(e.TransferType), MaxPacket: e.MaxPacketSize})
				}
				d.Interfaces = append(d.Interfaces, out)
			}
		}
		break
	}
	return d
}
