package main

import (
	"errors"
	"fmt"
	"image"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/openecr/openecr/examples/till/register"
	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/operators"
	"github.com/openecr/openecr/pos/unionpay"
	"github.com/openecr/openecr/pos/unionpay/cupkey"
	"github.com/openecr/openecr/pos/unionpay/cuptest"
	"github.com/openecr/openecr/pos/zvt"
	"github.com/openecr/openecr/pos/zvt/zvttest"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/escpos"
	"github.com/openecr/openecr/transport/escpos/escpostest"
	"github.com/openecr/openecr/transport/escpos/paper"
	"github.com/openecr/openecr/transport/tcp"
)

// The intervals of the simulated register: long enough to be read, short enough to be waited for.
var (
	simTimes = pos.Times{AskEvery: time.Second, AskAtMost: 4 * time.Second, Quarantine: 15 * time.Second}
	simPolls = wallet.Timing{Poll: 800 * time.Millisecond, Limit: 8 * time.Second, ReverseAfter: 2 * time.Second, Show: 2 * time.Minute,
		Quarantine: 5 * time.Second, Call: 3 * time.Second, Refund: 2 * time.Second}
)

const (
	simThink = 350 * time.Millisecond // of customer, PIN pad and host each
	simT3    = 2 * time.Second        // of the simulated terminal
	simWait  = 2 * time.Second        // for the acquirer's host
)

// simulation is everything around a register that is tried out. What each peer
// must not forget lies in files, so that killing the program takes nothing away.
type simulation struct {
	dir     string
	card    *zvttest.Terminal
	cable   *cable
	bank    *cuptest.Host
	line    *plug
	houses  []*simWallet
	printer *escpostest.Printer
	slips   string          // address of the printer
	kill    func() error    // of this program
	faults  []simFault      // in the order of the panel
	served  []chan struct{} // sockets
	files   []*os.File      // memories
}

// simLine names a simulated line, whatever port it has today: a device's name
// must not change when the program starts again.
type simLine struct {
	transport.Dialer
	name string
}

// String names it.
func (l simLine) String() string { return "sim://" + l.name }

func newSimulation(dir string) (*simulation, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s := &simulation{dir: dir}
	for _, start := range []func() error{s.startCard, s.startBank, s.startWallets, s.startPrinter} {
		if err := start(); err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	s.faults = s.allFaults()
	return s, nil
}

// listen opens a socket on loopback and serves it until the peer is closed.
func (s *simulation) listen(serve func(net.Listener) error) (*tcp.Dialer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	done := make(chan struct{})
	s.served = append(s.served, done)
	go func() {
		defer close(done)
		_ = serve(l)
	}()
	return &tcp.Dialer{Addr: l.Addr().String()}, nil
}

func (s *simulation) startCard() error {
	past, remember, err := memory[zvttest.Entry](s, "card")
	if err != nil {
		return err
	}
	s.card = zvttest.New(zvttest.Config{Currency: pos.CNY, Seed: 11, Think: simThink, T3: simT3, Remember: remember})
	if err := s.card.Restore(past); err != nil {
		return err
	}
	d, err := s.listen(s.card.Serve)
	s.cable = &cable{Dialer: d}
	return err
}

func (s *simulation) startBank() error {
	past, remember, err := memory[cuptest.Entry](s, "unionpay")
	if err != nil {
		return err
	}
	s.bank = cuptest.New(cuptest.Config{Seed: 12, Think: simThink, Remember: remember})
	if err := s.bank.Restore(past); err != nil {
		return err
	}
	d, err := s.listen(s.bank.Serve)
	s.line = &plug{Dialer: d}
	return err
}

func (s *simulation) startPrinter() error {
	profile, _ := escpos.ProfileByName("chinese-80")
	s.printer = escpostest.New(escpostest.Config{Width: profile.Dots, Step: 5 * time.Millisecond})
	d, err := s.listen(s.printer.Serve)
	if err != nil {
		return err
	}
	s.slips = d.Addr
	return nil
}

// close ends every peer.
func (s *simulation) close() error {
	if s.card != nil {
		s.card.Close()
	}
	if s.bank != nil {
		s.bank.Close()
	}
	if s.printer != nil {
		s.printer.Close()
	}
	var errs []error
	for _, w := range s.houses {
		errs = append(errs, w.close())
	}
	for _, done := range s.served {
		<-done
	}
	for _, f := range s.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// simulate gives the register its simulated peers, some goods and two operators.
func (a *app) simulate(cfg *register.Config, s *simulation) (err error) {
	cfg.Currency, cfg.Simulation, cfg.FirstGoods, cfg.Till.Times = pos.CNY, s, simGoods(time.Now()), simTimes
	if cfg.Operators, err = a.simOperators(filepath.Join(s.dir, "operators.json")); err != nil {
		return err
	}
	if cfg.Shop.Name == "" {
		cfg.Shop.Name, cfg.Shop.Footer = "OpenECR 便利店", []string{"谢谢惠顾 Thank you"}
	}
	cfg.Shop.Lang = a.lang()
	cfg.Tenders = []register.Tender{{Name: "card", English: "Card", Chinese: "刷卡"}, {Name: acquirerTender, English: "UnionPay", Chinese: "银联", Scans: false}}
	if cfg.Till.Drivers["card"], err = zvt.New(zvt.Config{Dialer: cableLine{s.cable}, Currency: pos.CNY, T3: 2 * time.Second, T4: 10 * time.Second, AbortWait: 5 * time.Second}); err != nil {
		return err
	}
	if cfg.Till.Drivers[acquirerTender], err = s.bankDriver(); err != nil {
		return err
	}
	route := wallet.Router{Tenders: map[string]string{"unionpay": acquirerTender}}
	for _, w := range s.houses {
		if cfg.Till.Drivers[w.tender], err = w.driver(); err != nil {
			return err
		}
		cfg.Tenders = append(cfg.Tenders, register.Tender{Name: w.tender, English: w.english, Chinese: w.chinese, Scans: true, Shows: true})
		if w.routes {
			route.Tenders[w.tender] = w.tender
		}
	}
	cfg.Till.Route = route.Route
	profile, _ := escpos.ProfileByName("chinese-80")
	cfg.Printer, err = newPagePrinter(escpos.Config{Dialer: &tcp.Dialer{Addr: s.slips}, Profile: profile})
	return err
}

// cableLine gives a cable a name that stays.
type cableLine struct{ *cable }

// String names it.
func (cableLine) String() string { return "sim://card" }

func (s *simulation) bankDriver() (pos.Driver, error) {
	state, err := unionpay.OpenFileStore(filepath.Join(s.dir, "unionpay.state"))
	if err != nil {
		return nil, err
	}
	keys := cupkey.NewMemory(cuptest.MasterKey(), cupkey.Settings{})
	t, err := unionpay.New(unionpay.Config{Dialer: simLine{s.line, "unionpay"}, Terminal: cuptest.Terminal, Merchant: cuptest.Merchant, Currency: pos.CNY, Keys: keys, State: state,
		Cards: unionpay.Keyed(func(unionpay.Ask) (unionpay.Card, error) {
			c := cuptest.Cards()[0]
			return unionpay.Card{Entry: unionpay.EntrySwipe, Track2: c.Track2(), PIN: c.Code()}, nil
		}), Profile: unionpay.Profile{Timeout: unionpay.Duration(simWait), AlwaysSignedOn: true}})
	if err != nil {
		return nil, errors.Join(err, state.Close())
	}
	return t, nil
}

// simRules want a second person for large refunds, and for cash of 500 yuan and more.
const simRules = `{"version": 1, "calendar": {"zone": "Asia/Shanghai"}, "currencies": ["CNY"], "refund": {"alone": ["200.00 CNY"]}, "velocity": {"off": true},
  "limits": [{"id": "cash", "per": "payment", "tenders": ["cash"], "max": "500.00 CNY", "act": "ask"}], "duplicate": {"off": true}}`

// simOperators are two people with PINs that everybody knows: nothing here is real.
func (a *app) simOperators(path string) (*operators.Book, error) {
	book, err := operators.Open(path)
	if err != nil {
		return nil, err
	}
	for _, o := range []struct {
		name, pin string
		role      operators.Role
	}{{"anna", "258036", operators.Cashier}, {"boss", "739146", operators.Supervisor}} {
		if !slices.ContainsFunc(book.Operators(), func(b operators.Operator) bool { return b.Name == o.name }) {
			if err := book.Set(o.name, o.role, pos.NewSecret([]byte(o.pin))); err != nil {
				return nil, err
			}
		}
		a.say("simulated %s %q has the PIN %s", o.role, o.name, o.pin)
	}
	return book, nil
}

// simGoods are what the simulated shop begins with.
func simGoods(now time.Time) []register.Good {
	day := func(ago int) string { return now.AddDate(0, 0, -ago).Format(time.DateOnly) }
	return []register.Good{
		{Code: "6901234567892", Name: "鲜牛奶 Milk 950 ml", Class: "乳品 Dairy", Price: 1280, ShelfDays: 7, Made: day(1)},
		{Code: "6901234567908", Name: "酸奶 Yoghurt", Class: "乳品 Dairy", Price: 650, ShelfDays: 21, Made: day(20)},
		{Code: "6901234567915", Name: "豆腐 Tofu", Class: "生鲜 Fresh", Price: 350, ShelfDays: 3, Made: day(5)},
		{Code: "6901234567922", Name: "香蕉 Bananas", Class: "生鲜 Fresh", Price: 899, ShelfDays: 6, Made: day(1)},
		{Code: "6901234567939", Name: "矿泉水 Water 550 ml", Class: "饮料 Drinks", Price: 200},
		{Code: "6901234567946", Name: "绿茶 Green tea", Class: "饮料 Drinks", Price: 450},
		{Code: "6901234567953", Name: "方便面 Noodles", Class: "食品 Food", Price: 550, ShelfDays: 180, Made: day(30)},
		{Code: "6901234567960", Name: "大米 Rice 5 kg", Class: "食品 Food", Price: 4590},
		{Code: "6901234567977", Name: "牙膏 Toothpaste", Class: "日用 Household", Price: 1590},
		{Code: "6901234567984", Name: "咖啡机 Coffee maker", Class: "日用 Household", Price: 29900},
	}
}

// Books are the peers' own.
func (s *simulation) Books() []register.Book {
	out := []register.Book{{Tender: "card", Net: s.card.Net(), Lines: len(s.card.Books())}, {Tender: acquirerTender, Net: s.bank.Net(), Lines: len(s.bank.Books())}}
	for _, w := range s.houses {
		out = append(out, register.Book{Tender: w.tender, Net: w.bank.Net(), Lines: len(w.bank.Books())})
	}
	return out
}

// Papers is how many slips the printer has cut off.
func (s *simulation) Papers() int { return len(s.printer.Slips()) }

// Paper draws one of them.
func (s *simulation) Paper(number int) (image.Image, bool) {
	list := s.printer.Slips()
	if number < 1 || number > len(list) {
		return nil, false
	}
	return list[number-1].Image(paper.ImageOptions{}), true
}

// Faults are the panel's.
func (s *simulation) Faults() []register.Fault {
	out := make([]register.Fault, 0, len(s.faults))
	for _, f := range s.faults {
		out = append(out, f.Fault)
	}
	return out
}

// Cause makes one happen.
func (s *simulation) Cause(id string) error {
	for _, f := range s.faults {
		if f.ID == id {
			return f.do()
		}
	}
	return fmt.Errorf("there is no fault %q", id)
}

var _ register.Simulation = (*simulation)(nil)
