package alipay_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/url"
	"os"
	"testing"

	"github.com/openecr/openecr/qr/alipay"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sandboxApp is the certificate of a public example application of Alipay's sandbox.
//
// Source: pedia/spear, alipay_test.go, taken from the examples of smartwalle/alipay.
const sandboxApp = `-----BEGIN CERTIFICATE-----
MIIDmTCCAoGgAwIBAgIQICMGFE/GVT29GaZP4DEOYzANBgkqhkiG9w0BAQsFADCBkTELMAkGA1UE
BhMCQ04xGzAZBgNVBAoMEkFudCBGaW5hbmNpYWwgdGVzdDElMCMGA1UECwwcQ2VydGlmaWNhdGlv
biBBdXRob3JpdHkgdGVzdDE+MDwGA1UEAww1QW50IEZpbmFuY2lhbCBDZXJ0aWZpY2F0aW9uIEF1
dGhvcml0eSBDbGFzcyAyIFIxIHRlc3QwHhcNMjMwNjE0MDgxNDUyWhcNMjQwNjE4MDgxNDUyWjBr
MQswCQYDVQQGEwJDTjEfMB0GA1UECgwWZGRzdW12NTQyMUBzYW5kYm94LmNvbTEPMA0GA1UECwwG
QWxpcGF5MSowKAYDVQQDDCEyMDg4NzIxMDA0MTEzNTkzLTkwMjEwMDAxMjI2ODk0MjAwggEiMA0G
CSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQC2sJifTf2Cn8iMtmw2XrhCMeM98CSXJhnIg9KqU82Y
KiVEw4BvatucsBJGk/VWBPtjMDgmAnV/9+EaxIF7GkiLYE5l3AN7EG2Z9710UbNtaGmoDHNadlrM
t174EY6zoEaTS/UHRxZSqW/rCBJKjnte7vEvnprfiAOwGLWqhee7h/ULOu++JGw0KAMO6s2wC2SM
vOg+7MeuLqxOGxDs/dqZvfPIbnFXFIZlEUqA82iKJmkGlc+gTAysdBETyuayaB3P4ThgvXG4P4gJ
DEIJME4nBS4PM+3nCvv3c/GCWiqHSnfI+85KGZswDFS0uIaBxk2rHLj110bz16BXIbFEmmKZAgMB
AAGjEjAQMA4GA1UdDwEB/wQEAwIE8DANBgkqhkiG9w0BAQsFAAOCAQEAeyLzHfHRnZ7D3dHFJg9D
P/85ldjMIuJ4JRwVVFfcRBg496RlAs+F4rK0lWiykkBv1LtLINt/TI6wtqmpSy8Coi7xE2op+hKQ
B6ndf8Z1boE+Yjdi66uPSHNfgb5KYZeq+LB9QTDmKPCeF8eah789S0qpJ9YQkdZIl+khf7xYT+0a
ERQSb1ti/q2XSeikpHm8vWj0Jzsl4EZnZ22omcHii0iXeyzbHwaHAR90NVVko1Zy6BapLp0raX7x
a7xuuqW6GKRRkKT4w6mUl3nZ4lXP92+UHpcip/enwprlVdPdLbcJq0sxB97PEKfP6SAaCTji1Tdt
PzyPWSx9O07vRhN84Q==
-----END CERTIFICATE-----`

// rubyKey is the public key of a published example. It has 1024 bits: too few to configure.
//
// Source: chloerei/alipay, test/test_helper.rb.
const rubyKey = `-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCjNVhJf9PYDFN1PFd4SXEvxmjD
0dn+xQ4lQu6o8HbGXz4de/RRVTJDL48qwxn81lar5cNSIjbnhDRXm9fZcrzuwbjq
xXOv2Ov7MZAa/WJEcfvp3XcSgxKPB54FLVvHo/rxuMK2xpps47Lpc7vppkvi3ofb
XW61S+aT0TWFkUMTnwIDAQAB
-----END PUBLIC KEY-----`

func certificate(t *testing.T, text string) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	c, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	return c
}

func TestPublishedRequestIsSignedLikeOurs(t *testing.T) {
	p := url.Values{}
	for k, v := range map[string]string{
		"charset": "utf-8", "timestamp": "2023-07-29 23:26:48", "app_cert_sn": "deb4cd7ff642ef1256f9ba63f63cf7b0",
		"alipay_root_cert_sn": "687b59193f3f462dd5336e5abf83c5d8_02941eef3187dddf3d3b83462e1dfcf6", "encrypt_type": "AES",
		"notify_url": "/alipay/notify", "return_url": "/alipay/callback", "app_id": "9021000122689420", "method": "alipay.trade.page.pay",
		"format": "JSON", "sign_type": "RSA2", "version": "1.0", "app_auth_token": "",
		"biz_content": "cQD9G1jhwDi2CFuXwPCAYwVV2/pFTK2j+C6FHi3zvNvEE6/N4YHhOqzXCgorP2AJgktjsGZ+po5+kkQ3aHvV/VBi0v78AC61CDe7YzhA+1PPfxc+lVcFXc2hZHr/Q9vsxJG3wRKR1fca1u93DcEO8WPkntwKwH18uz7QM2W1WFo=",
		"sign":        "D1cJ1DtA7PohcNkNeeE+lk3xDvultFRd4plJUO9hWuSbS4H1pnsmBcnkUvl86jYgmbDr9zEGxHcCdQ7P6adBHsK2U7jEaJ1eZZv/vCrdh4w3v4WeqGuh43sB5ar2TFCVcEkKvQdpb35IBgAYmfTuQ6ZWrouBv96xUfJqdqU8hiC1ZCY0lPtZDyj8QxJ7NZ0E7uzFcSl85f9YWiu1w00hsZVh50ody6aDOznXDYWluN1Q7Wc2YTMV9pvcTyhEZMI/lDpasObJgx1JGBRT0Uwu34l9hH8v+RGojmvCYoSgqejjaxL/JHayHsPj/BGwNBNiArOy9DBKhZWijQv+lhc4NA=="} {
		p.Set(k, v)
	}
	key := certificate(t, sandboxApp).PublicKey.(*rsa.PublicKey)
	require.NoError(t, wallet.Verify(key, alipay.RequestMessage(p), p.Get("sign")))
	assert.ErrorIs(t, wallet.Verify(key, alipay.NoticeMessage(p), p.Get("sign")), wallet.ErrForged, "sign_type is signed in a request")
	p.Set("charset", "gbk")
	assert.ErrorIs(t, wallet.Verify(key, alipay.RequestMessage(p), p.Get("sign")), wallet.ErrForged)
}

// Source: chloerei/alipay, test/alipay/client_test.rb, sdk_execute.
func TestPublishedQueryStringIsSignedLikeOurs(t *testing.T) {
	p, err := url.ParseQuery("app_id=2016000000000000&charset=UTF-8&sign_type=RSA2&version=1.0&timestamp=2016-04-01+00%3A00%3A00&method=alipay.trade.page.pay&biz_content=%7B%22out_trade_no%22%3A%2220160401000000%22%2C%22product_code%22%3A%22QUICK_MSECURITY_PAY%22%2C%22total_amount%22%3A%220.01%22%2C%22subject%22%3A%22test%22%7D&app_cert_sn=28d1147972121b91734da59aa10f3c16&alipay_root_cert_sn=28d1147972121b91734da59aa10f3c16_28d1147972121b91734da59aa10f3c16&sign=Zr2UkxZcW69WB8bNsERgJrd73zBdiOeb08CmoI946Fiuh2dIYZKW8MqYEa46nPbqPL4Q0gv3djc1IWFMgY9J4Ku8TltV5NRxrIrtfRxVZa59Sg%2BlAI7EiHENqJfXpZptn%2BFa7SaV4ZzLsMWaNC2RceF2unPH17%2FZr1ZpkzUFYlE%3D")
	require.NoError(t, err)
	block, _ := pem.Decode([]byte(rubyKey))
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	require.NoError(t, err)
	assert.NoError(t, wallet.Verify(key.(*rsa.PublicKey), alipay.RequestMessage(p), p.Get("sign")))
	_, err = wallet.ParseVerifyKey([]byte(rubyKey))
	assert.Error(t, err, "1024 bits protect nothing")
}

// Source: pedia/spear, and the number every merchant in certificate mode sends; the root
// certificates are Alipay's own, as smartwalle/alipay v3.2.23 has them.
func TestPublishedCertificateNumbers(t *testing.T) {
	assert.Equal(t, "deb4cd7ff642ef1256f9ba63f63cf7b0", alipay.CertificateSN(certificate(t, sandboxApp)))
	root, err := os.ReadFile("testdata/alipayRootCert.crt")
	require.NoError(t, err)
	sn, err := alipay.RootSN(root)
	require.NoError(t, err)
	assert.Equal(t, "687b59193f3f462dd5336e5abf83c5d8_02941eef3187dddf3d3b83462e1dfcf6", sn)
	_, err = alipay.RootSN([]byte("no PEM"))
	assert.Error(t, err)
}
