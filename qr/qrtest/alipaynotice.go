package qrtest

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/openecr/openecr/qr/alipay"
	"github.com/openecr/openecr/qr/wallet"
)

// event makes notifications of payments whose order has a notify_url.
func (a *Alipay) event(e Event) {
	address := e.Order.Extra["notify"]
	if e.Order.Extra["front"] != "alipay" || address == "" || e.Refund != nil {
		return
	}
	if a.cfg.Notify != "" {
		address = a.cfg.Notify
	}
	a.notes.post(address, func(f FaultName) (http.Header, []byte) { return a.notice(e.Order, f) },
		func(status int, answer []byte) bool {
			return status == http.StatusOK && strings.TrimSpace(string(answer)) == "success"
		})
}

func (a *Alipay) notice(o Order, f FaultName) (http.Header, []byte) {
	at, amount := a.bank.Now(), o.Amount
	switch f {
	case NoticeOld:
		at = at.Add(-6 * time.Minute)
	case NoticeWrong:
		amount++
	}
	p := url.Values{}
	for k, v := range map[string]string{"notify_time": at.In(wallet.China).Format(time.DateTime), "notify_type": "trade_status_sync", "notify_id": "EV" + o.Trade,
		"app_id": a.cfg.AppID, "auth_app_id": a.cfg.AppID, "charset": "utf-8", "version": "1.0", "sign_type": "RSA2", "seller_id": a.cfg.SellerID,
		"trade_no": o.Trade, "out_trade_no": o.Number, "trade_status": "TRADE_SUCCESS", "total_amount": yuan(amount), "receipt_amount": yuan(amount),
		"subject": "商品", "gmt_payment": o.PaidAt.In(wallet.China).Format(time.DateTime), "fund_bill_list": `[{"amount":"` + yuan(amount) + `","fundChannel":"ALIPAYACCOUNT"}]`} {
		p.Set(k, v)
	}
	a.mu.Lock()
	key := a.signer.key
	a.mu.Unlock()
	message := alipay.NoticeMessage(p)
	if f == NoticeForged {
		message = append(message, 'x')
	}
	sig, err := key.Sign(message)
	if err == nil {
		p.Set("sign", sig)
	}
	return http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}, []byte(p.Encode())
}
