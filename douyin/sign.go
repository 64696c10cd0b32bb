package douyin

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/url"
	"slices"

	"github.com/openecr/openecr/pos"
)

// signedText is what SPI calls and authorisation links sign: the secret, every
// parameter but sign as &key=value in the order of keys and of values, decoded,
// and &http_body= with the body's bytes at the end.
//
// developer.open-douyin.com, local-life/connect/spi-signature-rules.
func signedText(secret []byte, query url.Values, body []byte) []byte {
	keys := make([]string, 0, len(query))
	for k := range query {
		if k != "sign" {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	text := slices.Clone(secret)
	for _, k := range keys {
		for _, v := range slices.Sorted(slices.Values(query[k])) {
			text = append(append(append(append(text, '&'), k...), '='), v...)
		}
	}
	if len(body) > 0 {
		text = append(append(text, "&http_body="...), body...)
	}
	return text
}

// SignSPI is the signature of an SPI call (签名规则 v2): lower hex SHA-256.
func SignSPI(secret pos.Secret, query url.Values, body []byte) (sign string) {
	secret.Use(func(s []byte) {
		text := signedText(s, query, body)
		sum := sha256.Sum256(text)
		clear(text)
		sign = hex.EncodeToString(sum[:])
	})
	return sign
}

// SignSPIOld is the former signature, lower hex MD5, which still comes along as
// the query's sign.
func SignSPIOld(secret pos.Secret, query url.Values, body []byte) (sign string) {
	secret.Use(func(s []byte) {
		text := signedText(s, query, body)
		sum := md5.Sum(text)
		clear(text)
		sign = hex.EncodeToString(sum[:])
	})
	return sign
}

// SignWebhook is the signature of a webhook (X-Douyin-Signature): lower hex
// SHA-1 of the secret and the body's bytes, one behind the other.
//
// developer.open-douyin.com, local-life/connect/webhooks.
func SignWebhook(secret pos.Secret, body []byte) (sign string) {
	secret.Use(func(s []byte) {
		text := append(slices.Clone(s), body...)
		sum := sha1.Sum(text)
		clear(text)
		sign = hex.EncodeToString(sum[:])
	})
	return sign
}

// anySign says whether one of the secrets gives the signature; while a secret
// is being changed two are right.
func anySign(secrets []pos.Secret, got string, sign func(pos.Secret) string) bool {
	ok := 0
	for _, s := range secrets {
		if s.Len() > 0 {
			ok |= subtle.ConstantTimeCompare([]byte(got), []byte(sign(s)))
		}
	}
	return ok == 1
}
