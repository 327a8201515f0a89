package web

import (
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// slideSteps is about how many steps the slider has.
const slideSteps = 336

// moment is the time machine: a slider over the window and a field for any moment, and who is on call then.
func (v *visit) moment(f frame, roster muster.RosterName) (view.Moment, error) {
	step := (f.until.Sub(f.from) / slideSteps).Truncate(5 * time.Minute)
	step = max(step, 5*time.Minute)
	m := view.Moment{
		URL: "/oncall", From: f.from, Step: int(step / time.Second), Max: int(f.until.Sub(f.from) / step), When: v.now, At: v.localText(v.now),
		NowURL: v.with("at", "", "slide", "", "by", "", "service", ""),
	}
	m.Hidden = append(v.kept("roster", "zoom", "layers", "lanes", "service"), view.Field{Name: "from", Value: f.from.Format(time.DateOnly)})
	switch slide, err := strconv.Atoi(v.param("slide")); {
	case v.param("by") == "slide" && err == nil:
		m.Asked, m.When = true, f.from.Add(time.Duration(min(max(slide, 0), m.Max))*step)
	case v.param("at") != "":
		at, wrong := v.localTime("at", v.param("at"))
		if len(wrong) > 0 {
			m.Problems = problems(muster.Invalid("The moment is not right", wrong), map[string]string{"at": ""})
			return m, nil
		}
		m.Asked, m.When = true, at.Time
	}
	m.At = v.localText(m.When)
	m.Slide = min(max(int(m.When.Sub(f.from)/step), 0), m.Max)
	if !m.Asked {
		return m, nil
	}
	m.Past = m.When.Before(v.now)
	// Without a past moment the newest catalog answers.
	out, err := v.Queries.OnCall(v.ctx(), v.actor, query.AskOnCall{At: muster.At(m.When), Roster: roster})
	if muster.CodeOf(err) == muster.ErrNotFound {
		m.Problems = []view.Problem{{Message: muster.MessageOf(err)}}
		m.Asked = false
		return m, nil
	}
	if err != nil {
		return m, err
	}
	m.Revision = int(out.Revision)
	for _, row := range out.Items {
		if idle(row) {
			continue
		}
		m.Rows = append(m.Rows, v.momentRow(row, m.When))
	}
	return m, nil
}

// momentRow says who holds a role at a moment, and what decides.
func (v *visit) momentRow(row query.OnCallRow, at time.Time) view.MomentRow {
	r := view.MomentRow{
		Roster: v.rosterTitle(row.Roster), Role: string(row.Role), URL: "/oncall?roster=" + string(row.Roster), Since: row.Since.Time, Until: row.Until.Time,
	}
	for _, p := range row.People {
		r.People = append(r.People, *v.person(p.ID, p.Name))
	}
	if len(row.People) == 1 {
		zone := v.Queries.Zone(row.People[0].ID)
		if _, a := at.In(zone).Zone(); !sameOffset(a, at, v.zone) {
			r.Elsewhere = at.In(zone).Format("Mon 15:04") + " " + city(zone)
		}
	}
	if len(row.People) == 1 && v.actor.User != "" && row.People[0].ID != v.actor.User && row.Until.After(v.now) && row.Role != muster.ShadowResponder {
		r.Holder = string(row.People[0].ID)
		r.OfferURL, r.At = v.may(muster.AccessResponder, "/oncall/"+string(row.Roster)+"/offer"), at.UTC().Format(time.RFC3339)
		if at.Before(v.now) {
			r.At = v.now.UTC().Format(time.RFC3339)
		}
	}
	if d := v.Queries.Catalog().Rosters[row.Roster]; len(row.People) == 1 && d != nil && v.actor.Owns(d.Team) && row.Until.After(v.now) {
		q := url.Values{"person": {string(row.People[0].ID)}, "role": {string(row.Role)}, "at": {at.UTC().Format(time.RFC3339)}}
		r.ArrangeURL = arrangeURL(row.Roster) + "?" + q.Encode()
	}
	for _, why := range row.Why {
		switch why.Kind {
		case muster.ReasonOverride:
			r.Tag = "override"
		case muster.ReasonSwap:
			r.Tag = "swap"
		default:
		}
		if why.Kind != muster.ReasonRoster {
			r.Text = joinSentences(r.Text, why.Text)
		}
		if why.Revision > 0 {
			r.Revision = int(why.Revision)
			r.RevisionURL = docURL(muster.KindRosters, row.Roster) + "?revision=" + itoa(r.Revision)
		}
	}
	for _, svc := range row.Services[:min(3, len(row.Services))] {
		q := url.Values{"roster": {string(row.Roster)}, "service": {string(svc)}, "at": {v.localText(at)}}
		r.Whys = append(r.Whys, view.Link{Text: "why, for " + v.Queries.Catalog().ServiceTitle(svc), URL: "/oncall?" + q.Encode() + "#why"})
	}
	return r
}

func sameOffset(offset int, at time.Time, zone *time.Location) bool {
	_, here := at.In(zone).Zone()
	return here == offset
}

func joinSentences(a, b string) string {
	if a == "" {
		return b
	}
	return a + " " + b
}

func (v *visit) rosterTitle(name muster.RosterName) string {
	if d := v.Queries.Catalog().Rosters[name]; d != nil {
		return docTitle(d)
	}
	return string(name)
}

// momentWhy is the full explanation for ?service=: who would be paged about it at the moment, and by which rules.
func (v *visit) momentWhy(m view.Moment) (*view.MomentWhy, error) {
	svc := muster.ServiceName(v.param("service"))
	if svc == "" || !m.Asked {
		return nil, nil //nolint:nilnil // nothing was asked
	}
	w := &view.MomentWhy{Service: v.Queries.Catalog().ServiceTitle(svc), When: m.When}
	x, err := v.Queries.Why(v.ctx(), v.actor, query.AskWhy{Service: string(svc), At: muster.At(m.When)})
	if refused(err) || muster.CodeOf(err) == muster.ErrNotFound {
		w.Problem = muster.MessageOf(err)
		return w, nil
	}
	if err != nil {
		return nil, err
	}
	w.Waves, w.Why = waves(x, muster.At(m.When)), v.wouldBe(x)
	return w, nil
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
