package paper

import "bytes"

// MaxCommand bounds one command with its data in bytes. What claims to be
// longer loses its head and is skipped.
const MaxCommand = 1 << 20

// Split returns the length of the command or character at the start of buf: 0
// when more bytes are needed to tell. It does not know Chinese pairs, which
// depend on a mode.
func Split(buf []byte) int {
	if len(buf) == 0 {
		return 0
	}
	switch buf[0] {
	case 0x10:
		return need(buf, splitDLE)
	case 0x1B:
		return need(buf, splitESC)
	case 0x1C:
		return need(buf, splitFS)
	case 0x1D:
		return need(buf, splitGS)
	}
	return 1
}

// need takes the length a command claims and says 0 while it is not there.
func need(buf []byte, size func([]byte) int) int {
	if len(buf) < 2 {
		return 0
	}
	n := size(buf)
	if n > MaxCommand {
		return 2
	}
	if n > len(buf) {
		return 0
	}
	return n
}

// clamp keeps a length inside an int of 32 bits.
func clamp(n int64) int { return int(min(n, MaxCommand+1)) }

// more is a length nobody can reach yet.
func more(buf []byte) int { return len(buf) + 1 }

func splitDLE(b []byte) int {
	switch b[1] {
	case 0x04, 0x05:
		return 3
	case 0x14:
		if len(b) < 3 {
			return more(b)
		}
		if b[2] == 8 {
			return 10
		}
		return 5
	}
	return 1
}

func splitESC(b []byte) int {
	switch b[1] {
	case '@', '2', 'i', 'm', 'L', 'S', 'v', 0x0C, '<':
		return 2
	case 'c', '$', '\\', 'B':
		return 4
	case 'p':
		return 5
	case 'W':
		return 10
	case 'D':
		return splitTabs(b)
	case '*':
		if len(b) < 5 {
			return more(b)
		}
		n := int(b[3]) + int(b[4])<<8
		if b[2] >= 32 {
			n *= 3
		}
		return 5 + n
	case '&':
		return splitUserChars(b)
	}
	return 3
}

// splitTabs ends the list of tab stops: at a zero, or after 32.
func splitTabs(b []byte) int {
	const maxTabs = 32
	if i := bytes.IndexByte(b[2:], 0); i >= 0 && i <= maxTabs {
		return 3 + i
	}
	if len(b) > 2+maxTabs {
		return 2 + maxTabs
	}
	return more(b)
}

// splitUserChars walks over ESC & y c1 c2 [x d...]...
func splitUserChars(b []byte) int {
	if len(b) < 5 {
		return more(b)
	}
	n, count := 5, int(b[4])-int(b[3])+1
	for range count {
		if n >= len(b) {
			return more(b)
		}
		n += 1 + int(b[n])*int(b[2])
	}
	return n
}

// short reports a command that is complete with two bytes.
func short(b []byte) bool {
	switch b[0] {
	case 0x1B:
		return splitESC(b[:2]) == 2
	case 0x1C:
		return splitFS(b[:2]) == 2
	case 0x1D:
		return splitGS(b[:2]) == 2
	}
	return false
}

func splitFS(b []byte) int {
	switch b[1] {
	case '&', '.':
		return 2
	case 'S', 'p':
		return 4
	case '(':
		return splitLength(b)
	}
	return 3
}

func splitGS(b []byte) int {
	switch b[1] {
	case ':':
		return 2
	case 'L', 'W', 'P', '$', '\\':
		return 4
	case '^':
		return 5
	case '(':
		return splitLength(b)
	case '8':
		if len(b) < 7 {
			return more(b)
		}
		return clamp(7 + (int64(b[3]) | int64(b[4])<<8 | int64(b[5])<<16 | int64(b[6])<<24))
	case 'V':
		if len(b) < 3 {
			return more(b)
		}
		if b[2] >= 0x41 {
			return 4
		}
		return 3
	case 'v':
		if len(b) < 8 {
			return more(b)
		}
		return clamp(8 + (int64(b[4])|int64(b[5])<<8)*(int64(b[6])|int64(b[7])<<8))
	case '*':
		if len(b) < 4 {
			return more(b)
		}
		return 4 + int(b[2])*int(b[3])*8
	case 'k':
		return splitBars(b)
	}
	return 3
}

// splitLength is for ( commands: a letter and two bytes of length.
func splitLength(b []byte) int {
	if len(b) < 5 {
		return more(b)
	}
	return 5 + int(b[3]) + int(b[4])<<8
}

// splitBars is GS k: form A ends with a zero, form B has a length.
func splitBars(b []byte) int {
	if len(b) < 4 {
		return more(b)
	}
	if b[2] >= 0x41 {
		return 4 + int(b[3])
	}
	const maxBars = 256
	if i := bytes.IndexByte(b[3:], 0); i >= 0 {
		return 4 + i
	} else if len(b) > 3+maxBars {
		return 3
	}
	return more(b)
}
