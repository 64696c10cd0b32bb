package douyin

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
)

// Doudian (抖店) is the shop of parcels: its orders are paid inside Douyin. A
// till reads them; nothing here changes anything.

// DoudianProduction is the address of the shop platform.
const DoudianProduction = "https://openapi-fxg.jinritemai.com"

// DoudianSign chooses the signature.
type DoudianSign string

// The signatures. MD5 is being phased out.
const (
	DoudianHMAC DoudianSign = "hmac-sha256"
	DoudianMD5  DoudianSign = "md5"
)

// DoudianConfig describes an app of the shop platform. Key, Secret and Token
// have no default.
type DoudianConfig struct {
	Key    string // app_key
	Secret pos.Secret
	// Token gives the shop's access token; who fetches and renews it (token.create,
	// token.refresh) is the caller's affair.
	Token   func(context.Context) (pos.Secret, error)
	BaseURL string // empty is DoudianProduction
	HTTP    *http.Client
	Sign    DoudianSign // empty is DoudianHMAC
	Clock   func() time.Time
	Timeout time.Duration // zero is CallTimeout
	Rate    float64       // calls a second; zero is DefaultRate, negative no limit
}

// Doudian reads a shop. Safe for concurrent use.
type Doudian struct {
	cfg    DoudianConfig
	base   *url.URL
	http   *http.Client
	bucket *bucket
}

// NewDoudian checks cfg. It sends nothing.
func NewDoudian(cfg DoudianConfig) (*Doudian, error) {
	if cfg.Key == "" || cfg.Secret.Len() == 0 || cfg.Token == nil {
		return nil, errors.New("douyin: DoudianConfig.Key, Secret and Token are needed")
	}
	if cfg.BaseURL == "" {
		cfg.BaseURL = DoudianProduction
	}
	base, err := baseURL(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	if cfg.Sign == "" {
		cfg.Sign = DoudianHMAC
	}
	if cfg.Sign != DoudianHMAC && cfg.Sign != DoudianMD5 {
		return nil, fmt.Errorf("douyin: signature %q is not known", cfg.Sign)
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = CallTimeout
	}
	if cfg.Rate == 0 {
		cfg.Rate = DefaultRate
	}
	return &Doudian{cfg: cfg, base: base, http: hardened(cfg.HTTP), bucket: newBucket(cfg.Rate)}, nil
}

// SignDoudian signs a call of the shop platform: secret + app_key… + method… +
// param_json… + timestamp… + v2 + secret, lower hex. The token is not signed.
func SignDoudian(how DoudianSign, secret pos.Secret, key, method, param, timestamp string) (sign string) {
	secret.Use(func(s []byte) {
		var text bytes.Buffer
		text.Write(s)
		for _, part := range []string{"app_key", key, "method", method, "param_json", param, "timestamp", timestamp, "v2"} {
			text.WriteString(part)
		}
		text.Write(s)
		if how == DoudianMD5 {
			sum := md5.Sum(text.Bytes())
			sign = hex.EncodeToString(sum[:])
		} else {
			mac := hmac.New(sha256.New, s)
			mac.Write(text.Bytes())
			sign = hex.EncodeToString(mac.Sum(nil))
		}
		clear(text.Bytes())
	})
	return sign
}

// canonical writes parameters as they are signed: keys in order at every level,
// no spaces, <, > and & as they are.
func canonical(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	var loose any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&loose); err != nil {
		return "", err
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err = e.Encode(loose) // maps are written in the order of keys
	return strings.TrimSuffix(out.String(), "\n"), err
}

// Call makes a reading call, for example order.searchList, and returns its data
// as it came. Errors are as of Client, with the method as Endpoint; the codes of
// success (10000, or err_no 0) are inferred from answers.
func (d *Doudian) Call(ctx context.Context, method string, param any) (Hidden, error) {
	ep := Endpoint("/" + strings.ReplaceAll(method, ".", "/"))
	if err := d.bucket.wait(ctx); err != nil {
		return Hidden{}, &Error{Endpoint: ep, Class: ErrNotSent, Err: err}
	}
	token, err := d.cfg.Token(ctx)
	if err != nil {
		return Hidden{}, &Error{Endpoint: ep, Class: ErrNotSent, Err: errors.New("no access token of the shop")}
	}
	body, err := canonical(param)
	if err != nil {
		return Hidden{}, invalid(ep, "parameters cannot be written as JSON")
	}
	ctx, cancel := context.WithTimeout(ctx, d.cfg.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.address(ep, method, body, token), strings.NewReader(body))
	if err != nil {
		return Hidden{}, invalid(ep, "request cannot be built")
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := d.http.Do(req)
	if err != nil {
		return Hidden{}, &Error{Endpoint: ep, Class: ErrDoubt, Reason: ConnectionLost, Retry: true, Err: cause(ctx, err)}
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, BodyMax+1))
	e := &Error{Endpoint: ep, Class: ErrDoubt, Reason: NotUnderstood, Retry: true, HTTPStatus: resp.StatusCode, LogID: headerLogID(resp.Header)}
	if err != nil || len(answer) > BodyMax {
		e.Err = errors.New("the answer is cut or too long")
		return Hidden{}, e
	}
	return judgeDoudian(answer, Hidden{token}, e)
}

func (d *Doudian) address(ep Endpoint, method, body string, token pos.Secret) string {
	stamp := strconv.FormatInt(d.cfg.Clock().Unix(), 10)
	q := url.Values{"app_key": {d.cfg.Key}, "method": {method}, "access_token": {reveal(token)}, "timestamp": {stamp}, "v": {"2"},
		"sign_method": {string(d.cfg.Sign)}, "sign": {SignDoudian(d.cfg.Sign, d.cfg.Secret, d.cfg.Key, method, body, stamp)}}
	u := *d.base
	u.Path += string(ep)
	u.RawQuery = q.Encode()
	return u.String()
}

// doudianOK is the code of success in the newer envelope.
const doudianOK = 10000

func judgeDoudian(answer []byte, token Hidden, e *Error) (Hidden, error) {
	var r struct {
		Code    *Count          `json:"code"`
		Msg     string          `json:"msg"`
		SubCode string          `json:"sub_code"`
		SubMsg  string          `json:"sub_msg"`
		ErrNo   *Count          `json:"err_no"`
		Message string          `json:"message"`
		LogID   string          `json:"log_id"`
		Data    json.RawMessage `json:"data"`
	}
	if json.Unmarshal(answer, &r) != nil {
		return Hidden{}, notJSON(e)
	}
	if r.LogID != "" {
		e.LogID = words(r.LogID, nil)
	}
	switch {
	case r.Code != nil && *r.Code != doudianOK:
		e.Code, e.Text = int64(*r.Code), words(r.Msg+" "+r.SubCode+" "+r.SubMsg, []Hidden{token})
	case r.Code == nil && r.ErrNo != nil && *r.ErrNo != 0:
		e.Code, e.Text = int64(*r.ErrNo), words(r.Message, []Hidden{token})
	case e.HTTPStatus == http.StatusOK && (r.Code != nil || r.ErrNo != nil):
		return Hide(string(r.Data)), nil
	default:
		return Hidden{}, notJSON(e)
	}
	// Reading only: whatever the code, nothing happened.
	e.Class, e.Reason, e.Retry = ErrRefused, ReasonOther, false
	return Hidden{}, e
}

// ShopOrder is an order of the shop. The names of its fields are known from one
// source only; everything is in Raw.
type ShopOrder struct {
	ID         ID     `json:"order_id"`
	Status     Count  `json:"order_status"`
	StatusText string `json:"order_status_desc"`
	Amount     Fen    `json:"order_amount"`
	Pay        Fen    `json:"pay_amount"`
	Created    Time   `json:"create_time"`
	Updated    Time   `json:"update_time"`
	Paid       Time   `json:"pay_time"`
	Raw        Hidden `json:"-"`
}

// UnmarshalJSON reads the platform's element and keeps it in Raw.
func (o *ShopOrder) UnmarshalJSON(b []byte) error {
	type fields ShopOrder
	return keep(b, (*fields)(o), &o.Raw)
}

// doudianPage is the largest page.
const doudianPage = 100

// Orders walks the orders updated in a time (order.searchList).
func (d *Doudian) Orders(ctx context.Context, from, to time.Time) iter.Seq2[ShopOrder, error] {
	return pages(ctx, d, "order.searchList", map[string]any{"update_time_start": from.Unix(), "update_time_end": to.Unix()}, "shop_order_list", func(o ShopOrder) ShopOrder { return o })
}

// Refunds walks the refunds (售后) updated in a time (afterSale.List), each as it came.
func (d *Doudian) Refunds(ctx context.Context, from, to time.Time) iter.Seq2[Hidden, error] {
	return pages(ctx, d, "afterSale.List", map[string]any{"update_start_time": from.Unix(), "update_end_time": to.Unix()}, "items", func(r rawElement) Hidden { return r.Hidden })
}

// pages walks a list whose pages count from 0.
func pages[W, T any](ctx context.Context, d *Doudian, method string, param map[string]any, list string, take func(W) T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for page := range pagesMax {
			param["page"], param["size"] = page, doudianPage
			data, err := d.Call(ctx, method, param)
			if err != nil {
				yield(none, err)
				return
			}
			items, err := items[W](data, list)
			if err != nil {
				yield(none, &Error{Endpoint: Endpoint(method), Class: ErrDoubt, Reason: NotUnderstood, HTTPStatus: 200})
				return
			}
			for _, one := range items {
				if !yield(take(one), nil) {
					return
				}
			}
			if len(items) < doudianPage {
				return
			}
		}
	}
}

func items[W any](data Hidden, list string) (out []W, err error) {
	data.Use(func(b []byte) {
		var fields map[string]json.RawMessage
		if err = json.Unmarshal(b, &fields); err == nil && len(fields[list]) > 0 {
			err = json.Unmarshal(fields[list], &out)
		}
	})
	return out, err
}

// Order reads one order (order.orderDetail).
func (d *Doudian) Order(ctx context.Context, id ID) (*ShopOrder, error) {
	data, err := d.Call(ctx, "order.orderDetail", map[string]any{"shop_order_id": id})
	if err != nil {
		return nil, err
	}
	var reply struct {
		head
		Order *ShopOrder `json:"shop_order_detail"`
	}
	data.Use(func(b []byte) { err = json.Unmarshal(b, &reply) })
	if err != nil || reply.Order == nil {
		return nil, &Error{Endpoint: "/order/orderDetail", Class: ErrDoubt, Reason: NotUnderstood, HTTPStatus: 200}
	}
	return reply.Order, nil
}

// rawElement is an element of a list as it came.
type rawElement struct{ Hidden }

// UnmarshalJSON keeps it.
func (r *rawElement) UnmarshalJSON(b []byte) error {
	r.Hidden = Hide(string(b))
	return nil
}
