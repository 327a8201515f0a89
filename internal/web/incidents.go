package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// with is the address of this page with some parameters changed; a page's place in a list is not kept.
func (v *visit) with(pairs ...string) string {
	q := v.r.URL.Query()
	q.Del("cursor")
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			q.Del(pairs[i])
		} else {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return v.r.URL.Path
	}
	return v.r.URL.Path + "?" + q.Encode()
}

// pager leads on and back to the beginning: lists begin with the newest.
func (v *visit) pager(next *string) (p view.Pager) {
	if next != nil {
		p.OlderURL = v.with("cursor", *next)
	}
	if v.param("cursor") != "" {
		p.NewerURL = v.with()
	}
	return p
}

// search is the box above a list; the other parameters stay.
func (v *visit) search(hint string) view.Search {
	s := view.Search{URL: v.r.URL.Path, Value: v.param("q"), Hint: hint}
	for _, name := range sortedKeys(v.r.URL.Query()) {
		if name != "q" && name != "cursor" {
			s.Hidden = append(s.Hidden, view.Field{Name: name, Value: v.param(name)})
		}
	}
	return s
}

// chips are links that set one parameter.
func (v *visit) chips(name string, list ...view.Filter) []view.Filter {
	now := v.param(name)
	for i, f := range list {
		list[i].Current = f.URL == now
		list[i].URL = v.with(name, f.URL)
	}
	return list
}

// incidents is the list of incidents.
func incidents(v *visit) error {
	in := query.ListIncidents{Q: v.param("q"), Severity: muster.Severity(v.param("severity")), Service: muster.ServiceName(v.param("service")), Cursor: v.param("cursor")}
	switch status := v.param("status"); status {
	case "":
		in.Status = []muster.IncidentStatus{muster.IncidentOpen, muster.IncidentMitigated}
	case "all":
	default:
		in.Status = []muster.IncidentStatus{muster.IncidentStatus(status)}
	}
	list, err := v.Queries.IncidentList(v.ctx(), v.viewer(), in)
	if err != nil {
		return err
	}
	p := view.Incidents{
		Shell: v.live("Incidents", view.PlaceIncidents, "now"), Search: v.search("Title or key"), Pager: v.pager(list.Next),
		Filters: v.chips("status", view.Filter{Text: "Open"}, view.Filter{Text: "Mitigated", URL: "mitigated"}, view.Filter{Text: "Resolved", URL: "resolved"}, view.Filter{Text: "Closed", URL: "closed"}, view.Filter{Text: "All", URL: "all"}),
		Empty:   view.Empty{Text: "No incident here."},
	}
	if in.Q == "" && v.param("status") == "" {
		p.Empty.Text = "No incident is open."
	}
	if v.can(muster.AccessResponder) {
		p.Empty.Action = view.Button{Text: "Declare an incident", URL: "/declare", Icon: "incident", Get: true}
	}
	for _, it := range list.Items {
		p.Rows = append(p.Rows, v.strip(it))
	}
	return v.render(http.StatusOK, view.IncidentsPage(p))
}

// strip is an incident on Now and in lists.
func (v *visit) strip(it query.IncidentItem) view.Strip {
	s := view.Strip{
		Key: string(it.Key), Title: it.Title, URL: "/i/" + string(it.Key), Severity: severity(it.Severity), SevWord: severityWord(it.Severity),
		Status: incidentStatus(it.Status), Phase: capital(it.Phase), OpenedAt: it.DeclaredAt.Time, ClosedAt: it.ResolvedAt.Time,
		Answers: v.answers(it), Promise: v.promiseOf(it.Incident, "/i/"+string(it.Key)+"?update=1#update-now"),
	}
	if it.Service != "" {
		s.Service = v.Queries.Catalog().ServiceTitle(it.Service)
	}
	for _, ph := range it.Phases {
		if ph.Until.IsZero() {
			s.PhaseAt = ph.From.Time
		}
	}
	if held := holder(it.Incident, muster.RoleIncidentCommander); held != nil {
		s.Commander = v.person(held.Person, held.Name)
	}
	if it.Review != "" {
		s.ReviewURL = "/reviews/" + string(it.Review)
	}
	return s
}

// holder is who holds a role now; nil: nobody.
func holder(inc *muster.Incident, role muster.Role) *muster.RoleAssignment {
	for i, ra := range inc.Roles {
		if ra.Role == role && !ra.Proposed && ra.Until.IsZero() {
			return &inc.Roles[i]
		}
	}
	return nil
}

// person is somebody as screens name them.
func (v *visit) person(u muster.UserName, name string) *view.Person {
	p := &view.Person{Name: name, You: u != "" && u == v.actor.User}
	if u != "" {
		p.URL = "/settings/people/" + string(u)
		if name == "" {
			p.Name = v.Queries.Catalog().DisplayName(u)
		}
	}
	return p
}

// answers are the five in their order; one without a text asks.
func (v *visit) answers(it query.IncidentItem) []view.Answer {
	out := make([]view.Answer, 0, 5)
	for _, q := range muster.Questions() {
		a := view.Answer{Key: string(q), Question: q.Word()}
		if got := it.Answers[q]; got != nil {
			a.Text, a.Author, a.At = got.Text, got.By.Name, got.At.Time
			a.Source = via(got.By)
		}
		out = append(out, a)
	}
	return out
}

// via names a surface where it tells something.
func via(by muster.By) string {
	switch by.Surface {
	case muster.SurfaceChat:
		return "chat"
	case muster.SurfacePage:
		return "phone"
	case muster.SurfaceCLI:
		return "command line"
	case muster.SurfaceAPI:
		return "API"
	case muster.SurfaceSMS:
		return "text message"
	case muster.SurfaceVoice:
		return "phone call"
	case muster.SurfacePush:
		return "push message"
	case muster.SurfaceWeb, muster.SurfaceIntake, muster.SurfaceEngine, muster.SurfaceSetup:
	}
	return ""
}

// promiseOf is the next promised update; nil when nothing is promised.
func (v *visit) promiseOf(inc *muster.Incident, keep string) *view.Promise {
	if inc.Promise == nil || over(inc.Status) || inc.Promise.Kept {
		return nil
	}
	p := &view.Promise{
		By: inc.Promise.By.Time, MadeAt: inc.Promise.MadeAt.Time, Who: inc.Promise.Author.Name,
		You: inc.Promise.Author.User != "" && inc.Promise.Author.User == v.actor.User,
	}
	if v.can(muster.AccessResponder) {
		p.KeepBy = view.Link{Text: "Post update", URL: keep}
	}
	return p
}

// trimmed leaves out empty words.
func trimmed(list ...string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return strings.TrimSpace(s) == "" })
}
