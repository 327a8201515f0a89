package web

import (
	"cmp"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/statuspage"
	"github.com/muster-oncall/muster/internal/web/view"
)

// status is the editor of status pages.
func status(v *visit) error { return v.status(http.StatusOK, nil) }

func (v *visit) status(code int, change func(*view.Status)) error {
	boards, err := v.Queries.StatusBoards(v.ctx(), v.viewer())
	if err != nil {
		return err
	}
	p := view.Status{Shell: v.live("Status", view.PlaceStatus, "status"), Empty: view.Empty{Text: "There is no status page yet."}}
	if v.can(muster.AccessTeamOwner) {
		p.Empty.Action = view.Button{Text: "Add a status page", URL: "/settings/statuspages/new", Icon: "plus", Get: true}
	}
	for _, b := range boards {
		sp, err := v.statusPage(b)
		if err != nil {
			return err
		}
		p.Pages = append(p.Pages, sp)
	}
	if change != nil {
		change(&p)
	}
	return v.render(code, view.StatusEditorPage(p))
}

func (v *visit) statusPage(b query.StatusBoard) (view.StatusPage, error) {
	self := "/status/" + string(b.Name)
	sp := view.StatusPage{
		Name: b.Title, State: statusWord(b.State), Headline: b.Headline, Audience: string(b.Audience), URL: "/s/" + string(b.Name) + "/",
		PreviewURL: self + "/preview/", Document: view.Link{Text: "Components and wording", URL: docURL(muster.KindStatusPages, b.Name)}, NextBy: b.Promise.Time,
	}
	if b.Last != nil {
		sp.Confirmed = b.Last.At.Time
	}
	for _, c := range b.Components {
		sp.Components = append(sp.Components, view.Component{Name: c.Title, State: view.State{Tone: statusWord(c.State).Tone, Word: c.Word}})
	}
	for _, in := range b.Page.Incidents {
		for _, u := range in.Updates {
			sp.Updates = append(sp.Updates, updateRow(in, u))
		}
	}
	sp.Targets = []view.PublishTarget{{Name: "This server", State: view.State{Tone: view.ToneOK, Word: "Published"}, At: b.PublishedAt.Time, URL: sp.URL}}
	if b.PublishedAt.IsZero() {
		sp.Targets[0].State = view.State{Tone: view.ToneMinor, Word: "Waiting"}
	}
	for _, inc := range b.Open {
		si, err := v.statusIncident(inc, b)
		if err != nil {
			return sp, err
		}
		sp.Open = append(sp.Open, si)
	}
	if v.can(muster.AccessResponder) {
		sp.OpenForm = view.OpenStatusForm{URL: self + "/open", Page: string(b.Name)}
	}
	return sp, nil
}

func statusWord(s statuspage.State) view.State {
	switch s {
	case statuspage.Operational:
		return view.State{Tone: view.ToneOK, Word: "Works"}
	case statuspage.Degraded:
		return view.State{Tone: view.ToneMinor, Word: "Degraded"}
	case statuspage.PartialOutage:
		return view.State{Tone: view.ToneMajor, Word: "Partial outage"}
	case statuspage.MajorOutage:
		return view.State{Tone: view.ToneCritical, Word: "Major outage"}
	}
	return view.State{Word: string(s)}
}

func updateRow(in statuspage.Incident, u statuspage.Update) view.StatusUpdateRow {
	row := view.StatusUpdateRow{
		At: u.At.Time, By: string(in.Key), Kind: "Known", Text: strings.TrimSpace(u.Known + "\n" + u.Doing), NextBy: u.NextUpdateBy.Time,
		Incident: view.Link{Text: in.Title, URL: "/i/" + string(in.Key)},
	}
	switch {
	case u.Final || u.Status == muster.IncidentResolved:
		row.Kind = "Over"
	case u.Doing != "" || u.Status == muster.IncidentMitigated:
		row.Kind = "Being fixed"
	}
	return row
}

func (v *visit) statusIncident(inc *muster.Incident, b query.StatusBoard) (view.StatusIncident, error) {
	key := string(inc.Key)
	si := view.StatusIncident{Key: key, Title: inc.Title, URL: "/i/" + key, Promise: v.promiseOf(inc, "/i/"+key+"?update=1#update-now")}
	if !v.can(muster.AccessResponder) {
		return si, nil
	}
	updates, err := query.Run[query.OneIncident, muster.Listing[*muster.StatusUpdate]](v.ctx(), v.Queries, "ListUpdates", v.actor, query.OneIncident{Incident: key})
	if err != nil {
		return si, err
	}
	si.Update = v.updateForm("/status/incidents/"+key+"/update", inc, updates.Items)
	si.Update.Audiences = options(si.Update.Audiences, string(b.Audience))
	si.CloseURL = "/status/incidents/" + key + "/close"
	return si, nil
}

// previewStatus renders a status page as it would be published now.
func previewStatus(v *visit) error {
	page, err := v.Queries.StatusPageData(v.ctx(), muster.StatusPageName(v.r.PathValue("page")))
	if err != nil {
		return err
	}
	tree, err := statuspage.Render(page)
	if err != nil {
		return err
	}
	name := v.r.PathValue("file")
	if name == "" {
		name = "index.html"
	}
	body, ok := tree[name]
	if !ok {
		return muster.Errorf(muster.ErrNotFound, "The status page has no file %s.", muster.Clip(name, 60))
	}
	kind := mime.TypeByExtension(path.Ext(name))
	if kind == "" {
		kind = "application/octet-stream"
	}
	v.w.Header().Set("Content-Type", kind)
	v.w.Header().Set("Cache-Control", "no-store")
	_, err = v.w.Write(body)
	return err
}

// announce opens an incident in public with its first update, as one command.
func announce(v *visit) error {
	if !v.can(muster.AccessResponder) {
		return muster.Errorf(muster.ErrForbidden, "Announcing something needs the role responder; you are %s.", v.actor.Access)
	}
	name, title, text := muster.StatusPageName(v.r.PathValue("page")), v.field("title"), v.field("known")
	doc := v.Queries.Catalog().StatusPages[name]
	if doc == nil {
		return muster.Errorf(muster.ErrNotFound, "There is no status page called %q.", muster.Clip(string(name), 70))
	}
	in := doc.Promise
	if in == 0 {
		in = muster.Duration(muster.DefaultPromise)
	}
	if text == "" {
		text = "We know that something is wrong and are looking into it."
	}
	err := v.Commands.Batch(v.ctx(), "Announce", v.actor, func(b *command.Batch) error {
		inc, err := b.Declare(command.DeclareIncident{Title: title, Impact: title, Public: doc.Audience == muster.AudiencePublic})
		if err != nil {
			return err
		}
		_, err = b.Update(command.PostStatusUpdate{Incident: string(inc.Key), Known: text, In: in, Audience: doc.Audience})
		return err
	})
	if err == nil {
		return v.done("/status", "Announced. The next update is promised in "+length(in.Std())+".", "")
	}
	if !refused(err) {
		return err
	}
	return v.status(http.StatusUnprocessableEntity, func(p *view.Status) {
		for i := range p.Pages {
			if f := &p.Pages[i].OpenForm; f.Page == string(name) {
				f.Title, f.Known, f.Problems = title, v.field("known"), problems(err, nil)
			}
		}
	})
}

// updateOnStatus posts an update from the editor.
func updateOnStatus(v *visit) error {
	in := command.PostStatusUpdate{Incident: v.ref(), Known: v.field("known"), Doing: v.field("doing"), Audience: muster.Audience(v.field("audience"))}
	err := v.promise(&in)
	if err == nil {
		_, err = run[*muster.StatusUpdate](v, "PostStatusUpdate", in)
	}
	return v.statusDone(err, "Posted.")
}

// closeOnStatus posts the last words: no further update is promised.
func closeOnStatus(v *visit) error {
	boards := v.Queries.Catalog().Documents(muster.KindStatusPages)
	to := muster.AudienceOrganisation
	for _, d := range boards {
		if sp, ok := d.(*muster.StatusPage); ok && sp.Audience == muster.AudiencePublic {
			to = muster.AudiencePublic
		}
	}
	_, err := run[*muster.StatusUpdate](v, "PostStatusUpdate", command.PostStatusUpdate{Incident: v.ref(), Known: v.field("known"), Final: true, Audience: to})
	return v.statusDone(err, v.ref()+" is closed on the page.")
}

func (v *visit) statusDone(err error, text string) error {
	if err == nil {
		return v.done(v.back("/status"), text, "")
	}
	if !refused(err) {
		return err
	}
	return v.status(http.StatusUnprocessableEntity, func(p *view.Status) {
		for i := range p.Pages {
			for j := range p.Pages[i].Open {
				if in := &p.Pages[i].Open[j]; in.Key == v.ref() {
					v.again(&in.Update, err)
				}
			}
		}
	})
}

// readiness says how well we would do tomorrow.
func readiness(v *visit) error {
	d, err := v.Queries.Readiness(v.ctx(), v.viewer())
	if err != nil {
		return err
	}
	p := view.Readiness{Shell: v.shell("Readiness", view.PlaceReadiness), Headline: readyHeadline(d), Itself: v.itself(), NoiseCut: d.NoiseCut}
	v.noise(&p, d)
	v.coverage(&p, d)
	for _, u := range d.Unreachable {
		p.Coverage = append(p.Coverage, view.Covered{Note: view.Note{Tone: view.ToneMajor, Lead: "Unreachable", Text: u.Person.Name + " is on " + joined(u.On) + " and has no verified contact method.", Link: view.Link{Text: u.Person.Name, URL: "/settings/people/" + string(u.Person.ID)}}})
	}
	for _, h := range d.Late {
		n := view.Note{Tone: view.ToneMajor, Lead: "Heartbeat late", Text: capital(cmp.Or(h.Title, h.Name)) + " has not come since " + v.clock(h.LastSeen) + "; it is due every " + h.Every.String() + ".", Link: view.Link{Text: v.sourceTitle(h.Source), URL: docURL(muster.KindSources, h.Source)}}
		if h.LastSeen.IsZero() {
			n.Text = capital(cmp.Or(h.Title, h.Name)) + " has never come; it is due every " + h.Every.String() + "."
		}
		if h.Status == muster.HeartbeatFailed {
			n.Lead, n.Text = "Heartbeat failed", capital(cmp.Or(h.Title, h.Name))+" tells since "+v.clock(h.Since)+" that something is wrong."
		}
		p.Coverage = append(p.Coverage, view.Covered{Note: n})
	}
	for _, m := range d.Missed {
		p.Coverage = append(p.Coverage, view.Covered{Note: view.Note{Tone: view.ToneMinor, Lead: "Test not answered", Text: m.Person.Name + " did not answer the test page by " + m.Contact.Method + " of " + v.clock(m.Contact.TestedAt) + ".", Link: view.Link{Text: m.Person.Name, URL: "/settings/people/" + string(m.Person.ID)}}})
	}
	if d.Tests.Weekday == "" && v.can(muster.AccessAdmin) {
		p.Coverage = append(p.Coverage, view.Covered{Note: view.Note{Tone: view.ToneInfo, Lead: "Test pages", Text: "Nobody gets them. One a week shows early which contact methods have stopped working.", Link: view.Link{Text: "Set them", URL: "/settings/heartbeat#tests"}}})
	}
	if err := v.rejectedNote(&p); err != nil {
		return err
	}
	for _, w := range d.Policies {
		note := view.Note{Tone: view.ToneMinor, Lead: "Policy", Text: w.Text, Link: view.Link{Text: string(w.Policy), URL: docURL(muster.KindPolicies, w.Policy)}}
		if w.User != "" {
			note.Lead, note.Link = "Rules", view.Link{Text: string(w.User), URL: "/settings/people/" + string(w.User)}
		}
		p.Coverage = append(p.Coverage, view.Covered{Note: note})
	}
	for _, it := range d.Overdue {
		p.Overdue = append(p.Overdue, v.ownedItem(it))
	}
	for _, it := range d.Open {
		p.Open = append(p.Open, v.ownedItem(it))
	}
	for _, u := range d.Unproved {
		p.Unproved = append(p.Unproved, v.unproved(u, "verified, and no page by it was ever proved"))
	}
	for _, u := range d.Unverified {
		p.Unproved = append(p.Unproved, v.unproved(u, "never verified: no page goes by it"))
	}
	for _, r := range d.Runbooks {
		p.Runbooks = append(p.Runbooks, runbookRow(r))
	}
	p.Figures = []view.Figure{
		{Label: "Found by monitoring", Value: itoa(d.Found.Monitoring)}, {Label: "Found by customers", Value: itoa(d.Found.Customer)}, {Label: "Found by staff", Value: itoa(d.Found.Staff)},
	}
	if d.Found.Measured > 0 {
		p.Figures = append(p.Figures, view.Figure{Label: "From showing to knowing, median", Value: length(d.Found.Gap)})
	}
	return v.render(http.StatusOK, view.ReadinessPage(p))
}

// alikeShown is how many warnings that are alike are folded below the first.
const alikeShown = 20

// coverage fills in the warnings of rosters: those of one kind about one roster are told by the first, the others are folded.
func (v *visit) coverage(p *view.Readiness, d *query.Readiness) {
	told := map[string]int{}
	for _, c := range d.Coverage {
		n := view.Note{Tone: view.ToneMinor, Lead: c.Title, Text: c.Text, Link: view.Link{Text: "Roster", URL: docURL(muster.KindRosters, c.Roster)}}
		switch {
		case c.Accepted != nil:
			n.Tone, n.Text = view.ToneNone, n.Text+" Accepted until "+v.clock(c.Accepted.Until)+": "+c.Accepted.Why
		case c.Kind == "unreachable":
			continue // told below, with everything that pages them
		case c.Kind == "gap", c.Kind == "leaver":
			n.Tone = view.ToneMajor
		case c.Level == "advice":
			n.Tone = view.ToneInfo
		}
		if c.Roster == "" {
			n.Link = view.Link{Text: "Settings", URL: "/settings#about"}
		}
		key := string(c.Roster) + "/" + string(c.Kind) + "/" + string(n.Tone)
		at, alike := told[key]
		switch {
		case !alike:
			told[key] = len(p.Coverage)
			p.Coverage = append(p.Coverage, view.Covered{Note: n})
		case len(p.Coverage[at].Rest) < alikeShown:
			p.Coverage[at].Rest = append(p.Coverage[at].Rest, n.Text)
		default:
			p.Coverage[at].More++
		}
	}
}

func (v *visit) unproved(u query.Unproved, note string) view.Unproved {
	out := view.Unproved{Person: view.Link{Text: u.Person.Name, URL: "/settings/people/" + string(u.Person.ID)}, Method: joinDots(u.Contact.Method, u.Contact.Hint), Note: note}
	if v.self(u.Person.ID) {
		out.TestURL = "/settings/contacts/" + string(u.Contact.ID) + "/test?of=" + string(u.Person.ID)
	}
	return out
}

// noise fills in what services asked of people, and how well connectors reached them.
func (v *visit) noise(p *view.Readiness, d *query.Readiness) {
	for _, n := range d.Noise {
		row := view.NoiseRow{Service: view.Link{Text: n.Title}, Alerts: n.Alerts, Pages: n.Pages, Unproved: n.Unproved, Flaps: n.Flaps, Said: n.Useful + n.NotUseful, Useful: n.Useful}
		if v.Queries.Catalog().Services[n.Service] != nil {
			row.Service.URL = "/services/" + string(n.Service)
		}
		if n.Route != "" && (n.NotUseful > 0 || n.Flaps > 0) {
			row.Route = routeLink(n.Route)
		}
		p.Noise = append(p.Noise, row)
	}
	for _, r := range d.Reached {
		row := view.ReachedRow{
			Connector: view.Link{Text: r.Title}, Proves: v.reach(r.Kind).Proves, Pages: r.Pages, Proved: r.Proved, Unproved: r.Unproved, Failed: r.Failed,
		}
		if r.Kind != "" {
			row.Connector.URL = docURL(muster.KindConnectors, r.Connector)
		}
		p.Reached = append(p.Reached, row)
	}
}

func readyHeadline(d *query.Readiness) string {
	out := "Covered for 30 days."
	if d.Gaps > 0 {
		out = plural(d.Gaps, "gap", "gaps") + " in the next 30 days."
	}
	if n := len(d.Overdue); n == 1 {
		out += " 1 action item is overdue."
	} else if n > 1 {
		out += " " + itoa(n) + " action items are overdue."
	}
	return out
}

func (v *visit) ownedItem(it query.OwnedItem) view.ActionItem {
	out := view.ActionItem{
		Text: it.Text, Owner: it.OwnerName, Overdue: it.Overdue, Review: view.Link{Text: string(it.Key), URL: "/reviews/" + string(it.Review)},
		DoneURL: v.may(muster.AccessResponder, "/reviews/"+string(it.Review)+"/items/"+string(it.ID)),
	}
	if t, err := time.ParseInLocation(time.DateOnly, it.Due, v.zone); err == nil {
		out.Due = t
	}
	return out
}

// stale is how old a runbook's proof may be.
const stale = 180 * 24 * time.Hour

func runbookRow(r query.RunbookRow) view.RunbookRow {
	row := view.RunbookRow{Name: r.Runbook.Title, URL: "/runbooks/" + string(r.Runbook.Name), Note: "followed " + length(r.Age) + " ago", State: view.State{Tone: view.ToneOK, Word: "Fresh"}}
	switch {
	case r.Age == 0:
		row.Note, row.State = "never followed yet", view.State{Tone: view.ToneMinor, Word: "Unproven"}
	case r.Age > stale:
		row.State = view.State{Tone: view.ToneMinor, Word: "Stale"}
	}
	if len(r.Services) == 0 {
		row.Note = joinDots(row.Note, "no service names it")
	}
	return row
}
