package frame_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/frame"
)

var (
	_ transport.Framing = frame.DLE{}
	_ transport.Framing = frame.STXETX{}
	_ transport.Framing = frame.Length{}
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// golden returns the payloads and frames of testdata/dle.hex.
func golden(t testing.TB) (payloads, frames [][]byte) {
	t.Helper()
	text, err := os.ReadFile("testdata/dle.hex")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		payload, wire, ok := strings.Cut(strings.TrimSpace(line), " : ")
		if !ok || line[0] == '#' {
			continue
		}
		payloads = append(payloads, unhex(t, payload))
		frames = append(frames, unhex(t, wire))
	}
	return payloads, frames
}

func TestDLEMatchesPublishedFrames(t *testing.T) {
	payloads, frames := golden(t)
	for i, payload := range payloads {
		got, err := frame.DLE{}.AppendFrame(nil, payload)
		if err != nil || !bytes.Equal(got, frames[i]) {
			t.Errorf("% X: got % X, %v; want % X", payload, got, err, frames[i])
		}
		back, size, err := frame.DLE{}.Split(append(frames[i], 0x10))
		if err != nil || size != len(frames[i]) || !bytes.Equal(back, payload) {
			t.Errorf("% X: got % X, %d, %v", frames[i], back, size, err)
		}
	}
}

// TestDLETakesTheChecksumRaw finds payloads whose checksum holds 10 or 03, the
// frames that receivers which un-stuff the checksum throw away.
func TestDLETakesTheChecksumRaw(t *testing.T) {
	found := map[string]bool{}
	for n := range 1 << 16 {
		payload := []byte{0x06, byte(n >> 8), byte(n)}
		wire, _ := frame.DLE{}.AppendFrame(nil, payload)
		tail := fmt.Sprintf("%X", wire[len(wire)-2:])
		switch tail {
		case "1010", "1003", "1002", "0310":
		default:
			continue
		}
		found[tail] = true
		got, size, err := frame.DLE{}.Split(append(wire, 0x06))
		if err != nil || size != len(wire) || !bytes.Equal(got, payload) {
			t.Errorf("frame ending %s: got % X, %d, %v", tail, got, size, err)
		}
	}
	if len(found) != 4 {
		t.Errorf("only tried %v", found)
	}
}

func TestSTXETXMatchesPublishedFrames(t *testing.T) {
	ecr17 := "123456780s" // status request of ECR17
	cases := []struct {
		name    string
		framing frame.STXETX
		payload string
		lrc     byte
	}{
		{"Transbank", frame.STXETX{}, "0200|123|", 0x31},
		{"POSLINK initialize", frame.STXETX{}, "A00\x1c1.35\x1c", 0x5B},
		{"ECR17, payload only", frame.STXETX{LRC: frame.LRCPayload, Base: frame.LRCBase7F}, ecr17, 0x34},
		{"ECR17, with ETX", frame.STXETX{LRC: frame.LRCPayloadETX, Base: frame.LRCBase7F}, ecr17, 0x37},
		{"ECR17, with STX", frame.STXETX{LRC: frame.LRCSTXPayload, Base: frame.LRCBase7F}, ecr17, 0x36},
		{"ECR17, with both", frame.STXETX{LRC: frame.LRCSTXPayloadETX, Base: frame.LRCBase7F}, ecr17, 0x35},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			want := append(append([]byte{2}, c.payload...), 3, c.lrc)
			got, err := c.framing.AppendFrame(nil, []byte(c.payload))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("got % X, %v; want % X", got, err, want)
			}
		})
	}
}

func TestSTXETXWhoseLRCIsETXEndsInTheRightPlace(t *testing.T) {
	f := frame.STXETX{}
	wire, err := f.AppendFrame(nil, []byte("AA")) // LRC is 03
	if err != nil || wire[len(wire)-1] != 3 {
		t.Fatalf("% X, %v", wire, err)
	}
	if got, size, err := f.Split(append(wire, wire...)); err != nil || size != len(wire) || string(got) != "AA" {
		t.Errorf("got %q, %d, %v", got, size, err)
	}
	if _, size, err := f.Split(wire[:len(wire)-1]); size != 0 || err != nil {
		t.Errorf("without its LRC: got %d, %v; want more bytes", size, err)
	}
}

func TestLengthFormats(t *testing.T) {
	body := strings.Repeat("x", 123)
	cases := []struct {
		name    string
		framing frame.Length
		prefix  string
	}{
		{"two bytes, the default", frame.Length{}, "007B"},
		{"one byte", frame.Length{Bytes: 1}, "7B"},
		{"four bytes, as OPI", frame.Length{Bytes: 4}, "0000007B"},
		{"low byte first", frame.Length{Format: frame.LittleEndian}, "7B00"},
		{"four bytes, low byte first", frame.Length{Bytes: 4, Format: frame.LittleEndian}, "7B000000"},
		{"BCD", frame.Length{Format: frame.BCD}, "0123"},
		{"ASCII", frame.Length{Bytes: 4, Format: frame.ASCII}, "30313233"},
		{"counting itself", frame.Length{Inclusive: true}, "007D"},
		{"BCD counting itself", frame.Length{Format: frame.BCD, Inclusive: true}, "0125"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			want := append(unhex(t, c.prefix), body...)
			got, err := c.framing.AppendFrame(nil, []byte(body))
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("got % X, %v", got[:8], err)
			}
			back, size, err := c.framing.Split(append(got, "next"...))
			if err != nil || size != len(want) || string(back) != body {
				t.Errorf("got %d, %v", size, err)
			}
		})
	}
}

func TestWhatSplitRefuses(t *testing.T) {
	cases := []struct {
		name    string
		framing transport.Framing
		wire    string
		size    int
		err     error
	}{
		{"a wrong CRC", frame.DLE{}, "1002 800000 1003 F51E", 9, frame.ErrChecksum},
		{"noise before a frame", frame.DLE{}, "FFFF 1002", 2, frame.ErrNoise},
		{"noise before an ACK", frame.DLE{}, "FF 06", 1, frame.ErrNoise},
		{"a DLE that begins nothing", frame.DLE{}, "1055", 1, frame.ErrNoise},
		{"a frame broken off by another", frame.DLE{}, "1002 8000 1002 80", 4, frame.ErrNoise},
		{"an escape nobody means", frame.DLE{}, "1002 1055 1003 0000", 8, frame.ErrBroken},
		{"a wrong LRC", frame.STXETX{}, "02 41 03 00", 4, frame.ErrChecksum},
		{"text before STX", frame.STXETX{}, "4142 02", 2, frame.ErrNoise},
		{"no ETX in time", frame.STXETX{Max: 2}, "02 414243 03", 5, frame.ErrTooLong},
		{"no ETX where it must be", frame.STXETX{Fixed: 2}, "02 414243 03", 5, frame.ErrBroken},
		{"a length no message has", frame.Length{Bytes: 4}, "7FFFFFFF", 4, frame.ErrTooLong},
		{"a length beyond int32", frame.Length{Bytes: 4}, "FFFFFFFF", 4, frame.ErrBroken},
		{"BCD that is not decimal", frame.Length{Format: frame.BCD}, "0A00", 2, frame.ErrBroken},
		{"ASCII that is not digits", frame.Length{Format: frame.ASCII}, "3A30", 2, frame.ErrBroken},
		{"a length that excludes itself", frame.Length{Inclusive: true}, "0001", 2, frame.ErrBroken},
		{"three bytes of length", frame.Length{Bytes: 3}, "000001", 3, frame.ErrConfig},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, size, err := c.framing.Split(unhex(t, c.wire))
			if size != c.size || !errors.Is(err, c.err) {
				t.Errorf("%s: got %d, %v; want %d, %v", c.wire, size, err, c.size, c.err)
			}
		})
	}
}

func TestTheLongestPayloadFitsAndOneMoreDoesNot(t *testing.T) {
	cases := []struct {
		name    string
		framing transport.Framing
		max     int
	}{
		{"DLE", frame.DLE{}, frame.MaxAPDU},
		{"STX/ETX", frame.STXETX{}, frame.MaxSTXETXPayload},
		{"STX/ETX with a limit", frame.STXETX{Max: 10}, 10},
		{"two bytes", frame.Length{}, 65535},
		{"two bytes counting themselves", frame.Length{Inclusive: true}, 65533},
		{"one byte", frame.Length{Bytes: 1}, 255},
		{"BCD", frame.Length{Format: frame.BCD}, 9999},
		{"four bytes", frame.Length{Bytes: 4}, frame.MaxLengthPayload},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			payload := bytes.Repeat([]byte{0x10}, c.max+1)
			wire, err := c.framing.AppendFrame(nil, payload[:c.max])
			if err != nil {
				t.Fatal(err)
			}
			got, size, err := c.framing.Split(wire)
			if err != nil || size != len(wire) || len(got) != c.max {
				t.Errorf("got %d of %d bytes, %v", len(got), size, err)
			}
			if _, err := c.framing.AppendFrame(nil, payload); !errors.Is(err, frame.ErrTooLong) {
				t.Errorf("one more: got %v, want ErrTooLong", err)
			}
		})
	}
}

func TestPayloadsAFramingCannotCarryAreRefused(t *testing.T) {
	if _, err := (frame.STXETX{}).AppendFrame(nil, []byte("a\x03b")); !errors.Is(err, frame.ErrPayload) {
		t.Errorf("an ETX inside: got %v", err)
	}
	if _, err := (frame.STXETX{Fixed: 400}).AppendFrame(nil, make([]byte, 399)); !errors.Is(err, frame.ErrPayload) {
		t.Errorf("399 bytes of 400: got %v", err)
	}
}

// framings are all shapes the properties below must hold for.
var framings = map[string]transport.Framing{
	"DLE":      frame.DLE{},
	"STXETX":   frame.STXETX{},
	"ECR17":    frame.STXETX{LRC: frame.LRCPayload, Base: frame.LRCBase7F},
	"NCCC":     frame.STXETX{Fixed: 16},
	"length":   frame.Length{},
	"BCD":      frame.Length{Format: frame.BCD, Inclusive: true},
	"ASCII":    frame.Length{Bytes: 4, Format: frame.ASCII},
	"reversed": frame.Length{Bytes: 4, Format: frame.LittleEndian},
}

func drawPayload(t *rapid.T, f transport.Framing) []byte {
	special := rapid.SampledFrom([]byte{0x10, 0x02, 0x06, 0x15, 0x00, 0xFF})
	b := rapid.SliceOfN(rapid.OneOf(rapid.Byte(), special), 0, 300).Draw(t, "payload")
	s, ok := f.(frame.STXETX)
	if !ok {
		return b
	}
	if s.Fixed > 0 {
		return append(b, make([]byte, s.Fixed)...)[:s.Fixed]
	}
	return bytes.ReplaceAll(b, []byte{3}, []byte{4})
}

func TestFramesSurviveTheRoundTripAndNothingShorterIsAFrame(t *testing.T) {
	for name, f := range framings {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			payload := drawPayload(t, f)
			wire, err := f.AppendFrame([]byte("before"), payload)
			if err != nil || !bytes.HasPrefix(wire, []byte("before")) {
				t.Fatal(err)
			}
			wire = wire[6:]
			garbage := rapid.SliceOfN(rapid.Byte(), 0, 5).Draw(t, "garbage")
			got, size, err := f.Split(append(bytes.Clone(wire), garbage...))
			if err != nil || size != len(wire) || !bytes.Equal(got, payload) {
				t.Fatalf("got % X, %d of %d, %v", got, size, len(wire), err)
			}
			for n := range wire {
				if _, size, err := f.Split(wire[:n]); size != 0 || err != nil {
					t.Fatalf("%d of %d bytes: got size %d, %v", n, len(wire), size, err)
				}
			}
		}))
	}
}

func TestASingleFlippedBitIsNeverAnotherPayload(t *testing.T) {
	for _, name := range []string{"DLE", "STXETX", "ECR17", "NCCC"} {
		f := framings[name]
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			payload := drawPayload(t, f)
			wire, _ := f.AppendFrame(nil, payload)
			bit := rapid.IntRange(0, 8*len(wire)-1).Draw(t, "bit")
			wire[bit/8] ^= 1 << (bit % 8)
			got, size, err := f.Split(wire)
			if err == nil && size > 0 && !bytes.Equal(got, payload) && !ambiguous(f, wire, size) {
				t.Fatalf("% X was taken for % X", wire, got)
			}
		}))
	}
}

// ambiguous is the weakness of an 8-bit LRC: a flip that makes an early ETX
// has one chance in 256 that the next byte happens to be its LRC.
func ambiguous(f transport.Framing, wire []byte, size int) bool {
	_, isSTX := f.(frame.STXETX)
	return isSTX && size < len(wire)
}

func fuzz(f *testing.F, framing transport.Framing) {
	payloads, frames := golden(f)
	for i := range frames {
		f.Add(frames[i])
		wire, err := framing.AppendFrame(nil, payloads[i])
		if err == nil {
			f.Add(wire)
		}
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		for rest := wire; len(rest) > 0; {
			payload, size, err := framing.Split(rest)
			if size < 0 || size > len(rest) || size == 0 && err != nil || len(payload) > size {
				t.Fatalf("% X: size %d, %d bytes, %v", rest, size, len(payload), err)
			}
			if size == 0 {
				return
			}
			if err == nil {
				again, err := framing.AppendFrame(nil, payload)
				if err != nil || !bytes.Equal(again, rest[:size]) {
					t.Fatalf("% X became % X, %v", rest[:size], again, err)
				}
			}
			rest = rest[size:]
		}
	})
}

func FuzzDLE(f *testing.F)    { fuzz(f, frame.DLE{}) }
func FuzzSTXETX(f *testing.F) { fuzz(f, frame.STXETX{}) }
func FuzzLength(f *testing.F) { fuzz(f, frame.Length{Format: frame.BCD}) }

// reportRatio prints the rate against what framing must reach: 300 MB/s.
func reportRatio(b *testing.B, size int) {
	b.ReportMetric(float64(size)*float64(b.N)/b.Elapsed().Seconds()/300e6, "x-300MB/s")
}

func BenchmarkFraming(b *testing.B) {
	plain := bytes.Repeat([]byte("a terminal's receipt line "), 40)
	stuffed := bytes.Repeat([]byte{0x10, 0x01}, 512)
	cases := []struct {
		name    string
		framing transport.Framing
		payload []byte
	}{
		{"DLE", frame.DLE{}, plain},
		{"DLE with every second byte stuffed", frame.DLE{}, stuffed},
		{"STXETX", frame.STXETX{}, plain},
		{"Length", frame.Length{}, plain},
	}
	for _, c := range cases {
		wire, err := c.framing.AppendFrame(nil, c.payload)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("append "+c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.payload)))
			b.ReportAllocs()
			buf := make([]byte, 0, len(wire))
			for b.Loop() {
				c.framing.AppendFrame(buf, c.payload)
			}
			reportRatio(b, len(c.payload))
		})
		b.Run("split "+c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.payload)))
			b.ReportAllocs()
			for b.Loop() {
				c.framing.Split(wire)
			}
			reportRatio(b, len(c.payload))
		})
	}
}
