package tmall

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
)

// Base is the platform's gateway.
const Base = "https://eco.taobao.com/router/rest"

// Limits of a call.
const (
	// CallTimeout is how long one call may take.
	CallTimeout = 10 * time.Second
	// answerMax bounds an answer: a page of 100 trades has some 500 kB.
	answerMax = 4 << 20
	// textMax bounds what is kept of the platform's words.
	textMax = 200
	// DefaultRate in calls a second. The platform's depends on the contract.
	DefaultRate = 10
)

// Config is what a Client needs. App, Secret and Session must be given.
type Config struct {
	// App (app_key) names the application, Secret (app_secret) signs its calls,
	// Session is the shop's access token.
	App     string
	Secret  pos.Secret
	Session pos.Secret
	// Sign is how calls are signed; empty is HMACSHA256.
	Sign Method
	// BaseURL of the gateway; empty is Base. Plain http only to this machine.
	BaseURL string
	// HTTP makes the calls; nil is a client of our own. Redirects are never followed.
	HTTP *http.Client
	// Clock is the wall clock; nil is time.Now. The platform refuses timestamps
	// more than 10 minutes off.
	Clock func() time.Time
	// Rate is how many calls a second may leave; zero is DefaultRate.
	Rate float64
	// Timeout of one call; zero is CallTimeout.
	Timeout time.Duration
}

// Client calls the gateway for one shop. Safe for concurrent use.
type Client struct {
	cfg  Config
	base *url.URL
	http *http.Client
	rate *bucket
}

// New checks cfg. It sends nothing.
func New(cfg Config) (*Client, error) {
	if cfg.App == "" || cfg.Secret.Len() == 0 || cfg.Session.Len() == 0 {
		return nil, fmt.Errorf("tmall: %w: app key, secret and session must be given", pos.ErrInvalid)
	}
	if cfg.Sign == "" {
		cfg.Sign = HMACSHA256
	}
	if cfg.Sign != MD5 && cfg.Sign != HMAC && cfg.Sign != HMACSHA256 {
		return nil, fmt.Errorf("tmall: %w: no way to sign is called %q", pos.ErrInvalid, cfg.Sign)
	}
	if cfg.BaseURL == "" {
		cfg.BaseURL = Base
	}
	base, err := origin(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Rate <= 0 {
		cfg.Rate = DefaultRate
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = CallTimeout
	}
	return &Client{cfg: cfg, base: base, http: sound(cfg.HTTP), rate: newBucket(cfg.Rate)}, nil
}

// origin refuses what is no plain https (or loopback http) address.
func origin(base string) (*url.URL, error) {
	u, err := url.Parse(base)
	if err == nil && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == "" {
		local := u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1"
		if u.Scheme == "https" || u.Scheme == "http" && local {
			u.Path = strings.TrimSuffix(u.Path, "/")
			return u, nil
		}
	}
	return nil, fmt.Errorf("tmall: %w: the address is not like https://host", pos.ErrInvalid)
}

// sound is the given client made safe, or one of our own. The given one is not changed.
func sound(given *http.Client) *http.Client {
	c := http.Client{}
	if given != nil {
		c = *given
	} else {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		c.Transport = t
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.Jar = nil
	return &c
}

// String names the client without its secrets.
func (c *Client) String() string {
	return fmt.Sprintf("tmall://%s/app/%s", c.base.Host, pos.KeepID(c.cfg.App))
}

// GoString is String.
func (c *Client) GoString() string { return c.String() }

// Call makes one call of the platform, such as "taobao.refund.get", and reads
// its answer into out. What is in hidden never comes back in an error. It is
// for calls that this package does not wrap, too.
func (c *Client) Call(ctx context.Context, method string, params map[string]string, out any, hidden ...pos.Secret) error {
	fail := func(class, err error) error { return &Error{Method: method, Class: class, Err: err} }
	if err := c.rate.wait(ctx); err != nil {
		return fail(ErrNotSent, err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	status, body, unsent, err := c.post(ctx, c.form(method, params))
	switch {
	case unsent:
		return fail(ErrNotSent, err)
	case err != nil:
		return &Error{Method: method, Class: ErrDoubt, Status: status, Err: err}
	}
	return read(method, status, body, out, hidden)
}

// form is the signed form of a call.
func (c *Client) form(method string, params map[string]string) url.Values {
	all := map[string]string{"method": method, "app_key": c.cfg.App, "session": reveal(c.cfg.Session), "timestamp": stamp(c.cfg.Clock()),
		"format": "json", "v": "2.0", "sign_method": string(c.cfg.Sign)}
	for k, v := range params {
		if v != "" {
			all[k] = v
		}
	}
	all["sign"] = Sign(c.cfg.Sign, c.cfg.Secret, all)
	form := url.Values{}
	for k, v := range all {
		form.Set(k, v)
	}
	return form
}

// post sends a form once. unsent says, of an error, that no connection was made.
func (c *Client) post(ctx context.Context, form url.Values) (status int, body []byte, unsent bool, err error) {
	connected := false
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected = true }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil, true, errors.New("the address cannot be called")
	}
	req.GetBody = nil // never sent twice behind our back
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	resp, err := c.http.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return 0, nil, !connected, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, answerMax+1))
	if err == nil && len(body) > answerMax {
		err = errors.New("the answer is longer than any there is")
	}
	return resp.StatusCode, body, false, err
}

// refusal is error_response.
type refusal struct {
	Code    ID     `json:"code"`
	Text    string `json:"msg"`
	Sub     string `json:"sub_code"`
	SubText string `json:"sub_msg"`
	Request ID     `json:"request_id"`
}

// read takes an answer apart: {"taobao_method_response": {...}} without the
// first word, or {"error_response": {...}}.
func read(method string, status int, body []byte, out any, hidden []pos.Secret) error {
	doubt := func(text string) error {
		return &Error{Method: method, Class: ErrDoubt, Status: status, Err: errors.New(text)}
	}
	var answer map[string]json.RawMessage
	if err := json.Unmarshal(body, &answer); err != nil || status != http.StatusOK {
		return doubt("the answer is none of this platform's")
	}
	if b, ok := answer["error_response"]; ok {
		var r refusal
		if json.Unmarshal(b, &r) != nil || r.Code == "" {
			return doubt("the answer cannot be read")
		}
		return &Error{Method: method, Class: ErrRefused, Status: status, Code: clean(string(r.Code), hidden), Text: clean(r.Text, hidden),
			Sub: clean(r.Sub, hidden), SubText: clean(r.SubText, hidden), Request: clean(string(r.Request), hidden)}
	}
	data, ok := answer[strings.ReplaceAll(strings.TrimPrefix(method, "taobao."), ".", "_")+"_response"]
	if !ok || string(data) == "null" || json.Unmarshal(data, out) != nil {
		return doubt("the answer is to another question")
	}
	return nil
}

// clean takes secrets and card numbers out of the platform's words and bounds them.
func clean(text string, hidden []pos.Secret) string {
	for _, h := range hidden {
		h.Use(func(b []byte) {
			if len(b) > 0 {
				text = strings.ReplaceAll(text, string(b), "****")
			}
		})
	}
	text = pos.MaskCardData(text)
	if len(text) > textMax {
		text = strings.ToValidUTF8(text[:textMax], "")
	}
	return text
}
