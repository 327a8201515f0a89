package command

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
	"github.com/muster-oncall/muster/internal/plan"
)

// storms are what a command knows of the storms of people: read once for each of them, and brought up to date with what
// the command plans.
type storms map[muster.UserName]*plan.Recent

// readStorms reads what was not read yet.
func (c *Call) readStorms(r *rows, people []muster.UserName) error {
	var need []muster.UserName
	since := c.Now()
	for _, u := range people {
		if r.storms[u] == nil {
			need = append(need, u)
			if from := c.Now().Plus(-c.Snap.Catalog.StormOf(u).Within.Std()); from.Before(since.Time) {
				since = from
			}
		}
	}
	if len(need) == 0 {
		return nil
	}
	slices.Sort(need)
	pages, err := c.RecentPages(need, since)
	if err != nil {
		return err
	}
	on, err := c.Storms(need)
	if err != nil {
		return err
	}
	if r.storms == nil {
		r.storms = storms{}
	}
	for _, u := range need {
		r.storms[u] = &plan.Recent{}
	}
	for _, p := range pages {
		r.storms[p.Person].Pages = append(r.storms[p.Person].Pages, p)
	}
	for i := range on {
		r.storms[on[i].Person].Storm = &on[i]
	}
	return nil
}

// gather leaves the pages of people who get too many to their next digest. It gives those who are paged singly although a
// storm is on for them. What a person asked for, and the past that is told by a [Batch], is not gathered.
func (c *Call) gather(r *rows, a *muster.Alert, e *muster.Escalation, eff *escalate.Effects) (apart []muster.UserName, err error) {
	if _, past := c.Tx.(moved); past || len(eff.Pages) == 0 || eff.Taken == nil || eff.Taken.Event == string(escalate.Escalate) {
		return nil, nil
	}
	var people []muster.UserName
	for _, p := range eff.Pages {
		if !slices.Contains(people, p.User) && !c.Snap.Catalog.StormOf(p.User).Off {
			people = append(people, p.User)
		}
	}
	if err := c.readStorms(r, people); err != nil {
		return nil, err
	}
	gathered := map[muster.UserName]muster.Gathering{}
	for _, u := range people {
		limit, known := c.Snap.Catalog.StormOf(u), r.storms[u]
		switch plan.Storm(limit, *known, a.Service, a.Urgency, c.Now()) {
		case plan.Single:
			known.Pages = append(known.Pages, muster.RecentPage{Person: u, Alert: a.ID, Service: a.Service, At: c.Now()})
		case plan.Apart:
			known.Pages = append(known.Pages, muster.RecentPage{Person: u, Alert: a.ID, Service: a.Service, Apart: true, At: c.Now()})
			apart = append(apart, u)
		case plan.Gather:
			gathered[u] = muster.Gathering{Pages: limit.Pages, Within: limit.Within}
			if err := c.storms(r, u, known, limit, a.Service); err != nil {
				return nil, err
			}
		}
	}
	if len(gathered) == 0 {
		return apart, nil
	}
	plan.GatherPages(c.Snap, eff, gathered)
	var names []string
	done := map[muster.UserName]bool{}
	for _, p := range eff.Gathered { // the first method's reasons stand for all
		if done[p.User] {
			continue
		}
		done[p.User] = true
		names = append(names, plan.GatheredText(p.Name, gathered[p.User]))
		r.gathered = append(r.gathered, muster.Gathered{
			Person: p.User, Alert: a.ID, Escalation: e.ID, Step: p.Step, Round: p.Round, At: c.Now(), Why: withoutContact(p.Reasons),
		})
	}
	en := c.alertEntry(a, muster.EntryPage, strings.Join(names, " "))
	en.By = muster.Engine().By()
	r.entries = append(r.entries, en)
	return apart, nil
}

// withoutContact leaves out how a person would have been paged: the digest says how.
func withoutContact(why []muster.Reason) []muster.Reason {
	return slices.DeleteFunc(slices.Clone(why), func(r muster.Reason) bool { return r.Kind == muster.ReasonContact })
}

// storms notes that a storm is on for a person, and that it is about a service. A storm that begins has a first digest soon.
func (c *Call) storms(r *rows, u muster.UserName, known *plan.Recent, limit muster.Storm, service muster.ServiceName) error {
	services := plan.StormServices(limit, *known, service, c.Now())
	switch {
	case known.Storm == nil:
		known.Storm = &muster.Storming{Person: u, Since: c.Now(), Services: services, Generation: 1}
		r.timers = append(r.timers, c.digestTimer(known.Storm, c.Now().Plus(muster.GatherFor)))
	case slices.Equal(services, known.Storm.Services):
		return nil
	default:
		next := *known.Storm
		next.Services = services
		known.Storm = &next
	}
	return c.PutStorm(known.Storm)
}

func (c *Call) digestTimer(s *muster.Storming, at muster.Instant) muster.Timer {
	return muster.Timer{ID: id[muster.TimerID](c), Kind: muster.TimerDigest, Ref: string(s.Person), DueAt: at, Generation: s.Generation}
}

// fireDigest pages a person about everything that was gathered for them, and looks again when the time is over in which
// pages are counted. When nothing was gathered since, the storm is over.
func (c *Call) fireDigest(t *muster.Timer) error {
	person := muster.UserName(t.Ref)
	on, err := c.Storms([]muster.UserName{person})
	if err != nil {
		return err
	}
	if len(on) > 0 && on[0].Generation != t.Generation {
		return nil // another one took its place
	}
	waiting, err := c.Gathered(person, muster.MaxDigest)
	if err != nil {
		return err
	}
	if len(waiting) == 0 {
		return c.DeleteStorm(person)
	}
	ids := make([]muster.AlertID, len(waiting))
	for i, g := range waiting {
		ids[i] = g.Alert
	}
	if err := c.DeleteGathered(person, ids); err != nil {
		return err
	}
	alerts, err := c.AlertsIn(ids)
	if err != nil {
		return err
	}
	var r rows
	alerts = slices.DeleteFunc(alerts, func(a *muster.Alert) bool { return !pageable(a) })
	if err := c.pageDigest(&r, person, alerts, waiting); err != nil {
		return err
	}
	storm := muster.Storming{Person: person, Since: c.Now(), Services: []muster.ServiceName{}}
	if len(on) > 0 {
		storm = on[0]
	}
	storm.Generation++
	if err := c.PutStorm(&storm); err != nil {
		return err
	}
	r.timers = append(r.timers, c.digestTimer(&storm, c.Now().Plus(c.Snap.Catalog.StormOf(person).Within.Std())))
	return r.flush(c)
}

// pageable reports whether people may still be paged about an alert by its escalation.
func pageable(a *muster.Alert) bool {
	return a.Status == muster.AlertOpen && a.Suppressed == nil && !a.Triage
}

// pageDigest plans the digest of a person: the worst alert first, and with its words. One alert alone has a page like any other.
func (c *Call) pageDigest(r *rows, person muster.UserName, alerts []*muster.Alert, waiting []muster.Gathered) error {
	if len(alerts) == 0 {
		return nil
	}
	slices.SortStableFunc(alerts, func(a, b *muster.Alert) int {
		return cmp.Or(badness(a)-badness(b), a.ReceivedAt.Compare(b.ReceivedAt.Time))
	})
	head := alerts[0]
	urgency := muster.UrgencyLow
	var list []muster.AlertID
	for _, a := range alerts {
		list = append(list, a.ID)
		if a.Urgency == muster.UrgencyHigh {
			urgency = muster.UrgencyHigh
		}
	}
	g := waiting[slices.IndexFunc(waiting, func(g muster.Gathered) bool { return g.Alert == head.ID })]
	got, err := c.ContactsOf([]muster.UserName{person})
	if err != nil {
		return err
	}
	name := c.Snap.Catalog.DisplayName(person)
	pages, how := plan.PageDigest(c.Snap, contactFacts(got), person, urgency, len(list), plan.Pressing(waiting), g.Why, c.Now())
	text := fmt.Sprintf("Muster paged %s about %d alerts at once", name, len(list))
	switch {
	case len(pages) == 0 && len(how) > 0:
		text = "The digest could not be sent: " + how[0].Text
	case len(list) == 1:
		text, list = "Muster paged "+name, nil
	}
	about := *head
	about.Urgency = urgency
	for _, p := range pages {
		c.addPage(r, &about, &muster.Page{
			Alert: head.ID, Escalation: g.Escalation, Person: p.User, Method: p.Contact.Method, Connector: p.Contact.Connector,
			Contact: p.Contact.ID, Step: g.Step, Round: g.Round, DueAt: p.At, Why: p.Reasons, Digest: list,
		})
	}
	for _, a := range alerts {
		en := c.alertEntry(a, muster.EntryPage, text)
		en.By = muster.Engine().By()
		r.entries = append(r.entries, en)
	}
	return nil
}

// badness orders alerts: high urgency before low, and then by severity.
func badness(a *muster.Alert) int {
	n := slices.Index([]muster.AlertSeverity{
		muster.SeverityCritical, muster.SeverityMajor, muster.SeverityUnknown, muster.SeverityMinor, muster.SeverityInfo,
	}, a.Severity)
	if a.Urgency != muster.UrgencyHigh {
		n += 10
	}
	return n
}

// digestWanted reports whether a page about several alerts is still wanted: one of them can be paged about.
func (c *Call) digestWanted(p *muster.Page) ([]*muster.Alert, bool, error) {
	alerts, err := c.AlertsIn(p.Digest)
	return alerts, slices.ContainsFunc(alerts, pageable), err
}

// wantedBesides reports whether it is still wanted without one of its alerts. Alerts of a storm end one after the other, first those
// that came first: so it begins to look at the end of the list, and does not read all of them for each.
func (c *Call) wantedBesides(p *muster.Page, except muster.AlertID) (bool, error) {
	for left, some := p.Digest, 1; len(left) > 0; some *= 4 {
		from := max(len(left)-some, 0)
		alerts, err := c.AlertsIn(left[from:])
		if err != nil || slices.ContainsFunc(alerts, func(a *muster.Alert) bool { return a.ID != except && pageable(a) }) {
			return err == nil, err
		}
		left = left[:from]
	}
	return false, nil
}

// AckPage acknowledges what a page is about.
type AckPage struct {
	Page muster.PageID `json:"page" path:"page" arg:"1" doc:"the page's ID"`
	Note string        `json:"note,omitempty" arg:"rest" doc:"a word about it, for the timeline"`
}

// ackPage acknowledges the alerts of a page: exactly those that it tells of.
func (c *Call) ackPage(in AckPage) (*muster.Page, error) {
	p, err := c.Page(in.Page)
	if err != nil {
		return nil, err
	}
	if c.Actor.Page != "" && c.Actor.Page != p.ID {
		return nil, muster.Errorf(muster.ErrForbidden, "The link of this page is for another page.")
	}
	if c.Actor.User == p.Person && c.Actor.Page == "" {
		own := *c // whoever was paged answers their page, from wherever
		own.Actor.Page = p.ID
		c = &own
	}
	if _, err := c.ackAlert(NoteAlert{Alert: p.Alert, Note: in.Note}); err != nil {
		return nil, err
	}
	if c.Actor.Page == "" {
		if err := c.ackOthers(p, p.Alert, in.Note); err != nil {
			return nil, err
		}
	}
	return c.Page(p.ID)
}

// answeredDigest is the page about several alerts by which the actor answers, nil when it is no such page.
func (c *Call) answeredDigest() (*muster.Page, error) {
	if c.Actor.Page == "" {
		return nil, nil
	}
	p, err := c.Page(c.Actor.Page)
	if err != nil || len(p.Digest) == 0 || p.Person != c.Actor.User {
		return nil, err
	}
	return p, nil
}

// ackOthers acknowledges the alerts of a digest besides one: those of its list that are open, and nothing else.
func (c *Call) ackOthers(p *muster.Page, besides muster.AlertID, note string) error {
	ids := slices.Clone(p.Digest)
	slices.Sort(ids) // locks come in one order
	for _, ref := range ids {
		if ref == besides {
			continue
		}
		if _, err := c.ackOne(NoteAlert{Alert: ref, Note: note}); err != nil && muster.CodeOf(err) != muster.ErrConflict {
			return err // a conflict: it is over already
		}
	}
	return nil
}

// about reports whether a page tells of an alert.
func about(p *muster.Page, a muster.AlertID) bool {
	return p.Alert == a || slices.Contains(p.Digest, a)
}
