package alipay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/internal/web"
	"github.com/openecr/openecr/qr/wallet"
)

// Host is one application at Alipay's gateway: a wallet.Host. Safe for concurrent use.
type Host struct {
	cfg  Config
	ring *keyring
	good atomic.Int64 // when an answer was last verified, in nanoseconds since born
	born time.Time
}

var (
	_ wallet.Host     = (*Host)(nil)
	_ wallet.Readier  = (*Host)(nil)
	_ wallet.Notifier = (*Host)(nil)
	_ wallet.Biller   = (*Host)(nil)
)

// New checks the configuration, also that the certificates belong together. Nothing is sent.
// Errors: pos.ErrInvalid.
func New(cfg Config) (*Host, error) {
	cfg.fill()
	err := cfg.check()
	var ring *keyring
	if err == nil {
		ring, err = newKeyring(cfg)
	}
	if err != nil {
		return nil, fmt.Errorf("alipay: %w: %w", pos.ErrInvalid, err)
	}
	return &Host{cfg: cfg, ring: ring, born: time.Now()}, nil
}

// Device names application and terminal.
func (h *Host) Device() string {
	if h.cfg.TerminalID == "" {
		return "alipay:" + h.cfg.AppID
	}
	return "alipay:" + h.cfg.AppID + "/" + h.cfg.TerminalID
}

// Accepts Alipay's payment codes, and face payment tokens.
func (h *Host) Accepts() []string { return []string{"alipay"} }

// readyFor is how long a verified answer shows that keys, clock and line are in order.
const readyFor = 10 * time.Minute

// Ready asks for the order, unless an answer was verified in the last ten minutes: keys, clock,
// application and line are then in order. Errors: pos.ErrInvalid, wallet.ErrClock,
// wallet.ErrForged, *wallet.Error. Nothing was sent.
func (h *Host) Ready(ctx context.Context, o wallet.Order) error {
	if wire := number(wallet.UndoNumber(o.Number)).wire(); o.Number == "" || len(wire) > maxNumber {
		return fmt.Errorf("alipay: %w: the order number %s is %s at Alipay, which has 1 to %d characters", pos.ErrInvalid, printable(o.Number), wire, maxNumber)
	}
	if at := h.good.Load(); at != 0 && time.Since(h.born)-time.Duration(at) < readyFor {
		return ctx.Err()
	}
	_, err := h.Query(ctx, o)
	if err != nil && !errors.Is(err, wallet.ErrMismatch) {
		return err
	}
	return nil
}

// maxNumber is the length of out_trade_no.
const maxNumber = 64

// sending is what a request has besides its biz_content.
type sending struct {
	notify bool // with notify_url
}

// call makes one request, verifies the answer and reads it into out, if it is not nil and the
// call did what it is for, or goes on (10003). An error means nothing is known; a signed
// refusal is no error.
func (h *Host) call(ctx context.Context, method string, biz any, s sending, out any) (said, error) {
	a, err := h.send(ctx, method, biz, s)
	if err != nil {
		return said{}, err
	}
	e, err := parseAnswer(method, a.Body)
	words := e.words()
	if err == nil {
		err = h.verify(ctx, e.serial, e.inner, e.sign)
	}
	if err != nil {
		return said{}, h.failed(method, a, words, err)
	}
	if words.SubCode == "isv.invalid-timestamp" {
		return said{}, h.failed(method, a, words, wallet.ErrClock)
	}
	h.good.Store(int64(time.Since(h.born)))
	if out != nil && (words.ok() || words.Code == codePaying) {
		if err := e.read(out); err != nil {
			return said{}, h.failed(method, a, words, err)
		}
	}
	return words, nil
}

// send signs and sends, and reads the answer whole.
func (h *Host) send(ctx context.Context, method string, biz any, s sending) (web.Answer, error) {
	form, err := h.form(method, biz, s)
	if err != nil {
		return web.Answer{}, &wallet.Error{Wallet: "alipay", Call: nameOf(method), Unsent: true, Err: err}
	}
	head := http.Header{"Content-Type": {"application/x-www-form-urlencoded;charset=utf-8"}, "Accept": {"application/json"}, "User-Agent": {"openecr"}}
	a, unsent, err := web.Do(ctx, web.Call{Client: h.cfg.Client, Method: http.MethodPost, URL: h.cfg.BaseURL, Header: head, Body: []byte(form.Encode())})
	if err != nil {
		return a, &wallet.Error{Wallet: "alipay", Call: nameOf(method), Unsent: unsent, Err: err}
	}
	return a, nil
}

// form makes the parameters of a request and signs them.
func (h *Host) form(method string, biz any, s sending) (url.Values, error) {
	content, err := json.Marshal(biz)
	if err != nil {
		return nil, err
	}
	p := url.Values{}
	h.cfg.AppAuthToken.Use(func(b []byte) { p.Set("app_auth_token", string(b)) })
	for k, v := range map[string]string{"app_id": h.cfg.AppID, "method": method, "format": "JSON", "charset": "utf-8", "sign_type": "RSA2",
		"version": "1.0", "timestamp": h.cfg.Now().In(wallet.China).Format(time.DateTime), "biz_content": string(content),
		"app_cert_sn": h.ring.appSN, "alipay_root_cert_sn": h.ring.rootSN} {
		p.Set(k, v)
	}
	if s.notify {
		p.Set("notify_url", h.cfg.NotifyURL)
	}
	for k := range p {
		if p.Get(k) == "" {
			p.Del(k)
		}
	}
	sig, err := h.cfg.Key.Sign(RequestMessage(p))
	if err != nil {
		return nil, err
	}
	p.Set("sign", sig)
	return p, nil
}

// nameOf shortens a method for people: trade.pay.
func nameOf(method string) string { return strings.TrimPrefix(method, "alipay.") }

// failed is an answer that proves nothing. Its words are kept for people.
func (h *Host) failed(method string, a web.Answer, s said, err error) error {
	return &wallet.Error{Wallet: "alipay", Call: nameOf(method), Status: a.Status, Code: s.code(), Text: s.text(), Err: err}
}

// undecided is a signed answer that decides nothing about the money.
func undecided(method string, s said) error {
	return &wallet.Error{Wallet: "alipay", Call: nameOf(method), Code: s.code(), Text: s.text()}
}
