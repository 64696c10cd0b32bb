package cupproto

import (
	"fmt"
	"slices"
	"strings"
)

// TransactionKind names a transaction of the table.
type TransactionKind string

// Kinds of transactions, with their Chinese names in the table.
const (
	SignOn            TransactionKind = "sign-on" // 60.3 says which keys: 001, 003, 004, 006
	SignOff           TransactionKind = "sign-off"
	CashierSignOn     TransactionKind = "cashier sign-on"
	Echo              TransactionKind = "echo"
	ParameterDownload TransactionKind = "parameter download"
	StatusUpload      TransactionKind = "status upload"
	CAKeyQuery        TransactionKind = "CA key query"
	CAKeyDownload     TransactionKind = "CA key download"
	CAKeyEnd          TransactionKind = "CA key end"
	AIDQuery          TransactionKind = "AID query"
	AIDDownload       TransactionKind = "AID download"
	AIDEnd            TransactionKind = "AID end"
	Balances          TransactionKind = "balance"
	Sale              TransactionKind = "sale"
	Void              TransactionKind = "void"
	Refund            TransactionKind = "refund"
	Preauth           TransactionKind = "preauth"
	PreauthVoid       TransactionKind = "preauth void"
	PreauthTopUp      TransactionKind = "preauth top-up"
	Completion        TransactionKind = "completion"
	CompletionVoid    TransactionKind = "completion void"
	CompletionAdvice  TransactionKind = "completion advice"
	OfflineSale       TransactionKind = "offline sale"
	Adjustment        TransactionKind = "adjustment"
	Tip               TransactionKind = "tip"
	OfflineIC         TransactionKind = "offline IC"
	ECashRefund       TransactionKind = "e-cash refund"
	ECashLoad         TransactionKind = "e-cash load"
	ECashLoadOther    TransactionKind = "e-cash load, other account"
	ECashLoadCash     TransactionKind = "e-cash load, cash"
	ECashLoadCashVoid TransactionKind = "e-cash load, cash, void"
	ScanSale          TransactionKind = "scan sale"
	ScanVoid          TransactionKind = "scan void"
	ScanRefund        TransactionKind = "scan refund"
	Settlement        TransactionKind = "settlement"
	UploadStripe      TransactionKind = "upload stripe"
	UploadTC          TransactionKind = "upload TC"             // balanced batch
	UploadTCUnequal   TransactionKind = "upload TC unequal"     // batch that did not balance
	UploadFailed      TransactionKind = "upload failed"         // balanced batch
	UploadFailedUneq  TransactionKind = "upload failed unequal" // batch that did not balance
	UploadEnd         TransactionKind = "upload end"            // balanced batch
	UploadEndUnequal  TransactionKind = "upload end unequal"    // batch that did not balance
	UploadAdvice      TransactionKind = "upload advice"         // a refund, completion advice, offline sale or adjustment: fields and 60.1 of the original
	ScriptNotice      TransactionKind = "script notice"
	Signature         TransactionKind = "e-signature"
	ReversalKind      TransactionKind = "reversal" // see Reversal
)

// AfterSilence says what a terminal does when no answer came.
type AfterSilence int

// What to do after silence.
const (
	NoUndo  AfterSilence = iota // nothing happened, or nothing that needs an undo
	Reverse                     // send a reversal (冲正)
	Resend                      // send the same message again, until it is answered
)

// String says it in a word.
func (a AfterSilence) String() string {
	switch a {
	case Reverse:
		return "reverse"
	case Resend:
		return "resend"
	}
	return "nothing"
}

// Need says whether a request carries a field.
type Need struct {
	Field       int
	Conditional bool // only in some cases: how the card was read, whether there is a PIN
}

// Transaction is a row of the table: how a request of a kind looks. An empty
// ProcessingCode, Condition or MessageType is the original's, or not sent.
type Transaction struct {
	Kind           TransactionKind
	Chinese        string
	RequestMTI     string
	ReplyMTI       string
	ProcessingCode string // field 3
	Condition      string // field 25
	MessageType    string // 60.1
	Network        string // 60.3
	MAC            bool   // field 64 is needed
	Silence        AfterSilence
	Fields         []Need
}

// Transactions returns the table.
func Transactions() []Transaction {
	out := make([]Transaction, len(table))
	for i, r := range table {
		out[i] = r.transaction()
	}
	return out
}

// LookupTransaction returns a row.
func LookupTransaction(kind TransactionKind) (Transaction, bool) {
	for _, r := range table {
		if r.kind == kind {
			return r.transaction(), true
		}
	}
	return Transaction{}, false
}

// row is a Transaction as it is written in the table; fields "2? 3" are two needs.
type row struct {
	kind    TransactionKind
	chinese string
	mti     string
	f3, f25 string
	typ     string // 60.1
	network string // 60.3
	mac     bool
	silence AfterSilence
	fields  string
}

// Field lists several rows share; ? marks a conditional field.
const (
	cardFields = "2? 3 11 14? 22 23? 25 26? 35? 36? 41 42 49 52? 53? 60 64"
	financial  = cardFields + " 4 55? 59?"
	related    = cardFields + " 4 61"
	management = "41 42 60"
)

var table = []row{
	{SignOn, "签到", "0800", "", "", "00", "003", false, NoUndo, "11 41 42 60 62? 63"},
	{SignOff, "签退", "0820", "", "", "00", "002", false, NoUndo, "11 41 42 60"},
	{CashierSignOn, "收银员积分签到", "0820", "", "", "00", "401", false, NoUndo, "11 41 42 60 63"},
	{Echo, "回响测试", "0820", "", "", "00", "301", false, NoUndo, management},
	{ParameterDownload, "参数传递", "0800", "", "", "00", "360", false, NoUndo, management},
	{StatusUpload, "状态上送", "0820", "", "", "00", "362", false, NoUndo, management + " 62"},
	{CAKeyQuery, "IC卡公钥查询", "0820", "", "", "00", "372", false, NoUndo, management + " 62"},
	{CAKeyDownload, "IC卡公钥下载", "0800", "", "", "00", "370", false, NoUndo, management + " 62"},
	{CAKeyEnd, "IC卡公钥下载结束", "0800", "", "", "00", "371", false, NoUndo, management},
	{AIDQuery, "IC卡参数查询", "0820", "", "", "00", "382", false, NoUndo, management + " 62"},
	{AIDDownload, "IC卡参数下载", "0800", "", "", "00", "380", false, NoUndo, management + " 62"},
	{AIDEnd, "IC卡参数下载结束", "0800", "", "", "00", "381", false, NoUndo, management},
	{Balances, "余额查询", "0200", "310000", "00", "01", "000", true, NoUndo, cardFields + " 55?"},
	{ScanSale, "扫码消费", "0200", "000000", "00", "22", "000", true, Reverse, "3 4 11 22 25 41 42 49 59 60 64"},
	{Sale, "消费", "0200", "000000", "00", "22", "000", true, Reverse, financial},
	{ScanVoid, "扫码撤销", "0200", "200000", "00", "23", "000", true, NoUndo, "3 4 11 22 25 37 41 42 49 59 60 61 64"},
	{Void, "消费撤销", "0200", "200000", "00", "23", "000", true, Reverse, related + " 37 38?"},
	{ScanRefund, "扫码退货", "0220", "200000", "00", "25", "000", true, NoUndo, "3 4 11 22 25 37 41 42 49 59 60 61 64"},
	{Refund, "退货", "0220", "200000", "00", "25", "000", true, NoUndo, "2? 3 4 11 14? 22 25 35? 37 38? 41 42 49 53? 60 61 63 64"},
	{Preauth, "预授权", "0100", "030000", "06", "10", "000", true, Reverse, financial},
	{PreauthVoid, "预授权撤销", "0100", "200000", "06", "11", "000", true, Reverse, related + " 38 55?"},
	{PreauthTopUp, "追加预授权", "0100", "030000", "60", "10", "000", true, Reverse, financial + " 38"},
	{Completion, "预授权完成(请求)", "0200", "000000", "06", "20", "000", true, Reverse, related + " 38 55?"},
	{CompletionVoid, "预授权完成撤销", "0200", "200000", "06", "21", "000", true, Reverse, related + " 37 38 55?"},
	{CompletionAdvice, "预授权完成(通知)", "0220", "000000", "06", "24", "000", true, Resend, related + " 38 55?"},
	{OfflineSale, "离线结算", "0220", "000000", "00", "30", "000", true, Resend, "2 3 4 11 14? 22 25 38? 41 42 49 60 61 63 64"},
	{Adjustment, "结算调整", "0220", "000000", "00", "32", "000", true, Resend, "2? 3 4 11 14? 22 25 37 38? 41 42 48 49 60 61 63? 64"},
	{Tip, "小费", "0220", "000000", "00", "34", "000", true, Resend, "2? 3 4 11 14? 22 25 37 38? 41 42 48 49 60 61 63? 64"},
	{OfflineIC, "IC脱机消费上送", "0200", "000000", "00", "36", "000", true, Resend, "2? 3 4 11 14? 22 23? 25 35? 41 42 49 55 60 64"},
	{ECashRefund, "脱机退货", "0220", "200000", "00", "27", "000", true, NoUndo, "2? 3 4 11 14? 22 25 41 42 49 55? 60 61 62 63 64"},
	{ECashLoad, "指定账户圈存", "0200", "600000", "91", "45", "000", true, Reverse, cardFields + " 4 55"},
	{ECashLoadOther, "非指定账户圈存", "0200", "620000", "91", "47", "000", true, Reverse, cardFields + " 4 48 55 62?"},
	{ECashLoadCash, "现金充值圈存", "0200", "630000", "91", "46", "000", true, Reverse, cardFields + " 4 55"},
	{ECashLoadCashVoid, "圈存撤销", "0200", "170000", "91", "51", "000", true, Reverse, cardFields + " 4 55 61"},
	{Settlement, "批结算", "0500", "", "", "00", "201", false, NoUndo, "11 41 42 48 49 60 63"},
	{UploadStripe, "批上送(磁条卡)", "0320", "", "", "00", "201", false, Resend, "11 41 42 48 60"},
	{UploadTC, "批上送(IC卡TC, 对账平)", "0320", "", "", "00", "203", false, Resend, "2 4 11 22 23? 41 42 55 60 62"},
	{UploadTCUnequal, "批上送(IC卡TC, 对账不平)", "0320", "", "", "00", "205", false, Resend, "2 4 11 22 23? 41 42 55 60 62"},
	{UploadFailed, "批上送(IC卡失败, 对账平)", "0320", "", "", "00", "204", false, Resend, "2 4 11 22 23? 41 42 55 60 62"},
	{UploadFailedUneq, "批上送(IC卡失败, 对账不平)", "0320", "", "", "00", "206", false, Resend, "2 4 11 22 23? 41 42 55 60 62"},
	{UploadEnd, "批上送结束(对账平)", "0320", "", "", "00", "207", false, Resend, "11 41 42 48 60"},
	{UploadEndUnequal, "批上送结束(对账不平)", "0320", "", "", "00", "202", false, Resend, "11 41 42 48 60"},
	{UploadAdvice, "批上送(通知类)", "0320", "", "", "", "000", false, Resend, "2? 3 4 11 14? 22 25 37? 38? 41 42 48? 49 60 61 63?"},
	{ScriptNotice, "IC卡脚本结果通知", "0620", "", "", "00", "951", true, Resend, "2? 3 4? 11 22 23 25 32 37 38? 41 42 49 55 60 61 64"},
	{Signature, "电子签名上送", "0820", "", "", "", "800", true, Resend, "2 4 11 15 37 41 42 55 60 62 64"},
	{ReversalKind, "冲正", "0400", "", "", "", "000", true, Resend, "2? 3 4 11 14? 22 23? 25 38? 39 41 42 49 55? 60 61? 64"},
}

func (r row) transaction() Transaction {
	t := Transaction{Kind: r.kind, Chinese: r.chinese, RequestMTI: r.mti, ReplyMTI: replyMTI(r.mti), ProcessingCode: r.f3,
		Condition: r.f25, MessageType: r.typ, Network: r.network, MAC: r.mac, Silence: r.silence}
	for _, f := range strings.Fields(r.fields) {
		n := Need{Conditional: strings.HasSuffix(f, "?")}
		for _, c := range strings.TrimSuffix(f, "?") {
			n.Field = 10*n.Field + int(c-'0')
		}
		t.Fields = append(t.Fields, n)
	}
	slices.SortFunc(t.Fields, func(a, b Need) int { return a.Field - b.Field })
	return t
}

// replyMTI is the MTI of the answer: the third digit one up.
func replyMTI(mti string) string {
	if len(mti) != 4 || mti[2] < '0' || mti[2] > '8' {
		return mti
	}
	return mti[:2] + string([]byte{mti[2] + 1}) + mti[3:]
}

// Request is the skeleton of a request: MTI, fields 3, 25, 49, 60 with batch 0, and
// field 64 of zeros where a MAC is needed. Set the batch with SetF60. An unknown
// kind makes a message that AppendBody refuses with ErrKind.
func Request(kind TransactionKind) *Message {
	m := &Message{}
	t, ok := LookupTransaction(kind)
	if !ok {
		m.fail(60, fmt.Errorf("%w: %q", ErrKind, string(kind)))
		return m
	}
	m.MTI = t.RequestMTI
	if t.ProcessingCode != "" {
		m.SetString(3, t.ProcessingCode)
	}
	if t.Condition != "" {
		m.SetString(25, t.Condition)
	}
	if slices.Contains(t.Fields, Need{Field: 49}) {
		m.SetString(49, CNY)
	}
	m.SetF60(F60{MessageType: orText(t.MessageType, "00"), Network: t.Network})
	if t.MAC {
		m.Set(64, make([]byte, macLen))
	}
	return m
}

// CNY is the currency of field 49 (人民币).
const CNY = "156"

// Missing returns the fields a request of a kind must have and m has not.
func (t Transaction) Missing(m *Message) []int {
	var out []int
	for _, n := range t.Fields {
		if !n.Conditional && !m.Has(n.Field) {
			out = append(out, n.Field)
		}
	}
	return out
}

// Identify finds the kind of a request or reply; ok is false if the table has none.
// A scan transaction without field 59 is taken for one with a card, as a reply of
// one may be.
func Identify(m *Message) (t Transaction, ok bool) {
	f60, err := m.F60()
	if err != nil {
		f60 = F60{}
	}
	for _, r := range table {
		if r.matches(m, f60) {
			return r.transaction(), true
		}
	}
	return Transaction{}, false
}

func (r row) matches(m *Message, f60 F60) bool {
	if m.MTI != r.mti && m.MTI != replyMTI(r.mti) {
		return false
	}
	switch r.kind {
	case ReversalKind, ScriptNotice:
		return true
	case SignOn:
		return slices.Contains([]string{"001", "003", "004", "005", "006"}, f60.Network)
	case Signature:
		return len(f60.Network) == 3 && f60.Network[:2] == "80"
	case UploadAdvice:
		return f60.MessageType != "" && f60.MessageType != "00"
	case ScanSale, ScanVoid, ScanRefund:
		if !m.Has(59) || m.Has(2) || m.Has(35) || m.Has(55) || !strings.HasPrefix(orText(m.Text(22), "03"), "03") {
			return false
		}
	case PreauthTopUp:
		if m.Text(25) != r.f25 {
			return false
		}
	case Preauth:
		if m.Text(25) == "60" {
			return false
		}
	}
	return (r.typ == "" || r.typ == f60.MessageType) && (f60.Network == r.network || f60.Network == "" && r.network == "000") &&
		(r.f3 == "" || m.Text(3) == r.f3 || !m.Has(3))
}
