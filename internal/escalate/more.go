package escalate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
)

// tell notes that a room or a webhook is told. What a step that waited told already is not told again.
func (d *decision) tell(e muster.Escalation, c muster.ConnectorName) {
	title, ok, why := d.who.Told(c)
	if !ok {
		d.note(why)
		return
	}
	if d.again || slices.ContainsFunc(d.rooms, func(o muster.Told) bool { return o.Connector == c }) {
		return
	}
	d.note(why)
	d.rooms = append(d.rooms, muster.Told{Connector: c, Title: title, Step: e.Step, Round: e.Round, Reasons: []muster.Reason{policyOf(e), why}})
}

// unmet says for what a step is, when that does not hold now: "for high urgency alone, and this is low".
func (d *decision) unmet(w *muster.When, e muster.Escalation) string {
	if len(w.Severity) > 0 && !slices.Contains(w.Severity, e.Severity) {
		words := make([]string, len(w.Severity))
		for i, s := range w.Severity {
			words[i] = string(s)
		}
		is := string(e.Severity)
		if is == "" {
			is = string(muster.SeverityUnknown)
		}
		return "for the severity " + strings.Join(words, " or ") + " alone, and this is " + is
	}
	if w.Urgency != "" && w.Urgency != e.Urgency {
		return fmt.Sprintf("for %s urgency alone, and this is %s", w.Urgency, e.Urgency)
	}
	if len(w.Hours) > 0 {
		if in, clock := d.who.Within(w.Hours, w.Zone); !in {
			return "for other hours, and it is " + clock
		}
	}
	return ""
}

// fits reports whether a person may be paged by the step: not when they have acknowledged already, nor when the step asks
// for the night and it is day where they live, or the other way round. Why not is noted.
func (r *reach) fits(u muster.UserName) bool {
	if slices.ContainsFunc(r.e.Acked, func(a muster.Acknowledgement) bool { return a.User == u && u != "" }) {
		r.d.note(r.personReason(u, r.d.name(u)+" has acknowledged already and is not paged again."))
		return false
	}
	if r.night == nil {
		return true
	}
	night, clock := r.d.who.Night(u)
	switch {
	case night == *r.night:
		return true
	case night:
		r.d.note(r.personReason(u, fmt.Sprintf("It is night for %s, %s: the step leaves them asleep.", r.d.name(u), clock)))
	default:
		r.d.note(r.personReason(u, fmt.Sprintf("It is day for %s, %s: the step is for the night alone.", r.d.name(u), clock)))
	}
	return false
}

func (r *reach) personReason(u muster.UserName, text string) muster.Reason {
	return muster.Reason{
		Kind: muster.ReasonCondition, Ref: muster.DocRef(muster.KindPolicies, r.e.Policy.Name), Revision: r.e.Revision, Text: text,
		Facts: map[string]string{"user": string(u)},
	}
}

// sparing resolves a step by the hours that its people set for themselves. Where these leave nobody who is reached as usual,
// and no later step reaches anybody, it is resolved again without them: they never silence the last step (I29).
func (d *decision) sparing(resolve func(pressing bool) *reach, later func() bool) *reach {
	notes, rooms, turns := slices.Clip(d.notes), slices.Clip(d.rooms), d.turns
	r := resolve(false)
	d.spare = r.spared && len(r.pages) == 0
	if !r.spared || r.rings || later() {
		return r
	}
	d.notes, d.rooms, d.turns, d.spare = notes, rooms, turns, false
	return resolve(true)
}

// later reports whether a further step of the policy can reach anybody. A condition that may end by itself, of hours or of
// the night, does not count: by then it may not hold.
func (d *decision) later(e muster.Escalation) bool {
	for i := e.Step; i < len(e.Policy.Steps); i++ {
		s := &e.Policy.Steps[i]
		if w := s.When; w != nil && (len(w.Hours) > 0 || w.Night != nil || d.unmet(w, e) != "") {
			continue
		}
		r := reach{d: &decision{who: d.who}, e: e, pressing: true}
		for _, t := range s.Targets {
			if t.Connector == "" {
				r.target(t)
			}
		}
		if len(r.pages) > 0 {
			return true
		}
	}
	return false
}

// candidate is somebody whose turn it may be.
type candidate struct {
	user muster.UserName
	why  []muster.Reason // why they are among the people of the step
}

// turn pages one of the people of a step: who comes after the one that had the last turn, and can be paged. Who cannot be is
// passed over.
func (r *reach) turn(targets []muster.Target) {
	var all []candidate
	for _, t := range targets {
		if t.Connector != "" {
			r.d.tell(r.e, t.Connector)
			continue
		}
		people, why := r.d.who.OnCall(t)
		if len(people) == 0 {
			r.d.note(why...)
		}
		for _, u := range people {
			if !slices.Contains(r.seen, u) {
				r.seen = append(r.seen, u)
				all = append(all, candidate{u, why})
			}
		}
	}
	last := r.e.Turns[r.e.Step]
	if r.d.turns[r.e.Step] != "" {
		last = r.d.turns[r.e.Step]
	}
	from := 1 + slices.IndexFunc(all, func(c candidate) bool { return c.user == last })
	for i := range all {
		c := all[(from+i)%len(all)]
		if !r.fits(c.user) {
			continue
		}
		methods, how := r.methods(c.user)
		if len(methods) == 0 {
			r.d.note(how...)
			continue
		}
		if len(all) > 1 {
			r.why = append(slices.Clip(r.why), r.turnReason(c.user, last, len(all)))
		}
		r.page(c.user, methods, c.why, how)
		r.d.turns = map[int]muster.UserName{r.e.Step: c.user}
		return
	}
}

func (r *reach) turnReason(u, last muster.UserName, of int) muster.Reason {
	text := fmt.Sprintf("The %d people of the step take turns, and %s has the first one.", of, r.d.name(u))
	if last != "" {
		text = fmt.Sprintf("The %d people of the step take turns: %s had the last one, so it is %s's.", of, r.d.name(last), r.d.name(u))
	}
	f := facts(r.e)
	f["turn"], f["last"] = string(u), string(last)
	return policyReason(r.e, muster.ReasonStep, text, f)
}

// comes is the next moment at which somebody comes on call for a step that waits for that; zero: it does not wait, or nobody
// comes in time. A person who asks for the next step does not want to wait.
func (d *decision) comes(e muster.Escalation, ev Event, now muster.Instant) muster.Instant {
	hold := holdOf(e)
	if hold <= 0 || ev.Kind == Escalate {
		return muster.Instant{}
	}
	return d.next(e, now.Plus(hold))
}

// holdOf is how long the step may wait, within bounds whatever the policy says.
func holdOf(e muster.Escalation) time.Duration {
	return min(e.Policy.Steps[e.Step-1].Hold.Std(), muster.MaxHold)
}

// next is the first moment before until at which a target of the step may reach somebody.
func (d *decision) next(e muster.Escalation, until muster.Instant) (first muster.Instant) {
	for _, t := range e.Policy.Steps[e.Step-1].Targets {
		if t.Connector != "" {
			continue
		}
		if at := d.who.Next(t, until); !at.IsZero() && (first.IsZero() || at.Before(first.Time)) {
			first = at
		}
	}
	return first
}

// waits notes that the step waits.
func (d *decision) waits(e muster.Escalation, next muster.Instant) {
	f := facts(e)
	f["until"] = e.WaitsUntil.UTC().Format("2006-01-02T15:04:05Z")
	d.note(policyReason(e, muster.ReasonNobody, fmt.Sprintf("Step %d of %d reaches nobody now and waits until somebody is on call, which is at %s as things are; at most until %s.",
		e.Step, len(e.Policy.Steps), next.UTC().Format("15:04 UTC on 2 Jan"), e.WaitsUntil.UTC().Format("15:04 UTC on 2 Jan")), f))
}

// passed notes that the step reaches nobody.
func (d *decision) passed(e muster.Escalation) {
	text := "reaches nobody, so it is passed over at once"
	switch s := &e.Policy.Steps[e.Step-1]; {
	case d.spare:
		text = "reaches nobody at this hour, as its people wish it, so it is passed over at once"
	case s.Informs():
		text = "informs and reaches nobody, so Muster goes on at once"
	case d.again:
		text = "waited for somebody to come on call, in vain, so it is passed over"
	case s.Hold > 0:
		text = fmt.Sprintf("reaches nobody, and nobody comes on call within %s, so it is passed over at once", s.Hold)
	}
	d.note(policyReason(e, muster.ReasonNobody, fmt.Sprintf("Step %d of %d %s.", e.Step, len(e.Policy.Steps), text), facts(e)))
}

// handed notes that an alert counts as acknowledged by fewer people than its policy asks for.
func (d *decision) handed(e muster.Escalation) {
	names := make([]string, len(e.Acked))
	for i, a := range e.Acked {
		names[i] = a.Name
	}
	d.note(policyReason(e, muster.ReasonPerson, fmt.Sprintf("Nobody else can be paged, so the alert counts as acknowledged by %s: %d of %d.",
		strings.Join(names, " and "), len(e.Acked), needed(e)), facts(e)))
}
