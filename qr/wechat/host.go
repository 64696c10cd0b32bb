package wechat

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/internal/web"
	"github.com/openecr/openecr/qr/wallet"
)

// Host is WeChat Pay's API v3 for one merchant: a wallet.Host. Safe for concurrent use.
type Host struct {
	cfg  Config
	ring keyring
	good atomic.Int64 // when an answer was last verified, in nanoseconds since began
	born time.Time
}

var (
	_ wallet.Host     = (*Host)(nil)
	_ wallet.Readier  = (*Host)(nil)
	_ wallet.Notifier = (*Host)(nil)
	_ wallet.Biller   = (*Host)(nil)
)

// New checks the configuration. Nothing is sent. Errors: pos.ErrInvalid.
func New(cfg Config) (*Host, error) {
	cfg.fill()
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("wechat: %w: %w", pos.ErrInvalid, err)
	}
	h := &Host{cfg: cfg, born: time.Now()}
	h.ring.keys = map[string]*rsa.PublicKey{}
	if cfg.PublicKey != nil {
		h.ring.keys[cfg.PublicKeyID] = cfg.PublicKey
	}
	return h, nil
}

// Close ends idle connections. The host can be used again.
func (h *Host) Close() error {
	h.cfg.Client.CloseIdleConnections()
	return nil
}

// Device names merchant and terminal.
func (h *Host) Device() string { return device(h.cfg.MerchantID, h.cfg.Device) }

func device(merchant, terminal string) string {
	if terminal == "" {
		return "wechat:" + merchant
	}
	return "wechat:" + merchant + "/" + terminal
}

// Accepts WeChat's payment codes.
func (h *Host) Accepts() []string { return []string{"wechat"} }

// readyFor is how long a verified answer shows that keys, clock and line are in order.
const readyFor = 10 * time.Minute

// Ready asks for the order, unless an answer was verified in the last ten
// minutes: keys, clock, merchant and line are then in order. Errors: pos.ErrInvalid,
// wallet.ErrClock, wallet.ErrForged, *wallet.Error. Nothing was sent.
func (h *Host) Ready(ctx context.Context, o wallet.Order) error {
	if err := checkNumber(o.Number); err != nil {
		return err
	}
	if o.Shown && !o.Taken && h.cfg.NotifyURL == "" {
		return fmt.Errorf("wechat: %w: WeChat shows codes only with a NotifyURL", pos.ErrInvalid)
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

// checkNumber: out_trade_no has 6 to 32 characters of [0-9A-Za-z_-|*].
func checkNumber(number string) error {
	if len(number) < 6 || len(number) > 32 {
		return fmt.Errorf("wechat: %w: the order number %q: WeChat wants 6 to 32 characters", pos.ErrInvalid, number)
	}
	return nil
}

// said is a verified answer: of a refusal, code and text are set.
type said struct {
	status     int
	code, text string
}

// errorBody is how v3 refuses.
type errorBody struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// call makes one request, verifies the answer and reads it into out. An error
// means nothing is known; a signed refusal is no error.
func (h *Host) call(ctx context.Context, name, method, path string, in, out any) (said, error) {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return said{}, &wallet.Error{Wallet: "wechat", Call: name, Unsent: true, Err: err}
		}
	}
	a, err := h.send(ctx, name, method, path, body)
	if err != nil {
		return said{}, err
	}
	if err := h.verify(ctx, a.Header, a.Body); err != nil {
		return said{}, h.failed(name, a, err)
	}
	h.good.Store(int64(time.Since(h.born)))
	if a.Status/100 != 2 {
		e := errorOf(a.Body)
		return said{a.Status, e.Code, e.Message}, nil
	}
	if out != nil {
		if err := json.Unmarshal(a.Body, out); err != nil {
			return said{}, h.failed(name, a, errors.New("the answer is no JSON of that kind"))
		}
	}
	return said{status: a.Status}, nil
}

// send signs and sends, and reads the answer whole.
func (h *Host) send(ctx context.Context, name, method, path string, body []byte) (web.Answer, error) {
	auth, err := Authorization(h.cfg.MerchantID, h.cfg.Serial, h.cfg.Key, method, path, h.cfg.Now(), newNonce(), body)
	if err != nil {
		return web.Answer{}, &wallet.Error{Wallet: "wechat", Call: name, Unsent: true, Err: err}
	}
	head := http.Header{"Authorization": {auth}, "Accept": {"application/json"}, "User-Agent": {"openecr"}}
	if body != nil {
		head.Set("Content-Type", "application/json")
	}
	if h.cfg.PublicKeyID != "" {
		head.Set("Wechatpay-Serial", h.cfg.PublicKeyID) // or answers are signed with an old certificate
	}
	a, unsent, err := web.Do(ctx, web.Call{Client: h.cfg.Client, Method: method, URL: h.cfg.BaseURL + path, Header: head, Body: body})
	if err != nil {
		return a, &wallet.Error{Wallet: "wechat", Call: name, Unsent: unsent, Err: err}
	}
	return a, nil
}

// failed is an answer that proves nothing. The words of an unsigned refusal are kept for people.
func (h *Host) failed(name string, a web.Answer, err error) error {
	e := errorOf(a.Body)
	if a.Status == http.StatusUnauthorized && !h.inTime(a.Header) {
		err = wallet.ErrClock
	}
	return &wallet.Error{Wallet: "wechat", Call: name, Status: a.Status, Code: e.Code, Text: e.Message, Err: err}
}

// inTime compares our clock with the Date of an answer; without one nothing is said.
func (h *Host) inTime(header http.Header) bool {
	at, err := http.ParseTime(header.Get("Date"))
	return err != nil || wallet.Fresh(at, h.cfg.Now())
}

// maxWords bounds what is kept of a refusal's words.
const maxWords = 256

func errorOf(body []byte) errorBody {
	var e errorBody
	if json.Unmarshal(body, &e) != nil {
		return errorBody{}
	}
	e.Code, e.Message = clip(e.Code), clip(e.Message)
	return e
}

func clip(s string) string {
	if len(s) > maxWords {
		return s[:maxWords]
	}
	return s
}
