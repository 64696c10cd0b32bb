package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/openecr/openecr/pos"
)

// start puts up two terminals and opens the till.
func (d *demo) start() error {
	d.step("A till opens: one journal on disk, a ZVT terminal on a serial line, one on TCP, an acquirer, WeChat Pay, Alipay, Douyin, a receipt printer",
		"收银台开机:一个落盘日志,一台串口 ZVT 终端,一台 TCP ZVT 终端,一个收单机构,微信支付,支付宝,抖音,一台小票打印机")
	d.counter = newDevice("card", [2]string{"serial terminal", "串口终端"}, 7, d.currency)
	d.desk = newDevice("desk", [2]string{"TCP terminal", "TCP 终端"}, 8, d.currency)
	if err := d.desk.listen(); err != nil {
		return err
	}
	err := d.counter.wire()
	if errors.Is(err, errors.ErrUnsupported) {
		d.tell("This system has no pseudo terminals, so the serial terminal is on TCP too.", "本系统没有伪终端,串口终端改用 TCP。")
		err = d.counter.listen()
	}
	if err != nil {
		return err
	}
	profile, err := d.profileOf("")
	if err == nil {
		d.printer, err = newSlipPrinter(profile)
	}
	if err == nil {
		d.bank, err = newAcquirer(filepath.Dir(d.path))
	}
	if err == nil {
		d.phones, err = newWallets()
	}
	if err != nil {
		return err
	}
	return d.openShop()
}

func (d *demo) charge() error {
	d.step("An ordinary payment; nil error means: the money is here, and on disk", "一笔普通收款;没有错误就表示钱已到账并已落盘")
	at, err := d.take(d.counter, "order-1", "12.80")
	if err != nil {
		return err
	}
	d.first = at
	d.tell("The customer's slip, as the printer printed it:", "打印机打出的顾客联:")
	return errors.Join(d.printSlip(at), d.sold(at))
}

func (d *demo) decline() error {
	d.step("The bank says no; that is an error, so nobody gives goods away", "银行拒绝;这是一个错误,不会误交商品")
	_, err := d.take(d.desk, "order-2", "90.05")
	return want(err, pos.ErrDeclined)
}

// cancelCard stops a payment while the terminal waits for the card.
func (d *demo) cancelCard() error {
	d.step("The customer changes their mind while the terminal waits for the card", "终端等待插卡时,顾客改变主意")
	ctx, cancel := context.WithCancel(d.ctx)
	defer cancel()
	shown := false
	d.onStep = func(p pos.Progress) bool {
		if p.Step != pos.StepDevice {
			return false
		}
		if !shown { // what the terminal shows after that depends on the moment
			d.tell("  ... %s", "  ... %s", d.pick(p.Text, p.Chinese))
		}
		shown = true
		cancel()
		return true
	}
	defer func() { d.onStep = nil }()
	d.tell("%s: charge %s for %s, then cancel", "%s:收款 %s(%s),随后取消", d.pick(d.desk.name[0], d.desk.name[1]), d.money("25.00"), "order-3")
	at, err := d.till.Charge(ctx, pos.ChargeRequest{Tender: d.desk.tender, Amount: d.money("25.00"), Reference: "order-3"})
	d.result(at, err)
	return want(err, pos.ErrCanceled)
}

// loseAnswer loses everything the terminal says after it has booked.
func (d *demo) loseAnswer() error {
	d.step("The terminal books the payment, and its answer is lost", "终端已入账,但应答丢失")
	d.desk.sim.Inject("lose-answer")
	at, err := d.take(d.desk, "order-4", "45.00")
	if err != nil {
		return err
	}
	d.tell("Why: the receipt number noted before the payment told whose booking the last one is.", "原因:付款前记下的凭证号,说明终端最后一笔正是这一笔。")
	before := len(d.desk.sim.Books())
	again, err := d.till.Charge(d.ctx, pos.ChargeRequest{Tender: d.desk.tender, Amount: d.money("45.00"), Reference: "order-4"})
	if err != nil {
		return err
	}
	if again.ID != at.ID || len(d.desk.sim.Books()) != before {
		return errors.New("charging the same order again charged twice")
	}
	d.tell("Asked to charge the same order again, the till returns the first payment and charges nothing.", "再次对同一订单收款:返回第一笔,不重复扣款。")
	d.lost = at
	return d.sold(at)
}

// pullCable breaks the serial line when the approval is on its way back.
func (d *demo) pullCable() error {
	d.step("The cable is pulled at the worst moment: the bank has approved, the till does not know", "最坏的时刻拔线:银行已批准,收银台还不知道")
	d.counter.cable.pullAtApproval()
	asked := false
	d.onStep = func(p pos.Progress) bool { // it goes on asking; once is enough to read
		again := asked && p.Step == pos.StepAsking
		asked = asked || p.Step == pos.StepAsking
		return again
	}
	defer func() { d.onStep = nil }()
	at, err := d.take(d.counter, "order-5", "30.00")
	if err := want(err, pos.ErrOutcomeUnknown); err != nil {
		return err
	}
	d.tell("Screen: %s", "屏幕:%s", d.word("screen.unknown"))
	if err := d.printSlip(at); err != nil {
		return err
	}
	_, err = d.till.Charge(d.ctx, pos.ChargeRequest{Tender: pos.Cash, Amount: d.money("30.00"), Reference: "order-5"})
	if err := want(err, pos.ErrOutcomeUnknown); err != nil {
		return err
	}
	d.tell("Taking the same sale in cash is refused until this is known.", "结果查明之前,同一订单改收现金也会被拒绝。")
	_, err = d.till.Charge(d.ctx, pos.ChargeRequest{Tender: d.counter.tender, Amount: d.money("5.00"), Reference: "order-6"})
	if err := want(err, pos.ErrBusy); err != nil {
		return err
	}
	d.tell("So is the next customer on this terminal; the other one goes on selling:", "这台终端的下一位顾客也要等;另一台照常收款:")
	other, err := d.take(d.desk, "order-6", "5.00")
	if err != nil {
		return err
	}
	if err := d.sold(other); err != nil {
		return err
	}
	d.tell("The cable is plugged in again, and the till asks:", "线缆重新插上,收银台查询:")
	d.counter.cable.plugIn()
	asked = false
	r, err := d.till.Recover(d.ctx)
	if err != nil {
		return err
	}
	if len(r.Settled) != 1 {
		return fmt.Errorf("recovery settled %d attempts, want 1", len(r.Settled))
	}
	d.tell("=> %s", "=> %s", d.word("state."+string(r.Settled[0].State)))
	d.tell("Why: the terminal never got our acknowledgement, so it gave the money back by itself.", "原因:终端没有收到确认,自行冲正,钱已退回。")
	again, err := d.take(d.counter, "order-5", "30.00")
	if err != nil {
		return err
	}
	return d.sold(again)
}

// die ends the till between the approval and the register's own commit.
func (d *demo) die() error {
	d.step("The till dies between the approval and the register's own booking", "批准之后、收银系统入账之前,收银台崩溃")
	at, err := d.take(d.desk, "order-7", "19.90")
	if err != nil {
		return err
	}
	if err := d.closeShop(); err != nil {
		return err
	}
	d.tell("The program is gone. It starts again and opens the same journal:", "程序已退出。重新启动,打开同一日志:")
	if err := d.openShop(); err != nil {
		return err
	}
	orphans := d.till.Recovered().Orphans
	if len(orphans) != 1 || orphans[0].ID != at.ID {
		return fmt.Errorf("%d orphans were handed back, want the one of order-7", len(orphans))
	}
	d.tell("=> an orphan is handed back: %s for %s, approved, not confirmed", "=> 交还一笔孤儿交易:%s(%s),已收款,待确认", at.Amount, at.Reference)
	d.tell("The register finds its sale and confirms it.", "收银系统找到该订单,补记并确认。")
	return d.sold(at)
}

// takeBack voids one payment and refunds part of another.
func (d *demo) takeBack() error {
	d.step("Money goes back: one payment is voided, part of another refunded", "退钱:撤销一笔,部分退款一笔")
	d.tell("%s: void %s of order-1", "%s:撤销 order-1 的 %s", d.pick(d.counter.name[0], d.counter.name[1]), d.first.Approved)
	v, err := d.till.Void(d.ctx, pos.VoidRequest{Original: d.first.ID})
	d.result(v, err)
	if err != nil {
		return err
	}
	d.tell("%s: refund %s of order-4", "%s:order-4 退款 %s", d.pick(d.desk.name[0], d.desk.name[1]), d.money("20.00"))
	r, err := d.till.Refund(d.ctx, pos.RefundRequest{Original: d.lost.ID, Amount: d.money("20.00")})
	d.result(r, err)
	if err != nil {
		return err
	}
	_, err = d.till.Refund(d.ctx, pos.RefundRequest{Original: d.lost.ID, Amount: d.money("25.01")})
	if err := want(err, pos.ErrConflict); err != nil {
		return err
	}
	d.tell("A further refund of %s is refused: more than was taken.", "再退 %s 被拒绝:超过已收金额。", d.money("25.01"))
	return errors.Join(d.sold(v), d.sold(r))
}

// settleAll closes the day at both terminals.
func (d *demo) settleAll() error {
	d.step("The day is closed: each terminal's and the acquirer's totals against the journal", "日结:终端、收单机构合计与日志逐一核对")
	for _, dev := range []*device{d.counter, d.desk} {
		s, err := d.till.Settle(d.ctx, pos.SettleRequest{Tender: dev.tender, Currency: d.currency})
		if err != nil {
			return err
		}
		d.tell("%s: terminal %s, journal %s", "%s:终端 %s,日志 %s", d.pick(dev.name[0], dev.name[1]), s.Peer.Amount, s.Journal.Amount)
		if !s.Equal {
			return fmt.Errorf("%s differs by %s", dev.tender, s.Difference)
		}
	}
	return d.settleBatch()
}

// verifyAll checks the hash chain of the journal.
func (d *demo) verifyAll() error {
	d.step("The journal's hash chain is verified, record by record", "逐条验证日志的哈希链")
	if err := d.journal.Verify(d.ctx, nil); err != nil {
		return err
	}
	d.tell("=> every record is there and unchanged", "=> 日志完整,未被改动")
	return nil
}

// compare adds up both sides and holds them against each other.
func (d *demo) compare() error {
	d.step("To the cent: what the journal says is here, and what terminals and acquirer booked", "分毫不差:日志所记与终端、收单机构账簿")
	list, err := d.till.Find(d.ctx, pos.Filter{})
	if err != nil {
		return err
	}
	for _, at := range list {
		if at.State.Live() {
			return fmt.Errorf("attempt of %s is still %s", at.Reference, at.State)
		}
	}
	differs := false
	for _, dev := range []*device{d.counter, d.desk} {
		net, err := netOf(list, dev.tender, d.currency)
		if err != nil {
			return err
		}
		books := dev.sim.Books()
		for _, b := range books {
			d.tell("%s: %s %12s  receipt %s", "%s:%s %12s  凭证号 %s", d.pick(dev.name[0], dev.name[1]), padded(d.word("type."+b.Kind), 8),
				pos.FromMinor(b.SignedMinor, b.Currency), b.Receipt)
		}
		equal := net.Minor() == dev.sim.Net()
		differs = differs || !equal
		verdict := d.pick("equal", "相符")
		if !equal {
			verdict = d.pick("DIFFERENT", "不符")
		}
		d.tell("%s: journal %s, books %s: %s", "%s:日志 %s,账簿 %s:%s", d.pick(dev.name[0], dev.name[1]), net, pos.FromMinor(dev.sim.Net(), d.currency), verdict)
	}
	equal, err := d.compareBank(list)
	if err != nil {
		return err
	}
	wallets, err := d.compareWallets(list)
	if err != nil {
		return err
	}
	if differs || !equal || !wallets {
		return errors.New("journal and books differ")
	}
	d.tell("Nothing was taken twice, nothing was lost.", "没有重复收款,没有丢失一分钱。")
	return nil
}

// netOf adds up what the journal says a tender has brought in.
func netOf(list []pos.Attempt, tender string, c pos.Currency) (pos.Money, error) {
	net, err := pos.FromMinor(0, c), error(nil)
	for _, at := range list {
		if at.Tender != tender || !at.State.Paid() {
			continue
		}
		switch at.Type {
		case pos.TypeCharge, pos.TypeCompletion, pos.TypeRedeem:
			net, err = net.Add(at.Approved)
		case pos.TypeVoid, pos.TypeRefund:
			net, err = net.Sub(at.Approved)
		}
		if err != nil {
			return net, err
		}
	}
	return net, nil
}
