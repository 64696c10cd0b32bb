package shouqianba

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/openecr/openecr/qr/internal/web"
)

// DefaultBaseURL is Shouqianba's API in mainland China.
const DefaultBaseURL = "https://api.shouqianba.com"

// Config is a terminal at Shouqianba. Store, DeviceID and Operator are required.
type Config struct {
	BaseURL  string // default DefaultBaseURL
	Store    Store  // the terminal's identity, see Activate
	DeviceID string // the same as at the activation
	Operator string // 操作员: who sells, up to 32 bytes

	// Payway is whose code Show makes, by the number of Shouqianba's table: "1" or "2" Alipay,
	// "3" WeChat Pay, "17" UnionPay. Required to show codes; codes that are scanned tell it themselves.
	Payway string
	// SubPayway is the second number (二级支付方式); empty leaves it to the platform.
	SubPayway string
	// NotifyURL takes notifications, up to 128 bytes. Optional: the driver asks anyway.
	NotifyURL string
	// Subject is what the customer reads, up to 64 bytes; default "商品".
	Subject string
	// Longitude and Latitude of the till, both or neither: "121.615459404".
	Longitude, Latitude string

	Client *http.Client     // nil is a sound one; answers are unsigned, so its TLS is all there is
	Now    func() time.Time // nil is time.Now
}

func (c *Config) fill() {
	if c.BaseURL == "" {
		c.BaseURL = DefaultBaseURL
	}
	c.BaseURL = strings.TrimSuffix(c.BaseURL, "/")
	if c.Subject == "" {
		c.Subject = "商品"
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Client = web.Client(c.Client)
}

// need is one thing a configuration must have.
type need struct {
	name string
	ok   bool
}

func missing(list []need) error {
	var names []string
	for _, n := range list {
		if !n.ok {
			names = append(names, n.name)
		}
	}
	if len(names) > 0 {
		return errors.New("missing or wrong: " + strings.Join(names, ", "))
	}
	return nil
}

// Lengths of fields, in bytes. Source: interface/pay.md.
const (
	maxNumber   = 32
	maxOperator = 32
	maxSubject  = 64
	maxReflect  = 64
	maxNotify   = 128
)

func (c *Config) check() error {
	err := missing([]need{{"Store", c.Store != nil}, {"DeviceID", c.DeviceID != ""},
		{"Operator of up to 32 bytes", c.Operator != "" && len(c.Operator) <= maxOperator},
		{"Subject of up to 64 bytes", len(c.Subject) <= maxSubject},
		{"Payway, a number", digits(c.Payway)}, {"SubPayway, a number", digits(c.SubPayway)},
		{"Longitude and Latitude, both or neither", (c.Longitude == "") == (c.Latitude == "")}})
	if err != nil {
		return err
	}
	if err := web.CheckBase(c.BaseURL); err != nil {
		return err
	}
	return checkNotifyURL(c.NotifyURL)
}

func digits(s string) bool { return len(s) <= 3 && strings.Trim(s, "0123456789") == "" }

func checkNotifyURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || len(text) > maxNotify {
		return fmt.Errorf("NotifyURL %q: want https, up to %d bytes", text, maxNotify)
	}
	return nil
}
