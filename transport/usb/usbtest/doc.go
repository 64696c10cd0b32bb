// Package usbtest makes USB devices of software: descriptors, endpoints and
// what stands behind them, served to a real kernel as if somebody had plugged
// a cable in.
//
//	terminal := usbtest.NewACM(usbtest.Identity{VendorID: 0x0B00, ProductID: 0x3070, Serial: "0815"})
//	plug, err := usbtest.Attach(terminal.Device) // appears as /dev/ttyACM0
//	...
//	plug.Unplug()
//
//	  a program under test
//	        |  /dev/ttyACM0, /dev/usb/lp0, /dev/hidraw0, libusb
//	  the kernel: cdc_acm, usblp, usbhid, usbfs
//	        |  vhci_hcd, a host controller without wires
//	  Serve: USB/IP over a socketpair
//	        |  control requests, transfers
//	  Device: ACM, FTDI, Bulk, Printer, Scanner, or your own
//
// Attach needs Linux with the module vhci_hcd and the right to write its sysfs
// file; in a container or on a machine of others, use it inside a virtual
// machine as package usblab does. Serve needs nothing but a connection.
//
// A Device keeps what it is while plugs come and go: the same serial number,
// a new address each time. The stream models have a Port, the far end of their
// data pipes, which a simulated peer serves:
//
//	go sim.ServeSerial(terminal.Port) // of package zvttest
//
// # Faults
//
// Device.Cut pulls the cable at an exact transfer, on either side of its
// delivery; Device.Halt stalls an endpoint; a Port nobody reads fills up and
// holds the host's writes back.
//
// The protocol is that of Linux's Documentation/usb/usbip_protocol.rst; nothing
// here takes a *testing.T.
package usbtest
