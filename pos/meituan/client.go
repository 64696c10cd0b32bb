package meituan

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
	"strconv"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
)

// Base is the platform's new gateway.
const Base = "https://api-open-cater.meituan.com"

// Limits of a call.
const (
	// CallTimeout is how long one call may take; the generated SDKs wait 10 s.
	CallTimeout = 10 * time.Second
	// answerMax bounds an answer: a list of 300 redemptions has some 200 kB.
	answerMax = 1 << 20
	// textMax bounds what is kept of the platform's words.
	textMax = 200
	// DefaultRate in calls a second. The platform's own figure is not published.
	DefaultRate = 20
)

// Config is what a Client needs. Developer and SignKey must be given.
type Config struct {
	// Developer (developerId) names the developer, SignKey (signKey) is its secret.
	Developer string
	SignKey   pos.Secret
	// BaseURL of the gateway; empty is Base. Plain http only to this machine.
	BaseURL string
	// HTTP makes the calls; nil is a client of our own. Redirects are never followed.
	HTTP *http.Client
	// Clock is the wall clock; nil is time.Now. The platform refuses stale timestamps.
	Clock func() time.Time
	// Rate is how many calls a second may leave; zero is DefaultRate.
	Rate float64
	// Timeout of one call; zero is CallTimeout.
	Timeout time.Duration
}

// Client calls the gateway. Safe for concurrent use.
type Client struct {
	cfg  Config
	base *url.URL
	http *http.Client
	rate *bucket
}

// New checks cfg. It sends nothing.
func New(cfg Config) (*Client, error) {
	if cfg.Developer == "" || cfg.SignKey.Len() == 0 {
		return nil, fmt.Errorf("meituan: %w: developer and sign key must be given", pos.ErrInvalid)
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
	return nil, fmt.Errorf("meituan: %w: the address is not like https://host", pos.ErrInvalid)
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
	return fmt.Sprintf("meituan://%s/%s", c.base.Host, c.cfg.Developer)
}

// GoString is String.
func (c *Client) GoString() string { return c.String() }

// envelope is what every answer comes in.
type envelope struct {
	Code  ID              `json:"code"`
	Text  string          `json:"msg"`
	Data  json.RawMessage `json:"data"`
	Trace ID              `json:"traceId"`
}

// success is the only code that says so.
const success = "OP_SUCCESS"

// call makes one call for a shop and reads its data into out. What is in hidden
// never comes back in an error.
func (s *Shop) call(ctx context.Context, path string, biz, out any, hidden ...pos.Secret) error {
	c := s.c
	fail := func(class, err error) error { return &Error{Path: path, Class: class, Err: err} }
	form, err := s.form(biz)
	if err != nil {
		return fail(ErrNotSent, err)
	}
	if err := c.rate.wait(ctx); err != nil {
		return fail(ErrNotSent, err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	status, body, unsent, err := c.post(ctx, path, form)
	switch {
	case unsent:
		return fail(ErrNotSent, err)
	case err != nil:
		return &Error{Path: path, Class: ErrDoubt, Status: status, Err: err}
	}
	return read(path, status, body, out, hidden)
}

// form is the signed form of a call.
func (s *Shop) form(biz any) (url.Values, error) {
	b, err := json.Marshal(biz)
	if err != nil {
		return nil, err
	}
	params := map[string]string{"developerId": s.c.cfg.Developer, "businessId": strconv.Itoa(int(s.business)), "appAuthToken": reveal(s.token),
		"timestamp": strconv.FormatInt(s.c.cfg.Clock().Unix(), 10), "charset": "UTF-8", "version": "2", "biz": string(b)}
	params["sign"] = Sign(s.c.cfg.SignKey, params)
	form := url.Values{}
	for k, v := range params {
		form.Set(k, v)
	}
	return form, nil
}

// post sends a form once. unsent says, of an error, that no connection was made.
func (c *Client) post(ctx context.Context, path string, form url.Values) (status int, body []byte, unsent bool, err error) {
	connected := false
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected = true }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base.String()+path, strings.NewReader(form.Encode()))
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

// read takes an answer apart.
func read(path string, status int, body []byte, out any, hidden []pos.Secret) error {
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil || status != http.StatusOK || e.Code == "" {
		return &Error{Path: path, Class: ErrDoubt, Status: status, Err: errors.New("the answer is none of this platform's")}
	}
	fail := func(class, err error) error {
		return &Error{Path: path, Class: class, Status: status, Code: clean(string(e.Code), hidden), Text: clean(e.Text, hidden), Trace: clean(string(e.Trace), hidden), Err: err}
	}
	if e.Code != success {
		return fail(ErrRefused, nil)
	}
	if out == nil {
		return nil
	}
	if len(e.Data) == 0 || string(e.Data) == "null" || json.Unmarshal(e.Data, out) != nil {
		return fail(ErrDoubt, errors.New("the data cannot be read"))
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
