package shouqianba

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/wallet"
)

// refundRequest is POST /upay/v2/refund.
type refundRequest struct {
	Terminal string `json:"terminal_sn"`
	Number   string `json:"client_sn"`
	Refund   string `json:"refund_request_no"`
	Operator string `json:"operator"`
	Amount   string `json:"refund_amount"`
}

// RefundNumber is the refund_request_no of a refund: the same for the same attempt, of 20 characters, which is all
// the field holds. Two attempts share one with a chance of one in 2^100.
func RefundNumber(attempt string) string {
	sum := sha256.Sum256([]byte(attempt))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:20])
}

// Refund gives a part back, within three months. The same refund again is answered with
// UPAY_REFUND_ORDER_NOOP: it was given.
func (h *Host) Refund(ctx context.Context, r wallet.Refund) (wallet.Answer, error) {
	if err := checkAmount(r.Amount); err != nil {
		return wallet.Answer{}, &wallet.Error{Wallet: walletName, Call: "refund", Unsent: true, Err: err}
	}
	in := refundRequest{h.id.now.Load().Serial, r.Order.Number, RefundNumber(r.Number), h.cfg.Operator, fen(r.Amount)}
	said, err := h.again(ctx, "refund", "/upay/v2/refund", in)
	if err != nil {
		return wallet.Answer{}, err
	}
	if !said.ok() {
		return refused("refund", said)
	}
	if spent[said.Biz.Code] {
		return h.whoSpent(ctx, said, r)
	}
	if a, ok := byCode(said, refundCodes); ok {
		return a, nil
	}
	a, err := h.answer("refund", said, r.Order, refundStates)
	a.Amount = pos.Money{} // the order's; of the refund nothing is said
	return settled(a, said), err
}

// whoSpent tells a refund that comes too late from one that was given before.
func (h *Host) whoSpent(ctx context.Context, said *reply, r wallet.Refund) (wallet.Answer, error) {
	a, err := h.QueryRefund(ctx, r)
	if err != nil {
		return wallet.Answer{}, err
	}
	switch a.State {
	case wallet.Paid, wallet.Waiting, wallet.Failed:
		return a, nil
	}
	code, text := said.words()
	return wallet.Answer{State: wallet.Refused, Code: code, Text: text}, nil
}

// QueryRefund asks what became of a refund. The platform tells of an order's newest movement only: of an
// older refund the answer is Unknown, unless nothing, or all at once, was given back.
func (h *Host) QueryRefund(ctx context.Context, r wallet.Refund) (wallet.Answer, error) {
	said, err := h.ask(ctx, "query refund", r.Order)
	if err != nil {
		return wallet.Answer{}, err
	}
	if said.Biz.Result == "FAIL" {
		return wallet.Answer{}, said.failed("query refund", nil)
	}
	// Only the number is compared: what is known here of the order's amount may be the refund's.
	if err := h.ours(said, "query refund", wallet.Order{Number: r.Order.Number}); err != nil {
		return wallet.Answer{}, err
	}
	if said.Biz.Result != "SUCCESS" {
		return wallet.Answer{}, said.failed("query refund", nil)
	}
	d := said.Biz.Data
	a := wallet.Answer{Trade: d.SN, Code: clip(d.Status), Text: fmt.Sprintf("%s, %s of %s fen are left", clip(d.OrderStatus), clip(d.Net), clip(d.Total))}
	switch {
	case d.Movement == d.Number+"-"+RefundNumber(r.Number):
		a.State = flowStates[d.Status]
	case d.OrderStatus == "REFUNDED" && d.Total == fen(r.Amount):
		a.State = wallet.Paid // only one refund can be of all
	case d.OrderStatus == "PAID" && d.Net == d.Total:
		a.State = wallet.Missing
	}
	return a, nil
}
