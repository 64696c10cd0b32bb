package scanner

import (
	"strings"
	"time"
)

const (
	// DefaultKeyGap separates a scanner from a person: scanners type a key in 1
	// to 10 ms, people rarely below 50.
	DefaultKeyGap = 50 * time.Millisecond
	// DefaultMinKeys is the shortest code on a keyboard; anything shorter was
	// typed. EAN-8 is the shortest article number.
	DefaultMinKeys = 4
)

// keyRun tells codes from typing by the time between keys. It has no clock.
type keyRun struct {
	format  Format
	gap     time.Duration
	minimum int

	run  []byte
	last time.Time
	// broken: a fast run was given up, because it paused before its suffix or
	// was too long; what follows may be its rest, up to the suffix or a pause
	// of Format.Gap.
	broken bool

	out []item
}

// item is what a decoder found: a code, what was typed, or an error.
type item struct {
	data  []byte
	typed []byte
	aim   string // where a report names it apart from the data
	err   error
}

func (k *keyRun) add(c byte, at time.Time) {
	if k.pending() && at.Sub(k.last) > k.limit() {
		k.quiet()
	}
	k.last = at
	k.run = append(k.run, c)
	suffix := k.suffix()
	switch {
	case suffix > 0:
		k.end(suffix)
	case k.broken:
		k.run = k.run[max(len(k.run)-len(k.format.Suffix), 0):]
	case len(k.run) > k.format.max()+len(k.format.Suffix):
		k.run, k.broken = nil, true
		k.out = append(k.out, item{err: ErrTooLong})
	}
}

// suffix returns how many keys at the end of the run are its suffix.
func (k *keyRun) suffix() int {
	last := k.run[len(k.run)-1]
	switch {
	case k.format.NoSuffix:
		return 0
	case k.format.Suffix == Enter && (last == '\r' || last == '\n'):
		return 1
	case k.format.Suffix != Enter && strings.HasSuffix(string(k.run), k.format.Suffix):
		return len(k.format.Suffix)
	}
	return 0
}

// end takes the run, which ends with its suffix.
func (k *keyRun) end(suffix int) {
	run, broken := k.run, k.broken
	k.run, k.broken = nil, false
	data := run[:len(run)-suffix]
	switch {
	case broken: // told already
	case len(data) < k.minimum:
		k.out = append(k.out, item{typed: run})
	default:
		k.out = append(k.out, item{data: data})
	}
}

// quiet says that no key came for a while.
func (k *keyRun) quiet() {
	run, broken := k.run, k.broken
	k.run, k.broken = nil, false
	switch {
	case broken || len(run) == 0:
	case len(run) < k.minimum:
		k.out = append(k.out, item{typed: run})
	case k.format.NoSuffix:
		k.out = append(k.out, item{data: run})
	default:
		k.broken = true
		k.out = append(k.out, item{err: ErrIncomplete})
	}
}

func (k *keyRun) pending() bool { return len(k.run) > 0 || k.broken }

// limit is how long the keyboard may rest before quiet.
func (k *keyRun) limit() time.Duration {
	if k.broken {
		if k.format.Gap > 0 {
			return k.format.Gap
		}
		return DefaultGap
	}
	if k.gap > 0 {
		return k.gap
	}
	return DefaultKeyGap
}

// Modifier bits of a boot keyboard report (HID 1.11, 8.3).
const (
	ctrlBits  = 0x11
	shiftBits = 0x22
)

// Boot keyboard reports: modifiers, reserved, six usages (HID 1.11, B.1).
const (
	bootReport = 8
	firstUsage = 2
	// Usages 01 to 03 are errors: too many keys, POST failed, undefined.
	lastErrorUsage = 3
)

// keyboard turns boot keyboard reports into characters, in the US layout.
type keyboard struct {
	run    keyRun
	held   [bootReport - firstUsage]byte
	size   int // bytes of a report; 9 where the first is its id
	partly []byte
}

func newKeyboard(cfg Config) *keyboard {
	size := cfg.ReportSize
	if size == 0 {
		size = bootReport
	}
	minimum := cfg.MinKeys
	if minimum <= 0 {
		minimum = DefaultMinKeys
	}
	return &keyboard{run: keyRun{format: cfg.Format, gap: cfg.KeyGap, minimum: minimum}, size: size}
}

func (k *keyboard) add(p []byte, at time.Time) {
	k.partly = append(k.partly, p...)
	for len(k.partly) >= k.size {
		k.report(k.partly[k.size-bootReport:k.size], at)
		k.partly = k.partly[k.size:]
	}
}

func (k *keyboard) report(b []byte, at time.Time) {
	var now [bootReport - firstUsage]byte
	copy(now[:], b[firstUsage:])
	for _, usage := range now {
		if usage <= lastErrorUsage || strings.IndexByte(string(k.held[:]), usage) >= 0 {
			continue
		}
		if c, ok := keyChar(usage, b[0]); ok {
			k.run.add(c, at)
		}
	}
	k.held = now
}

func (k *keyboard) quiet()              { k.run.quiet(); k.partly = nil }
func (k *keyboard) pending() bool       { return k.run.pending() || len(k.partly) > 0 }
func (k *keyboard) wait() time.Duration { return k.run.limit() }

func (k *keyboard) next() (item, bool) { return pop(&k.run.out) }

func pop(list *[]item) (item, bool) {
	if len(*list) == 0 {
		return item{}, false
	}
	it := (*list)[0]
	*list = (*list)[1:]
	return it, true
}

// Characters of the usages 04 to 38 and 54 to 63 (HID Usage Tables, page 07).
// Usage 32 is a key of European keyboards; Linux reads it as 31, and so do we.
const (
	plainKeys   = "abcdefghijklmnopqrstuvwxyz1234567890\r\x1b\b\t -=[]\\\\;'`,./"
	shiftedKeys = "ABCDEFGHIJKLMNOPQRSTUVWXYZ!@#$%^&*()\r\x1b\b\t _+{}||:\"~<>?"
	keypadKeys  = "/*-+\r1234567890."
	firstKey    = 0x04
	firstKeypad = 0x54
)

// keyChar returns the character of a key; Ctrl makes control characters, which
// is how scanners type FNC1 (Ctrl and ']').
func keyChar(usage, modifiers byte) (byte, bool) {
	keys := plainKeys
	if modifiers&shiftBits != 0 {
		keys = shiftedKeys
	}
	var c byte
	switch i := int(usage); {
	case i >= firstKey && i < firstKey+len(keys):
		c = keys[i-firstKey]
	case i >= firstKeypad && i < firstKeypad+len(keypadKeys):
		c = keypadKeys[i-firstKeypad]
	default:
		return 0, false
	}
	if modifiers&ctrlBits != 0 {
		c &= 0x1F
	}
	return c, true
}

// KeyReports returns the reports that type a text on a US keyboard, each key
// pressed and let go; ok is false for characters that no key gives. It is the
// other direction, for simulators.
func KeyReports(text string) (reports [][]byte, ok bool) {
	for i := 0; i < len(text); i++ {
		usage, modifiers, known := keyFor(text[i])
		if !known {
			return nil, false
		}
		press := make([]byte, bootReport)
		press[0], press[firstUsage] = modifiers, usage
		reports = append(reports, press, make([]byte, bootReport))
	}
	return reports, true
}

func keyFor(c byte) (usage, modifiers byte, ok bool) {
	if i := strings.IndexByte(plainKeys, c); i >= 0 {
		return byte(firstKey + i), 0, true
	}
	if i := strings.IndexByte(shiftedKeys, c); i >= 0 {
		return byte(firstKey + i), 0x02, true
	}
	if c < ' ' {
		if i := strings.IndexByte(plainKeys, c|0x40); c|0x40 >= '[' && i >= 0 {
			return byte(firstKey + i), 0x01, true
		}
		if i := strings.IndexByte(plainKeys, c|0x60); c != 0 && i >= 0 {
			return byte(firstKey + i), 0x01, true
		}
	}
	return 0, 0, false
}
