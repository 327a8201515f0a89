package command

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
	"github.com/muster-oncall/muster/internal/store"
)

// MetaRestored is the mark of a restore that nobody has acted on yet: a [Restored] as JSON.
const MetaRestored = "restored"

// Restored says that an installation was made of a backup.
type Restored struct {
	To    muster.Instant `json:"to"`              // everything is as it was then
	At    muster.Instant `json:"at"`              // when it was restored
	After muster.AlertID `json:"after,omitempty"` // alerts from here on are done: the newest come first
}

// atRestore is how many alerts are paged again in one transaction.
const atRestore = 50

// AfterRestore pages the open alerts of an installation that was made of a backup once more, from the first step, with a
// word about it in the page and in the timeline, and tells the admins (I39): pages that went out after the backup may
// have reached somebody, and nobody knows. It goes on where a crash left it, and once for all nodes. Without a mark it
// does nothing.
func (c *Commands) AfterRestore(ctx context.Context) error {
	for {
		mark, err := c.Recall(ctx, MetaRestored)
		if err != nil || mark == "" {
			return err
		}
		if err := c.do(ctx, "AfterRestore", muster.Engine(), func(call *Call) error { return call.afterRestore() }); err != nil {
			return err
		}
	}
}

// afterRestore takes the next alerts. The catalog's head is locked, so that one node at a time does it.
func (c *Call) afterRestore() error {
	if _, err := c.LockHead(); err != nil {
		return err
	}
	text, err := c.Meta(MetaRestored)
	if err != nil || text == "" {
		return err
	}
	var r Restored
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return fmt.Errorf("the mark of the restore cannot be read: %w", err)
	}
	alerts, err := c.Alerts(store.AlertFilter{Status: []muster.AlertStatus{muster.AlertOpen}, List: store.List{Limit: atRestore, After: string(r.After)}})
	if err != nil {
		return err
	}
	if r.After == "" {
		if err := c.tellRestored(r); err != nil {
			return err
		}
	}
	for _, a := range alerts {
		if err := c.pageAfterRestore(a.ID, r); err != nil {
			return fmt.Errorf("%s: %w", a.ID, err)
		}
		r.After = a.ID
	}
	if len(alerts) < atRestore {
		return c.SetMeta(MetaRestored, "")
	}
	next, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return c.SetMeta(MetaRestored, string(next))
}

// to is the moment in words that everybody reads alike.
func (r Restored) to() string { return r.To.UTC().Format("2 Jan 2006 15:04:05 UTC") }

// pageAfterRestore pages an alert anew. What was on its way at the time of the backup is not sent besides.
func (c *Call) pageAfterRestore(ref muster.AlertID, r Restored) error {
	a, err := c.Alert(ref)
	if err != nil || a.Status != muster.AlertOpen {
		return err
	}
	e, err := c.EscalationOf(a.ID)
	if err != nil || e == nil || e.Status == muster.EscalationEnded || e.Status == muster.EscalationPaused {
		return err // a silence or triage holds it: it has its own end
	}
	pages, err := c.PagesOf(a.ID)
	if err != nil {
		return err
	}
	var over []*muster.Page
	for _, p := range pages {
		if p.Escalation != "" && (p.State == muster.PageStarted || p.State == muster.PageUnknown) { // what a person asked for goes on
			p.State, p.Detail = muster.PageCancelled, "Muster was restored from a backup: the alert is paged anew"
			over = append(over, p)
		}
	}
	if err := c.UpdatePages(over); err != nil {
		return err
	}
	because := "Muster was restored from a backup as of " + r.to() + ", and what was sent after that may have reached you already"
	var rows rows
	rows.entries = append(rows.entries, c.alertEntry(a, muster.EntryAlert, "Muster was restored from a backup as of "+r.to()+
		". Pages that went out after that may have reached people, and nothing is known of what they did: the alert is paged once more"))
	if err := c.step(&rows, a, escalate.Event{Kind: escalate.Again, Because: because}); err != nil {
		return err
	}
	rows.changed = append(rows.changed, a)
	return rows.flush(c)
}

// tellRestored tells every admin, and writes it into the security log.
func (c *Call) tellRestored(r Restored) error {
	for _, name := range c.admins() {
		if err := c.notify(muster.Notice{
			Person: name, Kind: muster.NoticeRestored, Title: "Muster was restored to " + r.to(),
			Text: "Whatever happened after that is gone: alerts, acknowledgements, edits, revoked keys. Open alerts are paged once more; " +
				"pages that went out since may have reached people.",
			Key: "restored/" + r.At.UTC().Format(time.RFC3339Nano),
		}); err != nil {
			return err
		}
	}
	return c.audit("restored from a backup", r.to(), nil)
}
