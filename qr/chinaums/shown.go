package chinaums

import (
	"context"
	"errors"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/wallet"
)

// instMid is the business of bills.
const instMid = "QRPAYDEFAULT"

// billRequest is every request of the bills family.
type billRequest struct {
	At       string `json:"requestTimestamp"`
	Merchant string `json:"mid"`
	Terminal string `json:"tid"`
	Inst     string `json:"instMid"`
	BillNo   string `json:"billNo"`
	Date     string `json:"billDate"`
	Reserve  string `json:"srcReserve,omitempty"` // the attempt's id
	Text     string `json:"billDesc,omitempty"`
	Amount   int64  `json:"totalAmount,omitempty"`
	Expires  string `json:"expireTime,omitempty"`
	Notify   string `json:"notifyUrl,omitempty"`
	QRCodeID string `json:"qrCodeId,omitempty"`
	Refund   string `json:"refundOrderId,omitempty"`
	Back     int64  `json:"refundAmount,omitempty"`
}

// billAnswer is every answer of the bills family, and, as a form, its notification.
type billAnswer struct {
	Merchant string  `json:"mid"`
	BillNo   string  `json:"billNo"`
	Status   string  `json:"billStatus"`
	Total    fen     `json:"totalAmount"`
	Back     fen     `json:"refundAmount"`
	Refund   string  `json:"refundStatus"`
	Number   string  `json:"refundOrderId"` // of the newest refund
	Code     string  `json:"billQRCode"`
	Payment  payment `json:"billPayment"`
	RefundID string  `json:"refundTargetOrderId"`
}

// payment is what was paid on a bill (账单支付信息).
type payment struct {
	Seq    string `json:"paySeqId"`
	System string `json:"targetSys"`
	At     string `json:"payTime"`
}

// billStates maps billStatus. A bill that is CLOSED was not paid; one that was undone after it was paid is a REFUND of all. UNKNOWN is asked again, and undone.
var billStates = map[string]wallet.State{"PAID": wallet.Paid, "UNPAID": wallet.Waiting, "REFUND": wallet.Partly, "CLOSED": wallet.Refused, "UNKNOWN": wallet.Waiting}

// refundStates maps refundStatus.
var refundStates = map[string]wallet.State{"SUCCESS": wallet.Paid, "PROCESSING": wallet.Waiting, "UNKNOWN": wallet.Waiting, "FAIL": wallet.Failed}

const okBill = "SUCCESS"

const billPath = "/v1/netpay/bills/"

func (h *Host) billRequest(o wallet.Order) billRequest {
	return billRequest{At: h.cfg.Now().In(wallet.China).Format(time.DateTime), Merchant: h.cfg.ShownMerchant, Terminal: h.cfg.ShownTerminal,
		Inst: instMid, BillNo: h.billNo(o), Date: h.day(o, time.DateOnly)}
}

// named checks whom a bill's words are about.
func (h *Host) named(name string, b billAnswer, billNo string) error {
	if b.Merchant != "" && b.Merchant != h.cfg.ShownMerchant || b.BillNo != billNo {
		return h.mismatch(name, b.Merchant, b.BillNo)
	}
	return nil
}

// Show makes a bill that the customer scans (C扫B 获取二维码).
func (h *Host) Show(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	in := h.billRequest(o)
	in.Reserve, in.Text, in.Amount, in.Notify, in.QRCodeID = o.Number, h.cfg.Description, o.Amount.Minor(), h.cfg.NotifyURL, in.BillNo
	if o.Expires > 0 && !o.Began.IsZero() {
		in.Expires = o.Began.Add(max(o.Expires, time.Minute)).In(wallet.China).Format(time.DateTime)
	}
	var out billAnswer
	e, err := h.call(ctx, "get-qrcode", billPath+"get-qrcode", in, &out)
	if err != nil {
		return wallet.Answer{}, err
	}
	if e.Code != okBill {
		a := h.refusedOrder(e)
		if a.State != wallet.Refused {
			return wallet.Answer{}, h.failed("get-qrcode", 0, e, nil)
		}
		return a, nil
	}
	if err := h.named("get-qrcode", out, in.BillNo); err != nil {
		return wallet.Answer{}, err
	}
	if out.Code == "" {
		return wallet.Answer{}, h.failed("get-qrcode", 0, e, errors.New("no code came"))
	}
	return wallet.Answer{State: wallet.Waiting, Code: e.Code, Show: out.Code}, nil
}

func (h *Host) askBill(ctx context.Context, name string, o wallet.Order) (billAnswer, head, error) {
	var out billAnswer
	in := h.billRequest(o)
	e, err := h.call(ctx, name, billPath+"query", in, &out)
	if err == nil && e.Code == okBill {
		err = h.named(name, out, in.BillNo)
	}
	return out, e, err
}

func (h *Host) queryBill(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	out, e, err := h.askBill(ctx, "bills/query", o)
	if err != nil {
		return wallet.Answer{}, err
	}
	if e.Code != okBill {
		return h.asked("bills/query", e)
	}
	return h.bill("bills/query", out)
}

// bill puts a bill in common terms.
func (h *Host) bill(name string, b billAnswer) (wallet.Answer, error) {
	a := wallet.Answer{State: billStates[b.Status], Trade: clip(b.Payment.Seq), Scheme: clip(b.Payment.System), Code: clip(b.Status)}
	if b.Total != 0 {
		a.Amount = money(b.Total)
	} else if a.State == wallet.Paid {
		return wallet.Answer{}, h.failed(name, 0, head{}, errors.New("paid, but it says not how much"))
	}
	if a.State == wallet.Partly && b.Total != 0 && b.Back == b.Total {
		a.State = wallet.Closed // nothing is left of it
	}
	if at, err := time.ParseInLocation(time.DateTime, b.Payment.At, wallet.China); err == nil {
		a.Time = at
	}
	return a, nil
}

// undoBill closes an open bill, and gives a paid one back.
func (h *Host) undoBill(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	if !o.Taken {
		a, err := h.closeBill(ctx, o)
		if err != nil || a.State != wallet.Refused || a.Code == "NO_CROSS_DAY_TRADING" {
			return a, err
		}
	}
	a, err := h.refundBill(ctx, o, h.undoNumber(o), o.Amount)
	switch a.State {
	case wallet.Paid:
		a.State = wallet.Closed
	case wallet.Failed:
		a.State = wallet.Refused
	}
	return a, err
}

// closeBill closes a code; Refused says that it is paid.
func (h *Host) closeBill(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	in := h.billRequest(o)
	in.QRCodeID = in.BillNo
	var out billAnswer
	e, err := h.call(ctx, "close-qrcode", billPath+"close-qrcode", in, &out)
	if err != nil {
		return wallet.Answer{}, err
	}
	if e.Code != okBill {
		return h.undoRefused(ctx, e, o)
	}
	if out.BillNo != "" {
		if err := h.named("close-qrcode", out, in.BillNo); err != nil {
			return wallet.Answer{}, err
		}
	}
	return wallet.Answer{State: wallet.Closed, Code: e.Code, Text: e.text()}, nil
}

func (h *Host) refundBill(ctx context.Context, o wallet.Order, number string, amount pos.Money) (wallet.Answer, error) {
	in := h.billRequest(o)
	in.Refund, in.Back = number, amount.Minor()
	var out billAnswer
	e, err := h.call(ctx, "bills/refund", billPath+"refund", in, &out)
	if err != nil {
		return wallet.Answer{}, err
	}
	if e.Code != okBill {
		switch a := h.refusedOrder(e); {
		case e.Code == "NO_CROSS_DAY_TRADING", a.State != wallet.Unknown:
			a.State = wallet.Refused
			return a, nil
		}
		return wallet.Answer{}, h.failed("bills/refund", 0, e, nil)
	}
	if err := h.named("bills/refund", out, in.BillNo); err != nil {
		return wallet.Answer{}, err
	}
	return wallet.Answer{State: refundStates[out.Refund], Trade: clip(out.RefundID), Code: clip(out.Refund)}, nil
}

func (h *Host) askRefundBill(ctx context.Context, r wallet.Refund) (wallet.Answer, error) {
	out, e, err := h.askBill(ctx, "query refund", r.Order)
	if err != nil {
		return wallet.Answer{}, err
	}
	if e.Code != okBill {
		return wallet.Answer{}, h.failed("query refund", 0, e, nil)
	}
	a := wallet.Answer{Code: clip(out.Status)}
	switch {
	case out.Number == BillNo(h.cfg.Prefix, r.Number):
		a.State, a.Code = refundStates[out.Refund], clip(out.Refund)
	case out.Status == "PAID":
		a.State = wallet.Missing
	case out.Status == "REFUND" && out.Back != 0 && out.Back == out.Total && money(out.Back) == r.Amount:
		a.State = wallet.Paid
	}
	return a, nil
}
