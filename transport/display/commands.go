package display

import (
	"bytes"
	"fmt"
	"strings"
)

// Control characters.
const (
	esc = 0x1B
	us  = 0x1F
	clr = 0x0C
	cr  = 0x0D
)

// led8Digits is how many digits LED8 has; the point has no place of its own.
const led8Digits = 8

// initialise: ESC @ (CD5220, DM-D). LED8 shows zeros on it.
func (c Config) initialise() []byte {
	if c.Model == LED8 {
		return nil
	}
	return []byte{esc, '@'}
}

// clear: CLR; on LED8 the lamp goes out first.
func (c Config) clear() []byte {
	if c.Model == LED8 {
		return []byte{esc, 's', '0', clr}
	}
	return []byte{clr}
}

// lines writes both lines over what is there.
//
// CD5220: ESC Q A and ESC Q B. Only CLR leaves the mode they begin, so they
// are used for everything. DM-D: US $ x y moves the cursor.
func (c Config) lines(l [Lines]string) []byte {
	var b bytes.Buffer
	for i, text := range l {
		if text == "" {
			text = strings.Repeat(" ", Columns)
		}
		if c.Model == DMD {
			b.Write([]byte{us, '$', 1, byte(i + 1)})
			b.WriteString(text)
			continue
		}
		b.Write([]byte{esc, 'Q', byte('A' + i)})
		b.WriteString(text)
		b.WriteByte(cr)
	}
	return b.Bytes()
}

// brightness: CD5220 ESC * n, after CLR because the mode of ESC Q takes no
// other command; DM-D US X n.
func (c Config) brightness(level int) []byte {
	if c.Model == DMD {
		return []byte{us, 'X', byte(level)}
	}
	return []byte{clr, esc, '*', byte(level)}
}

// through wraps a message for a display behind a printer: ESC = n selects who
// listens, 2 the display, 1 the printer.
func through(b []byte) []byte {
	return append(append([]byte{esc, '=', 2}, b...), esc, '=', 1)
}

// led8Amount lights the lamp and shows the digits. The lamp's number is an
// ASCII digit.
func led8Amount(kind Kind, amount string) []byte {
	b := []byte{esc, 's', byte('0' + int(kind)), esc, 'Q', 'A'}
	return append(append(b, amount...), cr)
}

// checkAmount: digits, one point at most, with a digit on both sides.
func checkAmount(amount string, most int) error {
	whole, cents, point := strings.Cut(amount, ".")
	digits := whole + cents
	switch {
	case digits == "" || strings.Trim(digits, "0123456789") != "" || whole == "" || point && cents == "":
		return fmt.Errorf("%w: want digits such as 12.80", ErrAmount)
	case len(digits) > most:
		return fmt.Errorf("%w: %d digits, %d fit", ErrAmount, len(digits), most)
	}
	return nil
}
