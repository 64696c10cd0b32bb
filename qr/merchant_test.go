package qr_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr"
)

func shop(accounts ...qr.Field) qr.Merchant {
	return qr.Merchant{Accounts: accounts, Currency: "SGD", Country: "SG", Name: "Corner Shop", City: "Singapore"}
}

func payNow(proxy, editable string) qr.Field {
	return qr.Field{ID: 26, Fields: []qr.Field{{ID: 0, Value: "SG.PAYNOW"}, {ID: 1, Value: proxy}, {ID: 2, Value: "201403121W"}, {ID: 3, Value: editable}}}
}

func TestWhatCannotBePaidIsNotWritten(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*qr.Merchant)
		kind   error
		says   string
	}{
		{"a sound one", func(*qr.Merchant) {}, nil, ""},
		{"no account", func(m *qr.Merchant) { m.Accounts = nil }, qr.ErrMissing, "02 to 51"},
		{"no name", func(m *qr.Merchant) { m.Name = "" }, qr.ErrMissing, "object 59"},
		{"a name too long", func(m *qr.Merchant) { m.Name = strings.Repeat("x", 26) }, qr.ErrFormat, "object 59"},
		{"a name beyond the length of an object", func(m *qr.Merchant) { m.Name = strings.Repeat("x", 100) }, qr.ErrLength, "object 59"},
		{"no currency", func(m *qr.Merchant) { m.Currency = "" }, qr.ErrFormat, "object 53"},
		{"an amount in another currency", func(m *qr.Merchant) { m.Amount = pos.FromMinor(1, pos.CNY) }, qr.ErrFormat, "object 54"},
		{"an amount below zero", func(m *qr.Merchant) { m.Amount = pos.FromMinor(-1, "SGD") }, qr.ErrFormat, "object 54"},
		{"an amount too large", func(m *qr.Merchant) { m.Amount = pos.FromMinor(1e15, "SGD") }, qr.ErrFormat, "object 54"},
		{"a fee without its tip", func(m *qr.Merchant) { m.FixedFee = pos.FromMinor(100, "SGD") }, qr.ErrTip, "object 55"},
		{"an account twice", func(m *qr.Merchant) { m.Accounts = append(m.Accounts, m.Accounts[0]) }, qr.ErrDuplicate, "object 26"},
		{"a template without identifier", func(m *qr.Merchant) { m.Other = []qr.Field{{ID: 80, Fields: []qr.Field{{ID: 1, Value: "x"}}}} }, qr.ErrMissing, "object 80"},
		{"a value and fields", func(m *qr.Merchant) { m.Accounts[0].Value = "x" }, qr.ErrFormat, "object 26"},
		{"an ID above 99", func(m *qr.Merchant) { m.Other = []qr.Field{{ID: 100, Value: "x"}} }, qr.ErrID, "object 100"},
		{"a proxy PayNow does not know", func(m *qr.Merchant) { m.Accounts = []qr.Field{payNow("7", "0")} }, qr.ErrProfile, "object 26-01 (proxy type)"},
		{"PayNow in yuan", func(m *qr.Merchant) { m.Currency = pos.CNY }, qr.ErrProfile, "object 53"},
		{"more than 512 characters", func(m *qr.Merchant) {
			for id := qr.ID(80); id < 86; id++ {
				m.Other = append(m.Other, qr.Field{ID: id, Fields: []qr.Field{{ID: 0, Value: "com.example"}, {ID: 1, Value: strings.Repeat("x", 80)}}})
			}
		}, qr.ErrTooLong, "512"},
		{"not UTF-8", func(m *qr.Merchant) { m.Name = "\xff" }, qr.ErrText, "object 59"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := shop(payNow("2", "0"))
			c.change(&m)
			text, err := m.Encode(qr.Options{})
			if c.kind == nil {
				require.NoError(t, err)
				_, err = qr.Parse(text, qr.Options{})
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, c.kind)
			require.ErrorContains(t, err, c.says)
			require.Empty(t, text)
		})
	}
}

// One sound payload of every country, its profile found and its rules kept.
func TestEveryProfileCanBeWritten(t *testing.T) {
	guided := func(id qr.ID, guid string, values ...qr.Field) []qr.Field {
		return []qr.Field{{ID: id, Fields: append([]qr.Field{{ID: 0, Value: guid}}, values...)}}
	}
	for _, c := range []struct {
		name, country string
		currency      pos.Currency
		accounts      []qr.Field
		break_        qr.ID // this part wrong breaks it
	}{
		{"UnionPay", "LA", "LAK", []qr.Field{{ID: 15, Value: "2741041800520446" + "ABCDEFGHIJKLMNO"}}, 0},
		{"PromptPay", "TH", "THB", guided(29, "A000000677010111", qr.Field{ID: 1, Value: "0066812345678"}), 1},
		{"PromptPay bill payment", "TH", "THB", guided(30, "A000000677010112", qr.Field{ID: 1, Value: "099400015804189"}, qr.Field{ID: 2, Value: "REF1"}), 1},
		{"PayNow", "SG", "SGD", []qr.Field{payNow("2", "1")}, 1},
		{"SGQR", "SG", "SGD", guided(51, "SG.SGQR", qr.Field{ID: 1, Value: "180307510317"}, qr.Field{ID: 2, Value: "01.0003"}), 2},
		{"DuitNow QR", "MY", "MYR", guided(26, "A0000006150001", qr.Field{ID: 1, Value: "890053"}, qr.Field{ID: 2, Value: "MDN1234567890"}), 1},
		{"QRIS", "ID", "IDR", guided(51, "ID.CO.QRIS.WWW", qr.Field{ID: 2, Value: "ID1234567890123"}, qr.Field{ID: 3, Value: "UMI"}), 3},
		{"QRIS acquirer", "ID", "IDR", guided(26, "ID.EXAMPLE.WWW", qr.Field{ID: 1, Value: "936009153034712718"}), 1},
		{"PIX", "BR", "BRL", guided(26, "BR.GOV.BCB.PIX", qr.Field{ID: 1, Value: "shop@example.com"}), 0},
		{"VietQR", "VN", "VND", guided(38, "A000000727", qr.Field{ID: 1, Fields: []qr.Field{{ID: 0, Value: "970403"}, {ID: 1, Value: "0011012345678"}}}, qr.Field{ID: 2, Value: "QRIBFTTA"}), 2},
		{"FPS", "HK", "HKD", guided(26, "HK.COM.HKICL", qr.Field{ID: 2, Value: "9999999"}), 2},
		{"KHQR person", "KH", "KHR", guided(29, "corner@bank", qr.Field{ID: 1, Value: "85512345678"}), 0},
		{"KHQR merchant", "KH", "USD", guided(30, "corner@bank", qr.Field{ID: 1, Value: "123456"}, qr.Field{ID: 2, Value: "Example Bank"}), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := qr.Merchant{Accounts: c.accounts, Amount: pos.FromMinor(500000, c.currency), Country: c.country, Name: "Corner Shop", City: "City"}
			text, err := m.Encode(qr.Options{})
			require.NoError(t, err)
			p, err := qr.Parse(text, qr.Options{})
			require.NoError(t, err)
			amount, err := p.Amount()
			require.NoError(t, err)
			require.Equal(t, int64(500000), amount.Minor())
			schemes := p.Schemes(qr.Profiles())
			require.Len(t, schemes, 1)
			require.Equal(t, c.name, schemes[0].Name)
			require.NotEmpty(t, schemes[0].Fields)
			if c.break_ == 0 {
				return
			}
			for i, f := range m.Accounts[0].Fields {
				if f.ID == c.break_ {
					m.Accounts[0].Fields[i] = qr.Field{ID: f.ID, Value: "?"}
				}
			}
			_, err = m.Encode(qr.Options{})
			require.ErrorIs(t, err, qr.ErrProfile)
		})
	}
}

func TestVietQRIsReadThroughItsInnerTemplate(t *testing.T) {
	e := qr.Explain(vectors[7].text, qr.Options{Lenient: true}, qr.Profiles())
	require.True(t, e.Valid)
	require.Contains(t, e.String(), "00 bank: 970407")
	require.Contains(t, e.String(), "01 account or card: 9796868")
	e = qr.Explain(vectors[7].text, qr.Options{}, qr.Profiles())
	require.False(t, e.Valid)
	require.NotEmpty(t, e.Wrong(qr.Options{}))
	require.Empty(t, e.Amount, "nothing of what is not valid may be paid")
}

func TestWhatABrokenTemplateOfASchemeHoldsIsNamed(t *testing.T) {
	text := sum("00020101021138320010A00000072701140006970403029X" + "52040000" + "5303704" + "5802VN5904Shop6005Hanoi")
	p, err := qr.Parse(text, qr.Options{})
	require.NoError(t, err, "EMVCo does not look inside")
	s := p.Schemes(qr.Profiles())
	require.Len(t, s, 1)
	require.NotEmpty(t, s[0].Problems)
	require.Contains(t, s[0].Problems[0].ID, "38-01")
	require.Greater(t, s[0].Problems[0].Offset, 30)
}
