package web_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/web"
)

func reach(kind string) web.Reach {
	switch kind {
	case "webpush":
		return web.Reach{Address: "a browser's push subscription", Key: "the-public-key"}
	case "directory":
		return web.Reach{}
	}
	if kind == "carrier" {
		return web.Reach{Address: "a number", Title: "Texts", Proves: "the carrier’s receipt, or a person", Within: time.Minute}
	}
	return web.Reach{Address: "any words"}
}

// What a browser needs to take Muster as an app lies at fixed addresses, for everybody.
func TestAppFiles(t *testing.T) {
	w := newWorld(t)
	p := w.stranger()
	if got := p.get("/sw.js").want(t, 200, "push", "notificationclick"); !strings.HasPrefix(got.header.Get("Content-Type"), "text/javascript") || got.header.Get("Cache-Control") != "no-cache" {
		t.Errorf("%v", got.header)
	}
	var m struct {
		Scope, Display string
		Icons          []struct{ Src, Type string }
	}
	if err := json.Unmarshal([]byte(p.get("/manifest.webmanifest").want(t, 200).body), &m); err != nil || m.Scope != "/" || m.Display != "standalone" || len(m.Icons) != 3 {
		t.Fatalf("%+v, %v", m, err)
	}
	for _, i := range m.Icons {
		if got := p.get(i.Src).want(t, 200); got.header.Get("Content-Type") != i.Type || !strings.HasPrefix(got.body, "\x89PNG") {
			t.Errorf("%s: %v", i.Src, got.header)
		}
	}
	p.get("/icon192.png").want(t, 200, "PNG")
	w.as("ravi").get("/").want(t, 200, `rel="manifest"`, `rel="apple-touch-icon"`)
}

// One's own page offers this browser, when there is a connector for it.
func TestAddThisBrowser(t *testing.T) {
	w := newWorld(t)
	ravi, ana := w.as("ravi"), w.as("ana")
	if got := ravi.get("/settings/people/ravi").want(t, 200, "not set up here"); strings.Contains(got.body, "Add this browser") {
		t.Error("a browser can be added that nothing reaches")
	}
	w.must(w.commands.Batch(t.Context(), "Browsers", admin(), func(b *command.Batch) error {
		return b.Apply(command.ApplyDocuments{Documents: "kind: connector\nname: browsers\ntype: webpush\nsettings: {contact: muster@example.org}\n"})
	}))
	got := ravi.get("/settings/people/ravi").want(t, 200, "Add this browser", `data-key="the-public-key"`, `value="browsers"`, "Add to Home Screen")
	if strings.Contains(got.body, "Browsers: a browser") || strings.Contains(got.body, `value="files"`) {
		t.Error("a kind is offered whose address nobody can write")
	}
	if strings.Contains(ana.get("/settings/people/ravi").body, "Add this browser") {
		t.Error("an admin's browser is offered for somebody else")
	}
	ravi.post("/settings/people/ravi/contacts", "kind", "browsers", "name", "firefox-linux", "address", `{"endpoint":"https://push.example/x"}`).want(t, 200, "firefox-linux", "Not verified", "Verify")
	if n := len(ravi.get("/settings/people/ravi").body); n > 26_000 {
		t.Errorf("the page has %d bytes", n)
	}
}

func TestRulesOfNotification(t *testing.T) {
	w := newWorld(t)
	p := w.as("ravi")
	line := func(l ...string) (out []string) {
		for i := 0; i+2 < len(l); i += 3 {
			out = append(out, "method", l[i], "urgency", l[i+1], "after", l[i+2])
		}
		return out
	}
	p.post("/settings/people/ravi/rules", line("phone", "high", "5", "", "", "0", "phone", "", "0")...).want(t, 200, "Saved.")
	u := w.queries.Catalog().Users["ravi"]
	if len(u.Notify) != 2 || u.Notify[0].After != 0 || u.Notify[1].Urgency != "high" || u.Notify[1].After.Std().Minutes() != 5 {
		t.Errorf("%+v", u.Notify)
	}
	p.get("/settings/people/ravi").want(t, 200, "urgent pages", `value="5"`)
	p.post("/settings/people/ravi/rules", line("phone", "", "soon")...).want(t, http.StatusUnprocessableEntity, "is not a number of minutes")
	p.post("/settings/people/ravi/rules", line("", "", "0")...).want(t, 200, "Saved.")
	if n := w.queries.Catalog().Users["ravi"].Notify; len(n) != 0 {
		t.Errorf("%+v", n)
	}
	p.post("/settings/people/ana/rules", line("phone", "", "0")...).want(t, http.StatusForbidden)
}

// A verified method that no rule names is told, with a button that has it used.
func TestMethodsThatNoRuleUses(t *testing.T) {
	w := newWorld(t)
	p := w.as("ravi")
	w.must(w.commands.Batch(t.Context(), "A second phone", admin(), func(b *command.Batch) error {
		_, err := b.Contact(command.AddContact{User: "ravi", Method: "pager", Connector: "phone", Address: "ravi"})
		return err
	}))
	if body := p.get("/settings/people/ravi").want(t, 200, "pager").body; strings.Contains(body, "No rule uses") {
		t.Error("without rules every method is used")
	}
	for urgency, says := range map[string]string{"": "it is never rung.", "high": "it is never rung for urgent pages.", "low": "it is rung for urgent pages alone."} {
		p.post("/settings/people/ravi/rules", "method", "phone", "urgency", urgency, "after", "0").want(t, 200, "No rule uses this method: "+says, `action="/settings/people/ravi/rules/add"`, `name="method" value="pager"`)
	}
	p.post("/settings/people/ravi/rules", "method", "phone", "urgency", "", "after", "0").want(t, 200, "it is never rung.")
	if body := p.get("/settings/people/ravi").body; strings.Contains(body, "pager is used for pages") || strings.Contains(body, "and pager are used for pages") {
		t.Error("what is never rung is said to be used")
	}
	p.post("/settings/people/ravi/rules/add", "method", "fax").want(t, http.StatusNotFound, "no contact method called")
	w.as("leo").post("/settings/people/ravi/rules/add", "method", "pager").want(t, http.StatusForbidden)
	for range 2 {
		if body := p.post("/settings/people/ravi/rules/add", "method", "pager").want(t, 200, "pager is used for every page").body; strings.Contains(body, "No rule uses") {
			t.Error("it is told still")
		}
	}
	if rules := w.queries.Catalog().Users["ravi"].Notify; len(rules) != 2 || rules[0].Method != "phone" || rules[1].Method != "pager" || rules[1].Urgency != "" {
		t.Errorf("%+v", rules)
	}
}

// Rules have hours, and a person has quiet hours. What the form cannot ask for stays as it is.
func TestHoursOfRules(t *testing.T) {
	w := newWorld(t)
	p := w.as("ravi")
	form := func(more ...string) []string {
		return append([]string{"method", "phone", "urgency", "", "after", "0", "days", "work", "from", "08:00", "to", "18:00", "method", "", "urgency", "", "after", "0", "days", "", "from", "", "to", ""}, more...)
	}
	p.post("/settings/people/ravi/rules", form("quiet-days", "all", "quiet-from", "22:00", "quiet-to", "07:00")...).want(t, 200, "Saved.")
	u := w.queries.Catalog().Users["ravi"]
	if len(u.Notify) != 1 || len(u.Notify[0].Hours) != 1 || u.Notify[0].Hours[0].From != "08:00" || len(u.Notify[0].Hours[0].Days) != 5 || len(u.Quiet) != 1 || u.Quiet[0].To != "07:00" {
		t.Fatalf("%+v, quiet %+v", u.Notify, u.Quiet)
	}
	got := p.get("/settings/people/ravi").want(t, 200, `value="work" selected`, `value="08:00"`, "Quiet hours", `value="22:00"`, "have no contact method for pages from Mon 18:00 to Tue 08:00")
	if n := len(got.body); n > 30_000 {
		t.Errorf("the page has %d bytes", n)
	}
	odd := `[{"days":["mon"],"from":"01:00","to":"02:00"},{"days":["wed"],"from":"22:00","to":"03:00"}]`
	p.post("/settings/people/ravi/rules", "method", "phone", "urgency", "", "after", "0", "days", odd, "from", "", "to", "", "quiet-days", "", "quiet-from", "", "quiet-to", "").want(t, 200, "Saved.")
	if u = w.queries.Catalog().Users["ravi"]; len(u.Notify[0].Hours) != 2 || len(u.Quiet) != 0 {
		t.Errorf("%+v, quiet %+v", u.Notify, u.Quiet)
	}
	p.get("/settings/people/ravi").want(t, 200, "mon 01:00 to 02:00; wed 22:00 to 03:00")
	for says, bad := range map[string][]string{
		"say from when until when": {"days", "all", "from", "", "to", "18:00"},
		"these days are unknown":   {"days", "someday", "from", "08:00", "to", "18:00"},
		"is not a time of day":     {"days", "all", "from", "8", "to", "18:00"},
	} {
		p.post("/settings/people/ravi/rules", append([]string{"method", "phone", "urgency", "", "after", "0"}, bad...)...).want(t, http.StatusUnprocessableEntity, says)
	}
}

// The last method by which somebody on call is reached is not removed by one press: the page asks whether it is meant.
func TestTheLastMethodIsAskedAbout(t *testing.T) {
	w := newWorld(t)
	remove := regexp.MustCompile(`action="(/settings/contacts/[^"]+/remove\?of=([a-z]+))"`)
	asked := false
	for _, name := range []string{"ravi", "mia", "chen", "ana", "leo"} {
		page := w.as("ana").get("/settings/people/" + name)
		for _, m := range remove.FindAllStringSubmatch(page.body, -1) {
			got := w.as("ana").post(m[1])
			if got.status == http.StatusConflict {
				asked = true
				got.want(t, http.StatusConflict, "would reach nobody", `name="accept"`, "Remove it all the same", "How ")
				w.as("ana").post(m[1], "accept", "reaches-nobody").want(t, 200, "Removed.", "Cannot be reached")
			}
		}
		if asked {
			return
		}
	}
	t.Error("the last method of everybody can be removed without a word")
}

func TestContactCard(t *testing.T) {
	w := newWorld(t)
	if got := w.as("ravi").get("/contact-card.vcf").want(t, 200, "BEGIN:VCARD"); !strings.HasPrefix(got.header.Get("Content-Type"), "text/vcard") {
		t.Errorf("%v", got.header)
	}
	w.as("ravi").get("/settings/people/ravi").want(t, 200, `href="/contact-card.vcf"`)
	if got := w.stranger().get("/contact-card.vcf"); strings.Contains(got.body, "VCARD") {
		t.Error("a stranger gets our numbers")
	}
}
