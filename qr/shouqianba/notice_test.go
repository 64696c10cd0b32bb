package shouqianba_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/qrtest"
	"github.com/openecr/openecr/qr/shouqianba"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestNoticesAreHints: whoever sends one, only the platform's own answer counts.
func TestNoticesAreHints(t *testing.T) {
	b := qrtest.NewBank(qrtest.BankConfig{Quiet: true})
	h, err := shouqianba.New(open(t, b, qrtest.ShouqianbaConfig{}).Client())
	require.NoError(t, err)
	b.Customers(qrtest.Never(), qrtest.AtOnce())
	require.NoError(t, h.Ready(t.Context(), anOrder))
	_, err = h.Pay(t.Context(), anOrder, pos.NewSecret([]byte("130000000000000001")))
	require.NoError(t, err)
	var heard []wallet.Hearing
	d, err := wallet.New(wallet.Config{Host: h, Heard: func(x wallet.Hearing) { heard = append(heard, x) }})
	require.NoError(t, err)
	post := func(body string) (int, string) {
		w := httptest.NewRecorder()
		d.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)))
		return w.Code, w.Body.String()
	}
	claim := `{"sn":"7894","client_sn":"order-1","order_status":"PAID","status":"SUCCESS","total_amount":"100"}`
	for range 2 {
		code, said := post(claim)
		assert.Equal(t, 200, code)
		assert.Equal(t, "success", said)
	}
	assert.Equal(t, wallet.Waiting, heard[0].Confirmed.State, "a forged claim of payment")
	assert.False(t, heard[0].Again)
	assert.True(t, heard[1].Again, "replayed")
	post(strings.Replace(claim, `"sn"`, `"terminal_sn":"2","sn"`, 1))
	require.ErrorIs(t, heard[2].Err, wallet.ErrMismatch, "another terminal's")
	code, _ := post("<html>")
	assert.Equal(t, 500, code)
}

// TestThePlatformNotifies: a simulated platform's own notification is confirmed, and repeated until it is taken.
func TestThePlatformNotifies(t *testing.T) {
	b := qrtest.NewBank(qrtest.BankConfig{Quiet: true, Scan: 20 * time.Millisecond})
	heard := make(chan wallet.Hearing, 8)
	var d *wallet.Driver
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { d.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	h, err := shouqianba.New(open(t, b, qrtest.ShouqianbaConfig{Notify: srv.URL}).Client())
	require.NoError(t, err)
	d, err = wallet.New(wallet.Config{Host: h, Heard: func(x wallet.Hearing) { heard <- x }, Known: func(context.Context, string) bool { return true }})
	require.NoError(t, err)
	b.Inject(qrtest.Fault{Name: qrtest.NoticeWrong, On: qrtest.CallNotice})
	o := wallet.Order{Number: "order-9", Amount: pos.FromMinor(100, pos.CNY), Shown: true, Began: time.Now()}
	require.NoError(t, h.Ready(t.Context(), o))
	_, err = h.Show(t.Context(), o)
	require.NoError(t, err)
	first, second := <-heard, <-heard
	require.ErrorIs(t, first.Err, wallet.ErrMismatch)
	require.NoError(t, second.Err)
	assert.Equal(t, wallet.Paid, second.Confirmed.State)
	assert.Equal(t, o.Number, second.Notice.Order)
}
