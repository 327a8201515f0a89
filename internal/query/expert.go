package query

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
)

// ListExperts asks whom to ask about what.
type ListExperts struct {
	Topic string `json:"topic,omitempty" query:"topic" arg:"rest" doc:"only this topic: its name or title"`
}

// Expertise is a topic with its experts, and who would be asked at this moment.
type Expertise struct {
	Topic       string            `json:"topic"`
	Title       string            `json:"title"`
	Roster      muster.RosterName `json:"roster"`
	RosterTitle string            `json:"roster_title"`
	Experts     []Expert          `json:"experts"` // in the order in which they are asked
	Fallback    []string          `json:"fallback"`
	Asked       []plan.Person     `json:"asked"` // who would be paged now; empty: nobody can be
	ByFallback  bool              `json:"by_fallback"`
	Woken       bool              `json:"woken"` // in spite of quiet hours or days off
	Why         []muster.Reason   `json:"why"`
}

// Expert is one expert for a topic as things stand now.
type Expert struct {
	plan.Person
	Zone     string          `json:"zone"`
	Quiet    []muster.Window `json:"quiet"` // by the clocks of their zone
	CanBe    bool            `json:"can_be_asked"`
	QuietNow bool            `json:"quiet_now"`
	Away     bool            `json:"away"`
	Words    string          `json:"words"` // why they are passed over; "" when they can be asked
}

// experts is the directory of subject matter experts, by topic.
func (r *read) experts(in ListExperts) (muster.Listing[Expertise], error) {
	list, err := r.expertise(strings.TrimSpace(in.Topic))
	return whole(list), err
}

func (r *read) expertise(only string) (out []Expertise, err error) {
	_, one := r.cat.Topic(only)
	if only != "" && one == nil {
		hint := ""
		if near := r.cat.NearTopic(only); near != "" {
			hint = " Did you mean " + near + "?"
		}
		return nil, muster.Errorf(muster.ErrNotFound, "There is no topic called %q.%s", muster.Clip(only, 60), hint)
	}
	days, err := r.LeaveBetween(r.Now(), r.Now().Plus(time.Second))
	if err != nil {
		return nil, err
	}
	for _, ros := range r.rosters() {
		for i := range ros.Topics {
			t := &ros.Topics[i]
			if one != nil && t != one {
				continue
			}
			contacts, err := r.contactsOf(plan.AskedAbout(r.snap, t.Name))
			if err != nil {
				return nil, err
			}
			out = append(out, r.expertIn(ros, t, contacts, days))
		}
	}
	slices.SortStableFunc(out, func(a, b Expertise) int { return cmp.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)) })
	return out, nil
}

func (r *read) expertIn(ros *muster.Roster, t *muster.Topic, contacts plan.Contacts, days []muster.Leave) Expertise {
	c := plan.Expert(r.snap, contacts, days, t.Name, r.Now())
	x := Expertise{
		Topic: t.Name, Title: t.Known(), Roster: ros.Name, RosterTitle: r.rosterTitle(ros.Name), Experts: []Expert{}, Fallback: []string{},
		Asked: r.people(c.People), ByFallback: c.Fallback, Woken: c.Woken, Why: c.Why,
	}
	for _, u := range t.Experts {
		st := plan.StandingOf(r.snap, contacts, days, u, r.Now())
		e := Expert{Person: r.person(u), Quiet: []muster.Window{}, CanBe: st.Words == "", QuietNow: st.Quiet, Away: st.Away, Words: st.Words}
		if d := r.cat.Users[u]; d != nil {
			e.Zone, e.Quiet = d.Zone, some(d.Quiet)
		}
		x.Experts = append(x.Experts, e)
	}
	for _, f := range t.Fallback {
		if f.User != "" {
			x.Fallback = append(x.Fallback, r.cat.DisplayName(f.User))
			continue
		}
		x.Fallback = append(x.Fallback, cmp.Or(f.Role, muster.PrimaryResponder).Word()+" of "+r.rosterTitle(f.Roster))
	}
	return x
}

// daysOff reads who has days off at a moment, for a policy that asks experts; for others it matters to nobody.
func (r *read) daysOff(p *muster.Policy, at muster.Instant) ([]muster.Leave, error) {
	if !plan.AsksExperts(p) {
		return nil, nil
	}
	return r.LeaveBetween(at, at.Plus(time.Second))
}
