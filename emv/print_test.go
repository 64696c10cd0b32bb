package emv_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/emv"
)

// secretBytes is a record that holds everything that must not be shown, as
// cards have it.
func secretBytes(t testing.TB) []byte {
	t.Helper()
	var in []byte
	for _, o := range []struct {
		tag   emv.Tag
		value string
	}{
		{0x5A, "6212345678901265"},
		{0x57, "6212345678901265D3012201123456789F"},
		{0x56, hex.EncodeToString([]byte("B6212345678901265^DOE/JANE^3012201123456789"))},
		{0x5F20, hex.EncodeToString([]byte("DOE/JANE"))},
		{0x99, "0412345678901234"},
		{0x9F1F, "31313233343536373839"},
		{0x9F20, "1234567890"},
		{0x9F61, "313130313031"},
		{0x9F6B, "6212345678901265D3012201123456789F"},
		{0x9F0B, hex.EncodeToString([]byte("DOE/JANE OF A VERY LONG NAME"))},
		{0xDF7F, "6212345678901265"},
	} {
		var err error
		in, err = emv.Append(in, o.tag, unhex(t, o.value))
		require.NoError(t, err)
	}
	b, err := emv.Append(nil, emv.TagRecord, in)
	require.NoError(t, err)
	return b
}

func secretObjects(t testing.TB) emv.Objects {
	t.Helper()
	l, err := emv.Parse(secretBytes(t), emv.Options{})
	require.NoError(t, err)
	require.Len(t, l, 12)
	return l
}

func TestObjectsCannotBePrinted(t *testing.T) {
	l := secretObjects(t)
	type holder struct {
		L emv.Objects
		O *emv.Object
	}
	values := []any{l, &l, holder{l, &l[1]}, []any{l}, map[string]emv.Objects{"a": l}, emv.Explain(secretBytes(t), emv.Options{}, 0)}
	for i := range l {
		values = append(values, l[i], &l[i])
	}
	var log bytes.Buffer
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%c", "%U", "%e", "%T", "%t", "%08b"} {
			fmt.Fprintf(&log, verb+"\n", v)
		}
		j, err := json.Marshal(v)
		require.NoError(t, err)
		log.Write(j)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
	}
	said := log.String()
	require.Contains(t, said, "621234******1265")
	require.Contains(t, said, "(8 bytes, not shown)")
	for _, secret := range []string{testPAN, "345678", "3012201", "DOE", "444F45", "0412345678", "31313233343536373839", "313130313031",
		fmt.Sprintf("%x", testPAN), fmt.Sprintf("%X", "DOE/JANE"), "98 18 52 86", "68 79 69", "0x44, 0x4f", "0x62, 0x12", "0x34, 0x56"} {
		require.NotContains(t, said, secret)
	}
}

func TestWhatAnObjectSays(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"an amount", "9F0206000000001280", "9F02 amount, authorised: 000000001280"},
		{"a card number", "5A086212345678901265", "5A application PAN: 621234******1265"},
		{"a number that is none", "5A03621234", "5A application PAN: (3 bytes, not shown)"},
		{"an empty one", "5A00", "5A application PAN:"},
		{"a broken track", "570412345678", "57 track 2 equivalent data: (4 bytes, not shown)"},
		{"an unknown tag", "DF7F0101", "DF7F: (1 byte, not shown)"},
		{"a template, closed", "70039A0126", "70 record template: (3 bytes of data objects)"},
	} {
		l, err := emv.Parse(unhex(t, c.in), emv.Options{Flat: true})
		require.NoError(t, err, c.name)
		require.Equal(t, c.want, l.String(), c.name)
	}
	l, err := emv.Parse(unhex(t, "9A03261122 5A086212345678901265"), emv.Options{})
	require.NoError(t, err)
	j, err := json.Marshal(l)
	require.NoError(t, err)
	require.Equal(t, `[{"tag":"9A","name":"transaction date","offset":0,"depth":0,"length":3,"value":"261122"},`+
		`{"tag":"5A","name":"application PAN","offset":5,"depth":0,"length":8,"masked":"621234******1265"}]`, string(j))
	text, err := l[1].MarshalText()
	require.NoError(t, err)
	require.Equal(t, "5A application PAN: 621234******1265", string(text))
}

func TestTrack1(t *testing.T) {
	const track = "%B6212345678901265^DOE/JANE^3012201123456789?5"
	tr, err := emv.ParseTrack1([]byte(track))
	require.NoError(t, err)
	require.Equal(t, "621234******1265", tr.String())
	require.Equal(t, "3012", tr.Expiry().String())
	code, ok := tr.ServiceCode()
	require.True(t, ok)
	require.EqualValues(t, 201, code)
	tr.UseName(func(b []byte) { require.Equal(t, "DOE/JANE", string(b)) })
	tr.Use(func(b []byte) { require.Equal(t, strings.Trim(track, "%?5")+"", string(b)) })
	var log bytes.Buffer
	h := struct {
		T *emv.Track1
		t emv.Track1
	}{&tr, tr}
	for _, v := range []any{tr, &tr, h, &h} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%08b"} {
			fmt.Fprintf(&log, verb+"\n", v)
		}
		j, err := json.Marshal(v)
		require.NoError(t, err)
		log.Write(j)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
	}
	for _, secret := range []string{testPAN, "DOE", "345678", "3012201", "68 79 69", "54 50 49"} {
		require.NotContains(t, log.String(), secret)
	}
	for name, bad := range map[string]string{"empty": "", "format A": "A6212345678901265^X^3012", "no separators": "B6212345678901265", "one separator": "B6212345678901265^X",
		"no number": "B12^X^3012", "no expiry": "B6212345678901265^X^30", "long name": "B6212345678901265^" + strings.Repeat("X", 27) + "^3012", "lower case": "B6212345678901265^x^3012",
		"too long": "B6212345678901265^X^3012" + strings.Repeat("1", 60)} {
		_, err := emv.ParseTrack1([]byte(bad))
		require.ErrorIs(t, err, emv.ErrTrack1, name)
		require.NotContains(t, err.Error(), "6212", name)
	}
	require.True(t, emv.Track1{}.IsZero())
	require.Empty(t, emv.Track1{}.String())
	require.Zero(t, emv.Track1{}.Expiry())
	emv.Track1{}.UseName(func(b []byte) { require.Empty(t, b) })
	emv.Track1{}.Clear()
	copied := tr
	tr.Clear()
	require.Empty(t, copied.String())
	require.Zero(t, copied.Expiry())
}
