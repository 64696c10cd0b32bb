package alipay_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/alipay"
	"github.com/openecr/openecr/qr/qrtest"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// notice makes the form of a payment's notification; change alters it before it is signed.
func notice(t testing.TB, change func(url.Values)) url.Values {
	cfg := config()
	p := url.Values{}
	for k, v := range map[string]string{"notify_time": time.Now().In(wallet.China).Format(time.DateTime), "notify_id": "n-1", "notify_type": "trade_status_sync",
		"app_id": cfg.AppID, "seller_id": cfg.SellerID, "charset": "utf-8", "version": "1.0", "sign_type": "RSA2", "trade_no": "22",
		"out_trade_no": "lane-3-1", "trade_status": "TRADE_SUCCESS", "total_amount": "12.80", "subject": "茶 & 100%", "gmt_payment": "2026-05-01 12:00:00"} {
		p.Set(k, v)
	}
	if change != nil {
		change(p)
	}
	p.Set("sign", signature(t, string(alipay.NoticeMessage(p))))
	return p
}

func TestNotice(t *testing.T) {
	h, err := alipay.New(config())
	require.NoError(t, err)
	n, err := h.Notice(t.Context(), nil, []byte(notice(t, nil).Encode()))
	require.NoError(t, err)
	assert.Equal(t, "n-1", n.ID)
	assert.Equal(t, "lane-3-1", n.Order)
	assert.Equal(t, wallet.Paid, n.Answer.State)
	assert.Equal(t, pos.FromMinor(1280, pos.CNY), n.Answer.Amount)
	assert.Empty(t, n.Refund)

	n, err = h.Notice(t.Context(), nil, []byte(notice(t, func(p url.Values) { p.Set("out_biz_no", "r-1"); p.Set("refund_fee", "8.00") }).Encode()))
	require.NoError(t, err)
	assert.Equal(t, "r-1", n.Refund)
	assert.Zero(t, n.Answer.Amount, "refund_fee is of all refunds")
}

func TestNoticesThatAreRefused(t *testing.T) {
	h, err := alipay.New(config())
	require.NoError(t, err)
	set := func(k, v string) func(url.Values) { return func(p url.Values) { p.Set(k, v) } }
	ago := func(d time.Duration) string { return time.Now().Add(-d).In(wallet.China).Format(time.DateTime) }
	for _, c := range []struct {
		name   string
		change func(url.Values) // before it is signed
		after  func(url.Values)
		want   error
	}{
		{"the amount changed on the way", nil, set("total_amount", "0.01"), wallet.ErrForged},
		{"another order", nil, set("out_trade_no", "lane-3-2"), wallet.ErrForged},
		{"a parameter added", nil, set("fund_bill_list", "[]"), wallet.ErrForged},
		{"no signature", nil, func(p url.Values) { p.Del("sign") }, wallet.ErrForged},
		{"the older signature", set("sign_type", "RSA"), nil, wallet.ErrForged},
		{"the order twice", nil, func(p url.Values) { p.Add("out_trade_no", "lane-3-2") }, wallet.ErrForged},
		{"of another application", set("app_id", "2021000000000002"), nil, wallet.ErrMismatch},
		{"of another merchant", set("seller_id", "2088000000000002"), nil, wallet.ErrMismatch},
		{"of no merchant", func(p url.Values) { p.Del("seller_id") }, nil, wallet.ErrMismatch},
		{"six minutes old", set("notify_time", ago(6*time.Minute)), nil, wallet.ErrStale},
		{"of the future", set("notify_time", ago(-6*time.Minute)), nil, wallet.ErrStale},
		{"without a time", func(p url.Values) { p.Del("notify_time") }, nil, wallet.ErrStale},
		{"paid without amount", func(p url.Values) { p.Del("total_amount") }, nil, wallet.ErrMismatch},
		{"without an id", func(p url.Values) { p.Del("notify_id") }, nil, nil},
		{"without an order", func(p url.Values) { p.Del("out_trade_no") }, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := notice(t, c.change)
			if c.after != nil {
				c.after(p)
			}
			n, err := h.Notice(t.Context(), nil, []byte(p.Encode()))
			require.Error(t, err)
			assert.Zero(t, n)
			if c.want != nil {
				assert.ErrorIs(t, err, c.want)
			}
		})
	}
}

func TestAcknowledge(t *testing.T) {
	h, err := alipay.New(config())
	require.NoError(t, err)
	for word, err := range map[string]error{"success": nil, "failure": errors.New("no")} {
		w := httptest.NewRecorder()
		h.Acknowledge(w, err)
		assert.Equal(t, word, w.Body.String(), "the seven characters and nothing else")
		assert.Equal(t, http.StatusOK, w.Code)
	}
}

// heard collects what a shop's server is told.
type heard struct {
	mu   sync.Mutex
	list []wallet.Hearing
}

func (h *heard) add(x wallet.Hearing) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = append(h.list, x)
}

func (h *heard) find(ok func(wallet.Hearing) bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, x := range h.list {
		if ok(x) {
			return true
		}
	}
	return false
}

// TestNotificationsOverTheLine: the simulator sends them, with every fault, and the driver asks.
func TestNotificationsOverTheLine(t *testing.T) {
	confirmed := func(x wallet.Hearing) bool { return x.Err == nil && x.Confirmed.State == wallet.Paid }
	for fault, want := range map[qrtest.FaultName]func(wallet.Hearing) bool{
		"":                  confirmed,
		qrtest.NoticeLate:   confirmed,
		qrtest.NoticeTwice:  func(x wallet.Hearing) bool { return x.Again },
		qrtest.NoticeForged: func(x wallet.Hearing) bool { return errors.Is(x.Err, wallet.ErrForged) },
		qrtest.NoticeOld:    func(x wallet.Hearing) bool { return errors.Is(x.Err, wallet.ErrStale) },
		qrtest.NoticeWrong:  func(x wallet.Hearing) bool { return errors.Is(x.Err, wallet.ErrMismatch) },
	} {
		t.Run(string(fault), func(t *testing.T) {
			var driver *wallet.Driver
			shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { driver.ServeHTTP(w, r) }))
			defer shop.Close()
			bank := qrtest.NewBank(qrtest.BankConfig{Quiet: true})
			defer bank.Close()
			sim, err := qrtest.NewAlipay(bank, qrtest.AlipayConfig{Notify: shop.URL})
			require.NoError(t, err)
			defer sim.Close()
			host, err := alipay.New(sim.Client())
			require.NoError(t, err)
			var ears heard
			driver, err = wallet.New(wallet.Config{Host: host, Heard: ears.add,
				Known: func(_ context.Context, order string) bool { return order == anOrder.Number }})
			require.NoError(t, err)
			if fault != "" {
				bank.Inject(qrtest.Fault{Name: fault, On: qrtest.CallNotice, After: 20 * time.Millisecond})
			}
			a, err := host.Pay(t.Context(), anOrder, aCode)
			require.NoError(t, err)
			require.Equal(t, wallet.Paid, a.State)
			require.Eventually(t, func() bool { return ears.find(want) }, 5*time.Second, 5*time.Millisecond)
			require.Eventually(t, func() bool { return ears.find(confirmed) }, 5*time.Second, 5*time.Millisecond, "it comes again, and is confirmed")
			assert.False(t, ears.find(func(x wallet.Hearing) bool { return x.Err == nil && !x.Known }))
		})
	}
}

func TestNoticeOfAnOrderNeverMade(t *testing.T) {
	bank := qrtest.NewBank(qrtest.BankConfig{})
	defer bank.Close()
	sim, err := qrtest.NewAlipay(bank, qrtest.AlipayConfig{})
	require.NoError(t, err)
	defer sim.Close()
	cfg := sim.Client()
	cfg.AlipayKey = keys()[1].Public() // a signature that holds, of a notification that lies
	h, err := alipay.New(cfg)
	require.NoError(t, err)
	var ears heard
	d, err := wallet.New(wallet.Config{Host: h, Heard: ears.add})
	require.NoError(t, err)
	p := notice(t, func(p url.Values) { p.Set("app_id", cfg.AppID); p.Set("seller_id", cfg.SellerID) })
	r := httptest.NewRequest(http.MethodPost, "/alipay", strings.NewReader(p.Encode()))
	d.ServeHTTP(httptest.NewRecorder(), r)
	assert.True(t, ears.find(func(x wallet.Hearing) bool { return x.Notice.Order == "lane-3-1" && !x.Known }))
	assert.False(t, ears.find(func(x wallet.Hearing) bool { return x.Confirmed.State == wallet.Paid }))
}

func FuzzNotice(f *testing.F) {
	h, err := alipay.New(config())
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(notice(f, nil).Encode() + "x"))
	f.Add([]byte("sign=AAAA&sign_type=RSA2&out_trade_no=1"))
	f.Add([]byte("%zz"))
	good := notice(f, nil)
	f.Fuzz(func(t *testing.T, body []byte) {
		n, err := h.Notice(t.Context(), nil, body)
		if err != nil {
			return
		}
		if p, perr := url.ParseQuery(string(body)); perr != nil || p.Get("sign") != good.Get("sign") || n.Order != "lane-3-1" {
			t.Errorf("%q passes for a notification of Alipay", body)
		}
	})
}
