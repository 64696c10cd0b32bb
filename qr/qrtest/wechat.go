package qrtest

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/openecr/openecr/qr/wechat"
)

// WeChatConfig is a merchant at the simulated WeChat Pay. Zero fields are made up.
type WeChatConfig struct {
	Listen
	AppID, MerchantID string
	Merchant          wallet.SigningKey // the shop's key: only its public half is used
	APIv3Key          string            // 32 characters
	Platform          wallet.SigningKey // what it signs with
	Certificates      bool              // sign with a platform certificate, not the public key
	V2Key             string            // 32 characters: the older API's
	// ReversedIsRefund tells of a paid order that was reversed as REFUND, not REVOKED.
	ReversedIsRefund bool
	// Notify is where notifications really go; empty: to the order's notify_url.
	Notify string
}

// WeChat is WeChat Pay as a simulator: API v3, and v2 for code pay. It checks
// every signature and signs every answer.
type WeChat struct {
	bank  *Bank
	cfg   WeChatConfig
	srv   *server
	notes *notifier

	mu    sync.Mutex
	keys  []platformKey // the last one signs
	bills map[string][]byte
}

// platformKey is one the platform signs with.
type platformKey struct {
	serial string
	key    wallet.SigningKey
	cert   []byte // PEM
}

// simulated merchant, key and order data: nobody's.
const (
	someAppID    = "wxd678efh567hg6787"
	someMerchant = "1230000109"
	someV3Key    = "0123456789abcdef0123456789ABCDEF"
	someV2Key    = "ABCDEF0123456789abcdef0123456789"
	someSerial   = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
	publicKeyID  = "PUB_KEY_ID_0000000000000024101100397200000006"
)

// WeChatMerchant is who a WeChat knows when it is told nobody: for profiles.
type WeChatMerchant struct{ AppID, MerchantID, Serial, PublicKeyID, APIv3Key, V2Key string }

// SomeWeChat is that merchant. None of it is anybody's.
func SomeWeChat() WeChatMerchant {
	return WeChatMerchant{someAppID, someMerchant, someSerial, publicKeyID, someV3Key, someV2Key}
}

// NewWeChat listens.
func NewWeChat(bank *Bank, cfg WeChatConfig) (*WeChat, error) {
	for _, f := range []struct {
		field *string
		value string
	}{{&cfg.AppID, someAppID}, {&cfg.MerchantID, someMerchant}, {&cfg.APIv3Key, someV3Key}, {&cfg.V2Key, someV2Key}} {
		if *f.field == "" {
			*f.field = f.value
		}
	}
	spare, err := spareKeys()
	if err != nil {
		return nil, err
	}
	if cfg.Merchant.IsZero() {
		cfg.Merchant = spare[0]
	}
	if cfg.Platform.IsZero() {
		cfg.Platform = spare[1]
	}
	w := &WeChat{bank: bank, cfg: cfg, notes: newNotifier(bank), bills: map[string][]byte{}}
	if cfg.Certificates {
		if err := w.addCertificate(cfg.Platform); err != nil {
			return nil, err
		}
	} else {
		w.keys = []platformKey{{serial: publicKeyID, key: cfg.Platform}}
	}
	if w.srv, err = listen(cfg.Listen, w); err != nil {
		return nil, err
	}
	bank.Listen(w.event)
	return w, nil
}

// URL is where it listens.
func (w *WeChat) URL() string { return w.srv.url }

// Close ends the socket, and notifications under way.
func (w *WeChat) Close() error {
	w.notes.close()
	return w.srv.close()
}

// Client is a configuration that fits the simulator.
func (w *WeChat) Client() wechat.Config {
	c := wechat.Config{BaseURL: w.URL(), AppID: w.cfg.AppID, MerchantID: w.cfg.MerchantID, Serial: someSerial, Key: w.cfg.Merchant,
		APIv3Key: pos.NewSecret([]byte(w.cfg.APIv3Key)), NotifyURL: "https://shop.example/wechat", Client: w.srv.client, Device: "till-1"}
	if w.cfg.Certificates {
		c.Certificates = true
	} else {
		c.PublicKeyID, c.PublicKey = w.keys[0].serial, w.keys[0].key.Public()
	}
	return c
}

// Rotate makes the platform sign with a new certificate from now on, as it does
// before the old one ends.
func (w *WeChat) Rotate() error {
	key, err := keyPair()
	if err != nil {
		return err
	}
	return w.addCertificate(key)
}

func (w *WeChat) addCertificate(key wallet.SigningKey) error {
	serial := make([]byte, 20)
	rand.Read(serial)
	serial[0] |= 0x40
	serial[0] &= 0x7f
	t := &x509.Certificate{SerialNumber: new(big.Int).SetBytes(serial), Subject: pkix.Name{CommonName: "Tenpay.com Root CA (simulated)"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(5, 0, 0)}
	cert, err := Issue(t, key)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.keys = append(w.keys, platformKey{strings.ToUpper(hex.EncodeToString(serial)), key, cert})
	return nil
}

func (w *WeChat) signer() platformKey {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.keys[len(w.keys)-1]
}

// ServeHTTP answers one request.
func (w *WeChat) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	text := body(r)
	if !strings.HasPrefix(r.URL.Path, "/v3/") {
		w.serveV2(rw, r, text)
		return
	}
	call := w.callOf(r)
	f := w.bank.Next(call)
	if f.breaks(rw) {
		return
	}
	if f.Name == Unsigned {
		rw.WriteHeader(http.StatusForbidden)
		json.NewEncoder(rw).Encode(v3Error{"NO_AUTH", "no permission"})
		return
	}
	if err := w.authorised(r, text); err != nil {
		rw.WriteHeader(http.StatusUnauthorized)
		json.NewEncoder(rw).Encode(v3Error{"SIGN_ERROR", err.Error()})
		return
	}
	status, answer := w.answer(call, f, r, text)
	if f.spoils(rw) {
		return
	}
	w.reply(rw, f, status, answer)
}

func (w *WeChat) callOf(r *http.Request) Call {
	p := r.URL.Path
	switch {
	case p == "/v3/certificates":
		return CallKeys
	case strings.HasSuffix(p, "/codepay"):
		return CallPay
	case strings.HasSuffix(p, "/native"):
		return CallShow
	case strings.HasSuffix(p, "/reverse"):
		return CallUndo
	case strings.HasSuffix(p, "/close"):
		return CallClose
	case p == "/v3/refund/domestic/refunds":
		return CallRefund
	case strings.HasPrefix(p, "/v3/refund/"):
		return CallQueryRefund
	case strings.HasPrefix(p, "/v3/bill"):
		return CallBill
	}
	return CallQuery
}

// v3Error is how v3 refuses.
type v3Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// authorised checks the request's signature as WeChat does.
func (w *WeChat) authorised(r *http.Request, text []byte) error {
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if scheme != "WECHATPAY2-SHA256-RSA2048" {
		return errors.New("the signature scheme is wrong")
	}
	f := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		k, v, _ := strings.Cut(part, "=")
		f[strings.TrimSpace(k)] = strings.Trim(v, `"`)
	}
	sec, err := strconv.ParseInt(f["timestamp"], 10, 64)
	if err != nil || !wallet.Fresh(time.Unix(sec, 0), w.bank.Now()) {
		return errors.New("the timestamp is too old or in the future")
	}
	if f["mchid"] != w.cfg.MerchantID || f["serial_no"] != someSerial {
		return errors.New("no such merchant certificate")
	}
	return wallet.Verify(w.cfg.Merchant.Public(), wechat.RequestMessage(r.Method, r.URL.RequestURI(), time.Unix(sec, 0), f["nonce_str"], text), f["signature"])
}

// reply signs and sends.
func (w *WeChat) reply(rw http.ResponseWriter, f Fault, status int, answer any) {
	var text []byte
	if raw, ok := answer.([]byte); ok {
		text = raw
	} else if answer != nil {
		text, _ = json.Marshal(answer)
	}
	at := w.bank.Now()
	if f.Name == ClockOff {
		at = at.Add(-6 * time.Minute)
	}
	for k, v := range w.sign(at, text, f.Name == Forge) {
		rw.Header()[k] = v
	}
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.Header().Set("Date", w.bank.Now().UTC().Format(http.TimeFormat))
	rw.WriteHeader(status)
	if status != http.StatusNoContent {
		rw.Write(text)
	}
}

// sign makes the headers of an answer or notification.
func (w *WeChat) sign(at time.Time, text []byte, forge bool) http.Header {
	k := w.signer()
	nonce, stamp := "5K8264ILTKCH16CQ2502SI8ZNMTM67VS", strconv.FormatInt(at.Unix(), 10)
	message := wechat.AnswerMessage(stamp, nonce, text)
	if forge {
		message = append(message, 'x')
	}
	sig, err := k.key.Sign(message)
	if err != nil {
		sig = ""
	}
	h := http.Header{}
	h.Set("Wechatpay-Timestamp", stamp)
	h.Set("Wechatpay-Nonce", nonce)
	h.Set("Wechatpay-Serial", k.serial)
	h.Set("Wechatpay-Signature", sig)
	h.Set("Wechatpay-Signature-Type", "WECHATPAY2-SHA256-RSA2048")
	return h
}

// answer does what is asked for.
func (w *WeChat) answer(call Call, f Fault, r *http.Request, text []byte) (int, any) {
	if f.Name == SystemError {
		return http.StatusInternalServerError, v3Error{"SYSTEM_ERROR", "system error"}
	}
	status, out := w.serve(call, f, r, text)
	if f.Name == AppliedSystem {
		return http.StatusInternalServerError, v3Error{"SYSTEM_ERROR", "system error"}
	}
	return status, out
}

func (w *WeChat) serve(call Call, f Fault, r *http.Request, text []byte) (int, any) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	last := parts[len(parts)-1]
	switch call {
	case CallKeys:
		return w.certificates()
	case CallPay, CallShow:
		return w.order(call, f, text)
	case CallQuery:
		o, err := w.bank.Order(last)
		if strings.Contains(r.URL.Path, "/id/") {
			o, err = w.bank.Find(last)
		}
		if err != nil {
			return w.refuse(err)
		}
		return http.StatusOK, w.transaction(o, f)
	case CallUndo:
		return w.reverse(parts[len(parts)-2], f)
	case CallClose:
		if _, err := w.bank.CloseOrder(parts[len(parts)-2]); err != nil {
			return w.refuse(err)
		}
		return http.StatusNoContent, nil
	case CallRefund:
		return w.refund(f, text)
	case CallQueryRefund:
		o, re, err := w.bank.FindRefund(last)
		if err != nil {
			return w.refuse(err)
		}
		return http.StatusOK, w.refundAnswer(o, re, f)
	}
	return w.bill(r)
}

// refuse says a bank's error in WeChat's words.
func (w *WeChat) refuse(err error) (int, any) {
	for _, e := range []struct {
		err    error
		status int
		code   string
	}{
		{ErrNoOrder, http.StatusNotFound, "ORDER_NOT_EXIST"}, {ErrUsed, http.StatusForbidden, "OUT_TRADE_NO_USED"},
		{ErrCodeUsed, http.StatusBadRequest, "AUTH_CODE_INVALID"}, {ErrExpired, http.StatusBadRequest, "AUTHCODEEXPIRE"},
		{ErrBalance, http.StatusForbidden, "NOTENOUGH"}, {ErrPaid, http.StatusBadRequest, "ORDERPAID"}, {ErrClosed, http.StatusBadRequest, "ORDER_CLOSED"},
		{ErrTooMuch, http.StatusBadRequest, "INVALID_REQUEST"}, {ErrNoRefund, http.StatusNotFound, "RESOURCE_NOT_EXISTS"},
	} {
		if errors.Is(err, e.err) {
			return e.status, v3Error{e.code, err.Error()}
		}
	}
	return http.StatusInternalServerError, v3Error{"SYSTEM_ERROR", err.Error()}
}

func (w *WeChat) certificates() (int, any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []map[string]any
	for _, k := range w.keys {
		if k.cert == nil {
			continue
		}
		sealed, err := wechat.Seal(pos.NewSecret([]byte(w.cfg.APIv3Key)), "certificate", "61f9c719728a", k.cert)
		if err != nil {
			return http.StatusInternalServerError, v3Error{"SYSTEM_ERROR", err.Error()}
		}
		list = append(list, map[string]any{"serial_no": k.serial, "effective_time": "2026-01-01T00:00:00+08:00",
			"expire_time": "2031-01-01T00:00:00+08:00", "encrypt_certificate": sealed})
	}
	return http.StatusOK, map[string]any{"data": list}
}

func (w *WeChat) order(call Call, f Fault, text []byte) (int, any) {
	var in struct {
		AppID      string `json:"appid"`
		MerchantID string `json:"mchid"`
		Number     string `json:"out_trade_no"`
		NotifyURL  string `json:"notify_url"`
		Expire     string `json:"time_expire"`
		Text       string `json:"description"`
		Payer      struct {
			Code string `json:"auth_code"`
		} `json:"payer"`
		Amount struct {
			Total    int64  `json:"total"`
			Currency string `json:"currency"`
		} `json:"amount"`
		Scene struct {
			IP string `json:"device_ip"`
		} `json:"scene_info"`
	}
	if json.Unmarshal(text, &in) != nil || len(in.Number) < 6 || len(in.Number) > 32 || in.Amount.Total <= 0 || in.Amount.Currency != "CNY" || in.Text == "" {
		return http.StatusBadRequest, v3Error{"PARAM_ERROR", "a parameter is missing or wrong"}
	}
	if in.AppID != w.cfg.AppID || in.MerchantID != w.cfg.MerchantID {
		return http.StatusForbidden, v3Error{"APPID_MCHID_NOT_MATCH", "appid and mchid do not match"}
	}
	n := New{Number: in.Number, Amount: in.Amount.Total, Trade: "42000", Extra: map[string]string{"notify": in.NotifyURL, "front": "wechat"}}
	if call == CallShow {
		return w.show(n, in.NotifyURL, in.Expire)
	}
	if c := in.Payer.Code; len(c) != 18 || c[0] != '1' || c[1] < '0' || c[1] > '5' {
		return http.StatusBadRequest, v3Error{"AUTH_CODE_INVALID", "每个二维码仅限使用一次,请刷新再试"}
	}
	if in.Scene.IP == "" {
		return http.StatusBadRequest, v3Error{"PARAM_ERROR", "scene_info.device_ip"}
	}
	n.Code = in.Payer.Code
	o, err := w.bank.Pay(n)
	if err != nil {
		return w.refuse(err)
	}
	switch {
	case o.State == Failed && o.Why == poor:
		return w.refuse(ErrBalance)
	case o.State == Open:
		return http.StatusBadRequest, v3Error{"USERPAYING", "需要用户输入支付密码"}
	case o.State == Closed || o.State == Revoked:
		return w.refuse(ErrClosed)
	}
	return http.StatusOK, w.transaction(o, f)
}

func (w *WeChat) show(n New, notify, expire string) (int, any) {
	if notify == "" {
		return http.StatusBadRequest, v3Error{"PARAM_ERROR", "notify_url"}
	}
	if expire != "" {
		at, err := time.Parse(time.RFC3339, expire)
		if err != nil || at.Sub(w.bank.Now()) < 30*time.Second {
			return http.StatusBadRequest, v3Error{"PARAM_ERROR", "time_expire"}
		}
		n.Life = at.Sub(w.bank.Now())
	}
	o, err := w.bank.Show(n)
	if err != nil {
		return w.refuse(err)
	}
	return http.StatusOK, map[string]string{"code_url": "weixin://wxpay/bizpayurl?pr=" + o.Trade[len(o.Trade)-9:]}
}

// transaction tells of an order.
func (w *WeChat) transaction(o Order, f Fault) map[string]any {
	state, text := "NOTPAY", "订单未支付"
	switch {
	case o.State == Open && o.Kind == "code":
		state, text = "USERPAYING", "用户支付中"
	case o.State == Paid && o.GivenBack() > 0:
		state, text = "REFUND", "转入退款"
	case o.State == Paid:
		state, text = "SUCCESS", "支付成功"
	case o.State == Closed:
		state, text = "CLOSED", "已关闭"
	case o.State == Revoked && o.WasPaid && w.cfg.ReversedIsRefund:
		state, text = "REFUND", "转入退款"
	case o.State == Revoked:
		state, text = "REVOKED", "已撤销"
	case o.State == Failed:
		state, text = "PAYERROR", "支付失败"
	}
	t := map[string]any{"appid": w.cfg.AppID, "mchid": w.cfg.MerchantID, "out_trade_no": o.Number, "trade_state": state, "trade_state_desc": text}
	total := o.Amount
	switch f.Name {
	case WrongAmount:
		total++
	case WrongMerchant:
		t["mchid"] = "1900000000"
	case WrongOrder:
		t["out_trade_no"] = "another-" + o.Number[:min(6, len(o.Number))]
	}
	if o.WasPaid {
		t["transaction_id"], t["trade_type"], t["bank_type"] = o.Trade, map[string]string{"code": "MICROPAY", "shown": "NATIVE"}[o.Kind], "OTHERS"
		t["success_time"] = o.PaidAt.In(wallet.China).Format(time.RFC3339)
		t["amount"] = map[string]any{"total": total, "payer_total": total, "currency": "CNY", "payer_currency": "CNY"}
		t["payer"] = map[string]string{"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}
	}
	return t
}

func (w *WeChat) reverse(number string, f Fault) (int, any) {
	switch f.Name {
	case UndoRefused:
		return http.StatusBadRequest, v3Error{"REVERSE_EXPIRE", "订单无法撤销"}
	case UndoAgain:
		return http.StatusBadRequest, v3Error{"USERPAYING", "用户支付中,稍后再试"}
	}
	if _, err := w.bank.Revoke(number); err != nil {
		return w.refuse(err)
	}
	out := map[string]string{"appid": w.cfg.AppID, "mchid": w.cfg.MerchantID, "out_trade_no": number}
	if f.Name == WrongMerchant {
		out["mchid"] = "1900000000"
	}
	return http.StatusOK, out
}

func (w *WeChat) refund(f Fault, text []byte) (int, any) {
	var in struct {
		Number string `json:"out_trade_no"`
		Refund string `json:"out_refund_no"`
		Amount struct {
			Refund   int64  `json:"refund"`
			Total    int64  `json:"total"`
			Currency string `json:"currency"`
		} `json:"amount"`
	}
	if json.Unmarshal(text, &in) != nil || in.Refund == "" || len(in.Refund) > 64 {
		return http.StatusBadRequest, v3Error{"PARAM_ERROR", "a parameter is missing or wrong"}
	}
	if o, err := w.bank.Order(in.Number); err == nil && o.Amount != in.Amount.Total {
		return http.StatusBadRequest, v3Error{"INVALID_REQUEST", "订单金额或退款金额与之前请求不一致"}
	}
	if f.Name == UndoRefused {
		return http.StatusForbidden, v3Error{"NOT_ENOUGH", "基本账户余额不足"}
	}
	o, re, err := w.bank.Refund(in.Number, in.Refund, in.Amount.Refund)
	if err != nil {
		return w.refuse(err)
	}
	return http.StatusOK, w.refundAnswer(o, re, f)
}

func (w *WeChat) refundAnswer(o Order, r Refund, f Fault) map[string]any {
	status := map[RefundState]string{RefundDone: "SUCCESS", RefundPending: "PROCESSING", RefundBroken: "ABNORMAL"}[r.State]
	amount, number := r.Amount, o.Number
	switch f.Name {
	case WrongAmount:
		amount++
	case WrongOrder:
		number = "another-order"
	}
	out := map[string]any{"refund_id": r.Trade, "out_refund_no": r.Number, "transaction_id": o.Trade, "out_trade_no": number,
		"channel": "ORIGINAL", "user_received_account": "支付用户零钱", "create_time": r.Time.In(wallet.China).Format(time.RFC3339), "status": status,
		"amount": map[string]any{"total": o.Amount, "refund": amount, "currency": "CNY"}}
	if r.State == RefundDone {
		out["success_time"] = r.Time.In(wallet.China).Format(time.RFC3339)
	}
	return out
}

// event makes notifications: native orders only, and refunds.
func (w *WeChat) event(e Event) {
	url := e.Order.Extra["notify"]
	if e.Order.Extra["front"] != "wechat" || url == "" {
		return
	}
	if w.cfg.Notify != "" {
		url = w.cfg.Notify
	}
	id := fmt.Sprintf("EV-%s-%d", e.Order.Trade, len(e.Order.Refunds))
	w.notes.post(url, func(f FaultName) (http.Header, []byte) { return w.notice(id, e, f) },
		func(status int, _ []byte) bool { return status == http.StatusOK || status == http.StatusNoContent })
}

func (w *WeChat) notice(id string, e Event, f FaultName) (http.Header, []byte) {
	kind, original := "TRANSACTION.SUCCESS", "transaction"
	inner := w.transaction(e.Order, Fault{})
	inner["trade_state"] = "SUCCESS"
	if f == NoticeWrong {
		inner = w.transaction(e.Order, Fault{Name: WrongAmount})
	}
	if e.Refund != nil {
		kind, original = "REFUND.SUCCESS", "refund"
		if e.Refund.State == RefundBroken {
			kind = "REFUND.ABNORMAL"
		}
		inner = w.refundAnswer(e.Order, *e.Refund, Fault{})
		inner["mchid"], inner["refund_status"] = w.cfg.MerchantID, inner["status"]
	}
	plain, _ := json.Marshal(inner)
	sealed, err := wechat.Seal(pos.NewSecret([]byte(w.cfg.APIv3Key)), original, "fdasflkja484", plain)
	if err != nil {
		return nil, nil
	}
	text, _ := json.Marshal(map[string]any{"id": id, "create_time": w.bank.Now().Format(time.RFC3339), "resource_type": "encrypt-resource",
		"event_type": kind, "summary": "支付成功", "resource": map[string]any{"original_type": original, "algorithm": sealed.Algorithm,
			"ciphertext": sealed.Ciphertext, "associated_data": sealed.Additional, "nonce": sealed.Nonce}})
	at := w.bank.Now()
	if f == NoticeOld {
		at = at.Add(-6 * time.Minute)
	}
	h := w.sign(at, text, f == NoticeForged)
	h.Set("Content-Type", "application/json")
	return h, text
}

// bill answers the application for a bill, and its download.
func (w *WeChat) bill(r *http.Request) (int, any) {
	if r.URL.Path == "/v3/billdownload/file" {
		w.mu.Lock()
		defer w.mu.Unlock()
		return http.StatusOK, w.bills[r.URL.Query().Get("token")]
	}
	day, err := time.ParseInLocation(time.DateOnly, r.URL.Query().Get("bill_date"), wallet.China)
	if err != nil {
		return http.StatusBadRequest, v3Error{"PARAM_ERROR", "bill_date"}
	}
	lines := w.bank.bill(day)
	if len(lines) == 0 {
		return http.StatusBadRequest, v3Error{"NO_STATEMENT_EXIST", "账单文件不存在"}
	}
	file := w.billFile(lines)
	sum := sha1.Sum(file)
	if r.URL.Query().Get("tar_type") == "GZIP" {
		var z bytes.Buffer
		zw := gzip.NewWriter(&z)
		zw.Write(file)
		zw.Close()
		file = z.Bytes()
	}
	token := hex.EncodeToString(sum[:8])
	w.mu.Lock()
	w.bills[token] = file
	w.mu.Unlock()
	return http.StatusOK, map[string]string{"hash_type": "SHA1", "hash_value": hex.EncodeToString(sum[:]),
		"download_url": w.URL() + "/v3/billdownload/file?token=" + token}
}

const wechatColumns = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额," +
	"微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"

// billFile writes the trade bill as WeChat does: each field behind a back quote.
func (w *WeChat) billFile(lines []billLine) []byte {
	var b strings.Builder
	b.WriteString(wechatColumns + "\r\n")
	var in, back int64
	for _, l := range lines {
		f := []string{l.time.In(wallet.China).Format(time.DateTime), w.cfg.AppID, w.cfg.MerchantID, "0", "till-1", l.trade, l.order, "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
			map[string]string{"code": "MICROPAY", "shown": "NATIVE"}[l.kind], "SUCCESS", "OTHERS", "CNY", yuan(l.amount), "0.00",
			"0", "0", "0.00", "0.00", "", "", "商品", "", fmt.Sprintf("%.5f", float64(l.amount)*0.006/100), "0.60%", yuan(l.amount), "0.00", ""}
		switch {
		case l.refund != "":
			f[9], f[12], f[14], f[15], f[16], f[18], f[19] = "REFUND", "0.00", l.refundTrade, l.refund, yuan(l.amount), "ORIGINAL", "SUCCESS"
			f[22], f[24], f[25] = fmt.Sprintf("-%.5f", float64(l.amount)*0.006/100), "0.00", yuan(l.amount)
			back += l.amount
		case l.undo:
			f[9], f[12], f[14], f[15], f[16], f[18], f[19] = "REVOKED", "0.00", "50"+l.trade[2:], l.order, yuan(l.amount), "ORIGINAL", "SUCCESS"
			f[22], f[24], f[25] = fmt.Sprintf("-%.5f", float64(l.amount)*0.006/100), "0.00", yuan(l.amount)
			back += l.amount
		default:
			in += l.amount
		}
		b.WriteString("`" + strings.Join(f, ",`") + "\r\n")
	}
	b.WriteString("总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n")
	fmt.Fprintf(&b, "`%d,`%s,`%s,`0.00,`0.00000,`%s,`%s\r\n", len(lines), yuan(in), yuan(back), yuan(in), yuan(back))
	return []byte(b.String())
}
