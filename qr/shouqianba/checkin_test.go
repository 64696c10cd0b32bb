package shouqianba_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
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

var anOrder = wallet.Order{Number: "order-1", Amount: pos.FromMinor(100, pos.CNY)}

func keyOf(t *testing.T, s shouqianba.Store) (key string) {
	t.Helper()
	got, err := s.Load(t.Context())
	require.NoError(t, err)
	got.Key.Use(func(b []byte) { key = string(b) })
	return key
}

func TestActivationIsDoneOnceAndKept(t *testing.T) {
	b := qrtest.NewBank(qrtest.BankConfig{})
	sim := open(t, b, qrtest.ShouqianbaConfig{})
	store := shouqianba.FileStore{Path: filepath.Join(t.TempDir(), "terminal.json")}
	_, err := shouqianba.New(shouqianba.Config{Store: store, DeviceID: "d", Operator: "o"})
	require.ErrorIs(t, err, shouqianba.ErrNotActivated)

	made, err := shouqianba.Activate(t.Context(), sim.Activation(store))
	require.NoError(t, err)
	_, err = shouqianba.Activate(t.Context(), sim.Activation(store))
	require.ErrorIs(t, err, shouqianba.ErrActivated)
	_, err = shouqianba.Activate(t.Context(), sim.Activation(&shouqianba.MemoryStore{}))
	require.Error(t, err, "the code is used up")

	cfg := sim.Client()
	cfg.Store = store
	h, err := shouqianba.New(cfg)
	require.NoError(t, err)
	assert.Equal(t, "shouqianba:"+made.Serial, h.Device())
	require.NoError(t, h.Ready(t.Context(), anOrder))
	a, err := h.Pay(t.Context(), anOrder, pos.NewSecret([]byte("130000000000000001")))
	require.NoError(t, err)
	assert.Equal(t, wallet.Paid, a.State)
}

func TestActivationFails(t *testing.T) {
	for _, f := range []qrtest.FaultName{qrtest.LoseRequest, qrtest.LoseAnswer, qrtest.HTML, qrtest.Empty, qrtest.Broken500, qrtest.SystemError} {
		b := qrtest.NewBank(qrtest.BankConfig{})
		sim := open(t, b, qrtest.ShouqianbaConfig{})
		b.Inject(qrtest.Fault{Name: f, On: qrtest.CallKeys})
		store := &shouqianba.MemoryStore{}
		_, err := shouqianba.Activate(t.Context(), sim.Activation(store))
		var werr *wallet.Error
		require.ErrorAs(t, err, &werr, f)
		_, err = store.Load(t.Context())
		require.ErrorIs(t, err, shouqianba.ErrNotActivated, "%s: half an identity was saved", f)
	}
	b := qrtest.NewBank(qrtest.BankConfig{})
	wrong := open(t, b, qrtest.ShouqianbaConfig{}).Activation(&shouqianba.MemoryStore{})
	wrong.VendorKey = pos.NewSecret([]byte("another"))
	_, err := shouqianba.Activate(t.Context(), wrong)
	require.ErrorContains(t, err, "ILLEGAL_SIGN")
}

func TestTheDaysFirstPaymentChecksIn(t *testing.T) {
	now := time.Date(2026, 11, 22, 23, 59, 0, 0, wallet.China)
	b := qrtest.NewBank(qrtest.BankConfig{Now: func() time.Time { return now }})
	sim := open(t, b, qrtest.ShouqianbaConfig{})
	cfg := sim.Client()
	h, err := shouqianba.New(cfg)
	require.NoError(t, err)
	first := keyOf(t, cfg.Store)
	for range 2 {
		require.NoError(t, h.Ready(t.Context(), anOrder))
	}
	assert.Equal(t, 1, b.Requests(qrtest.CallKeys), "once a day")
	assert.NotEqual(t, first, keyOf(t, cfg.Store), "the new key is written down")
	now = now.Add(2 * time.Minute)
	require.NoError(t, h.Ready(t.Context(), anOrder))
	assert.Equal(t, 2, b.Requests(qrtest.CallKeys))
}

func TestALostCheckInIsAskedAgainWithTheOldKey(t *testing.T) {
	for _, f := range []qrtest.FaultName{qrtest.LoseRequest, qrtest.LoseAnswer, qrtest.Applied500, qrtest.Broken500, qrtest.HTML, qrtest.Empty} {
		b := qrtest.NewBank(qrtest.BankConfig{})
		h, err := shouqianba.New(open(t, b, qrtest.ShouqianbaConfig{}).Client())
		require.NoError(t, err)
		b.Inject(qrtest.Fault{Name: f, On: qrtest.CallKeys})
		require.NoError(t, h.Ready(t.Context(), anOrder), f)
		_, err = h.Query(t.Context(), anOrder)
		require.NoError(t, err, f)
	}
}

func TestTwoLostCheckInsLockTheTerminalOutAndSaySo(t *testing.T) {
	b := qrtest.NewBank(qrtest.BankConfig{})
	h, err := shouqianba.New(open(t, b, qrtest.ShouqianbaConfig{}).Client())
	require.NoError(t, err)
	b.Inject(qrtest.Fault{Name: qrtest.LoseAnswer, On: qrtest.CallKeys, Times: 2})
	require.Error(t, h.Ready(t.Context(), anOrder))
	require.ErrorContains(t, h.Ready(t.Context(), anOrder), "ILLEGAL_SIGN")
	assert.Zero(t, b.Requests(qrtest.CallPay))
}

// brokenStore cannot write: the disk is full, or the process dies between the answer and the file.
type brokenStore struct {
	shouqianba.Store
	broken bool
}

func (s *brokenStore) Save(ctx context.Context, t shouqianba.Terminal) error {
	if s.broken {
		return errors.New("no space left")
	}
	return s.Store.Save(ctx, t)
}

func TestANewKeyIsNotUsedBeforeItIsSaved(t *testing.T) {
	b := qrtest.NewBank(qrtest.BankConfig{})
	cfg := open(t, b, qrtest.ShouqianbaConfig{}).Client()
	store := &brokenStore{Store: cfg.Store, broken: true}
	cfg.Store = store
	h, err := shouqianba.New(cfg)
	require.NoError(t, err)
	for range 3 {
		require.ErrorContains(t, h.Ready(t.Context(), anOrder), "not saved")
	}
	assert.Equal(t, 1, b.Requests(qrtest.CallKeys), "asking again would lock the terminal out")
	_, err = h.Query(t.Context(), anOrder)
	require.NoError(t, err, "the key before still works")

	next, err := shouqianba.New(cfg) // the process died here: the next one has the old key
	require.NoError(t, err)
	store.broken = false
	require.NoError(t, next.Ready(t.Context(), anOrder))
}

func TestARefusedKeyIsRenewedForQuestionsAndNeverForPayments(t *testing.T) {
	b := qrtest.NewBank(qrtest.BankConfig{})
	sim := open(t, b, qrtest.ShouqianbaConfig{})
	h, err := shouqianba.New(sim.Client())
	require.NoError(t, err)
	require.NoError(t, h.Ready(t.Context(), anOrder))
	sim.Expire()
	a, err := h.Pay(t.Context(), anOrder, pos.NewSecret([]byte("130000000000000001")))
	require.NoError(t, err)
	assert.Equal(t, wallet.Refused, a.State)
	assert.Equal(t, 1, b.Requests(qrtest.CallPay), "a payment is sent once")
	require.NoError(t, h.Ready(t.Context(), anOrder))
	sim.Expire()
	a, err = h.Query(t.Context(), anOrder)
	require.NoError(t, err)
	assert.Equal(t, wallet.Missing, a.State)
}

func TestFileStoreIsPrivateAndWhole(t *testing.T) {
	s := shouqianba.FileStore{Path: filepath.Join(t.TempDir(), "terminal.json")}
	require.NoError(t, s.Save(t.Context(), shouqianba.Terminal{Serial: "1", Key: pos.NewSecret([]byte("secret-key")), Day: "2026-11-22"}))
	got, err := s.Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "1 2026-11-22", got.Serial+" "+got.Day)
	assert.Equal(t, "secret-key", keyOf(t, s))
	if runtime.GOOS != "windows" {
		info, err := os.Stat(s.Path)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		require.NoError(t, os.Chmod(s.Path, 0o644))
		_, err = s.Load(t.Context())
		require.ErrorIs(t, err, shouqianba.ErrStore)
		require.NoError(t, os.Chmod(s.Path, 0o600))
	}
	for _, text := range []string{"", "{}", `{"terminal_sn":"1"}`, strings.Repeat(" ", 5000)} {
		require.NoError(t, os.WriteFile(s.Path, []byte(text), 0o600))
		_, err = s.Load(t.Context())
		require.ErrorIs(t, err, shouqianba.ErrStore)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	const secret = "5ecret5ecret5ecret"
	key := pos.NewSecret([]byte(secret))
	terminal := shouqianba.Terminal{Serial: "1", Key: key}
	h, err := shouqianba.New(shouqianba.Config{Store: shouqianba.NewMemoryStore(terminal), DeviceID: "d", Operator: "o"})
	require.NoError(t, err)
	var log strings.Builder
	for _, v := range []any{terminal, &terminal, shouqianba.Activation{VendorKey: key}, shouqianba.Config{Store: shouqianba.NewMemoryStore(terminal)}, h} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			assert.NotContains(t, fmt.Sprintf(verb, v), secret)
		}
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
	}
	text, err := json.Marshal(terminal)
	require.NoError(t, err)
	assert.NotContains(t, string(text)+log.String(), secret)
}
