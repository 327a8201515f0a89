package web

import (
	"cmp"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// company says what holds an alert's pages back, or joins them with those of others.
func (v *visit) company(p *view.Alert, d *query.AlertDetail) {
	a := d.AlertItem.Alert
	open := a.Status == muster.AlertOpen
	if d.Head != nil {
		n := view.Note{Tone: view.ToneInfo, Lead: "Joined another alert", Text: "It pages nobody by itself while that one is not over.", Link: view.Link{Text: d.Head.Title, URL: "/a/" + string(d.Head.ID)}}
		if d.Head.Status == muster.AlertAcknowledged && d.Head.AcknowledgedBy != nil {
			n.Text = d.Head.AcknowledgedBy.Name + " has that one. " + n.Text
		}
		p.Holds = append(p.Holds, n)
	}
	if open && a.HoldUntil.After(v.now) {
		p.Holds = append(p.Holds, view.Note{
			Tone: view.ToneInfo, Lead: "Waits", Link: routeLink(a.Route),
			Text: "Its route waits until " + v.clock(a.HoldUntil) + " before anybody is paged. If it is over by then, it pages nobody and is counted as a flap.",
		})
	}
	if open && a.Recorded {
		p.Holds = append(p.Holds, view.Note{Lead: "Recorded", Text: "Its route shows and counts it, and pages nobody.", Link: routeLink(a.Route)})
	}
	if d.Gathered {
		p.Holds = append(p.Holds, view.Note{
			Tone: view.ToneInfo, Lead: "Storm", Text: "So much pages somebody at the moment that this alert waits for their next digest: one page about several alerts.",
		})
	}
	for _, x := range d.Joined {
		p.Joined = append(p.Joined, v.oneOfSeveral(x))
	}
	if len(d.Joined) > 0 && a.Members > len(d.Joined) {
		p.JoinedNote = "the first " + itoa(len(d.Joined)) + " of " + itoa(a.Members)
	}
	if open && len(d.Joined) > 0 {
		p.AckMore = "also the " + plural(len(d.Joined), "alert", "alerts") + " that joined it, and none that comes later"
	}
}

func routeLink(r muster.RouteName) view.Link {
	if r == "" {
		return view.Link{}
	}
	return view.Link{Text: "Route " + string(r), URL: docURL(muster.KindRoutes, r)}
}

// carried says by what a page went, what proves it there, and why a stand-in went.
func (v *visit) carried(r *view.Rung, p query.Page, pages []query.Page, told map[muster.AlertID]*muster.Alert) {
	r.Via.Text = string(p.Connector)
	if c := v.Queries.Catalog().Connectors[p.Connector]; c != nil {
		r.Via = view.Link{Text: docTitle(c), URL: docURL(muster.KindConnectors, c.Name)}
		r.Proves = v.reach(c.Kind).Proves
	}
	if i := slices.IndexFunc(pages, func(o query.Page) bool { return o.ID == p.Repeats }); p.Repeats != "" && i >= 0 {
		first := pages[i]
		why := "it brought no proof in time"
		if first.State == muster.PageFailed {
			why = "it failed"
		}
		r.Backup = "Stands in for " + v.connectorTitle(first.Connector) + ": " + why
	}
	for _, t := range p.Attempts {
		took := itoa(int(t.Took/1000)) + " ms"
		if t.Took >= 10_000_000 {
			took = length(time.Duration(t.Took) * time.Microsecond)
		}
		r.Tried = append(r.Tried, view.Attempt{At: t.At.Time, Text: joinDots(t.Result+" after "+took, muster.Clip(t.Detail, 120))})
	}
	open := 0
	for _, id := range p.Digest {
		x := told[id]
		if x == nil {
			continue // removed since
		}
		if x.Status == muster.AlertOpen && !acknowledgedBy(x, v.actor.User) {
			open++
		}
		r.Digest = append(r.Digest, v.oneOfSeveral(x))
	}
	if open > 0 && p.Person == v.actor.User && v.can(muster.AccessResponder) {
		r.DigestURL = "/a/" + string(p.Alert) + "/digest"
	}
}

func (v *visit) connectorTitle(name muster.ConnectorName) string {
	if c := v.Queries.Catalog().Connectors[name]; c != nil {
		return docTitle(c)
	}
	return string(name)
}

// reach says how people are reached by connectors of a kind; the zero value when nobody knows.
func (v *visit) reach(kind string) Reach {
	if v.Reach == nil {
		return Reach{}
	}
	return v.Reach(kind)
}

// rateAlert asks those who were paged, or who have the alert, whether it was right to page them.
func (v *visit) rateAlert(p *view.Alert, d *query.AlertDetail) {
	a := d.AlertItem.Alert
	paged := slices.ContainsFunc(d.Pages, func(pg query.Page) bool { return pg.Person == v.actor.User && !pg.StartedAt.IsZero() })
	if v.actor.User == "" || !paged || a.Status == muster.AlertOpen && d.Rating == nil {
		return
	}
	p.RateURL = "/a/" + p.ID + "/rate"
	if d.Rating != nil {
		p.Rated = "no"
		if d.Rating.Useful {
			p.Rated = "yes"
		}
	}
}

// rateAlert takes whether the page about an alert was useful.
func rateAlert(v *visit) error {
	if _, err := run[*muster.Rating](v, "RatePage", command.RatePage{Alert: v.alertID(), Useful: v.field("useful") == "yes", Why: v.field("why")}); err != nil {
		return err
	}
	return v.done(v.back(v.alertURL()), "Thank you. It is counted by service and route; nobody is judged by it.", "")
}

// silenceAlert holds the pages of one alert back until it is resolved, or for so long.
func silenceAlert(v *visit) error {
	a, err := v.Queries.Alert(v.ctx(), v.viewer(), v.alertID())
	if err != nil {
		return err
	}
	in := command.SilenceAlerts{Alert: v.alertID(), Why: cmp.Or(v.field("why"), "known")}
	if s := v.Queries.Catalog().Services[a.Service]; s != nil && v.actor.Owns(s.Team) {
		in.Team = s.Team // then its owners may end it
	}
	if text := v.field("for"); text != "" {
		if err := in.For.UnmarshalText([]byte(text)); err != nil {
			return muster.Invalid("The alert cannot be silenced", []muster.FieldError{{Path: "for", Message: "is not a length of time: write it like 2h"}})
		}
	}
	s, err := run[*muster.Silence](v, "SilenceAlerts", in)
	if err != nil {
		return err
	}
	text := "Silenced until it is resolved. The next one pages again."
	if in.For > 0 {
		text = "Silenced until it is resolved, at the latest until " + v.clock(s.Until) + ". If it is open then, it pages again."
	}
	return v.done(v.back(v.alertURL()), text, "")
}

// unsilenceAlert ends the silence that holds an alert back: if it is still open, it pages.
func unsilenceAlert(v *visit) error {
	a, err := v.Queries.Alert(v.ctx(), v.viewer(), v.alertID())
	if err != nil {
		return err
	}
	if a.Suppressed == nil {
		return v.done(v.back(v.alertURL()), "No silence holds it back any more.", "")
	}
	name := string(a.Suppressed.By)
	in := command.OneDocument{Kind: muster.KindSilences, Name: name, IfMatch: v.Queries.Catalog().RevisionOf(muster.DocRef(muster.KindSilences, name)), Why: "ended at the alert"}
	if _, err := run[muster.Nothing](v, "DeleteDocument", in); err != nil {
		return err
	}
	return v.done(v.back(v.alertURL()), "The silence is over: the alert pages again.", "")
}

// ackDigest acknowledges exactly the alerts of a page about several that went to the visitor.
func ackDigest(v *visit) error {
	a, err := v.Queries.Alert(v.ctx(), v.viewer(), v.alertID())
	if err != nil {
		return err
	}
	i := slices.IndexFunc(a.Pages, func(p query.Page) bool {
		return string(p.ID) == v.field("page") && p.Person == v.actor.User && len(p.Digest) > 0
	})
	if i < 0 {
		return muster.Errorf(muster.ErrNotFound, "There is no such page to you about several alerts.")
	}
	v.actor.Page = a.Pages[i].ID
	if _, err := run[*muster.Alert](v, "AckAlert", command.NoteAlert{Alert: a.Pages[i].Alert}); err != nil {
		return err
	}
	v.actor.Page = ""
	return v.done(v.back(v.alertURL()), "You have these "+itoa(len(a.Pages[i].Digest))+". What comes later pages by itself.", "")
}
