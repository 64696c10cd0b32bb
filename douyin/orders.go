package douyin

import (
	"context"
	"iter"
	"net/url"
	"strconv"
	"time"
)

// Order is an order as the platform shows it to the merchant: no codes, no
// times of redemption. It is paid inside Douyin; a till can read it, not collect it.
type Order struct {
	ID       ID     `json:"order_id"`
	Status   Count  `json:"order_status"` // numbers are not published
	Type     Count  `json:"order_type"`   // 21 group-buy, 31 pre-sale, 51 and 70 times-card, 110 bill payment (买单)
	Original Fen    `json:"original_amount"`
	Pay      Fen    `json:"pay_amount"`
	Discount Fen    `json:"discount_amount"`
	Created  Time   `json:"create_order_time"`
	Paid     Time   `json:"pay_time"`
	Updated  Time   `json:"update_order_time"`
	SKU      ID     `json:"sku_id"`
	SKUName  string `json:"sku_name"`
	Count    Count  `json:"count"`
	Items    []struct {
		Certificate  ID    `json:"certificate_id"`
		Item         ID    `json:"order_item_id"`
		Status       Count `json:"item_status"`
		Updated      Time  `json:"item_update_time"`
		RefundAmount Fen   `json:"refund_amount"`
		RefundTime   Time  `json:"refund_time"`
	} `json:"certificate"`
	// SubAmounts is what trades other than dining read. Type: 1 delivery, 2
	// packing, 3 service, 100 goods.
	SubAmounts []struct {
		Type     Count `json:"sub_order_type"`
		Original Fen   `json:"original_amount"`
		Pay      Fen   `json:"pay_amount"`
		Discount Fen   `json:"discount_amount"`
	} `json:"sub_order_amount_infos"`
	Raw Hidden `json:"-"`
}

// UnmarshalJSON reads the platform's element and keeps it in Raw.
func (o *Order) UnmarshalJSON(b []byte) error {
	type fields Order
	return keep(b, (*fields)(o), &o.Raw)
}

// OrderQuery chooses orders. The zero value is all there are.
type OrderQuery struct {
	Order                  ID
	External               string // ext_order_id
	OpenID                 string
	Status                 int
	CreatedFrom, CreatedTo time.Time
	UpdatedFrom, UpdatedTo time.Time
	Page, Size             int // page counts from 1; 1 to 100 a page, default 100
	Cursor                 string
}

const (
	ordersPage = 100
	// ordersByPage is how far pages reach; beyond, the cursor goes on.
	ordersByPage = 10_000
)

// OrderPage is one page.
type OrderPage struct {
	Orders []Order
	Total  int64
	// Cursor goes on; empty where the platform gave none.
	Cursor string
}

// OrderPage reads one page of orders (订单查询).
func (m *Merchant) OrderPage(ctx context.Context, o OrderQuery) (*OrderPage, error) {
	if o.Page == 0 {
		o.Page = 1
	}
	if o.Size == 0 {
		o.Size = ordersPage
	}
	if o.Size < 0 || o.Size > ordersPage || o.Page < 0 || o.Cursor == "" && o.Page*o.Size > ordersByPage {
		return nil, invalid(OrdersEndpoint, "page %d of %d", o.Page, o.Size)
	}
	var reply struct {
		head
		Orders []Order `json:"orders"`
		Page   struct {
			Total Count `json:"total"`
		} `json:"page"`
		After struct {
			Cursor ID `json:"CursorValue"`
			Lower  ID `json:"cursor_value"`
		} `json:"search_after"`
	}
	if _, err := m.get(ctx, OrdersEndpoint, o.values(m.account), &reply); err != nil {
		return nil, err
	}
	next := reply.After.Cursor
	if next == "" {
		next = reply.After.Lower
	}
	return &OrderPage{reply.Orders, int64(reply.Page.Total), string(next)}, nil
}

func (o OrderQuery) values(account ID) url.Values {
	q := url.Values{"account_id": {string(account)}, "page_num": {strconv.Itoa(o.Page)}, "page_size": {strconv.Itoa(o.Size)}}
	setID(q, "order_id", o.Order)
	setID(q, "ext_order_id", ID(o.External))
	setID(q, "open_id", ID(o.OpenID))
	setInt(q, "order_status", o.Status)
	setTime(q, "create_order_start_time", o.CreatedFrom)
	setTime(q, "create_order_end_time", o.CreatedTo)
	setTime(q, "update_order_start_time", o.UpdatedFrom)
	setTime(q, "update_order_end_time", o.UpdatedTo)
	setID(q, "cursor", ID(o.Cursor))
	return q
}

// Orders walks all orders chosen: by cursor where the platform gives one, else
// by page.
func (m *Merchant) Orders(ctx context.Context, o OrderQuery) iter.Seq2[Order, error] {
	return func(yield func(Order, error) bool) {
		o.Page, o.Size = 1, ordersPage
		for range pagesMax {
			page, err := m.OrderPage(ctx, o)
			if err != nil {
				yield(Order{}, err)
				return
			}
			for _, one := range page.Orders {
				if !yield(one, nil) {
					return
				}
			}
			if len(page.Orders) < o.Size || page.Cursor != "" && page.Cursor == o.Cursor {
				return
			}
			if o.Cursor = page.Cursor; o.Cursor == "" {
				o.Page++
			}
		}
	}
}
