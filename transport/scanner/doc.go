// Package scanner reads bar code scanners and payment code boxes.
//
//	conn, err := (&serial.Dialer{Path: "/dev/ttyACM0"}).Dial(ctx)
//	r := scanner.NewReader(conn, scanner.Config{Source: "counter"})
//	for {
//		scan, err := r.Next(ctx)
//		if errors.Is(err, scanner.ErrDamaged) {
//			continue // ask to scan again
//		}
//		...
//	}
//
// A Reader serves one connection; a Hub serves several scanners, finds them
// again after they were unplugged, and gives out each scan once.
//
//	scanner --- line:    [prefix] [AIM id] data [suffix] --- Splitter --\
//	        --- report:  02 length AIM data more         --- reports  --+--> Reader --> Scan
//	        --- keys:    modifiers 0 usage usage ...     --- keys     --/        \
//	                                                                  others ---- Hub
//
// # What is damaged is never a code
//
// A line that stops half way, never ends, or lacks the prefix that was agreed on
// is ErrDamaged, and reading goes on with the next one: half a payment code is
// no payment code, and two halves glued together are somebody else's. Only
// scanners without a suffix (Format.NoSuffix) end a code by silence; give them
// one if they can be set up.
//
// # What is secret
//
// A scan may be a payment code or a voucher, which are money: whoever reads one
// in a log can spend it. Scan and Code print a mask under every verb, in JSON
// and in slog. Only what an AIM identifier declares an article number (EAN,
// UPC) is shown. Code.Bytes gives the data to who needs it.
//
// # Words
//
// A scanner may send an AIM identifier before the data, "]E0" for EAN-13,
// which says what kind of symbol it saw (ISO/IEC 15424). GS1 element strings
// carry several facts in one symbol: (01) article, (10) batch, (17) expiry.
// FNC1, which ends those of variable length, arrives as the byte 1D.
//
// # What is not certain
//
// The AIM table, the GS1 table and the check digits follow the GS1 General
// Specifications and ISO/IEC 15424 as commonly known. The 64-byte report is that
// of Access-IS (LSR118 manual), which Honeywell and Zebra share. Keyboards are
// read in the US layout, which scanners use unless told otherwise; codes typed
// as Alt and digits are not understood. Each of these is a setting of the
// scanner, listed in its manual as bar codes.
package scanner
