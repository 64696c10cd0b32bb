package tmalltest

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"
)

// reply is the body of an answer.
type reply = map[string]any

// failure is an answer that says no.
type failure struct{ code, text string }

// request is one call, taken apart.
type request struct {
	http   *http.Request
	method string
	form   url.Values
}

func (q *request) number(name string) int {
	n, _ := strconv.Atoi(q.form.Get(name))
	return n
}

// bodyMax bounds a request, staleAfter the age of its timestamp.
const (
	bodyMax    = 1 << 20
	staleAfter = 10 * time.Minute
)

var china = time.FixedZone("CST", 8*60*60)

func (p *Platform) serve(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, bodyMax)
	if r.Method != http.MethodPost || r.ParseForm() != nil {
		http.Error(w, "want a form", http.StatusBadRequest)
		return
	}
	q := &request{http: r, form: r.PostForm, method: r.PostForm.Get("method")}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		panic(http.ErrAbortHandler)
	}
	p.done.Add(1)
	p.calls[q.method]++
	p.mu.Unlock()
	defer p.done.Done()
	if failed := p.check(q); failed != nil {
		p.write(w, q, nil, failed)
		return
	}
	p.mu.Lock()
	fault := p.strike(q.method)
	p.mu.Unlock()
	p.answer(w, fault, q)
}

// check looks at signature, time and session.
func (p *Platform) check(q *request) *failure {
	f := q.form
	at, err := time.ParseInLocation(time.DateTime, f.Get("timestamp"), china)
	switch {
	case f.Get("sign") == "" || f.Get("sign") != sign(f):
		return &failure{"25", "Invalid signature"}
	case err != nil || p.Now().Sub(at).Abs() > staleAfter:
		return &failure{"31", "Invalid timestamp"}
	case f.Get("app_key") != App || f.Get("v") != "2.0" || f.Get("format") != "json":
		return &failure{"29", "Invalid app Key"}
	case f.Get("session") != Session:
		return &failure{"27", "Invalid session"}
	}
	return nil
}

// sign is the platform's own reckoning.
func sign(f url.Values) string {
	var names []string
	for k := range f {
		if k != "sign" {
			names = append(names, k)
		}
	}
	sort.Strings(names)
	text := ""
	for _, k := range names {
		if f.Get(k) != "" {
			text += k + f.Get(k)
		}
	}
	var sum []byte
	switch f.Get("sign_method") {
	case "md5":
		d := md5.Sum([]byte(Secret + text + Secret))
		sum = d[:]
	case "hmac":
		h := hmac.New(md5.New, []byte(Secret))
		h.Write([]byte(text))
		sum = h.Sum(nil)
	case "hmac-sha256":
		h := hmac.New(sha256.New, []byte(Secret))
		h.Write([]byte(text))
		sum = h.Sum(nil)
	}
	return strings.ToUpper(hex.EncodeToString(sum))
}

func (p *Platform) write(w http.ResponseWriter, q *request, data reply, failed *failure) {
	p.mu.Lock()
	p.serial++
	id := fmt.Sprintf("request%06d", p.serial)
	p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	if failed != nil {
		json.NewEncoder(w).Encode(reply{"error_response": reply{"code": 15, "msg": "Remote service error", "sub_code": failed.code, "sub_msg": failed.text, "request_id": id}})
		return
	}
	name := strings.ReplaceAll(strings.TrimPrefix(q.method, "taobao."), ".", "_") + "_response"
	answer := reply{"request_id": id}
	for k, v := range data {
		answer[k] = v
	}
	json.NewEncoder(w).Encode(reply{name: answer})
}

var methods = map[string]func(*Platform, *request) (reply, *failure){
	"taobao.vmarket.eticket.beforeconsume": (*Platform).before,
	"taobao.vmarket.eticket.consume":       (*Platform).consume,
	"taobao.vmarket.eticket.reverse":       (*Platform).reverse,
	"taobao.vmarket.eticket.oplogs.get":    (*Platform).oplogs,
	"taobao.trades.sold.get":               (*Platform).sold,
	"taobao.trades.sold.increment.get":     (*Platform).sold,
	"taobao.trade.fullinfo.get":            (*Platform).trade,
	"taobao.refunds.receive.get":           (*Platform).refundList,
	"taobao.refund.get":                    (*Platform).refund,
}

func (p *Platform) do(q *request) (reply, *failure) {
	call, ok := methods[q.method]
	if !ok {
		return nil, &failure{"22", "Invalid method"}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return call(p, q)
}
