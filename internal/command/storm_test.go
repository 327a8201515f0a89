package command_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/store"
)

// unhurried lets no step or second contact method get into a story about storms.
func (w *world) unhurried() {
	w.Helper()
	w.policy("  - {targets: [{roster: storefront}], wait: 30m}\n")
	w.put("kind: user\nname: rob\ndisplay: Rob\nemail: rob@example.org\nzone: Europe/Berlin\nnotify: [{method: phone}]\n")
	w.put("kind: service\nname: search\ntitle: Search\nteam: storefront\npolicy: urgent\n")
}

// opens opens an alert of a service.
func (w *world) opens(key string, service muster.ServiceName, sev muster.AlertSeverity) muster.AlertID {
	w.Helper()
	s := signal(key, muster.SignalFiring)
	s.Service, s.Severity = service, sev
	return w.send("monitoring", s)[0].Alert
}

func (w *world) digests(a muster.AlertID) (out []*muster.Page) {
	w.Helper()
	for _, p := range w.pages(a) {
		if len(p.Digest) > 0 {
			out = append(out, p)
		}
	}
	return out
}

// gatheredFor is what waits for a person's next digest.
func (w *world) gatheredFor(u muster.UserName) []muster.Gathered {
	w.Helper()
	return read(w, func(r store.Reader) ([]muster.Gathered, error) { return r.Gathered(u, 1000) })
}

func TestAStormBecomesOneDigest(t *testing.T) {
	bubble(t, func(w *world) {
		w.unhurried()
		w.start()
		var ids []muster.AlertID
		for i := range 9 {
			sev := muster.SeverityMajor
			if i == 7 {
				sev = "minor"
			}
			ids = append(ids, w.opens(fmt.Sprint("cart-", i), "cart", sev))
		}
		synctest.Wait()
		if n := len(w.who()); n != 5 {
			w.Fatalf("%d pages went singly, want 5", n)
		}
		w.hears(ids[5], "Gathered into a digest for Rob, because Rob would have got more than 5 pages in 2 minutes.")
		if pages := w.pages(ids[5]); len(pages) != 0 {
			w.Errorf("the sixth alert has pages of its own: %+v", pages)
		}
		other := w.opens("search", "search", muster.SeverityMajor) // high urgency of another service
		synctest.Wait()
		if n := len(w.who()); n != 6 || len(w.pages(other)) != 1 {
			w.Errorf("%d phones rang: another service must not be held", n)
		}
		pass(muster.GatherFor)
		digest := w.digests(ids[8])
		if len(digest) != 1 || len(w.who()) != 7 {
			w.Fatalf("%d digests, and the phones of %v rang", len(digest), w.who())
		}
		list := digest[0].Digest // the worst first
		for _, id := range ids[5:] {
			if len(list) != 4 || !slices.Contains(list, id) || list[3] != ids[7] || digest[0].Alert != list[0] {
				w.Errorf("the digest lists %v of %v", list, ids)
			}
		}
		w.hears(ids[7], "Muster paged Rob about 4 alerts at once")

		later := w.opens("cart-later", "cart", muster.SeverityMajor)
		synctest.Wait()
		must[*muster.Alert](w, w.onPage(digest[0]), "AckAlert", command.NoteAlert{Alert: digest[0].Alert})
		for i, id := range ids {
			want := muster.AlertOpen
			if i >= 5 {
				want = muster.AlertAcknowledged
			}
			if got := w.alert(id).Status; got != want {
				w.Errorf("alert %d is %s, want %s", i, got, want)
			}
		}
		for _, id := range []muster.AlertID{later, other} {
			if got := w.alert(id).Status; got != muster.AlertOpen {
				w.Errorf("%s came later or apart and is %s", id, got)
			}
		}
		pass(time.Minute)
		if n := len(w.who()); n != 7 {
			w.Errorf("%d phones rang: the next digest comes two minutes after the first", n)
		}
		pass(time.Minute + time.Second)
		if pages := w.pages(later); len(pages) != 1 || len(w.who()) != 8 || len(w.gatheredFor("rob")) != 0 {
			w.Errorf("the alert after the digest has %d pages, %d phones rang", len(pages), len(w.who()))
		}
		pass(3 * time.Minute)
		if timers := w.timers("rob"); len(timers) != 0 {
			w.Errorf("the storm is over and has timers: %+v", timers)
		}
		calm := w.opens("cart-calm", "cart", muster.SeverityMajor)
		synctest.Wait()
		if p := w.pages(calm); len(p) != 1 || p[0].State != muster.PageAccepted {
			w.Errorf("after the storm: %+v", p)
		}
	})
}

func TestAnAlertThatEndsIsLeftOutOfTheDigest(t *testing.T) {
	bubble(t, func(w *world) {
		w.unhurried()
		w.start()
		var ids []muster.AlertID
		for i := range 8 {
			ids = append(ids, w.opens(fmt.Sprint("cart-", i), "cart", muster.SeverityMajor))
		}
		w.send("monitoring", signal("cart-5", muster.SignalResolved))
		must[*muster.Alert](w, w.as("olga"), "AckAlert", command.NoteAlert{Alert: ids[6]})
		pass(muster.GatherFor + time.Second)
		if p := w.pages(ids[7]); len(p) != 1 || len(p[0].Digest) != 0 || len(w.pages(ids[5])) != 0 || len(w.pages(ids[6])) != 0 {
			w.Errorf("the alert that is left has %+v", p)
		}
	})
}

func TestEscalationGoesOnInAStorm(t *testing.T) {
	bubble(t, func(w *world) {
		w.unhurried()
		w.policy("  - {targets: [{roster: storefront}], wait: 5m}\n  - {targets: [{user: ana}], wait: 5m}\n")
		w.put("kind: user\nname: ana\ndisplay: Ana\nemail: ana@example.org\nzone: UTC\naccess: admin\nnotify: [{method: phone}]\nstorm: {off: true}\n")
		w.start()
		var last muster.AlertID
		for i := range 7 {
			last = w.opens(fmt.Sprint("cart-", i), "cart", muster.SeverityMajor)
		}
		pass(5*time.Minute + 5*time.Second)
		if n := len(w.pages(last)); n != 1 {
			w.Errorf("%d pages about the last alert: the second step counts from the digest", n)
		}
		pass(10 * time.Second)
		people := []string{}
		for _, p := range w.pages(last) {
			people = append(people, string(p.Person))
		}
		if got := strings.Join(people, " "); got != "rob ana" {
			w.Errorf("paged about the last alert: %s", got)
		}
		if n := len(w.who()); n != 5+1+7 { // Ana's pages are never gathered
			w.Errorf("%d phones rang: %v", n, w.who())
		}
	})
}

func TestTheExplanationTellsOfTheStorm(t *testing.T) {
	bubble(t, func(w *world) {
		w.unhurried()
		w.start()
		var last muster.AlertID
		for i := range 7 {
			last = w.opens(fmt.Sprint("cart-", i), "cart", muster.SeverityMajor)
		}
		pass(time.Minute)
		w.put("kind: user\nname: rob\ndisplay: Rob\nzone: Europe/Berlin\nstorm: {off: true}\n") // it is told as it was
		e := read(w, func(r store.Reader) (*muster.Escalation, error) { return r.EscalationOf(last) })
		x, err := plan.Explain(w.commands.Live.History(w.Context()), plan.Question{Run: e})
		w.ok(err)
		if !slices.ContainsFunc(x.Steps, func(r muster.Reason) bool {
			return r.Text == "Gathered into a digest for Rob, because Rob would have got more than 5 pages in 2 minutes."
		}) {
			w.Errorf("the explanation is %+v", x.Steps)
		}
		if len(x.People) != 1 || x.People[0].User != "rob" {
			w.Errorf("the people are %+v", x.People)
		}
	})
}

func TestADigestIsAcknowledgedByItsPage(t *testing.T) {
	bubble(t, func(w *world) {
		w.unhurried()
		w.start()
		var ids []muster.AlertID
		for i := range 8 {
			ids = append(ids, w.opens(fmt.Sprint("cart-", i), "cart", muster.SeverityMajor))
		}
		pass(muster.GatherFor + time.Second)
		p := w.digests(ids[7])[0]
		text, err := w.commands.AnswerPage(w.Context(), "phone", []muster.PageAnswer{{Kind: muster.AnswerAcknowledge, Page: p.ID}})
		w.ok(err)
		if text != "You have these 3 alerts. Muster pages nobody else about them." {
			w.Errorf("the answer is %q", text)
		}
		for _, id := range ids[5:] {
			if a := w.alert(id); a.Status != muster.AlertAcknowledged || a.AcknowledgedBy.User != "rob" {
				w.Errorf("the alert is %s", a.Status)
			}
		}
		if got := w.alert(ids[0]).Status; got != muster.AlertOpen {
			w.Errorf("an alert outside of the digest is %s", got)
		}
		// By the API, as somebody else, it is the same list.
		must[*muster.Page](w, w.as("olga"), "AckPage", command.AckPage{Page: w.pages(ids[0])[0].ID})
		if got := w.alert(ids[0]); got.Status != muster.AlertAcknowledged || got.AcknowledgedBy.User != "olga" {
			w.Errorf("the alert is %s", got.Status)
		}
	})
}
