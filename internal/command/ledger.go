package command

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/ledger"
	"github.com/muster-oncall/muster/internal/store"
)

// record is what a transaction did to pages. All copies of its Call share it, and it is written once, at the end.
type record struct {
	at   muster.Instant // the transaction's own; a Batch tells events of another moment
	body ledger.Body
}

// record notes an event in the ledger of pages.
func (c *Call) record(e muster.LedgerEvent) {
	if e.At = c.Now(); e.At == c.ledger.at {
		e.At = muster.Instant{}
	}
	c.ledger.body.Add(&e)
}

// writeLedger writes what was noted.
func (c *Call) writeLedger() error {
	if c.ledger.body.Len() == 0 {
		return nil
	}
	c.Emit(store.Event{Topic: "ledger"})
	return c.InsertLedger(&muster.LedgerRow{ID: muster.NewID[muster.LedgerID](c.IDs, c.ledger.at.Time), At: c.ledger.at, Body: c.ledger.body.String()})
}

// The places of an event in the life of a page, within an attempt: see [muster.LedgerEvent].
const (
	ledgerStart  = 1
	ledgerResult = 2
	ledgerLater  = 3 // what became known after the result
	ledgerPlaces = 4
)

// InsertPages writes new pages, and in the ledger that they are planned, for whom and why.
func (c *Call) InsertPages(rows []*muster.Page) error {
	for _, p := range rows {
		c.record(muster.LedgerEvent{
			Kind: muster.LedgerPlanned, Page: p.ID, Alert: p.Alert, Person: p.Person, Method: p.Method, Connector: p.Connector,
			Step: p.Step, Round: p.Round, Why: muster.WhyPerson(p.Why),
		})
	}
	return c.Tx.InsertPages(rows)
}

// UpdatePages writes the life of pages, and in the ledger what happened to them.
func (c *Call) UpdatePages(rows []*muster.Page) error {
	for _, p := range rows {
		c.recordLife(p)
	}
	return c.Tx.UpdatePages(rows)
}

func (c *Call) recordLife(p *muster.Page) {
	e := muster.LedgerEvent{Page: p.ID, N: len(p.Attempts)*ledgerPlaces + ledgerLater, Why: p.Detail}
	switch p.State {
	case muster.PagePlanned:
		return // only when it is due has changed
	case muster.PageStarted:
		e.Kind, e.N = muster.LedgerStarted, (len(p.Attempts)+1)*ledgerPlaces+ledgerStart
	case muster.PageAccepted:
		e.Kind = muster.LedgerAccepted
	case muster.PageUnknown:
		e.Kind = muster.LedgerUnknown
	case muster.PageFailed:
		e.Kind = muster.LedgerFailed
	case muster.PageCancelled:
		e.Kind = muster.LedgerCancelled
	case muster.PageProved:
		e.Kind, e.Means, e.Why = c.proofKind(p), string(c.Actor.Surface), p.Proof
	}
	c.record(e)
}

// proofKind says which proof a page has got.
func (c *Call) proofKind(p *muster.Page) muster.LedgerKind {
	switch {
	case c.Actor.Machine || c.Actor.User == "":
		return muster.LedgerReceived
	case strings.HasSuffix(p.Proof, " acknowledged"):
		return muster.LedgerAcknowledged
	}
	return muster.LedgerOpened
}

// FinishPages writes the life of pages after an attempt, and its result in the ledger.
func (c *Call) FinishPages(rows []*muster.Page) error {
	for _, p := range rows {
		e := muster.LedgerEvent{Kind: muster.LedgerAccepted, Page: p.ID, N: len(p.Attempts)*ledgerPlaces + ledgerResult}
		if n := len(p.Attempts); n > 0 {
			at := &p.Attempts[n-1]
			e.Provider = muster.Clip(at.Provider, 200)
			switch at.Result {
			case "failed":
				e.Kind, e.Why = muster.LedgerFailed, at.Detail
			case "unknown":
				e.Kind, e.Why = muster.LedgerUnknown, at.Detail
			}
		}
		if p.State != e.Kind.State() {
			e.State = p.State
		}
		c.record(e)
	}
	return c.Tx.FinishPages(rows)
}

// recordAnswer notes what a person or a source did about an alert, by which means.
func (c *Call) recordAnswer(kind muster.LedgerKind, a *muster.Alert) {
	c.record(muster.LedgerEvent{
		Kind: kind, Alert: a.ID, Person: c.Actor.User, Means: string(c.Actor.Surface), Ref: string(c.Actor.Page), Why: cmp.Or(c.Actor.Name, "Somebody"),
	})
}

// SealAtOnce is how many rows get their place in one transaction at most.
const SealAtOnce = 256

// Seal gives rows of the ledger their place in the chain, oldest first. since is where to begin to look: the identifier
// from which on all rows are in the chain perhaps, "" for all of them (see [SealSince]). It returns how many rows got a place,
// and when the newest of them was written; no moment when another node was faster, so that there may be more. What takes long, reading and hashing, holds up nobody.
func (c *Commands) Seal(ctx context.Context, since muster.LedgerID) (n int, newest muster.Instant, err error) {
	var rows []muster.LedgerRow
	if err := c.Store.Read(ctx, func(r store.Reader) (err error) {
		rows, err = r.Unsealed(since, SealAtOnce)
		return err
	}); err != nil || len(rows) == 0 {
		return 0, newest, err
	}
	digests := make([][sha256.Size]byte, len(rows))
	for i := range rows {
		digests[i] = ledger.Digest(&rows[i])
	}
	err = c.Store.Write(ctx, store.LanePeople, "Seal", func(tx store.Tx) error {
		head, err := tx.LedgerHead()
		if err != nil {
			return err
		}
		for i := range rows {
			rows[i].Position = head.Position + 1
			rows[i].Hash = ledger.Hash(head.Hash, rows[i].Position, digests[i])
			head = rows[i]
		}
		return tx.SealLedger(rows)
	})
	switch {
	case muster.CodeOf(err) == muster.ErrConflict:
		return 1, newest, nil // another node sealed some of them: look again
	case err != nil:
		return 0, newest, err
	}
	return len(rows), rows[len(rows)-1].At, nil
}

// SealLate is how much later than it was begun a transaction is committed at most: more than a store's time-outs. Rows of
// transactions that took long come behind those that were begun later.
const SealLate = 2 * time.Minute

// SealSince is where to look for rows that were begun at most so much earlier than the newest one that has its place.
func SealSince(newest muster.Instant, late time.Duration) muster.LedgerID {
	return muster.LedgerID(fmt.Sprintf("led_%012x", max(newest.Plus(-late).UnixMilli(), 0)))
}

// MakeCheckpoint signs how far the ledger and the security log are. It writes nothing, and gives the last one, when
// neither moved since.
func (c *Commands) MakeCheckpoint(ctx context.Context) (cp *muster.Checkpoint, err error) {
	if err := c.Store.Read(ctx, func(r store.Reader) (err error) {
		cp, err = c.checkpoint(r)
		return err
	}); err != nil || cp == nil || cp.Signature != "" {
		return cp, err
	}
	err = c.Store.Write(ctx, store.LanePeople, "Checkpoint", func(tx store.Tx) error {
		if cp, err = c.checkpoint(tx); err != nil || cp == nil || cp.Signature != "" {
			return err
		}
		ledger.Sign(c.Box.LedgerKey(), cp)
		return tx.InsertCheckpoint(cp)
	})
	return cp, err
}

// checkpoint is the last one when nothing moved since, else a new one that is not signed yet; nil while there is nothing.
func (c *Commands) checkpoint(r store.Reader) (*muster.Checkpoint, error) {
	head, err := r.LedgerHead()
	if err != nil {
		return nil, err
	}
	last, err := r.LastCheckpoint()
	if err != nil {
		return nil, err
	}
	log, err := r.Audit(store.List{Limit: 1})
	if err != nil {
		return nil, err
	}
	cp := &muster.Checkpoint{Position: head.Position, Hash: head.Hash, At: r.Now()}
	if len(log) > 0 {
		cp.AuditSeq, cp.AuditHash = log[0].Seq, log[0].Hash
	}
	if last != nil && last.Position == cp.Position && last.AuditSeq == cp.AuditSeq {
		return last, nil
	}
	if cp.Position == 0 && cp.AuditSeq == 0 {
		return nil, nil //nolint:nilnil // nothing happened yet, which is no error
	}
	return cp, nil
}

// LedgerKey is the public key of the checkpoints.
func (c *Commands) LedgerKey() string { return ledger.PublicKey(c.Box.LedgerKey()) }
