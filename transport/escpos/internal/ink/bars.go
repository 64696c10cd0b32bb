package ink

import (
	"errors"
	"fmt"
	"strings"
)

// Symbology is a kind of bar code; the values are the m of GS k, form B.
type Symbology byte

// The bar codes there are.
const (
	EAN13   Symbology = 0x43
	EAN8    Symbology = 0x44
	Code39  Symbology = 0x45
	ITF     Symbology = 0x46
	Code128 Symbology = 0x49
)

// MaxBarData bounds the data of one bar code: the length of GS k is one byte,
// and more than 80 characters fit no paper.
const MaxBarData = 80

// ErrBars says that data cannot be put into the bar code asked for.
var ErrBars = errors.New("no such bar code")

func barError(format string, a ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrBars}, a...)...)
}

// Native brings data into the form printers take: EAN with its check digit
// computed (or verified when it is there), Code 39 without the asterisks,
// Code 128 with the selection of sets {B and {C.
func Native(s Symbology, data string) ([]byte, error) {
	if data == "" || len(data) > MaxBarData {
		return nil, barError("%d characters; 1 to %d can be printed", len(data), MaxBarData)
	}
	switch s {
	case EAN13:
		return ean(data, 13)
	case EAN8:
		return ean(data, 8)
	case Code39:
		for _, c := range []byte(data) {
			if c == '*' || strings.IndexByte(chars39, c) < 0 {
				return nil, barError("Code 39 has no character %q", c)
			}
		}
		return []byte(data), nil
	case ITF:
		if !digits(data) || len(data)%2 != 0 {
			return nil, barError("ITF wants an even number of digits")
		}
		return []byte(data), nil
	case Code128:
		for _, c := range []byte(data) {
			if c < 0x20 || c > 0x7E {
				return nil, barError("Code 128 set B has no character %#02x", c)
			}
		}
		return sets128(data), nil
	}
	return nil, barError("symbology %#02x", byte(s))
}

// Bars turns native data into modules: black and white by turns, black first,
// each a number of modules wide. Wide bars of Code 39 and ITF are three modules.
func Bars(s Symbology, native []byte) ([]byte, error) {
	if len(native) == 0 || len(native) > 255 {
		return nil, barError("%d bytes", len(native))
	}
	switch s {
	case EAN13, EAN8:
		want := map[Symbology]int{EAN13: 13, EAN8: 8}[s]
		code, err := ean(string(native), want)
		if err != nil {
			return nil, err
		}
		return runs(eanModules(code)), nil
	case Code39:
		return bars39(native)
	case ITF:
		return barsITF(native)
	case Code128:
		return bars128(native)
	}
	return nil, barError("symbology %#02x", byte(s))
}

// DrawBars draws modules of the given width in dots.
func DrawBars(modules []byte, module, height int) *Bitmap {
	total := 0
	for _, m := range modules {
		total += int(m)
	}
	b := NewBitmap(total*module, height)
	x := 0
	for i, m := range modules {
		if i%2 == 0 {
			b.Fill(x, 0, int(m)*module, height)
		}
		x += int(m) * module
	}
	return b
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" && s != "" }

// ean checks length and check digit, or adds it.
func ean(data string, length int) ([]byte, error) {
	if !digits(data) || len(data) != length && len(data) != length-1 {
		return nil, barError("EAN-%d wants %d digits, or %d with the check digit", length, length-1, length)
	}
	sum := 0
	for i := range length - 1 {
		weight := 1
		if (length-1-i)%2 == 1 {
			weight = 3
		}
		sum += weight * int(data[i]-'0')
	}
	check := byte('0' + (10-sum%10)%10)
	if len(data) == length && data[length-1] != check {
		return nil, barError("the check digit of %s is %c", data, check)
	}
	return append([]byte(data[:length-1]), check), nil
}

// The left digits of EAN with odd parity (set A); B is C backwards, C is A
// inverted (ISO/IEC 15420).
var eanA = [10]string{"0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011"}

// eanParity says by the first digit which left digits are of set B.
var eanParity = [10]string{"AAAAAA", "AABABB", "AABBAB", "AABBBA", "ABAABB", "ABBAAB", "ABBBAA", "ABABAB", "ABABBA", "ABBABA"}

func eanModules(code []byte) string {
	parity := "AAAA"
	if len(code) == 13 {
		parity = eanParity[code[0]-'0']
		code = code[1:]
	}
	half := len(code) / 2
	var b strings.Builder
	b.WriteString("101")
	for i, d := range code {
		if i == half {
			b.WriteString("01010")
		}
		a := eanA[d-'0']
		switch {
		case i >= half: // set C
			b.WriteString(invert(a))
		case parity[i] == 'B':
			b.WriteString(reverse(invert(a)))
		default:
			b.WriteString(a)
		}
	}
	b.WriteString("101")
	return b.String()
}

func invert(s string) string {
	return strings.Map(func(r rune) rune { return '0' + '1' - r }, s)
}

func reverse(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// runs turns modules written as 1 and 0, a 1 first, into widths.
func runs(modules string) []byte {
	var out []byte
	for i := range modules {
		if i > 0 && modules[i] == modules[i-1] {
			out[len(out)-1]++
		} else {
			out = append(out, 1)
		}
	}
	return out
}

// Code 39 (ISO/IEC 16388): nine elements, w is wide.
const chars39 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%*"

var elements39 = [...]string{
	"nnnwwnwnn", "wnnwnnnnw", "nnwwnnnnw", "wnwwnnnnn", "nnnwwnnnw", "wnnwwnnnn", "nnwwwnnnn", "nnnwnnwnw", "wnnwnnwnn", "nnwwnnwnn",
	"wnnnnwnnw", "nnwnnwnnw", "wnwnnwnnn", "nnnnwwnnw", "wnnnwwnnn", "nnwnwwnnn", "nnnnnwwnw", "wnnnnwwnn", "nnwnnwwnn", "nnnnwwwnn",
	"wnnnnnnww", "nnwnnnnww", "wnwnnnnwn", "nnnnwnnww", "wnnnwnnwn", "nnwnwnnwn", "nnnnnnwww", "wnnnnnwwn", "nnwnnnwwn", "nnnnwnwwn",
	"wwnnnnnnw", "nwwnnnnnw", "wwwnnnnnn", "nwnnwnnnw", "wwnnwnnnn", "nwwnwnnnn", "nwnnnnwnw", "wwnnnnwnn", "nwwnnnwnn",
	"nwnwnwnnn", "nwnwnnnwn", "nwnnnwnwn", "nnnwnwnwn", "nwnnwnwnn",
}

func appendElements(dst []byte, elements string) []byte {
	for _, e := range elements {
		if e == 'w' {
			dst = append(dst, 3)
		} else {
			dst = append(dst, 1)
		}
	}
	return dst
}

func bars39(data []byte) ([]byte, error) {
	var out []byte
	for _, c := range []byte("*" + strings.Trim(string(data), "*") + "*") {
		i := strings.IndexByte(chars39, c)
		if i < 0 {
			return nil, barError("Code 39 has no character %q", c)
		}
		if len(out) > 0 {
			out = append(out, 1)
		}
		out = appendElements(out, elements39[i])
	}
	return out, nil
}

// ITF (ISO/IEC 16390): bars carry one digit, spaces the next.
var elementsITF = [10]string{"nnwwn", "wnnnw", "nwnnw", "wwnnn", "nnwnw", "wnwnn", "nwwnn", "nnnww", "wnnwn", "nwnwn"}

func barsITF(data []byte) ([]byte, error) {
	if !digits(string(data)) || len(data)%2 != 0 {
		return nil, barError("ITF wants an even number of digits")
	}
	out := []byte{1, 1, 1, 1}
	for i := 0; i < len(data); i += 2 {
		black, white := elementsITF[data[i]-'0'], elementsITF[data[i+1]-'0']
		for j := range 5 {
			out = appendElements(out, black[j:j+1]+white[j:j+1])
		}
	}
	return append(out, 3, 1, 1), nil
}

// Code 128 (ISO/IEC 15417): widths of the symbols 0 to 106.
const symbols128 = "" +
	"212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 123122 123221 " +
	"223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 " +
	"112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 213311 213131 " +
	"311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 " +
	"122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 " +
	"214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112 "

// symbol128 is the widths of one of them.
func symbol128(v int) string { return strings.TrimSpace(symbols128[v*7 : v*7+7]) }

const (
	shift128 = 98
	codeC128 = 99
	codeB128 = 100
	codeA128 = 101
	fnc1128  = 102
	start128 = 103 // set A; B and C follow
	stop128  = 106
)

// sets128 writes data for GS k: {B and {C as they save symbols, { doubled in B.
func sets128(data string) []byte {
	var out []byte
	set := byte(0)
	for len(data) > 0 {
		n := 0
		for n < len(data) && data[n] >= '0' && data[n] <= '9' {
			n++
		}
		pairs := n &^ 1
		if pairs >= 4 && n&1 == 0 || pairs == len(data) || pairs >= 4 && set == 'C' {
			if set != 'C' {
				out, set = append(out, '{', 'C'), 'C'
			}
			for i := 0; i < pairs; i += 2 {
				out = append(out, (data[i]-'0')*10+data[i+1]-'0')
			}
			data = data[pairs:]
			continue
		}
		if set != 'B' {
			out, set = append(out, '{', 'B'), 'B'
		}
		if data[0] == '{' {
			out = append(out, '{')
		}
		out = append(out, data[0])
		data = data[1:]
	}
	return out
}

// Text128 is the plain text of native data of Code 128, for people.
func Text128(native []byte) string {
	var b strings.Builder
	set := byte('B')
	for i := 0; i < len(native); i++ {
		c := native[i]
		if c == '{' && i+1 < len(native) {
			i++
			switch c = native[i]; c {
			case 'A', 'B', 'C':
				set = c
				continue
			case '{':
			default:
				continue
			}
		}
		switch {
		case set == 'C' && c < 100:
			fmt.Fprintf(&b, "%02d", c)
		case c >= 0x20 && c < 0x7F:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// values128 turns native data into symbol numbers, start first.
func values128(native []byte) ([]int, error) {
	if len(native) < 3 || native[0] != '{' || native[1] < 'A' || native[1] > 'C' {
		return nil, barError("Code 128 begins with {A, {B or {C")
	}
	set := native[1]
	values := []int{start128 + int(set-'A')}
	for i := 2; i < len(native); i++ {
		c := native[i]
		if c == '{' {
			if i++; i == len(native) {
				return nil, barError("Code 128 ends in the middle")
			}
			switch c = native[i]; {
			case c == set:
			case c == 'A':
				values, set = append(values, codeA128), c
			case c == 'B':
				values, set = append(values, codeB128), c
			case c == 'C':
				values, set = append(values, codeC128), c
			case c == '1':
				values = append(values, fnc1128)
			case c == 'S' && set != 'C':
				values = append(values, shift128)
			case c == '{' && set == 'B':
				values = append(values, '{'-0x20)
			default:
				return nil, barError("Code 128 has no {%c", c)
			}
			continue
		}
		v, ok := value128(c, set)
		if !ok {
			return nil, barError("Code 128 set %c has no character %#02x", set, c)
		}
		values = append(values, v)
	}
	return values, nil
}

func value128(c, set byte) (int, bool) {
	switch {
	case set == 'C':
		return int(c), c < 100
	case c >= 0x20 && c < 0x60:
		return int(c) - 0x20, true
	case set == 'A':
		return int(c) + 0x40, c < 0x20
	}
	return int(c) - 0x20, c >= 0x60 && c < 0x80
}

func bars128(native []byte) ([]byte, error) {
	values, err := values128(native)
	if err != nil {
		return nil, err
	}
	sum := values[0]
	for i, v := range values[1:] {
		sum += (i + 1) * v
	}
	var out []byte
	for _, v := range append(values, sum%103, stop128) {
		for _, w := range symbol128(v) {
			out = append(out, byte(w-'0'))
		}
	}
	return out, nil
}
