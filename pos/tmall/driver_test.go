package tmall_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
	"github.com/openecr/openecr/pos/tmall"
	"github.com/openecr/openecr/pos/tmall/tmalltest"
)

func secret(text string) pos.Secret { return pos.NewSecret([]byte(text)) }

func plain(s pos.Secret) (text string) {
	s.Use(func(b []byte) { text = string(b) })
	return text
}

func platform(t testing.TB, cfg tmalltest.Config) *tmalltest.Platform {
	t.Helper()
	p := tmalltest.New(cfg)
	t.Cleanup(p.Close)
	return p
}

func client(t testing.TB, p *tmalltest.Platform, m tmall.Method) *tmall.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	c, err := tmall.New(tmall.Config{App: tmalltest.App, Secret: secret(tmalltest.Secret), Session: secret(tmalltest.Session), Sign: m, BaseURL: p.URL(),
		Clock: p.Now, Rate: 100_000, Timeout: 500 * time.Millisecond, HTTP: &http.Client{Transport: transport}})
	require.NoError(t, err)
	return c
}

// issued is the shop's own store of notices.
func issued(p *tmalltest.Platform) func(context.Context, pos.Secret) (tmall.Issued, error) {
	return func(_ context.Context, code pos.Secret) (tmall.Issued, error) {
		t, ok := p.Find(plain(code))
		if !ok {
			return tmall.Issued{}, fmt.Errorf("%w: no such ticket", pos.ErrDeclined)
		}
		return tmall.Issued{Order: tmall.ID(t.Order), Token: secret(t.Token), Worth: pos.FromMinor(t.Worth, pos.CNY), Price: pos.FromMinor(t.Price, pos.CNY)}, nil
	}
}

var times = pos.Times{AskEvery: 5 * time.Millisecond, AskAtMost: 300 * time.Millisecond, Quarantine: 200 * time.Millisecond}

func driver(t testing.TB, p *tmalltest.Platform, c *tmall.Client, book tmall.Book) *tmall.Driver {
	t.Helper()
	b, err := aes.NewCipher(bytes.Repeat([]byte{7}, 32))
	require.NoError(t, err)
	g, err := cipher.NewGCM(b)
	require.NoError(t, err)
	d, err := tmall.NewDriver(tmall.DriverConfig{Client: c, Issued: issued(p), Seal: g, Book: book, Timing: tmall.Timing{Quarantine: 150 * time.Millisecond}})
	require.NoError(t, err)
	return d
}

func TestTheDriverPassesTheSuite(t *testing.T) {
	p := platform(t, tmalltest.Config{Slow: 30 * time.Millisecond})
	c := client(t, p, "")
	c.Trade(t.Context(), "1") // connections are no leak
	postest.TestDriver(t, postest.Harness{
		Open: func(t *testing.T) pos.Driver { return driver(t, p, c, nil) },
		Net:  p.Net,
		Voucher: func(fen int64) pos.Secret {
			kind := tmalltest.Single
			if fen == 7000 {
				kind = tmalltest.WrongShop
			}
			return secret(p.Issue(kind).Code)
		},
		Currency: pos.CNY, Amount: 6600, Decline: 7000, Times: times, Slow: 10 * time.Millisecond,
		Lacks: []pos.Op{pos.OpCharge, pos.OpPreauth, pos.OpCompletion, pos.OpSettle, pos.OpRefund},
	})
}

// counter is a till before a simulated platform.
type counter struct {
	*pos.Till
	t       testing.TB
	p       *tmalltest.Platform
	c       *tmall.Client
	journal *postest.MemoryJournal
}

func newCounter(t testing.TB) *counter {
	t.Helper()
	c := &counter{t: t, p: platform(t, tmalltest.Config{Slow: 5 * time.Millisecond}), journal: postest.NewMemoryJournal()}
	c.c = client(t, c.p, "")
	c.open()
	return c
}

func (c *counter) open() {
	c.t.Helper()
	till, err := pos.Open(c.t.Context(), pos.Config{ID: "lane", Journal: c.journal, Times: times,
		Drivers: map[string]pos.Driver{"tmall": driver(c.t, c.p, c.c, c.journal)}})
	require.NoError(c.t, err)
	c.Till = till
	c.t.Cleanup(func() { till.Close() })
}

// mended restarts, recovers, and compares journal and books.
func (c *counter) mended() {
	c.t.Helper()
	require.NoError(c.t, c.Till.Close())
	c.journal = c.journal.Reopen()
	c.open()
	for range 200 {
		if _, err := c.Recover(context.Background()); err == nil {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	for _, problem := range postest.Agree(context.Background(), c.journal, c.p.Net()) {
		c.t.Error(problem)
	}
}

func (c *counter) redeem(k tmalltest.Kind, n int) (pos.Attempt, error) {
	c.t.Helper()
	ticket := c.p.Issue(k)
	r := pos.RedeemRequest{Code: secret(ticket.Code), Reference: "order-1"}
	if n > 1 {
		p, err := c.Preview(context.Background(), "", r.Code)
		require.NoError(c.t, err)
		r.Uses = []pos.VoucherUse{{Voucher: p.Vouchers[0].ID, Times: n}}
	}
	a, err := c.Redeem(context.Background(), r)
	b, jsonErr := json.Marshal(a)
	require.NoError(c.t, jsonErr)
	for _, hidden := range []string{ticket.Code, ticket.Token, tmalltest.Secret, tmalltest.Session} {
		assert.NotContains(c.t, string(b)+fmt.Sprint(err), hidden)
	}
	return a, err
}

func TestTicketsAreRedeemedAndTakenBack(t *testing.T) {
	c := newCounter(t)
	a, err := c.redeem(tmalltest.Multi, 3)
	require.NoError(t, err)
	assert.Equal(t, int64(6000), a.Approved.Minor())
	require.Len(t, a.Vouchers, 3)
	assert.NotEmpty(t, a.Vouchers[0].Reference)
	back, err := c.Void(t.Context(), pos.VoidRequest{Original: a.ID})
	require.NoError(t, err)
	assert.Equal(t, pos.VoucherUndone, back.Vouchers[2].Verdict)
	assert.Zero(t, c.p.Net())
	c.mended()
}

func TestWhatCannotBeRedeemedIsRefused(t *testing.T) {
	for _, k := range []tmalltest.Kind{tmalltest.Expired, tmalltest.Used} {
		c := newCounter(t)
		_, err := c.redeem(k, 1)
		assert.ErrorIs(t, err, pos.ErrInvalid)
		assert.Zero(t, c.p.Calls("eticket.consume"))
	}
	c := newCounter(t)
	_, err := c.Redeem(t.Context(), pos.RedeemRequest{Code: secret("999999999999"), Reference: "x"})
	assert.ErrorIs(t, err, pos.ErrDeclined)
	a, err := c.redeem(tmalltest.WrongShop, 1)
	assert.ErrorIs(t, err, pos.ErrDeclined)
	assert.Equal(t, "ret_code 0", a.Code)
	c.mended()
}

func TestEveryFaultEndsWithJournalAndPlatformAgreeing(t *testing.T) {
	for name := range tmalltest.Faults {
		for _, method := range []string{"eticket.consume", "eticket.reverse"} {
			t.Run(name+" at "+method, func(t *testing.T) {
				c := newCounter(t)
				c.p.Inject(name + "=" + method)
				a, err := c.redeem(tmalltest.Multi, 2)
				if err == nil {
					assert.Equal(t, int64(4000), c.p.Net(), "nil means redeemed")
					_, err := c.Void(t.Context(), pos.VoidRequest{Original: a.ID})
					assert.Equal(t, err == nil, c.p.Net() == 0, "nil means taken back: %v", err)
					assert.Zero(t, c.p.Armed())
				}
				c.mended()
			})
		}
	}
}

// While the log cannot be read nothing is decided.
func TestALostAnswerIsDecidedByTheLogAlone(t *testing.T) {
	c := newCounter(t)
	c.p.Inject("lose-answer=eticket.consume", "http-500=oplogs", "html=oplogs", "slow=oplogs")
	a, err := c.redeem(tmalltest.Single, 1)
	require.NoError(t, err)
	assert.Equal(t, pos.StateApproved, a.State)
	assert.Equal(t, 1, c.p.Calls("eticket.consume"))
	c.mended()
}

func TestTheWindowOfTheUndoIsThePlatforms(t *testing.T) {
	c := newCounter(t)
	a, err := c.redeem(tmalltest.Single, 1)
	require.NoError(t, err)
	c.p.Advance(2 * time.Hour)
	_, err = c.Void(t.Context(), pos.VoidRequest{Original: a.ID})
	assert.ErrorIs(t, err, pos.ErrDeclined)
	c.mended()
}

func TestTradesAndRefundsAreReadWhole(t *testing.T) {
	p := platform(t, tmalltest.Config{})
	p.Order(250)
	c := client(t, p, tmall.MD5)
	q := tmall.TradeQuery{From: p.Now().Add(-23 * time.Hour), To: p.Now(), Types: "eticket"}
	seen := map[tmall.ID]bool{}
	for tr, err := range c.Trades(t.Context(), q) {
		require.NoError(t, err)
		assert.Equal(t, tmall.Yuan(5800), tr.Payment)
		seen[tr.ID] = true
	}
	assert.Len(t, seen, 250)
	assert.True(t, seen["4100000000000000249"], "ids beyond 2^53 stay exact")
	n := 0
	for _, err := range c.TradeChanges(t.Context(), q) {
		require.NoError(t, err)
		n++
	}
	assert.Equal(t, 250, n)
	n = 0
	for r, err := range c.Refunds(t.Context(), q) {
		require.NoError(t, err)
		assert.Equal(t, tmall.Yuan(5800), r.Fee)
		n++
	}
	assert.Equal(t, 250, n)
	one, err := c.Trade(t.Context(), "4100000000000000007")
	require.NoError(t, err)
	assert.Equal(t, tmall.Yuan(6600), one.Orders.List[0].Price)
	_, err = c.Refund(t.Context(), "1")
	var e *tmall.Error
	require.True(t, errors.As(err, &e))
	assert.Equal(t, "isv.sim-not-found", e.Sub)
	assert.NotEmpty(t, e.Request)
	for _, bad := range []tmall.TradeQuery{{From: q.From, To: q.To}, {From: q.To, To: q.From, Types: "eticket"}, {From: q.From.AddDate(0, 0, -2), To: q.To, Types: "eticket"}} {
		for _, err := range c.TradeChanges(t.Context(), bad) {
			assert.ErrorIs(t, err, pos.ErrInvalid)
		}
	}
}
