package query

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/statuspage"
	"github.com/muster-oncall/muster/internal/store"
)

// MetaPublished is the key under which the store keeps when a status page was published last: RFC 3339.
func MetaPublished(page muster.StatusPageName) string { return "published/" + string(page) }

// metaZone is the key of the installation's time zone.
const metaZone = "zone"

// historyDays is how long an incident that is over stays on a status page.
const historyDays = 90

// StatusState is what a status page shows now.
type StatusState struct {
	Name        muster.StatusPageName `json:"name"`
	Title       string                `json:"title"`
	Audience    muster.Audience       `json:"audience"`
	State       statuspage.State      `json:"state"`
	Headline    string                `json:"headline"`
	PublishedAt muster.Instant        `json:"published_at"` // null: never
	Components  []ComponentState      `json:"components"`
	Incidents   []muster.IncidentKey  `json:"incidents"` // that stand on it as open
}

// ComponentState is one component of a page.
type ComponentState struct {
	Name  string           `json:"name"`
	Title string           `json:"title"`
	State statuspage.State `json:"state"`
	Word  string           `json:"word"`
}

func (r *read) status(muster.Nothing) (out muster.Listing[StatusState], err error) {
	for _, d := range r.cat.Documents(muster.KindStatusPages) {
		doc, ok := d.(*muster.StatusPage)
		if !ok {
			continue
		}
		p, err := r.statusPage(doc)
		if err != nil {
			return out, err
		}
		s, err := r.statusState(p)
		if err != nil {
			return out, err
		}
		out.Items = append(out.Items, s)
	}
	return whole(out.Items), nil
}

// statusState says what the page itself says: it is read from what is rendered.
func (r *read) statusState(p statuspage.Page) (s StatusState, err error) {
	s = StatusState{Name: p.Doc.Name, Title: p.Doc.Title, Audience: p.Doc.Audience, Incidents: []muster.IncidentKey{}}
	tree, err := statuspage.Render(p)
	if err != nil {
		return s, err
	}
	var said struct {
		State      statuspage.State `json:"state"`
		Headline   string           `json:"headline"`
		Components []ComponentState `json:"components"`
	}
	if err := json.Unmarshal(tree["status.json"], &said); err != nil {
		return s, fmt.Errorf("query: read what the status page %s says: %w", p.Doc.Name, err)
	}
	s.State, s.Headline, s.Components = said.State, said.Headline, some(said.Components)
	for _, i := range p.Incidents {
		s.Incidents = append(s.Incidents, i.Key)
	}
	s.PublishedAt, err = r.published(p.Doc.Name)
	return s, err
}

func (r *read) published(page muster.StatusPageName) (at muster.Instant, err error) {
	v, err := r.Meta(MetaPublished(page))
	if err != nil || v == "" {
		return at, err
	}
	if us, bad := strconv.ParseInt(v, 10, 64); bad == nil {
		return muster.FromMicros(us), nil
	}
	return at, at.UnmarshalText([]byte(v))
}

// StatusPageData is what a status page is rendered from: incidents and updates as the page's audience may see them. The
// caller fills in BaseURL.
func (q *Queries) StatusPageData(ctx context.Context, name muster.StatusPageName) (statuspage.Page, error) {
	return ask(ctx, q, Viewer{}, func(r *read) (statuspage.Page, error) {
		doc := r.cat.StatusPages[name]
		if doc == nil {
			return statuspage.Page{}, noDocument(r.cat, muster.KindStatusPages, string(name))
		}
		return r.statusPage(doc)
	})
}

func (r *read) statusPage(doc *muster.StatusPage) (statuspage.Page, error) {
	p := statuspage.Page{Doc: doc, Now: r.Now(), Zone: time.UTC}
	zone, err := r.Meta(metaZone)
	if err != nil {
		return p, err
	}
	if z, err := r.snap.Zones.Load(zone); err == nil {
		p.Zone = z
	}
	if p.Since, err = r.created(muster.KindStatusPages, string(doc.Name)); err != nil {
		return p, err
	}
	all, err := r.candidates(doc.Audience)
	if err != nil {
		return p, err
	}
	for _, inc := range all {
		shown, ok, err := r.shownOn(doc, inc)
		if err != nil {
			return p, err
		}
		switch {
		case !ok:
			continue
		case over(shown):
			p.History = append(p.History, shown)
		default:
			p.Incidents = append(p.Incidents, shown)
		}
		if shown.Opened.Before(p.Since.Time) {
			p.Since = shown.Opened
		}
	}
	return p, nil
}

// created is when the first revision of a document was written.
func (r *read) created(k muster.Kind, name string) (muster.Instant, error) {
	rows, err := r.DocHistory(k, name, store.List{Limit: 1000})
	if err != nil || len(rows) == 0 {
		return muster.Instant{}, err
	}
	return rows[len(rows)-1].At, nil
}

// candidates are the incidents that may stand on a page of an audience: those that are open, and those that ended lately.
func (r *read) candidates(to muster.Audience) ([]*muster.Incident, error) {
	f := store.IncidentFilter{List: store.List{Limit: maxLimit}, Status: []muster.IncidentStatus{muster.IncidentOpen, muster.IncidentMitigated}}
	if to == muster.AudiencePublic {
		public := true
		f.Public = &public
	}
	open, err := r.Incidents(f)
	if err != nil {
		return nil, err
	}
	f.Status = []muster.IncidentStatus{muster.IncidentResolved, muster.IncidentClosed}
	past, err := r.Incidents(f)
	if err != nil {
		return nil, err
	}
	since := r.Now().Plus(-historyDays * 24 * time.Hour)
	past = slices.DeleteFunc(past, func(i *muster.Incident) bool { return i.ResolvedAt.Before(since.Time) })
	return append(open, past...), nil
}

// shownOn is an incident as the audience of a page sees it; false when it does not stand on the page. What is said to
// responders stands on no page; what is said to the organisation stands on its pages only.
func (r *read) shownOn(doc *muster.StatusPage, inc *muster.Incident) (out statuspage.Incident, ok bool, err error) {
	onIt := inc.Public && (len(inc.StatusPages) == 0 || slices.Contains(inc.StatusPages, doc.Name))
	if !onIt && doc.Audience == muster.AudiencePublic {
		return out, false, nil
	}
	updates, err := r.Updates(inc.ID)
	if err != nil {
		return out, false, err
	}
	out = statuspage.Incident{
		ID: inc.ID, Key: inc.Key, Title: inc.Title, Severity: inc.Severity, Status: inc.Status, Opened: inc.DeclaredAt,
		Components: componentsOn(doc, inc),
	}
	for _, u := range updates {
		if u.Audience == muster.AudiencePublic || (u.Audience == muster.AudienceOrganisation && doc.Audience == muster.AudienceOrganisation) {
			out.Updates = append(out.Updates, statuspage.Update{
				ID: u.ID, Known: u.Known, Doing: u.Doing, NextUpdateBy: u.NextUpdateBy, Final: u.Final, At: u.At, Status: u.Status,
			})
		}
	}
	if doc.Audience == muster.AudiencePublic && inc.DeclaredBy.Machine {
		out.Title = r.publicTitle(inc, out)
	}
	switch {
	case inc.Status == muster.IncidentResolved || inc.Status == muster.IncidentClosed:
		out.Resolved = inc.ResolvedAt
	case over(out):
		out.Resolved = out.Updates[0].At
	}
	return out, onIt || len(out.Updates) > 0, nil
}

// publicTitle is what the public reads as the title of an incident that a machine declared: its own is an alert's, in words
// for engineers. It is what was said first in public, and before that what is affected.
func (r *read) publicTitle(inc *muster.Incident, shown statuspage.Incident) string {
	if n := len(shown.Updates); n > 0 {
		first, _, _ := strings.Cut(shown.Updates[n-1].Known, "\n")
		if at := strings.Index(first, ". "); at > 0 {
			first = first[:at]
		}
		return muster.Clip(strings.TrimSuffix(strings.TrimSpace(first), "."), 120)
	}
	if inc.Service != "" {
		return "Trouble with " + r.cat.ServiceTitle(inc.Service)
	}
	return inc.Title
}

// over reports whether an incident is over for its audience, as the page itself decides it.
func over(i statuspage.Incident) bool {
	return i.Status == muster.IncidentResolved || i.Status == muster.IncidentClosed || (len(i.Updates) > 0 && i.Updates[0].Final)
}

// componentsOn lists those of a page's components that an incident affects: the incident names them with their page, and
// where it names none, those that show its service.
func componentsOn(doc *muster.StatusPage, inc *muster.Incident) (names []string) {
	for _, ref := range inc.Components {
		page, name, qualified := strings.Cut(ref, "/")
		switch {
		case !qualified:
			names = append(names, ref)
		case page == string(doc.Name):
			names = append(names, name)
		}
	}
	if len(names) > 0 || inc.Service == "" {
		return names
	}
	for _, c := range doc.Components {
		if c.Service == inc.Service {
			names = append(names, c.Name)
		}
	}
	return names
}

// StatusBoard is a status page as its editors see it.
type StatusBoard struct {
	StatusState
	Doc      *muster.StatusPage
	Revision muster.Revision
	Page     statuspage.Page    // what it shows, to preview it
	Open     []*muster.Incident // that stand on it, newest first
	Last     *statuspage.Update // the newest update on it; nil: none
	Promise  muster.Instant     // the earliest promise on it; zero: none
}

// StatusBoards lists the status pages for their editors.
func (q *Queries) StatusBoards(ctx context.Context, who Viewer) ([]StatusBoard, error) {
	return ask(ctx, q, who, func(r *read) ([]StatusBoard, error) {
		var out []StatusBoard
		for _, d := range r.cat.Documents(muster.KindStatusPages) {
			doc, ok := d.(*muster.StatusPage)
			if !ok {
				continue
			}
			b, err := r.statusBoard(doc)
			if err != nil {
				return nil, err
			}
			out = append(out, b)
		}
		return out, nil
	})
}

func (r *read) statusBoard(doc *muster.StatusPage) (b StatusBoard, err error) {
	b = StatusBoard{Doc: doc, Revision: r.withRevision(doc).Revision}
	if b.Page, err = r.statusPage(doc); err != nil {
		return b, err
	}
	if b.StatusState, err = r.statusState(b.Page); err != nil {
		return b, err
	}
	for _, i := range b.Page.Incidents {
		inc, err := r.Reader.Incident(i.ID)
		if err != nil {
			return b, err
		}
		b.Open = append(b.Open, inc)
		if len(i.Updates) > 0 {
			if b.Last == nil || i.Updates[0].At.After(b.Last.At.Time) {
				b.Last = &i.Updates[0]
			}
			by := i.Updates[0].NextUpdateBy
			if !by.IsZero() && (b.Promise.IsZero() || by.Before(b.Promise.Time)) {
				b.Promise = by
			}
		}
	}
	return b, nil
}
