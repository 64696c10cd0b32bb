package transport

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

const (
	transcriptHeader = "# openecr transcript 1"
	cutMark          = ".." // more bytes passed than are shown

	// maxTranscriptLine holds the largest frame any framing here carries, in
	// hex, with room to spare.
	maxTranscriptLine = 1 << 20
)

// EventKind says what a line of a transcript records.
type EventKind int

// Kinds of events.
const (
	EventOpen    EventKind = iota + 1 // a connection was made; Text is the peer
	EventShut                         // it ended; Text says why
	EventFrame                        // a payload passed
	EventRepeat                       // the peer repeated its last frame; it was not delivered
	EventRaw                          // bytes passed a Conn
	EventAck                          // an ACK byte passed
	EventNak                          // a NAK byte passed
	EventDamaged                      // Len bytes were no frame
)

// Event is one line of a transcript.
type Event struct {
	Line int           // in the file, from 1
	At   time.Duration // since the first event
	Kind EventKind
	Dir  Direction
	Len  int    // bytes that passed
	Data []byte // what the masker let through; complete if len(Data) == Len
	Text string
}

// ReadTranscript parses what a Tap wrote. Lines that are empty or begin with
// "#" are skipped. Errors name the line.
func ReadTranscript(r io.Reader) ([]Event, error) {
	var events []Event
	scan := bufio.NewScanner(r)
	scan.Buffer(nil, maxTranscriptLine)
	for number := 1; scan.Scan(); number++ {
		line := strings.TrimSpace(scan.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		event, err := parseEvent(line)
		if err != nil {
			return nil, fmt.Errorf("transport: transcript line %d: %w", number, err)
		}
		event.Line = number
		events = append(events, event)
	}
	if err := scan.Err(); err != nil {
		return nil, fmt.Errorf("transport: transcript: %w", err)
	}
	return events, nil
}

func parseEvent(line string) (Event, error) {
	stamp, rest, _ := strings.Cut(line, " ")
	at, err := parseOffset(stamp)
	if err != nil {
		return Event{}, err
	}
	e := Event{At: at}
	word, rest, _ := strings.Cut(rest, " ")
	switch word {
	case "open":
		e.Kind, e.Text = EventOpen, rest
		return e, nil
	case "shut":
		e.Kind, e.Text = EventShut, rest
		return e, nil
	case ">":
		e.Dir = Sent
	case "<":
		e.Dir = Received
	default:
		return Event{}, fmt.Errorf("unknown event %q", word)
	}
	return e, e.parseTraffic(strings.Fields(rest))
}

func (e *Event) parseTraffic(words []string) error {
	if len(words) == 0 {
		return fmt.Errorf("nothing after the direction")
	}
	e.Kind = EventFrame
	kinds := map[string]EventKind{"ack": EventAck, "nak": EventNak, "raw": EventRaw, "repeat": EventRepeat, "damaged": EventDamaged}
	if kind, ok := kinds[words[0]]; ok {
		e.Kind, words = kind, words[1:]
		if kind == EventAck || kind == EventNak {
			return nil
		}
	}
	if len(words) == 0 {
		return fmt.Errorf("length missing")
	}
	length, err := strconv.Atoi(words[0])
	if err != nil || length < 0 {
		return fmt.Errorf("bad length %q", words[0])
	}
	e.Len = length
	words = words[1:]
	cut := len(words) > 0 && words[len(words)-1] == cutMark
	if cut {
		words = words[:len(words)-1]
	}
	if e.Data, err = hex.DecodeString(strings.Join(words, "")); err != nil {
		return fmt.Errorf("bad hex")
	}
	if e.Kind == EventDamaged {
		return nil
	}
	if len(e.Data) > length || (!cut && len(e.Data) != length) {
		return fmt.Errorf("%d bytes where the length says %d", len(e.Data), length)
	}
	return nil
}

func parseOffset(stamp string) (time.Duration, error) {
	number, ok := strings.CutPrefix(stamp, "+")
	if !ok {
		return 0, fmt.Errorf("bad time %q", stamp)
	}
	d, err := time.ParseDuration(number + "s")
	if err != nil || d < 0 {
		return 0, fmt.Errorf("bad time %q", stamp)
	}
	return d, nil
}
