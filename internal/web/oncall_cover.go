package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// How far ahead shifts are offered to choose from, and how many of each person in exchange.
const (
	coverAhead   = 60 * 24 * time.Hour
	coverReturns = 6
)

// heldShift is somebody's shift as the final schedule has it, with the whole turn that it is part of.
type heldShift struct {
	roster      muster.RosterName
	role        muster.RosterRole
	rotation    string // "" when an override or a swap gave it
	person      muster.UserName
	name        string
	from, until muster.Instant
}

// value names the shift in a form.
func (h *heldShift) value() string {
	return strings.Join([]string{string(h.person), string(h.role), h.rotation, h.from.UTC().Format(time.RFC3339)}, "|")
}

// shiftNamed finds the shift that [heldShift.value] names.
func shiftNamed(list []heldShift, value string) *heldShift {
	for i := range list {
		if value != "" && list[i].value() == value {
			return &list[i]
		}
	}
	return nil
}

// heldShifts lists the shifts of everybody in a roster that are not over, each turn once.
func (v *visit) heldShifts(name muster.RosterName) (out []heldShift, err error) {
	b, err := v.Queries.OnCallBoard(v.ctx(), v.viewer(), query.AskBoard{From: muster.At(v.now), Until: muster.At(v.now.Add(coverAhead)), Roster: name, Finals: true, LanesOnly: true})
	if err != nil {
		return nil, err
	}
	s := v.Queries.Live.Current().Schedule(name)
	seen := map[string]bool{} // hourly turns are thousands
	for _, l := range b.Rosters[0].Lanes {
		for i := range l.Blocks {
			x := &l.Blocks[i]
			for _, who := range x.People {
				h := heldShift{roster: name, role: l.Role, person: who.ID, name: who.Name, from: x.From, until: x.Until}
				if t, ok := s.TurnAt(x.Layer, x.From); ok && x.Kind == query.BlockShift && slices.Contains(t.People, who.ID) {
					h.rotation, h.from, h.until = x.Layer, t.From, t.Until
				}
				if value := h.value(); !seen[value] {
					seen[value] = true
					out = append(out, h)
				}
			}
		}
	}
	return out, nil
}

// asked is what the form of a swap says: by GET to look again, by POST to do it.
type asked struct {
	role            muster.RosterRole
	rotation        string
	at, from, until string
	person, to      muster.UserName
	back, why       string
}

func (v *visit) readAsked() asked {
	get := v.param
	if v.r.Method == http.MethodPost {
		get = v.field
	}
	a := asked{
		role: muster.RosterRole(get("role")), rotation: get("rotation"), at: get("at"), from: get("from"), until: get("until"),
		person: muster.UserName(get("person")), to: muster.UserName(get("to")), back: get("back"), why: lineOf(get("why")),
	}
	if p := strings.Split(get("shift"), "|"); len(p) == 4 {
		a.person, a.role, a.rotation, a.at = muster.UserName(p[0]), muster.RosterRole(p[1]), p[2], p[3]
	}
	return a
}

// meant finds the shift that the form is about.
func (a *asked) meant(list []heldShift) *heldShift {
	at, err := time.Parse(time.RFC3339, a.at)
	if err != nil {
		return nil
	}
	for i := range list {
		h := &list[i]
		if h.person == a.person && (a.role == "" || h.role == a.role) && (a.rotation == "" || h.rotation == a.rotation) && !h.from.After(at) && h.until.After(at) {
			return h
		}
	}
	return nil
}

// coverPage is the form that asks for cover: of a part, of somebody, with a shift in exchange.
func coverPage(v *visit) error { return v.coverForm(http.StatusOK, false, nil) }

// arrangePage is the same form for an owner of the team, about anybody's shift.
func arrangePage(v *visit) error {
	if _, _, err := v.roster(); err != nil {
		return err
	}
	return v.coverForm(http.StatusOK, true, nil)
}

func (v *visit) coverForm(status int, arrange bool, refusal error) error {
	name := muster.RosterName(v.r.PathValue("roster"))
	list, err := v.heldShifts(name)
	if err != nil {
		return err
	}
	a := v.readAsked()
	p := view.CoverPage{
		Title: "Ask for cover", Back: view.Link{Text: v.rosterTitle(name), URL: "/oncall?roster=" + string(name)}, Arrange: arrange,
		URL: "/oncall/" + string(name) + "/cover", Why: a.why, Anybody: a.to == "",
	}
	if arrange {
		p.Title, p.URL = "Arrange a swap", "/oncall/"+string(name)+"/arrange"
	} else {
		a.person = v.actor.User
	}
	p.Shell = v.shell(p.Title, view.PlaceOnCall)
	h := a.meant(list)
	switch {
	case arrange:
		p.Choose = v.shiftGroups(list, h, "", 0)
		if len(list) == 0 {
			p.Nothing = "Nobody has a shift in the next 60 days."
		}
	case h == nil:
		p.Nothing = "You have no such shift any more: there is nothing to ask for."
	}
	if h == nil {
		if refusal != nil {
			return refusal
		}
		return v.render(status, view.CoverFormPage(p))
	}
	if err := v.coverFields(&p, h, &a, list); err != nil {
		return err
	}
	if refusal != nil {
		p.Problems = problems(refusal, map[string]string{"return_at": "back", "return_rotation": "back", "person": "", "role": "", "rotation": ""})
		if len(p.Returns) == 0 {
			for i := range p.Problems {
				p.Problems[i].Field = strings.TrimPrefix(p.Problems[i].Field, "back")
			}
		}
	}
	return v.render(status, view.CoverFormPage(p))
}

// coverFields fills in the form about one shift.
func (v *visit) coverFields(p *view.CoverPage, h *heldShift, a *asked, list []heldShift) error {
	whose := "Your shift"
	if h.person != v.actor.User {
		whose = h.name + "’s shift"
	}
	p.Shift = whose + " as " + h.role.Word() + " of " + v.rosterTitle(h.roster)
	p.From, p.To, p.Length = h.from.Time, h.until.Time, length(h.until.Sub(h.from.Time))
	p.Fields = []view.Field{{Name: "at", Value: a.at}, {Name: "role", Value: string(h.role)}, {Name: "rotation", Value: h.rotation}}
	if p.Arrange {
		p.Fields = append(p.Fields, view.Field{Name: "person", Value: string(h.person)})
	}
	p.Part = view.CoverPart{Min: v.localText(h.from.Time), Max: v.localText(h.until.Time)}
	p.Part.From, p.Part.To = cmp.Or(a.from, p.Part.Min), cmp.Or(a.until, p.Part.Max)
	from, until := h.from, h.until
	if t, wrong := v.localTime("from", p.Part.From); len(wrong) == 0 {
		from = t
	}
	if t, wrong := v.localTime("until", p.Part.To); len(wrong) == 0 {
		until = t
	}
	if from.Before(v.now) {
		from = muster.At(v.now)
	}
	whom, err := query.Run[query.AskWhom, muster.Listing[query.Candidate]](v.ctx(), v.Queries, "WhomToAsk", v.actor, query.AskWhom{Roster: h.roster, Role: h.role, From: from, Until: until})
	if refused(err) { // an odd part: the operation says what is wrong with it when it is asked for
		whom, err = query.Run[query.AskWhom, muster.Listing[query.Candidate]](v.ctx(), v.Queries, "WhomToAsk", v.actor, query.AskWhom{Roster: h.roster, Role: h.role, From: from})
	}
	if err != nil {
		return err
	}
	var others []muster.UserName
	for _, c := range whom.Items {
		if c.Person == h.person {
			continue
		}
		w := view.CoverWhom{Name: c.Name, Value: string(c.Person), Why: strings.Join(c.Reasons, " "), Chosen: c.Person == a.to}
		others = append(others, c.Person)
		if c.Can {
			p.Whom = append(p.Whom, w)
		} else {
			p.Others = append(p.Others, w)
		}
	}
	if h.rotation != "" { // only turns can be exchanged, and only those that have not begun
		p.Returns = v.shiftGroups(slices.DeleteFunc(slices.Clone(list), func(o heldShift) bool {
			return o.rotation == "" || o.person == h.person || !o.from.After(v.now) || !slices.Contains(others, o.person) || (o.from.Before(h.until.Time) && h.from.Before(o.until.Time))
		}), nil, a.back, coverReturns)
	}
	return nil
}

// shiftGroups are shifts to choose from, by person.
func (v *visit) shiftGroups(list []heldShift, chosen *heldShift, value string, most int) (out []view.OptionGroup) {
	if chosen != nil {
		value = chosen.value()
	}
	for i := range list {
		h := &list[i]
		at := slices.IndexFunc(out, func(g view.OptionGroup) bool { return g.Title == h.name })
		if at < 0 {
			at = len(out)
			out = append(out, view.OptionGroup{Title: h.name})
		}
		g := &out[at]
		if most > 0 && len(g.Options) >= most {
			continue
		}
		g.Options = append(g.Options, view.Option{
			Value: h.value(), Selected: h.value() == value,
			Text: h.name + ", " + h.role.Word() + ", " + v.clock(h.from) + " to " + v.clock(h.until),
		})
	}
	slices.SortStableFunc(out, func(a, b view.OptionGroup) int { return strings.Compare(a.Title, b.Title) })
	return out
}

// swapPart reads the part and the exchange of a form. A part that is the whole shift is not named: then it moves with the shift.
func (v *visit) swapPart(a *asked, list []heldShift) (from, until, returnAt muster.Instant, returnRotation string, err error) {
	h := a.meant(list)
	whole := func(text string, of func(*heldShift) muster.Instant) bool {
		return text == "" || (h != nil && text == v.localText(of(h).Time))
	}
	var wrong, more []muster.FieldError
	if !whole(a.from, func(h *heldShift) muster.Instant { return h.from }) {
		from, wrong = v.localTime("from", a.from)
	}
	if !whole(a.until, func(h *heldShift) muster.Instant { return h.until }) {
		until, more = v.localTime("until", a.until)
	}
	wrong = append(wrong, more...)
	if a.back != "" {
		switch back := shiftNamed(list, a.back); {
		case back == nil:
			wrong = append(wrong, muster.FieldError{Path: "back", Message: "that shift is not theirs any more: choose another"})
		case a.to == "":
			wrong = append(wrong, muster.FieldError{Path: "to", Message: "the shift in exchange is " + back.name + "’s: choose them, or nothing in exchange"})
		case back.person != a.to:
			wrong = append(wrong, muster.FieldError{Path: "back", Message: "this is a shift of " + back.name + ": choose one of whom you ask"})
		default:
			returnAt, returnRotation = back.from, back.rotation
		}
	}
	return from, until, returnAt, returnRotation, muster.Invalid("The swap cannot be asked for", wrong)
}

// askCover asks somebody, or everybody on the roster, to take a shift or a part of it.
func askCover(v *visit) error {
	name := muster.RosterName(v.r.PathValue("roster"))
	list, err := v.heldShifts(name)
	if err != nil {
		return err
	}
	a := v.readAsked()
	a.person = v.actor.User
	in := command.RequestSwap{Roster: name, Role: a.role, Rotation: a.rotation, To: a.to, Why: a.why}
	if err := in.At.UnmarshalText([]byte(a.at)); err != nil {
		return muster.WrapError(muster.ErrInvalid, err, "The shift is not named. Go back and ask again.")
	}
	var s *muster.SwapRequest
	if in.From, in.Until, in.ReturnAt, in.ReturnRotation, err = v.swapPart(&a, list); err == nil {
		s, err = run[*muster.SwapRequest](v, "RequestSwap", in)
	}
	if code := muster.CodeOf(err); err != nil && (code == muster.ErrInvalid || code == muster.ErrConflict) {
		return v.coverForm(http.StatusUnprocessableEntity, false, err)
	}
	if err != nil {
		return err
	}
	said := "Asked. The shift stays yours until somebody takes it."
	if a.to != "" {
		said = "Asked. The shift stays yours until " + v.Queries.Catalog().DisplayName(a.to) + " takes it."
	}
	return v.done(v.afterCover(name), said, "/cover/"+string(s.ID)+"/withdraw")
}

// arrangeSwap gives somebody's shift to somebody else.
func arrangeSwap(v *visit) error {
	name := muster.RosterName(v.r.PathValue("roster"))
	list, err := v.heldShifts(name)
	if err != nil {
		return err
	}
	a := v.readAsked()
	in := command.ArrangeSwap{Roster: name, Person: a.person, To: a.to, Role: a.role, Rotation: a.rotation, Why: a.why}
	if err := in.At.UnmarshalText([]byte(a.at)); err != nil {
		return muster.WrapError(muster.ErrInvalid, err, "The shift is not named. Go back and choose it again.")
	}
	var s *muster.SwapRequest
	if in.From, in.Until, in.ReturnAt, in.ReturnRotation, err = v.swapPart(&a, list); err == nil {
		s, err = run[*muster.SwapRequest](v, "ArrangeSwap", in)
	}
	if code := muster.CodeOf(err); err != nil && (code == muster.ErrInvalid || code == muster.ErrConflict) {
		return v.coverForm(http.StatusUnprocessableEntity, true, err)
	}
	if err != nil {
		return err
	}
	undo := ""
	if len(s.Patches) == 1 {
		undo = undoURL(s.Roster, s.Patches[0])
	}
	c := v.Queries.Catalog()
	text := c.DisplayName(s.Taker) + " has " + c.DisplayName(s.Holder) + "’s shift from " + v.clock(s.From) + " until " + v.clock(s.Until) + "."
	if !s.ReturnFrom.IsZero() {
		text += " " + c.DisplayName(s.Holder) + " has theirs from " + v.clock(s.ReturnFrom) + "."
	}
	return v.done("/oncall?roster="+string(name), text, undo)
}

// afterCover is where somebody goes on who has asked: where they were, or from the whole form to the roster.
func (v *visit) afterCover(name muster.RosterName) string {
	if to := v.onCallBack(); !strings.Contains(to, "/cover") {
		return to
	}
	return "/oncall?roster=" + string(name)
}

// coverURL is the whole form about a shift of the visitor.
func coverURL(r muster.RosterName, at muster.Instant, role muster.RosterRole) string {
	q := url.Values{"at": {at.UTC().Format(time.RFC3339)}, "role": {string(role)}}
	return "/oncall/" + string(r) + "/cover?" + q.Encode()
}

// arrangeURL is where an owner of the team swaps shifts of others.
func arrangeURL(r muster.RosterName) string { return "/oncall/" + string(r) + "/arrange" }
