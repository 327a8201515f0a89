package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// Reach says how people are reached by connectors of a kind.
type Reach struct {
	Address string // what is to be written: "a mail address"; "" when people cannot be reached by it
	Key     string // with which a browser subscribes: then nobody writes an address

	Title    string // of the kind: "Text messages (Twilio)"
	Help     string
	Proves   string        // what proves a page by it: "the carrier's receipt, or a person"; "" when nobody is paged by it
	Within   time.Duration // how long that may take before the next way is tried
	Settings []Setting     // what a connector of the kind has to be told
}

// Setting is one thing that a connector has to be told.
type Setting struct {
	Name, Title, Default string
	Required, Secret     bool
}

// spareRules is how many empty lines the form of rules has.
const spareRules = 2

// reached fills in how a person is reached: what is wrong with it, what can be added, and the order.
func (v *visit) reached(p *view.Profile, d *query.Profile) {
	self := "/settings/people/" + string(d.User.Name)
	p.AddURL, p.RulesURL = self+"/contacts", self+"/rules"
	var browsers *muster.Connector
	key := ""
	for _, doc := range v.Queries.Catalog().Documents(muster.KindConnectors) {
		c, ok := doc.(*muster.Connector)
		if !ok {
			continue
		}
		how := v.Reach(c.Kind)
		switch {
		case how.Key != "":
			if browsers == nil {
				browsers, key = c, how.Key
			}
		case how.Address != "":
			p.Kinds = append(p.Kinds, view.Option{Value: string(c.Name), Text: docTitle(c) + ": " + how.Address})
		}
	}
	if v.actor.User == d.User.Name {
		p.Push = &view.PushOffer{Missing: "Notifications of browsers are not set up here. An admin can add a connector of the kind webpush."}
		if browsers != nil {
			p.Push.Connector, p.Push.Key = string(browsers.Name), key
		}
		if u := v.may(muster.AccessAdmin, "/settings/connectors/new?type=webpush"); u != "" {
			p.Push.SetUp = view.Link{Text: "Add one", URL: u}
		}
	}
	if len(v.ContactCard()) > 0 {
		p.CardURL = "/contact-card.vcf"
	}
	p.Unproved = unproved(d)
	p.Rules, p.RulesNote = ruleRows(d)
	p.Quiet, p.RulesGaps = ownHours(d.User.Quiet, "none"), d.RulesGap
}

// unproved names the methods by which a person is paged and which never brought a proof.
func unproved(d *query.Profile) string {
	var names []string
	for i := range d.Contacts {
		c := &d.Contacts[i]
		if !c.VerifiedAt.IsZero() && c.LastProved.IsZero() && unruled(d, c) != neverRung && !slices.ContainsFunc(d.Pages, func(pg query.Page) bool { return pg.Contact == c.ID && pg.State == muster.PageProved }) {
			names = append(names, c.Method)
		}
	}
	switch len(names) {
	case 0:
		return ""
	case 1:
		return names[0] + " is used for pages, and nothing has ever shown that it arrives. Send a test and press its button."
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1] + " are used for pages, and nothing has ever shown that they arrive. Send a test by each and press its button."
}

// provesWithin is how long a proof of a connector's pages may take.
func (v *visit) provesWithin(name muster.ConnectorName) time.Duration {
	c := v.Queries.Catalog().Connectors[name]
	if c == nil {
		return muster.DefaultProofWithin
	}
	return cmp.Or(v.reach(c.Kind).Within, muster.DefaultProofWithin)
}

// lastPage says what became of the newest page by a contact method.
func (v *visit) lastPage(d *query.Profile, id muster.ContactID) string {
	for _, pg := range d.Pages { // the newest first
		if pg.Contact != id {
			continue
		}
		out := "Last page " + v.clock(cmp.Or(pg.StartedAt, pg.PlannedAt)) + ": "
		switch pg.State {
		case muster.PageProved:
			return out + "proved" + colon(pg.Proof)
		case muster.PageFailed:
			return out + "failed" + colon(pg.Detail)
		case muster.PageCancelled:
			return out + "not needed" + colon(pg.Detail)
		case muster.PageAccepted:
			return out + "taken by " + string(pg.Connector) + ", not proved"
		case muster.PageUnknown:
			return out + "nobody knows whether it left"
		case muster.PagePlanned, muster.PageStarted:
			return out + "on its way"
		}
	}
	return ""
}

func colon(s string) string {
	if s == "" {
		return ""
	}
	return ", " + strings.TrimSuffix(s, ".")
}

// ruleRows are the lines of the form: what the document says, and some empty ones.
func ruleRows(d *query.Profile) (out []view.RuleRow, note string) {
	note = "Now: every verified method, two minutes apart, in the order above. The lines below replace that."
	rules := d.User.Notify
	if len(rules) > 0 {
		note = "Each line goes at its own time, counted from the page's beginning. Without any line: every verified method, two minutes apart."
	}
	for i := range len(rules) + spareRules {
		var r muster.NotificationRule
		if i < len(rules) {
			r = rules[i]
		}
		row := view.RuleRow{After: strconv.Itoa(int(r.After.Std() / time.Minute)), Methods: []view.Option{{Text: "–"}}, Hours: ownHours(r.Hours, "at any time")}
		known := false
		for _, c := range d.Contacts {
			row.Methods = append(row.Methods, view.Option{Value: c.Method, Text: c.Method, Selected: c.Method == r.Method})
			known = known || c.Method == r.Method
		}
		if r.Method != "" && !known {
			row.Methods = append(row.Methods, view.Option{Value: r.Method, Text: r.Method + " (removed)", Selected: true})
		}
		for _, u := range []struct {
			is   muster.Urgency
			word string
		}{{"", "all pages"}, {muster.UrgencyHigh, "urgent pages"}, {muster.UrgencyLow, "other pages"}} {
			row.Urgency = append(row.Urgency, view.Option{Value: string(u.is), Text: u.word, Selected: u.is == r.Urgency})
		}
		out = append(out, row)
	}
	return out, note
}

// The days that a form offers for hours, and the words for them.
var hourDays = []struct {
	value, text string
	days        []muster.Weekday
}{
	{"all", "every day", nil}, {"work", "Monday to Friday", muster.Weekdays()[:5]}, {"end", "Saturday and Sunday", muster.Weekdays()[5:]},
}

// hoursRow fills the form in. Hours that it cannot ask for stand in it as they are.
func ownHours(list []muster.Window, none string) view.OwnHours {
	out := view.OwnHours{Days: []view.Option{{Text: none, Selected: len(list) == 0}}}
	known := len(list) == 0
	for _, d := range hourDays {
		is := len(list) == 1 && slices.Equal(list[0].Days, d.days)
		if is {
			known, out.From, out.To = true, list[0].From, list[0].To
		}
		out.Days = append(out.Days, view.Option{Value: d.value, Text: d.text, Selected: is})
	}
	if b, err := json.Marshal(list); err == nil && !known {
		out.Days = append(out.Days, view.Option{Value: string(b), Text: quietWords(list), Selected: true})
	}
	return out
}

// readHours reads line i of the form; bad says what is wrong.
func readHours(form url.Values, prefix string, i int) (out []muster.Window, bad string) {
	at := func(name string) string {
		if list := form[prefix+name]; i < len(list) {
			return strings.TrimSpace(list[i])
		}
		return ""
	}
	days := at("days")
	if days == "" {
		return nil, ""
	}
	for _, d := range hourDays {
		if d.value != days {
			continue
		}
		w := muster.Window{Days: d.days, From: at("from"), To: at("to")}
		if w.From == "" || w.To == "" {
			return nil, "say from when until when."
		}
		return []muster.Window{w}, ""
	}
	if json.Unmarshal([]byte(days), &out) != nil {
		return nil, "these days are unknown."
	}
	return out, ""
}

// lastTest says what the last test of a contact method came to.
func (v *visit) lastTest(d *query.Profile, id muster.ContactID) string {
	t := d.Tried[id]
	if t == nil {
		return ""
	}
	out := "Last test " + v.clock(t.At) + ": "
	switch {
	case t.OK:
		return out + "taken by " + string(t.By) + colon(t.Detail)
	case t.Again:
		return out + "tried again soon" + colon(t.Detail)
	}
	return out + "failed" + colon(t.Detail)
}

// setRules writes a person's rules of notification: they are a part of their document. Lines without a method count for
// nothing.
func setRules(v *visit) error {
	name := muster.UserName(v.r.PathValue("name"))
	cat := v.Queries.Catalog()
	u := cat.Users[name]
	if u == nil {
		return muster.Errorf(muster.ErrNotFound, "There is no user %q.", muster.Clip(string(name), 60))
	}
	next := *u
	next.Notify = nil
	methods, urgency, after := v.r.Form["method"], v.r.Form["urgency"], v.r.Form["after"]
	wrong := func(format string, args ...any) error {
		return v.profileOf(name, http.StatusUnprocessableEntity, []view.Problem{{Field: "notify", Message: fmt.Sprintf(format, args...)}}, nil)
	}
	for i, m := range methods {
		if m == "" || i >= len(urgency) || i >= len(after) {
			continue
		}
		minutes, err := strconv.Atoi(cmp.Or(strings.TrimSpace(after[i]), "0"))
		if err != nil || minutes < 0 || minutes > 120 {
			return wrong("“%s” is not a number of minutes from 0 to 120.", muster.Clip(after[i], 20))
		}
		hours, bad := readHours(v.r.Form, "", i)
		if bad != "" {
			return wrong("%s: %s", m, bad)
		}
		next.Notify = append(next.Notify, muster.NotificationRule{
			Method: m, Urgency: muster.Urgency(urgency[i]), After: muster.Duration(time.Duration(minutes) * time.Minute), Hours: hours,
		})
	}
	if _, asked := v.r.Form["quiet-days"]; asked {
		var bad string
		if next.Quiet, bad = readHours(v.r.Form, "quiet-", 0); bad != "" {
			return wrong("Quiet hours: %s", bad)
		}
	}
	slices.SortStableFunc(next.Notify, func(a, b muster.NotificationRule) int { return cmp.Compare(a.After, b.After) })
	body, err := json.Marshal(&next)
	if err != nil {
		return err
	}
	_, err = run[*command.Document](v, "PutDocument", command.PutDocument{
		Kind: muster.KindUsers, Name: string(name), Body: body, IfMatch: cat.RevisionOf(muster.DocRef(muster.KindUsers, string(name))), Why: "the order of contact methods",
	})
	if code := muster.CodeOf(err); code == muster.ErrInvalid || command.Gated(err) {
		return wrong("%s", wholeMessage(err))
	}
	if err != nil {
		return err
	}
	return v.done("/settings/people/"+string(name), "Saved.", "")
}

// wholeMessage is an error with what it says about each field.
func wholeMessage(err error) string {
	text := []string{muster.MessageOf(err)}
	if e, ok := errors.AsType[*muster.Error](err); ok {
		for _, f := range e.Fields {
			text = append(text, capital(f.Message)+".")
		}
	}
	return strings.Join(text, " ")
}

// removeContact removes a contact method. When somebody could not be paged any more, nothing is done, and the page asks
// whether that is meant.
func removeContact(v *visit) error {
	of := userName(v.either("of"))
	_, err := run[muster.Nothing](v, "RemoveContact", command.RemoveContact{Contact: muster.ContactID(v.r.PathValue("id")), Accept: v.field("accept")})
	if command.Gated(err) && of != "" {
		return v.profileOf(of, http.StatusConflict, nil, &view.Insist{
			Text: muster.MessageOf(err), URL: v.r.URL.RequestURI(), Word: command.ReachesNobody, Label: "Remove it all the same",
		})
	}
	if err != nil {
		return err
	}
	return v.done("/settings/people/"+string(of), "Removed.", "")
}

// contactCard is a card with the numbers from which this installation calls and texts.
func contactCard(v *visit) error {
	card := v.ContactCard()
	if len(card) == 0 {
		return muster.Errorf(muster.ErrNotFound, "Muster has no telephone number here: there is no connector that calls or texts.")
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/vcard; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="muster.vcf"`)
	h.Set("Cache-Control", "private, no-cache")
	_, err := v.w.Write(card)
	return err
}

// install serves what a browser needs to take Muster as an app: the service worker, which must lie at the root to stand
// for the whole site, and the manifest.
func (s *Web) install() {
	serve := func(kind string, body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.Header().Set("Cache-Control", "no-cache") // browsers look for a newer one by themselves
			_, _ = w.Write(body)                        // the client has gone: nobody is left to tell
		}
	}
	icon := func(n, purpose string) map[string]string {
		return map[string]string{"src": s.Static.Path("icon" + n + ".png"), "sizes": n + "x" + n, "type": "image/png", "purpose": purpose}
	}
	manifest, err := json.Marshal(map[string]any{
		"name": "Muster", "short_name": "Muster", "id": "/", "start_url": "/", "scope": "/", "display": "standalone", "background_color": "#191b1d", "theme_color": "#191b1d",
		"icons": []any{icon("192", "any"), icon("512", "any"), icon("512", "maskable")},
	})
	if err != nil {
		panic("web: " + err.Error()) // words can always be written
	}
	s.mux.HandleFunc("GET /sw.js", serve("text/javascript; charset=utf-8", s.Static.File("sw.js")))
	s.mux.HandleFunc("GET /manifest.webmanifest", serve("application/manifest+json", manifest))
	s.mux.HandleFunc("GET /icon192.png", serve("image/png", s.Static.File("icon192.png")))
}
