package douyin

import (
	"context"
	"net/url"
	"strconv"
)

// Account is a place in a merchant's tree of accounts (来客).
type Account struct {
	ID   ID     `json:"account_id"`
	Name string `json:"account_name"`
	Type string `json:"account_type"` // Trademark, Shop
}

// Shop is a shop (门店). Its ID is what Prepare and Verify want: map your own
// shops to them once, because money is settled by shop.
type Shop struct {
	POI struct {
		ID        ID      `json:"poi_id"`
		Name      string  `json:"poi_name"`
		Address   string  `json:"address"`
		Latitude  float64 `json:"latitude"`
		Longitude float64 `json:"longitude"`
	} `json:"poi"`
	Account struct {
		Parent Account `json:"parent_account"`
		Own    Account `json:"poi_account"`
	} `json:"account"`
	Raw Hidden `json:"-"`
}

// UnmarshalJSON reads the platform's element and keeps it in Raw.
func (s *Shop) UnmarshalJSON(b []byte) error {
	type fields Shop
	return keep(b, (*fields)(s), &s.Raw)
}

// ShopQuery chooses shops. Page counts from 1.
type ShopQuery struct {
	POI        ID
	Third      string // the merchant's own number
	Page, Size int
}

// shopsPage is the default size of a page.
const shopsPage = 50

// Shops reads one page of the merchant's shops (门店查询) and how many there are.
func (m *Merchant) Shops(ctx context.Context, s ShopQuery) (shops []Shop, total int64, err error) {
	if s.Page == 0 {
		s.Page = 1
	}
	if s.Size == 0 {
		s.Size = shopsPage
	}
	if s.Page < 0 || s.Size < 0 {
		return nil, 0, invalid(ShopsEndpoint, "page %d of %d", s.Page, s.Size)
	}
	q := url.Values{"page": {strconv.Itoa(s.Page)}, "size": {strconv.Itoa(s.Size)}}
	setID(q, "account_id", m.account)
	setID(q, "poi_id", s.POI)
	setID(q, "third_id", ID(s.Third))
	var reply struct {
		head
		Total Count  `json:"total"`
		POIs  []Shop `json:"pois"`
	}
	_, err = m.get(ctx, ShopsEndpoint, q, &reply)
	return reply.POIs, int64(reply.Total), err
}
