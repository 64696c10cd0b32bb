package alipay

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/internal/web"
	"github.com/openecr/openecr/qr/wallet"
)

// DefaultBaseURL is Alipay's gateway; the sandbox is https://openapi-sandbox.dl.alipaydev.com/gateway.do.
const DefaultBaseURL = "https://openapi.alipay.com/gateway.do"

// Config is an application at Alipay's open platform. AppID and Key are required, and so is a
// way to verify: AlipayKey (公钥模式) or Certificates (证书模式), not both.
type Config struct {
	BaseURL string // default DefaultBaseURL
	AppID   string // app_id
	Key     wallet.SigningKey

	// AlipayKey is Alipay's public key (支付宝公钥), not the application's own.
	AlipayKey *rsa.PublicKey
	// Certificates are what the platform's console gives for download instead.
	Certificates Certificates

	// SellerID is the merchant's PID (2088...): required with NotifyURL, since a
	// notification must name it.
	SellerID string
	// NotifyURL takes notifications. Without it codes are shown as well, and found paid by asking.
	NotifyURL string
	// Subject is what the customer reads (订单标题); default "商品".
	Subject string
	// StoreID, TerminalID and OperatorID are the shop's own numbers, as bills show them.
	StoreID, TerminalID, OperatorID string
	// AppAuthToken lets a service provider's application act for a merchant (第三方应用授权).
	AppAuthToken pos.Secret

	Client *http.Client     // nil is a sound one
	Now    func() time.Time // nil is time.Now
}

// Certificates are PEM files as Alipay's console names them. None is secret.
type Certificates struct {
	App    []byte // appCertPublicKey_<app_id>.crt 应用公钥证书
	Alipay []byte // alipayCertPublicKey_RSA2.crt 支付宝公钥证书
	Root   []byte // alipayRootCert.crt 支付宝根证书
}

// given counts the files that are there.
func (c Certificates) given() (n int) {
	for _, f := range [][]byte{c.App, c.Alipay, c.Root} {
		if len(f) > 0 {
			n++
		}
	}
	return n
}

// Lengths of fields.
const (
	maxSubject = 256
	maxPlace   = 32 // store_id, terminal_id; operator_id has 28
	maxURL     = 256
)

func (c *Config) fill() {
	if c.BaseURL == "" {
		c.BaseURL = DefaultBaseURL
	}
	if c.Subject == "" {
		c.Subject = "商品"
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Client = web.Client(c.Client)
}

func (c *Config) check() error {
	var wrong []string
	for _, f := range []struct {
		name string
		ok   bool
	}{
		{"AppID", c.AppID != "" && len(c.AppID) <= 32}, {"Key", !c.Key.IsZero()},
		{"AlipayKey, or all three Certificates", c.AlipayKey != nil && c.Certificates.given() == 0 || c.AlipayKey == nil && c.Certificates.given() == 3},
		{"SellerID (with NotifyURL)", c.NotifyURL == "" || c.SellerID != ""},
		{"Subject of up to 256 bytes without / = &", len(c.Subject) <= maxSubject && !strings.ContainsAny(c.Subject, "/=&")},
		{"StoreID, TerminalID, OperatorID", len(c.StoreID) <= maxPlace && len(c.TerminalID) <= maxPlace && len(c.OperatorID) <= 28},
	} {
		if !f.ok {
			wrong = append(wrong, f.name)
		}
	}
	if len(wrong) > 0 {
		return errors.New("missing or wrong: " + strings.Join(wrong, ", "))
	}
	if err := web.CheckBase(c.BaseURL); err != nil {
		return err
	}
	return checkNotifyURL(c.NotifyURL)
}

func checkNotifyURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || len(text) > maxURL {
		return fmt.Errorf("NotifyURL %q: want https, up to %d characters", text, maxURL)
	}
	return nil
}
