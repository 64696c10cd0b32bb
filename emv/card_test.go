package emv_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/emv"
)

const (
	testPAN    = "6212345678901265"
	testTrack2 = "6212345678901265D30122011234567890"
)

func TestPAN(t *testing.T) {
	p, err := emv.ParsePAN([]byte("6212 3456-7890 1265"))
	require.NoError(t, err)
	require.Equal(t, 16, p.Len())
	require.Equal(t, testPAN, string(p.AppendDigits(nil)))
	require.Equal(t, "621234******1265", p.String())
	coded, err := emv.DecodePAN([]byte{0x62, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x65, 0xFF, 0xFF})
	require.NoError(t, err)
	require.True(t, p.Equal(coded))
	for name, bad := range map[string]string{"too short": "62123456789", "too long": strings.Repeat("1", 20), "letters": "621234567890126X", "nothing": ""} {
		_, err := emv.ParsePAN([]byte(bad))
		require.ErrorIs(t, err, emv.ErrPAN, name)
		require.NotContains(t, err.Error(), "6212", name)
	}
	_, err = emv.DecodePAN([]byte{0x62, 0x12, 0x34, 0xF6, 0x78, 0x90, 0x12, 0x65})
	require.ErrorIs(t, err, emv.ErrPAN, "digits behind the padding")
	short, err := emv.ParsePAN([]byte("621234567890"))
	require.NoError(t, err)
	require.Equal(t, "********7890", short.String(), "six and four of twelve would be nearly all")
}

func TestLuhn(t *testing.T) {
	// The example of ISO/IEC 7812-1 annex B.2 is 4992 73 9871 6.
	for text, want := range map[string]bool{"49927398716000": false, "4111111111111111": true, "378282246310005": true, "4111111111111112": false, "6212345678901265": true} {
		p, err := emv.ParsePAN([]byte(text))
		require.NoError(t, err)
		require.Equal(t, want, p.Luhn(), text)
	}
	require.False(t, emv.PAN{}.Luhn())
}

func TestTrack2(t *testing.T) {
	for _, text := range []string{testTrack2, ";6212345678901265=30122011234567890?5", strings.ToLower(testTrack2)} {
		tr, err := emv.ParseTrack2([]byte(text))
		require.NoError(t, err, text)
		tr.Use(func(b []byte) { require.Equal(t, testTrack2, string(b)) })
		require.Equal(t, "621234******1265", tr.PAN().String())
		require.Equal(t, "3012", tr.Expiry().String())
		code, ok := tr.ServiceCode()
		require.True(t, ok)
		require.EqualValues(t, 201, code)
		require.True(t, code.Chip())
		require.False(t, code.PINRequired())
	}
	coded, err := emv.DecodeTrack2(unhex(t, "6212345678901265D3012201123456789F"))
	require.NoError(t, err)
	require.Equal(t, "621234******1265", coded.String())
	for name, bad := range map[string]string{"no separator": testPAN, "no expiry": testPAN + "=301", "a short number": "1234=30122011", "two separators": testPAN + "D30D2",
		"too long": testPAN + "=" + strings.Repeat("1", 21), "letters": testPAN + "=30x1"} {
		_, err := emv.ParseTrack2([]byte(bad))
		require.ErrorIs(t, err, emv.ErrTrack, name)
		require.NotContains(t, err.Error(), "6212", name)
	}
	for name, bad := range map[string]string{"digits behind the padding": "6212345678901265D3012F01", "nibble A": "62123456789012A5D301220" + "1"} {
		_, err := emv.DecodeTrack2(unhex(t, bad))
		require.ErrorIs(t, err, emv.ErrTrack, name)
	}
}

func TestCardDataCannotBePrinted(t *testing.T) {
	pan, err := emv.ParsePAN([]byte(testPAN))
	require.NoError(t, err)
	track, err := emv.ParseTrack2([]byte(testTrack2))
	require.NoError(t, err)
	type hidden struct {
		pan   emv.PAN
		track emv.Track2
		Pan   *emv.PAN
	}
	h := hidden{pan, track, &pan}
	var log bytes.Buffer
	for _, v := range []any{pan, &pan, track, &track, h, &h, []emv.PAN{pan}, map[string]emv.Track2{"a": track}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p", "%t", "%08b"} {
			fmt.Fprintf(&log, verb+"\n", v)
		}
		if j, err := json.Marshal(v); err == nil {
			log.Write(j)
		}
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
	}
	for _, secret := range []string{testPAN, "345678", "3012201", fmt.Sprintf("%x", testPAN), fmt.Sprintf("%x", "345678"), "54 50 49 50", "51 52 53"} {
		require.NotContains(t, log.String(), secret)
	}
	copied := pan
	pan.Clear()
	require.Zero(t, copied.Len())
}

func TestExpiry(t *testing.T) {
	e, err := emv.ParseExpiry("3012")
	require.NoError(t, err)
	require.Equal(t, emv.Expiry{Year: 30, Month: 12}, e)
	for _, bad := range []string{"", "301", "30123", "3013", "30a2", "3000"} {
		_, err := emv.ParseExpiry(bad)
		require.Error(t, err, bad)
	}
}
