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
	Layer    string            // name of the rotation that decides; empty when an override or nothing does
	Override string            // ID of the override that decides
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
func OnCall(z *Zones, r *muster.Roster, rev muster.Revision, at muster.Instant, names Namer) []Holding {
	roles := rolesOf(r)
	out := make([]Holding, 0, len(roles))
	for _, role := range roles {
		out = append(out, Holder(z, r, role, rev, at, names))
	}
	return out
}

// Holder answers who holds one roster role; a role that the roster has nothing for is held by nobody.
func Holder(z *Zones, r *muster.Roster, role muster.RosterRole, rev muster.Revision, at muster.Instant, names Namer) Holding {
	b := newBench(z, r, role)
	s := b.at(at.Micros())
	h := Holding{Role: role, People: slices.Clone(s.people), Since: instant(s.from), Until: instant(s.until)}
	if s.layer != nil {
		h.Layer = s.layer.rotation.Name
	}
	if s.override != nil {
		h.Override = s.override.ID
	}
	w := wording{ref: muster.DocRef(muster.KindRosters, r.Name), rev: rev, title: title(r), names: names, bench: &b}
	h.Reasons = w.reasons(s, at)
	return h
}

// NextChange is the first instant after at on which any roster role of the roster changes; zero: never.
func NextChange(z *Zones, r *muster.Roster, at muster.Instant) muster.Instant {
	next := int64(never)
	for _, role := range rolesOf(r) {
		b := newBench(z, r, role)
		next = min(next, b.at(at.Micros()).until)
	}
	return instant(next)
}

// Position is a roster role in words.
func Position(role muster.RosterRole) string { return muster.Role(role).Word() }

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
	if s.override != nil {
		under = w.bench.layerAt(at.Micros(), segment{from: always, until: never})
	}
	if under.layer != nil {
		out = append(out, w.layer(under))
	}
	if s.override != nil {
		out = append(out, w.override(s.override, under.people))
	}
	if len(s.people) == 0 {
		out = append(out, w.nobody(s, at))
	}
	return out
}

func (w *wording) layer(s segment) muster.Reason {
	l := s.layer
	// The whole turn is told, not what overrides leave of it.
	from, until := l.handoff(s.turn), min(l.handoff(s.turn+1), l.end)
	who := s.people[0]
	var t strings.Builder
	t.WriteString("It is the turn of " + w.names.of(who) + " in the rotation " + l.rotation.Name)
	if n := len(w.bench.layers); n > 1 {
		i := slices.IndexFunc(w.bench.layers, func(x layer) bool { return x.rotation == l.rotation })
		t.WriteString(" (layer " + strconv.Itoa(i+1) + " of " + strconv.Itoa(n) + ")")
	}
	t.WriteString(", from " + clock(from, l.zone) + " until " + clock(until, l.zone) + ", " + place(l.zone) + ".")
	return w.reason(muster.ReasonLayer, t.String(), map[string]string{
		"rotation": l.rotation.Name, "user": string(who), "turn": strconv.FormatInt(s.turn, 10),
		"since": stamp(from), "until": stamp(until), "zone": l.zone.String(),
	})
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
	if s.override != nil {
		text += ": an override says so"
		facts["override"] = s.override.ID
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
