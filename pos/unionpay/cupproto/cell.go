package cupproto

import (
	"errors"
	"fmt"

	"github.com/moov-io/iso8583/field"
)

// cell is a field of the library's messages in a Format of ours. A packed cell
// points into the bytes it came from; only one call uses it.
type cell struct {
	spec   *field.Spec
	number int
	format Format
	value  []byte // to be packed
	packed []byte // as it came, with prefix
	count  int    // digits or bytes of packed
}

var _ interface {
	field.Field
	field.Instantiator
} = (*cell)(nil)

// problem is what is wrong with a cell. rest counts bytes from the end of the
// message, because a field is given everything that follows it.
type problem struct {
	field, rest int
	err         error
}

func (p *problem) Error() string { return p.err.Error() }
func (p *problem) Unwrap() error { return p.err }

// NewInstance makes a cell of the same format for one message.
func (c *cell) NewInstance() field.Field {
	return &cell{spec: c.spec, number: c.number, format: c.format}
}

// Spec implements field.Field.
func (c *cell) Spec() *field.Spec { return c.spec }

// SetSpec implements field.Field.
func (c *cell) SetSpec(s *field.Spec) { c.spec = s }

// Pack implements field.Field.
func (c *cell) Pack() ([]byte, error) {
	dst := make([]byte, 0, c.format.prefixSize()+c.format.size(len(c.value)))
	b, err := c.format.append(dst, c.value)
	if err != nil {
		return nil, &problem{field: c.number, err: err}
	}
	return b, nil
}

// Unpack implements field.Field. It keeps data.
func (c *cell) Unpack(data []byte) (int, error) {
	count, total, at, err := c.format.extent(data)
	if err != nil {
		return 0, &problem{field: c.number, rest: len(data) - at, err: err}
	}
	c.count, c.packed = count, data[:total]
	return total, nil
}

// SetBytes implements field.Field. It keeps b.
func (c *cell) SetBytes(b []byte) error {
	c.value = b
	return nil
}

// appendTo appends the value that was unpacked.
func (c *cell) appendTo(dst []byte) []byte {
	return c.format.appendValue(dst, c.packed, c.count, len(c.packed))
}

// Bytes implements field.Field.
func (c *cell) Bytes() ([]byte, error) {
	if c.packed != nil {
		return c.appendTo(nil), nil
	}
	return c.value, nil
}

// String shows no value, which may be a secret.
func (c *cell) String() (string, error) { return fmt.Sprintf("field %d", c.number), nil }

// errNoReflection: the library's ways between fields and Go structs are not used here.
var errNoReflection = errors.New("cupproto: use Message")

// Marshal implements field.Field for nobody.
func (c *cell) Marshal(any) error { return errNoReflection }

// Unmarshal implements field.Field for nobody.
func (c *cell) Unmarshal(any) error { return errNoReflection }

// SetData implements field.Field for nobody.
func (c *cell) SetData(any) error { return errNoReflection }
