package escalate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
)

// team is a [escalate.Who] of a test: who is on call for a roster, who is unreachable, who are the admins.
type team struct {
	oncall      map[string][]muster.UserName // "storefront/primary"
	unreachable map[muster.UserName]bool
	admins      []muster.UserName
	asleep      map[muster.UserName]bool
	daytime     bool          // whether the moment lies in any hours
	in          time.Duration // when somebody comes on call, from now
	now         muster.Instant
	asked       int
	comes       map[muster.RosterName]muster.Instant // when somebody comes on call
	quiet       map[muster.UserName]bool             // only their mail is used, as long as others are reached
	off         map[muster.UserName]bool             // nothing of theirs is used, as long as others are reached
}

func (w *team) Told(c muster.ConnectorName) (string, bool, muster.Reason) {
	if c == "gone" {
		return "", false, muster.Reason{Kind: muster.ReasonNobody, Text: "There is no connector gone."}
	}
	return string(c), true, muster.Reason{Kind: muster.ReasonContact, Text: string(c) + " is told."}
}

func (w *team) Within([]muster.Window, string) (bool, string) { return w.daytime, "03:00 UTC" }

func (w *team) Night(u muster.UserName) (bool, string) { return w.asleep[u], "03:00 UTC" }

func (w *team) Next(t muster.Target, until muster.Instant) muster.Instant {
	w.asked++
	if w.in > 0 && t.Roster != "" {
		if at := w.now.Plus(w.in); at.Before(until.Time) {
			return at
		}
	}
	if at := w.comes[t.Roster]; at.Before(until.Time) {
		return at
	}
	return muster.Instant{}
}

func (w *team) OnCall(t muster.Target) ([]muster.UserName, []muster.Reason) {
	w.asked++
	if t.User != "" {
		return []muster.UserName{t.User}, []muster.Reason{{Kind: muster.ReasonPerson, Text: "The step names " + w.Name(t.User) + "."}}
	}
	key := string(t.Roster) + "/" + string(t.Role)
	if people := w.oncall[key]; len(people) > 0 {
		return people, []muster.Reason{{Kind: muster.ReasonLayer, Text: key + " has a turn."}}
	}
	return nil, []muster.Reason{{Kind: muster.ReasonNobody, Text: "Nobody is " + key + "."}}
}

func (w *team) Methods(u muster.UserName, _ muster.Urgency, pressing bool) escalate.Ways {
	if w.unreachable[u] {
		return escalate.Ways{Why: []muster.Reason{{Kind: muster.ReasonNobody, Text: w.Name(u) + " has no verified contact method."}}}
	}
	methods, why := w.methods(u)
	switch {
	case pressing && (w.quiet[u] || w.off[u]):
		return escalate.Ways{Methods: methods, Why: []muster.Reason{{Kind: muster.ReasonPerson, Text: w.Name(u) + " is pressed."}}}
	case w.off[u]:
		return escalate.Ways{Why: []muster.Reason{{Kind: muster.ReasonNobody, Text: w.Name(u) + " is off."}}, Spared: true}
	case w.quiet[u]:
		return escalate.Ways{Methods: methods[1:], Why: []muster.Reason{{Kind: muster.ReasonPerson, Text: w.Name(u) + " has quiet hours."}}, Spared: true}
	}
	return escalate.Ways{Methods: methods, Why: why}
}

func (w *team) methods(u muster.UserName) ([]escalate.Method, []muster.Reason) {
	return []escalate.Method{
		{Contact: muster.ContactFact{ID: muster.ContactID("con_phone_" + u), Method: "phone", Connector: "demo-phone", Hint: "+1 ··· 0142", Verified: true}},
		{Contact: muster.ContactFact{ID: muster.ContactID("con_mail_" + u), Method: "mail", Connector: "mail", Verified: true}, After: 2 * time.Minute},
	}, []muster.Reason{{Kind: muster.ReasonPerson, Text: w.Name(u) + " has two methods."}}
}

func (w *team) Fallback() ([]muster.UserName, []muster.Reason) {
	if len(w.admins) == 0 {
		return nil, []muster.Reason{{Kind: muster.ReasonNobody, Text: "There is no admin."}}
	}
	return w.admins, []muster.Reason{{Kind: muster.ReasonPerson, Text: "Admins are the fallback."}}
}

func (w *team) Name(u muster.UserName) string { return strings.ToUpper(string(u[:1])) + string(u[1:]) }

func everybody() *team {
	return &team{
		oncall: map[string][]muster.UserName{"storefront/primary": {"ravi"}, "storefront/secondary": {"chen"}},
		admins: []muster.UserName{"ana"}, unreachable: map[muster.UserName]bool{},
	}
}

func step(wait time.Duration, targets ...string) muster.Step {
	s := muster.Step{Wait: muster.Duration(wait)}
	for _, t := range targets {
		if room, ok := strings.CutPrefix(t, "#"); ok {
			s.Targets = append(s.Targets, muster.Target{Connector: muster.ConnectorName(room)})
			continue
		}
		if roster, role, ok := strings.Cut(t, "/"); ok {
			s.Targets = append(s.Targets, muster.Target{Roster: muster.RosterName(roster), Role: muster.RosterRole(role)})
		} else {
			s.Targets = append(s.Targets, muster.Target{User: muster.UserName(t)})
		}
	}
	return s
}

// urgent pages the primary, five minutes later the secondary, ten minutes later Dana.
func urgent() muster.Policy {
	return muster.Policy{
		Name: "urgent", Title: "Storefront urgent", AckTimeout: muster.Duration(30 * time.Minute),
		Steps: []muster.Step{step(5*time.Minute, "storefront/primary"), step(10*time.Minute, "storefront/secondary"), step(15*time.Minute, "dana")},
	}
}

// story plays events on an escalation as the engine does: it keeps the wake-up and what was taken.
type story struct {
	t      *testing.T
	who    *team
	e      muster.Escalation
	now    muster.Instant
	wake   muster.Instant
	kind   muster.TimerKind
	last   escalate.Effects
	before muster.Escalation
}

func tell(t *testing.T, p muster.Policy, who *team) *story {
	t.Helper()
	at, err := time.Parse(time.RFC3339, "2026-11-27T03:00:00Z")
	if err != nil {
		t.Fatal(err)
	}
	return &story{t: t, who: who, now: muster.At(at), e: muster.Escalation{ID: "esc_1", Alert: "alt_1", Policy: p, Revision: 7, Urgency: muster.UrgencyHigh}}
}

func (s *story) at(minutes float64) *story {
	start, err := time.Parse(time.RFC3339, "2026-11-27T03:00:00Z")
	if err != nil {
		s.t.Fatal(err)
	}
	s.now = muster.At(start.Add(time.Duration(minutes * float64(time.Minute))))
	return s
}

func (s *story) does(kind escalate.EventKind) *story { return s.doesSo(escalate.Event{Kind: kind}) }

func (s *story) doesSo(ev escalate.Event) *story {
	s.t.Helper()
	s.before = s.e
	s.e, s.last = escalate.Step(s.e, ev, s.now, s.who)
	if s.last.CancelTimers || ev.Kind == escalate.Timer {
		s.wake, s.kind = muster.Instant{}, ""
	}
	if !s.last.Wake.IsZero() {
		s.wake, s.kind = s.last.Wake, s.last.WakeKind
	}
	if s.last.Taken != nil {
		taken := *s.last.Taken
		taken.Contacts = map[muster.UserName][]muster.ContactFact{}
		for _, p := range s.last.Pages {
			taken.Contacts[p.User] = append(taken.Contacts[p.User], p.Contact)
		}
		s.e.Taken = append(slices.Clip(s.e.Taken), taken)
	}
	return s
}

// is compares state, pages and wake-up: "running 1/1 | ravi:phone@0 ravi:mail@2 | escalate@5".
func (s *story) is(want string) *story {
	s.t.Helper()
	var pages []string
	for _, p := range s.last.Pages {
		pages = append(pages, fmt.Sprintf("%s:%s+%s", p.User, p.Contact.Method, muster.Duration(p.At.Sub(s.now.Time))))
	}
	wake := "-"
	if !s.wake.IsZero() {
		wake = string(s.kind) + "@" + s.wake.Format("15:04:05")
	}
	if len(pages) == 0 {
		pages = []string{"-"}
	}
	got := fmt.Sprintf("%s %d/%d | %s | %s", s.e.Status, s.e.Step, s.e.Round, strings.Join(pages, " "), wake)
	if got != want {
		s.t.Errorf("at %s\n got %s\nwant %s", s.now.Format("15:04:05"), got, want)
	}
	return s
}

func (s *story) notes(want ...string) *story {
	s.t.Helper()
	var got []string
	for _, n := range s.last.Notes {
		got = append(got, n.Text)
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		s.t.Errorf("notes:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	return s
}

func (s *story) because(want ...string) *story {
	s.t.Helper()
	if len(s.last.Pages) == 0 {
		s.t.Fatal("nobody was paged")
	}
	var got []string
	for _, n := range s.last.Pages[0].Reasons {
		got = append(got, n.Text)
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		s.t.Errorf("reasons:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	return s
}

// nothing says that the last event changed nothing.
func (s *story) nothing() *story {
	s.t.Helper()
	if s.e.Generation != s.before.Generation || s.e.Status != s.before.Status || s.e.Step != s.before.Step || s.e.Round != s.before.Round ||
		len(s.last.Pages)+len(s.last.Notes) > 0 || s.last.Taken != nil || s.last.CancelPages || s.last.CancelTimers {
		s.t.Errorf("something happened: %+v, %+v", s.e, s.last)
	}
	return s
}
