package wechat

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/wallet"
)

// scheme is the name of the signature in Authorization.
const scheme = "WECHATPAY2-SHA256-RSA2048"

// RequestMessage is what is signed of a request: method, path with query as sent,
// seconds, nonce and body, a line each.
//
// Source: WeChat Pay API v3, 签名生成.
func RequestMessage(method, path string, at time.Time, nonce string, body []byte) []byte {
	m := make([]byte, 0, len(method)+len(path)+len(nonce)+len(body)+20)
	m = append(append(m, method...), '\n')
	m = append(append(m, path...), '\n')
	m = append(strconv.AppendInt(m, at.Unix(), 10), '\n')
	m = append(append(m, nonce...), '\n')
	return append(append(m, body...), '\n')
}

// AnswerMessage is what is signed of an answer or notification.
//
// Source: WeChat Pay API v3, 签名验证.
func AnswerMessage(timestamp, nonce string, body []byte) []byte {
	m := make([]byte, 0, len(timestamp)+len(nonce)+len(body)+3)
	m = append(append(m, timestamp...), '\n')
	m = append(append(m, nonce...), '\n')
	return append(append(m, body...), '\n')
}

// Authorization makes the header of a request.
func Authorization(merchant, serial string, key wallet.SigningKey, method, path string, at time.Time, nonce string, body []byte) (string, error) {
	sig, err := key.Sign(RequestMessage(method, path, at, nonce, body))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`%s mchid="%s",nonce_str="%s",timestamp="%d",serial_no="%s",signature="%s"`,
		scheme, merchant, nonce, at.Unix(), serial, sig), nil
}

func newNonce() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// stamp are the headers that carry a signature.
type stamp struct {
	timestamp, nonce, signature, serial string
}

func stampOf(h http.Header) (stamp, bool) {
	s := stamp{h.Get("Wechatpay-Timestamp"), h.Get("Wechatpay-Nonce"), h.Get("Wechatpay-Signature"), h.Get("Wechatpay-Serial")}
	return s, s.timestamp != "" && s.nonce != "" && s.signature != "" && s.serial != ""
}

// ErrSealed: what was encrypted cannot be opened with the APIv3 key.
var ErrSealed = errors.New("what WeChat encrypted cannot be opened with the APIv3 key")

// Sealed is an encrypted part of an answer: AEAD_AES_256_GCM.
type Sealed struct {
	Algorithm  string `json:"algorithm"`
	Ciphertext string `json:"ciphertext"`
	Additional string `json:"associated_data,omitempty"`
	Nonce      string `json:"nonce"`
}

// Open decrypts. Errors: ErrSealed.
func (s Sealed) Open(key pos.Secret) ([]byte, error) {
	box, err := base64.StdEncoding.DecodeString(s.Ciphertext)
	if err != nil || s.Algorithm != "" && s.Algorithm != "AEAD_AES_256_GCM" {
		return nil, fmt.Errorf("%w: algorithm %q", ErrSealed, s.Algorithm)
	}
	aead, err := aeadOf(key)
	if err != nil || len(s.Nonce) != aead.NonceSize() {
		return nil, ErrSealed
	}
	plain, err := aead.Open(nil, []byte(s.Nonce), box, []byte(s.Additional))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// Seal encrypts as WeChat does: for its simulator.
func Seal(key pos.Secret, additional, nonce string, plain []byte) (Sealed, error) {
	aead, err := aeadOf(key)
	if err != nil || len(nonce) != aead.NonceSize() {
		return Sealed{}, ErrSealed
	}
	box := aead.Seal(nil, []byte(nonce), plain, []byte(additional))
	return Sealed{Algorithm: "AEAD_AES_256_GCM", Ciphertext: base64.StdEncoding.EncodeToString(box), Additional: additional, Nonce: nonce}, nil
}

func aeadOf(key pos.Secret) (cipher.AEAD, error) {
	var block cipher.Block
	var err error
	key.Use(func(b []byte) { block, err = aes.NewCipher(b) })
	if err != nil {
		return nil, ErrSealed
	}
	return cipher.NewGCM(block)
}
