package shouqianba

import (
	"crypto/md5"
	"encoding/hex"

	"github.com/openecr/openecr/pos"
)

// Sign is the signature of a request: lower-case hex of MD5 over the body's bytes and the key.
//
// Source: WoSai/shouqianba-doc, zh-cn/api/sign.md: sign = MD5(CONCAT(body + key)).
func Sign(body []byte, key pos.Secret) string {
	h := md5.New()
	h.Write(body)
	key.Use(func(b []byte) { h.Write(b) })
	var sum [md5.Size]byte
	return hex.EncodeToString(h.Sum(sum[:0]))
}

// Authorization is the header of a signed request: who signs, a space, the signature.
func Authorization(serial string, body []byte, key pos.Secret) string {
	return serial + " " + Sign(body, key)
}
