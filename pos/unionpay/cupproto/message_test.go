package cupproto

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAMessageHoldsFields(t *testing.T) {
	var m Message
	_, ok := m.Get(2)
	require.False(t, ok)
	require.Zero(t, m.STAN())
	_, ok = m.Amount()
	require.False(t, ok)
	m.Del(2)
	m.Clear()
	require.Empty(t, m.Fields())
	m.SetSTAN(17)
	m.SetAmount(1280)
	v := []byte("abc")
	m.Set(55, v)
	v[0] = 'x'
	require.Equal(t, "abc", m.Text(55), "it keeps a copy")
	require.Equal(t, []int{4, 11, 55}, m.Fields())
	require.Equal(t, "000017", m.Text(11))
	require.Equal(t, uint32(17), m.STAN())
	amount, ok := m.Amount()
	require.True(t, ok)
	require.Equal(t, int64(1280), amount)
	c := m.Clone()
	require.True(t, m.Equal(c))
	c.SetString(11, "000018")
	require.Equal(t, uint32(17), m.STAN(), "a clone is another message")
	require.False(t, m.Equal(c))
	c.Del(11, 4)
	require.Equal(t, []int{55}, c.Fields())
	kept, _ := m.Get(55)
	m.Clear()
	require.Empty(t, m.Fields())
	require.Equal(t, []byte{0, 0, 0}, kept, "overwritten")
}

func TestASetterThatCouldNotIsReportedOnPacking(t *testing.T) {
	pack := func(change func(m *Message)) error {
		m := sample(t, Sale)
		change(m)
		_, err := Profile{}.AppendBody(nil, &Frame{Message: m.Clone()})
		return err
	}
	for name, c := range map[string]struct {
		change func(m *Message)
		field  int
		want   error
	}{
		"a negative amount":         {func(m *Message) { m.SetAmount(-1) }, 4, ErrFormat},
		"an amount of 13 digits":    {func(m *Message) { m.SetAmount(1e12) }, 4, ErrFormat},
		"a STAN of seven digits":    {func(m *Message) { m.SetSTAN(1000000) }, 11, ErrFormat},
		"field 1":                   {func(m *Message) { m.SetString(1, "x") }, 1, ErrUnknownField},
		"field 65":                  {func(m *Message) { m.SetString(65, "x") }, 65, ErrUnknownField},
		"field 5":                   {func(m *Message) { m.SetString(5, "x") }, 5, ErrUnknownField},
		"a batch of seven digits":   {func(m *Message) { m.SetF60(F60{MessageType: "22", Batch: 1e6}) }, 60, ErrFormat},
		"a date of one digit":       {func(m *Message) { m.SetF61(F61{Date: "1"}) }, 61, ErrFormat},
		"an MTI of letters":         {func(m *Message) { m.MTI = "02xx" }, PartMTI, ErrFormat},
		"no MTI":                    {func(m *Message) { m.MTI = "" }, PartMTI, ErrFormat},
		"a count of four digits":    {func(m *Message) { m.SetTotals(Totals{Foreign: PartTotals{DebitCount: 1000}}) }, 48, ErrFormat},
		"an issuer that's too long": {func(m *Message) { m.SetF44(F44{Issuer: "123456789012"}) }, 44, ErrTooLong},
		"a scheme of four letters":  {func(m *Message) { m.SetF63(F63{Code: "CUPS"}) }, 63, ErrTooLong},
		"an approval of two":        {func(m *Message) { m.SetSignOnDevice(SignOnDevice{Approval: "30"}) }, 62, ErrFormat},
	} {
		err := pack(c.change)
		var e *Error
		require.ErrorAs(t, err, &e, name)
		require.ErrorIs(t, err, c.want, name)
		require.Equal(t, c.field, e.Field, name)
		require.Negative(t, e.Offset, name)
	}
	require.NoError(t, pack(func(m *Message) {
		m.SetF60(F60{MessageType: "22", Batch: 1e6})
		m.SetF60(F60{MessageType: "22", Batch: 1})
		m.SetF61(F61{Date: "1"})
		m.Del(61)
	}), "put right, or taken away again")
	_, err := Profile{}.AppendBody(nil, &Frame{Message: Request("tea")})
	require.ErrorIs(t, err, ErrKind)
}

func TestAReplyBelongsToItsRequest(t *testing.T) {
	request := sample(t, Sale)
	reply := sampleReply(t, Sale)
	require.NoError(t, Match(request, reply))
	for field, change := range map[int]func(m *Message){
		PartMTI: func(m *Message) { m.MTI = "0410" },
		11:      func(m *Message) { m.SetSTAN(18) },
		41:      func(m *Message) { m.SetString(41, "10000018") },
		42:      func(m *Message) { m.Del(42) },
	} {
		other := reply.Clone()
		change(other)
		err := Match(request, other)
		var e *Error
		require.ErrorAs(t, err, &e)
		require.ErrorIs(t, err, ErrMismatch)
		require.Equal(t, field, e.Field)
	}
	require.NoError(t, Match(sample(t, Echo), sampleReply(t, Echo)), "an echo has no 11")
}

func TestAReversalRepeatsTheRequestWithoutItsSecrets(t *testing.T) {
	request := sample(t, Void)
	request.Set(55, append(sampleChip(t), unhex(t, "DF310500010203 04")...))
	r := Reversal(request, ReasonSilence)
	require.Equal(t, "0400", r.MTI)
	require.Equal(t, []int{2, 3, 4, 11, 14, 22, 23, 25, 38, 39, 41, 42, 49, 55, 60, 61, 64}, r.Fields())
	require.Equal(t, "98", r.Text(39))
	require.Equal(t, request.STAN(), r.STAN())
	f61, err := r.F61()
	require.NoError(t, err)
	require.Equal(t, F61{Batch: 12, STAN: 16, Date: "0000"}, f61)
	require.Equal(t, unhex(t, "95050000000000 9F1E083130303030303139 9F101307010103A00000010A010000000000ED538FE4 9F36020157 DF310500010203 04"), []byte(r.Text(55)))
	tr, _ := LookupTransaction(ReversalKind)
	require.Empty(t, tr.Missing(r))
	require.Equal(t, "1122", must(Reversal(request, ReasonMAC).F61()).Date)
	require.False(t, Reversal(sample(t, Balances), ReasonOther).Has(61))
	broken := request.Clone()
	broken.Set(55, []byte{0x9F})
	require.False(t, Reversal(broken, ReasonOther).Has(55))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
