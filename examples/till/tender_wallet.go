package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/shouqianba"
	"github.com/openecr/openecr/qr/wallet"
)

// wallets are the platforms by protocol: how a profile becomes a host.
var wallets = map[string]func(base string, p walletProfile) (wallet.Host, error){
	"wechat":     wechatHost,
	"wechatv2":   wechatV2Host,
	"alipay":     alipayHost,
	"shouqianba": shouqianbaHost,
	"chinaums":   chinaumsHost,
}

// walletFiles is a wallet as --tender names it: wechat+https://HOST?profile=FILE.
type walletFiles struct {
	protocol, base string
	accepts        []string
	profile        walletProfile
}

// walletProfile is a profile's file; names of files in it are relative to it.
type walletProfile struct {
	dir    string
	text   []byte
	Timing timingProfile `json:"timing"`
}

// timingProfile are the intervals, such as "4s"; empty ones take the defaults.
type timingProfile struct {
	Poll, Limit, ReverseAfter, Show, Quarantine, Call, Refund jsonDuration
}

// jsonDuration is a duration such as "4s".
type jsonDuration time.Duration

// UnmarshalText reads "4s".
func (d *jsonDuration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil || v <= 0 {
		return fmt.Errorf("%q is no duration such as 4s", b)
	}
	*d = jsonDuration(v)
	return nil
}

func (t timingProfile) timing() wallet.Timing {
	return wallet.Timing{Poll: time.Duration(t.Poll), Limit: time.Duration(t.Limit), ReverseAfter: time.Duration(t.ReverseAfter),
		Show: time.Duration(t.Show), Quarantine: time.Duration(t.Quarantine), Call: time.Duration(t.Call), Refund: time.Duration(t.Refund)}
}

// walletParser makes the parser of one wallet's URLs.
func walletParser(protocol string) func(*tender, *url.URL) error {
	return func(t *tender, u *url.URL) error {
		t.currency = pos.CNY
		options, err := url.ParseQuery(u.RawQuery)
		if err != nil || len(options) != 1 || len(options["profile"]) != 1 || u.Scheme != "https" && u.Scheme != "http" {
			return fmt.Errorf("want %s+https://HOST?profile=FILE", protocol)
		}
		path := options.Get("profile")
		w := &walletFiles{protocol: protocol, base: u.Scheme + "://" + u.Host + strings.TrimSuffix(u.Path, "/")}
		w.profile.dir = filepath.Dir(path)
		if w.profile.text, err = readLimited(path, maxProfileFile); err != nil {
			return err
		}
		if err := json.Unmarshal(w.profile.text, &w.profile); err != nil {
			return fmt.Errorf("profile %s: %w", path, err)
		}
		host, err := wallets[protocol](w.base, w.profile)
		switch {
		case err == nil:
			w.accepts = host.Accepts()
		case !errors.Is(err, shouqianba.ErrNotActivated): // that is what till activate is for
			return fmt.Errorf("profile %s: %w", path, err)
		}
		t.wallet = w
		return nil
	}
}

// open makes the driver. Nothing is sent yet.
func (w *walletFiles) open() (pos.Driver, error) {
	host, err := wallets[w.protocol](w.base, w.profile)
	if err != nil {
		return nil, err
	}
	return wallet.New(wallet.Config{Host: host, Timing: w.profile.Timing.timing()})
}

// read reads the platform's own part of the profile. Unknown names are mistakes.
func (p walletProfile) read(out any) error {
	var names map[string]json.RawMessage
	if err := json.Unmarshal(p.text, &names); err != nil {
		return err
	}
	delete(names, "timing")
	rest, err := json.Marshal(names)
	if err != nil {
		return err
	}
	d := json.NewDecoder(strings.NewReader(string(rest)))
	d.DisallowUnknownFields()
	return d.Decode(out)
}

// file reads a file the profile names.
func (p walletProfile) file(name string) ([]byte, error) {
	if name == "" {
		return nil, errors.New("a file is not named")
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(p.dir, name)
	}
	return readLimited(name, maxProfileFile)
}

// secret reads a secret from a file that only its owner may read, or from the
// environment: "env:NAME".
func (p walletProfile) secret(name string) (pos.Secret, error) {
	if env, ok := strings.CutPrefix(name, "env:"); ok {
		v := os.Getenv(env)
		if v == "" {
			return pos.Secret{}, fmt.Errorf("the environment has no %s", env)
		}
		return pos.NewSecret([]byte(v)), nil
	}
	b, err := p.file(name)
	if err != nil {
		return pos.Secret{}, err
	}
	defer clear(b)
	return pos.NewSecret([]byte(strings.TrimSpace(string(b)))), nil
}

// key reads the merchant's private key.
func (p walletProfile) key(name string) (wallet.SigningKey, error) {
	b, err := p.file(name)
	if err != nil {
		return wallet.SigningKey{}, err
	}
	defer clear(b)
	return wallet.ParseSigningKey(b)
}

// accepts are the payment codes a tender takes, by the name of their rule.
func (t *tender) accepts() []string {
	switch {
	case t.wallet != nil:
		return t.wallet.accepts
	case t.douyin != nil:
		return []string{"douyin"}
	case t.unionpay != nil:
		return []string{"unionpay", "ccb"}
	}
	return nil
}

// router sends scanned codes to the tenders given: the first that takes a kind of code gets it.
func (a *app) router() wallet.Router {
	r := wallet.Router{Tenders: map[string]string{}}
	for _, t := range slices.Backward(a.tenders) {
		for _, name := range t.accepts() {
			r.Tenders[name] = t.name
		}
	}
	return r
}
