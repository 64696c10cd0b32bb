package meituantest

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// The developer and shops every Platform knows. They protect nothing but
// simulated vouchers.
const (
	Developer = "100001"
	SignKey   = "simulated-sign-key"

	DiningToken   = "simulated-token-dining"
	ServicesToken = "simulated-token-services"
	StrangerToken = "simulated-token-stranger" // another shop of both businesses
)

// Config describes a platform. The zero value is a working one.
type Config struct {
	// Start is what its clock shows at first; zero is the machine's time.
	Start time.Time
	// Slow is the pause of the faults slow and late; zero is a second.
	Slow time.Duration
	// Faults to begin with; see Inject.
	Faults []string
}

// Platform is a simulated gateway on two loopback sockets. Safe for concurrent use.
type Platform struct {
	cfg Config

	mu       sync.Mutex
	offset   time.Duration
	serial   int
	vouchers map[string]*voucher // by code
	order    []*voucher          // as sold
	requests map[string]reply    // by requestId, what was answered
	books    []Entry
	faults   []fault
	calls    map[string]int

	servers []*http.Server
	plain   string
	secure  string
	roots   *x509.CertPool
	done    sync.WaitGroup
	end     chan struct{}
	closed  bool
}

// New starts a platform. It panics if loopback has no free port.
func New(cfg Config) *Platform {
	if cfg.Slow == 0 {
		cfg.Slow = time.Second
	}
	p := &Platform{cfg: cfg, vouchers: map[string]*voucher{}, requests: map[string]reply{}, calls: map[string]int{}, end: make(chan struct{})}
	if !cfg.Start.IsZero() {
		p.offset = time.Until(cfg.Start)
	}
	p.Inject(cfg.Faults...)
	certificate, roots := identity()
	p.roots = roots
	p.plain = "http://" + p.listen(nil)
	p.secure = "https://" + p.listen(&tls.Config{Certificates: []tls.Certificate{certificate}})
	return p
}

func (p *Platform) listen(secure *tls.Config) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(fmt.Sprintf("meituantest: no loopback socket: %v", err))
	}
	addr := l.Addr().String()
	if secure != nil {
		l = tls.NewListener(l, secure)
	}
	s := &http.Server{Handler: http.HandlerFunc(p.serve), ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	p.servers = append(p.servers, s)
	p.done.Go(func() { s.Serve(l) })
	return addr
}

// Close ends all connections and returns when nothing runs any more. Closing
// twice is harmless.
func (p *Platform) Close() {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.end)
	}
	p.mu.Unlock()
	for _, s := range p.servers {
		s.Close()
	}
	p.done.Wait()
}

// URL is the plain address, on loopback.
func (p *Platform) URL() string { return p.plain }

// TLSURL is the address for HTTPClient, which trusts its certificate.
func (p *Platform) TLSURL() string { return p.secure }

// HTTPClient trusts the platform. Its idle connections are the caller's to close.
func (p *Platform) HTTPClient() *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.roots}, MaxIdleConnsPerHost: 16}}
}

// Now is the platform's clock.
func (p *Platform) Now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now()
}

func (p *Platform) now() time.Time { return time.Now().Add(p.offset) }

// Advance moves the platform's clock.
func (p *Platform) Advance(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.offset += d
}

// Calls says how many requests came whose path contains word.
func (p *Platform) Calls(word string) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for path, count := range p.calls {
		if strings.Contains(path, word) {
			n += count
		}
	}
	return n
}

// Entry is one line of the books.
type Entry struct {
	Time time.Time
	Code string
	Fen  int64 // worth; below zero of an undo
}

// Books are all redemptions and undos, in order.
func (p *Platform) Books() []Entry {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Entry(nil), p.books...)
}

// Net is the worth, in fen, of what stands redeemed.
func (p *Platform) Net() (fen int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.books {
		fen += e.Fen
	}
	return fen
}
