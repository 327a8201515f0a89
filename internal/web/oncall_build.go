package web

import (
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/web/view"
)

// The shapes of rotations that can be added as a whole. The seed of them all: shifts of 3 or 4 days at most.

// shape is what the form of the builder says.
type shape struct {
	name, from, to, handoff string
	zones                   []string
	start                   time.Time // midnight of the first day
}

// buildForm is the builder as it begins.
func (v *visit) buildForm(open bool) view.BuildForm {
	b := view.BuildForm{Open: open, From: "09:00", To: "17:00", Handoff: "09:00", Shapes: []view.Option{
		{Value: "24x7", Text: "24 × 7", Hint: "3 days in a row, with a back-up", Selected: true},
		{Value: "sun", Text: "Follow the sun", Hint: "working hours, zone by zone"},
		{Value: "weekend", Text: "Weekdays and weekend", Hint: "one day each, then the weekend"},
		{Value: "custom", Text: "Custom", Hint: "an empty rotation"},
	}}
	b.Zones = append(v.commonZones(), "", "", "")[:3]
	return b
}

// commonZones are the zones in which people live, the visitor's first.
func (v *visit) commonZones() []string {
	out := []string{v.zone.String()}
	for _, d := range v.Queries.Catalog().Documents(muster.KindUsers) {
		if u, ok := d.(*muster.User); ok && !u.Disabled && u.Zone != "" && !slices.Contains(out, u.Zone) {
			out = append(out, u.Zone)
		}
	}
	return out
}

// readShape reads the builder's fields.
func (v *visit) readShape() shape {
	s := shape{name: v.field("add.shape"), from: v.field("add.from"), to: v.field("add.to"), handoff: v.field("add.handoff"), start: v.midnight(v.now)}
	for _, z := range v.r.Form["add.zone"] {
		if z = lineOf(z); z != "" && !slices.Contains(s.zones, z) {
			s.zones = append(s.zones, z)
		}
	}
	if len(s.zones) == 0 {
		s.zones = []string{v.zone.String()}
	}
	return s
}

// build makes the rotations of a shape for the people of a team; who lives in a zone works in it.
func (v *visit) build(s shape, team muster.TeamName) (out []muster.Rotation) {
	all := v.teamPeople(team)
	base := muster.Rotation{
		Role: muster.PrimaryResponder, Kind: muster.TwentyFourSeven, Zone: s.zones[0], Every: 3, Unit: muster.UnitDay, Handoff: s.handoff,
		Start: s.start.Format(time.DateOnly),
	}
	switch s.name {
	case "sun":
		for _, z := range s.zones {
			r := base
			r.Name, r.Kind, r.Zone, r.Every, r.Handoff = strings.ToLower(strings.ReplaceAll(z[strings.LastIndex(z, "/")+1:], "_", "-")), muster.FollowTheSun, z, 4, s.from
			r.Hours, r.People = []muster.Window{{From: s.from, To: s.to}}, v.livingIn(all, z)
			out = append(out, r)
		}
		return out
	case "weekend":
		days, end := base, base
		days.Name, days.Kind, days.Every, days.Days, days.People = "weekdays", muster.Custom, 1, muster.Weekdays()[:5], all
		end.Name, end.Kind, end.Every, end.Unit, end.People = "weekend", muster.Weekend, 1, muster.UnitWeek, all
		saturday := s.start.AddDate(0, 0, -((int(s.start.Weekday()) + 1) % 7))
		end.Start = saturday.Format(time.DateOnly)
		end.Hours = []muster.Window{{Days: muster.Weekdays()[5:], From: s.handoff, To: s.handoff}} // from Saturday to Monday
		return append(out, days, end)
	case "custom":
		base.Name, base.Kind, base.Every, base.Unit = "rotation", muster.Custom, 1, muster.UnitWeek
		return append(out, base)
	}
	second := base
	base.Name, base.People = "primary", all
	second.Name, second.Role, second.People = "secondary", muster.SecondaryResponder, shifted(all)
	return append(out, base, second)
}

// shifted begins with the second of a list, so that nobody is their own back-up.
func shifted(list []muster.UserName) []muster.UserName {
	if len(list) < 2 {
		return list
	}
	return append(slices.Clone(list[1:]), list[0])
}

// teamPeople are the members and owners of a team who can be on call; without any, everybody who can.
func (v *visit) teamPeople(team muster.TeamName) (out []muster.UserName) {
	c := v.Queries.Catalog()
	var all []muster.UserName
	for _, d := range c.Documents(muster.KindUsers) {
		u, ok := d.(*muster.User)
		if !ok || u.Disabled || u.Access == muster.AccessViewer {
			continue
		}
		all = append(all, u.Name)
		t := c.Teams[team]
		if slices.Contains(u.Teams, team) || (t != nil && slices.Contains(t.Owners, u.Name)) {
			out = append(out, u.Name)
		}
	}
	if len(out) == 0 {
		return all
	}
	return out
}

// livingIn are those of a list who live in a zone; when nobody does, everybody of the whole company who lives there.
func (v *visit) livingIn(list []muster.UserName, zone string) (out []muster.UserName) {
	c := v.Queries.Catalog()
	for _, u := range list {
		if d := c.Users[u]; d != nil && d.Zone == zone {
			out = append(out, u)
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, d := range c.Documents(muster.KindUsers) {
		if u, ok := d.(*muster.User); ok && !u.Disabled && u.Zone == zone && u.Access != muster.AccessViewer {
			out = append(out, u.Name)
		}
	}
	return out
}
