package main

import (
	"errors"
	"io"
	"slices"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/alipay"
	"github.com/openecr/openecr/qr/chinaums"
	"github.com/openecr/openecr/qr/qrtest"
	"github.com/openecr/openecr/qr/shouqianba"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/openecr/openecr/qr/wechat"
)

// simWallet is one simulated platform with its bank.
type simWallet struct {
	tender, english, chinese string
	routes                   bool // codes find it by themselves
	bank                     *qrtest.Bank
	front                    io.Closer
	host                     func() (wallet.Host, error)
}

// simScan is how long a customer takes to scan a code that is shown.
const simScan = 3 * time.Second

func (s *simulation) startWallets() error {
	for _, w := range []struct {
		simWallet
		front func(*simWallet) error
	}{
		{simWallet{tender: wechatTender, english: "WeChat Pay", chinese: "微信支付", routes: true}, frontWeChat},
		{simWallet{tender: alipayTender, english: "Alipay", chinese: "支付宝", routes: true}, frontAlipay},
		{simWallet{tender: "shouqianba", english: "Shouqianba", chinese: "收钱吧"}, frontShouqianba},
		{simWallet{tender: "chinaums", english: "China UMS", chinese: "银联商务"}, frontChinaUMS},
	} {
		past, remember, err := memory[qrtest.Order](s, w.tender)
		if err != nil {
			return err
		}
		w.bank = qrtest.NewBank(qrtest.BankConfig{Scan: simScan, Remember: func(o qrtest.Order, _ *qrtest.Booking) error { return remember(o) }})
		w.bank.Restore(lastOrders(past))
		own := w.simWallet
		if err := w.front(&own); err != nil {
			return err
		}
		s.houses = append(s.houses, &own)
	}
	return nil
}

// lastOrders keeps the last word on each order, in the order in which they began.
func lastOrders(list []qrtest.Order) (out []qrtest.Order) {
	for _, o := range list {
		if i := slices.IndexFunc(out, func(was qrtest.Order) bool { return was.Number == o.Number }); i >= 0 {
			out[i] = o
		} else {
			out = append(out, o)
		}
	}
	return out
}

func frontWeChat(w *simWallet) error {
	f, err := qrtest.NewWeChat(w.bank, qrtest.WeChatConfig{})
	w.front, w.host = f, func() (wallet.Host, error) { return wechat.New(f.Client()) }
	return err
}

func frontAlipay(w *simWallet) error {
	f, err := qrtest.NewAlipay(w.bank, qrtest.AlipayConfig{})
	w.front, w.host = f, func() (wallet.Host, error) { return alipay.New(f.Client()) }
	return err
}

func frontShouqianba(w *simWallet) error {
	f, err := qrtest.NewShouqianba(w.bank, qrtest.ShouqianbaConfig{})
	w.front, w.host = f, func() (wallet.Host, error) { return shouqianba.New(f.Client()) }
	return err
}

func frontChinaUMS(w *simWallet) error {
	f, err := qrtest.NewChinaUMS(w.bank, qrtest.ChinaUMSConfig{})
	w.front, w.host = f, func() (wallet.Host, error) { return chinaums.New(f.Client()) }
	return err
}

func (w *simWallet) driver() (pos.Driver, error) {
	h, err := w.host()
	if err != nil {
		return nil, err
	}
	return wallet.New(wallet.Config{Host: h, Timing: simPolls})
}

func (w *simWallet) close() error {
	w.bank.Close()
	return errors.Join(w.front.Close())
}
