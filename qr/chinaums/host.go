package chinaums

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/internal/web"
	"github.com/openecr/openecr/qr/wallet"
)

// walletName begins every error.
const walletName = "chinaums"

// Host is China UMS for one terminal: a wallet.Host. Safe for concurrent use.
type Host struct {
	cfg  Config
	good atomic.Int64 // when an answer came last, in nanoseconds since born
	born time.Time
}

var (
	_ wallet.Host     = (*Host)(nil)
	_ wallet.Readier  = (*Host)(nil)
	_ wallet.Notifier = (*Host)(nil)
)

// New checks the configuration. Nothing is sent. Errors: pos.ErrInvalid.
func New(cfg Config) (*Host, error) {
	cfg.fill()
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("chinaums: %w: %w", pos.ErrInvalid, err)
	}
	return &Host{cfg: cfg, born: time.Now()}, nil
}

// Device names merchant and terminal.
func (h *Host) Device() string { return walletName + ":" + h.cfg.Merchant + "/" + h.cfg.Terminal }

// Accepts the codes China UMS takes: payCode of the three wallets.
func (h *Host) Accepts() []string { return []string{"wechat", "alipay", "unionpay"} }

// readyFor is how long an answer shows that key, clock and line are in order.
const readyFor = 10 * time.Minute

// Ready asks for the order, unless the platform answered in the last ten minutes. Errors: pos.ErrInvalid,
// wallet.ErrClock, *wallet.Error. Nothing was sent that moves money.
func (h *Host) Ready(ctx context.Context, o wallet.Order) error {
	if err := checkNumber(o.Number, maxOrder); err != nil {
		return err
	}
	if o.Shown && (h.cfg.Prefix == "" || h.cfg.NotifyURL == "") {
		return fmt.Errorf("chinaums: %w: codes are shown only with Prefix, NotifyURL and NoticeKey", pos.ErrInvalid)
	}
	if at := h.good.Load(); at != 0 && time.Since(h.born)-time.Duration(at) < readyFor {
		return ctx.Err()
	}
	_, err := h.Query(ctx, o)
	return err
}

// fen is an amount on the wire: a number, or the same in quotes. Zero is not said.
type fen int64

// UnmarshalJSON takes both spellings.
func (f *fen) UnmarshalJSON(b []byte) error {
	s := string(b)
	if len(s) > 1 && s[0] == '"' {
		s = s[1 : len(s)-1]
	}
	if s == "" || s == "null" {
		return nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > maxFen {
		return errors.New("an amount is no number of fen")
	}
	*f = fen(n)
	return nil
}

// maxFen: amounts have up to twelve digits.
const maxFen = 999_999_999_999

func money(f fen) pos.Money { return pos.FromMinor(int64(f), pos.CNY) }

// head is how every answer begins; poslink has errInfo, netpay errMsg.
type head struct {
	Code string `json:"errCode"`
	Info string `json:"errInfo"`
	Msg  string `json:"errMsg"`
}

func (e head) text() string {
	if e.Info != "" {
		return clip(e.Info)
	}
	return clip(e.Msg)
}

// maxWords bounds what is kept of the platform's words.
const maxWords = 256

func clip(s string) string {
	if len(s) > maxWords {
		return s[:maxWords]
	}
	return s
}

// call signs, sends and reads. An error means that nothing is known; every JSON object with an errCode is an answer.
func (h *Host) call(ctx context.Context, name, path string, in, out any) (head, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return head{}, &wallet.Error{Wallet: walletName, Call: name, Unsent: true, Err: err}
	}
	header := http.Header{"Authorization": {Authorization(h.cfg.AppID, h.cfg.AppKey, h.cfg.Now(), newNonce(), body)},
		"Content-Type": {"application/json"}, "Accept": {"application/json"}, "User-Agent": {"openecr"}}
	a, unsent, err := web.Do(ctx, web.Call{Client: h.cfg.Client, Method: http.MethodPost, URL: h.cfg.BaseURL + path, Header: header, Body: body})
	if err != nil {
		return head{}, &wallet.Error{Wallet: walletName, Call: name, Unsent: unsent, Err: err}
	}
	e, err := parse(a.Body, out)
	switch {
	case e.Code == "ABNORMAL_REQUEST_TIME" || a.Status == http.StatusUnauthorized && !h.inTime(a.Header):
		return e, h.failed(name, a.Status, e, wallet.ErrClock)
	case a.Status != http.StatusOK || err != nil:
		return e, h.failed(name, a.Status, e, err)
	}
	h.good.Store(int64(time.Since(h.born)))
	return e, nil
}

// parse reads an answer: its head, and out.
func parse(body []byte, out any) (head, error) {
	var e head
	if err := json.Unmarshal(body, &e); err != nil || e.Code == "" {
		return head{}, errors.New("the answer is no JSON with an errCode")
	}
	if err := json.Unmarshal(body, out); err != nil {
		return e, errors.New("the answer is no JSON of that kind")
	}
	return e, nil
}

// inTime compares our clock with the Date of an answer; without one nothing is said.
func (h *Host) inTime(header http.Header) bool {
	at, err := http.ParseTime(header.Get("Date"))
	return err != nil || wallet.Fresh(at, h.cfg.Now())
}

func (h *Host) failed(name string, status int, e head, err error) error {
	return &wallet.Error{Wallet: walletName, Call: name, Status: status, Code: clip(e.Code), Text: e.text(), Err: err}
}

// mismatch is an answer about something else.
func (h *Host) mismatch(name, merchant, number string) error {
	return h.failed(name, 0, head{}, fmt.Errorf("%w: merchant %q, order %q", wallet.ErrMismatch, clip(merchant), clip(number)))
}

// notTaken are errCodes after which the platform has not begun anything. NET_ERROR, TIMEOUT, TARGET_FAIL, INTERNAL_ERROR,
// DUP_ORDER and ORDER_PROCESSING are missing on purpose: the order may exist.
//
// Source: the platform's list of errCode of netpay.
var notTaken = map[string]bool{"BAD_REQUEST": true, "BAD_SIGN": true, "NO_MERCHANT": true, "NO_SERVICE": true, "INACTIVE_MERCHANT": true,
	"INVALID_MSGSRC": true, "DENIED_IP": true, "INVLID_MERCHANT_CONFIG": true, "TXN_DISCARDED": true}

// refusedOrder reads an errCode that is no success.
func (h *Host) refusedOrder(e head) wallet.Answer {
	a := wallet.Answer{Code: clip(e.Code), Text: e.text()}
	switch {
	case e.Code == "NO_ORDER" || slices.Contains(h.cfg.Missing, e.Code):
		a.State = wallet.Missing
	case notTaken[e.Code] || slices.Contains(h.cfg.Refusals, e.Code):
		a.State = wallet.Refused
	}
	return a
}

// asked reads an errCode of a question: only that there is no such order is an answer.
func (h *Host) asked(name string, e head) (wallet.Answer, error) {
	if a := h.refusedOrder(e); a.State == wallet.Missing {
		return a, nil
	}
	return wallet.Answer{}, h.failed(name, 0, e, nil)
}

// Query asks for an order by our number.
func (h *Host) Query(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	if o.Shown {
		return h.queryBill(ctx, o)
	}
	return h.queryPos(ctx, o)
}

// Undo takes an order back: a scanned one is voided (撤销); a shown one is closed, or given back wholly when it is paid.
func (h *Host) Undo(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	if o.Shown {
		return h.undoBill(ctx, o)
	}
	return h.voidPos(ctx, o)
}

// Refund gives a part back. The same refund again gives it once: it bears the same number.
func (h *Host) Refund(ctx context.Context, r wallet.Refund) (wallet.Answer, error) {
	if err := checkNumber(r.Number, maxRefund); err != nil {
		return wallet.Answer{}, &wallet.Error{Wallet: walletName, Call: "refund", Unsent: true, Err: err}
	}
	if r.Order.Shown {
		return h.refundBill(ctx, r.Order, BillNo(h.cfg.Prefix, r.Number), r.Amount)
	}
	return h.refundPos(ctx, r)
}

// QueryRefund asks for a refund. Of a shown order only the newest is known, or whether nothing, or all at once, was given back.
func (h *Host) QueryRefund(ctx context.Context, r wallet.Refund) (wallet.Answer, error) {
	if r.Order.Shown {
		return h.askRefundBill(ctx, r)
	}
	return h.askRefundPos(ctx, r)
}
