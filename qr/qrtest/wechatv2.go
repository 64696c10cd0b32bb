package qrtest

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/openecr/openecr/qr/wechat"
)

// ClientV2 is a configuration of the older API that fits the simulator. The
// simulator wants some certificate for undo and refund, and does not ask whose.
func (w *WeChat) ClientV2() (wechat.ConfigV2, error) {
	spare, err := spareKeys()
	if err != nil {
		return wechat.ConfigV2{}, err
	}
	cert, err := Issue(&x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: w.cfg.MerchantID},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0)}, spare[2])
	if err != nil {
		return wechat.ConfigV2{}, err
	}
	return wechat.ConfigV2{BaseURL: w.URL(), AppID: w.cfg.AppID, MerchantID: w.cfg.MerchantID, Key: pos.NewSecret([]byte(w.cfg.V2Key)),
		Certificate: cert, CertificateKey: spare[2], Client: w.srv.client, Device: "till-1"}, nil
}

// callsV2 are the paths of the older API.
var callsV2 = map[string]Call{"/pay/micropay": CallPay, "/pay/orderquery": CallQuery, "/secapi/pay/reverse": CallUndo,
	"/secapi/pay/refund": CallRefund, "/pay/refundquery": CallQueryRefund, "/pay/downloadbill": CallBill}

// serveV2 answers the older XML API.
func (w *WeChat) serveV2(rw http.ResponseWriter, r *http.Request, text []byte) {
	call, ok := callsV2[r.URL.Path]
	if !ok {
		http.NotFound(rw, r)
		return
	}
	f := w.bank.Next(call)
	if f.breaks(rw) {
		return
	}
	in, err := wechat.ParseMessage(text)
	switch {
	case err != nil || f.Name == Unsigned:
		w.unsignedV2(rw, "XML_FORMAT_ERROR")
		return
	case in.Verify(wechat.SignMD5, pos.NewSecret([]byte(w.cfg.V2Key))) != nil:
		w.unsignedV2(rw, "签名错误")
		return
	case strings.HasPrefix(r.URL.Path, "/secapi/") && (r.TLS == nil || len(r.TLS.PeerCertificates) == 0):
		w.unsignedV2(rw, "证书验证失败")
		return
	}
	out := w.doV2(call, f, in, rw)
	if out == nil || f.spoils(rw) {
		return
	}
	w.replyV2(rw, f, in, out)
}

func (w *WeChat) unsignedV2(rw http.ResponseWriter, why string) {
	rw.Write(wechat.Message{"return_code": "FAIL", "return_msg": why}.Append(nil))
}

// doV2 does what is asked for; nil when it has answered itself.
func (w *WeChat) doV2(call Call, f Fault, in wechat.Message, rw http.ResponseWriter) wechat.Message {
	if in["appid"] != w.cfg.AppID || in["mch_id"] != w.cfg.MerchantID {
		return failV2("APPID_MCHID_NOT_MATCH", "appid and mch_id do not match")
	}
	if f.Name == SystemError {
		return failV2("SYSTEMERROR", "系统超时")
	}
	var out wechat.Message
	switch call {
	case CallPay:
		out = w.payV2(in)
	case CallQuery:
		out = w.queryV2(in["out_trade_no"])
	case CallUndo:
		out = w.reverseV2(f, in)
	case CallRefund:
		out = w.refundV2(f, in)
	case CallQueryRefund:
		out = w.queryRefundV2(in["out_refund_no"])
	case CallBill:
		w.billV2(rw, f, in["bill_date"])
		return nil
	}
	if f.Name == AppliedSystem {
		return failV2("SYSTEMERROR", "系统超时")
	}
	return out
}

func failV2(code, text string) wechat.Message {
	return wechat.Message{"result_code": "FAIL", "err_code": code, "err_code_des": text}
}

func (w *WeChat) refuseV2(err error) wechat.Message {
	for is, code := range map[error]string{ErrNoOrder: "ORDERNOTEXIST", ErrUsed: "OUT_TRADE_NO_USED", ErrCodeUsed: "AUTH_CODE_INVALID", ErrExpired: "AUTHCODEEXPIRE",
		ErrBalance: "NOTENOUGH", ErrPaid: "ORDERPAID", ErrClosed: "ORDERCLOSED", ErrTooMuch: "INVALID_REQUEST", ErrNoRefund: "REFUNDNOTEXIST"} {
		if errors.Is(err, is) {
			return failV2(code, err.Error())
		}
	}
	return failV2("SYSTEMERROR", err.Error())
}

func (w *WeChat) payV2(in wechat.Message) wechat.Message {
	amount, err := strconv.ParseInt(in["total_fee"], 10, 64)
	c := in["auth_code"]
	switch {
	case err != nil || amount <= 0 || in["body"] == "" || in["out_trade_no"] == "" || in["spbill_create_ip"] == "":
		return failV2("PARAM_ERROR", "a parameter is missing or wrong")
	case len(c) != 18 || c[0] != '1' || c[1] < '0' || c[1] > '5':
		return failV2("AUTH_CODE_INVALID", "每个二维码仅限使用一次,请刷新再试")
	}
	o, err := w.bank.Pay(New{Number: in["out_trade_no"], Amount: amount, Code: c, Trade: "42000", Extra: map[string]string{"front": "wechat"}})
	switch {
	case err != nil:
		return w.refuseV2(err)
	case o.State == Failed:
		return w.refuseV2(ErrBalance)
	case o.State == Open:
		return failV2("USERPAYING", "需要用户输入支付密码")
	case o.State == Revoked:
		return failV2("ORDERREVERSED", "订单已撤销")
	case o.State == Closed:
		return w.refuseV2(ErrClosed)
	}
	return w.orderV2(o)
}

func (w *WeChat) queryV2(number string) wechat.Message {
	o, err := w.bank.Order(number)
	if err != nil {
		return w.refuseV2(err)
	}
	out := w.orderV2(o)
	t := w.transaction(o, Fault{})
	out["trade_state"], out["trade_state_desc"] = t["trade_state"].(string), t["trade_state_desc"].(string)
	return out
}

func (w *WeChat) orderV2(o Order) wechat.Message {
	m := wechat.Message{"result_code": "SUCCESS", "out_trade_no": o.Number, "total_fee": strconv.FormatInt(o.Amount, 10), "fee_type": "CNY"}
	if o.WasPaid {
		m["transaction_id"], m["trade_type"], m["bank_type"], m["openid"] = o.Trade, "MICROPAY", "OTHERS", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
		m["time_end"] = o.PaidAt.In(wallet.China).Format("20060102150405")
	}
	return m
}

func (w *WeChat) reverseV2(f Fault, in wechat.Message) wechat.Message {
	switch f.Name {
	case UndoRefused:
		m := failV2("REVERSE_EXPIRE", "订单无法撤销")
		m["recall"] = "N"
		return m
	case UndoAgain:
		m := failV2("USERPAYING", "用户支付中")
		m["recall"] = "Y"
		return m
	}
	if o, err := w.bank.Order(in["out_trade_no"]); err == nil && o.State == Revoked {
		m := failV2("ORDERREVERSED", "订单已撤销")
		m["recall"] = "N"
		return m
	}
	if _, err := w.bank.Revoke(in["out_trade_no"]); err != nil {
		return w.refuseV2(err)
	}
	return wechat.Message{"result_code": "SUCCESS", "recall": "N"}
}

func (w *WeChat) refundV2(f Fault, in wechat.Message) wechat.Message {
	amount, err := strconv.ParseInt(in["refund_fee"], 10, 64)
	if err != nil || in["out_refund_no"] == "" {
		return failV2("PARAM_ERROR", "a parameter is missing or wrong")
	}
	if f.Name == UndoRefused {
		return failV2("NOTENOUGH", "基本账户余额不足")
	}
	o, r, err := w.bank.Refund(in["out_trade_no"], in["out_refund_no"], amount)
	if err != nil {
		return w.refuseV2(err)
	}
	return wechat.Message{"result_code": "SUCCESS", "out_trade_no": o.Number, "out_refund_no": r.Number, "refund_id": r.Trade,
		"transaction_id": o.Trade, "refund_fee": in["refund_fee"], "total_fee": strconv.FormatInt(o.Amount, 10)}
}

func (w *WeChat) queryRefundV2(number string) wechat.Message {
	o, r, err := w.bank.FindRefund(number)
	if err != nil {
		return w.refuseV2(err)
	}
	return wechat.Message{"result_code": "SUCCESS", "out_trade_no": o.Number, "transaction_id": o.Trade, "refund_count": "1",
		"out_refund_no_0": r.Number, "refund_id_0": r.Trade, "refund_fee_0": strconv.FormatInt(r.Amount, 10),
		"refund_status_0": map[RefundState]string{RefundDone: "SUCCESS", RefundPending: "PROCESSING", RefundBroken: "CHANGE"}[r.State]}
}

func (w *WeChat) billV2(rw http.ResponseWriter, f Fault, date string) {
	if f.spoils(rw) {
		return
	}
	day, err := time.ParseInLocation("20060102", date, wallet.China)
	lines := w.bank.bill(day)
	if err != nil || len(lines) == 0 {
		rw.Write(wechat.Message{"return_code": "FAIL", "return_msg": "No Bill Exist", "error_code": "20002"}.Append(nil))
		return
	}
	rw.Write(w.billFile(lines))
}

// replyV2 completes, signs and sends an answer.
func (w *WeChat) replyV2(rw http.ResponseWriter, f Fault, in, out wechat.Message) {
	out["return_code"], out["appid"], out["mch_id"], out["nonce_str"] = "SUCCESS", w.cfg.AppID, w.cfg.MerchantID, "5K8264ILTKCH16CQ2502SI8ZNMTM67VS"
	switch f.Name {
	case WrongAmount:
		for _, k := range []string{"total_fee", "refund_fee", "refund_fee_0"} {
			if n, err := strconv.ParseInt(out[k], 10, 64); err == nil {
				out[k] = strconv.FormatInt(n+1, 10)
			}
		}
	case WrongMerchant:
		out["mch_id"] = "1900000000"
	case WrongOrder:
		out["out_trade_no"], out["out_refund_no"], out["out_refund_no_0"] = "another-order", "another-refund", "another-refund"
	}
	out["sign"] = out.Sign(wechat.SignType(in["sign_type"]), pos.NewSecret([]byte(w.cfg.V2Key)))
	if f.Name == Forge {
		out["sign"] = strings.Repeat("0", len(out["sign"]))
	}
	rw.Write(out.Append(nil))
}
