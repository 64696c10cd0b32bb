package tmall

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/openecr/openecr/pos"
)

// Trade is an order of the shop (交易), without the buyer's data.
type Trade struct {
	ID       ID     `json:"tid"`
	Status   string `json:"status"` // verbatim, such as TRADE_FINISHED
	Type     string `json:"type"`
	Title    string `json:"title"`
	Payment  Yuan   `json:"payment"` // 实付金额
	Total    Yuan   `json:"total_fee"`
	Created  Time   `json:"created"`
	Paid     Time   `json:"pay_time"`
	Modified Time   `json:"modified"`
	Orders   struct {
		List []SubOrder `json:"order"`
	} `json:"orders"`
}

// SubOrder is one item of a trade (子订单).
type SubOrder struct {
	ID      ID     `json:"oid"`
	Status  string `json:"status"`
	Title   string `json:"title"`
	Count   Count  `json:"num"`
	Price   Yuan   `json:"price"`
	Payment Yuan   `json:"payment"`
	Refund  string `json:"refund_status"`
}

// Refund is a refund (退款), without the buyer's data.
type Refund struct {
	ID       ID     `json:"refund_id"`
	Trade    ID     `json:"tid"`
	Order    ID     `json:"oid"`
	Status   string `json:"status"` // verbatim, such as SUCCESS
	Fee      Yuan   `json:"refund_fee"`
	Payment  Yuan   `json:"payment"`
	Total    Yuan   `json:"total_fee"`
	Title    string `json:"title"`
	Reason   string `json:"reason"`
	Created  Time   `json:"created"`
	Modified Time   `json:"modified"`
}

const (
	tradeFields  = "tid,status,type,title,payment,total_fee,created,pay_time,modified,orders"
	refundFields = "refund_id,tid,oid,status,refund_fee,payment,total_fee,title,reason,created,modified"
	pageSize     = 100 // the platform's limit
)

// TradeQuery chooses trades.
type TradeQuery struct {
	From, To time.Time
	// Status, if given, is the only one.
	Status string
	// Types, joined by commas, must be given: left out, the platform lists four
	// of its types and hides the rest. E-tickets are "eticket".
	Types string
}

func (q TradeQuery) params(from, to string) (map[string]string, error) {
	if q.Types == "" || q.From.IsZero() || !q.To.After(q.From) {
		return nil, fmt.Errorf("tmall: %w: a query needs types, and a time after its beginning", pos.ErrInvalid)
	}
	return map[string]string{"fields": tradeFields, "type": q.Types, "status": q.Status, from: stamp(q.From), to: stamp(q.To), "page_size": strconv.Itoa(pageSize)}, nil
}

type tradePage struct {
	Total  *Count `json:"total_results"`
	More   bool   `json:"has_next"`
	Trades struct {
		List []Trade `json:"trade"`
	} `json:"trades"`
}

// Trades lists the shop's orders by their creation, newest first
// (taobao.trades.sold.get); the platform goes back three months.
func (c *Client) Trades(ctx context.Context, q TradeQuery) iter.Seq2[Trade, error] {
	p, err := q.params("start_created", "end_created")
	return forward(p, err, func(p map[string]string) ([]Trade, bool, error) {
		var d tradePage
		err := c.Call(ctx, "taobao.trades.sold.get", p, &d)
		return d.Trades.List, d.More, err
	})
}

// Refunds lists refunds by their last change (taobao.refunds.receive.get). Types
// of the query may be empty: the platform then lists two of them.
func (c *Client) Refunds(ctx context.Context, q TradeQuery) iter.Seq2[Refund, error] {
	p := map[string]string{"fields": refundFields, "type": q.Types, "status": q.Status, "start_modified": stamp(q.From), "end_modified": stamp(q.To), "page_size": strconv.Itoa(pageSize)}
	var err error
	if q.From.IsZero() || !q.To.After(q.From) {
		err = fmt.Errorf("tmall: %w: a query needs a time after its beginning", pos.ErrInvalid)
	}
	return forward(p, err, func(p map[string]string) ([]Refund, bool, error) {
		var d struct {
			More    bool `json:"has_next"`
			Refunds struct {
				List []Refund `json:"refund"`
			} `json:"refunds"`
		}
		err := c.Call(ctx, "taobao.refunds.receive.get", p, &d)
		return d.Refunds.List, d.More, err
	})
}

// forward reads page after page as long as there is a next one.
func forward[T any](p map[string]string, err error, get func(map[string]string) ([]T, bool, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		if err != nil {
			yield(zero, err)
			return
		}
		p["use_has_next"] = "true"
		for page := range pagesMax {
			p["page_no"] = strconv.Itoa(page + 1)
			list, more, err := get(p)
			if err != nil {
				yield(zero, err)
				return
			}
			for _, one := range list {
				if !yield(one, nil) {
					return
				}
			}
			if !more {
				return
			}
		}
		yield(zero, errors.New("tmall: the list does not end"))
	}
}

// changesMax is the platform's window of a question about changes.
const changesMax = 24 * time.Hour

// TradeChanges lists the orders that changed within at most a day
// (taobao.trades.sold.increment.get). Pages are read from the last to the first:
// an order that changes meanwhile moves back, and is seen twice rather than never.
func (c *Client) TradeChanges(ctx context.Context, q TradeQuery) iter.Seq2[Trade, error] {
	return func(yield func(Trade, error) bool) {
		p, err := q.params("start_modified", "end_modified")
		if err == nil && q.To.Sub(q.From) > changesMax {
			err = fmt.Errorf("tmall: %w: changes are read for a day at most", pos.ErrInvalid)
		}
		if err == nil {
			err = c.backward(ctx, p, yield)
		}
		if err != nil {
			yield(Trade{}, err)
		}
	}
}

func (c *Client) backward(ctx context.Context, p map[string]string, yield func(Trade, error) bool) error {
	get := func(page int) (d tradePage, err error) {
		p["page_no"] = strconv.Itoa(page)
		const method = "taobao.trades.sold.increment.get"
		if err = c.Call(ctx, method, p, &d); err == nil && d.Total == nil {
			err = &Error{Method: method, Class: ErrDoubt, Status: 200, Err: errors.New("the list has no total")}
		}
		return d, err
	}
	first, err := get(1)
	if err != nil {
		return err
	}
	for page := (int(*first.Total) + pageSize - 1) / pageSize; page > 0; page-- {
		d, err := get(page)
		if err != nil {
			return err
		}
		for _, t := range slices.Backward(d.Trades.List) {
			if !yield(t, nil) {
				return nil
			}
		}
	}
	return nil
}

// Trade reads one order (taobao.trade.fullinfo.get).
func (c *Client) Trade(ctx context.Context, id ID) (Trade, error) {
	var d struct {
		Trade Trade `json:"trade"`
	}
	err := c.Call(ctx, "taobao.trade.fullinfo.get", map[string]string{"fields": tradeFields, "tid": string(id)}, &d)
	return d.Trade, err
}

// Refund reads one refund (taobao.refund.get).
func (c *Client) Refund(ctx context.Context, id ID) (Refund, error) {
	var d struct {
		Refund Refund `json:"refund"`
	}
	err := c.Call(ctx, "taobao.refund.get", map[string]string{"fields": refundFields, "refund_id": string(id)}, &d)
	return d.Refund, err
}
