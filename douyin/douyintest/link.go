package douyintest

import (
	"net/http"
	"net/url"
	"strings"
)

// HostileLinks are texts a scanner should survive, by what they do.
var HostileLinks = map[string]string{
	"loop":    "https://v.douyin.com/loop/",
	"evil":    "https://v.douyin.com/evil/",
	"private": "https://v.douyin.com/private/",
	"plain":   "https://v.douyin.com/plain/",
	"page":    "https://v.douyin.com/page/",
	"big":     "https://v.douyin.com/big/",
}

// link answers short links as the platform's hosts do: a redirect, and another,
// to an address that carries the voucher.
func (p *Platform) link(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	data, known := p.links[r.URL.Path]
	p.mu.Unlock()
	to := func(where string) { w.Header().Set("Location", where); w.WriteHeader(http.StatusFound) }
	switch name := strings.Trim(r.URL.Path, "/"); {
	case known && r.Host == "v.douyin.com":
		to("https://www.iesdouyin.com" + r.URL.Path)
	case known:
		to("https://www.douyin.com/share/voucher/?from=qr&object_id=" + url.QueryEscape(data))
	case name == "loop":
		to("https://v.douyin.com/loop/")
	case name == "evil":
		to("https://evil.example/voucher")
	case name == "private":
		to("https://127.0.0.1/admin")
	case name == "plain":
		to("http://v.douyin.com/plain/")
	case name == "big":
		w.Write([]byte(strings.Repeat("x", 1<<20)))
	case name == "page":
		w.Write([]byte("<html>download the app</html>"))
	default:
		http.NotFound(w, r)
	}
}
