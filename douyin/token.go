package douyin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// TokenKind chooses the call that fetches the app's token (client_token).
type TokenKind string

const (
	// StableToken is the default: however often it is fetched, the platform gives
	// out the same token until it expires, so tills do not disturb each other.
	StableToken TokenKind = "stable"
	// PlainToken makes every fetch a new token; the one before lives on for five
	// minutes. All who use the app must share a TokenStore.
	PlainToken TokenKind = "plain"
)

// Token is the app's token and the platform's time at which it expires.
type Token struct {
	Value   Hidden
	Fetched time.Time
	Expires time.Time
}

const (
	// tokenMargin before its end a token is fetched anew; a stable one may
	// come back the same, and is then used to its end.
	tokenMargin = time.Minute
	// tokenLife is two hours by the documentation; much more is a mistake.
	tokenLifeMax = 48 * time.Hour
)

// usable says whether t can be sent now.
func (t Token) usable(now time.Time) bool {
	if t.Value.IsZero() || !now.Before(t.Expires) {
		return false
	}
	return now.Before(t.Expires.Add(-tokenMargin)) || now.Before(t.Fetched.Add(tokenMargin))
}

// token gives the app's token, other than the rejected one: from memory, from
// the store, or from the platform, which one caller at a time asks.
func (c *Client) token(ctx context.Context, rejected Hidden) (Hidden, error) {
	if t := c.current.Load(); t != nil && t.usable(c.Now()) && !same(t.Value, rejected) {
		return t.Value, nil
	}
	select {
	case c.fetching <- struct{}{}:
	case <-ctx.Done():
		return Hidden{}, &Error{Endpoint: c.tokenEndpoint(), Class: ErrNotSent, Err: ctx.Err()}
	}
	defer func() { <-c.fetching }()
	if t := c.current.Load(); t != nil && t.usable(c.Now()) && !same(t.Value, rejected) {
		return t.Value, nil
	}
	t, err := c.cfg.Tokens.Update(ctx, c.tokenKey(), func(stored Token) (Token, error) {
		if stored.usable(c.Now()) && !same(stored.Value, rejected) {
			return stored, nil
		}
		return c.fetchToken(ctx)
	})
	if t.Value.IsZero() {
		return Hidden{}, err
	}
	// A store that could not keep a good token costs a fetch, not a sale.
	c.current.Store(&t)
	return t.Value, nil
}

func same(a, b Hidden) bool { return !b.IsZero() && a.Equal(b) }

func (c *Client) tokenEndpoint() Endpoint {
	if c.cfg.Token == PlainToken {
		return ClientTokenEndpoint
	}
	return StableTokenEndpoint
}

// tokenKey names the token among others in a store: it holds no secret.
func (c *Client) tokenKey() string {
	return fmt.Sprintf("%s %s %s", c.cfg.BaseURL, c.cfg.App, c.cfg.Token)
}

// fetchToken asks the platform.
func (c *Client) fetchToken(ctx context.Context) (Token, error) {
	ep := c.tokenEndpoint()
	body, err := json.Marshal(map[string]string{"client_key": c.cfg.App, "client_secret": reveal(c.cfg.Secret), "grant_type": "client_credential"})
	if err != nil {
		return Token{}, invalid(ep, "client key: %w", err)
	}
	var reply struct {
		head
		AccessToken Hidden `json:"access_token"`
		ExpiresIn   Count  `json:"expires_in"`
	}
	if err := c.buckets[ep].wait(ctx); err != nil {
		return Token{}, &Error{Endpoint: ep, Class: ErrNotSent, Err: err}
	}
	if _, err := c.try(ctx, call{endpoint: ep, body: body, out: &reply}, Hidden{}); err != nil {
		return Token{}, err
	}
	life := time.Duration(reply.ExpiresIn) * time.Second
	if reply.AccessToken.IsZero() || life <= 0 || life > tokenLifeMax || !headerSafe(reply.AccessToken) {
		return Token{}, &Error{Endpoint: ep, Class: ErrToken, Reason: NotUnderstood, Err: errors.New("no usable token in the answer")}
	}
	now := c.Now()
	return Token{Value: reply.AccessToken, Fetched: now, Expires: now.Add(life)}, nil
}

// headerSafe says whether a token can stand in an HTTP header.
func headerSafe(h Hidden) bool {
	ok := true
	h.Use(func(b []byte) {
		for _, c := range b {
			ok = ok && c > ' ' && c < 0x7f
		}
	})
	return ok && h.Len() <= 4096
}

// tokenFailure makes of an error of the token's call one of the call that needed
// it: that one never left.
func tokenFailure(ep Endpoint, err error) *Error {
	var e *Error
	if !errors.As(err, &e) {
		return &Error{Endpoint: ep, Class: ErrNotSent, Err: err}
	}
	outer := *e
	outer.Endpoint, outer.Via, outer.Class = ep, e.Endpoint, ErrNotSent
	return &outer
}
