package command

import (
	"cmp"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/ledger"
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
