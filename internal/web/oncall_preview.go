package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// rosterPreview says what the draft means for the next 30 days. What is wrong with the draft is told instead.
func (v *visit) rosterPreview(form *rosterForm, stands *muster.Roster) (*view.RosterPreview, []muster.FieldError, error) {
	d, err := v.Queries.RosterDraft(v.ctx(), v.viewer(), form.draft)
	if err != nil {
		return nil, nil, err
	}
	c := &d.Change
	p := &view.RosterPreview{Same: stands != nil && len(c.Shifts) == 0, More: c.More}
	p.Lanes = v.compareLanes(form.draft, stands, d, p.Same)
	for i := range c.Lost {
		p.Bad = append(p.Bad, view.Note{Tone: view.ToneCritical, Lead: "Reaches nobody", Text: c.Lost[i].Say(v.Queries.Live.Current())})
	}
	for _, g := range c.Opens {
		tone := view.ToneMajor
		if g.Stated {
			tone = view.ToneMinor
		}
		p.Bad = append(p.Bad, view.Note{Tone: tone, Lead: "Gap opens", Text: "Nobody is the " + g.Role.Word() + " from " + v.clock(g.From) + " until " + v.clock(g.Until) + "; now it is " + peopleWords(g.People) + "."})
	}
	p.Bad = firstNotes(p.Bad, 5, "more stretches in which nobody is on call")
	for _, g := range c.Closes {
		p.Mended = append(p.Mended, "From "+v.clock(g.From)+" until "+v.clock(g.Until)+" somebody is the "+g.Role.Word()+" again: "+peopleWords(g.People)+".")
	}
	for _, w := range c.Warnings {
		if w.Kind != "gap" || stands == nil {
			p.Warnings = append(p.Warnings, view.Note{Tone: view.ToneMinor, Lead: "Mind", Text: w.Text})
		}
	}
	p.Warnings = append(lookedShort(c.Far()), firstNotes(p.Warnings, 5, "more things to mind")...)
	for _, w := range c.Gone {
		if w.Kind != "gap" {
			p.Mended = append(p.Mended, w.Text)
		}
	}
	p.Mended = p.Mended[:min(5, len(p.Mended))]
	for _, x := range c.Clocks {
		p.Clocks = append(p.Clocks, x.Text)
	}
	if stands != nil {
		for i, s := range c.Shifts {
			if i == 12 {
				p.More += len(c.Shifts) - i
				break
			}
			p.Handed = append(p.Handed, view.HandedRow{Role: s.Role.Word(), From: s.From.Time, To: s.Until.Time, Before: peopleWords(s.Before), After: peopleWords(s.After)})
		}
	}
	for _, h := range c.Hours {
		if h.Before != h.After {
			p.Load = append(p.Load, view.LoadRow{
				Name: h.Person.Name, You: h.Person.ID == v.actor.User, Hours: h.Before.Total, HoursAfter: h.After.Total, Nights: h.Before.Nights, NightAfter: h.After.Nights,
			})
		}
	}
	if stands != nil && !p.Same {
		if p.Replay, err = v.replay(form); err != nil {
			return nil, nil, err
		}
	}
	return p, d.Wrong, nil
}

// firstNotes are the first of a list, and how many more there are.
func firstNotes(list []view.Note, n int, more string) []view.Note {
	if len(list) <= n {
		return list
	}
	rest := view.Note{Tone: list[n].Tone, Lead: "And", Text: itoa(len(list)-n) + " " + more + "."}
	return append(list[:n:n], rest)
}

// compareLanes puts each final schedule as it stands above what it would be; then the rotations of the draft.
func (v *visit) compareLanes(draft, stands *muster.Roster, d *query.RosterDraft, same bool) view.Schedule {
	r := &query.RosterBoard{Name: draft.Name}
	s := view.Schedule{Name: draft.Title, From: d.From.Time, To: d.Until.Time, At: "/oncall?at=", Width: 450}
	shades := map[string]int{}
	for i := range draft.Rotations {
		shades[draft.Rotations[i].Name] = len(draft.Rotations) - 1 - i
		if z, err := v.Queries.Live.Current().Zones.Load(draft.Rotations[i].Zone); err == nil && !slices.Contains(s.Zones, z) {
			s.Zones = append(s.Zones, z)
		}
	}
	for _, role := range muster.RosterRoles() {
		before, after := finalOf(d.Before, role), finalOf(d.After, role)
		same := same || !slices.ContainsFunc(d.Change.Shifts, func(x query.ShiftChange) bool { return x.Role == role })
		if before != nil && stands != nil && !same {
			l := v.lane(r, before, shades)
			l.Title, l.Note, l.Role = "Now", string(role), ""
			s.Lanes = append(s.Lanes, l)
		}
		if after != nil {
			l := v.lane(r, after, shades)
			l.Role = ""
			if !same && stands != nil {
				l.Title, l.Note = "Draft", string(role)
				markChanged(&l, d, role)
			}
			s.Lanes = append(s.Lanes, l)
		}
	}
	for i := range d.Layers {
		s.Lanes = append(s.Lanes, v.lane(r, &d.Layers[i], shades))
	}
	return s
}

func finalOf(list []query.Lane, role muster.RosterRole) *query.Lane {
	for i := range list {
		if list[i].Role == role {
			return &list[i]
		}
	}
	return nil
}

// markChanged draws what changes hands with a strong outline.
func markChanged(l *view.Lane, d *query.RosterDraft, role muster.RosterRole) {
	for i := range l.Blocks {
		b := &l.Blocks[i]
		if b.Kind != "shift" {
			continue
		}
		for _, s := range d.Change.Shifts {
			if s.Role == role && s.From.Before(b.To) && s.Until.After(b.From) {
				b.Kind, b.By = "override", "instead of "+orWord(peopleWords(s.Before), "nobody")
			}
		}
	}
}

func orWord(word, fallback string) string {
	if word == "" {
		return fallback
	}
	return word
}

// asDocument is the draft as an operation for documents takes it.
func asDocument(d *muster.Roster) (string, error) {
	body, err := json.Marshal(d)
	if err != nil {
		return "", err
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(body, &fields); err != nil {
		return "", err
	}
	fields["kind"] = json.RawMessage(`"roster"`)
	body, err = json.Marshal(fields)
	return string(body), err
}

// replay plays the alerts of the last 90 days through the draft, a part with each press; what came of the parts before
// travels with the form.
func (v *visit) replay(form *rosterForm) (*view.Replay, error) {
	r := &view.Replay{URL: "replay"}
	if v.field("do") != "replay" {
		return r, nil
	}
	text, err := asDocument(form.draft)
	if err != nil {
		return nil, err
	}
	n := func(name string) int { i, _ := strconv.Atoi(v.field("rp." + name)); return max(i, 0) } // what is no number counts nothing
	in := query.PlanChange{Documents: text, Cursor: v.field("rp.cursor")}
	if in.Cursor != "" {
		r.Done, r.Others, r.Lost, r.Lines = n("done"), n("others"), n("lost"), strings.Split(v.field("rp.lines"), "\n")
	}
	out, err := v.Queries.PlanChange(v.ctx(), v.actor, in)
	if refused(err) { // the form says what is wrong
		return nil, nil //nolint:nilnil // there is nothing to replay
	}
	if err != nil {
		return nil, err
	}
	r.Played = true
	r.Done, r.Of, r.Others, r.Lost = r.Done+out.Alerts, out.Of, r.Others+out.Others, r.Lost+out.Lost
	for i := range out.ReachNobody {
		r.Lines = append(r.Lines, out.ReachNobody[i].Say())
	}
	for i := range out.OtherPeople {
		o := &out.OtherPeople[i]
		r.Lines = append(r.Lines, v.when(o.At.Time)+", "+o.Title+": "+peopleWords(o.After)+" instead of "+orWord(peopleWords(o.Before), "nobody")+".")
	}
	r.Lines = slices.DeleteFunc(r.Lines, func(s string) bool { return s == "" })
	r.Lines = r.Lines[:min(10, len(r.Lines))]
	if out.Next != nil {
		r.Running, r.Cursor = true, *out.Next
	}
	return r, nil
}

func (v *visit) when(t time.Time) string { return t.In(v.zone).Format("2 Jan 15:04") }

// gateAsks shows why the change gate refused, and the two ways on.
func (v *visit) gateAsks(p *view.RosterEditor, refusal error) {
	text := muster.MessageOf(refusal)
	if i := strings.Index(text, " Nothing was written."); i > 0 {
		text = text[:i]
	} else { // another conflict: no word helps
		p.Problems = append(p.Problems, view.Problem{Message: text})
		return
	}
	p.Gate = &view.GateQuestion{
		Text: text, Word: "accept", Label: "I know that nobody would be reached, and it is meant so", Propose: true,
	}
}

// proposeRoster keeps the draft for a second person.
func (v *visit) proposeRoster(form *rosterForm) error {
	form.settle()
	text, err := asDocument(form.draft)
	if err != nil {
		return err
	}
	p, err := run[*muster.Proposal](v, "ProposeChange", command.ProposeChange{Documents: text, Why: form.why})
	if refused(err) {
		return v.rosterEditor(http.StatusUnprocessableEntity, form, func(e *view.RosterEditor) { v.refusedRoster(e, form, err) })
	}
	if err != nil {
		return err
	}
	return v.done("/changes/"+string(p.ID), "Proposed. Nothing changes until somebody else who may change it approves.", "")
}
