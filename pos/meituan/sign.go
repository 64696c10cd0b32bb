package meituan

import (
	"crypto/sha1"
	"encoding/hex"
	"maps"
	"slices"

	"github.com/openecr/openecr/pos"
)

// Sign is the signature (签名) of a call: SHA-1, in lower hex, of the sign key
// and every parameter's name and value in order of the names, but for "sign"
// and empty values.
//
// From: developer.meituan.com, technical service platform (技术服务合作中心),
// signature rule; the same rule with an example at dap.meituan.com/carrieropen/doc-1-1.
func Sign(key pos.Secret, params map[string]string) string {
	h := sha1.New()
	key.Use(func(b []byte) { h.Write(b) })
	for _, k := range slices.Sorted(maps.Keys(params)) {
		if v := params[k]; v != "" && k != "sign" {
			h.Write([]byte(k + v))
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
