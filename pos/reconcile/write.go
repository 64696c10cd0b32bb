package reconcile

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
)

// head names the columns of the CSV, in English and Chinese.
var head = []string{"kind 类型", "redemption 核销编号", "voucher 券编号", "order 平台订单", "title 名称", "shop 门店", "attempt 交易编号", "till 收银台", "operator 操作员",
	"reference 订单号", "journal 日志金额", "journal minor 日志(分)", "platform 平台金额", "platform minor 平台(分)", "journal time 日志时间", "platform time 平台时间",
	"evidence 证据", "act 建议", "act_zh 处理"}

// WriteCSV writes the findings for a spreadsheet: UTF-8 with a byte order mark,
// CRLF, ids as text so that no digit is rounded away, and no cell that a
// spreadsheet would take for a formula.
func (r Report) WriteCSV(w io.Writer) error {
	b := bufio.NewWriter(w)
	b.WriteString("\ufeff")
	row(b, head)
	for _, f := range r.Findings {
		row(b, []string{cell(string(f.Kind)), id(f.Key), id(f.Voucher), id(f.Order), cell(f.Title), id(f.Shop), cell(string(f.Attempt)), cell(f.Till), cell(f.Operator),
			cell(f.Reference), digits(f.Here), minor(f.Here), digits(f.There), minor(f.There), clock(f.HereTime), clock(f.ThereTime), cell(f.Evidence), cell(f.Act), cell(f.Chinese)})
	}
	return b.Flush()
}

// row quotes every cell.
func row(b *bufio.Writer, cells []string) {
	for i, c := range cells {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		b.WriteString(strings.ReplaceAll(c, `"`, `""`))
		b.WriteByte('"')
	}
	b.WriteString("\r\n")
}

// cell makes a text harmless: one line, and no formula.
func cell(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	if s != "" && strings.ContainsRune("=+-@\t", rune(s[0])) {
		return "'" + s
	}
	if strings.HasPrefix(s, "＝") || strings.HasPrefix(s, "＋") || strings.HasPrefix(s, "－") || strings.HasPrefix(s, "＠") {
		return "'" + s
	}
	return s
}

// id keeps a long number text: a spreadsheet has fifteen digits only.
func id(s string) string {
	if s = cell(s); len(s) > 11 && strings.Trim(s, "0123456789") == "" {
		return "'" + s
	}
	return s
}

func digits(m pos.Money) string {
	if m == (pos.Money{}) {
		return ""
	}
	return m.Digits()
}

func minor(m pos.Money) string {
	if m == (pos.Money{}) {
		return ""
	}
	return strconv.FormatInt(m.Minor(), 10)
}

func clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateTime)
}

// WriteText writes the report for people.
func (r Report) WriteText(w io.Writer, lang pos.Lang) error {
	b := bufio.NewWriter(w)
	pick := func(en, zh string) string {
		if lang == pos.Chinese {
			return zh
		}
		return en
	}
	fmt.Fprintf(b, pick("matched %d, undone on both sides %d\n", "相符 %d 笔,双方均已撤销 %d 笔\n"), r.Matched, r.Undone)
	fmt.Fprintf(b, pick("journal %s, platform %s\n", "日志 %s,平台 %s\n"), r.Here, r.There)
	if r.Equal() {
		fmt.Fprintln(b, pick("no difference", "无差异"))
		return b.Flush()
	}
	for _, f := range r.Findings {
		fmt.Fprintf(b, "\n%s: %s\n", f.Kind, f.Title)
		for _, l := range [][2]string{{pick("redemption", "核销编号"), f.Key}, {pick("voucher", "券编号"), f.Voucher}, {pick("order", "平台订单"), f.Order},
			{pick("attempt", "交易编号"), string(f.Attempt)}, {pick("reference", "订单号"), f.Reference}, {pick("operator", "操作员"), f.Operator},
			{pick("evidence", "证据"), f.Evidence}, {pick("do", "请"), pick(f.Act, f.Chinese)}} {
			if l[1] != "" {
				fmt.Fprintf(b, "  %s: %s\n", l[0], l[1])
			}
		}
	}
	if r.More > 0 {
		fmt.Fprintf(b, pick("\nand %d more\n", "\n另有 %d 笔\n"), r.More)
	}
	return b.Flush()
}
