package wechat_test

import (
	"strings"
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/openecr/openecr/qr/wechat"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// officialKey is the testing key of WeChat's own client: wechatpay-go v0.2.20, utils/sign_test.go.
const officialKey = `-----BEGIN PRIVATE KEY-----
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDZUJN33V+dSfvd
fL0Mu+39XrZNXFFMQSy1V15FpncHeV47SmV0TzTqZc7hHB0ddqAdDi8Z5k3TKqb7
6sOwYr5TcAfuR6PIPaleyE0/0KrljBum2Isa2Nyq7Dgc3ElBQ6YN4l/a+DpvKaz1
FSKmKrhLNskqokWVSlu4g8OlKlbPXQ9ibII14MZRQrrkTmHYHzfi7GXXM0thAKuR
0HNvyhTHBh4/lrYM3GaMvmWwkwvsMavnOex6+eioZHBOb1/EIZ/LzC6zuHArPpyW
3daGaZ1rtQB1vVzTyERAVVFsXXgBHvfFud3w3ShsJYk8JvMwK2RpJ5/gV0QSARcm
LDRUAlPzAgMBAAECggEBAMc7rDeUaXiWv6bMGbZ3BTXpg1FhdddnWUnYE8HfX/km
OFI7XtBHXcgYFpcjYz4D5787pcsk7ezPidAj58zqenuclmjKnUmT3pfbI5eCA2v4
C9HnbYDrmUPK1ZcADtka4D6ScDccpNYNa1g2TFHzkIrEa6H+q7S3O2fqxY/DRVtN
0JIXalBb8daaqL5QVzSmM2BMVnHy+YITJWIkP2a3pKs9C0W65JGDsnG0wVrHinHF
+cnhFZIbaPEI//DAFMc9NkrWOKVRTEgcCUxCFaHOZVNxDWZD7A2ZfJB2rK6eg//y
gEiFDR2h6mTaDowMB4YF2n2dsIO4/dCG8vPHI20jn4ECgYEA/ZGu6lEMlO0XZnam
AZGtiNgLcCfM/C2ZERZE7QTRPZH1WdK92Al9ndldsswFw4baJrJLCmghjF/iG4zi
hhBvLnOLksnZUfjdumxoHDWXo2QBWbI5QsWIE7AuTiWgWj1I7X4fCXSQf6i+M/y2
6TogQ7d0ANpZFyOkTNMn/tiJvLECgYEA22XqlamG/yfAGWery5KNH2DGlTIyd6xJ
WtJ9j3jU99lZ0bCQ5xhiBbU9ImxCi3zgTsoqLWgA/p00HhNFNoUcTl9ofc0G3zwT
D1y0ZzcnVKxGJdZ6ohW52V0hJStAigtjYAsUgjm7//FH7PiQDBDP1Wa6xSRkDQU/
aSbQxvEE8+MCgYEA3bb8krW7opyM0XL9RHH0oqsFlVO30Oit5lrqebS0oHl3Zsr2
ZGgoBlWBsEzk3UqUhTFwm/DhJLTSJ/TQPRkxnhQ5/mewNhS9C7yua7wQkzVmWN+V
YeUGTvDGDF6qDz12/vJAgSwDDRym8x4NcXD5tTw7mmNRcwIfL22SkysThIECgYAV
BgccoEoXWS/HP2/u6fQr9ZIR6eV8Ij5FPbZacTG3LlS1Cz5XZra95UgebFFUHHtC
EY1JHJY7z8SWvTH8r3Su7eWNaIAoFBGffzqqSVazfm6aYZsOvRY6BfqPHT3p/H1h
Tq6AbBffxrcltgvXnCTORjHPglU0CjSxVs7awW3AEQKBgB5WtaC8VLROM7rkfVIq
+RXqE5vtJfa3e3N7W3RqxKp4zHFAPfr82FK5CX2bppEaxY7SEZVvVInKDc5gKdG/
jWNRBmvvftZhY59PILHO2X5vO4FXh7suEjy6VIh0gsnK36mmRboYIBGsNuDHjXLe
BDa+8mDLkWu5nHEhOxy2JJZl
-----END PRIVATE KEY-----`

// TestSignatureOfTheOfficialClient: SHA256-RSA2048 of "source", same file.
func TestSignatureOfTheOfficialClient(t *testing.T) {
	key, err := wallet.ParseSigningKey([]byte(officialKey))
	require.NoError(t, err)
	want := "BKyAfU4iMCuvXMXS0Wzam3V/cnxZ+JaqigPM5OhljS2iOT95OO6Fsuml2JkFANJU9K6q9bLlDhPXuoV" +
		"z+pp4hAm6pHU4ld815U4jsKu1RkyaII+1CYBUYC8TK0XtJ8FwUXXz8vZHh58rrAVN1XwNyvD1vfpxrMT4SL536GLwvpUHlCqIMzoZUguLl" +
		"i/K8V29QiOhuH6IEqLNJn8e9b3nwNcQ7be3CzYGpDAKBfDGPCqCv8Rw5zndhlffk2FEA70G4hvMwe51qMN/RAJbknXG23bSlObuTCN7Ndj" +
		"1aJGH6/L+hdwfLpUtJm4QYVazzW7DFD27EpSQEqA8bX9+8m1rLg=="
	got, err := key.Sign([]byte("source"))
	require.NoError(t, err)
	assert.Equal(t, want, got)
	assert.NoError(t, wallet.Verify(key.Public(), []byte("source"), want))
	assert.ErrorIs(t, wallet.Verify(key.Public(), []byte("Source"), want), wallet.ErrForged)
}

// TestSealOfTheOfficialClient: AEAD_AES_256_GCM, wechatpay-go v0.2.20, utils/aes_test.go (with a
// key of 16 bytes there).
func TestSealOfTheOfficialClient(t *testing.T) {
	s := wechat.Sealed{Algorithm: "AEAD_AES_256_GCM", Ciphertext: "FsdXzxryWfKwvLJKf8LG/ToRPTRh8RN9wROC", Nonce: "wCq51qZv4Yfg", Additional: "Dl56FrqWQJF1t9LtC3vEUsniZKvbqdR8"}
	plain, err := s.Open(pos.NewSecret([]byte("testAPIv3Key0000")))
	require.NoError(t, err)
	assert.Equal(t, "Hello World", string(plain))
	for _, wrong := range []wechat.Sealed{{Ciphertext: "x"}, {Ciphertext: s.Ciphertext, Nonce: s.Nonce}, {Ciphertext: s.Ciphertext, Nonce: "short", Additional: s.Additional}, {}} {
		_, err := wrong.Open(pos.NewSecret([]byte("testAPIv3Key0000")))
		assert.ErrorIs(t, err, wechat.ErrSealed)
	}
	_, err = s.Open(pos.NewSecret([]byte("testAPIv3Key1111")))
	assert.ErrorIs(t, err, wechat.ErrSealed)
}

// TestRequestMessage: the lines of the documentation's example, WeChat Pay API v3, 签名生成: a GET with
// an empty body ends with two line ends.
func TestRequestMessage(t *testing.T) {
	got := wechat.RequestMessage("GET", "/v3/certificates", time.Unix(1554208460, 0), "593BEC0C930BF1AFEB40B4A08C8FB242", nil)
	assert.Equal(t, "GET\n/v3/certificates\n1554208460\n593BEC0C930BF1AFEB40B4A08C8FB242\n\n", string(got))
}

// TestV2SignatureOfTheDocumentation: WeChat Pay API v2, 签名算法 (chapter 4_3), both ways.
func TestV2SignatureOfTheDocumentation(t *testing.T) {
	m := wechat.Message{"appid": "wxd930ea5d5a258f4f", "mch_id": "10000100", "device_info": "1000", "body": "test", "nonce_str": "ibuaiVcKdpRxkhJA", "attach": ""}
	key := pos.NewSecret([]byte("192006250b4c09247ec02edce69f6a2d"))
	assert.Equal(t, "9A0A8659F005D6984697E2CA0A9CF3B7", m.Sign(wechat.SignMD5, key))
	assert.Equal(t, "6A9AE1657590FD6257D693A078E1C3E4BB6BA4DC30B23E0EE2496E54170DACD6", m.Sign(wechat.SignHMAC, key))
	m["sign"] = "9A0A8659F005D6984697E2CA0A9CF3B7"
	assert.NoError(t, m.Verify(wechat.SignMD5, key))
	m["body"] = "tesT"
	assert.ErrorIs(t, m.Verify(wechat.SignMD5, key), wallet.ErrForged)
}

func TestXMLIsFlatAndBounded(t *testing.T) {
	m := wechat.Message{"a": "1 < 2 & ]]>", "b": "付款码", "c": ""}
	got, err := wechat.ParseMessage(m.Append(nil))
	require.NoError(t, err)
	assert.Equal(t, m, got)
	got, err = wechat.ParseMessage([]byte("<xml><return_code><![CDATA[SUCCESS]]></return_code>\n</xml>"))
	require.NoError(t, err)
	assert.Equal(t, "SUCCESS", got["return_code"])
	for name, text := range map[string]string{
		"nothing":           "",
		"no XML":            "<html><body>maintenance",
		"another root":      "<html><a>1</a></html>",
		"a document type":   `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><a>&e;</a></xml>`,
		"an unknown entity": "<xml><a>&e;</a></xml>",
		"nested":            "<xml><a><b>1</b></a></xml>",
		"twice":             "<xml><a>1</a><a>2</a></xml>",
		"two roots":         "<xml><a>1</a></xml><xml><b>1</b></xml>",
		"not closed":        "<xml><a>1</a>",
		"a long value":      "<xml><a>" + strings.Repeat("x", 9000) + "</a></xml>",
		"many":              "<xml>" + strings.Repeat("<a>1</a>", 1000) + "</xml>",
	} {
		_, err := wechat.ParseMessage([]byte(text))
		assert.ErrorIs(t, err, wechat.ErrXML, name)
	}
}

func FuzzParseMessage(f *testing.F) {
	f.Add([]byte("<xml><return_code><![CDATA[SUCCESS]]></return_code></xml>"))
	f.Add([]byte(`<!DOCTYPE x><xml><a>1</a></xml>`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := wechat.ParseMessage(text)
		if err != nil {
			return
		}
		again, err := wechat.ParseMessage(m.Append(nil))
		if err != nil {
			return // a name that XML writes differently, such as one with a prefix
		}
		for k := range again {
			if again[k] != m[k] && !strings.ContainsAny(m[k], "\r\n\t") && strings.ToValidUTF8(m[k], "") == m[k] {
				t.Errorf("%q became %q", m[k], again[k])
			}
		}
	})
}
