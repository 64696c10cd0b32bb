//go:build browser

package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// lane is a register as its own process, and a browser in front of it. The
// journal lies in a folder, so that the process can be killed and begun again.
type lane struct {
	t       *testing.T
	journal string
	addr    string
	process *exec.Cmd
	tab     context.Context
}

// chromium is the browser, wherever it is; without one the test fails.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no browser: install Debian's chromium and fonts-noto-cjk, or leave the tag browser out")
	return ""
}

func newLane(t *testing.T) *lane {
	dir := t.TempDir()
	l := &lane{t: t, journal: filepath.Join(dir, "till.db"), addr: "127.0.0.1:0"}
	l.start()
	t.Cleanup(l.kill)
	opts := []chromedp.ExecAllocatorOption{chromedp.Headless, chromedp.NoFirstRun, chromedp.DisableGPU, chromedp.ExecPath(chromium(t)), chromedp.WindowSize(1360, 1000)}
	if os.Geteuid() == 0 {
		opts = append(opts, chromedp.NoSandbox)
	}
	alloc, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(stop)
	var leave context.CancelFunc
	l.tab, leave = chromedp.NewContext(alloc)
	t.Cleanup(leave)
	require.NoError(t, chromedp.Do(l.tab, chromedp.Navigate("about:blank")))
	return l
}

// start runs the program until it says that it is ready.
func (l *lane) start() {
	began := time.Now()
	l.process = exec.Command(tillProgram, "serve", "--sim", "--lang", "zh", "--journal", l.journal, "--addr", l.addr)
	l.process.Stderr = os.Stderr
	out, err := l.process.StdoutPipe()
	require.NoError(l.t, err)
	require.NoError(l.t, l.process.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(l.t, err)
	at, ok := strings.CutPrefix(strings.TrimSpace(line), "register ready on http://")
	require.True(l.t, ok, line)
	l.addr = at
	require.Less(l.t, time.Since(began), 5*time.Second, "ready in five seconds")
	l.t.Logf("ready after %v", time.Since(began).Round(time.Millisecond))
}

// kill is kill -9.
func (l *lane) kill() {
	_ = l.process.Process.Kill()
	_ = l.process.Wait()
}

// do runs browser actions, and fails with a picture of what was there.
func (l *lane) do(actions ...chromedp.Action[chromedp.Void]) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.tab, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		l.picture("failed")
		require.NoError(l.t, err)
	}
}

// picture keeps what is on the screen: in testdata when OPENECR_SCREENSHOTS is
// set, and of a failure where the system keeps what is thrown away.
func (l *lane) picture(name string) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.tab, 10*time.Second)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(60))
	require.NoError(l.t, err)
	folder := filepath.Join("register", "testdata")
	switch {
	case name == "failed":
		folder = os.TempDir()
		l.t.Logf("what was on the screen: %s", filepath.Join(folder, name+".jpg"))
	case os.Getenv("OPENECR_SCREENSHOTS") == "":
		return
	}
	require.NoError(l.t, os.WriteFile(filepath.Join(folder, name+".jpg"), picture, 0o644))
}

// sees waits until a JavaScript expression is true.
func (l *lane) sees(what, expression string) {
	l.t.Helper()
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if l.value("(() => { try { return !!("+expression+"); } catch (e) { return false; } })()") == "true" {
			l.t.Logf("after %v: %s", time.Since(began).Round(time.Millisecond), what)
			return
		}
		if time.Since(began) > 30*time.Second {
			l.picture("failed")
			l.t.Fatalf("never seen: %s; the state is %s", what, l.value("JSON.stringify(state)"))
		}
	}
}

// value is what an expression is; nothing while a page is being loaded.
func (l *lane) value(expression string) string {
	ctx, cancel := context.WithTimeout(l.tab, 10*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("String("+expression+")"))
	if err != nil {
		return ""
	}
	return text
}

func (l *lane) login(name, pin string) {
	l.t.Helper()
	l.do(chromedp.Navigate("http://"+l.addr+"/login"), chromedp.WaitVisible(chromedp.CSS("#name")), chromedp.SendKeys(chromedp.CSS("#name"), name), chromedp.SendKeys(chromedp.CSS("#pin"), pin+"\r"), chromedp.WaitVisible(chromedp.CSS("#scan")))
	l.sees("the register", "document.body.dataset.line === 'up'")
	ready := l.value("Math.round(performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd)")
	l.t.Logf("page ready after %s ms", ready)
	l.sees("a page ready in a second", "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd < 1000")
}

// scan types as a scanner does, wherever the focus is, with Enter behind it.
func (l *lane) scan(code string) {
	l.t.Helper()
	l.do(chromedp.KeyEvent(code + "\r"))
}

func (l *lane) fault(id string) {
	l.t.Helper()
	l.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`[data-fault=%q]`, id))))
}

func (l *lane) sold(n int) {
	l.t.Helper()
	l.sees(fmt.Sprintf("sale %d is paid", n), fmt.Sprintf("state.sales && state.sales.filter((s) => s.state === 'paid').length === %d && document.querySelectorAll(\"[data-sale][data-state=paid]\").length === %d", n, n))
}

const milk, water = "6901234567892", "6901234567939"

func TestADayInTheBrowser(t *testing.T) {
	l := newLane(t)
	l.do(chromedp.Navigate("http://"+l.addr+"/"), chromedp.WaitVisible(chromedp.CSS("#name")))
	l.picture("login")
	l.login("boss", "739146")
	l.readable("before a sale")
	l.cashSale()
	l.codeSale()
	l.dynamicSale()
	l.lostAnswer()
	l.killed()
	l.booksAgree()
	l.english()
}

// cashSale scans, types what was handed over and gives change.
func (l *lane) cashSale() {
	l.scan(milk)
	l.scan(milk)
	l.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`[data-good=%q]`, water))))
	l.sees("27.60 to pay", "document.getElementById('left').textContent.startsWith('27.60')")
	l.picture("sale")
	l.do(chromedp.SendKeys(chromedp.CSS("#given"), "50"))
	l.sees("the change", "document.getElementById('change').value.includes('22.40')")
	l.do(chromedp.SendKeys(chromedp.CSS("#given"), "\r"))
	l.sold(1)
	l.sees("the paper", "document.querySelector('#paper img') && document.querySelector('#paper img').complete")
}

// codeSale scans the customer's code, which finds its wallet, with two clicks' worth of haste.
func (l *lane) codeSale() {
	l.scan(milk)
	l.sees("12.80", "document.getElementById('left').textContent.startsWith('12.80')")
	l.scan("134567890123456789")
	l.sold(2)
	require.NotContains(l.t, l.value("document.documentElement.outerHTML"), "134567890123456789", "a payment code is never shown again")
}

// dynamicSale shows a code, loads the page again in the middle, and is paid.
func (l *lane) dynamicSale() {
	l.scan(water)
	l.sees("2.00", "document.getElementById('left').textContent.startsWith('2.00')")
	l.do(chromedp.Click(chromedp.CSS(`[data-show="alipay"]`)))
	l.sees("the code", "document.querySelector('#running img') && document.querySelector('#running img').naturalWidth > 0")
	l.do(chromedp.Reload())
	l.sees("the same code after a reload", "document.querySelector('#running img') && document.querySelector('#running img').naturalWidth > 0")
	l.picture("code")
	l.sold(3)
}

// lostAnswer pulls the cable at the approval: a doubt, then the next customer, then the truth.
func (l *lane) lostAnswer() {
	l.fault("card.pull-approved")
	l.scan(milk)
	l.sees("12.80", "document.getElementById('left').textContent.startsWith('12.80')")
	l.do(chromedp.Click(chromedp.CSS(`[data-tender="card"]`)))
	l.sees("the doubt", "document.querySelector('#alarms .doubt') && document.body.textContent.includes('结果未明,请勿重复收款')")
	l.picture("doubt")
	l.readable("in doubt")
	l.fault("card.plug")
	l.sees("no doubt", "!document.querySelector('#alarms .doubt') && state.running.length === 0")
	l.sees("what became of it", "document.querySelector('#tries [data-state=reversed], #tries [data-state=confirmed]') || state.sales.filter((s) => s.state === 'paid').length === 4")
	if l.value("state.sale.left") == "1280" {
		l.do(chromedp.Click(chromedp.CSS(`[data-tender="card"]`)))
	}
	l.sold(4)
}

// killed ends the program in the middle of a payment and begins it again.
func (l *lane) killed() {
	l.scan(water)
	l.sees("2.00", "document.getElementById('left').textContent.startsWith('2.00')")
	l.do(chromedp.Click(chromedp.CSS(`[data-tender="card"]`)))
	l.sees("the payment", "document.querySelector('[data-run]')")
	time.Sleep(900 * time.Millisecond) // the terminal is at it, or has just booked
	l.kill()
	l.sees("the register is away", "document.body.dataset.line === 'down'")
	l.start()
	l.sees("the log-in, by itself", "location.pathname === '/login'")
	l.login("boss", "739146")
	l.sees("an end of it", "(state.doubts || []).length === 0 && state.running.length === 0")
	l.picture("restarted")
	if l.value("state.sale.left") == "200" {
		l.do(chromedp.Click(chromedp.CSS(`[data-tender="cash"]`)))
	}
	l.sold(5)
}

// booksAgree compares journal, sales and every simulator to the fen.
func (l *lane) booksAgree() {
	l.sees("equal books", "document.querySelectorAll('[data-book]').length >= 5 && [...document.querySelectorAll('[data-book]')].every((r) => r.dataset.equal === 'true' && r.dataset.open === '0')")
	l.picture("books")
	lag := l.value("document.body.dataset.lag")
	l.t.Logf("from event to screen: %s ms", lag)
	l.sees("the screen within 50 ms", "Number(document.body.dataset.lag) < 50")
}

func (l *lane) english() {
	l.do(chromedp.Click(chromedp.CSS("#lang")))
	l.sees("English", "document.getElementById('goods-head').textContent === 'Goods'")
	l.picture("english")
}

// unreadable lists text that has less contrast than WCAG 2.2 AA wants (1.4.3:
// 4.5 to 1, and 3 to 1 for large letters; what is disabled is exempt), controls
// without a name (4.1.2) and what a screen reader needs to find its way.
const unreadable = `(() => {
  const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = (c) => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
  const colour = (t) => t.match(/[\d.]+/g).map(Number);
  const ground = (e) => { for (; e; e = e.parentElement) { const c = colour(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
  const bad = [];
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || e.offsetParent === null || e.closest(":disabled") || e.matches(".skip, script")) continue;
    const style = getComputedStyle(e), a = light(colour(style.color)), b = light(ground(e));
    const size = parseFloat(style.fontSize), large = size >= 24 || size >= 18.66 && Number(style.fontWeight) >= 700;
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < (large ? 3 : 4.5)) bad.push("contrast " + ratio.toFixed(2) + ": " + e.textContent.slice(0, 30));
  }
  for (const e of document.querySelectorAll("button, input:not([type=hidden])")) {
    const name = e.getAttribute("aria-label") || (e.labels && e.labels.length && e.labels[0].textContent) || e.textContent;
    if (e.offsetParent !== null && !name.trim()) bad.push("no name: " + e.outerHTML.slice(0, 60));
    if (e.offsetParent !== null && e.getBoundingClientRect().height < 24) bad.push("too small: " + e.outerHTML.slice(0, 60));
  }
  for (const want of ["header", "main", "h1", "html[lang]", "#alarms[role=alert]", ".skip"]) if (!document.querySelector(want)) bad.push("missing " + want);
  for (const part of document.querySelectorAll("section")) if (!document.getElementById(part.getAttribute("aria-labelledby"))) bad.push("a section without a name");
  return bad.join("\n") || "fine";
})()`

// readable checks what can be checked of WCAG, and that the keyboard shows where it is.
func (l *lane) readable(when string) {
	l.t.Helper()
	require.Equal(l.t, "fine", l.value(unreadable), when)
	l.do(chromedp.KeyEvent("\t"))
	require.Equal(l.t, "true", l.value("getComputedStyle(document.activeElement).outlineStyle === 'solid' && document.activeElement !== document.body"), "focus is visible")
}
