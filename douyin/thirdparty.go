package douyin

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"

	"github.com/openecr/openecr/pos"
)

// The results of issuing codes (发券).
const (
	IssuePending = 0 // the callback follows within ten minutes, or the customer gets the money back
	Issued       = 1
	IssueFailed  = 2 // the customer gets the money back at once
)

// IssueRequest asks the merchant for its own codes (三方码) for an order. The
// platform asks again after 10, 30, 60, 120, 120 and 240 s until it has an
// answer: the same order must get the same codes.
type IssueRequest struct {
	Order  ID    `json:"order_id"`
	Count  Count `json:"count"`
	Start  Time  `json:"start_time"`
	Expire Time  `json:"expire_time"`
	SKU    struct {
		ID    ID     `json:"sku_id"`
		Name  string `json:"sku_name"`
		Third string `json:"third_sku_id"`
	} `json:"sku"`
	Certificates []struct {
		ID ID `json:"certificate_id"`
	} `json:"certificates"`
	Raw Hidden `json:"-"`
}

// IssueReply is the merchant's answer.
type IssueReply struct {
	Result int // IssuePending, Issued, IssueFailed
	Codes  []IssuedCode
}

// IssuedCode is a code for a voucher of the order.
type IssuedCode struct {
	Certificate ID
	Code        pos.Secret
}

// Issue serves the SPI that issues codes (发券SPI).
func (s *SPI) Issue(f func(context.Context, IssueRequest) (IssueReply, error)) http.Handler {
	return s.Handler(func(ctx context.Context, c SPICall) (any, error) {
		r := IssueRequest{Raw: c.Body}
		if err := c.Decode(&r); err != nil || r.Order == "" {
			return nil, errors.New("douyin: the request has no order")
		}
		reply, err := f(ctx, r)
		if err != nil {
			return nil, err
		}
		return reply.wire()
	})
}

type wireCode struct {
	Certificate ID     `json:"certificate_id"`
	Code        string `json:"code"`
}

func (r IssueReply) wire() (any, error) {
	list := []wireCode{}
	for _, c := range r.Codes {
		if c.Certificate == "" || c.Code.Len() == 0 {
			return nil, errors.New("douyin: a code without its certificate")
		}
		list = append(list, wireCode{c.Certificate, reveal(c.Code)})
	}
	if (r.Result == Issued) != (len(list) > 0) || r.Result < IssuePending || r.Result > IssueFailed {
		return nil, errors.New("douyin: codes go with Issued, and only with it")
	}
	return struct {
		Result int        `json:"result"`
		Codes  []wireCode `json:"certificates,omitempty"`
	}{r.Result, list}, nil
}

// PreOrder serves the SPI before payment (预下单SPI): nil takes the order, and
// out is the merchant's number for it (ext_order_id; the name is inferred); an
// *SPIError refuses it.
func (s *SPI) PreOrder(f func(context.Context, SPICall) (out string, err error)) http.Handler {
	return s.Handler(func(ctx context.Context, c SPICall) (any, error) {
		out, err := f(ctx, c)
		if err != nil || out == "" {
			return nil, err
		}
		return map[string]string{"ext_order_id": out}, nil
	})
}

// The answers to a refund application. That they are these numbers here too is
// inferred from the audit's.
const (
	RefundPending = 0 // AuditRefund follows; 24 hours of silence are a yes
	RefundAllowed = 1
	RefundDenied  = 2
)

// RefundRequest asks whether vouchers may be refunded (退款申请SPI).
type RefundRequest struct {
	Order     ID     `json:"order_id"`
	AfterSale ID     `json:"after_sale_id"`
	Raw       Hidden `json:"-"`
}

// Refund serves the SPI of refund applications. It comes in bursts of hundreds a
// second when vouchers expire, and repeatedly: the same after-sale, the same answer.
func (s *SPI) Refund(f func(context.Context, RefundRequest) (result int, err error)) http.Handler {
	return s.Handler(func(ctx context.Context, c SPICall) (any, error) {
		r := RefundRequest{Raw: c.Body}
		if err := c.Decode(&r); err != nil {
			return nil, errors.New("douyin: the request is not understood")
		}
		result, err := f(ctx, r)
		return map[string]int{"result": result}, err
	})
}

// IssueLater is the answer to an IssueRequest that was left IssuePending.
type IssueLater struct {
	Order  ID
	Codes  []pos.Secret // one for every voucher; none if it failed
	Reason string       // why it failed
	Third  string       // the merchant's number of the order
}

// Issue sends codes for an order (发券回调). The same again is harmless.
// Returned is the platform's code for every certificate, where it says so.
func (m *Merchant) Issue(ctx context.Context, i IssueLater) (map[ID]Hidden, error) {
	body := struct {
		Order  ID       `json:"order_id"`
		Codes  []string `json:"codes,omitempty"`
		Result int      `json:"result"`
		Reason string   `json:"fail_reason,omitempty"`
		Third  string   `json:"third_order_id,omitempty"`
	}{Order: i.Order, Result: IssueFailed, Reason: i.Reason, Third: i.Third}
	var hidden []Hidden
	for _, c := range i.Codes {
		body.Codes, body.Result = append(body.Codes, reveal(c)), Issued
		hidden = append(hidden, Hidden{c})
	}
	if i.Order == "" || body.Result == IssueFailed && i.Reason == "" {
		return nil, invalid(IssueEndpoint, "the order is needed, and codes or a reason")
	}
	var reply struct {
		head
		Codes json.RawMessage `json:"certificates"`
	}
	if _, err := m.post(ctx, IssueEndpoint, body, &reply, hidden...); err != nil {
		return nil, err
	}
	var list []struct {
		ID   ID     `json:"certificate_id"`
		Code Hidden `json:"code"`
	}
	out := map[ID]Hidden{}
	if json.Unmarshal(reply.Codes, &list) == nil { // its shape is not documented well
		for _, c := range list {
			out[c.ID] = c.Code
		}
	}
	return out, nil
}

// Audit is the decision on a refund application that was left RefundPending.
type Audit struct {
	AfterSale ID
	Result    int    // RefundAllowed, RefundDenied
	Reason    string // for a denial
	// Fields are the others the platform's page names, the list of certificates
	// among them; their names are not known here for sure.
	Fields map[string]any
}

// AuditRefund sends the decision (审核回调), within 24 hours. The same again is
// harmless.
func (m *Merchant) AuditRefund(ctx context.Context, a Audit) error {
	if a.AfterSale == "" || a.Result != RefundAllowed && (a.Result != RefundDenied || a.Reason == "") {
		return invalid(RefundAuditEndpoint, "after-sale and result are needed, and a reason for a denial")
	}
	body := maps.Clone(a.Fields)
	if body == nil {
		body = map[string]any{}
	}
	body["after_sale_id"], body["result"] = a.AfterSale, a.Result
	if a.Reason != "" {
		body["reason"] = a.Reason
	}
	_, err := m.Call(ctx, CallRequest{Endpoint: RefundAuditEndpoint, Body: body})
	return err
}
