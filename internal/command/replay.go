package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/route"
	"github.com/muster-oncall/muster/internal/store"
)

// ReplaySignal puts a request that could not be read in full through intake again.
type ReplaySignal struct {
	Signal muster.SignalID `json:"signal" path:"signal" arg:"1" doc:"the rejected signal's ID"`
	Format string          `json:"format,omitempty" doc:"read it as this format; as it was sent when empty"`

	read *readAgain
}

// DismissSignal says that a request which could not be read in full is of no use.
type DismissSignal struct {
	Signal muster.SignalID `json:"signal" path:"signal" arg:"1" doc:"the rejected signal's ID"`
	Why    string          `json:"why" arg:"rest" doc:"why it is of no use"`
}

// readAgain is what was read from a request again, and with which revision of its source's document.
type readAgain struct {
	in   ReceiveSignals
	at   muster.Instant  // when it came
	of   muster.SignalID // the first signal of the request, of which the others were taken then; "" when nothing was
	rev  muster.Revision
	rest string // why not all of it could be read
}

// replayTable is every operation on rejected signals. It is a part of [Commands.Ops].
func (c *Commands) replayTable() []muster.Op {
	const responder = muster.AccessResponder
	replay := op(c, muster.Op{Name: "ReplaySignal", Summary: "Put a request that could not be read in full through intake again, with the mapping of today", Access: responder, Path: "/rejected/{signal}/replay", CLI: "source replay"}, (*Call).replaySignal)
	run := replay.Exec
	replay.Exec = func(ctx context.Context, actor muster.Actor, in any) (any, error) {
		if r, ok := in.(*ReplaySignal); ok && actor.Access.AtLeast(replay.Access) {
			if err := c.readAgain(ctx, r); err != nil { // outside of the transaction: parsing may take its time
				return nil, err
			}
		}
		return run(ctx, actor, in)
	}
	return []muster.Op{
		replay,
		op(c, muster.Op{Name: "DismissSignal", Summary: "Say that a request which could not be read in full is of no use", Access: responder, Path: "/rejected/{signal}/dismiss", CLI: "source dismiss"}, (*Call).dismissSignal),
	}
}

// reject keeps a request that nothing could be read from, or a part of it that could not, so that somebody sees it.
func (b *intakeBatch) reject(it *receiveItem, row *muster.RawSignal) (SignalResult, error) {
	row.ID, row.Source, row.Format = id[muster.SignalID](b.Call), it.Source, it.Format
	row.Outcome, row.ReceivedAt = muster.OutcomeRejected, b.Now()
	b.signals = append(b.signals, *row)
	b.Emit(store.Event{Topic: "now", Parts: []string{"rejected"}})
	return SignalResult{Outcome: row.Outcome, Detail: row.Detail}, b.InsertRejected(&muster.RejectedSignal{
		ID: row.ID, Source: row.Source, Format: row.Format, ReceivedAt: row.ReceivedAt, Reason: row.Detail, Status: muster.RejectedWaiting,
	})
}

// readAgain reads the request with the source's document of today.
func (c *Commands) readAgain(ctx context.Context, in *ReplaySignal) error {
	var row *muster.RawSignal
	err := c.Store.Read(ctx, func(r store.Reader) (err error) {
		if _, err = unsettled(r, in.Signal); err != nil {
			return err
		}
		row, err = r.Signal(in.Signal)
		return err
	})
	if err != nil {
		return err
	}
	in.read, err = c.parse(c.Live.Current().Catalog, row, in.Format)
	return err
}

// parse reads what was received; that nothing can be read from it is an error.
func (c *Commands) parse(cat *muster.Catalog, row *muster.RawSignal, format string) (*readAgain, error) {
	out := &readAgain{at: row.ReceivedAt, of: row.First, rev: cat.RevisionOf(muster.DocRef(muster.KindSources, row.Source))}
	src := cat.Sources[row.Source]
	if src == nil {
		return nil, muster.Errorf(muster.ErrConflict, "There is no source %s any more: nothing says how to read this. Dismiss it.", row.Source)
	}
	if c.Parse == nil {
		return nil, muster.Errorf(muster.ErrUnavailable, "This process reads no signals.")
	}
	out.in = ReceiveSignals{Source: row.Source, Format: cmp.Or(format, row.Format), Raw: row.Raw}
	var wrong error
	out.in.Signals, wrong = c.Parse(out.in.Format, src, row.Raw, row.ReceivedAt)
	switch {
	case muster.CodeOf(wrong) == muster.ErrNotFound:
		return nil, muster.Invalid("It was not replayed", []muster.FieldError{{Path: "format", Message: muster.MessageOf(wrong)}})
	case len(out.in.Signals) == 0 && wrong == nil:
		return nil, muster.Errorf(muster.ErrConflict, "It can be read, and holds no signal: dismiss it.")
	case len(out.in.Signals) == 0:
		e := &muster.Error{Code: muster.ErrInvalid, Message: "It still cannot be read: " + muster.MessageOf(wrong)}
		if why, ok := errors.AsType[*muster.Error](wrong); ok {
			e.Fields = why.Fields
		}
		return nil, e
	case wrong != nil:
		out.rest = muster.Clip("a part of it could not be read: "+muster.MessageOf(wrong), 500)
	}
	return out, nil
}

// unsettled is a rejected signal that nobody has settled.
func unsettled(r store.Reader, id muster.SignalID) (*muster.RejectedSignal, error) {
	if _, err := muster.ParseID[muster.SignalID](string(id)); err != nil {
		return nil, err
	}
	s, err := r.RejectedSignal(id)
	switch {
	case muster.CodeOf(err) == muster.ErrNotFound:
		return nil, muster.Errorf(muster.ErrNotFound, "There is no rejected signal %s.", id)
	case err != nil:
		return nil, err
	case s.Status == muster.RejectedWaiting:
		return s, nil
	}
	by := "somebody"
	if s.SettledBy != nil {
		by = s.SettledBy.Name
	}
	return nil, muster.Errorf(muster.ErrConflict, "It was %s already, by %s at %s: nothing was done.", s.Status, by, s.SettledAt.UTC().Format("2006-01-02 15:04:05 UTC"))
}

func (c *Call) replaySignal(in ReplaySignal) (*muster.RejectedSignal, error) {
	s, err := unsettled(c.Tx, in.Signal)
	if err != nil {
		return nil, err
	}
	read := in.read
	if read == nil || read.rev != c.Snap.Catalog.RevisionOf(muster.DocRef(muster.KindSources, s.Source)) { // it changed meanwhile
		row, err := c.Signal(in.Signal)
		if err != nil {
			return nil, err
		}
		if read, err = c.parse(c.Snap.Catalog, row, in.Format); err != nil {
			return nil, err
		}
	}
	if err := c.notTaken(read); err != nil {
		return nil, err
	}
	by := c.Actor
	b := &intakeBatch{Call: c}
	out, err := b.run([]receiveItem{{ReceiveSignals: read.in}})
	c.Actor = by // intake acts as the source
	if err != nil {
		return nil, err
	}
	s.Status, s.Why, s.Results = muster.RejectedReplayed, read.rest, nil
	var told []muster.AlertID
	for _, r := range out[0] {
		s.Results = append(s.Results, muster.ReplayedSignal(r))
		if r.Alert == "" || slices.Contains(told, r.Alert) {
			continue
		}
		told = append(told, r.Alert)
		a, err := c.Alert(r.Alert)
		if err != nil {
			return nil, err
		}
		e := c.alertEntry(a, muster.EntryAlert, fmt.Sprintf("%s replayed what came from %s at %s and could not be read then",
			by.Name, c.sourceTitle(s.Source), read.at.UTC().Format("2006-01-02 15:04 UTC")))
		if err := c.AppendEntries([]*muster.Entry{e}); err != nil {
			return nil, err
		}
		c.emitEntry(e)
	}
	return s, c.settle(s, "replay signal")
}

// notTaken leaves what was taken when the request came out of what was read from it again: a condition that is over would
// open an alert once more, and its end would end the one that is open now. Signals are the same that tell the same of the
// same condition, by the source's document of today.
func (c *Call) notTaken(read *readAgain) error {
	if read.of == "" {
		return nil
	}
	type told struct {
		fp    muster.Fingerprint
		state muster.SignalState
	}
	src := c.Snap.Catalog.Sources[read.in.Source]
	tells := func(s *muster.Signal) told { return told{route.Fingerprint(s, src), s.State} }
	taken := map[told]bool{}
	rows, err := c.RequestSignals(read.of)
	if err != nil {
		return err
	}
	for i := range rows {
		if rows[i].Signal.State != "" { // else it is what could not be read
			taken[tells(&rows[i].Signal)] = true
		}
	}
	rest := make([]muster.Signal, 0, len(read.in.Signals))
	for i := range read.in.Signals {
		if s := &read.in.Signals[i]; !taken[tells(s)] {
			rest = append(rest, *s)
		}
	}
	if len(rest) == 0 && read.rest != "" {
		return muster.Errorf(muster.ErrInvalid, "Nothing more can be read of it than when it came: %s", read.rest)
	}
	if len(rest) == 0 {
		return muster.Errorf(muster.ErrConflict, "All that can be read of it was taken when it came: dismiss it.")
	}
	read.in.Signals = rest
	return nil
}

func (c *Call) sourceTitle(name muster.SourceName) string {
	if d := c.Snap.Catalog.Sources[name]; d != nil && d.Title != "" {
		return d.Title
	}
	return string(name)
}

func (c *Call) dismissSignal(in DismissSignal) (*muster.RejectedSignal, error) {
	s, err := unsettled(c.Tx, in.Signal)
	if err != nil {
		return nil, err
	}
	if in.Why == "" {
		return nil, muster.Invalid("It was not dismissed", []muster.FieldError{{Path: "why", Message: "say why it is of no use: somebody may look for what it told"}})
	}
	s.Status, s.Why = muster.RejectedDismissed, muster.CleanText(in.Why, 500)
	return s, c.settle(s, "dismiss signal")
}

// settle writes what became of a rejected signal.
func (c *Call) settle(s *muster.RejectedSignal, what string) error {
	by := c.Actor.By()
	s.SettledAt, s.SettledBy = c.Now(), &by
	if err := c.UpdateRejected(s); err != nil {
		return err
	}
	facts := map[string]string{"source": string(s.Source)}
	if s.Why != "" {
		facts["why"] = s.Why
	}
	c.Emit(store.Event{Topic: "now", Parts: []string{"rejected"}})
	return c.audit(what, string(s.ID), facts)
}
