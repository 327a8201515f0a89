package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// boardDays is how many days the lanes show.
const boardDays = 14

// oncall answers who: now, by lanes for two weeks, and at any moment.
func oncall(v *visit) error { return v.oncall(http.StatusOK, nil) }

func (v *visit) oncall(status int, change func(*view.OnCall)) error {
	roster := muster.RosterName(v.param("roster"))
	from := v.monday()
	until := from.AddDate(0, 0, boardDays)
	b, err := v.Queries.OnCallBoard(v.ctx(), v.viewer(), muster.At(from), muster.At(until), roster)
	if err != nil {
		return err
	}
	p := view.OnCall{
		Shell: v.live("On call", view.PlaceOnCall, "now"), Earlier: v.with("from", from.AddDate(0, 0, -boardDays).Format(time.DateOnly)),
		Later: v.with("from", until.Format(time.DateOnly)), Today: v.with("from", ""), FairNote: "hours as primary in the last 30 days; night is 22 to 7, local",
	}
	p.Rosters = append(p.Rosters, view.Filter{Text: "All"})
	for _, d := range v.Queries.Catalog().Documents(muster.KindRosters) {
		p.Rosters = append(p.Rosters, view.Filter{Text: docTitle(d), URL: d.DocName()})
	}
	p.Rosters = v.chips("roster", p.Rosters...)
	v.boards(&p, b, from, until)
	for _, m := range b.Mine {
		p.MyShifts = append(p.MyShifts, shiftOf(m))
	}
	p.Fairness = v.fairness(b.Load)
	if p.Machine, err = v.machine(); err != nil {
		return err
	}
	p.Override = v.overrideForm(b, roster)
	if change != nil {
		change(&p)
	}
	return v.render(status, view.OnCallPage(p))
}

// monday is the midnight at which the window begins: of ?from=, or of today, in the visitor's zone.
func (v *visit) monday() time.Time {
	if t, err := time.ParseInLocation(time.DateOnly, v.param("from"), v.zone); err == nil {
		return t
	}
	n := v.now.In(v.zone)
	return time.Date(n.Year(), n.Month(), n.Day(), 0, 0, 0, 0, v.zone)
}

func shiftOf(m query.MyShift) view.Shift {
	return view.Shift{Roster: m.Title, Role: string(m.Role), From: m.From.Time, To: m.Until.Time, Running: m.Running}
}

// boards fills in what each roster shows.
func (v *visit) boards(p *view.OnCall, b *query.OnCallBoard, from, until time.Time) {
	var heads []string
	for _, r := range b.Rosters {
		heads = append(heads, r.Title+": "+r.Summary)
		for _, row := range r.Now {
			p.Now = v.onDuty(p.Now, row)
		}
		for _, w := range r.Warnings {
			n := view.Note{Tone: view.ToneMinor, Lead: "Mind", Text: w.Text, Link: view.Link{Text: r.Title, URL: docURL(muster.KindRosters, r.Name)}}
			if w.Kind == "gap" {
				n.Tone, n.Lead = view.ToneMajor, "Gap"
				if v.can(muster.AccessResponder) {
					n.More = view.Link{Text: "Take it", URL: v.takeURL(r.Name, w.Role, w.From, w.Until)}
				}
				p.Warnings = slices.Insert(p.Warnings, gaps(p.Warnings), n)
				continue
			}
			p.Warnings = append(p.Warnings, n)
		}
		s := view.Schedule{Name: r.Title, URL: docURL(muster.KindRosters, r.Name), Summary: r.Summary, From: from, To: until}
		for i, l := range r.Lanes {
			s.Lanes = append(s.Lanes, v.lane(l, i))
		}
		p.Schedules = append(p.Schedules, s)
		for _, o := range r.Overrides {
			p.Override.Existing = append(p.Override.Existing, v.overrideRow(r, o))
		}
	}
	p.Headline = v.whoAnswers(heads, b.Mine, gaps(p.Warnings))
}

// whoAnswers is the title: the one roster's answer; of several, what concerns the visitor, or what is missing.
func (v *visit) whoAnswers(heads []string, mine []query.MyShift, missing int) string {
	switch {
	case len(heads) == 0:
		return "Nobody has a roster yet"
	case len(heads) == 1:
		return heads[0]
	case missing > 0:
		return plural(missing, "gap", "gaps") + ": nobody is on call then"
	case len(mine) > 0 && mine[0].Running:
		return "You are on call for " + mine[0].Title + " until " + v.clock(mine[0].Until)
	case len(mine) > 0:
		return "Everything is covered. You are next on " + v.clock(mine[0].From) + ", for " + mine[0].Title
	}
	return "Everything is covered"
}

func gaps(list []view.Note) (n int) {
	for _, w := range list {
		if w.Tone == view.ToneMajor {
			n++
		}
	}
	return n
}

// takeURL opens the form of an override filled in for a gap.
func (v *visit) takeURL(r muster.RosterName, role muster.RosterRole, from, to muster.Instant) string {
	return "/oncall?roster=" + string(r) + "&take=" + string(role) + "&begin=" + v.localText(from.Time) + "&end=" + v.localText(to.Time) + "#override"
}

func (v *visit) lane(l query.Lane, i int) view.Lane {
	out := view.Lane{Title: l.Title, Note: string(l.Role), Final: l.Final}
	if l.Zone != "" {
		out.Note = joinDots(string(l.Role), strings.ReplaceAll(l.Zone[strings.LastIndex(l.Zone, "/")+1:], "_", " "))
	}
	for _, b := range l.Blocks {
		names := make([]string, len(b.People))
		vb := view.Block{From: b.From.Time, To: b.Until.Time, Kind: string(b.Kind), Shade: i % 3, Note: b.Why}
		for j, who := range b.People {
			names[j] = who.Name
			vb.You = vb.You || who.ID == v.actor.User
		}
		vb.Person = strings.Join(names, ", ")
		if len(b.People) == 1 {
			vb.Elsewhere = v.stretchElsewhere(b.People[0].ID, b.From, b.Until)
		}
		out.Blocks = append(out.Blocks, vb)
	}
	return out
}

// stretchElsewhere is a stretch in a person's own time, when theirs differs.
func (v *visit) stretchElsewhere(u muster.UserName, from, to muster.Instant) string {
	zone := v.Queries.Zone(u)
	_, a := from.In(zone).Zone()
	_, b := from.In(v.zone).Zone()
	if a == b {
		return ""
	}
	return from.In(zone).Format("15:04") + " to " + to.In(zone).Format("15:04") + " " + city(zone)
}

func (v *visit) fairness(load []query.Load) (out []view.Fairness) {
	var hours, nights float64
	for _, l := range load {
		hours, nights = hours+l.Hours, nights+l.Night
	}
	n := float64(max(len(load), 1))
	for _, l := range load {
		out = append(out, view.Fairness{
			Person: *v.person(l.Person.ID, l.Person.Name), Hours: l.Hours, Night: l.Night, Mean: hours / n, Pages: l.Pages,
			Heavy: l.Night >= 8 && l.Night > 1.5*nights/n,
		})
	}
	return out
}

// machine is the time machine: a service and a moment, and who would be paged.
func (v *visit) machine() (view.Machine, error) {
	m := view.Machine{URL: "/oncall#machine", At: v.param("at"), Services: v.serviceOptions(muster.ServiceName(v.param("service")))}
	if m.At == "" {
		m.At = v.localText(v.now)
	}
	if v.param("service") == "" || v.param("at") == "" {
		return m, nil
	}
	at, wrong := v.localTime("at", m.At)
	if len(wrong) > 0 {
		m.Problems = problems(muster.Invalid("The moment is not right", wrong), nil)
		return m, nil
	}
	x, err := v.Queries.Why(v.ctx(), v.actor, query.AskWhy{Service: v.param("service"), At: at})
	if refused(err) || muster.CodeOf(err) == muster.ErrNotFound {
		m.Problems = []view.Problem{{Field: "service", Message: muster.MessageOf(err)}}
		return m, nil
	}
	if err != nil {
		return m, err
	}
	m.Asked, m.Moment, m.Service = true, at.Time, v.Queries.Catalog().ServiceTitle(muster.ServiceName(v.param("service")))
	m.Waves, m.Why = waves(x, at), v.wouldBe(x)
	return m, nil
}

// wouldBe is an explanation of what might be.
func (v *visit) wouldBe(x muster.Explanation) view.Why {
	w := view.Why{Title: "Why", DecidedAt: x.At.Time}
	for i, s := range x.Steps {
		if i == maxSteps {
			w.Steps = append(w.Steps, view.WhyStep{Kind: "step", Text: "And so on, until the policy is used up."})
			break
		}
		w.Steps = append(w.Steps, whyStep(s))
	}
	return w
}

// maxSteps is how much of an explanation of what might be is told: two steps of a policy and more.
const maxSteps = 20

// waves groups the pages that an explanation plans by the moment at which their step is taken.
func waves(x muster.Explanation, from muster.Instant) (out []view.Wave) {
	type key struct{ step, round int }
	var last key
	var names []string
	var first time.Duration
	flush := func() {
		if len(names) == 0 {
			return
		}
		when := "First paged"
		if first > 0 {
			when = "After " + length(first)
		}
		out = append(out, view.Wave{When: when, People: joined(names)})
		names = nil
	}
	for _, p := range x.People {
		if k := (key{p.Step, p.Round}); k != last {
			flush()
			last, first = k, p.At.Sub(from.Time)
		}
		if !slices.Contains(names, p.Name) {
			names = append(names, p.Name)
		}
	}
	flush()
	if len(out) == 0 {
		out = append(out, view.Wave{When: "At that moment"})
	}
	return out[:min(len(out), 8)]
}

// overrideForm is the form that replaces who is on call in a window.
func (v *visit) overrideForm(b *query.OnCallBoard, roster muster.RosterName) view.OverrideForm {
	f := view.OverrideForm{URL: v.may(muster.AccessResponder, "/oncall/override"), Open: v.param("take") != "", From: v.param("begin"), To: v.param("end")}
	if f.URL == "" {
		return f
	}
	for _, d := range v.Queries.Catalog().Documents(muster.KindRosters) {
		f.Rosters = append(f.Rosters, view.Option{Value: d.DocName(), Text: docTitle(d), Selected: d.DocName() == string(roster)})
	}
	for _, r := range muster.RosterRoles() {
		f.Roles = append(f.Roles, view.Option{Value: string(r), Text: capital(r), Selected: string(r) == v.param("take")})
	}
	f.People = v.userOptions(v.actor.User)
	if f.From == "" {
		f.From, f.To = v.localText(v.now), v.localText(v.now.Add(8*time.Hour))
	}
	for _, r := range b.Rosters {
		for _, o := range r.Overrides {
			f.Existing = append(f.Existing, v.overrideRow(r, o))
		}
	}
	return f
}

func (v *visit) overrideRow(r query.RosterBoard, o muster.Override) view.OverrideRow {
	var names []string
	for _, u := range o.People {
		names = append(names, v.Queries.Catalog().DisplayName(u))
	}
	who := joined(names)
	if who == "" {
		who = "Nobody"
	}
	row := view.OverrideRow{Text: who + ", " + string(o.Role) + " of " + r.Title, From: o.From.Time, To: o.Until.Time, Why: o.Why}
	if o.By != "" {
		row.By = v.Queries.Catalog().DisplayName(o.By)
	}
	if v.actor.Owns(r.Team) {
		row.RemoveURL = "/oncall/override/" + string(r.Name) + "/" + o.ID + "/remove"
	}
	return row
}

// override replaces who is on call.
func override(v *visit) error {
	in := command.OverrideShift{Roster: muster.RosterName(v.field("roster")), Role: muster.RosterRole(v.field("role")), Why: v.field("why")}
	if u := v.field("person"); u != "" {
		in.People = []muster.UserName{muster.UserName(u)}
	}
	var wrong, more []muster.FieldError
	in.From, wrong = v.localTime("from", v.field("from"))
	in.Until, more = v.localTime("to", v.field("to"))
	err := muster.Invalid("The override is not right", append(wrong, more...))
	if err == nil {
		_, err = run[*muster.Override](v, "OverrideShift", in)
	}
	if err == nil {
		return v.done(v.back("/oncall"), v.Queries.Catalog().DisplayName(muster.UserName(v.field("person")))+" is on call then.", "")
	}
	if !refused(err) {
		return err
	}
	return v.oncall(http.StatusUnprocessableEntity, func(p *view.OnCall) {
		o := &p.Override
		o.Open, o.From, o.To, o.Why = true, v.field("from"), v.field("to"), v.field("why")
		o.Rosters, o.Roles, o.People = options(o.Rosters, v.field("roster")), options(o.Roles, v.field("role")), options(o.People, v.field("person"))
		o.Problems = overrideProblems(err)
	})
}

// overrideProblems puts what is wrong with the roster that would result beside the fields of the form.
func overrideProblems(err error) []view.Problem {
	out := problems(err, map[string]string{"until": "to", "people": "person"})
	for i, p := range out {
		for path, field := range map[string]string{".until": "to", ".from": "from", ".people": "person", ".role": "role"} {
			if strings.Contains(p.Field, "overrides[") && strings.Contains(p.Field, path) {
				out[i].Field = field
			}
		}
	}
	return out
}

// removeOverride takes an override away: the roster is written without it.
func removeOverride(v *visit) error {
	name := muster.RosterName(v.r.PathValue("roster"))
	r := v.Queries.Catalog().Rosters[name]
	if r == nil {
		return muster.Errorf(muster.ErrNotFound, "There is no roster called %q.", muster.Clip(string(name), 70))
	}
	next := *r
	next.Overrides = slices.DeleteFunc(slices.Clone(r.Overrides), func(o muster.Override) bool { return o.ID == v.r.PathValue("id") })
	if len(next.Overrides) == len(r.Overrides) {
		return v.done(v.back("/oncall"), "It was removed already.", "")
	}
	body, err := json.Marshal(&next)
	if err != nil {
		return err
	}
	ref := muster.DocRef(muster.KindRosters, name)
	_, err = run[*command.Document](v, "PutDocument", command.PutDocument{
		Kind: muster.KindRosters, Name: string(name), Body: body, IfMatch: v.Queries.Catalog().RevisionOf(ref), Why: "override removed",
	})
	if err != nil {
		return err
	}
	return v.done(v.back("/oncall"), "The override is gone.", "")
}
