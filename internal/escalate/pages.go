package escalate

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
)

// decision gathers what follows while a step is looked for.
type decision struct {
	who   Who
	notes []muster.Reason
	rooms []muster.Told
	turns map[int]muster.UserName
	empty bool // no step of the policy reaches anybody
	spare bool // the step in hand reaches nobody because of the hours of its people
	again bool // the step waited for somebody: its rooms were told when it began to
}

func (d *decision) note(r ...muster.Reason) { d.notes = append(d.notes, r...) }

func (d *decision) name(u muster.UserName) string {
	if n, ok := d.who.(Namer); ok {
		return n.Name(u)
	}
	return string(u)
}

// step resolves the step e.Step. No pages means that it reached nobody; met, that its condition holds. That it does not is
// noted.
func (d *decision) step(e muster.Escalation, ev Event, now muster.Instant) (pages []muster.Planned, met bool) {
	s := &e.Policy.Steps[e.Step-1]
	if s.When != nil {
		if text := d.unmet(s.When, e); text != "" {
			d.note(policyReason(e, muster.ReasonCondition,
				fmt.Sprintf("Step %d of %d is %s, so it is passed over.", e.Step, len(e.Policy.Steps), text), facts(e)))
			return nil, false
		}
	}
	r := d.sparing(func(pressing bool) *reach {
		r := &reach{d: d, e: e, now: now, why: d.why(e, ev), pressing: pressing}
		if s.When != nil {
			r.night = s.When.Night
		}
		if s.RoundRobin {
			r.turn(s.Targets)
			return r
		}
		for _, t := range s.Targets {
			r.target(t)
		}
		return r
	}, func() bool { return d.later(e) })
	return r.pages, true
}

// fallback resolves whom an exhausted escalation pages: the policy's own fallback, and where that reaches nobody, the
// general one.
func (d *decision) fallback(e muster.Escalation, ev Event, now muster.Instant) []muster.Planned {
	text := fmt.Sprintf("Nobody acknowledged: all %s of the policy are used up", count(len(e.Policy.Steps), "step"))
	if n := len(e.Acked); n > 0 {
		text = fmt.Sprintf("Only %d of %d people acknowledged: all %s of the policy are used up", n, needed(e), count(len(e.Policy.Steps), "step"))
	}
	if e.Policy.Repeat > 0 {
		text += " in " + count(1+e.Policy.Repeat, "round")
	}
	switch {
	case ev.Kind == Escalate:
		text = "There is no further step that reaches anybody, and " + strings.TrimSuffix(ev.Because, ".")
	case e.Status == muster.EscalationExhausted && len(e.Acked) > 0:
		text = fmt.Sprintf("Still only %d of %d people acknowledged", len(e.Acked), needed(e))
	case e.Status == muster.EscalationExhausted:
		text = "Still nobody acknowledged"
	case d.empty:
		text = "No step of the policy reaches anybody"
	}
	text += ". The fallback is paged, and again every " + muster.Duration(RepeatFallback).String() + " until somebody acknowledges."
	begin := func(pressing bool) *reach {
		return &reach{d: d, e: e, now: now, why: []muster.Reason{policyOf(e), policyReason(e, muster.ReasonStep, text, facts(e))}, pressing: pressing}
	}
	repeated := e.Status == muster.EscalationExhausted // rooms are told once
	nothing := func() bool { return false }
	r := d.sparing(func(pressing bool) *reach {
		r := begin(pressing)
		for _, t := range e.Policy.Fallback {
			if t.Connector == "" || !repeated {
				r.target(t)
			}
		}
		return r
	}, nothing)
	if len(r.pages) == 0 {
		seen := r.seen
		r = d.sparing(func(pressing bool) *reach {
			r := begin(pressing)
			r.seen = slices.Clip(seen)
			people, why := d.who.Fallback()
			r.people(people, why)
			return r
		}, nothing)
	}
	if len(r.pages) == 0 && len(e.Acked) > 0 { // see exhaust
		return nil
	}
	d.note(r.why[1])
	if len(r.pages) == 0 {
		d.note(policyReason(e, muster.ReasonNobody, "Nobody is left who could be paged: the fallback reaches nobody either. Muster tries again in "+
			muster.Duration(RepeatFallback).String()+".", facts(e)))
	}
	return r.pages
}

// reach plans the pages of one step. A person is paged once, by whichever target comes first.
type reach struct {
	d     *decision
	e     muster.Escalation
	now   muster.Instant
	why   []muster.Reason
	seen  []muster.UserName
	night *bool // only those for whom it is night, or is not
	pages []muster.Planned

	pressing bool // the hours of people do not count
	spared   bool // somebody is not reached as usual because of their hours
	rings    bool // somebody is
}

// methods asks how a person is paged.
func (r *reach) methods(u muster.UserName) ([]Method, []muster.Reason) {
	w := r.d.who.Methods(u, r.e.Urgency, r.pressing)
	r.spared = r.spared || w.Spared
	r.rings = r.rings || len(w.Methods) > 0 && !w.Spared
	return w.Methods, w.Why
}

func (r *reach) target(t muster.Target) {
	if t.Connector != "" {
		r.d.tell(r.e, t.Connector)
		return
	}
	people, why := r.d.who.OnCall(t)
	r.people(people, why)
}

func (r *reach) people(people []muster.UserName, why []muster.Reason) {
	if len(people) == 0 {
		r.d.note(why...)
	}
	told := false
	for _, u := range people {
		if slices.Contains(r.seen, u) {
			continue
		}
		r.seen = append(r.seen, u)
		if !r.fits(u) {
			continue
		}
		methods, how := r.methods(u)
		if len(methods) == 0 {
			if !told {
				r.d.note(why...)
				told = true
			}
			r.d.note(how...)
			continue
		}
		r.page(u, methods, why, how)
	}
}

func (r *reach) page(u muster.UserName, methods []Method, why, how []muster.Reason) {
	for _, m := range methods {
		r.pages = append(r.pages, muster.Planned{
			User: u, Name: r.d.name(u), Contact: m.Contact, At: r.now.Plus(max(m.After, 0)), Step: r.e.Step, Round: r.e.Round,
			Reasons: slices.Concat(r.why, why, how, []muster.Reason{contactReason(m)}),
		})
	}
}

// why is the beginning of every explanation of a step: the policy, the steps that were passed over, and why it is this
// step's turn.
func (d *decision) why(e muster.Escalation, ev Event) []muster.Reason {
	out := []muster.Reason{policyOf(e)}
	for _, n := range d.notes {
		if (n.Kind == muster.ReasonNobody || n.Kind == muster.ReasonCondition) && n.Facts["step"] != "" {
			out = append(out, n)
		}
	}
	text := fmt.Sprintf("Step %d of %d", e.Step, len(e.Policy.Steps))
	if e.Round > 1 {
		text += " in round " + strconv.Itoa(e.Round)
	}
	switch last := lastTaken(e); {
	case ev.Because != "":
		text += ": " + strings.TrimSuffix(ev.Because, ".") + "."
	case last == nil || ev.Kind != Timer:
		text += " is taken at once."
	case !last.Waits.IsZero() && last.Step == e.Step && last.Round == e.Round:
		text += ": it waited since " + last.At.UTC().Format("15:04") + " UTC, and somebody is on call now."
	case !last.Waits.IsZero():
		text += ": step " + strconv.Itoa(last.Step) + " waited since " + last.At.UTC().Format("15:04") + " UTC for somebody to come on call, in vain."
	default:
		text += ": " + d.told(*last, e) + " and waited " + muster.Duration(waitedFor(*last, e)).String() + " without an answer."
	}
	return append(out, policyReason(e, muster.ReasonStep, text, facts(e)))
}

// told says whom an earlier step paged: "step 1 paged Ravi at 03:12 UTC".
func (d *decision) told(t muster.StepTaken, e muster.Escalation) string {
	text := "step " + strconv.Itoa(t.Step)
	if t.Fallback {
		text = "the fallback"
	}
	var people []string
	for _, u := range slices.Sorted(maps.Keys(t.Contacts)) {
		if !slices.Contains(t.Spared, u) {
			people = append(people, d.name(u))
		}
	}
	if len(people) > 0 {
		text += " paged " + strings.Join(people, " and ") + " at "
	} else {
		text += " was taken at "
	}
	at := t.At
	if !e.StepStarted.IsZero() && e.StepStarted.After(at.Time) {
		at = e.StepStarted
	}
	return text + at.UTC().Format("15:04") + " UTC"
}

func waitedFor(t muster.StepTaken, e muster.Escalation) time.Duration {
	if t.Fallback {
		return RepeatFallback
	}
	if t.Step >= 1 && t.Step <= len(e.Policy.Steps) {
		return e.Policy.Steps[t.Step-1].Wait.Std()
	}
	return 0
}

func lastTaken(e muster.Escalation) *muster.StepTaken {
	if len(e.Taken) == 0 {
		return nil
	}
	return &e.Taken[len(e.Taken)-1]
}

func policyOf(e muster.Escalation) muster.Reason {
	title := e.Policy.Title
	if title == "" {
		title = string(e.Policy.Name)
	}
	text := "The policy " + title + " has " + count(len(e.Policy.Steps), "step")
	if e.Policy.Repeat > 0 {
		text += " and goes through them " + strconv.Itoa(1+e.Policy.Repeat) + " times"
	}
	if n := needed(e); n > 1 {
		text += ", until " + strconv.Itoa(n) + " people have acknowledged"
	}
	return policyReason(e, muster.ReasonPolicy, text+".", map[string]string{"policy": string(e.Policy.Name), "title": title})
}

func policyReason(e muster.Escalation, kind muster.ReasonKind, text string, facts map[string]string) muster.Reason {
	return muster.Reason{Kind: kind, Ref: muster.DocRef(muster.KindPolicies, e.Policy.Name), Revision: e.Revision, Text: text, Facts: facts}
}

func facts(e muster.Escalation) map[string]string {
	return map[string]string{
		"step": strconv.Itoa(e.Step), "steps": strconv.Itoa(len(e.Policy.Steps)),
		"round": strconv.Itoa(e.Round), "rounds": strconv.Itoa(1 + e.Policy.Repeat),
	}
}

func contactReason(m Method) muster.Reason {
	text := "Paged by " + m.Contact.Method
	if m.Contact.Hint != "" {
		text += " (" + m.Contact.Hint + ")"
	}
	f := map[string]string{"contact": string(m.Contact.ID), "method": m.Contact.Method, "connector": string(m.Contact.Connector)}
	if m.After > 0 {
		text += ", " + muster.Duration(m.After).String() + " after the step unless it is acknowledged before"
		f["after"] = muster.Duration(m.After).String()
	} else {
		text += " at once"
	}
	return muster.Reason{Kind: muster.ReasonContact, Ref: muster.DocRef(muster.KindConnectors, m.Contact.Connector), Text: text + ".", Facts: f}
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
