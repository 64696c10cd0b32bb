package receipt_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/receipt"
)

func cny(minor int64) pos.Money { return pos.FromMinor(minor, pos.CNY) }

var noon = time.Date(2026, 3, 14, 4, 0, 0, 0, time.UTC)

func shop(lang pos.Lang) receipt.Shop {
	return receipt.Shop{Name: "老街面馆", Lines: []string{"人民路 1 号", "Tel. 021-5550100"}, Footer: []string{"谢谢惠顾"},
		Lang: lang, Zone: time.FixedZone("CST", 8*3600), Signature: true}
}

// paid is a chip card payment with everything a slip can show.
func paid() pos.Attempt {
	return pos.Attempt{ID: "till-1-20260314-7", Till: "till-1", Reference: "order-42", Tender: "card", Type: pos.TypeCharge,
		State: pos.StateApproved, Amount: cny(1280), Approved: cny(1280), Operator: "anna", AuthCode: "A12345", RRN: "012345678901",
		STAN: "000042", Receipt: "344", Card: "621234******7890", Scheme: "UnionPay", Entry: "insert", TerminalID: "12345678",
		MerchantID: "123456789012345", Code: "00", Text: "交易成功", Created: noon, PeerTime: noon.Add(3 * time.Second),
		Chip: pos.Chip{AID: "A000000333010101", Label: "UnionPay Debit", Cryptogram: "0102030405060708", TVR: "0000008000", TSI: "E800", ATC: "0001"}}
}

var original = receipt.Copy{Kind: pos.SlipCustomer, Number: 1}

func allStates() []pos.State {
	return []pos.State{pos.StateIntent, pos.StateArmed, pos.StateUnknown, pos.StateReversing, pos.StateApproved, pos.StateConfirmed,
		pos.StateDeclined, pos.StateCanceled, pos.StateNotSent, pos.StateReversed, pos.StateManual, pos.StateForced}
}

func allTypes() []pos.Type {
	return []pos.Type{pos.TypeCharge, pos.TypeVoid, pos.TypeRefund, pos.TypePreauth, pos.TypeCompletion, pos.TypeRedeem, pos.TypeSettle}
}

func text(t *testing.T, s receipt.Slip, err error) string {
	t.Helper()
	require.NoError(t, err)
	return receipt.Text(s, 48)
}

func TestNoSlipIsKinderThanTheMoney(t *testing.T) {
	success := map[pos.Lang][]string{pos.English: {"PAID\n", "GIVEN BACK", "REDEEMED", "SETTLED", "HELD"}, pos.Chinese: {"已收款", "已退款", "已核销", "已结算", "已冻结"}}
	unknown := map[pos.Lang]string{pos.English: "RESULT NOT KNOWN", pos.Chinese: "结果未明"}
	failed := map[pos.Lang][]string{pos.English: {"NOT PAID", "NOTHING WAS GIVEN BACK", "NOT REDEEMED", "NOT SETTLED"}, pos.Chinese: {"未收款", "未退款", "未核销", "未结算"}}
	forced := map[pos.Lang]string{pos.English: "TAKEN AS PAID BY HAND", pos.Chinese: "人工认定已付"}
	any := func(s string, words []string) bool {
		for _, w := range words {
			if strings.Contains(s, w) {
				return true
			}
		}
		return false
	}
	for _, lang := range []pos.Lang{pos.English, pos.Chinese} {
		for _, typ := range allTypes() {
			for _, state := range allStates() {
				a := paid()
				a.Type, a.State = typ, state
				a.Slips = []pos.Slip{{Kind: pos.SlipCustomer, Lines: []string{"Zahlung erfolgt"}}}
				slip, err := shop(lang).Payment(a, original)
				got := strings.ReplaceAll(text(t, slip, err), strings.Join(failed[lang], "|"), "")
				for _, f := range failed[lang] {
					got = strings.ReplaceAll(got, f, "FAILED")
				}
				name := fmt.Sprintf("%s %s %s:\n%s", lang, typ, state, got)
				certain := state.Paid() && state != pos.StateForced
				doubt := state.Live()
				require.Equal(t, certain, any(got, success[lang]), name)
				require.Equal(t, doubt, strings.Contains(got, unknown[lang]), name)
				require.Equal(t, state == pos.StateForced, strings.Contains(got, forced[lang]), name)
				require.Equal(t, !certain && !doubt && state != pos.StateForced, strings.Contains(got, "FAILED"), name)
				require.Equal(t, certain, strings.Contains(got, "Zahlung erfolgt"), "the terminal's own receipt is one only of what is paid")
				require.Equal(t, state.Paid(), strings.Contains(got, "谢谢惠顾"), "thanks are for customers who have paid")
				require.Contains(t, got, "till-1-20260314-7")
			}
		}
	}
}

func TestReprintsSayThatTheyAre(t *testing.T) {
	for number, want := range map[int]string{0: "REPRINT No. ?", 1: "", 2: "REPRINT No. 1", 12: "REPRINT No. 11", -3: "REPRINT No. ?"} {
		slip, err := shop(pos.English).Payment(paid(), receipt.Copy{Kind: pos.SlipMerchant, Number: number})
		got := text(t, slip, err)
		require.Equal(t, want != "", strings.Contains(got, "REPRINT"))
		require.Contains(t, got, want)
		require.Contains(t, got, "merchant copy")
		require.Contains(t, got, "signature")
	}
	slip, err := shop(pos.Chinese).Payment(paid(), receipt.Copy{Kind: pos.SlipCustomer, Number: 3, Test: true})
	got := text(t, slip, err)
	require.Contains(t, got, "重印 第 2 次")
	require.Contains(t, got, "非交易凭证")
	require.NotContains(t, got, "持卡人签名", "the customer's copy is not signed")
}

func TestAReprintTellsWhatHappenedSince(t *testing.T) {
	void := paid()
	void.ID, void.Type, void.Original = "v", pos.TypeVoid, paid().ID
	slip, err := shop(pos.English).Payment(paid(), receipt.Copy{Kind: pos.SlipCustomer, Number: 2}, void)
	require.Contains(t, text(t, slip, err), "SINCE THEN: VOID 12.80 CNY")
	void.State = pos.StateUnknown
	slip, err = shop(pos.English).Payment(paid(), receipt.Copy{Kind: pos.SlipCustomer, Number: 2}, void)
	got := text(t, slip, err)
	require.Contains(t, got, "SINCE THEN: VOID")
	require.Contains(t, got, "outcome unknown")
	void.State = pos.StateDeclined
	slip, err = shop(pos.English).Payment(paid(), receipt.Copy{Kind: pos.SlipCustomer, Number: 2}, void)
	require.NotContains(t, text(t, slip, err), "SINCE THEN")
}

func TestTheTerminalsOwnLinesArePrintedAsTheyCame(t *testing.T) {
	a := paid()
	a.Slips = []pos.Slip{{Kind: pos.SlipMerchant, Lines: []string{"  MERCHANT  "}}, {Kind: pos.SlipCustomer, Lines: []string{"   K-U-N-D-E-N-B-E-L-E-G", "Betrag   EUR 12,80"}}}
	slip, err := shop(pos.English).Payment(a, original)
	got := text(t, slip, err)
	require.Contains(t, got, "\n   K-U-N-D-E-N-B-E-L-E-G\nBetrag   EUR 12,80\n")
	require.NotContains(t, got, "MERCHANT")
	require.NotContains(t, got, "A12345", "the terminal's receipt is not repeated in other words")
}

func TestTextFromOutsideCannotCommandOrDisguise(t *testing.T) {
	const pan = "4111111111111111"
	bad := "\x1b@\x1dV\x00Milk\r\n\u202e08.21\u200b " + pan
	v := receipt.Sale{Reference: bad, Total: cny(100), Items: []receipt.Item{{Name: bad, Quantity: bad, Note: bad, Amount: cny(100)}},
		Operator: bad, Till: bad, Vouchers: []receipt.Voucher{{Title: bad, Code: bad, Platform: bad}}, CodeCaption: bad}
	a := paid()
	a.Text, a.Scheme, a.Reason, a.Slips = bad, bad, bad, []pos.Slip{{Kind: pos.SlipCustomer, Lines: []string{bad}}}
	v.Tenders = []pos.Attempt{a}
	s := shop(pos.English)
	s.Name, s.Lines, s.Footer, s.Welcome = bad, []string{bad}, []string{bad}, bad
	sale, err := s.Sale(v, original)
	require.NoError(t, err)
	payment, err := s.Payment(a, original)
	require.NoError(t, err)
	for _, slip := range []receipt.Slip{sale, payment} {
		page, err := receipt.HTML(slip)
		require.NoError(t, err)
		for _, got := range []string{receipt.Text(slip, 48), string(page)} {
			require.Contains(t, got, "Milk")
			for _, r := range []string{"\x1b", "\x1d", "\x00", "\r", "\u202e", "\u200b", pan} {
				require.NotContains(t, got, r)
			}
		}
	}
}

func TestNamesCannotBecomeMarkup(t *testing.T) {
	slip, err := shop(pos.English).Sale(receipt.Sale{Total: cny(1), Items: []receipt.Item{{Name: `<script>alert("x")</script>`, Amount: cny(1)}}}, original)
	require.NoError(t, err)
	page, err := receipt.HTML(slip)
	require.NoError(t, err)
	require.NotContains(t, string(page), "<script>")
	require.Contains(t, string(page), "&lt;script&gt;")
}

func TestASaleAddsUpOrIsRefused(t *testing.T) {
	s := shop(pos.English)
	_, err := s.Sale(receipt.Sale{Total: cny(100), Items: []receipt.Item{{Name: "Tea", Amount: cny(99)}}}, original)
	require.ErrorContains(t, err, "add up to 0.99 CNY, the total says 1.00 CNY")
	_, err = s.Sale(receipt.Sale{Total: cny(100), Items: []receipt.Item{{Name: "Tea", Amount: pos.FromMinor(100, pos.EUR)}}}, original)
	require.ErrorIs(t, err, pos.ErrMixedCurrency)
	_, err = s.Sale(receipt.Sale{}, original)
	require.ErrorContains(t, err, "ISO 4217")
	_, err = s.Sale(receipt.Sale{Total: cny(1), Items: make([]receipt.Item, receipt.MaxItems+1)}, original)
	require.ErrorContains(t, err, "at most 1000 items")
	_, err = s.Payment(pos.Attempt{}, original)
	require.ErrorContains(t, err, "no attempt")
	s.Footer = make([]string, receipt.MaxShopLines+1)
	_, err = s.Payment(paid(), original)
	require.ErrorContains(t, err, "more than 20 lines")
}

func TestAnUnpaidSaleIsNoReceipt(t *testing.T) {
	v := receipt.Sale{Total: cny(5000), Tenders: []pos.Attempt{paid()}}
	slip, err := shop(pos.English).Sale(v, original)
	got := text(t, slip, err)
	require.Contains(t, got, "STILL TO PAY")
	require.Contains(t, got, "37.20 CNY")
	a := paid()
	a.State, a.Amount = pos.StateUnknown, cny(3720)
	v.Tenders = append(v.Tenders, a)
	slip, err = shop(pos.English).Sale(v, original)
	got = text(t, slip, err)
	require.Contains(t, got, "RESULT NOT KNOWN")
	require.Contains(t, got, "outcome unknown")
	a.State = pos.StateDeclined
	v.Tenders = []pos.Attempt{a, paid()}
	slip, err = shop(pos.English).Sale(v, original)
	require.NotContains(t, text(t, slip, err), "declined", "what took nothing is no part of the receipt")
}

func TestLongNamesAreCutAndWrapped(t *testing.T) {
	slip, err := shop(pos.Chinese).Sale(receipt.Sale{Total: cny(1), Items: []receipt.Item{{Name: strings.Repeat("牛肉面", 2700), Amount: cny(1)}}}, original)
	got := text(t, slip, err)
	require.Less(t, len(got), 4000)
	require.Contains(t, got, "…")
	for _, line := range strings.Split(got, "\n") {
		cells := 0
		for _, r := range line {
			cells++
			if r > 0x2E80 {
				cells++
			}
		}
		require.LessOrEqual(t, cells, 48, line)
	}
}

func TestSettlementAndReportSlips(t *testing.T) {
	a := paid()
	a.Type, a.Amount, a.Totals = pos.TypeSettle, cny(0), []pos.Total{{Name: "UnionPay", Count: 3, Amount: cny(3840)}}
	st := pos.Settlement{Attempt: a, Journal: pos.Total{Count: 3, Amount: cny(3840)}, Peer: pos.Total{Count: 3, Amount: cny(3840)}, Equal: true, Orphans: []pos.Attempt{paid()}}
	slip, err := shop(pos.English).Settlement(st, original)
	got := text(t, slip, err)
	require.Contains(t, got, "THE BOOKS AGREE")
	require.Contains(t, got, "not confirmed by the register")
	st.Equal, st.Difference = false, cny(-5)
	slip, err = shop(pos.English).Settlement(st, original)
	got = text(t, slip, err)
	require.Contains(t, got, "THE BOOKS DIFFER BY")
	require.Contains(t, got, "-0.05 CNY")
	require.NotContains(t, got, "THE BOOKS AGREE")
	r := receipt.Report{Kind: receipt.ReportZ, Number: 17, Till: "till-1", From: noon, To: noon.Add(8 * time.Hour), Total: cny(9999), Check: "7F3A-11C0",
		Sections: []receipt.Section{{Title: "By tender", Rows: []pos.Total{{Name: "Card", Count: 2, Amount: cny(9999)}}}}, Open: []pos.Attempt{paid()}}
	slip, err = shop(pos.English).Report(r, original)
	got = text(t, slip, err)
	for _, want := range []string{"Z REPORT", "17", "By tender", "99.99 CNY", "7F3A-11C0", "NOT FINISHED", "2026-03-14 12:00:00"} {
		require.Contains(t, got, want)
	}
	r.Sections = make([]receipt.Section, receipt.MaxSections+1)
	_, err = shop(pos.English).Report(r, original)
	require.Error(t, err)
}
