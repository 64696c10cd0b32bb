package douyintest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// reply is a JSON object the platform writes.
type reply = map[string]any

// request is one call, taken apart.
type request struct {
	path    string
	query   url.Values
	body    map[string]any
	raw     []byte
	account string
}

// text is a field of the body or a parameter.
func (r *request) text(name string) string {
	if v, ok := r.body[name]; ok {
		return text(v)
	}
	return r.query.Get(name)
}

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// texts is a list of strings in the body.
func (r *request) texts(name string) (list []string) {
	all, _ := r.body[name].([]any)
	for _, v := range all {
		list = append(list, text(v))
	}
	return list
}

// failure is an answer that says no.
type failure struct {
	data, gateway, sub int
	text               string
}

type call func(*Platform, *request) (reply, *failure)

var calls = map[string]struct {
	method string
	do     call
}{
	"/goodlife/v1/fulfilment/certificate/prepare/":             {"GET", (*Platform).prepare},
	"/goodlife/v1/fulfilment/certificate/verify/":              {"POST", (*Platform).verify},
	"/goodlife/v1/fulfilment/certificate/batch_verify/":        {"POST", (*Platform).batchVerify},
	"/goodlife/v1/fulfilment/certificate/cancel/":              {"POST", (*Platform).cancel},
	"/goodlife/v1/fulfilment/certificate/get/":                 {"GET", (*Platform).get},
	"/goodlife/v1/fulfilment/certificate/query/":               {"GET", (*Platform).query},
	"/goodlife/v1/fulfilment/certificate/verify_record/query/": {"GET", (*Platform).records},
	"/goodlife/v1/shop/poi/query/":                             {"GET", (*Platform).shops},
	"/goodlife/v1/goods/product/online/query/":                 {"GET", (*Platform).products},
	"/goodlife/v1/goods/product/online/get/":                   {"GET", (*Platform).productsByID},
	"/goodlife/v1/trade/order/query/":                          {"GET", (*Platform).orderList},
	"/goodlife/v1/settle/ledger/query/":                        {"GET", (*Platform).ledger},
	"/goodlife/v1/settle/ledger/detailed_query/":               {"GET", (*Platform).ledger},
	"/goodlife/v1/settle/ledger/query_record_by_cert/":         {"GET", (*Platform).ledgerOf},
	"/goodlife/v1/groupon/order/refund/apply/":                 {"POST", (*Platform).refund},
	"/goodlife/v1/akte/after_sale/order/query/":                {"GET", (*Platform).refundList},
	"/goodlife/v1/fulfilment/create/callback/":                 {"POST", (*Platform).issued},
	"/goodlife/v1/fulfilment/refund/audit/":                    {"POST", (*Platform).audited},
}

// bodyMax bounds a request.
const bodyMax = 1 << 20

// serve answers one request of either socket.
func (p *Platform) serve(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyMax))
	if err != nil {
		http.Error(w, "body", http.StatusBadRequest)
		return
	}
	q := &request{path: r.URL.Path, query: r.URL.Query(), raw: raw, account: r.Header.Get("Rpc-Transit-Life-Account")}
	if strings.HasSuffix(r.Host, "douyin.com") && !strings.HasPrefix(r.Host, "open.") {
		p.link(w, r)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/order/") || strings.HasPrefix(r.URL.Path, "/afterSale/") {
		p.doudian(w, q)
		return
	}
	p.api(w, r, q)
}

// api is the open platform: fault, work, fault, answer.
func (p *Platform) api(w http.ResponseWriter, r *http.Request, q *request) {
	p.mu.Lock()
	p.calls[q.path]++
	name := p.strike(q.path)
	answer, done := p.before(name), false
	if answer == nil && !breaks(name) {
		answer, done = p.work(r, q), true
	}
	if name == "busy-after" {
		answer = p.envelope(reply{}, &failure{gateway: 2100004, text: "系统繁忙，此时请开发者稍候再试"})
	}
	date := p.now().Add(p.clockOff)
	p.mu.Unlock()
	w.Header().Set("Date", date.UTC().Format(http.TimeFormat))
	if !done {
		p.note("%s: nothing done", q.path)
	}
	p.write(w, name, answer)
}

// breaks says whether a fault keeps the work from being done.
func breaks(name string) bool {
	switch name {
	case "lose-request", "http-500", "http-429", "html", "redirect":
		return true
	}
	return false
}

// before is the answer of faults that answer instead of working.
func (p *Platform) before(name string) reply {
	switch name {
	case "busy":
		return p.envelope(reply{}, &failure{gateway: 2100004, text: "系统繁忙，此时请开发者稍候再试"})
	case "error-in-data":
		return p.envelope(reply{}, &failure{data: 2100005, text: "参数不合法"})
	case "unknown-code":
		return p.envelope(reply{}, &failure{data: 987654, text: "没有人知道"})
	case "token-expired":
		p.expireTokens()
		return p.envelope(reply{}, &failure{gateway: 2190008, data: 2190008, text: "access_token过期,请刷新或重新授权"})
	}
	return nil
}

// work does what was asked for and says what came of it.
func (p *Platform) work(r *http.Request, q *request) reply {
	if len(q.raw) > 0 {
		d := json.NewDecoder(strings.NewReader(string(q.raw)))
		d.UseNumber()
		if d.Decode(&q.body) != nil {
			return p.envelope(reply{}, &failure{data: 2119001, gateway: 2119001, text: "body"})
		}
	}
	if strings.HasPrefix(q.path, "/oauth/") {
		return p.issue(q)
	}
	c, ok := calls[q.path]
	switch {
	case !ok || c.method != r.Method:
		return p.envelope(reply{}, &failure{data: 2119010, gateway: 2119010, text: "no such call"})
	case p.tooOften(q.path):
		return p.envelope(reply{}, &failure{data: 2119003, gateway: 2119003, text: "请求过于频繁"})
	}
	if code := p.valid(r.Header.Get("access-token")); code != 0 {
		return p.envelope(reply{}, &failure{data: code, gateway: code, text: "access_token无效"})
	}
	if q.account == "" {
		q.account = Account
	}
	if q.account != Account && q.account != Stranger {
		return p.envelope(reply{}, &failure{data: 2119005, gateway: 2119005, text: "商家未授权"})
	}
	data, f := c.do(p, q)
	return p.envelope(data, f)
}

// envelope wraps an answer the platform's way.
func (p *Platform) envelope(data reply, f *failure) reply {
	if f == nil {
		f = &failure{}
	}
	if data == nil {
		data = reply{}
	}
	data["error_code"], data["description"] = f.data, f.text
	extra := reply{"error_code": f.gateway, "description": f.text, "sub_error_code": f.sub, "sub_description": f.text,
		"logid": fmt.Sprintf("20261122%020d", p.rng.Int64()), "now": p.now().Add(p.clockOff).Unix()}
	if f.gateway != 0 && f.data == 0 {
		return reply{"data": nil, "extra": extra}
	}
	return reply{"data": data, "extra": extra}
}

// window counts the calls of one second.
type window struct {
	second int64
	calls  int
}

func (p *Platform) tooOften(path string) bool {
	limit, ok := p.cfg.Limits[path]
	if !ok {
		return false
	}
	w := p.windows[path]
	if w == nil {
		w = &window{}
		p.windows[path] = w
	}
	if now := time.Now().Unix(); w.second != now {
		w.second, w.calls = now, 0
	}
	w.calls++
	return w.calls > limit
}

// write sends an answer, spoiled by a fault.
func (p *Platform) write(w http.ResponseWriter, fault string, answer reply) {
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err) // of strings and numbers
	}
	w.Header().Set("Content-Type", "application/json")
	switch fault {
	case "lose-request", "lose-answer":
		panic(http.ErrAbortHandler)
	case "cut-answer":
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		w.Write(body[:len(body)/2])
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case "http-500", "http-500-after":
		w.WriteHeader(http.StatusInternalServerError)
		body = []byte("<html>500</html>")
	case "http-429":
		w.WriteHeader(http.StatusTooManyRequests)
		body = []byte("<html>429</html>")
	case "html", "html-after":
		body = []byte("<html><body>welcome</body></html>")
	case "redirect":
		w.Header().Set("Location", "https://elsewhere.example/")
		w.WriteHeader(http.StatusTemporaryRedirect)
	case "slow":
		select {
		case <-time.After(p.cfg.Slow):
		case <-p.end:
		}
	case "huge":
		body = append(body, strings.Repeat(" ", 8<<20)...)
	}
	w.Write(body)
}
