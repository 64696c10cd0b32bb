package cupproto

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryTransactionGoesBothWays(t *testing.T) {
	for _, tr := range Transactions() {
		for _, reply := range []bool{false, true} {
			m := sample(t, tr.Kind)
			if reply {
				m = sampleReply(t, tr.Kind)
			}
			name := goldenName(tr.Kind, reply)
			packed := body(t, m)
			if *update {
				writeGolden(t, name, tr.Chinese+" "+string(tr.Kind)+", of the project's own making", packed)
			}
			want := readGolden(t, name)
			require.Equal(t, want, packed, "%s; -update rewrites it", name)
			f, err := Profile{}.ParseBody(want)
			require.NoError(t, err, name)
			require.True(t, m.Equal(f.Message), "%s: %v", name, f.Message)
			require.Equal(t, sampleFrame(m).TPDU, f.TPDU, name)
			require.Equal(t, sampleFrame(m).Header, f.Header, name)
			found, ok := Identify(f.Message)
			require.True(t, ok, name)
			if reply && (tr.Kind == ScanSale || tr.Kind == ScanVoid || tr.Kind == ScanRefund) {
				continue // without 59 a reply says nothing of a code
			}
			require.Equal(t, tr.Kind, found.Kind, name)
		}
	}
}

func TestASaleACapturedTerminalSent(t *testing.T) {
	b := readGolden(t, "captured_sale.txt")
	require.Len(t, b, 426, "as the length in front said")
	f, err := Profile{}.ParseBody(b)
	require.NoError(t, err)
	m := f.Message
	require.Equal(t, []int{2, 3, 4, 11, 14, 22, 23, 25, 26, 35, 41, 42, 48, 49, 52, 53, 55, 59, 60, 64}, m.Fields())
	require.Equal(t, "6000060000", f.TPDU.String())
	require.Equal(t, Header{Class: 60, SpecVersion: 31, Sub: 311003}, f.Header)
	amount, ok := m.Amount()
	require.True(t, ok)
	require.Equal(t, int64(1), amount)
	require.Equal(t, uint32(403), m.STAN())
	for field, want := range map[int]string{22: "071", 23: "000", 26: "12", 35: "6212345678901232D28062013949031013", 48: "0", 53: "2600000000000000", 64: "8F651B26"} {
		require.Equal(t, want, m.Text(field), "field %d", field)
	}
	f60, err := m.F60()
	require.NoError(t, err)
	require.Equal(t, F60{MessageType: "22", Batch: 24, Network: "000", ReaderCapability: '6', ICCondition: '0', Partial: '0'}, f60)
	elements, err := m.Elements()
	require.NoError(t, err)
	require.Len(t, elements, 6)
	terminal, ok := elements.Find(TagTerminal)
	require.True(t, ok)
	inner, err := ParseElements(terminal)
	require.NoError(t, err)
	require.Len(t, inner, 5)
	again, err := elements.AppendShort(nil)
	require.NoError(t, err)
	require.Equal(t, m.Text(59), string(again))
	back, err := Profile{}.AppendBody(nil, f)
	require.NoError(t, err)
	require.Equal(t, b, back)
	tr, ok := Identify(m)
	require.True(t, ok)
	require.Equal(t, Sale, tr.Kind)
}

func TestATruncatedMessageNamesFieldAndOffset(t *testing.T) {
	for _, name := range goldens(t) {
		b := readGolden(t, name)
		for n := range b {
			_, err := Profile{}.ParseBody(b[:n:n])
			var e *Error
			require.ErrorAs(t, err, &e, "%s cut to %d bytes", name, n)
			require.ErrorIs(t, err, ErrTruncated, "%s cut to %d bytes", name, n)
			require.LessOrEqual(t, e.Offset, n, name)
			require.NotEqual(t, PartEnd, e.Field, name)
			require.Contains(t, err.Error(), partName(e.Field))
		}
		for _, tail := range [][]byte{{0}, {0xFF}, b} {
			_, err := Profile{}.ParseBody(append(b[:len(b):len(b)], tail...))
			var e *Error
			require.ErrorAs(t, err, &e)
			require.ErrorIs(t, err, ErrTrailing, name)
			require.Equal(t, len(b), e.Offset, "%s: the first byte too many", name)
		}
	}
}

func TestTheOffsetIsTheFieldsOwn(t *testing.T) {
	b := readGolden(t, "captured_sale.txt")
	for _, c := range []struct {
		name          string
		cut           int
		field, offset int
	}{
		{"in the TPDU", 4, PartTPDU, 0},
		{"in the header", 10, PartHeader, 5},
		{"in the MTI", 12, PartMTI, 11},
		{"in the bitmap", 20, PartBitmap, 13},
		{"before field 2", 21, 2, 21},
		{"in the amount", 35, 4, 33},
		{"in the track", 60, 35, 50},
		{"in the MAC", 425, 64, 418},
	} {
		_, err := Profile{}.ParseBody(b[:c.cut])
		var e *Error
		require.ErrorAs(t, err, &e, c.name)
		require.Equal(t, c.field, e.Field, c.name)
		require.Equal(t, c.offset, e.Offset, c.name)
	}
}
