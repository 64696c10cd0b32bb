package alipay

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/wallet"
)

const (
	payMethod   = "alipay.trade.pay"
	showMethod  = "alipay.trade.precreate"
	queryMethod = "alipay.trade.query"
)

// orderRequest is the biz_content of alipay.trade.pay and alipay.trade.precreate.
type orderRequest struct {
	Number   number `json:"out_trade_no"`
	Scene    string `json:"scene,omitempty"`
	AuthCode string `json:"auth_code,omitempty"`
	Product  string `json:"product_code,omitempty"`
	Subject  string `json:"subject"`
	Total    string `json:"total_amount"`
	Timeout  string `json:"timeout_express,omitempty"`
	Expires  string `json:"time_expire,omitempty"`
	Store    string `json:"store_id,omitempty"`
	Operator string `json:"operator_id,omitempty"`
	Terminal string `json:"terminal_id,omitempty"`
}

func (h *Host) request(o wallet.Order) orderRequest {
	return orderRequest{Number: number(o.Number), Subject: h.cfg.Subject, Total: o.Amount.Digits(),
		Store: h.cfg.StoreID, Operator: h.cfg.OperatorID, Terminal: h.cfg.TerminalID}
}

// trade is an order as Alipay tells of it.
type trade struct {
	Number number `json:"out_trade_no"`
	Trade  string `json:"trade_no"`
	Status string `json:"trade_status"`
	Total  string `json:"total_amount"`
	Seller string `json:"seller_id"` // rarely there
	Paid   string `json:"gmt_payment"`
	Sent   string `json:"send_pay_date"` // of a query: when it was paid
}

// states maps trade_status. TRADE_CLOSED is looked at closer.
var states = map[string]wallet.State{
	"WAIT_BUYER_PAY": wallet.Waiting, "TRADE_SUCCESS": wallet.Paid, "TRADE_FINISHED": wallet.Paid, "TRADE_CLOSED": wallet.Closed,
}

// answer checks that an order is ours, and puts it in common terms. What is paid has an amount.
func (h *Host) answer(method string, t trade, wanted string, state wallet.State) (wallet.Answer, error) {
	mismatch := func(format string, args ...any) (wallet.Answer, error) {
		return wallet.Answer{}, &wallet.Error{Wallet: "alipay", Call: nameOf(method), Err: fmt.Errorf("%w: "+format, append([]any{wallet.ErrMismatch}, args...)...)}
	}
	if string(t.Number) != wanted {
		return mismatch("order %s", printable(string(t.Number)))
	}
	if t.Seller != "" && h.cfg.SellerID != "" && t.Seller != h.cfg.SellerID {
		return mismatch("seller %s", printable(t.Seller))
	}
	a := wallet.Answer{State: state, Trade: t.Trade, Code: clip(t.Status)}
	if t.Total != "" || state == wallet.Paid {
		var err error
		if a.Amount, err = yuan(t.Total); err != nil {
			return mismatch("the amount %s", printable(t.Total))
		}
	}
	for _, at := range []string{t.Sent, t.Paid} {
		if at, err := time.ParseInLocation(time.DateTime, at, wallet.China); err == nil {
			a.Time = at
		}
	}
	return a, nil
}

// yuan reads an amount with up to two decimals. It is never negative.
func yuan(s string) (pos.Money, error) {
	m, err := pos.ParseMoney(s, pos.CNY)
	if err == nil && m.Minor() < 0 {
		return pos.Money{}, fmt.Errorf("the amount %s is negative", printable(s))
	}
	return m, err
}

// codeLife is how long a code payment may wait for the customer's password before Alipay closes it
// by itself, whatever becomes of the till.
const codeLife = "3m"

// facePrefix begins face payment tokens (刷脸付).
const facePrefix = "fp"

// Pay charges a payment code (付款码支付). A notification comes if there is a NotifyURL.
func (h *Host) Pay(ctx context.Context, o wallet.Order, code pos.Secret) (wallet.Answer, error) {
	in := h.request(o)
	in.Scene, in.Product, in.Timeout = "bar_code", "FACE_TO_FACE_PAYMENT", codeLife
	code.Use(func(b []byte) {
		in.AuthCode = string(b)
		if bytes.HasPrefix(bytes.ToLower(b), []byte(facePrefix)) {
			in.Scene = "security_code"
		}
	})
	var t trade
	s, err := h.call(ctx, payMethod, in, sending{notify: true}, &t)
	if err != nil {
		return wallet.Answer{}, err
	}
	switch s.Code {
	case codeOK:
		return h.paid(t, o)
	case codePaying:
		t.Total = "" // what is not paid yet proves no amount
		a, err := h.answer(payMethod, t, o.Number, wallet.Waiting)
		a.Code, a.Text = s.code(), s.text()
		return a, err
	}
	return refused(payMethod, s)
}

// paid reads the answer to a payment. The signature does not cover what an answer answers: only
// that of a payment says when it was paid, in gmt_payment, and names no other state.
func (h *Host) paid(t trade, o wallet.Order) (wallet.Answer, error) {
	if t.Paid == "" || t.Status != "" && states[t.Status] != wallet.Paid {
		t.Total = ""
		return h.answer(payMethod, t, o.Number, wallet.Unknown)
	}
	return h.answer(payMethod, t, o.Number, wallet.Paid)
}

// minExpire is the shortest life of an order.
const minExpire = time.Minute

// Show makes an order for the customer to scan (预下单): its qr_code.
func (h *Host) Show(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	in := h.request(o)
	if o.Expires > 0 {
		// Counted from the order's beginning, so that asking again sends the same.
		in.Expires = o.Began.Add(max(o.Expires, minExpire)).In(wallet.China).Format(time.DateTime)
	}
	var out struct {
		trade
		Code string `json:"qr_code"`
	}
	s, err := h.call(ctx, showMethod, in, sending{notify: true}, &out)
	if err != nil {
		return wallet.Answer{}, err
	}
	if !s.ok() {
		return refused(showMethod, s)
	}
	a, err := h.answer(showMethod, out.trade, o.Number, wallet.Waiting)
	a.Show = out.Code
	return a, err
}

// byNumber names an order.
type byNumber struct {
	Number number `json:"out_trade_no"`
}

// Query asks for an order by our number.
func (h *Host) Query(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	var t trade
	s, err := h.call(ctx, queryMethod, byNumber{number(o.Number)}, sending{}, &t)
	if err != nil {
		return wallet.Answer{}, err
	}
	if !s.ok() {
		return question(queryMethod, s)
	}
	return h.answer(queryMethod, t, o.Number, t.state(o.Taken))
}

// state reads trade_status. Alipay says TRADE_CLOSED of an order that expired, failed, was
// canceled, or was given back wholly: nothing of it is taken in any case. One that was never paid
// is refused; of one known to be paid before it is certain that it was given back.
func (t trade) state(taken bool) wallet.State {
	if t.Status == "TRADE_CLOSED" && !taken && t.Sent == "" {
		return wallet.Refused
	}
	return states[t.Status]
}
