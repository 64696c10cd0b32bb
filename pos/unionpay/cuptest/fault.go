package cuptest

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Faults are the names Inject takes, with what they do. Each strikes once, at
// the next financial request, unless it says otherwise.
var Faults = map[string]string{
	"lose-request":    "the request is thrown away and the line cut; nothing is booked",
	"lose-answer":     "the request is booked and the line cut without an answer",
	"half-open":       "the request is booked and nothing ever comes back on the line",
	"answer-late":     "the answer comes after the pause of Config.Late",
	"answer-twice":    "the answer comes twice",
	"answer-previous": "the answer to the question before comes first",
	"foreign-answer":  "an answer to another terminal comes first",
	"wrong-mac":       "the answer's MAC is wrong",
	"no-mac":          "the answer has no MAC",
	"garbage":         "the answer is noise",
	"trailing":        "the answer has bytes behind its last field",
	"cut-answer":      "the answer is cut after N bytes: cut-answer=20",
	"reboot":          "the request is booked, then the host restarts and forgets the working keys",
	"sign-on-again":   "the header of the answer asks for a sign-on",
	"refuse-sign-on":  "the next sign-on is refused with 97",
	"wrong-check":     "the next sign-on brings a wrong check value",
	"unbalanced":      "the next settlement does not agree with the totals",
	"lose-settlement": "the next settlement is booked and its answer lost",
	"lose-upload":     "the next message of the batch upload is taken and its answer lost",
	"lose-end":        "the end of the next batch upload is taken and its answer lost",
}

// fault is one that was armed.
type fault struct {
	name string
	n    int
}

// Inject arms faults. Unknown names and bad numbers are reported and arm nothing.
func (h *Host) Inject(names ...string) (unknown []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, text := range names {
		name, number, has := strings.Cut(text, "=")
		n, err := strconv.Atoi(number)
		if _, ok := Faults[name]; !ok || has != (name == "cut-answer") || has && (err != nil || n < 0) {
			unknown = append(unknown, text)
			continue
		}
		h.faults = append(h.faults, fault{name, n})
	}
	return unknown
}

// strikes takes the first armed fault of the names given, if there is one.
func (h *Host) strikes(names ...string) (fault, bool) {
	for i, f := range h.faults {
		if slices.Contains(names, f.name) {
			h.faults = slices.Delete(h.faults, i, i+1)
			h.log("fault: %s", f.name)
			return f, true
		}
	}
	return fault{}, false
}

// output is what goes back on the line.
type output struct {
	bytes  []byte
	wait   time.Duration
	hangUp bool
}

// financialFaults spoil an answer that was booked.
var financialFaults = []string{"lose-answer", "half-open", "answer-late", "answer-twice", "answer-previous", "foreign-answer",
	"wrong-mac", "no-mac", "garbage", "trailing", "cut-answer", "reboot", "sign-on-again"}

// spoil turns an answer into what a fault makes of it.
func (h *Host) spoil(f fault, body, previous []byte) output {
	switch f.name {
	case "lose-answer", "lose-settlement", "lose-upload", "lose-end":
		return output{hangUp: true}
	case "half-open":
		return output{}
	case "answer-late":
		return output{bytes: frame(body), wait: h.cfg.Late}
	case "answer-twice":
		return output{bytes: append(frame(body), frame(body)...)}
	case "answer-previous", "foreign-answer":
		return output{bytes: append(frame(previous), frame(body)...)}
	case "wrong-mac":
		body[len(body)-1] ^= 1
	case "garbage":
		for i := range body {
			body[i] = byte(i*37 + 11)
		}
	case "trailing":
		body = append(body, 0, 0)
	case "cut-answer":
		all := frame(body)
		return output{bytes: all[:min(f.n, len(all))], hangUp: true}
	case "reboot":
		for _, l := range h.lanes {
			l.keys = nil
		}
		return output{hangUp: true}
	}
	return output{bytes: frame(body)}
}
