package cupproto

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"log/slog"
	"strconv"
	"strings"
)

// Message is the MTI and the fields 2 to 64. The zero value is an empty message.
// A copy shares the fields; Clone does not. It prints masked, whatever the verb.
// Not safe for concurrent use while it is changed.
//
// The setters do not fail: what cannot be a field's value is reported by
// AppendBody, naming the field.
type Message struct {
	MTI    string // 消息类型, four digits: "0200"
	hidden func() *store
}

// store holds the values; see package cupkey for why it stands behind a function.
type store struct {
	values [maxField + 1][]byte // nil is not there
	wrong  map[int]error        // setters that could not
}

func (m *Message) get() *store {
	if m.hidden == nil {
		return nil
	}
	return m.hidden()
}

func (m *Message) make() *store {
	if m.hidden == nil {
		s := &store{}
		m.hidden = func() *store { return s }
	}
	return m.hidden()
}

// Set sets a field to a copy of v.
func (m *Message) Set(field int, v []byte) {
	if field < 2 || field > maxField {
		m.fail(field, ErrUnknownField)
		return
	}
	s := m.make()
	delete(s.wrong, field)
	s.values[field] = append(make([]byte, 0, len(v)), v...) // never nil
}

// SetString sets a field to a text or digits.
func (m *Message) SetString(field int, v string) { m.Set(field, []byte(v)) }

// fail remembers that a field could not be set.
func (m *Message) fail(field int, err error) {
	s := m.make()
	if s.wrong == nil {
		s.wrong = map[int]error{}
	}
	s.wrong[field] = err
}

// set sets a field to what a sub-field's Append returned.
func (m *Message) set(field int, v []byte, err error) {
	if err != nil {
		m.Del(field)
		m.fail(field, err)
		return
	}
	m.Set(field, v)
}

// err is the first thing a setter could not do.
func (m *Message) err() error {
	s := m.get()
	if s == nil || len(s.wrong) == 0 {
		return nil
	}
	first := 0
	for n := range s.wrong {
		if first == 0 || n < first {
			first = n
		}
	}
	err := s.wrong[first]
	if e, ok := err.(*Error); ok {
		return e
	}
	return &Error{Field: first, Offset: -1, Err: err}
}

// Get returns a field's value, which must not be changed, and whether it is there.
func (m *Message) Get(field int) ([]byte, bool) {
	s := m.get()
	if s == nil || field < 2 || field > maxField {
		return nil, false
	}
	return s.values[field], s.values[field] != nil
}

// Text returns a field's value as text, "" if it is not there.
func (m *Message) Text(field int) string {
	v, _ := m.Get(field)
	return string(v)
}

// Has reports whether a field is there.
func (m *Message) Has(field int) bool {
	_, ok := m.Get(field)
	return ok
}

// Del takes fields away.
func (m *Message) Del(fields ...int) {
	s := m.get()
	if s == nil {
		return
	}
	for _, n := range fields {
		delete(s.wrong, n)
		if n >= 2 && n <= maxField {
			s.values[n] = nil
		}
	}
}

// Fields returns the numbers of the fields that are there, in order.
func (m *Message) Fields() []int {
	var out []int
	for n := range m.all() {
		out = append(out, n)
	}
	return out
}

// all are the fields in order.
func (m *Message) all() iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		s := m.get()
		if s == nil {
			return
		}
		for n, v := range s.values {
			if v != nil && !yield(n, v) {
				return
			}
		}
	}
}

// Clone returns an independent copy.
func (m *Message) Clone() *Message {
	c := &Message{MTI: m.MTI}
	for n, v := range m.all() {
		c.Set(n, v)
	}
	if s := m.get(); s != nil {
		for n, err := range s.wrong {
			c.fail(n, err)
		}
	}
	return c
}

// Clear overwrites and removes all values: as soon as a message with card data is sent.
func (m *Message) Clear() {
	for n, v := range m.all() {
		clear(v)
		m.get().values[n] = nil
	}
}

// SetAmount sets field 4, in fen (minor units), 0 to 999999999999.
func (m *Message) SetAmount(minor int64) { m.SetString(4, fmt.Sprintf("%012d", minor)) }

// Amount returns field 4 in fen; ok is false if it is not there.
func (m *Message) Amount() (minor int64, ok bool) {
	n, err := strconv.ParseUint(m.Text(4), 10, 63)
	return int64(n), err == nil
}

// SetSTAN sets field 11: 1 to 999999.
func (m *Message) SetSTAN(stan uint32) { m.SetString(11, fmt.Sprintf("%06d", stan)) }

// STAN returns field 11, 0 if it is not there.
func (m *Message) STAN() uint32 {
	n, err := strconv.ParseUint(m.Text(11), 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}

// String is the message in one line, masked.
func (m Message) String() string {
	var b strings.Builder
	b.WriteString("cupproto.Message{" + m.MTI)
	for n, v := range m.all() {
		fmt.Fprintf(&b, " %d=%s", n, m.shown(n, v))
	}
	b.WriteString("}")
	return b.String()
}

// GoString is String.
func (m Message) GoString() string { return m.String() }

// Format prints the masked line, whatever the verb.
func (m Message) Format(f fmt.State, _ rune) { fmt.Fprint(f, m.String()) }

// LogValue logs the masked line.
func (m Message) LogValue() slog.Value { return slog.StringValue(m.String()) }

// MarshalJSON writes MTI and fields, masked.
func (m Message) MarshalJSON() ([]byte, error) {
	fields := map[string]string{}
	for n, v := range m.all() {
		fields[strconv.Itoa(n)] = m.shown(n, v)
	}
	return json.Marshal(struct {
		MTI    string            `json:"mti"`
		Fields map[string]string `json:"fields"`
	}{m.MTI, fields})
}

// Equal reports whether two messages say the same.
func (m *Message) Equal(o *Message) bool {
	for n := 2; n <= maxField; n++ {
		a, hasA := m.Get(n)
		b, hasB := o.Get(n)
		if hasA != hasB || !bytes.Equal(a, b) {
			return false
		}
	}
	return m.MTI == o.MTI
}
