package command

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// RequestSwap asks for somebody to take a shift of the caller.
type RequestSwap struct {
	Roster         muster.RosterName `json:"roster" path:"roster" arg:"1" doc:"the roster"`
	At             muster.Instant    `json:"at,omitzero" doc:"a moment in your shift, such as its beginning; your running or next shift when empty"`
	Role           muster.RosterRole `json:"role,omitempty" doc:"primary or secondary, where you have both then"`
	Rotation       string            `json:"rotation,omitempty" doc:"the rotation, where you have turns in several then"`
	From           muster.Instant    `json:"from,omitzero" doc:"only from here on; from the beginning of the shift when empty"`
	Until          muster.Instant    `json:"until,omitzero" doc:"only until here; until the end of the shift when empty"`
	To             muster.UserName   `json:"to,omitempty" doc:"who is asked; everybody on the roster when empty"`
	ReturnAt       muster.Instant    `json:"return_at,omitzero" doc:"a moment in a shift of theirs that you take in exchange; nothing in exchange when empty"`
	ReturnRotation string            `json:"return_rotation,omitempty" doc:"the rotation of that shift, where they have several then"`
	Why            string            `json:"why,omitempty" arg:"rest" doc:"why"`
}

// OfferCover offers to take somebody's shift.
type OfferCover struct {
	Roster         muster.RosterName `json:"roster" path:"roster" arg:"1" doc:"the roster"`
	Person         muster.UserName   `json:"person" arg:"2" doc:"whose shift it is"`
	At             muster.Instant    `json:"at,omitzero" doc:"a moment in their shift, such as its beginning; their running or next shift when empty"`
	Role           muster.RosterRole `json:"role,omitempty" doc:"primary or secondary, where they have both then"`
	Rotation       string            `json:"rotation,omitempty" doc:"the rotation, where they have turns in several then"`
	From           muster.Instant    `json:"from,omitzero" doc:"only from here on; from the beginning of the shift when empty"`
	Until          muster.Instant    `json:"until,omitzero" doc:"only until here; until the end of the shift when empty"`
	ReturnAt       muster.Instant    `json:"return_at,omitzero" doc:"a moment in a shift of yours that they take in exchange; nothing in exchange when empty"`
	ReturnRotation string            `json:"return_rotation,omitempty" doc:"the rotation of that shift, where you have several then"`
	Why            string            `json:"why,omitempty" arg:"rest" doc:"why"`
}

// ArrangeSwap gives somebody's shift to somebody else at once: for an owner of the team, when those whom it concerns cannot
// do it themselves.
type ArrangeSwap struct {
	Roster         muster.RosterName `json:"roster" path:"roster" arg:"1" doc:"the roster"`
	Person         muster.UserName   `json:"person" arg:"2" doc:"whose shift it is"`
	To             muster.UserName   `json:"to" arg:"3" doc:"who takes it"`
	At             muster.Instant    `json:"at,omitzero" doc:"a moment in the shift, such as its beginning; the running or next one when empty"`
	Role           muster.RosterRole `json:"role,omitempty" doc:"primary or secondary, where the person has both then"`
	Rotation       string            `json:"rotation,omitempty" doc:"the rotation, where the person has turns in several then"`
	From           muster.Instant    `json:"from,omitzero" doc:"only from here on; from the beginning of the shift when empty"`
	Until          muster.Instant    `json:"until,omitzero" doc:"only until here; until the end of the shift when empty"`
	ReturnAt       muster.Instant    `json:"return_at,omitzero" doc:"a moment in a shift of the taker that the person has in exchange; nothing when empty"`
	ReturnRotation string            `json:"return_rotation,omitempty" doc:"the rotation of that shift, where the taker has several then"`
	Why            string            `json:"why,omitempty" arg:"rest" doc:"why"`
}

// AnswerSwap answers a swap request, or takes one back.
type AnswerSwap struct {
	Swap muster.SwapRequestID `json:"swap" path:"swap" arg:"1" doc:"the request's ID"`
	Why  string               `json:"why,omitempty" arg:"rest" doc:"what you say to it"`
}

// swapAsk is what the three ways to begin a swap have in common.
type swapAsk struct {
	at, from, until, returnAt    muster.Instant
	role                         muster.RosterRole
	rotation, returnRotation     string
	holder, taker                muster.UserName // taker may be empty: not known yet
	why                          string
	takerPath, holderPath, verbs string
}

func (c *Call) requestSwap(in RequestSwap) (*muster.SwapRequest, error) {
	if err := c.person("ask for a swap"); err != nil {
		return nil, err
	}
	s, err := c.newSwap(in.Roster, swapAsk{
		at: in.At, from: in.From, until: in.Until, returnAt: in.ReturnAt, role: in.Role, rotation: in.Rotation, returnRotation: in.ReturnRotation,
		holder: c.Actor.User, taker: in.To, why: in.Why, takerPath: "to", holderPath: "roster", verbs: "The swap cannot be asked for",
	})
	if err != nil {
		return nil, err
	}
	s.Kind, s.Asked = muster.SwapAsked, in.To
	return c.openSwap(s)
}

func (c *Call) offerCover(in OfferCover) (*muster.SwapRequest, error) {
	if err := c.person("offer cover"); err != nil {
		return nil, err
	}
	s, err := c.newSwap(in.Roster, swapAsk{
		at: in.At, from: in.From, until: in.Until, returnAt: in.ReturnAt, role: in.Role, rotation: in.Rotation, returnRotation: in.ReturnRotation,
		holder: in.Person, taker: c.Actor.User, why: in.Why, takerPath: "person", holderPath: "person", verbs: "The cover cannot be offered",
	})
	if err != nil {
		return nil, err
	}
	s.Kind, s.Asked, s.Taker = muster.SwapOffered, in.Person, c.Actor.User
	return c.openSwap(s)
}

func (c *Call) arrangeSwap(in ArrangeSwap) (*muster.SwapRequest, error) {
	r, err := c.roster(in.Roster)
	if err != nil {
		return nil, err
	}
	if err := c.mustOwn(r.Team, "the shifts of others in the roster "+string(r.Name)); err != nil {
		return nil, err
	}
	if in.To == "" {
		return nil, muster.Invalid("The swap cannot be arranged", []muster.FieldError{{Path: "to", Message: "is missing: say who takes the shift"}})
	}
	s, err := c.newSwap(in.Roster, swapAsk{
		at: in.At, from: in.From, until: in.Until, returnAt: in.ReturnAt, role: in.Role, rotation: in.Rotation, returnRotation: in.ReturnRotation,
		holder: in.Person, taker: in.To, why: in.Why, takerPath: "to", holderPath: "person", verbs: "The swap cannot be arranged",
	})
	if err != nil {
		return nil, err
	}
	s.Kind, s.Asked, s.Taker = muster.SwapAsked, in.To, in.To
	if err := c.carryOut(s); err != nil { // those who are concerned are told by the change itself
		return nil, err
	}
	s.Status, s.AnsweredBy, s.AnsweredAt = muster.SwapAccepted, c.Actor.User, c.Now()
	return s, c.saveSwap(s, true, "arrange swap")
}

func (c *Call) person(what string) error {
	if c.Actor.User == "" {
		return muster.Errorf(muster.ErrConflict, "Only a person can %s: %s is none.", what, c.Actor.Name)
	}
	return nil
}

// newSwap finds the shift that is meant, and tries the swap out where it is known who takes the shift.
func (c *Call) newSwap(name muster.RosterName, a swapAsk) (*muster.SwapRequest, error) {
	r, err := c.roster(name)
	if err != nil {
		return nil, err
	}
	var wrong []muster.FieldError
	if a.role != "" {
		wrong = append(wrong, c.checkRole(a.role)...)
	}
	if a.rotation != "" {
		wrong = append(wrong, checkRotation("rotation", r, a.rotation)...)
	}
	if a.returnRotation != "" {
		wrong = append(wrong, checkRotation("return_rotation", r, a.returnRotation)...)
	}
	wrong = append(wrong, c.checkHolder(a.holderPath, a.holder)...)
	switch {
	case a.taker == "" && !a.returnAt.IsZero():
		wrong = append(wrong, muster.FieldError{Path: "return_at", Message: "say in to whose shift you take in exchange"})
	case a.taker != "" && a.taker == a.holder:
		wrong = append(wrong, muster.FieldError{Path: a.takerPath, Message: "the shift is theirs already: name somebody else"})
	case a.taker != "":
		wrong = append(wrong, c.checkTakers(a.takerPath, muster.ShadowResponder, []muster.UserName{a.taker})...) // swapped knows the role
	}
	if err := muster.Invalid(a.verbs, wrong); err != nil {
		return nil, err
	}
	d, err := c.dutyOf(r, a)
	if err != nil {
		return nil, err
	}
	s := &muster.SwapRequest{
		ID: id[muster.SwapRequestID](c), Status: muster.SwapOpen, Roster: r.Name, Role: d.role, Holder: a.holder, Shift: d.ref, Whole: d.whole,
		From: d.from, Until: d.until, By: c.Actor.User, Taker: a.taker, Why: muster.CleanText(a.why, 500), CreatedAt: c.Now(),
	}
	if !a.returnAt.IsZero() {
		back, err := c.dutyOf(r, swapAsk{at: a.returnAt, rotation: a.returnRotation, holder: a.taker, verbs: a.verbs})
		if err != nil {
			return nil, err
		}
		if back.ref == (muster.ShiftRef{}) || d.ref == (muster.ShiftRef{}) {
			return nil, muster.Errorf(muster.ErrConflict, "Only turns of a rotation can be given in exchange for each other. One of these two is held by an override or by a swap: ask for cover without anything in exchange.")
		}
		s.Return, s.ReturnFrom, s.ReturnUntil = &back.ref, back.from, back.until
	}
	if a.taker != "" {
		if _, _, err := c.swapped(s); err != nil {
			return nil, err
		}
	}
	s.Taker = ""
	return s, nil
}

func (c *Call) checkHolder(path string, u muster.UserName) []muster.FieldError {
	if u == "" {
		return []muster.FieldError{{Path: path, Message: "is missing: say whose shift it is"}}
	}
	if d := c.Snap.Catalog.Users[u]; d != nil && d.Disabled {
		return nil // who has left may have shifts still
	}
	return c.checkTakers(path, muster.ShadowResponder, []muster.UserName{u}) // whoever has it has it
}

// openSwap writes a request, with its timer, and tells those who can answer. Who asks for the same again gets the request
// that is open.
func (c *Call) openSwap(s *muster.SwapRequest) (*muster.SwapRequest, error) {
	open, err := c.SwapRequests(store.SwapFilter{Status: []muster.SwapStatus{muster.SwapOpen}, Roster: s.Roster, Person: s.By})
	if err != nil {
		return nil, err
	}
	for _, o := range open {
		if o.Kind == s.Kind && o.By == s.By && o.Holder == s.Holder && o.Asked == s.Asked && o.Role == s.Role && o.Shift == s.Shift &&
			o.From.Equal(s.From.Time) && o.Until.Equal(s.Until.Time) && sameShift(o.Return, s.Return) {
			return o, nil
		}
	}
	what := "request swap"
	if s.Kind == muster.SwapOffered {
		what = "offer cover"
	}
	if err := c.saveSwap(s, true, what); err != nil {
		return nil, err
	}
	due := s.From.Plus(-swapRemind)
	if !due.After(c.Now().Time) {
		due = s.Until
	}
	if err := c.armSwap(s, due); err != nil {
		return nil, err
	}
	return s, c.tellAsked(s)
}

func sameShift(a, b *muster.ShiftRef) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// saveSwap writes the request and its line in the security log.
func (c *Call) saveSwap(s *muster.SwapRequest, fresh bool, what string) error {
	write := c.UpdateSwapRequest
	if fresh {
		write = c.InsertSwapRequest
	}
	if err := write(s); err != nil {
		return err
	}
	c.Emit(store.Event{Topic: "swaps"})
	return c.audit(what, string(s.ID), map[string]string{"roster": string(s.Roster), "holder": string(s.Holder), "taker": string(s.Taker)})
}

// acceptSwap gives the shift to who accepts a request, or to who offered. In the middle of a running shift it applies from
// now on.
func (c *Call) acceptSwap(in AnswerSwap) (*muster.SwapRequest, error) {
	s, done, err := c.answerable(in.Swap, muster.SwapAccepted)
	if err != nil || done {
		return s, err
	}
	if s.Taker == "" {
		s.Taker = c.Actor.User
	}
	if err := c.carryOut(s, s.Holder, s.Taker); err != nil {
		return nil, err
	}
	if err := c.closeSwap(s, muster.SwapAccepted, in.Why, "accept swap"); err != nil {
		return nil, err
	}
	return s, c.tellAnswer(s, s.By, "accepts")
}

// declineSwap says no. A request to everybody stays open until everybody has said no.
func (c *Call) declineSwap(in AnswerSwap) (*muster.SwapRequest, error) {
	s, done, err := c.answerable(in.Swap, muster.SwapDeclined)
	if err != nil || done {
		return s, err
	}
	if s.Asked == "" {
		if !slices.Contains(s.Declined, c.Actor.User) {
			s.Declined = append(s.Declined, c.Actor.User)
		}
		for _, u := range c.Snap.Catalog.RosterPeople(s.Roster) {
			if s.MayAnswer(u, c.Snap.Catalog) && !slices.Contains(s.Declined, u) {
				return s, c.saveSwap(s, false, "decline swap")
			}
		}
	}
	if err := c.closeSwap(s, muster.SwapDeclined, in.Why, "decline swap"); err != nil {
		return nil, err
	}
	return s, c.tellAnswer(s, s.By, "declines")
}

// withdrawSwap takes a request back: for who made it, whose shift it is, and owners of the team.
func (c *Call) withdrawSwap(in AnswerSwap) (*muster.SwapRequest, error) {
	s, err := c.swapRequest(in.Swap)
	if err != nil {
		return nil, err
	}
	if c.Actor.User == "" || (c.Actor.User != s.By && c.Actor.User != s.Holder) {
		team := muster.TeamName("")
		if r := c.Snap.Catalog.Rosters[s.Roster]; r != nil {
			team = r.Team
		}
		if err := c.mustOwn(team, "what others have asked for"); err != nil {
			return nil, err
		}
	}
	switch s.Status {
	case muster.SwapWithdrawn:
		return s, nil
	case muster.SwapOpen:
	default:
		return nil, c.closedAlready(s)
	}
	if err := c.closeSwap(s, muster.SwapWithdrawn, in.Why, "withdraw swap"); err != nil {
		return nil, err
	}
	for _, u := range s.Parties() {
		if err := c.tellAnswer(s, u, "withdraws"); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (c *Call) swapRequest(id muster.SwapRequestID) (*muster.SwapRequest, error) {
	s, err := c.SwapRequest(id)
	if muster.CodeOf(err) == muster.ErrNotFound {
		return nil, muster.Errorf(muster.ErrNotFound, "There is no swap request %q.", muster.Clip(string(id), 60))
	}
	return s, err
}

// answerable finds a request that the caller may answer. done says that it has this answer by them already.
func (c *Call) answerable(id muster.SwapRequestID, want muster.SwapStatus) (s *muster.SwapRequest, done bool, err error) {
	if s, err = c.swapRequest(id); err != nil {
		return nil, false, err
	}
	if s.Status != muster.SwapOpen {
		if s.Status == want && s.AnsweredBy == c.Actor.User && c.Actor.User != "" {
			return s, true, nil
		}
		return nil, false, c.closedAlready(s)
	}
	if s.MayAnswer(c.Actor.User, c.Snap.Catalog) {
		return s, false, nil
	}
	name := c.Snap.Catalog.DisplayName
	switch {
	case c.Actor.User == s.By:
		return nil, false, muster.Errorf(muster.ErrConflict, "You made this request yourself: withdraw it if it is not wanted any more.")
	case s.Kind == muster.SwapOffered:
		return nil, false, muster.Errorf(muster.ErrForbidden, "It is %s's shift: only they can answer the offer.", name(s.Holder))
	case s.Asked != "":
		return nil, false, muster.Errorf(muster.ErrForbidden, "Only %s is asked.", name(s.Asked))
	}
	return nil, false, muster.Errorf(muster.ErrForbidden, "The people of the roster %s are asked, and you are not one of them.", s.Roster)
}

// closedAlready says what became of a request.
func (c *Call) closedAlready(s *muster.SwapRequest) error {
	name := c.Snap.Catalog.DisplayName
	switch s.Status {
	case muster.SwapAccepted:
		return muster.Errorf(muster.ErrConflict, "%s has taken this shift already, on %s.", name(s.Taker), c.clockOf(c.Actor.User, s.AnsweredAt))
	case muster.SwapDeclined:
		return muster.Errorf(muster.ErrConflict, "%s has declined this already.", name(s.AnsweredBy))
	case muster.SwapWithdrawn:
		return muster.Errorf(muster.ErrConflict, "%s has withdrawn this.", name(s.AnsweredBy))
	case muster.SwapExpired, muster.SwapOpen:
	}
	return muster.Errorf(muster.ErrConflict, "The shift was over on %s before anybody answered.", c.clockOf(c.Actor.User, s.Until))
}

func (c *Call) closeSwap(s *muster.SwapRequest, status muster.SwapStatus, answer, what string) error {
	s.Status, s.AnsweredBy, s.AnsweredAt, s.Answer = status, c.Actor.User, c.Now(), muster.CleanText(answer, 500)
	if err := c.DeleteTimersOf(string(s.ID), muster.TimerSwapExpire); err != nil {
		return err
	}
	return c.saveSwap(s, false, what)
}

// swapRemind is how long before the shift who asked is told that nobody answered.
const swapRemind = 2 * time.Hour

func (c *Call) armSwap(s *muster.SwapRequest, due muster.Instant) error {
	t := []muster.Timer{{ID: id[muster.TimerID](c), Kind: muster.TimerSwapExpire, Ref: string(s.ID), DueAt: due}}
	c.emitTimers(t)
	return c.InsertTimers(t)
}

// fireSwapExpire tells who asked that nobody answered, shortly before the shift, and gives the request up at its end.
func (c *Call) fireSwapExpire(t *muster.Timer) error {
	s, err := c.SwapRequest(muster.SwapRequestID(t.Ref))
	if err != nil || s.Status != muster.SwapOpen {
		return err
	}
	if !s.Until.After(c.Now().Time) {
		s.Status, s.AnsweredAt = muster.SwapExpired, c.Now()
		return c.saveSwap(s, false, "expire swap")
	}
	if err := c.armSwap(s, s.Until); err != nil {
		return err
	}
	return c.tellUnanswered(s)
}

// tellAsked tells those who can answer a request.
func (c *Call) tellAsked(s *muster.SwapRequest) error {
	people := []muster.UserName{s.Asked}
	if s.Asked == "" {
		people = c.Snap.Catalog.RosterPeople(s.Roster)
	}
	who := c.Snap.Catalog.DisplayName(s.By)
	for _, u := range people {
		if !s.MayAnswer(u, c.Snap.Catalog) {
			continue
		}
		n := c.swapNotice(s, u, muster.NoticeSwapRequest, "asked")
		switch {
		case s.Kind == muster.SwapOffered:
			n.Title = who + " offers to take your shift"
			n.Text += "\nAccept it, and the shift is theirs."
		case s.Asked != "":
			n.Title = who + " asks you to take a shift"
			n.Text += "\nAccept it, and the shift is yours."
		default:
			n.Title = who + " looks for somebody to take a shift"
			n.Text += "\nEverybody on the roster is asked: who accepts first has it."
		}
		if err := c.notify(n); err != nil {
			return err
		}
	}
	return nil
}

// tellAnswer tells one person what became of a request, unless they did it themselves.
func (c *Call) tellAnswer(s *muster.SwapRequest, u muster.UserName, verb string) error {
	if u == "" || u == c.Actor.User {
		return nil
	}
	n := c.swapNotice(s, u, muster.NoticeSwapAnswered, string(s.Status))
	what := "a swap"
	switch {
	case s.Kind == muster.SwapOffered && verb == "withdraws":
		what = "the offer to take your shift"
	case s.Kind == muster.SwapOffered:
		what = "your offer"
	case verb == "accepts":
		what = "and takes your shift"
	}
	n.Title = cmp.Or(c.Actor.Name, c.Snap.Catalog.DisplayName(c.Actor.User)) + " " + verb + " " + what
	if s.Answer != "" {
		n.Text += "\n“" + s.Answer + "”"
	}
	return c.notify(n)
}

func (c *Call) tellUnanswered(s *muster.SwapRequest) error {
	n := c.swapNotice(s, s.By, muster.NoticeSwapAnswered, "unanswered")
	n.Title = "Nobody has answered your request yet: the shift is still yours"
	if s.Kind == muster.SwapOffered {
		n.Title = c.Snap.Catalog.DisplayName(s.Holder) + " has not answered your offer yet"
	}
	n.Text += "\nIt begins on " + c.clockOf(s.By, s.From) + "."
	return c.notify(n)
}

// swapNotice is what the notices about a request have in common: the shift in the person's own zone, what is given in
// exchange, and why.
func (c *Call) swapNotice(s *muster.SwapRequest, u muster.UserName, kind muster.NoticeKind, what string) muster.Notice {
	name := c.Snap.Catalog.DisplayName
	title := string(s.Roster)
	if r := c.Snap.Catalog.Rosters[s.Roster]; r != nil {
		title = cmp.Or(r.Title, title)
	}
	lines := []string{fmt.Sprintf("%s, %s of %s: %s", title, s.Role.Word(), name(s.Holder), c.spanOf(u, s.From, s.Until))}
	if s.Return != nil {
		lines = append(lines, fmt.Sprintf("In exchange %s takes the shift of %s: %s", name(s.Holder), name(s.Return.User), c.spanOf(u, s.ReturnFrom, s.ReturnUntil)))
	}
	if s.Why != "" {
		lines = append(lines, "Why: "+s.Why)
	}
	return muster.Notice{
		Person: u, Kind: kind, Text: strings.Join(lines, "\n"), URL: "/oncall?roster=" + string(s.Roster) + "&swap=" + string(s.ID),
		Ref: string(s.ID), Key: "swap/" + string(s.ID) + "/" + what,
	}
}
