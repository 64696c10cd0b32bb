package register

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"image/png"
	"io/fs"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/operators"
	"github.com/openecr/openecr/pos/receipt"
	"github.com/openecr/openecr/qr/qrimage"
)

//go:embed assets
var assets embed.FS

var pages = template.Must(template.ParseFS(assets, "assets/*.html"))

// Server shows a Shop to browsers on this machine. It is an http.Handler.
type Server struct {
	shop     *Shop
	hosts    []string
	cookie   string // the port is part of the name: cookies know no ports
	sessions sessions
	handler  http.Handler

	mu     sync.Mutex
	ended  bool
	ending chan struct{} // closed when streams are to end
}

// NewServer makes a server for a listener's address.
func NewServer(shop *Shop, addr net.Addr) (*Server, error) {
	_, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return nil, err
	}
	s := &Server{shop: shop, hosts: names(addr), cookie: "register-" + port, sessions: sessions{now: time.Now}, ending: make(chan struct{})}
	files, err := fs.Sub(assets, "assets")
	if err != nil {
		return nil, err
	}
	m := http.NewServeMux()
	m.Handle("GET /static/", http.StripPrefix("/static/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".html") || !strings.Contains(r.URL.Path, ".") {
			http.NotFound(w, r)
			return
		}
		http.ServeFileFS(w, r, files, r.URL.Path)
	})))
	m.HandleFunc("GET /login", s.loginPage)
	m.HandleFunc("POST /login", s.login)
	m.HandleFunc("POST /logout", s.logout)
	for path, h := range map[string]func(http.ResponseWriter, *http.Request, *session){
		"GET /{$}": s.page, "GET /api/state": s.state, "GET /api/books": s.books, "GET /events": s.events,
		"GET /code/{attempt}": s.code, "GET /slip/{attempt}": s.slip, "GET /receipt/{sale}": s.receipt, "GET /paper/{number}": s.paper,
	} {
		m.HandleFunc(path, s.known(h))
	}
	for path, do := range s.actions() {
		m.HandleFunc("POST /api/"+path, s.known(s.act(do)))
	}
	s.handler = s.guard(m)
	return s, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Serve answers browsers until ctx ends. Who has asked by then has three seconds
// to get an answer; what is cut off can be asked again, and changes nothing twice.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	srv := &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10}
	srv.RegisterOnShutdown(s.endStreams)
	done := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		err := srv.Shutdown(wait)
		if errors.Is(err, context.DeadlineExceeded) { // browsers open connections that they do not use
			err = srv.Close()
		}
		done <- err
	})
	err := srv.Serve(l)
	if stop() || !errors.Is(err, http.ErrServerClosed) {
		return errors.Join(err, srv.Close())
	}
	return <-done
}

func (s *Server) endStreams() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.ended = true
		close(s.ending)
	}
}

// known lets only somebody in who has logged in.
func (s *Server) known(next func(http.ResponseWriter, *http.Request, *session)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who := s.sessions.of(r, s.cookie)
		switch {
		case who != nil:
			next(w, r, who)
		case r.URL.Path == "/":
			http.Redirect(w, r, "/login", http.StatusSeeOther)
		default:
			http.Error(w, "log in first", http.StatusUnauthorized)
		}
	}
}

// loginToken is the cookie that a form of log-in must match.
func (s *Server) loginToken() string { return s.cookie + "-form" }

func (s *Server) setCookie(w http.ResponseWriter, name, value string, age int) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, MaxAge: age})
}

// lang is what the page last chose, or the shop's.
func (s *Server) lang(r *http.Request) string {
	if c, err := r.Cookie("lang"); err == nil && (c.Value == string(pos.English) || c.Value == string(pos.Chinese)) {
		return c.Value
	}
	if s.shop.cfg.Shop.Lang == pos.Chinese {
		return string(pos.Chinese)
	}
	return string(pos.English)
}

func (s *Server) render(w http.ResponseWriter, page string, status int, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := pages.ExecuteTemplate(w, page, data); err != nil {
		s.shop.log.Error("page", "name", page, "err", err)
	}
}

type loginView struct {
	Lang, Till, Token, Name, Problem string
}

func (s *Server) loginPage(w http.ResponseWriter, r *http.Request) {
	s.showLogin(w, r, http.StatusOK, "", "")
}

func (s *Server) showLogin(w http.ResponseWriter, r *http.Request, status int, name, trouble string) {
	token := randomToken()
	s.setCookie(w, s.loginToken(), token, 3600)
	s.render(w, "login.html", status, loginView{s.lang(r), s.shop.cfg.Till.ID, token, name, trouble})
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form cannot be read", http.StatusBadRequest)
		return
	}
	c, err := r.Cookie(s.loginToken())
	if err != nil || !same(c.Value, r.PostForm.Get("token")) {
		s.showLogin(w, r, http.StatusForbidden, "", "form")
		return
	}
	name, pin := strings.TrimSpace(r.PostForm.Get("name")), pos.NewSecret([]byte(r.PostForm.Get("pin")))
	defer pin.Clear()
	who, err := s.shop.cfg.Operators.Check(name, pin)
	switch {
	case errors.Is(err, operators.ErrLocked):
		s.showLogin(w, r, http.StatusTooManyRequests, name, "locked")
	case errors.Is(err, operators.ErrUnknown), errors.Is(err, operators.ErrPIN):
		s.showLogin(w, r, http.StatusUnauthorized, name, "wrong")
	case err != nil:
		s.shop.log.Error("log-in", "err", err)
		s.showLogin(w, r, http.StatusInternalServerError, name, "failed")
	default:
		s.setCookie(w, s.loginToken(), "", -1)
		s.setCookie(w, s.cookie, s.sessions.begin(who), int(sessionLife/time.Second))
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	who := s.sessions.of(r, s.cookie)
	if err := r.ParseForm(); err != nil || who == nil || !same(who.csrf, r.PostForm.Get("token")) {
		http.Error(w, "log in first", http.StatusForbidden)
		return
	}
	s.sessions.finish(r, s.cookie)
	s.setCookie(w, s.cookie, "", -1)
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

type pageView struct {
	Lang, Till, Token, Operator, Role string
	State                             template.JS // of our own making: json.Marshal leaves no < in it
	Simulated                         bool
}

// page is the register, with the state in it, so that it stands at once.
func (s *Server) page(w http.ResponseWriter, r *http.Request, who *session) {
	v, err := s.shop.look(r.Context(), who.who.Name)
	if err != nil {
		s.fail(w, err)
		return
	}
	text, err := json.Marshal(v)
	if err != nil {
		s.fail(w, err)
		return
	}
	s.render(w, "register.html", http.StatusOK, pageView{Lang: s.lang(r), Till: v.Till, Token: who.csrf, Operator: who.who.Name, Role: string(who.who.Role),
		State: template.JS(text), Simulated: s.shop.cfg.Simulation != nil})
}

func (s *Server) json(w http.ResponseWriter, v any, err error) {
	if err != nil {
		s.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		s.shop.log.Debug("page", "err", err)
	}
}

func (s *Server) state(w http.ResponseWriter, r *http.Request, who *session) {
	v, err := s.shop.look(r.Context(), who.who.Name)
	s.json(w, v, err)
}

func (s *Server) books(w http.ResponseWriter, r *http.Request, _ *session) {
	v, err := s.shop.Books(r.Context())
	s.json(w, v, err)
}

// heartbeat keeps a quiet stream alive, and finds pages that are gone.
const heartbeat = 15 * time.Second

// events sends the whole state whenever anything has changed: a page that
// missed something misses nothing.
func (s *Server) events(w http.ResponseWriter, r *http.Request, who *session) {
	told, leave, ok := s.shop.hub.listen()
	if !ok {
		http.Error(w, "too many pages", http.StatusServiceUnavailable)
		return
	}
	defer leave()
	w.Header().Set("Content-Type", "text/event-stream")
	if _, err := w.Write([]byte("retry: 500\n\n")); err != nil { // milliseconds: a register that starts again is back in one second
		return
	}
	out := http.NewResponseController(w)
	for {
		if err := s.send(w, r, out, who); err != nil {
			return
		}
	quiet:
		for {
			select {
			case _, more := <-told:
				if !more {
					return
				}
				break quiet
			case <-r.Context().Done():
				return
			case <-who.ended:
				return
			case <-s.ending:
				return
			case <-time.After(heartbeat):
				if _, err := w.Write([]byte(": still here\n\n")); err != nil || out.Flush() != nil {
					return
				}
			}
		}
	}
}

// send writes one state.
func (s *Server) send(w http.ResponseWriter, r *http.Request, out *http.ResponseController, who *session) error {
	v, err := s.shop.look(r.Context(), who.who.Name)
	if err != nil {
		return err
	}
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := out.SetWriteDeadline(time.Now().Add(2 * heartbeat)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := fmt.Fprintf(w, "data: %s\n\n", text); err != nil {
		return err
	}
	return out.Flush()
}

// code draws what the customer of a running payment scans.
func (s *Server) code(w http.ResponseWriter, r *http.Request, _ *session) {
	text, ok := s.shop.shown(pos.AttemptID(r.PathValue("attempt")))
	if !ok {
		http.NotFound(w, r)
		return
	}
	m, err := qrimage.Encode(text, qrimage.Options{})
	if err != nil {
		s.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	if err := m.SVG(w, 0); err != nil {
		s.shop.log.Debug("code", "err", err)
	}
}

// slip shows the slip of one attempt, marked as a copy.
func (s *Server) slip(w http.ResponseWriter, r *http.Request, _ *session) {
	slip, err := s.shop.attemptSlip(pos.AttemptID(r.PathValue("attempt")), 0)
	s.showSlip(w, slip, err)
}

// receipt shows the receipt of one sale, marked as a copy.
func (s *Server) receipt(w http.ResponseWriter, r *http.Request, _ *session) {
	o, ok := s.shop.sales.get(r.PathValue("sale"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	slip, err := s.shop.saleSlip(o, 0)
	s.showSlip(w, slip, err)
}

func (s *Server) showSlip(w http.ResponseWriter, slip receipt.Slip, err error) {
	var page []byte
	if err == nil {
		page, err = receipt.HTML(slip)
	}
	if err != nil {
		s.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// The slip has its style inside and its pictures as data; it runs nothing.
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'; sandbox")
	w.Header().Set("X-Frame-Options", "SAMEORIGIN")
	if _, err := w.Write(page); err != nil {
		s.shop.log.Debug("slip", "err", err)
	}
}

// paper shows what the simulated printer has printed.
func (s *Server) paper(w http.ResponseWriter, r *http.Request, _ *session) {
	n, err := strconv.Atoi(r.PathValue("number"))
	sim := s.shop.cfg.Simulation
	if err != nil || sim == nil {
		http.NotFound(w, r)
		return
	}
	picture, ok := sim.Paper(n)
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	if err := png.Encode(w, picture); err != nil {
		s.shop.log.Debug("paper", "err", err)
	}
}

// fail answers an error: in words for people, and never with what was sent.
func (s *Server) fail(w http.ResponseWriter, err error) {
	status, word := http.StatusInternalServerError, "failed"
	for _, c := range []struct {
		err    error
		status int
		word   string
	}{{errStale, http.StatusConflict, "stale"}, {errBusy, http.StatusConflict, "busy"}, {errRole, http.StatusForbidden, "role"}, {errShelf, http.StatusConflict, "shelf"},
		{errCode, http.StatusNotFound, "code"}, {errRequest, http.StatusBadRequest, "request"}, {errBook, http.StatusServiceUnavailable, "book"}} {
		if errors.Is(err, c.err) {
			status, word = c.status, c.word
			break
		}
	}
	if status >= http.StatusInternalServerError {
		s.shop.log.Error("request", "err", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	answer := map[string]string{"error": word, "text": pos.MaskCardData(err.Error())}
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		s.shop.log.Debug("page", "err", err)
	}
}
