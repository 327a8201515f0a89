package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
	"github.com/muster-oncall/muster/internal/store"
)

// rows gathers what a command writes, so that each table is written once.
type rows struct {
	signals     []muster.RawSignal
	alerts      []*muster.Alert // new ones
	changed     []*muster.Alert
	escalations []*muster.Escalation // new ones
	runs        []*muster.Escalation // changed ones
	pages       []*muster.Page
	deliveries  []*muster.Delivery
	timers      []muster.Timer
	entries     []*muster.Entry
	ready       map[muster.DeliveryID]*Started       // of deliveries that leave right after the commit
	contacts    map[muster.ContactID]*muster.Contact // that were read already
	gathered    []muster.Gathered                    // pages that wait for a digest
	storms      storms                               // of people who are paged
}

// flush writes everything and empties r.
func (r *rows) flush(c *Call) error {
	c.watchProof(r)
	for _, write := range []func() error{
		func() error { return c.InsertAlerts(r.alerts) },
		func() error { return each(r.changed, c.UpdateAlert) },
		func() error { return c.InsertSignals(r.signals) }, // which counts on the alerts
		func() error { return c.InsertEscalations(r.escalations) },
		func() error { return each(r.runs, c.UpdateEscalation) },
		func() error { return c.InsertPages(r.pages) },
		func() error { return c.InsertGathered(r.gathered) },
		func() error { return c.InsertDeliveries(r.deliveries) },
		func() error { return c.InsertTimers(r.timers) },
		func() error { return c.AppendEntries(r.entries) },
	} {
		if err := write(); err != nil {
			return err
		}
	}
	for _, d := range r.deliveries {
		c.emitDelivery(d, r.ready[d.ID])
	}
	c.emitTimers(r.timers)
	c.emitEntries(r.entries)
	*r = rows{contacts: r.contacts, storms: r.storms}
	return nil
}

func each[T any](items []T, do func(T) error) error {
	for _, it := range items {
		if err := do(it); err != nil {
			return err
		}
	}
	return nil
}

// emitDelivery wakes the engine: with the row itself when it is due and leased to this node already.
func (c *Call) emitDelivery(d *muster.Delivery, ready *Started) {
	ev := store.Event{Topic: "deliveries", Due: d.DueAt}
	if d.LeaseNode == c.Node && !d.DueAt.After(c.Now().Time) {
		ev.Delivery = d
		if ready != nil {
			ev.Ready = ready
		}
	}
	c.Emit(ev)
}

func (c *Call) emitTimers(timers []muster.Timer) {
	if len(timers) == 0 {
		return
	}
	first := timers[0].DueAt
	for _, t := range timers {
		if t.DueAt.Before(first.Time) {
			first = t.DueAt
		}
	}
	c.Emit(store.Event{Topic: "timers", Due: first})
}

// emitEntries tells live screens about timeline entries: a room about each of them, an alert once about those that follow
// each other, and the first screen once about all.
func (c *Call) emitEntries(list []*muster.Entry) {
	var now, parts []string
	for i, e := range list {
		kind := string(e.Kind)
		if !slices.Contains(now, kind) {
			now = append(now, kind)
		}
		if e.Incident != "" {
			c.Emit(store.Event{Topic: "incident:" + string(e.Incident), Parts: []string{kind}, Seq: e.Seq})
		}
		if e.Alert == "" {
			continue
		}
		if !slices.Contains(parts, kind) {
			parts = append(parts, kind)
		}
		if i+1 == len(list) || list[i+1].Alert != e.Alert {
			c.Emit(store.Event{Topic: "alert:" + string(e.Alert), Parts: parts})
			parts = nil
		}
	}
	if len(now) > 0 {
		c.Emit(store.Event{Topic: "now", Parts: now})
	}
}

func (c *Call) emitEntry(e *muster.Entry) { c.emitEntries([]*muster.Entry{e}) }

// entry makes a timeline entry of the actor at this moment.
func (c *Call) entry(kind muster.EntryKind, text string) *muster.Entry {
	return &muster.Entry{
		ID: id[muster.EntryID](c), Kind: kind, Text: text, By: c.Actor.By(), At: c.Now(), Recorded: c.Now(),
	}
}

// alertEntry makes an entry of an alert, and of its incident if it has one.
func (c *Call) alertEntry(a *muster.Alert, kind muster.EntryKind, text string) *muster.Entry {
	e := c.entry(kind, text)
	e.Alert, e.Incident, e.Ref = a.ID, a.Incident, string(a.ID)
	return e
}

// apply turns what escalate decided into rows. a and e are changed in place; their own rows are written by the caller.
func (c *Call) apply(r *rows, a *muster.Alert, e *muster.Escalation, eff escalate.Effects) error {
	if eff.CancelTimers {
		if err := c.DeleteTimersOf(string(a.ID), muster.TimerEscalate, muster.TimerAckTimeout, muster.TimerSilenceEnd); err != nil {
			return err
		}
		a.NextWakeAt = muster.Instant{}
	}
	if err := c.counted(a, e, eff); err != nil {
		return err
	}
	if eff.CancelPages {
		if err := c.cancelPages(a, cancelReason(a)); err != nil {
			return err
		}
	}
	if err := c.exhausted(a, e, eff); err != nil {
		return err
	}
	apart, err := c.gather(r, a, e, &eff)
	if err != nil {
		return err
	}
	if eff.Taken != nil {
		e.Taken = append(e.Taken, *eff.Taken)
	}
	for _, p := range eff.Pages {
		c.planPage(r, a, e.ID, p).Apart = slices.Contains(apart, p.User)
	}
	if text := pagedText(eff.Pages); text != "" {
		en := c.alertEntry(a, muster.EntryPage, text)
		en.By = muster.Engine().By()
		en.Facts = map[string]string{"step": fmt.Sprint(e.Step), "round": fmt.Sprint(e.Round)}
		r.entries = append(r.entries, en)
	}
	if err := c.inform(r, a, eff.Informed); err != nil {
		return err
	}
	if err := c.tellRooms(r, a, eff); err != nil {
		return err
	}
	if err := c.keepTurns(e, eff.Turns); err != nil {
		return err
	}
	for _, n := range eff.Notes {
		en := c.alertEntry(a, muster.EntryPage, n.Text)
		en.By = muster.Engine().By()
		r.entries = append(r.entries, en)
	}
	if !eff.Wake.IsZero() {
		r.timers = append(r.timers, muster.Timer{
			ID: id[muster.TimerID](c), Kind: eff.WakeKind, Ref: string(a.ID), DueAt: eff.Wake, Generation: e.Generation,
		})
		a.NextWakeAt = eff.Wake
	}
	return nil
}

func cancelReason(a *muster.Alert) string {
	switch a.Status {
	case muster.AlertResolved:
		return "the alert was resolved first"
	case muster.AlertAcknowledged:
		return acknowledgedFirst(a)
	case muster.AlertOpen:
		if a.Suppressed != nil {
			return fmt.Sprintf("the silence %s holds pages back", a.Suppressed.By)
		}
	}
	return "not needed any more"
}

// planPage adds the rows of one page: the page, and its delivery, which is leased to this node when it is due now.
func (c *Call) planPage(r *rows, a *muster.Alert, esc muster.EscalationID, p muster.Planned) *muster.Page {
	pg := &muster.Page{
		Alert: a.ID, Escalation: esc, Person: p.User, Method: p.Contact.Method, Connector: p.Contact.Connector,
		Contact: p.Contact.ID, Step: p.Step, Round: p.Round, DueAt: p.At, Why: p.Reasons,
	}
	c.addPage(r, a, pg)
	return pg
}

// addPage adds the rows of a page that says all but its identifier and its life.
func (c *Call) addPage(r *rows, a *muster.Alert, pg *muster.Page) {
	now := c.Now()
	pg.Service = a.Service
	pg.ID, pg.State, pg.PlannedAt, pg.Revision, pg.Attempts = id[muster.PageID](c), muster.PagePlanned, now, c.Snap.Catalog.Revision, []muster.Attempt{}
	if pg.DueAt.Before(now.Time) {
		pg.DueAt = now
	}
	d := &muster.Delivery{
		ID: id[muster.DeliveryID](c), Kind: muster.DeliverPage, Connector: pg.Connector, Page: pg.ID, Alert: a.ID,
		Service: a.Service, Urgency: a.Urgency, State: muster.DeliveryPlanned, DueAt: pg.DueAt, CreatedAt: now,
	}
	c.leaseIfDue(d)
	if ct := r.contacts[pg.Contact]; ct != nil && d.LeaseNode != "" {
		if r.ready == nil {
			r.ready = map[muster.DeliveryID]*Started{}
		}
		r.ready[d.ID] = &Started{Delivery: d, Page: pg, Alert: a, Contact: ct}
	}
	r.pages = append(r.pages, pg)
	r.deliveries = append(r.deliveries, d)
}

// leaseIfDue gives a new delivery that is due to this node, so that it goes from memory to a worker right after the
// commit. Another node claims it when the lease ends.
func (c *Call) leaseIfDue(d *muster.Delivery) {
	if d.DueAt.After(c.Now().Time) {
		return
	}
	d.LeaseNode, d.LeaseUntil, d.Epoch = c.Node, c.Now().Plus(c.Lease), 1
}

// pagedText says who was paged: each person once.
func pagedText(pages []muster.Planned) string {
	var who []string
	seen := map[muster.UserName]bool{}
	for _, p := range pages {
		if seen[p.User] {
			continue
		}
		seen[p.User] = true
		who = append(who, p.Name)
	}
	if len(who) == 0 {
		return ""
	}
	return "Muster paged " + listWords(who)
}

// listWords joins names as people do: "Ana, Ravi and Chen".
func listWords(words []string) string {
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// cancelPages cancels the pages of an alert that have not been started, all of them or those of some people. Those that a
// person asked for by hand go out as long as the alert is open. One that failed and waits for its next attempt is looked at
// when that is due: see wanted.
func (c *Call) cancelPages(a *muster.Alert, why string, only ...muster.UserName) error {
	if err := c.DropGathered(a.ID, only...); err != nil {
		return err
	}
	if err := c.stopSoon(a.ID, only); err != nil {
		return err
	}
	pages, err := c.PlannedPages(a.ID)
	if err != nil {
		return err
	}
	var changed []*muster.Page
	var ids []muster.PageID
	for _, p := range pages {
		if p.State != muster.PagePlanned || (p.Escalation == "" && a.Status == muster.AlertOpen && len(only) == 0) || (len(only) > 0 && !slices.Contains(only, p.Person)) {
			continue
		}
		if len(p.Digest) > 0 { // the others of it may still want it
			if wanted, err := c.wantedBesides(p, a.ID); err != nil {
				return err
			} else if wanted {
				continue
			}
		}
		if p, err = c.Page(p.ID); err != nil { // locks it: it may be started at this moment
			return err
		}
		if p.State != muster.PagePlanned {
			continue
		}
		p.State, p.Detail = muster.PageCancelled, why
		changed, ids = append(changed, p), append(ids, p.ID)
	}
	if len(ids) == 0 {
		return nil
	}
	if err := c.UpdatePages(changed); err != nil {
		return err
	}
	return c.CancelDeliveries(ids)
}
