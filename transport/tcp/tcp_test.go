package tcp_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"math/big"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/frame"
	"github.com/openecr/openecr/transport/tcp"
	"github.com/openecr/openecr/transport/transporttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// dialPair connects d to l; accept prepares the accepted side.
func dialPair(d *tcp.Dialer, l net.Listener, accept func(net.Conn) (net.Conn, error)) (a, b transport.Conn, err error) {
	type result struct {
		conn net.Conn
		err  error
	}
	accepted := make(chan result, 1)
	go func() {
		c, err := l.Accept()
		if err == nil && accept != nil {
			c, err = accept(c)
		}
		accepted <- result{c, err}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	a, err = d.Dial(ctx)
	r := <-accepted
	return a, r.conn, errors.Join(err, r.err)
}

func TestPlainTCPIsAConn(t *testing.T) {
	l := listen(t)
	transporttest.TestConn(t, func() (transport.Conn, transport.Conn, func(), error) {
		a, b, err := dialPair(&tcp.Dialer{Addr: l.Addr().String()}, l, nil)
		return a, b, nil, err
	})
}

func certificate(t testing.TB) (tls.Certificate, [32]byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(-time.Hour), // expired, as in the field
		DNSNames: []string{"terminal"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, sha256.Sum256(parsed.RawSubjectPublicKeyInfo)
}

func serveTLS(cert tls.Certificate, version uint16) func(net.Conn) (net.Conn, error) {
	return func(c net.Conn) (net.Conn, error) {
		s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}, MaxVersion: version, MinVersion: tls.VersionTLS10})
		if err := s.Handshake(); err != nil {
			c.Close()
			return nil, err
		}
		return s, nil
	}
}

func TestTLSIsAConn(t *testing.T) {
	l := listen(t)
	cert, pin := certificate(t)
	transporttest.TestConn(t, func() (transport.Conn, transport.Conn, func(), error) {
		d := &tcp.Dialer{Addr: l.Addr().String(), TLS: &tls.Config{}, Pins: [][32]byte{pin}}
		a, b, err := dialPair(d, l, serveTLS(cert, 0))
		return a, b, nil, err
	})
}

func TestTLSChecksWhoAnswers(t *testing.T) {
	cert, pin := certificate(t)
	_, other := certificate(t)
	cases := []struct {
		name    string
		dialer  tcp.Dialer
		version uint16
		want    string // in the error; empty: no error
	}{
		{"a pinned key is accepted", tcp.Dialer{TLS: &tls.Config{}, Pins: [][32]byte{other, pin}}, 0, ""},
		{"another key is refused", tcp.Dialer{TLS: &tls.Config{}, Pins: [][32]byte{other}}, 0, "pinned"},
		{"without pins the chain is checked", tcp.Dialer{TLS: &tls.Config{ServerName: "terminal"}}, 0, "certificate"},
		{"TLS 1.1 is refused", tcp.Dialer{TLS: &tls.Config{}, Pins: [][32]byte{pin}}, tls.VersionTLS11, "version"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l := listen(t)
			c.dialer.Addr = l.Addr().String()
			a, b, err := dialPair(&c.dialer, l, serveTLS(cert, c.version))
			if a != nil {
				a.Close()
			}
			if b != nil {
				b.Close()
			}
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestBytesThePeerHasNotTakenDieWithTheConnection fills the way to a peer that
// reads nothing, ends the connection, and looks at what the peer gets to read.
func TestBytesThePeerHasNotTakenDieWithTheConnection(t *testing.T) {
	ends := map[string]func(transport.Conn) error{
		"closing":  transport.Conn.Close,
		"aborting": transport.Abort,
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			l := listen(t)
			a, b, err := dialPair(&tcp.Dialer{Addr: l.Addr().String()}, l, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			a.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
			written := 0
			for block := make([]byte, 64<<10); ; {
				n, err := a.Write(block)
				written += n
				if err != nil {
					break
				}
			}
			begun := time.Now()
			end(a)
			if took := time.Since(begun); took > time.Second {
				t.Errorf("took %v", took)
			}
			got, err := io.Copy(io.Discard, b.(*net.TCPConn))
			if got >= int64(written) || err == nil {
				t.Errorf("the peer read %d of %d bytes, then %v; want less, then a reset", got, written, err)
			}
		})
	}
}

func TestLastAnswerIsDeliveredByClose(t *testing.T) {
	l := listen(t)
	for range 20 {
		a, b, err := dialPair(&tcp.Dialer{Addr: l.Addr().String()}, l, nil)
		if err != nil {
			t.Fatal(err)
		}
		a.Write([]byte{0x80, 0, 0})
		begun := time.Now()
		a.Close()
		if took := time.Since(begun); took > 100*time.Millisecond {
			t.Errorf("close took %v", took)
		}
		got, err := io.ReadAll(b)
		if err != nil || !bytes.Equal(got, []byte{0x80, 0, 0}) {
			t.Errorf("peer read % X, %v; want 80 00 00 and a clean end", got, err)
		}
		b.Close()
	}
}

func TestALinkNoticesThatTheTerminalHungUp(t *testing.T) {
	l := listen(t)
	link := transport.NewLink(transport.LinkConfig{Dialer: &tcp.Dialer{Addr: l.Addr().String()}, Framing: frame.Length{}})
	defer link.Close()
	if err := link.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	peer.Close()
	time.Sleep(20 * time.Millisecond)
	if err := link.Send(t.Context(), []byte("pay")); !transport.NothingSent(err) || !errors.Is(err, transport.ErrLost) {
		t.Errorf("got %v; want lost, with proof that nothing was sent", err)
	}
	if err := link.Connect(t.Context()); err != nil || link.Stats().Connects != 2 {
		t.Errorf("reconnecting: %v, %d connects", err, link.Stats().Connects)
	}
}

func TestDialEndsWithItsContext(t *testing.T) {
	l := listen(t) // accepts nothing: the TLS handshake hangs
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	begun := time.Now()
	_, err := (&tcp.Dialer{Addr: l.Addr().String(), TLS: &tls.Config{}}).Dial(ctx)
	if !errors.Is(err, context.Canceled) || time.Since(begun) > time.Second {
		t.Errorf("got %v after %v", err, time.Since(begun))
	}
}

func TestParse(t *testing.T) {
	pin := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xFB}, 32))
	cases := []struct{ name, text, want, err string }{
		{"a terminal", "tcp://10.0.0.8:20007", "tcp://10.0.0.8:20007", ""},
		{"IPv6", "tcp://[::1]:1?timeout=3s&keepalive=10s&local=127.0.0.1", "tcp://[::1]:1", ""},
		{"TLS with a pin", "tls://t:8443?servername=x&pin=" + pin, "tls://t:8443", ""},
		{"no port", "tcp://10.0.0.8", "", "port missing"},
		{"no host", "tcp://:20007", "", "host missing"},
		{"port too large", "tcp://h:70000", "", "port"},
		{"a pin without TLS", "tcp://h:1?pin=" + pin, "", "only with tls"},
		{"a short pin", "tls://h:1?pin=abcd", "", "SHA-256"},
		{"an unknown option", "tcp://h:1?baud=9600", "", "option baud: unknown"},
		{"a bad duration", "tcp://h:1?timeout=fast", "", "duration"},
		{"a path", "tcp://h:1/x", "", "nothing else"},
		{"a user", "tcp://u:secret@h:1", "", "nothing else"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			u, err := url.Parse(c.text)
			if err != nil {
				t.Fatal(err)
			}
			d, err := tcp.Parse(u)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "secret") {
					t.Errorf("got %v, want %q", err, c.err)
				}
				return
			}
			if err != nil || d.String() != c.want {
				t.Errorf("got %v, %v; want %s", d, err, c.want)
			}
		})
	}
}
