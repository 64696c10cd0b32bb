package douyin

import (
	"context"
)

// Undo names what is to be taken back (撤销核销).
type Undo struct {
	// Verify and Certificate name one redemption.
	Verify, Certificate ID
	// CancelToken, made by the caller, makes the undo of times-cards one undo for
	// an hour; Count says how many uses, with Verify "0". The platform forbids
	// both where shops settle separately.
	CancelToken string
	Count       int
	// Batch undoes several uses of a times-card, all or none; Verify and
	// Certificate are left out then.
	Batch *UndoBatch
	// Account and ShopOrder as the contract with the platform asks.
	Account   ID
	ShopOrder ID
}

// UndoBatch are redemptions of one order.
type UndoBatch struct {
	Order  ID   `json:"order_id"`
	Verify []ID `json:"verify_id_list"`
}

type cancelBody struct {
	Verify      ID         `json:"verify_id"`
	Certificate ID         `json:"certificate_id"`
	CancelToken string     `json:"cancel_token,omitempty"`
	Count       int        `json:"times_card_cancel_count,omitempty"`
	Batch       *UndoBatch `json:"batch_cancel_info,omitempty"`
	Account     ID         `json:"account_id,omitempty"`
	ShopOrder   ID         `json:"shop_order_id,omitempty"`
}

func (u Undo) body() (cancelBody, error) {
	b := cancelBody(u)
	switch {
	case u.Batch != nil && (u.Batch.Order == "" || len(u.Batch.Verify) == 0 || u.Verify != "" || u.Certificate != ""):
		return b, invalid(CancelEndpoint, "a batch needs its order and redemptions, and nothing else")
	case u.Batch != nil:
		b.Verify, b.Certificate = "0", "0"
	case u.Verify == "" || u.Certificate == "":
		return b, invalid(CancelEndpoint, "redemption and certificate are needed")
	case u.Count < 0 || u.Count > UsesMax || u.Count > 0 && u.CancelToken == "":
		return b, invalid(CancelEndpoint, "a count needs a cancel token")
	}
	return b, nil
}

// Cancel takes a redemption back (撤销核销). The platform allows it for an hour
// at most (UndoWindow), often less: its answer decides. Afterwards ApplyRefund.
//
// nil: undone, the voucher can be used again. ErrRefused: it stays redeemed;
// UndoWindowClosed says why. ErrDoubt: repeat the same Undo, or ask UndoOutcome.
func (m *Merchant) Cancel(ctx context.Context, u Undo) error {
	body, err := u.body()
	if err != nil {
		return err
	}
	var reply struct {
		head
		Results []struct {
			Order  ID     `json:"order_id"`
			Verify ID     `json:"verify_id"`
			Code   Count  `json:"result_code"`
			Text   string `json:"result_msg"`
		} `json:"cancel_results"`
	}
	a, err := m.post(ctx, CancelEndpoint, body, &reply)
	if err != nil {
		return err
	}
	for _, r := range reply.Results {
		if r.Code == 0 {
			continue
		}
		k := meaningOf(int64(r.Code))
		return &Error{Endpoint: CancelEndpoint, Class: k.class, Reason: k.reason, Retry: k.retry, HTTPStatus: 200,
			Code: int64(r.Code), Text: words(r.Text, []Hidden{}), LogID: a.logID}
	}
	return nil
}
