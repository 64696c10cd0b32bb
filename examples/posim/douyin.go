package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/openecr/openecr/douyin/douyintest"
)

// douyinAt is where it listens by default.
const douyinAt = "127.0.0.1:8095"

// douyinSimulator is the voucher platform on HTTP.
func douyinSimulator() simulator {
	var lab string
	return simulator{
		name: "douyin", short: "Douyin's voucher platform (抖音团购核销), on HTTP", long: douyinHelp(), faults: douyintest.Faults, port: douyinAt,
		faultsAre: "each strikes once, at the next call, or with NAME=WORD at the next call whose path contains the word, such as lose-answer=/verify/",
		flags: func(fs *pflag.FlagSet) {
			fs.StringVar(&lab, "profile", "", "write a profile for `till` into this `folder`; needed")
		},
		start: func(s setup) (peer, error) { return startDouyin(s, lab) },
	}
}

func startDouyin(s setup, lab string) (peer, error) {
	if lab == "" {
		return nil, fmt.Errorf("%w: name a folder with --profile: what `till` needs is kept there", errUsage)
	}
	if err := writeDouyinProfile(lab); err != nil {
		return nil, err
	}
	p := douyintest.New(douyintest.Config{Seed: s.seed, Log: s.log, Remember: func(e douyintest.Entry) {
		if err := s.remember(douyinMemory{e}); err != nil {
			s.log("the books: " + err.Error())
		}
	}})
	if unknown := p.Inject(s.faults...); len(unknown) > 0 {
		p.Close()
		return nil, errFaults(unknown)
	}
	showCodes(p, s.print)
	return &douyinPeer{p}, nil
}

// douyinMemory is one line of the memory: all of it is a booking.
type douyinMemory struct {
	Booking douyintest.Entry `json:"booking"`
}

// douyinPeer is a running platform.
type douyinPeer struct{ *douyintest.Platform }

// Serve ends when the platform is closed.
func (p *douyinPeer) Serve(l net.Listener) error {
	if err := p.Platform.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// showCodes prints codes of each kind to try.
func showCodes(p *douyintest.Platform, print func(string)) {
	seen := map[douyintest.Kind]int{}
	for _, r := range p.Ready() {
		if seen[r.Kind]++; seen[r.Kind] <= 2 && r.Kind != douyintest.ThirdParty {
			print(fmt.Sprintf("%-12s %s  %s", r.Kind, r.Code, r.Title))
		}
	}
}

// Close ends it.
func (p *douyinPeer) Close() error {
	p.Platform.Close()
	return nil
}

func writeDouyinProfile(lab string) error {
	if err := os.MkdirAll(lab, 0o700); err != nil {
		return err
	}
	if err := writeNew(lab, "douyin.secret", []byte(douyintest.Secret)); err != nil {
		return err
	}
	return writeProfile(lab, "douyin.json", map[string]any{"client_key": douyintest.App, "client_secret": "douyin.secret", "account": douyintest.Account,
		"shop": douyintest.Shop, "timing": map[string]string{"poll": "500ms", "quarantine": "3s", "call": "3s"}})
}

func douyinHelp() string {
	var b strings.Builder
	fmt.Fprintf(&b, `Douyin's open platform with its own vouchers and books, for one app (%s) with
two shops. It prints codes to try: vouchers that redeem, a times-card, an order
of two, one held for review, expired ones, ones of another shop or merchant.
The same seed sells the same vouchers. A restart sells them anew; --books keeps
what was booked.

Try it:
  posim douyin --profile /tmp/douyin &
  till preview --code CODE --tender douyin='douyin+http://%[2]s?profile=/tmp/douyin/douyin.json'
  till redeem --code CODE --tender douyin='douyin+http://%[2]s?profile=/tmp/douyin/douyin.json'`, douyintest.App, douyinAt)
	return b.String()
}
