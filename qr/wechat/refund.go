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

// refundRequest is POST /v3/refund/domestic/refunds.
type refundRequest struct {
	Number string       `json:"out_trade_no"`
	Refund string       `json:"out_refund_no"`
	Amount refundAmount `json:"amount"`
}

type refundAmount struct {
	Refund   int64  `json:"refund"`
	Total    int64  `json:"total"`
	Currency string `json:"currency"`
}

// refundAnswer is what WeChat tells of a refund; a notification has refund_status instead of status.
type refundAnswer struct {
	ID       string `json:"refund_id"`
	Refund   string `json:"out_refund_no"`
	Trade    string `json:"transaction_id"`
	Number   string `json:"out_trade_no"`
	Status   string `json:"status"`
	Status2  string `json:"refund_status"`
	Success  string `json:"success_time"`
	Received string `json:"user_received_account"`
	Amount   struct {
		Refund   int64  `json:"refund"`
		Currency string `json:"currency"`
	} `json:"amount"`
}

var refundStates = map[string]wallet.State{
	"SUCCESS": wallet.Paid, "PROCESSING": wallet.Waiting, "CLOSED": wallet.Closed, "ABNORMAL": wallet.Failed,
}

// Refund gives a part back within a year of the payment; at most 50 parts, a minute apart. The
// answer is an acceptance.
func (h *Host) Refund(ctx context.Context, r wallet.Refund) (wallet.Answer, error) {
	in := refundRequest{Number: r.Order.Number, Refund: r.Number,
		Amount: refundAmount{r.Amount.Minor(), r.Order.Amount.Minor(), string(r.Amount.Currency())}}
	var out refundAnswer
	s, err := h.call(ctx, "refund", http.MethodPost, "/v3/refund/domestic/refunds", in, &out)
	if err != nil {
		return wallet.Answer{}, err
	}
	if s.status/100 != 2 {
		return refundRefused("refund", s)
	}
	return h.refundAnswer("refund", out, r)
}

// refundRefusals are signed codes after which nothing was or will be given back.
var refundRefusals = map[string]bool{
	"NOTENOUGH": true, "NOT_ENOUGH": true, "INVALID_REQUEST": true, "PARAM_ERROR": true, "NO_AUTH": true, "USER_ACCOUNT_ABNORMAL": true,
	"MCH_NOT_EXISTS": true, "SIGN_ERROR": true, "RESOURCE_NOT_EXISTS": true, "ORDER_NOT_EXIST": true, "REQUEST_BLOCKED": true,
}

func refundRefused(name string, s said) (wallet.Answer, error) {
	if refundRefusals[s.code] {
		return wallet.Answer{State: wallet.Refused, Code: s.code, Text: s.text}, nil
	}
	return wallet.Answer{}, &wallet.Error{Wallet: "wechat", Call: name, Status: s.status, Code: s.code, Text: s.text}
}

func (h *Host) refundAnswer(name string, out refundAnswer, r wallet.Refund) (wallet.Answer, error) {
	if out.Refund != r.Number || r.Order.Number != "" && out.Number != r.Order.Number {
		return wallet.Answer{}, &wallet.Error{Wallet: "wechat", Call: name, Err: fmt.Errorf("%w: refund %s of order %s",
			wallet.ErrMismatch, printable(out.Refund), printable(out.Number))}
	}
	if out.Status == "" {
		out.Status = out.Status2
	}
	a := wallet.Answer{State: refundStates[out.Status], Trade: out.ID, Code: out.Status, Text: out.Received}
	if out.Amount.Refund != 0 {
		a.Amount = pos.FromMinor(out.Amount.Refund, pos.CNY)
	}
	if at, err := time.Parse(time.RFC3339, out.Success); err == nil {
		a.Time = at
	}
	return a, nil
}

// QueryRefund asks for a refund by our number.
func (h *Host) QueryRefund(ctx context.Context, r wallet.Refund) (wallet.Answer, error) {
	var out refundAnswer
	s, err := h.call(ctx, "query refund", http.MethodGet, "/v3/refund/domestic/refunds/"+url.PathEscape(r.Number), nil, &out)
	if err != nil {
		return wallet.Answer{}, err
	}
	if s.status/100 != 2 {
		if s.code == "RESOURCE_NOT_EXISTS" || s.code == "REFUND_NOT_EXIST" {
			return wallet.Answer{State: wallet.Missing, Code: s.code, Text: s.text}, nil
		}
		return wallet.Answer{}, &wallet.Error{Wallet: "wechat", Call: "query refund", Status: s.status, Code: s.code, Text: s.text}
	}
	return h.refundAnswer("query refund", out, r)
}
