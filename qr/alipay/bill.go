package alipay

import (
	"archive/zip"
	"bytes"
	"context"
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

const billMethod = "alipay.data.dataservice.bill.downloadurl.query"

// Bill downloads the trade bill of a day (业务明细). The link lives for 30 s and leads to a zip
// without a signature, so its host must be Alipay's and the line encrypted.
func (h *Host) Bill(ctx context.Context, day time.Time, each func(wallet.BillLine) error) (wallet.BillSum, error) {
	var link struct {
		URL string `json:"bill_download_url"`
	}
	s, err := h.call(ctx, billMethod, map[string]string{"bill_type": "trade", "bill_date": day.In(wallet.China).Format(time.DateOnly)}, sending{}, &link)
	if err != nil {
		return wallet.BillSum{}, err
	}
	if !s.ok() {
		if noBill(s.SubCode) {
			return wallet.BillSum{}, fmt.Errorf("alipay: %w (%s)", wallet.ErrNoBill, s.code())
		}
		return wallet.BillSum{}, undecided(billMethod, s)
	}
	file, err := h.download(ctx, link.URL)
	if err != nil {
		return wallet.BillSum{}, err
	}
	return ReadZip(file, each)
}

// noBill reports whether a sub code says that there is no bill of that day: isp.bill_not_exist
// and others of its kind.
func noBill(sub string) bool {
	sub = strings.ToLower(strings.ReplaceAll(sub, "-", "_"))
	return strings.Contains(sub, "bill_not_exist") || strings.Contains(sub, "no_bill_data")
}

func (h *Host) download(ctx context.Context, link string) ([]byte, error) {
	u, err := url.Parse(link)
	if err != nil || !h.allowed(u) {
		return nil, fmt.Errorf("alipay: bill: the link leads to another host")
	}
	a, unsent, err := web.Do(ctx, web.Call{Client: h.cfg.Client, Method: http.MethodGet, URL: u.String(), Header: http.Header{"User-Agent": {"openecr"}}, Max: web.MaxFile})
	if err != nil || a.Status != http.StatusOK {
		return nil, &wallet.Error{Wallet: "alipay", Call: "bill", Status: a.Status, Unsent: unsent, Err: err}
	}
	return a.Body, nil
}

// allowed reports whether a bill may come from an address: the gateway's own host, or one of
// Alipay's. A link of theirs without TLS, as their examples have it, is followed with TLS.
func (h *Host) allowed(u *url.URL) bool {
	base, err := url.Parse(h.cfg.BaseURL)
	if err != nil || u.User != nil {
		return false
	}
	if u.Scheme == base.Scheme && u.Host == base.Host {
		return true
	}
	if u.Scheme == "http" && u.Port() == "" {
		u.Scheme = "https"
	}
	return u.Scheme == "https" && (strings.HasSuffix(u.Host, ".alipay.com") || strings.HasSuffix(u.Host, ".alipaydev.com"))
}

// Limits of an archive: Alipay's has two to four files.
const (
	maxEntries = 64
	maxBill    = 1 << 30 // unpacked: two million lines
)

// billNames end the name of the file of lines, in UTF-8 and in GBK. The summary's ends otherwise: _业务明细(汇总).csv.
var billNames = []string{"_业务明细.csv", "_\xd2\xb5\xce\xf1\xc3\xf7\xcf\xb8.csv"}

// ReadZip reads the bill in a downloaded archive. Names in it are compared and never opened as paths.
// Errors: wallet.ErrBill.
func ReadZip(file []byte, each func(wallet.BillLine) error) (wallet.BillSum, error) {
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil && err != zip.ErrInsecurePath {
		return wallet.BillSum{}, fmt.Errorf("alipay: %w: it is no zip", wallet.ErrBill)
	}
	if len(z.File) > maxEntries {
		return wallet.BillSum{}, fmt.Errorf("alipay: %w: the zip has %d files", wallet.ErrBill, len(z.File))
	}
	var found []*zip.File
	for _, f := range z.File {
		for _, end := range billNames {
			if strings.HasSuffix(f.Name, end) {
				found = append(found, f)
			}
		}
	}
	if len(found) != 1 {
		return wallet.BillSum{}, fmt.Errorf("alipay: %w: the zip has %d files of lines, want one", wallet.ErrBill, len(found))
	}
	r, err := found[0].Open()
	if err != nil {
		return wallet.BillSum{}, fmt.Errorf("alipay: %w: %w", wallet.ErrBill, err)
	}
	defer r.Close()
	return ReadBill(&bounded{r, maxBill}, each)
}

// bounded fails, rather than ends, when more comes than allowed.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, web.ErrTooLong
	}
	return n, err
}

// ReadBill reads the trade bill in GBK: notes behind #, lines by the names of their columns,
// and notes again, whose totals must agree with the lines. Errors: wallet.ErrBill, or what each
// returned.
//
// Source: bills of 2017 to 2026 as several merchants' programs read them.
func ReadBill(r io.Reader, each func(wallet.BillLine) error) (wallet.BillSum, error) {
	b := billcsv.New(r, billcsv.Options{Header: "支付宝交易号", Comment: '#', GBK: true})
	sum := wallet.BillSum{In: pos.FromMinor(0, pos.CNY), Back: pos.FromMinor(0, pos.CNY)}
	got := newTotals()
	for {
		row, err := b.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return sum, fmt.Errorf("alipay: %w: %w", wallet.ErrBill, err)
		}
		line, err := billLine(row)
		if err == nil {
			err = got.add(line, row)
		}
		if err == nil {
			err = sum.Add(line)
		}
		if err != nil {
			return sum, fmt.Errorf("alipay: %w: line %d: %w", wallet.ErrBill, row.Line, err)
		}
		if err := each(line); err != nil {
			return sum, err
		}
	}
	return sum, got.check(b.Notes())
}

// column reads an amount's column, with the brackets of any width.
func column(row billcsv.Row, name string) string {
	for _, unit := range []string{"（元）", "(元)", ""} {
		if row.Has(name + unit) {
			return row.Get(name + unit)
		}
	}
	return ""
}

// billLine reads a line. A refund without a number of its own, or with that of our undo, is an undo.
func billLine(row billcsv.Row) (wallet.BillLine, error) {
	l := wallet.BillLine{Number: row.Line, Order: string(readNumber(row.Get("商户订单号"))), Trade: row.Get("支付宝交易号"), State: row.Get("业务类型")}
	switch l.State {
	case "交易":
		l.Kind = wallet.LinePay
	case "退款":
		if l.Refund = row.Get("退款批次号/请求号"); l.Refund == "" {
			l.Refund = row.Get("退款批次号")
		}
		l.Refund = string(readNumber(l.Refund))
		l.Kind = wallet.LineRefund
		if l.Refund == "" || l.Refund == l.Order || l.Refund == wallet.UndoNumber(l.Order) {
			l.Kind = wallet.LineUndo
		}
	default:
		return l, fmt.Errorf("the kind %.40q is not known", l.State)
	}
	var err error
	if l.Time, err = time.ParseInLocation(time.DateTime, row.Get("完成时间"), wallet.China); err != nil {
		return l, fmt.Errorf("the time %.40q", row.Get("完成时间"))
	}
	if l.Amount, err = billcsv.Yuan(column(row, "订单金额")); err != nil {
		return l, err
	}
	l.Fee, err = billcsv.Yuan(column(row, "服务费"))
	return l, err
}
