package alipay

import (
	"net/url"
	"slices"
)

// RequestMessage is what is signed of a request: every parameter with a value except sign,
// sorted by name, k=v joined by &, the values as they are before URL encoding.
//
// Source: Alipay open platform, 自行实现签名.
func RequestMessage(p url.Values) []byte { return message(p, "sign") }

// NoticeMessage is what is signed of a notification: sign_type is left out as well.
//
// Source: Alipay open platform, 异步返回结果的验签; alipay_cert_sn is left out too, as one client does.
func NoticeMessage(p url.Values) []byte { return message(p, "sign", "sign_type", "alipay_cert_sn") }

func message(p url.Values, without ...string) []byte {
	names := make([]string, 0, len(p))
	for k := range p {
		if p.Get(k) != "" && !slices.Contains(without, k) {
			names = append(names, k)
		}
	}
	slices.Sort(names)
	var m []byte
	for i, k := range names {
		if i > 0 {
			m = append(m, '&')
		}
		m = append(append(append(m, k...), '='), p.Get(k)...)
	}
	return m
}
