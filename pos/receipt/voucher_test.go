package receipt_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/receipt"
)

func redemption() pos.Attempt {
	return pos.Attempt{ID: "lane-1-1", Till: "lane-1", Tender: "douyin", Type: pos.TypeRedeem, State: pos.StateConfirmed, Operator: "anna", Reference: "order-1",
		Amount: cny(26895), Approved: cny(26895), Scheme: "douyin", Card: "****8104", RRN: pos.KeepID("4111111111111111"), TerminalID: "7400000000000000021",
		UndoUntil: time.Date(2026, 11, 22, 17, 47, 0, 0, time.UTC),
		Vouchers:  []pos.VoucherVerdict{{ID: "7500000000000000001", Title: "双人火锅套餐", Verdict: pos.VoucherRedeemed, Amount: cny(26895), Price: cny(19400), Reference: "7500000000000000002"}}}
}

func TestTheSlipOfAVoucher(t *testing.T) {
	shop := receipt.Shop{Name: "一号店", Lang: pos.Chinese, Zone: time.UTC}
	slip, err := shop.Payment(redemption(), receipt.Copy{Kind: pos.SlipCustomer, Number: 1})
	require.NoError(t, err)
	text := receipt.Text(slip, 48)
	for _, want := range []string{"已核销", "双人火锅套餐", "****8104", "7500000000000000002", "7400000000000000021", "anna", "268.95", "194.00", "可撤销至", "2026-11-22 17:47:00", "抖音团购"} {
		assert.Contains(t, text, want)
	}
	held := redemption()
	held.State, held.Vouchers = pos.StateUnknown, []pos.VoucherVerdict{{Title: "四人烤肉套餐", Verdict: pos.VoucherPending, Amount: cny(29800), Code: "1229"}}
	slip, err = shop.Payment(held, receipt.Copy{Kind: pos.SlipCustomer, Number: 1})
	require.NoError(t, err)
	text = receipt.Text(slip, 48)
	assert.Contains(t, text, "尚未核销")
	assert.Contains(t, text, "结果未明")
	assert.NotContains(t, text, "可撤销至", "nothing is redeemed yet")
}
