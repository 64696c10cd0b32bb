package cupproto

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// bare is a body without TPDU and header.
var bare = Profile{NoTPDU: true, NoHeader: true}

func TestFillersAndOddLengths(t *testing.T) {
	for _, c := range []struct {
		name, hex string
		field     int
		want      string
	}{
		{"an odd card number ends in 0", "0200 4000000000000000 19 62123456789012345670", 2, "6212345678901234567"},
		{"and in F", "0200 4000000000000000 19 6212345678901234567F", 2, "6212345678901234567"},
		{"an even one has no filler", "0200 4000000000000000 16 6212345678901232", 2, "6212345678901232"},
		{"a track with F behind", "0200 0000000020000000 23 6212345678901232D301220F", 35, "6212345678901232D301220"},
		{"a track with an odd length and F", "0200 0000000020000000 05 12D30F", 35, "12D30"},
		{"an encrypted track holds A to F anywhere", "0200 0000000020000000 06 ABCDEF", 35, "ABCDEF"},
		{"a genuine F at the end of an even track stays", "0200 0000000020000000 04 12DF", 35, "12DF"},
		{"trailing zeros of a track stay", "0200 0000000020000000 06 12D000", 35, "12D000"},
		{"field 22 ends in a filler", "0200 0000040000000000 0210", 22, "021"},
		{"or in F", "0200 0000040000000000 021F", 22, "021"},
		{"field 23 begins with one", "0200 0000020000000000 0001", 23, "001"},
		{"or with F", "0200 0000020000000000 F001", 23, "001"},
		{"an empty field is there and empty", "0200 0000000000000002 0000", 63, ""},
	} {
		f, err := bare.ParseBody(unhex(t, c.hex))
		require.NoError(t, err, c.name)
		got, ok := f.Message.Get(c.field)
		require.True(t, ok, c.name)
		require.Equal(t, c.want, string(got), c.name)
		again, err := bare.AppendBody(nil, f)
		require.NoError(t, err, c.name)
		back, err := bare.ParseBody(again)
		require.NoError(t, err, c.name)
		require.True(t, f.Message.Equal(back.Message), c.name)
	}
}

func TestWhatIsNoMessageIsRefused(t *testing.T) {
	for _, c := range []struct {
		name, hex     string
		field, offset int
		want          error
	}{
		{"a filler that is neither 0 nor F", "0200 4000000000000000 05 123455", 2, 13, ErrFormat},
		{"a letter in a number", "0200 4000000000000000 06 12A456", 2, 12, ErrFormat},
		{"a letter in the length", "0200 4000000000000000 0A 123456", 2, 10, ErrFormat},
		{"a letter in the amount", "0200 1000000000000000 00000000128F", 4, 15, ErrFormat},
		{"a letter in the MTI", "02A0 4000000000000000", PartMTI, 1, ErrFormat},
		{"128 fields", "0200 C000000000000000 06 123456", PartBitmap, 2, ErrExtended},
		{"field 5", "0200 0800000000000000 000000", 5, 10, ErrUnknownField},
		{"field 43 behind others", "0200 4000000000200000 06 123456 00", 43, 14, ErrUnknownField},
		{"a card number of 20 digits", "0200 4000000000000000 20 62123456789012345678", 2, 10, ErrTooLong},
		{"a length of four digits", "0200 0000000000000200 1001 00", 55, 10, ErrTooLong},
		{"no field but a byte", "0200 0000000000000000 00", PartEnd, 10, ErrTrailing},
		{"nothing", "", PartMTI, 0, ErrTruncated},
	} {
		_, err := bare.ParseBody(unhex(t, c.hex))
		var e *Error
		require.ErrorAs(t, err, &e, c.name)
		require.ErrorIs(t, err, c.want, c.name)
		require.Equal(t, c.field, e.Field, c.name)
		require.Equal(t, c.offset, e.Offset, c.name)
	}
	_, err := Profile{}.ParseBody(unhex(t, "6000060000 60310A311300 0800 0000000000000000"))
	require.ErrorContains(t, err, "header at byte 7")
	_, err = Profile{}.ParseBody(make([]byte, MaxBody+1))
	require.ErrorIs(t, err, ErrTooLong)
}

func TestTheLargestLegalValueAndOneMore(t *testing.T) {
	for n := 2; n <= maxField; n++ {
		f, ok := (*Layout)(nil).Format(n)
		if !ok {
			m := &Message{MTI: "0200"}
			m.SetString(n, "1")
			_, err := bare.AppendBody(nil, &Frame{Message: m})
			require.ErrorIs(t, err, ErrUnknownField, "field %d", n)
			continue
		}
		m := &Message{MTI: "0200"}
		m.SetString(n, strings.Repeat("7", f.Max))
		b, err := bare.AppendBody(nil, &Frame{Message: m})
		require.NoError(t, err, "field %d", n)
		back, err := bare.ParseBody(b)
		require.NoError(t, err, "field %d", n)
		require.True(t, m.Equal(back.Message))
		m.SetString(n, strings.Repeat("7", f.Max+1))
		_, err = bare.AppendBody(nil, &Frame{Message: m})
		var e *Error
		require.ErrorAs(t, err, &e, "field %d", n)
		require.Equal(t, n, e.Field)
		require.NotContains(t, err.Error(), "777")
		if f.Prefix > 0 {
			require.ErrorIs(t, err, ErrTooLong)
			wire := append(unhex(t, "0200"), make([]byte, bitmapLen)...)
			wire[mtiLen+(n-1)/8] |= 0x80 >> ((n - 1) % 8)
			long := f.Max + 1
			if f.Prefix == 3 {
				wire = append(wire, byte(long/1000<<4|long/100%10))
			}
			wire = append(wire, byte(long/10%10<<4|long%10))
			_, err = bare.ParseBody(append(wire, make([]byte, long)...))
			if long < 1000 || f.Prefix == 3 {
				require.ErrorIs(t, err, ErrTooLong, "field %d", n)
			}
			require.Error(t, err)
		} else {
			m.SetString(n, strings.Repeat("7", f.Max-1))
			_, err = bare.AppendBody(nil, &Frame{Message: m})
			require.ErrorIs(t, err, ErrFormat, "field %d", n)
		}
	}
}

func TestProfiles(t *testing.T) {
	m := sample(t, Echo)
	custom, err := NewLayout(map[int]Format{5: {Kind: Digits, Max: 12}, 43: {Kind: Text, Max: 40, Prefix: 2}, 26: {}, 60: {Kind: Text, Max: 999, Prefix: 3}})
	require.NoError(t, err)
	other := m.Clone()
	other.SetString(5, "000000001280")
	other.SetString(43, "小店")
	other.SetString(60, "0000001230100")
	for _, c := range []struct {
		name   string
		p      Profile
		f      Frame
		before int
	}{
		{"the common one", Profile{}, Frame{Message: m}, 11},
		{"no header, overseas", Profile{NoHeader: true}, Frame{Message: m}, 5},
		{"no TPDU", Profile{NoTPDU: true}, Frame{Message: m}, 6},
		{"neither", Profile{NoTPDU: true, NoHeader: true}, Frame{Message: m}, 0},
		{"14 bytes of ANI", Profile{ANI: 14}, Frame{Message: m, ANI: []byte("02087654321000")}, 25},
		{"ANI of zeros", Profile{ANI: 14}, Frame{Message: m}, 25},
		{"other formats", Profile{Layout: custom}, Frame{Message: other}, 11},
	} {
		b, err := c.p.AppendBody([]byte("before"), &c.f)
		require.NoError(t, err, c.name)
		require.Equal(t, "before", string(b[:6]), c.name)
		b = b[6:]
		require.Equal(t, "0820", unpackMTI(b[c.before:]), c.name)
		f, err := c.p.ParseBody(b)
		require.NoError(t, err, c.name)
		require.True(t, c.f.Message.Equal(f.Message), c.name)
		if c.f.ANI != nil {
			require.Equal(t, c.f.ANI, f.ANI, c.name)
		}
		for n := range b {
			_, err := c.p.ParseBody(b[:n])
			require.ErrorIs(t, err, ErrTruncated, c.name)
		}
		require.Len(t, c.p.Mask(b), len(b), c.name)
		require.NoError(t, c.p.Describe(b).Err(), c.name)
	}
	_, err = Profile{ANI: 14}.AppendBody(nil, &Frame{Message: m, ANI: []byte{1}})
	require.ErrorIs(t, err, ErrFormat)
	for _, p := range []Profile{{ANI: -1}, {ANI: maxANI + 1}} {
		_, err = p.ParseBody(nil)
		require.ErrorIs(t, err, ErrFormat)
		_, err = p.AppendBody(nil, &Frame{Message: m})
		require.ErrorIs(t, err, ErrFormat)
		require.Nil(t, p.Mask(nil))
		require.Error(t, p.Describe(nil).Err())
		_, err = MACInput(nil, p)
		require.ErrorIs(t, err, ErrFormat)
	}
	_, err = Profile{Layout: custom}.AppendBody(nil, &Frame{Message: sample(t, Sale)})
	require.ErrorIs(t, err, ErrUnknownField, "26 was taken away")
	for n, f := range map[int]Format{1: {Kind: Text, Max: 1}, 64: {Kind: Bytes, Max: 4}, 65: {Kind: Text, Max: 1}, 3: {Kind: Digits, Max: 100, Prefix: 2}, 4: {Kind: 9, Max: 1}, 5: {Kind: Digits, Max: 1, Prefix: 4}, 7: {Max: 3}} {
		_, err = NewLayout(map[int]Format{n: f})
		if n == 7 {
			require.Error(t, err, "a format without kind")
			continue
		}
		require.ErrorIs(t, err, ErrFormat, "field %d", n)
	}
	require.Contains(t, (*Layout)(nil).String(), "fields")
	_, ok := custom.Format(99)
	require.False(t, ok)
}

func unpackMTI(b []byte) string { return string(appendASCII(nil, b[:2], 4, false)) }

func TestAddressesAndHeaders(t *testing.T) {
	tpdu, err := ParseTPDU("6000060000")
	require.NoError(t, err)
	require.Equal(t, TPDU{ID: 0x60, Destination: 6}, tpdu)
	require.Equal(t, "6000000006", tpdu.Swapped().String())
	require.Equal(t, "6000060000", TPDU{Destination: 6}.String(), "the id need not be given")
	for _, s := range []string{"", "60000600", "600006000G", "600006000000"} {
		_, err := ParseTPDU(s)
		require.ErrorIs(t, err, ErrFormat, s)
	}
	require.Equal(t, "603100311300", Header{SpecVersion: 31, Sub: 311300}.Digits())
	for _, h := range []Header{{Class: 100}, {SpecVersion: 100}, {State: 10}, {Request: 10}, {Sub: 1000000}, {State: -1}, {Class: -1}} {
		_, err := Profile{}.AppendBody(nil, &Frame{Header: h, Message: sample(t, Echo)})
		var e *Error
		require.ErrorAs(t, err, &e, "%+v", h)
		require.Equal(t, PartHeader, e.Field)
	}
	for r := HostRequest(-1); r < 11; r++ {
		require.NotEmpty(t, r.String())
	}
	f := Frame{TPDU: tpdu, Header: Header{Class: ClassChip, SpecVersion: 32, Request: RequestSignOn, Sub: 320001}, Message: sample(t, Echo)}
	b, err := Profile{}.AppendBody(nil, &f)
	require.NoError(t, err)
	back, err := Profile{}.ParseBody(b)
	require.NoError(t, err)
	require.Equal(t, f.Header, back.Header)
	reply := back.Reply(Reply(back.Message))
	require.Equal(t, "6000000006", reply.TPDU.String())
	require.Equal(t, "0830", reply.Message.MTI)
	for _, f := range []*Frame{nil, {}} {
		_, err = Profile{}.AppendBody(nil, f)
		require.ErrorIs(t, err, ErrFormat)
	}
}

func TestTheMACCoversMTIToField63(t *testing.T) {
	m := sample(t, Sale)
	m.Set(64, make([]byte, 8))
	b := body(t, m)
	input, err := MACInput(b, Profile{})
	require.NoError(t, err)
	require.Equal(t, b[11:len(b)-8], input)
	require.Equal(t, byte(0x02), input[0])
	require.NoError(t, SealMAC(b, []byte("8F651B26")))
	f, err := Profile{}.ParseBody(b)
	require.NoError(t, err)
	require.Equal(t, "8F651B26", f.Message.Text(64))
	again, err := MACInput(b, Profile{})
	require.NoError(t, err)
	require.Equal(t, input, again, "the MAC is not its own input")
	require.ErrorIs(t, SealMAC(b, []byte("8F651B26")), ErrFormat, "sealed twice")
	require.ErrorIs(t, SealMAC(b, []byte("short")), ErrFormat)
	require.ErrorIs(t, SealMAC(nil, []byte("8F651B26")), ErrFormat)

	m.Del(64)
	_, err = MACInput(body(t, m), Profile{})
	require.ErrorIs(t, err, ErrNoMAC)
	_, err = MACInput(b[:20], Profile{})
	require.ErrorIs(t, err, ErrTruncated)
	_, err = MACInput(unhex(t, "0200 0000000000000001 00"), bare)
	require.ErrorIs(t, err, ErrTruncated)
}
