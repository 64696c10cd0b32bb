package wechat

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/internal/web"
	"github.com/openecr/openecr/qr/wallet"
)

// ConfigV2 is a merchant at the older XML API, which takes payment codes only.
// AppID, MerchantID and Key are required; Certificate with CertificateKey to undo and refund.
type ConfigV2 struct {
	BaseURL    string // default DefaultBaseURL
	AppID      string
	MerchantID string     // mch_id
	Key        pos.Secret // API 密钥, 32 characters
	SignType   SignType   // default HMAC-SHA256

	// Certificate (PEM) and CertificateKey are the merchant's API certificate
	// (API证书): without them a doubt could not be undone.
	Certificate    []byte
	CertificateKey wallet.SigningKey

	Description string // default "商品"
	Device      string // device_info
	DeviceIP    string // spbill_create_ip; default 127.0.0.1
	NoCredit    bool   // refuse credit cards: limit_pay=no_credit

	// Client is used as it is but for redirects and its certificate; nil is a sound one.
	Client *http.Client
	Now    func() time.Time
}

// HostV2 is WeChat Pay's API v2 (micropay): a wallet.Host for scanned codes. Its
// answers are signed with the shared key; bills are not signed at all. Safe for concurrent use.
type HostV2 struct {
	cfg  ConfigV2
	good atomic.Int64
	born time.Time
}

var (
	_ wallet.Host    = (*HostV2)(nil)
	_ wallet.Readier = (*HostV2)(nil)
	_ wallet.Biller  = (*HostV2)(nil)
)

// NewV2 checks the configuration. Nothing is sent. Errors: pos.ErrInvalid.
func NewV2(cfg ConfigV2) (*HostV2, error) {
	if cfg.BaseURL == "" {
		cfg.BaseURL = DefaultBaseURL
	}
	cfg.BaseURL = strings.TrimSuffix(cfg.BaseURL, "/")
	if cfg.SignType == "" {
		cfg.SignType = SignHMAC
	}
	if cfg.Description == "" {
		cfg.Description = "商品"
	}
	if cfg.DeviceIP == "" {
		cfg.DeviceIP = "127.0.0.1"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("wechat v2: %w: %w", pos.ErrInvalid, err)
	}
	cfg.Client = web.Client(cfg.Client)
	if err := cfg.present(); err != nil {
		return nil, fmt.Errorf("wechat v2: %w: %w", pos.ErrInvalid, err)
	}
	return &HostV2{cfg: cfg, born: time.Now()}, nil
}

func (c *ConfigV2) check() error {
	switch {
	case c.AppID == "" || c.MerchantID == "" || c.Key.Len() != 32:
		return errors.New("missing or wrong: AppID, MerchantID or Key of 32 characters")
	case c.SignType != SignMD5 && c.SignType != SignHMAC:
		return fmt.Errorf("the SignType %q", c.SignType)
	case len(c.Description) > maxDescription:
		return errors.New("the Description has more than 127 bytes")
	case len(c.Certificate) == 0 || c.CertificateKey.IsZero():
		return errors.New("missing: Certificate and CertificateKey, without which nothing can be undone")
	}
	return web.CheckBase(c.BaseURL)
}

// present puts the merchant's certificate into the client's own transport.
func (c *ConfigV2) present() error {
	cert, err := c.CertificateKey.Certificate(c.Certificate)
	if err != nil {
		return err
	}
	t, ok := c.Client.Transport.(*http.Transport)
	if !ok {
		return nil // the caller's own way of speaking: it presents what it presents
	}
	t = t.Clone()
	if t.TLSClientConfig == nil {
		t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	t.TLSClientConfig.Certificates = []tls.Certificate{cert}
	c.Client.Transport = t
	return nil
}

// Close ends idle connections. The host can be used again.
func (h *HostV2) Close() error {
	h.cfg.Client.CloseIdleConnections()
	return nil
}

// Device names merchant and terminal.
func (h *HostV2) Device() string { return device(h.cfg.MerchantID, h.cfg.Device) }

// Accepts WeChat's payment codes.
func (h *HostV2) Accepts() []string { return []string{"wechat"} }

// Ready is as Host.Ready. Codes cannot be shown with v2: pos.ErrUnsupported.
func (h *HostV2) Ready(ctx context.Context, o wallet.Order) error {
	if o.Shown {
		return fmt.Errorf("wechat v2: %w: this API takes scanned codes only; use v3 to show one", pos.ErrUnsupported)
	}
	if err := checkNumber(o.Number); err != nil {
		return err
	}
	if at := h.good.Load(); at != 0 && time.Since(h.born)-time.Duration(at) < readyFor {
		return ctx.Err()
	}
	_, err := h.Query(ctx, o)
	return err
}

// call makes one request and verifies the answer. An error means nothing is known.
func (h *HostV2) call(ctx context.Context, name, path string, m Message) (Message, error) {
	m["appid"], m["mch_id"], m["nonce_str"], m["sign_type"] = h.cfg.AppID, h.cfg.MerchantID, newNonce(), string(h.cfg.SignType)
	m["sign"] = m.Sign(h.cfg.SignType, h.cfg.Key)
	a, unsent, err := web.Do(ctx, web.Call{Client: h.cfg.Client, Method: http.MethodPost, URL: h.cfg.BaseURL + path,
		Header: http.Header{"Content-Type": {"text/xml; charset=utf-8"}}, Body: m.Append(nil)})
	fail := func(code, text string, err error) (Message, error) {
		return nil, &wallet.Error{Wallet: "wechat v2", Call: name, Status: a.Status, Code: clip(code), Text: clip(text), Unsent: unsent, Err: err}
	}
	if err != nil {
		return fail("", "", err)
	}
	out, err := ParseMessage(a.Body)
	if err != nil {
		return fail("", "", err)
	}
	if out["return_code"] != "SUCCESS" { // unsigned: nothing is known
		return fail(out["return_code"], out["return_msg"], nil)
	}
	if err := out.Verify(h.cfg.SignType, h.cfg.Key); err != nil {
		return fail("", "", err)
	}
	if out["mch_id"] != h.cfg.MerchantID || out["appid"] != h.cfg.AppID {
		return fail("", "", fmt.Errorf("%w: merchant %s", wallet.ErrMismatch, printable(out["mch_id"])))
	}
	h.good.Store(int64(time.Since(h.born)))
	return out, nil
}

// refusedV2 puts a signed refusal in common terms.
func refusedV2(name string, out Message) (wallet.Answer, error) {
	return refused(name, said{status: http.StatusOK, code: clip(out["err_code"]), text: clip(out["err_code_des"])})
}

// Pay charges a payment code (提交付款码支付).
func (h *HostV2) Pay(ctx context.Context, o wallet.Order, code pos.Secret) (wallet.Answer, error) {
	m := Message{"body": h.cfg.Description, "attach": o.Reference, "out_trade_no": o.Number, "total_fee": strconv.FormatInt(o.Amount.Minor(), 10),
		"fee_type": string(o.Amount.Currency()), "spbill_create_ip": h.cfg.DeviceIP, "device_info": h.cfg.Device}
	if h.cfg.NoCredit {
		m["limit_pay"] = "no_credit"
	}
	code.Use(func(b []byte) { m["auth_code"] = string(b) })
	out, err := h.call(ctx, "micropay", "/pay/micropay", m)
	if err != nil {
		return wallet.Answer{}, err
	}
	if out["result_code"] != "SUCCESS" {
		return refusedV2("micropay", out)
	}
	out["trade_state"] = "SUCCESS"
	return h.answer("micropay", out, o.Number)
}

// answer reads an order.
func (h *HostV2) answer(name string, out Message, number string) (wallet.Answer, error) {
	if out["out_trade_no"] != number {
		return wallet.Answer{}, &wallet.Error{Wallet: "wechat v2", Call: name, Err: fmt.Errorf("%w: order %s", wallet.ErrMismatch, printable(out["out_trade_no"]))}
	}
	a := wallet.Answer{State: states[out["trade_state"]], Trade: out["transaction_id"], Code: out["trade_state"], Text: clip(out["trade_state_desc"]), Scheme: out["bank_type"]}
	var err error
	if a.Amount, err = fenOf(out["total_fee"], out["fee_type"]); err != nil || a.State == wallet.Paid && a.Amount == (pos.Money{}) {
		return wallet.Answer{}, &wallet.Error{Wallet: "wechat v2", Call: name, Err: fmt.Errorf("%w: the amount %q", wallet.ErrMismatch, clip(out["total_fee"]))}
	}
	if at, err := time.ParseInLocation("20060102150405", out["time_end"], wallet.China); err == nil {
		a.Time = at
	}
	return a, nil
}

func fenOf(text, currency string) (pos.Money, error) {
	if text == "" {
		return pos.Money{}, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return pos.Money{}, err
	}
	if currency == "" {
		currency = string(pos.CNY)
	}
	return pos.FromMinor(n, pos.Currency(currency)), nil
}

// Show is unsupported: v2 here takes scanned codes only. Nothing is sent.
func (h *HostV2) Show(context.Context, wallet.Order) (wallet.Answer, error) {
	return wallet.Answer{}, &wallet.Error{Wallet: "wechat v2", Call: "show", Unsent: true, Err: pos.ErrUnsupported}
}

// Query asks for an order by our number.
func (h *HostV2) Query(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	out, err := h.call(ctx, "orderquery", "/pay/orderquery", Message{"out_trade_no": o.Number})
	if err != nil {
		return wallet.Answer{}, err
	}
	if out["result_code"] != "SUCCESS" {
		a, err := refusedV2("orderquery", out)
		if err == nil && a.State == wallet.Refused {
			return wallet.Answer{}, &wallet.Error{Wallet: "wechat v2", Call: "orderquery", Code: a.Code, Text: a.Text}
		}
		return a, err
	}
	return h.answer("orderquery", out, o.Number)
}

// Undo reverses an order (撤销订单): within seven days. recall=Y asks for a repetition.
func (h *HostV2) Undo(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	out, err := h.call(ctx, "reverse", "/secapi/pay/reverse", Message{"out_trade_no": o.Number})
	if err != nil {
		return wallet.Answer{}, err
	}
	switch {
	case out["recall"] == "Y":
		return wallet.Answer{State: wallet.Waiting, Code: clip(out["err_code"]), Text: "recall=Y"}, nil
	case out["result_code"] == "SUCCESS":
		return wallet.Answer{State: wallet.Closed, Code: "REVOKED"}, nil
	case out["err_code"] == "ORDERREVERSED", out["err_code"] == "ORDERCLOSED":
		return wallet.Answer{State: wallet.Closed, Code: out["err_code"], Text: clip(out["err_code_des"])}, nil
	case out["err_code"] == "REVERSE_EXPIRE":
		return wallet.Answer{State: wallet.Refused, Code: out["err_code"], Text: clip(out["err_code_des"])}, nil
	}
	return refusedV2("reverse", out)
}

// Refund gives a part back.
func (h *HostV2) Refund(ctx context.Context, r wallet.Refund) (wallet.Answer, error) {
	out, err := h.call(ctx, "refund", "/secapi/pay/refund", Message{"out_trade_no": r.Order.Number, "out_refund_no": r.Number,
		"total_fee": strconv.FormatInt(r.Order.Amount.Minor(), 10), "refund_fee": strconv.FormatInt(r.Amount.Minor(), 10)})
	if err != nil {
		return wallet.Answer{}, err
	}
	if out["result_code"] != "SUCCESS" {
		return refundRefused("refund", said{status: http.StatusOK, code: clip(out["err_code"]), text: clip(out["err_code_des"])})
	}
	if out["out_refund_no"] != r.Number || out["out_trade_no"] != r.Order.Number {
		return wallet.Answer{}, &wallet.Error{Wallet: "wechat v2", Call: "refund", Err: fmt.Errorf("%w: refund %s", wallet.ErrMismatch, printable(out["out_refund_no"]))}
	}
	amount, err := fenOf(out["refund_fee"], out["refund_fee_type"])
	if err != nil {
		return wallet.Answer{}, &wallet.Error{Wallet: "wechat v2", Call: "refund", Err: fmt.Errorf("%w: the amount %q", wallet.ErrMismatch, clip(out["refund_fee"]))}
	}
	return wallet.Answer{State: wallet.Waiting, Amount: amount, Trade: out["refund_id"], Code: "PROCESSING"}, nil // accepted
}

// refundStateV2 knows v2's further word.
func refundStateV2(s string) wallet.State {
	if s == "REFUNDCLOSE" {
		return wallet.Closed
	}
	if s == "CHANGE" {
		return wallet.Failed
	}
	return refundStates[s]
}

// QueryRefund asks for a refund by our number.
func (h *HostV2) QueryRefund(ctx context.Context, r wallet.Refund) (wallet.Answer, error) {
	out, err := h.call(ctx, "refundquery", "/pay/refundquery", Message{"out_refund_no": r.Number})
	if err != nil {
		return wallet.Answer{}, err
	}
	switch {
	case out["result_code"] == "SUCCESS":
	case out["err_code"] == "REFUNDNOTEXIST":
		return wallet.Answer{State: wallet.Missing, Code: out["err_code"], Text: clip(out["err_code_des"])}, nil
	default:
		return wallet.Answer{}, &wallet.Error{Wallet: "wechat v2", Call: "refundquery", Code: clip(out["err_code"]), Text: clip(out["err_code_des"])}
	}
	if out["out_refund_no_0"] != r.Number {
		return wallet.Answer{}, &wallet.Error{Wallet: "wechat v2", Call: "refundquery", Err: fmt.Errorf("%w: refund %s", wallet.ErrMismatch, printable(out["out_refund_no_0"]))}
	}
	a := wallet.Answer{State: refundStateV2(out["refund_status_0"]), Trade: out["refund_id_0"], Code: clip(out["refund_status_0"])}
	if a.Amount, err = fenOf(out["refund_fee_0"], ""); err != nil {
		return wallet.Answer{}, &wallet.Error{Wallet: "wechat v2", Call: "refundquery", Err: fmt.Errorf("%w: the amount %q", wallet.ErrMismatch, clip(out["refund_fee_0"]))}
	}
	return a, nil
}

// Bill downloads the trade bill of a day (下载对账单). It is not signed: TLS is all that protects it.
func (h *HostV2) Bill(ctx context.Context, day time.Time, each func(wallet.BillLine) error) (wallet.BillSum, error) {
	m := Message{"appid": h.cfg.AppID, "mch_id": h.cfg.MerchantID, "nonce_str": newNonce(), "sign_type": string(h.cfg.SignType),
		"bill_date": day.In(wallet.China).Format("20060102"), "bill_type": "ALL"}
	m["sign"] = m.Sign(h.cfg.SignType, h.cfg.Key)
	a, unsent, err := web.Do(ctx, web.Call{Client: h.cfg.Client, Method: http.MethodPost, URL: h.cfg.BaseURL + "/pay/downloadbill",
		Header: http.Header{"Content-Type": {"text/xml; charset=utf-8"}}, Body: m.Append(nil), Max: web.MaxFile})
	if err != nil || a.Status != http.StatusOK {
		return wallet.BillSum{}, &wallet.Error{Wallet: "wechat v2", Call: "downloadbill", Status: a.Status, Unsent: unsent, Err: err}
	}
	if out, err := ParseMessage(a.Body[:min(len(a.Body), web.MaxAnswer)]); err == nil {
		if out["error_code"] == "20002" || strings.Contains(out["return_msg"], "No Bill Exist") {
			return wallet.BillSum{}, fmt.Errorf("wechat v2: %w", wallet.ErrNoBill)
		}
		return wallet.BillSum{}, &wallet.Error{Wallet: "wechat v2", Call: "downloadbill", Code: clip(out["error_code"]), Text: clip(out["return_msg"])}
	}
	return ReadBill(bytes.NewReader(a.Body), each)
}
