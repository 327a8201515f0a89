package web

import (
	"net/http"
	"strconv"

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

// changesShown is how many proposals the list has.
const changesShown = 100

func changes(v *visit) error {
	l, err := query.Run[query.ListChanges, muster.Listing[muster.Proposal]](v.ctx(), v.Queries, "ListChanges", v.actor, query.ListChanges{Limit: changesShown})
	if err != nil {
		return err
	}
	p := view.ProposedChanges{Shell: v.shell("Proposed changes", view.PlaceOnCall)}
	for i := range l.Items {
		p.Rows = append(p.Rows, v.changeHead(&l.Items[i]))
	}
	return v.render(http.StatusOK, view.ProposedChangesPage(p))
}

func (v *visit) changeHead(p *muster.Proposal) view.ChangeHead {
	h := view.ChangeHead{URL: "/changes/" + string(p.ID), Why: p.Why, Summary: p.Summary, By: p.By.Name, At: p.At.Time, State: view.State{Tone: view.ToneInfo, Word: "Open"}}
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
func change(v *visit) error {
	p, err := query.Run[query.OneChange, *muster.Proposal](v.ctx(), v.Queries, "GetChange", v.actor, query.OneChange{Change: muster.ProposalID(v.r.PathValue("id"))})
	if err != nil {
		return err
	}
	out := view.ProposedChange{Shell: v.shell("Proposed change", view.PlaceOnCall), ChangeHead: v.changeHead(p), Documents: p.Documents, Removed: p.Remove}
	if p.Status != muster.ProposalOpen {
		for _, d := range p.Dangers {
			out.Bad = append(out.Bad, view.Note{Tone: view.ToneMinor, Lead: "Was said", Text: d})
		}
		return v.render(http.StatusOK, view.ProposedChangePage(out))
	}
	if mine := p.By.User == v.actor.User && v.actor.User != ""; !mine {
		out.ApproveURL = v.may(muster.AccessResponder, out.URL+"/approve")
	}
	out.RejectURL = v.may(muster.AccessResponder, out.URL+"/reject")
	x, err := v.Queries.PlanChange(v.ctx(), v.actor, query.PlanChange{Documents: p.Documents, Remove: p.Remove})
	if refused(err) || muster.CodeOf(err) == muster.ErrConflict {
		out.Bad = append(out.Bad, view.Note{Tone: view.ToneMajor, Lead: "Cannot be written any more", Text: muster.MessageOf(err)})
		return v.render(http.StatusOK, view.ProposedChangePage(out))
	}
	if err != nil {
		return err
	}
	v.planned(&out, &x)
	return v.render(http.StatusOK, view.ProposedChangePage(out))
}

// The most lines of a plan that a screen shows; the API has them all.
const (
	planDangers = 6
	planShifts  = 12
	planPast    = 10
)

// planned tells what a change would do.
func (v *visit) planned(out *view.ProposedChange, x *query.PlannedChange) {
	out.Summary = x.Summary
	for _, c := range x.Changes {
		out.Touches = append(out.Touches, view.Link{Text: string(c.What) + " " + muster.DocRef(c.Kind, c.Name), URL: docURL(c.Kind, c.Name)})
	}
	if c := x.Consequences; c != nil {
		for i := range c.Lost {
			out.Bad = append(out.Bad, view.Note{Tone: view.ToneCritical, Lead: "Reaches nobody", Text: c.Lost[i].Say(v.Queries.Live.Current())})
		}
		out.Bad = firstNotes(out.Bad, planDangers, "more stretches in which nobody would be reached")
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
		for _, k := range c.Clocks {
			out.Clocks = append(out.Clocks, k.Text)
		}
	}
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

// decideChange approves or rejects.
func decideChange(op, done string) func(*visit) error {
	return func(v *visit) error {
		p, err := run[*muster.Proposal](v, op, command.DecideChange{Change: muster.ProposalID(v.r.PathValue("id")), Note: v.field("note")})
		if err != nil {
			return err
		}
		return v.done("/changes/"+string(p.ID), done, "")
	}
}
