package douyin

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/openecr/openecr/pos"
)

// Production is the platform's address. There is no sandbox for vouchers; see
// package douyintest.
const Production = "https://open.douyin.com"

const (
	// CallTimeout ends one request that was given no other time.
	CallTimeout = 10 * time.Second
	// BodyMax is how long an answer may be.
	BodyMax = 4 << 20
	// headersMax is how long its headers may be.
	headersMax = 64 << 10
	// idleConns stay open for the next call: those of one till.
	idleConns = 16
)

// Config describes an app at the platform. App and Secret have no default.
type Config struct {
	// App is the app's client_key, Secret its client_secret.
	App    string
	Secret pos.Secret
	// BaseURL is Production if empty. Plain http is taken for loopback addresses only.
	BaseURL string
	// HTTP sends the requests; nil is a client of its own. Only its Transport is
	// used: redirects are never followed, and Timeout below ends a request.
	HTTP *http.Client
	// Token chooses the kind of token; empty is StableToken.
	Token TokenKind
	// Tokens shares them with other tills; nil keeps them for this Client alone.
	Tokens TokenStore
	// Clock tells the time; nil is time.Now. It may be wrong: see Client.Now.
	Clock func() time.Time
	// Timeout ends one request; zero is CallTimeout.
	Timeout time.Duration
	// Limits replaces the calls a second that the Client allows itself; negative is
	// no limit. Every Client counts for itself, the platform counts the app.
	Limits map[Endpoint]float64
	// BodyMax bounds an answer in bytes; zero is BodyMax.
	BodyMax int64
}

// Client speaks for one app. It starts no goroutine of its own and needs no
// Close. Safe for concurrent use.
type Client struct {
	cfg      Config
	base     *url.URL
	http     *http.Client
	buckets  map[Endpoint]*bucket
	current  atomic.Pointer[Token]
	fetching chan struct{}
	skew     atomic.Int64 // nanoseconds the platform's clock is ahead of ours
}

// New checks cfg and makes a Client. It sends nothing.
func New(cfg Config) (*Client, error) {
	if cfg.App == "" || cfg.Secret.Len() == 0 {
		return nil, errors.New("douyin: Config.App and Config.Secret are needed")
	}
	if cfg.BaseURL == "" {
		cfg.BaseURL = Production
	}
	base, err := baseURL(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	switch cfg.Token {
	case "":
		cfg.Token = StableToken
	case StableToken, PlainToken:
	default:
		return nil, fmt.Errorf("douyin: token kind %q is not known", cfg.Token)
	}
	if cfg.Tokens == nil {
		cfg.Tokens = &MemoryTokens{}
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = CallTimeout
	}
	if cfg.BodyMax == 0 {
		cfg.BodyMax = BodyMax
	}
	c := &Client{cfg: cfg, base: base, http: hardened(cfg.HTTP), buckets: map[Endpoint]*bucket{}, fetching: make(chan struct{}, 1)}
	for ep, t := range traits {
		rate, ok := cfg.Limits[ep]
		if !ok {
			rate = t.rate
		}
		c.buckets[ep] = newBucket(rate)
	}
	return c, nil
}

// Unlimited are limits for a platform that has none, as a simulated one.
func Unlimited() map[Endpoint]float64 {
	limits := map[Endpoint]float64{}
	for ep := range traits {
		limits[ep] = -1
	}
	return limits
}

func baseURL(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSuffix(text, "/"))
	if err != nil {
		return nil, fmt.Errorf("douyin: base URL: %w", err)
	}
	plain := u.Scheme == "http" && isLoopback(u.Hostname())
	if u.Host == "" || u.User != nil || u.RawQuery != "" || u.Scheme != "https" && !plain {
		return nil, errors.New("douyin: the base URL must be https://host, or http:// on loopback")
	}
	return u, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// hardened takes over the transport and follows no redirect: a token must not
// travel to another host.
func hardened(given *http.Client) *http.Client {
	own := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if given != nil && given.Transport != nil {
		own.Transport = given.Transport
		return own
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxResponseHeaderBytes, t.MaxIdleConnsPerHost = headersMax, idleConns
	own.Transport = t
	return own
}

// Now is the platform's time: our clock, corrected by what the platform said
// last. Before the first answer it is our clock.
func (c *Client) Now() time.Time { return c.cfg.Clock().Add(time.Duration(c.skew.Load())) }

// Skew is how far the platform's clock is ahead of ours; zero before the first answer.
func (c *Client) Skew() time.Duration { return time.Duration(c.skew.Load()) }

// skewGrain is what the second of a Date header cannot tell.
const skewGrain = 2 * time.Second

// observe learns from a moment the platform named in an answer.
func (c *Client) observe(platform time.Time) {
	if platform.IsZero() {
		return
	}
	d := platform.Sub(c.cfg.Clock())
	if off := d - time.Duration(c.skew.Load()); off > skewGrain || off < -skewGrain {
		c.skew.Store(int64(d))
	}
}

// Merchant is a merchant (商家) for whom the app acts. Safe for concurrent use.
type Merchant struct {
	c       *Client
	account ID
}

// Merchant acts for the merchant whose root account (来客 根账户) is account. It
// goes with every call as the header Rpc-Transit-Life-Account, and as account_id
// where a call wants one. Empty is right only for a shop's own app
// (商家自研) and for calls that name no account.
func (c *Client) Merchant(account ID) *Merchant { return &Merchant{c, account} }

// Account is the merchant's root account.
func (m *Merchant) Account() ID { return m.account }

// Client is the app's.
func (m *Merchant) Client() *Client { return m.c }
