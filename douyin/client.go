package douyin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"unicode"
)

// call is one request in the platform's words.
type call struct {
	endpoint Endpoint
	account  ID
	query    url.Values
	body     []byte
	// out takes data; beside takes the whole answer, for payload beside data.
	out    payload
	beside any
	// hidden must not come back in an error's words.
	hidden []Hidden
}

// answer is what every reply says about itself.
type answer struct {
	logID string
	dated bool // it told the platform's time
}

// do waits for its turn, gets a token, sends, and, where that is safe, sends
// once more with a new token if the platform did not take the old one.
func (c *Client) do(ctx context.Context, r call) (answer, error) {
	if err := c.buckets[r.endpoint].wait(ctx); err != nil {
		return answer{}, &Error{Endpoint: r.endpoint, Class: ErrNotSent, Err: err}
	}
	token, err := c.token(ctx, Hidden{})
	if err != nil {
		return answer{}, tokenFailure(r.endpoint, err)
	}
	a, err := c.try(ctx, r, token)
	if !tokenRefused(err) {
		return a, err
	}
	fresh, tokenErr := c.token(ctx, token)
	if tokenErr != nil || !traits[r.endpoint].replay {
		return a, err // refused: nothing happened
	}
	return c.try(ctx, r, fresh)
}

func tokenRefused(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Class == ErrToken && e.Reason == TokenExpired
}

// try sends one request and judges its answer.
func (c *Client) try(ctx context.Context, r call, token Hidden) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	req, err := c.request(ctx, r, token)
	if err != nil {
		return answer{}, invalid(r.endpoint, "request cannot be built")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		class := ErrNotSent
		if connected.Load() {
			class = ErrDoubt
		}
		return answer{}, &Error{Endpoint: r.endpoint, Class: class, Reason: ConnectionLost, Retry: true, Err: cause(ctx, err)}
	}
	defer resp.Body.Close()
	body, err := c.read(resp)
	doubt := &Error{Endpoint: r.endpoint, Class: ErrDoubt, Reason: NotUnderstood, Retry: true, HTTPStatus: resp.StatusCode, LogID: headerLogID(resp.Header)}
	switch {
	case err != nil:
		doubt.Reason, doubt.Err = ConnectionLost, cause(ctx, err)
		return answer{}, doubt
	case int64(len(body)) > c.cfg.BodyMax:
		doubt.Err = fmt.Errorf("more than %d bytes", c.cfg.BodyMax)
		return answer{}, doubt
	}
	a, err := c.judge(r, token, body, doubt)
	if !a.dated {
		if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
			c.observe(date)
		}
	}
	return a, err
}

// read takes at most one byte more than an answer may have.
func (c *Client) read(resp *http.Response) ([]byte, error) {
	var b bytes.Buffer
	if n := resp.ContentLength; n > 0 && n <= c.cfg.BodyMax {
		b.Grow(int(n) + bytes.MinRead)
	}
	_, err := b.ReadFrom(io.LimitReader(resp.Body, c.cfg.BodyMax+1))
	return b.Bytes(), err
}

func (c *Client) request(ctx context.Context, r call, token Hidden) (*http.Request, error) {
	u := *c.base
	u.Path += string(r.endpoint)
	u.RawQuery = r.query.Encode()
	var body io.Reader
	if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, traits[r.endpoint].method, u.String(), body)
	if err != nil {
		return nil, err
	}
	// The documentation wants it on GET as well.
	req.Header.Set("Content-Type", "application/json")
	if !token.IsZero() {
		req.Header.Set("access-token", token.text())
	}
	if r.account != "" {
		req.Header.Set("Rpc-Transit-Life-Account", string(r.account))
	}
	return req, nil
}

// cause takes the URL, which carries codes, out of an error of net/http.
func cause(ctx context.Context, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if ctxErr := ctx.Err(); ctxErr != nil && !errors.Is(err, ctxErr) {
		return errors.Join(ctxErr, err)
	}
	return err
}

func headerLogID(h http.Header) string {
	for _, name := range []string{"X-Tt-Logid", "X-Bytedance-Logid"} {
		if v := h.Get(name); v != "" {
			return words(v, nil)
		}
	}
	return ""
}

// envelope is how every answer is wrapped, the old mini-program form included.
type envelope struct {
	Data  any `json:"data"` // the payload
	Extra *struct {
		Code    Count  `json:"error_code"`
		Text    string `json:"description"`
		Sub     Count  `json:"sub_error_code"`
		SubText string `json:"sub_description"`
		LogID   string `json:"logid"`
		Now     Time   `json:"now"`
	} `json:"extra"`
	ErrNo  *Count `json:"err_no"`
	ErrMsg string `json:"err_msg"`
	LogID  string `json:"log_id"`
}

// payload is what data is read into; it embeds a head.
type payload interface{ codes() head }

// head is what the data says about itself.
type head struct {
	Code *Count `json:"error_code"`
	Text string `json:"description"`
}

func (h head) codes() head { return h }

// open reads an answer into out in one go. If out does not fit, what data says
// about itself is read nevertheless, and unread is true.
func open(body []byte, out payload) (e envelope, h head, unread bool, err error) {
	e.Data = out
	if json.Unmarshal(body, &e) == nil {
		if e.Data != nil {
			h = out.codes()
		}
		return e, h, false, nil
	}
	e = envelope{Data: &h}
	return e, h, true, json.Unmarshal(body, &e)
}

// judge reads an answer of at most BodyMax bytes. verdict is a doubt about this
// exchange, which it fills in.
func (c *Client) judge(r call, token Hidden, body []byte, verdict *Error) (answer, error) {
	e, h, unread, err := open(body, r.out)
	if err != nil {
		return answer{}, notJSON(verdict)
	}
	c.describe(r, token, &e, h, verdict)
	a := answer{dated: e.Extra != nil && !e.Extra.Now.IsZero()}
	complete := h.Code != nil || e.Extra != nil || e.ErrNo != nil
	if traits[r.endpoint].moves {
		complete = h.Code != nil && e.Extra != nil
	}
	switch {
	case verdict.Code != 0 || verdict.Gateway != 0 || verdict.Sub != 0:
		m := meaningOf(verdict.Sub, verdict.Code, verdict.Gateway)
		verdict.Class, verdict.Reason, verdict.Retry = m.class, m.reason, m.retry
		return a, verdict
	case verdict.HTTPStatus == http.StatusTooManyRequests:
		verdict.Class, verdict.Reason = ErrThrottled, TooFrequent
		return a, verdict
	case verdict.HTTPStatus >= http.StatusInternalServerError:
		verdict.Reason = PlatformBusy
		return a, verdict
	case verdict.HTTPStatus != http.StatusOK:
		return a, verdict
	case !complete:
		verdict.Err = errors.New("the answer lacks its error codes")
		return a, verdict
	case unread || r.beside != nil && json.Unmarshal(body, r.beside) != nil:
		return a, notJSON(verdict)
	}
	a.logID = verdict.LogID
	return a, nil
}

func hasObject(b []byte) bool { return len(b) > 0 && b[0] == '{' }

// notJSON says so without a word of the answer, which may hold codes.
func notJSON(verdict *Error) *Error {
	verdict.Err = errors.New("the answer is not the JSON expected")
	if verdict.HTTPStatus >= http.StatusInternalServerError {
		verdict.Reason = PlatformBusy
	}
	if verdict.HTTPStatus == http.StatusTooManyRequests {
		verdict.Class, verdict.Reason = ErrThrottled, TooFrequent
	}
	return verdict
}

// describe copies what the envelope says of itself into verdict.
func (c *Client) describe(r call, token Hidden, e *envelope, h head, verdict *Error) {
	hidden := func() []Hidden { return append([]Hidden{token}, r.hidden...) }
	if h.Code != nil && *h.Code != 0 {
		verdict.Code, verdict.Text = int64(*h.Code), words(h.Text, hidden())
	}
	if e.ErrNo != nil && *e.ErrNo != 0 && verdict.Code == 0 {
		verdict.Code, verdict.Text = int64(*e.ErrNo), words(e.ErrMsg, hidden())
	}
	if e.LogID != "" {
		verdict.LogID = words(e.LogID, nil)
	}
	if e.Extra == nil {
		return
	}
	c.observe(e.Extra.Now.Time)
	if e.Extra.LogID != "" {
		verdict.LogID = words(e.Extra.LogID, nil)
	}
	if e.Extra.Code != 0 {
		verdict.Gateway, verdict.GatewayText = int64(e.Extra.Code), words(e.Extra.Text, hidden())
	}
	if e.Extra.Sub != 0 {
		verdict.Sub, verdict.SubText = int64(e.Extra.Sub), words(e.Extra.SubText, hidden())
	}
}

const (
	// wordsMax bounds a description: more is no description.
	wordsMax = 300
	// longNumber is the shortest code of a voucher (10 digits); order numbers are longer still.
	longNumber = `[0-9]{6,}([0-9]{4})`
)

var longNumbers = regexp.MustCompile(longNumber)

// words makes the platform's text fit for an error: the secrets of the request
// and long numbers masked (log ids, which are hidden by nobody, stay whole), no
// control characters, not too long.
func words(text string, hidden []Hidden) string {
	if hidden != nil {
		for _, h := range hidden {
			if secret := h.text(); len(secret) > 3 {
				text = strings.ReplaceAll(text, secret, "***")
			}
		}
		if strings.ContainsAny(text, "0123456789") {
			text = longNumbers.ReplaceAllString(text, "****$1")
		}
	}
	if len(text) > wordsMax {
		text = strings.ToValidUTF8(text[:wordsMax], "")
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

// CallRequest is a call this package has no words for.
type CallRequest struct {
	Endpoint Endpoint // one of this package's
	Query    url.Values
	// Body is sent as JSON if the endpoint is a POST.
	Body any
}

// Call makes a call with fields of your own and returns the answer's data as it
// came. Tokens, limits, codes and errors are as everywhere; what the platform
// says back of Query and Body is not masked beyond its long numbers.
func (m *Merchant) Call(ctx context.Context, r CallRequest) (Hidden, error) {
	t, ok := traits[r.Endpoint]
	if !ok {
		return Hidden{}, invalid(r.Endpoint, "endpoint is not known")
	}
	var raw rawReply
	k := call{endpoint: r.Endpoint, account: m.account, query: r.Query, out: &raw}
	if t.method == http.MethodPost {
		var err error
		if k.body, err = json.Marshal(r.Body); err != nil {
			return Hidden{}, invalid(r.Endpoint, "body cannot be written as JSON")
		}
	}
	_, err := m.c.do(ctx, k)
	return raw.Hidden, err
}

// rawReply is a payload as it came.
type rawReply struct {
	Hidden
	head
}

func (r *rawReply) UnmarshalJSON(b []byte) error { return keep(b, &r.head, &r.Hidden) }

// post and get are the two shapes of a call.
func (m *Merchant) post(ctx context.Context, ep Endpoint, body any, out payload, hidden ...Hidden) (answer, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return answer{}, invalid(ep, "body cannot be written as JSON")
	}
	return m.c.do(ctx, call{endpoint: ep, account: m.account, body: b, out: out, hidden: hidden})
}

func (m *Merchant) get(ctx context.Context, ep Endpoint, q url.Values, out payload, hidden ...Hidden) (answer, error) {
	return m.c.do(ctx, call{endpoint: ep, account: m.account, query: q, out: out, hidden: hidden})
}
