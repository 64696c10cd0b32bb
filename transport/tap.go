package transport

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Direction tells the two halves of a conversation apart.
type Direction int

// Directions, seen from the side that owns the Link or Conn.
const (
	Sent Direction = iota + 1
	Received
)

// String returns the mark used in transcripts: ">" sent, "<" received.
func (d Direction) String() string {
	switch d {
	case Sent:
		return ">"
	case Received:
		return "<"
	}
	return fmt.Sprintf("Direction(%d)", int(d))
}

// Masker returns what of a payload may be written down. It is called before
// anything is written, gets a copy it may change, and may return fewer bytes.
// Only a payload returned at its full length can be played back.
type Masker func(dir Direction, payload []byte) []byte

// defaultMaskKeep is how much of a payload is shown when nobody said what is
// safe: enough to name the command, too little for a card number.
const defaultMaskKeep = 2

func defaultMask(_ Direction, payload []byte) []byte {
	return payload[:min(len(payload), defaultMaskKeep)]
}

// Tap writes what passes over a link as text, one event per line, in the
// format ReadTranscript reads:
//
//	# openecr transcript 1
//	+0.000000 open tcp://10.0.0.8:20007
//	+0.000412 > 3 06 00 00
//	+0.003100 < ack
//	+0.004000 < 120 04 0F ..
//	+9.000000 shut link closed
//
// A nil *Tap records nothing. Safe for concurrent use; one Tap may serve one
// link at a time for its lines to make sense.
type Tap struct {
	mu    sync.Mutex
	w     io.Writer
	mask  Masker
	begun time.Time
	err   error
}

// NewTap starts a transcript on w. A nil mask writes the length and the first
// two bytes of each payload, nothing more.
func NewTap(w io.Writer, mask Masker) *Tap {
	if mask == nil {
		mask = defaultMask
	}
	return &Tap{w: w, mask: mask}
}

// Err returns the first error of the writer. A failed writer ends the
// transcript and disturbs nothing else.
func (t *Tap) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// Frame records one payload after masking it.
func (t *Tap) Frame(dir Direction, payload []byte) { t.payload(dir, "", payload) }

// Raw records bytes as they pass a Conn, frames or not.
func (t *Tap) Raw(dir Direction, data []byte) { t.payload(dir, "raw ", data) }

// Ack records an acknowledgement byte.
func (t *Tap) Ack(dir Direction, positive bool) {
	if positive {
		t.line("%s ack", dir)
	} else {
		t.line("%s nak", dir)
	}
}

// Open records a connection being made, to the peer named.
func (t *Tap) Open(peer string) { t.line("open %s", oneLine(peer)) }

// Shut records its end and why.
func (t *Tap) Shut(why string) { t.line("shut %s", oneLine(why)) }

func (t *Tap) repeat(payload []byte) { t.payload(Received, "repeat ", payload) }

// damaged records how much was thrown away, and nothing of what it was: of
// bytes nobody could parse, nobody can say that they hold no card number.
func (t *Tap) damaged(size int) { t.line("%s damaged %d", Received, size) }

func (t *Tap) payload(dir Direction, kind string, payload []byte) {
	if t == nil {
		return
	}
	shown := t.mask(dir, bytes.Clone(payload))
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s%d", dir, kind, len(payload))
	if len(shown) > 0 {
		fmt.Fprintf(&b, " % X", shown)
	}
	if len(shown) < len(payload) {
		b.WriteString(" " + cutMark)
	}
	t.line("%s", b.String())
}

func (t *Tap) line(format string, args ...any) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil {
		return
	}
	if t.begun.IsZero() {
		t.begun = time.Now()
		if _, t.err = io.WriteString(t.w, transcriptHeader+"\n"); t.err != nil {
			return
		}
	}
	at := time.Since(t.begun).Microseconds()
	_, t.err = fmt.Fprintf(t.w, "+%d.%06d %s\n", at/1e6, at%1e6, fmt.Sprintf(format, args...))
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
