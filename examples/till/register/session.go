package register

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"sync"
	"time"

	"github.com/openecr/openecr/pos/operators"
)

// session is somebody at a browser. It lives in memory only: whoever restarts
// the register logs in again.
type session struct {
	who   operators.Operator
	csrf  string
	began time.Time
	seen  time.Time
	ended chan struct{} // closed at log-out
}

// How long a session lasts.
const (
	sessionLife = 12 * time.Hour // a long shift
	sessionIdle = 2 * time.Hour
	maxSessions = 200
)

// sessions by the hash of their key, so that a look at memory or a log gives none.
type sessions struct {
	mu   sync.Mutex
	list map[[32]byte]*session
	now  func() time.Time
}

// begin opens a session and returns its key.
func (s *sessions) begin(who operators.Operator) (key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for id, o := range s.list {
		if o.over(now) || len(s.list) >= maxSessions {
			s.end(id)
		}
	}
	if s.list == nil {
		s.list = map[[32]byte]*session{}
	}
	key = rand.Text()
	s.list[sha256.Sum256([]byte(key))] = &session{who: who, csrf: rand.Text(), began: now, seen: now, ended: make(chan struct{})}
	return key
}

func (o *session) over(now time.Time) bool {
	return now.Sub(o.began) > sessionLife || now.Sub(o.seen) > sessionIdle
}

// end closes one. mu is held.
func (s *sessions) end(id [32]byte) {
	if o := s.list[id]; o != nil {
		close(o.ended)
		delete(s.list, id)
	}
}

// of finds the session of a request.
func (s *sessions) of(r *http.Request, cookie string) *session {
	c, err := r.Cookie(cookie)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := sha256.Sum256([]byte(c.Value))
	o := s.list[id]
	if o == nil {
		return nil
	}
	now := s.now()
	if o.over(now) {
		s.end(id)
		return nil
	}
	o.seen = now
	return o
}

// finish ends the session of a request.
func (s *sessions) finish(r *http.Request, cookie string) {
	if c, err := r.Cookie(cookie); err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.end(sha256.Sum256([]byte(c.Value)))
	}
}

// same compares tokens in constant time; none is never the same.
func same(a, b string) bool {
	return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
