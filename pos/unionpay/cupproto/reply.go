package cupproto

import (
	"fmt"

	"github.com/openecr/openecr/emv"
)

// Reply is the skeleton of a host's answer: the MTI of the reply, and what is echoed
// (3 4 11 25 41 42 49 60). Response code, time, RRN and
// MAC are the host's to add.
func Reply(request *Message) *Message {
	m := &Message{MTI: replyMTI(request.MTI)}
	for _, n := range []int{3, 4, 11, 25, 41, 42, 49, 60} {
		if v, ok := request.Get(n); ok {
			m.Set(n, v)
		}
	}
	return m
}

// matchFields tell whose answer a reply is. Echo tests and downloads have no 11.
var matchFields = []int{11, 41, 42}

// Match checks that a reply belongs to a request: MTI, and fields 11, 41 and 42 where
// the request has them. Errors: *Error with ErrMismatch naming the first that
// differs; the reply is another transaction's (a late one) and must be dropped.
func Match(request, reply *Message) error {
	if reply.MTI != replyMTI(request.MTI) {
		return &Error{Field: PartMTI, Offset: -1, Err: fmt.Errorf("%w: %s answered by %s", ErrMismatch, request.MTI, reply.MTI)}
	}
	for _, n := range matchFields {
		want, asked := request.Get(n)
		got, ok := reply.Get(n)
		switch {
		case !asked:
		case !ok:
			return &Error{Field: n, Offset: -1, Err: fmt.Errorf("%w: the reply has no such field", ErrMismatch)}
		case string(want) != string(got):
			return &Error{Field: n, Offset: -1, Err: ErrMismatch}
		}
	}
	return nil
}

// Reasons of a reversal (field 39 of a 0400).
const (
	ReasonSilence = "98" // no reply in time
	ReasonMAC     = "A0" // the reply's MAC was wrong
	ReasonOther   = "06" // anything after the reply: the chip refused, the printer, the power
)

// reversalTags of field 55; the rest of a request's is left out.
var reversalTags = []emv.Tag{0x95, 0x9F1E, 0x9F10, 0x9F36, 0xDF31}

// Reversal is the reversal of a request (冲正): its own fields 2 3 4 11 14 22 23 25 38
// 41 42 49 60 61 and the few objects of 55 that a reversal has, with the reason.
// Tracks, PIN and 53 stay out. Reversed for silence, 61.3 becomes 0000.
func Reversal(request *Message, reason string) *Message {
	m := &Message{MTI: "0400"}
	for _, n := range []int{2, 3, 4, 11, 14, 22, 23, 25, 38, 41, 42, 49, 60, 61} {
		if v, ok := request.Get(n); ok {
			m.Set(n, v)
		}
	}
	m.SetString(39, reason)
	if f, err := request.F61(); err == nil && f.Date != "" && reason == ReasonSilence {
		f.Date = "0000"
		m.SetF61(f)
	}
	if v, ok := request.Get(55); ok {
		if chip := reversalChip(v); len(chip) > 0 {
			m.Set(55, chip)
		}
	}
	m.Set(64, make([]byte, macLen))
	return m
}

func reversalChip(v []byte) []byte {
	objects, err := emv.Parse(v, emv.Options{})
	if err != nil {
		return nil
	}
	var out []byte
	for _, t := range reversalTags {
		if value, ok := objects.Find(t); ok {
			if out, err = emv.Append(out, t, value); err != nil {
				return nil
			}
		}
	}
	return out
}
