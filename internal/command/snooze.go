package command

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// SnoozeAlert puts an alert off: the person has it until a moment, then it pages again.
type SnoozeAlert struct {
	Alert muster.AlertID  `json:"alert" path:"alert" arg:"1" doc:"the alert's ID"`
	For   muster.Duration `json:"for,omitempty" doc:"how long: 30m, 1h"`
	Until string          `json:"until,omitempty" doc:"until when instead: a time like 09:00 in your zone, or 2026-12-24T09:00"`
	Note  string          `json:"note,omitempty" arg:"rest" doc:"a word about it, for the timeline"`
}

// The shortest and the longest snooze. What must be quiet for longer has a silence, which says why.
const (
	minSnooze = time.Minute
	maxSnooze = 24 * time.Hour
)

var timeOfDay = regexp.MustCompile(`^([01]?[0-9]|2[0-3]):[0-5][0-9]$`)

// snoozeEnd reads when a snooze ends: a time of day is the next one on the person's clocks.
func (c *Call) snoozeEnd(in SnoozeAlert) (muster.Instant, error) {
	wrong := func(path, format string, args ...any) (muster.Instant, error) {
		return muster.Instant{}, muster.Invalid("The alert cannot be snoozed", []muster.FieldError{{Path: path, Message: fmt.Sprintf(format, args...)}})
	}
	path, text := "for", strings.TrimSpace(in.Until)
	var until muster.Instant
	switch {
	case text != "" && in.For != 0:
		return wrong("until", "say either for how long or until when")
	case text == "" && in.For == 0:
		return wrong("for", "say for how long, like 30m, or until when, like 09:00")
	case text == "":
		until = c.Now().Plus(in.For.Std())
	case timeOfDay.MatchString(text):
		path = "until"
		zone := c.zoneOf(c.Actor.User)
		if len(text) == 4 {
			text = "0" + text
		}
		for day := range 2 { // today's, or if that is over tomorrow's
			r, err := rota.Resolve(zone, c.Now().In(zone).AddDate(0, 0, day).Format(time.DateOnly)+"T"+text)
			if err != nil {
				return wrong(path, "%q is not a time", in.Until)
			}
			if until = r.At; until.After(c.Now().Time) {
				break
			}
		}
	default:
		path = "until"
		at, err := leaveTime(c.zoneOf(c.Actor.User), text, 0)
		if err != nil {
			return wrong(path, "%q is not a time: write it like 09:00 or 2026-12-24T09:00", muster.Clip(text, 30))
		}
		until = at
	}
	switch d := until.Sub(c.Now().Time); {
	case d < minSnooze:
		return wrong(path, "must be at least a minute from now")
	case d > maxSnooze+time.Hour: // a day on clocks that change
		return wrong(path, "at most a day: for longer, silence what is expected, with a reason")
	}
	return until, nil
}

func (c *Call) snoozeAlert(in SnoozeAlert) (*muster.Alert, error) {
	a, err := c.Alert(in.Alert)
	if err != nil {
		return nil, err
	}
	until, err := c.snoozeEnd(in)
	if err != nil {
		return nil, err
	}
	if err := c.prove(a, c.Actor.Name+" snoozed"); err != nil {
		return nil, err
	}
	if a.Status == muster.AlertResolved {
		return nil, muster.Errorf(muster.ErrConflict, "The alert %q is resolved already: there is nothing to put off.", a.Title)
	}
	switch e, err := c.EscalationOf(a.ID); {
	case err != nil:
		return nil, err
	case e == nil:
		return nil, muster.Errorf(muster.ErrConflict, "Nobody is paged about this alert: there is nothing to put off. Acknowledge it, or resolve it.")
	case a.Status == muster.AlertOpen && e.Policy.Acks > 1 && len(e.Acked) < e.Policy.Acks:
		return nil, muster.Errorf(muster.ErrConflict, "%d people have to acknowledge this alert, and %d did: it can be snoozed after that.", e.Policy.Acks, len(e.Acked))
	}
	if err := c.expertAnswers(a); err != nil {
		return nil, err
	}
	var r rows
	fresh := a.Status == muster.AlertOpen
	if err := c.answer(&r, a, until); err != nil {
		return nil, err
	}
	by := c.Actor.By()
	a.AcknowledgedBy, a.Snooze = &by, &muster.Snooze{By: by, Until: until}
	if !fresh {
		a.AcknowledgedAt = c.Now()
	}
	text := c.Actor.Name + " snoozed the alert until " + c.clockOf(c.Actor.User, until) + viaText(c.Actor)
	r.entries = append(r.entries, c.alertEntry(a, muster.EntryAlert, withNote(text, in.Note)))
	r.changed = append(r.changed, a)
	c.recordAnswer(muster.LedgerAcknowledged, a)
	if a.Incident != "" {
		if err := c.knownBy(a.Incident); err != nil {
			return nil, err
		}
	}
	return a, r.flush(c)
}
