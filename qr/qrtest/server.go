package qrtest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/openecr/openecr/qr/wallet"
)

// Listen says where a front listens. The zero value is HTTPS on a free port of
// loopback, with a certificate that its own Client trusts.
type Listen struct {
	Addr  string // default 127.0.0.1:0
	Plain bool   // http instead of https
	// Listener is a socket that listens already; the front closes it. Addr does not count then.
	Listener net.Listener
}

// server is a front's socket.
type server struct {
	url    string
	client *http.Client
	http   *http.Server
	done   sync.WaitGroup
}

// maxRequest bounds what a front reads of one request.
const maxRequest = 1 << 20

func listen(l Listen, h http.Handler) (*server, error) {
	if l.Addr == "" {
		l.Addr = "127.0.0.1:0"
	}
	ln := l.Listener
	if ln == nil {
		var err error
		if ln, err = net.Listen("tcp", l.Addr); err != nil {
			return nil, err
		}
	}
	s := &server{url: "http://" + ln.Addr().String(), client: &http.Client{}}
	s.http = &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	if !l.Plain {
		cert, pool, err := certificate()
		if err != nil {
			ln.Close()
			return nil, err
		}
		s.url = "https://" + ln.Addr().String()
		ln = tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, ClientAuth: tls.RequestClientCert})
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	s.client.Transport = transport
	s.done.Go(func() { s.http.Serve(ln) })
	return s, nil
}

// close ends the socket and everything that speaks through it.
func (s *server) close() error {
	s.client.CloseIdleConnections()
	err := s.http.Close()
	s.done.Wait()
	return err
}

// certificate makes one for loopback.
var certificate = func() func() (tls.Certificate, *x509.CertPool, error) {
	var once sync.Once
	var cert tls.Certificate
	var pool *x509.CertPool
	var err error
	return func() (tls.Certificate, *x509.CertPool, error) {
		once.Do(func() { cert, pool, err = newCertificate() })
		return cert, pool, err
	}
}()

func newCertificate() (tls.Certificate, *x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	t := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "simulated wallet"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, pool, nil
}

// Issue makes a certificate for a key, in PEM, signed by somebody nobody knows.
func Issue(t *x509.Certificate, key wallet.SigningKey) ([]byte, error) {
	issuer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), issuer)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}

// keyPair makes an RSA key; a front that is told none takes a fresh one.
func keyPair() (wallet.SigningKey, error) {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return wallet.SigningKey{}, err
	}
	return wallet.NewSigningKey(k)
}

// spareKeys are keys of this process that fronts share when they are told none:
// making one takes a tenth of a second.
var spareKeys = sync.OnceValues(func() ([3]wallet.SigningKey, error) {
	var keys [3]wallet.SigningKey
	var errs [3]error
	for i := range keys {
		keys[i], errs[i] = keyPair()
	}
	return keys, errors.Join(errs[:]...)
})

// body reads a request, bounded.
func body(r *http.Request) []byte {
	b, err := io.ReadAll(io.LimitReader(r.Body, maxRequest))
	if err != nil {
		return nil
	}
	return b
}

// notifier posts a platform's notifications, with their faults.
type notifier struct {
	bank   *Bank
	client *http.Client
	stop   context.CancelFunc
	ctx    context.Context
	done   sync.WaitGroup
}

// noticeEvery is how long a platform waits until it repeats what was not acknowledged; theirs
// begin at seconds and grow to hours.
const noticeEvery = 200 * time.Millisecond

// noticeTries ends the repetitions.
const noticeTries = 8

func newNotifier(b *Bank) *notifier {
	n := &notifier{bank: b, client: &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{}}}
	n.ctx, n.stop = context.WithCancel(context.Background())
	return n
}

func (n *notifier) close() {
	n.stop()
	n.done.Wait()
	n.client.CloseIdleConnections()
}

// notice is one message, made anew for each try: make is told which fault to put in.
type notice func(f FaultName) (header http.Header, body []byte)

// post sends a notification until it is acknowledged, and does what its fault says.
func (n *notifier) post(address string, make notice, accepted func(status int, body []byte) bool) {
	if !loopback(address) || n.ctx.Err() != nil {
		return
	}
	n.done.Go(func() {
		f := n.bank.Next(CallNotice)
		switch f.Name {
		case NoticeLost:
			return
		case NoticeLate:
			if !n.sleep(f.After) {
				return
			}
		case NoticeTwice:
			n.once(address, make, "", accepted)
		}
		for try := range noticeTries {
			if try > 0 && !n.sleep(noticeEvery<<try) {
				return
			}
			if n.once(address, make, f.Name, accepted) {
				return
			}
			f = Fault{} // a platform does not forge its second try
		}
	})
}

// loopback reports whether an address is on this machine: a simulator bothers nobody else.
func loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

func (n *notifier) sleep(d time.Duration) bool {
	select {
	case <-n.ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func (n *notifier) once(address string, make notice, f FaultName, accepted func(int, []byte) bool) bool {
	header, text := make(f)
	req, err := http.NewRequestWithContext(n.ctx, http.MethodPost, address, bytes.NewReader(text))
	if err != nil {
		return false
	}
	req.Header = header
	resp, err := n.client.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, maxRequest))
	return accepted(resp.StatusCode, answer)
}
