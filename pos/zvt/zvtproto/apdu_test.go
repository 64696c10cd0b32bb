package zvtproto

import (
	"bytes"
	"errors"
	"testing"
	"testing/iotest"
)

func TestLengthIsOneByteUpToFEThenThreeLittleEndian(t *testing.T) {
	for _, c := range []struct {
		name   string
		data   int
		header string
	}{
		{"no data", 0, "06 D3 00"},
		{"the longest short length", 0xFE, "06 D3 FE"},
		{"the shortest extended length", 0xFF, "06 D3 FF FF 00"},
		{"a captured text block of 461 hex bytes", 0x461, "06 D3 FF 61 04"},
		{"the largest legal length", 0xFFFF, "06 D3 FF FF FF"},
	} {
		a := APDU{Class: 0x06, Instr: 0xD3, Data: bytes.Repeat([]byte{0x5A}, c.data)}
		b, err := AppendAPDU(nil, a)
		noError(t, err, c.name)
		equal(t, c.header, spacedHex(b[:len(b)-c.data]), c.name)
		got, err := ParseAPDU(b)
		noError(t, err, c.name)
		equal(t, a.Command(), got.Command(), c.name)
		if !bytes.Equal(a.Data, got.Data) {
			t.Errorf("%s: data differ", c.name)
		}
		viaMessage, err := Encode(&Unknown{Cmd: 0x06D3, Payload: Payload{Data: a.Data}})
		noError(t, err, c.name)
		if !bytes.Equal(b, viaMessage) {
			t.Errorf("%s: Encode and AppendAPDU differ", c.name)
		}
	}
	long := make([]byte, MaxData+1)
	dst, err := AppendAPDU([]byte{1}, APDU{Data: long})
	isError(t, err, ErrTooLong)
	equal(t, []byte{1}, dst)
	dst, err = Append([]byte{1}, &Unknown{Cmd: 0x0601, Payload: Payload{Data: long}})
	isError(t, err, ErrTooLong)
	equal(t, []byte{1}, dst)
}

func TestExtendedLengthOfShortDataIsAccepted(t *testing.T) {
	a, err := ParseAPDU(hexBytes(t, "80 00 FF 01 00 AA"))
	noError(t, err)
	equal(t, []byte{0xAA}, a.Data)
}

func TestStreamSplitsWhatSegmentsJoinAndWaitsForWhatTheyCut(t *testing.T) {
	var stream []byte
	var want [][]byte
	for _, v := range vectors(t) {
		var err error
		stream, err = Stream{}.AppendFrame(stream, v.apdu)
		noError(t, err)
		want = append(want, v.apdu)
	}
	for name, r := range map[string]interface{ Read([]byte) (int, error) }{
		"whole": bytes.NewReader(stream), "one byte": iotest.OneByteReader(bytes.NewReader(stream)),
		"half": iotest.HalfReader(bytes.NewReader(stream)), "data with EOF": iotest.DataErrReader(bytes.NewReader(stream)),
	} {
		var got [][]byte
		var buf []byte
		chunk := make([]byte, 100)
		for {
			n, err := r.Read(chunk)
			buf = append(buf, chunk[:n]...)
			for {
				payload, size, splitErr := Stream{}.Split(buf)
				noError(t, splitErr, name)
				if size == 0 {
					break
				}
				got = append(got, bytes.Clone(payload))
				buf = buf[size:]
			}
			if err != nil {
				break
			}
		}
		equal(t, want, got, name)
		equal(t, 0, len(buf), name)
	}
}

func TestStreamNoticesAnotherProtocol(t *testing.T) {
	for _, first := range []byte{0x02, 0x10, 0x15, 0x16, 'H', '<', '{', 0x00} {
		b := []byte{first, 1, 2, 3}
		payload, size, err := Stream{}.Split(b)
		var noise *NoiseError
		if !errors.As(err, &noise) || noise.First != first || !noise.Noise() {
			t.Errorf("%02X: got %v", first, err)
		}
		isError(t, err, ErrFormat)
		equal(t, 4, size)
		equal(t, 0, len(payload))
		_, size, err = Stream{AnyClass: true}.Split([]byte{first, 1, 0})
		noError(t, err)
		equal(t, 3, size)
	}
}

func TestStreamSendsOnlyWholeAPDUs(t *testing.T) {
	_, err := Stream{}.AppendFrame(nil, []byte{0x06, 0x01, 0x02, 0x00})
	isError(t, err, ErrTruncated)
	_, err = Stream{}.AppendFrame(nil, []byte{0x80, 0x00, 0x00, 0x00})
	isError(t, err, ErrTrailing)
}

func TestLargestAPDUPassesTheStream(t *testing.T) {
	b, err := AppendAPDU(nil, APDU{Class: 6, Instr: 0xD3, Data: make([]byte, MaxData)})
	noError(t, err)
	equal(t, MaxAPDU, len(b))
	payload, size, err := Stream{}.Split(append(b, 0x80))
	noError(t, err)
	equal(t, MaxAPDU, size)
	equal(t, MaxAPDU, len(payload))
}
