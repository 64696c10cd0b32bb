package zvtproto

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/openecr/openecr/internal/crc"
	"github.com/openecr/openecr/transport/frame"
)

// Bytes of the serial line (P16).
const (
	serialACK = 0x06
	serialNAK = 0x15
)

// SerialExplanation is what a piece of a serial line says.
type SerialExplanation struct {
	Parts []SerialPart `json:"parts"`
}

// SerialPart is one frame, one acknowledgement, or bytes that are neither.
type SerialPart struct {
	// Offset counts from the first byte of the line.
	Offset int `json:"offset"`
	Size   int `json:"size"`
	// Kind is "frame", "ACK", "NAK", "noise" or "incomplete frame".
	Kind string `json:"kind"`
	// Stuffed is the number of doubled 10s that were removed.
	Stuffed int `json:"stuffed,omitempty"`
	// CRCGiven and CRCComputed in hexadecimal, low byte first as on the line.
	CRCGiven    string       `json:"crc_given,omitempty"`
	CRCComputed string       `json:"crc_computed,omitempty"`
	APDU        *Explanation `json:"apdu,omitempty"`
	// Hex are the bytes of noise, with two stars for each: nobody knows what they are.
	Hex      string    `json:"hex,omitempty"`
	Problems []Problem `json:"problems,omitempty"`
}

// ExplainSerial takes the bytes of a serial line apart: frames with their
// stuffing removed and their CRC compared, ACK and NAK. The direction of the
// APDUs is guessed.
func ExplainSerial(line []byte) SerialExplanation {
	var e SerialExplanation
	for at := 0; at < len(line); {
		p := serialPart(line[at:])
		p.Offset = at
		for i := range p.Problems {
			p.Problems[i].Offset += at
		}
		e.Parts = append(e.Parts, p)
		at += p.Size
	}
	return e
}

// serialPart explains the start of b; its Size is at least 1.
func serialPart(b []byte) SerialPart {
	switch b[0] {
	case serialACK:
		return SerialPart{Size: 1, Kind: "ACK"}
	case serialNAK:
		return SerialPart{Size: 1, Kind: "NAK"}
	}
	payload, size, err := frame.DLE{}.Split(b)
	broken := SerialPart{Size: size, Kind: "noise"}
	switch {
	case err == nil && size == 0:
		apdu := Explain(rawUnstuffed(append(bytes.Clone(b), 0, 0, 0, 0)), DirectionUnknown)
		return SerialPart{Size: len(b), Kind: "incomplete frame", APDU: &apdu,
			Problems: []Problem{{Offset: len(b), Text: "the frame does not end", err: ErrTruncated}}}
	case err == nil:
		return explainFrame(b[:size], payload)
	case errors.Is(err, frame.ErrChecksum):
		payload = rawUnstuffed(b[:size])
		p := explainFrame(b[:size], payload)
		p.Problems = append(p.Problems, Problem{Offset: size - 2, Text: "the CRC is wrong", err: err})
		return p
	}
	broken.Problems = []Problem{{Text: err.Error(), err: err}}
	broken.Hex = strings.TrimSpace(strings.Repeat("** ", size))
	return broken
}

// rawUnstuffed is the payload of a frame whose CRC is wrong.
func rawUnstuffed(b []byte) []byte {
	var out []byte
	for i := 2; i < len(b)-4; i++ {
		out = append(out, b[i])
		if b[i] == 0x10 {
			i++
		}
	}
	return out
}

func explainFrame(b, payload []byte) SerialPart {
	sum := crc.Kermit(crc.Kermit(0, payload), []byte{0x03})
	apdu := Explain(payload, DirectionUnknown)
	return SerialPart{
		Size: len(b), Kind: "frame", Stuffed: len(b) - 6 - len(payload),
		CRCGiven:    spacedHex(b[len(b)-2:]),
		CRCComputed: spacedHex([]byte{byte(sum), byte(sum >> 8)}),
		APDU:        &apdu,
	}
}

// Err joins the problems of the line and of its APDUs; nil when there are
// none.
func (e SerialExplanation) Err() error {
	var errs []error
	for _, p := range e.Parts {
		errs = append(errs, joinProblems(p.Problems))
		if p.APDU != nil {
			errs = append(errs, p.APDU.Err())
		}
	}
	return errors.Join(errs...)
}

// String is the explanation as lines of text.
func (e SerialExplanation) String() string {
	var b strings.Builder
	for _, p := range e.Parts {
		fmt.Fprintf(&b, "byte %d: %s, %d bytes", p.Offset, p.Kind, p.Size)
		if p.CRCGiven != "" {
			fmt.Fprintf(&b, ", %d stuffed, CRC given %s, computed %s", p.Stuffed, p.CRCGiven, p.CRCComputed)
		}
		if p.Hex != "" {
			b.WriteString(": " + p.Hex)
		}
		b.WriteByte('\n')
		for _, problem := range p.Problems {
			fmt.Fprintf(&b, "  problem at byte %d: %s\n", problem.Offset, problem.Text)
		}
		if p.APDU != nil {
			b.WriteString(p.APDU.String())
		}
	}
	return b.String()
}
