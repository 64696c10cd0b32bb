package douyintest

import (
	"slices"
	"strings"
	"time"
)

// Faults are the names Inject takes, with what they do. Each strikes once, at
// the next call of an API, or with "name=word" at the next whose path contains
// the word. Calls for tokens are struck only by word.
var Faults = map[string]string{
	"lose-request":      "the connection is cut, nothing is done",
	"lose-answer":       "it is done, and the connection cut without an answer",
	"cut-answer":        "it is done, and the answer cut in the middle",
	"http-500":          "HTTP 500, nothing is done",
	"http-500-after":    "it is done, and answered with HTTP 500",
	"http-429":          "HTTP 429, nothing is done",
	"html":              "an HTML page with status 200, nothing is done",
	"html-after":        "it is done, and answered with an HTML page",
	"busy":              "HTTP 200 with extra.error_code 2100004, nothing is done",
	"busy-after":        "it is done, and answered with extra.error_code 2100004",
	"error-in-data":     "HTTP 200 with data.error_code 2100005 and extra.error_code 0, nothing is done",
	"unknown-code":      "HTTP 200 with data.error_code 987654, nothing is done",
	"token-expired":     "HTTP 200 with 2190008: the token is forgotten, nothing is done",
	"slow":              "it is done, and answered after Config.Slow",
	"huge":              "it is done, and answered with 8 MB",
	"result-2":          "vouchers that were used before are answered with result 2 instead of 1208",
	"forget-answer":     "a redemption sent again with the same verify_token is answered like a new one: 1208",
	"redirect":          "HTTP 307 to another host, nothing is done",
	"clock-off":         "Date and extra.now are an hour ahead from now on",
	"duplicate-webhook": "the next webhook comes twice",
	"forged-webhook":    "the next webhook has a wrong signature",
	"reorder-webhook":   "the next webhook comes after the one behind it",
}

type fault struct{ name, word string }

// Inject arms faults. Unknown names are reported and arm nothing.
func (p *Platform) Inject(names ...string) (unknown []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, text := range names {
		name, word, _ := strings.Cut(text, "=")
		switch _, ok := Faults[name]; {
		case !ok:
			unknown = append(unknown, text)
		case name == "clock-off":
			p.clockOff = time.Hour
		default:
			p.faults = append(p.faults, fault{name, word})
		}
	}
	return unknown
}

// Armed says how many faults have not struck yet.
func (p *Platform) Armed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.faults)
}

// strike takes the first armed fault that fits a path.
func (p *Platform) strike(path string) string {
	for i, f := range p.faults {
		if strings.HasSuffix(f.name, "-webhook") || f.name == "result-2" || f.name == "forget-answer" || !strings.Contains(path, f.word) || f.word == "" && strings.HasPrefix(path, "/oauth/") {
			continue
		}
		p.faults = slices.Delete(p.faults, i, i+1)
		p.note("fault %s at %s", f.name, path)
		return f.name
	}
	return ""
}

// take takes an armed fault by name.
func (p *Platform) take(name string) bool {
	for i, f := range p.faults {
		if f.name == name {
			p.faults = slices.Delete(p.faults, i, i+1)
			return true
		}
	}
	return false
}
