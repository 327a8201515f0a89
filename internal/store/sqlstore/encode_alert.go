package sqlstore

import (
	"slices"

	"github.com/muster-oncall/muster"
)

// What a new alert that pages somebody writes is written by hand, as signals are: its own JSON was an eighth of the work of
// the writer, for which everybody waits. Each function appends what json.Marshal gives.

func appendAlert(b []byte, a *muster.Alert) []byte {
	o := object{b: append(b, '{')}
	o.text("id", string(a.ID))
	o.text("status", string(a.Status))
	o.truth("triage", a.Triage)
	if a.Suppressed == nil {
		o.null("suppressed")
	} else {
		o.other("suppressed", a.Suppressed)
	}
	o.text("title", a.Title)
	o.text("summary", a.Summary)
	o.text("severity", string(a.Severity))
	o.text("urgency", string(a.Urgency))
	o.text("impact", a.Impact)
	o.text("action", a.Action)
	o.text("source", string(a.Source))
	o.text("service", string(a.Service))
	o.optional("policy", string(a.Policy))
	o.text("route", string(a.Route))
	o.text("fingerprint", string(a.Fingerprint))
	o.texts("labels", a.Labels)
	o.links(a.Links)
	o.text("detected_by", string(a.DetectedBy))
	o.optional("reporter", a.Reporter)
	o.instant("detected_at", a.DetectedAt)
	o.optional("claimed_at", a.ClaimedAt)
	o.instant("received_at", a.ReceivedAt)
	o.instant("last_signal_at", a.LastSignalAt)
	o.number("signals", int64(a.Signals))
	o.instant("acknowledged_at", a.AcknowledgedAt)
	o.by("acknowledged_by", a.AcknowledgedBy)
	o.instant("resolved_at", a.ResolvedAt)
	o.by("resolved_by", a.ResolvedBy)
	if len(a.Acks) > 0 {
		o.other("acks", a.Acks)
	}
	if a.AcksNeeded != 0 {
		o.number("acks_needed", int64(a.AcksNeeded))
	}
	if a.Snooze != nil {
		o.other("snooze", a.Snooze)
	}
	if a.Recorded {
		o.truth("recorded", true)
	}
	o.given("hold_until", a.HoldUntil)
	o.optional("group", string(a.Group))
	if a.Members != 0 {
		o.number("members", int64(a.Members))
	}
	if a.Exhausted {
		o.truth("exhausted", true)
	}
	o.optional("incident", string(a.Incident))
	o.optional("incident_key", string(a.IncidentKey))
	o.instant("next_wake_at", a.NextWakeAt)
	o.number("revision", int64(a.Revision))
	return append(o.b, '}')
}

// appendReasons appends a list that is not nil, or null.
func appendReasons(b []byte, reasons []muster.Reason) []byte {
	if reasons == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i := range reasons {
		if i > 0 {
			b = append(b, ',')
		}
		r := &reasons[i]
		o := object{b: append(b, '{')}
		o.text("kind", string(r.Kind))
		o.optional("ref", r.Ref)
		if r.Revision != 0 {
			o.number("revision", int64(r.Revision))
		}
		o.text("text", r.Text)
		if len(r.Facts) > 0 {
			o.texts("facts", r.Facts)
		}
		b = append(o.b, '}')
	}
	return append(b, ']')
}

// appendPage appends the body of a page, in which its life is empty.
func appendPage(b []byte, p *muster.Page) []byte {
	o := object{b: append(b, '{')}
	o.text("id", string(p.ID))
	o.text("alert", string(p.Alert))
	o.optional("escalation", string(p.Escalation))
	o.text("person", string(p.Person))
	o.text("method", p.Method)
	o.text("connector", string(p.Connector))
	o.text("contact", string(p.Contact))
	o.number("step", int64(p.Step))
	o.number("round", int64(p.Round))
	o.optional("repeats", string(p.Repeats))
	if len(p.Digest) > 0 {
		o.other("digest", p.Digest)
	}
	o.optional("service", string(p.Service))
	if p.Apart {
		o.truth("apart", true)
	}
	o.text("state", "")
	o.instant("planned_at", p.PlannedAt)
	for _, name := range []string{"due_at", "started_at", "accepted_at", "proved_at"} {
		o.null(name)
	}
	o.name("why")
	o.b = appendReasons(o.b, p.Why)
	o.number("revision", int64(p.Revision))
	o.null("attempts")
	return append(o.b, '}')
}

func appendLife(b []byte, p *muster.Page) []byte {
	o := object{b: append(b, '{')}
	o.text("state", string(p.State))
	o.optional("detail", p.Detail)
	o.instant("due_at", p.DueAt)
	o.given("started_at", p.StartedAt)
	o.given("accepted_at", p.AcceptedAt)
	o.given("proved_at", p.ProvedAt)
	o.optional("proof", p.Proof)
	o.name("attempts")
	if p.Attempts == nil {
		return append(o.b, "null}"...)
	}
	o.b = append(o.b, '[')
	for i := range p.Attempts {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		a := &p.Attempts[i]
		at := object{b: append(o.b, '{')}
		at.instant("at", a.At)
		at.number("took_us", a.Took)
		at.text("result", a.Result)
		at.optional("detail", a.Detail)
		at.optional("provider_id", a.Provider)
		o.b = append(at.b, '}')
	}
	return append(o.b, "]}"...)
}

// appendEscalation takes the JSON of its policy, which a set encodes once.
func appendEscalation(b []byte, e *muster.Escalation, policy string) []byte {
	o := object{b: append(b, '{')}
	o.text("id", string(e.ID))
	o.text("alert", string(e.Alert))
	o.name("policy")
	o.b = append(o.b, policy...)
	o.number("revision", int64(e.Revision))
	o.text("urgency", string(e.Urgency))
	o.text("status", string(e.Status))
	o.number("step", int64(e.Step))
	o.number("round", int64(e.Round))
	o.instant("step_at", e.StepAt)
	o.instant("step_started", e.StepStarted)
	o.number("generation", int64(e.Generation))
	o.name("taken")
	if e.Taken == nil {
		o.b = append(o.b, "null"...)
	} else {
		o.b = append(o.b, '[')
		for i := range e.Taken {
			if i > 0 {
				o.b = append(o.b, ',')
			}
			o.b = appendTaken(o.b, &e.Taken[i])
		}
		o.b = append(o.b, ']')
	}
	o.optional("severity", string(e.Severity))
	if len(e.Acked) > 0 {
		o.other("acked", e.Acked)
	}
	o.given("waits_until", e.WaitsUntil)
	if len(e.Turns) > 0 {
		o.other("turns", e.Turns)
	}
	return append(o.b, '}')
}

func appendTaken(b []byte, s *muster.StepTaken) []byte {
	o := object{b: append(b, '{')}
	o.number("step", int64(s.Step))
	o.number("round", int64(s.Round))
	o.instant("at", s.At)
	o.number("revision", int64(s.Revision))
	if s.Fallback {
		o.truth("fallback", true)
	}
	o.optional("event", s.Event)
	o.optional("because", s.Because)
	o.given("started", s.Started)
	if len(s.Contacts) > 0 {
		o.name("contacts")
		people := make([]muster.UserName, 0, 8)
		for u := range s.Contacts {
			people = append(people, u)
		}
		slices.Sort(people)
		in := object{b: append(o.b, '{')}
		for _, u := range people {
			in.name(string(u))
			in.b = appendContacts(in.b, s.Contacts[u])
		}
		o.b = append(in.b, '}')
	}
	if len(s.Spared) > 0 {
		o.other("spared", s.Spared)
	}
	if len(s.Away) > 0 {
		o.other("away", s.Away)
	}
	if len(s.Acked) > 0 {
		o.other("acked", s.Acked)
	}
	if len(s.Turns) > 0 {
		o.other("turns", s.Turns)
	}
	o.given("waits_until", s.Waits)
	if len(s.Gathered) > 0 {
		o.other("gathered", s.Gathered)
	}
	if len(s.Said) > 0 {
		o.name("said")
		o.b = appendReasons(o.b, s.Said)
	}
	o.optional("zones", s.Zones)
	return append(o.b, '}')
}

func appendContacts(b []byte, list []muster.ContactFact) []byte {
	if list == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		c := &list[i]
		o := object{b: append(b, '{')}
		o.text("id", string(c.ID))
		o.text("method", c.Method)
		o.text("connector", string(c.Connector))
		o.optional("hint", c.Hint)
		o.truth("verified", c.Verified)
		b = append(o.b, '}')
	}
	return append(b, ']')
}

func appendEntry(b []byte, e *muster.Entry) []byte {
	o := object{b: append(b, '{')}
	o.text("id", string(e.ID))
	o.optional("incident", string(e.Incident))
	o.optional("alert", string(e.Alert))
	o.number("seq", e.Seq)
	o.text("kind", string(e.Kind))
	o.text("text", e.Text)
	o.by("by", &e.By)
	o.instant("at", e.At)
	o.instant("recorded", e.Recorded)
	o.truth("pinned", e.Pinned)
	o.optional("ref", e.Ref)
	if len(e.Facts) > 0 {
		o.texts("facts", e.Facts)
	}
	return append(o.b, '}')
}

func appendGathered(b []byte, g *muster.Gathered) []byte {
	o := object{b: append(b, '{')}
	o.text("person", string(g.Person))
	o.text("alert", string(g.Alert))
	o.text("escalation", string(g.Escalation))
	o.number("step", int64(g.Step))
	o.number("round", int64(g.Round))
	o.instant("at", g.At)
	o.name("why")
	o.b = appendReasons(o.b, g.Why)
	return append(o.b, '}')
}

func (o *object) null(name string) {
	o.name(name)
	o.b = append(o.b, "null"...)
}

// given is an instant that is left out when there is none.
func (o *object) given(name string, at muster.Instant) {
	if !at.IsZero() {
		o.instant(name, at)
	}
}

func (o *object) by(name string, by *muster.By) {
	if by == nil {
		o.null(name)
		return
	}
	o.name(name)
	in := object{b: append(o.b, '{')}
	in.optional("user", string(by.User))
	in.text("name", by.Name)
	if by.Machine {
		in.truth("machine", true)
	}
	in.optional("surface", string(by.Surface))
	o.b = append(in.b, '}')
}

// samePolicy reports whether the snapshots of two escalations are certainly one: runs of a set share the steps of the
// catalog's document.
func samePolicy(a, b *muster.Policy) bool {
	return a.Name == b.Name && a.Title == b.Title && a.Team == b.Team && a.Repeat == b.Repeat && a.AckTimeout == b.AckTimeout &&
		a.Acks == b.Acks && sameList(a.Steps, b.Steps) && sameList(a.Fallback, b.Fallback)
}

func sameList[T any](a, b []T) bool {
	if len(a) != len(b) || (a == nil) != (b == nil) {
		return false
	}
	return len(a) == 0 || &a[0] == &b[0]
}
