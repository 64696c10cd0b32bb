package transport

import "bytes"

// guesses holds what first bytes give away, most telling first.
//
// ECR17: NAK observed as 15 03 69 on a port expected to speak ZVT.
// TLS: RFC 8446 5.1, record type 15 (alert) or 16 (handshake), version 03 0x.
var guesses = []struct {
	name  string
	match func(b []byte) bool
}{
	{"ECR17 (a NAK frame)", func(b []byte) bool { return has(b, 0x15, 0x03) && len(b) > 2 && b[2] >= 0x60 }},
	{"ECR17 (an ACK frame)", func(b []byte) bool { return has(b, 0x06, 0x03) && len(b) > 2 && b[2] >= 0x70 }},
	{"TLS", func(b []byte) bool { return (has(b, 0x15, 0x03) || has(b, 0x16, 0x03)) && len(b) > 2 && b[2] <= 4 }},
	{"HTTP", func(b []byte) bool { return bytes.HasPrefix(b, []byte("HTTP/")) || page(b) }},
	{"SSH", func(b []byte) bool { return bytes.HasPrefix(b, []byte("SSH-")) }},
	{"Concert V3", func(b []byte) bool { return bytes.HasPrefix(b, []byte("CZ00")) }},
	{"ZVT over a serial line", func(b []byte) bool { return has(b, 0x10, 0x02) }},
	{"PayCloud serial JSON", func(b []byte) bool { return has(b, 0x55, 0xAA) }},
	{"UPA (STX, LF, JSON)", func(b []byte) bool { return has(b, 0x02, '\n', '{') }},
	{"PAX POSLINK", func(b []byte) bool { return has(b, 0x02) && bytes.IndexByte(b, 0x1C) > 0 }},
	{"a frame of STX, ETX and LRC (ECR17, Concert E+, Transbank, NCCC)", func(b []byte) bool {
		return has(b, 0x02) && len(b) > 4 && printable(b[1:5])
	}},
	{"ECR17 (a progress frame)", func(b []byte) bool { return has(b, 0x01) && len(b) > 4 && printable(b[1:5]) }},
	{"JSON", func(b []byte) bool { return (has(b, '{') || has(b, '[')) && printable(b) }},
	{"XML", func(b []byte) bool { return has(b, '<') && printable(b) }},
	{"XML or text behind a four byte length (OPI)", func(b []byte) bool {
		return has(b, 0, 0) && len(b) > 7 && (b[2] != 0 || b[3] != 0) && printable(b[4:8])
	}},
	{"text behind a two byte length", func(b []byte) bool {
		return len(b) > 5 && b[0] < 0x10 && (b[0] != 0 || b[1] >= 4) && printable(b[2:6])
	}},
	{"ZVT", func(b []byte) bool { return has(b, 0x80, 0x00) || has(b, 0x04, 0xFF) || has(b, 0x04, 0x0F) }},
	{"plain text", func(b []byte) bool { return len(b) >= 4 && printable(b) }},
}

// GuessProtocol names the protocol a peer seems to speak, judging by the first
// bytes it sent; it is empty when they say nothing. It is meant for messages
// to people: a terminal set to another protocol is the commonest reason why
// nothing works, and shows as gibberish.
func GuessProtocol(first []byte) string {
	for _, g := range guesses {
		if g.match(first) {
			return g.name
		}
	}
	return ""
}

// page says that the bytes begin a page for browsers, which a server that was
// asked for nothing may send without a head. XML that is no page says <?xml.
func page(b []byte) bool {
	b = bytes.ToLower(bytes.TrimLeft(b, " \t\r\n"))
	return bytes.HasPrefix(b, []byte("<!doctype")) || bytes.HasPrefix(b, []byte("<html"))
}

func has(b []byte, prefix ...byte) bool { return bytes.HasPrefix(b, prefix) }

func printable(b []byte) bool {
	for _, c := range b {
		if (c < 0x20 || c > 0x7E) && c != '\r' && c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}
