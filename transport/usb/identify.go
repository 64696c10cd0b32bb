package usb

import (
	"fmt"
	"strings"
)

// Kind is what a device is for.
type Kind string

// Kinds.
const (
	KindUnknown    Kind = "unknown"
	KindTerminal   Kind = "terminal"
	KindPrinter    Kind = "printer"
	KindScanner    Kind = "scanner"
	KindSerial     Kind = "serial adapter"
	KindCardReader Kind = "card reader"
	KindDisplay    Kind = "display"
	KindKeyboard   Kind = "keyboard"
	KindHub        Kind = "hub"
)

// Confidence says how much a Guess is worth.
type Confidence int

// Confidences. There is none above Strong: only talking to a device proves
// what it is.
const (
	NoIdea Confidence = iota // nothing speaks for anything
	Weak                     // a borrowed number, or a report of others
	Likely                   // a listed number, the class, or its own words
	Strong                   // two of these independently
)

// String returns "no idea", "weak", "likely" or "strong".
func (c Confidence) String() string {
	return [...]string{"no idea", "weak", "likely", "strong"}[min(max(c, NoIdea), Strong)]
}

// MarshalText writes the confidence as String does.
func (c Confidence) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Guess is what a device seems to be.
type Guess struct {
	Kind       Kind       `json:"kind"`
	Maker      string     `json:"maker,omitempty"`
	Model      string     `json:"model,omitempty"`
	Confidence Confidence `json:"confidence"`
	// Why says what it is based on, for people.
	Why string `json:"why,omitempty"`
}

// String returns one phrase for people: "printer (Epson TM-T20), likely".
func (g Guess) String() string {
	text := string(g.Kind)
	if name := strings.TrimSpace(g.Maker + " " + g.Model); name != "" {
		text += " (" + name + ")"
	}
	if g.Confidence == NoIdea {
		return text
	}
	return text + ", " + g.Confidence.String()
}

// Identify guesses what a device is, by its classes, its numbers and its own
// words. It opens nothing. Numbers alone are never more than Likely, and Weak
// where the maker of a chip lends them to everybody; a card terminal behind an
// adapter is seen as the adapter it uses.
func Identify(d Device) Guess {
	class, classWhy := d.byClass()
	line, numbered := d.byNumber()
	word, said := d.byWord()

	g := Guess{Kind: KindUnknown}
	var votes []string
	vote := func(kind Kind, c Confidence, why string) {
		votes = append(votes, why)
		switch {
		case kind == KindUnknown:
		case g.Kind == kind && g.Confidence >= Likely && c >= Likely:
			g.Confidence = Strong
		case g.Kind == kind:
			g.Confidence = max(g.Confidence, c)
		case g.Kind == KindUnknown || c > g.Confidence:
			g.Kind, g.Confidence = kind, c
		}
	}
	if classWhy != "" {
		vote(class, Likely, classWhy)
	}
	if numbered {
		g.Maker, g.Model = line.maker, line.model
		vote(d.refined(line, &g), line.confidence(), fmt.Sprintf("number %s", line.source))
	}
	if said != "" {
		vote(word, Likely, fmt.Sprintf("calls itself %q", said))
	}
	if g.Maker == "" && !numbered {
		g.Maker = d.Manufacturer
	}
	if g.Model == "" {
		g.Model = d.Product
	}
	g.Why = strings.Join(votes, "; ")
	return g
}

func (k known) confidence() Confidence {
	if k.shared || k.source == community || k.source == textbook {
		return Weak
	}
	return Likely
}

// refined lets the numbers of a vendor with many kinds of product give way to
// the class: a maker of scanners also makes cradles with a hub in them.
func (d Device) refined(k known, g *Guess) Kind {
	if g.Kind == KindHub {
		return KindUnknown
	}
	// A serial port or a keyboard is how a terminal, a scanner or a reader
	// appears, not what it is.
	if (g.Kind == KindSerial || g.Kind == KindKeyboard) && k.kind != KindUnknown {
		g.Kind, g.Confidence = KindUnknown, NoIdea
	}
	return k.kind
}

// byClass judges by the classes of the device and its interfaces.
func (d Device) byClass() (Kind, string) {
	if d.Class == ClassHub {
		return KindHub, "class 09, hub"
	}
	for _, i := range d.Interfaces {
		switch {
		case i.Class == ClassPrinter:
			return KindPrinter, "interface of class 07, printer"
		case i.Class == ClassSmartCard:
			return KindCardReader, "interface of class 0b, smart card"
		case i.Class == ClassHID && i.UsagePage == usagePageScanner:
			return KindScanner, "HID usage page 8c, bar code scanner"
		case i.Class == ClassHID && i.UsagePage == usagePageStripe:
			return KindCardReader, "HID usage page 8e, magnetic stripe reader"
		}
	}
	for _, i := range d.Interfaces {
		switch {
		case i.Class == ClassComm && i.SubClass == subclassACM:
			return KindSerial, "interface of class 02/02, CDC-ACM"
		case i.Class == ClassHID && i.SubClass == 1 && i.Protocol == 1:
			return KindKeyboard, "interface of class 03/01/01, keyboard (a scanner or stripe reader may look like one)"
		}
	}
	return KindUnknown, ""
}

func (d Device) byNumber() (known, bool) {
	for _, k := range table {
		if k.vendor == d.VendorID && (k.product == anyProduct || k.product == int(d.ProductID)) {
			return k, true
		}
	}
	return known{}, false
}

// byWord judges by what the device says of itself.
func (d Device) byWord() (Kind, string) {
	text := strings.ToLower(d.Manufacturer + " " + d.Product)
	for _, w := range words {
		if strings.Contains(text, w.word) {
			return w.kind, d.Name()
		}
	}
	return KindUnknown, ""
}
