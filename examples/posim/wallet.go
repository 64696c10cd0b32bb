package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/openecr/openecr/qr/qrtest"
	"github.com/openecr/openecr/qr/wallet"
)

// walletKind is one wallet or aggregator.
type walletKind struct {
	name, title, port string
	code              string // an example of a payment code
	first             string // what has to be done before the first payment
	// serve puts the platform on a socket.
	serve func(bank *qrtest.Bank, l qrtest.Listen, f walletFlags) (front, error)
	// profile writes what `till` needs into the folder.
	profile func(f walletFlags) error
}

// front is a platform on its socket.
type front interface{ Close() error }

// walletFlags are those of every wallet.
type walletFlags struct {
	lab, notify string
	bank        qrtest.BankConfig
}

// walletKinds lists them.
func walletKinds() []walletKind {
	return []walletKind{wechatKind(), alipayKind(), shouqianbaKind(), chinaumsKind()}
}

func walletSimulators() []simulator {
	var list []simulator
	for _, k := range walletKinds() {
		list = append(list, k.simulator())
	}
	return list
}

// walletFaults are what each name does.
var walletFaults = map[string]string{
	"lose-request": "the connection ends before the platform has understood", "lose-answer": "it is done, and the connection ends",
	"late-answer": "it is done, the answer comes after 3 s", "429": "too many requests; nothing is done", "500": "a server error; nothing is done",
	"applied-500": "a server error although it is done", "html": "a page of some gateway instead of an answer; nothing is done", "empty": "it is done, the answer is empty",
	"forge-answer": "it is done, the answer's signature is wrong", "unsigned": "a refusal without a signature; nothing is done",
	"wrong-amount": "it is done, the answer names one fen more", "wrong-merchant": "it is done, the answer names another merchant",
	"wrong-order": "it is done, the answer names another order", "clock-off": "it is done, the answer is stamped six minutes ago",
	"system-error": "the platform says system error; nothing is done", "applied-system": "the platform says system error although it is done",
	"undo-again": "the undo must be asked again", "undo-refused": "the platform will not undo",
	"refund-slow": "the refund is accepted and stays under way", "refund-fails": "the refund is accepted and cannot be delivered",
	"notice-lost": "a notification is never sent", "notice-twice": "it is sent twice", "notice-late": "it comes after 3 s",
	"notice-forged": "its signature is wrong", "notice-old": "it is stamped six minutes ago", "notice-wrong": "it names one fen more",
}

// walletFault reads [CALL:]NAME.
func walletFault(text string) (qrtest.Fault, bool) {
	call, name, ok := strings.Cut(text, ":")
	if !ok {
		call, name = "", text
	}
	f := qrtest.Fault{Name: qrtest.FaultName(name), On: qrtest.Call(call), After: 3 * time.Second}
	if strings.HasPrefix(name, "notice-") {
		f.On = qrtest.CallNotice
	} else if strings.HasPrefix(name, "undo-") {
		f.On = qrtest.CallUndo
	} else if f.On == qrtest.AnyCall {
		f.On = qrtest.CallPay
	}
	return f, walletFaults[name] != ""
}

func (k walletKind) simulator() simulator {
	f := walletFlags{}
	return simulator{
		name: k.name, short: k.title + ", on HTTP", long: k.help(), faults: walletFaults, port: k.port,
		faultsAre: "each used up by one call; they strike code payments, or say which call: query:500, show:, undo:, close:, refund:, query-refund:, bill:",
		flags: func(fs *pflag.FlagSet) {
			fs.StringVar(&f.lab, "profile", "", "write a profile for `till` into this `folder`; needed")
			fs.StringVar(&f.notify, "notify", "", "`URL` on this machine that takes notifications")
			fs.DurationVar(&f.bank.Late, "late", 8*time.Second, "how long a customer takes to type a password")
		},
		start: func(s setup) (peer, error) { return k.start(s, f) },
	}
}

func (k walletKind) start(s setup, f walletFlags) (peer, error) {
	if f.lab == "" {
		return nil, fmt.Errorf("%w: name a folder with --profile: keys and what `till` needs are kept there", errUsage)
	}
	f.bank.Remember = func(o qrtest.Order, b *qrtest.Booking) error { return s.remember(walletMemory{o, b}) }
	bank := qrtest.NewBank(f.bank)
	past, err := lastWords(s.past)
	if err != nil {
		return nil, err
	}
	bank.Restore(past)
	var unknown errFaults
	for _, text := range s.faults {
		fault, ok := walletFault(text)
		if !ok {
			unknown = append(unknown, text)
		}
		bank.Inject(fault)
	}
	if len(unknown) > 0 {
		return nil, unknown
	}
	if err := os.MkdirAll(f.lab, 0o700); err != nil {
		return nil, err
	}
	if err := k.profile(f); err != nil {
		return nil, err
	}
	return &walletPeer{kind: k, bank: bank, flags: f, end: make(chan struct{})}, nil
}

// walletMemory is one line of the memory: an order as it stands, and what was booked.
type walletMemory struct {
	Order   qrtest.Order    `json:"order"`
	Booking *qrtest.Booking `json:"booking,omitempty"`
}

// lastWords is the last line on each order, in the order in which they began.
func lastWords(lines []json.RawMessage) ([]qrtest.Order, error) {
	var list []qrtest.Order
	at := map[string]int{}
	for _, line := range lines {
		var m walletMemory
		if err := json.Unmarshal(line, &m); err != nil {
			return nil, err
		}
		i, ok := at[m.Order.Number]
		if !ok {
			i = len(list)
			at[m.Order.Number], list = i, append(list, m.Order)
		}
		list[i] = m.Order
	}
	return list, nil
}

// walletPeer is a running platform.
type walletPeer struct {
	kind  walletKind
	bank  *qrtest.Bank
	flags walletFlags
	end   chan struct{}
	once  sync.Once
}

// Serve ends when the peer is closed.
func (p *walletPeer) Serve(l net.Listener) error {
	f, err := p.kind.serve(p.bank, qrtest.Listen{Listener: l, Plain: true}, p.flags)
	if err != nil {
		return err
	}
	<-p.end
	return f.Close()
}

// Close ends it.
func (p *walletPeer) Close() error {
	p.once.Do(func() {
		p.bank.Close()
		close(p.end)
	})
	return nil
}

func (k walletKind) help() string {
	return fmt.Sprintf(`%s with its own keys, orders and books, for one merchant.

The last two digits of an amount decide what the customer does:
  .61  types a password and pays after --late
  .62  never pays
  .63  cancels at the phone
  .64  pays in the very moment the order is undone
  .51  has not enough money
  .52  shows a code that has expired
  else pays at once; who scans a shown code does the same

Try it:
  posim %[2]s --profile /tmp/%[2]s &%[5]s
  till charge --amount 12.80 --code %[3]s --tender %[2]s='%[2]s+http://%[4]s?profile=/tmp/%[2]s/%[2]s.json'`, k.title, k.name, k.code, k.port, k.first)
}

// writeNew writes a file unless it is there: somebody may have made it his own.
func writeNew(dir, name string, content []byte) error {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if os.IsExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}

// writeProfile writes a profile as JSON.
func writeProfile(dir, name string, profile map[string]any) error {
	b, err := json.MarshalIndent(profile, "", "  ")
	if err != nil {
		return err
	}
	return writeNew(dir, name, append(b, '\n'))
}

// keyIn reads a private key of the folder, or makes it.
func keyIn(dir, name string) (wallet.SigningKey, error) {
	path := filepath.Join(dir, name)
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return wallet.SigningKey{}, err
		}
		text = pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)})
		if err := writeNew(dir, name, text); err != nil {
			return wallet.SigningKey{}, err
		}
	} else if err != nil {
		return wallet.SigningKey{}, err
	}
	return wallet.ParseSigningKey(text)
}

// writePublic writes the public half of a key.
func writePublic(dir, name string, key wallet.SigningKey) error {
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	return writeNew(dir, name, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// labTiming makes a shop's minutes short enough for a desk.
var labTiming = map[string]string{"poll": "1s", "limit": "20s", "reverseafter": "5s", "show": "60s", "quarantine": "5s", "call": "3s", "refund": "2s"}
