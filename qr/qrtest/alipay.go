package qrtest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/alipay"
	"github.com/openecr/openecr/qr/wallet"
)

// AlipayConfig is an application at the simulated Alipay. Zero fields are made up.
type AlipayConfig struct {
	Listen
	AppID, SellerID string
	Merchant        wallet.SigningKey // the application's key: only its public half is used
	Platform        wallet.SigningKey // what Alipay signs with
	Certificates    bool              // certificate mode
	AppAuthToken    string            // wanted in every request, if set
	// Notify is where notifications really go; empty: to the order's notify_url.
	Notify string
}

// Alipay is Alipay's gateway as a simulator. It checks the signature and the time of every
// request, and signs every answer.
//
// Of the faults, Unsigned is an error_response without a signature, SystemError is
// ACQ.SYSTEM_ERROR, UndoAgain is retry_flag=Y, UndoRefused is ACQ.SELLER_BALANCE_NOT_ENOUGH,
// RefundSlow is fund_change=N of a refund that a question then finds given. It has no words
// for ClockOff, because answers carry no time, and none for RefundFails.
type Alipay struct {
	bank  *Bank
	cfg   AlipayConfig
	srv   *server
	notes *notifier

	mu     sync.Mutex
	signer alipaySigner
	older  map[string][]byte // certificates by number, as files
	bills  map[string][]byte
}

// simulated application and seller: nobody's.
const (
	someAlipayApp = "2021000000000009"
	somePID       = "2088000000000009"
)

// SomeAlipay is the application and seller an Alipay knows when it is told none:
// for profiles. None of it is anybody's.
func SomeAlipay() (app, seller string) { return someAlipayApp, somePID }

// NewAlipay listens.
func NewAlipay(bank *Bank, cfg AlipayConfig) (*Alipay, error) {
	if cfg.AppID == "" {
		cfg.AppID = someAlipayApp
	}
	if cfg.SellerID == "" {
		cfg.SellerID = somePID
	}
	spare, err := spareKeys()
	if err != nil {
		return nil, err
	}
	if cfg.Merchant.IsZero() {
		cfg.Merchant = spare[0]
	}
	if cfg.Platform.IsZero() {
		cfg.Platform = spare[2]
	}
	a := &Alipay{bank: bank, cfg: cfg, notes: newNotifier(bank), older: map[string][]byte{}, bills: map[string][]byte{}, signer: alipaySigner{key: cfg.Platform}}
	if cfg.Certificates {
		if err := a.certify(cfg.Platform); err != nil {
			return nil, err
		}
	}
	if a.srv, err = listen(cfg.Listen, a); err != nil {
		return nil, err
	}
	bank.Listen(a.event)
	return a, nil
}

// URL is where the gateway listens.
func (a *Alipay) URL() string { return a.srv.url + "/gateway.do" }

// Close ends the socket, and notifications under way.
func (a *Alipay) Close() error {
	a.notes.close()
	return a.srv.close()
}

// Client is a configuration that fits the simulator.
func (a *Alipay) Client() alipay.Config {
	c := alipay.Config{BaseURL: a.URL(), AppID: a.cfg.AppID, Key: a.cfg.Merchant, SellerID: a.cfg.SellerID, NotifyURL: "https://shop.example/alipay",
		TerminalID: "till-1", StoreID: "store-1", OperatorID: "clerk-1", AppAuthToken: pos.NewSecret([]byte(a.cfg.AppAuthToken)), Client: a.srv.client}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cfg.Certificates {
		c.Certificates = a.signer.files
	} else {
		c.AlipayKey = a.signer.key.Public()
	}
	return c
}

// alipayWords are an inner object: code, msg, sub_code, sub_msg and what the call answers.
type alipayWords map[string]any

func alipayDone(fields alipayWords) alipayWords {
	fields["code"], fields["msg"] = "10000", "Success"
	return fields
}

func alipayFailed(sub, text string) alipayWords {
	return alipayWords{"code": "40004", "msg": "Business Failed", "sub_code": sub, "sub_msg": text}
}

var alipayCalls = map[string]Call{
	"alipay.trade.pay": CallPay, "alipay.trade.precreate": CallShow, "alipay.trade.query": CallQuery, "alipay.trade.cancel": CallUndo,
	"alipay.trade.close": CallClose, "alipay.trade.refund": CallRefund, "alipay.trade.fastpay.refund.query": CallQueryRefund,
	"alipay.data.dataservice.bill.downloadurl.query": CallBill, "alipay.open.app.alipaycert.download": CallKeys,
}

// ServeHTTP answers one request.
func (a *Alipay) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/bill/") {
		a.serveBill(rw, r)
		return
	}
	p, err := url.ParseQuery(string(body(r)))
	if err != nil || r.URL.Path != "/gateway.do" {
		http.NotFound(rw, r)
		return
	}
	method := p.Get("method")
	call, known := alipayCalls[method]
	f := a.bank.Next(call)
	if f.breaks(rw) {
		return
	}
	if f.Name == Unsigned {
		rw.Write([]byte(`{"error_response":{"code":"40006","msg":"Insufficient Permissions","sub_code":"isv.insufficient-isv-permissions","sub_msg":"ISV权限不足"}}`))
		return
	}
	answer := a.refusal(p, known)
	if answer == nil {
		answer = a.answer(call, f, p)
	}
	if f.spoils(rw) {
		return
	}
	a.reply(rw, f, method, answer)
}

// refusal is how the gateway itself refuses a request, or nil.
func (a *Alipay) refusal(p url.Values, known bool) alipayWords {
	no := func(code, msg, sub string) alipayWords {
		return alipayWords{"code": code, "msg": msg, "sub_code": sub, "sub_msg": sub}
	}
	at, err := time.ParseInLocation(time.DateTime, p.Get("timestamp"), wallet.China)
	a.mu.Lock()
	appSN, rootSN := a.signer.appSN, a.signer.rootSN
	a.mu.Unlock()
	switch {
	case p.Get("app_id") != a.cfg.AppID:
		return no("40002", "Invalid Arguments", "isv.invalid-app-id")
	case p.Get("sign_type") != "RSA2" || p.Get("charset") != "utf-8" || p.Get("version") != "1.0" || p.Get("format") != "JSON":
		return no("40002", "Invalid Arguments", "isv.invalid-signature-type")
	case p.Get("app_cert_sn") != appSN || p.Get("alipay_root_cert_sn") != rootSN:
		return no("40002", "Invalid Arguments", "isv.invalid-cert-sn")
	case wallet.Verify(a.cfg.Merchant.Public(), alipay.RequestMessage(p), p.Get("sign")) != nil:
		return no("40002", "Invalid Arguments", "isv.invalid-signature")
	case err != nil || !wallet.Fresh(at, a.bank.Now()):
		return no("40002", "Invalid Arguments", "isv.invalid-timestamp")
	case p.Get("app_auth_token") != a.cfg.AppAuthToken:
		return no("20001", "Insufficient Authorization", "aop.invalid-app-auth-token")
	case !known:
		return no("40002", "Invalid Arguments", "isv.invalid-method")
	}
	return nil
}

// reply signs and sends. The inner object escapes its slashes, as Alipay's does, and the
// outer one begins with the signature every other time.
func (a *Alipay) reply(rw http.ResponseWriter, f Fault, method string, answer alipayWords) {
	inner, _ := json.Marshal(answer)
	inner = []byte(strings.ReplaceAll(string(inner), "/", `\/`))
	a.mu.Lock()
	s := a.signer
	a.mu.Unlock()
	message := inner
	if f.Name == Forge {
		message = append(append([]byte(nil), inner...), ' ')
	}
	sig, err := s.key.Sign(message)
	if err != nil {
		sig = ""
	}
	tail := fmt.Sprintf(`"sign":%q`, sig)
	if s.serial != "" {
		tail += fmt.Sprintf(`,"alipay_cert_sn":%q`, s.serial)
	}
	head := fmt.Sprintf("%q:%s", strings.ReplaceAll(method, ".", "_")+"_response", inner)
	rw.Header().Set("Content-Type", "text/html;charset=utf-8")
	if len(inner)%2 == 0 {
		head, tail = tail, head
	}
	rw.Write([]byte("{" + head + "," + tail + "}"))
}

// answer does what is asked for.
func (a *Alipay) answer(call Call, f Fault, p url.Values) alipayWords {
	if f.Name == SystemError {
		return alipayFailed("ACQ.SYSTEM_ERROR", "接口返回错误")
	}
	var in alipayRequest
	if json.Unmarshal([]byte(p.Get("biz_content")), &in) != nil {
		return alipayWords{"code": "40002", "msg": "Invalid Arguments", "sub_code": "isv.invalid-biz-content"}
	}
	in.notify = p.Get("notify_url")
	out := a.serve(call, f, in)
	if f.Name == AppliedSystem {
		return alipayFailed("ACQ.SYSTEM_ERROR", "接口返回错误")
	}
	return out
}

// alipayRequest is any biz_content.
type alipayRequest struct {
	Number   string `json:"out_trade_no"`
	Scene    string `json:"scene"`
	Code     string `json:"auth_code"`
	Subject  string `json:"subject"`
	Total    string `json:"total_amount"`
	Timeout  string `json:"timeout_express"`
	Expires  string `json:"time_expire"`
	Refund   string `json:"out_request_no"`
	Amount   string `json:"refund_amount"`
	BillType string `json:"bill_type"`
	BillDate string `json:"bill_date"`
	Serial   string `json:"alipay_cert_sn"`
	notify   string
}

func (a *Alipay) serve(call Call, f Fault, in alipayRequest) alipayWords {
	switch call {
	case CallPay:
		return a.pay(f, in)
	case CallShow:
		return a.show(f, in)
	case CallQuery:
		return a.query(f, in)
	case CallUndo:
		return a.cancel(f, in)
	case CallClose:
		o, err := a.bank.CloseOrder(in.Number)
		if err != nil {
			return a.refuse(err)
		}
		return alipayDone(alipayWords{"out_trade_no": o.Number, "trade_no": o.Trade})
	case CallRefund:
		return a.refund(f, in)
	case CallQueryRefund:
		return a.queryRefund(f, in)
	case CallBill:
		return a.bill(in)
	}
	return a.certificate(in.Serial)
}

// refuse says a bank's error in Alipay's words.
func (a *Alipay) refuse(err error) alipayWords {
	for _, e := range []struct {
		err  error
		code string
	}{
		{ErrNoOrder, "ACQ.TRADE_NOT_EXIST"}, {ErrUsed, "ACQ.CONTEXT_INCONSISTENT"}, {ErrCodeUsed, "ACQ.PAYMENT_AUTH_CODE_INVALID"},
		{ErrExpired, "ACQ.PAYMENT_AUTH_CODE_INVALID"}, {ErrBalance, "ACQ.BUYER_BALANCE_NOT_ENOUGH"}, {ErrPaid, "ACQ.TRADE_HAS_SUCCESS"},
		{ErrClosed, "ACQ.TRADE_HAS_CLOSE"}, {ErrTooMuch, "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"}, {ErrNoRefund, "ACQ.TRADE_NOT_EXIST"},
	} {
		if errors.Is(err, e.err) {
			return alipayFailed(e.code, err.Error())
		}
	}
	return alipayFailed("ACQ.SYSTEM_ERROR", err.Error())
}

// newOrder reads what pay and precreate have in common.
func (in alipayRequest) newOrder() (New, bool) {
	m, err := pos.ParseMoney(in.Total, pos.CNY)
	ok := err == nil && m.Minor() > 0 && alipayNumber(in.Number) && in.Subject != ""
	return New{Number: in.Number, Amount: m.Minor(), Trade: "22", Extra: map[string]string{"notify": in.notify, "front": "alipay"}}, ok
}

func (a *Alipay) pay(f Fault, in alipayRequest) alipayWords {
	n, ok := in.newOrder()
	if !ok || in.Timeout == "" {
		return alipayFailed("ACQ.INVALID_PARAMETER", "参数无效")
	}
	if scene := alipayScene(in.Code); scene == "" || scene != in.Scene {
		return alipayFailed("ACQ.PAYMENT_AUTH_CODE_INVALID", "支付失败，获取顾客账户信息失败，请顾客刷新付款码后重新收款")
	}
	n.Code = in.Code
	o, err := a.bank.Pay(n)
	switch {
	case err != nil:
		return a.refuse(err)
	case o.State == Failed && o.Why == poor:
		return a.refuse(ErrBalance)
	case o.State == Open:
		return a.spoil(f, alipayWords{"code": "10003", "msg": "order success pay inprocess", "out_trade_no": o.Number, "trade_no": o.Trade})
	case o.State != Paid:
		return a.refuse(ErrClosed)
	}
	return a.spoil(f, a.trade(o))
}

// alipayScene is the scene a payment code needs, or none.
func alipayScene(code string) string {
	switch {
	case len(code) == 35 && strings.HasPrefix(code, "fp"):
		return "security_code"
	case len(code) >= 16 && len(code) <= 24 && code >= "25" && code < "31":
		return "bar_code"
	}
	return ""
}

func (a *Alipay) show(f Fault, in alipayRequest) alipayWords {
	n, ok := in.newOrder()
	if in.Expires != "" {
		at, err := time.ParseInLocation(time.DateTime, in.Expires, wallet.China)
		n.Life = at.Sub(a.bank.Now())
		ok = ok && err == nil && n.Life > 0
	}
	if !ok {
		return alipayFailed("ACQ.INVALID_PARAMETER", "参数无效")
	}
	o, err := a.bank.Show(n)
	if err != nil {
		return a.refuse(err)
	}
	return a.spoil(f, alipayDone(alipayWords{"out_trade_no": o.Number, "qr_code": "https://qr.alipay.com/bax" + o.Trade}))
}

// trade tells of an order that is paid.
func (a *Alipay) trade(o Order) alipayWords {
	return alipayDone(alipayWords{"out_trade_no": o.Number, "trade_no": o.Trade, "total_amount": yuan(o.Amount), "receipt_amount": yuan(o.Amount),
		"buyer_pay_amount": yuan(o.Amount), "gmt_payment": o.PaidAt.In(wallet.China).Format(time.DateTime), "buyer_logon_id": "159****5620",
		"fund_bill_list": []alipayWords{{"amount": yuan(o.Amount), "fund_channel": "ALIPAYACCOUNT"}}})
}

// spoil puts what a fault makes wrong into an answer.
func (a *Alipay) spoil(f Fault, w alipayWords) alipayWords {
	switch f.Name {
	case WrongAmount:
		for _, k := range []string{"total_amount", "refund_amount", "refund_fee"} {
			if m, err := pos.ParseMoney(fmt.Sprint(w[k]), pos.CNY); err == nil {
				w[k] = yuan(m.Minor() + 1)
			}
		}
	case WrongMerchant:
		w["seller_id"] = "2088000000000001"
	case WrongOrder:
		w["out_trade_no"] = "another-order"
	}
	return w
}

// query tells of an order. One that is shown does not exist until somebody scans it.
func (a *Alipay) query(f Fault, in alipayRequest) alipayWords {
	o, err := a.bank.Order(in.Number)
	if err != nil || o.Kind == "shown" && o.State == Open {
		return a.refuse(ErrNoOrder)
	}
	w := a.trade(o)
	delete(w, "gmt_payment")
	switch {
	case o.State == Open:
		w["trade_status"] = "WAIT_BUYER_PAY"
	case o.Holds() > 0:
		w["trade_status"] = "TRADE_SUCCESS"
	default:
		w["trade_status"] = "TRADE_CLOSED"
	}
	if o.WasPaid {
		w["send_pay_date"] = o.PaidAt.In(wallet.China).Format(time.DateTime)
	}
	return a.spoil(f, w)
}

// alipayCancelFor is how long an order can be canceled.
const alipayCancelFor = 24 * time.Hour

// cancel answers an order it does not know with success, as Alipay does.
func (a *Alipay) cancel(f Fault, in alipayRequest) alipayWords {
	switch f.Name {
	case UndoRefused:
		return alipayFailed("ACQ.SELLER_BALANCE_NOT_ENOUGH", "商户的支付宝账户中无足够的资金进行撤销")
	case UndoAgain:
		return alipayDone(alipayWords{"out_trade_no": in.Number, "retry_flag": "Y"})
	}
	if o, err := a.bank.Order(in.Number); err == nil && a.bank.Now().Sub(o.Created) > alipayCancelFor {
		return alipayFailed("ACQ.TRADE_CANCEL_TIME_OUT", "超过撤销时间范围")
	}
	o, err := a.bank.Revoke(in.Number)
	w := alipayDone(alipayWords{"out_trade_no": in.Number, "retry_flag": "N"})
	switch {
	case errors.Is(err, ErrNoOrder):
		return a.spoil(f, w)
	case err != nil:
		return alipayFailed("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
	}
	w["trade_no"], w["action"] = o.Trade, "close"
	if o.WasPaid {
		w["action"] = "refund"
	}
	return a.spoil(f, w)
}

func (a *Alipay) refund(f Fault, in alipayRequest) alipayWords {
	m, err := pos.ParseMoney(in.Amount, pos.CNY)
	if err != nil || in.Refund == "" || len(in.Refund) > 64 {
		return alipayFailed("ACQ.INVALID_PARAMETER", "参数无效")
	}
	if f.Name == UndoRefused {
		return alipayFailed("ACQ.SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足")
	}
	_, _, missing := a.bank.FindRefund(in.Refund)
	o, r, err := a.bank.Refund(in.Number, in.Refund, m.Minor())
	if err != nil {
		return a.refuse(err)
	}
	w := alipayDone(alipayWords{"out_trade_no": o.Number, "trade_no": o.Trade, "fund_change": "N", "refund_fee": yuan(o.GivenBack()),
		"gmt_refund_pay": r.Time.In(wallet.China).Format(time.DateTime)})
	if missing != nil && r.State == RefundDone {
		w["fund_change"] = "Y"
	}
	return a.spoil(f, w)
}

func (a *Alipay) queryRefund(f Fault, in alipayRequest) alipayWords {
	if _, err := a.bank.Order(in.Number); err != nil {
		return a.refuse(err)
	}
	o, r, err := a.bank.FindRefund(in.Refund)
	if err != nil || o.Number != in.Number || r.State == RefundBroken {
		return alipayDone(alipayWords{})
	}
	return a.spoil(f, alipayDone(alipayWords{"out_trade_no": o.Number, "trade_no": o.Trade, "out_request_no": r.Number, "refund_amount": yuan(r.Amount),
		"total_amount": yuan(o.Amount), "refund_status": "REFUND_SUCCESS", "gmt_refund_pay": r.Time.In(wallet.China).Format(time.DateTime)}))
}

// certificate answers the download of one.
func (a *Alipay) certificate(serial string) alipayWords {
	a.mu.Lock()
	defer a.mu.Unlock()
	file, ok := a.older[serial]
	if !ok {
		return alipayFailed("isv.cert-not-exist", "证书不存在")
	}
	return alipayDone(alipayWords{"alipay_cert_content": base64.StdEncoding.EncodeToString(file)})
}

// alipayNumber checks an out_trade_no: letters, digits and underscores.
func alipayNumber(s string) bool {
	for _, c := range []byte(s) {
		if c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}
