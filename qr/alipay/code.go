package alipay

import "github.com/openecr/openecr/qr/wallet"

// Sub codes that are looked at one by one.
const (
	subMissing = "ACQ.TRADE_NOT_EXIST"
)

// refusals are sub codes of a payment after which Alipay has taken nothing and will not, when
// they are signed. Others, known or not, decide nothing: the order is asked for. Among them
// are ACQ.SYSTEM_ERROR, ACQ.TRADE_HAS_SUCCESS, ACQ.TRADE_HAS_CLOSE and ACQ.CONTEXT_INCONSISTENT.
//
// Source: alipay.trade.pay and alipay.trade.precreate, 业务错误码.
var refusals = map[string]string{
	"ACQ.PAYMENT_AUTH_CODE_INVALID":              "the code is wrong or has expired: let the customer show a new one (请刷新付款码)",
	"ACQ.BUYER_BALANCE_NOT_ENOUGH":               "not enough money (余额不足)",
	"ACQ.BUYER_BANKCARD_BALANCE_NOT_ENOUGH":      "not enough money on the bank card (银行卡余额不足)",
	"ACQ.ERROR_BALANCE_PAYMENT_DISABLE":          "the customer has switched payment by balance off (余额支付功能已关闭)",
	"ACQ.NO_PAYMENT_INSTRUMENTS_AVAILABLE":       "the customer has nothing to pay with (没有可用的支付工具)",
	"ACQ.BEYOND_PAY_RESTRICTION":                 "above the shop's limit (超出收款额度)",
	"ACQ.BEYOND_PER_RECEIPT_RESTRICTION":         "above the shop's limit for one payment (超出单笔收款限额)",
	"ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR":   "above the customer's limit of the day (超出付款日限额)",
	"ACQ.BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR": "above the customer's limit of the month (超出付款月限额)",
	"ACQ.TOTAL_FEE_EXCEED":                       "the amount is more than Alipay takes",
	"ACQ.BUYER_SELLER_EQUAL":                     "customer and shop are the same account",
	"ACQ.BUYER_ENABLE_STATUS_FORBID":             "the customer's account cannot pay",
	"ACQ.SELLER_BEEN_BLOCKED":                    "the shop's account is blocked: call Alipay 95188",
	"ACQ.PAYMENT_REQUEST_HAS_RISK":               "refused for risk: use another way to pay (存在风险, 请更换支付方式)",
	"ACQ.INVALID_STORE_ID":                       "StoreID is wrong",
	"ACQ.INVALID_PARAMETER":                      "the request is wrong",
	"ACQ.PARTNER_ERROR":                          "the application has no contract for this",
	"ACQ.ACCESS_FORBIDDEN":                       "the application may not do this",
	"ACQ.EXIST_FORBIDDEN_WORD":                   "the subject has a forbidden word",
	"ACQ.MOBILE_PAYMENT_SWITCH_OFF":              "the customer has switched payment codes off",
	"ACQ.USER_FACE_PAYMENT_SWITCH_OFF":           "the customer has switched face payment off",
	"ACQ.PRODUCT_AMOUNT_LIMIT_ERROR":             "above the limit of this product",
	"ACQ.APPLY_PC_MERCHANT_CODE_ERROR":           "the code cannot be made",
	"ACQ.SECONDARY_MERCHANT_STATUS_ERROR":        "the merchant's state does not allow it",
}

// undoRefusals: the cancel will not happen, whatever we do; a person must see to it.
//
// Source: alipay.trade.cancel, 业务错误码.
var undoRefusals = map[string]bool{
	"ACQ.SELLER_BALANCE_NOT_ENOUGH": true, "ACQ.REASON_TRADE_BEEN_FREEZEN": true, "ACQ.TRADE_HAS_FINISHED": true,
}

// undoElse: it cannot be canceled as it stands, so the order itself says what to do.
var undoElse = map[string]bool{
	"ACQ.TRADE_CANCEL_TIME_OUT": true, "ACQ.REASON_ILLEGAL_STATUS": true, "ACQ.TRADE_STATUS_ERROR": true, "ACQ.TRADE_HAS_CLOSE": true,
}

// refundRefusals are sub codes after which nothing was or will be given back.
//
// Source: alipay.trade.refund, 业务错误码.
var refundRefusals = map[string]bool{
	"ACQ.SELLER_BALANCE_NOT_ENOUGH": true, "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL": true, "ACQ.REASON_TRADE_BEEN_FREEZEN": true,
	"ACQ.TRADE_NOT_EXIST": true, "ACQ.TRADE_HAS_FINISHED": true, "ACQ.TRADE_STATUS_ERROR": true, "ACQ.INVALID_PARAMETER": true,
	"ACQ.REASON_TRADE_REFUND_FEE_ERR": true, "ACQ.REFUND_FEE_ERROR": true, "ACQ.TRADE_NOT_ALLOW_REFUND": true, "ACQ.NOT_ALLOW_PARTIAL_REFUND": true,
}

// judge puts a signed answer that is no success in common terms; by says which sub codes
// end it.
func judge(method string, s said, final func(sub string) bool) (wallet.Answer, error) {
	a := wallet.Answer{Code: s.code(), Text: s.text()}
	switch {
	case s.Code == codePaying:
		a.State = wallet.Waiting
	case s.gateway(), s.Code == codeFailed && final(s.SubCode):
		a.State = wallet.Refused
	case s.Code == codeFailed && s.SubCode == subMissing:
		a.State = wallet.Missing
	default:
		return wallet.Answer{}, undecided(method, s)
	}
	return a, nil
}

// refused judges a payment.
func refused(method string, s said) (wallet.Answer, error) {
	a, err := judge(method, s, func(sub string) bool { return refusals[sub] != "" })
	if why := refusals[s.SubCode]; a.State == wallet.Refused && why != "" {
		a.Text = why
		if s.SubMsg != "" {
			a.Text = s.text() + ": " + why
		}
	}
	return a, err
}

// question judges a question or an order of ours: what refuses it says nothing about the money.
func question(method string, s said) (wallet.Answer, error) {
	if s.gateway() || s.Code == codePaying {
		return wallet.Answer{}, undecided(method, s)
	}
	return judge(method, s, func(string) bool { return false })
}
