package command

import (
	"context"
	"fmt"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/store"
)

// Batch runs several operations as one command: all of them or none. Each sees what those before it wrote, the catalog
// included. It is for seeding and for setup.
type Batch struct{ *Call }

// Batch runs fn. It may be run again, like every command.
func (c *Commands) Batch(ctx context.Context, name string, actor muster.Actor, fn func(*Batch) error) error {
	return c.do(ctx, name, actor, func(call *Call) error { return fn(&Batch{call}) })
}

// moved is a transaction at another moment, so that the past can be told by the operations that make it.
type moved struct {
	store.Tx
	now muster.Instant
}

func (m moved) Now() muster.Instant { return m.now }

// At runs the following operations as if it were then, by somebody.
func (b *Batch) At(then muster.Instant, actor muster.Actor) *Batch {
	tx := b.Tx
	if m, ok := tx.(moved); ok {
		tx = m.Tx
	}
	call := *b.Call
	call.Tx, call.Actor = moved{tx, then}, actor
	return &Batch{&call}
}

// As runs the following operations as somebody.
func (b *Batch) As(actor muster.Actor) *Batch {
	call := *b.Call
	call.Actor = actor
	return &Batch{&call}
}

// Apply writes documents and decides with them from here on.
func (b *Batch) Apply(in ApplyDocuments) error {
	if err := in.prepare(); err != nil {
		return err
	}
	if _, err := b.applyDocuments(in); err != nil {
		return err
	}
	head, err := b.Head()
	if err != nil {
		return err
	}
	cat, err := readCatalog(b.Tx, head)
	if err != nil {
		return err
	}
	snap, wrong := plan.NewSnapshot(cat, b.Snap.Zones)
	if len(wrong) > 0 {
		return muster.Invalid("The catalog would not be right", wrong)
	}
	b.Snap = snap
	return nil
}

// Declare, Say and the rest are the operations of the table under their own names.
func (b *Batch) Declare(in DeclareIncident) (*muster.Incident, error) {
	tidy(&in)
	return b.declareIncident(in)
}

func (b *Batch) Say(in AddTimelineEntry) (*muster.Entry, error)   { return b.addTimelineEntry(in) }
func (b *Batch) Role(in AssignRole) (*muster.Incident, error)     { return b.assignRole(in) }
func (b *Batch) Start(in StartAction) (*muster.Incident, error)   { return b.startAction(in) }
func (b *Batch) Finish(in FinishAction) (*muster.Incident, error) { return b.finishAction(in) }
func (b *Batch) Theory(in AddTheory) (*muster.Incident, error)    { return b.addTheory(in) }
func (b *Batch) Settle(in SetTheory) (*muster.Incident, error)    { return b.setTheory(in) }
func (b *Batch) Update(in PostStatusUpdate) (*muster.StatusUpdate, error) {
	tidy(&in)
	return b.postStatusUpdate(in)
}
func (b *Batch) Answer(in SetAnswer) (*muster.Incident, error)      { return b.setAnswer(in) }
func (b *Batch) Mitigate(in NoteIncident) (*muster.Incident, error) { return b.mitigateIncident(in) }
func (b *Batch) Resolve(in NoteIncident) (*muster.Incident, error)  { return b.resolveIncident(in) }
func (b *Batch) Review(in OneIncident) (*muster.Review, error)      { return b.openReview(in) }
func (b *Batch) Edit(in EditReview) (*muster.Review, error)         { return b.editReview(in) }
func (b *Batch) Finding(in AddFinding) (*muster.Review, error)      { return b.addFinding(in) }
func (b *Batch) Item(in AddActionItem) (*muster.Review, error)      { return b.addActionItem(in) }
func (b *Batch) Done(in FinishActionItem) (*muster.Review, error)   { return b.finishActionItem(in) }
func (b *Batch) Publish(in OneReview) (*muster.Review, error)       { return b.publishReview(in) }
func (b *Batch) Contact(in AddContact) (*muster.Contact, error)     { return b.addContact(in) }
func (b *Batch) Ack(in NoteAlert) (*muster.Alert, error)            { return b.ackAlert(in) }
func (b *Batch) End(in NoteAlert) (*muster.Alert, error)            { return b.resolveAlertOp(in) }
func (b *Batch) Leave(in AddLeave) (*muster.Leave, error)           { return b.addLeave(in) }
func (b *Batch) AcceptWarning(in AcceptWarning) error {
	_, err := b.acceptWarning(in)
	return err
}

// Receive takes what a source sent, as the intake does.
func (b *Batch) Receive(in ReceiveSignals) ([]SignalResult, error) {
	it := receiveItem{ReceiveSignals: in}
	it.identify(b.Snap)
	call := *b.Call // which becomes the source's
	out, err := (&intakeBatch{Call: &call}).run([]receiveItem{it})
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// Arrived says that a page which Receive planned was accepted by its connector then: nothing is sent any more.
func (b *Batch) Arrived(p *muster.Page, detail string) error {
	if err := b.CancelDeliveries([]muster.PageID{p.ID}); err != nil { // this raises the epoch, too: what wakes the engine is void
		return err
	}
	p.State, p.StartedAt, p.AcceptedAt = muster.PageAccepted, b.Now(), b.Now()
	p.Attempts = []muster.Attempt{{At: b.Now(), Result: "accepted", Detail: detail}}
	return b.FinishPages([]*muster.Page{p})
}

// Holiday enters a public holiday of those who live on the clocks of a zone, as a calendar would bring it: from the
// beginning of its first day to the end of its last.
func (b *Batch) Holiday(title, zone, from, until string) error {
	z, err := b.Snap.Zones.Load(zone)
	if err != nil {
		return fmt.Errorf("command: the zone %s of a holiday: %w", zone, err)
	}
	l := &muster.Leave{ID: id[muster.LeaveID](b.Call), Kind: muster.LeaveHolidays, Title: title, Zone: zone, By: b.Actor.User}
	if l.From, err = leaveTime(z, from, 0); err != nil {
		return err
	}
	if l.Until, err = leaveTime(z, until, 1); err != nil {
		return err
	}
	if err := b.InsertLeave(l); err != nil {
		return err
	}
	return b.leaveChanged()
}

// Secret stores a secret under a name.
func (b *Batch) Secret(name, value string) error {
	_, err := b.putSecret(PutSecret{Name: name, Value: value})
	return err
}

// Key stores an API key or an intake key whose token the caller made.
func (b *Batch) Key(in CreateKey, token string) error {
	_, err := b.newKey(in, token)
	return err
}

// Tokens makes tokens of the two kinds of keys.
func (b *Batch) Tokens() (key, source string) {
	return keyPrefix + b.IDs.Token(20), sourcePrefix + b.IDs.Token(20)
}

// Recall reads a value of the installation.
func (c *Commands) Recall(ctx context.Context, key string) (v string, err error) {
	err = c.Store.Read(ctx, func(r store.Reader) error {
		v, err = r.Meta(key)
		return err
	})
	return v, err
}

// Remember writes a value of the installation.
func (c *Commands) Remember(ctx context.Context, key, value string) error {
	return c.Store.Write(ctx, store.LanePeople, "SetMeta", func(tx store.Tx) error { return tx.SetMeta(key, value) })
}

// SecretValue opens a stored secret, "" when there is none.
func (c *Commands) SecretValue(ctx context.Context, name string) (v string, err error) {
	err = c.Store.Read(ctx, func(r store.Reader) error {
		v, err = c.OpenSecret(r, name)
		return err
	})
	if muster.CodeOf(err) == muster.ErrNotFound {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("command: read the secret %s: %w", name, err)
	}
	return v, nil
}
