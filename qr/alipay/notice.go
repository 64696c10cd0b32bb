package alipay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/openecr/openecr/qr/wallet"
)

// Notice checks and reads a notification (异步通知): a form with trade_status, of a payment, a
// closing, or a refund, which has refund_fee and out_biz_no.
func (h *Host) Notice(ctx context.Context, _ http.Header, body []byte) (wallet.Notice, error) {
	p, err := parseNotice(body)
	if err == nil {
		err = h.verify(ctx, p.Get("alipay_cert_sn"), NoticeMessage(p), p.Get("sign"))
	}
	if err == nil {
		err = h.ours(p)
	}
	var n wallet.Notice
	if err == nil {
		n, err = h.notice(p)
	}
	if err != nil {
		return wallet.Notice{}, fmt.Errorf("alipay: notification: %w", err)
	}
	return n, nil
}

// parseNotice reads the form. A parameter that comes twice could be signed as one and read as
// the other.
func parseNotice(body []byte) (url.Values, error) {
	p, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, errors.New("it is no form")
	}
	for k, list := range p {
		if len(list) != 1 {
			return nil, fmt.Errorf("%w: %s comes %d times", wallet.ErrForged, printable(k), len(list))
		}
	}
	if p.Get("sign_type") != "RSA2" {
		return nil, fmt.Errorf("%w: it is signed with %s", wallet.ErrForged, printable(p.Get("sign_type")))
	}
	return p, nil
}

// ours checks application, seller and time of what is signed.
func (h *Host) ours(p url.Values) error {
	if p.Get("app_id") != h.cfg.AppID || p.Get("seller_id") != h.cfg.SellerID || h.cfg.SellerID == "" {
		return fmt.Errorf("%w: application %s, seller %s", wallet.ErrMismatch, printable(p.Get("app_id")), printable(p.Get("seller_id")))
	}
	at, err := time.ParseInLocation(time.DateTime, p.Get("notify_time"), wallet.China)
	if err != nil || !wallet.Fresh(at, h.cfg.Now()) {
		return fmt.Errorf("%w: it says %s", wallet.ErrStale, printable(p.Get("notify_time")))
	}
	return nil
}

func (h *Host) notice(p url.Values) (wallet.Notice, error) {
	wire, id := p.Get("out_trade_no"), p.Get("notify_id")
	if wire == "" || id == "" || len(id) > maxWords || len(wire) > maxNumber {
		return wallet.Notice{}, errors.New("it names no order, or has no notify_id")
	}
	order := readNumber(wire)
	t := trade{Number: order, Trade: p.Get("trade_no"), Status: p.Get("trade_status"), Total: p.Get("total_amount"), Paid: p.Get("gmt_payment")}
	a, err := h.answer("notification", t, string(order), states[t.Status])
	if err != nil {
		return wallet.Notice{}, err
	}
	n := wallet.Notice{ID: id, Order: string(order), Answer: a}
	if refund := p.Get("out_biz_no"); refund != "" && p.Get("refund_fee") != "" {
		// The fee is what was given back in all: only the question knows this refund's amount.
		n.Refund, n.Answer = string(readNumber(refund)), wallet.Answer{State: wallet.Paid, Trade: a.Trade, Code: a.Code}
	}
	return n, nil
}

// Acknowledge answers as Alipay wants it: the word success, or anything else.
func (h *Host) Acknowledge(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err != nil {
		io.WriteString(w, "failure")
		return
	}
	io.WriteString(w, "success")
}
