package douyin

import (
	"crypto/subtle"
	"fmt"

	"github.com/openecr/openecr/pos"
)

// Hidden is a pos.Secret that can be read from the platform's JSON: a voucher
// code (券码), an encrypted code, a verify_token, an access token, or the raw
// bytes of an answer that holds such things. However it is printed, logged or
// marshalled, a mask is shown; Use lends the bytes.
type Hidden struct{ pos.Secret }

// Hide makes a Hidden of text.
func Hide(text string) Hidden { return Hidden{pos.NewSecret([]byte(text))} }

// UnmarshalJSON reads a string or a number; null is the empty value.
func (h *Hidden) UnmarshalJSON(b []byte) error {
	text, err := plainText(b)
	if err != nil {
		return err
	}
	*h = Hide(text)
	return nil
}

// IsZero says whether there is nothing to hide.
func (h Hidden) IsZero() bool { return h.Len() == 0 }

// Equal compares in constant time for values of one length.
func (h Hidden) Equal(o Hidden) (same bool) {
	h.Use(func(a []byte) { o.Use(func(b []byte) { same = subtle.ConstantTimeCompare(a, b) == 1 }) })
	return same
}

// tailLength is how much of a code may stand on a slip.
const tailLength = 4

// Tail is what may be shown of a code: a mask and its last four characters, or
// the mask alone if the code has fewer than twelve.
func (h Hidden) Tail() string {
	tail := ""
	h.Use(func(b []byte) {
		if len(b) >= 3*tailLength {
			tail = string(b[len(b)-tailLength:])
		}
	})
	return "****" + tail
}

// text is for the wire only.
func (h Hidden) text() string { return reveal(h.Secret) }

func reveal(s pos.Secret) (text string) {
	s.Use(func(b []byte) { text = string(b) })
	return text
}

// fmt finds the embedded Format; this line fails to compile should it ever be lost.
var _ fmt.Formatter = Hidden{}
