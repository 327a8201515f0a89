package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// phoneLink is the link of a page in what a phone shows.
var phoneLink = regexp.MustCompile(`/p/[A-Za-z0-9_.-]+`)

// phoneBudget is how many bytes the page of somebody who was woken may have.
const phoneBudget = 30 << 10

// step presses the strip's button as its text says, and waits for what it says next.
func (tab *Tab) step(button, says string) {
	tab.t.Helper()
	tab.Sees(".guide .go button", button)
	tab.Click(".guide .go button")
	tab.Sees(".guide .said", says)
}

// TestBrowserPlaysTheDemo watches the demo as a stranger does: the alert, the page, the room, the update, the review.
func TestBrowserPlaysTheDemo(t *testing.T) {
	d, b := StartGuidedDemo(t), NewBrowser(t)
	tab, customer := b.Tab(d.Line.URL), b.Private(d.Line.URL)

	tab.SignIn(d.Line.AdminToken)
	tab.Sees("h1", "All quiet")

	// One: nobody presses anything; with script the strip begins by itself.
	tab.Until("the alert's page", `location.pathname.startsWith("/a/alt_")`)
	tab.Sees(".guide .said", "Azure Monitor reported “High Number of Failures”")
	alert := strings.TrimPrefix(tab.Path(), "/a/")
	paged := d.Do("GET", "/api/v1/alerts/"+alert, nil).Want(http.StatusOK).Text("pages.0.person.name")
	tab.Sees("h1", "High Number of Failures")
	tab.Sees("main", "Critical", "Customers cannot add items to the cart", paged, "Why", "Azure Monitor", "Cart API: failures above 5 %")
	d.Await(patience, "the page to be accepted", func() bool { return d.pageState(alert) == "accepted" })
	tab.Sees("main", "Accepted")
	tab.Inspect("1: the alert", looks...)

	// The phone of whoever is on call rings; its page is what somebody sees who was asleep.
	link := d.ringing()
	if size := len(d.As("").Do("GET", link, nil).Want(http.StatusOK, "Acknowledge").Body); size > phoneBudget {
		t.Errorf("the phone page has %d bytes of HTML, more than %d", size, phoneBudget)
	}
	customer.Go(link)
	customer.Sees("h1", "High Number of Failures")
	customer.Sees("main", "Why you", "If you don’t", "Who knows", "Acknowledge")
	customer.Inspect("the phone page", looks...)

	// Two.
	tab.step("Answer the phone", "The page was answered: it is proved")
	tab.Sees("main", "Acknowledged by "+paged)
	if state := d.pageState(alert); state != "proved" {
		t.Errorf("the page is %q after it was answered, not proved", state)
	}

	// Three: the room, with people in roles and five questions.
	tab.step("Take command", "Ana commands, Tom informs, Mia writes")
	tab.Until("the room", `location.pathname.startsWith("/i/INC-")`)
	room := tab.Path()
	tab.Sees(".rhead", "High Number of Failures", "SEV2", "Ana Rossi", "Commander", "Tom Becker", "Communication", "Mia Jensen", "Scribe")
	tab.Sees("#answers", "When did we know?", "How did we know?", "Who else is aware?", "What is being done?", "How bad is it?", "Azure Monitor", paged)
	tab.Sees("#stream", "I have command")

	// Four.
	tab.step("Look for the cause", "Chen rolls the last release back")
	tab.Sees("#stream", "cart-api cannot reach its host", "decided", "Roll cart-api back to the release before")
	tab.Sees("#answers", "Nobody can add to the cart on the web", "The last release changed the port")

	// Five: what is said to customers stands on their page.
	tab.step("Tell them", "The update is on the status page")
	tab.Sees("#stream", "posted update 1", "Carts that are full already can be paid.")
	tab.Sees(".rhead", "Next update in", "promised by Tom Becker")
	public := strings.TrimPrefix(d.Line.StatusURL, d.Line.URL)
	d.Await(patience, "the update on the public page", func() bool {
		r, err := d.As("").Try("GET", public, nil)
		return err == nil && strings.Contains(string(r.Body), "Carts that are full already can be paid.")
	})
	customer.Go(public)
	customer.Sees("main", "Customers cannot add items to the cart", "We are undoing the last release", "Next update by", "Partial outage")
	customer.Inspect("the public page", looks...)
	tab.Inspect("5: the room", looks...)

	// Six: a chat is enough.
	tab.step("Update from Microsoft Teams", "“@StatusPage update” in Teams was enough")
	tab.Sees("#stream", "Two of six regions work again.", "via chat")
	d.Await(patience, "the chat's update on the public page", func() bool {
		r, err := d.As("").Try("GET", public, nil)
		return err == nil && strings.Contains(string(r.Body), "Two of six regions work again.")
	})

	// Seven and eight.
	tab.step("The rollback works", "Customers can fill their carts again")
	tab.Sees(".rhead", "Mitigated")
	tab.step("Resolve it", "It is over. What can be learned")
	tab.Sees(".rhead", "Resolved")
	tab.Sees("#stream", "The cart works again everywhere.")
	d.Do("GET", "/api/v1/alerts/"+alert, nil).Want(http.StatusOK, `"status":"resolved"`)

	// Nine.
	tab.step("Open the review", "From alert to review in nine steps")
	tab.Until("the review", `location.pathname.startsWith("/reviews/rev_")`)
	tab.Sees("main", "Draft", "Detection", "Response", "Remediation", "Timeline", "Azure Monitor", "acknowledged", "Two of six regions work again.", "resolved the incident")
	if Eval[bool](tab, `!!document.querySelector(".guide .go button")`) {
		t.Error("the strip has a button after the last step")
	}
	tab.Inspect("9: the review", looks...)

	tab.Look(looks[0])
	tab.Click(".guide .shut")
	tab.Until("the strip to be gone", `!document.querySelector(".guide")`)
	tab.Go("/")
	tab.SeesNot("body", "nine steps")

	t.Run("Places", func(t *testing.T) { everyPlaceIsWell(t, tab, room) })
}

// pageState is how far the first page of an alert got.
func (d *Demo) pageState(alert string) string {
	d.Process.t.Helper()
	return d.Do("GET", "/api/v1/alerts/"+alert, nil).Want(http.StatusOK).Text("pages.0.state")
}

// ringing is the link of the page that a phone of the demo shows, once one rings.
func (d *Demo) ringing() (link string) {
	d.Process.t.Helper()
	d.Await(patience, "a phone to ring", func() bool {
		link = phoneLink.FindString(string(d.As("").Do("GET", d.Line.PhoneURL, nil).Body))
		return link != ""
	})
	return link
}

// everyPlaceIsWell inspects every place of the rail, and the screens behind them.
func everyPlaceIsWell(t *testing.T, tab *Tab, room string) {
	outer := tab.t
	tab.t = t
	defer func() { tab.t = outer }()
	tab.Look(looks[0])
	paths := Eval[[]string](tab, `[...document.querySelectorAll(".rail a[data-go]")].map(a => a.getAttribute("href"))`)
	if len(paths) != 9 {
		t.Errorf("the rail has %d places: %v", len(paths), paths)
	}
	paths = append(paths, room, "/wall", "/phones", "/declare", "/services/cart", "/search?q=cart", "/settings/rosters", "/settings/rosters/storefront",
		"/settings/routes/new", "/settings/connectors", "/settings/people", "/settings/people/ana", "/settings/keys", "/settings/audit",
		"/alerts?status=all", "/incidents?status=all", "/report/report")
	for _, path := range paths {
		tab.Go(path)
		tab.Inspect(path, looks...)
	}
}

// TestBrowserWithoutScript does what has to be done at night in a browser that runs no script.
func TestBrowserWithoutScript(t *testing.T) {
	d, b := StartDemo(t, t.TempDir()), NewBrowser(t)
	tab := b.Tab(d.Line.URL)
	tab.Script(false)
	tab.SignIn(d.Line.AdminToken)
	tab.Sees("h1", "All quiet")

	alert := d.As("").Do("POST", "/in/"+d.Line.IntakeKey+"/azure-monitor", seedAlert(t)).Want(http.StatusAccepted).Text("signals.0.alert")
	link := d.ringing()
	tab.Look(looks[2])
	tab.Go(link)
	tab.Click(".ackbtn")
	tab.Until("the answer", `!document.querySelector(".ackbtn")`)
	tab.Sees("main", "Open the room")
	if state := d.pageState(alert); state != "proved" {
		t.Errorf("the page is %q after its button was pressed, not proved", state)
	}

	tab.Look(looks[0])
	key := d.Do("GET", "/api/v1/alerts/"+alert, nil).Want(http.StatusOK).Text("incident_key")
	tab.Go("/i/" + key)
	tab.Type(`[data-composer] textarea`, "I see it, too")
	tab.Click(`[data-composer] .say button`)
	tab.Sees("#stream", "I see it, too")
	tab.Click(`.rhead [data-key="u"]`)
	tab.Type(`#update [name="known"]`, "Carts do not fill.")
	tab.Type(`#update [name="doing"]`, "We look.")
	tab.Click(`#update form button:not([type="button"])`)
	tab.Sees("#stream", "Carts do not fill.", "posted update 1")
	tab.Sees(".rhead", "Next update in")
	tab.Clean("without script")
}

// TestBrowserIsLive changes things elsewhere and looks whether open pages follow; and tries the keyboard.
func TestBrowserIsLive(t *testing.T) {
	d, b := StartDemo(t, t.TempDir()), NewBrowser(t)
	first := b.Tab(d.Line.URL)
	first.SignIn(d.Line.AdminToken)
	first.Do(`window.same = true`)
	send := func(title string) {
		t.Helper()
		d.As("").Do("POST", "/in/"+d.Line.IntakeKey+"/generic", map[string]any{"title": title, "key": title, "severity": "major"}).Want(http.StatusAccepted)
	}
	send("Orders wait")
	first.Sees("main", "Orders wait", "1 alert has no owner")
	if !Eval[bool](first, `window.same === true`) {
		t.Error("Now was loaded again instead of being brought up to date")
	}

	// The seventh live stream of a browser hangs on HTTP/1.1, so hidden tabs have none: eight tabs load, and each is up to
	// date as soon as it is looked at.
	tabs := []*Tab{first}
	for range 7 {
		tabs = append(tabs, b.Tab(d.Line.URL, chromedp.WithNewWindow(false)))
	}
	for _, tab := range tabs[1:] {
		tab.front()
		tab.Go("/")
		tab.Sees("main", "Orders wait")
		tab.Do(`window.same = true`)
	}
	if hidden := Eval[bool](tabs[2], `document.hidden`); !hidden {
		t.Error("a tab behind another does not know that it is hidden: the test tests nothing")
	}
	send("Images are late")
	for i, tab := range tabs {
		tab.front()
		tab.Sees("main", "Images are late")
		if !Eval[bool](tab, `window.same === true`) {
			t.Errorf("tab %d was loaded again instead of being brought up to date", i+1)
		}
		tab.Clean(fmt.Sprintf("tab %d", i+1))
	}
}

// TestBrowserKeyboard goes about without a mouse.
func TestBrowserKeyboard(t *testing.T) {
	d, b := StartDemo(t, t.TempDir()), NewBrowser(t)
	tab := b.Tab(d.Line.URL)
	tab.SignIn(d.Line.AdminToken)
	tab.keyboard()
	tab.Clean("the keyboard")
}

// Do runs a statement in the page.
func (tab *Tab) Do(statement string) {
	tab.t.Helper()
	Eval[bool](tab, "(() => {"+statement+"; return true})()")
}

// front brings a tab before the others of its window.
func (tab *Tab) front() {
	tab.t.Helper()
	if _, err := chromedp.Call(tab.ctx, page.BringToFront, struct{}{}); err != nil {
		tab.t.Fatalf("a tab does not come to the front: %v", err)
	}
}

func (tab *Tab) keyboard() {
	tab.t.Helper()
	tab.Until("the page to have its script", `document.readyState === "complete"`)
	tab.Press("g")
	tab.Press("i")
	tab.Until("g i to lead to the incidents", `location.pathname === "/incidents" && document.readyState === "complete"`)
	tab.Press("k", chromedp.KeyModifiers(chromedp.ModifierCtrl))
	tab.Type("dialog.palette input", "INC-1")
	tab.Sees("dialog.palette li", "INC-1")
	tab.Accessible("Ctrl-K")
	tab.Press("\r")
	tab.Until("Ctrl-K to lead to the room", `location.pathname === "/i/INC-1"`)
	tab.Sees(".rhead h1", "Search suggestions slow")
	tab.Until("the room to have its script", `document.readyState === "complete"`)
	tab.Press("?")
	tab.Sees("dialog[open]", "Keyboard")
}

// TestBrowserHostileAlert shows an alert that means harm on every screen that shows alerts.
func TestBrowserHostileAlert(t *testing.T) {
	d, b := StartDemo(t, t.TempDir()), NewBrowser(t)
	evil := `<script>window.pwned=1</script><img src=x onerror="window.pwned=1">`
	bidi := "paid\u202egpj.exe\u2066 \u200f"
	long := strings.Repeat("Donaudampfschifffahrtsgesellschaft", 12)
	alert := d.As("").Do("POST", "/in/"+d.Line.IntakeKey+"/generic", map[string]any{
		"title": evil + " " + bidi + " @everyone", "summary": long + evil, "impact": evil + long, "action": bidi + long,
		"severity": "critical", "key": "hostile", "labels": map[string]any{long: evil, "bidi": bidi, "long": long},
		"links": []any{map[string]any{"title": evil, "url": "javascript:window.pwned=1"}, map[string]any{"title": long, "url": "https://example.org/" + long}},
	}).Want(http.StatusAccepted).Text("signals.0.alert")
	second := d.As("").Do("POST", "/in/"+d.Line.IntakeKey+"/generic", map[string]any{"title": long, "severity": "critical", "key": "long"}).Want(http.StatusAccepted).Text("signals.0.alert")
	link := d.ringing()
	// The demo's route has declared it already: declaring it again answers with what is there.
	key := d.Do("POST", "/api/v1/incidents", map[string]any{"title": evil + long, "severity": "SEV1", "alert": second}).Want(http.StatusOK).Text("key")
	d.Do("POST", "/api/v1/incidents/"+key+"/timeline", map[string]any{"kind": "said", "text": evil + " " + bidi + long}).Want(http.StatusCreated)
	d.Do("POST", "/api/v1/incidents/"+key+"/updates", map[string]any{"known": evil + long, "doing": bidi + long, "in": "30m", "audience": "public"}).Want(http.StatusCreated)
	public := strings.TrimPrefix(d.Line.StatusURL, d.Line.URL)
	d.Await(patience, "the update on the public page", func() bool {
		r, err := d.As("").Try("GET", public, nil)
		return err == nil && strings.Contains(string(r.Body), "Donau")
	})

	tab := b.Tab(d.Line.URL)
	tab.SignIn(d.Line.AdminToken)
	for _, path := range []string{"/", "/alerts", "/a/" + alert, "/a/" + second, link, "/phones", "/incidents", "/i/" + key, "/wall", "/status", public, "/search?q=" + url.QueryEscape(long[:40])} {
		tab.Go(path)
		for _, l := range []Look{looks[0], looks[3]} {
			tab.Look(l)
			tab.Fits(path + " " + l.Name)
		}
		if Eval[bool](tab, `"pwned" in window || !!document.querySelector('img[src="x"],a[href^="javascript:"]')`) {
			t.Errorf("%s: the alert's text became part of the page", path)
		}
		tab.Clean(path)
	}
	tab.Look(looks[0])
	tab.Go("/a/" + alert)
	tab.Sees("h1", "<script>window.pwned=1</script>")
	if raw := Eval[string](tab, `document.querySelector("h1").textContent`); strings.ContainsAny(raw, "\u202e\u2066") {
		t.Errorf("the title still turns the text around: %+q", raw)
	}
}
