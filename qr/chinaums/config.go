package chinaums

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/internal/web"
)

// DefaultBaseURL is the open platform; https://test-api-open.chinaums.com is its test.
const DefaultBaseURL = "https://api-mop.chinaums.com"

// Config is a terminal at China UMS. AppID, AppKey, Merchant, Terminal and a location are required;
// Prefix, NotifyURL and NoticeKey as well to show codes.
type Config struct {
	BaseURL string // default DefaultBaseURL
	AppID   string
	AppKey  pos.Secret

	Merchant string // merchantCode, 15 characters
	Terminal string // terminalCode, 8 characters
	// ShownMerchant and ShownTerminal are mid and tid of codes that are shown; empty: as above.
	ShownMerchant, ShownTerminal string

	// Longitude and Latitude of the till, signed, of ten characters ("+119.29129"), or IP. There is no default:
	// a made-up place is against the rules for terminals.
	Longitude, Latitude, IP string

	Prefix    string     // 来源编号, 4 characters: begins every billNo
	NotifyURL string     // https; takes notifications of codes that are shown
	NoticeKey pos.Secret // 通讯密钥: signs notifications

	Description string // what the customer reads; default "商品"
	Remark      string // merchantRemark; default as Description
	Device      string // deviceType; default "11"
	Serial      string // serialNum of the till
	StoreID     string
	Operator    string

	PayVersion string // of the path of pay; default "v4"
	Version    string // of the other paths of scanned codes; default "v2"

	// Refusals are errCodes of code pay after which the acquirer has taken nothing, and Missing those of an order it does
	// not have, beside the documented ones: from the acquirer's list.
	Refusals, Missing []string

	Client *http.Client     // nil is a sound one; answers are unsigned, so its TLS is all there is
	Now    func() time.Time // nil is time.Now
}

func (c *Config) fill() {
	for _, f := range []struct {
		field *string
		value string
	}{{&c.BaseURL, DefaultBaseURL}, {&c.ShownMerchant, c.Merchant}, {&c.ShownTerminal, c.Terminal}, {&c.Description, "商品"},
		{&c.Device, "11"}, {&c.PayVersion, "v4"}, {&c.Version, "v2"}} {
		if *f.field == "" {
			*f.field = f.value
		}
	}
	if c.Remark == "" {
		c.Remark = c.Description
	}
	c.BaseURL = strings.TrimSuffix(c.BaseURL, "/")
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Client = web.Client(c.Client)
}

var (
	coordinate = regexp.MustCompile(`^[+-][0-9]{1,3}\.[0-9]{1,7}$`)
	version    = regexp.MustCompile(`^v[0-9]$`)
)

// maxCoordinate is the field's length.
const maxCoordinate = 10

func place(s string) bool { return len(s) <= maxCoordinate && coordinate.MatchString(s) }

func (c *Config) check() error {
	var wrong []string
	for _, n := range []struct {
		name string
		ok   bool
	}{
		{"AppID", c.AppID != "" && !strings.ContainsAny(c.AppID, "\"\r\n")}, {"AppKey", c.AppKey.Len() > 0},
		{"Merchant of 15 characters", len(c.Merchant) == 15 && len(c.ShownMerchant) == 15}, {"Terminal of 8 characters", len(c.Terminal) == 8 && len(c.ShownTerminal) == 8},
		{"Longitude and Latitude like +119.29129, or IP", place(c.Longitude) && place(c.Latitude) || c.IP != "" && c.Longitude == "" && c.Latitude == ""},
		{"Prefix of 4 letters or digits", c.Prefix == "" || len(c.Prefix) == lenPrefix && plain(c.Prefix)},
		{"NoticeKey with NotifyURL", c.NotifyURL == "" || c.NoticeKey.Len() > 0},
		{"PayVersion and Version like v4", version.MatchString(c.PayVersion) && version.MatchString(c.Version)},
	} {
		if !n.ok {
			wrong = append(wrong, n.name)
		}
	}
	if len(wrong) > 0 {
		return errors.New("missing or wrong: " + strings.Join(wrong, ", "))
	}
	if err := web.CheckBase(c.BaseURL); err != nil {
		return err
	}
	if u, err := url.Parse(c.NotifyURL); c.NotifyURL != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		return fmt.Errorf("NotifyURL %q: want https", c.NotifyURL)
	}
	return nil
}
