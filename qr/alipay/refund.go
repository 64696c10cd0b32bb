package alipay

import (
	"context"
	"fmt"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/wallet"
)

const (
	refundMethod      = "alipay.trade.refund"
	queryRefundMethod = "alipay.trade.fastpay.refund.query"
)

// refundRequest names a refund; Amount is left out of a question.
type refundRequest struct {
	Number number `json:"out_trade_no"`
	Refund number `json:"out_request_no"`
	Amount string `json:"refund_amount,omitempty"`
}

// refundAnswer is what Alipay tells of a refund.
type refundAnswer struct {
	Number  number `json:"out_trade_no"`
	Trade   string `json:"trade_no"`
	Changed string `json:"fund_change"`    // of a refund: whether this call moved money
	InAll   string `json:"refund_fee"`     // of a refund: given back of the order in all
	Refund  number `json:"out_request_no"` // of a question
	Amount  string `json:"refund_amount"`  // of a question: this refund alone
	Status  string `json:"refund_status"`  // of a question
	At      string `json:"gmt_refund_pay"`
}

// refundMismatch is an answer about another refund.
func refundMismatch(method, format string, args ...any) error {
	return &wallet.Error{Wallet: "alipay", Call: nameOf(method), Err: fmt.Errorf("%w: "+format, append([]any{wallet.ErrMismatch}, args...)...)}
}

// Refund gives a part back, within the time of the contract (a year, as a rule).
//
// refund_fee is what was given back of the order in all, so it has to be at least this refund.
// fund_change N says that this very call moved nothing: the refund was made before, or not at
// all, and the question decides.
func (h *Host) Refund(ctx context.Context, r wallet.Refund) (wallet.Answer, error) {
	var out refundAnswer
	s, err := h.call(ctx, refundMethod, refundRequest{number(r.Order.Number), number(r.Number), r.Amount.Digits()}, sending{}, &out)
	switch {
	case err != nil:
		return wallet.Answer{}, err
	case s.Code == codePaying:
		return wallet.Answer{}, undecided(refundMethod, s)
	case !s.ok():
		return judge(refundMethod, s, func(sub string) bool { return refundRefusals[sub] })
	case string(out.Number) != r.Order.Number:
		return wallet.Answer{}, refundMismatch(refundMethod, "order %s", printable(string(out.Number)))
	case out.Changed != "Y":
		return h.moved(ctx, r)
	}
	inAll, err := yuan(out.InAll)
	if err != nil || inAll.Minor() < r.Amount.Minor() {
		return wallet.Answer{}, refundMismatch(refundMethod, "%s given back in all", printable(out.InAll))
	}
	return given(out, r.Amount, "fund_change=Y"), nil
}

// moved decides a refund whose call moved nothing.
func (h *Host) moved(ctx context.Context, r wallet.Refund) (wallet.Answer, error) {
	a, err := h.QueryRefund(ctx, r)
	if err == nil && a.State == wallet.Missing {
		return wallet.Answer{}, &wallet.Error{Wallet: "alipay", Call: nameOf(refundMethod), Code: "fund_change=N", Text: "not given back yet"}
	}
	return a, err
}

func given(out refundAnswer, amount pos.Money, code string) wallet.Answer {
	a := wallet.Answer{State: wallet.Paid, Amount: amount, Trade: out.Trade, Code: code}
	if at, err := time.ParseInLocation(time.DateTime, out.At, wallet.China); err == nil {
		a.Time = at
	}
	return a
}

// QueryRefund asks for a refund by our number. Without a refund_status it was not given, or
// has not arrived. An amount that the caller does not know is not compared.
//
// Source: alipay.trade.fastpay.refund.query, refund_status.
func (h *Host) QueryRefund(ctx context.Context, r wallet.Refund) (wallet.Answer, error) {
	var out refundAnswer
	s, err := h.call(ctx, queryRefundMethod, refundRequest{Number: number(r.Order.Number), Refund: number(r.Number)}, sending{}, &out)
	switch {
	case err != nil:
		return wallet.Answer{}, err
	case !s.ok():
		return question(queryRefundMethod, s)
	case out.Status == "" && out.Refund == "":
		return wallet.Answer{State: wallet.Missing, Code: "no refund_status"}, nil
	case string(out.Number) != r.Order.Number || string(out.Refund) != r.Number:
		return wallet.Answer{}, refundMismatch(queryRefundMethod, "refund %s of order %s", printable(string(out.Refund)), printable(string(out.Number)))
	}
	switch out.Status {
	case "":
		return wallet.Answer{State: wallet.Missing, Code: "no refund_status"}, nil
	case "REFUND_PROCESSING":
		return wallet.Answer{State: wallet.Waiting, Trade: out.Trade, Code: out.Status}, nil
	case "REFUND_SUCCESS":
		amount, err := yuan(out.Amount)
		if err != nil || !r.Amount.IsZero() && amount != r.Amount {
			return wallet.Answer{}, refundMismatch(queryRefundMethod, "a refund of %s", printable(out.Amount))
		}
		return given(out, amount, out.Status), nil
	}
	return wallet.Answer{Code: clip(out.Status)}, nil
}
