package zvttest

import (
	"strconv"
	"strings"
)

// Faults are the names Inject takes, with what they do.
var Faults = map[string]string{
	"lose-request":    "the money command is never heard",
	"lose-answer":     "the payment is booked and final, but nothing of it reaches the register",
	"lose-ack":        "the register's acknowledgement of the result is lost: the terminal takes the payment back",
	"answer-twice":    "every answer is sent twice",
	"answer-late":     "the result comes after a long pause",
	"answer-previous": "the result of the payment before comes first",
	"drop-after":      "the connection breaks after N bytes of the terminal's: drop-after=20",
	"nak":             "the next N frames of the register are refused with NAK on a serial line: nak=2",
	"reboot":          "the terminal restarts between the host's approval and its answer",
	"decline":         "declined with a result code: decline=05",
	"partial":         "half of the amount is approved",
	"over":            "one minor unit too much is approved",
	"wrong-currency":  "the result names another currency",
	"unknown-bmp":     "the result holds a BMP no table has",
	"unknown-result":  "declined with a code no table has",
	"print-fails":     "the connection breaks while the receipt is printed",
	"busy":            "the command is refused with 9C, please wait",
	"garbage":         "the result is noise",
}

// fault is one injected fault.
type fault struct {
	name  string
	value int64
}

// Inject queues faults, each for one money command. Unknown names and bad
// numbers are reported and queue nothing.
func (t *Terminal) Inject(names ...string) (unknown []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, n := range names {
		f, ok := parseFault(n)
		if !ok {
			unknown = append(unknown, n)
			continue
		}
		t.faults = append(t.faults, f)
	}
	return unknown
}

func parseFault(s string) (fault, bool) {
	name, value, has := strings.Cut(s, "=")
	if _, ok := Faults[name]; !ok {
		return fault{}, false
	}
	f := fault{name: name, value: 1}
	if name == "decline" {
		f.value = 5
	}
	if has {
		base := 10
		if name == "decline" {
			base = 16
		}
		n, err := strconv.ParseInt(value, base, 32)
		if err != nil || n < 0 {
			return fault{}, false
		}
		f.value = n
	}
	return f, true
}

// next takes the next fault.
func (t *Terminal) nextFault() fault {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.faults) == 0 {
		return fault{}
	}
	f := t.faults[0]
	t.faults = t.faults[1:]
	return f
}
