package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/openecr/openecr/emv"
	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/unionpay"
	"github.com/openecr/openecr/pos/unionpay/cupkey"
	"github.com/openecr/openecr/pos/unionpay/cupproto"
	"github.com/openecr/openecr/transport"
)

// unionpayProfile is the file of ?profile=FILE. Names of files in it are
// relative to it.
type unionpayProfile struct {
	Terminal string `json:"terminal"`
	Merchant string `json:"merchant"`
	// Keys is a sealed key file (till keys create). Its passphrase comes from
	// the environment, or a 32-byte system key from a file.
	Keys          string `json:"keys"`
	PassphraseEnv string `json:"passphrase_env"`
	KeyFile       string `json:"key_file"`
	// Master is a clear master key, for laboratories only; sm4 makes it an SM4 key.
	Master string `json:"master"`
	SM4    bool   `json:"sm4"`
	// MAC is ecb (default), x9.9, x9.19, cbc or cmac.
	MAC string `json:"mac"`
	// State remembers trace number and batch between runs.
	State string `json:"state"`
	// Card is a test card, for laboratories only: typed or swiped data in a file.
	Card    string           `json:"card"`
	Profile unionpay.Profile `json:"profile"`
}

// cardFile is a test card. Never put a real one into a file.
type cardFile struct {
	Entry  string `json:"entry"` // swipe (default), keyed or chip
	PAN    string `json:"pan"`
	Track2 string `json:"track2"`
	Expiry string `json:"expiry"`
	PIN    string `json:"pin"`
	// Chip is field 55 in hex, and Sequence tag 5F34, of a simulated chip.
	Chip     string `json:"chip"`
	Sequence string `json:"sequence"`
	Foreign  bool   `json:"foreign"`
}

// unionpayFiles is an acquirer as --tender names it.
type unionpayFiles struct {
	dialer transport.Dialer
	path   string
	unionpayProfile
}

// maxProfileFile bounds what is read: a profile has less than 2 kB.
const maxProfileFile = 64 << 10

// parseUnionPay takes ?profile=FILE; the medium gets the rest.
func parseUnionPay(t *tender, u *url.URL) error {
	t.currency = pos.CNY
	options, err := url.ParseQuery(u.RawQuery)
	if err != nil || len(options["profile"]) != 1 {
		return errors.New("want unionpay+tcp://HOST:PORT?profile=FILE")
	}
	f := &unionpayFiles{path: options.Get("profile")}
	options.Del("profile")
	for key, field := range map[string]func(*tender, string) error{"ask": zvtOptions["ask"], "wait": zvtOptions["wait"]} {
		if options.Has(key) {
			if err := field(t, options.Get(key)); err != nil {
				return fmt.Errorf("option %s: %w", key, err)
			}
			options.Del(key)
		}
	}
	u.RawQuery = options.Encode()
	if f.dialer, err = media.Parse(u.String()); err != nil {
		return err
	}
	b, err := readLimited(f.path, maxProfileFile)
	if err != nil {
		return err
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(&f.unionpayProfile); err != nil {
		return fmt.Errorf("profile %s: %w", f.path, err)
	}
	t.unionpay = f
	return f.check()
}

func (f *unionpayFiles) check() error {
	switch {
	case f.State == "":
		return fmt.Errorf("profile %s: name a file for \"state\": trace numbers must not repeat", f.path)
	case (f.Keys == "") == (f.Master == ""):
		return fmt.Errorf("profile %s: name either \"keys\", a sealed key file, or in a laboratory \"master\"", f.path)
	case f.Keys != "" && (f.PassphraseEnv == "") == (f.KeyFile == ""):
		return fmt.Errorf("profile %s: \"keys\" needs \"passphrase_env\" or \"key_file\"", f.path)
	}
	_, err := f.mac()
	return err
}

// beside finds a file named in the profile.
func (f *unionpayFiles) beside(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(f.path), name)
}

func (f *unionpayFiles) mac() (cupkey.MACAlgorithm, error) {
	alg, ok := map[string]cupkey.MACAlgorithm{"": cupkey.MACECB, "ecb": cupkey.MACECB, "x9.9": cupkey.MACX99, "x9.19": cupkey.MACX919,
		"cbc": cupkey.MACCBC, "cmac": cupkey.MACCMAC}[f.MAC]
	if !ok {
		return 0, fmt.Errorf("profile %s: \"mac\" is ecb, x9.9, x9.19, cbc or cmac", f.path)
	}
	return alg, nil
}

// open makes the driver.
func (f *unionpayFiles) open(trace *trace) (pos.Driver, error) { return f.terminal(trace) }

func (f *unionpayFiles) terminal(trace *trace) (*unionpay.Terminal, error) {
	keys, err := f.store()
	if err != nil {
		return nil, err
	}
	state, err := unionpay.OpenFileStore(f.beside(f.State))
	if err != nil {
		return nil, err
	}
	t, err := unionpay.New(unionpay.Config{Dialer: f.dialer, Terminal: f.Terminal, Merchant: f.Merchant, Currency: pos.CNY, Keys: keys, State: state,
		Cards: unionpay.Keyed(f.card), Profile: f.Profile, Tap: trace.tap(cupproto.Mask)})
	if err != nil {
		return nil, errors.Join(err, state.Close())
	}
	return t, nil
}

// store opens the key file, or makes a laboratory's keys.
func (f *unionpayFiles) store() (cupkey.Store, error) {
	mac, err := f.mac()
	if err != nil {
		return nil, err
	}
	if f.Master == "" {
		u, err := f.unlock()
		if err != nil {
			return nil, err
		}
		return cupkey.OpenFile(f.beside(f.Keys), u)
	}
	b, err := hex.DecodeString(f.Master)
	if err != nil {
		return nil, errors.New("\"master\" is not hex digits")
	}
	defer clear(b)
	alg := cupkey.DES
	if f.SM4 {
		alg = cupkey.SM4
	}
	master, err := cupkey.NewKey(alg, b)
	if err != nil {
		return nil, err
	}
	return cupkey.NewMemory(master, cupkey.Settings{MAC: mac}), nil
}

func (f *unionpayFiles) unlock() (cupkey.Unlock, error) {
	if f.KeyFile != "" {
		key, err := readLimited(f.beside(f.KeyFile), 32)
		return cupkey.Unlock{Key: key}, err
	}
	pass := os.Getenv(f.PassphraseEnv)
	if pass == "" {
		return cupkey.Unlock{}, fmt.Errorf("the environment variable %s, which should hold the passphrase of the key file, is empty", f.PassphraseEnv)
	}
	return cupkey.Unlock{Passphrase: []byte(pass)}, nil
}

// card reads the test card for one transaction.
func (f *unionpayFiles) card(unionpay.Ask) (unionpay.Card, error) {
	if f.Card == "" {
		return unionpay.Card{}, errors.New("there is no card reader: a laboratory names a test card in the profile (\"card\")")
	}
	b, err := readLimited(f.beside(f.Card), maxProfileFile)
	if err != nil {
		return unionpay.Card{}, err
	}
	defer clear(b)
	var c cardFile
	if err := json.Unmarshal(b, &c); err != nil {
		return unionpay.Card{}, fmt.Errorf("test card %s: not readable as JSON", f.Card)
	}
	return c.read()
}

func (c cardFile) read() (card unionpay.Card, err error) {
	card.Foreign = c.Foreign
	switch c.Entry {
	case "", "swipe":
		card.Entry = unionpay.EntrySwipe
		card.Track2, err = emv.ParseTrack2([]byte(c.Track2))
	case "chip":
		card.Entry, card.Sequence = unionpay.EntryChip, c.Sequence
		if card.Track2, err = emv.ParseTrack2([]byte(c.Track2)); err == nil {
			card.PAN, card.Expiry = card.Track2.PAN(), card.Track2.Expiry()
			card.Chip, err = hex.DecodeString(c.Chip)
		}
	case "keyed":
		card.Entry = unionpay.EntryKeyed
		if card.PAN, err = emv.ParsePAN([]byte(c.PAN)); err == nil {
			card.Expiry, err = emv.ParseExpiry(c.Expiry)
		}
	default:
		err = errors.New("test card: \"entry\" is swipe, keyed or chip")
	}
	if err == nil && c.PIN != "" {
		card.PIN, err = cupkey.NewPIN([]byte(c.PIN))
	}
	return card, err
}

// acquirer opens the terminal of the chosen tender for something that speaks to
// its host and moves no money.
func (a *app) acquirer(ctx context.Context, do func(context.Context, *unionpay.Terminal) error) error {
	return a.terminal(ctx, func(ctx context.Context, t *unionpay.Terminal) error {
		if err := a.noDoubt(ctx, t.Device()); err != nil {
			return err
		}
		return do(ctx, t)
	})
}

// terminal opens the terminal of the chosen tender.
func (a *app) terminal(ctx context.Context, do func(context.Context, *unionpay.Terminal) error) error {
	name, err := a.choose()
	if err != nil {
		return err
	}
	a.draft = pos.Attempt{Tender: name}
	t := a.tender(name)
	if t == nil || t.unionpay == nil {
		return usagef("tender %q is no acquirer: want --tender %s='unionpay+tcp://HOST:PORT?profile=FILE'", name, name)
	}
	trace, err := a.openTrace()
	if err != nil {
		return err
	}
	defer trace.close()
	terminal, err := t.unionpay.terminal(trace)
	if err != nil {
		return notOpened(name, err)
	}
	defer terminal.Close()
	return do(ctx, terminal)
}

// notOpened says why a tender could not be opened: most often its text is wrong,
// but it can also be in use.
func notOpened(name string, err error) error {
	if errors.Is(err, unionpay.ErrStateLocked) {
		return &pos.Error{Op: "open", Class: pos.ErrBusy, Err: err}
	}
	return usagef("--tender %s: %w", name, err)
}

// maxDoubts bounds what is looked at: a device has one operation at a time.
const maxDoubts = 100

// noDoubt refuses to speak to a host while a payment there is in doubt: its
// reversal goes before everything else. A settlement is no payment: finishing it
// is what the command may be for.
func (a *app) noDoubt(ctx context.Context, device string) error {
	if _, err := os.Stat(a.journalPath); err != nil {
		return nil // no journal, no payment
	}
	j, err := a.openJournal(ctx, true)
	if err != nil {
		return err
	}
	defer j.Close()
	live := slices.DeleteFunc(pos.LiveStates(), func(s pos.State) bool { return s == pos.StateManual }) // a person has it already
	list, err := j.Find(ctx, pos.Filter{Device: device, States: live, Limit: maxDoubts})
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(p pos.Attempt) bool { return p.Type != pos.TypeSettle })
	if i < 0 {
		return nil
	}
	return &pos.Error{Op: "open", Class: pos.ErrBusy, Err: &pos.Blocked{Class: pos.ErrBusy, By: list[i], Why: "run till recover first"}}
}
