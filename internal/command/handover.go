package command

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
	"github.com/muster-oncall/muster/internal/store"
)

const (
	// handoverLate is how long after a change its note is still made, when Muster was not running then.
	handoverLate = 7 * 24 * time.Hour
	// handoverTold is how long after a change people are still told of it.
	handoverTold = 24 * time.Hour
	// handoverOpen is how long after a change those who handed over may edit the note.
	handoverOpen = 24 * time.Hour
	// shortBreak is how long a pause may be that does not end a shift.
	shortBreak = 2 * time.Hour
	// handoverItems is how many things of a kind a note lists; it counts the others.
	handoverItems = 20
)

// outgoing is who was on call until a moment, and since when. Between shifts it is who was on call before the pause.
func outgoing(s *rota.Schedule, role muster.RosterRole, at muster.Instant) rota.Holding {
	h := s.Holder(role, 0, at.Plus(-time.Microsecond), nil)
	for range 3 {
		if len(h.People) > 0 || h.Since.IsZero() {
			break
		}
		h = s.Holder(role, 0, h.Since.Plus(-time.Microsecond), nil)
	}
	for range 10 { // turns of the same people that follow each other, and breaks within the day, are one shift
		if len(h.People) == 0 || h.Since.IsZero() {
			break
		}
		before := s.Holder(role, 0, h.Since.Plus(-time.Microsecond), nil)
		if len(before.People) == 0 && !before.Since.IsZero() && h.Since.Sub(before.Since.Time) <= shortBreak {
			before = s.Holder(role, 0, before.Since.Plus(-time.Microsecond), nil)
		}
		if !samePeople(before.People, h.People) {
			break
		}
		h.Since = before.Since
	}
	return h
}

// handedRoles are the roster roles that are handed over: a shadow has nothing to tell.
func handedRoles() []muster.RosterRole {
	return []muster.RosterRole{muster.PrimaryResponder, muster.SecondaryResponder}
}

// handOver draws up the notes of the changes since a moment.
func (c *Call) handOver(s *rota.Schedule, since muster.Instant) error {
	if limit := c.Now().Plus(-handoverLate); since.Before(limit.Time) {
		since = limit
	}
	for at := s.NextChange(since.Plus(-time.Microsecond)); !at.IsZero() && !at.After(c.Now().Time); at = s.NextChange(at) {
		for _, role := range handedRoles() {
			if err := c.changeHands(s.Roster(), role, outgoing(s, role, at), s.People(role, at), at); err != nil {
				return err
			}
		}
	}
	return nil
}

// handOverBy draws up the notes of a change of a roster's document, by which somebody takes over at this moment.
func (c *Call) handOverBy(before, after *rota.Schedule) error {
	now := c.Now()
	for _, role := range handedRoles() {
		if slices.Equal(before.People(role, now), after.People(role, now)) {
			continue
		}
		if err := c.changeHands(after.Roster(), role, outgoing(before, role, now.Plus(time.Microsecond)), after.People(role, now), now); err != nil {
			return err
		}
	}
	return nil
}

// changeHands draws up the note of one change and tells everybody concerned. Where nobody takes over, or the same people do,
// nothing is handed over.
func (c *Call) changeHands(r *muster.Roster, role muster.RosterRole, from rota.Holding, to []muster.UserName, at muster.Instant) error {
	if len(from.People) == 0 || len(to) == 0 || samePeople(from.People, to) {
		return nil
	}
	n := &muster.HandoverNote{
		ID: id[muster.HandoverID](c), Roster: r.Name, Role: role, At: at, Since: from.Since, From: slices.Clone(from.People), To: slices.Clone(to),
		Summary: []string{}, Items: []muster.HandoverItem{},
	}
	draft, err := c.HandoverDraft(r.Name, role)
	if err != nil {
		return err
	}
	if draft != nil {
		n.Words, n.WordsBy, n.WordsAt = draft.Words, draft.WordsBy, draft.WordsAt
	}
	if err := c.sumUp(r, n); err != nil {
		return err
	}
	made, err := c.InsertHandover(n)
	if err != nil || !made {
		return err
	}
	if draft != nil {
		if err := c.DeleteHandover(draft.ID); err != nil {
			return err
		}
	}
	c.Emit(store.Event{Topic: "now", Parts: []string{"handovers"}})
	if at.Before(c.Now().Add(-handoverTold)) {
		return nil
	}
	return c.tellHandover(r, n)
}

func samePeople(a, b []muster.UserName) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// tellHandover tells those who hand over and those who take over.
func (c *Call) tellHandover(r *muster.Roster, n *muster.HandoverNote) error {
	title := cmp.Or(r.Title, string(r.Name))
	text := strings.Join(n.Summary, "\n")
	if n.Words != "" {
		text += "\n" + c.Snap.Catalog.DisplayName(n.WordsBy) + " writes: " + n.Words
	}
	for _, u := range unique(append(slices.Clone(n.To), n.From...)) {
		told := muster.Notice{
			Person: u, Kind: muster.NoticeShiftHandoff, Ref: string(n.ID), URL: "/oncall/" + string(r.Name) + "/handovers", Text: text,
			Key: strings.Join([]string{string(muster.NoticeShiftHandoff), string(r.Name), string(n.Role), strconv.FormatInt(n.At.Micros(), 10)}, "/"),
		}
		switch {
		case !slices.Contains(n.From, u):
			told.Title = fmt.Sprintf("You take over from %s: %s of %s", c.namesOf(n.From), n.Role.Word(), title)
		case !slices.Contains(n.To, u):
			told.Title = fmt.Sprintf("You hand over to %s: %s of %s", c.namesOf(n.To), n.Role.Word(), title)
			told.Text += "\nYou can add to the note for 24 hours."
		default:
			told.Title = fmt.Sprintf("The %s of %s: %s", n.Role.Word(), title, c.namesOf(n.To))
		}
		if err := c.notify(told); err != nil {
			return err
		}
	}
	return nil
}

func (c *Call) namesOf(people []muster.UserName) string {
	names := make([]string, len(people))
	for i, u := range people {
		names[i] = c.Snap.Catalog.DisplayName(u)
	}
	return strings.Join(names, " and ")
}

// WriteHandover writes what those who are on call tell those who follow.
type WriteHandover struct {
	Roster   muster.RosterName `json:"roster" path:"roster" arg:"1" doc:"the roster"`
	Role     muster.RosterRole `json:"role,omitempty" doc:"primary or secondary; primary when empty"`
	Handover muster.HandoverID `json:"handover,omitempty" doc:"a note that exists; empty: the note of your shift"`
	Text     string            `json:"text,omitempty" arg:"rest" doc:"what those who follow should know; nothing takes it back"`
}

// writeHandover keeps the words of somebody who is on call as the draft of the next note, and changes those of a note until
// a day after the change.
func (c *Call) writeHandover(in WriteHandover) (*muster.HandoverNote, error) {
	r, err := c.roster(in.Roster)
	if err != nil {
		return nil, err
	}
	in.Role = cmp.Or(in.Role, muster.PrimaryResponder)
	wrong := c.checkRole(in.Role)
	if in.Role == muster.ShadowResponder {
		wrong = append(wrong, muster.FieldError{Path: "role", Message: "a shadow hands nothing over: choose primary or secondary"})
	}
	text := muster.CleanText(in.Text, muster.MaxHandoverWords+1)
	if len([]rune(text)) > muster.MaxHandoverWords {
		wrong = append(wrong, muster.FieldError{Path: "text", Message: fmt.Sprintf("at most %d characters", muster.MaxHandoverWords)})
	}
	if err := muster.Invalid("The hand-over note is not right", wrong); err != nil {
		return nil, err
	}
	n, err := c.handoverOf(r, in)
	if err != nil {
		return nil, err
	}
	n.Words, n.WordsBy, n.WordsAt = text, c.Actor.User, c.Now()
	if text == "" {
		n.WordsBy, n.WordsAt = "", muster.Instant{}
	}
	c.Emit(store.Event{Topic: "now", Parts: []string{"handovers"}})
	if n.ID != "" {
		return n, c.UpdateHandover(n)
	}
	n.ID = id[muster.HandoverID](c)
	_, err = c.InsertHandover(n)
	return n, err
}

// handoverOf finds the note that the caller may write: one that is named, else the draft of who is on call or was before a
// pause, else the last one that they handed over.
func (c *Call) handoverOf(r *muster.Roster, in WriteHandover) (*muster.HandoverNote, error) {
	now, me := c.Now(), c.Actor.User
	if in.Handover != "" {
		n, err := c.Handover(in.Handover)
		if err == nil && n.Roster != r.Name {
			err = muster.Errorf(muster.ErrNotFound, "The roster %s has no hand-over note %q.", r.Name, muster.Clip(string(in.Handover), 60))
		}
		if err != nil {
			return nil, err
		}
		return n, c.mayEdit(r, n)
	}
	holding := outgoing(c.Snap.Schedule(r.Name), in.Role, now.Plus(time.Microsecond))
	if slices.Contains(holding.People, me) || c.Actor.Owns(r.Team) && len(holding.People) > 0 {
		draft, err := c.HandoverDraft(r.Name, in.Role)
		if draft == nil && err == nil {
			draft = &muster.HandoverNote{Roster: r.Name, Role: in.Role, Summary: []string{}, Items: []muster.HandoverItem{}, To: []muster.UserName{}}
		}
		if err == nil {
			draft.From, draft.Since = holding.People, holding.Since
		}
		return draft, err
	}
	last, err := c.Handovers(store.HandoverFilter{Roster: r.Name, Role: in.Role, List: store.List{Limit: 10}})
	if err != nil {
		return nil, err
	}
	for _, n := range last {
		if slices.Contains(n.From, me) && n.At.After(now.Add(-handoverOpen)) {
			return n, nil
		}
	}
	return nil, muster.Errorf(muster.ErrForbidden, "You are not the %s of %s, and did not hand it over within a day: the note is written by who hands over, or by an owner of the team.",
		in.Role.Word(), cmp.Or(r.Title, string(r.Name)))
}

func (c *Call) mayEdit(r *muster.Roster, n *muster.HandoverNote) error {
	switch {
	case !slices.Contains(n.From, c.Actor.User) && !c.Actor.Owns(r.Team):
		return muster.Errorf(muster.ErrForbidden, "Only %s, who handed over, or an owner of the team may write this note.", c.namesOf(n.From))
	case !n.Draft() && !n.At.After(c.Now().Add(-handoverOpen)):
		return muster.Errorf(muster.ErrConflict, "The shift was handed over more than a day ago: its note stays as it is. Write into the note of the next change.")
	}
	return nil
}
