package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"flag"
	"fmt"
	"html"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

var (
	screens     = flag.Bool("screens", false, "take pictures of every screen into docs/screens")
	screensFull = flag.String("screens-full", "", "with -screens: a directory for whole pages at full size, to look at closely")
)

const (
	screensDir = "../docs/screens"
	// screensLimit keeps the pictures from making a clone slow.
	screensLimit = 3_600_000
)

// shot is a screen that the contact sheet shows.
type shot struct {
	name, path string
	then       func(tab *Tab)    // what is opened on it
	private    bool              // for strangers: without a session
	looks      []Look            // nil is all four
	files      map[string][]byte // by look
}

// gallery takes pictures of a demo.
type gallery struct {
	t    testing.TB
	demo *Demo
	mine *Tab
	none *Tab // without a session
	all  []shot
}

func TestScreens(t *testing.T) {
	if !*screens {
		t.Skip("pictures are taken on demand: make screens")
	}
	d, b := StartGuidedDemo(t), NewBrowser(t)
	g := &gallery{t: t, demo: d, mine: b.Tab(d.Line.URL), none: b.Private(d.Line.URL)}

	g.take(shot{name: "01-sign-in", path: "/signin", private: true})
	g.mine.Script(false) // else the strip would press its own button
	g.mine.SignIn(d.Line.AdminToken)
	g.take(shot{name: "02-now-quiet-guided", path: "/"})
	g.mine.Click(".guide .shut")
	g.mine.Until("the strip to be gone", `!document.querySelector(".guide")`)
	g.mine.Script(true)

	g.next(1) // the alert
	alert := d.Do("GET", "/api/v1/alerts", nil).Want(http.StatusOK).Text("items.0.id")
	pageURL := d.ringing()
	g.take(
		shot{name: "03-phone-page", path: pageURL, private: true},
		shot{name: "04-phones", path: "/phones"},
		shot{name: "05-now-open", path: "/"},
	)
	// The screens that do not change are taken between the steps: so people's words are some seconds apart, as in life.
	g.next(1) // answered
	g.take(shot{name: "06-alert", path: "/a/" + alert}, shot{name: "07-phone-page-answered", path: pageURL, private: true})
	g.next(1) // command
	g.take(
		shot{name: "27-settings", path: "/settings"},
		shot{name: "28-documents", path: "/settings/policies"},
		shot{name: "29-document", path: "/settings/rosters/storefront"},
		shot{name: "30-connectors", path: "/settings/connectors"},
	)
	g.next(1) // look
	g.take(
		shot{name: "31-people", path: "/settings/people"},
		shot{name: "32-person", path: "/settings/people/ana"},
		shot{name: "33-keys", path: "/settings/keys"},
		shot{name: "34-audit", path: "/settings/audit"},
	)
	g.next(1) // tell
	g.take(
		shot{name: "23-on-call", path: "/oncall"},
		shot{name: "24-services", path: "/services"},
		shot{name: "38-not-found", path: "/nowhere"},
		shot{name: "39-report", path: "/report/report", private: true},
	)
	g.next(1) // chat
	key := d.Do("GET", "/api/v1/incidents", nil).Want(http.StatusOK).Text("items.0.key")
	room := "/i/" + key
	g.take(
		shot{name: "08-room", path: room},
		shot{name: "09-room-stream", path: room + "#stream", looks: looks[2:], then: func(tab *Tab) { tab.Click(`[data-tabto="stream"]`) }},
		shot{name: "10-room-guidance", path: room + "#guide", looks: looks[2:], then: func(tab *Tab) { tab.Click(`[data-tabto="guide"]`) }},
		shot{name: "11-post-update", path: room, then: func(tab *Tab) { tab.Click(`[data-key="u"]`) }},
		shot{name: "12-now", path: "/"},
		shot{name: "13-incidents", path: "/incidents"},
		shot{name: "14-alerts", path: "/alerts"},
		shot{name: "15-wall", path: "/wall"},
		shot{name: "16-status", path: "/status"},
		shot{name: "17-public-status", path: strings.TrimPrefix(d.Line.StatusURL, d.Line.URL), private: true},
		shot{name: "18-declare", path: "/declare"},
		shot{name: "19-palette", path: "/", then: func(tab *Tab) {
			tab.Press("k", chromedp.KeyModifiers(chromedp.ModifierCtrl))
			tab.Type("dialog.palette input", "cart")
			tab.Until("hits", `[...document.querySelectorAll("dialog.palette li")].some(e => /cart/i.test(e.textContent))`)
		}},
	)
	g.next(1) // mitigated
	g.take(
		shot{name: "25-service", path: "/services/cart"},
		shot{name: "35-search", path: "/search?q=cart"},
		shot{name: "36-runbook", path: g.first("/services/cart", "/runbooks/")},
	)
	g.next(2) // resolved, reviewed
	review := g.first("/reviews", "/reviews/rev_")
	g.take(
		shot{name: "20-room-resolved", path: room},
		shot{name: "21-review", path: review},
		shot{name: "22-reviews", path: "/reviews"},
		shot{name: "37-public-status-resolved", path: strings.TrimPrefix(d.Line.StatusURL, d.Line.URL), private: true},
	)
	g.onCall()
	g.paging(alert)
	g.write(b)
}

// onCall takes the screens of on-call, and the scene that the demo tells about them.
func (g *gallery) onCall() {
	g.t.Helper()
	g.take(
		shot{name: "41-on-call-now", path: "/oncall/now", private: true},
		shot{name: "42-my-shifts", path: "/oncall/mine"},
		shot{name: "43-roster-editor", path: "/oncall/accounts/edit"},
		shot{name: "44-experts", path: "/oncall/experts"},
		shot{name: "45-calendars", path: "/oncall/calendars"},
		shot{name: "46-follow-the-sun", path: "/oncall?roster=accounts"},
	)
	g.press("christmas")
	machine := g.press("scene")
	plan := g.press("scene")
	gate := g.press("scene")
	g.take(shot{name: "47-plan", path: plan})
	request := g.press("scene")
	g.take(shot{name: "48-plan-taken-back", path: gate}, shot{name: "49-cover", path: request})
	g.press("scene")
	g.press("scene")
	ledger := g.press("scene")
	g.press("close-scene")
	g.take(shot{name: "40-time-machine", path: machine}, shot{name: "50-fairness", path: ledger})
}

// paging takes the screens of changes of shift, of what came of pages, and of a storm.
func (g *gallery) paging(alert string) {
	g.t.Helper()
	d := g.demo
	d.Do("PUT", "/api/v1/connectors/browsers", map[string]any{"title": "Browsers", "kind": "webpush", "settings": map[string]string{"contact": "muster@example.org"}}, "If-None-Match", "*").Want(http.StatusCreated)
	first := d.Do("GET", "/api/v1/alerts/"+alert, nil).Want(http.StatusOK).Text("pages.0.id")
	day := func(n int) string { return time.Now().AddDate(0, 0, n).Format(time.DateOnly) + " 09:00" }
	table := "roster,role,person,start,end\nstorefront,primary,ana," + day(14) + "," + day(17) + "\nstorefront,primary,chen," + day(17) + "," + day(20) + "\n"
	g.take(
		shot{name: "51-ask-for-cover", path: g.found("/oncall/mine", `[...d.querySelectorAll("main a")].map(a => a.getAttribute("href")).find(u => u.includes("/cover?"))`)},
		shot{name: "52-arrange-a-swap", path: g.found("/oncall/storefront/arrange", `"/oncall/storefront/arrange?shift=" + encodeURIComponent([...d.querySelectorAll("select[name=shift] option")].map(o => o.value).find(v => v.startsWith("ravi|")))`)},
		shot{name: "53-import", path: "/oncall/storefront/import", then: func(tab *Tab) {
			Eval[bool](tab, fmt.Sprintf(`(document.querySelector("#im-body").value = %s, true)`, quoted(table)))
			tab.Click(`button[value="preview"]`)
			tab.Sees("main", "Import it")
		}},
		shot{name: "54-heartbeat", path: "/settings/heartbeat"},
		shot{name: "55-call-sheet", path: "/oncall/callsheet"},
		shot{name: "56-alert-ledger", path: "/a/" + alert + "?ledger=" + first, then: func(tab *Tab) {
			Eval[bool](tab, `(document.querySelector("#ledger").scrollIntoView({ block: "center" }), true)`)
		}},
		shot{name: "57-contact-methods", path: "/settings/people/ana", then: func(tab *Tab) {
			Eval[bool](tab, `(document.querySelectorAll("#reach details").forEach(x => { x.open = true }), true)`)
		}},
		shot{name: "58-ledger-verified", path: "/settings/audit", then: func(tab *Tab) {
			tab.Click(`form[action$="/verify"] button`)
			tab.Sees("main", "Nothing is wrong")
		}},
	)
	for i, title := range []string{
		"Search answers slowly", "Index of products is behind", "Suggestions time out", "Half of the replicas are gone", "Queue of the indexer is full",
		"Results are empty in Japan", "Search memory is at 95 %", "Filters answer 500", "Ranking model cannot be loaded",
	} {
		d.Do("POST", "/in/"+d.Line.IntakeKey+"/generic", map[string]string{"title": title, "service": "search", "severity": []string{"critical", "major", "minor"}[i%3]}).Want(http.StatusAccepted)
	}
	digest := g.digest()
	g.take(
		shot{name: "59-phone-page-digest", path: digest, private: true},
		shot{name: "26-readiness", path: "/readiness"},
		shot{name: "60-alert-in-a-storm", path: g.found(digest, `d.querySelector(".digest a").getAttribute("href")`), then: func(tab *Tab) {
			Eval[bool](tab, `(document.querySelectorAll("details.told").forEach(x => { x.open = true }), document.querySelector("#ladder").scrollIntoView(), true)`)
		}},
		shot{name: "61-connector", path: "/settings/connectors/browsers"},
		shot{name: "62-policy", path: "/settings/policies/storefront-urgent"},
		shot{name: "63-setup-mail", path: "/setup/mail"},
		shot{name: "64-setup-team", path: "/setup/team"},
		shot{name: "65-setup-contact", path: "/setup/contact"},
		shot{name: "66-setup-test", path: "/setup/test"},
		shot{name: "67-sources", path: "/settings/sources"},
		shot{name: "68-mapping", path: "/settings/sources/monitoring/mapping"},
	)
}

// digest is the link of the page about several alerts that a phone of the demo shows.
func (g *gallery) digest() (link string) {
	g.t.Helper()
	stranger := g.demo.As("")
	g.demo.Await(patience, "a page about several alerts", func() bool {
		for _, link = range phoneLink.FindAllString(string(stranger.Do("GET", g.demo.Line.PhoneURL, nil).Body), -1) {
			if bytes.Contains(stranger.Do("GET", link, nil).Body, []byte("alerts at once")) {
				return true
			}
		}
		return false
	})
	return link
}

// found is an address that an expression finds in a page, which it calls d.
func (g *gallery) found(path, expression string) string {
	g.t.Helper()
	return Eval[string](g.mine, fmt.Sprintf(`fetch(%s).then(r => r.text()).then(h => { const d = new DOMParser().parseFromString(h, "text/html"); return %s })`, quoted(path), expression))
}

// press presses a button of the strip, and gives the page that it leads to.
func (g *gallery) press(act string) string {
	g.t.Helper()
	g.mine.Go("/settings/keys")
	return Eval[string](g.mine, fmt.Sprintf(`fetch(%s, { method: "POST" }).then(r => { const u = new URL(r.url); return u.pathname + u.search })`, quoted("/guide/"+act)))
}

// next presses the guide's button so often, without its strip being in the picture.
func (g *gallery) next(times int) {
	g.t.Helper()
	for range times {
		g.mine.Go("/settings/keys") // a page that stays as it is
		if status := Eval[int](g.mine, `fetch("/guide/next", { method: "POST", headers: { "HX-Request": "true" } }).then(r => r.status)`); status != http.StatusOK {
			g.t.Fatalf("the guide's button answered %d", status)
		}
	}
}

// first is the first address below a prefix that a page leads to.
func (g *gallery) first(path, prefix string) string {
	g.t.Helper()
	return g.found(path, fmt.Sprintf(`[...d.querySelectorAll("main a")].map(a => a.getAttribute("href")).find(u => u.startsWith(%s) && !u.endsWith("/new"))`, quoted(prefix)))
}

// take takes pictures of screens in all their looks.
func (g *gallery) take(shots ...shot) {
	g.t.Helper()
	for _, s := range shots {
		tab := g.mine
		if s.private {
			tab = g.none
		}
		if s.looks == nil {
			s.looks = looks
		}
		s.files = map[string][]byte{}
		for _, l := range s.looks {
			tab.Look(l)
			tab.Go("about:blank") // else an address that differs in its fragment alone is not loaded again
			tab.Go(s.path)
			if s.then != nil {
				s.then(tab)
			}
			if *screensFull != "" {
				g.save(filepath.Join(*screensFull, s.name+"-"+l.Name+".png"), tab.picture("png", 0, 1, true))
			}
			scale := 0.36
			if l.Phone {
				scale = 0.44
			}
			s.files[l.Name] = tab.picture("jpeg", 34, scale, false)
			if big := map[string]string{"08-room": "room.png", "40-time-machine": "oncall.png"}[s.name]; big != "" && l.Name == "desktop-light" {
				g.save(filepath.Join(screensDir, big), tab.picture("png", 0, 1, false))
			}
		}
		g.all = append(g.all, s)
	}
}

// picture is the tab as it looks: the window, or the whole page.
func (tab *Tab) picture(format page.CaptureScreenshotFormat, quality int64, scale float64, whole bool) []byte {
	tab.t.Helper()
	size := Eval[[]float64](tab, `[innerWidth, innerHeight, document.documentElement.scrollHeight]`)
	p := page.CaptureScreenshotParams{Format: format, CaptureBeyondViewport: &whole, Clip: &page.Viewport{Width: size[0], Height: size[1], Scale: scale}}
	if whole {
		p.Clip.Height = max(size[1], size[2])
	}
	if format == page.CaptureScreenshotFormatJpeg {
		p.Quality = &quality
	}
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	out, err := chromedp.Call(ctx, page.CaptureScreenshot, p)
	if err != nil {
		tab.t.Fatalf("no picture: %v", err)
	}
	return out.Data
}

func (g *gallery) save(path string, data []byte) {
	g.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		g.t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		g.t.Fatal(err)
	}
}

// write puts the pictures into the repository, with a sheet of all of them.
func (g *gallery) write(b *Browser) {
	g.t.Helper()
	var sheet bytes.Buffer
	sheet.WriteString(`<!doctype html><meta charset="utf-8"><style>body{margin:16px;font:13px system-ui;background:#fff;width:848px}
section{display:grid;grid-template-columns:320px 320px 92px 92px;gap:8px;margin-bottom:12px;align-items:start}h2{grid-column:1/-1;margin:0;font:600 14px system-ui}
img{width:100%;outline:1px solid #ccc}i{display:block}</style>`)
	slices.SortFunc(g.all, func(x, y shot) int { return strings.Compare(x.name, y.name) })
	for _, s := range g.all {
		fmt.Fprintf(&sheet, "<section><h2>%s</h2>", html.EscapeString(s.name))
		for _, l := range looks {
			data := s.files[l.Name]
			if data == nil {
				sheet.WriteString("<i></i>")
				continue
			}
			g.save(filepath.Join(screensDir, s.name+"-"+l.Name+".jpg"), data)
			fmt.Fprintf(&sheet, `<img alt="" src="data:image/jpeg;base64,%s">`, base64.StdEncoding.EncodeToString(data))
		}
		sheet.WriteString("</section>")
	}
	file := filepath.Join(g.t.TempDir(), "sheet.html")
	g.save(file, sheet.Bytes())
	tab := b.Private("")
	tab.do("sizing the sheet", chromedp.EmulateViewport(880, 900))
	tab.Go("file://" + file)
	tab.Until("the pictures", `[...document.images].every(i => i.complete)`)
	g.save(filepath.Join(screensDir, "contact-sheet.jpg"), tab.picture("jpeg", 30, 1, true))

	if *screensFull != "" {
		g.save(filepath.Join(*screensFull, "contact-sheet.png"), tab.picture("png", 0, 1, true))
	}
	files, err := os.ReadDir(screensDir)
	if err != nil {
		g.t.Fatal(err)
	}
	total := int64(0)
	for _, f := range files {
		if i, err := f.Info(); err == nil {
			total += i.Size()
		}
	}
	g.t.Logf("%d files, %d bytes", len(files), total)
	if total > screensLimit {
		g.t.Errorf("%s holds %d bytes, more than %d", screensDir, total, screensLimit)
	}
}
