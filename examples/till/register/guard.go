package register

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
)

// maxBody bounds what a page may send: a form, never a file.
const maxBody = 64 << 10

// policy lets the page load nothing but its own files, and run no script but those.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Loopback checks an address to listen on: only this machine can reach it.
func Loopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%q is not host:port", addr)
	}
	if host == "localhost" {
		return nil
	}
	if ip, err := netip.ParseAddr(host); err != nil || !ip.IsLoopback() {
		return fmt.Errorf("%q is not a loopback address: the register is for browsers on this machine only", host)
	}
	return nil
}

// names are the Host headers that are the register's own: whatever another
// name resolves to, its page is not ours (DNS rebinding).
func names(addr net.Addr) []string {
	_, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return nil
	}
	return []string{"127.0.0.1:" + port, "localhost:" + port, "[::1]:" + port, addr.String()}
}

// guard stands before everything: it refuses foreign names and origins, bounds
// bodies and sets the headers that keep a page what it is.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
		h.Set("Cache-Control", "no-store")
		if !slices.Contains(s.hosts, r.Host) {
			http.Error(w, "this is not the register's name", http.StatusMisdirectedRequest)
			return
		}
		if why := foreign(r); why != "" {
			http.Error(w, why, http.StatusForbidden)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// foreign says why a request may not come from where it comes.
func foreign(r *http.Request) string {
	site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		if site == "cross-site" && r.Header.Get("Sec-Fetch-Mode") != "navigate" {
			return "another site asks"
		}
		return ""
	case http.MethodPost:
	default:
		return "only GET and POST"
	}
	switch {
	case site != "" && site != "same-origin":
		return "another site posts"
	case origin != "" && origin != "http://"+r.Host:
		return "another origin posts"
	case site == "" && origin == "":
		return "a browser says where a form comes from"
	}
	return ""
}
