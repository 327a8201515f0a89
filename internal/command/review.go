package command

import (
	"fmt"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/lifecycle"
	"github.com/muster-oncall/muster/internal/store"
)

// reviewDue is how long after the resolution a review should be held: within 36 hours, while people remember.
const reviewDue = 36 * time.Hour

// openReview drafts the review of an incident out of its timeline. A draft from before the incident was reopened is made
// anew when it is over again: findings, action items and what people wrote stay.
func (c *Call) openReview(in OneIncident) (*muster.Review, error) {
	inc, err := c.incident(in.Incident)
	if err != nil {
		return nil, err
	}
	over := inc.Status == muster.IncidentResolved || inc.Status == muster.IncidentClosed
	var old *muster.Review
	if inc.Review != "" {
		if old, err = c.Review(inc.Review); err != nil {
			return nil, err
		}
		if !over || old.Status == muster.ReviewPublished || !inc.ResolvedAt.After(old.OpenedAt.Time) {
			return old, nil
		}
	}
	if !over {
		return nil, muster.Errorf(muster.ErrConflict, "%s is still %s: resolve it first, then look back at it.", inc.Key, inc.Status)
	}
	rev, err := c.draft(inc)
	if err != nil {
		return nil, err
	}
	did, write := "opened the review", c.InsertReview
	if old != nil {
		did, write = "brought the review up to date", c.UpdateReview
		rev.ID, rev.Version, rev.WentWell, rev.Findings, rev.ActionItems = old.ID, old.Version+1, old.WentWell, old.Findings, old.ActionItems
		if old.Version > 1 { // people worked on it: their words stay
			rev.Summary = old.Summary
		}
		if err := c.DeleteTimersOf(string(rev.ID), muster.TimerReviewRemind); err != nil {
			return nil, err
		}
		c.Emit(store.Event{Topic: "review:" + string(rev.ID), Parts: []string{"review"}})
	}
	inc.Review = rev.ID
	if err := write(rev); err != nil {
		return nil, err
	}
	if rev.DueAt.After(c.Now().Time) {
		if err := c.remindOf(rev, rev.DueAt); err != nil {
			return nil, err
		}
	}
	rev.Created = old == nil
	return rev, c.save(inc, c.incidentEntry(inc, muster.EntryReview, c.Actor.Name+" "+did))
}

// draft makes a review with an identifier of its own; nothing is written.
func (c *Call) draft(inc *muster.Incident) (*muster.Review, error) {
	entries, err := c.Timeline(store.TimelineFilter{Incident: inc.ID, Limit: 1000})
	if err != nil {
		return nil, err
	}
	alerts, err := c.Alerts(store.AlertFilter{Incident: inc.ID, List: store.List{Limit: 200}})
	if err != nil {
		return nil, err
	}
	updates, err := c.Updates(inc.ID)
	if err != nil {
		return nil, err
	}
	facts := lifecycle.Facts{Alerts: flat(alerts), Entries: flat(entries), Updates: flat(updates), Person: c.Snap.Catalog.DisplayName}
	rev := lifecycle.Draft(*inc, facts, c.Actor.By(), c.Now())
	rev.ID = id[muster.ReviewID](c)
	rev.DueAt = inc.ResolvedAt.Plus(reviewDue)
	return &rev, nil
}

func (c *Call) remindOf(rev *muster.Review, due muster.Instant) error {
	t := muster.Timer{ID: id[muster.TimerID](c), Kind: muster.TimerReviewRemind, Ref: string(rev.ID), DueAt: due}
	c.emitTimers([]muster.Timer{t})
	return c.InsertTimers([]muster.Timer{t})
}

func flat[T any](in []*T) []T {
	out := make([]T, len(in))
	for i, v := range in {
		out[i] = *v
	}
	return out
}

// OneReview names a review.
type OneReview struct {
	Review muster.ReviewID `json:"review" path:"review" arg:"1" doc:"the review's ID"`
}

// EditReview changes the free text of a review. Version is the one that was read.
type EditReview struct {
	Review   muster.ReviewID `json:"review" path:"review" arg:"1" doc:"the review's ID"`
	Version  int             `json:"version" doc:"the version that you read"`
	Summary  *string         `json:"summary,omitempty" doc:"what happened, in a paragraph"`
	WentWell *string         `json:"went_well,omitempty" doc:"what went well"`
}

func (c *Call) editReview(in EditReview) (*muster.Review, error) {
	rev, err := c.Review(in.Review)
	if err != nil {
		return nil, err
	}
	if in.Version != rev.Version {
		return nil, muster.Errorf(muster.ErrPrecondition, "Somebody changed the review since you read it (version %d, now %d). Read it again and make your change on that.", in.Version, rev.Version)
	}
	for _, f := range []struct {
		to   *string
		from *string
	}{{&rev.Summary, in.Summary}, {&rev.WentWell, in.WentWell}} {
		if f.from != nil {
			if len(*f.from) > 64<<10 {
				return nil, muster.Invalid("The text is too long", []muster.FieldError{{Path: "summary", Message: "at most 64 KiB"}})
			}
			*f.to = *f.from
		}
	}
	return rev, c.saveReview(rev)
}

func (c *Call) saveReview(rev *muster.Review) error {
	rev.Version++
	c.Emit(store.Event{Topic: "review:" + string(rev.ID), Parts: []string{"review"}})
	return c.UpdateReview(rev)
}

// AddFinding writes down what was learned.
type AddFinding struct {
	Review muster.ReviewID `json:"review" path:"review" arg:"1" doc:"the review's ID"`
	Text   string          `json:"text" arg:"rest" doc:"what was learned"`
}

func (c *Call) addFinding(in AddFinding) (*muster.Review, error) {
	rev, err := c.Review(in.Review)
	if err != nil {
		return nil, err
	}
	if in.Text = strings.TrimSpace(in.Text); in.Text == "" {
		return nil, muster.Invalid("The finding is empty", []muster.FieldError{{Path: "text", Message: "say what was learned"}})
	}
	rev.Findings = append(rev.Findings, muster.Finding{ID: id[muster.FindingID](c), Text: muster.Clip(in.Text, 2000), By: c.Actor.By(), At: c.Now()})
	return rev, c.saveReview(rev)
}

// AddActionItem adds an owned improvement.
type AddActionItem struct {
	Review muster.ReviewID `json:"review" path:"review" arg:"1" doc:"the review's ID"`
	Text   string          `json:"text" arg:"rest" doc:"what will be better"`
	Owner  muster.UserName `json:"owner,omitempty" doc:"who sees to it; you when empty"`
	Due    string          `json:"due,omitempty" doc:"by which day: 2026-12-04"`
}

func (c *Call) addActionItem(in AddActionItem) (*muster.Review, error) {
	rev, err := c.Review(in.Review)
	if err != nil {
		return nil, err
	}
	if in.Owner == "" {
		in.Owner = c.Actor.User
	}
	var wrong []muster.FieldError
	if in.Text = strings.TrimSpace(in.Text); in.Text == "" {
		wrong = append(wrong, muster.FieldError{Path: "text", Message: "say what will be better"})
	}
	if in.Owner != "" && c.Snap.Catalog.Users[in.Owner] == nil {
		wrong = append(wrong, muster.FieldError{Path: "owner", Message: fmt.Sprintf("there is no person called %q", in.Owner)})
	}
	if in.Due != "" {
		if _, err := time.Parse(time.DateOnly, in.Due); err != nil {
			wrong = append(wrong, muster.FieldError{Path: "due", Message: "write a day like 2026-12-04"})
		}
	}
	if len(wrong) > 0 {
		return nil, muster.Invalid("The action item is not right", wrong)
	}
	rev.ActionItems = append(rev.ActionItems, muster.ActionItem{
		ID: id[muster.ActionItemID](c), Text: muster.Clip(in.Text, 500), Owner: in.Owner, Due: in.Due, By: c.Actor.By(), At: c.Now(),
	})
	return rev, c.saveReview(rev)
}

// FinishActionItem says that an improvement is done.
type FinishActionItem struct {
	Review muster.ReviewID     `json:"review" path:"review" arg:"1" doc:"the review's ID"`
	Item   muster.ActionItemID `json:"item" path:"item" arg:"2" doc:"the action item's ID"`
}

func (c *Call) finishActionItem(in FinishActionItem) (*muster.Review, error) {
	rev, err := c.Review(in.Review)
	if err != nil {
		return nil, err
	}
	for i := range rev.ActionItems {
		if rev.ActionItems[i].ID == in.Item {
			if rev.ActionItems[i].Done {
				return rev, nil
			}
			rev.ActionItems[i].Done = true
			return rev, c.saveReview(rev)
		}
	}
	return nil, muster.Errorf(muster.ErrNotFound, "The review has no such action item.")
}

// PublishReview shows the review to everybody: the incident's analysis is over, readiness begins.
func (c *Call) publishReview(in OneReview) (*muster.Review, error) {
	rev, err := c.Review(in.Review)
	if err != nil {
		return nil, err
	}
	if rev.Status == muster.ReviewPublished {
		return rev, nil
	}
	inc, err := c.Incident(rev.Incident)
	if err != nil {
		return nil, err
	}
	rev.Status, rev.PublishedAt = muster.ReviewPublished, c.Now()
	if *inc, _, err = lifecycle.Published(*inc, c.Now()); err != nil {
		return nil, err
	}
	if err := c.DeleteTimersOf(string(rev.ID)); err != nil {
		return nil, err
	}
	if err := c.save(inc, c.incidentEntry(inc, muster.EntryReview, c.Actor.Name+" published the review")); err != nil {
		return nil, err
	}
	return rev, c.saveReview(rev)
}

func (c *Call) fireReviewRemind(t *muster.Timer) error {
	rev, err := c.Review(muster.ReviewID(t.Ref))
	if err != nil || rev.Status == muster.ReviewPublished {
		return err
	}
	inc, err := c.Incident(rev.Incident)
	if err != nil {
		return err
	}
	if inc.Status == muster.IncidentOpen || inc.Status == muster.IncidentMitigated { // reopened: first things first
		return c.remindOf(rev, c.Now().Plus(reviewDue))
	}
	return c.save(inc, c.machineEntry(inc, muster.EntryReview, "The review is not published yet: it was due 36 hours after the incident ended"))
}
