package command_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/store"
)

// experts: Rob knows about the database and the network, and is quiet all day; Olga knows about the database, too, and
// shadows Rob.
const experts = `
kind: user
name: rob
display: Rob
email: rob@example.org
zone: Europe/Berlin
quiet: [{from: "00:00", to: "00:00"}]
---
kind: roster
name: storefront
title: Storefront
team: storefront
rotations:
  - {name: first, role: primary, zone: UTC, every: 1, unit: week, handoff: "09:00", start: "1999-12-27", people: [rob]}
  - {name: learning, role: shadow, zone: UTC, every: 1, unit: week, handoff: "09:00", start: "1999-12-27", people: [olga]}
topics:
  - {name: database, title: Cosmos DB, experts: [rob, olga]}
  - {name: network, experts: [rob]}
`

// advisers are experts beside the roster on call.
const advisers = `
kind: roster
name: advisers
title: Advisers
team: warehouse
topics: [{name: weather, experts: [rob]}]
`

func told(reasons []muster.Reason) string {
	var lines []string
	for _, r := range reasons {
		lines = append(lines, r.Text)
	}
	return strings.Join(lines, "\n")
}

// pageTheExpert is the story of a room that needs somebody who knows about the database, and has no alert.
func pageTheExpert(w *world) {
	w.put(experts)
	inc := w.declare(w.as("ana"), "Checkout is slow")
	_, err := do[*command.ExpertPaged](w, w.as("ana"), "PageExpert", command.PageExpert{Incident: string(inc.Key), Topic: "databse"})
	if muster.CodeOf(err) != muster.ErrInvalid || !strings.Contains(err.Error(), `did you mean "database"?`) {
		w.Errorf("a topic that is not there: %v", err)
	}
	got := must[*command.ExpertPaged](w, w.as("ana"), "PageExpert", command.PageExpert{Incident: string(inc.Key), Topic: "the cosmos db expert", Note: "it hangs"})
	if !slices.Equal(got.People, []plan.Person{{ID: "olga", Name: "Olga"}}) || got.Fallback || !strings.Contains(told(got.Why), "Rob has quiet hours") {
		w.Errorf("asked were %+v", got)
	}
	a := w.alert(got.Alert)
	if a.Source != command.RoomSource || a.Incident != inc.ID || a.Status != muster.AlertOpen || a.Title != "Checkout is slow" || len(w.timers(string(a.ID))) != 1 {
		w.Errorf("the incident got the alert %+v", a)
	}
	again := must[*command.ExpertPaged](w, w.as("ana"), "PageExpert", command.PageExpert{Incident: string(inc.Key), Topic: "network"})
	if again.Alert != got.Alert || again.People[0].ID != "rob" || !strings.Contains(told(again.Why), "woken in spite of quiet hours") {
		w.Errorf("the second topic: %+v", again)
	}
	first := map[muster.UserName]*muster.Page{}
	for _, p := range w.pages(a.ID) {
		if p.Method == "phone" {
			first[p.Person] = p
		}
	}
	if len(first) != 2 || first["olga"] == nil || first["rob"] == nil {
		w.Fatalf("paged were %+v", first)
	}
	must[*muster.Alert](w, w.onPage(first["olga"]), "AckAlert", command.NoteAlert{Alert: a.ID})
	must[*muster.Alert](w, w.onPage(first["rob"]), "AckAlert", command.NoteAlert{Alert: a.ID})
	must[*muster.Alert](w, w.onPage(first["rob"]), "AckAlert", command.NoteAlert{Alert: a.ID})
	var roles []string
	for _, ra := range w.incident(inc.ID).Roles {
		if ra.Role == muster.RoleSubjectMatterExpert && !ra.Proposed {
			roles = append(roles, ra.Name+" "+ra.Topic)
		}
	}
	if !slices.Equal(roles, []string{"Olga database", "Rob network"}) {
		w.Errorf("the experts of the incident are %q", roles)
	}
	heard := strings.Join(w.heard(store.TimelineFilter{Incident: inc.ID}), "\n")
	for _, want := range []string{
		"Ana paged Olga, expert for Cosmos DB: it hangs", "Olga acknowledged", "Olga is subject matter expert for database",
		"Ana paged Rob, expert for network, though it is not their time: there is nobody else",
	} {
		if !strings.Contains(heard, want) {
			w.Errorf("the timeline does not say %q:\n%s", want, heard)
		}
	}
	must[*muster.Incident](w, w.as("ana"), "ResolveIncident", command.NoteIncident{Incident: string(inc.Key)})
	if got := w.alert(a.ID); got.Status != muster.AlertResolved {
		w.Errorf("the alert of the room is %s after the incident", got.Status)
	}
	refused[*command.ExpertPaged](w, muster.ErrConflict, w.as("ana"), "PageExpert", command.PageExpert{Incident: string(inc.Key), Topic: "database"})
}

func TestPagingTheExpertIntoARoom(t *testing.T) { bubble(t, pageTheExpert) }

func TestAnExpertWhoDoesNotAnswer(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(experts)
		w.start()
		inc := w.declare(w.as("ana"), "Checkout is slow")
		must[*command.ExpertPaged](w, w.as("ana"), "PageExpert", command.PageExpert{Incident: string(inc.Key), Topic: "database"})
		pass(14 * time.Minute)
		if who := w.who(); !slices.Equal(who, []string{"Olga", "Olga"}) { // phone and mail
			w.Errorf("the phones of %v rang", who)
		}
		pass(2 * time.Minute)
		if who := w.who(); !slices.Equal(who, []string{"Olga", "Olga", "Rob"}) {
			w.Errorf("the phones of %v rang: nobody answered, so the policy goes on", who)
		}
		heard := strings.Join(w.heard(store.TimelineFilter{Incident: inc.ID}), "\n")
		if !strings.Contains(heard, "Muster escalated: no answer for 15m") {
			w.Errorf("the timeline says\n%s", heard)
		}
	})
}

func TestPagingAnExpertAboutAnAlert(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(experts)
		w.start()
		id := w.fire("cart")
		pass(time.Second)
		for _, in := range []command.PageResponder{{Alert: id}, {Alert: id, Person: "olga", Topic: "database"}, {Alert: id, Person: "databse"}, {Alert: id, Topic: "x"}} {
			refused[*muster.Alert](w, muster.ErrInvalid, w.as("ana"), "PageResponder", in)
		}
		must[*muster.Alert](w, w.as("ana"), "PageResponder", command.PageResponder{Alert: id, Person: "database"})
		pass(time.Second)
		if who := w.who(); !slices.Equal(who, []string{"Rob", "Olga"}) {
			w.Errorf("the phones of %v rang", who)
		}
		// Olga has days off, and Rob is quiet: he is woken, for a quiet expert comes before one who is away.
		w.ok(w.commands.Batch(w.Context(), "Leave", muster.Engine(), func(b *command.Batch) error {
			return b.InsertLeave(&muster.Leave{
				ID: muster.NewID[muster.LeaveID](w.commands.IDs, b.Now().Time), Person: "olga", Kind: muster.LeaveOwn, From: b.Now().Plus(-time.Hour), Until: b.Now().Plus(24 * time.Hour),
			})
		}))
		must[*muster.Alert](w, w.as("ana"), "PageResponder", command.PageResponder{Alert: id, Topic: "database"})
		pass(time.Second)
		if who := w.who(); !slices.Equal(who, []string{"Rob", "Olga", "Rob"}) {
			w.Errorf("the phones of %v rang", who)
		}
	})
}

func TestAPolicyAsksExperts(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(experts)
		w.put(`
kind: policy
name: urgent
title: Urgent
team: storefront
steps:
  - {targets: [{user: ana}], wait: 5m}
  - {targets: [{topic: database}], wait: 5m}
`)
		w.start()
		id := w.fire("cart")
		pass(5*time.Minute + time.Second)
		if who := w.who(); !slices.Equal(who, []string{"Ana", "Ana", "Olga"}) { // Ana's phone and mail
			w.Errorf("the phones of %v rang", who)
		}
		why := ""
		for _, p := range w.pages(id) {
			if p.Person == "olga" {
				why = told(p.Why)
			}
		}
		if !strings.Contains(why, "Rob has quiet hours") || !strings.Contains(why, "Olga is the first expert who can be asked.") {
			w.Errorf("Olga was paged because\n%s", why)
		}
	})
}

// shadowing are the notices that tell a person of whom they shadow.
func (w *world) shadowing(u muster.UserName) []*muster.Notice {
	w.Helper()
	return slices.DeleteFunc(w.notices(u), func(n *muster.Notice) bool { return n.Kind != muster.NoticeShadow })
}

// shadow is the story of Olga, who learns.
func shadow(w *world) {
	w.put(experts)
	id := w.fire("cart")
	list := w.shadowing("olga")
	if len(list) != 1 || list[0].Kind != muster.NoticeShadow || !strings.HasPrefix(list[0].Title, "You shadow: Rob was paged about ") || list[0].URL != "/a/"+string(id) {
		w.Fatalf("Olga was told %+v", list)
	}
	for _, p := range w.pages(id) {
		if p.Person == "olga" {
			w.Errorf("the shadow was paged: %+v", p)
		}
	}
	heard := strings.Join(w.heard(store.TimelineFilter{Alert: id}), "\n")
	if !strings.Contains(heard, "Muster informed Olga, who shadows Rob") {
		w.Errorf("the timeline does not say who was informed:\n%s", heard)
	}
	if a := must[*muster.Alert](w, w.as("olga"), "AckAlert", command.NoteAlert{Alert: id}); a.Status != muster.AlertAcknowledged {
		w.Errorf("Olga cannot acknowledge: %+v", a)
	}
	// Nobody else is there: a shadow is never alone.
	w.put("{kind: user, name: rob, display: Rob, zone: UTC, disabled: true}")
	w.fire("other")
	if list := w.shadowing("olga"); len(list) != 1 {
		w.Errorf("Olga was told, though nobody of the roster was paged: %+v", list)
	}
}

func TestAShadowIsInformed(t *testing.T) { bubble(t, shadow) }

func TestAShadowStopsNoEscalation(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(experts)
		w.start()
		w.fire("cart")
		pass(10 * time.Minute)
		if who := w.who(); len(who) < 3 || slices.Contains(who, "Olga") || who[len(who)-1] != "Ana" {
			w.Errorf("the phones of %v rang", who)
		}
		if list := w.shadowing("olga"); len(list) != 1 {
			w.Errorf("Olga was told %d times, want once: the second step asks no roster", len(list))
		}
		if notes := w.phones.told(); !slices.ContainsFunc(notes, func(n note) bool { return n.Kind == muster.NoticeShadow && n.address == "olga" }) {
			w.Errorf("sent were %+v", notes)
		}
	})
}

// Roles of an incident are proposed from the rosters that are kept for them, as they stand at that moment: with swaps and
// overrides. A trainee is proposed for nothing.
func TestRolesAreProposedWithSwapsAndOverrides(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(experts)
		for _, r := range []struct{ name, role, people string }{
			{"command", "commander", "ana, olga"}, {"words", "communication", "rob, ana"}, {"scribes", "scribe", "olga, rob"},
		} {
			w.put(fmt.Sprintf(`
kind: roster
name: %s
title: %s
team: storefront
role: %s
rotations:
  - {name: turns, role: primary, zone: UTC, every: 1, unit: week, handoff: "09:00", start: "1999-12-27", people: [%s]}
`, r.name, r.name, r.role, r.people))
		}
		proposed := func() string {
			var out []string
			for _, ra := range w.declare(w.as("ana"), "Something is wrong").Roles {
				if ra.Proposed {
					out = append(out, string(ra.Role)+" "+string(ra.Person))
				}
			}
			slices.Sort(out)
			return strings.Join(out, ", ")
		}
		if got := proposed(); got != "commander ana, communication rob, primary rob, scribe olga" {
			w.Errorf("proposed are %s", got)
		}
		must[*muster.SwapRequest](w, w.as("ana"), "ArrangeSwap", command.ArrangeSwap{Roster: "command", Person: "ana", To: "olga"})
		must[*muster.Override](w, w.as("ana"), "OverrideShift", command.OverrideShift{
			Roster: "scribes", People: []muster.UserName{"rob"}, Until: muster.At(time.Now().Add(time.Hour)),
		})
		if got := proposed(); got != "commander olga, communication rob, primary rob, scribe rob" {
			w.Errorf("with a swap and an override, proposed are %s", got)
		}
		pass(2 * time.Hour)
		if got := proposed(); got != "commander olga, communication rob, primary rob, scribe olga" {
			w.Errorf("after the override, proposed are %s", got)
		}
	})
}
