package statuspage_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones of a machine without zone data

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/statuspage"
)

var update = flag.Bool("update", false, "write the golden files anew: read them before you commit them")

func at(s string) muster.Instant {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return muster.At(t)
}

func doc() *muster.StatusPage {
	return &muster.StatusPage{
		Name: "tailwind", Title: "Tailwind Traders", Audience: muster.AudiencePublic, Support: "help@tailwind.example",
		Intro: "How our shop and everything behind it is doing.",
		Components: []muster.Component{
			{Name: "cart", Title: "Shopping cart"},
			{Name: "checkout", Title: "Checkout and payment"},
			{Name: "search", Title: "Search"},
			{Name: "accounts", Title: "Accounts and sign-in"},
			{Name: "images", Title: "Product images"},
		},
	}
}

func history() []statuspage.Incident {
	return []statuspage.Incident{
		{
			ID: "inc_31", Key: "INC-31", Title: "Search results were incomplete", Severity: muster.SEV2, Status: muster.IncidentClosed, Components: []string{"search"},
			Opened: at("2026-10-09T08:00:00Z"), Resolved: at("2026-10-09T09:12:00Z"),
			Updates: []statuspage.Update{
				{ID: "upd_312", Known: "An index was rebuilt from a stale copy. We now compare counts before we switch.", Final: true, At: at("2026-10-09T09:12:00Z"), Status: muster.IncidentResolved},
				{ID: "upd_311", Known: "Search does not find everything.", Doing: "We rebuild the index.", NextUpdateBy: at("2026-10-09T09:00:00Z"), At: at("2026-10-09T08:20:00Z"), Status: muster.IncidentOpen},
			},
		},
		{
			ID: "inc_28", Key: "INC-28", Title: "Cart and checkout were slow", Severity: muster.SEV3, Status: muster.IncidentClosed, Components: []string{"cart", "checkout"},
			Opened: at("2026-09-18T20:00:00Z"), Resolved: at("2026-09-18T20:34:00Z"),
			Updates: []statuspage.Update{{ID: "upd_281", Known: "A release wrote each cart too often. We undid it and added a check.", Final: true, At: at("2026-09-18T20:34:00Z"), Status: muster.IncidentResolved}},
		},
	}
}

func cart() statuspage.Incident {
	return statuspage.Incident{
		ID: "inc_42", Key: "INC-42", Title: "Some customers cannot add items to the cart", Severity: muster.SEV2, Status: muster.IncidentOpen,
		Components: []string{"cart", "no-such-component"}, Opened: at("2026-11-27T11:12:00Z"),
		Updates: []statuspage.Update{ // in the wrong order
			{ID: "upd_421", Known: "About one in three attempts to add an item to the cart fails on the web. It began at 11:02 UTC.", NextUpdateBy: at("2026-11-27T11:30:00Z"), At: at("2026-11-27T11:18:00Z"), Status: muster.IncidentOpen},
			{ID: "upd_422", Known: "Europe works again for most customers; North America and Asia follow.", Doing: "We are undoing the last release.", NextUpdateBy: at("2026-11-27T11:45:00Z"), At: at("2026-11-27T11:24:00Z"), Status: muster.IncidentOpen},
		},
	}
}

// hostile is text as somebody would write it who wants to break the page, or to make it say something else.
const hostile = "</title><script>alert(1)</script>\u202Egnp.exe\u2066 \"onload=x {{.}} \x00\x1b[31m\u200B&amp; <img src=x onerror=alert(1)> javascript:alert(1) ]]> @everyone"

func pages(t *testing.T) map[string]statuspage.Page {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	second := statuspage.Incident{
		ID: "inc_43", Key: "INC-43", Title: "Search is slow", Severity: muster.SEV1, Status: muster.IncidentMitigated, Components: []string{"search", "cart"}, Opened: at("2026-11-26T22:30:00Z"),
		Updates: []statuspage.Update{{ID: "upd_431", Known: "Search answers in time again.", Doing: "We watch it.", NextUpdateBy: at("2026-11-27T14:00:00Z"), At: at("2026-11-27T11:00:00Z"), Status: muster.IncidentMitigated}},
	}
	bad := doc()
	bad.Title, bad.Intro, bad.Support = "Bad "+hostile, hostile, "javascript:alert(1)"
	bad.Components[0].Title = hostile
	bad.Audience = muster.AudienceOrganisation
	attack := cart()
	attack.Title = hostile
	attack.Updates[0].Known, attack.Updates[1].Doing = hostile, hostile+"\r\nsecond line"
	return map[string]statuspage.Page{
		"quiet":  {Doc: doc(), History: history(), Now: at("2026-11-27T11:24:30Z"), Since: at("2026-09-01T00:00:00Z"), BaseURL: "https://status.tailwind.example"},
		"outage": {Doc: doc(), Incidents: []statuspage.Incident{cart()}, History: history(), Now: at("2026-11-27T11:24:30Z"), BaseURL: "https://status.tailwind.example/"},
		"two-late": {
			Doc: doc(), Incidents: []statuspage.Incident{second, cart(), {ID: "inc_44", Key: "INC-44", Title: "Something else", Severity: muster.SEV3, Status: muster.IncidentOpen, Opened: at("2026-11-27T12:00:00Z")}},
			History: history(), Now: at("2026-11-27T12:05:00Z"), Zone: berlin,
		},
		"hostile": {Doc: bad, Incidents: []statuspage.Incident{attack}, Now: at("2026-11-27T11:24:30Z"), BaseURL: "javascript:alert(1)"},
		"empty":   {Now: at("2026-11-27T11:24:30Z")},
	}
}

var files = []string{
	"api/v2/components.json", "api/v2/incidents.json", "api/v2/status.json", "api/v2/summary.json",
	"feed.json", "history.atom", "icon.svg", "index.html", "status.json", "style.css",
}

func TestGolden(t *testing.T) {
	for name, p := range pages(t) {
		t.Run(name, func(t *testing.T) {
			tree, err := statuspage.Render(p)
			if err != nil {
				t.Fatal(err)
			}
			again, err := statuspage.Render(p)
			if err != nil || !maps.EqualFunc(tree, again, bytes.Equal) {
				t.Error("the same page gives other bytes")
			}
			if got := slices.Sorted(maps.Keys(tree)); !slices.Equal(got, files) {
				t.Errorf("files: %v", got)
			}
			for file, got := range tree {
				if file == "style.css" || file == "icon.svg" {
					continue // the same for every page, and beside the code
				}
				path := filepath.Join("testdata", name, filepath.FromSlash(file))
				if *update {
					if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(path, got, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s differs from its golden file (%v); go test -update writes it anew", path, err)
				}
			}
		})
	}
}

func TestHostileTextDoesNothing(t *testing.T) {
	tree, err := statuspage.Render(pages(t)["hostile"])
	if err != nil {
		t.Fatal(err)
	}
	html := string(tree["index.html"])
	tags := regexp.MustCompile(`(?i)<(script|img|iframe|style|base|form)|href="javascript|<[a-z]+(\s+[a-z-]+="[^"]*")*\s+(on[a-z]+|style)=`)
	if m := tags.FindString(html); m != "" {
		t.Errorf("the page has %q", m)
	}
	for file, b := range tree {
		for _, r := range "\u202E\u2066\u200B\x00\x1b" {
			if strings.ContainsRune(string(b), r) {
				t.Errorf("%s has %U", file, r)
			}
		}
		if bytes.Contains(b, []byte("<script")) {
			t.Errorf("%s has a script", file)
		}
		if filepath.Ext(file) == ".json" && !json.Valid(b) {
			t.Errorf("%s is not JSON", file)
		}
	}
	d := xml.NewDecoder(bytes.NewReader(tree["history.atom"]))
	var feed struct {
		Entries []struct {
			Title string `xml:"title"`
		} `xml:"entry"`
	}
	if err := d.Decode(&feed); err != nil || len(feed.Entries) != 2 || !strings.HasPrefix(feed.Entries[0].Title, "</title>") {
		t.Errorf("%v: %+v", err, feed)
	}
	if !strings.Contains(html, "second line") {
		t.Error("what is harmless is gone, too")
	}
}

func TestWhatThePageSays(t *testing.T) {
	all := pages(t)
	over := all["outage"]
	done := cart()
	done.Updates = append(done.Updates, statuspage.Update{ID: "upd_423", Known: "It is over.", Final: true, At: at("2026-11-27T11:50:00Z"), Status: muster.IncidentMitigated})
	over.Incidents, over.Now = []statuspage.Incident{done}, at("2026-11-27T11:51:00Z")
	for _, c := range []struct {
		name string
		page statuspage.Page
		want []string
		not  []string
	}{
		{"quiet", all["quiet"], []string{"<h1>All systems work</h1>", "nothing is known to be wrong", "How our shop", "no trouble since 1 September"}, []string{"Next update", "noindex"}},
		{"outage", all["outage"], []string{
			"<h1>Some customers cannot add items to the cart</h1>", "Partial outage", "Last confirmed", "11:24 UTC", "Next update by", "11:45 UTC",
			"Checkout and payment, Search, Accounts and sign-in and Product images are not affected.",
		}, []string{"is late"}},
		{"late", all["two-late"], []string{"<h1>Some things do not work</h1>", "The update promised for", "12:45 CET", "We promised another update by 12:45 CET and are late with it.", "The first update is being written.", "Known since", "Recovering", "Times in CET"}, []string{"are not affected"}},
		{"private", all["hostile"], []string{"noindex"}, nil},
		{"a final update ends it for the audience", over, []string{"<h1>All systems work</h1>", "It is over."}, []string{"Next update by <b>"}},
	} {
		tree, err := statuspage.Render(c.page)
		if err != nil {
			t.Fatal(err)
		}
		html := string(tree["index.html"])
		for _, w := range c.want {
			if !strings.Contains(html, w) {
				t.Errorf("%s: the page does not say %q", c.name, w)
			}
		}
		for _, w := range c.not {
			if strings.Contains(html, w) {
				t.Errorf("%s: the page says %q", c.name, w)
			}
		}
		if n := len(html); n > 30<<10 {
			t.Errorf("%s: the page has %d bytes, more than a bad network takes", c.name, n)
		}
	}
}

func TestSeverityIsTheStateOfTheComponents(t *testing.T) {
	for sev, want := range map[muster.Severity]string{muster.SEV1: "major_outage critical", muster.SEV2: "partial_outage major", muster.SEV3: "degraded_performance minor", muster.SEV4: "degraded_performance minor"} {
		i := cart()
		i.Severity = sev
		tree, err := statuspage.Render(statuspage.Page{Doc: doc(), Incidents: []statuspage.Incident{i}, Now: at("2026-11-27T11:24:30Z")})
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Status     struct{ Indicator string }
			Components []struct{ ID, Status string }
		}
		if err := json.Unmarshal(tree["api/v2/summary.json"], &got); err != nil {
			t.Fatal(err)
		}
		if s := got.Components[0].Status + " " + got.Status.Indicator; s != want || got.Components[1].Status != "operational" {
			t.Errorf("%s: %s, want %s", sev, s, want)
		}
	}
}
