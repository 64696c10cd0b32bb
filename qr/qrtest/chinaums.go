package qrtest

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/chinaums"
	"github.com/openecr/openecr/qr/wallet"
)

// ChinaUMSConfig is a merchant at the simulated China UMS. Zero fields are made up.
type ChinaUMSConfig struct {
	Listen
	AppID, AppKey      string
	Merchant, Terminal string
	Prefix, NoticeKey  string
	// Notify is where notifications really go; empty: to the bill's notifyUrl.
	Notify string
}

// ChinaUMS is the open platform of China UMS as a simulator: scanned codes and bills. It checks every
// signature and stamp. Its answers are not signed and not stamped, so Forge, Unsigned and ClockOff do nothing
// here; answers to a payment name neither merchant nor order.
type ChinaUMS struct {
	bank  *Bank
	cfg   ChinaUMSConfig
	srv   *server
	notes *notifier

	mu    sync.Mutex
	bills map[string]string // billNo -> order
}

// NewChinaUMS listens. The default AppId and AppKey are those of examples, nobody's.
func NewChinaUMS(bank *Bank, cfg ChinaUMSConfig) (*ChinaUMS, error) {
	for _, f := range []struct {
		field *string
		value string
	}{{&cfg.AppID, "12345678901234567890123456789012"}, {&cfg.AppKey, "12345678901234567890123456789012"}, {&cfg.Merchant, "123456789900081"},
		{&cfg.Terminal, "00810001"}, {&cfg.Prefix, "1234"}, {&cfg.NoticeKey, "1234567890123456"}} {
		if *f.field == "" {
			*f.field = f.value
		}
	}
	u := &ChinaUMS{bank: bank, cfg: cfg, notes: newNotifier(bank), bills: map[string]string{}}
	var err error
	if u.srv, err = listen(cfg.Listen, u); err != nil {
		return nil, err
	}
	bank.Listen(u.event)
	return u, nil
}

// URL is where it listens.
func (u *ChinaUMS) URL() string { return u.srv.url }

// Close ends the socket, and notifications under way.
func (u *ChinaUMS) Close() error {
	u.notes.close()
	return u.srv.close()
}

// Client is a configuration that fits the simulator.
func (u *ChinaUMS) Client() chinaums.Config {
	return chinaums.Config{BaseURL: u.URL(), AppID: u.cfg.AppID, AppKey: pos.NewSecret([]byte(u.cfg.AppKey)), Merchant: u.cfg.Merchant, Terminal: u.cfg.Terminal,
		Longitude: "+119.29129", Latitude: "+026.06359", Prefix: u.cfg.Prefix, NotifyURL: "https://shop.example/ums",
		NoticeKey: pos.NewSecret([]byte(u.cfg.NoticeKey)), Client: u.srv.client, Now: u.bank.Now}
}

// umsRequest is what the simulator reads of any request.
type umsRequest struct {
	Merchant  string `json:"merchantCode"`
	Terminal  string `json:"terminalCode"`
	Number    string `json:"merchantOrderId"`
	Amount    int64  `json:"transactionAmount"`
	Currency  string `json:"transactionCurrencyCode"`
	PayMode   string `json:"payMode"`
	Code      string `json:"payCode"`
	Device    string `json:"deviceType"`
	Longitude string `json:"longitude"`
	IP        string `json:"ip"`
	Refund    string `json:"refundRequestId"`
	Day       string `json:"oriTransDate"`

	MID      string `json:"mid"`
	TID      string `json:"tid"`
	Inst     string `json:"instMid"`
	At       string `json:"requestTimestamp"`
	BillNo   string `json:"billNo"`
	Date     string `json:"billDate"`
	Reserve  string `json:"srcReserve"`
	Total    int64  `json:"totalAmount"`
	Expires  string `json:"expireTime"`
	Notify   string `json:"notifyUrl"`
	QRCodeID string `json:"qrCodeId"`
	RefundID string `json:"refundOrderId"`
	Back     int64  `json:"refundAmount"`
}

type umsAnswer map[string]any

func umsError(code string) umsAnswer {
	return umsAnswer{"errCode": code, "errInfo": code, "errMsg": code}
}

// ServeHTTP answers one request.
func (u *ChinaUMS) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	text := body(r)
	var in umsRequest
	bad := json.Unmarshal(text, &in) != nil || r.Method != http.MethodPost
	f := u.bank.Next(u.callOf(r.URL.Path, in))
	if f.breaks(rw) {
		return
	}
	answer := umsError("INTERNAL_ERROR")
	if refused := u.authorised(r, text); bad {
		answer = umsError("BAD_REQUEST")
	} else if refused != "" {
		answer = umsError(refused)
	} else if f.Name != SystemError {
		answer = u.serve(r.URL.Path, in, f)
	}
	if f.Name == AppliedSystem {
		answer = umsError("INTERNAL_ERROR")
	}
	if f.spoils(rw) {
		return
	}
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	json.NewEncoder(rw).Encode(answer)
}

func (u *ChinaUMS) callOf(path string, in umsRequest) Call {
	switch path[strings.LastIndexByte(path, '/')+1:] {
	case "pay":
		return CallPay
	case "get-qrcode":
		return CallShow
	case "voidpayment":
		return CallUndo
	case "close-qrcode":
		return CallClose
	case "refund":
		return CallRefund
	case "query-refund":
		return CallQueryRefund
	}
	return CallQuery
}

// authorised checks signature and stamp, and says what is wrong.
func (u *ChinaUMS) authorised(r *http.Request, text []byte) string {
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	f := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		f[k] = strings.Trim(v, `"`)
	}
	at, err := time.ParseInLocation("20060102150405", f["Timestamp"], wallet.China)
	switch {
	case scheme != "OPEN-BODY-SIG" || f["AppId"] != u.cfg.AppID || len(f["Nonce"]) == 0 || len(f["Nonce"]) > 32:
		return "BAD_SIGN"
	case err != nil || !wallet.Fresh(at, u.bank.Now()):
		return "ABNORMAL_REQUEST_TIME"
	case f["Signature"] != chinaums.Sign(u.cfg.AppID, pos.NewSecret([]byte(u.cfg.AppKey)), f["Timestamp"], f["Nonce"], text):
		return "BAD_SIGN"
	}
	return ""
}

func (u *ChinaUMS) serve(path string, in umsRequest, f Fault) umsAnswer {
	_, call, bills := strings.Cut(path, "/v1/netpay/bills/")
	if bills {
		if in.MID != u.cfg.Merchant || in.TID != u.cfg.Terminal {
			return umsError("NO_MERCHANT")
		}
		if _, err := time.Parse(time.DateTime, in.At); err != nil || in.Inst != "QRPAYDEFAULT" || !strings.HasPrefix(in.BillNo, u.cfg.Prefix) || len(in.BillNo) > 32 {
			return umsError("BAD_REQUEST")
		}
		return u.serveBill(call, in, f)
	}
	if in.Merchant != u.cfg.Merchant || in.Terminal != u.cfg.Terminal {
		return umsError("NO_MERCHANT")
	}
	if in.Number == "" || len(in.Number) > 50 {
		return umsError("BAD_REQUEST")
	}
	switch path[strings.LastIndexByte(path, '/')+1:] {
	case "pay":
		return u.pay(in, f)
	case "query":
		return u.query(in, f)
	case "voidpayment":
		return u.void(in, f)
	case "refund":
		return u.refund(in, f)
	case "query-refund":
		return u.queryRefund(in, f)
	}
	return umsError("NO_SERVICE")
}

// refuse says a bank's error in the platform's words.
func (u *ChinaUMS) refuse(err error) umsAnswer {
	for _, e := range []struct {
		err  error
		code string
	}{{ErrNoOrder, "NO_ORDER"}, {ErrNoRefund, "NO_ORDER"}, {ErrUsed, "DUP_ORDER"}, {ErrCodeUsed, "TARGET_FAIL"}, {ErrExpired, "TARGET_FAIL"},
		{ErrBalance, "TARGET_FAIL"}, {ErrPaid, "OPERATION_NOT_ALLOWED"}, {ErrClosed, "OPERATION_NOT_ALLOWED"}, {ErrTooMuch, "BAD_REQUEST"}} {
		if errors.Is(err, e.err) {
			return umsError(e.code)
		}
	}
	return umsError("INTERNAL_ERROR")
}

func (u *ChinaUMS) pay(in umsRequest, f Fault) umsAnswer {
	if in.Amount <= 0 || in.Currency != "156" || in.PayMode != "CODE_SCAN" || in.Code == "" || in.Device == "" || in.Longitude == "" && in.IP == "" {
		return umsError("BAD_REQUEST")
	}
	if _, err := u.bank.Order(in.Number); err == nil {
		return umsError("DUP_ORDER")
	}
	o, err := u.bank.Pay(New{Number: in.Number, Amount: in.Amount, Code: in.Code, Trade: "20", Extra: map[string]string{"front": "chinaums"}})
	if err != nil {
		return u.refuse(err)
	}
	if o.State != Paid {
		return umsError("TARGET_FAIL")
	}
	a := umsAnswer{"errCode": "00", "errInfo": "10000成功响应码", "orderId": o.Trade, "transactionAmount": o.Amount, "amount": o.Amount, "actualTransactionAmount": o.Amount,
		"thirdPartyName": "微信钱包", "retrievalRefNum": "15005163609N", "systemTraceNum": "000015",
		"transactionDateWithYear": o.PaidAt.In(wallet.China).Format("20060102"), "transactionTime": o.PaidAt.In(wallet.China).Format("150405")}
	if f.Name == WrongAmount {
		a["transactionAmount"] = o.Amount + 1
	}
	return a
}

// dayOf is an order's day in China.
func dayOf(o Order, layout string) string { return o.Created.In(wallet.China).Format(layout) }

// find returns an order asked for by number and day.
func (u *ChinaUMS) find(in umsRequest) (Order, error) {
	o, err := u.bank.Order(in.Number)
	if err == nil && in.Day != "" && in.Day != dayOf(o, "20060102") {
		return Order{}, ErrNoOrder
	}
	return o, err
}

func (u *ChinaUMS) query(in umsRequest, f Fault) umsAnswer {
	o, err := u.find(in)
	if err != nil {
		return u.refuse(err)
	}
	code := map[State]string{Open: "FF", Paid: "0", Closed: "5", Revoked: "2", Failed: "5"}[o.State]
	if o.State == Paid && o.GivenBack() > 0 {
		code = "3"
	}
	a := umsAnswer{"errCode": "00", "errInfo": "00000成功响应码", "queryResCode": code, "queryResDesc": string(o.State), "orderId": o.Trade, "merchantOrderId": o.Number,
		"originalTransactionAmount": o.Amount, "amount": o.Amount, "refundedAmount": o.GivenBack(), "refundAmonunt": o.GivenBack(), "thirdPartyName": "微信钱包",
		"origialRetrievalRefNum": "15005163609N"}
	switch f.Name {
	case WrongAmount:
		a["originalTransactionAmount"] = o.Amount + 1
	case WrongMerchant:
		a["merchantCode"] = "999999999999999"
	case WrongOrder:
		a["merchantOrderId"] = "another-order"
	}
	return a
}

func (u *ChinaUMS) void(in umsRequest, f Fault) umsAnswer {
	switch f.Name {
	case UndoRefused:
		return umsError("NO_CROSS_DAY_TRADING")
	case UndoAgain:
		return umsError("ORDER_PROCESSING")
	}
	o, err := u.find(in)
	if err != nil {
		return u.refuse(err)
	}
	if o, err = u.bank.Revoke(o.Number); err != nil {
		return u.refuse(err)
	}
	a := umsAnswer{"errCode": "00", "errInfo": "10000成功响应码", "orderId": o.Trade, "transactionAmount": o.Amount}
	if f.Name == WrongOrder {
		a["merchantOrderId"] = "another-order"
	}
	return a
}

func (u *ChinaUMS) refund(in umsRequest, f Fault) umsAnswer {
	if in.Amount <= 0 || in.Refund == "" || len(in.Refund) >= 50 {
		return umsError("BAD_REQUEST")
	}
	o, r, err := u.bank.Refund(in.Number, in.Refund, in.Amount)
	if err != nil {
		return u.refuse(err)
	}
	switch r.State {
	case RefundPending:
		return umsError("TIMEOUT")
	case RefundBroken:
		return umsError("TARGET_FAIL")
	}
	a := umsAnswer{"errCode": "00", "errInfo": "10000成功响应码", "orderId": o.Trade, "transactionAmount": r.Amount, "refundOrderId": r.Trade}
	switch f.Name {
	case WrongAmount:
		a["transactionAmount"] = r.Amount + 1
	case WrongOrder:
		a["merchantOrderId"] = "another-order"
	}
	return a
}

func (u *ChinaUMS) queryRefund(in umsRequest, f Fault) umsAnswer {
	o, r, err := u.bank.FindRefund(in.Refund)
	if err != nil || o.Number != in.Number {
		return u.refuse(ErrNoRefund)
	}
	a := umsAnswer{"errCode": "00", "errInfo": "00000成功响应码", "refundOrderId": r.Trade, "dealType": "refund",
		"queryResCode": map[RefundState]string{RefundDone: "00", RefundPending: "FF", RefundBroken: "5"}[r.State]}
	if f.Name == WrongOrder {
		a["merchantOrderId"] = "another-order"
	}
	return a
}

// serveBill answers the family of codes that are shown.
func (u *ChinaUMS) serveBill(call string, in umsRequest, f Fault) umsAnswer {
	if call == "get-qrcode" {
		return u.getCode(in, f)
	}
	u.mu.Lock()
	number, ok := u.bills[in.BillNo]
	u.mu.Unlock()
	o, err := u.bank.Order(number)
	if !ok || err != nil || in.Date != dayOf(o, time.DateOnly) {
		return u.refuse(ErrNoOrder)
	}
	switch call {
	case "query":
		return u.bill(in.BillNo, o, f)
	case "close-qrcode":
		return u.closeCode(in, o, f)
	case "refund":
		return u.refundBill(in, o, f)
	}
	return umsError("NO_SERVICE")
}

func (u *ChinaUMS) getCode(in umsRequest, f Fault) umsAnswer {
	life := 10 * time.Minute
	if at, err := time.ParseInLocation(time.DateTime, in.Expires, wallet.China); err == nil {
		life = at.Sub(u.bank.Now())
	}
	today := u.bank.Now().In(wallet.China).Format(time.DateOnly)
	if in.Total <= 0 || in.Date != today || in.Reserve == "" || in.Notify == "" || life <= 0 {
		return umsError("BAD_REQUEST")
	}
	u.mu.Lock()
	_, used := u.bills[in.BillNo]
	u.bills[in.BillNo] = in.Reserve
	u.mu.Unlock()
	if used {
		return umsError("DUP_ORDER")
	}
	o, err := u.bank.Show(New{Number: in.Reserve, Amount: in.Total, Trade: "30", Life: life,
		Extra: map[string]string{"front": "chinaums", "notify": in.Notify, "bill": in.BillNo}})
	if err != nil {
		return u.refuse(err)
	}
	a := u.bill(in.BillNo, o, f)
	a["billStatus"], a["billQRCode"], a["qrCodeId"] = "UNPAID", "https://qr.chinaums.example/bills/qrCode.do?id="+in.QRCodeID, in.QRCodeID
	return a
}

var umsRefund = map[RefundState]string{RefundDone: "SUCCESS", RefundPending: "PROCESSING", RefundBroken: "FAIL"}

// bill tells of one.
func (u *ChinaUMS) bill(billNo string, o Order, f Fault) umsAnswer {
	status := map[State]string{Open: "UNPAID", Paid: "PAID", Closed: "CLOSED", Revoked: "CLOSED", Failed: "CLOSED"}[o.State]
	if o.GivenBack() > 0 {
		status = "REFUND"
	}
	a := umsAnswer{"errCode": "SUCCESS", "mid": u.cfg.Merchant, "tid": u.cfg.Terminal, "billNo": billNo, "billStatus": status, "totalAmount": o.Amount,
		"refundAmount": o.GivenBack(), "srcReserve": o.Number, "billDate": dayOf(o, time.DateOnly)}
	if o.WasPaid {
		a["billPayment"] = umsAnswer{"paySeqId": o.Trade, "targetSys": "WXPay", "status": "TRADE_SUCCESS", "payTime": o.PaidAt.In(wallet.China).Format(time.DateTime)}
	}
	if n := len(o.Refunds); n > 0 {
		a["refundOrderId"], a["refundStatus"] = o.Refunds[n-1].Number, umsRefund[o.Refunds[n-1].State]
	}
	switch f.Name {
	case WrongAmount:
		a["totalAmount"] = o.Amount + 1
	case WrongMerchant:
		a["mid"] = "999999999999999"
	case WrongOrder:
		a["billNo"] = u.cfg.Prefix + "another"
	}
	return a
}

func (u *ChinaUMS) closeCode(in umsRequest, o Order, f Fault) umsAnswer {
	if in.QRCodeID == "" {
		return umsError("BAD_REQUEST")
	}
	o, err := u.bank.CloseOrder(o.Number)
	if err != nil {
		return u.refuse(err)
	}
	return u.bill(in.BillNo, o, f)
}

func (u *ChinaUMS) refundBill(in umsRequest, o Order, f Fault) umsAnswer {
	o, r, err := u.bank.Refund(o.Number, in.RefundID, in.Back)
	if err != nil {
		return u.refuse(err)
	}
	a := u.bill(in.BillNo, o, f)
	a["refundTargetOrderId"] = r.Trade
	return a
}

// event makes notifications: of bills that were paid.
func (u *ChinaUMS) event(e Event) {
	address := e.Order.Extra["notify"]
	if e.Order.Extra["front"] != "chinaums" || address == "" || e.Refund != nil {
		return
	}
	if u.cfg.Notify != "" {
		address = u.cfg.Notify
	}
	u.notes.post(address, func(f FaultName) (http.Header, []byte) {
		return http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, []byte(u.notice(e.Order, f).Encode())
	}, func(status int, answer []byte) bool { return status == http.StatusOK && string(answer) == "SUCCESS" })
}

func (u *ChinaUMS) notice(o Order, f FaultName) url.Values {
	fault := Fault{}
	if f == NoticeWrong {
		fault.Name = WrongAmount
	}
	form := url.Values{"notifyId": {"N" + o.Trade}, "signType": {"SHA256"}}
	for k, v := range u.bill(o.Extra["bill"], o, fault) {
		text, _ := json.Marshal(v)
		form.Set(k, strings.Trim(string(text), `"`))
	}
	form.Set("sign", chinaums.NoticeSign(form, pos.NewSecret([]byte(u.cfg.NoticeKey))))
	if f == NoticeForged {
		form.Set("totalAmount", "1")
	}
	return form
}
