package douyintest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// The app, merchants and shops every Platform knows. They protect nothing but
// simulated vouchers.
const (
	App    = "aw0simulated0app"
	Secret = "simulated-client-secret-0001"

	Account = "7300000000000000011" // the merchant
	Shop    = "7400000000000000021" // its shop
	Branch  = "7400000000000000022" // its other shop

	Stranger     = "7300000000000000012" // another merchant of the same app
	StrangerShop = "7400000000000000023"
	Unauthorised = "7300000000000000013" // has not authorised the app

	DoudianKey    = "7100000000000000031" // of the shop platform
	DoudianSecret = "simulated-doudian-secret-01"
	DoudianToken  = "simulated-doudian-token-0001"
)

// Config describes a platform. The zero value is a working one.
type Config struct {
	// Seed chooses every number, code and token.
	Seed uint64
	// Start is what its clock shows at first; zero is the machine's time.
	Start time.Time
	// Slow is the pause of the fault slow; zero is a second.
	Slow time.Duration
	// Limits are calls a second by path; what is missing has none.
	Limits map[string]int
	// TokenLife is how long tokens live; zero is two hours.
	TokenLife time.Duration
	// Faults to begin with; see Inject.
	Faults []string
	// Remember is called for every line of the books, in order; nil is not.
	Remember func(Entry)
	// Log takes one line for everything that happens; nil is silent.
	Log func(string)
}

// Platform is a simulated open platform on two loopback sockets. Safe for
// concurrent use.
type Platform struct {
	cfg Config

	mu       sync.Mutex
	rng      *rand.Rand
	offset   time.Duration
	serial   uint64
	vouchers []*voucher
	orders   []*order
	prepared map[string]*preparation // by verify_token
	links    map[string]string       // short path to encrypted data
	books    []Entry
	faults   []fault
	tokens   tokens
	calls    map[string]int
	windows  map[string]*window
	canceled map[string]bool // cancel_token
	held     *delivery       // webhook waiting to be overtaken
	refunds  []Entry
	clockOff time.Duration

	servers []*http.Server
	plain   string
	secure  string
	roots   *x509.CertPool
	done    sync.WaitGroup // listeners and calls
	closed  bool
	end     chan struct{}
}

// New starts a platform. It panics if loopback has no free port.
func New(cfg Config) *Platform {
	if cfg.Slow == 0 {
		cfg.Slow = time.Second
	}
	if cfg.TokenLife == 0 {
		cfg.TokenLife = 2 * time.Hour
	}
	p := &Platform{cfg: cfg, rng: rand.New(rand.NewPCG(cfg.Seed, stream)), prepared: map[string]*preparation{}, links: map[string]string{},
		calls: map[string]int{}, windows: map[string]*window{}, canceled: map[string]bool{}, end: make(chan struct{})}
	if !cfg.Start.IsZero() {
		p.offset = time.Until(cfg.Start)
	}
	p.stock()
	p.Inject(cfg.Faults...)
	certificate, roots := identity()
	p.roots = roots
	p.plain = "http://" + p.listen(nil)
	p.secure = "https://" + p.listen(&tls.Config{Certificates: []tls.Certificate{certificate}})
	return p
}

// stream sets the simulator's random numbers apart from others of the same seed.
const stream = 0x64797465737400

func (p *Platform) listen(secure *tls.Config) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(fmt.Sprintf("douyintest: no loopback socket: %v", err))
	}
	addr := l.Addr().String()
	if secure != nil {
		l = tls.NewListener(l, secure)
	}
	s := &http.Server{Handler: http.HandlerFunc(p.enter), ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	p.servers = append(p.servers, s)
	p.done.Go(func() { s.Serve(l) })
	return addr
}

// Serve answers plain http on one more listener until the platform is closed.
func (p *Platform) Serve(l net.Listener) error {
	s := &http.Server{Handler: http.HandlerFunc(p.enter), ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return http.ErrServerClosed
	}
	p.servers = append(p.servers, s)
	p.mu.Unlock()
	return s.Serve(l)
}

// enter lets a call in as long as the platform is open.
func (p *Platform) enter(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		panic(http.ErrAbortHandler)
	}
	p.done.Add(1)
	p.mu.Unlock()
	defer p.done.Done()
	p.serve(w, r)
}

// Close ends all connections and returns when nothing runs any more. Closing
// twice is harmless.
func (p *Platform) Close() {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.end)
	}
	servers := slices.Clone(p.servers)
	p.mu.Unlock()
	for _, s := range servers {
		s.Close()
	}
	p.done.Wait()
}

// URL is the plain address, on loopback.
func (p *Platform) URL() string { return p.plain }

// TLSURL is the address for HTTPClient, which trusts its certificate.
func (p *Platform) TLSURL() string { return p.secure }

// Roots are what to trust.
func (p *Platform) Roots() *x509.CertPool { return p.roots }

// Dial reaches the platform's TLS socket, whatever address is asked for: it
// stands in for v.douyin.com and all the other hosts.
func (p *Platform) Dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, p.secure[len("https://"):])
}

// HTTPClient trusts the platform. Its idle connections are the caller's to close.
func (p *Platform) HTTPClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: p.Dial, TLSClientConfig: &tls.Config{RootCAs: p.roots}, MaxIdleConnsPerHost: 64}}
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

// Calls says how many requests came for a path.
func (p *Platform) Calls(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[path]
}

// TokenFetches says how many tokens were asked for.
func (p *Platform) TokenFetches() int {
	return p.Calls("/oauth/client_token/") + p.Calls("/oauth/stable_client_token/")
}

func (p *Platform) note(format string, args ...any) {
	if p.cfg.Log != nil {
		p.cfg.Log(fmt.Sprintf(format, args...))
	}
}

// id makes a number of 19 digits, beyond 2^53.
func (p *Platform) id() string {
	p.serial++
	return fmt.Sprintf("%d", 7_500_000_000_000_000_000+uint64(p.rng.IntN(1_000_000))*1_000_000+p.serial)
}
