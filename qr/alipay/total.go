package alipay

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/internal/billcsv"
	"github.com/openecr/openecr/qr/wallet"
)

// total is what a bill's lines of one way come to: 商家实收, what the merchant received.
type total struct {
	lines int
	money pos.Money
}

// totals are those of payments and of what was given back.
type totals struct{ in, back total }

func newTotals() *totals {
	zero := total{money: pos.FromMinor(0, pos.CNY)}
	return &totals{zero, zero}
}

func (t *totals) add(l wallet.BillLine, row billcsv.Row) error {
	received, err := billcsv.Yuan(column(row, "商家实收"))
	if err != nil {
		return err
	}
	way := &t.back
	if l.Kind == wallet.LinePay {
		way = &t.in
	}
	way.lines++
	way.money, err = way.money.Add(received)
	return err
}

// billEnd is in the note after the last line: without it the file was cut.
const billEnd = "业务明细列表结束"

// totalNotes are the last notes: #交易合计：2笔，商家实收共20.00元，... and #退款合计：1笔，商家实收退款共-5.00元，...
var totalNotes = regexp.MustCompile(`^#\s*(交易|退款)合计[：:]\s*(\d{1,9})笔[，,]商家实收(?:退款)?共(-?[0-9.]{1,20})元`)

// check compares the notes after the lines with what was read. A file without totals is
// believed if it was not cut; a total that cannot be read is not.
func (t *totals) check(notes []string) error {
	ended := false
	for _, note := range notes {
		ended = ended || strings.Contains(note, billEnd)
		if !ended || !strings.Contains(note, "合计") {
			continue
		}
		m := totalNotes.FindStringSubmatch(note)
		if m == nil {
			return fmt.Errorf("alipay: %w: the total %.60q cannot be read", wallet.ErrBill, note)
		}
		want := t.in
		if m[1] == "退款" {
			want = t.back
		}
		if money, err := billcsv.Yuan(m[3]); err != nil || m[2] != fmt.Sprint(want.lines) || money != want.money {
			return fmt.Errorf("alipay: %w: it says %.80q, its lines are %d of %s", wallet.ErrBill, note, want.lines, want.money)
		}
	}
	if !ended {
		return fmt.Errorf("alipay: %w: it ends without its end", wallet.ErrBill)
	}
	return nil
}
