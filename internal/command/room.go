package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/lifecycle"
	"github.com/muster-oncall/muster/internal/store"
)

// AssignRole gives a role of an incident to a person; to the actor when no person is named.
type AssignRole struct {
	Incident string          `json:"incident" path:"incident" arg:"1" doc:"the incident: INC-42"`
	Role     muster.Role     `json:"role" arg:"2" doc:"commander, communication, scribe, primary, secondary or expert"`
	Person   muster.UserName `json:"person,omitempty" arg:"3" doc:"who; you when empty"`
	Topic    string          `json:"topic,omitempty" doc:"what an expert knows about"`
}

func (c *Call) assignRole(in AssignRole) (*muster.Incident, error) {
	inc, err := c.incident(in.Incident)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(muster.Roles(), in.Role) {
		return nil, muster.Invalid("The role cannot be given", []muster.FieldError{{Path: "role", Message: "is one of commander, communication, scribe, primary, secondary, expert"}})
	}
	if in.Person == "" {
		in.Person = c.Actor.User
	}
	u := c.Snap.Catalog.Users[in.Person]
	if u == nil || u.Disabled {
		return nil, muster.Errorf(muster.ErrInvalid, "There is no person called %q%s.", in.Person, nearestUser(c, string(in.Person)))
	}
	before := ""
	kept := inc.Roles[:0:0]
	for _, ra := range inc.Roles {
		if ra.Role == in.Role && ra.Until.IsZero() {
			if ra.Person == in.Person && !ra.Proposed {
				return inc, nil
			}
			if ra.Proposed {
				if ra.Person == in.Person || in.Role != muster.RoleSubjectMatterExpert {
					continue // a proposal that is answered goes away
				}
			} else if in.Role != muster.RoleSubjectMatterExpert { // experts are several
				before = ra.Name
				ra.Until = c.Now()
			}
		}
		kept = append(kept, ra)
	}
	inc.Roles = append(kept, muster.RoleAssignment{Role: in.Role, Person: in.Person, Name: u.Display, From: c.Now(), Topic: in.Topic})
	return inc, c.save(inc, c.incidentEntry(inc, muster.EntryRole, roleText(c.Actor, u, in, before)))
}

func roleText(by muster.Actor, u *muster.User, in AssignRole, before string) string {
	what := in.Role.Word()
	if in.Topic != "" {
		what += " for " + in.Topic
	}
	switch {
	case before != "" && by.User == in.Person:
		return fmt.Sprintf("%s took over as %s from %s", u.Display, what, before)
	case before != "":
		return fmt.Sprintf("%s handed over as %s to %s", before, what, u.Display)
	case by.User == in.Person:
		return fmt.Sprintf("%s is %s", u.Display, what)
	}
	return fmt.Sprintf("%s made %s %s", by.Name, u.Display, what)
}

// StartAction claims a remediation effort.
type StartAction struct {
	Incident string          `json:"incident" path:"incident" arg:"1" doc:"the incident: INC-42"`
	Text     string          `json:"text" arg:"rest" doc:"what is being done"`
	Person   muster.UserName `json:"person,omitempty" doc:"who does it; you when empty"`
}

func (c *Call) startAction(in StartAction) (*muster.Incident, error) {
	inc, err := c.openIncident(in.Incident)
	if err != nil {
		return nil, err
	}
	if in.Text = strings.TrimSpace(in.Text); in.Text == "" {
		return nil, muster.Invalid("The action is empty", []muster.FieldError{{Path: "text", Message: "say what is being done"}})
	}
	if in.Person == "" {
		in.Person = c.Actor.User
	}
	name := c.Actor.Name
	if in.Person != "" {
		if c.Snap.Catalog.Users[in.Person] == nil {
			return nil, muster.Errorf(muster.ErrInvalid, "There is no person called %q%s.", in.Person, nearestUser(c, string(in.Person)))
		}
		name = c.Snap.Catalog.DisplayName(in.Person)
	}
	inc.Actions = append(inc.Actions, muster.CurrentAction{
		ID: id[muster.ActionID](c), Text: muster.Clip(in.Text, 300), Person: in.Person, Name: name, StartedAt: c.Now(),
	})
	*inc, _ = lifecycle.Act(*inc, c.Now())
	return inc, c.save(inc, c.incidentEntry(inc, muster.EntryAction, name+" started: "+muster.Clip(in.Text, 300)))
}

// openIncident finds an incident that is not resolved.
func (c *Call) openIncident(ref string) (*muster.Incident, error) {
	inc, err := c.incident(ref)
	if err != nil {
		return nil, err
	}
	if inc.Status == muster.IncidentResolved || inc.Status == muster.IncidentClosed {
		return nil, muster.Errorf(muster.ErrConflict, "%s is %s. Reopen it first if it is not over.", inc.Key, inc.Status)
	}
	return inc, nil
}

// FinishAction ends an effort and says what came of it.
type FinishAction struct {
	Incident string          `json:"incident" path:"incident" arg:"1" doc:"the incident: INC-42"`
	Action   muster.ActionID `json:"action" path:"action" arg:"2" doc:"the action's ID"`
	Outcome  string          `json:"outcome,omitempty" arg:"rest" doc:"what came of it"`
}

func (c *Call) finishAction(in FinishAction) (*muster.Incident, error) {
	inc, err := c.incident(in.Incident)
	if err != nil {
		return nil, err
	}
	for i := range inc.Actions {
		a := &inc.Actions[i]
		if a.ID != in.Action {
			continue
		}
		if !a.EndedAt.IsZero() {
			return inc, nil
		}
		a.EndedAt, a.Outcome = c.Now(), muster.Clip(strings.TrimSpace(in.Outcome), 300)
		return inc, c.save(inc, c.incidentEntry(inc, muster.EntryAction, withNote(a.Name+" finished: "+a.Text, a.Outcome)))
	}
	return nil, muster.Errorf(muster.ErrNotFound, "%s has no such action.", inc.Key)
}

// AddTheory proposes an explanation.
type AddTheory struct {
	Incident string `json:"incident" path:"incident" arg:"1" doc:"the incident: INC-42"`
	Text     string `json:"text" arg:"rest" doc:"what you think is the matter"`
}

func (c *Call) addTheory(in AddTheory) (*muster.Incident, error) {
	inc, err := c.incident(in.Incident)
	if err != nil {
		return nil, err
	}
	if in.Text = strings.TrimSpace(in.Text); in.Text == "" {
		return nil, muster.Invalid("The theory is empty", []muster.FieldError{{Path: "text", Message: "say what you think is the matter"}})
	}
	inc.Theories = append(inc.Theories, muster.Theory{
		ID: id[muster.TheoryID](c), Text: muster.Clip(in.Text, 300), State: muster.TheoryOpen, By: c.Actor.By(), At: c.Now(),
	})
	return inc, c.save(inc, c.incidentEntry(inc, muster.EntryTheory, "Theory: "+muster.Clip(in.Text, 300)))
}

// SetTheory confirms a theory or rules it out.
type SetTheory struct {
	Incident string             `json:"incident" path:"incident" arg:"1" doc:"the incident: INC-42"`
	Theory   muster.TheoryID    `json:"theory" path:"theory" arg:"2" doc:"the theory's ID"`
	State    muster.TheoryState `json:"state" arg:"3" doc:"open, confirmed or ruled_out"`
}

func (c *Call) setTheory(in SetTheory) (*muster.Incident, error) {
	inc, err := c.incident(in.Incident)
	if err != nil {
		return nil, err
	}
	words := map[muster.TheoryState]string{
		muster.TheoryOpen: "Theory open again: ", muster.TheoryConfirmed: "Theory confirmed: ", muster.TheoryRuledOut: "Theory ruled out: ",
	}
	word, ok := words[in.State]
	if !ok {
		return nil, muster.Invalid("The theory cannot be changed", []muster.FieldError{{Path: "state", Message: "is one of open, confirmed, ruled_out"}})
	}
	for i := range inc.Theories {
		t := &inc.Theories[i]
		if t.ID != in.Theory {
			continue
		}
		if t.State == in.State {
			return inc, nil
		}
		t.State = in.State
		return inc, c.save(inc, c.incidentEntry(inc, muster.EntryTheory, word+t.Text))
	}
	return nil, muster.Errorf(muster.ErrNotFound, "%s has no such theory.", inc.Key)
}

// AddTimelineEntry says something in the room: it is captured word for word.
type AddTimelineEntry struct {
	Incident string           `json:"incident" path:"incident" arg:"1" doc:"the incident: INC-42"`
	Kind     muster.EntryKind `json:"kind,omitempty" doc:"said, saw, did, decided or felt; said when empty"`
	Text     string           `json:"text" arg:"rest" doc:"what was said, seen, done, decided or felt"`
	At       muster.Instant   `json:"at,omitzero" doc:"when it happened; now when empty"`
}

func (c *Call) addTimelineEntry(in AddTimelineEntry) (*muster.Entry, error) {
	inc, err := c.incident(in.Incident)
	if err != nil {
		return nil, err
	}
	if in.Kind == "" {
		in.Kind = muster.EntrySaid
	}
	var wrong []muster.FieldError
	if !slices.Contains(muster.ScribeKinds(), in.Kind) {
		wrong = append(wrong, muster.FieldError{Path: "kind", Message: "is one of said, saw, did, decided, felt"})
	}
	if in.Text = strings.TrimSpace(in.Text); in.Text == "" {
		wrong = append(wrong, muster.FieldError{Path: "text", Message: "say something"})
	}
	if len(in.Text) > 16<<10 {
		wrong = append(wrong, muster.FieldError{Path: "text", Message: "is longer than 16 KiB: put it in a document and link it"})
	}
	if in.At.After(c.Now().Time) {
		wrong = append(wrong, muster.FieldError{Path: "at", Message: "lies in the future"})
	}
	if len(wrong) > 0 {
		return nil, muster.Invalid("The entry cannot be written", wrong)
	}
	en := c.incidentEntry(inc, in.Kind, in.Text)
	if !in.At.IsZero() {
		en.At = in.At
	}
	if in.Kind == muster.EntryDecided {
		en.Pinned = true
		*inc, _ = lifecycle.Act(*inc, c.Now())
	}
	return en, c.save(inc, en)
}

// PinEntry pins a timeline entry, or takes the pin away.
type PinEntry struct {
	Incident string         `json:"incident" path:"incident" arg:"1" doc:"the incident: INC-42"`
	Entry    muster.EntryID `json:"entry" path:"entry" arg:"2" doc:"the entry's ID"`
	Pinned   bool           `json:"pinned" doc:"true to pin"`
}

func (c *Call) pinEntry(in PinEntry) (*muster.Entry, error) {
	inc, err := c.incident(in.Incident)
	if err != nil {
		return nil, err
	}
	e, err := c.Entry(in.Entry)
	if err != nil {
		return nil, err
	}
	if e.Incident != inc.ID {
		return nil, muster.Errorf(muster.ErrNotFound, "%s has no such entry.", inc.Key)
	}
	if e.Pinned == in.Pinned {
		return e, nil
	}
	e.Pinned = in.Pinned
	c.Emit(store.Event{Topic: "incident:" + string(inc.ID), Parts: []string{string(e.Kind)}, Seq: e.Seq})
	return e, c.Tx.PinEntry(in.Entry, in.Pinned)
}
