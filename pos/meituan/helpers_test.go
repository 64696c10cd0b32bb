package meituan_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/meituan"
	"github.com/openecr/openecr/pos/meituan/meituantest"
	"github.com/openecr/openecr/pos/postest"
)

func secret(text string) pos.Secret { return pos.NewSecret([]byte(text)) }

func platform(t testing.TB, cfg meituantest.Config) *meituantest.Platform {
	t.Helper()
	p := meituantest.New(cfg)
	t.Cleanup(p.Close)
	return p
}

// call is how long a call may take in tests.
const call = 500 * time.Millisecond

func shop(t testing.TB, p *meituantest.Platform, b meituan.Business) *meituan.Shop {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	c, err := meituan.New(meituan.Config{Developer: meituantest.Developer, SignKey: secret(meituantest.SignKey), BaseURL: p.URL(), Clock: p.Now,
		Rate: 100_000, Timeout: call, HTTP: &http.Client{Transport: transport}})
	require.NoError(t, err)
	token := meituantest.DiningToken
	if b == meituan.Services {
		token = meituantest.ServicesToken
	}
	s, err := c.Shop(b, "shop-1", secret(token))
	require.NoError(t, err)
	return s
}

func seal(t testing.TB) cipher.AEAD {
	t.Helper()
	b, err := aes.NewCipher(bytes.Repeat([]byte{7}, 32))
	require.NoError(t, err)
	g, err := cipher.NewGCM(b)
	require.NoError(t, err)
	return g
}

// quick is the driver's patience in tests: nothing waits for real.
var quick = meituan.Timing{Quarantine: 150 * time.Millisecond, Retry: func(n int) (time.Duration, bool) { return time.Millisecond, n < 3 }}

var times = pos.Times{AskEvery: 5 * time.Millisecond, AskAtMost: 300 * time.Millisecond, Quarantine: 200 * time.Millisecond}

func driver(t testing.TB, cfg meituan.DriverConfig) *meituan.Driver {
	t.Helper()
	cfg.Seal, cfg.Accounts, cfg.Timing = seal(t), meituan.Accounts{ID: "till-1", Name: "收银一号"}, quick
	d, err := meituan.NewDriver(cfg)
	require.NoError(t, err)
	return d
}

// counter is a till before a simulated platform.
type counter struct {
	*pos.Till
	t       testing.TB
	p       *meituantest.Platform
	journal *postest.MemoryJournal
	cfg     meituan.DriverConfig
	b       meituan.Business
}

func newCounter(t testing.TB, b meituan.Business) *counter {
	t.Helper()
	c := &counter{t: t, p: platform(t, meituantest.Config{Slow: 5 * time.Millisecond}), journal: postest.NewMemoryJournal(), b: b}
	c.cfg.Shop = shop(t, c.p, b)
	c.open()
	return c
}

func (c *counter) open() {
	c.t.Helper()
	c.cfg.Book = c.journal
	till, err := pos.Open(c.t.Context(), pos.Config{ID: "lane", Journal: c.journal, Drivers: map[string]pos.Driver{"meituan": driver(c.t, c.cfg)}, Times: times})
	require.NoError(c.t, err)
	c.Till = till
	c.t.Cleanup(func() { till.Close() })
}

// restart ends the process and starts the next one.
func (c *counter) restart() {
	c.t.Helper()
	require.NoError(c.t, c.Till.Close())
	c.journal = c.journal.Reopen()
	c.open()
}

func (c *counter) sell(k meituantest.Kind) meituantest.Ready {
	return c.p.Sell(meituantest.Business(c.b), k)
}

// redeem uses n vouchers of a code's order.
func (c *counter) redeem(r meituantest.Ready, n int) (pos.Attempt, error) {
	c.t.Helper()
	req := pos.RedeemRequest{Code: secret(r.Code), Reference: "order-" + r.Order[12:]}
	if n > 1 {
		p, err := c.Preview(context.Background(), "", secret(r.Code))
		require.NoError(c.t, err)
		req.Uses = []pos.VoucherUse{{Voucher: p.Vouchers[0].ID, Times: n}}
	}
	return c.Redeem(context.Background(), req)
}

// agree fails unless journal and platform hold the same.
func (c *counter) agree() {
	c.t.Helper()
	for _, problem := range postest.Agree(context.Background(), c.journal, c.p.Net()) {
		c.t.Error(problem)
	}
}

// mend recovers until nothing is uncertain.
func (c *counter) mend() {
	c.t.Helper()
	for range 200 {
		if _, err := c.Recover(context.Background()); err == nil {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
	c.t.Error("something stays unresolved")
}

// silent fails if a code or key can be read from the journal.
func (c *counter) silent(hidden ...string) {
	c.t.Helper()
	all, err := c.journal.Find(c.t.Context(), pos.Filter{})
	require.NoError(c.t, err)
	b, err := json.Marshal(all)
	require.NoError(c.t, err)
	hides(c.t, string(b), append(hidden, meituantest.SignKey, meituantest.DiningToken, meituantest.ServicesToken)...)
}

// everyWay prints values in every way there is.
func everyWay(t testing.TB, values ...any) string {
	t.Helper()
	var out bytes.Buffer
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		if b, err := json.Marshal(v); err == nil {
			out.Write(b)
		}
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
	}
	return out.String()
}

func hides(t testing.TB, text string, secrets ...string) {
	t.Helper()
	for _, s := range secrets {
		require.NotEmpty(t, s)
		for _, form := range []string{s, fmt.Sprintf("%x", s), strings.Trim(fmt.Sprint([]byte(s)), "[]")} {
			if strings.Contains(text, form) {
				t.Errorf("%.4s… is shown", s)
			}
		}
	}
}
