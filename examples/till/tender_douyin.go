package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/openecr/openecr/douyin"
	"github.com/openecr/openecr/pos"
)

// douyinFiles is the voucher platform as --tender names it: douyin+https://HOST?profile=FILE.
type douyinFiles struct {
	base    string
	profile walletProfile
	douyinProfile
}

// douyinProfile is the platform's own part of a profile.
type douyinProfile struct {
	ClientKey     string  `json:"client_key"`
	ClientSecret  string  `json:"client_secret"` // a file, or env:NAME
	Account       string  `json:"account"`       // the merchant's root account (来客)
	Shop          string  `json:"shop"`          // poi_id
	Token         string  `json:"token"`         // stable, or plain
	TokenDir      string  `json:"token_dir"`     // shared by the tills of an app
	RefundReasons []int64 `json:"refund_reasons"`
	SeparateShops bool    `json:"separate_shops"`
}

// parseDouyin reads the URL and the profile behind it.
func parseDouyin(t *tender, u *url.URL) error {
	t.currency = pos.CNY
	options, err := url.ParseQuery(u.RawQuery)
	if err != nil || len(options) != 1 || len(options["profile"]) != 1 || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("want douyin+https://HOST?profile=FILE")
	}
	path := options.Get("profile")
	d := &douyinFiles{base: u.Scheme + "://" + u.Host + strings.TrimSuffix(u.Path, "/")}
	d.profile.dir = filepath.Dir(path)
	if d.profile.text, err = readLimited(path, maxProfileFile); err != nil {
		return err
	}
	if err := json.Unmarshal(d.profile.text, &d.profile); err != nil {
		return fmt.Errorf("profile %s: %w", path, err)
	}
	if err := d.profile.read(&d.douyinProfile); err != nil {
		return fmt.Errorf("profile %s: %w", path, err)
	}
	if _, err := d.open(nil); err != nil {
		return fmt.Errorf("profile %s: %w", path, err)
	}
	t.douyin = d
	return nil
}

// open makes the driver. Nothing is sent yet.
func (f *douyinFiles) open(book douyin.Book) (*douyin.Driver, error) {
	m, err := f.merchant()
	if err != nil {
		return nil, err
	}
	cfg := douyin.DriverConfig{Merchant: m, Shop: douyin.ID(f.Shop), Book: book, SeparateShops: f.SeparateShops, Timing: f.timing()}
	if len(f.RefundReasons) > 0 {
		cfg.Refund = &douyin.RefundPolicy{Reasons: f.RefundReasons}
	}
	return douyin.NewDriver(cfg)
}

// merchant is the platform's client.
func (f *douyinFiles) merchant() (*douyin.Merchant, error) {
	secret, err := f.profile.secret(f.ClientSecret)
	if err != nil {
		return nil, err
	}
	cfg := douyin.Config{App: f.ClientKey, Secret: secret, BaseURL: f.base, Token: douyin.TokenKind(f.Token), Timeout: time.Duration(f.profile.Timing.Call)}
	if f.TokenDir != "" {
		dir := f.TokenDir
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(f.profile.dir, dir)
		}
		cfg.Tokens = &douyin.FileTokens{Dir: dir}
	}
	c, err := douyin.New(cfg)
	if err != nil {
		return nil, err
	}
	return c.Merchant(douyin.ID(f.Account)), nil
}

// timing takes "poll" for the pause between two tries and "quarantine"; the number of tries is the platform's.
func (f *douyinFiles) timing() douyin.Timing {
	t := douyin.Timing{Quarantine: time.Duration(f.profile.Timing.Quarantine)}
	if poll := time.Duration(f.profile.Timing.Poll); poll > 0 {
		t.Retry = func(n int) (time.Duration, bool) {
			_, more := douyin.RetryDelay(n)
			return poll, more
		}
	}
	return t
}
