package douyin

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
)

// The text to sign of the platform's page spi-signature-rules, with its secret
// yyyyyy, client_key xxxxxx and body zzzzzz. The page gives no digest; these
// were made of that text by sha256sum and md5sum.
func TestTheSignatureOfSPICallsIsThePublishedOne(t *testing.T) {
	const text = "yyyyyy&client_key=xxxxxx&timestamp=1624293280123&http_body=zzzzzz"
	q := url.Values{"timestamp": {"1624293280123"}, "client_key": {"xxxxxx"}, "sign": {"is left out"}}
	require.Equal(t, text, string(signedText([]byte("yyyyyy"), q, []byte("zzzzzz"))))
	secret := pos.NewSecret([]byte("yyyyyy"))
	require.Equal(t, "1cb07147475e76d0a8b9f6c7e201c7d8cde1617fb9f5d7e576bec5268fa887ae", SignSPI(secret, q, []byte("zzzzzz")))
	require.Equal(t, "e1902a328e3fca6d4322fc4d8123bf2e", SignSPIOld(secret, q, []byte("zzzzzz")))
	sum := sha256.Sum256([]byte(text))
	require.Equal(t, hex.EncodeToString(sum[:]), SignSPI(secret, q, []byte("zzzzzz")))
	old := md5.Sum([]byte(text))
	require.Equal(t, hex.EncodeToString(old[:]), SignSPIOld(secret, q, []byte("zzzzzz")))
}

// Several values of one key are in order too, an empty body adds nothing.
func TestSignedTextSortsKeysAndValues(t *testing.T) {
	q := url.Values{"other": {"b", "a"}, "client_key": {"ck123"}, "timestamp": {"1710000000000"}}
	require.Equal(t, "s&client_key=ck123&other=a&other=b&timestamp=1710000000000", string(signedText([]byte("s"), q, nil)))
}

func TestTheSignatureOfWebhooks(t *testing.T) {
	// printf 'secret{"event":"x"}' | sha1sum
	require.Equal(t, "cdbd147248cf255d206fdc8f14f04b6585d3bec1", SignWebhook(pos.NewSecret([]byte("secret")), []byte(`{"event":"x"}`)))
}

// printf '%s' "${text}" | openssl dgst -sha256 -hmac s3cr3t, and md5sum.
func TestTheSignatureOfTheShop(t *testing.T) {
	secret := pos.NewSecret([]byte("s3cr3t"))
	param, err := canonical(map[string]any{"z": 1, "a": map[string]any{"d": "<&>", "c": []int{2, 1}}, "big": int64(6496679971677798670)})
	require.NoError(t, err)
	require.Equal(t, `{"a":{"c":[2,1],"d":"<&>"},"big":6496679971677798670,"z":1}`, param)
	require.Equal(t, "ea0236e15a983e23e7d73d12b1575b2ff380edaf096176504fa8a44e34a38a7e", SignDoudian(DoudianHMAC, secret, "k", "order.searchList", param, "1700000000"))
	require.Equal(t, "b6d1e074bd196c0ada0b195c1c24514f", SignDoudian(DoudianMD5, secret, "k", "order.searchList", param, "1700000000"))
}

func TestReasonsHaveWords(t *testing.T) { require.Len(t, reasonWords, int(lastReason)) }
