package chinaums

import (
	"context"
	"errors"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/wallet"
)

// posRequest is every request of the poslink family.
type posRequest struct {
	Merchant  string `json:"merchantCode"`
	Terminal  string `json:"terminalCode"`
	Number    string `json:"merchantOrderId"`
	Amount    int64  `json:"transactionAmount,omitempty"`
	Currency  string `json:"transactionCurrencyCode,omitempty"`
	Remark    string `json:"merchantRemark,omitempty"`
	PayMode   string `json:"payMode,omitempty"`
	Code      string `json:"payCode,omitempty"`
	Reserved  string `json:"srcReserved,omitempty"`
	Text      string `json:"orderDesc,omitempty"`
	StoreID   string `json:"storeId,omitempty"`
	Operator  string `json:"operatorId,omitempty"`
	Device    string `json:"deviceType,omitempty"`
	Serial    string `json:"serialNum,omitempty"`
	Longitude string `json:"longitude,omitempty"`
	Latitude  string `json:"latitude,omitempty"`
	IP        string `json:"ip,omitempty"`
	Refund    string `json:"refundRequestId,omitempty"`
	Day       string `json:"oriTransDate,omitempty"` // yyyyMMdd
}

// posAnswer is every answer of the poslink family. Its misspellings are the platform's.
type posAnswer struct {
	Merchant    string `json:"merchantCode"`
	Number      string `json:"merchantOrderId"`
	OrderID     string `json:"orderId"` // China UMS's own (银商订单号)
	Result      string `json:"queryResCode"`
	Text        string `json:"queryResDesc"`
	Amount      fen    `json:"amount"` // what the customer paid
	Transaction fen    `json:"transactionAmount"`
	Original    fen    `json:"originalTransactionAmount"`
	Refunded    fen    `json:"refundedAmount"`
	RefundedToo fen    `json:"refundAmonunt"`
	Wallet      string `json:"thirdPartyName"`
	RefundID    string `json:"refundOrderId"`
	Ref         string `json:"retrievalRefNum"`
	OriginalRef string `json:"origialRetrievalRefNum"`
	Date        string `json:"transactionDateWithYear"`
	Time        string `json:"transactionTime"`
}

// results maps queryResCode of an order. See the package comment for 1, 4 and FF.
var results = map[string]wallet.State{"0": wallet.Paid, "1": wallet.Waiting, "2": wallet.Closed, "3": wallet.Partly, "4": wallet.Partly,
	"5": wallet.Refused, "FF": wallet.Waiting}

// schemes are the names of wallets (thirdPartyName).
var schemes = map[string]string{"微信钱包": "wechat", "微信": "wechat", "支付宝钱包": "alipay", "支付宝": "alipay", "银联二维码": "unionpay", "云闪付": "unionpay", "银联钱包": "unionpay"}

func scheme(name string) string {
	if s, ok := schemes[name]; ok {
		return s
	}
	return clip(name)
}

const okPos = "00"

func (h *Host) posPath(call string) string {
	return "/" + h.cfg.Version + "/poslink/transaction/" + call
}

func (h *Host) posRequest(o wallet.Order) posRequest {
	return posRequest{Merchant: h.cfg.Merchant, Terminal: h.cfg.Terminal, Number: o.Number}
}

// day is when an order was made, in China.
func (h *Host) day(o wallet.Order, layout string) string {
	at := o.Began
	if at.IsZero() {
		at = h.cfg.Now()
	}
	return at.In(wallet.China).Format(layout)
}

// total is the order's amount as far as it was said.
func (p posAnswer) total() fen {
	for _, f := range []fen{p.Transaction, p.Original, p.Amount} {
		if f != 0 {
			return f
		}
	}
	return 0
}

// posOrder puts an order in common terms.
func (h *Host) posOrder(name string, p posAnswer, o wallet.Order, s wallet.State) (wallet.Answer, error) {
	if p.Number != "" && p.Number != o.Number || p.Merchant != "" && p.Merchant != h.cfg.Merchant {
		return wallet.Answer{}, h.mismatch(name, p.Merchant, p.Number)
	}
	a := wallet.Answer{State: s, Trade: clip(p.OrderID), Scheme: scheme(p.Wallet), Code: clip(p.Result), Text: clip(p.Text)}
	if t := p.total(); t != 0 {
		a.Amount = money(t)
	} else if s == wallet.Paid {
		return wallet.Answer{}, h.failed(name, 0, head{}, errors.New("paid, but it says not how much"))
	}
	if s == wallet.Partly && max(p.Refunded, p.RefundedToo) == p.total() && p.total() != 0 {
		a.State = wallet.Closed // nothing is left of it
	}
	if at, err := time.ParseInLocation(stampLayout, p.Date+p.Time, wallet.China); err == nil {
		a.Time = at
	}
	return a, nil
}

// Pay charges a payment code (B扫C). The platform refuses a second order of the same merchantOrderId; the driver asks for it then.
func (h *Host) Pay(ctx context.Context, o wallet.Order, code pos.Secret) (wallet.Answer, error) {
	in := h.posRequest(o)
	in.Amount, in.Currency, in.Remark, in.PayMode, in.Text, in.Reserved = o.Amount.Minor(), "156", h.cfg.Remark, "CODE_SCAN", h.cfg.Description, o.Reference
	in.StoreID, in.Operator, in.Device, in.Serial = h.cfg.StoreID, h.cfg.Operator, h.cfg.Device, h.cfg.Serial
	in.Longitude, in.Latitude, in.IP = h.cfg.Longitude, h.cfg.Latitude, h.cfg.IP
	code.Use(func(b []byte) { in.Code = string(b) })
	var out posAnswer
	e, err := h.call(ctx, "pay", "/"+h.cfg.PayVersion+"/poslink/transaction/pay", in, &out)
	if err != nil {
		return wallet.Answer{}, err
	}
	if e.Code != okPos {
		return h.refusedOrder(e), nil
	}
	a, err := h.posOrder("pay", out, o, wallet.Paid)
	a.Code, a.Text = e.Code, e.text()
	return a, err
}

func (h *Host) queryPos(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	in := h.posRequest(o)
	in.Day = h.day(o, "20060102")
	var out posAnswer
	e, err := h.call(ctx, "query", h.posPath("query"), in, &out)
	if err != nil {
		return wallet.Answer{}, err
	}
	if e.Code != okPos {
		return h.asked("query", e)
	}
	s, ok := results[out.Result]
	if !ok {
		return wallet.Answer{Code: clip(out.Result), Text: clip(out.Text)}, nil
	}
	return h.posOrder("query", out, o, s)
}

// voidPos undoes a scanned order (支付撤销).
func (h *Host) voidPos(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	var out posAnswer
	e, err := h.call(ctx, "void", h.posPath("voidpayment"), h.posRequest(o), &out)
	if err != nil {
		return wallet.Answer{}, err
	}
	if e.Code == okPos {
		if out.Number != "" && out.Number != o.Number {
			return wallet.Answer{}, h.mismatch("void", out.Merchant, out.Number)
		}
		return wallet.Answer{State: wallet.Closed, Code: e.Code, Text: e.text(), Trade: clip(out.OrderID)}, nil
	}
	return h.undoRefused(ctx, e, o)
}

// undoRefused reads an errCode of an undo. What the platform does not allow is asked for: it may be undone already.
func (h *Host) undoRefused(ctx context.Context, e head, o wallet.Order) (wallet.Answer, error) {
	a := wallet.Answer{State: wallet.Waiting, Code: clip(e.Code), Text: e.text()}
	switch {
	case h.refusedOrder(e).State == wallet.Missing:
		a.State = wallet.Missing
	case e.Code == "NO_CROSS_DAY_TRADING":
		a.State = wallet.Refused
	case e.Code == "OPERATION_NOT_ALLOWED":
		now, err := h.Query(ctx, o)
		if err != nil {
			return wallet.Answer{}, err
		}
		switch now.State {
		case wallet.Closed, wallet.Refused:
			return wallet.Answer{State: wallet.Closed, Code: now.Code, Text: now.Text}, nil
		case wallet.Paid, wallet.Partly:
			a.State = wallet.Refused
		}
	}
	return a, nil
}

func (h *Host) refundPos(ctx context.Context, r wallet.Refund) (wallet.Answer, error) {
	in := h.posRequest(r.Order)
	in.Refund, in.Amount, in.Currency = r.Number, r.Amount.Minor(), "156"
	var out posAnswer
	e, err := h.call(ctx, "refund", h.posPath("refund"), in, &out)
	if err != nil {
		return wallet.Answer{}, err
	}
	if e.Code != okPos {
		if a := h.refusedOrder(e); a.State == wallet.Refused || a.State == wallet.Missing {
			a.State = wallet.Refused
			return a, nil
		}
		return wallet.Answer{}, h.failed("refund", 0, e, nil)
	}
	a, err := h.posOrder("refund", out, r.Order, wallet.Waiting)
	a.State, a.Trade, a.Code, a.Text = wallet.Paid, clip(out.RefundID), e.Code, e.text()
	return a, err
}

func (h *Host) askRefundPos(ctx context.Context, r wallet.Refund) (wallet.Answer, error) {
	in := h.posRequest(r.Order)
	in.Refund, in.Day = r.Number, h.day(r.Order, "20060102")
	var out posAnswer
	e, err := h.call(ctx, "query refund", h.posPath("query-refund"), in, &out)
	if err != nil {
		return wallet.Answer{}, err
	}
	if e.Code != okPos {
		return h.asked("query refund", e)
	}
	if out.Number != "" && out.Number != r.Order.Number {
		return wallet.Answer{}, h.mismatch("query refund", out.Merchant, out.Number)
	}
	a := wallet.Answer{State: wallet.Refused, Trade: clip(out.RefundID), Code: clip(out.Result), Text: clip(out.Text)}
	switch out.Result {
	case "00":
		a.State = wallet.Paid
	case "1", "FF":
		a.State = wallet.Waiting
	case "":
		a.State = wallet.Unknown
	}
	return a, nil
}
