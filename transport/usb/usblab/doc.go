// Command usblab boots a virtual machine with real USB and runs a test binary
// in it.
//
//	go run ./transport/usb/usblab                 every test in the guest
//	go run ./transport/usb/usblab -run Replug     some of them
//	go run ./transport/usb/usblab -bench .        benchmarks
//
//	host                                guest
//	  go test -c -tags libusb  ------>    /init (this program)  ->  /test
//	  Debian's kernel, modules              |        usbtest devices over vhci_hcd
//	  initramfs, written here               |        QEMU's own: FTDI, CCID, keyboard, tablet
//	  qemu-system-x86_64 (tcg)  <------  console, and a verdict on port F4
//
// Test machines and containers seldom have USB, and never somebody who pulls
// cables. The guest has both: Debian's own kernel with cdc_acm, ftdi_sio, usblp
// and usbhid, devices made of software by package usbtest, and QEMU's.
//
// QEMU's FTDI adapter is cabled to the guest's second UART: /dev/ttyUSB0 and
// /dev/ttyS1 are the two ends of one serial line.
//
// It needs Debian on amd64 with qemu-system-x86, libusb-1.0-0-dev, pkg-config
// and gcc; the kernel's package is downloaded once and what is needed of it kept
// in OPENECR_USBLAB_CACHE, or openecr-usblab in the user's cache. Emulation
// always, also where there is /dev/kvm: on nested machines a guest under KVM may
// never print a byte.
//
// A run has passed if QEMU ends with status 1 and the guest has said
// "RESULT rc=0". Either alone can come from a crash.
package main
