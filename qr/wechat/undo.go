package wechat

import (
	"context"
	"net/http"
	"net/url"

	"github.com/openecr/openecr/qr/wallet"
)

// Undo takes an order back. A code payment is reversed (撤销), which closes or refunds it, within
// seven days. A native order is closed, or refunded wholly when it turns out to be paid.
func (h *Host) Undo(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	switch {
	case !o.Shown:
		return h.reverse(ctx, o)
	case o.Taken:
		return h.giveBack(ctx, o)
	}
	a, err := h.closeOrder(ctx, o)
	if err == nil && a.State == wallet.Paid {
		return h.giveBack(ctx, o)
	}
	return a, err
}

type ourselves struct {
	AppID      string `json:"appid,omitempty"`
	MerchantID string `json:"mchid"`
}

func (h *Host) reverse(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	var out struct {
		MerchantID string `json:"mchid"`
		Number     string `json:"out_trade_no"`
	}
	s, err := h.call(ctx, "reverse", http.MethodPost, "/v3/pay/transactions/out-trade-no/"+url.PathEscape(o.Number)+"/reverse",
		ourselves{h.cfg.AppID, h.cfg.MerchantID}, &out)
	if err != nil {
		return wallet.Answer{}, err
	}
	if s.status/100 == 2 {
		if _, err := h.answer("reverse", transaction{MerchantID: out.MerchantID, Number: out.Number}, o.Number); err != nil {
			return wallet.Answer{}, err
		}
		return wallet.Answer{State: wallet.Closed, Code: "REVOKED"}, nil
	}
	switch s.code {
	case "ORDER_CLOSED", "ORDERCLOSED", "ORDERREVERSED", "ORDER_REVERSED":
		return wallet.Answer{State: wallet.Closed, Code: s.code, Text: s.text}, nil
	case "REVERSE_EXPIRE", "REVERSE_EXPIRED":
		return wallet.Answer{State: wallet.Refused, Code: s.code, Text: s.text}, nil
	}
	return refused("reverse", s)
}

// closeOrder closes an unpaid native order (关单). Paid says that it is too late.
func (h *Host) closeOrder(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	s, err := h.call(ctx, "close", http.MethodPost, "/v3/pay/transactions/out-trade-no/"+url.PathEscape(o.Number)+"/close",
		ourselves{MerchantID: h.cfg.MerchantID}, nil)
	if err != nil {
		return wallet.Answer{}, err
	}
	if s.status/100 == 2 {
		return wallet.Answer{State: wallet.Closed, Code: "CLOSED"}, nil
	}
	switch s.code {
	case "ORDER_CLOSED", "ORDERCLOSED":
		return wallet.Answer{State: wallet.Closed, Code: s.code, Text: s.text}, nil
	case "ORDERPAID", "ORDER_PAID":
		return wallet.Answer{State: wallet.Paid, Code: s.code, Text: s.text}, nil
	}
	return refused("close", s)
}

// undoing is the refund that undoes an order.
func undoing(o wallet.Order) wallet.Refund {
	return wallet.Refund{Number: wallet.UndoNumber(o.Number), Amount: o.Amount, Order: o}
}

func (h *Host) giveBack(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	a, err := h.Refund(ctx, undoing(o))
	if err != nil {
		return a, err
	}
	switch a.State {
	case wallet.Paid, wallet.Waiting:
		a.State = wallet.Closed
	case wallet.Failed, wallet.Closed:
		a.State = wallet.Refused
	}
	return a, nil
}
