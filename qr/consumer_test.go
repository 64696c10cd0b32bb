package qr_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/emv"
	"github.com/openecr/openecr/qr"
)

// Samples of EMVCo QRCPS-CPM 1.1, annex, as two public libraries test them.
const (
	emvConsumer1 = "hQVDUFYwMWEaTwegAAAAVVVVVw8SNFZ4kBI0WNGRIgESNF8="
	emvConsumer2 = "hQVDUFYwMWETTwegAAAAVVVVUAhQcm9kdWN0MWETTwegAAAAZmZmUAhQcm9kdWN0MmJJWggSNFZ4kBI0WF8gDkNBUkRIT0xERVIvRU1WXy0IcnVlc2RlZW5kIZ8QBwYBCgMAAACfJghYT9OF+iNLzJ82AgABnzcEbVjvEw=="
	emvConsumer3 = "hQVDUFYwMWEYTwegAAAAd3d3UA1Nb2JpbGUgV2FsbGV0Yl5fLQZhcmVuZGVkU995BpcVgSNFZ994AiUC33cRQWJkdWxrYXJpbSBNb3VtaW7fdg1XYWxsZXQgSXNzdWVy33UIEjRWeJq83vDfdAEB33MEMTIzNN9yCDEyMzQ1Njc4"
)

func consumer(t testing.TB, hexText string) qr.Code {
	b, err := hex.DecodeString(strings.ReplaceAll(hexText, " ", ""))
	require.NoError(t, err)
	return qr.NewCode(base64.StdEncoding.EncodeToString(b))
}

func TestTheConsumersOfTheSpecificationAreRead(t *testing.T) {
	p, err := qr.ParseConsumer(qr.NewCode(emvConsumer1), qr.Options{})
	require.NoError(t, err)
	require.Len(t, p.Applications, 1)
	require.Equal(t, "A0000000555555", fmt.Sprintf("%X", p.Applications[0].AID))
	require.Equal(t, "123456******3458", p.Applications[0].PAN.String())
	require.False(t, p.Applications[0].Track2.IsZero())
	require.NotContains(t, fmt.Sprintf("%+v %v %#v", p, p, p), "1234567890123458")

	p, err = qr.ParseConsumer(qr.NewCode(emvConsumer2), qr.Options{})
	require.NoError(t, err)
	require.Len(t, p.Applications, 2)
	require.Equal(t, "Product1", p.Applications[0].Label)
	require.Equal(t, "Product2", p.Applications[1].Label)
	require.Equal(t, "123456******3458", p.Applications[1].PAN.String(), "of the common template")
	atc, ok := p.Common.Find(0x9F36)
	require.True(t, ok)
	require.Equal(t, []byte{0, 1}, atc)

	p, err = qr.ParseConsumer(qr.NewCode(emvConsumer3), qr.Options{})
	require.NoError(t, err)
	require.Equal(t, "Mobile Wallet", p.Applications[0].Label)
	require.Len(t, p.Common, 10)
}

func TestConsumersAreWrittenAsTheyAreRead(t *testing.T) {
	for _, text := range []string{emvConsumer1, emvConsumer3} {
		p, err := qr.ParseConsumer(qr.NewCode(text), qr.Options{})
		require.NoError(t, err)
		var apps []emv.Objects
		top := func(l emv.Objects) (out emv.Objects) {
			for _, o := range l {
				if o.Depth == 1 {
					out = append(out, o)
				}
			}
			return out
		}
		for _, a := range p.Applications {
			apps = append(apps, top(a.Objects))
		}
		c, err := qr.EncodeConsumer(apps, top(p.Common))
		require.NoError(t, err)
		c.Use(func(b []byte) { require.Equal(t, text, string(b)) })
	}
	_, err := qr.EncodeConsumer(nil, nil)
	require.ErrorIs(t, err, qr.ErrMissing)
}

func TestWhatIsWrongWithAConsumerIsNamed(t *testing.T) {
	const head, app = "850543505630 31", "6109 4F07A0000000555555"
	for _, c := range []struct {
		name    string
		code    qr.Code
		kind    error
		says    string
		lenient bool
	}{
		{"nothing", qr.NewCode(""), qr.ErrNotPayload, "nothing", false},
		{"no Base64", qr.NewCode("hQVDUFYwM!"), qr.ErrNotPayload, "character 9", false},
		{"too long", qr.NewCode(strings.Repeat("hQVD", 129)), qr.ErrTooLong, "512", false},
		{"no padding", qr.NewCode(strings.TrimRight(emvConsumer1, "=")), qr.ErrNotPayload, "Base64", true},
		{"another version", consumer(t, "850543505630 32"+app), qr.ErrFirst, "object 85 at byte 0", false},
		{"no indicator", consumer(t, app), qr.ErrFirst, "object 61", false},
		{"no application", consumer(t, head), qr.ErrMissing, "object 61", false},
		{"no name of the application", consumer(t, head+"6103500141"), qr.ErrMissing, "object 61 at byte 7", true},
		{"name too short", consumer(t, head+"61064F04A0000000"), qr.ErrFormat, "object 4F (ADF name) at byte 9", true},
		{"three applications", consumer(t, head+app+app+app), qr.ErrFormat, "more than 2", false},
		{"two common templates", consumer(t, head+app+"62035F3401 62035F3401"[:10]), qr.ErrTruncated, "", false},
		{"common template before applications", consumer(t, head+"62045F340101"+app), qr.ErrFormat, "before", true},
		{"common template twice", consumer(t, head+app+"62045F34010162045F340101"), qr.ErrDuplicate, "object 62", false},
		{"card number of letters", consumer(t, head+"610E4F07A00000005555555A03ABCDEF"), qr.ErrFormat, "object 5A (PAN) at byte 18", true},
		{"an object twice", consumer(t, head+"61124F07A00000005555554F07A0000000555555"), qr.ErrDuplicate, "object 4F", false},
		{"cut off", consumer(t, head+"61094F07A000"), qr.ErrTruncated, "object 61 at byte 8", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := qr.ParseConsumer(c.code, qr.Options{})
			require.ErrorIs(t, err, c.kind)
			require.ErrorContains(t, err, c.says)
			_, err = qr.ParseConsumer(c.code, qr.Options{Lenient: true})
			require.Equal(t, c.lenient, err == nil, "%v", err)
		})
	}
}

func FuzzParseConsumer(f *testing.F) {
	for _, s := range []string{emvConsumer1, emvConsumer2, emvConsumer3, "hQVDUFYwMQ==", "hQVDUFYwMWGCAQA="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := qr.ParseConsumer(qr.NewCode(text), qr.Options{})
		_, lenient := qr.ParseConsumer(qr.NewCode(text), qr.Options{Lenient: true})
		if err == nil && lenient != nil {
			t.Fatalf("lenient refuses what strict takes: %v", lenient)
		}
	})
}
