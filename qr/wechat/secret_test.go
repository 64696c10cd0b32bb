package wechat_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/qrtest"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/openecr/openecr/qr/wechat"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSecretsNeverPrint(t *testing.T) {
	key, err := wallet.ParseSigningKey([]byte(officialKey))
	require.NoError(t, err)
	bank := qrtest.NewBank(qrtest.BankConfig{})
	defer bank.Close()
	sim, err := qrtest.NewWeChat(bank, qrtest.WeChatConfig{Merchant: key, APIv3Key: "very-secret-api-v3-key-0123456789"[:32]})
	require.NoError(t, err)
	defer sim.Close()
	cfg := sim.Client()
	host, err := wechat.New(cfg)
	require.NoError(t, err)
	v2, err := sim.ClientV2()
	require.NoError(t, err)
	hostV2, err := wechat.NewV2(v2)
	require.NoError(t, err)
	driver, err := wallet.New(wallet.Config{Host: host})
	require.NoError(t, err)
	defer driver.Close()
	for _, v := range []any{cfg, &cfg, host, v2, &v2, hostV2, driver, key, &key} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			text := fmt.Sprintf(verb, v)
			for _, secret := range []string{"very-secret", "766572792d736563", "MIIEvg", "ABCDEF0123456789abcdef", "PRIVATE KEY"} {
				assert.NotContains(t, text, secret, "%s of %T", verb, v)
			}
		}
		if text, err := json.Marshal(v); err == nil {
			assert.NotContains(t, string(text), "very-secret")
		}
		var b bytes.Buffer
		slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "v", v)
		assert.NotContains(t, b.String(), "very-secret")
	}
	code := pos.NewSecret([]byte("134567890123456789"))
	bank.Inject(qrtest.Fault{Name: qrtest.HTML})
	_, err = host.Pay(t.Context(), wallet.Order{Number: "order-0001", Amount: pos.FromMinor(1, pos.CNY)}, code)
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "134567890123456789")
}
