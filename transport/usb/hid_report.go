package usb

// Usage pages of HID devices at a till (HID Usage Tables 1.12; HID Point of
// Sale Usage Tables 1.02).
const (
	usagePageScanner = 0x8C
	usagePageStripe  = 0x8E
)

// firstUsagePage returns the first usage page of a report descriptor, 0 for
// none (HID 1.11, 6.2.2: short items, tag 0 of type global; FE is a long item).
func firstUsagePage(b []byte) uint16 {
	for len(b) > 0 {
		head := b[0]
		size := int(head & 3)
		if size == 3 {
			size = 4
		}
		if head == 0xFE {
			if len(b) < 3 {
				return 0
			}
			size = 2 + int(b[1])
		}
		if len(b) < 1+size {
			return 0
		}
		if head&^3 == 0x04 {
			var page uint16
			for n := min(size, 2) - 1; n >= 0; n-- {
				page = page<<8 | uint16(b[1+n])
			}
			return page
		}
		b = b[1+size:]
	}
	return 0
}
