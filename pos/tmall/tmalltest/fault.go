package tmalltest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Faults are the names Inject takes, with what they do. Each strikes once, at
// the next call, or with "name=word" at the next whose method contains the word.
var Faults = map[string]string{
	"lose-request":   "the connection is cut, nothing is done",
	"lose-answer":    "it is done, and the connection cut without an answer",
	"late":           "the connection is cut, and it is done after Config.Slow",
	"cut-answer":     "it is done, and the answer cut in the middle",
	"http-500":       "HTTP 500, nothing is done",
	"http-500-after": "it is done, and answered with HTTP 500",
	"html":           "an HTML page with status 200, nothing is done",
	"html-after":     "it is done, and answered with an HTML page",
	"error":          "HTTP 200 with isp.sim-busy, nothing is done",
	"error-after":    "it is done, and answered with isp.sim-busy",
	"wrong-shop":     "HTTP 200 with isv.sim-wrong-shop, nothing is done",
	"expired":        "HTTP 200 with isv.sim-expired, nothing is done",
	"slow":           "it is done, and answered after Config.Slow",
	"huge":           "it is done, and answered with 8 MB",
	"ret-0":          "HTTP 200 with ret_code 0, nothing is done",
	"ret-7":          "it is done, and answered with ret_code 7",
	"redirect":       "HTTP 307 to another host, nothing is done",
}

type fault struct{ name, word string }

// Inject arms faults. Unknown names are reported and arm nothing.
func (p *Platform) Inject(names ...string) (unknown []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, text := range names {
		name, word, _ := strings.Cut(text, "=")
		if _, ok := Faults[name]; !ok {
			unknown = append(unknown, text)
			continue
		}
		p.faults = append(p.faults, fault{name, word})
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
		if strings.Contains(path, f.word) {
			p.faults = slices.Delete(p.faults, i, i+1)
			return f.name
		}
	}
	return ""
}

var refusals = map[string]*failure{"error": {"isp.sim-busy", "系统繁忙"}, "wrong-shop": {"isv.sim-wrong-shop", "该券不适用本店"}, "expired": {"isv.sim-expired", "该券已过期"}}

// answer does a call and answers it, as the fault wants.
func (p *Platform) answer(w http.ResponseWriter, fault string, q *request) {
	switch fault {
	case "lose-request":
		panic(http.ErrAbortHandler)
	case "late":
		p.done.Go(func() { p.sleep(); p.do(q) })
		panic(http.ErrAbortHandler)
	case "http-500":
		http.Error(w, "sorry", http.StatusInternalServerError)
		return
	case "html":
		text(w, page)
		return
	case "redirect":
		http.Redirect(w, q.http, "https://example.invalid/", http.StatusTemporaryRedirect)
		return
	case "error", "wrong-shop", "expired":
		p.write(w, q, nil, refusals[fault])
		return
	case "ret-0":
		p.write(w, q, reply{"ret_code": 0}, nil)
		return
	}
	data, failed := p.do(q)
	p.after(w, q, fault, data, failed)
}

// page is what a proxy in between says.
const page = "<html><body>502 Bad Gateway</body></html>"

func text(w http.ResponseWriter, s string) { w.Write([]byte(s)) }

func (p *Platform) after(w http.ResponseWriter, q *request, fault string, data reply, failed *failure) {
	switch fault {
	case "lose-answer":
		panic(http.ErrAbortHandler)
	case "cut-answer":
		w.Header().Set("Content-Length", "500")
		text(w, `{"vmarket_etic`)
		panic(http.ErrAbortHandler)
	case "http-500-after":
		http.Error(w, "sorry", http.StatusInternalServerError)
	case "html-after":
		text(w, page)
	case "error-after":
		p.write(w, q, nil, refusals["error"])
	case "huge":
		text(w, `{"x":"`+strings.Repeat("x", 8<<20)+`"}`)
	case "ret-7":
		p.write(w, q, reply{"ret_code": 7}, nil)
	case "slow":
		p.sleep()
		fallthrough
	default:
		p.write(w, q, data, failed)
	}
}

func (p *Platform) sleep() {
	timer := time.NewTimer(p.cfg.Slow)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.end:
	}
}
