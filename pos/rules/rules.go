package rules

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/openecr/openecr/internal/durable"
	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/operators"
)

// Finder is the part of pos.Journal that is read here.
type Finder interface {
	Find(ctx context.Context, f pos.Filter) ([]pos.Attempt, error)
}

// Options is what the rules work with. Journal must be given.
type Options struct {
	Journal Finder
	// Book says who has which role. Required if the file has permissions.
	Book *operators.Book
	// Alerts takes what is unusual; nil takes nothing.
	Alerts Sink
	// TokenKey makes tokens of voucher codes, so that a code is known again
	// but cannot be worked out from the journal. See LoadKey.
	TokenKey pos.Secret
	// Now is the wall clock; nil is time.Now. Only Open looks at it.
	Now func() time.Time
}

// MinKey is the least length of a TokenKey, in bytes.
const MinKey = 16

// Rules are a file's rules at work on a journal: give one value to every Till
// on it. Safe for concurrent use.
type Rules struct {
	cfg *Config
	opt Options

	mu sync.Mutex
	n  *Counters
}

var (
	_ pos.Rules    = (*Rules)(nil)
	_ pos.Observer = (*Rules)(nil)
)

// ErrFull is returned by Judge when more happened in a business week than can
// be counted. The Till then denies.
var ErrFull = errors.New("rules: more attempts in a week than can be counted")

// Open builds the counters from the journal, before the Tills on it are opened.
// A file read with Parse or Load is never changed.
//
// Errors: ErrConfig where the options lack what the file needs, pos.ErrJournal
// where the journal cannot be read.
func Open(ctx context.Context, cfg *Config, o Options) (*Rules, error) {
	switch {
	case cfg == nil || o.Journal == nil:
		return nil, fmt.Errorf("%w: a file and a journal must be given", ErrConfig)
	case len(cfg.Permissions) > 0 && o.Book == nil:
		return nil, fmt.Errorf("%w: permissions: there is no book of operators to look roles up in", ErrConfig)
	case cfg.Vouchers.Once && o.TokenKey.Len() < MinKey:
		return nil, fmt.Errorf("%w: vouchers: once needs a TokenKey of at least %d bytes", ErrConfig, MinKey)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	r := &Rules{cfg: cfg, opt: o, n: NewCounters(cfg)}
	if err := r.rebuild(ctx); err != nil {
		return nil, fmt.Errorf("rules: %w: %w", pos.ErrJournal, err)
	}
	return r, nil
}

// lookBack covers a business week and the day before it in every time zone.
const lookBack = 10 * 24 * time.Hour

// rebuild reads the journal again. A clock that is ahead by now must not make
// it look past what has happened: the newest attempt says how far back to go.
func (r *Rules) rebuild(ctx context.Context) error {
	at := r.opt.Now()
	newest, err := r.opt.Journal.Find(ctx, pos.Filter{Newest: true, Limit: 1})
	if err != nil {
		return err
	}
	if len(newest) == 1 && newest[0].Created.Before(at) {
		at = newest[0].Created
	}
	undoing := []pos.Type{pos.TypeRedeem, pos.TypeVoid, pos.TypeRefund}
	err = each(ctx, r.opt.Journal, pos.Filter{From: at.AddDate(0, 0, -RememberDays), Types: undoing}, r.n.remember)
	if err != nil {
		return err
	}
	return each(ctx, r.opt.Journal, pos.Filter{From: at.Add(-lookBack)}, r.n.Observe)
}

// each visits all attempts that match, oldest first.
func each(ctx context.Context, j Finder, f pos.Filter, visit func(pos.Attempt)) error {
	for {
		page, err := j.Find(ctx, f)
		if err != nil {
			return err
		}
		for _, a := range page {
			visit(a)
		}
		if len(page) < pos.DefaultFindLimit {
			return nil
		}
		f.AfterSeq = page[len(page)-1].Seq
	}
}

// Judge answers the Till. Errors: ErrFull.
func (r *Rules) Judge(_ context.Context, a pos.Ask) (pos.Ruling, error) {
	q := r.request(a)
	r.mu.Lock()
	if r.n.Full() {
		r.mu.Unlock()
		return pos.Ruling{}, ErrFull
	}
	v := Judge(r.cfg, r.n, q)
	r.mu.Unlock()
	if r.opt.Alerts != nil {
		for _, alert := range v.Alerts {
			r.opt.Alerts.Alert(alert)
		}
	}
	return v.Ruling, nil
}

// request adds what the Till does not know: the role, and the token of vouchers.
func (r *Rules) request(a pos.Ask) Request {
	q := Request{Ask: a}
	if r.opt.Book != nil {
		if o, ok := r.opt.Book.Find(a.Operator); ok {
			q.Role = o.Role
		}
	}
	if a.Action == pos.ActionRedeem && a.Token == "" && r.opt.TokenKey.Len() >= MinKey {
		var tokens []string
		for _, c := range a.Codes {
			tokens = append(tokens, Token(r.opt.TokenKey, c))
		}
		q.Token = strings.Join(tokens, " ")
	}
	return q
}

// Observe counts what has become of an attempt.
func (r *Rules) Observe(a pos.Attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n.Observe(a)
}

// Config returns the file's rules.
func (r *Rules) Config() *Config { return r.cfg }

// Used is how much of a limit is used up; see Counters.Used.
func (r *Rules) Used(limit string, at time.Time, whose string) (minor int64, count int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.n.Used(limit, at, whose)
}

// tokenPart is how many bytes of the hash a token shows: 96 bits do not collide.
const tokenPart = 12

// Token stands for a code (令牌): a keyed hash (HMAC-SHA-256) in letters only,
// so that it never looks like a card number.
func Token(key, code pos.Secret) string {
	var sum []byte
	key.Use(func(k []byte) {
		h := hmac.New(sha256.New, k)
		code.Use(func(c []byte) { h.Write(c) })
		sum = h.Sum(nil)
	})
	text := make([]byte, 0, 2*tokenPart)
	for _, b := range sum[:tokenPart] {
		text = append(text, 'a'+b>>4, 'a'+b&15)
	}
	return string(text)
}

// newKey is how many random bytes LoadKey makes.
const newKey = 32

// LoadKey reads a TokenKey, or makes one. The file belongs to the journal: with
// another key no voucher is known again.
func LoadKey(path string) (pos.Secret, error) {
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key = make([]byte, newKey)
		rand.Read(key)
		err = durable.Replace(path, slices.Clone(key), 0o600)
	}
	defer clear(key)
	if err != nil {
		return pos.Secret{}, fmt.Errorf("rules: %w", err)
	}
	if len(key) < MinKey {
		return pos.Secret{}, fmt.Errorf("%w: the key in %s is too short", ErrConfig, path)
	}
	return pos.NewSecret(key), nil
}
