package tmall

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"maps"
	"slices"
	"strings"

	"github.com/openecr/openecr/pos"
)

// Method is a way to sign (sign_method).
type Method string

// The ways the platform takes.
const (
	MD5        Method = "md5"
	HMAC       Method = "hmac" // HMAC-MD5
	HMACSHA256 Method = "hmac-sha256"
)

// Sign is the signature (签名) of a call, in upper hex: every parameter's name
// and value, in order of the names in ASCII, but for "sign" and empty values;
// the whole between two secrets for MD5, keyed with the secret for the others.
//
// From: open.taobao.com, document 101617, call protocol (API调用协议).
func Sign(m Method, secret pos.Secret, params map[string]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(params)) {
		if v := params[k]; v != "" && k != "sign" {
			b.WriteString(k + v)
		}
	}
	var sum []byte
	secret.Use(func(key []byte) {
		var h hash.Hash
		switch text := b.String(); m {
		case HMAC:
			h = hmac.New(md5.New, key)
			h.Write([]byte(text))
		case HMACSHA256:
			h = hmac.New(sha256.New, key)
			h.Write([]byte(text))
		default:
			h = md5.New()
			h.Write(key)
			h.Write([]byte(text))
			h.Write(key)
		}
		sum = h.Sum(nil)
	})
	return strings.ToUpper(hex.EncodeToString(sum))
}
