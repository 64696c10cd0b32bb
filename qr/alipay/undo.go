package alipay

import (
	"context"
	"fmt"
	"time"

	"github.com/openecr/openecr/qr/wallet"
)

const (
	cancelMethod = "alipay.trade.cancel"
	closeMethod  = "alipay.trade.close"
)

// cancelFor is how long an order can be canceled.
//
// Source: alipay.trade.cancel; other products of Alipay say the same day.
const cancelFor = 24 * time.Hour

// Undo takes an order back: canceled (撤销) within a day, which closes an unpaid one and gives a
// paid one back; refunded wholly or closed (关单) after that.
//
// Alipay answers the cancel of an order it does not know with success. Closed is therefore no
// proof; package wallet asks for the order afterwards.
func (h *Host) Undo(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	switch old := !o.Began.IsZero() && h.cfg.Now().Sub(o.Began) >= cancelFor; {
	case !old:
		return h.cancel(ctx, o)
	case o.Taken:
		return h.giveBack(ctx, o)
	}
	return h.end(ctx, o)
}

func (h *Host) cancel(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	var out struct {
		trade
		Again  string `json:"retry_flag"`
		Action string `json:"action"`
	}
	s, err := h.call(ctx, cancelMethod, byNumber{number(o.Number)}, sending{}, &out)
	if err != nil {
		return wallet.Answer{}, err
	}
	if !s.ok() {
		return h.notCanceled(ctx, o, s)
	}
	a, err := h.answer(cancelMethod, out.trade, o.Number, wallet.Closed)
	if err != nil {
		return a, err
	}
	a.Code, a.Text = clip(out.Action), "canceled (已撤销)"
	switch {
	case out.Again == "Y":
		return wallet.Answer{State: wallet.Waiting, Code: "retry_flag=Y"}, nil
	case out.Again != "N":
		return wallet.Answer{}, &wallet.Error{Wallet: "alipay", Call: nameOf(cancelMethod), Err: fmt.Errorf("the retry_flag %s", printable(out.Again))}
	case out.Action == "refund":
		a.Text = "it had been paid and was given back (已退款)"
	}
	return a, nil
}

func (h *Host) notCanceled(ctx context.Context, o wallet.Order, s said) (wallet.Answer, error) {
	switch {
	case undoRefusals[s.SubCode]:
		return wallet.Answer{State: wallet.Refused, Code: s.code(), Text: s.text()}, nil
	case undoElse[s.SubCode]:
		return h.end(ctx, o)
	}
	return question(cancelMethod, s)
}

// end ends an order that cannot be canceled: what is paid is given back, what is open is closed.
func (h *Host) end(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	now, err := h.Query(ctx, o)
	if err != nil {
		return wallet.Answer{}, err
	}
	switch now.State {
	case wallet.Paid:
		if now.Amount != o.Amount {
			return wallet.Answer{}, &wallet.Error{Wallet: "alipay", Call: nameOf(queryMethod), Err: fmt.Errorf("%w: it is of %s", wallet.ErrMismatch, now.Amount)}
		}
		return h.giveBack(ctx, o)
	case wallet.Waiting:
		return h.closeOrder(ctx, o)
	case wallet.Refused: // closed without a payment: what was to be reached
		now.State = wallet.Closed
	}
	return now, nil
}

// closeOrder closes an order that is not paid (关单).
func (h *Host) closeOrder(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	var t trade
	s, err := h.call(ctx, closeMethod, byNumber{number(o.Number)}, sending{}, &t)
	if err != nil {
		return wallet.Answer{}, err
	}
	if !s.ok() {
		return question(closeMethod, s)
	}
	a, err := h.answer(closeMethod, t, o.Number, wallet.Closed)
	a.Code = "close"
	return a, err
}

func (h *Host) giveBack(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	a, err := h.Refund(ctx, wallet.Refund{Number: wallet.UndoNumber(o.Number), Amount: o.Amount, Order: o})
	if err == nil && a.State == wallet.Paid {
		a.State = wallet.Closed
	}
	return a, err
}
