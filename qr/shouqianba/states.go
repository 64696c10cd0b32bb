package shouqianba

import "github.com/openecr/openecr/qr/wallet"

// table maps biz_response.result_code, and then order_status ("" is none), to what
// it decides. What is not in it decides nothing.
//
// Source of this file: WoSai/shouqianba-doc, zh-cn/api/annex/resultCode.md and en/api/transaction/appendix.md.
type table map[string]map[string]wallet.State

// payStates are of /upay/v2/pay. PAY_FAIL_ERROR and PAY_FAIL_IN_PROGRESS: it failed, and what the wallet holds is not known.
var payStates = table{
	"PAY_SUCCESS":          {"PAID": wallet.Paid},
	"PAY_FAIL":             {"": wallet.Refused, "PAY_CANCELED": wallet.Refused},
	"PAY_IN_PROGRESS":      {"": wallet.Waiting, "CREATED": wallet.Waiting},
	"PAY_FAIL_ERROR":       {},
	"PAY_FAIL_IN_PROGRESS": {},
}

// showStates are of /upay/v2/precreate.
var showStates = table{
	"PRECREATE_SUCCESS":          {"CREATED": wallet.Waiting},
	"PRECREATE_FAIL":             {"": wallet.Refused, "PAY_CANCELED": wallet.Refused},
	"PRECREATE_FAIL_ERROR":       {},
	"PRECREATE_FAIL_IN_PROGRESS": {},
}

// undoStates are of /upay/v2/cancel and /upay/v2/revoke. After an ..._ERROR the platform does not know: it is asked again.
var undoStates = table{
	"CANCEL_SUCCESS":           {"CANCELED": wallet.Closed, "PAY_CANCELED": wallet.Closed},
	"CANCEL_ABORT_SUCCESS":     {"CANCELED": wallet.Closed, "PAY_CANCELED": wallet.Closed},
	"CANCEL_IN_PROGRESS":       {"": wallet.Waiting, "CANCEL_INPROGRESS": wallet.Waiting, "CREATED": wallet.Waiting, "PAID": wallet.Waiting},
	"CANCEL_ABORT_IN_PROGRESS": {"": wallet.Waiting, "CANCEL_INPROGRESS": wallet.Waiting, "CREATED": wallet.Waiting, "PAID": wallet.Waiting},
	"CANCEL_ERROR":             {},
	"CANCEL_ABORT_ERROR":       {},
}

// refundStates are of /upay/v2/refund. REFUND_ERROR: the platform took it on and the wallet did not: its support pays.
var refundStates = table{
	"REFUND_SUCCESS":     {"REFUNDED": wallet.Paid, "PARTIAL_REFUNDED": wallet.Paid},
	"REFUND_FAIL":        {"": wallet.Refused, "PAID": wallet.Refused, "PARTIAL_REFUNDED": wallet.Refused},
	"REFUND_IN_PROGRESS": {"": wallet.Waiting, "PAID": wallet.Waiting, "PARTIAL_REFUNDED": wallet.Waiting, "REFUNDED": wallet.Waiting},
	"REFUND_ERROR":       {"": wallet.Failed, "REFUND_ERROR": wallet.Failed},
}

// orderStates are of /upay/v2/query, by order_status.
var orderStates = table{"SUCCESS": {
	"CREATED": wallet.Waiting, "PAID": wallet.Paid, "PAY_CANCELED": wallet.Refused, "CANCELED": wallet.Closed,
	"REFUNDED": wallet.Partly, "PARTIAL_REFUNDED": wallet.Partly, "CANCEL_INPROGRESS": wallet.Waiting,
	"PAY_ERROR": wallet.Unknown, "REFUND_ERROR": wallet.Unknown, "CANCEL_ERROR": wallet.Unknown, "INVALID_STATUS_CODE": wallet.Unknown,
}}

// flowStates are of a refund, by the status of its own movement (流水状态). A forced failure: the platform counts it as
// failed, does not know what the customer has, and sees to it.
var flowStates = map[string]wallet.State{
	"SUCCESS": wallet.Paid, "IN_PROG": wallet.Waiting, "FAIL_CANCELED": wallet.Refused,
	"FAIL_PROTOCOL_1": wallet.Failed, "FAIL_PROTOCOL_2": wallet.Failed, "FAIL_PROTOCOL_3": wallet.Failed,
	"FAIL_IO_1": wallet.Failed, "FAIL_IO_2": wallet.Failed, "FAIL_ERROR": wallet.Failed, "REFUND_ERROR": wallet.Failed,
	"CANCEL_ERROR": wallet.Unknown,
}

// refusals are error codes of a FAIL (操作失败, nothing was begun) after which no money was taken. CLIENT_SN_CONFLICT,
// TRADE_HAS_SUCCESS and TRADE_TIMEOUT are missing on purpose: the order exists and must be asked for.
var refusals = map[string]wallet.State{
	"INVALID_BARCODE": wallet.Refused, "EXPIRED_BARCODE": wallet.Refused, "INSUFFICIENT_FUND": wallet.Refused,
	"BUYER_OVER_DAILY_LIMIT": wallet.Refused, "BUYER_OVER_TRANSACTION_LIMIT": wallet.Refused, "SELLER_OVER_DAILY_LIMIT": wallet.Refused,
	"UPAY_STORE_OVER_DAILY_LIMIT": wallet.Refused, "UNEXPECTED_PROVIDER_ERROR": wallet.Refused,
	"UPAY_TERMINAL_NOT_EXISTS": wallet.Refused, "UPAY_TERMINAL_STATUS_ABNORMAL": wallet.Refused,
}

// unknownOrder are codes of an order the platform does not have.
var unknownOrder = map[string]wallet.State{"UPAY_ORDER_NOT_EXISTS": wallet.Missing, "UPAY_ORDER_NOT_EXIST": wallet.Missing}

// undoCodes are error codes of an undo, whatever result_code they come with.
var undoCodes = map[string]wallet.State{
	"UPAY_CANCEL_ORDER_NOOP": wallet.Closed, "UPAY_TCP_ORDER_NOT_REFUNDABLE": wallet.Refused,
}

// invalidUndo: the order's state does not allow an undo; a question says which it is.
const invalidUndo = "UPAY_CANCEL_INVALID_ORDER_STATE"

// refundCodes are error codes of a refund, whatever result_code they come with.
var refundCodes = map[string]wallet.State{
	"UPAY_REFUND_ORDER_NOOP":     wallet.Paid, // this very refund was given before
	"ACCOUNT_BALANCE_NOT_ENOUGH": wallet.Refused, "SELLER_BALANCE_NOT_ENOUGH": wallet.Refused,
	"REFUND_AMT_NOT_EQUAL_TOTAL": wallet.Refused, "UPAY_TCP_ORDER_NOT_REFUNDABLE": wallet.Refused,
	"UPAY_ORDER_NOT_EXISTS": wallet.Refused, "UPAY_ORDER_NOT_EXIST": wallet.Refused,
}

// spent are refusals of a refund that an earlier sending of the same refund may have caused.
var spent = map[string]bool{"REFUNDABLE_AMOUNT_NOT_ENOUGH": true, "UPAY_REFUND_INVALID_ORDER_STATE": true}

// notTaken are error codes of result_code 400: the request was not taken up.
var notTaken = map[string]wallet.State{
	"INVALID_PARAMS": wallet.Refused, "INVALID_TERMINAL": wallet.Refused, illegalSign: wallet.Refused,
}

// schemes are Shouqianba's payways. Source: zh-cn/api/annex/payway.md; 20 and 101: en/api/transaction/appendix.md.
var schemes = map[string]string{
	"1": "alipay", "2": "alipay", "3": "wechat", "4": "baidu", "5": "jd", "6": "qqpay", "7": "nfc", "8": "lakala",
	"9": "cmpay", "15": "wechat", "16": "cmb", "17": "unionpay", "18": "bestpay", "19": "wechat", "20": "alipay",
	"100": "stored-value", "101": "gift-card",
}

func scheme(payway string) string {
	if s, ok := schemes[payway]; ok || payway == "" {
		return s
	}
	return "payway " + clip(payway)
}
