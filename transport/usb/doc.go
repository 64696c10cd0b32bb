// Package usb finds and connects to terminals, printers, scanners and adapters
// on the universal serial bus.
//
//	devices, err := usb.List(ctx)
//	for _, d := range devices {
//		fmt.Println(d, usb.Identify(d))
//	}
//
// Connection texts, for transport.Schemes:
//
//	usb://0b00:0062                     any device of this maker and product
//	usb://0b00:0062/SERIAL              the one with this serial number
//	usb://11ca:0220?path=1-2.3          the one in this socket
//	usb://?class=07                     the only printer there is
//	usb://0403:6001?baud=9600&stop=2    an adapter, with its line settings
//	usb://1234:0101?node=off            through libusb, whatever the kernel offers
//
// # Two ways in
//
//	              Dialer
//	            /        \
//	the kernel's node     libusb (-tags libusb)
//	/dev/ttyACM0, ttyUSB0 CDC-ACM, FTDI, printer class,
//	/dev/usb/lp0          HID, bulk pipes of vendors
//	/dev/hidraw0
//
// Where the kernel has a driver and offers a file for the device, that file is
// used: it needs neither cgo nor libusb, and it is the only way that shares a
// composite device with other programs. Everything else needs libusb and a
// build with
//
//	apt-get install libusb-1.0-0-dev pkg-config gcc
//	go build -tags libusb ./...
//
// Without the tag the same names exist and their errors say this. Listing,
// Identify, Watcher and every node work without it on Linux; on other systems
// listing needs the tag too.
//
// # Words
//
// A device has a vendor and a product number (VID, PID), which makers of cheap
// hardware borrow from the maker of the chip; a serial number, often none; an
// address that changes with every plugging; and a port path such as 1-2.3 (bus
// 1, second socket, third socket of the hub there), which names the socket. A
// device offers interfaces, each of a class (07 printer) with endpoints, the
// ends of its pipes. A driver of the kernel may be bound to an interface and
// offer a node, a file in /dev.
//
// # What is not certain
//
// Identify never recognises a device for certain by its numbers: see Guess. A
// device without serial number that comes back in another socket cannot be told
// from a second one of its kind; a Dialer that finds two refuses to choose
// (ErrAmbiguous).
//
// Sources: Universal Serial Bus Specification 2.0, chapter 9; Class Definitions
// for Communication Devices 1.2 with PSTN 1.2; Printer Class 1.1; HID 1.11 and
// HID Point of Sale Usage Tables 1.02; Linux 6.1 (sysfs layout, cdc_acm, usblp,
// ftdi_sio, hidraw). The vendor requests of FTDI are those of ftdi_sio.
package usb
