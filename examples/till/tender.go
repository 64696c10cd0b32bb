package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/zvt"
	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/serial"
	"github.com/openecr/openecr/transport/tcp"
	"github.com/openecr/openecr/transport/usb"
)

// media are the ways to reach a device. What is not here is not linked.
var media = transport.Schemes{
	"tcp":    transport.Scheme(tcp.Parse),
	"tls":    transport.Scheme(tcp.Parse),
	"serial": transport.Scheme(serial.Parse),
	"usb":    transport.Scheme(usb.Parse),
}

// protocols are the drivers, by what stands before the plus sign of a URL.
var protocols = map[string]func(*tender, *url.URL) error{
	"zvt":        parseZVT,
	"unionpay":   parseUnionPay,
	"wechat":     walletParser("wechat"),
	"wechatv2":   walletParser("wechatv2"),
	"alipay":     walletParser("alipay"),
	"shouqianba": walletParser("shouqianba"),
	"chinaums":   walletParser("chinaums"),
	"douyin":     parseDouyin,
}

// tender is one --tender name=URL.
type tender struct {
	name     string
	currency pos.Currency
	times    pos.Times
	zvt      *zvt.Config    // of a ZVT terminal
	unionpay *unionpayFiles // of an acquirer
	wallet   *walletFiles   // of a wallet
	douyin   *douyinFiles   // of the voucher platform
	book     pos.Journal    // for drivers that read it
}

// open makes the driver. Nothing is sent yet.
func (t *tender) open(trace *trace) (pos.Driver, error) {
	if t.unionpay != nil {
		return t.unionpay.open(trace)
	}
	if t.wallet != nil {
		return t.wallet.open()
	}
	if t.douyin != nil {
		return t.douyin.open(t.book)
	}
	return t.terminal(trace)
}

// readTenders parses the --tender flags.
func (a *app) readTenders() error {
	for _, text := range a.tenderFlags {
		name, target, isURL := strings.Cut(text, "=")
		if !isURL && a.chosen == "" {
			a.chosen = name
			continue
		}
		if !isURL {
			return usagef("--tender %s and --tender %s: choose one", a.chosen, name)
		}
		t, err := parseTender(name, target)
		if err != nil {
			return usagef("--tender %s: %w", name, err)
		}
		if a.tender(name) != nil {
			return usagef("--tender %s is given twice", name)
		}
		a.tenders = append(a.tenders, t)
	}
	if a.chosen != "" && a.chosen != pos.Cash && a.tender(a.chosen) == nil {
		return usagef("tender %q is unknown: give --tender %s=URL, or %s", a.chosen, a.chosen, pos.Cash)
	}
	return nil
}

func (a *app) tender(name string) *tender {
	for _, t := range a.tenders {
		if t.name == name {
			return t
		}
	}
	return nil
}

// choose returns the tender to use: the one named, or the only one.
func (a *app) choose() (string, error) {
	switch {
	case a.chosen != "":
		return a.chosen, nil
	case len(a.tenders) == 1:
		return a.tenders[0].name, nil
	case len(a.tenders) == 0:
		return "", usagef("give a tender, such as --tender card=zvt+tcp://127.0.0.1:20007 or --tender cash")
	}
	return "", usagef("several tenders are given: choose one with --tender NAME")
}

// currencyOf is what amounts on a tender are in when nobody says otherwise.
func (a *app) currencyOf(name string) pos.Currency {
	if t := a.tender(name); t != nil {
		return t.currency
	}
	if len(a.tenders) > 0 {
		return a.tenders[0].currency
	}
	return pos.EUR
}

// parseTender reads protocol+medium://... Errors do not repeat the text, which
// may hold a password.
func parseTender(name, text string) (*tender, error) {
	if name == "" || name == pos.Cash || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
		return nil, fmt.Errorf("a tender's name is made of a-z, 0-9, - and _, and %q is built in", pos.Cash)
	}
	scheme, _, ok := strings.Cut(text, "://")
	if !ok {
		return nil, errors.New("want protocol+medium://..., such as zvt+tcp://10.0.0.8:20007")
	}
	protocol, medium, _ := strings.Cut(strings.ToLower(scheme), "+")
	parse, ok := protocols[protocol]
	if !ok {
		return nil, fmt.Errorf("no driver for %q; want zvt+tcp://, zvt+tls://, zvt+serial://, zvt+usb://, unionpay+tcp://, unionpay+tls://, a wallet such as wechat+https://, or vouchers: douyin+https://", scheme)
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("not a URL")
	}
	u.Scheme = medium
	t := &tender{name: name, currency: pos.EUR}
	return t, parse(t, u)
}

// longest joins the intervals of several tenders of one till: the more careful ones win.
func longest(a, b pos.Times) pos.Times {
	return pos.Times{AskEvery: max(a.AskEvery, b.AskEvery), AskAtMost: max(a.AskAtMost, b.AskAtMost),
		Quarantine: max(a.Quarantine, b.Quarantine)}
}
