package usb

// source says where a line of the table is from, and so how much it is worth.
type source byte

const (
	seen      source = 'P' // seen on the wire
	kernel    source = 'K' // module aliases of Linux 6.1
	usbIDs    source = 'U' // the public list usb.ids, 2025.07.26
	community source = 'C' // reports of single projects
	textbook  source = 'T' // commonly said, not checked
)

func (s source) String() string {
	switch s {
	case seen:
		return "seen on such a device"
	case kernel:
		return "known to the Linux kernel"
	case usbIDs:
		return "listed in usb.ids"
	case community:
		return "reported by single projects"
	}
	return "commonly said, unverified"
}

// any product of the vendor.
const anyProduct = -1

// known is one line of the table of numbers. shared marks numbers that belong
// to the maker of a chip and say nothing about the device around it.
type known struct {
	vendor  ID
	product int
	kind    Kind
	maker   string
	model   string
	source  source
	shared  bool
}

// table holds the numbers of devices found at tills. A line for a product
// comes before the one for its vendor.
var table = []known{
	{0x2FB8, 0x2205, KindTerminal, "PAX", "A910", community, false},
	{0x2FB8, 0x2116, KindTerminal, "PAX", "A920", community, false},
	{0x2FB8, 0x225E, KindTerminal, "PAX", "IM30", community, false},
	{0x2FB8, 0x2367, KindTerminal, "PAX", "A35", community, false},
	{0x2FB8, anyProduct, KindTerminal, "PAX", "", community, false},
	{0x1234, 0x0101, KindTerminal, "PAX", "", community, true},
	{0x9908, 0x9030, KindTerminal, "PAX", "", community, true},
	{0x11CA, 0x0201, KindTerminal, "Verifone", "MX870/MX880", kernel, false},
	{0x11CA, 0x0212, KindTerminal, "Verifone", "", kernel, false},
	{0x11CA, 0x0207, KindTerminal, "Verifone", "VX 810", usbIDs, false},
	{0x11CA, 0x0220, KindTerminal, "Verifone", "VX 805", usbIDs, false},
	{0x11CA, 0xCA11, KindTerminal, "Verifone", "P630", community, false},
	{0x11CA, anyProduct, KindTerminal, "Verifone", "", usbIDs, false},
	{0x0B00, 0x3070, KindTerminal, "Ingenico", "", kernel, false},
	{0x0B00, anyProduct, KindTerminal, "Ingenico", "", usbIDs, false},
	{0x079B, 0x000F, KindTerminal, "Ingenico (Sagem)", "", kernel, false},
	{0x079B, 0x0027, KindTerminal, "Ingenico (Sagem)", "", kernel, false},
	{0x079B, 0x0028, KindTerminal, "Ingenico (Sagem)", "", community, false},
	{0x0F14, 0x0038, KindTerminal, "Ingenico (XIRING)", "", usbIDs, false},
	{0x0CA6, 0x3050, KindTerminal, "Castles", "EZ710", usbIDs, false},
	{0x0CA6, 0x2010, KindTerminal, "Castles", "myPad110", usbIDs, false},
	{0x0CA6, anyProduct, KindTerminal, "Castles", "", usbIDs, false},

	{0x04B8, 0x0202, KindPrinter, "Epson", "UB-U05 (any TM model)", kernel, false},
	{0x04B8, 0x0E03, KindPrinter, "Epson", "TM-T20", usbIDs, false},
	{0x04B8, 0x0E31, KindPrinter, "Epson", "TM-L100", usbIDs, false},
	{0x04B8, 0x0521, KindSerial, "Epson", "serial interface", kernel, false},
	{0x04B8, 0x0522, KindSerial, "Epson", "serial interface", kernel, false},
	{0x1504, 0x001F, KindPrinter, "Bixolon", "SRP-350II", usbIDs, false},
	{0x1504, anyProduct, KindPrinter, "Bixolon", "", usbIDs, false},
	{0x0519, 0x0003, KindPrinter, "Star", "TSP100 (raster only, no ESC/POS)", usbIDs, false},
	{0x0519, anyProduct, KindPrinter, "Star", "", usbIDs, false},
	{0x154F, anyProduct, KindPrinter, "SNBC", "", usbIDs, false},
	{0x0DD4, 0x0237, KindPrinter, "Custom", "K80", usbIDs, false},
	{0x0DD4, anyProduct, KindPrinter, "Custom", "", usbIDs, false},
	{0x1D90, anyProduct, KindPrinter, "Citizen", "", usbIDs, false},
	{0x2730, anyProduct, KindPrinter, "Citizen", "", usbIDs, false},
	{0x08BD, anyProduct, KindPrinter, "Citizen", "", usbIDs, false},
	{0x08A6, anyProduct, KindPrinter, "Toshiba TEC", "", usbIDs, false},
	{0x0A5F, anyProduct, KindPrinter, "Zebra", "", usbIDs, false},
	{0x0416, 0x5011, KindPrinter, "", "receipt printer on a Winbond chip", community, true},
	{0x0483, 0x5743, KindPrinter, "", "receipt printer on an ST chip", community, true},
	{0x0483, 0x5720, KindPrinter, "", "receipt printer on an ST chip", community, true},
	{0x0483, 0x070B, KindPrinter, "", "receipt printer on an ST chip", community, true},
	{0x28E9, 0x0289, KindPrinter, "", "receipt printer on a GigaDevice chip", community, true},
	{0x1FC9, 0x2016, KindPrinter, "", "receipt printer on an NXP chip", community, true},
	{0x0FE6, 0x811E, KindPrinter, "", "receipt printer on an ICS chip", community, true},
	{0x6868, 0x0200, KindPrinter, "", "receipt printer", community, true},

	{0x0C2E, 0x0B61, KindScanner, "Honeywell", "Vuquest 3310", usbIDs, false},
	{0x0C2E, 0x0B6A, KindScanner, "Honeywell", "Vuquest 3310", usbIDs, false},
	{0x0C2E, 0x0B81, KindScanner, "Honeywell", "Voyager 1400g", usbIDs, false},
	{0x0C2E, anyProduct, KindScanner, "Honeywell", "", usbIDs, false},
	{0x0536, anyProduct, KindScanner, "Hand Held Products", "", usbIDs, false},
	{0x05E0, 0x1200, KindScanner, "Zebra/Symbol", "keyboard mode", usbIDs, false},
	{0x05E0, 0x1701, KindScanner, "Zebra/Symbol", "CDC mode", usbIDs, false},
	{0x05E0, 0x1900, KindScanner, "Zebra/Symbol", "SNAPI mode", usbIDs, false},
	{0x05E0, 0x1A00, KindScanner, "Zebra/Symbol", "CS4070", usbIDs, false},
	{0x05E0, 0x0600, KindScanner, "Zebra/Symbol", "simple serial mode", kernel, false},
	{0x05E0, anyProduct, KindScanner, "Zebra/Symbol", "", usbIDs, false},
	{0x05F9, anyProduct, KindScanner, "Datalogic/PSC", "", usbIDs, false},
	{0x080C, anyProduct, KindScanner, "Datalogic", "", usbIDs, false},
	{0x065A, 0x0009, KindScanner, "Opticon", "", kernel, false},
	{0x1EAB, anyProduct, KindScanner, "Newland", "", usbIDs, false},

	{0x072F, 0x2200, KindCardReader, "ACS", "ACR122U", usbIDs, false},
	{0x072F, 0x2100, KindCardReader, "ACS", "ACR128U", usbIDs, false},
	{0x072F, 0x220A, KindCardReader, "ACS", "ACR1281U-C5", usbIDs, false},
	{0x072F, 0x90CC, KindCardReader, "ACS", "ACR38", textbook, false},
	{0x072F, anyProduct, KindCardReader, "ACS", "", usbIDs, false},
	{0x0801, anyProduct, KindCardReader, "MagTek", "", usbIDs, false},
	{0x0ACD, 0x3710, KindCardReader, "ID Tech", "ViVOpay", usbIDs, false},
	{0x0ACD, 0x0810, KindCardReader, "ID Tech", "PIN pad", usbIDs, false},
	{0x0ACD, anyProduct, KindCardReader, "ID Tech", "", usbIDs, false},
	{0x08E6, 0x4433, KindCardReader, "Gemalto", "GemPC433 (also QEMU's)", seen, false},
	{0x08E6, 0x3437, KindCardReader, "Gemalto", "PC Twin", usbIDs, false},
	{0x08E6, anyProduct, KindCardReader, "Gemalto", "", usbIDs, false},
	{0x076B, anyProduct, KindCardReader, "Omnikey", "", usbIDs, false},
	{0x04E6, anyProduct, KindCardReader, "SCM", "", usbIDs, false},
	{0x096E, anyProduct, KindCardReader, "Feitian", "", usbIDs, false},

	{0x0403, 0x6001, KindSerial, "FTDI", "FT232R", seen, true},
	{0x0403, 0x6010, KindSerial, "FTDI", "FT2232", kernel, true},
	{0x0403, 0x6011, KindSerial, "FTDI", "FT4232", kernel, true},
	{0x0403, 0x6014, KindSerial, "FTDI", "FT232H", kernel, true},
	{0x0403, 0x6015, KindSerial, "FTDI", "FT-X", kernel, true},
	{0x10C4, 0xEA60, KindSerial, "Silicon Labs", "CP210x", kernel, true},
	{0x10C4, 0xEA61, KindSerial, "Silicon Labs", "CP210x", kernel, true},
	{0x10C4, 0xEA63, KindSerial, "Silicon Labs", "CP210x", kernel, true},
	{0x10C4, 0xEA70, KindSerial, "Silicon Labs", "CP2105", kernel, true},
	{0x10C4, 0xEA71, KindSerial, "Silicon Labs", "CP2108", kernel, true},
	{0x1A86, 0x7523, KindSerial, "WCH", "CH340", kernel, true},
	{0x1A86, 0x7522, KindSerial, "WCH", "CH340", kernel, true},
	{0x1A86, 0x5523, KindSerial, "WCH", "CH341", kernel, true},
	{0x1A86, 0x55D3, KindSerial, "WCH", "CH343", kernel, true},
	{0x1A86, 0x55D4, KindSerial, "WCH", "CH9102", kernel, true},
	{0x4348, 0x5523, KindSerial, "WCH", "CH341", kernel, true},
	{0x067B, 0x2303, KindSerial, "Prolific", "PL2303", kernel, true},
	{0x067B, 0x23A3, KindSerial, "Prolific", "PL2303", kernel, true},
	{0x067B, 0x23B3, KindSerial, "Prolific", "PL2303", kernel, true},
	{0x067B, 0x23C3, KindSerial, "Prolific", "PL2303", kernel, true},
	{0x067B, 0x23D3, KindSerial, "Prolific", "PL2303", kernel, true},
	{0x067B, 0x23E3, KindSerial, "Prolific", "PL2303", kernel, true},
	{0x067B, 0x23F3, KindSerial, "Prolific", "PL2303", kernel, true},

	{0x0627, 0x0001, KindUnknown, "QEMU", "keyboard, mouse or tablet", seen, true},
	{0x04E7, anyProduct, KindDisplay, "Elo", "", usbIDs, false},
	{0x0D3A, anyProduct, KindUnknown, "Posiflex", "", usbIDs, false},
	{0x0404, anyProduct, KindUnknown, "NCR", "", usbIDs, false},
	{0x0AA7, anyProduct, KindUnknown, "Wincor Nixdorf", "", usbIDs, false},
	{0x076C, anyProduct, KindUnknown, "Partner", "", usbIDs, false},
}

// words are what devices say of themselves in their strings, lower case.
var words = []struct {
	word string
	kind Kind
}{
	{"printer", KindPrinter}, {"thermal", KindPrinter}, {"receipt", KindPrinter},
	{"barcode", KindScanner}, {"bar code", KindScanner}, {"scanner", KindScanner},
	{"card reader", KindCardReader}, {"smart card", KindCardReader}, {"smartcard", KindCardReader}, {"ccid", KindCardReader},
	{"customer display", KindDisplay}, {"pole display", KindDisplay},
	{"payment", KindTerminal}, {"pinpad", KindTerminal}, {"pin pad", KindTerminal}, {"eft", KindTerminal},
	{"keyboard", KindKeyboard}, {"hub", KindHub},
	{"uart", KindSerial}, {"usb serial", KindSerial}, {"usb-serial", KindSerial}, {"rs232", KindSerial}, {"rs-232", KindSerial},
}
