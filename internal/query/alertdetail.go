package query

import (
	"context"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/store"
)

// AlertDetail is what the screen of an alert shows.
type AlertDetail struct {
	Alert
	At       muster.Instant
	Why      muster.Explanation // as the engine decided
	Effects  Effects            // whom its buttons would page
	Guidance []Guidance
	Similar  []Similar
	Alike    int // alerts with the same fingerprint in the last 90 days, besides this one
	Format   string
	Silence  *muster.Silence // that holds it back; nil: none, or it is not in the catalog any more
	Source   *muster.Source  // nil: not in the catalog any more
	AckUntil muster.Instant  // zero: the acknowledgement does not run out

	Head     *muster.Alert                    // that it joined; nil: none
	Joined   []*muster.Alert                  // that joined it, oldest first
	Gathered bool                             // a page about it waits for the next digest of somebody
	InDigest map[muster.AlertID]*muster.Alert // those that its pages about several alerts tell of
	Rating   *muster.Rating                   // what the viewer said of having been paged; nil: nothing yet
}

// Similar is an alert of the past with the same fingerprint, or of the same service with the same title.
type Similar struct {
	Alert  *muster.Alert
	Review muster.ReviewID // of its incident
	Note   string          // "took 34 min"
}

// maxSimilar is how many similar alerts are shown.
const maxSimilar = 5

// AlertDetail reads an alert for its screen.
func (q *Queries) AlertDetail(ctx context.Context, who Viewer, id muster.AlertID) (*AlertDetail, error) {
	var c cause
	out, err := ask(ctx, q, who, func(r *read) (*AlertDetail, error) {
		al, err := r.alert(OneAlert{id})
		if err != nil {
			return nil, err
		}
		out := &AlertDetail{Alert: *al, At: r.Now(), Source: r.cat.Sources[al.AlertItem.Source]}
		a := al.AlertItem.Alert
		if out.Effects, err = r.effects(a, al.Escalation); err != nil {
			return nil, err
		}
		out.Guidance = r.guidance(a.Service, []*muster.Alert{a})
		if a.Suppressed != nil {
			out.Silence = r.cat.Silences[a.Suppressed.By]
		}
		if a.Status == muster.AlertAcknowledged {
			out.AckUntil = a.NextWakeAt
		}
		if err := r.company(out, a); err != nil {
			return nil, err
		}
		if err := r.similar(out, a); err != nil {
			return nil, err
		}
		first, err := r.firstSignal(a)
		if err != nil {
			return nil, err
		}
		c = cause{alert: a, run: al.Escalation, now: r.Now()}
		if first != nil {
			out.Format, c.signal = first.Format, &first.Signal
		}
		return out, nil
	})
	if err != nil {
		return nil, err
	}
	out.Why, err = q.explain(ctx, c)
	return out, err
}

// maxJoined is how many alerts of a group are shown.
const maxJoined = 50

// company reads what an alert has to do with others, in groups and digests, and what the viewer said of it.
func (r *read) company(out *AlertDetail, a *muster.Alert) (err error) {
	if a.Group != "" {
		head, err := r.AlertsIn([]muster.AlertID{a.Group})
		if err != nil {
			return err
		}
		if len(head) > 0 {
			out.Head = head[0]
		}
	}
	if a.Members > 0 {
		ids, err := r.Members(a.ID)
		if err != nil {
			return err
		}
		if out.Joined, err = r.AlertsIn(ids[:min(len(ids), maxJoined)]); err != nil {
			return err
		}
	}
	if a.Status == muster.AlertOpen {
		if out.Gathered, err = r.IsGathered(a.ID); err != nil {
			return err
		}
	}
	var told []muster.AlertID
	for _, p := range out.Pages {
		for _, id := range p.Digest {
			if !slices.Contains(told, id) {
				told = append(told, id)
			}
		}
	}
	if len(told) > 0 {
		list, err := r.AlertsIn(told)
		if err != nil {
			return err
		}
		out.InDigest = make(map[muster.AlertID]*muster.Alert, len(list))
		for _, x := range list {
			out.InDigest[x.ID] = x
		}
	}
	if r.who.Actor.User != "" {
		out.Rating, err = r.RatingOf(a.ID, r.who.Actor.User)
	}
	return err
}

func (r *read) similar(out *AlertDetail, a *muster.Alert) error {
	f := store.AlertFilter{Service: a.Service, Since: r.Now().Plus(-historyDays * 24 * time.Hour), List: store.List{Limit: maxLimit}}
	if a.Service == "" {
		f.Source = a.Source
	}
	rows, err := r.Alerts(f)
	if err != nil {
		return err
	}
	var same, alike []*muster.Alert
	for _, o := range rows {
		switch {
		case o.ID == a.ID:
		case o.Source == a.Source && o.Fingerprint == a.Fingerprint:
			same = append(same, o)
		case o.Title == a.Title:
			alike = append(alike, o)
		}
	}
	out.Alike = len(same)
	shown := append(same, alike...)
	for _, o := range shown[:min(len(shown), maxSimilar)] {
		s := Similar{Alert: o}
		if !o.ResolvedAt.IsZero() {
			s.Note = "took " + short(o.ResolvedAt.Sub(o.ReceivedAt.Time))
		}
		if o.Incident != "" {
			inc, err := r.Reader.Incident(o.Incident)
			if err != nil {
				return err
			}
			s.Review = inc.Review
		}
		out.Similar = append(out.Similar, s)
	}
	return nil
}

// short is a length of time: "34 min", "1 h 20 min", "3 days".
func short(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "less than a minute"
	case d < 48*time.Hour:
		return muster.Duration(d.Round(time.Minute)).String()
	}
	return muster.Duration(d.Round(time.Hour)).String()
}

// PagePhone is what the page behind the link in a message shows: the alert, and one big button.
type PagePhone struct {
	Page     Page
	Alert    *muster.Alert
	Service  string   // title
	Next     Next     // if nobody acknowledges
	WhyYou   []string // sentences
	WhoKnows []string // who else knows; empty: nobody yet
	Escalate []plan.Person
	Digest   []*muster.Alert // of a page about several alerts: exactly these, the worst first
	Rating   *muster.Rating  // what the person said of the page; nil: nothing yet
}

// PagePhone reads a page for its person. That the person may see it is for the caller to have checked, by the page's own
// token.
func (q *Queries) PagePhone(ctx context.Context, who Viewer, id muster.PageID) (*PagePhone, error) {
	return ask(ctx, q, who, func(r *read) (*PagePhone, error) {
		p, err := r.pageOf(id)
		if err != nil {
			return nil, err
		}
		al, err := r.alert(OneAlert{p.Alert})
		if err != nil {
			return nil, err
		}
		a := al.AlertItem.Alert
		out := &PagePhone{
			Page: Page{Page: p, Name: r.cat.DisplayName(p.Person), Title: a.Title}, Alert: a, Service: r.cat.ServiceTitle(a.Service),
			Next: al.Next, WhyYou: whyYou(p.Why),
		}
		f, err := r.effects(a, al.Escalation)
		if err != nil {
			return nil, err
		}
		out.Escalate = f.Escalate
		if len(p.Digest) > 0 {
			if out.Digest, err = r.AlertsIn(p.Digest); err != nil {
				return nil, err
			}
		}
		if out.Rating, err = r.RatingOf(a.ID, p.Person); err != nil {
			return nil, err
		}
		out.WhoKnows, err = r.whoKnows(a, al.Pages, p.Person)
		return out, err
	})
}

// whyYou are the sentences of a page's reasons that tell a person why it is them: who was paged before, and which turn or
// override made it theirs.
func whyYou(why []muster.Reason) (out []string) {
	for _, kind := range []muster.ReasonKind{muster.ReasonStep, muster.ReasonOverride, muster.ReasonSwap, muster.ReasonLayer, muster.ReasonPerson} {
		i := slices.IndexFunc(why, func(r muster.Reason) bool { return r.Kind == kind })
		if i >= 0 && len(out) < 2 {
			out = append(out, why[i].Text)
		}
	}
	return out
}

// whoKnows lists who else has seen an alert: who acknowledged it or proved a page about it, and who has been in its room.
func (r *read) whoKnows(a *muster.Alert, pages []Page, but muster.UserName) ([]string, error) {
	var out []string
	add := func(u muster.UserName, name string) {
		if name != "" && (u == "" || u != but) && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	if a.AcknowledgedBy != nil && !a.AcknowledgedBy.Machine {
		add(a.AcknowledgedBy.User, a.AcknowledgedBy.Name)
	}
	for _, p := range pages {
		if p.State == muster.PageProved {
			add(p.Person, p.Name)
		}
	}
	if a.Incident == "" {
		return out, nil
	}
	aware, err := r.Awareness(a.Incident)
	for _, w := range aware {
		add(w.Person, w.Name)
	}
	return out, err
}

// Phone is a person's phone of the demo with its newest pages.
type Phone struct {
	User  *muster.User
	Duty  string // "primary responder of Storefront"; "" when off duty
	Pages []PhonePage

	Notices []*muster.Notice // newest first
}

// PhonePage is a page as it stands on a phone.
type PhonePage struct {
	Page    Page
	Alert   *muster.Alert
	Ringing bool // it waits for an answer
}

// Phones reads the phones that a kind of connector reaches, with their newest pages.
func (q *Queries) Phones(ctx context.Context, who Viewer, kind string) ([]Phone, error) {
	return ask(ctx, q, who, func(r *read) ([]Phone, error) {
		contacts, err := everybody(r)
		if err != nil {
			return nil, err
		}
		duty := r.duties()
		var out []Phone
		for _, d := range r.cat.Documents(muster.KindUsers) {
			u, ok := d.(*muster.User)
			if !ok || u.Disabled || !r.reached(contacts[u.Name], kind) {
				continue
			}
			ph := Phone{User: u, Duty: duty[u.Name]}
			if ph.Pages, err = r.phonePages(u.Name, kind); err != nil {
				return nil, err
			}
			if ph.Notices, err = r.phoneNotices(u.Name, contacts[u.Name], kind); err != nil {
				return nil, err
			}
			out = append(out, ph)
		}
		return out, nil
	})
}

func (r *read) reached(list []muster.ContactFact, kind string) bool {
	return slices.ContainsFunc(list, func(c muster.ContactFact) bool { return r.isKind(c.Connector, kind) })
}

func (r *read) isKind(name muster.ConnectorName, kind string) bool {
	c := r.cat.Connectors[name]
	return c != nil && c.Kind == kind
}

// duties says for each person what they are on call for now.
func (r *read) duties() map[muster.UserName]string {
	out := map[muster.UserName]string{}
	for _, row := range plan.OnCall(r.snap, r.Now(), plan.OnCallFilter{}) {
		for _, p := range row.People {
			text := muster.Role(row.Role).Word() + " of " + r.rosterTitle(row.Roster)
			if out[p.ID] != "" {
				text = out[p.ID] + ", " + text
			}
			out[p.ID] = text
		}
	}
	return out
}

func (r *read) rosterTitle(name muster.RosterName) string {
	if d := r.cat.Rosters[name]; d != nil && d.Title != "" {
		return d.Title
	}
	return string(name)
}

// phonePages are the newest pages that were handed to a phone.
// phoneKeeps is how long a phone shows what was answered.
const phoneKeeps = 24 * time.Hour

func (r *read) phonePages(u muster.UserName, kind string) (out []PhonePage, err error) {
	pages, err := r.PagesFor(u, store.List{Limit: 20})
	if err != nil {
		return nil, err
	}
	since := r.Now().Plus(-phoneKeeps)
	for _, p := range pages {
		if p.StartedAt.IsZero() || !r.isKind(p.Connector, kind) || len(out) == 8 || (!p.ProvedAt.IsZero() && p.ProvedAt.Before(since.Time)) {
			continue
		}
		a, err := r.Reader.Alert(p.Alert)
		if err != nil {
			return nil, err
		}
		out = append(out, PhonePage{
			Page: Page{Page: p, Name: r.cat.DisplayName(u), Title: a.Title}, Alert: a,
			Ringing: a.Status == muster.AlertOpen && (p.State == muster.PageStarted || p.State == muster.PageAccepted || p.State == muster.PageUnknown),
		})
	}
	return out, nil
}
