// Package guest holds the tests that run inside the virtual machine of package
// usblab, against Linux's own drivers and libusb. They are built with the tags
// libusb and usblab; without, there is nothing here.
//
//	make test-usb
package guest
