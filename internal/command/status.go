package command

import (
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/lifecycle"
	"github.com/muster-oncall/muster/internal/store"
)

// StatusText is a word about what customers see: the seed's @StatusPage open, update and close.
type StatusText struct {
	Text string          `json:"text,omitempty" arg:"rest" doc:"what to say"`
	In   muster.Duration `json:"in,omitempty" doc:"when the next update follows: 30m"`
}

// StatusChange says what a status command did.
type StatusChange struct {
	Incident *muster.Incident     `json:"incident"`
	Update   *muster.StatusUpdate `json:"update"`
	Declared bool                 `json:"declared"`  // a new incident
	Promised muster.Duration      `json:"promised"`  // until the next update; 0 with a final one
	Default  bool                 `json:"defaulted"` // the promise was filled in
	Resolved bool                 `json:"resolved"`  // the incident itself is over too
}

// noOpenIncident is the original bot's answer, word for word.
const noOpenIncident = "There is no open incident right now."

// openStatus declares a public incident if none is open, else adds to the newest open one.
func (c *Call) openStatus(in StatusText) (*StatusChange, error) {
	inc, err := c.newestOpen(false)
	if err != nil {
		return nil, err
	}
	out := &StatusChange{}
	text := strings.TrimSpace(in.Text)
	if inc == nil {
		title := muster.Clip(firstLine(text), 120)
		if title == "" {
			title = "Something is wrong"
		}
		if inc, err = c.declareIncident(DeclareIncident{Title: title, Public: true}); err != nil {
			return nil, err
		}
		inc.FromPage, out.Declared = true, true
	}
	if text == "" {
		text = "We know that something is wrong and are looking into it."
	}
	inc.OffPageAt = muster.Instant{}
	return out, c.statusUpdate(out, inc, text, in.In, false)
}

func (c *Call) updateStatus(in StatusText) (*StatusChange, error) {
	inc, err := c.newestOpen(true)
	if err != nil {
		return nil, err
	}
	if inc == nil {
		return nil, muster.Errorf(muster.ErrConflict, noOpenIncident)
	}
	text := strings.TrimSpace(in.Text)
	if text == "" {
		return nil, muster.Invalid("The update is empty", []muster.FieldError{{Path: "text", Message: "say what is known"}})
	}
	out := &StatusChange{}
	return out, c.statusUpdate(out, inc, text, in.In, false)
}

// closeStatus posts the last update. An incident that was declared by opening it on the page is resolved
// with it.
func (c *Call) closeStatus(in StatusText) (*StatusChange, error) {
	inc, err := c.newestOpen(true)
	if err != nil {
		return nil, err
	}
	if inc == nil {
		return nil, muster.Errorf(muster.ErrConflict, noOpenIncident)
	}
	text := strings.TrimSpace(in.Text)
	if text == "" {
		text = "It works again."
	}
	out := &StatusChange{}
	inc.OffPageAt = c.Now()
	if err := c.statusUpdate(out, inc, text, 0, true); err != nil {
		return nil, err
	}
	end := stateChange(lifecycle.Mitigate)
	if out.Resolved = inc.FromPage; out.Resolved {
		end = lifecycle.Resolve
	}
	next, changed, err := end(*inc, c.Now())
	if err != nil || !changed {
		return out, err
	}
	*inc = next
	if err := c.save(inc, c.incidentEntry(inc, muster.EntryIncident, c.Actor.Name+" closed the incident on the status page: it is "+string(inc.Status))); err != nil {
		return nil, err
	}
	out.Incident = inc
	if out.Resolved {
		if err := c.endAlerts(inc); err != nil {
			return nil, err
		}
	}
	return out, c.publish(inc)
}

func (c *Call) statusUpdate(out *StatusChange, inc *muster.Incident, text string, in muster.Duration, final bool) error {
	post := PostStatusUpdate{Known: text, Audience: muster.AudiencePublic, Final: final}
	if !final {
		if in == 0 {
			in, out.Default = c.defaultPromise(), true
		}
		post.NextUpdateBy = c.Now().Plus(in.Std())
		out.Promised = in
	}
	if wrong := c.checkUpdate(post); len(wrong) > 0 {
		return muster.Invalid("The update cannot be posted", wrong)
	}
	u, err := c.post(inc, post)
	out.Incident, out.Update = inc, u
	return err
}

// defaultPromise is the promise of the first public page of the catalog.
func (c *Call) defaultPromise() muster.Duration {
	for _, d := range c.Snap.Catalog.Documents(muster.KindStatusPages) {
		if sp, ok := d.(*muster.StatusPage); ok && sp.Audience == muster.AudiencePublic && sp.Promise > 0 {
			return sp.Promise
		}
	}
	return muster.Duration(muster.DefaultPromise)
}

// newestOpen finds the newest incident that is not over, preferring one that is public already; nil if there is none.
func (c *Call) newestOpen(publicFirst bool) (*muster.Incident, error) {
	open, err := c.Incidents(store.IncidentFilter{
		Status: []muster.IncidentStatus{muster.IncidentOpen, muster.IncidentMitigated}, List: store.List{Limit: 50},
	})
	if err != nil {
		return nil, err
	}
	var pick *muster.Incident
	for _, i := range open {
		if publicFirst && !i.OffPageAt.IsZero() {
			continue // closed on the page
		}
		if pick == nil || (publicFirst && i.Public && !pick.Public) {
			pick = i
		}
	}
	if pick == nil {
		return nil, nil
	}
	return c.Incident(pick.ID) // locks the row
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return strings.TrimSpace(line)
}
