package serial

import (
	"strings"
	"time"
)

// MaxBreak bounds a break: a line held longer looks like a cable pulled out.
const MaxBreak = 5 * time.Second

// ModemLines are the lines the other side drives.
type ModemLines struct{ CTS, DSR, DCD, RI bool }

// isMode finds settings refused behind the library's "invalid serial port":
// it keeps the cause as text only.
func isMode(err error) bool {
	for _, hint := range []string{"stop bits", "data bits", "parity", "speed", "configuring"} {
		if strings.Contains(err.Error(), hint) {
			return true
		}
	}
	return false
}
