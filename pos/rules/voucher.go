package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
)

// vouchers bounds redemptions and their undoing, before the platform is asked.
func (b *bench) vouchers() {
	switch b.q.Action {
	case pos.ActionRedeem:
		b.redeem()
	case pos.ActionUndoRedeem:
		b.undoRedeem()
	}
}

func (b *bench) redeem() {
	v := &b.Vouchers
	b.place(v.Staff)
	if len(v.Entry) > 0 && !slices.Contains(v.Entry, b.q.Entry) && !b.q.Replayed {
		b.deny(RuleVoucherEntry, words{fmt.Sprintf("a voucher's code must be %s here, not %q", joined(v.Entry), string(b.q.Entry)), "此处不允许以该方式录入券码",
			"Enter the code the other way.", "请改用允许的方式录入券码。"})
	}
	if v.PerBill > 0 {
		if used := b.onBill(); used+max(1, b.q.Uses) > v.PerBill {
			b.deny(RuleVoucherBill, words{fmt.Sprintf("%d vouchers a bill at most; %d are used", v.PerBill, used), fmt.Sprintf("每单最多 %d 张券,已用 %d 张", v.PerBill, used),
				"Take the rest by another tender.", "其余金额请用其他方式支付。"})
		}
	}
	if by := b.redeemedBy(); v.Once && by != "" {
		b.deny(RuleVoucherOnce, words{fmt.Sprintf("this code was redeemed already (attempt %s)", by), fmt.Sprintf("该券码已核销(交易 %s)", by),
			"Show the customer the earlier redemption; ask for another voucher.", "请向客人出示此前的核销记录,并更换券码。"})
	}
	if limit, over := above(v.Alone, b.q.Amount); over {
		b.say(pos.ActAsk, RuleVoucherAlone, words{fmt.Sprintf("a redemption of %s is more than %s", b.q.Amount, limit), fmt.Sprintf("核销金额 %s 超过 %s", b.q.Amount, limit),
			"Call a supervisor.", "请主管到场确认。"})
	}
}

func (b *bench) undoRedeem() {
	v := &b.Vouchers
	b.place(v.UndoStaff)
	if o := b.q.Original; v.UndoWithin > 0 && (o == nil || b.q.Time.Sub(o.Created) > time.Duration(v.UndoWithin)) {
		b.deny(RuleVoucherWindow, words{fmt.Sprintf("a redemption can be undone for %s", v.UndoWithin), fmt.Sprintf("核销后 %s 内可撤销,已超时", v.UndoWithin),
			"Send the customer to the platform's service.", "请客人联系平台客服处理。"})
	}
	if v.UndoAsk {
		b.say(pos.ActAsk, RuleVoucherUndo, words{"undoing a redemption needs a second person", "撤销核销需双人复核", "Call a supervisor.", "请主管到场确认。"})
	}
}

// place checks who, where and when.
func (b *bench) place(staff []string) {
	v := &b.Vouchers
	if len(staff) > 0 && !slices.Contains(staff, b.q.Operator) {
		b.deny(RuleVoucherStaff, words{fmt.Sprintf("%q is not among those who may do this with vouchers", b.q.Operator), fmt.Sprintf("操作员“%s”无券码操作权限", b.q.Operator),
			"Let somebody do it who may.", "请由有权限的人员操作。"})
	}
	if len(v.Shops) > 0 && !slices.Contains(v.Shops, b.q.Shop) {
		b.deny(RuleVoucherShop, words{fmt.Sprintf("vouchers are not taken in shop %q", b.q.Shop), fmt.Sprintf("门店“%s”不受理券码", b.q.Shop),
			"Send the customer to a shop that takes them.", "请客人到可核销门店使用。"})
	}
	if len(v.Hours) > 0 && !open(v.Hours, b.local) {
		b.deny(RuleVoucherHours, words{fmt.Sprintf("vouchers are not taken at %s", b.local.Format("Mon 15:04")), fmt.Sprintf("%s 不受理券码", b.local.Format("15:04")),
			"Ask the customer to come back in time, or take another tender.", "请在可用时段核销,或更换支付方式。"})
	}
}

// onBill is how many vouchers the bill has used.
func (b *bench) onBill() (used int) {
	for _, f := range b.n.bills[b.q.Reference] {
		if f.counted && f.id != b.q.Attempt && !b.n.redeems[f.id].undone {
			used += max(1, f.uses)
		}
	}
	return used
}

// redeemedBy is an attempt that used one of the codes up.
func (b *bench) redeemedBy() (by pos.AttemptID) {
	for _, t := range strings.Fields(b.q.Token) {
		for id := range b.n.redeemed[t] {
			if id != b.q.Attempt && (by == "" || id < by) {
				by = id
			}
		}
	}
	return by
}

func joined(list []pos.CodeEntry) string {
	var s []string
	for _, e := range list {
		s = append(s, string(e))
	}
	return strings.Join(s, " or ")
}
