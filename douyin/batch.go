package douyin

import (
	"context"
	"encoding/json"
)

// BatchVerify redeems vouchers of several orders in one shop (跨订单验券). The
// platform repeats by itself what did not work at once, until all are redeemed:
// a use that is not redeemed is Pending, never free for another try.
func (m *Merchant) BatchVerify(ctx context.Context, shop ID, list ...*Verification) ([]*Verified, error) {
	body := struct {
		Shop ID           `json:"poi_id"`
		List []verifyBody `json:"certificate_batch_verify_list"`
	}{Shop: shop}
	var hidden []Hidden
	for _, v := range list {
		if err := v.check(); err != nil {
			return nil, err
		}
		if v.Shop != shop {
			return nil, invalid(BatchVerifyEndpoint, "all must be redeemed in one shop")
		}
		body.List, hidden = append(body.List, v.body()), append(hidden, v.hidden()...)
	}
	if len(list) == 0 {
		return nil, invalid(BatchVerifyEndpoint, "nothing to redeem")
	}
	b, err := json.Marshal(body)
	if err != nil {
		return nil, invalid(BatchVerifyEndpoint, "body cannot be written as JSON")
	}
	var data, beside batchReply
	a, err := m.c.do(ctx, call{endpoint: BatchVerifyEndpoint, account: m.account, body: b, out: &data, beside: &beside, hidden: hidden})
	if err != nil {
		return nil, err
	}
	return batchOutcome(list, append(data.results(), beside.results()...), a.logID)
}

// batchReply is the answer to a cross-order redemption. Where the list stands
// and how it is nested is not documented well: both forms are read.
type batchReply struct {
	head
	List    []batchElement `json:"certificate_verify_resp_list"`
	Results []VerifyResult `json:"verify_results"`
}

type batchElement struct {
	VerifyResult
	Results []VerifyResult
}

// UnmarshalJSON reads an order's answer, or one voucher's result.
func (e *batchElement) UnmarshalJSON(b []byte) error {
	var nested struct {
		Results []VerifyResult `json:"verify_results"`
	}
	if err := json.Unmarshal(b, &nested); err != nil {
		return err
	}
	e.Results = nested.Results
	return e.VerifyResult.UnmarshalJSON(b)
}

func (r *batchReply) results() []VerifyResult {
	all := r.Results
	for _, e := range r.List {
		if len(e.Results) > 0 {
			all = append(all, e.Results...)
		} else {
			all = append(all, e.VerifyResult)
		}
	}
	return all
}

// batchOutcome turns everything that is not redeemed into Pending: the platform
// goes on by itself.
func batchOutcome(list []*Verification, results []VerifyResult, logID string) ([]*Verified, error) {
	all := &Verified{LogID: logID}
	var out []*Verified
	for _, v := range list {
		one := v.match(results)
		one.LogID = logID
		for i := range one.Uses {
			if u := &one.Uses[i]; u.Verdict != Redeemed {
				u.Verdict = Pending
				if u.Reason == ReasonOther || u.Reason == NotUnderstood {
					u.Reason = PlatformWorks
				}
			}
		}
		all.Uses = append(all.Uses, one.Uses...)
		out = append(out, one)
	}
	return out, all.err(BatchVerifyEndpoint)
}
