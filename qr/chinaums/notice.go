package chinaums

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/openecr/openecr/qr/wallet"
)

// Notice checks a notification of a bill (支付通知): a form whose sign fits our notification key. It bears no
// time; a repetition is known by its notifyId. Errors: wallet.ErrForged, wallet.ErrMismatch, or what is wrong with it.
func (h *Host) Notice(_ context.Context, _ http.Header, body []byte) (wallet.Notice, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return wallet.Notice{}, errors.New("chinaums: notification: it is no form")
	}
	sign := strings.ToUpper(form.Get("sign"))
	if h.cfg.NoticeKey.Len() == 0 || subtle.ConstantTimeCompare([]byte(sign), []byte(NoticeSign(form, h.cfg.NoticeKey))) != 1 {
		return wallet.Notice{}, fmt.Errorf("chinaums: notification: %w", wallet.ErrForged)
	}
	if form.Get("mid") != h.cfg.ShownMerchant {
		return wallet.Notice{}, fmt.Errorf("chinaums: notification: %w: merchant %q", wallet.ErrMismatch, clip(form.Get("mid")))
	}
	b := billAnswer{BillNo: form.Get("billNo"), Status: form.Get("billStatus")}
	id, own := form.Get("notifyId"), form.Get("srcReserve")
	if id == "" || own == "" || b.BillNo != BillNo(h.cfg.Prefix, own) {
		return wallet.Notice{}, errors.New("chinaums: notification: it names no order of ours")
	}
	if b.Total.UnmarshalJSON([]byte(form.Get("totalAmount"))) != nil || json.Unmarshal([]byte(orEmpty(form.Get("billPayment"))), &b.Payment) != nil {
		return wallet.Notice{}, errors.New("chinaums: notification: its amount or payment cannot be read")
	}
	began, err := time.ParseInLocation(time.DateOnly, form.Get("billDate"), wallet.China)
	if err != nil {
		return wallet.Notice{}, errors.New("chinaums: notification: it names no day")
	}
	a, err := h.bill("notification", b)
	return wallet.Notice{ID: clip(id), Order: own, Answer: a, Shown: true, Began: began}, err
}

func orEmpty(text string) string {
	if text == "" {
		return "{}"
	}
	return text
}

// Acknowledge answers SUCCESS, or FAILED: then the platform sends again.
func (h *Host) Acknowledge(w http.ResponseWriter, err error) {
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		io.WriteString(w, "FAILED")
		return
	}
	io.WriteString(w, "SUCCESS")
}
