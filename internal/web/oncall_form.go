package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/web/view"
)

// rosterForm is a roster's form as it was sent: the draft, and what only the form knows.
type rosterForm struct {
	draft *muster.Roster
	rows  []muster.Rotation // in the order of the form: what wins first
	keys  []string          // of the rows
	was   map[string]string // name of a rotation before, by key
	why   string
	etag  muster.Revision
}

// readRoster reads the form over the roster that it was drawn from: what it does not edit is kept.
func readRoster(f url.Values, base *muster.Roster) *rosterForm {
	d := *base
	r := &rosterForm{draft: &d, was: map[string]string{}, why: lineOf(f.Get("why"))}
	etag, _ := strconv.ParseInt(f.Get("etag"), 10, 64) // what is no number matches nothing
	r.etag = muster.Revision(etag)
	d.Title, d.Team, d.Role, d.Public = lineOf(f.Get("title")), muster.TeamName(f.Get("team")), muster.Role(f.Get("role")), f.Get("public") != ""
	if d.Name == "" {
		d.Name = muster.RosterName(lineOf(f.Get("name")))
	}
	d.Rotations = nil
	for _, k := range f["rot"][:min(len(f["rot"]), muster.MaxRotations)] {
		was := f.Get(k + ".was")
		rot := readRotation(f, k)
		if i := slices.IndexFunc(base.Rotations, func(x muster.Rotation) bool { return x.Name == was }); i >= 0 && len(base.Rotations[i].Shifts) > 0 {
			kept := base.Rotations[i]
			kept.Name, kept.Role, kept.Zone = rot.Name, rot.Role, rot.Zone
			rot = kept
		}
		r.keys, r.was[k] = append(r.keys, k), was
		r.rows = append(r.rows, rot)
	}
	r.settle()
	d.Swaps = renamedSwaps(base.Swaps, r.renamed())
	return r
}

func readRotation(f url.Values, k string) muster.Rotation {
	n := func(name string) int { i, _ := strconv.Atoi(f.Get(k + "." + name)); return i } // Check says what is wrong with 0
	r := muster.Rotation{
		Name: lineOf(f.Get(k + ".name")), Role: muster.RosterRole(f.Get(k + ".role")), Kind: muster.RotationKind(f.Get(k + ".kind")),
		Zone: lineOf(f.Get(k + ".zone")), Every: n("every"), Unit: muster.RotationUnit(f.Get(k + ".unit")), Handoff: f.Get(k + ".handoff"),
		Start: f.Get(k + ".start"), Until: f.Get(k + ".until"), Together: n("together"), Days: weekdays(f[k+".days"]),
	}
	if r.Together == 1 {
		r.Together = 0
	}
	people, joins, leaves := f[k+".person"], f[k+".joins"], f[k+".leaves"]
	for i, p := range people {
		u := muster.UserName(lineOf(p))
		if u == "" {
			continue
		}
		m := muster.Member{User: u}
		if i < len(joins) {
			m.From = joins[i]
		}
		if i < len(leaves) {
			m.Until = leaves[i]
		}
		if (m.From != "" || m.Until != "") && !slices.ContainsFunc(r.Members, func(x muster.Member) bool { return x.User == u }) {
			r.Members = append(r.Members, m)
		}
		r.People = append(r.People, u)
	}
	for _, h := range f[k+".h"] {
		w := muster.Window{From: f.Get(k + "." + h + ".from"), To: f.Get(k + "." + h + ".to"), Days: weekdays(f[k+"."+h+".days"])}
		if len(w.Days) == 7 {
			w.Days = nil
		}
		if w.From != "" || w.To != "" {
			r.Hours = append(r.Hours, w)
		}
	}
	return r
}

func weekdays(list []string) (out []muster.Weekday) {
	for _, d := range muster.Weekdays() {
		if slices.Contains(list, string(d)) {
			out = append(out, d)
		}
	}
	return out
}

// settle writes the rows into the draft, role by role. In a document a later rotation wins over an earlier one of its role;
// the form shows what wins on top. place gives the row of each rotation of the document.
func (r *rosterForm) settle() (place []int) {
	r.draft.Rotations = nil
	for _, known := range []bool{true, false} {
		for _, role := range append(muster.RosterRoles(), "") {
			for i, row := range slices.Backward(r.rows) {
				is := slices.Contains(muster.RosterRoles(), row.Role)
				if is == known && (row.Role == role || (!known && role == "")) {
					r.draft.Rotations = append(r.draft.Rotations, row)
					place = append(place, i)
				}
			}
		}
	}
	return place
}

// renamed says which rotations have another name now.
func (r *rosterForm) renamed() map[string]string {
	out := map[string]string{}
	for i, k := range r.keys {
		if was, now := r.was[k], r.rows[i].Name; was != "" && now != "" && was != now {
			out[was] = now
		}
	}
	return out
}

// renamedSwaps lets swaps find their rotation under its new name.
func renamedSwaps(list []muster.Swap, names map[string]string) []muster.Swap {
	if len(names) == 0 {
		return list
	}
	out := slices.Clone(list)
	for i := range out {
		if to, ok := names[out[i].Shift.Rotation]; ok {
			out[i].Shift.Rotation = to
		}
		if ret := out[i].Return; ret != nil {
			if to, ok := names[ret.Rotation]; ok {
				next := *ret
				next.Rotation = to
				out[i].Return = &next
			}
		}
	}
	return out
}

// act does what a button of the form asks for and reports whether there is such a button: rows move, come and go.
func (r *rosterForm) act(do string) bool {
	verb, rest, _ := strings.Cut(do, ":")
	key, at, _ := strings.Cut(rest, ":")
	i := slices.Index(r.keys, key)
	if i < 0 {
		return false
	}
	rot := &r.rows[i]
	n, err := strconv.Atoi(at)
	if err != nil {
		n = -1
	}
	switch verb {
	case "rotup":
		r.swapRows(i, i-1)
	case "rotdown":
		r.swapRows(i, i+1)
	case "rotdrop":
		r.rows, r.keys = slices.Delete(r.rows, i, i+1), slices.Delete(r.keys, i, i+1)
	case "up", "down", "drop":
		if n < 0 || n >= len(rot.People) {
			return false
		}
		switch to := n + map[string]int{"up": -1, "down": 1}[verb]; {
		case verb == "drop":
			u := rot.People[n]
			rot.People = slices.Delete(rot.People, n, n+1)
			if !slices.Contains(rot.People, u) {
				rot.Members = slices.DeleteFunc(rot.Members, func(m muster.Member) bool { return m.User == u })
			}
		case to >= 0 && to < len(rot.People):
			rot.People[n], rot.People[to] = rot.People[to], rot.People[n]
		}
	case "addhours":
		rot.Hours = append(rot.Hours, muster.Window{From: "09:00", To: "17:00"})
	case "drophours":
		if h, err := strconv.Atoi(strings.TrimPrefix(at, "h")); err == nil && h >= 0 && h < len(rot.Hours) {
			rot.Hours = slices.Delete(rot.Hours, h, h+1)
		}
	default:
		return false
	}
	return true
}

func (r *rosterForm) swapRows(i, j int) {
	if j < 0 || j >= len(r.keys) {
		return
	}
	r.rows[i], r.rows[j] = r.rows[j], r.rows[i]
	r.keys[i], r.keys[j] = r.keys[j], r.keys[i]
}

// formOf draws a roster that is not edited yet.
func formOf(d *muster.Roster, etag muster.Revision) *rosterForm {
	next := *d
	r := &rosterForm{draft: &next, was: map[string]string{}, etag: etag}
	for _, role := range muster.RosterRoles() {
		for _, rot := range slices.Backward(d.Rotations) {
			if rot.Role == role {
				k := "r" + itoa(len(r.keys))
				r.rows, r.keys, r.was[k] = append(r.rows, rot), append(r.keys, k), rot.Name
			}
		}
	}
	return r
}

// add puts rotations below the others; each gets a key of its own.
func (r *rosterForm) add(list ...muster.Rotation) {
	for _, rot := range list {
		base := rot.Name
		for i := 2; slices.ContainsFunc(r.rows, func(x muster.Rotation) bool { return x.Name == rot.Name }); i++ {
			rot.Name = base + itoa(i)
		}
		k := ""
		for i := len(r.keys); k == "" || slices.Contains(r.keys, k); i++ {
			k = "r" + itoa(i)
		}
		r.rows, r.keys = append(r.rows, rot), append(r.keys, k)
	}
}

// draw draws the rotations, with what is wrong beside their fields. Problems are paths in the document.
func (r *rosterForm) draw(name func(muster.UserName) string, wrong []muster.FieldError) (out []view.RotationForm) {
	place := r.settle()
	for i, k := range r.keys {
		out = append(out, rotationRow(&r.rows[i], k, name))
		row := &out[i]
		row.Was, row.First, row.Last = r.was[k], i == 0, i == len(r.keys)-1
		at := "rotations[" + itoa(slices.Index(place, i)) + "]."
		for _, f := range wrong {
			if path, ours := strings.CutPrefix(f.Path, at); ours {
				row.Problems = append(row.Problems, rotationProblem(k, path, f.Message))
			}
		}
	}
	return out
}

// rotationProblem puts what is wrong beside its field; what has none stands at the head of the rotation.
func rotationProblem(k, path, message string) view.Problem {
	field, _, _ := strings.Cut(path, "[")
	p := view.Problem{Message: sentence(message)}
	switch field {
	case "name", "zone", "every", "handoff", "start", "until", "together", "people":
		p.Field = k + "." + field
	default:
		p.Message = sentence(path + " " + message)
	}
	return p
}

func rotationRow(r *muster.Rotation, k string, name func(muster.UserName) string) view.RotationForm {
	row := view.RotationForm{
		Key: k, Name: r.Name, Zone: r.Zone, Every: number(r.Every), Handoff: r.Handoff, Start: r.Start, Until: r.Until, Together: number(max(1, r.Together)),
		Days: dayOptions(r.Days), Fixed: len(r.Shifts), Note: rotationNote(r), Restrict: len(r.Hours) > 0,
		MoreOpen: r.Until != "" || r.Together > 1 || len(r.Days) > 0,
	}
	for _, x := range muster.RosterRoles() {
		row.Roles = append(row.Roles, view.Option{Value: string(x), Text: capital(x), Selected: x == r.Role})
	}
	kind := r.Kind
	if kind == "" {
		kind = muster.TwentyFourSeven
	}
	for _, x := range []view.Option{
		{Value: string(muster.TwentyFourSeven), Text: "24 × 7: days in a row"},
		{Value: string(muster.FollowTheSun), Text: "Follow the sun: working hours"},
		{Value: string(muster.Weekend), Text: "Weekend"},
		{Value: string(muster.Custom), Text: "Custom"},
	} {
		x.Selected = x.Value == string(kind)
		row.Kinds = append(row.Kinds, x)
	}
	for _, u := range []muster.RotationUnit{muster.UnitHour, muster.UnitDay, muster.UnitWeek, muster.UnitMonth} {
		row.Units = append(row.Units, view.Option{Value: string(u), Text: string(u) + "s", Selected: u == r.Unit})
	}
	for i, u := range r.People {
		m := view.MemberRow{Person: string(u), Name: name(u), First: i == 0, Last: i == len(r.People)-1}
		if j := slices.IndexFunc(r.Members, func(x muster.Member) bool { return x.User == u }); j >= 0 && slices.Index(r.People, u) == i {
			m.Joins, m.Leaves = r.Members[j].From, r.Members[j].Until
		}
		row.People = append(row.People, m)
	}
	row.People = append(row.People, view.MemberRow{Name: "somebody new"})
	for i, h := range r.Hours {
		days := h.Days
		if len(days) == 0 {
			days = muster.Weekdays()
		}
		row.Hours = append(row.Hours, view.HoursRow{Key: "h" + itoa(i), From: h.From, To: h.To, Days: dayOptions(days)})
	}
	return row
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return itoa(n)
}

func dayOptions(chosen []muster.Weekday) (out []view.Option) {
	for _, d := range muster.Weekdays() {
		out = append(out, view.Option{Value: string(d), Text: capital(d), Selected: slices.Contains(chosen, d)})
	}
	return out
}
