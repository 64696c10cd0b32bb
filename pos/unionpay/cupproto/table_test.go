package cupproto

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestResponseCodes(t *testing.T) {
	for _, code := range strings.Fields("00 10 11 A2 A4 A5 A6") {
		require.True(t, Approved(code), code)
		require.Equal(t, ClassApproved, LookupCode(code).Class, code)
	}
	for code, c := range codes {
		chip := ApprovedOffline(code)
		require.Equal(t, c.Class == ClassApproved, Approved(code) || chip, "%s: class and approval agree", code)
		require.False(t, Approved(code) && chip)
		require.NotEmpty(t, c.Chinese)
		require.NotEmpty(t, c.English)
		require.Equal(t, code, LookupCode(code).Code)
		require.NotEqual(t, "unknown class", c.Class.String(), code)
	}
	for class, list := range map[Class]string{
		ClassMayRetry: "09 13 14 42 99 A0",
		ClassFailed:   "01 02 03 05 12 15 25 30 40 51 54 55 57 58 61 68 90 91 94 A1 A3 A7 D1 DC F5 N1 P1 Z1 Z3",
		ClassOperator: "04 07 33 34 35 36 37 38 41 43 67 77 97",
		ClassSystem:   "06 96 98",
	} {
		for _, code := range strings.Fields(list) {
			require.Equal(t, class, LookupCode(code).Class, code)
			require.False(t, Approved(code), code)
		}
	}
	for _, code := range []string{"", "0", "000", "ZZ", "DD", "F6", "a2", " 00"} {
		c := LookupCode(code)
		require.Equal(t, ClassFailed, c.Class, "%q", code)
		require.Equal(t, code, c.Code)
		require.False(t, Approved(code), "%q", code)
	}
	for _, code := range []string{"77", "99", "A0"} {
		require.Equal(t, AdviceSignOn, LookupCode(code).Advice, code)
	}
	require.Equal(t, AdvicePartial, LookupCode("10").Advice)
	require.Equal(t, AdviceUpload, LookupCode("95").Advice)
	require.Equal(t, AdvicePIN, LookupCode("55").Advice)
	for a := Advice(-1); int(a) <= len(advices); a++ {
		require.NotEmpty(t, a.String())
	}
	require.Equal(t, "unknown class", Class('Q').String())
}

func TestTheTransactionTable(t *testing.T) {
	for _, c := range []struct {
		kind                              TransactionKind
		mti, reply, f3, f25, typ, network string
		mac                               bool
		silence                           AfterSilence
	}{
		{SignOn, "0800", "0810", "", "", "00", "003", false, NoUndo},
		{SignOff, "0820", "0830", "", "", "00", "002", false, NoUndo},
		{Echo, "0820", "0830", "", "", "00", "301", false, NoUndo},
		{Balances, "0200", "0210", "310000", "00", "01", "000", true, NoUndo},
		{Sale, "0200", "0210", "000000", "00", "22", "000", true, Reverse},
		{Void, "0200", "0210", "200000", "00", "23", "000", true, Reverse},
		{Refund, "0220", "0230", "200000", "00", "25", "000", true, NoUndo},
		{Preauth, "0100", "0110", "030000", "06", "10", "000", true, Reverse},
		{PreauthVoid, "0100", "0110", "200000", "06", "11", "000", true, Reverse},
		{Completion, "0200", "0210", "000000", "06", "20", "000", true, Reverse},
		{CompletionVoid, "0200", "0210", "200000", "06", "21", "000", true, Reverse},
		{CompletionAdvice, "0220", "0230", "000000", "06", "24", "000", true, Resend},
		{PreauthTopUp, "0100", "0110", "030000", "60", "10", "000", true, Reverse},
		{OfflineSale, "0220", "0230", "000000", "00", "30", "000", true, Resend},
		{ECashLoad, "0200", "0210", "600000", "91", "45", "000", true, Reverse},
		{ScanSale, "0200", "0210", "000000", "00", "22", "000", true, Reverse},
		{Settlement, "0500", "0510", "", "", "00", "201", false, NoUndo},
		{UploadStripe, "0320", "0330", "", "", "00", "201", false, Resend},
		{UploadEnd, "0320", "0330", "", "", "00", "207", false, Resend},
		{ScriptNotice, "0620", "0630", "", "", "00", "951", true, Resend},
		{ReversalKind, "0400", "0410", "", "", "", "000", true, Resend},
	} {
		got, ok := LookupTransaction(c.kind)
		require.True(t, ok, c.kind)
		got.Fields, got.Chinese = nil, ""
		require.Equal(t, Transaction{Kind: c.kind, RequestMTI: c.mti, ReplyMTI: c.reply, ProcessingCode: c.f3, Condition: c.f25,
			MessageType: c.typ, Network: c.network, MAC: c.mac, Silence: c.silence}, got)
	}
	seen := map[TransactionKind]bool{}
	for _, tr := range Transactions() {
		require.False(t, seen[tr.Kind], tr.Kind)
		seen[tr.Kind] = true
		require.NotEmpty(t, tr.Chinese)
		require.Contains(t, []string{"nothing", "reverse", "resend"}, tr.Silence.String())
		last := 0
		mac := false
		for _, n := range tr.Fields {
			require.Greater(t, n.Field, last, "%s: each field once, in order", tr.Kind)
			last = n.Field
			mac = mac || n.Field == 64
			_, ok := (*Layout)(nil).Format(n.Field)
			require.True(t, ok, "%s: field %d", tr.Kind, n.Field)
		}
		require.Equal(t, tr.MAC, mac, tr.Kind)
		require.Empty(t, tr.Missing(sample(t, tr.Kind)), tr.Kind)
	}
	sale, _ := LookupTransaction(Sale)
	require.Equal(t, []int{4, 11, 22, 41, 42}, sale.Missing(Request(Sale)), "what a skeleton leaves to set")
	_, ok := LookupTransaction("tea")
	require.False(t, ok)
	_, ok = Identify(&Message{MTI: "0200"})
	require.False(t, ok)
	require.Equal(t, "02x0", replyMTI("02x0"))
}
