package escpos

// answerKind tells the answers of a printer apart; each has bits that are fixed.
type answerKind int

const (
	answerRealTime answerKind = iota + 1 // to DLE EOT: xxx1xx10
	answerStatus                         // to GS r: 0xx0xxxx
	answerAuto                           // automatic status, four bytes: 0xx1xx00 first
	answerProcess                        // to GS ( H: 37 22 d1 d2 d3 d4 00
	answerText                           // to GS I: 5F text 00
)

// answer is one of them.
type answer struct {
	kind answerKind
	code byte    // of answerRealTime and answerStatus
	id   [4]byte // of answerProcess
	text string  // of answerText
}

// maxAnswer bounds a text, of which makers give at most 80 characters.
const maxAnswer = 256

// parseAnswer reads the answer at the start of buf. size is 0 when more is
// needed; an answer without a kind is noise to be skipped: XON, XOFF, bytes of
// a printer that starts.
func parseAnswer(buf []byte) (a answer, size int) {
	if len(buf) == 0 {
		return a, 0
	}
	switch c := buf[0]; {
	case c == 0x37:
		return parseProcess(buf)
	case c == 0x5F:
		return parseText(buf)
	case c&0x93 == 0x12:
		return answer{kind: answerRealTime, code: c}, 1
	case c&0x93 == 0x10:
		return parseAuto(buf)
	case c&0x90 == 0x00:
		return answer{kind: answerStatus, code: c}, 1
	}
	return a, 1
}

func parseProcess(buf []byte) (a answer, size int) {
	const length = 7
	if len(buf) > 1 && buf[1] != 0x22 {
		return a, 1
	}
	if len(buf) < length {
		return a, 0
	}
	if buf[length-1] != 0 {
		return a, 1
	}
	return answer{kind: answerProcess, id: [4]byte(buf[2:6])}, length
}

func parseText(buf []byte) (a answer, size int) {
	for i, c := range buf {
		switch {
		case i == 0:
		case c == 0:
			return answer{kind: answerText, text: Clean(string(buf[1:i]))}, i + 1
		case i >= maxAnswer:
			return a, 1
		}
	}
	return a, 0
}

// parseAuto takes the three bytes that follow, which look like answers to GS r.
func parseAuto(buf []byte) (a answer, size int) {
	const length = 4
	for i := 1; i < min(len(buf), length); i++ {
		if buf[i]&0x90 != 0 {
			return a, i // cut short by something else
		}
	}
	if len(buf) < length {
		return a, 0
	}
	return answer{kind: answerAuto, code: buf[0]}, length
}
