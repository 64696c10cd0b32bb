package douyin_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/douyin"
	"github.com/openecr/openecr/douyin/douyintest"
)

func TestFiveHundredTillsFetchOneToken(t *testing.T) {
	for _, kind := range []douyin.TokenKind{douyin.StableToken, douyin.PlainToken} {
		for name, store := range map[string]douyin.TokenStore{"memory": &douyin.MemoryTokens{}, "files": &douyin.FileTokens{Dir: t.TempDir()}} {
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				p := platform(t, douyintest.Config{Seed: 40})
				cfg := config(t, p)
				cfg.Token, cfg.Tokens = kind, store
				if name == "files" {
					cfg.Tokens = &douyin.FileTokens{Dir: t.TempDir()}
				}
				var group sync.WaitGroup
				for range 500 {
					m := client(t, cfg).Merchant(douyintest.Account)
					group.Go(func() {
						_, _, err := m.Shops(t.Context(), douyin.ShopQuery{})
						assert.NoError(t, err)
					})
				}
				group.Wait()
				require.Equal(t, 1, p.TokenFetches())
				p.Advance(119*time.Minute + 30*time.Second)
				p.ExpireTokens()
				for range 3 {
					_, _, err := client(t, cfg).Merchant(douyintest.Account).Shops(t.Context(), douyin.ShopQuery{})
					require.NoError(t, err)
				}
				require.Equal(t, 2, p.TokenFetches(), "and one more when it was over")
			})
		}
	}
}

func TestOneClientFetchesOnceForAllItsCallers(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 41})
	m := merchant(t, p)
	var group sync.WaitGroup
	for range 100 {
		group.Go(func() {
			_, _, err := m.Shops(t.Context(), douyin.ShopQuery{})
			assert.NoError(t, err)
		})
	}
	group.Wait()
	require.Equal(t, 1, p.TokenFetches())
}

func TestATokenThatEndsInMidCallIsFetchedOnceForAll(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 46})
	cfg := config(t, p)
	cfg.Tokens = &douyin.MemoryTokens{}
	var tills []*douyin.Merchant
	for range 50 {
		tills = append(tills, client(t, cfg).Merchant(douyintest.Account))
	}
	for round := range 3 {
		var group sync.WaitGroup
		for _, m := range tills {
			for range 2 {
				group.Go(func() {
					_, _, err := m.Shops(t.Context(), douyin.ShopQuery{})
					assert.NoError(t, err)
				})
			}
		}
		group.Wait()
		require.Equal(t, round+1, p.TokenFetches())
		p.ExpireTokens()
	}
}

func TestAPlainTokenOfAnotherTillLivesFiveMinutes(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 42})
	cfg := config(t, p)
	cfg.Token = douyin.PlainToken
	a, b := client(t, cfg).Merchant(douyintest.Account), client(t, cfg).Merchant(douyintest.Account)
	shops := func(m *douyin.Merchant) {
		_, _, err := m.Shops(t.Context(), douyin.ShopQuery{})
		require.NoError(t, err)
	}
	shops(a)
	shops(b) // replaces a's
	shops(a)
	require.Equal(t, 2, p.TokenFetches(), "the old one lives on")
	p.Advance(6 * time.Minute)
	shops(a)
	require.Equal(t, 3, p.TokenFetches(), "refused, fetched, repeated")
}

func TestAStableTokenIsUsedToItsEnd(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 43, TokenLife: 30 * time.Second})
	m := merchant(t, p)
	for range 20 {
		_, _, err := m.Shops(t.Context(), douyin.ShopQuery{})
		require.NoError(t, err)
	}
	require.Equal(t, 1, p.TokenFetches())
}

func TestBadCredentialsAreNamedAndNothingIsSent(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 44})
	cfg := config(t, p)
	cfg.Secret = secret("another-secret-entirely")
	m := client(t, cfg).Merchant(douyintest.Account)
	_, _, err := m.Shops(t.Context(), douyin.ShopQuery{})
	require.ErrorIs(t, err, douyin.ErrNotSent)
	e := details(t, err)
	assert.Equal(t, douyin.BadCredentials, e.Reason)
	assert.Equal(t, int64(10013), e.Code)
	assert.Equal(t, douyin.StableTokenEndpoint, e.Via)
	assert.Equal(t, douyin.ShopsEndpoint, e.Endpoint)
	for _, fault := range []string{"lose-answer", "html", "http-500", "slow"} {
		p.Inject(fault + "=/oauth/")
		cfg := config(t, p)
		cfg.Timeout = 200 * time.Millisecond
		_, _, err := client(t, cfg).Merchant(douyintest.Account).Shops(t.Context(), douyin.ShopQuery{})
		require.ErrorIs(t, err, douyin.ErrNotSent, fault)
		require.NotErrorIs(t, err, douyin.ErrDoubt, "the call itself never left")
	}
}

func TestTokenFilesAreTheOwnersAlone(t *testing.T) {
	dir := t.TempDir()
	block, err := aes.NewCipher(make([]byte, 32))
	require.NoError(t, err)
	seal, err := cipher.NewGCM(block)
	require.NoError(t, err)
	good := douyin.Token{Value: douyin.Hide("clt.secret-token-value"), Fetched: time.UnixMilli(1), Expires: time.UnixMilli(2)}
	for _, store := range []*douyin.FileTokens{{Dir: dir}, {Dir: t.TempDir(), Seal: seal}} {
		put := func(give douyin.Token) (was douyin.Token) {
			_, err := store.Update(t.Context(), "key", func(old douyin.Token) (douyin.Token, error) { was = old; return give, nil })
			require.NoError(t, err)
			return was
		}
		require.True(t, put(good).Value.IsZero())
		require.True(t, put(good).Value.Equal(good.Value))
		files, err := filepath.Glob(filepath.Join(store.Dir, "*.token"))
		require.NoError(t, err)
		require.Len(t, files, 1)
		info, err := os.Stat(files[0])
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		b, err := os.ReadFile(files[0])
		require.NoError(t, err)
		require.Equal(t, store.Seal == nil, contains(b, "clt.secret-token-value"))
		require.NoError(t, os.WriteFile(files[0], []byte("damaged"), 0o600))
		require.True(t, put(good).Value.IsZero(), "a damaged file is none")
		require.NoError(t, os.Chmod(files[0], 0o644))
		require.True(t, put(good).Value.IsZero(), "a file others could write is not believed")
	}
	held, release := make(chan struct{}), make(chan struct{})
	store := &douyin.FileTokens{Dir: dir}
	var group sync.WaitGroup
	group.Go(func() {
		store.Update(context.Background(), "key", func(old douyin.Token) (douyin.Token, error) { close(held); <-release; return old, nil })
	})
	<-held
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = store.Update(ctx, "key", func(douyin.Token) (douyin.Token, error) { return good, errors.New("never") })
	require.ErrorIs(t, err, context.DeadlineExceeded)
	close(release)
	group.Wait()
}

func TestHTTPSAndItsCertificate(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 45})
	cfg := config(t, p)
	cfg.BaseURL = p.TLSURL()
	_, _, err := client(t, cfg).Merchant(douyintest.Account).Shops(t.Context(), douyin.ShopQuery{})
	require.ErrorIs(t, err, douyin.ErrNotSent, "a certificate nobody vouches for: the secret did not leave")
	cfg.HTTP = p.HTTPClient()
	defer cfg.HTTP.Transport.(*http.Transport).CloseIdleConnections()
	_, _, err = client(t, cfg).Merchant(douyintest.Account).Shops(t.Context(), douyin.ShopQuery{})
	require.NoError(t, err)
}

func TestAConfigIsChecked(t *testing.T) {
	good := douyin.Config{App: "a", Secret: secret("s")}
	for name, spoil := range map[string]func(*douyin.Config){
		"no app":          func(c *douyin.Config) { c.App = "" },
		"no secret":       func(c *douyin.Config) { c.Secret = secret("") },
		"plain http":      func(c *douyin.Config) { c.BaseURL = "http://open.douyin.com" },
		"no host":         func(c *douyin.Config) { c.BaseURL = "https://" },
		"a password":      func(c *douyin.Config) { c.BaseURL = "https://u:p@open.douyin.com" },
		"no URL":          func(c *douyin.Config) { c.BaseURL = "%" },
		"a token unknown": func(c *douyin.Config) { c.Token = "eternal" },
	} {
		cfg := good
		spoil(&cfg)
		_, err := douyin.New(cfg)
		assert.Error(t, err, name)
	}
	_, err := douyin.New(good)
	require.NoError(t, err)
}
