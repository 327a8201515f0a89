package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// zoom is how much the lanes show at once.
type zoom struct {
	name, text, step string // as in "Two weeks earlier"
	days, months     int
}

func zooms() []zoom {
	return []zoom{
		{name: "day", text: "Day", step: "One day", days: 1},
		{name: "week", text: "Week", step: "One week", days: 7},
		{name: "", text: "2 weeks", step: "Two weeks", days: 14},
		{name: "month", text: "Month", step: "One month", months: 1},
		{name: "year", text: "Year", step: "One year", months: 12},
	}
}

// manyRosters is from how many rosters on their layers are shown only when they are asked for.
const manyRosters = 2

// frame is the window of the lanes: midnights in the visitor's zone.
type frame struct {
	zoom
	from, until time.Time
}

func (f frame) move(n int) time.Time { return f.from.AddDate(0, n*f.months, n*f.days) }

// frame reads ?zoom= and ?from=; without from, a moment that is asked about is in it, else today begins it.
func (v *visit) frame() frame {
	f := frame{zoom: zooms()[2]}
	for _, z := range zooms() {
		if z.name == v.param("zoom") {
			f.zoom = z
		}
	}
	f.from = v.midnight(v.now)
	if t, err := time.ParseInLocation(time.DateOnly, v.param("from"), v.zone); err == nil {
		f.from = t
	} else if at, wrong := v.localTime("at", v.param("at")); len(wrong) == 0 {
		if f.until = f.move(1); at.Before(f.from) || !at.Before(f.until) {
			f.from = v.midnight(at.Time)
			if f.days != 1 {
				f.from = f.from.AddDate(0, 0, -1)
			}
		}
	}
	if f.months == 12 { // a year begins with a month
		f.from = f.from.AddDate(0, 0, 1-f.from.Day())
	}
	f.until = f.move(1)
	return f
}

func (v *visit) midnight(t time.Time) time.Time {
	n := t.In(v.zone)
	return time.Date(n.Year(), n.Month(), n.Day(), 0, 0, 0, 0, v.zone)
}

// oncall answers who: now, by lanes, and at any moment.
func oncall(v *visit) error { return v.oncall(http.StatusOK, nil) }

func (v *visit) oncall(status int, change func(*view.OnCall)) error {
	roster := muster.RosterName(v.param("roster"))
	f := v.frame()
	many := roster == "" && len(v.Queries.Catalog().Rosters) >= manyRosters
	b, err := v.Queries.OnCallBoard(v.ctx(), v.viewer(), query.AskBoard{
		From: muster.At(f.from), Until: muster.At(f.until), Roster: roster, Finals: f.months == 12 || (many && v.param("layers") == ""),
	})
	if err != nil {
		return err
	}
	p := view.OnCall{
		Shell: v.live("On call", view.PlaceOnCall, "now"), NowURL: "/oncall/now", MineURL: "/oncall/mine", FairURL: "/oncall/fairness", PrintURL: "/oncall/callsheet",
		ExpertsURL: "/oncall/experts", CalendarsURL: "/oncall/calendars",
		FairNote: "hours as primary in the last 30 days; night is 22 to 7, local",
	}
	p.Window = v.window(f)
	p.Rosters = v.rosterChips()
	p.Compact = v.onPhone() && v.param("lanes") == ""
	switch {
	case p.Compact:
		p.LanesURL, p.LanesText = v.with("lanes", "1"), "Show the lanes"
	case many && v.param("layers") == "" && f.months != 12:
		p.LanesURL, p.LanesText = v.with("layers", "1"), "Show the layers of all rosters, too"
	}
	if roster == "" {
		p.MendURL = "/readiness"
	}
	if v.can(muster.AccessTeamOwner) {
		p.NewURL = "/oncall/new"
	}
	if p.Moment, err = v.moment(f, roster); err != nil {
		return err
	}
	if p.Why, err = v.momentWhy(p.Moment); err != nil {
		return err
	}
	p.Override = v.overrideForm(roster)
	if p.Compact && p.Override.URL != "" && !p.Override.Open {
		p.Override.PageURL = v.with("take", string(muster.PrimaryResponder)) + "#override-now"
	}
	v.boards(&p, b, f)
	if err := v.covers(&p, roster); err != nil {
		return err
	}
	if err := v.point(&p); err != nil {
		return err
	}
	if !p.Compact {
		load, err := v.Queries.OnCallLoad(v.ctx(), v.viewer(), roster)
		if err != nil {
			return err
		}
		p.Fairness = v.fairness(load)
	}
	if p.Compact {
		p.Warnings, p.MendURL = firstToMend(p.Warnings), "/readiness"
	}
	if change != nil {
		change(&p)
	}
	return v.render(status, view.OnCallPage(p))
}

// firstToMend are all gaps and the first of what else there is to mend: each comes with a form.
func firstToMend(list []view.Warned) []view.Warned {
	n := gaps(list)
	return list[:min(len(list), n+3)]
}

// onPhone reports whether a phone asks: its browser says so. The page fits phones in any case; this one is small.
func (v *visit) onPhone() bool {
	return v.r.Header.Get("Sec-CH-UA-Mobile") == "?1" || strings.Contains(v.r.UserAgent(), "Mobi")
}

func (v *visit) rosterChips() []view.Filter {
	list := []view.Filter{{Text: "All"}}
	for _, d := range v.Queries.Catalog().Documents(muster.KindRosters) {
		list = append(list, view.Filter{Text: docTitle(d), URL: d.DocName()})
	}
	return v.chips("roster", list...)
}

// window says what the lanes show, and leads on.
func (v *visit) window(f frame) view.Window {
	last := f.until.AddDate(0, 0, -1)
	w := view.Window{
		Title: f.from.Format("2 January") + " to " + last.Format("2 January"), URL: "/oncall", From: f.from.Format(time.DateOnly),
		Earlier: v.with("from", f.move(-1).Format(time.DateOnly), "at", "", "by", "", "slide", ""), EarlierText: f.step + " earlier",
		Later: v.with("from", f.until.Format(time.DateOnly), "at", "", "by", "", "slide", ""), LaterText: f.step + " later",
		Today: v.with("from", "", "at", "", "by", "", "slide", ""),
	}
	switch {
	case f.days == 1:
		w.Title = f.from.Format("Monday 2 January 2006")
	case f.from.Year() != last.Year() || f.from.Year() != v.now.In(v.zone).Year():
		w.Title = f.from.Format("2 January 2006") + " to " + last.Format("2 January 2006")
	}
	for _, z := range zooms() {
		w.Zooms = append(w.Zooms, view.Filter{Text: z.text, URL: v.with("zoom", z.name, "slide", "", "by", ""), Current: z.name == f.name})
	}
	w.Hidden = v.kept("roster", "zoom", "layers", "lanes")
	return w
}

// kept are parameters of the address that a form keeps.
func (v *visit) kept(names ...string) (out []view.Field) {
	for _, n := range names {
		if x := v.param(n); x != "" {
			out = append(out, view.Field{Name: n, Value: x})
		}
	}
	return out
}

// boards fills in what each roster shows.
func (v *visit) boards(p *view.OnCall, b *query.OnCallBoard, f frame) {
	var heads []string
	for i := range b.Rosters {
		r := &b.Rosters[i]
		heads = append(heads, r.Title+": "+r.Summary)
		for _, row := range r.Now {
			if !idle(row) {
				p.Now = v.onDuty(p.Now, row)
			}
		}
		v.warned(p, r)
		p.Schedules = append(p.Schedules, v.schedule(r, f, p.Moment))
		for _, x := range r.Patches {
			p.Override.Existing = append(p.Override.Existing, v.patchRow(r, x))
		}
	}
	slices.SortStableFunc(p.Override.Existing, func(a, b view.OverrideRow) int { return a.From.Compare(b.From) })
	for _, m := range b.Mine[:min(5, len(b.Mine))] {
		p.MyShifts = append(p.MyShifts, v.shift(m))
	}
	p.Headline = v.whoAnswers(heads, b.Mine, gaps(p.Warnings))
}

// idle reports whether nobody learns at the moment, which is worth no word.
func idle(row query.OnCallRow) bool {
	return row.Role == muster.ShadowResponder && len(row.People) == 0
}

// schedule is one roster's lanes.
func (v *visit) schedule(r *query.RosterBoard, f frame, m view.Moment) view.Schedule {
	s := view.Schedule{
		Name: r.Title, ID: string(r.Name), URL: "/oncall?roster=" + string(r.Name), Summary: r.Summary, From: f.from, To: f.until, Year: f.months == 12,
		HandoversURL: "/oncall/" + string(r.Name) + "/handovers", Zones: r.Zones, At: v.atURL(r.Name, f),
	}
	if v.actor.Owns(r.Team) {
		s.EditURL = editURL(r.Name)
		if v.param("roster") != "" {
			s.ArrangeURL, s.ImportURL = arrangeURL(r.Name), "/oncall/"+string(r.Name)+"/import"
		}
	}
	if m.Asked {
		s.Moment = m.When
	}
	shades := map[string]int{}
	for _, l := range r.Lanes {
		if l.Kind == query.LaneLayer {
			shades[l.Rotation.Name] = len(shades)
		}
	}
	if ros := v.Queries.Catalog().Rosters[r.Name]; ros != nil && len(shades) == 0 { // finals alone
		for i := range ros.Rotations {
			shades[ros.Rotations[i].Name] = len(ros.Rotations) - 1 - i
		}
	}
	for i := range r.Lanes {
		s.Lanes = append(s.Lanes, v.lane(r, &r.Lanes[i], shades))
	}
	return s
}

// atURL is the address of the time machine over these lanes, to which a local time is added.
func (v *visit) atURL(roster muster.RosterName, f frame) string {
	url := "/oncall?roster=" + string(roster)
	if f.months == 12 || !f.from.Equal(v.midnight(v.now)) { // else a moment of the window shows the same window
		url += "&from=" + f.from.Format(time.DateOnly)
	}
	if f.name != "" {
		url += "&zoom=" + f.name
	}
	return url + "&at="
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
