package cupkey

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/openecr/openecr/emv"
)

// Lengths of a PIN, ISO 9564-1.
const (
	MinPIN = 4
	MaxPIN = 12
)

// ErrPIN: the PIN is no number of 4 to 12 digits, or the block holds none.
var ErrPIN = errors.New("cupkey: not a PIN of 4 to 12 digits")

// PIN is a clear PIN. Only laboratories have one: in the field it never leaves
// the PIN pad. It prints as a mask; the zero value is none. As in Key, the digits
// stand behind a function.
type PIN struct{ hidden func() *pinDigits }

type pinDigits struct {
	b [MaxPIN]byte
	n int
}

// NewPIN reads digits in ASCII. Errors: ErrPIN.
func NewPIN(digits []byte) (PIN, error) {
	if len(digits) < MinPIN || len(digits) > MaxPIN {
		return PIN{}, ErrPIN
	}
	d := &pinDigits{n: len(digits)}
	for i, c := range digits {
		if c < '0' || c > '9' {
			return PIN{}, ErrPIN
		}
		d.b[i] = c - '0'
	}
	return PIN{func() *pinDigits { return d }}, nil
}

func (p PIN) get() *pinDigits {
	if p.hidden == nil {
		return nil
	}
	return p.hidden()
}

// IsZero reports whether there is no PIN.
func (p PIN) IsZero() bool { return p.hidden == nil }

// Equal compares two PINs in constant time.
func (p PIN) Equal(q PIN) bool {
	a, b := p.get(), q.get()
	return a != nil && b != nil && a.n == b.n && subtle.ConstantTimeCompare(a.b[:], b.b[:]) == 1
}

// Clear overwrites the PIN. Copies of p see it too.
func (p PIN) Clear() {
	if d := p.get(); d != nil {
		*d = pinDigits{}
	}
}

const pinMask = "PIN ***"

// String returns a mask.
func (p PIN) String() string { return pinMask }

// GoString returns a mask.
func (p PIN) GoString() string { return pinMask }

// Format prints a mask, whatever the verb.
func (p PIN) Format(f fmt.State, _ rune) { io.WriteString(f, pinMask) }

// MarshalJSON writes a mask.
func (p PIN) MarshalJSON() ([]byte, error) { return []byte(`"` + pinMask + `"`), nil }

// MarshalText writes a mask.
func (p PIN) MarshalText() ([]byte, error) { return []byte(pinMask), nil }

// LogValue logs a mask.
func (p PIN) LogValue() slog.Value { return slog.StringValue(pinMask) }

// PINBlock encrypts a PIN under a key (ISO 9564-1 format 0, ANSI X9.8): length
// and digits filled with F, xored with the twelve digits of the card number
// before its check digit. Without a card number the first part stands alone.
//
// Under an SM4 key the block has 16 bytes, with the card number's part right
// aligned in it (inferred; settle it with the acquirer).
func PINBlock(key Key, pin PIN, pan emv.PAN) ([]byte, error) {
	if key.IsZero() {
		return nil, ErrNoKeys
	}
	if pin.IsZero() {
		return nil, ErrPIN
	}
	block := pinField(pin, key.blockSize(), 0xF, 0)
	account := accountField(pan, key.blockSize())
	subtle.XORBytes(block, block, account)
	key.ecb(block)
	return block, nil
}

// OpenPINBlock is the host's side of PINBlock. Errors: ErrPIN.
func OpenPINBlock(key Key, block []byte, pan emv.PAN) (PIN, error) {
	if key.IsZero() {
		return PIN{}, ErrNoKeys
	}
	if len(block) != key.blockSize() {
		return PIN{}, ErrPIN
	}
	clear := append([]byte(nil), block...)
	defer wipe(clear)
	key.unECB(clear)
	subtle.XORBytes(clear, clear, accountField(pan, len(clear)))
	return readPINField(clear, 0xF, 0)
}

// pinField is control nibble and length, digits, filler.
func pinField(pin PIN, size int, filler, control byte) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = filler<<4 | filler
	}
	d := pin.get()
	b[0] = control<<4 | byte(d.n)
	for i := range d.n {
		setNibble(b, i+2, d.b[i])
	}
	return b
}

func readPINField(b []byte, filler, control byte) (PIN, error) {
	n := int(b[0] & 0xF)
	if b[0]>>4 != control || n < MinPIN || n > MaxPIN {
		return PIN{}, ErrPIN
	}
	for i := n + 2; i < 2*len(b); i++ {
		if nibble(b, i) != filler { // another card's number, or another key
			return PIN{}, ErrPIN
		}
	}
	var digits [MaxPIN]byte
	for i := range n {
		d := nibble(b, i+2)
		if d > 9 {
			return PIN{}, ErrPIN
		}
		digits[i] = '0' + d
	}
	defer wipe(digits[:])
	return NewPIN(digits[:n])
}

// accountField is the twelve digits before the check digit, right aligned.
func accountField(pan emv.PAN, size int) []byte {
	b := make([]byte, size)
	pan.Use(func(d []byte) {
		if len(d) < 13 {
			return
		}
		d = d[len(d)-13 : len(d)-1]
		for i, c := range d {
			setNibble(b, 2*size-12+i, c-'0')
		}
	})
	return b
}

func nibble(b []byte, i int) byte {
	if i%2 == 0 {
		return b[i/2] >> 4
	}
	return b[i/2] & 0xF
}

func setNibble(b []byte, i int, v byte) {
	if i%2 == 0 {
		b[i/2] = b[i/2]&0x0F | v<<4
	} else {
		b[i/2] = b[i/2]&0xF0 | v
	}
}

// PINBlock4 encrypts a PIN under an AES key (ISO 9564-1 format 4): the PIN
// field with random filler is encrypted, xored with the PAN field, and
// encrypted again. ANSI X9.24-3 uses it with AES DUKPT.
func PINBlock4(key Key, pin PIN, pan emv.PAN) ([]byte, error) {
	var filler [8]byte
	if _, err := rand.Read(filler[:]); err != nil {
		return nil, err
	}
	return pinBlock4(key, pin, pan, filler)
}

func pinBlock4(key Key, pin PIN, pan emv.PAN, filler [8]byte) ([]byte, error) {
	account, err := panField4(key, pan)
	if err != nil {
		return nil, err
	}
	if pin.IsZero() {
		return nil, ErrPIN
	}
	b := pinField(pin, 16, 0xA, 4)
	copy(b[8:], filler[:])
	key.ecb(b)
	subtle.XORBytes(b, b, account)
	key.ecb(b)
	return b, nil
}

// OpenPINBlock4 is the host's side of PINBlock4. Errors: ErrPIN.
func OpenPINBlock4(key Key, block []byte, pan emv.PAN) (PIN, error) {
	account, err := panField4(key, pan)
	if err != nil {
		return PIN{}, err
	}
	if len(block) != 16 {
		return PIN{}, ErrPIN
	}
	b := append([]byte(nil), block...)
	defer wipe(b)
	key.unECB(b)
	subtle.XORBytes(b, b, account)
	key.unECB(b)
	return readPINField(b[:8], 0xA, 4)
}

// panField4 is the number of digits above twelve, then the digits.
func panField4(key Key, pan emv.PAN) ([]byte, error) {
	if key.IsZero() || key.Algorithm() != AES {
		return nil, fmt.Errorf("%w: format 4 wants AES", ErrKey)
	}
	if pan.IsZero() {
		return nil, errors.New("cupkey: a PIN block of format 4 needs the card number")
	}
	b := make([]byte, 16)
	pan.Use(func(d []byte) {
		setNibble(b, 0, byte(max(len(d)-12, 0)))
		for i, c := range d {
			setNibble(b, i+1+max(12-len(d), 0), c-'0')
		}
	})
	return b, nil
}
