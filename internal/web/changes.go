package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// changeRoutes are the screens of proposed changes: a second person sees here what a change would do, and decides.
func (s *Web) changeRoutes() {
	s.page("GET /changes", changes)
	s.page("GET /changes/{id}", change)
	s.page("POST /changes/{id}/approve", decideChange("ApproveChange", "Approved and written."))
	s.page("POST /changes/{id}/reject", decideChange("RejectChange", "Rejected: nothing was written."))
}

// changesShown is how many proposals of each kind the list has.
const changesShown = 100

func changes(v *visit) error {
	p := view.ProposedChanges{Shell: v.shell("Proposed changes", view.PlaceSettings), Tabs: v.tabs(view.TabChanges)}
	for _, status := range []muster.ProposalStatus{muster.ProposalOpen, ""} {
		l, err := query.Run[query.ListChanges, muster.Listing[muster.Proposal]](v.ctx(), v.Queries, "ListChanges", v.actor, query.ListChanges{Status: status, Limit: changesShown})
		if err != nil {
			return err
		}
		for i := range l.Items {
			c := &l.Items[i]
			switch {
			case status == muster.ProposalOpen:
				h := v.changeHead(c)
				h.Dangers = c.Dangers[:min(len(c.Dangers), 2)]
				p.Open = append(p.Open, h)
			case c.Status != muster.ProposalOpen:
				p.Decided = append(p.Decided, v.changeHead(c))
			}
		}
	}
	return v.render(http.StatusOK, view.ProposedChangesPage(p))
}

func (v *visit) changeHead(p *muster.Proposal) view.ChangeHead {
	h := view.ChangeHead{
		ID: string(p.ID), URL: "/changes/" + string(p.ID), Why: p.Why, Summary: p.Summary, By: p.By.Name, At: p.At.Time,
		State: view.State{Tone: view.ToneInfo, Word: "Open"},
	}
	if p.Why == "" {
		h.Why = p.Summary
	}
	if p.DecidedBy == nil {
		return h
	}
	h.DecidedBy, h.DecidedAt, h.Note = p.DecidedBy.Name, p.DecidedAt.Time, p.Note
	h.State = view.State{Tone: view.ToneMinor, Word: "Rejected"}
	if p.Status == muster.ProposalApproved {
		h.State = view.State{Tone: view.ToneOK, Word: "Approved"}
	}
	return h
}

// change shows one proposal: while it is open, what it would do to the catalog as it is now; afterwards, what was said about
// it when it was proposed.
func change(v *visit) error { return v.proposal(http.StatusOK, nil) }

// proposal shows it once more when what was pressed was refused, with the reason.
func (v *visit) proposal(status int, refusal error) error {
	p, err := v.Queries.ProposalDetail(v.ctx(), v.viewer(), muster.ProposalID(v.r.PathValue("id")))
	if err != nil {
		return err
	}
	out := view.ProposedChange{
		Shell: v.shell("Proposed change", view.PlaceSettings), Tabs: v.tabs(view.TabChanges), ChangeHead: v.changeHead(p.Proposal),
		Diffs: changeDiffs(p.Diffs),
	}
	if refusal != nil {
		out.Problems, out.Typed = []view.Problem{{Message: muster.MessageOf(refusal)}}, v.field("note")
	}
	if p.Status != muster.ProposalOpen {
		for _, d := range p.Dangers {
			out.Bad = append(out.Bad, view.Note{Tone: view.ToneMinor, Lead: "Was said", Text: d})
		}
		out.Bad = firstNotes(out.Bad, planDangers, "more like these")
		if refusal != nil { // somebody else was faster
			out.Bad = append([]view.Note{{Tone: view.ToneCritical, Lead: "Not done", Text: muster.MessageOf(refusal)}}, out.Bad...)
		}
		return v.render(status, view.ProposedChangePage(out))
	}
	v.mayDecide(&out, p)
	x, err := v.Queries.PlanChange(v.ctx(), v.actor, query.PlanChange{Documents: p.Documents, Remove: p.Remove})
	if refused(err) || muster.CodeOf(err) == muster.ErrConflict {
		out.ApproveURL = ""
		out.Bad = append(out.Bad, view.Note{Tone: view.ToneMajor, Lead: "Cannot be written any more", Text: muster.MessageOf(err)})
		return v.render(status, view.ProposedChangePage(out))
	}
	if err != nil {
		return err
	}
	v.planned(&out, &x)
	return v.render(status, view.ProposedChangePage(out))
}

// mayDecide says who may approve, and gives the buttons to whom they are for. The operation asks again.
func (v *visit) mayDecide(out *view.ProposedChange, p *query.ProposalDetail) {
	who := "Nobody else may write these documents. Make somebody an owner of their team, or an admin: then they can approve it."
	if len(p.Approvers) > 0 {
		who = anyOf(p.Approvers) + " may approve it."
	}
	out.RejectText = "Reject it"
	switch {
	case p.Mine:
		out.Who, out.RejectText = "You proposed this, so somebody else has to look at it. "+who, "Take it back"
	case !p.MayDecide:
		out.Who = who
		return
	}
	out.RejectURL = out.URL + "/reject"
	if len(p.Stale) > 0 {
		out.Bad = append(out.Bad, view.Note{
			Tone: view.ToneMajor, Lead: "Cannot be written any more",
			Text: joinAnd(p.Stale) + " changed since this was proposed. Reject it, and propose the change again on what is there now.",
		})
	} else if !p.Mine {
		out.ApproveURL = out.URL + "/approve"
	}
}

// anyOf names people who may do something, the first few of many.
func anyOf(people []query.Person) string {
	names := make([]string, 0, 4)
	for i, p := range people {
		if i == 3 && len(people) > 4 {
			names = append(names, plural(len(people)-i, "other person", "other people"))
			break
		}
		names = append(names, p.Name)
	}
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

func joinAnd(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// What a screen shows of a long difference: lines around each that differs, and lines in all.
const (
	diffAround = 3
	diffLines  = 200
)

// changeDiffs is what a proposal does to each document: what differs, with a few lines around.
func changeDiffs(list []query.ProposalDiff) (out []view.ChangeDiff) {
	for _, d := range list {
		c := view.ChangeDiff{Ref: muster.DocRef(d.Kind, d.Name), URL: docURL(d.Kind, d.Name), What: "changed"}
		switch {
		case d.New:
			c.What, c.URL = "new", ""
		case d.Removed:
			c.What = "removed"
		}
		c.Lines = around(numbered(d.Lines))
		out = append(out, c)
	}
	return out
}

// around leaves out the lines that are far from any that differs.
func around(lines []view.DiffLine) (out []view.DiffLine) {
	keep := make([]bool, len(lines))
	for i, l := range lines {
		if l.Op == " " {
			continue
		}
		for j := max(0, i-diffAround); j <= min(len(lines)-1, i+diffAround); j++ {
			keep[j] = true
		}
	}
	for i, l := range lines {
		switch {
		case len(out) >= diffLines:
			return append(out, view.DiffLine{Op: " ", Text: "… and " + plural(len(lines)-i, "more line", "more lines")})
		case keep[i]:
			out = append(out, l)
		case i > 0 && keep[i-1]:
			out = append(out, view.DiffLine{Op: " ", Text: "…"})
		}
	}
	return out
}

// The most lines of a plan that a screen shows; the API has them all.
const (
	planDangers = 3
	planShifts  = 12
	planPast    = 10
)

// planned tells what a change would do.
func (v *visit) planned(out *view.ProposedChange, x *query.PlannedChange) {
	out.Summary = x.Summary
	if c := x.Consequences; c != nil {
		for i := range c.Lost {
			text := c.Lost[i].Say(v.Queries.Live.Current())
			if i < planDangers {
				out.Bad = append(out.Bad, view.Note{Tone: view.ToneCritical, Lead: "Reaches nobody", Text: text})
			} else {
				out.Lost = append(out.Lost, text)
			}
		}
		for i, s := range c.Shifts {
			if i == planShifts {
				break
			}
			out.Handed = append(out.Handed, view.HandedRow{Role: s.Role.Word() + " of " + s.Title, From: s.From.Time, To: s.Until.Time, Before: peopleWords(s.Before), After: peopleWords(s.After)})
		}
		out.More = len(c.Shifts) + c.More - len(out.Handed)
		out.Gaps = len(c.Opens)
		for _, h := range c.Hours {
			out.Load = append(out.Load, view.LoadRow{
				Name: h.Person.Name, You: h.Person.ID == v.actor.User, Hours: h.Before.Total, HoursAfter: h.After.Total, Nights: h.Before.Nights, NightAfter: h.After.Nights,
			})
		}
		for _, w := range c.Warnings {
			if w.Kind != "gap" {
				out.Warnings = append(out.Warnings, view.Note{Tone: view.ToneMinor, Lead: "Mind", Text: w.Text})
			}
		}
		out.Warnings = firstNotes(out.Warnings, planDangers, "more things to mind")
		out.Warnings = append(lookedShort(c.Far()), out.Warnings...)
		for _, k := range c.Clocks {
			out.Clocks = append(out.Clocks, k.Text)
		}
	}
	out.Warnings = append(lookedShort(x.Replayed.Far()), out.Warnings...)
	out.Past = view.Replay{Done: x.Alerts, Of: x.Of, Others: x.Others, Lost: x.Lost}
	for i := range x.ReachNobody {
		out.Past.Lines = append(out.Past.Lines, x.ReachNobody[i].Say())
	}
	for i := range x.OtherPeople {
		out.Past.Lines = append(out.Past.Lines, x.OtherPeople[i].Say())
	}
	if n := len(out.Past.Lines); n > planPast {
		out.Past.Lines = append(out.Past.Lines[:planPast:planPast], "And "+strconv.Itoa(n-planPast)+" more.")
	}
}

// lookedShort says that a change was too large to be looked at as a whole.
func lookedShort(text string) []view.Note {
	if text == "" {
		return nil
	}
	return []view.Note{{Tone: view.ToneMajor, Lead: "Not the whole", Text: text}}
}

// decideChange approves or rejects. What is refused is said on the page itself.
func decideChange(op, done string) func(*visit) error {
	return func(v *visit) error {
		p, err := run[*muster.Proposal](v, op, command.DecideChange{Change: muster.ProposalID(v.r.PathValue("id")), Note: v.field("note")})
		switch code := muster.CodeOf(err); {
		case err == nil:
			return v.done("/changes/"+string(p.ID), done, "")
		case code == muster.ErrConflict, code == muster.ErrForbidden, code == muster.ErrInvalid:
			return v.proposal(code.HTTPStatus(), err)
		}
		return err
	}
}

// proposeDocument keeps what stands in the editor for a second person.
func proposeDocument(v *visit) error {
	k, err := v.kind()
	if err != nil {
		return err
	}
	in := command.PutText{Kind: k, Name: v.r.PathValue("name"), Text: v.r.PostFormValue("body"), Why: v.field("why")}
	p, err := run[*muster.Proposal](v, "ProposeChange", command.ProposeChange{Documents: in.Text, Why: in.Why})
	if code := muster.CodeOf(err); code == muster.ErrInvalid || code == muster.ErrConflict {
		return v.again422(k, in, err)
	}
	if err != nil {
		return err
	}
	return v.done("/changes/"+string(p.ID), "Proposed. Nothing changes until somebody else approves it.", "")
}
