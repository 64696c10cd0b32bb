package register

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/operators"
	"github.com/openecr/openecr/pos/postest"
	"github.com/openecr/openecr/pos/rules"
	"github.com/openecr/openecr/qr/wallet"
)

// bench is a register with fake devices, and what it writes.
type bench struct {
	t    *testing.T
	dir  string
	card *postest.Fake
	j    pos.Journal
	book *operators.Book
	log  *bytes.Buffer
	shop *Shop
	url  string
	stop func()
}

const evil = `<script>alert(1)</script></script><img src=x onerror=alert(2)>&"'`

func newBench(t *testing.T, faults ...postest.Fault) *bench {
	b := &bench{t: t, dir: t.TempDir(), card: postest.NewFake(faults...), j: postest.NewMemoryJournal(), log: &bytes.Buffer{}}
	var err error
	b.book, err = operators.Open(filepath.Join(b.dir, "operators"))
	require.NoError(t, err)
	require.NoError(t, b.book.Set("anna", operators.Cashier, pos.NewSecret([]byte("258036"))))
	require.NoError(t, b.book.Set("boss", operators.Supervisor, pos.NewSecret([]byte("739146"))))
	return b
}

// rules want a second person for refunds above 10 yuan and for cash above 20.
func (b *bench) rules() pos.Rules {
	file, err := rules.Parse([]byte(`{"version": 1, "calendar": {"zone": "Asia/Shanghai"}, "currencies": ["CNY"], "refund": {"alone": ["10.00 CNY"]}, "velocity": {"off": true}, "duplicate": {"off": true},
		"limits": [{"id": "cash", "per": "payment", "tenders": ["cash"], "max": "20.00 CNY", "act": "ask"}]}`))
	require.NoError(b.t, err)
	r, err := rules.Open(b.t.Context(), file, rules.Options{Journal: b.j, Book: b.book})
	require.NoError(b.t, err)
	return r
}

func (b *bench) config() Config {
	return Config{Currency: pos.CNY, Sales: filepath.Join(b.dir, "sales"), Goods: filepath.Join(b.dir, "goods"), Operators: b.book,
		FirstGoods: []Good{{Code: "1", Name: "milk", Price: 1280}, {Code: "2", Name: evil, Class: evil, Price: 200},
			{Code: "3", Name: "tofu", Price: 350, ShelfDays: 3, Made: time.Now().AddDate(0, 0, -4).Format(time.DateOnly)}},
		Tenders: []Tender{{Name: "card", English: "Card", Chinese: "刷卡", Scans: true}}, Logger: slog.New(slog.NewTextHandler(b.log, nil)),
		Till: pos.Config{ID: "lane", Journal: b.j, Drivers: map[string]pos.Driver{"card": b.card}, Rules: b.rules(),
			Route: wallet.Router{Tenders: map[string]string{"wechat": "card"}}.Route,
			Times: pos.Times{AskEvery: 10 * time.Millisecond, AskAtMost: 50 * time.Millisecond, Quarantine: 20 * time.Millisecond}}}
}

// open begins the register, as a start of the program does.
func (b *bench) open() {
	b.t.Helper()
	shop, err := Open(b.t.Context(), b.config())
	require.NoError(b.t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b.t, err)
	srv, err := NewServer(shop, l.Addr())
	require.NoError(b.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ctx, l) }()
	b.shop, b.url = shop, "http://"+l.Addr().String()
	b.stop = func() {
		b.stop = func() {}
		cancel()
		assert.NoError(b.t, <-served)
		assert.NoError(b.t, shop.Close())
	}
	b.t.Cleanup(func() { b.stop() })
}

// browser is one page, logged in or not.
type browser struct {
	t     *testing.T
	url   string
	http  *http.Client
	token string
}

func (b *bench) browser() *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(b.t, err)
	return &browser{t: b.t, url: b.url, http: &http.Client{Jar: jar}}
}

// get returns status and body.
func (p *browser) get(path string) (int, string) {
	p.t.Helper()
	r, err := p.http.Get(p.url + path)
	require.NoError(p.t, err)
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	require.NoError(p.t, err)
	return r.StatusCode, string(text)
}

// send posts with the headers a browser adds, or with others.
func (p *browser) send(path, kind, body string, header map[string]string) (int, string) {
	p.t.Helper()
	r, err := http.NewRequest(http.MethodPost, p.url+path, strings.NewReader(body))
	require.NoError(p.t, err)
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Origin", p.url)
	for k, v := range header {
		if k == "Host" {
			r.Host = v
		}
		if r.Header.Set(k, v); v == "" {
			r.Header.Del(k)
		}
	}
	answer, err := p.http.Do(r)
	require.NoError(p.t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(p.t, err)
	return answer.StatusCode, string(text)
}

var (
	formToken = regexp.MustCompile(`name="token" value="([^"]+)"`)
	pageToken = regexp.MustCompile(`name="page-token" content="([^"]+)"`)
)

func (p *browser) login(name, pin string) (int, string) {
	p.t.Helper()
	_, page := p.get("/login")
	status, text := p.send("/login", "application/x-www-form-urlencoded", url.Values{"token": {formToken.FindStringSubmatch(page)[1]}, "name": {name}, "pin": {pin}}.Encode(), nil)
	if m := pageToken.FindStringSubmatch(text); m != nil {
		p.token = m[1]
	}
	return status, text
}

// entered is a browser that has logged in.
func (b *bench) entered(name, pin string) *browser {
	b.t.Helper()
	p := b.browser()
	status, _ := p.login(name, pin)
	require.Equal(b.t, http.StatusOK, status)
	require.NotEmpty(b.t, p.token)
	return p
}

func (p *browser) ask(path string, body map[string]any) (int, string) {
	p.t.Helper()
	text, err := json.Marshal(body)
	require.NoError(p.t, err)
	return p.send("/api/"+path, "application/json", string(text), map[string]string{"X-Page-Token": p.token})
}

func (p *browser) do(path string, body map[string]any) {
	p.t.Helper()
	status, text := p.ask(path, body)
	require.Equal(p.t, http.StatusOK, status, text)
}

func (p *browser) state() (v view) {
	p.t.Helper()
	status, text := p.get("/api/state")
	require.Equal(p.t, http.StatusOK, status, text)
	require.NoError(p.t, json.Unmarshal([]byte(text), &v))
	return v
}

// until waits for a state.
func (p *browser) until(what string, ok func(view) bool) view {
	p.t.Helper()
	for began := time.Now(); ; time.Sleep(2 * time.Millisecond) {
		v := p.state()
		if ok(v) {
			return v
		}
		if time.Since(began) > 10*time.Second {
			text, _ := json.MarshalIndent(v, "", " ")
			require.FailNow(p.t, "never: "+what, string(text))
		}
	}
}

func (p *browser) pay(tender string, more ...string) (int, string) {
	p.t.Helper()
	v := p.state()
	q := map[string]any{"sale": v.Sale.Reference, "attempt": v.Sale.Next, "tender": tender}
	for i := 0; i+1 < len(more); i += 2 {
		q[more[i]] = more[i+1]
	}
	return p.ask("pay", q)
}

// buy puts one good into the sale.
func (p *browser) buy(code string) view {
	p.t.Helper()
	p.do("put", map[string]any{"sale": p.state().Sale.Reference, "good": code, "count": 1, "add": true})
	return p.state()
}

func (b *bench) agree() {
	b.t.Helper()
	assert.Empty(b.t, postest.Agree(b.t.Context(), b.j, b.card.Peer.Net()), "journal and peer")
	lines, err := b.shop.Books(b.t.Context())
	require.NoError(b.t, err)
	for _, l := range lines {
		assert.True(b.t, l.Equal, "%+v", l)
		assert.Zero(b.t, l.Open, "%+v", l)
	}
}

func TestNobodyGetsInWithoutNameAndPIN(t *testing.T) {
	b := newBench(t)
	b.open()
	p := b.browser()
	for _, path := range []string{"/api/state", "/api/books", "/events", "/slip/x", "/receipt/x", "/paper/1", "/code/x"} {
		status, _ := p.get(path)
		assert.Equal(t, http.StatusUnauthorized, status, path)
	}
	_, page := p.get("/")
	assert.Contains(t, page, `name="pin"`, "the page leads to the log-in")
	status, _ := p.ask("put", map[string]any{"sale": "x"})
	assert.Equal(t, http.StatusUnauthorized, status)
	status, _ = p.login("anna", "739146")
	assert.Equal(t, http.StatusUnauthorized, status)
	status, _ = p.login("nobody", "739146")
	assert.Equal(t, http.StatusUnauthorized, status)
	for range operators.LockAfter - 1 {
		status, _ = p.login("anna", "111112")
	}
	assert.Equal(t, http.StatusTooManyRequests, status)
	status, _ = p.login("anna", "258036")
	assert.Equal(t, http.StatusTooManyRequests, status, "the right PIN does not open a lock")

	p = b.entered("boss", "739146")
	assert.Equal(t, "lane", p.state().Till)
	status, _ = p.send("/logout", "application/x-www-form-urlencoded", "token="+p.token, nil)
	assert.Equal(t, http.StatusOK, status)
	status, _ = p.get("/api/state")
	assert.Equal(t, http.StatusUnauthorized, status, "logged out")
	assert.NotContains(t, b.log.String(), "258036")
	assert.NotContains(t, b.log.String(), "739146")
}

func TestOnlyItsOwnPageMayPost(t *testing.T) {
	b := newBench(t)
	b.open()
	p := b.entered("boss", "739146")
	v := p.state()
	body := fmt.Sprintf(`{"sale":%q,"good":"1","count":1}`, v.Sale.Reference)
	ours := map[string]string{"X-Page-Token": p.token}
	for what, c := range map[string]struct {
		header map[string]string
		status int
	}{
		"no token":           {nil, http.StatusForbidden},
		"another's token":    {map[string]string{"X-Page-Token": strings.Repeat("A", 26)}, http.StatusForbidden},
		"another origin":     {map[string]string{"X-Page-Token": p.token, "Origin": "http://evil.example"}, http.StatusForbidden},
		"another port":       {map[string]string{"X-Page-Token": p.token, "Origin": "http://127.0.0.1:1"}, http.StatusForbidden},
		"no origin":          {map[string]string{"X-Page-Token": p.token, "Origin": ""}, http.StatusForbidden},
		"another site":       {map[string]string{"X-Page-Token": p.token, "Sec-Fetch-Site": "cross-site"}, http.StatusForbidden},
		"the same site only": {map[string]string{"X-Page-Token": p.token, "Sec-Fetch-Site": "same-site"}, http.StatusForbidden},
		"a name rebound":     {map[string]string{"X-Page-Token": p.token, "Host": "evil.example"}, http.StatusMisdirectedRequest},
		"its own page":       {ours, http.StatusOK},
	} {
		status, text := p.send("/api/put", "application/json", body, c.header)
		assert.Equal(t, c.status, status, "%s: %s", what, text)
	}
	assert.Equal(t, 1, p.state().Sale.Items[0].Count, "only one of them was heard")
	status, _ := p.send("/api/put", "application/json", `{"reason":"`+strings.Repeat("x", maxBody)+`"}`, ours)
	assert.Equal(t, http.StatusRequestEntityTooLarge, status)
	status, _ = p.send("/login", "application/x-www-form-urlencoded", "name=boss&pin=739146", nil)
	assert.Equal(t, http.StatusForbidden, status, "a form without its token")

	r, err := http.NewRequest(http.MethodGet, p.url+"/api/state", nil)
	require.NoError(t, err)
	r.Host = "register.example:80"
	answer, err := p.http.Do(r)
	require.NoError(t, err)
	answer.Body.Close()
	assert.Equal(t, http.StatusMisdirectedRequest, answer.StatusCode, "nor may a rebound name read")
	csp := answer.Header.Get("Content-Security-Policy")
	assert.Contains(t, csp, "script-src 'self'")
	assert.NotContains(t, csp, "unsafe")
}

func TestItListensOnThisMachineOnly(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:8080", ":8080", "192.168.1.5:80", "[::]:80", "example.com:80", "127.0.0.1", ""} {
		assert.Error(t, Loopback(addr), addr)
	}
	for _, addr := range []string{"127.0.0.1:8080", "localhost:0", "[::1]:8080", "127.9.9.9:1"} {
		assert.NoError(t, Loopback(addr), addr)
	}
}

func TestNamesOfGoodsAreTextOnly(t *testing.T) {
	b := newBench(t)
	b.open()
	p := b.entered("boss", "739146")
	p.buy("2")
	_, page := p.get("/")
	assert.NotContains(t, page, "<script>alert")
	assert.NotContains(t, page, "<img src=x")
	assert.Contains(t, page, `\u003cscript\u003ealert(1)`)
	status, _ := p.pay(pos.Cash)
	require.Equal(t, http.StatusOK, status)
	v := p.until("paid", func(v view) bool { return len(v.Sales) == 1 })
	_, slip := p.get("/receipt/" + v.Sales[0].Reference)
	assert.NotContains(t, slip, "<script>alert")
	assert.Contains(t, slip, "&lt;script&gt;")
	script, err := assets.ReadFile("assets/register.js")
	require.NoError(t, err)
	for _, danger := range []string{"innerHTML", "insertAdjacentHTML", "document.write", "eval("} {
		assert.NotContains(t, string(script), danger)
	}
}

func TestTwoClicksPayOnce(t *testing.T) {
	b := newBench(t)
	b.open()
	p := b.entered("anna", "258036")
	v := p.buy("1")
	q := map[string]any{"sale": v.Sale.Reference, "attempt": v.Sale.Next, "tender": "card"}
	statuses := make(chan int, 8)
	for range cap(statuses) {
		go func() {
			status, _ := p.ask("pay", q)
			statuses <- status
		}()
	}
	for range cap(statuses) {
		assert.Equal(t, http.StatusOK, <-statuses, "a second click is no error")
	}
	p.until("paid", func(v view) bool { return len(v.Sales) == 1 && len(v.Running) == 0 })
	p.do("pay", q) // and one long after
	assert.Len(t, b.card.Peer.Books(), 1)
	b.agree()

	list := p.state().Sales[0].Tries[0]
	back := map[string]any{"sale": list.Reference, "original": list.Attempt, "attempt": list.ReturnID, "void": true, "approver": "boss", "pin": "739146"}
	p.do("return", back)
	p.do("return", back)
	p.until("given back", func(v view) bool {
		return len(v.Running) == 0 && len(v.Sales[0].Tries) == 2 && v.Sales[0].Tries[1].Booked == 1280
	})
	assert.EqualValues(t, 0, b.card.Peer.Net())
	b.agree()
}

func TestAPaymentUnderWayIsThereForEveryPage(t *testing.T) {
	b := newBench(t, postest.FaultHang)
	b.open()
	one, two := b.entered("anna", "258036"), b.entered("boss", "739146")
	v := one.buy("1")
	assert.Equal(t, v.Sale.Items, two.state().Sale.Items, "both see the same sale")
	status, _ := one.pay("card")
	require.Equal(t, http.StatusOK, status)
	v = two.until("it runs", func(v view) bool { return len(v.Running) == 1 && v.Running[0].Step == pos.StepSent })
	assert.Equal(t, v.Running[0].Attempt, one.until("so it does here", func(v view) bool { return len(v.Running) == 1 }).Running[0].Attempt)
	_, page := one.get("/") // a reload
	assert.Contains(t, page, string(v.Running[0].Attempt))
	status, text := two.pay(pos.Cash)
	assert.Equal(t, http.StatusConflict, status, "no second payment meanwhile: "+text)
	status, _ = two.ask("put", map[string]any{"sale": v.Sale.Reference, "good": "1", "count": 2})
	assert.Equal(t, http.StatusConflict, status, "nor other goods")
	two.do("cancel", map[string]any{"attempt": v.Running[0].Attempt})
	one.until("the truth: it was booked", func(v view) bool { return len(v.Sales) == 1 && v.Sales[0].Left == 0 })
	b.agree()
}

func TestAnUnknownOutcomeIsCalledThatAndMended(t *testing.T) {
	b := newBench(t, postest.FaultLoseAnswer)
	b.open()
	p := b.entered("anna", "258036")
	p.buy("1")
	status, _ := p.pay("card")
	require.Equal(t, http.StatusOK, status)
	p.until("asked, and booked", func(v view) bool { return len(v.Sales) == 1 && len(v.Doubts) == 0 })
	assert.Len(t, b.card.Peer.Books(), 1)
	b.agree()
}

func TestScanningSellsOrPaysAndForgetsTheCode(t *testing.T) {
	const code = "134567890123456789"
	b := newBench(t)
	b.open()
	p := b.entered("anna", "258036")
	scan := func(text string) (int, string) {
		v := p.state()
		return p.ask("scan", map[string]any{"sale": v.Sale.Reference, "attempt": v.Sale.Next, "code": text})
	}
	status, text := scan("1")
	assert.Equal(t, http.StatusOK, status, text)
	assert.Contains(t, text, "false")
	status, _ = scan("no such thing")
	assert.Equal(t, http.StatusNotFound, status)
	status, _ = scan("3")
	assert.Equal(t, http.StatusConflict, status, "its shelf life is over")
	status, text = scan(code)
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, text, "true")
	p.until("paid", func(v view) bool { return len(v.Sales) == 1 })
	_, page := p.get("/")
	assert.NotContains(t, page, code)
	assert.NotContains(t, b.log.String(), code)
	for _, file := range []string{"sales", "goods"} {
		text, err := os.ReadFile(filepath.Join(b.dir, file))
		require.NoError(t, err)
		assert.NotContains(t, string(text), code)
	}
}

func TestSplitAndCashWithChange(t *testing.T) {
	b := newBench(t)
	b.open()
	p := b.entered("anna", "258036")
	p.buy("1")
	for _, wrong := range []string{"0", "12.81", "-1", "x", "1.001", "99999999999999999999"} {
		status, _ := p.pay("card", "amount", wrong)
		assert.Equal(t, http.StatusBadRequest, status, wrong)
	}
	status, _ := p.pay(pos.Cash, "given", "12.79")
	assert.Equal(t, http.StatusBadRequest, status, "not enough")
	status, _ = p.pay("card", "amount", "10.00")
	require.Equal(t, http.StatusOK, status)
	v := p.until("a part", func(v view) bool { return v.Sale.Left == 280 && len(v.Running) == 0 })
	assert.Empty(t, v.Sales)
	status, _ = p.ask("drop", map[string]any{"sale": v.Sale.Reference})
	assert.Equal(t, http.StatusConflict, status, "money of it is here")
	status, _ = p.pay(pos.Cash, "given", "5")
	require.Equal(t, http.StatusOK, status)
	v = p.until("paid", func(v view) bool { return len(v.Sales) == 1 })
	assert.EqualValues(t, 220, v.Sales[0].Tries[1].Change)
	b.agreeCash(280)
}

// agreeCash is agree for a sale that was paid in part in cash, which no peer knows of.
func (b *bench) agreeCash(cash int64) {
	b.t.Helper()
	assert.Empty(b.t, postest.Agree(b.t.Context(), b.j, b.card.Peer.Net()+cash))
}

func TestLargeRefundsNeedASupervisor(t *testing.T) {
	b := newBench(t)
	b.open()
	p := b.entered("anna", "258036")
	p.buy("1")
	status, _ := p.pay("card")
	require.Equal(t, http.StatusOK, status)
	v := p.until("paid", func(v view) bool { return len(v.Sales) == 1 && len(v.Running) == 0 })
	refund := func(amount, who, pin string) {
		last := p.until("idle", func(v view) bool { return len(v.Running) == 0 }).Sales[0].Tries[0]
		p.do("return", map[string]any{"sale": v.Sales[0].Reference, "original": last.Attempt, "attempt": last.ReturnID, "amount": amount, "approver": who, "pin": pin})
		p.until("idle", func(v view) bool { return len(v.Running) == 0 })
	}
	refund("10.01", "", "")
	refund("10.01", "anna", "258036")
	refund("10.01", "boss", "111112")
	assert.EqualValues(t, 1280, b.card.Peer.Net(), "nothing was given back")
	refund("10.00", "", "")
	assert.EqualValues(t, 280, b.card.Peer.Net(), "one person may give back that much")
	refund("0.01", "boss", "739146")
	assert.EqualValues(t, 279, b.card.Peer.Net(), "two more")
	b.agree()
	status, _ = p.ask("goods", map[string]any{"item": Good{Code: "9", Name: "x", Price: 1}})
	assert.Equal(t, http.StatusForbidden, status, "prices are a supervisor's")
}

func TestARuleMayWantASecondPersonForAPayment(t *testing.T) {
	b := newBench(t)
	b.open()
	p := b.entered("anna", "258036")
	p.buy("1")
	p.buy("1")
	status, _ := p.pay(pos.Cash)
	require.Equal(t, http.StatusOK, status)
	v := p.until("refused", func(v view) bool { return len(v.Running) == 0 && len(v.Sale.Tries) == 1 })
	assert.True(t, v.Sale.Tries[0].Second)
	assert.EqualValues(t, 2560, v.Sale.Left)
	status, _ = p.pay(pos.Cash, "approver", "boss", "pin", "739146")
	require.Equal(t, http.StatusOK, status)
	p.until("paid", func(v view) bool { return len(v.Sales) == 1 })
	assert.NotContains(t, b.log.String(), "739146")
}

// TestARestartAnywhereLosesNothing kills the process before and after each
// barrier of the journal in a sale by card, starts it again, and compares.
func TestARestartAnywhereLosesNothing(t *testing.T) {
	booked := 0
	for at := 1; at <= 5; at++ {
		for _, after := range []bool{false, true} {
			b := newBench(t)
			durable := b.j
			dying := postest.NewBarriers(durable)
			dying.KillAt, dying.After, b.j = at, after, dying
			b.open()
			p := b.entered("anna", "258036")
			p.buy("1")
			ref := p.state().Sale.Reference
			status, _ := p.pay("card")
			require.Equal(t, http.StatusOK, status)
			for began := time.Now(); time.Since(began) < 5*time.Second && !dying.Dead(); time.Sleep(time.Millisecond) {
				if o, _ := b.shop.sales.get(ref); o.State == SalePaid && at > 4 {
					break // there are fewer barriers than that
				}
			}
			b.stop()

			peer := b.card.Peer
			b.card, b.j = &postest.Fake{Peer: peer}, durable
			b.open()
			p = b.entered("anna", "258036")
			v := p.until("decided", func(v view) bool { return len(v.Doubts) == 0 && len(v.Running) == 0 })
			assert.Empty(t, v.Decide, "every orphan is found a sale for")
			sale, ok := b.shop.sales.get(ref)
			require.True(t, ok)
			assert.Equal(t, peer.Net(), 1280-sale.Left(), "killed at %d, after %t: the sale says what the peer holds", at, after)
			if sale.State == SalePaid {
				booked++
			}
			b.agree()
			b.stop()
		}
	}
	assert.Greater(t, booked, 3, "late kills leave a paid sale")
}

func TestAnOrphanOfNobodyWaitsForAPerson(t *testing.T) {
	b := newBench(t)
	till, err := pos.Open(t.Context(), pos.Config{ID: "lane", Journal: b.j, Drivers: map[string]pos.Driver{"card": &postest.Fake{Peer: b.card.Peer}}})
	require.NoError(t, err)
	foreign, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: pos.FromMinor(500, pos.CNY), Reference: "somebody-else"})
	require.NoError(t, err)
	require.NoError(t, till.Close())
	b.open()
	p := b.entered("anna", "258036")
	v := p.state()
	require.Len(t, v.Decide, 1)
	assert.True(t, v.Decide[0].Orphan)
	q := map[string]any{"attempt": foreign.ID, "verdict": "back", "reason": "nobody there"}
	status, _ := p.ask("decide", q)
	assert.Equal(t, http.StatusForbidden, status)
	p = b.entered("boss", "739146")
	p.do("decide", q)
	p.until("given back", func(v view) bool { return len(v.Decide) == 0 && len(v.Running) == 0 })
	assert.Zero(t, b.card.Peer.Net())
}

func TestParkedSalesComeBack(t *testing.T) {
	b := newBench(t)
	b.open()
	p := b.entered("anna", "258036")
	first := p.buy("1").Sale.Reference
	p.do("park", map[string]any{"sale": first})
	second := p.buy("2")
	require.NotEqual(t, first, second.Sale.Reference)
	status, _ := p.ask("resume", map[string]any{"sale": first})
	assert.Equal(t, http.StatusConflict, status, "somebody is at the counter")
	p.do("drop", map[string]any{"sale": second.Sale.Reference})
	p.do("resume", map[string]any{"sale": first})
	assert.Equal(t, first, p.state().Sale.Reference)
	b.stop()
	b.card = postest.NewFake()
	b.open()
	p = b.entered("anna", "258036")
	assert.Equal(t, first, p.state().Sale.Reference, "also after a restart")
}

// TestEventsComeAtOnce measures from an event to the state in a page's hands.
func TestEventsComeAtOnce(t *testing.T) {
	b := newBench(t)
	b.open()
	p := b.entered("anna", "258036")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/events", nil)
	require.NoError(t, err)
	stream, err := p.http.Do(r)
	require.NoError(t, err)
	defer stream.Body.Close()
	lines := bufio.NewScanner(stream.Body)
	lines.Buffer(nil, 1<<20)
	next := func() (v view) {
		for lines.Scan() {
			if text, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				require.NoError(t, json.Unmarshal([]byte(text), &v))
				return v
			}
		}
		require.NoError(t, lines.Err())
		require.Fail(t, "the stream ended")
		return v
	}
	ref := next().Sale.Reference
	for n := 1; n <= 5; n++ {
		require.NoError(t, b.shop.Put(ref, "1", 1, true))
		began := time.Now()
		for v := next(); len(v.Sale.Items) == 0 || v.Sale.Items[0].Count < n; v = next() {
		}
		assert.Less(t, time.Since(began), 50*time.Millisecond)
	}
	p.do("put", map[string]any{"sale": ref, "good": "2", "count": 1})
	status, _ := p.send("/logout", "application/x-www-form-urlencoded", "token="+p.token, nil)
	require.Equal(t, http.StatusOK, status)
	for lines.Scan() { // ends by itself
	}
	require.NoError(t, ctx.Err(), "a log-out ends the stream")
}

func TestTheFileOfSalesSurvivesATornLineAndNothingElse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sales")
	head := salesHead{"lane", pos.CNY}
	b, err := openSales(path, head)
	require.NoError(t, err)
	one, two := Sale{Reference: "one", State: SaleOpen}, Sale{Reference: "two", State: SalePaid, Number: 7}
	require.NoError(t, b.put(one))
	require.NoError(t, b.put(two))
	require.NoError(t, b.close())
	require.Error(t, b.put(one), "closed")
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	keep := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	for cut := keep; cut < len(whole); cut++ {
		require.NoError(t, os.WriteFile(path, whole[:cut], 0o600))
		b, err = openSales(path, head)
		require.NoError(t, err, "cut at %d", cut)
		_, ok := b.get("one")
		require.True(t, ok)
		_, ok = b.get("two")
		require.False(t, ok)
		require.NoError(t, b.put(two), "the next line is sound")
		require.NoError(t, b.close())
	}
	b, err = openSales(path, head)
	require.NoError(t, err)
	require.Equal(t, 8, b.number())
	require.NoError(t, b.close())
	bad := bytes.Replace(whole, []byte(`"one"`), []byte(`"0ne"`), 1)
	require.NoError(t, os.WriteFile(path, bad, 0o600))
	_, err = openSales(path, head)
	require.ErrorIs(t, err, errDamaged, "a sale in the middle would be missing")
	require.NoError(t, os.WriteFile(path, whole, 0o600))
	_, err = openSales(path, salesHead{"lane", pos.EUR})
	require.Error(t, err, "another currency")
}

func TestGoods(t *testing.T) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	g := Good{Code: "1", Name: "tofu", Price: 350, ShelfDays: 3, Made: "2026-11-20"}
	assert.Equal(t, Soon, g.Fresh(noon))
	assert.Equal(t, Expired, g.Fresh(noon.AddDate(0, 0, 1)))
	assert.Equal(t, Keeps, g.Fresh(noon.AddDate(0, 0, -2)))
	path := filepath.Join(t.TempDir(), "goods")
	list, err := openGoods(path, []Good{g})
	require.NoError(t, err)
	for _, wrong := range []Good{{}, {Code: "2", Name: "x"}, {Code: "2", Name: "x", Price: -1}, {Code: "2", Name: "x\ny", Price: 1}, {Code: "2", Name: " x", Price: 1},
		{Code: "2", Name: "4111111111111111", Price: 1}, {Code: "2", Name: "x", Price: 1, ShelfDays: 2, Made: "yesterday"}, {Code: "2", Name: strings.Repeat("x", 121), Price: 1}} {
		assert.ErrorIs(t, list.set(wrong), errRequest, "%+v", wrong)
	}
	require.NoError(t, list.set(Good{Code: "2", Name: "豆腐", Price: 1}))
	require.NoError(t, list.remove("1"))
	list, err = openGoods(path, nil)
	require.NoError(t, err)
	assert.Equal(t, []Good{{Code: "2", Name: "豆腐", Price: 1}}, list.all())
}
