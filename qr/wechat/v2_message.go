package wechat

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/wallet"
)

// Message is one request or answer of API v2: a flat list of names and values.
type Message map[string]string

// SignType is how v2 signs.
type SignType string

// The two ways. An empty one is MD5, as the API has it.
const (
	SignMD5  SignType = "MD5"
	SignHMAC SignType = "HMAC-SHA256"
)

// Bounds of a v2 message: the richest answer has some 60 names, with coupons 200.
const (
	maxV2Fields = 400
	maxV2Value  = 8 << 10
)

// ErrXML: it is no message of API v2. Document types and nesting are refused.
var ErrXML = errors.New("it is no flat XML message")

// Sign makes the signature of a message: names sorted, empty values and sign left
// out, k=v joined by &, then &key= and the key.
//
// Source: WeChat Pay API v2, 签名算法.
func (m Message) Sign(t SignType, key pos.Secret) (sign string) {
	var text []byte
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if m[k] != "" && k != "sign" {
			text = append(append(append(append(text, k...), '='), m[k]...), '&')
		}
	}
	text = append(text, "key="...)
	key.Use(func(k []byte) {
		var h hash.Hash = md5.New()
		if t == SignHMAC {
			h = hmac.New(sha256.New, k)
		}
		h.Write(append(text, k...))
		sign = strings.ToUpper(hex.EncodeToString(h.Sum(nil)))
	})
	return sign
}

// Verify checks the signature of an answer. Errors: wallet.ErrForged.
func (m Message) Verify(t SignType, key pos.Secret) error {
	if m["sign_type"] != "" {
		t = SignType(m["sign_type"])
	}
	if m["sign"] == "" || subtle.ConstantTimeCompare([]byte(m.Sign(t, key)), []byte(m["sign"])) != 1 {
		return fmt.Errorf("%w: the signature is missing or does not fit", wallet.ErrForged)
	}
	return nil
}

// Append writes the message as XML, names sorted.
func (m Message) Append(dst []byte) []byte {
	b := bytes.NewBuffer(dst)
	b.WriteString("<xml>")
	for _, k := range slices.Sorted(maps.Keys(m)) {
		b.WriteString("<" + k + ">")
		xml.EscapeText(b, []byte(m[k]))
		b.WriteString("</" + k + ">")
	}
	b.WriteString("</xml>")
	return b.Bytes()
}

// ParseMessage reads flat XML. No document type, no entity of its own, no
// nesting gets through. Errors: ErrXML.
func ParseMessage(text []byte) (Message, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	m, depth, name := Message{}, 0, ""
	var value []byte
	for {
		t, err := d.Token()
		if err == io.EOF && depth == 0 && len(m) > 0 {
			return m, nil
		}
		if err != nil {
			return nil, ErrXML
		}
		switch t := t.(type) {
		case xml.StartElement:
			if depth++; depth > 2 || depth == 1 && (t.Name.Local != "xml" || len(m) > 0) {
				return nil, ErrXML
			}
			name, value = t.Name.Local, nil
		case xml.CharData:
			if depth == 2 {
				value = append(value, t...)
			}
		case xml.EndElement:
			if depth == 2 {
				if _, twice := m[name]; twice || len(m) >= maxV2Fields || len(value) > maxV2Value {
					return nil, ErrXML
				}
				m[name] = string(value)
			}
			depth--
		case xml.Directive:
			return nil, ErrXML
		}
	}
}
