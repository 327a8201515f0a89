package command

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// formatHeartbeat is the format under which signals about heartbeats are kept.
const formatHeartbeat = "heartbeat"

// stall is how late a timer may fire before Muster itself is to blame: then signs of life may have been lost, too.
const stall = 30 * time.Second

// againLate is the least time between two signals about a heartbeat that stays away: they are appended to the alert, and
// open it again when somebody resolved it by hand.
const againLate = 15 * time.Minute

// longestLenience bounds how much of its interval a heartbeat gets once more after Muster itself was away.
const longestLenience = time.Hour

// Beat is a sign of life of another system.
type Beat struct {
	Source muster.SourceName
	Name   string
	Failed bool   // the system says itself that something is wrong
	Text   string // what it says about it
}

// BeatResult says what became of it.
type BeatResult struct {
	muster.Pulse
	Alert muster.AlertID `json:"alert,omitempty"` // that it opened or resolved
}

// heartbeatRef is what the timers of a heartbeat are about.
func heartbeatRef(source muster.SourceName, name string) string {
	return muster.DocRef(muster.KindSources, string(source)) + "#" + name
}

// Beat notes a sign of life and answers after the commit. One that reports a failure alerts at once; any other ends the alert.
func (c *Commands) Beat(ctx context.Context, in Beat) (out BeatResult, err error) {
	err = c.write(ctx, store.LaneIntake, "Beat", muster.Engine(), func(call *Call) (err error) {
		out, err = call.beat(in)
		return err
	})
	return out, err
}

func (c *Call) beat(in Beat) (BeatResult, error) {
	src := c.Snap.Catalog.Sources[in.Source]
	var h *muster.Heartbeat
	if src != nil {
		h = src.Heartbeat(in.Name)
	}
	if h == nil {
		return BeatResult{}, noHeartbeat(src, in.Name)
	}
	ref := heartbeatRef(in.Source, in.Name)
	// Timers before rows, as when a timer fires: else two could wait for each other.
	if err := c.DeleteTimersOf(ref, muster.TimerHeartbeat); err != nil {
		return BeatResult{}, err
	}
	p, err := c.Pulse(in.Source, in.Name)
	if err != nil {
		return BeatResult{}, err
	}
	if p == nil {
		p = &muster.Pulse{Source: in.Source, Name: in.Name, Status: muster.HeartbeatWaiting, Since: c.Now()}
	}
	was := *p
	p.LastSeen, p.DueAt = c.Now(), c.Now().Plus(h.Allowance())
	next := muster.HeartbeatOK
	if in.Failed {
		next = muster.HeartbeatFailed
	}
	if next != p.Status {
		p.Status, p.Since = next, c.Now()
		c.Emit(store.Event{Topic: "now", Parts: []string{"heartbeats"}})
	}
	if err := c.PutPulse(p); err != nil {
		return BeatResult{}, err
	}
	if err := c.armHeartbeat(ref, p.DueAt); err != nil {
		return BeatResult{}, err
	}
	out := BeatResult{Pulse: *p}
	switch {
	case in.Failed:
		out.Alert, err = c.signalHeartbeat(src, h, muster.SignalFiring, failedText(in.Text), in.Text)
	case was.Trouble():
		out.Alert, err = c.signalHeartbeat(src, h, muster.SignalResolved, "It gave a sign of life again.", "")
	}
	return out, err
}

func failedText(text string) string {
	if text = muster.CleanText(text, 2000); text != "" {
		return "It reported a failure:\n" + text
	}
	return "It reported a failure."
}

// noHeartbeat says that a source has no heartbeat of that name, and which one may be meant.
func noHeartbeat(src *muster.Source, name string) error {
	if src == nil {
		return muster.Errorf(muster.ErrNotFound, "There is no such source any more.")
	}
	var names []string
	for i := range src.Heartbeats {
		names = append(names, src.Heartbeats[i].Name)
	}
	if len(names) == 0 {
		return muster.Errorf(muster.ErrNotFound, "The source %s has no heartbeats: declare them in its document, in Settings.", src.Name)
	}
	return muster.Errorf(muster.ErrNotFound, "The source %s has no heartbeat called %q%s.", src.Name, muster.Clip(name, 60),
		cmp.Or(orDidYouMean(name, names), "; declare it in the source's document, in Settings"))
}

func (c *Call) armHeartbeat(ref string, due muster.Instant) error {
	timers := []muster.Timer{{ID: id[muster.TimerID](c), Kind: muster.TimerHeartbeat, Ref: ref, DueAt: due}}
	c.emitTimers(timers)
	return c.InsertTimers(timers)
}

// signalHeartbeat takes a signal about a heartbeat as if its source had sent it: routes, silences and policies are the same.
func (c *Call) signalHeartbeat(src *muster.Source, h *muster.Heartbeat, state muster.SignalState, text, raw string) (muster.AlertID, error) {
	s := muster.Signal{
		State: state, Title: cmp.Or(h.Title, "No sign of life of "+h.Name), Summary: text, Severity: cmp.Or(h.Severity, muster.SeverityMajor),
		Impact: muster.Unknown, Action: muster.Unknown, Service: cmp.Or(h.Service, src.Service), DetectedAt: c.Now(), DetectedBy: src.DetectedBy,
		Triage: src.Triage, Labels: map[string]string{"heartbeat": h.Name}, Identity: []string{"heartbeat"},
	}
	if s.DetectedBy == "" {
		s.DetectedBy = muster.DetectedByMonitoring
	}
	it := receiveItem{ReceiveSignals: ReceiveSignals{Source: src.Name, Format: formatHeartbeat, Signals: []muster.Signal{s}}}
	if raw != "" {
		it.Raw = []byte(raw)
	}
	it.identify(c.Snap)
	call := *c // which becomes the source's
	res, err := (&intakeBatch{Call: &call}).run([]receiveItem{it})
	if err != nil {
		return "", err
	}
	return res[0][0].Alert, nil
}

// fireHeartbeat looks whether a sign of life is late. When Muster itself was away at that moment, signs of life were lost with
// it: then the system gets another while, and nobody is alarmed about our own outage.
func (c *Call) fireHeartbeat(t *muster.Timer) error {
	src, h := c.heartbeatOf(t.Ref)
	if h == nil {
		return nil
	}
	p, err := c.Pulse(src.Name, h.Name)
	if err != nil || p == nil {
		return err
	}
	if p.DueAt.After(c.Now().Time) { // it came meanwhile
		return c.rearm(t, p.DueAt)
	}
	if !p.Trouble() && c.Now().Sub(t.DueAt.Time) > stall {
		return c.forgive(p, h)
	}
	if !p.Trouble() {
		p.Status, p.Since = muster.HeartbeatLate, c.Now()
		c.Emit(store.Event{Topic: "now", Parts: []string{"heartbeats"}})
	}
	p.DueAt = c.Now().Plus(max(h.Every.Std(), againLate))
	if err := c.PutPulse(p); err != nil {
		return err
	}
	if err := c.rearm(t, p.DueAt); err != nil {
		return err
	}
	text := "It has never given a sign of life; one was expected every " + h.Every.String() + "."
	if !p.LastSeen.IsZero() {
		text = "Its last sign of life was at " + p.LastSeen.UTC().Format("2006-01-02 15:04:05 UTC") + "; one was expected every " + h.Every.String() + "."
	}
	_, err = c.signalHeartbeat(src, h, muster.SignalFiring, text, "")
	return err
}

// forgive lets the deadline of a heartbeat count from now, for one grace and what is left of an hour of its interval.
func (c *Call) forgive(p *muster.Pulse, h *muster.Heartbeat) error {
	p.DueAt = c.Now().Plus(h.Patience() + min(h.Every.Std(), longestLenience))
	if err := c.PutPulse(p); err != nil {
		return err
	}
	ref := heartbeatRef(p.Source, p.Name)
	if err := c.DeleteTimersOf(ref, muster.TimerHeartbeat); err != nil {
		return err
	}
	return c.armHeartbeat(ref, p.DueAt)
}

// heartbeatOf is what a timer is about, nil when it is not declared any more.
func (c *Call) heartbeatOf(ref string) (*muster.Source, *muster.Heartbeat) {
	_, rest, _ := muster.SplitDocRef(ref)
	for i := range rest {
		if rest[i] == '#' {
			if src := c.Snap.Catalog.Sources[muster.SourceName(rest[:i])]; src != nil {
				return src, src.Heartbeat(rest[i+1:])
			}
		}
	}
	return nil, nil
}

// followHeartbeats does what a change of a source means for its heartbeats: new ones count from now, those that are gone
// are forgotten and their alerts end, and a changed interval counts from the last sign of life.
func (c *Call) followHeartbeats(ch docChange) error {
	was := c.Snap.Catalog.Sources[muster.SourceName(ch.name)]
	next, _ := ch.doc.(*muster.Source)
	if was != nil {
		for i := range was.Heartbeats {
			h := &was.Heartbeats[i]
			if next != nil && next.Heartbeat(h.Name) != nil {
				continue
			}
			if err := c.dropHeartbeat(was, h); err != nil {
				return err
			}
		}
	}
	if next == nil {
		return nil
	}
	for i := range next.Heartbeats {
		h := &next.Heartbeats[i]
		if was != nil {
			if old := was.Heartbeat(h.Name); old != nil && old.Every == h.Every && old.Grace == h.Grace {
				continue
			}
		}
		if err := c.startHeartbeat(next.Name, h); err != nil {
			return err
		}
	}
	return nil
}

func (c *Call) dropHeartbeat(src *muster.Source, h *muster.Heartbeat) error {
	ref := heartbeatRef(src.Name, h.Name)
	if err := c.DeleteTimersOf(ref, muster.TimerHeartbeat); err != nil {
		return err
	}
	p, err := c.Pulse(src.Name, h.Name)
	if err != nil || p == nil {
		return err
	}
	if err := c.DeletePulse(src.Name, h.Name); err != nil || !p.Trouble() {
		return err
	}
	_, err = c.signalHeartbeat(src, h, muster.SignalResolved, "The heartbeat is not declared any more.", "")
	return err
}

func (c *Call) startHeartbeat(source muster.SourceName, h *muster.Heartbeat) error {
	ref := heartbeatRef(source, h.Name)
	if err := c.DeleteTimersOf(ref, muster.TimerHeartbeat); err != nil {
		return err
	}
	p, err := c.Pulse(source, h.Name)
	if err != nil {
		return err
	}
	if p == nil {
		p = &muster.Pulse{Source: source, Name: h.Name, Status: muster.HeartbeatWaiting, Since: c.Now()}
	}
	from := p.Since
	if !p.LastSeen.IsZero() {
		from = p.LastSeen
	}
	p.DueAt = from.Plus(h.Allowance())
	if least := c.Now().Plus(h.Patience()); p.DueAt.Before(least.Time) { // a shorter interval alarms nobody at once
		p.DueAt = least
	}
	if err := c.PutPulse(p); err != nil {
		return err
	}
	return c.armHeartbeat(ref, p.DueAt)
}

// ArmHeartbeats sets the timers of heartbeats when this node starts. A sign of life that was expected while nobody was there
// to take it counts from now: see [Call.forgive].
func (c *Commands) ArmHeartbeats(ctx context.Context) error {
	var names []muster.SourceName
	for name, src := range c.Live.Current().Catalog.Sources {
		if len(src.Heartbeats) > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		err := c.do(ctx, "ArmHeartbeats", muster.Engine(), func(call *Call) error { return call.armHeartbeats(name) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Call) armHeartbeats(source muster.SourceName) error {
	src := c.Snap.Catalog.Sources[source]
	if src == nil {
		return nil
	}
	for i := range src.Heartbeats {
		h := &src.Heartbeats[i]
		p, err := c.Pulse(source, h.Name)
		if err != nil {
			return err
		}
		timers, err := c.TimersOf(heartbeatRef(source, h.Name))
		if err != nil {
			return err
		}
		switch {
		case p == nil || len(timers) == 0:
			err = c.startHeartbeat(source, h)
		case !p.Trouble() && !p.DueAt.Plus(-h.Patience()).After(c.Now().Time):
			err = c.forgive(p, h)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
