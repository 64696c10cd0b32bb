package main

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/openecr/openecr/douyin"
	"github.com/openecr/openecr/douyin/douyintest"
	"github.com/openecr/openecr/pos"
)

// voucherTender is the platform's tender in the demo.
const voucherTender = "douyin"

// voucherDesk is a till that takes vouchers, and the simulated platform behind it.
type voucherDesk struct {
	platform *douyintest.Platform
	lines    *http.Transport
	merchant *douyin.Merchant
	till     *pos.Till
}

// openVouchers starts the platform, and a lane of its own on the demo's journal.
func (d *demo) openVouchers() (*voucherDesk, error) {
	v := &voucherDesk{platform: douyintest.New(douyintest.Config{Seed: 11}), lines: &http.Transport{}}
	c, err := douyin.New(douyin.Config{App: douyintest.App, Secret: pos.NewSecret([]byte(douyintest.Secret)), BaseURL: v.platform.URL(), HTTP: &http.Client{Transport: v.lines}})
	if err != nil {
		return nil, errors.Join(err, v.stop())
	}
	v.merchant = c.Merchant(douyintest.Account)
	driver, err := douyin.NewDriver(douyin.DriverConfig{Merchant: v.merchant, Shop: douyintest.Shop, Book: d.journal, Timing: demoVoucherTiming})
	if err != nil {
		return nil, errors.Join(err, v.stop())
	}
	v.till, err = pos.Open(d.ctx, pos.Config{ID: "vouchers", Journal: d.journal, Drivers: map[string]pos.Driver{voucherTender: driver}, Progress: d.show, Times: demoTimes})
	if err != nil {
		return nil, errors.Join(err, v.stop())
	}
	return v, nil
}

// demoVoucherTiming makes the platform's seconds short.
var demoVoucherTiming = douyin.Timing{Quarantine: time.Second, Retry: func(n int) (time.Duration, bool) {
	_, more := douyin.RetryDelay(n)
	return 50 * time.Millisecond, more
}}

func (v *voucherDesk) stop() error {
	var err error
	if v.till != nil {
		err = v.till.Close()
	}
	v.lines.CloseIdleConnections()
	v.platform.Close()
	return err
}

// vouchers redeems group-buy vouchers: one whose answer is lost, one that is
// taken back, and one that pays a part of a bill, the rest of which a card pays.
func (d *demo) vouchers() (err error) {
	d.step("Group-buy vouchers: looked at, redeemed once although an answer is lost, undone, and beside a card on one bill",
		"团购券:先查看;应答丢失也只核销一次;撤销;与刷卡合付一单")
	v, err := d.openVouchers()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.stop()) }()
	for _, part := range []func(*voucherDesk) error{d.loseVoucherAnswer, d.undoVoucher, d.splitBill, d.reconcileVouchers} {
		if err := part(v); err != nil {
			return err
		}
	}
	return nil
}

func code(r douyintest.Ready) pos.Secret { return pos.NewSecret([]byte(r.Code)) }

// redeemed says what became of a redemption, and confirms it.
func (d *demo) redeemed(v *voucherDesk, at pos.Attempt, err error) error {
	if err != nil {
		return err
	}
	for _, one := range at.Vouchers {
		d.tell("=> %s: %s, %s", "=> %s:%s,%s", d.word("voucher."+string(one.Verdict)), one.Title, one.Amount)
	}
	_, err = v.till.Confirm(d.ctx, at.ID, at.Reference)
	return err
}

func (d *demo) loseVoucherAnswer(v *voucherDesk) error {
	r := v.platform.Of(douyintest.SetMeal)[0]
	p, err := v.till.Preview(d.ctx, voucherTender, code(r))
	if err != nil {
		return err
	}
	one := p.Vouchers[0]
	d.tell("The customer shows a voucher: %s, counts %s, the customer paid %s", "顾客出示一张券:%s,抵扣 %s,顾客实付 %s", one.Title, one.Worth, one.Price)
	d.tell("The platform redeems it, and its answer is lost:", "平台已核销,但应答丢失:")
	v.platform.Inject("lose-answer=/verify/")
	at, err := v.till.Redeem(d.ctx, pos.RedeemRequest{Reference: "order-v1", Code: code(r)})
	if err := d.redeemed(v, at, err); err != nil {
		return err
	}
	if n := v.platform.Redeemed(r.Certificate); n != 1 {
		return fmt.Errorf("the platform redeemed it %d times", n)
	}
	d.tell("Why: asked at once, the platform knew of this redemption; sent again, the same verify_token would have kept it one.", "原因:立即查询,平台已有该笔核销;即使重发,同一 verify_token 也只算一次。")
	return nil
}

func (d *demo) undoVoucher(v *voucherDesk) error {
	r := v.platform.Of(douyintest.CashVoucher)[0]
	at, err := v.till.Redeem(d.ctx, pos.RedeemRequest{Reference: "order-v2", Code: code(r)})
	if err := d.redeemed(v, at, err); err != nil {
		return err
	}
	d.tell("The wrong voucher; the platform takes it back within the hour:", "用错了券;一小时内可向平台撤销:")
	back, err := v.till.Void(d.ctx, pos.VoidRequest{Original: at.ID})
	return d.redeemed(v, back, err)
}

func (d *demo) splitBill(v *voucherDesk) error {
	due := pos.FromMinor(30095, pos.CNY)
	at, err := v.till.Redeem(d.ctx, pos.RedeemRequest{Reference: "order-v3", Due: due, Code: code(v.platform.Of(douyintest.SetMeal)[1])})
	if err := d.redeemed(v, at, err); err != nil {
		return err
	}
	rest, err := due.Sub(at.Approved)
	if err != nil {
		return err
	}
	d.tell("The bill is %s; the rest of %s goes on a card:", "账单 %s,余款 %s 刷卡:", due, rest)
	card, err := d.till.Charge(d.ctx, pos.ChargeRequest{Tender: acquirerTender, Amount: rest, Due: due, Reference: "order-v3"})
	d.result(card, err)
	return errors.Join(err, d.sold(card))
}

func (d *demo) reconcileVouchers(v *voucherDesk) error {
	now := v.merchant.Client().Now()
	r, err := v.merchant.Reconcile(d.ctx, attemptsOf(d.ctx, d.journal, voucherTender, now.Add(-time.Hour)), douyintest.Shop, now.Add(-time.Hour), now.Add(time.Hour))
	if err != nil {
		return err
	}
	if !r.Equal() {
		return fmt.Errorf("journal and platform differ: %+v", r.Findings)
	}
	d.tell("Reconciled: %d match, %d undone on both sides, journal %s, platform %s: no difference", "对账:相符 %d 笔,双方均已撤销 %d 笔,日志 %s,平台 %s:无差异", r.Matched, r.Undone, r.Here, r.There)
	return nil
}
