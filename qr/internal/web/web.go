// Package web makes the HTTP calls of wallets: bounded, without redirects, and with a
// word on whether anything can have left.
package web

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"
)

// MaxAnswer bounds an answer that is no file: the longest known has some 10 kB.
const MaxAnswer = 1 << 20

// MaxFile bounds a downloaded bill on the wire: half a million lines, gzipped or zipped.
const MaxFile = 256 << 20

// ErrTooLong: the answer is longer than any there is.
var ErrTooLong = errors.New("the answer is longer than any there is")

// Call is one request.
type Call struct {
	Client *http.Client
	Method string
	URL    string
	Header http.Header
	Body   []byte
	Max    int64 // of the answer; 0 is MaxAnswer
}

// Answer is a response, whole.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do makes the call. unsent reports, of an error, that no byte can have left: no
// connection was made.
func Do(ctx context.Context, c Call) (a Answer, unsent bool, err error) {
	connected := false
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected = true }})
	req, err := http.NewRequestWithContext(ctx, c.Method, c.URL, bytes.NewReader(c.Body))
	if err != nil {
		return Answer{}, true, err
	}
	for k, v := range c.Header {
		req.Header[k] = v
	}
	req.GetBody = nil // never sent twice behind our back
	resp, err := c.Client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // its text holds the whole address
		}
		return Answer{}, !connected, err
	}
	defer resp.Body.Close()
	limit := c.Max
	if limit == 0 {
		limit = MaxAnswer
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return Answer{}, false, fmt.Errorf("reading the answer: %w", err)
	}
	if int64(len(body)) > limit {
		return Answer{}, false, ErrTooLong
	}
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: body}, false, nil
}

// Client returns the given client made safe, or a sound one of our own: no
// redirects, TLS 1.2 at least. The given one is not changed.
func Client(given *http.Client) *http.Client {
	c := http.Client{}
	if given != nil {
		c = *given
	} else {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		t.MaxIdleConnsPerHost = 16 // lanes of one shop share a client
		t.TLSHandshakeTimeout = 5 * time.Second
		c.Transport = t
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.Jar = nil
	return &c
}

// CheckBase refuses addresses that are no plain https (or loopback http) origin.
func CheckBase(base string) error {
	u, err := url.Parse(base)
	switch {
	case err != nil:
		return fmt.Errorf("the address %q: %w", base, err)
	case u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("the address %q is not like https://host", base)
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1"):
		return nil // a simulator on this desk
	}
	return fmt.Errorf("the address %q is not https", base)
}
