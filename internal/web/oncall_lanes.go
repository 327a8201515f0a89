package web

import (
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// lane is one row of a schedule in words.
func (v *visit) lane(r *query.RosterBoard, l *query.Lane, shades map[string]int) view.Lane {
	out := view.Lane{Kind: string(l.Kind), Role: string(l.Role), Blocks: make([]view.Block, 0, len(l.Blocks))}
	switch l.Kind {
	case query.LaneFinal:
		out.Title, out.Note = capital(l.Role), "final schedule"
	case query.LaneLayer:
		out.Title, out.Note, out.Hint = l.Rotation.Name, shortNote(l.Rotation), rotationNote(l.Rotation)
	case query.LanePatches:
		out.Title, out.Note = "By hand", "overrides, swaps"
	}
	zones := map[string]*time.Location{}
	zoneOf := func(rotation string) *time.Location {
		z, ok := zones[rotation]
		if !ok {
			z = v.rotationZone(r.Name, rotation)
			zones[rotation] = z
		}
		return z
	}
	for i := range l.Blocks {
		b := &l.Blocks[i]
		out.Blocks = append(out.Blocks, view.Block{
			From: b.From.Time, To: b.Until.Time, Person: peopleWords(b.People), You: v.among(b.People), Kind: string(b.Kind), Shade: shades[b.Layer] % 3,
			By: patchWords(b), Note: b.Why, Zone: zoneOf(b.Layer),
		})
	}
	for i := range l.Turns {
		t := &l.Turns[i]
		out.Turns = append(out.Turns, view.Block{From: t.From.Time, To: t.Until.Time, Person: peopleWords(t.People), You: v.among(t.People)})
	}
	return out
}

func (v *visit) among(people []query.Person) bool {
	return v.actor.User != "" && slices.ContainsFunc(people, func(p query.Person) bool { return p.ID == v.actor.User })
}

// rotationZone is the zone of a rotation; of none that decides, that of the roster's first.
func (v *visit) rotationZone(r muster.RosterName, rotation string) *time.Location {
	ros := v.Queries.Catalog().Rosters[r]
	if ros == nil || len(ros.Rotations) == 0 {
		return nil
	}
	name := ros.Rotations[0].Zone
	for i := range ros.Rotations {
		if ros.Rotations[i].Name == rotation {
			name = ros.Rotations[i].Zone
		}
	}
	z, err := v.Queries.Live.Current().Zones.Load(name)
	if err != nil {
		return nil
	}
	return z
}

func peopleWords(people []query.Person) string {
	if len(people) == 1 {
		return people[0].Name
	}
	names := make([]string, len(people))
	for i, p := range people {
		names[i] = p.Name
	}
	return strings.Join(names, ", ")
}

func patchWords(b *query.Block) string {
	word := ""
	switch b.Kind {
	case query.BlockOverride:
		word = "override"
	case query.BlockSwap:
		word = "swap"
	case query.BlockReplaced:
		return "replaced"
	case query.BlockGap:
		if b.Patch != "" {
			return "an override says so"
		}
		return ""
	case query.BlockShift:
		return ""
	}
	if len(b.Instead) > 0 {
		word += " for " + peopleWords(b.Instead)
	}
	return word
}

// rotationNote says what a rotation is: "every 3 days · 09:00–17:00 Mon–Fri · Berlin".
func rotationNote(r *muster.Rotation) string {
	town := r.Zone[strings.LastIndex(r.Zone, "/")+1:]
	return joinDots(turnNote(r), hoursNote(r.Hours), strings.ReplaceAll(town, "_", " "))
}

// shortNote is as much of it as stands beside a lane: "09–17 Mon–Fri Berlin", "every 3 days · Berlin".
func shortNote(r *muster.Rotation) string {
	town := strings.ReplaceAll(r.Zone[strings.LastIndex(r.Zone, "/")+1:], "_", " ")
	if h := hoursNote(r.Hours); h != "" {
		return strings.ReplaceAll(h, ":00", "") + " " + town
	}
	return joinDots(turnNote(r), town)
}

func turnNote(r *muster.Rotation) string {
	switch {
	case len(r.Shifts) > 0:
		return plural(len(r.Shifts), "shift", "shifts") + " one by one"
	case r.Every == 1 && len(r.Days) > 0:
		return daysNote(r.Days)
	case r.Every == 1:
		return "every " + string(r.Unit)
	}
	return "every " + itoa(r.Every) + " " + string(r.Unit) + "s"
}

func hoursNote(list []muster.Window) string {
	if len(list) == 0 {
		return ""
	}
	w := list[0]
	text := w.From + "–" + w.To
	if len(w.Days) > 0 {
		text += " " + daysNote(w.Days)
	}
	if len(list) > 1 {
		text += " and " + itoa(len(list)-1) + " more"
	}
	return text
}

// daysNote is "Mon–Fri", "Sat, Sun".
func daysNote(days []muster.Weekday) string {
	all := muster.Weekdays()
	var places []int
	for i, d := range all {
		if slices.Contains(days, d) {
			places = append(places, i)
		}
	}
	short := func(i int) string { return capital(all[i]) }
	if n := len(places); n > 2 && places[n-1]-places[0] == n-1 {
		return short(places[0]) + "–" + short(places[n-1])
	}
	words := make([]string, 0, len(places))
	for _, i := range places {
		words = append(words, short(i))
	}
	return strings.Join(words, ", ")
}

// warned adds what is to mend, gaps first, and what somebody accepted. Gaps that come again and again are told once.
func (v *visit) warned(p *view.OnCall, r *query.RosterBoard) {
	owns := v.actor.Owns(r.Team)
	again := map[muster.RosterRole]int{}
	for _, w := range r.Warnings {
		x := view.Warned{Note: view.Note{Tone: view.ToneMinor, Lead: "Mind", Text: w.Text, Link: view.Link{Text: r.Title, URL: "/oncall?roster=" + string(r.Name)}}}
		if owns {
			x.Note.Link = view.Link{Text: "Edit", URL: editURL(r.Name)}
		}
		if w.Level == "advice" {
			x.Note.Tone, x.Note.Lead = view.ToneInfo, "Better"
		}
		if a := w.Accepted; a != nil {
			x.Why, x.Until = a.Why, a.Until.Time
			if a.By != "" {
				x.By = v.Queries.Catalog().DisplayName(a.By)
			}
			p.Accepted = append(p.Accepted, x)
			continue
		}
		if owns {
			x.AcceptURL = "/oncall/" + string(r.Name) + "/accept"
			x.Fields = []view.Field{{Name: "kind", Value: string(w.Kind)}, {Name: "role", Value: string(w.Role)}, {Name: "person", Value: string(w.Person)}, {Name: "rotation", Value: w.Rotation}}
		}
		if w.Kind == "gap" {
			if again[w.Role]++; again[w.Role] > 1 {
				continue
			}
			x.Note.Tone, x.Note.Lead = view.ToneMajor, "Gap"
			x.Note.Text += likeIt(r.Warnings, w)
			if v.can(muster.AccessResponder) {
				x.Note.More = view.Link{Text: "Take it", URL: v.takeURL(r.Name, w.Role, w.From, w.Until)}
			}
			p.Warnings = slices.Insert(p.Warnings, gaps(p.Warnings), x)
			continue
		}
		at := len(p.Warnings)
		if w.Level != "advice" { // before what would only be better
			if i := slices.IndexFunc(p.Warnings, func(o view.Warned) bool { return o.Note.Tone == view.ToneInfo }); i >= 0 {
				at = i
			}
		}
		p.Warnings = slices.Insert(p.Warnings, at, x)
	}
}

// likeIt counts the gaps of one role that follow the first.
func likeIt(list []query.Warning, first query.Warning) string {
	n, last := 0, first.Until
	for _, w := range list {
		if w.Kind == "gap" && w.Role == first.Role && w.Accepted == nil && w.From.After(first.From.Time) {
			n++
			if w.Until.After(last.Time) {
				last = w.Until
			}
		}
	}
	if n == 0 {
		return ""
	}
	return " There are " + plural(n, "more gap", "more gaps") + " until " + last.Format("2 January 2006") + "."
}

func gaps(list []view.Warned) (n int) {
	for _, w := range list {
		if w.Note.Tone == view.ToneMajor {
			n++
		}
	}
	return n
}

// takeURL opens the form of an override filled in for a gap.
func (v *visit) takeURL(r muster.RosterName, role muster.RosterRole, from, to muster.Instant) string {
	if from.Before(v.now) {
		from = muster.At(v.now)
	}
	if to.IsZero() {
		to = from.Plus(8 * time.Hour)
	}
	return "/oncall?roster=" + string(r) + "&take=" + string(role) + "&begin=" + v.localText(from.Time) + "&end=" + v.localText(to.Time) + "#override-now"
}

// editURL is the editor of a roster.
func editURL(r muster.RosterName) string { return "/oncall/" + string(r) + "/edit" }
