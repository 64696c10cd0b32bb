package meituantest

import (
	"crypto/sha1"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"time"
)

// reply is the data of an answer.
type reply = map[string]any

// failure is an answer that says no.
type failure struct{ code, text string }

// request is one call, taken apart.
type request struct {
	http     *http.Request
	path     string
	business Business
	token    string
	biz      map[string]any
}

func (q *request) text(name string) string {
	switch v := q.biz[name].(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

func (q *request) number(name string) int {
	n, _ := strconv.Atoi(q.text(name))
	return n
}

// bodyMax bounds a request, staleAfter the age of its timestamp.
const (
	bodyMax    = 1 << 20
	staleAfter = 10 * time.Minute
)

func (p *Platform) serve(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		panic(http.ErrAbortHandler)
	}
	p.done.Add(1)
	p.calls[r.URL.Path]++
	p.mu.Unlock()
	defer p.done.Done()
	r.Body = http.MaxBytesReader(w, r.Body, bodyMax)
	if r.Method != http.MethodPost || r.ParseForm() != nil || len(r.URL.RawQuery) > 0 {
		http.Error(w, "want a form", http.StatusBadRequest)
		return
	}
	q, failed := p.take(r)
	if failed != nil {
		p.write(w, nil, failed)
		return
	}
	p.mu.Lock()
	fault := p.strike(r.URL.Path)
	p.mu.Unlock()
	p.answer(w, fault, q)
}

// take checks signature, time and shop.
func (p *Platform) take(r *http.Request) (*request, *failure) {
	f := r.PostForm
	if subtle.ConstantTimeCompare([]byte(f.Get("sign")), []byte(sign(f))) != 1 {
		return nil, &failure{"SIM_SIGN", "签名错误"}
	}
	seconds, err := strconv.ParseInt(f.Get("timestamp"), 10, 64)
	if age := p.Now().Sub(time.Unix(seconds, 0)); err != nil || age.Abs() > staleAfter {
		return nil, &failure{"SIM_TIMESTAMP", "时间戳过期"}
	}
	if f.Get("developerId") != Developer || f.Get("charset") != "UTF-8" || f.Get("version") != "2" {
		return nil, &failure{"SIM_PARAMETER", "系统参数错误"}
	}
	q := &request{http: r, path: r.URL.Path, token: f.Get("appAuthToken")}
	n, _ := strconv.Atoi(f.Get("businessId"))
	q.business = Business(n)
	known := q.token == StrangerToken || q.token == DiningToken && q.business == Dining || q.token == ServicesToken && q.business == Services
	if !known {
		return nil, &failure{"SIM_TOKEN", "appAuthToken无效"}
	}
	if json.Unmarshal([]byte(f.Get("biz")), &q.biz) != nil {
		return nil, &failure{"SIM_BIZ", "biz不是JSON"}
	}
	return q, nil
}

// sign is the platform's own reckoning.
func sign(f url.Values) string {
	var names []string
	for k := range f {
		names = append(names, k)
	}
	sort.Strings(names)
	text := SignKey
	for _, k := range names {
		if k != "sign" && f.Get(k) != "" {
			text += k + f.Get(k)
		}
	}
	sum := sha1.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

func (p *Platform) write(w http.ResponseWriter, data reply, failed *failure) {
	p.mu.Lock()
	p.serial++
	trace := fmt.Sprintf("trace-%06d", p.serial)
	p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	answer := reply{"code": "OP_SUCCESS", "msg": "成功", "data": data, "traceId": trace}
	if failed != nil {
		answer = reply{"code": failed.code, "msg": failed.text, "data": nil, "traceId": trace}
	}
	json.NewEncoder(w).Encode(answer)
}

var calls = map[Business]map[string]func(*Platform, *request) (reply, *failure){
	Dining: {
		"/tuangou/ng/coupon/msprepare":    (*Platform).prepareDining,
		"/tuangou/ng/coupon/msconsume":    (*Platform).consumeDining,
		"/tuangou/coupon/cancel":          (*Platform).cancelDining,
		"/tuangou/coupon/queryById":       (*Platform).queryDining,
		"/tuangou/coupon/queryListByDate": (*Platform).listDining,
	},
	Services: {
		"/ddzh/tuangou/receipt/prepare":         (*Platform).prepareServices,
		"/ddzh/tuangou/receipt/consume":         (*Platform).consumeServices,
		"/ddzh/tuangou/receipt/reverseconsume":  (*Platform).cancelServices,
		"/ddzh/tuangou/receipt/getconsumed":     (*Platform).queryServices,
		"/ddzh/tuangou/receipt/querylistbydate": (*Platform).listServices,
	},
}

func (p *Platform) do(q *request) (reply, *failure) {
	call, ok := calls[q.business][q.path]
	if !ok {
		return nil, &failure{"SIM_PATH", "接口不存在"}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return call(p, q)
}
