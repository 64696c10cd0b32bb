package chinaums_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/chinaums"
	"github.com/openecr/openecr/qr/qrtest"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var anOrder = wallet.Order{Number: "order-1", Amount: pos.FromMinor(100, pos.CNY)}

func TestConfigurationsThatCannotWork(t *testing.T) {
	b := qrtest.NewBank(qrtest.BankConfig{})
	good := open(t, b, qrtest.ChinaUMSConfig{}).Client()
	_, err := chinaums.New(good)
	require.NoError(t, err)
	for name, spoil := range map[string]func(*chinaums.Config){
		"no place":           func(c *chinaums.Config) { c.Longitude, c.Latitude = "", "" },
		"half a place":       func(c *chinaums.Config) { c.Latitude = "" },
		"a place unsigned":   func(c *chinaums.Config) { c.Longitude = "119.29129" },
		"no key":             func(c *chinaums.Config) { c.AppKey = pos.Secret{} },
		"a short merchant":   func(c *chinaums.Config) { c.Merchant = "1" },
		"a long prefix":      func(c *chinaums.Config) { c.Prefix = "12345" },
		"notices unverified": func(c *chinaums.Config) { c.NoticeKey = pos.Secret{} },
		"plain http":         func(c *chinaums.Config) { c.BaseURL = "http://api-mop.chinaums.com" },
		"a header split":     func(c *chinaums.Config) { c.AppID = "a\", Timestamp=\"" },
	} {
		c := good
		spoil(&c)
		_, err := chinaums.New(c)
		require.ErrorIs(t, err, pos.ErrInvalid, name)
	}
}

func TestAClockThatIsOffSendsNothing(t *testing.T) {
	b := qrtest.NewBank(qrtest.BankConfig{})
	cfg := open(t, b, qrtest.ChinaUMSConfig{}).Client()
	cfg.Now = func() time.Time { return time.Now().Add(-6 * time.Minute) }
	h, err := chinaums.New(cfg)
	require.NoError(t, err)
	require.ErrorIs(t, h.Ready(t.Context(), anOrder), wallet.ErrClock)
	assert.Zero(t, b.Requests(qrtest.CallPay))
}

func TestAWrongKeyIsSaid(t *testing.T) {
	cfg := open(t, qrtest.NewBank(qrtest.BankConfig{}), qrtest.ChinaUMSConfig{}).Client()
	cfg.AppKey = pos.NewSecret([]byte("another"))
	h, err := chinaums.New(cfg)
	require.NoError(t, err)
	err = h.Ready(t.Context(), anOrder)
	require.ErrorContains(t, err, "BAD_SIGN")
	assert.NotContains(t, err.Error(), "another")
}

// TestCodesThatDecideNothing answers with codes of no table.
func TestCodesThatDecideNothing(t *testing.T) {
	answer := ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(answer)) }))
	defer srv.Close()
	cfg := open(t, qrtest.NewBank(qrtest.BankConfig{}), qrtest.ChinaUMSConfig{}).Client()
	cfg.BaseURL, cfg.Client, cfg.Refusals = srv.URL, nil, []string{"51"}
	h, err := chinaums.New(cfg)
	require.NoError(t, err)
	for _, v := range []struct {
		answer string
		want   wallet.State
	}{
		{`{"errCode":"00","transactionAmount":100}`, wallet.Paid}, {`{"errCode":"51"}`, wallet.Refused},
		{`{"errCode":"DUP_ORDER"}`, wallet.Unknown}, {`{"errCode":"NEW_CODE"}`, wallet.Unknown}, {`{"errCode":"0000"}`, wallet.Unknown},
	} {
		answer = v.answer
		a, err := h.Pay(t.Context(), anOrder, pos.NewSecret([]byte("130000000000000001")))
		require.NoError(t, err, v.answer)
		assert.Equal(t, v.want, a.State, v.answer)
	}
	for q, want := range map[string]wallet.State{"0": wallet.Paid, "1": wallet.Waiting, "2": wallet.Closed, "3": wallet.Partly, "4": wallet.Partly, "5": wallet.Refused,
		"FF": wallet.Waiting, "9": wallet.Unknown} {
		answer = fmt.Sprintf(`{"errCode":"00","queryResCode":%q,"originalTransactionAmount":"100","merchantOrderId":"order-1"}`, q)
		a, err := h.Query(t.Context(), anOrder)
		require.NoError(t, err, q)
		assert.Equal(t, want, a.State, q)
	}
	for _, answer = range []string{"<html>PAID</html>", "", `{"errCode":"00"}`, `{"errCode":"00","transactionAmount":-1}`} {
		_, err := h.Pay(t.Context(), anOrder, pos.NewSecret([]byte("130000000000000001")))
		require.Error(t, err, answer)
	}
}

func TestNotices(t *testing.T) {
	b := qrtest.NewBank(qrtest.BankConfig{Quiet: true})
	cfg := open(t, b, qrtest.ChinaUMSConfig{}).Client()
	h, err := chinaums.New(cfg)
	require.NoError(t, err)
	b.Customers(qrtest.Never())
	o := anOrder
	o.Shown, o.Began = true, time.Now()
	_, err = h.Show(t.Context(), o)
	require.NoError(t, err)
	var heard []wallet.Hearing
	d, err := wallet.New(wallet.Config{Host: h, Heard: func(x wallet.Hearing) { heard = append(heard, x) }})
	require.NoError(t, err)
	post := func(form url.Values) wallet.Hearing {
		w := httptest.NewRecorder()
		d.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form.Encode())))
		return heard[len(heard)-1]
	}
	signed := func(mid string) url.Values {
		f := url.Values{"notifyId": {"N1"}, "mid": {mid}, "billNo": {chinaums.BillNo(cfg.Prefix, o.Number)}, "srcReserve": {o.Number}, "billStatus": {"PAID"},
			"totalAmount": {"100"}, "billDate": {o.Began.In(wallet.China).Format(time.DateOnly)}, "signType": {"SHA256"}}
		f.Set("sign", chinaums.NoticeSign(f, cfg.NoticeKey))
		return f
	}
	forged := signed(cfg.Merchant)
	forged.Set("totalAmount", "1")
	require.ErrorIs(t, post(forged).Err, wallet.ErrForged)
	require.ErrorIs(t, post(url.Values{}).Err, wallet.ErrForged)
	require.ErrorIs(t, post(signed("999999999999999")).Err, wallet.ErrMismatch)
	first := post(signed(cfg.Merchant))
	require.NoError(t, first.Err)
	assert.Equal(t, wallet.Waiting, first.Confirmed.State, "only the platform's own answer counts")
	assert.True(t, post(signed(cfg.Merchant)).Again)
}

func TestSecretsDoNotPrint(t *testing.T) {
	const secret = "5ecret5ecret5ecret"
	cfg := open(t, qrtest.NewBank(qrtest.BankConfig{}), qrtest.ChinaUMSConfig{}).Client()
	cfg.AppKey, cfg.NoticeKey = pos.NewSecret([]byte(secret)), pos.NewSecret([]byte(secret))
	h, err := chinaums.New(cfg)
	require.NoError(t, err)
	var log strings.Builder
	for _, v := range []any{cfg, &cfg, h} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			assert.NotContains(t, fmt.Sprintf(verb, v), secret)
		}
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
	}
	assert.NotContains(t, log.String(), secret)
	assert.NotContains(t, fmt.Sprint(h.Ready(t.Context(), anOrder)), secret)
}

// TestThePlatformNotifies: a simulated platform's own notification is confirmed, and repeated until it is taken.
func TestThePlatformNotifies(t *testing.T) {
	b := qrtest.NewBank(qrtest.BankConfig{Quiet: true, Scan: 20 * time.Millisecond})
	heard := make(chan wallet.Hearing, 8)
	var d *wallet.Driver
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { d.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	h, err := chinaums.New(open(t, b, qrtest.ChinaUMSConfig{Notify: srv.URL}).Client())
	require.NoError(t, err)
	d, err = wallet.New(wallet.Config{Host: h, Heard: func(x wallet.Hearing) { heard <- x }, Known: func(context.Context, string) bool { return true }})
	require.NoError(t, err)
	b.Inject(qrtest.Fault{Name: qrtest.NoticeForged, On: qrtest.CallNotice})
	o := wallet.Order{Number: "order-9", Amount: pos.FromMinor(100, pos.CNY), Shown: true, Began: time.Now()}
	require.NoError(t, h.Ready(t.Context(), o))
	_, err = h.Show(t.Context(), o)
	require.NoError(t, err)
	first, second := <-heard, <-heard
	require.ErrorIs(t, first.Err, wallet.ErrForged)
	require.NoError(t, second.Err)
	assert.Equal(t, wallet.Paid, second.Confirmed.State)
	assert.Equal(t, o.Number, second.Notice.Order)
}
