package wechat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/openecr/openecr/qr/wallet"
)

// noticeBody is a notification (支付通知, 退款通知).
type noticeBody struct {
	ID       string `json:"id"`
	Event    string `json:"event_type"`
	Resource Sealed `json:"resource"`
}

// Notice checks and decrypts a notification: TRANSACTION.SUCCESS, REFUND.SUCCESS,
// REFUND.ABNORMAL, REFUND.CLOSED.
func (h *Host) Notice(ctx context.Context, header http.Header, body []byte) (wallet.Notice, error) {
	if err := h.verify(ctx, header, body); err != nil {
		if errors.Is(err, wallet.ErrClock) {
			err = fmt.Errorf("%w: %w", wallet.ErrStale, err)
		}
		return wallet.Notice{}, fmt.Errorf("wechat: notification: %w", err)
	}
	var n noticeBody
	if err := json.Unmarshal(body, &n); err != nil || n.ID == "" {
		return wallet.Notice{}, errors.New("wechat: notification: it is no JSON with an id")
	}
	plain, err := n.Resource.Open(h.cfg.APIv3Key)
	if err != nil {
		return wallet.Notice{}, fmt.Errorf("wechat: notification: %w", err)
	}
	if n.Event == "TRANSACTION.SUCCESS" {
		return h.paidNotice(n.ID, plain)
	}
	return h.refundNotice(n.ID, plain)
}

func (h *Host) paidNotice(id string, plain []byte) (wallet.Notice, error) {
	var t transaction
	if err := json.Unmarshal(plain, &t); err != nil {
		return wallet.Notice{}, errors.New("wechat: notification: no transaction in it")
	}
	a, err := h.answer("notification", t, t.Number)
	return wallet.Notice{ID: id, Order: t.Number, Answer: a}, err
}

func (h *Host) refundNotice(id string, plain []byte) (wallet.Notice, error) {
	var out struct {
		MerchantID string `json:"mchid"`
		refundAnswer
	}
	if err := json.Unmarshal(plain, &out); err != nil {
		return wallet.Notice{}, errors.New("wechat: notification: no refund in it")
	}
	if out.MerchantID != h.cfg.MerchantID {
		return wallet.Notice{}, fmt.Errorf("wechat: notification: %w: merchant %s", wallet.ErrMismatch, printable(out.MerchantID))
	}
	a, err := h.refundAnswer("notification", out.refundAnswer, wallet.Refund{Number: out.Refund})
	return wallet.Notice{ID: id, Order: out.Number, Refund: out.Refund, Answer: a}, err
}

// Acknowledge answers as WeChat wants it: 204, or 500 with a reason.
func (h *Host) Acknowledge(w http.ResponseWriter, err error) {
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusInternalServerError)
	json.NewEncoder(w).Encode(errorBody{Code: "FAIL", Message: "not accepted"})
}
