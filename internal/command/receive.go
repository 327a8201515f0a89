package command

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/route"
	"github.com/muster-oncall/muster/internal/store"
)

// retryAfter is what a sender is told to wait when the outcome is not known.
const retryAfter = 2 * time.Second

// ReceiveSignals is one request of a source: what it sent, and what it means.
type ReceiveSignals struct {
	Source  muster.SourceName
	Format  string
	Raw     []byte
	Signals []muster.Signal
	Reason  string // why nothing could be read from Raw, or not all of it: kept as a rejected signal
}

// SignalResult says what became of a signal.
type SignalResult struct {
	Alert   muster.AlertID `json:"alert"`
	Outcome muster.Outcome `json:"outcome"`
	Detail  string         `json:"detail,omitempty"`
}

type receiveItem struct {
	ReceiveSignals
	prints  []store.AlertKey
	sums    []uint64 // of what the signals say, see repeats; nil: it is stored in full
	rev     muster.Revision
	sampled bool // see sample
}

// ReceiveSignals stores the signals of a request and what follows from them, and answers after the commit. It is
// set-shaped: what comes in while a commit is under way is stored by the next one together.
func (c *Commands) ReceiveSignals(ctx context.Context, in ReceiveSignals) ([]SignalResult, error) {
	it := receiveItem{ReceiveSignals: in}
	it.identify(c.Live.Current())
	it.sums = make([]uint64, len(it.Signals))
	for i := range it.Signals {
		it.sums[i] = c.said.sum(&it.Signals[i])
	}
	return c.intake.Do(ctx, it)
}

// identify computes the fingerprints, which need the source's document and no clock.
func (it *receiveItem) identify(s *plan.Snapshot) {
	src := s.Catalog.Sources[it.Source]
	if src == nil {
		src = &muster.Source{Name: it.Source}
	}
	it.rev = s.Catalog.Revision
	it.prints = make([]store.AlertKey, len(it.Signals))
	for i := range it.Signals {
		it.Signals[i].Source = it.Source
		it.prints[i] = store.AlertKey{Source: it.Source, Fingerprint: route.Fingerprint(&it.Signals[i], src)}
	}
}

// receive stores a set of requests in one transaction.
func (c *Commands) receive(ctx context.Context, items []receiveItem) (out [][]SignalResult, err error) {
	var b *intakeBatch
	err = c.write(ctx, store.LaneIntake, "ReceiveSignals", muster.Engine(), func(call *Call) error {
		b = &intakeBatch{Call: call}
		out, err = b.run(items)
		return err
	})
	if err == nil {
		c.said.learn(b.said)
	}
	return out, err
}

// intakeBatch is one run of a set.
type intakeBatch struct {
	*Call
	rows
	open  map[store.AlertKey]muster.AlertID
	fresh map[muster.AlertID]bool // created by this set and not flushed yet
	facts plan.Contacts
	known map[muster.UserName]bool          // whose contacts have been read
	early map[store.AlertKey]muster.Instant // ends that came before their beginning
	told  map[muster.AlertID]bool           // of whose further signals live screens are told
	kept  []sample

	arrived map[*muster.Signal]plan.Arrival // signals that open an alert, as far as could be foreseen
	said    map[muster.AlertID]said         // what this set stores in full
}

func (b *intakeBatch) run(items []receiveItem) ([][]SignalResult, error) {
	b.fresh, b.facts, b.known = map[muster.AlertID]bool{}, plan.Contacts{}, map[muster.UserName]bool{}
	b.told = map[muster.AlertID]bool{}
	b.contacts = map[muster.ContactID]*muster.Contact{}
	var keys []store.AlertKey
	seen := map[store.AlertKey]bool{}
	for i := range items {
		if items[i].rev != b.Snap.Catalog.Revision {
			items[i].identify(b.Snap)
		}
		for _, key := range items[i].prints {
			if !seen[key] {
				seen[key] = true
				keys = append(keys, key)
			}
		}
	}
	var err error
	if b.open, err = b.OpenAlerts(keys); err != nil {
		return nil, err
	}
	if b.early, err = b.EarlyEnds(keys); err != nil {
		return nil, err
	}
	if err := b.foresee(items); err != nil {
		return nil, err
	}
	out := make([][]SignalResult, len(items))
	for i := range items {
		if out[i], err = b.request(&items[i]); err != nil {
			return nil, err
		}
	}
	if err := b.flush(b.Call); err != nil {
		return nil, err
	}
	return out, b.keepSamples()
}

// foresee decides about the signals that open an alert, before any of them is written, so that the contact methods of
// everybody whom they may page are read at once.
func (b *intakeBatch) foresee(items []receiveItem) error {
	var policies []*muster.Policy
	asked, seen := map[*muster.Policy]bool{}, map[store.AlertKey]bool{}
	for i := range items {
		for j, key := range items[i].prints {
			s := &items[i].Signals[j]
			if s.State == muster.SignalResolved || b.open[key] != "" || seen[key] {
				continue
			}
			seen[key] = true
			ar := plan.Arrive(b.Snap, s, b.Now())
			if b.arrived == nil {
				b.arrived = map[*muster.Signal]plan.Arrival{}
			}
			b.arrived[s] = ar
			if !ar.Decision.Record && !asked[ar.Policy] {
				asked[ar.Policy] = true
				policies = append(policies, ar.Policy)
			}
		}
	}
	return b.readContacts(policies...)
}

func (b *intakeBatch) request(it *receiveItem) ([]SignalResult, error) {
	actor := b.sourceActor(it.Source)
	b.Actor = actor
	if len(it.Signals) == 0 {
		row := muster.RawSignal{Detail: cmp.Or(it.Reason, "the request holds no signal"), Raw: it.Raw}
		res, err := b.reject(it, &row)
		b.sample(it, row.ID)
		return []SignalResult{res}, err
	}
	res := make([]SignalResult, len(it.Signals), len(it.Signals)+1)
	var first muster.SignalID
	for i := range it.Signals {
		r, err := b.signal(&it.Signals[i], it.prints[i])
		if err != nil {
			return nil, err
		}
		res[i] = r
		row := muster.RawSignal{
			ID: id[muster.SignalID](b.Call), Source: it.Source, Format: it.Format, Alert: r.Alert, Outcome: r.Outcome,
			Detail: r.Detail, ReceivedAt: b.Now(), Signal: it.Signals[i], Part: i, First: first,
		}
		if i == 0 {
			first, row.Raw = row.ID, it.Raw
			b.sample(it, row.ID)
		}
		if it.sums != nil {
			b.repeated(&row, it.sums[i])
		}
		b.signals = append(b.signals, row)
	}
	if it.Reason == "" {
		return res, nil
	}
	rest, err := b.reject(it, &muster.RawSignal{Detail: it.Reason, Part: len(it.Signals), First: first}) // Raw lies in the first
	return append(res, rest), err
}

// repeated finds the row that says what this one says, or keeps this one in mind for those that will say the same.
func (b *intakeBatch) repeated(row *muster.RawSignal, sum uint64) {
	switch row.Outcome {
	case muster.OutcomeAppended:
		last, ok := b.said[row.Alert]
		if !ok {
			last, ok = b.Commands.said.of(row.Alert, b.Now())
		}
		if ok && last.sum == sum {
			row.Same = last.in
			return
		}
	case muster.OutcomeOpened, muster.OutcomeSilenced, muster.OutcomeTriage:
	case muster.OutcomeResolved, muster.OutcomeRejected:
		return
	}
	if b.said == nil {
		b.said = map[muster.AlertID]said{}
	}
	b.said[row.Alert] = said{sum, row.ID, b.Now()}
}

func (b *intakeBatch) sourceActor(name muster.SourceName) muster.Actor {
	title := string(name)
	if s := b.Snap.Catalog.Sources[name]; s != nil {
		title = s.Title
	}
	return muster.Actor{Name: title, Machine: true, Surface: muster.SurfaceIntake}
}

func (b *intakeBatch) signal(s *muster.Signal, key store.AlertKey) (SignalResult, error) {
	a := b.open[key] // "" for none
	switch {
	case s.State == muster.SignalResolved && a == "":
		return b.keepEnd(s, key)
	case s.State == muster.SignalResolved:
		return b.resolve(a, s, key)
	case a != "":
		return b.appended(a, s)
	}
	return b.opened(s, key)
}

func (b *intakeBatch) appended(a muster.AlertID, s *muster.Signal) (SignalResult, error) {
	if !b.told[a] {
		b.told[a] = true
		b.Emit(store.Event{Topic: "alert:" + string(a), Parts: []string{"signal"}})
	}
	if !s.EndsAt.IsZero() {
		if err := b.endsAt(a, s.EndsAt); err != nil {
			return SignalResult{}, err
		}
	}
	return SignalResult{Alert: a, Outcome: muster.OutcomeAppended}, nil
}

// endsAt sets the timer that resolves an alert whose sender said when it ends.
func (b *intakeBatch) endsAt(a muster.AlertID, at muster.Instant) error {
	if !b.fresh[a] {
		if err := b.DeleteTimersOf(string(a), muster.TimerAlertEnds); err != nil {
			return err
		}
	}
	for i, t := range b.timers { // said again within this set
		if t.Kind == muster.TimerAlertEnds && t.Ref == string(a) {
			b.timers[i].DueAt = at
			return nil
		}
	}
	b.timers = append(b.timers, muster.Timer{ID: id[muster.TimerID](b.Call), Kind: muster.TimerAlertEnds, Ref: string(a), DueAt: at})
	return nil
}

func (b *intakeBatch) resolve(open muster.AlertID, s *muster.Signal, key store.AlertKey) (SignalResult, error) {
	if err := b.flush(b.Call); err != nil { // the alert may be one of this set
		return SignalResult{}, err
	}
	clear(b.fresh)
	a, err := b.Alert(open)
	if err != nil {
		return SignalResult{}, err
	}
	if stale, err := b.stale(a, s); err != nil || stale {
		return SignalResult{Alert: a.ID, Outcome: muster.OutcomeRejected, Detail: "it is older than the last report that the condition goes on"}, err
	}
	delete(b.open, key)
	if err := b.resolveAlert(a, b.Actor.Name+" reported that it ended"); err != nil {
		return SignalResult{}, err
	}
	return SignalResult{Alert: a.ID, Outcome: muster.OutcomeResolved}, nil
}

// stale reports whether the end that a signal tells of lies before the condition was last seen to begin, by the sender's
// own clock (I5): it was under way for longer than what came after it. A beginning counts as no later than its receipt, and
// the first one of the alert never makes an end stale: so a clock that is wrong cannot keep an alert open.
func (b *intakeBatch) stale(a *muster.Alert, s *muster.Signal) (bool, error) {
	if a.Signals <= 1 || s.DetectedAt.IsZero() || s.DetectedAt.Before(a.DetectedAt.Time) {
		return false, nil
	}
	rows, err := b.SignalsOf(a.ID, store.List{Limit: 5})
	if err != nil {
		return false, err
	}
	for i := range rows {
		began := rows[i].Signal.DetectedAt
		if rows[i].ReceivedAt.Before(began.Time) {
			began = rows[i].ReceivedAt
		}
		if rows[i].Signal.State == muster.SignalFiring && began.After(s.DetectedAt.Time) {
			return true, nil
		}
	}
	return false, nil
}

// opened makes an alert out of the first signal of a condition.
func (b *intakeBatch) opened(s *muster.Signal, key store.AlertKey) (SignalResult, error) {
	now := b.Now()
	ar, foreseen := b.arrived[s]
	if !foreseen { // the alert that was open is resolved by this set
		ar = plan.Arrive(b.Snap, s, now)
	}
	d := ar.Decision
	a := &muster.Alert{
		ID: id[muster.AlertID](b.Call), Status: muster.AlertOpen, Triage: d.Confirm, Suppressed: d.Suppressed, Title: s.Title,
		Summary: s.Summary, Severity: s.Severity, Urgency: d.Urgency, Impact: orUnknown(s.Impact), Action: orUnknown(s.Action),
		Source: key.Source, Service: d.Service, Policy: d.Policy, Route: d.Route, Fingerprint: key.Fingerprint,
		Labels: maps.Clone(s.Labels), Links: s.Links, DetectedBy: detectedBy(b.Snap, key.Source, s), Reporter: s.Reporter,
		DetectedAt: s.DetectedAt, ClaimedAt: s.ClaimedAt, ReceivedAt: now, LastSignalAt: now, Signals: 1,
		Revision: b.Snap.Catalog.Revision, Reasons: ar.Reasons, Recorded: d.Record,
	}
	if a.DetectedAt.IsZero() || a.DetectedAt.After(now.Time) {
		a.DetectedAt = now
	}
	if svc := b.Snap.Catalog.Services[a.Service]; svc != nil && a.Impact == muster.Unknown && svc.Impact != "" {
		a.Impact = svc.Impact
	}
	if a.Labels == nil {
		a.Labels = map[string]string{}
	}
	if a.Links == nil {
		a.Links = []muster.ContextLink{}
	}
	b.fresh[a.ID] = true
	b.open[key] = a.ID
	b.alerts = append(b.alerts, a)
	en := b.alertEntry(a, muster.EntrySignal, firedText(b.Actor, a))
	en.At = a.DetectedAt
	b.entries = append(b.entries, en)

	if a.Recorded { // no escalation: nobody is paged about it
		if !s.EndsAt.IsZero() {
			err := b.endsAt(a.ID, s.EndsAt)
			return SignalResult{Alert: a.ID, Outcome: muster.OutcomeOpened}, err
		}
		return SignalResult{Alert: a.ID, Outcome: muster.OutcomeOpened}, nil
	}
	if !foreseen {
		if err := b.readContacts(ar.Policy); err != nil {
			return SignalResult{}, err
		}
	}
	e := &muster.Escalation{
		ID: id[muster.EscalationID](b.Call), Alert: a.ID, Policy: *ar.Policy, Urgency: d.Urgency, Revision: ar.PolicyRevision,
		Severity: a.Severity,
	}
	var err error
	if e.Turns, err = b.turns(ar.Policy); err != nil {
		return SignalResult{}, err
	}
	event, outcome := plan.FirstEvent(ar), muster.OutcomeOpened
	over := b.endedBefore(s, key)
	switch {
	case over:
		event = escalate.Event{Kind: escalate.Hold, Until: now.Plus(store.EarlyEndLife)} // it is resolved before that
	case d.Suppressed != nil:
		outcome = muster.OutcomeSilenced
	case d.Triage:
		outcome = muster.OutcomeTriage
	default:
		a.HoldUntil = d.HoldUntil
		if event, err = b.join(a, ar, event); err != nil {
			return SignalResult{}, err
		}
	}
	days, err := b.daysOff(ar.Policy)
	if err != nil {
		return SignalResult{}, err
	}
	run, eff := plan.Escalate(b.Snap, b.facts, *e, event, now, days...)
	if d.Declare && event.Kind == escalate.Start {
		if err := b.declareFor(&b.rows, a, d.Severity); err != nil {
			return SignalResult{}, err
		}
	}
	if err := b.apply(&b.rows, a, &run, eff); err != nil {
		return SignalResult{}, err
	}
	b.escalations = append(b.escalations, &run)
	if over {
		return b.endAtOnce(a, key)
	}
	if !s.EndsAt.IsZero() {
		if err := b.endsAt(a.ID, s.EndsAt); err != nil {
			return SignalResult{}, err
		}
	}
	return SignalResult{Alert: a.ID, Outcome: outcome}, nil
}

// readContacts reads the contact methods of everybody whom policies may page, once per set.
func (b *intakeBatch) readContacts(policies ...*muster.Policy) error {
	var need []muster.UserName
	for _, p := range policies {
		for _, u := range plan.Involved(b.Snap, p) {
			if !b.known[u] {
				b.known[u] = true
				need = append(need, u)
			}
		}
	}
	if len(need) == 0 {
		return nil
	}
	got, err := b.ContactsOf(need)
	if err != nil {
		return err
	}
	for _, list := range got {
		for i := range list {
			b.contacts[list[i].ID] = &list[i]
		}
	}
	maps.Copy(b.facts, contactFacts(got))
	return nil
}

// contactFacts leaves out the addresses.
func contactFacts(in map[muster.UserName][]muster.Contact) plan.Contacts {
	out := make(plan.Contacts, len(in))
	for u, list := range in {
		for _, ct := range list {
			out[u] = append(out[u], muster.ContactFact{
				ID: ct.ID, Method: ct.Method, Connector: ct.Connector, Hint: ct.Hint, Verified: !ct.VerifiedAt.IsZero(),
			})
		}
	}
	return out
}

// contactsFor reads the contact facts of everybody whom a policy may page.
func (c *Call) contactsFor(p *muster.Policy) (plan.Contacts, error) {
	got, err := c.ContactsOf(plan.Involved(c.Snap, p))
	if err != nil {
		return nil, err
	}
	return contactFacts(got), nil
}

func orUnknown(s string) string {
	if s == "" {
		return muster.Unknown
	}
	return s
}

func detectedBy(s *plan.Snapshot, src muster.SourceName, sig *muster.Signal) muster.DetectedBy {
	if sig.DetectedBy != "" {
		return sig.DetectedBy
	}
	if d := s.Catalog.Sources[src]; d != nil && d.DetectedBy != "" {
		return d.DetectedBy
	}
	return muster.DetectedByMonitoring
}

func firedText(by muster.Actor, a *muster.Alert) string {
	if a.Reporter != "" {
		return fmt.Sprintf("%s reported: %s", a.Reporter, a.Title)
	}
	return fmt.Sprintf("%s fired: %s", by.Name, a.Title)
}
