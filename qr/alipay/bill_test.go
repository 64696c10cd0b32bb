package alipay_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/alipay"
	"github.com/openecr/openecr/qr/qrtest"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// day is a day's bill as the simulator packs it: two payments, a part refunded, one undone.
func day(t testing.TB, plant ...qrtest.Planted) (lines []wallet.BillLine, sum wallet.BillSum, file []byte, err error) {
	bank := qrtest.NewBank(qrtest.BankConfig{Quiet: true})
	defer bank.Close()
	sim, err := qrtest.NewAlipay(bank, qrtest.AlipayConfig{})
	require.NoError(t, err)
	defer sim.Close()
	cfg := sim.Client()
	keep := &keeping{RoundTripper: cfg.Client.Transport}
	cfg.Client = &http.Client{Transport: keep}
	h, err := alipay.New(cfg)
	require.NoError(t, err)
	_, err = h.Bill(t.Context(), time.Now(), nil)
	require.ErrorIs(t, err, wallet.ErrNoBill)
	for i, fen := range []int64{1280, 2000} {
		o := wallet.Order{Number: fmt.Sprintf("lane-3-%d", i), Amount: pos.FromMinor(fen, pos.CNY)}
		_, err := h.Pay(t.Context(), o, pos.NewSecret(fmt.Appendf(nil, "28%016d", i)))
		require.NoError(t, err)
		if i == 0 {
			_, err = h.Refund(t.Context(), wallet.Refund{Number: "r-1", Amount: pos.FromMinor(300, pos.CNY), Order: o})
		} else {
			_, err = h.Undo(t.Context(), o)
		}
		require.NoError(t, err)
	}
	bank.Plant(plant...)
	sum, err = h.Bill(t.Context(), time.Now(), func(l wallet.BillLine) error { lines = append(lines, l); return nil })
	return lines, sum, keep.last, err
}

// keeping keeps the last answer.
type keeping struct {
	http.RoundTripper
	last []byte
}

func (k *keeping) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := k.RoundTripper.RoundTrip(r)
	if err == nil {
		k.last, _ = io.ReadAll(resp.Body)
		resp.Body.Close()
		resp.Body = io.NopCloser(bytes.NewReader(k.last))
	}
	return resp, err
}

func TestBill(t *testing.T) {
	lines, sum, _, err := day(t)
	require.NoError(t, err)
	assert.Equal(t, wallet.BillSum{Lines: 4, In: pos.FromMinor(3280, pos.CNY), Back: pos.FromMinor(2300, pos.CNY)}, sum)
	var net int64
	kinds := map[wallet.LineKind]wallet.BillLine{}
	for _, l := range lines {
		net += l.Net()
		kinds[l.Kind] = l
		assert.False(t, l.Time.IsZero())
		assert.NotEmpty(t, l.Trade)
	}
	assert.Equal(t, int64(980), net)
	assert.Equal(t, "r-1", kinds[wallet.LineRefund].Refund)
	assert.Equal(t, "lane-3-1", kinds[wallet.LineUndo].Order)
	assert.Equal(t, pos.FromMinor(12, pos.CNY), kinds[wallet.LinePay].Fee, "0.6 % of 20.00")
}

func TestBillWithPlantedDifferences(t *testing.T) {
	for plant, want := range map[qrtest.Planted]wallet.BillSum{
		qrtest.PlantMissing: {Lines: 3, In: pos.FromMinor(2000, pos.CNY), Back: pos.FromMinor(2300, pos.CNY)},
		qrtest.PlantAmount:  {Lines: 4, In: pos.FromMinor(3281, pos.CNY), Back: pos.FromMinor(2300, pos.CNY)},
		qrtest.PlantForeign: {Lines: 5, In: pos.FromMinor(4560, pos.CNY), Back: pos.FromMinor(2300, pos.CNY)},
		qrtest.PlantTwice:   {Lines: 5, In: pos.FromMinor(4560, pos.CNY), Back: pos.FromMinor(2300, pos.CNY)},
	} {
		_, sum, _, err := day(t, plant)
		require.NoError(t, err, plant)
		assert.Equal(t, want, sum, plant)
	}
}

// unpacked is the simulator's file of lines, in GBK.
func unpacked(t testing.TB) []byte {
	_, _, file, err := day(t)
	require.NoError(t, err)
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	r, err := z.File[len(z.File)-1].Open()
	require.NoError(t, err)
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	return text
}

func ignore(wallet.BillLine) error { return nil }

func TestBillInCrumbs(t *testing.T) {
	text := unpacked(t)
	for name, r := range map[string]io.Reader{"a byte at a time": iotest.OneByteReader(bytes.NewReader(text)),
		"halves": iotest.HalfReader(bytes.NewReader(text)), "the error with data": iotest.DataErrReader(bytes.NewReader(text))} {
		sum, err := alipay.ReadBill(r, ignore)
		require.NoError(t, err, name)
		assert.Equal(t, 4, sum.Lines)
	}
	stop := errors.New("enough")
	_, err := alipay.ReadBill(bytes.NewReader(text), func(wallet.BillLine) error { return stop })
	assert.ErrorIs(t, err, stop)
}

// TestBillCutAnywhere: a bill that ends too early is not believed.
func TestBillCutAnywhere(t *testing.T) {
	text := unpacked(t)
	end := bytes.Index(text, []byte("\xd2\xb5\xce\xf1\xc3\xf7\xcf\xb8\xc1\xd0\xb1\xed\xbd\xe1\xca\xf8")) // 业务明细列表结束
	require.Positive(t, end)
	for n := range end {
		if _, err := alipay.ReadBill(bytes.NewReader(text[:n]), ignore); !errors.Is(err, wallet.ErrBill) {
			t.Fatalf("cut after %d of %d bytes: %v", n, len(text), err)
		}
	}
}

func TestBillsThatCannotBeRight(t *testing.T) {
	text := string(unpacked(t))
	lines := strings.SplitAfter(text, "\r\n")
	for name, bad := range map[string]string{
		"a line is missing":    strings.Join(append(append([]string{}, lines[:5]...), lines[6:]...), ""),
		"a line is there more": strings.Replace(text, lines[5], lines[5]+lines[5], 1),
		"another amount":       strings.Replace(text, ",12.80,12.80,", ",12.80,12.81,", 1),
		"no number":            strings.Replace(text, ",12.80,12.80,", ",1x.80,12.80,", 1),
		"another kind":         strings.Replace(text, "\xbd\xbb\xd2\xd7\t", "\xbd\xbb\xbd\xbb\t", 1),
		"a column too many":    strings.Replace(text, ",12.80,12.80,", ",12.80,12.80,12.80,", 1),
		"no header":            strings.Join(lines[:4], "") + strings.Join(lines[5:], ""),
		"a total of words":     strings.Replace(text, "\xb9\xb232.80", "\xb9\xb2many", 1),
		"a line without end":   lines[4] + strings.Repeat("x", 100_000),
		"nothing":              "",
	} {
		require.NotEqual(t, text, bad, name)
		_, err := alipay.ReadBill(strings.NewReader(bad), ignore)
		assert.ErrorIs(t, err, wallet.ErrBill, name)
	}
}

// packed makes an archive.
func packed(t testing.TB, files ...[2]string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		w, err := z.Create(f[0])
		require.NoError(t, err)
		io.WriteString(w, f[1])
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

func TestArchives(t *testing.T) {
	text := string(unpacked(t))
	sum, err := alipay.ReadZip(packed(t, [2]string{"../../etc/2088_业务明细.csv", text}, [2]string{"/etc/passwd", "x"}), ignore)
	require.NoError(t, err, "names are no paths to us")
	assert.Equal(t, 4, sum.Lines)
	many := make([][2]string, 100)
	for i := range many {
		many[i] = [2]string{fmt.Sprint(i), ""}
	}
	whole := packed(t, [2]string{"1_业务明细.csv", text})
	broken := bytes.Clone(whole)
	broken[len(broken)/3] ^= 0x55
	for name, file := range map[string][]byte{
		"no zip": []byte(text), "cut": whole[:len(whole)-30], "broken": broken, "empty": packed(t),
		"only the summary": packed(t, [2]string{"1_业务明细(汇总).csv", text}), "two of them": packed(t, [2]string{"1_业务明细.csv", text}, [2]string{"2_业务明细.csv", text}),
		"a hundred files": packed(t, many...), "a bomb of one line": packed(t, [2]string{"1_业务明细.csv", strings.Repeat("0", 64<<20)}),
	} {
		_, err := alipay.ReadZip(file, ignore)
		assert.ErrorIs(t, err, wallet.ErrBill, name)
	}
	_, err = alipay.ReadBill(alipay.Bounded(strings.NewReader(text), int64(len(text))-1), ignore)
	assert.ErrorIs(t, err, wallet.ErrBill, "a bomb of notes")
	_, err = alipay.ReadBill(alipay.Bounded(strings.NewReader(text), int64(len(text))), ignore)
	assert.NoError(t, err)
}

func TestBillFromAnotherHost(t *testing.T) {
	for _, link := range []string{"https://evil.example/bill.zip", "http://127.0.0.1:1/x", "https://alipay.com.evil.example/x", "https://evilalipay.com/x",
		"https://user@dwbillcenter.alipay.com/x", "file:///etc/passwd", "http://dwbillcenter.alipay.com:80/x", "", "%zz"} {
		h := answering(t, signed(t, "alipay.data.dataservice.bill.downloadurl.query", fmt.Sprintf(`{"code":"10000","bill_download_url":%q}`, link)))
		_, err := h.Bill(t.Context(), time.Now(), ignore)
		assert.ErrorContains(t, err, "another host", link)
	}
}

func FuzzBill(f *testing.F) {
	text := unpacked(f)
	f.Add(text)
	f.Add(text[:len(text)/2])
	f.Add([]byte("#\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		sum := wallet.BillSum{In: pos.FromMinor(0, pos.CNY), Back: pos.FromMinor(0, pos.CNY)}
		got, err := alipay.ReadBill(bytes.NewReader(b), func(l wallet.BillLine) error { return sum.Add(l) })
		if err == nil && got != sum {
			t.Errorf("it says %+v, its lines are %+v", got, sum)
		}
	})
}
