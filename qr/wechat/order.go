package wechat

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/wallet"
)

// amount is money on the wire: fen.
type amount struct {
	Total    int64  `json:"total"`
	Currency string `json:"currency"`
}

type storeInfo struct {
	ID string `json:"id"`
}

// codePayRequest is POST /v3/pay/transactions/codepay.
type codePayRequest struct {
	AppID       string       `json:"appid"`
	MerchantID  string       `json:"mchid"`
	Description string       `json:"description"`
	Number      string       `json:"out_trade_no"`
	Attach      string       `json:"attach,omitempty"`
	Payer       payerCode    `json:"payer"`
	Amount      amount       `json:"amount"`
	Scene       codePayScene `json:"scene_info"`
}

type payerCode struct {
	AuthCode string `json:"auth_code"`
}

type codePayScene struct {
	Device   string     `json:"device_id,omitempty"`
	DeviceIP string     `json:"device_ip"`
	Store    *storeInfo `json:"store_info,omitempty"`
}

// nativeRequest is POST /v3/pay/transactions/native.
type nativeRequest struct {
	AppID       string       `json:"appid"`
	MerchantID  string       `json:"mchid"`
	Description string       `json:"description"`
	Number      string       `json:"out_trade_no"`
	Expires     string       `json:"time_expire,omitempty"`
	Attach      string       `json:"attach,omitempty"`
	NotifyURL   string       `json:"notify_url"`
	Amount      amount       `json:"amount"`
	Scene       *nativeScene `json:"scene_info,omitempty"`
}

type nativeScene struct {
	PayerIP string     `json:"payer_client_ip"`
	Device  string     `json:"device_id,omitempty"`
	Store   *storeInfo `json:"store_info,omitempty"`
}

// transaction is an order as WeChat tells of it.
type transaction struct {
	AppID      string `json:"appid"`
	MerchantID string `json:"mchid"`
	Number     string `json:"out_trade_no"`
	ID         string `json:"transaction_id"`
	Type       string `json:"trade_type"`
	State      string `json:"trade_state"`
	Text       string `json:"trade_state_desc"`
	Bank       string `json:"bank_type"`
	Success    string `json:"success_time"`
	Amount     struct {
		Total    int64  `json:"total"`
		Currency string `json:"currency"`
	} `json:"amount"`
}

// states maps trade_state. REFUND is looked at closer.
var states = map[string]wallet.State{
	"SUCCESS": wallet.Paid, "REFUND": wallet.Partly, "NOTPAY": wallet.Waiting, "CLOSED": wallet.Closed,
	"REVOKED": wallet.Closed, "USERPAYING": wallet.Waiting, "PAYERROR": wallet.Refused, "ACCEPT": wallet.Waiting,
}

// answer checks that a transaction is ours, and puts it in common terms.
func (h *Host) answer(name string, t transaction, number string) (wallet.Answer, error) {
	if t.MerchantID != h.cfg.MerchantID || t.Number != number || t.AppID != "" && t.AppID != h.cfg.AppID {
		return wallet.Answer{}, &wallet.Error{Wallet: "wechat", Call: name, Err: fmt.Errorf("%w: merchant %s, order %s",
			wallet.ErrMismatch, printable(t.MerchantID), printable(t.Number))}
	}
	a := wallet.Answer{State: states[t.State], Trade: t.ID, Code: t.State, Text: t.Text, Scheme: t.Bank}
	if t.Amount.Total != 0 || t.State == "SUCCESS" {
		currency := pos.CNY
		if t.Amount.Currency != "" {
			currency = pos.Currency(t.Amount.Currency)
		}
		a.Amount = pos.FromMinor(t.Amount.Total, currency)
	}
	if at, err := time.Parse(time.RFC3339, t.Success); err == nil {
		a.Time = at
	}
	return a, nil
}

// refusals are codes after which WeChat has taken nothing and will not, when
// they are signed. Others, known or not, decide nothing: the order is asked for.
//
// Source: micropay's table of errors (v2) and the v3 code pay page; v3 spells some with underscores.
var refusals = map[string]string{
	"AUTHCODEEXPIRE": "the code has expired: let the customer show a new one (付款码已过期)", "AUTH_CODE_EXPIRED": "the code has expired: let the customer show a new one (付款码已过期)",
	"AUTH_CODE_ERROR": "the code is wrong: let the customer show a new one", "AUTH_CODE_INVALID": "the code is none of WeChat's: let the customer show a new one",
	"NOTENOUGH": "not enough money (余额不足)", "NOT_ENOUGH": "not enough money (余额不足)",
	"NOTSUPORTCARD": "the card cannot be used for this", "TRADE_ERROR": "refused", "ACCOUNTERROR": "the account cannot pay", "ACCOUNT_ERROR": "the account cannot pay",
	"BUYER_MISMATCH": "one order, one payer", "RULE_LIMIT": "above a limit: use another way", "RULELIMIT": "above a limit: use another way",
	"SIGN_ERROR": "the shop's keys are wrong", "SIGNERROR": "the shop's keys are wrong", "PARAM_ERROR": "the request is wrong",
	"NO_AUTH": "the merchant may not do this", "NOAUTH": "the merchant may not do this",
	"APPID_MCHID_NOT_MATCH": "appid and merchant do not fit", "MCH_NOT_EXISTS": "there is no such merchant",
}

// refused puts a signed refusal in common terms.
func refused(name string, s said) (wallet.Answer, error) {
	switch s.code {
	case "USERPAYING":
		return wallet.Answer{State: wallet.Waiting, Code: s.code, Text: s.text}, nil
	case "ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS":
		return wallet.Answer{State: wallet.Missing, Code: s.code, Text: s.text}, nil
	case "ORDER_CLOSED", "ORDERCLOSED", "ORDERREVERSED", "ORDER_REVERSED":
		return wallet.Answer{State: wallet.Unknown, Code: s.code, Text: s.text}, nil
	}
	if why, ok := refusals[s.code]; ok {
		if s.text == "" {
			s.text = why
		}
		return wallet.Answer{State: wallet.Refused, Code: s.code, Text: s.text}, nil
	}
	return wallet.Answer{}, &wallet.Error{Wallet: "wechat", Call: name, Status: s.status, Code: s.code, Text: s.text}
}

// Pay charges a payment code (付款码支付). There is no notification of it.
func (h *Host) Pay(ctx context.Context, o wallet.Order, code pos.Secret) (wallet.Answer, error) {
	in := codePayRequest{AppID: h.cfg.AppID, MerchantID: h.cfg.MerchantID, Description: h.cfg.Description, Number: o.Number, Attach: o.Reference,
		Amount: amount{o.Amount.Minor(), string(o.Amount.Currency())}, Scene: codePayScene{Device: h.cfg.Device, DeviceIP: h.cfg.DeviceIP, Store: h.store()}}
	code.Use(func(b []byte) { in.Payer.AuthCode = string(b) })
	var t transaction
	s, err := h.call(ctx, "codepay", http.MethodPost, "/v3/pay/transactions/codepay", in, &t)
	if err != nil {
		return wallet.Answer{}, err
	}
	if s.status/100 != 2 {
		return refused("codepay", s)
	}
	return h.answer("codepay", t, o.Number)
}

func (h *Host) store() *storeInfo {
	if h.cfg.StoreID == "" {
		return nil
	}
	return &storeInfo{h.cfg.StoreID}
}

// Show makes a native order (Native下单): its code_url is what the customer scans.
func (h *Host) Show(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	in := nativeRequest{AppID: h.cfg.AppID, MerchantID: h.cfg.MerchantID, Description: h.cfg.Description, Number: o.Number, Attach: o.Reference,
		NotifyURL: h.cfg.NotifyURL, Amount: amount{o.Amount.Minor(), string(o.Amount.Currency())},
		Scene: &nativeScene{PayerIP: h.cfg.DeviceIP, Device: h.cfg.Device, Store: h.store()}}
	if o.Expires > 0 {
		// At least a minute, or WeChat refuses. Counted from the order's beginning, so that asking again sends the same.
		in.Expires = o.Began.Add(max(o.Expires, minExpire)).In(wallet.China).Format(time.RFC3339)
	}
	var out struct {
		URL string `json:"code_url"`
	}
	s, err := h.call(ctx, "native", http.MethodPost, "/v3/pay/transactions/native", in, &out)
	if err != nil {
		return wallet.Answer{}, err
	}
	if s.status/100 != 2 {
		return refused("native", s)
	}
	return wallet.Answer{State: wallet.Waiting, Show: out.URL}, nil
}

// minExpire is the shortest life of an order (time_expire).
const minExpire = time.Minute

// Query asks for an order by our number.
func (h *Host) Query(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	path := "/v3/pay/transactions/out-trade-no/" + url.PathEscape(o.Number) + "?mchid=" + url.QueryEscape(h.cfg.MerchantID)
	var t transaction
	s, err := h.call(ctx, "query", http.MethodGet, path, nil, &t)
	if err != nil {
		return wallet.Answer{}, err
	}
	if s.status/100 != 2 {
		a, err := refused("query", s)
		if err == nil && a.State == wallet.Refused { // the question was refused, not the payment
			return wallet.Answer{}, &wallet.Error{Wallet: "wechat", Call: "query", Status: s.status, Code: s.code, Text: s.text}
		}
		return a, err
	}
	a, err := h.answer("query", t, o.Number)
	if err == nil && a.State == wallet.Partly {
		return h.givenBack(ctx, o, a)
	}
	return a, err
}

// givenBack tells an order that our own undo gave back from one of which
// somebody gave a part back.
func (h *Host) givenBack(ctx context.Context, o wallet.Order, a wallet.Answer) (wallet.Answer, error) {
	r, err := h.QueryRefund(ctx, undoing(o))
	if err != nil {
		return wallet.Answer{}, err
	}
	if r.State == wallet.Paid || r.State == wallet.Waiting {
		a.State = wallet.Closed
	}
	return a, nil
}
