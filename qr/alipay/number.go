package alipay

import "strings"

// number is an out_trade_no or out_request_no. Alipay's have letters, digits and
// underscores only, attempt ids dashes too: on the wire a dash is _d and an
// underscore _u, so that no two ids become one.
//
// Source: alipay.trade.pay, out_trade_no: 仅支持字母、数字、下划线.
type number string

var (
	toWire   = strings.NewReplacer("_", "_u", "-", "_d")
	fromWire = strings.NewReplacer("_u", "_", "_d", "-")
)

// MarshalText writes the number as Alipay has it.
func (n number) MarshalText() ([]byte, error) { return []byte(n.wire()), nil }

// UnmarshalText reads Alipay's. One that is not ours stays as it is.
func (n *number) UnmarshalText(b []byte) error {
	*n = readNumber(string(b))
	return nil
}

func (n number) wire() string { return toWire.Replace(string(n)) }

func readNumber(wire string) number { return number(fromWire.Replace(wire)) }

// WireNumber is how an order or refund of ours is called at Alipay, where a
// person looks it up.
func WireNumber(id string) string { return number(id).wire() }
