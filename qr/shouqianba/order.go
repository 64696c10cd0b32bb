package shouqianba

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/wallet"
)

// payRequest is POST /upay/v2/pay and, with a payway and without a code, /upay/v2/precreate.
type payRequest struct {
	Terminal  string `json:"terminal_sn"`
	Number    string `json:"client_sn"`
	Amount    string `json:"total_amount"`
	Payway    string `json:"payway,omitempty"`
	SubPayway string `json:"sub_payway,omitempty"`
	Code      string `json:"dynamic_id,omitempty"`
	Subject   string `json:"subject"`
	Operator  string `json:"operator"`
	Longitude string `json:"longitude,omitempty"`
	Latitude  string `json:"latitude,omitempty"`
	DeviceID  string `json:"device_id,omitempty"`
	Reflect   string `json:"reflect,omitempty"`
	NotifyURL string `json:"notify_url,omitempty"`
}

// orderRequest is a question about an order, and an undo of it.
type orderRequest struct {
	Terminal string `json:"terminal_sn"`
	Number   string `json:"client_sn"`
}

// order is how the platform tells of an order; all of it strings, amounts in fen.
type order struct {
	Serial      string `json:"terminal_sn"`
	SN          string `json:"sn"`
	Number      string `json:"client_sn"`
	Movement    string `json:"client_tsn"` // the newest: client_sn, or client_sn-refund_request_no
	Trade       string `json:"trade_no"`
	Status      string `json:"status"`
	OrderStatus string `json:"order_status"`
	Payway      string `json:"payway"`
	Total       string `json:"total_amount"`
	Net         string `json:"net_amount"`
	QRCode      string `json:"qr_code"`
	Finished    string `json:"finish_time"` // milliseconds
}

func (h *Host) request(o wallet.Order) payRequest {
	r := payRequest{Terminal: h.id.now.Load().Serial, Number: o.Number, Amount: fen(o.Amount), Subject: h.cfg.Subject, Operator: h.cfg.Operator,
		Longitude: h.cfg.Longitude, Latitude: h.cfg.Latitude, DeviceID: h.cfg.DeviceID, NotifyURL: h.cfg.NotifyURL}
	if len(o.Reference) <= maxReflect {
		r.Reflect = o.Reference
	}
	return r
}

func (h *Host) about(o wallet.Order) orderRequest {
	return orderRequest{h.id.now.Load().Serial, o.Number}
}

func fen(m pos.Money) string { return strconv.FormatInt(m.Minor(), 10) }

// maxFen: total_amount has up to ten digits.
const maxFen = 9_999_999_999

func checkAmount(m pos.Money) error {
	if m.Currency() != pos.CNY || m.Minor() <= 0 || m.Minor() > maxFen {
		return fmt.Errorf("shouqianba: %w: %s", pos.ErrInvalid, m)
	}
	return nil
}

// ours checks whom an order's words are about. An order that is not named is not ours.
func (h *Host) ours(r *reply, name string, o wallet.Order) error {
	d := r.Biz.Data
	t := h.id.now.Load()
	if d.Serial != "" && d.Serial != t.Serial || d.Number != o.Number || r.Biz.Serial != "" && r.Biz.Serial != t.Serial {
		return r.failed(name, fmt.Errorf("%w: terminal %q, order %q", wallet.ErrMismatch, clip(d.Serial), clip(d.Number)))
	}
	if d.Total != "" && o.Amount != (pos.Money{}) && d.Total != fen(o.Amount) {
		return r.failed(name, fmt.Errorf("%w: it says %q fen, we asked for %s", wallet.ErrMismatch, clip(d.Total), o.Amount))
	}
	return nil
}

// answer puts an order in common terms; states says what its words decide.
func (h *Host) answer(name string, r *reply, o wallet.Order, states table) (wallet.Answer, error) {
	d := r.Biz.Data
	a := wallet.Answer{State: states[r.Biz.Result][d.OrderStatus]}
	a.Code, a.Text = r.words()
	if d == (order{}) && (a.State == wallet.Refused || a.State == wallet.Waiting || a.State == wallet.Failed) {
		return a, nil // these may come without an order: they say that nothing is settled in our favour
	}
	if err := h.ours(r, name, o); err != nil {
		return wallet.Answer{}, err
	}
	if a.State == wallet.Paid && d.Total == "" {
		return wallet.Answer{}, r.failed(name, errors.New("paid, but it says not how much"))
	}
	a.Trade, a.Scheme, a.Show = d.SN, scheme(d.Payway), d.QRCode
	if total, err := strconv.ParseInt(d.Total, 10, 64); err == nil && total > 0 && total <= maxFen {
		a.Amount = pos.FromMinor(total, pos.CNY)
	}
	if ms, err := strconv.ParseInt(d.Finished, 10, 64); err == nil && ms > 0 {
		a.Time = time.UnixMilli(ms)
	}
	return a, nil
}

// byCode decides by an error code; unlisted codes decide nothing.
func byCode(r *reply, lists ...map[string]wallet.State) (wallet.Answer, bool) {
	for _, l := range lists {
		if s, ok := l[r.Biz.Code]; ok && r.Biz.Code != "" {
			return wallet.Answer{State: s, Code: clip(r.Biz.Code), Text: clip(r.Biz.Text), Trade: r.Biz.Data.SN}, true
		}
	}
	return wallet.Answer{}, false
}

// refused is the answer to a request that was not taken up, of one that makes an order.
func refused(name string, r *reply) (wallet.Answer, error) {
	if s, ok := notTaken[r.Code]; ok && r.Result == "400" {
		return wallet.Answer{State: s, Code: clip(r.Code), Text: clip(r.Text)}, nil
	}
	return wallet.Answer{}, r.failed(name, nil)
}

// Pay charges a payment code (付款, B扫C). The platform refuses a second order of the same
// number, so that nothing is taken twice; the driver asks for it then.
func (h *Host) Pay(ctx context.Context, o wallet.Order, code pos.Secret) (wallet.Answer, error) {
	if err := checkAmount(o.Amount); err != nil {
		return wallet.Answer{}, &wallet.Error{Wallet: walletName, Call: "pay", Unsent: true, Err: err}
	}
	in := h.request(o)
	code.Use(func(b []byte) { in.Code = string(b) })
	r, err := h.call(ctx, "pay", "/upay/v2/pay", in)
	if err != nil {
		return wallet.Answer{}, err
	}
	if !r.ok() {
		if r.Code == illegalSign {
			h.id.stale.Store(true) // the next payment checks in first
		}
		return refused("pay", r)
	}
	return h.made("pay", r, o, payStates)
}

// Show makes an order that the customer scans (预下单, C扫B). A known number gives no second code.
func (h *Host) Show(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	if err := checkAmount(o.Amount); err != nil {
		return wallet.Answer{}, &wallet.Error{Wallet: walletName, Call: "precreate", Unsent: true, Err: err}
	}
	in := h.request(o)
	in.Payway, in.SubPayway = h.cfg.Payway, h.cfg.SubPayway
	r, err := h.again(ctx, "precreate", "/upay/v2/precreate", in)
	if err != nil {
		return wallet.Answer{}, err
	}
	if !r.ok() {
		return refused("precreate", r)
	}
	a, err := h.made("precreate", r, o, showStates)
	if err == nil && a.State != wallet.Refused && a.Show == "" {
		return wallet.Answer{}, r.failed("precreate", errors.New("no code came"))
	}
	return a, err
}

// made reads the answer to a request that makes an order.
func (h *Host) made(name string, r *reply, o wallet.Order, states table) (wallet.Answer, error) {
	if r.Biz.Result == "FAIL" {
		if a, ok := byCode(r, refusals); ok {
			return a, nil
		}
		code, text := r.words()
		return wallet.Answer{Code: code, Text: text}, nil
	}
	a, err := h.answer(name, r, o, states)
	return settled(a, r), err
}

// settled holds what a call did against the third layer, the status of its own movement: when they differ,
// nothing is decided.
func settled(a wallet.Answer, r *reply) wallet.Answer {
	status := r.Biz.Data.Status
	if status == "" || status == "SUCCESS" || a.State == wallet.Closed && status == "FAIL_CANCELED" {
		return a
	}
	if a.State == wallet.Paid || a.State == wallet.Closed {
		a.State, a.Code = wallet.Unknown, clip(status)
	}
	return a
}

// Query asks for an order by our number.
func (h *Host) Query(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	r, err := h.ask(ctx, "query", o)
	if err != nil {
		return wallet.Answer{}, err
	}
	if r.Biz.Result == "FAIL" {
		if a, ok := byCode(r, unknownOrder); ok {
			return a, nil
		}
		return wallet.Answer{}, r.failed("query", nil)
	}
	return h.answer("query", r, o, orderStates)
}

// ask asks for an order and returns the platform's words.
func (h *Host) ask(ctx context.Context, name string, o wallet.Order) (*reply, error) {
	r, err := h.again(ctx, name, "/upay/v2/query", h.about(o))
	if err == nil && !r.ok() {
		return nil, r.failed(name, nil)
	}
	return r, err
}
