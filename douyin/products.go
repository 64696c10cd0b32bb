package douyin

import (
	"context"
	"iter"
	"net/url"
	"strings"
)

// Product is something sold online. What a product is made of differs by trade:
// the rest is in Raw.
type Product struct {
	ID      ID     `json:"product_id"`
	OutID   string `json:"out_id"`
	Name    string `json:"product_name"`
	Type    Count  `json:"product_type"`
	Account ID     `json:"account_id"`
	Status  Count  `json:"-"` // online_status, beside the product
	Raw     Hidden `json:"-"`
}

// UnmarshalJSON reads {"product":{…},"online_status":1} as well as a bare product.
// The nesting is known from one source only.
func (p *Product) UnmarshalJSON(b []byte) error {
	type fields Product
	var nested struct {
		Product *fields `json:"product"`
		Status  Count   `json:"online_status"`
	}
	if err := keep(b, &nested, &p.Raw); err != nil {
		return err
	}
	raw := p.Raw
	if nested.Product != nil {
		*p = Product(*nested.Product)
	} else if err := keep(b, (*fields)(p), &raw); err != nil {
		return err
	}
	p.Raw, p.Status = raw, nested.Status
	return nil
}

// ProductQuery chooses products. Numbers are the platform's.
type ProductQuery struct {
	Cursor  string
	Count   int // a page; zero is 50
	Status  int
	Creator int // goods_creator_type
}

// productsPage is the default size of a page.
const productsPage = 50

// Products walks what the merchant sells (商品线上数据列表).
func (m *Merchant) Products(ctx context.Context, p ProductQuery) iter.Seq2[Product, error] {
	return func(yield func(Product, error) bool) {
		if p.Count == 0 {
			p.Count = productsPage
		}
		for range pagesMax {
			q := url.Values{"account_id": {string(m.account)}}
			setInt(q, "count", p.Count)
			setInt(q, "status", p.Status)
			setInt(q, "goods_creator_type", p.Creator)
			setID(q, "cursor", ID(p.Cursor))
			var reply struct {
				head
				Products []Product `json:"products"`
				Next     ID        `json:"next_cursor"`
				HasMore  bool      `json:"has_more"`
			}
			if _, err := m.get(ctx, ProductsEndpoint, q, &reply); err != nil {
				yield(Product{}, err)
				return
			}
			for _, one := range reply.Products {
				if !yield(one, nil) {
					return
				}
			}
			if !reply.HasMore || reply.Next == "" || string(reply.Next) == p.Cursor {
				return
			}
			p.Cursor = string(reply.Next)
		}
	}
}

// ProductsByID reads single products (商品线上数据), by the platform's numbers.
func (m *Merchant) ProductsByID(ctx context.Context, ids ...ID) ([]Product, error) {
	if len(ids) == 0 {
		return nil, invalid(ProductEndpoint, "which products?")
	}
	q := url.Values{"account_id": {string(m.account)}, "product_ids": {joinIDs(ids)}}
	var reply struct {
		head
		Products []Product `json:"product_onlines"`
		Plain    []Product `json:"products"`
	}
	_, err := m.get(ctx, ProductEndpoint, q, &reply)
	return append(reply.Products, reply.Plain...), err
}

func joinIDs(ids []ID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = string(id)
	}
	return strings.Join(texts, ",")
}
