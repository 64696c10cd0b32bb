package douyin

import (
	"encoding/json"
	"fmt"
)

// Status is the state of a voucher (券状态). The numbers are known from one
// source only; unknown ones are kept.
type Status int64

// The states.
const (
	StatusInitial      Status = 0
	StatusUnused       Status = 1
	StatusUsed         Status = 2
	StatusRefundAsked  Status = 3 // 退款审核中
	StatusRefunded     Status = 4
	StatusRefundFailed Status = 5
	StatusRefunding    Status = 6
)

var statusWords = map[Status]string{StatusInitial: "initial", StatusUnused: "unused", StatusUsed: "used", StatusRefundAsked: "refund asked for",
	StatusRefunded: "refunded", StatusRefundFailed: "refund failed", StatusRefunding: "being refunded"}

// String is a word for people.
func (s Status) String() string {
	if w, ok := statusWords[s]; ok {
		return w
	}
	return fmt.Sprintf("status %d", int64(s))
}

// UnmarshalJSON takes a number, also in a string.
func (s *Status) UnmarshalJSON(b []byte) error { return integer(b, (*int64)(s)) }

// Kind of a voucher (groupon_type). The numbers are known from one source only.
type Kind int64

// The kinds.
const (
	SetMeal     Kind = 1 // 团购套餐
	CashVoucher Kind = 2 // 代金券
	TimesCard   Kind = 3 // 次卡
)

// UnmarshalJSON takes a number, also in a string.
func (k *Kind) UnmarshalJSON(b []byte) error { return integer(b, (*int64)(k)) }

// Amount is what a voucher is worth to whom. Original = CouponPay +
// MerchantTicket + PlatformDiscount, and CouponPay = Pay + PaymentDiscount.
type Amount struct {
	Original           Fen    `json:"original_amount"`
	Pay                Fen    `json:"pay_amount"`        // by the customer
	CouponPay          Fen    `json:"coupon_pay_amount"` // 用户实付 before the payment's own discount
	PaymentDiscount    Fen    `json:"payment_discount_amount"`
	MerchantTicket     Fen    `json:"merchant_ticket_amount"`   // the merchant's subsidy 商家补贴
	PlatformDiscount   Fen    `json:"platform_discount_amount"` // the platform's 平台补贴
	BrandTicket        Fen    `json:"brand_ticket_amount"`
	ListMarket         Fen    `json:"list_market_amount"`
	OriginalListMarket Fen    `json:"origin_list_market_amount"`
	Currency           string `json:"original_currency"` // empty is CNY
}

// Merchant is the merchant's take before commission.
func (a Amount) Merchant() Fen { return a.Original - a.MerchantTicket }

// SKU is what was bought.
type SKU struct {
	ID          ID     `json:"sku_id"`
	Title       string `json:"title"`
	Kind        Kind   `json:"groupon_type"`
	MarketPrice Fen    `json:"market_price"`
	SoldStart   Time   `json:"sold_start_time"`
	ThirdID     string `json:"third_sku_id"`
	Account     ID     `json:"account_id"` // the merchant's root account
}

// Redemption is one use of a voucher as the platform remembers it.
type Redemption struct {
	Verify      ID    `json:"verify_id"`
	Certificate ID    `json:"certificate_id"`
	Time        Time  `json:"verify_time"`
	CanCancel   bool  `json:"can_cancel"`
	Type        Count `json:"verify_type"` // 0 default, 1 customer, 2 scanned, 3 typed, 4 open API; from one source only
	Verifier    ID    `json:"verifier_unique_id"`
	Shop        ID    `json:"poi_id"`
	Serial      Count `json:"times_card_serial_num"`
}

// Certificate is a voucher (券).
type Certificate struct {
	ID         ID     `json:"certificate_id"`
	Code       Hidden `json:"code"`           // what is printed; not in every answer
	Encrypted  Hidden `json:"encrypted_code"` // the key for Verify and Certificate
	Status     Status `json:"status"`
	UsedStatus Count  `json:"used_status_type"`
	Start      Time   `json:"start_time"`
	Expire     Time   `json:"expire_time"`
	SKU        SKU    `json:"sku"`
	Amount     Amount `json:"amount"`
	TimesCard  *struct {
		Total   Count `json:"times_count"`
		Used    Count `json:"times_used"`
		Serials []struct {
			Serial Count  `json:"serial_numb"`
			Amount Amount `json:"amount"`
		} `json:"serial_amount_list"`
	} `json:"time_card"`
	NotAvailable *struct {
		Enabled  bool    `json:"fulfil_enable"`
		WeekDays []Count `json:"can_no_use_week_day"`
		Dates    []struct {
			Start Time `json:"start_time"`
			End   Time `json:"end_time"`
		} `json:"can_no_use_date"`
	} `json:"not_available_time_info"`
	Redeemed    *Redemption  `json:"verify"`
	Redemptions []Redemption `json:"verify_records"`
	// Raw is the whole element as it came.
	Raw Hidden `json:"-"`
}

// UnmarshalJSON reads the platform's element and keeps it in Raw.
func (c *Certificate) UnmarshalJSON(b []byte) error {
	type fields Certificate
	return keep(b, (*fields)(c), &c.Raw)
}

// Uses is how often the voucher can still be redeemed, by this answer.
func (c *Certificate) Uses() int {
	if c.TimesCard != nil && c.TimesCard.Total > 0 {
		return int(max(0, c.TimesCard.Total-c.TimesCard.Used))
	}
	if c.Status == StatusUsed || c.Status == StatusRefunded {
		return 0
	}
	return 1
}

// redemptions are all that the answer names, each once.
func (c *Certificate) redemptions() []Redemption {
	all := append([]Redemption(nil), c.Redemptions...)
	if c.Redeemed == nil || c.Redeemed.Verify == "" || c.Redeemed.Verify == "0" {
		return all
	}
	for _, r := range all {
		if r.Verify == c.Redeemed.Verify {
			return all
		}
	}
	return append(all, *c.Redeemed)
}

// certificates is a list in any of its shapes; the newest wins, and the others
// are read only where it is missing.
type certificates struct {
	head
	V2    []Certificate `json:"certificates_v2"`
	List  unreadJSON    `json:"certificates"`
	V2Alt unreadJSON    `json:"certificates_v_2"` // as the platform's own Go client spells it
}

// unreadJSON is JSON nobody has read yet.
type unreadJSON []byte

func (u *unreadJSON) UnmarshalJSON(b []byte) error {
	*u = append(unreadJSON(nil), b...)
	return nil
}

// all gives the list. ep and logID are for the error.
func (c *certificates) all(ep Endpoint, logID string) ([]Certificate, error) {
	for _, shape := range []unreadJSON{c.V2Alt, c.List} {
		if len(c.V2) > 0 || len(shape) == 0 {
			continue
		}
		if json.Unmarshal(shape, &c.V2) != nil {
			return nil, notJSON(&Error{Endpoint: ep, Class: ErrDoubt, Reason: NotUnderstood, Retry: true, HTTPStatus: 200, LogID: logID})
		}
	}
	return c.V2, nil
}
