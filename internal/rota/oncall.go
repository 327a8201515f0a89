package rota

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
)

// Holding says who holds one roster role at a moment, from when until when, and why.
type Holding struct {
	Role     muster.RosterRole
	People   []muster.UserName // empty: nobody, and a reason says so
	Since    muster.Instant    // zero: since ever
	Until    muster.Instant    // the next change; zero: never
	Layer    string            // rotation whose turn it is; empty when an override or nothing decides
	Override string            // ID of the override that decides
	Swap     string            // ID of the swap that decides
	Reasons  []muster.Reason
}

// Namer gives the name of a person to show. A nil Namer shows the name of the document.
type Namer func(muster.UserName) string

func (n Namer) of(u muster.UserName) string {
	if n == nil {
		return string(u)
	}
	return n(u)
}

func (n Namer) list(people []muster.UserName) string {
	names := make([]string, len(people))
	for i, p := range people {
		names[i] = n.of(p)
	}
	return strings.Join(names, " and ")
}

// OnCall answers who holds each roster role that the roster has a rotation or an override for. Revision is that of the
// roster's document and is kept on the reasons.
func (s *Schedule) OnCall(rev muster.Revision, at muster.Instant, names Namer) []Holding {
	out := make([]Holding, 0, len(s.benches))
	for i := range s.benches {
		out = append(out, s.Holder(s.benches[i].role, rev, at, names))
	}
	return out
}

// Holder answers who holds one roster role, and why; a role that the roster has nothing for is held by nobody.
func (s *Schedule) Holder(role muster.RosterRole, rev muster.Revision, at muster.Instant, names Namer) Holding {
	b := s.bench(role)
	x := b.settled(at.Micros())
	h := Holding{Role: role, People: slices.Clone(x.people), Since: instant(x.from), Until: instant(x.until)}
	if x.layer != nil {
		h.Layer = x.layer.rotation.Name
	}
	switch {
	case x.patch == nil:
	case x.patch.override != nil:
		h.Override = x.patch.override.ID
	default:
		h.Swap = x.patch.swap.ID
	}
	w := wording{ref: muster.DocRef(muster.KindRosters, s.roster.Name), rev: rev, title: title(s.roster), names: names, bench: b}
	h.Reasons = w.reasons(x, at)
	return h
}

// People answers who holds a roster role, without the reasons. The list must not be changed.
func (s *Schedule) People(role muster.RosterRole, at muster.Instant) []muster.UserName {
	return s.bench(role).at(at.Micros()).people
}

// NextChange is the first instant after at on which any roster role of the roster changes; zero: never.
func (s *Schedule) NextChange(at muster.Instant) muster.Instant {
	next := int64(never)
	for i := range s.benches {
		next = min(next, s.benches[i].settled(at.Micros()).until)
	}
	return instant(next)
}

// Position is a roster role in words.
func Position(role muster.RosterRole) string { return role.Word() }

func title(r *muster.Roster) string {
	if r.Title != "" {
		return r.Title
	}
	return string(r.Name)
}

// wording makes the sentences of a holding.
type wording struct {
	ref   string
	rev   muster.Revision
	title string
	names Namer
	bench *bench
}

func (w *wording) reason(kind muster.ReasonKind, text string, facts map[string]string) muster.Reason {
	facts["role"] = string(w.bench.role)
	return muster.Reason{Kind: kind, Ref: w.ref, Revision: w.rev, Text: text, Facts: facts}
}

func (w *wording) reasons(s segment, at muster.Instant) []muster.Reason {
	out := make([]muster.Reason, 0, 4)
	out = append(out, w.reason(muster.ReasonRoster,
		"The roster "+w.title+" says who is the "+Position(w.bench.role)+".", map[string]string{"title": w.title}))
	for i := range w.bench.layers {
		if l := &w.bench.layers[i]; l.problem != "" {
			out = append(out, w.reason(muster.ReasonCondition, "The rotation "+l.rotation.Name+" is left out: "+l.problem+".",
				map[string]string{"rotation": l.rotation.Name, "problem": l.problem}))
		}
	}
	under := s
	if s.patch != nil {
		under = w.bench.base(at.Micros())
	}
	if under.layer != nil {
		out = append(out, w.layer(under, at))
	}
	switch {
	case s.patch == nil:
	case s.patch.override != nil:
		out = append(out, w.override(s.patch.override, under.people))
	default:
		out = append(out, w.swaps(at.Micros())...)
	}
	if len(s.people) == 0 {
		out = append(out, w.nobody(s, at))
	}
	return out
}

func (w *wording) layer(s segment, at muster.Instant) muster.Reason {
	l := s.layer
	// The whole turn is told, not what overrides leave of it.
	from, until := max(l.begin(s.turn), l.start), l.finish(s.turn)
	who := w.names.list(s.people)
	var t strings.Builder
	if l.fixed != nil {
		t.WriteString("The rotation " + l.rotation.Name + " lists " + who)
	} else {
		t.WriteString("It is the turn of " + who + " in the rotation " + l.rotation.Name)
	}
	if n := len(w.bench.layers); n > 1 {
		i := slices.IndexFunc(w.bench.layers, func(x layer) bool { return x.rotation == l.rotation })
		t.WriteString(" (layer " + strconv.Itoa(i+1) + " of " + strconv.Itoa(n) + ")")
	}
	t.WriteString(", from " + clock(from, l.zone) + " until " + clock(until, l.zone) + ", " + place(l.zone))
	facts := map[string]string{
		"rotation": l.rotation.Name, "user": join(s.people), "turn": strconv.FormatInt(s.turn, 10),
		"since": stamp(from), "until": stamp(until), "zone": l.zone.String(),
	}
	if len(l.hours) > 0 {
		x := l.at(at.Micros())
		t.WriteString("; its hours are from " + clock(x.from, l.zone) + " until " + clock(x.until, l.zone))
	}
	t.WriteString(".")
	return w.reason(muster.ReasonLayer, t.String(), facts)
}

// swaps tells every swap that applies at a moment, in the order in which they were agreed.
func (w *wording) swaps(at int64) (out []muster.Reason) {
	base := w.bench.base(at)
	first := 0
	for i, p := range w.bench.patches {
		if p.override != nil && p.from <= at && at < p.until {
			first = i + 1
		}
	}
	for _, p := range w.bench.patches[first:] {
		if p.swap == nil || at < p.from || at >= p.until || base.layer != p.layer || base.turn != p.turn {
			continue
		}
		text := w.names.of(p.to) + " has this shift of " + w.names.of(p.gives)
		if p.swap.Return != nil {
			text += " by a swap"
		} else {
			text += ", who gave it away"
		}
		if p.swap.By != "" {
			text += ", arranged by " + w.names.of(p.swap.By)
		}
		if p.from > p.layer.begin(p.turn) || p.until < p.layer.finish(p.turn) {
			text += ", from " + clock(p.from, p.layer.zone) + " until " + clock(p.until, p.layer.zone) + ", " + place(p.layer.zone)
		}
		facts := map[string]string{
			"swap": p.swap.ID, "user": string(p.to), "instead": string(p.gives), "rotation": p.layer.rotation.Name,
			"since": stamp(p.from), "until": stamp(p.until), "zone": p.layer.zone.String(),
		}
		if p.swap.Why != "" {
			text += ": " + muster.Clip(p.swap.Why, 200)
			facts["why"] = p.swap.Why
		}
		out = append(out, w.reason(muster.ReasonSwap, endSentence(text), facts))
	}
	return out
}

func (w *wording) override(o *muster.Override, instead []muster.UserName) muster.Reason {
	zone := w.zone()
	var t strings.Builder
	t.WriteString("An override")
	if o.By != "" {
		t.WriteString(" by " + w.names.of(o.By))
	}
	switch {
	case len(o.People) == 0:
		t.WriteString(" states that nobody is on call")
	default:
		t.WriteString(" puts " + w.names.list(o.People) + " on call")
	}
	if len(instead) > 0 {
		t.WriteString(" instead of " + w.names.list(instead))
	}
	t.WriteString(" from " + clock(o.From.Micros(), zone) + " until " + clock(o.Until.Micros(), zone) + ", " + place(zone))
	if o.Why != "" {
		t.WriteString(": " + muster.Clip(o.Why, 200))
	}
	facts := map[string]string{"override": o.ID, "since": stamp(o.From.Micros()), "until": stamp(o.Until.Micros()), "zone": zone.String()}
	if len(o.People) > 0 {
		facts["user"] = join(o.People)
	}
	if len(instead) > 0 {
		facts["instead"] = join(instead)
	}
	if o.By != "" {
		facts["by"] = string(o.By)
	}
	if o.Why != "" {
		facts["why"] = o.Why
	}
	return w.reason(muster.ReasonOverride, endSentence(t.String()), facts)
}

func (w *wording) nobody(s segment, at muster.Instant) muster.Reason {
	zone := w.zone()
	text := "Nobody is the " + Position(w.bench.role) + " of " + w.title + " at " + clock(at.Micros(), zone) + ", " + place(zone)
	facts := map[string]string{"at": stamp(at.Micros())}
	if s.patch != nil && s.patch.override != nil {
		text += ": an override says so"
		facts["override"] = s.patch.override.ID
	} else {
		text += ": " + w.empty()
	}
	if s.until != never {
		text += "; this changes at " + clock(s.until, zone)
		facts["until"] = stamp(s.until)
	}
	return w.reason(muster.ReasonNobody, text+".", facts)
}

func (w *wording) empty() string {
	if len(w.bench.layers) == 0 {
		return "the roster has no rotation for this"
	}
	return "no rotation has a turn then"
}

// zone is the zone in which times are told that belong to no rotation: the first rotation's, else UTC.
func (w *wording) zone() *time.Location {
	for i := range w.bench.layers {
		if z := w.bench.layers[i].zone; z != nil {
			return z
		}
	}
	return time.UTC
}

func place(zone *time.Location) string { return strings.ReplaceAll(zone.String(), "_", " ") }

func clock(us int64, zone *time.Location) string {
	if us == always || us == never {
		return "further notice"
	}
	return time.UnixMicro(us).In(zone).Format("Mon 2 Jan 2006 15:04")
}

func stamp(us int64) string {
	if us == always || us == never {
		return ""
	}
	return time.UnixMicro(us).UTC().Format(time.RFC3339)
}

func join(people []muster.UserName) string {
	s := make([]string, len(people))
	for i, p := range people {
		s[i] = string(p)
	}
	return strings.Join(s, ",")
}

// endSentence adds a full stop where a person's own words did not end with one.
func endSentence(s string) string {
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}
