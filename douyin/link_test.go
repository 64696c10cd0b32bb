package douyin_test

import (
	"crypto/tls"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/douyin"
	"github.com/openecr/openecr/douyin/douyintest"
)

func resolver(p *douyintest.Platform) *douyin.Resolver {
	return &douyin.Resolver{Dial: p.Dial, TLS: &tls.Config{RootCAs: p.Roots()}, Timeout: 5 * time.Second}
}

func TestAScannedLinkLeadsToAVoucher(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 50})
	ready := p.Of(douyintest.SetMeal)[0]
	for _, text := range []string{ready.Link, " " + ready.Link + "\r\n", strings.TrimSuffix(ready.Link, "/") + "/"} {
		s, err := resolver(p).Resolve(t.Context(), text)
		require.NoError(t, err)
		require.Equal(t, douyin.ScanData, s.Kind)
		require.True(t, s.Data.Equal(douyin.Hide(ready.Data)))
		got, err := merchant(t, p).Prepare(t.Context(), s.Request(douyintest.Shop))
		require.NoError(t, err)
		require.Equal(t, douyin.ID(ready.Order), got.Order)
	}
}

func TestTextsAreToldApart(t *testing.T) {
	for text, want := range map[string]douyin.ScanKind{
		"123456789012":                                            douyin.ScanCode,
		"1500 0000 0000 000":                                      douyin.ScanCode,
		"1500-0000-0000":                                          douyin.ScanCode,
		"https://v.douyin.com/abc/":                               douyin.ScanLink,
		"https://v.douyin.com/abc":                                douyin.ScanLink,
		"https://v.douyin.com:443/abc":                            douyin.ScanLink,
		"https://www.douyin.com/x?object_id=a+b":                  douyin.ScanData,
		"https://www.iesdouyin.com/x?app_id=1&encrypted_data=abc": douyin.ScanMiniProgram,
	} {
		s, err := douyin.ParseScan(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, s.Kind, text)
	}
	s, err := douyin.ParseScan("https://www.douyin.com/x?object_id=a+b/c%3D%3D")
	require.NoError(t, err)
	assert.True(t, s.Data.Equal(douyin.Hide("a+b/c==")))
	for _, text := range []string{"", "1234", "123456789012345678901", "12345678901x", "http://v.douyin.com/abc/", "https://v.douyin.com.evil.example/", "https://evildouyin.com/",
		"https://user@v.douyin.com/", "https://v.douyin.com:8443/", "ftp://v.douyin.com/", "https://127.0.0.1/", "https://evil.example/?object_id=1", "\xff", strings.Repeat("1", 5000)} {
		_, err := douyin.ParseScan(text)
		assert.ErrorIs(t, err, douyin.ErrNotOurs, "%.40q", text)
	}
}

func TestHostileLinksLeadNowhere(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 51})
	for name, link := range douyintest.HostileLinks {
		_, err := resolver(p).Resolve(t.Context(), link)
		assert.ErrorIs(t, err, douyin.ErrLink, name)
		assert.NotContains(t, err.Error(), "://", name)
	}
	_, err := resolver(p).Resolve(t.Context(), "https://v.douyin.com/unknown/")
	assert.ErrorIs(t, err, douyin.ErrLink)
}

func TestPrivateAddressesAreNotAsked(t *testing.T) {
	for text, want := range map[string]bool{
		"127.0.0.1": false, "10.0.0.1": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false, "0.0.0.0": false, "0.1.2.3": false,
		"224.0.0.1": false, "255.255.255.255": false, "240.0.0.1": false, "198.18.0.1": false, "192.0.2.1": false, "::1": false, "::": false, "fe80::1": false, "fc00::1": false, "ff02::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "64:ff9b::7f00:1": false, "2002:7f00:1::": false, "fe80::1%eth0": false,
		"8.8.8.8": true, "220.181.38.1": true, "2408:8000::1": true,
	} {
		assert.Equal(t, want, douyin.Public(netip.MustParseAddr(text)), text)
	}
	assert.Error(t, douyin.RefusePrivate("tcp", "127.0.0.1:443", nil))
	assert.Error(t, douyin.RefusePrivate("tcp", "[::1]:443", nil))
	assert.Error(t, douyin.RefusePrivate("tcp", "nonsense", nil))
	assert.NoError(t, douyin.RefusePrivate("tcp", "8.8.8.8:443", nil))
}
