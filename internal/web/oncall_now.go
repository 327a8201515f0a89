package web

import (
	"net/http"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// onCallNow is who is on call now, big and simple. Strangers see the names of rosters that say that everybody may, and
// nothing else of anybody.
func onCallNow(v *visit) error {
	p := view.OnCallNow{}
	if err := v.identify(); err != nil {
		if muster.CodeOf(err) != muster.ErrUnauthenticated {
			return err
		}
		v.actor, v.zone = muster.Actor{}, time.UTC
		p.Shell, p.SignIn = v.plainShell("On call now"), "/signin?next=/oncall/now"
		v.w.Header().Set("Refresh", "60") // nobody streams to strangers
	} else {
		p.Shell, p.Back = v.live("On call now", view.PlaceOnCall, "now"), "/oncall"
	}
	stranger := v.actor.User == ""
	cards, err := v.Queries.OnCallNow(v.ctx(), v.viewer(), stranger)
	if err != nil {
		return err
	}
	for i := range cards {
		p.Cards = append(p.Cards, v.nowCard(&cards[i]))
	}
	switch {
	case len(cards) > 0:
	case stranger:
		p.Nothing = "No roster may be read without signing in. Its owners can allow it: public: true."
	default:
		p.Nothing = "Nobody has a roster yet."
	}
	return v.render(http.StatusOK, view.OnCallNowPage(p))
}

func (v *visit) nowCard(c *query.RosterNow) view.NowCard {
	card := view.NowCard{Roster: c.Title}
	if v.actor.User != "" {
		card.URL = "/oncall?roster=" + string(c.Name)
	}
	for _, row := range c.Rows {
		if idle(row) {
			continue
		}
		h := view.NowHeld{Role: capital(row.Role), Until: row.Until.Time}
		for _, who := range row.People {
			h.People = append(h.People, view.Person{Name: who.Name, You: who.ID == v.actor.User && v.actor.User != ""})
		}
		if c.Zone != nil && !row.Until.IsZero() && !sameClock(c.Zone, v.zone, row.Until.Time) {
			h.Clocks = row.Until.In(c.Zone).Format("15:04") + " " + city(c.Zone)
		}
		card.Held = append(card.Held, h)
	}
	if len(c.Rows) > 0 && !c.Rows[0].Until.IsZero() {
		switch then := peopleWords(c.Next); {
		case then == "":
			card.Next = "Then nobody is " + c.Rows[0].Role.Word() + "."
		case !slices.Equal(c.Next, c.Rows[0].People):
			card.Next = "Then " + then + "."
		}
	}
	return card
}

func sameClock(a, b *time.Location, at time.Time) bool {
	_, x := at.In(a).Zone()
	return sameOffset(x, at, b)
}

// myShifts is the page of the visitor's own shifts.
func myShifts(v *visit) error {
	mine, err := v.Queries.MyShifts(v.ctx(), v.viewer())
	if err != nil {
		return err
	}
	p := view.MyShifts{Shell: v.live("My shifts", view.PlaceOnCall, "now"), Back: "/oncall"}
	for _, m := range mine {
		p.Shifts = append(p.Shifts, v.shift(m))
		p.Hours += m.Until.Sub(m.From.Time).Hours()
	}
	asked, own, err := v.openCovers("")
	if err != nil {
		return err
	}
	p.Asked = asked
	markAsked(p.Shifts, own)
	return v.render(http.StatusOK, view.MyShiftsPage(p))
}

// shift is one of the visitor's shifts, with a way to ask for cover.
func (v *visit) shift(m query.MyShift) view.Shift {
	s := view.Shift{
		Roster: m.Title, Role: capital(m.Role), URL: "/oncall?roster=" + string(m.Roster) + "&from=" + v.midnight(m.From.Time).Format(time.DateOnly),
		From: m.From.Time, To: m.Until.Time, Running: m.Running,
	}
	if m.Zone != nil && !sameClock(m.Zone, v.zone, m.From.Time) {
		s.Elsewhere = m.From.In(m.Zone).Format("Mon 15:04") + " " + city(m.Zone)
	}
	if m.Patch != "" {
		s.Patch = "by hand"
	}
	if v.can(muster.AccessResponder) {
		at := m.From
		if m.Running {
			at = muster.At(v.now)
		}
		s.AskURL, s.MoreURL = "/oncall/"+string(m.Roster)+"/cover", coverURL(m.Roster, at, m.Role)
		s.Fields = []view.Field{{Name: "at", Value: at.UTC().Format(time.RFC3339)}, {Name: "role", Value: string(m.Role)}}
	}
	return s
}

// shiftOf is a shift of anybody, without ways to act on it.
func shiftOf(m query.MyShift) view.Shift {
	return view.Shift{Roster: m.Title, Role: capital(m.Role), From: m.From.Time, To: m.Until.Time, Running: m.Running}
}
