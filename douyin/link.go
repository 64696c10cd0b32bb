package douyin

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"
)

const (
	// hopsMax is how many redirects are asked for.
	hopsMax = 5
	// scanMax is the longest text a scanner may deliver, and the longest address.
	scanMax = 4096
	// resolveTimeout ends the whole walk.
	resolveTimeout = 8 * time.Second
	// A typed code has 12 or 15 digits as seen; others are let through.
	codeMin, codeMax = 10, 20
)

// linkHosts are the platform's, with everything below them.
var linkHosts = []string{"douyin.com", "iesdouyin.com"}

// The errors of a scanned text. None means anything for a voucher.
var (
	// ErrNotOurs: the text is not of this platform; try another.
	ErrNotOurs = errors.New("douyin: not a voucher of this platform")
	// ErrLink: the link leads nowhere, or where it must not.
	ErrLink = errors.New("douyin: the link cannot be followed")
)

// ScanKind is what a scanned or typed text is.
type ScanKind uint8

// The kinds.
const (
	ScanNothing     ScanKind = iota
	ScanCode                 // digits: a code to Prepare, or the merchant's own
	ScanData                 // encrypted data to Prepare
	ScanLink                 // a short link: Resolver.Resolve asks for what is behind it
	ScanMiniProgram          // an order of a mini-program (小程序订单), which other calls redeem
)

// Scanned is a text taken apart.
type Scanned struct {
	Kind ScanKind
	// Code is set for ScanCode, Data (encrypted_data) for ScanData and ScanMiniProgram.
	Code, Data Hidden
	link       *url.URL
}

// Request is what Prepare wants for a ScanCode or ScanData.
func (s Scanned) Request(shop ID) PrepareRequest {
	return PrepareRequest{EncryptedData: s.Data.Secret, Code: s.Code.Secret, Shop: shop}
}

// ParseScan takes a scanned or typed text apart without asking anybody.
//
// Errors: ErrNotOurs, which names nothing of the text.
func ParseScan(text string) (Scanned, error) {
	if len(text) > scanMax || !utf8.ValidString(text) {
		return Scanned{}, ErrNotOurs
	}
	text = strings.TrimSpace(text)
	if code, ok := digits(text); ok {
		return Scanned{Kind: ScanCode, Code: Hide(code)}, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.User != nil || !allowedHost(u) {
		return Scanned{}, ErrNotOurs
	}
	if s, ok := fromQuery(u); ok {
		return s, nil
	}
	return Scanned{Kind: ScanLink, link: u}, nil
}

// digits takes spaces and dashes out of a typed code.
func digits(text string) (string, bool) {
	text = strings.NewReplacer(" ", "", "-", "").Replace(text)
	if len(text) < codeMin || len(text) > codeMax {
		return "", false
	}
	for _, r := range text {
		if r < '0' || r > '9' {
			return "", false
		}
	}
	return text, true
}

// fromQuery finds what only may be relied on in an address: its parameters.
func fromQuery(u *url.URL) (Scanned, bool) {
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Scanned{}, false
	}
	// The value is base64: a space in it was a plus that nobody escaped.
	if v := strings.ReplaceAll(q.Get("object_id"), " ", "+"); v != "" {
		return Scanned{Kind: ScanData, Data: Hide(v)}, true
	}
	if v := strings.ReplaceAll(q.Get("encrypted_data"), " ", "+"); v != "" {
		return Scanned{Kind: ScanMiniProgram, Data: Hide(v)}, true
	}
	return Scanned{}, false
}

// allowedHost says whether a host may be asked: the platform's, at https's port.
func allowedHost(u *url.URL) bool {
	if p := u.Port(); p != "" && p != "443" {
		return false
	}
	host := strings.ToLower(u.Hostname())
	for _, h := range linkHosts {
		if host == h || strings.HasSuffix(host, "."+h) {
			return true
		}
	}
	return false
}

// Resolver finds what is behind a scanned short link (短链). A scanner feeds it
// hostile text: it asks the platform's hosts only, over https, at public
// addresses, follows a few redirects by reading them, and reads no page. The
// zero value is ready. Safe for concurrent use.
type Resolver struct {
	// Dial replaces how hosts are reached, for simulators and proxies; addresses
	// are then the dialer's own affair.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// TLS replaces the trusted roots, for simulators.
	TLS *tls.Config
	// Timeout ends the whole walk; zero is 8 s.
	Timeout time.Duration
}

// Resolve takes a text apart and, if it is a link, walks to the address that
// carries the voucher.
//
// Errors: ErrNotOurs; ErrLink with the cause. Nothing of the text or of an
// address is in them. No voucher is touched.
func (r *Resolver) Resolve(ctx context.Context, text string) (Scanned, error) {
	s, err := ParseScan(text)
	if err != nil || s.Kind != ScanLink {
		return s, err
	}
	timeout := r.Timeout
	if timeout == 0 {
		timeout = resolveTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	client := r.client()
	for range hopsMax {
		next, err := hop(ctx, client, s.link)
		if err != nil {
			return Scanned{}, fmt.Errorf("%w: %w", ErrLink, err)
		}
		// The address that carries it is not asked, so its host may be any.
		if found, ok := fromQuery(next); ok {
			return found, nil
		}
		if next.Scheme != "https" || next.User != nil || !allowedHost(next) {
			return Scanned{}, fmt.Errorf("%w: it leads to another host", ErrLink)
		}
		s.link = next
	}
	return Scanned{}, fmt.Errorf("%w: more than %d redirects", ErrLink, hopsMax)
}

// hop asks one address where it leads to.
func hop(ctx context.Context, client *http.Client, at *url.URL) (*url.URL, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, errors.New("the address is not one")
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, cause(ctx, err)
	}
	resp.Body.Close() // unread: the connection is not used again
	if resp.StatusCode < 300 || resp.StatusCode > 399 {
		return nil, fmt.Errorf("HTTP %d instead of a redirect", resp.StatusCode)
	}
	text := resp.Header.Get("Location")
	if text == "" || len(text) > scanMax {
		return nil, errors.New("a redirect without an address")
	}
	next, err := at.Parse(text)
	if err != nil {
		return nil, errors.New("a redirect to no address")
	}
	return next, nil
}

func (r *Resolver) client() *http.Client {
	dial := r.Dial
	if dial == nil {
		dial = (&net.Dialer{Control: refusePrivate}).DialContext
	}
	t := &http.Transport{DialContext: dial, TLSClientConfig: r.TLS, DisableKeepAlives: true, MaxResponseHeaderBytes: 4 * scanMax}
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// refusePrivate is asked with the address itself, after names were looked up.
func refusePrivate(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !public(at.Addr()) {
		return errors.New("it leads to a private address")
	}
	return nil
}

// notPublic are blocks that netip has no word for: this network, shared space
// (RFC 6598), protocol assignments, documentation, benchmarks, reserved, and
// IPv6 prefixes that wrap IPv4 addresses or document.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001:db8::/32"),
}

func public(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.Zone() != "" {
		return false
	}
	for _, p := range notPublic {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
