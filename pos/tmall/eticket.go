package tmall

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/openecr/openecr/pos"
)

// Station says who redeems. A trusted seller (信任卖家) leaves it empty, a code
// merchant (码商) must fill it in.
type Station struct {
	Merchant ID     // codemerchant_id
	POS      string // posid
}

// Issued is an e-ticket (电子凭证) as the notice of its issue (发码通知) told the
// shop, which keeps these: the platform does not tell them again.
type Issued struct {
	Order ID         // order_id
	Token pos.Secret // token of the notice
	Worth pos.Money  // what one use counts in a sale
	Price pos.Money  // what the customer paid for one; zero if unknown
}

// Before is what can be redeemed with a code.
type Before struct {
	Title string
	Left  int // uses of this code
	From  Time
	Until Time
}

// params are those every e-ticket call has.
func (s Station) params(order ID, token pos.Secret) map[string]string {
	return map[string]string{"order_id": string(order), "token": reveal(token), "codemerchant_id": string(s.Merchant), "posid": s.POS}
}

// BeforeConsume asks what a code stands for
// (taobao.vmarket.eticket.beforeconsume 验码前置确认). It changes nothing.
func (c *Client) BeforeConsume(ctx context.Context, code pos.Secret, in Issued, s Station) (*Before, error) {
	const method = "taobao.vmarket.eticket.beforeconsume"
	var d struct {
		Ret   ret    `json:"ret_code"`
		Title string `json:"item_title"`
		Left  Count  `json:"code_left_num"`
		From  Time   `json:"valid_start"`
		Until Time   `json:"valid_ends"`
	}
	p := s.params(in.Order, in.Token)
	p["verify_code"] = reveal(code)
	if err := c.Call(ctx, method, p, &d, code, in.Token); err != nil {
		return nil, err
	}
	if err := d.Ret.check(method); err != nil {
		return nil, err
	}
	return &Before{Title: clean(d.Title, []pos.Secret{code}), Left: int(d.Left), From: d.From, Until: d.Until}, nil
}

// ret is a ret_code: 1 is success, 0 failure.
type ret struct{ ID }

func (r ret) check(method string) error {
	switch r.ID {
	case "1":
		return nil
	case "0":
		return &Error{Method: method, Class: ErrRefused, Status: 200, Code: "ret_code 0"}
	}
	return &Error{Method: method, Class: ErrDoubt, Status: 200, Err: fmt.Errorf("the result %q is neither 0 nor 1", clean(string(r.ID), nil))}
}

// Count is a number that may arrive as text.
type Count int

// UnmarshalJSON reads a whole number, also as text; null is zero.
func (n *Count) UnmarshalJSON(b []byte) error {
	text, err := plain(b)
	if err != nil || text == "" {
		*n = 0
		return err
	}
	i, err := strconv.Atoi(text)
	if err != nil || i < 0 || i > countMax {
		return errors.New("tmall: not a count")
	}
	*n = Count(i)
	return nil
}

const countMax = 1_000_000_000

// Use is one redemption, or its undo.
type Use struct {
	Code   pos.Secret
	Issued Issued
	Times  int
	// Serial (serial_num 核销流水号) names this redemption for ever: 1 to 100
	// characters of [0-9A-Za-z_], never used twice.
	Serial string
}

// serialMax is the platform's limit.
const serialMax = 100

func (u Use) check(method string) error {
	ok := u.Times > 0 && u.Serial != "" && len(u.Serial) <= serialMax
	for _, c := range []byte(u.Serial) {
		ok = ok && (c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z')
	}
	if !ok {
		return &Error{Method: method, Class: ErrNotSent, Err: errors.New("a use needs times above zero and a serial of letters and digits")}
	}
	return nil
}

// Consume redeems a code (taobao.vmarket.eticket.consume 核销), once or several
// times, all or none.
func (c *Client) Consume(ctx context.Context, u Use, s Station) error {
	const method = "taobao.vmarket.eticket.consume"
	p := s.params(u.Issued.Order, u.Issued.Token)
	p["verify_code"], p["consume_num"], p["serial_num"] = reveal(u.Code), strconv.Itoa(u.Times), u.Serial
	return c.move(ctx, method, u, p)
}

// Reverse takes a redemption back (taobao.vmarket.eticket.reverse 冲正), wholly.
func (c *Client) Reverse(ctx context.Context, u Use, s Station) error {
	const method = "taobao.vmarket.eticket.reverse"
	p := s.params(u.Issued.Order, u.Issued.Token)
	p["reverse_code"], p["reverse_num"], p["consume_secial_num"] = reveal(u.Code), strconv.Itoa(u.Times), u.Serial // the platform's spelling
	return c.move(ctx, method, u, p)
}

func (c *Client) move(ctx context.Context, method string, u Use, p map[string]string) error {
	if err := u.check(method); err != nil {
		return err
	}
	var d struct {
		Ret ret `json:"ret_code"`
	}
	if err := c.Call(ctx, method, p, &d, u.Code, u.Issued.Token); err != nil {
		return err
	}
	return d.Ret.check(method)
}

// Act is what a line of the platform's log says.
type Act int

// The acts.
const (
	ActConsume Act = 1 // 核销
	ActReverse Act = 2 // 冲正
)

// Log is one line of the platform's log.
type Log struct {
	Act    Act    `json:"op_type"`
	Order  ID     `json:"order_id"`
	Times  Count  `json:"num"`
	Amount Yuan   `json:"amount"`
	Serial string `json:"consume_serial_num"`
	POS    string `json:"pos_id"`
	Time   Time   `json:"op_time"`
}

// logPage is the platform's limit of a page, pagesMax bounds a question.
const (
	logPage  = 40
	pagesMax = 2500
)

// Logs reads what was redeemed and taken back between two times
// (taobao.vmarket.eticket.oplogs.get 核销日志), of one code, or of all if code is empty.
func (c *Client) Logs(ctx context.Context, code pos.Secret, from, to time.Time, s Station) iter.Seq2[Log, error] {
	return func(yield func(Log, error) bool) {
		p := map[string]string{"type": "0", "start_time": stamp(from), "end_time": stamp(to), "code": reveal(code), "page_size": strconv.Itoa(logPage),
			"codemerchant_id": string(s.Merchant), "posid": s.POS}
		seen := 0
		for page := range pagesMax {
			p["page_no"] = strconv.Itoa(page + 1)
			var d struct {
				Total *Count `json:"total_results"`
				Logs  struct {
					List []Log `json:"eticket_op_log"`
				} `json:"eticket_op_logs"`
			}
			err := c.Call(ctx, "taobao.vmarket.eticket.oplogs.get", p, &d, code)
			if err == nil && d.Total == nil {
				err = &Error{Method: "taobao.vmarket.eticket.oplogs.get", Class: ErrDoubt, Status: 200, Err: errors.New("the log has no total")}
			}
			if err != nil {
				yield(Log{}, err)
				return
			}
			for _, l := range d.Logs.List {
				if !yield(l, nil) {
					return
				}
			}
			if seen += len(d.Logs.List); seen >= int(*d.Total) {
				return
			}
			if len(d.Logs.List) == 0 {
				break
			}
		}
		yield(Log{}, errors.New("tmall: the log ends before its total"))
	}
}
