package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browserEnv names another browser than Debian's.
const browserEnv = "MUSTER_E2E_BROWSER"

// patience is how long a page may take to show what it should: long, because tests share two cores with others.
const patience = 30 * time.Second

// StartGuidedDemo starts a demo as a stranger does: with its strip.
func StartGuidedDemo(t testing.TB) *Demo {
	t.Helper()
	p, stdout := StartProcess(t, nil, "demo", "--json", "--listen", "127.0.0.1:0", "--data", t.TempDir())
	d := &Demo{Process: p}
	if err := json.NewDecoder(stdout).Decode(&d.Line); err != nil {
		p.Kill()
		t.Fatalf("the demo printed no line of JSON: %v; it wrote:\n%s", err, p.Stderr())
	}
	d.Client = NewClient(t, d.Line.URL, d.Line.AdminToken)
	d.Await(patience, "the demo to be ready", d.Ready)
	return d
}

// Browser is a Chromium with a new profile.
type Browser struct {
	t   testing.TB
	ctx context.Context
}

// NewBrowser starts Chromium. The test's end stops it.
func NewBrowser(t testing.TB) *Browser {
	t.Helper()
	exe := os.Getenv(browserEnv)
	if exe == "" {
		exe = "/usr/bin/chromium"
	}
	if _, err := os.Stat(exe); err != nil {
		t.Fatalf("the browser tests need Chromium (Debian's package chromium), or %s with the path of another: %v", browserEnv, err)
	}
	opts := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(exe), chromedp.Headless, chromedp.NoSandbox, chromedp.NoFirstRun, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1440, 900),
	}
	for _, flag := range []string{
		"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "disable-dev-shm-usage",
		"disable-default-apps", "disable-extensions", "no-default-browser-check",
	} {
		opts = append(opts, chromedp.Flag(flag, true))
	}
	opts = append(opts, chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("lang", "en-GB"))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("Chromium does not start: %v", err)
	}
	return &Browser{t: t, ctx: ctx}
}

// Tab is one tab. It writes down whatever a person with open developer tools would frown at.
type Tab struct {
	t    testing.TB
	ctx  context.Context
	base string // what paths are below

	mu       sync.Mutex
	urls     map[network.RequestID]string
	problems []string
	allowed  []string // texts of problems that the test asks for
}

// Tab opens a window of its own at a server. Tabs of one browser share its cookies, unless an option says otherwise.
func (b *Browser) Tab(base string, opts ...chromedp.ContextOption) *Tab {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, opts...)
	b.t.Cleanup(cancel)
	tab := &Tab{t: b.t, ctx: ctx, base: base, urls: map[network.RequestID]string{}}
	if err := chromedp.Do(ctx); err != nil {
		b.t.Fatalf("no tab opens: %v", err)
	}
	if err := chromedp.Listen(ctx, tab.hear); err != nil {
		b.t.Fatalf("a tab cannot be listened to: %v", err)
	}
	return tab
}

// Private opens a tab with cookies of its own.
func (b *Browser) Private(base string) *Tab {
	b.t.Helper()
	return b.Tab(base, chromedp.WithNewBrowserContext())
}

func (tab *Tab) hear(ev any) {
	switch e := ev.(type) {
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		tab.problem("exception: %s", text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning || e.Type == runtime.ConsoleAPICalledTypeAssert {
			tab.problem("console.%s: %s", e.Type, consoleText(e.Args))
		}
	case *log.EventEntryAdded:
		// Chromium logs a failed request also as an entry; the response itself is told below.
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork || e.Entry.Source == log.EntrySourceSecurity {
			tab.problem("%s %s: %s (%s:%d)", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL, e.Entry.LineNumber)
		}
	case *network.EventRequestWillBeSent:
		tab.mu.Lock()
		tab.urls[e.RequestID] = e.Request.Method + " " + e.Request.URL
		tab.mu.Unlock()
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 {
			tab.problem("%d for %s", e.Response.Status, tab.url(e.RequestID))
		}
	case *network.EventLoadingFailed:
		if !e.Canceled && e.ErrorText != "net::ERR_ABORTED" { // a page that is left aborts what it was loading
			tab.problem("%s for %s", e.ErrorText, tab.url(e.RequestID))
		}
	}
}

func (tab *Tab) url(id network.RequestID) string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return tab.urls[id]
}

func consoleText(args []*runtime.RemoteObject) string {
	var b strings.Builder
	for _, a := range args {
		fmt.Fprintf(&b, "%s%s ", a.Value, a.Description)
	}
	return strings.TrimSpace(b.String())
}

func (tab *Tab) problem(format string, args ...any) {
	p := fmt.Sprintf(format, args...)
	tab.mu.Lock()
	defer tab.mu.Unlock()
	for _, a := range tab.allowed {
		if strings.Contains(p, a) {
			return
		}
	}
	tab.problems = append(tab.problems, p)
}

// Allow expects a problem that the test itself causes.
func (tab *Tab) Allow(text string) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.allowed = append(tab.allowed, text)
}

// Clean fails the test when the console, the policy or a request complained since it was asked last.
func (tab *Tab) Clean(where string) {
	tab.t.Helper()
	tab.mu.Lock()
	defer tab.mu.Unlock()
	for _, p := range tab.problems {
		tab.t.Errorf("%s: %s", where, p)
	}
	tab.problems = nil
}

// do runs steps, each test's step within its patience.
func (tab *Tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		tab.t.Fatalf("%s: %v\nThe page says:\n%s", what, err, tab.words())
	}
}

// Go opens an address and waits until it is loaded.
func (tab *Tab) Go(path string) {
	tab.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = tab.base + path
	}
	tab.do("opening "+path, chromedp.Navigate(path))
}

// Eval runs an expression in the page.
func Eval[T any](tab *Tab, expression string) T {
	tab.t.Helper()
	v, err := tryEval[T](tab, expression)
	if err != nil {
		tab.t.Fatalf("in the page: %v: %.200s", err, expression)
	}
	return v
}

// tryEval is Eval while a page may be on its way out.
func tryEval[T any](tab *Tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// words is what the page says, for a failure's message.
func (tab *Tab) words() string {
	s, err := tryEval[string](tab, `location.href + "\n" + document.body.innerText`)
	if err != nil {
		return err.Error()
	}
	if len(s) > 3000 {
		s = s[:3000] + "…"
	}
	return s
}

// Until waits for an expression, or for what it promises, to become true.
func (tab *Tab) Until(what, expression string) {
	tab.t.Helper()
	if !Eventually(patience, func() bool {
		ok, err := tryEval[bool](tab, "(async () => !!(await ("+expression+")))()")
		return err == nil && ok
	}) {
		tab.t.Fatalf("waited in vain for %s. The page says:\n%s", what, tab.words())
	}
}

// Sees waits until the part of the page that a selector chooses says the texts.
func (tab *Tab) Sees(selector string, texts ...string) {
	tab.t.Helper()
	for _, text := range texts {
		tab.Until(fmt.Sprintf("%q in %s", text, selector), fmt.Sprintf(
			`[...document.querySelectorAll(%s)].some(e => e.innerText.replace(/\s+/g, " ").includes(%s))`, quoted(selector), quoted(text)))
	}
}

// SeesNot checks that a part does not say a text.
func (tab *Tab) SeesNot(selector, text string) {
	tab.t.Helper()
	if Eval[bool](tab, fmt.Sprintf(`[...document.querySelectorAll(%s)].some(e => e.innerText.includes(%s))`, quoted(selector), quoted(text))) {
		tab.t.Errorf("%s says %q", selector, text)
	}
}

// Path is where the tab is.
func (tab *Tab) Path() string {
	tab.t.Helper()
	return Eval[string](tab, "location.pathname")
}

// Click presses what a selector chooses, when it is visible.
func (tab *Tab) Click(selector string) {
	tab.t.Helper()
	tab.do("clicking "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// Type writes into a field as a keyboard does.
func (tab *Tab) Type(selector, text string) {
	tab.t.Helper()
	tab.do("typing into "+selector, chromedp.SendKeys(chromedp.CSS(selector), text, chromedp.NodeVisible))
}

// Press presses keys where the focus is.
func (tab *Tab) Press(keys string, opts ...chromedp.KeyOption) {
	tab.t.Helper()
	tab.do("pressing "+keys, chromedp.KeyEvent(keys, opts...))
}

// SignIn opens the address that the demo prints and presses its button.
func (tab *Tab) SignIn(token string) {
	tab.t.Helper()
	tab.Go("/signin?token=" + token)
	tab.Click("form button")
	tab.Until("being signed in", `location.pathname === "/" && document.querySelector(".rail")`)
}

// Look is a size and colours.
type Look struct {
	Name  string
	Phone bool
	Dark  bool
}

// looks are the four ways to look at every screen.
var looks = []Look{{"desktop-light", false, false}, {"desktop-dark", false, true}, {"phone-light", true, false}, {"phone-dark", true, true}}

// Look turns the tab into another device.
func (tab *Tab) Look(l Look) {
	tab.t.Helper()
	size := chromedp.EmulateViewport(1440, 900)
	if l.Phone {
		size = chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait)
	}
	scheme := "light"
	if l.Dark {
		scheme = "dark"
	}
	tab.do("looking "+l.Name, size, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		return err
	}))
}

// Script switches JavaScript on and off, as some people do.
func (tab *Tab) Script(on bool) {
	tab.t.Helper()
	tab.do("switching scripts", chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	}))
}

// quoted is a text as JavaScript writes it.
func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(b)
}
