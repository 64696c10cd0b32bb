package main

import (
	"errors"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/alipay"
	"github.com/openecr/openecr/qr/qrimage"
	"github.com/openecr/openecr/qr/qrtest"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/openecr/openecr/qr/wechat"
)

// walletHouse is the two simulated platforms of the demo, a bank each.
type walletHouse struct {
	weBank, aliBank *qrtest.Bank
	wechat          *qrtest.WeChat
	alipay          *qrtest.Alipay
}

// The tenders of the wallets in the demo.
const (
	wechatTender = "wechat"
	alipayTender = "alipay"
)

// demoPolls are the driver's intervals: a shop's are 4 s and 45 s.
var demoPolls = wallet.Timing{Poll: 300 * time.Millisecond, Limit: 1500 * time.Millisecond, ReverseAfter: 500 * time.Millisecond,
	Show: 5 * time.Second, Quarantine: time.Second, Call: 2 * time.Second, Refund: time.Second}

// demoNoon is the platforms' clock, so that two runs print the same.
func demoNoon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, wallet.China) }

func newWallets() (w *walletHouse, err error) {
	cfg := qrtest.BankConfig{Now: demoNoon, Scan: 800 * time.Millisecond}
	w = &walletHouse{weBank: qrtest.NewBank(cfg), aliBank: qrtest.NewBank(cfg)}
	if w.wechat, err = qrtest.NewWeChat(w.weBank, qrtest.WeChatConfig{}); err != nil {
		return nil, err
	}
	if w.alipay, err = qrtest.NewAlipay(w.aliBank, qrtest.AlipayConfig{}); err != nil {
		return nil, errors.Join(err, w.wechat.Close())
	}
	return w, nil
}

// open adds the drivers, as a register does when it starts.
func (w *walletHouse) open(drivers map[string]pos.Driver) error {
	weConfig, aliConfig := w.wechat.Client(), w.alipay.Client()
	weConfig.Now, aliConfig.Now = demoNoon, demoNoon
	we, err := wechat.New(weConfig)
	if err != nil {
		return err
	}
	ali, err := alipay.New(aliConfig)
	if err != nil {
		return err
	}
	for name, host := range map[string]wallet.Host{wechatTender: we, alipayTender: ali} {
		if drivers[name], err = wallet.New(wallet.Config{Host: host, Timing: demoPolls}); err != nil {
			return err
		}
	}
	return nil
}

func (w *walletHouse) stop() {
	w.weBank.Close()
	w.aliBank.Close()
	w.wechat.Close()
	w.alipay.Close()
}

// scan charges a customer's payment code, which finds its own tender.
func (d *demo) scan(code string, fen int64, reference string) (pos.Attempt, error) {
	once := ""
	d.onStep = func(p pos.Progress) bool { // it goes on asking; once is enough to read
		again := once == p.Text
		once = p.Text
		return again
	}
	defer func() { d.onStep = nil }()
	at, err := d.till.Charge(d.ctx, pos.ChargeRequest{Amount: pos.FromMinor(fen, pos.CNY), Reference: reference, Code: pos.NewSecret([]byte(code))})
	d.result(at, err)
	return at, err
}

// wallets takes codes both ways: the shop scans the customer, the customer the shop.
func (d *demo) wallets() error {
	d.step("A WeChat payment code is scanned; the answer is lost, and the customer types a password late", "扫微信付款码:应答丢失,顾客迟迟才输密码")
	d.phones.weBank.Customers(qrtest.Late(700*time.Millisecond), qrtest.Never(), qrtest.AtOnce())
	d.phones.weBank.Inject(qrtest.Fault{Name: qrtest.LoseAnswer, On: qrtest.CallPay})
	d.tell("code 13************6789, %s for %s", "付款码 13************6789,%s(%s)", pos.FromMinor(3650, pos.CNY), "order-10")
	first, err := d.scan("134567890123456789", 3650, "order-10")
	if err != nil {
		return err
	}
	d.tell("Why: WeChat was asked until it knew. The next customer never types one:", "原因:一直查询到有结果为止。下一位顾客始终不输密码:")
	if _, err := d.scan("134567890123450002", 990, "order-11"); want(err, pos.ErrDeclined) != nil {
		return err
	}
	d.tell("Asked a last time, then revoked: nobody can pay it any more. A new code is a new order:", "最后查询一次,随即撤销,这笔不可能再付款。换码重扫,新单号:")
	again, err := d.scan("134567890123450003", 990, "order-11")
	if err != nil {
		return err
	}
	return errors.Join(d.sold(first), d.sold(again), d.dynamicCode())
}

// dynamicCode shows an Alipay code, and refunds a part of what was paid by it.
func (d *demo) dynamicCode() error {
	d.step("The customer scans the till: an Alipay code with the amount in it, and later a part of it back", "顾客扫收银台:支付宝动态码,随后部分退款")
	d.onStep = func(p pos.Progress) bool {
		if p.Step == pos.StepScan {
			m, err := qrimage.Encode(p.Code, qrimage.Options{})
			if err == nil {
				err = m.Terminal(d.out, false)
			}
			if err != nil {
				d.tell("%v", "%v", err)
			}
		}
		return p.Step == pos.StepDevice || p.Step == pos.StepScanned
	}
	defer func() { d.onStep = nil }()
	at, err := d.till.Charge(d.ctx, pos.ChargeRequest{Tender: alipayTender, Amount: pos.FromMinor(5800, pos.CNY), Reference: "order-12"})
	d.result(at, err)
	if err := errors.Join(err, d.sold(at)); err != nil {
		return err
	}
	back, err := d.till.Refund(d.ctx, pos.RefundRequest{Original: at.ID, Amount: pos.FromMinor(1800, pos.CNY)})
	d.tell("refund %s of order-12", "order-12 退款 %s", pos.FromMinor(1800, pos.CNY))
	d.result(back, err)
	if err != nil {
		return err
	}
	return d.sold(back)
}

// compareWallets holds the journal against the platforms' books.
func (d *demo) compareWallets(list []pos.Attempt) (equal bool, err error) {
	equal = true
	for _, w := range []struct {
		name [2]string
		of   string
		bank *qrtest.Bank
	}{{[2]string{"WeChat Pay", "微信支付"}, wechatTender, d.phones.weBank}, {[2]string{"Alipay", "支付宝"}, alipayTender, d.phones.aliBank}} {
		net, err := netOf(list, w.of, pos.CNY)
		if err != nil {
			return false, err
		}
		name := d.pick(w.name[0], w.name[1])
		for _, o := range w.bank.Books() {
			d.tell("%s: %s %12s, %s back", "%s:%s %12s,退回 %s", name, padded(string(o.State), 8), pos.FromMinor(o.Amount, pos.CNY), pos.FromMinor(o.Amount-o.Holds(), pos.CNY))
		}
		verdict := d.pick("equal", "相符")
		if net.Minor() != w.bank.Net() {
			equal, verdict = false, d.pick("DIFFERENT", "不符")
		}
		d.tell("%s: journal %s, books %s: %s", "%s:日志 %s,账簿 %s:%s", name, net, pos.FromMinor(w.bank.Net(), pos.CNY), verdict)
	}
	return equal, nil
}
