package query

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/catalog"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/store"
)

// PlanChange asks what a change of the catalog would do, before it is made.
type PlanChange struct {
	Documents string   `json:"documents,omitempty" raw:"yes" doc:"documents in YAML, divided by ---, or in JSON: those that would be applied"`
	Remove    []string `json:"remove,omitempty" doc:"documents that would be removed: rosters/web"`
	DaysAhead int      `json:"days_ahead,omitempty" doc:"compare who is on call for so many days: 45 when empty, 366 at most"`
	DaysBack  int      `json:"days_back,omitempty" doc:"play the alerts of so many days: 90 when empty, 365 at most"`
	Cursor    string   `json:"cursor,omitempty" doc:"next of the answer before: goes on with the alerts"`
}

// PlannedChange is what a change of the catalog would do. The alerts of the past are played a part at a time: as long as
// Next is set, ask again with it as the cursor. The consequences come with the first part alone.
type PlannedChange struct {
	Revision     muster.Revision    `json:"revision"` // of the catalog that the change was compared with
	Changes      []plan.Change      `json:"changes"`
	Consequences *plan.Consequences `json:"consequences"` // null in the parts that follow
	plan.Replayed
	Of      int      `json:"of"`      // alerts to be played in all
	Summary string   `json:"summary"` // of the first part, in a sentence; "" in the parts that follow
	Dangers []string `json:"dangers"` // what would be lost, in sentences; the worst first. None: the change may be written as it is
	Next    *string  `json:"next"`

	PolicyWarnings []plan.PolicyWarning `json:"policy_warnings"` // about policies, that the change brings
}

const (
	planAhead, maxAhead = 45, 366
	planBack, maxBack   = 90, 365
	planPart            = store.MaxPast // alerts in one answer
)

// draft is what a plan is made of.
type draft struct {
	edits    []catalog.Edit
	contacts plan.Contacts
	past     []plan.PastAlert
	next     string
	of       int
	now      muster.Instant
	before   *plan.Snapshot
}

// PlanChange compares the newest catalog with what it would be, and plays a part of the past through both. It writes
// nothing.
func (q *Queries) PlanChange(ctx context.Context, a muster.Actor, in PlanChange) (out PlannedChange, err error) {
	parsed, wrong := catalog.ParseText("documents", in.Documents)
	wrong = append(wrong, atMost("days_ahead", in.DaysAhead, maxAhead)...)
	wrong = append(wrong, atMost("days_back", in.DaysBack, maxBack)...)
	if len(wrong) == 0 && len(parsed) == 0 && len(in.Remove) == 0 {
		wrong = append(wrong, muster.FieldError{Path: "documents", Message: "say what is to change: documents, or the names of those to remove"})
	}
	if len(wrong) > 0 {
		return out, muster.Invalid("The change cannot be planned", wrong)
	}
	done, err := q.plan(ctx)
	if err != nil {
		return out, err
	}
	defer done()
	ctx, cancel := context.WithTimeout(ctx, planTime)
	defer cancel()
	if in.DaysAhead == 0 {
		in.DaysAhead = planAhead
	}
	if in.DaysBack == 0 {
		in.DaysBack = planBack
	}
	d, err := do(ctx, q, a, in, func(r *read, in PlanChange) (d draft, err error) { return r.draft(parsed, in) })
	if err != nil {
		return out, err
	}
	next := catalog.Draft(d.before.Catalog, d.edits)
	if wrong := catalog.Check(next, nil, d.before.Zones); len(wrong) > 0 {
		return out, muster.Invalid("The catalog would not be right", catalog.Locate(parsed, wrong))
	}
	if wrong := catalog.CheckViewers(d.before.Catalog, next); len(wrong) > 0 {
		return out, muster.Invalid("The catalog would not be right", catalog.Locate(parsed, wrong))
	}
	after, _ := plan.NewSnapshot(next, d.before.Zones) // it was checked
	out = PlannedChange{Revision: d.before.Catalog.Revision, Changes: plan.Diff(d.before.Catalog, next), Of: d.of}
	var c plan.Consequences
	if in.Cursor == "" {
		ahead, end := context.WithTimeout(ctx, planShare)
		c = plan.Judge(ahead, d.before, after, plan.Facts{Was: d.contacts, Is: d.contacts}, d.now, d.now.Plus(time.Duration(in.DaysAhead)*24*time.Hour))
		end()
		out.Consequences = &c
	}
	out.Replayed = replay(ctx, d, after)
	if errors.Is(ctx.Err(), context.Canceled) {
		return out, muster.WrapError(muster.ErrUnavailable, ctx.Err(), "The question was given up before it was answered.")
	}
	if out.Consequences != nil {
		out.Summary = plan.Summary(len(out.Changes), &c, &out.Replayed)
	}
	out.PolicyWarnings = freshWarnings(d.before, after, d.contacts)
	out.Dangers = some(plan.Dangers(d.before, &c, &out.Replayed))
	if d.next != "" {
		out.Next = &d.next
	}
	return out, nil
}

// freshWarnings are the warnings about policies that a change brings.
func freshWarnings(before, after *plan.Snapshot, contacts plan.Contacts) []plan.PolicyWarning {
	was := plan.PolicyWarnings(before, contacts)
	return some(slices.DeleteFunc(plan.PolicyWarnings(after, contacts), func(w plan.PolicyWarning) bool { return slices.Contains(was, w) }))
}

// maxPlanning is how many plans are made at a time, and planPatience how long another one waits for its turn. A plan of odd
// documents keeps a processor busy for long, and anybody may ask for one: so plans leave room for what pages people.
const (
	maxPlanning  = 2
	planPatience = 20 * time.Second
	planTime     = 15 * time.Second // for one answer; then it is told how far it was looked
	planShare    = 10 * time.Second // of it for the weeks to come: what is left is for the past
)

// plan waits for a turn to make a plan. Whoever gets one calls done after it.
func (q *Queries) plan(ctx context.Context) (done func(), err error) {
	wait, cancel := context.WithTimeout(ctx, planPatience)
	defer cancel()
	select {
	case q.planning <- struct{}{}:
		return func() { <-q.planning }, nil
	case <-wait.Done():
	}
	e := muster.Errorf(muster.ErrUnavailable, "Others are having changes planned at this moment. Try again in a minute.")
	e.RetryAfter = time.Minute
	return nil, e
}

func atMost(path string, n, most int) []muster.FieldError {
	if n >= 0 && n <= most {
		return nil
	}
	return []muster.FieldError{{Path: path, Message: fmt.Sprintf("must be between 1 and %d", most)}}
}

func (r *read) draft(parsed []catalog.Parsed, in PlanChange) (d draft, err error) {
	d.now, d.before = r.Now(), r.snap
	edits, wrong := catalog.Edits(r.cat, parsed, in.Remove)
	if len(wrong) > 0 {
		return d, muster.Invalid("The change cannot be planned", wrong)
	}
	d.edits = edits
	if d.contacts, err = catalog.Contacts(r); err != nil {
		return d, err
	}
	if in.Cursor != "" {
		_, err1 := muster.ParseID[muster.SignalID](in.Cursor)
		_, err2 := muster.ParseID[muster.AlertID](in.Cursor)
		if err1 != nil && err2 != nil {
			return d, muster.Invalid("The change cannot be planned", []muster.FieldError{{Path: "cursor", Message: "is not the next of an answer"}})
		}
	}
	since := d.now.Plus(-time.Duration(in.DaysBack) * 24 * time.Hour)
	if d.of, err = catalog.CountPast(r, since); err != nil {
		return d, err
	}
	d.past, d.next, err = catalog.Past(r, since, in.Cursor, planPart)
	return d, err
}

// replay plays the past in two halves at once.
func replay(ctx context.Context, d draft, after *plan.Snapshot) plan.Replayed {
	half := (len(d.past) + 1) / 2
	parts := [][]plan.PastAlert{d.past[:half], d.past[half:]}
	out := make([]plan.Replayed, len(parts))
	var all sync.WaitGroup
	for i, part := range parts {
		all.Go(func() {
			out[i] = plan.ReplayFacts(ctx, d.before, after, part, plan.Facts{Was: d.contacts, Is: d.contacts}, d.now)
		})
	}
	all.Wait()
	out[0].Add(out[1]) // the newest first
	return out[0]
}

// ListChanges asks for proposed changes of the catalog, newest first.
type ListChanges struct {
	Status muster.ProposalStatus `json:"status,omitempty" query:"status" doc:"only those: open, approved, rejected"`
	Limit  int                   `json:"limit,omitempty" query:"limit" doc:"at most so many: 50 when empty, 200 at most"`
	Cursor string                `json:"cursor,omitempty" query:"cursor" doc:"next of the page before"`
}

// OneChange names a proposed change.
type OneChange struct {
	Change muster.ProposalID `json:"change" path:"change" arg:"1" doc:"the proposal's ID"`
}

func (r *read) changes(in ListChanges) (out muster.Listing[muster.Proposal], err error) {
	p, err := pageOf[muster.ProposalID](in.Limit, in.Cursor)
	if err != nil {
		return out, err
	}
	f := store.ProposalFilter{List: p.list()}
	if in.Status != "" {
		wrong := words("status", []muster.ProposalStatus{in.Status}, muster.ProposalOpen, muster.ProposalApproved, muster.ProposalRejected)
		if len(wrong) > 0 {
			return out, muster.Invalid("The list cannot be read like this", wrong)
		}
		f.Status = []muster.ProposalStatus{in.Status}
	}
	rows, err := r.Proposals(f)
	if err != nil {
		return out, err
	}
	return muster.ListingOf(flat(rows), p.limit, func(p muster.Proposal) string { return string(p.ID) }), nil
}

func (r *read) change(in OneChange) (*muster.Proposal, error) {
	if _, err := muster.ParseID[muster.ProposalID](string(in.Change)); err != nil {
		return nil, err
	}
	p, err := r.Proposal(in.Change)
	if muster.CodeOf(err) == muster.ErrNotFound {
		return nil, muster.Errorf(muster.ErrNotFound, "There is no proposed change %s.", in.Change)
	}
	return p, err
}
