package wechat

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

// DefaultBaseURL is WeChat Pay's API; api2.mch.weixin.qq.com is its spare.
const DefaultBaseURL = "https://api.mch.weixin.qq.com"

// Config is a merchant at WeChat Pay, API v3. AppID, MerchantID, Serial, Key and APIv3Key
// are required, and so is a way to verify: PublicKeyID with PublicKey, or Certificates.
type Config struct {
	BaseURL    string // default DefaultBaseURL
	AppID      string // appid
	MerchantID string // mchid
	Serial     string // of the merchant's certificate, hex: names Key
	Key        wallet.SigningKey
	APIv3Key   pos.Secret // 32 bytes: decrypts notifications and certificates

	// PublicKeyID ("PUB_KEY_ID_...") and PublicKey are WeChat's (微信支付公钥). Merchants
	// of 2024 and later have one.
	PublicKeyID string
	PublicKey   *rsa.PublicKey
	// Certificates verifies with platform certificates (平台证书) as well: they are
	// fetched when first needed, and again when an unknown one signs.
	Certificates bool

	// NotifyURL takes notifications: https, without a query. Required to show codes.
	NotifyURL string
	// Description is what the customer reads; default "商品".
	Description string
	// Device and DeviceIP are the terminal's own number and address (终端设备号), as acceptance rules
	// ask for; StoreID is the shop's, if it was registered.
	Device, DeviceIP, StoreID string

	Client *http.Client     // nil is a sound one
	Now    func() time.Time // nil is time.Now
}

// maxDescription is the field's length.
const maxDescription = 127

func (c *Config) fill() {
	if c.BaseURL == "" {
		c.BaseURL = DefaultBaseURL
	}
	c.BaseURL = strings.TrimSuffix(c.BaseURL, "/")
	if c.Description == "" {
		c.Description = "商品"
	}
	if c.DeviceIP == "" {
		c.DeviceIP = "127.0.0.1"
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Client = web.Client(c.Client)
}

func (c *Config) check() error {
	var missing []string
	for _, f := range []struct {
		name string
		ok   bool
	}{
		{"AppID", c.AppID != "" && len(c.AppID) <= 32}, {"MerchantID", c.MerchantID != "" && len(c.MerchantID) <= 32},
		{"Serial", c.Serial != ""}, {"Key", !c.Key.IsZero()}, {"APIv3Key of 32 bytes", c.APIv3Key.Len() == 32},
		{"PublicKey with PublicKeyID, or Certificates", c.PublicKey != nil && c.PublicKeyID != "" || c.PublicKey == nil && c.PublicKeyID == "" && c.Certificates},
		{"Description of up to 127 bytes", len(c.Description) <= maxDescription},
	} {
		if !f.ok {
			missing = append(missing, f.name)
		}
	}
	if len(missing) > 0 {
		return errors.New("missing or wrong: " + strings.Join(missing, ", "))
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
	if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || len(text) > 256 {
		return fmt.Errorf("NotifyURL %q: WeChat wants https without a query, up to 256 characters", text)
	}
	return nil
}
