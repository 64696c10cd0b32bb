package main

import (
	"fmt"
	"time"

	"github.com/openecr/openecr/examples/till/register"
	"github.com/openecr/openecr/qr/qrtest"
)

// simFault is a button of the panel and what it does.
type simFault struct {
	register.Fault
	do func() error
}

func fault(group, id, en, zh string, do func() error) simFault {
	return simFault{register.Fault{ID: group + "." + id, Group: group, English: en, Chinese: zh}, do}
}

// mend is a button that puts something right.
func mend(group, id, en, zh string, do func() error) simFault {
	f := fault(group, id, en, zh, do)
	f.Mends = true
	return f
}

// allFaults are the panel, from the card terminal to the till itself.
func (s *simulation) allFaults() []simFault {
	inject := func(to interface{ Inject(...string) []string }, name string) func() error {
		return func() error {
			if unknown := to.Inject(name); len(unknown) > 0 {
				return fmt.Errorf("no such fault: %v", unknown)
			}
			return nil
		}
	}
	list := []simFault{
		fault("card", "pull", "Pull the cable now", "立即拔线", done(s.cable.pullNow)),
		fault("card", "pull-approved", "Pull it when the next payment is approved", "下一笔批准时拔线", done(s.cable.pullAtApproval)),
		mend("card", "plug", "Plug the cable in", "插回线缆", done(s.cable.plugIn)),
		fault("card", "lose-answer", "Lose the next answer", "丢失下一笔应答", inject(s.card, "lose-answer")),
		fault("card", "lose-request", "Lose the next request", "丢失下一笔请求", inject(s.card, "lose-request")),
		fault("card", "reboot", "The terminal reboots in the next payment", "下一笔交易中终端重启", inject(s.card, "reboot")),
		fault("card", "partial", "Only half of the next payment is approved", "下一笔仅部分批准", inject(s.card, "partial")),
		fault("card", "decline", "The bank declines the next payment", "银行拒绝下一笔", inject(s.card, "decline=05")),

		fault("unionpay", "pull", "Pull the line at the next answer", "下一笔应答时断线", done(s.line.pullAtAnswer)),
		mend("unionpay", "plug", "Connect the line", "恢复线路", done(s.line.plugIn)),
		fault("unionpay", "lose-answer", "Lose the next answer", "丢失下一笔应答", inject(s.bank, "lose-answer")),
		fault("unionpay", "wrong-mac", "The next answer is forged", "下一笔应答 MAC 错误", inject(s.bank, "wrong-mac")),
	}
	for _, w := range s.houses {
		list = append(list, w.faults()...)
	}
	return append(list,
		fault("printer", "paper-out", "The paper ends", "缺纸", inject(s.printer, "paper-out=6")),
		fault("printer", "cover", "Open the cover", "打开机盖", done(s.printer.OpenCover)),
		mend("printer", "refill", "Put in a new roll, shut the cover", "换纸并合盖", done(s.refill)),
		fault("till", "kill", "Kill the till now", "立即杀死收银程序", func() error { return s.kill() }),
	)
}

func done(f func()) func() error {
	return func() error {
		f()
		return nil
	}
}

func (s *simulation) refill() {
	s.printer.Refill()
	s.printer.CloseCover()
}

// faults are those of one wallet.
func (w *simWallet) faults() []simFault {
	next := func(c qrtest.Customer) func() error { return done(func() { w.bank.Customers(c) }) }
	lose := func(f qrtest.Fault) func() error { return done(func() { w.bank.Inject(f) }) }
	return []simFault{
		fault(w.tender, "lose-answer", "Lose the next answer", "丢失下一笔应答", lose(qrtest.Fault{Name: qrtest.LoseAnswer, On: qrtest.CallPay})),
		fault(w.tender, "error", "The next answer is an error, though it is paid", "下一笔已付但返回错误", lose(qrtest.Fault{Name: qrtest.Applied500, On: qrtest.CallPay})),
		fault(w.tender, "late", "The next customer types a password late", "下一位顾客迟输密码", next(qrtest.Late(simLate))),
		fault(w.tender, "never", "The next customer never pays", "下一位顾客始终不付", next(qrtest.Never())),
		fault(w.tender, "at-undo", "The next customer pays while it is undone", "下一位顾客在撤销瞬间付款", next(qrtest.AtUndo())),
		fault(w.tender, "poor", "The next customer has not enough money", "下一位顾客余额不足", next(qrtest.Poor())),
	}
}

// simLate is how late a late customer is.
const simLate = 4 * time.Second

// pullNow takes the cable out, also in the middle of a payment.
func (c *cable) pullNow() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out, c.paying = true, true
}
