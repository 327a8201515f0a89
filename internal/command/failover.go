package command

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// A person is told of an alert in several ways: the contact methods that were planned together, each with the pages that
// repeat it by the connector which stands in for its own. The next way goes when its time comes or when the one before
// failed, unless one of them was proved. When all methods went without proof, the stand-ins go: of a page that failed at
// once, of one that was only accepted when the time for its proof is over. Nothing but a proof ends this, or an answer.

// oldestWays is how long after the last contact method was due the stand-ins may still go.
const oldestWays = time.Hour

// backs reports whether a connector stands in for another one, at once or after others.
func backs(cat *muster.Catalog, of, via muster.ConnectorName) bool {
	passed := map[muster.ConnectorName]bool{}
	for doc := cat.Connectors[of]; doc != nil && doc.Backup != "" && !passed[doc.Name]; doc = cat.Connectors[doc.Backup] {
		if doc.Backup == via {
			return true
		}
		passed[doc.Name] = true
	}
	return false
}

// checkBackups refuses connectors that cannot stand in for each other, because the addresses of one mean nothing to the
// other.
func (c *Commands) checkBackups(cat *muster.Catalog) (wrong []muster.FieldError) {
	for _, d := range cat.Documents(muster.KindConnectors) {
		doc, ok := d.(*muster.Connector)
		if !ok || doc.Backup == "" {
			continue
		}
		other := cat.Connectors[doc.Backup]
		if other == nil || other.Kind == doc.Kind || c.does(doc).Address == c.does(other).Address && c.does(doc).Address != "" {
			continue
		}
		wrong = append(wrong, muster.FieldError{
			Path:    muster.DocRef(muster.KindConnectors, doc.Name) + ".backup",
			Message: fmt.Sprintf("%s (%s) cannot reach the addresses of %s (%s): name a connector that takes the same", other.Name, other.Kind, doc.Name, doc.Kind),
		})
	}
	return wrong
}

// provesWithin is how long a page of a connector may stay without proof.
func (c *Call) provesWithin(conn muster.ConnectorName) time.Duration {
	return cmp.Or(c.does(c.Snap.Catalog.Connectors[conn]).ProofWithin, muster.DefaultProofWithin)
}

// backup is the connector that stands in for another one, "" when there is none.
func (c *Call) backup(conn muster.ConnectorName) muster.ConnectorName {
	if doc := c.Snap.Catalog.Connectors[conn]; doc != nil && c.Snap.Catalog.Connectors[doc.Backup] != nil {
		return doc.Backup
	}
	return ""
}

// watchProof adds a timer for when the last of a person's new pages should be proved, where something stands in for one
// of them. Without stand-ins it adds nothing: then the next step of the policy is the next way.
func (c *Call) watchProof(r *rows) {
	type told struct {
		alert  muster.AlertID
		person muster.UserName
	}
	var watched map[told]int // to the place of its timer, -1 before there is one
	for _, p := range r.pages {
		if c.backup(p.Connector) != "" {
			if watched == nil {
				watched = map[told]int{}
			}
			watched[told{p.Alert, p.Person}] = -1
		}
	}
	if watched == nil {
		return
	}
	for _, p := range r.pages {
		k := told{p.Alert, p.Person}
		i, ok := watched[k]
		if !ok {
			continue
		}
		if i < 0 {
			i = len(r.timers)
			watched[k] = i
			r.timers = append(r.timers, muster.Timer{ID: id[muster.TimerID](c), Kind: muster.TimerProof, Ref: string(p.Alert)})
		}
		if due := p.DueAt.Plus(c.provesWithin(p.Connector)); due.After(r.timers[i].DueAt.Time) {
			r.timers[i].DueAt = due
		}
	}
}

// way is a contact method's page with those that repeat it, oldest first.
type way struct {
	pages []*muster.Page
}

func (w way) first() *muster.Page { return w.pages[0] }
func (w way) last() *muster.Page  { return w.pages[len(w.pages)-1] }

// ways reads the ways of a page's person that were planned together with it, or with the page that it repeats.
func (c *Call) ways(with *muster.Page) ([]way, error) {
	pages, err := c.PagesSince(with.Alert, muster.MadeAt(cmp.Or(with.Repeats, with.ID)))
	return waysOf(pages, with), err
}

// waysOf gives the ways of a person that were planned together with a page, or with the page that it repeats.
func waysOf(pages []*muster.Page, with *muster.Page) (ways []way) {
	first := with
	if i := slices.IndexFunc(pages, func(p *muster.Page) bool { return p.ID == with.Repeats }); i >= 0 {
		first = pages[i]
	}
	for _, p := range pages {
		if p.Repeats == "" && p.Person == first.Person && p.PlannedAt == first.PlannedAt {
			ways = append(ways, way{[]*muster.Page{p}})
		}
	}
	for _, p := range pages {
		for i := range ways {
			if p.Repeats == ways[i].first().ID {
				ways[i].pages = append(ways[i].pages, p)
			}
		}
	}
	for _, w := range ways { // identifiers of one millisecond have no order
		slices.SortStableFunc(w.pages[1:], func(a, b *muster.Page) int { return a.PlannedAt.Compare(b.PlannedAt.Time) })
	}
	return ways
}

// proven reports whether one of a person's ways was proved.
func proven(ways []way) bool {
	return slices.ContainsFunc(ways, func(w way) bool {
		return slices.ContainsFunc(w.pages, func(p *muster.Page) bool { return p.State == muster.PageProved })
	})
}

// fireProof is the timer of proofs: who has none by now is told again by the connectors that stand in.
func (c *Call) fireProof(t *muster.Timer) error {
	a, err := c.Alert(muster.AlertID(t.Ref))
	if err != nil {
		return err
	}
	pages, err := c.PagesSince(a.ID, c.Now().Plus(-muster.LongestAfter-oldestWays)) // for those before it is too late
	if err != nil {
		return err
	}
	var r rows
	var next muster.Instant
	told := map[muster.UserName]bool{}
	for _, p := range slices.Backward(pages) { // of each person those that were planned last
		if told[p.Person] || p.Repeats != "" || p.Alert != a.ID {
			continue
		}
		told[p.Person] = true
		if again := c.standIn(&r, a, waysOf(pages, p), ""); !again.IsZero() && (next.IsZero() || again.Before(next.Time)) {
			next = again
		}
	}
	if !next.IsZero() {
		r.timers = append(r.timers, muster.Timer{ID: id[muster.TimerID](c), Kind: muster.TimerProof, Ref: t.Ref, DueAt: next})
	}
	return r.flush(c)
}

// standIn plans the pages that repeat a person's unproved ones by other providers, and says when to look again. Nothing
// goes before the last contact method went. lost is a page whose provider is known to be in trouble, "" for none.
func (c *Call) standIn(r *rows, a *muster.Alert, ways []way, lost muster.PageID) (next muster.Instant) {
	first := ways[0].first()
	byHand := first.Escalation == ""
	alone := len(first.Digest) == 0 // else whoever starts the page looks whether any of its alerts wants it
	if alone && (a.Status == muster.AlertResolved || !byHand && (a.Status != muster.AlertOpen || a.Suppressed != nil)) || proven(ways) {
		return next
	}
	went := first.DueAt
	for _, w := range ways {
		if due := w.first().DueAt; due.After(went.Time) {
			went = due
		}
	}
	if c.Now().Sub(went.Time) > oldestWays {
		return next
	}
	soonest := func(at muster.Instant) {
		if next.IsZero() || at.Before(next.Time) {
			next = at
		}
	}
	for _, w := range ways {
		if p := w.last(); p.State == muster.PagePlanned && p.DueAt.After(c.Now().Time) {
			soonest(p.DueAt.Plus(c.provesWithin(p.Connector)))
		}
	}
	if !next.IsZero() {
		return next // the last method has not gone
	}
	for _, w := range ways {
		p := w.last()
		to := c.backup(p.Connector)
		if to == "" || p.State == muster.PageCancelled || slices.ContainsFunc(w.pages, func(o *muster.Page) bool { return o.Connector == to }) {
			continue
		}
		within := c.provesWithin(p.Connector)
		begun := p.DueAt
		if !p.StartedAt.IsZero() {
			begun = p.StartedAt
		}
		because := fmt.Sprintf("brought no proof within %s", muster.Duration(within))
		switch deadline := begun.Plus(within); {
		case p.State == muster.PageFailed:
			because = "could not bring the page"
		case p.ID == lost:
			because = "is in trouble"
		case deadline.After(c.Now().Time):
			soonest(deadline)
			continue
		}
		ref := muster.DocRef(muster.KindConnectors, p.Connector)
		c.addPage(r, a, &muster.Page{
			Alert: a.ID, Escalation: p.Escalation, Person: p.Person, Method: p.Method, Connector: to, Contact: p.Contact, Step: p.Step, Round: p.Round,
			Repeats: w.first().ID, Digest: p.Digest, Why: append(slices.Clone(p.Why), muster.Reason{
				Kind: muster.ReasonContact, Ref: ref, Revision: c.Snap.Catalog.RevisionOf(ref),
				Text: fmt.Sprintf("%s %s, so %s tells %s again.", p.Connector, because, to, c.Snap.Catalog.DisplayName(p.Person)),
			}),
		})
	}
	return next
}

// nextMethod brings the person's next contact method forward when one has failed for good. When there is none, what stands
// in for it goes.
func (c *Call) nextMethod(failed *muster.Page) error { return c.nextWay(failed, false) }

// nextWay does that also while a page may still arrive, because its provider is in trouble: then only as long as nothing
// else is under way to the person.
func (c *Call) nextWay(stuck *muster.Page, trouble bool) error {
	ways, err := c.ways(stuck)
	if err != nil {
		return err
	}
	if proven(ways) {
		return nil
	}
	var next *muster.Page
	for _, w := range ways {
		p := w.last()
		switch {
		case p.ID == stuck.ID:
		case p.State == muster.PagePlanned && p.DueAt.After(c.Now().Time) && (next == nil || p.DueAt.Before(next.DueAt.Time)):
			next = p
		case trouble && p.State != muster.PageFailed && p.State != muster.PageCancelled && !p.DueAt.After(c.Now().Time) && c.Now().Sub(p.DueAt.Time) < c.provesWithin(p.Connector):
			return nil // it may be proved yet
		}
	}
	if next == nil {
		return c.standInNow(stuck, ways, trouble)
	}
	p, err := c.Page(next.ID) // locks it
	if err != nil || p.State != muster.PagePlanned {
		return err
	}
	p.DueAt = c.Now()
	if err := c.UpdatePages([]*muster.Page{p}); err != nil {
		return err
	}
	if err := c.HastenDelivery(p.ID, c.Now()); err != nil {
		return err
	}
	c.Emit(store.Event{Topic: "deliveries", Due: c.Now()})
	if slices.ContainsFunc(ways, func(w way) bool { return c.backup(w.last().Connector) != "" }) {
		timers := []muster.Timer{{ID: id[muster.TimerID](c), Kind: muster.TimerProof, Ref: string(p.Alert), DueAt: c.Now().Plus(c.provesWithin(p.Connector))}}
		c.emitTimers(timers)
		return c.InsertTimers(timers)
	}
	return nil
}

// TopicUnproved is the topic of the event that counts pages of a step which were accepted and not proved when the next step
// came; Seq is how many.
const TopicUnproved = "unproved"

// countUnproved counts what nobody knows of to have arrived, when a step ends without an acknowledgement.
func (c *Call) countUnproved(e *muster.Escalation, pages []*muster.Page) {
	n := int64(0)
	for _, p := range pages {
		if p.Escalation == e.ID && p.Step == e.Step && p.Round == e.Round && p.State == muster.PageAccepted {
			n++
		}
	}
	if n > 0 {
		c.Emit(store.Event{Topic: TopicUnproved, Seq: n})
	}
}

// standInNow plans what stands in for a page that failed or hangs, after the last contact method.
func (c *Call) standInNow(stuck *muster.Page, ways []way, trouble bool) error {
	if !slices.ContainsFunc(ways, func(w way) bool { return c.backup(w.last().Connector) != "" }) {
		return nil
	}
	a, err := c.Alert(stuck.Alert)
	if err != nil {
		return err
	}
	var r rows
	var lost muster.PageID
	if trouble {
		lost = stuck.ID
	}
	c.standIn(&r, a, ways, lost) // the timer that was set with the pages looks at the others
	return r.flush(c)
}
