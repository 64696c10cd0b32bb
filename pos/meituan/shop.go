package meituan

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/openecr/openecr/pos"
)

// Business is the platform's line of business (businessId).
type Business int

// The lines of business with voucher calls.
const (
	Dining   Business = 1  // restaurants 到店餐饮
	Services Business = 58 // services retail 服务零售/到综
)

// Shop is one shop that authorised the developer: its appAuthToken names it.
// Safe for concurrent use.
type Shop struct {
	c        *Client
	business Business
	name     string
	token    pos.Secret
}

// Shop of a line of business. name is the till's own name of the shop, for
// journals; token is its appAuthToken (一店一token).
func (c *Client) Shop(b Business, name string, token pos.Secret) (*Shop, error) {
	if b != Dining && b != Services {
		return nil, fmt.Errorf("meituan: %w: business %d has no voucher calls here", pos.ErrInvalid, b)
	}
	if name == "" || token.Len() == 0 {
		return nil, fmt.Errorf("meituan: %w: a shop needs a name and its appAuthToken", pos.ErrInvalid)
	}
	return &Shop{c: c, business: b, name: name, token: token}, nil
}

// String names the shop without secrets. Words stand between the numbers, so
// that together they never look like a card's.
func (s *Shop) String() string {
	business := map[Business]string{Dining: "dining", Services: "services"}[s.business]
	return fmt.Sprintf("meituan://%s/%s/developer/%s/shop/%s", s.c.base.Host, business, pos.KeepID(s.c.cfg.Developer), pos.KeepID(s.name))
}

// GoString is String.
func (s *Shop) GoString() string { return s.String() }

// Prepared is what a code stands for: unused vouchers of one order, of one kind.
type Prepared struct {
	Order  ID // of services retail only
	Deal   ID
	Title  string
	Count  int  // how many can be redeemed with this code
	Least  int  // the fewest that may be redeemed at once
	Face   Yuan // market price (市场价), or a cash voucher's face value, of one
	Price  Yuan // what the customer paid for one; zero if the platform cannot tell
	Cash   bool // cash voucher 代金券, not a set meal
	Card   bool // times-card 次卡
	Kind   int  // bizType, of services retail
	Expire Time
}

// Prepare asks what a code stands for (验券准备). It changes nothing. Success
// proves that the code is unused.
func (s *Shop) Prepare(ctx context.Context, code pos.Secret) (*Prepared, error) {
	if s.business == Dining {
		return s.prepareDining(ctx, code)
	}
	return s.prepareServices(ctx, code)
}

func (s *Shop) prepareDining(ctx context.Context, code pos.Secret) (*Prepared, error) {
	const path = "/tuangou/ng/coupon/msprepare"
	var d struct {
		Deal     ID     `json:"dealId"`
		Title    string `json:"dealTitle"`
		Value    Yuan   `json:"dealValue"`
		Single   Yuan   `json:"singleValue"`
		Price    Yuan   `json:"dealPrice"`
		BuyPrice Yuan   `json:"couponBuyPrice"`
		Count    int    `json:"count"`
		Least    int    `json:"minConsume"`
		End      Time   `json:"couponEndTime"`
		Volume   int    `json:"volume"`
		Cash     bool   `json:"vourcher"` // the platform's spelling
		Result   *int   `json:"result"`
		Message  string `json:"message"`
	}
	if err := s.call(ctx, path, map[string]string{"code": reveal(code)}, &d, code); err != nil {
		return nil, err
	}
	if err := inner(path, d.Result, d.Message, code); err != nil {
		return nil, err
	}
	p := &Prepared{Deal: d.Deal, Title: d.Title, Count: d.Count, Least: max(1, d.Least), Face: d.Value, Price: d.Price, Cash: d.Cash, Expire: d.End}
	if d.Volume == 1 && d.Single > 0 {
		p.Face = d.Single
	}
	if d.Count == 1 && d.BuyPrice > 0 { // with more the platform does not share it out
		p.Price = d.BuyPrice
	}
	return p, p.check(path)
}

// inner judges the result that dining calls carry inside a successful answer.
func inner(path string, result *int, message string, code pos.Secret) error {
	if result == nil || *result == 0 {
		return nil
	}
	return &Error{Path: path, Class: ErrRefused, Status: 200, Code: fmt.Sprintf("result %d", *result), Text: clean(message, []pos.Secret{code})}
}

// Kinds of services retail.
const (
	kindTimes    = 205 // times-card 次卡
	kindTimesOld = 201 // as the list of redemptions calls it
)

func (s *Shop) prepareServices(ctx context.Context, code pos.Secret) (*Prepared, error) {
	const path = "/ddzh/tuangou/receipt/prepare"
	var d struct {
		Count  int    `json:"count"`
		Order  ID     `json:"orderId"`
		Deal   ID     `json:"dealId"`
		Title  string `json:"dealTitle"`
		Price  Yuan   `json:"dealPrice"`
		Market Yuan   `json:"dealMarketPrice"`
		Kind   int    `json:"bizType"`
		End    Time   `json:"receiptEndDate"`
		Card   bool   `json:"tgTimesCardFlag"`
	}
	if err := s.call(ctx, path, map[string]string{"receiptCode": reveal(code)}, &d, code); err != nil {
		return nil, err
	}
	p := &Prepared{Order: d.Order, Deal: d.Deal, Title: d.Title, Count: d.Count, Least: 1, Face: d.Market, Price: d.Price, Kind: d.Kind, Expire: d.End,
		Card: d.Card || d.Kind == kindTimes || d.Kind == kindTimesOld}
	return p, p.check(path)
}

// check refuses what cannot be: a call's success without vouchers or worth.
func (p *Prepared) check(path string) error {
	if p.Count < 1 || p.Face < 0 || p.Price < 0 || p.Face == 0 && p.Price == 0 {
		return &Error{Path: path, Class: ErrDoubt, Status: 200, Err: errors.New("the answer names no voucher")}
	}
	if p.Face == 0 {
		p.Face = p.Price
	}
	return nil
}

// Consume is a redemption (验券).
type Consume struct {
	Code  pos.Secret
	Count int // of the code's order, the code itself among them
	// Request makes it idempotent with services retail; dining has nothing of the kind.
	Request string
}

// Consumed is one voucher that was redeemed.
type Consumed struct {
	Code Hidden
	Deal ID
}

// Accounts are written into the platform's records beside redemption and undo;
// they are not checked. At most 32 characters.
type Accounts struct{ ID, Name string }

// consumeMax is the platform's limit of services retail.
const consumeMax = 100

// Consume redeems. Errors: ErrNotSent; everything else leaves open whether it
// was done, and Status tells.
func (s *Shop) Consume(ctx context.Context, c Consume, by Accounts) ([]Consumed, error) {
	if c.Count < 1 || c.Count > consumeMax || s.business == Services && c.Request == "" {
		return nil, &Error{Path: "consume", Class: ErrNotSent, Err: errors.New("a count of 1 to 100, and a request id, must be given")}
	}
	if s.business == Dining {
		return s.consumeDining(ctx, c)
	}
	return s.consumeServices(ctx, c, by)
}

func (s *Shop) consumeDining(ctx context.Context, c Consume) ([]Consumed, error) {
	const path = "/tuangou/ng/coupon/msconsume"
	var d struct {
		Codes   []Hidden `json:"couponCodes"`
		Deal    ID       `json:"dealId"`
		Result  *int     `json:"result"`
		Message string   `json:"message"`
	}
	biz := map[string]any{"code": reveal(c.Code), "num": c.Count}
	if err := s.call(ctx, path, biz, &d, c.Code); err != nil {
		return nil, err
	}
	if err := inner(path, d.Result, d.Message, c.Code); err != nil {
		return nil, err
	}
	var list []Consumed
	for _, code := range d.Codes {
		list = append(list, Consumed{code, d.Deal})
	}
	return list, complete(path, list, c)
}

func (s *Shop) consumeServices(ctx context.Context, c Consume, by Accounts) ([]Consumed, error) {
	const path = "/ddzh/tuangou/receipt/consume"
	var d struct {
		Result []struct {
			Code Hidden `json:"receiptCode"`
			Deal ID     `json:"dealId"`
		} `json:"result"`
	}
	biz := map[string]any{"receiptCode": reveal(c.Code), "count": c.Count, "requestId": c.Request, "appShopAccount": by.ID, "appShopAccountName": by.Name}
	if err := s.call(ctx, path, biz, &d, c.Code); err != nil {
		return nil, err
	}
	var list []Consumed
	for _, r := range d.Result {
		list = append(list, Consumed{r.Code, r.Deal})
	}
	return list, complete(path, list, c)
}

// complete believes a redemption only if it names as many different vouchers as asked.
func complete(path string, list []Consumed, c Consume) error {
	seen := map[string]bool{}
	for _, one := range list {
		if one.Code.Len() > 0 {
			seen[reveal(one.Code.Secret)] = true
		}
	}
	if len(list) != c.Count || len(seen) != c.Count || !seen[reveal(c.Code)] {
		return &Error{Path: path, Class: ErrDoubt, Status: 200, Err: fmt.Errorf("%d vouchers are named as redeemed, %d were asked for", len(seen), c.Count)}
	}
	return nil
}

// Cancel takes one redemption back (撤销验券): services retail within
// UndoWindow and with the deal, dining as long as the platform allows.
func (s *Shop) Cancel(ctx context.Context, code pos.Secret, deal ID, by Accounts) error {
	if s.business == Services {
		biz := map[string]string{"receiptCode": reveal(code), "dealId": string(deal), "appShopAccount": by.ID, "appShopAccountName": by.Name}
		return s.call(ctx, "/ddzh/tuangou/receipt/reverseconsume", biz, nil, code)
	}
	const path = "/tuangou/coupon/cancel"
	var d struct {
		Result  *int   `json:"result"`
		Message string `json:"message"`
	}
	biz := map[string]any{"couponCode": reveal(code), "type": 1, "eId": by.ID, "eName": by.Name}
	if err := s.call(ctx, path, biz, &d, code); err != nil {
		return err
	}
	if d.Result == nil {
		return &Error{Path: path, Class: ErrDoubt, Status: 200, Err: errors.New("the answer has no result")}
	}
	return inner(path, d.Result, d.Message, code)
}

// UndoWindow is how long services retail takes a redemption back. Dining's
// window is not published.
const UndoWindow = 10 * time.Minute

// Record is one redemption as the platform's list has it.
type Record struct {
	Code    Hidden
	Deal    ID
	Title   string
	Price   Yuan // sold for
	Face    Yuan // market price
	Account string
	Time    Time
	State   string // verbatim; of services retail the number of refundStatus
	Flow    ID     // flowId 流水号, of services retail
}

// The most a list gives at once: services retail publishes 300, dining nothing.
const pageSize = 100

// recordsMax bounds one day of one shop.
const recordsMax = 100_000

// Records lists the redemptions of a day in China (验券记录), for
// reconciliation. kind is the bizType of services retail: 0 group-buy, 201
// times-card, 203 group 拼团; dining ignores it.
func (s *Shop) Records(ctx context.Context, day time.Time, kind int) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for offset := 0; offset < recordsMax; {
			list, total, err := s.page(ctx, day.In(China).Format(time.DateOnly), offset, kind)
			if err != nil {
				yield(Record{}, err)
				return
			}
			for _, r := range list {
				if !yield(r, nil) {
					return
				}
			}
			if offset += len(list); offset >= total {
				return
			}
			if len(list) == 0 {
				yield(Record{}, errors.New("meituan: the list of redemptions ends before its total"))
				return
			}
		}
		yield(Record{}, errors.New("meituan: a day has more redemptions than any shop"))
	}
}

func (s *Shop) page(ctx context.Context, date string, offset, kind int) ([]Record, int, error) {
	if s.business == Dining {
		return s.pageDining(ctx, date, offset)
	}
	return s.pageServices(ctx, date, offset, kind)
}

func (s *Shop) pageDining(ctx context.Context, date string, offset int) ([]Record, int, error) {
	var d struct {
		Total int            `json:"total"`
		Codes []diningRecord `json:"couponCodes"`
	}
	if err := s.call(ctx, "/tuangou/coupon/queryListByDate", map[string]any{"date": date, "offset": offset, "limit": pageSize}, &d); err != nil {
		return nil, 0, err
	}
	var list []Record
	for _, c := range d.Codes {
		list = append(list, c.record())
	}
	return list, d.Total, nil
}

// diningRecord is a redemption as the list and the query of dining have it.
type diningRecord struct {
	Code    Hidden `json:"couponCode"`
	Price   Yuan   `json:"couponBuyPrice"`
	State   string `json:"couponStatusDesc"`
	Time    Time   `json:"couponUseTime"`
	Deal    ID     `json:"dealId"`
	Title   string `json:"dealTitle"`
	Face    Yuan   `json:"dealValue"`
	Account string `json:"verifyAcct"`
}

func (d diningRecord) record() Record {
	return Record{Code: d.Code, Deal: d.Deal, Title: d.Title, Price: d.Price, Face: d.Face, Account: d.Account, Time: d.Time, State: d.State}
}

func (s *Shop) pageServices(ctx context.Context, date string, offset, kind int) ([]Record, int, error) {
	var d struct {
		Total   int             `json:"totalCount"`
		Records []serviceRecord `json:"records"`
	}
	biz := map[string]any{"date": date, "bizType": kind, "offset": offset, "type": 0, "limit": pageSize}
	if err := s.call(ctx, "/ddzh/tuangou/receipt/querylistbydate", biz, &d); err != nil {
		return nil, 0, err
	}
	var list []Record
	for _, r := range d.Records {
		list = append(list, r.record())
	}
	return list, d.Total, nil
}

// serviceRecord is a redemption as the list and the query of services retail have it.
type serviceRecord struct {
	Code    Hidden `json:"receiptCode"`
	Deal    ID     `json:"dealId"`
	Title   string `json:"dealTitle"`
	Price   Yuan   `json:"dealPrice"`
	Face    Yuan   `json:"dealMarketPrice"`
	Account string `json:"verifyAccount"`
	Time    Time   `json:"verifyTime"`
	Flow    ID     `json:"flowId"`
	State   ID     `json:"refundStatus"`
}

func (r serviceRecord) record() Record {
	return Record{Code: r.Code, Deal: r.Deal, Title: r.Title, Price: r.Price, Face: r.Face, Account: r.Account, Time: r.Time, State: string(r.State), Flow: r.Flow}
}
