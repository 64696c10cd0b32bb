package wechat

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/internal/billcsv"
	"github.com/openecr/openecr/qr/internal/web"
	"github.com/openecr/openecr/qr/wallet"
)

// maxBill bounds a bill after it is unpacked: two million lines.
const maxBill = 1 << 30

// Bill downloads the trade bill of a day (交易账单, ALL). The link lives for 30 s to
// five minutes and its answer is unsigned, so the file is checked against the hash
// that came with the link.
func (h *Host) Bill(ctx context.Context, day time.Time, each func(wallet.BillLine) error) (wallet.BillSum, error) {
	var link struct {
		HashType string `json:"hash_type"`
		Hash     string `json:"hash_value"`
		URL      string `json:"download_url"`
	}
	path := "/v3/bill/tradebill?bill_date=" + day.In(wallet.China).Format(time.DateOnly) + "&bill_type=ALL&tar_type=GZIP"
	s, err := h.call(ctx, "bill", http.MethodGet, path, nil, &link)
	if err != nil {
		return wallet.BillSum{}, err
	}
	if s.status/100 != 2 {
		if s.code == "NO_STATEMENT_EXIST" || s.code == "NO_BILL_EXIST" || strings.Contains(s.text, "No Bill Exist") || s.code == "STATEMENT_CREATING" {
			return wallet.BillSum{}, fmt.Errorf("wechat: %w (%s)", wallet.ErrNoBill, s.code)
		}
		return wallet.BillSum{}, &wallet.Error{Wallet: "wechat", Call: "bill", Status: s.status, Code: s.code, Text: s.text}
	}
	file, err := h.download(ctx, link.URL, link.HashType, link.Hash)
	if err != nil {
		return wallet.BillSum{}, err
	}
	return ReadBill(bytes.NewReader(file), each)
}

// download fetches what a signed answer linked to: from the API's own host
// only, and with the hash it named.
func (h *Host) download(ctx context.Context, link, hashType, hash string) ([]byte, error) {
	u, err := url.Parse(link)
	base, _ := url.Parse(h.cfg.BaseURL)
	if err != nil || u.Scheme != base.Scheme || u.Host != base.Host {
		return nil, fmt.Errorf("wechat: bill: the link leads to another host")
	}
	auth, err := Authorization(h.cfg.MerchantID, h.cfg.Serial, h.cfg.Key, http.MethodGet, u.RequestURI(), h.cfg.Now(), newNonce(), nil)
	if err != nil {
		return nil, err
	}
	head := http.Header{"Authorization": {auth}, "Accept": {"*/*"}, "User-Agent": {"openecr"}}
	a, unsent, err := web.Do(ctx, web.Call{Client: h.cfg.Client, Method: http.MethodGet, URL: link, Header: head, Max: web.MaxFile})
	if err != nil || a.Status != http.StatusOK {
		return nil, &wallet.Error{Wallet: "wechat", Call: "bill", Status: a.Status, Unsent: unsent, Err: err}
	}
	file := a.Body
	if len(file) > 2 && file[0] == 0x1f && file[1] == 0x8b {
		z, err := gzip.NewReader(bytes.NewReader(file))
		if err != nil {
			return nil, fmt.Errorf("wechat: %w: %w", wallet.ErrBill, err)
		}
		if file, err = io.ReadAll(io.LimitReader(z, maxBill+1)); err != nil || len(file) > maxBill {
			return nil, fmt.Errorf("wechat: %w: it cannot be unpacked", wallet.ErrBill)
		}
	}
	sum := sha1.Sum(file)
	if hashType != "SHA1" || !strings.EqualFold(hash, hex.EncodeToString(sum[:])) {
		return nil, fmt.Errorf("wechat: bill: %w: its %s hash is not the one the platform signed", wallet.ErrForged, hashType)
	}
	return file, nil
}

// ReadBill reads a downloaded trade bill: lines by the names of the columns, so
// that the older 24 columns and new ones are read too, then the summary, which
// must agree with them.
//
// Source: WeChat Pay, 交易账单格式 (27 columns of ALL). Each field begins with a back quote.
func ReadBill(r io.Reader, each func(wallet.BillLine) error) (wallet.BillSum, error) {
	b := billcsv.New(r, billcsv.Options{Quote: '`', Header: "交易时间", Summary: "总交易单数"})
	sum := wallet.BillSum{In: pos.FromMinor(0, pos.CNY), Back: pos.FromMinor(0, pos.CNY)}
	for {
		row, err := b.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return sum, fmt.Errorf("wechat: %w: %w", wallet.ErrBill, err)
		}
		line, err := billLine(row)
		if err != nil {
			return sum, fmt.Errorf("wechat: %w: line %d: %w", wallet.ErrBill, row.Line, err)
		}
		if err := sum.Add(line); err != nil {
			return sum, err
		}
		if err := each(line); err != nil {
			return sum, err
		}
	}
	return sum, checkSummary(b.Summary(), sum)
}

func billLine(row billcsv.Row) (wallet.BillLine, error) {
	l := wallet.BillLine{Number: row.Line, Order: row.Get("商户订单号"), Trade: row.Get("微信订单号"), State: row.Get("交易状态")}
	amountColumn := "订单金额"
	switch l.State {
	case "SUCCESS":
		l.Kind = wallet.LinePay
	case "REFUND":
		l.Kind, l.Refund, amountColumn = wallet.LineRefund, row.Get("商户退款单号"), "申请退款金额"
	case "REVOKED":
		l.Kind, l.Refund, amountColumn = wallet.LineUndo, row.Get("商户退款单号"), "申请退款金额"
	default:
		return l, fmt.Errorf("the state %q is not known", l.State)
	}
	var err error
	if l.Time, err = time.ParseInLocation(time.DateTime, row.Get("交易时间"), wallet.China); err != nil {
		return l, fmt.Errorf("the time %q", row.Get("交易时间"))
	}
	if !row.Has(amountColumn) { // the older 24 columns
		amountColumn = map[wallet.LineKind]string{wallet.LinePay: "总金额"}[l.Kind]
		if amountColumn == "" || !row.Has(amountColumn) {
			amountColumn = "退款金额"
		}
	}
	if l.Amount, err = billcsv.Yuan(row.Get(amountColumn)); err != nil {
		return l, err
	}
	l.Fee, err = billcsv.Yuan(row.Get("手续费"))
	return l, err
}

// checkSummary compares the last line with what was read: 总交易单数, 应结订单总金额, 退款总金额, ...
func checkSummary(row billcsv.Row, sum wallet.BillSum) error {
	if row.Line == 0 {
		return fmt.Errorf("wechat: %w: it ends without its summary", wallet.ErrBill)
	}
	if got := row.Get("总交易单数"); got != fmt.Sprint(sum.Lines) {
		return fmt.Errorf("wechat: %w: its summary counts %s lines, it has %d", wallet.ErrBill, got, sum.Lines)
	}
	for column, want := range map[string]pos.Money{"订单总金额": sum.In, "申请退款总金额": sum.Back} {
		if !row.Has(column) {
			continue
		}
		got, err := billcsv.Yuan(row.Get(column))
		if err != nil || got != want {
			return fmt.Errorf("wechat: %w: its summary says %s %s, its lines %s", wallet.ErrBill, column, row.Get(column), want)
		}
	}
	return nil
}
