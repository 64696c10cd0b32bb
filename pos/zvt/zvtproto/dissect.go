package zvtproto

import (
	"errors"
	"fmt"
)

// node is one piece of an APDU with its place: a part without number, a BMP
// or a TLV object.
type node struct {
	offset, size int // in the APDU, with number and length
	part         part
	bmp          BMP
	tag          Tag
	isTag        bool
	value        []byte // aliases the APDU
	children     []node
}

// dissection is an APDU taken apart for Mask and Explain.
type dissection struct {
	apdu     []byte
	command  Command
	dir      Direction
	guessed  bool
	known    bool
	dataAt   int
	end      int // of the data, as far as it is there
	nodes    []node
	problems []Problem
	// unread is where reading stopped, end when everything was read.
	unread int
	// plain is how many bytes from unread on can be no secret although they
	// could not be read: the number of a BMP, what belongs to one without secrets.
	plain int
}

func (d *dissection) problem(offset int, err error) {
	d.problems = append(d.problems, Problem{Offset: offset, Text: err.Error(), err: err})
}

// dissect reads as much of the APDU as it can.
func dissect(apdu []byte, dir Direction) *dissection {
	d := &dissection{apdu: apdu, dir: dir, dataAt: len(apdu), end: len(apdu), unread: len(apdu)}
	if len(apdu) >= 2 {
		d.command = Command(apdu[0])<<8 | Command(apdu[1])
	}
	row := d.command.row(dir)
	if dir == DirectionUnknown && row != nil {
		d.dir = row.dir
		if d.command == CmdPrintLine || d.command == CmdPrintText {
			d.dir = ToRegister
		}
		d.guessed = d.dir != DirectionUnknown
	}
	dataAt, size := header(apdu)
	if size == 0 {
		d.unread = min(2, len(apdu))
		d.plain = len(apdu) - d.unread // nothing but a length
		d.problem(len(apdu), fmt.Errorf("zvtproto: APDU header: %w", ErrTruncated))
		return d
	}
	d.dataAt = dataAt
	if size > len(apdu) {
		d.problem(len(apdu), fmt.Errorf("zvtproto: %d data bytes of %d: %w", len(apdu)-dataAt, size-dataAt, ErrTruncated))
	}
	if size < len(apdu) {
		d.problem(size, fmt.Errorf("zvtproto: %d bytes after the APDU: %w", len(apdu)-size, ErrTrailing))
	}
	d.end = min(size, len(apdu))
	d.unread = dataAt
	d.readData(row)
	return d
}

func (d *dissection) readData(row *commandRow) {
	parts := justOpaque
	if row != nil {
		d.known, parts = true, row.parts
	}
	if d.command == CmdCompletion && isStatusReport(d.rest()) {
		parts = []part{partVersion, partState}
	}
	if d.command == cmdWrongCurrency && isResultAndCurrency(d.rest()) {
		parts = []part{partResult, partAbortCurrency}
	}
	for _, p := range parts {
		if err := d.readPart(p); err != nil {
			d.problem(d.unread, err)
			d.plain = p.plainBytes(len(d.rest()))
			return
		}
	}
	d.readFields()
}

func (d *dissection) rest() []byte { return d.apdu[d.unread:d.end] }

// take makes a node of the next bytes: head of number and length, then value.
func (d *dissection) take(p part, head, value int) {
	at := d.unread
	d.nodes = append(d.nodes, node{offset: at, size: head + value, part: p, value: d.apdu[at+head : at+head+value]})
	d.unread += head + value
}

// readPart reads one part that has no number.
func (d *dissection) readPart(p part) error {
	rest := d.rest()
	need := 1
	switch p {
	case partPassword:
		need = passwordSize
	case partOptionalPassword:
		if need = passwordSize; len(rest) == 0 {
			return nil
		}
	case partCurrency, partReceiptNumber, partReceiptNumberTo:
		if need = 2; len(rest) == 0 && p != partReceiptNumber {
			return nil
		}
		if _, ok := parseBCD(rest[:min(2, len(rest))]); !ok {
			return fmt.Errorf("zvtproto: %s: %w", p, ErrFormat)
		}
		if p == partCurrency && len(rest) >= 2 && rest[0]|rest[1] == 0 {
			return fmt.Errorf("zvtproto: currency 0000: %w", ErrFormat)
		}
	case partAbortCurrency:
		if _, ok := bareCurrency(ResultCode(d.apdu[d.unread-1]), rest); !ok {
			return nil
		}
		need = 2
	case partTimeout:
		if len(rest) == 0 {
			return nil
		}
	case partMinutes:
		if !intermediateHasTimeout(rest) {
			return nil
		}
		if _, ok := parseBCD(rest[:1]); !ok {
			return fmt.Errorf("zvtproto: %s: %w", p, ErrFormat)
		}
	case partText, partOpaque:
		need = len(rest)
	case partVersion:
		n, ok := lllvarAt(rest)
		if !ok {
			return nil
		}
		if n > len(rest)-3 {
			return fmt.Errorf("zvtproto: %s: %w", p, ErrTruncated)
		}
		d.take(p, 3, n)
		return nil
	case partResponse:
		var f Fields
		if f.DecodeData(rest) == nil {
			return nil
		}
		need = len(rest)
	}
	if len(rest) < need {
		return fmt.Errorf("zvtproto: %s: %w", p, ErrTruncated)
	}
	if need > 0 {
		d.take(p, 0, need)
	}
	return nil
}

// plainBytes is how many of the bytes where a part should be can be no secret.
func (p part) plainBytes(there int) int {
	switch p {
	case partConfig, partResult, partTimeout, partIntermediate, partMinutes, partAttribute, partState, partBaud:
		return min(1, there)
	case partCurrency, partAbortCurrency, partReceiptNumber, partReceiptNumberTo:
		return min(2, there)
	}
	return 0
}

// plainField is the same for a BMP that could not be read: its number, and the
// value when a value of that kind is cut short and holds neither secret nor text.
func plainField(b BMP, err error, there int) int {
	info, known := b.Info()
	if known && errors.Is(err, ErrTruncated) && !info.Secret && b != BMPTLV {
		switch info.Encoding {
		case EncodingAmount, EncodingCurrency, EncodingTime, EncodingDate, EncodingResult, EncodingCardType, EncodingTotals:
			return there
		}
	}
	return min(1, there)
}

// readFields reads the BMPs from here to the end of the data.
func (d *dissection) readFields() {
	data := d.apdu[d.dataAt:d.end]
	var seen Fields
	for d.unread < d.end {
		at := d.unread - d.dataAt
		b, valueAt, end, err := fieldAt(data, at)
		if err == nil && len(seen.List) == MaxFields {
			err = &FieldError{BMP: b, Offset: at, Err: ErrTooLong}
		}
		if err != nil {
			d.problem(d.unread, err)
			d.plain = plainField(b, err, d.end-d.unread)
			return
		}
		value := data[valueAt:end:end]
		n := node{offset: d.unread, size: end - at, bmp: b, value: value}
		if err := seen.check(b, value, at); err != nil {
			d.problem(d.unread, err)
			if b == BMPTLV {
				d.plain = 1
				return
			}
		}
		seen.List = append(seen.List, Field{BMP: b, Value: value})
		if b == BMPTLV {
			n.children = objectNodes(value, d.dataAt+valueAt, 1)
		}
		d.nodes = append(d.nodes, n)
		d.unread += n.size
	}
}

// objectNodes reads a container that checkTLV has accepted.
func objectNodes(b []byte, offset, depth int) []node {
	var out []node
	for at := 0; at < len(b) && depth <= MaxTLVDepth; {
		tag, valueAt, end, err := objectAt(b, at)
		if err != nil {
			return nil
		}
		n := node{offset: offset + at, size: end - at, tag: tag, isTag: true, value: b[valueAt:end:end]}
		if tag.Constructed() && checkObjects(n.value, depth+1) == nil {
			n.children = objectNodes(n.value, offset+valueAt, depth+1)
		}
		out = append(out, n)
		at = end
	}
	return out
}

// String names a part.
func (p part) String() string {
	names := [...]string{partPassword: "password", partOptionalPassword: "password", partConfig: "configuration byte",
		partCurrency: "currency", partResult: "result code", partAbortCurrency: "currency", partReceiptNumber: "receipt number",
		partReceiptNumberTo: "last receipt number", partTimeout: "timeout in seconds", partIntermediate: "status",
		partMinutes: "timeout in minutes", partAttribute: "attribute", partText: "text", partOpaque: "data",
		partVersion: "software version", partState: "terminal state", partBaud: "baud rate", partResponse: "response data"}
	if int(p) < len(names) {
		return names[p]
	}
	return "part"
}

// Problem is something wrong in an APDU, and where.
type Problem struct {
	// Offset counts from the first byte of the APDU.
	Offset int    `json:"offset"`
	Text   string `json:"text"`

	err error
}

func joinProblems(problems []Problem) error {
	errs := make([]error, len(problems))
	for i, p := range problems {
		if errs[i] = p.err; p.err == nil {
			errs[i] = errors.New(p.Text)
		}
	}
	return errors.Join(errs...)
}
