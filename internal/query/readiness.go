package query

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/rota"
	"github.com/muster-oncall/muster/internal/store"
)

// Readiness says how well prepared people are for the next incident.
type Readiness struct {
	At          muster.Instant
	Until       muster.Instant       // of the coverage that was looked at: 30 days
	Coverage    []CoverageNote       // gaps first, then other warnings, then advice, then what somebody accepted
	Gaps        int                  // of these, when nobody is on call and nobody accepted it
	Overdue     []OwnedItem          // action items whose day has passed
	Open        []OwnedItem          // the other action items that are not done, the earliest first
	Unreachable []Unreachable        // people who may be paged and have no verified contact method
	Policies    []plan.PolicyWarning // policies that may reach nobody in time
	Unproved    []Unproved           // contact methods of people who may be paged that never proved that they reach them
	Unverified  []Unproved           // contact methods of people who may be paged that nobody verified: no page goes by them
	Missed      []Unproved           // test pages that nobody answered within a day
	Tests       muster.PageTests     // when everybody gets test pages
	Late        []HeartbeatRow       // heartbeats of other systems that did not come, or that told of a failure
	Noise       []NoiseRow           // of the last 30 days, the noisiest service first
	Reached     []Reached            // by connector, of the same days
	NoiseCut    bool                 // there was more than was counted
	Found       Found
	Runbooks    []RunbookRow
	Zones       AboutZone // the data that decides about shifts; when it is old, Coverage says so
}

// CoverageNote is a warning about a roster, or about all when Roster is empty.
type CoverageNote struct {
	Roster muster.RosterName
	Title  string
	rota.Warning
	Accepted *muster.Acceptance // nil: nobody accepted it
}

// OwnedItem is an action item with the review that it comes from.
type OwnedItem struct {
	muster.ActionItem
	OwnerName string
	Review    muster.ReviewID
	Key       muster.IncidentKey
	Title     string
	Overdue   bool
}

// Unreachable is a person whom a roster or policy names and who cannot be paged.
type Unreachable struct {
	Person plan.Person
	On     []string // titles of the rosters that they are on
}

// Unproved is a contact method without a proof.
type Unproved struct {
	Person  plan.Person
	Contact muster.Contact
}

// Found says who found the incidents of the last 90 days first.
type Found struct {
	Monitoring, Customer, Staff int
	Gap                         time.Duration // from when it began to show until a person knew: the middle one
	Measured                    int           // incidents of which Gap is the middle
}

// RunbookRow is a runbook and when it was followed last.
type RunbookRow struct {
	Runbook  *muster.Runbook
	Services []muster.ServiceName
	Age      time.Duration // since it was proven; 0: never
}

// Readiness reads the screen.
func (q *Queries) Readiness(ctx context.Context, who Viewer) (*Readiness, error) {
	return ask(ctx, q, who, func(r *read) (*Readiness, error) {
		out := &Readiness{At: r.Now(), Until: r.Now().Plus(loadDays * 24 * time.Hour)}
		if err := r.coverage(out); err != nil {
			return nil, err
		}
		if err := r.actionItems(out); err != nil {
			return nil, err
		}
		if err := r.reachable(out); err != nil {
			return nil, err
		}
		if err := r.found(out); err != nil {
			return nil, err
		}
		if err := r.lateHeartbeats(out); err != nil {
			return nil, err
		}
		v, err := r.volume(noiseDays)
		if err != nil {
			return nil, err
		}
		out.Noise, out.Reached, out.NoiseCut = v.noise, v.reached, v.cut
		r.runbooks(out)
		return out, nil
	})
}

func (r *read) coverage(out *Readiness) error {
	for _, ros := range r.rosters() {
		list, err := r.warnings(ros, r.snap.Schedule(ros.Name), out.At, out.Until)
		if err != nil {
			return err
		}
		for _, w := range list {
			if w.Kind == rota.WarnOldZoneData {
				continue // told once, below
			}
			out.Coverage = append(out.Coverage, CoverageNote{Roster: ros.Name, Title: r.rosterTitle(ros.Name), Warning: w.Warning, Accepted: w.Accepted})
			if w.Kind == rota.WarnGap && w.Accepted == nil {
				out.Gaps++
			}
		}
	}
	slices.SortStableFunc(out.Coverage, func(a, b CoverageNote) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), a.From.Compare(b.From.Time))
	})
	out.Zones = r.aboutZones()
	if text := out.Zones.ZoneNote(); text != "" {
		out.Coverage = append(out.Coverage, CoverageNote{
			Title: "Time zone data", Warning: rota.Warning{Kind: rota.WarnOldZoneData, Level: rota.LevelAdvice, From: out.At, Text: text},
		})
	}
	return nil
}

// rank orders what there is to mend: gaps first, then the other warnings by kind, then advice, and what was accepted last.
func (n *CoverageNote) rank() int {
	rank := slices.Index(rota.WarningKinds(), n.Kind)
	if n.Level == rota.LevelAdvice {
		rank += 100
	}
	if n.Accepted != nil {
		rank += 1000
	}
	return rank
}

func (r *read) actionItems(out *Readiness) error {
	reviews, err := r.Reviews(store.List{Limit: 1000})
	if err != nil {
		return err
	}
	today := r.Now().In(zoneOr(r.who.Zone)).Format(time.DateOnly)
	for _, v := range reviews {
		for _, it := range v.ActionItems {
			if it.Done {
				continue
			}
			o := OwnedItem{ActionItem: it, Review: v.ID, Key: v.Key, Title: v.Title, Overdue: it.Due != "" && it.Due < today}
			if it.Owner != "" {
				o.OwnerName = r.cat.DisplayName(it.Owner)
			}
			if o.Overdue {
				out.Overdue = append(out.Overdue, o)
			} else {
				out.Open = append(out.Open, o)
			}
		}
	}
	byDue := func(a, b OwnedItem) int {
		if (a.Due == "") != (b.Due == "") { // without a day comes last
			return cmp.Compare(len(b.Due), len(a.Due))
		}
		return cmp.Compare(a.Due, b.Due)
	}
	slices.SortStableFunc(out.Overdue, byDue)
	slices.SortStableFunc(out.Open, byDue)
	return nil
}

func zoneOr(z *time.Location) *time.Location {
	if z == nil {
		return time.UTC
	}
	return z
}

// reachable looks at everybody whom a policy or roster may page.
func (r *read) reachable(out *Readiness) error {
	on := map[muster.UserName][]string{}
	var who []muster.UserName
	name := func(u muster.UserName, where string) {
		if d := r.cat.Users[u]; d == nil || d.Disabled {
			return
		}
		if _, ok := on[u]; !ok {
			who = append(who, u)
		}
		if !slices.Contains(on[u], where) {
			on[u] = append(on[u], where)
		}
	}
	for _, ros := range r.rosters() {
		for _, x := range ros.Rotations {
			for _, u := range x.People {
				name(u, r.rosterTitle(ros.Name))
			}
		}
		for i := range ros.Topics {
			for _, u := range ros.Topics[i].Experts {
				name(u, "experts for "+ros.Topics[i].Known())
			}
		}
	}
	for _, d := range r.cat.Documents(muster.KindPolicies) {
		p, ok := d.(*muster.Policy)
		if !ok {
			continue
		}
		for _, s := range p.Steps {
			for _, t := range s.Targets {
				if t.User != "" {
					name(t.User, titleOf(p))
				}
				for _, u := range plan.Members(r.snap, t.Team) {
					name(u, titleOf(p))
				}
			}
		}
	}
	slices.Sort(who)
	contacts, err := r.ContactsOf(nil)
	if err != nil {
		return err
	}
	facts, err := everybody(r)
	if err != nil {
		return err
	}
	if out.Tests, err = pageTests(r); err != nil {
		return err
	}
	out.Policies = plan.PolicyWarnings(r.snap, facts)
	for _, u := range who {
		verified := 0
		for _, c := range unsealed(contacts[u]) {
			if c.VerifiedAt.IsZero() {
				out.Unverified = append(out.Unverified, Unproved{Person: r.person(u), Contact: c})
				continue
			}
			verified++
			if c.Missed(out.At) {
				out.Missed = append(out.Missed, Unproved{Person: r.person(u), Contact: c})
			}
			if c.LastProved.IsZero() {
				out.Unproved = append(out.Unproved, Unproved{Person: r.person(u), Contact: c})
			}
		}
		if verified == 0 {
			out.Unreachable = append(out.Unreachable, Unreachable{Person: r.person(u), On: on[u]})
		}
	}
	return nil
}

func (r *read) lateHeartbeats(out *Readiness) error {
	all, err := r.heartbeats(ListHeartbeats{})
	for _, h := range all.Items {
		if h.Status == muster.HeartbeatLate || h.Status == muster.HeartbeatFailed {
			out.Late = append(out.Late, h)
		}
	}
	return err
}

func (r *read) found(out *Readiness) error {
	all, err := r.Incidents(store.IncidentFilter{List: store.List{Limit: maxLimit}})
	if err != nil {
		return err
	}
	since := r.Now().Plus(-historyDays * 24 * time.Hour)
	var gaps []time.Duration
	for _, i := range all {
		if i.DeclaredAt.Before(since.Time) {
			continue
		}
		switch i.DetectedBy {
		case muster.DetectedByCustomer:
			out.Found.Customer++
		case muster.DetectedByStaff:
			out.Found.Staff++
		case muster.DetectedByMonitoring:
			out.Found.Monitoring++
		}
		if !i.KnownAt.IsZero() && !i.DetectedAt.IsZero() {
			gaps = append(gaps, max(i.KnownAt.Sub(i.DetectedAt.Time), 0))
		}
	}
	slices.Sort(gaps)
	if out.Found.Measured = len(gaps); len(gaps) > 0 {
		out.Found.Gap = gaps[len(gaps)/2]
	}
	return nil
}

func (r *read) runbooks(out *Readiness) {
	for _, d := range r.cat.Documents(muster.KindRunbooks) {
		b, ok := d.(*muster.Runbook)
		if !ok {
			continue
		}
		row := RunbookRow{Runbook: b}
		for _, s := range r.cat.Documents(muster.KindServices) {
			if svc, ok := s.(*muster.Service); ok && svc.Runbook == b.Name {
				row.Services = append(row.Services, svc.Name)
			}
		}
		if day, err := time.Parse(time.DateOnly, b.Proven); err == nil {
			row.Age = max(r.Now().Sub(day), time.Hour)
		}
		out.Runbooks = append(out.Runbooks, row)
	}
}
