//go:build 386 || arm || mips || mipsle

package cupproto

// specification is not needed: moov-io/iso8583 v0.26.0 does not compile for 32 bits
// (a constant overflows in its package prefix), so this package does without.
type specification struct{}

func (l *Layout) newSpec() specification { return specification{} }

func (p Profile) pack(m *Message) ([]byte, error) { return pack(p.Layout.or(), m) }

func (p Profile) unpack(b []byte, at int) (*Message, error) {
	_, m, fault := walk(p.Layout, b, at)
	if fault != nil {
		return nil, fault
	}
	return m, nil
}
