package douyin

import (
	"context"
	"iter"
	"maps"
	"net/url"
	"strconv"
	"time"
)

// RefundWindow is how long after a redemption a refund can be applied for here.
const RefundWindow = 30 * 24 * time.Hour

// RefundApplication asks the platform to give the customer money back after a
// redemption (发起退款).
type RefundApplication struct {
	Order ID
	// Reasons are the platform's numbers (refund_reason_code), for example 102.
	Reasons []int64
	// Fields are the others the platform's page names for the voucher and the
	// amount. Their names are not known here for sure, so the caller gives them.
	Fields map[string]any
}

// ApplyRefund sends an application. It is never repeated by itself, because
// nothing makes two applications one refund. After ErrDoubt look at Refunds
// before applying again; those lag by seconds, at worst minutes.
//
// nil: the platform took the application; what becomes of it stands in Refunds.
func (m *Merchant) ApplyRefund(ctx context.Context, r RefundApplication) (Hidden, error) {
	if m.account == "" || r.Order == "" || len(r.Reasons) == 0 {
		return Hidden{}, invalid(RefundEndpoint, "account, order and a reason are needed")
	}
	body := maps.Clone(r.Fields)
	if body == nil {
		body = map[string]any{}
	}
	body["account_id"], body["order_id"], body["refund_reason_code"] = m.account, r.Order, r.Reasons
	return m.Call(ctx, CallRequest{Endpoint: RefundEndpoint, Body: body})
}

// AfterSale is a refund (售后单) in the platform's list. The names of its fields
// are known from one source only; everything is in Raw.
type AfterSale struct {
	ID     ID     `json:"after_sale_id"`
	Order  ID     `json:"order_id"`
	Status Count  `json:"after_sale_status"`
	Amount Fen    `json:"refund_amount"`
	Raw    Hidden `json:"-"`
}

// UnmarshalJSON reads the platform's element and keeps it in Raw.
func (a *AfterSale) UnmarshalJSON(b []byte) error {
	type fields AfterSale
	return keep(b, (*fields)(a), &a.Raw)
}

// refundsPage is the largest page.
const refundsPage = 100

// Refunds walks the merchant's refunds created in a time (退款单列表查询).
func (m *Merchant) Refunds(ctx context.Context, from, to time.Time) iter.Seq2[AfterSale, error] {
	return func(yield func(AfterSale, error) bool) {
		q := url.Values{"account_id": {string(m.account)}, "cursor": {"0"}, "page_size": {strconv.Itoa(refundsPage)}}
		setTime(q, "create_order_start_time", from)
		setTime(q, "create_order_end_time", to)
		for range pagesMax {
			var reply struct {
				head
				List    []AfterSale `json:"after_sale_orders"`
				HasMore bool        `json:"has_more"`
				Cursor  ID          `json:"cursor"`
			}
			if _, err := m.get(ctx, RefundsEndpoint, q, &reply); err != nil {
				yield(AfterSale{}, err)
				return
			}
			for _, one := range reply.List {
				if !yield(one, nil) {
					return
				}
			}
			if !reply.HasMore || reply.Cursor == "" || string(reply.Cursor) == q.Get("cursor") {
				return
			}
			q.Set("cursor", string(reply.Cursor))
		}
	}
}
