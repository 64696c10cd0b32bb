//go:build !386 && !arm && !mips && !mipsle

package cupproto

import (
	"errors"
	"fmt"

	"github.com/moov-io/iso8583/field"
)

// cell is a field of the library's messages in a Format of ours. It points into the
// bytes it came from; only one call uses it.
type cell struct {
	of    *cellSpec
	data  []byte // a value to be packed, or what came, with prefix
	count int    // digits or bytes of what came
	came  bool
}

// cellSpec is what all cells of a field share.
type cellSpec struct {
	spec   *field.Spec
	number int
	format Format
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
	return &cell{of: c.of}
}

// Spec implements field.Field.
func (c *cell) Spec() *field.Spec { return c.of.spec }

// SetSpec implements field.Field for nobody: NewInstance keeps the specification.
func (c *cell) SetSpec(*field.Spec) {}

// Pack implements field.Field.
func (c *cell) Pack() ([]byte, error) {
	f := c.of.format
	b, err := f.append(make([]byte, 0, f.prefixSize()+f.size(len(c.data))), c.data)
	if err != nil {
		return nil, &problem{field: c.of.number, err: err}
	}
	return b, nil
}

// Unpack implements field.Field. It keeps data.
func (c *cell) Unpack(data []byte) (int, error) {
	count, total, at, err := c.of.format.extent(data)
	if err != nil {
		return 0, &problem{field: c.of.number, rest: len(data) - at, err: err}
	}
	c.count, c.data, c.came = count, data[:total], true
	return total, nil
}

// SetBytes implements field.Field. It keeps b.
func (c *cell) SetBytes(b []byte) error {
	c.data, c.came = b, false
	return nil
}

// appendTo appends the value that was unpacked.
func (c *cell) appendTo(dst []byte) []byte {
	return c.of.format.appendValue(dst, c.data, c.count, len(c.data))
}

// Bytes implements field.Field.
func (c *cell) Bytes() ([]byte, error) {
	if c.came {
		return c.appendTo(nil), nil
	}
	return c.data, nil
}

// String shows no value, which may be a secret.
func (c *cell) String() (string, error) { return fmt.Sprintf("field %d", c.of.number), nil }

// errNoReflection: the library's ways between fields and Go structs are not used here.
var errNoReflection = errors.New("cupproto: use Message")

// Marshal implements field.Field for nobody.
func (c *cell) Marshal(any) error { return errNoReflection }

// Unmarshal implements field.Field for nobody.
func (c *cell) Unmarshal(any) error { return errNoReflection }

// SetData implements field.Field for nobody.
func (c *cell) SetData(any) error { return errNoReflection }
