package douyintest

import "time"

// tokens are what the platform handed out.
type tokens struct {
	plain   []token // newest last; only the newest two live
	stable  token
	fetches []time.Time
}

type token struct {
	value   string
	expires time.Time
}

const (
	// overlap is how long a replaced plain token lives on.
	overlap = 5 * time.Minute
	// fetchesMax in five minutes are too many.
	fetchesMax = 500
)

// issue answers a call for a token.
func (p *Platform) issue(r *request) reply {
	switch {
	case r.text("grant_type") != "client_credential":
		return tokenError(10002, "参数错误")
	case r.text("client_key") != App:
		return tokenError(10003, "client_key 错误")
	case r.text("client_secret") != Secret:
		return tokenError(10013, "client_key或者client_secret报错")
	}
	now := p.now()
	recent := p.tokens.fetches[:0]
	for _, at := range p.tokens.fetches {
		if now.Sub(at) < overlap {
			recent = append(recent, at)
		}
	}
	p.tokens.fetches = append(recent, now)
	if len(p.tokens.fetches) > fetchesMax {
		return tokenError(10020, "操作太频繁")
	}
	t := token{"clt." + p.noise(24), now.Add(p.cfg.TokenLife)}
	if r.path == "/oauth/stable_client_token/" {
		if !p.tokens.stable.expires.After(now) {
			p.tokens.stable = t
		}
		t = p.tokens.stable
	} else {
		p.replace(t, now)
	}
	return reply{"data": reply{"access_token": t.value, "expires_in": int64(t.expires.Sub(now).Seconds()), "error_code": 0, "description": ""}, "message": "success"}
}

// replace makes t the newest plain token.
func (p *Platform) replace(t token, now time.Time) {
	for i := range p.tokens.plain {
		if end := now.Add(overlap); p.tokens.plain[i].expires.After(end) {
			p.tokens.plain[i].expires = end
		}
	}
	p.tokens.plain = append(p.tokens.plain, t)
	if n := len(p.tokens.plain); n > 2 {
		p.tokens.plain = p.tokens.plain[n-2:]
	}
}

func tokenError(code int, text string) reply {
	return reply{"data": reply{"error_code": code, "description": text}, "message": "error"}
}

// valid says whether a token lives, and whether it ever did.
func (p *Platform) valid(value string) (code int) {
	for _, t := range append(p.tokens.plain, p.tokens.stable) {
		if t.value == value && value != "" {
			if t.expires.After(p.now()) {
				return 0
			}
			return 2190008
		}
	}
	return 2190002
}

// ExpireTokens ends every token now.
func (p *Platform) ExpireTokens() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expireTokens()
}

func (p *Platform) expireTokens() {
	p.tokens.stable.expires = p.now()
	for i := range p.tokens.plain {
		p.tokens.plain[i].expires = p.now()
	}
}
