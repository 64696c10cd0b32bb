package emv_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/emv"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(t, err)
	return b
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, in string
		o        emv.Options
		want     string
	}{
		{"nothing", "", emv.Options{}, ""},
		{"one object", "9A03 261122", emv.Options{}, "0:0:9A=261122"},
		{"two objects, two-byte tag", "9F3602 0001 8202 3900", emv.Options{}, "0:0:9F36=0001 5:0:82=3900"},
		{"a template and what it holds", "6F07 84 05 A000000333", emv.Options{}, "0:0:6F=8405A000000333 2:1:84=A000000333"},
		{"a template left closed", "6F07 84 05 A000000333", emv.Options{Flat: true}, "0:0:6F=8405A000000333"},
		{"three-byte tag", "DF8129 01 30", emv.Options{}, "0:0:DF8129=30"},
		{"length in two and three bytes", "5A 81 02 6212 82 82 0002 3900", emv.Options{}, "0:0:5A=6212 5:0:82=3900"},
		{"zeros before, between and after", "00 00 9A01 26 00 FF 9C01 00 00", emv.Options{}, "2:0:9A=26 7:0:9C=00"},
		{"padding inside a template", "7006 00 9A01 26 00FF", emv.Options{}, "0:0:70=009A012600FF 3:1:9A=26"},
		{"no padding inside a value", "9A03 00FF00", emv.Options{}, "0:0:9A=00FF00"},
		{"FF begins a tag for terminals' own data", "FF01 03 9A01 26", emv.Options{KeepFF: true}, "0:0:FF01=9A0126 3:1:9A=26"},
		{"an empty object", "9F1E 00", emv.Options{}, "0:0:9F1E="},
		{"a template that holds raw bytes", "7303 123456", emv.Options{Lenient: true}, "0:0:73=123456"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := emv.Parse(unhex(t, c.in), c.o)
			require.NoError(t, err)
			var list []string
			for _, o := range got {
				list = append(list, fmt.Sprintf("%d:%d:%s=%s", o.Offset, o.Depth, o.Tag, strings.ToUpper(hex.EncodeToString(o.Value))))
			}
			require.Equal(t, c.want, strings.Join(list, " "))
		})
	}
}

func TestParseErrorsNameTheOffset(t *testing.T) {
	deep := ""
	for range emv.MaxDepth + 1 {
		deep = fmt.Sprintf("70%02X%s", len(deep)/2, deep)
	}
	for _, c := range []struct {
		name, in string
		offset   int
		err      error
	}{
		{"a tag that does not end", "9F", 1, emv.ErrTruncated},
		{"a tag of five bytes", "DF81818101 00", 0, emv.ErrTag},
		{"no length", "9A0126 9F36", 5, emv.ErrTruncated},
		{"a value too short", "9A0126 9F3602 00", 5, emv.ErrTruncated},
		{"indefinite length", "9A80", 1, emv.ErrIndefinite},
		{"four bytes of length", "9A84 00000001 00", 1, emv.ErrLength},
		{"a length that does not end", "9A82 00", 1, emv.ErrTruncated},
		{"inside a template", "7004 9A0526 00", 3, emv.ErrTruncated},
		{"nested too deep", deep, -1, emv.ErrDepth},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := unhex(t, c.in)
			_, err := emv.Parse(in, emv.Options{})
			require.ErrorIs(t, err, c.err)
			var syntax *emv.SyntaxError
			require.ErrorAs(t, err, &syntax)
			if c.offset >= 0 {
				require.Equal(t, c.offset, syntax.Offset, err)
			}
		})
	}
	_, err := emv.Parse([]byte(strings.Repeat("\x9c\x00", emv.MaxObjects+1)), emv.Options{})
	require.ErrorIs(t, err, emv.ErrTooMany)
}

func TestAppendEmitsTheShortestLength(t *testing.T) {
	for _, n := range []int{0, 1, 0x7F, 0x80, 0xFF, 0x100, 0xFFFF, 0x10000} {
		b, err := emv.Append([]byte{0xAA}, 0x9F10, make([]byte, n))
		require.NoError(t, err)
		require.EqualValues(t, 0xAA, b[0])
		objects, err := emv.Parse(b[1:], emv.Options{})
		require.NoError(t, err)
		require.Len(t, objects, 1)
		require.Len(t, objects[0].Value, n)
		head := map[bool]int{true: 3, false: 4}[n < 0x80]
		if n > 0xFF {
			head = 5
		}
		if n > 0xFFFF {
			head = 6
		}
		require.Len(t, b, 1+head+n)
	}
	_, err := emv.Append(nil, 0x9F10, make([]byte, 1<<24))
	require.ErrorIs(t, err, emv.ErrTooLong)
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"6F0784 05A000000333", "9F2608 0102030405060708 9F1007 07000103A0A802", "00FF9A0126", "DF81818101", "9A80", "7004 9A052600"} {
		b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		require.NoError(f, err)
		f.Add(b, true, false, false)
		f.Add(b, false, true, true)
	}
	f.Fuzz(func(t *testing.T, data []byte, keepFF, flat, lenient bool) {
		o := emv.Options{KeepFF: keepFF, Flat: flat, Lenient: lenient}
		objects, err := emv.Parse(data, o)
		if err != nil {
			return
		}
		require.LessOrEqual(t, len(objects), emv.MaxObjects)
		var again []byte
		for _, x := range objects {
			require.LessOrEqual(t, x.Offset+len(x.Value), len(data))
			if x.Depth == 0 {
				again, err = emv.Append(again, x.Tag, x.Value)
				require.NoError(t, err)
			}
		}
		second, err := emv.Parse(again, o)
		require.NoError(t, err)
		require.Len(t, second, len(objects), "decode, encode, decode is stable")
		for i := range second {
			require.Equal(t, objects[i].Tag, second[i].Tag)
			require.Equal(t, string(objects[i].Value), string(second[i].Value))
		}
	})
}
