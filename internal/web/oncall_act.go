package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// overrideForm is the form that replaces who is on call in a window.
func (v *visit) overrideForm(roster muster.RosterName) view.OverrideForm {
	f := view.OverrideForm{
		URL: v.may(muster.AccessResponder, "/oncall/override"), TakeURL: v.may(muster.AccessResponder, "/oncall/take"),
		Open: v.param("take") != "", From: v.param("begin"), To: v.param("end"),
	}
	if f.URL == "" {
		return f
	}
	for _, d := range v.Queries.Catalog().Documents(muster.KindRosters) {
		f.Rosters = append(f.Rosters, view.Option{Value: d.DocName(), Text: docTitle(d), Selected: d.DocName() == string(roster)})
	}
	for _, r := range muster.RosterRoles() {
		f.Roles = append(f.Roles, view.Option{Value: string(r), Text: capital(r), Selected: string(r) == v.param("take")})
	}
	f.People = append(v.userOptions(v.actor.User), view.Option{Value: "", Text: "Nobody, on purpose"})
	if f.From == "" {
		f.From, f.To = v.localText(v.now), v.localText(v.now.Add(8*time.Hour))
	}
	return f
}

// patchRow is an override or a swap that exists.
func (v *visit) patchRow(r *query.RosterBoard, x query.Patch) view.OverrideRow {
	who := peopleWords(x.People)
	if who == "" {
		who = "Nobody"
	}
	if len(x.Instead) > 0 {
		who += " for " + peopleWords(x.Instead)
	}
	row := view.OverrideRow{Text: who + ", " + string(x.Role) + " of " + r.Title, From: x.From.Time, To: x.Until.Time, Why: x.Why, Kind: "override", Lapsed: x.Lapsed}
	if x.Swap {
		row.Kind = "swap"
	}
	if x.By != "" {
		row.By = "by " + v.Queries.Catalog().DisplayName(x.By)
	}
	mine := v.among(x.People) || v.among(x.Instead) || (x.By != "" && x.By == v.actor.User)
	if v.can(muster.AccessResponder) && (mine || v.actor.Owns(r.Team)) {
		row.UndoURL = undoURL(r.Name, x.ID)
	}
	return row
}

func undoURL(r muster.RosterName, id string) string { return "/oncall/" + string(r) + "/undo/" + id }

// override replaces who is on call.
func override(v *visit) error {
	in := command.OverrideShift{Roster: muster.RosterName(v.field("roster")), Role: muster.RosterRole(v.field("role")), Why: v.field("why")}
	who := "Nobody"
	if u := muster.UserName(v.field("person")); u != "" {
		in.People, who = []muster.UserName{u}, v.Queries.Catalog().DisplayName(u)
	}
	var wrong, more []muster.FieldError
	in.From, wrong = v.localTime("from", v.field("from"))
	in.Until, more = v.localTime("to", v.field("to"))
	err := muster.Invalid("The override is not right", append(wrong, more...))
	if in.From.Before(v.now) && in.From.After(v.now.Add(-15*time.Minute)) {
		in.From = muster.Instant{} // a form that lay open for some minutes means now
	}
	if err == nil {
		var o *muster.Override
		if o, err = run[*muster.Override](v, "OverrideShift", in); err == nil {
			return v.done(v.onCallBack(), who+" is on call from "+v.clock(o.From)+" until "+v.clock(o.Until)+".", undoURL(in.Roster, o.ID))
		}
	}
	if !refused(err) {
		return err
	}
	return v.oncall(http.StatusUnprocessableEntity, func(p *view.OnCall) {
		o := &p.Override
		o.Open, o.From, o.To, o.Why = true, v.field("from"), v.field("to"), v.field("why")
		o.Rosters, o.Roles, o.People = options(o.Rosters, v.field("roster")), options(o.Roles, v.field("role")), options(o.People, v.field("person"))
		o.Problems = overrideProblems(err)
	})
}

// onCallBack is the page of ours that the form stood on, without what opened the form.
func (v *visit) onCallBack() string {
	to := v.back("/oncall")
	path, q, _ := strings.Cut(to, "?")
	var kept []string
	for pair := range strings.SplitSeq(q, "&") {
		if name, _, _ := strings.Cut(pair, "="); pair != "" && name != "take" && name != "begin" && name != "end" && name != "swap" {
			kept = append(kept, pair)
		}
	}
	if len(kept) == 0 {
		return path
	}
	return path + "?" + strings.Join(kept, "&")
}

// overrideProblems puts what is wrong with the roster that would result beside the fields of the form.
func overrideProblems(err error) []view.Problem {
	out := problems(err, map[string]string{"until": "to", "people": "person"})
	for i, p := range out {
		for path, field := range map[string]string{".until": "to", ".from": "from", ".people": "person", ".role": "role"} {
			if strings.Contains(p.Field, "overrides[") && strings.Contains(p.Field, path) {
				out[i].Field = field
			}
		}
		if p.Field == "people[0]" || p.Field == "person" {
			out[i].Field = ""
		}
	}
	return out
}

// takePager makes the visitor be on call from now until the hand-off.
func takePager(v *visit) error {
	out, err := run[*command.Taken](v, "TakePager", command.TakePager{Roster: muster.RosterName(v.field("roster")), Role: muster.RosterRole(v.field("role")), Why: v.field("why")})
	if err != nil {
		return err
	}
	text, undo := "You have the pager for "+out.Title+" until "+v.clock(out.Until)+".", ""
	if out.Override != "" {
		undo = undoURL(out.Roster, out.Override)
	}
	if out.From.Before(v.now.Add(-time.Minute)) {
		text, undo = "You have the pager for "+out.Title+" already, until "+v.clock(out.Until)+".", ""
	}
	return v.done(v.onCallBack(), text, undo)
}

// undoShift takes an override or a swap back.
func undoShift(v *visit) error {
	out, err := run[*command.Undone](v, "UndoShift", command.UndoShift{Roster: muster.RosterName(v.r.PathValue("roster")), ID: v.r.PathValue("id")})
	if err != nil {
		return err
	}
	if out.Ended {
		return v.done(v.onCallBack(), "It ends now: who was on call before is on call again.", "")
	}
	return v.done(v.onCallBack(), "Undone: who was on call before is on call again.", "")
}

// offerCover offers to take somebody's shift.
func offerCover(v *visit) error {
	in := command.OfferCover{Roster: muster.RosterName(v.r.PathValue("roster")), Person: muster.UserName(v.field("person")), Role: muster.RosterRole(v.field("role")), Why: v.field("why")}
	if err := in.At.UnmarshalText([]byte(v.field("at"))); err != nil {
		return muster.WrapError(muster.ErrInvalid, err, "The shift is not named. Go back and offer again.")
	}
	s, err := run[*muster.SwapRequest](v, "OfferCover", in)
	if err != nil {
		return err
	}
	return v.done(v.onCallBack(), "Offered. It is yours when "+v.Queries.Catalog().DisplayName(in.Person)+" accepts.", "/cover/"+string(s.ID)+"/withdraw")
}

// answerCover accepts, declines or withdraws a request for cover.
func answerCover(v *visit) error {
	in := command.AnswerSwap{Swap: muster.SwapRequestID(v.r.PathValue("id")), Why: v.field("why")}
	var op, text string
	switch v.r.PathValue("act") {
	case "accept":
		op, text = "AcceptSwap", "Agreed: the shift has changed hands."
	case "decline":
		op, text = "DeclineSwap", "Declined."
	case "withdraw":
		op, text = "WithdrawSwap", "Withdrawn: the shift stays where it was."
	default:
		return muster.Errorf(muster.ErrNotFound, "There is nothing at this address.")
	}
	s, err := run[*muster.SwapRequest](v, op, in)
	if err != nil {
		return err
	}
	undo := ""
	if op == "AcceptSwap" && len(s.Patches) == 1 {
		undo = undoURL(s.Roster, s.Patches[0])
	}
	return v.done(v.onCallBack(), text, undo)
}

// covers adds the open requests and offers that concern the visitor, and marks their own shifts with theirs.
func (v *visit) covers(p *view.OnCall, roster muster.RosterName) error {
	asked, own, err := v.openCovers(roster)
	if err != nil {
		return err
	}
	p.Asked = asked
	markAsked(p.MyShifts, own)
	return nil
}

// markAsked shows a request beside the shift that it is about; then it cannot be asked for again.
func markAsked(shifts []view.Shift, own []view.CoverAsked) {
	for i := range shifts {
		for j := range own {
			if !own[j].From.Before(shifts[i].From) && own[j].From.Before(shifts[i].To) {
				shifts[i].Asked, shifts[i].AskURL = &own[j], ""
			}
		}
	}
}

// openCovers lists what is open: what the visitor may answer, and what they asked for themselves.
func (v *visit) openCovers(roster muster.RosterName) (answer, own []view.CoverAsked, err error) {
	list, err := query.Run[query.ListSwaps, muster.Listing[query.Swap]](v.ctx(), v.Queries, "ListSwaps", v.actor, query.ListSwaps{Status: muster.SwapOpen, Roster: roster, Limit: 200})
	if err != nil {
		return nil, nil, err
	}
	for i := range list.Items {
		switch s := &list.Items[i]; {
		case s.By == v.actor.User && s.Holder == v.actor.User:
			own = append(own, v.cover(s))
		case s.MayAnswer || s.By == v.actor.User:
			answer = append(answer, v.cover(s))
		}
	}
	return answer, own, nil
}

// cover is a request or an offer, with what the visitor may do about it.
func (v *visit) cover(s *query.Swap) view.CoverAsked {
	c := view.CoverAsked{From: s.From.Time, To: s.Until.Time, Why: s.Why}
	act := func(what string) string { return "/cover/" + string(s.ID) + "/" + what }
	role := s.Role.Word() + " of " + s.RosterTitle
	if s.MayWithdraw {
		c.WithdrawURL = act("withdraw")
	}
	offered, mine := s.Kind == muster.SwapOffered, s.By == v.actor.User
	switch {
	case offered && mine:
		c.Text = "You offered to take " + s.HolderName + "'s shift as " + role
	case offered && s.Holder == v.actor.User:
		c.Text = s.ByName + " offers to take your shift as " + role
	case offered:
		c.Text = s.ByName + " offers to take " + s.HolderName + "'s shift as " + role
	case s.Holder == v.actor.User:
		c.Text = "You asked for cover: " + role
	default:
		c.Text = s.HolderName + " asks for cover: " + role
	}
	switch {
	case s.MayAnswer && offered:
		c.DeclineURL, c.AcceptURLs = act("decline"), []view.Link{{Text: "Give it to " + s.ByName, URL: act("accept")}}
	case s.MayAnswer:
		c.OfferURL, c.DeclineURL = act("accept"), act("decline")
		if s.Return != nil {
			c.Text += ", and takes your shift of " + v.clock(s.ReturnFrom) + " in exchange"
		}
	}
	return c
}

// acceptWarning says that a warning stays as it is for a while.
func acceptWarning(v *visit) error {
	in := command.AcceptWarning{
		Roster: muster.RosterName(v.r.PathValue("roster")), Kind: v.field("kind"), Role: muster.RosterRole(v.field("role")),
		Person: muster.UserName(v.field("person")), Rotation: v.field("rotation"), Why: v.field("why"),
	}
	day, err := time.ParseInLocation(time.DateOnly, v.field("until"), v.zone)
	if err != nil {
		return muster.Invalid("The warning cannot be accepted", []muster.FieldError{{Path: "until", Message: "write a day, like 2026-12-31"}})
	}
	in.Until = muster.At(day.AddDate(0, 0, 1))
	if _, err := run[*muster.Acceptance](v, "AcceptWarning", in); err != nil {
		return err
	}
	return v.done(v.onCallBack(), "Accepted until "+day.Format("2 January 2006")+". Then it is told again.", "")
}
