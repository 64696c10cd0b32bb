package receipt_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/receipt"
	"github.com/openecr/openecr/transport/escpos"
	"github.com/openecr/openecr/transport/escpos/paper"
)

func profile(t testing.TB, name string) escpos.Profile {
	p, ok := escpos.ProfileByName(name)
	require.True(t, ok)
	return p
}

func logo() image.Image {
	m := image.NewGray(image.Rect(0, 0, 120, 40))
	for i := range m.Pix {
		m.Pix[i] = uint8(i * 255 / len(m.Pix))
	}
	m.SetGray(0, 0, color.Gray{})
	return m
}

// bigSale is a sale with everything a receipt can show.
func bigSale() receipt.Sale {
	v := receipt.Sale{Reference: "order-42", Time: noon, Till: "till-1", Operator: "anna", Code: "https://shop.example/r/42", CodeCaption: "电子发票",
		Items: []receipt.Item{
			{Name: "红烧牛肉面", Quantity: "2", Price: cny(2800), Amount: cny(5600), Note: "少辣"},
			{Name: "Espresso", Amount: cny(1500)},
			{Name: "会员折扣", Amount: cny(-300)},
		}, Total: cny(6800)}
	card, cash, voucher := paid(), paid(), paid()
	card.Approved, card.Amount = cny(3800), cny(3800)
	cash.Tender, cash.Card, cash.Scheme, cash.Amount, cash.Approved = pos.Cash, "", "", cny(1000), cny(1000)
	cash.Given, cash.Change = cny(5000), cny(4000)
	voucher.Tender, voucher.Type, voucher.Card, voucher.Scheme, voucher.Amount, voucher.Approved = "douyin", pos.TypeRedeem, "", "", cny(2000), cny(2000)
	v.Tenders = []pos.Attempt{card, cash, voucher}
	v.Vouchers = []receipt.Voucher{{Platform: "抖音", Title: "双人套餐", Code: "1234****7890", OrderID: "8001", ID: "71234", Shop: "人民路店", Paid: cny(1800), PlatformSubsidy: cny(200)}}
	return v
}

func TestTheSameSlipGivesTheSameBytes(t *testing.T) {
	s := shop(pos.Chinese)
	s.Logo = logo()
	for _, name := range []string{"chinese-58", "chinese-80", "generic-58", "generic-80", "epson-tm-t20", "bixolon-srp-350"} {
		p := profile(t, name)
		var first [][]byte
		for range 3 {
			slip, err := s.Sale(bigSale(), original)
			require.NoError(t, err)
			doc, err := receipt.ESCPOS(slip, p)
			require.NoError(t, err)
			page, err := receipt.HTML(slip)
			require.NoError(t, err)
			picture, err := receipt.PNG(slip, p)
			require.NoError(t, err)
			all := [][]byte{doc.Bytes(), page, picture, []byte(receipt.Text(slip, p.Columns))}
			if first == nil {
				first = all
			}
			require.Equal(t, first, all)
		}
		m, err := png.Decode(bytes.NewReader(first[2]))
		require.NoError(t, err)
		require.Greater(t, m.Bounds().Dy(), 800)
	}
}

func TestPaperSaysWhatTheTextSays(t *testing.T) {
	slip, err := shop(pos.Chinese).Sale(bigSale(), receipt.Copy{Kind: pos.SlipCustomer, Number: 2})
	require.NoError(t, err)
	printer := profile(t, "chinese-80")
	printer.NativeQR = true // so that the sheet knows it for a code
	doc, err := receipt.ESCPOS(slip, printer)
	require.NoError(t, err)
	sheet, err := paper.Draw(paper.Width80, doc.Bytes())
	require.NoError(t, err)
	printed := strings.Join(strings.Fields(sheet.Text()), "")
	for _, want := range []string{"老街面馆", "重印第1次", "红烧牛肉面", "2x28.00", "56.00", "-3.00", "合计68.00CNY", "银行卡UnionPay*7890", "38.00CNY", "找零40.00CNY",
		"抖音团购20.00CNY", "双人套餐", "1234****7890", "平台补贴2.00CNY", "电子发票", "谢谢惠顾"} {
		require.Contains(t, printed, want)
	}
	require.NotContains(t, printed, "待付", "the sale is paid in full")
	require.Len(t, sheet.Cuts, 1)
	require.Len(t, sheet.Codes, 1)
	require.Equal(t, "https://shop.example/r/42", sheet.Codes[0].Data)
}

func TestACodeThatHoldsTooMuchIsAnError(t *testing.T) {
	v := bigSale()
	v.Code = strings.Repeat("x", receipt.MaxCode+1)
	slip, err := shop(pos.English).Sale(v, original)
	require.NoError(t, err)
	_, err = receipt.ESCPOS(slip, profile(t, "chinese-80"))
	require.ErrorContains(t, err, "1000 bytes")
	_, err = receipt.HTML(slip)
	require.ErrorContains(t, err, "1001 bytes")
}

func BenchmarkSlip(b *testing.B) {
	s := shop(pos.Chinese)
	s.Logo = logo()
	p := profile(b, "generic-80") // everything Chinese is drawn
	for b.Loop() {
		slip, err := s.Sale(bigSale(), original)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := receipt.ESCPOS(slip, p); err != nil {
			b.Fatal(err)
		}
	}
	const limit = 10_000_000 // 10 ms in nanoseconds
	b.ReportMetric(limit*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "x-under-10ms")
}

func FuzzSlip(f *testing.F) {
	f.Add("红烧牛肉面", "\x1b@\x1dV\x00", "4111111111111111", int64(1280), uint8(3))
	f.Add(strings.Repeat("长", 300), "\u202e", "<b>", int64(-1), uint8(200))
	f.Fuzz(func(t *testing.T, name, note, text string, minor int64, kind uint8) {
		a := paid()
		a.State, a.Type = allStates()[int(kind)%12], allTypes()[int(kind)%7]
		a.Text, a.Card, a.Scheme, a.Reason = text, name, note, text
		a.Slips = []pos.Slip{{Kind: pos.SlipCustomer, Lines: strings.Split(text, "\n")}}
		v := receipt.Sale{Total: cny(minor), Reference: note, Items: []receipt.Item{{Name: name, Note: note, Amount: cny(minor)}}, Tenders: []pos.Attempt{a}}
		for _, make := range []func() (receipt.Slip, error){
			func() (receipt.Slip, error) { return shop(pos.Chinese).Payment(a, original) },
			func() (receipt.Slip, error) { return shop(pos.English).Sale(v, original) },
		} {
			slip, err := make()
			if err != nil {
				continue
			}
			for _, r := range receipt.Text(slip, 32) {
				require.True(t, r == '\n' || r >= ' ' && r != 0x7F, "control character %q", r)
			}
			doc, err := receipt.ESCPOS(slip, profile(t, "chinese-58"))
			require.NoError(t, err)
			sheet, err := paper.Draw(paper.Width58, doc.Bytes())
			require.NoError(t, err)
			require.Len(t, sheet.Cuts, 0, "chinese-58 has no cutter, and no text can cut")
			require.Empty(t, sheet.Pulses)
			_, err = receipt.HTML(slip)
			require.NoError(t, err)
		}
	})
}
