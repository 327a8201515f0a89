package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/web/view"
)

// ref is the incident that the address names, by its key or ID.
func (v *visit) ref() string { return v.r.PathValue("key") }

func (v *visit) roomURL() string { return "/i/" + v.ref() }

// either is a field of the form, or of the address: an undo posts no fields.
func (v *visit) either(name string) string { return strings.TrimSpace(v.r.FormValue(name)) }

// roomDone ends an action in a room: back to it, or the room with what was wrong.
func (v *visit) roomDone(err error, text, undo string) error {
	switch {
	case err == nil:
		return v.done(v.back(v.roomURL()), text, undo)
	case refused(err):
		return v.room(http.StatusUnprocessableEntity, func(p *view.Room) { p.Problems = problems(err, map[string]string{"question": "key"}) })
	}
	return err
}

// say adds to the timeline, or runs a command.
func say(v *visit) error {
	kind, text := v.field("kind"), v.field("text")
	word, err := "", error(nil)
	if strings.HasPrefix(text, "/") && v.Chat != nil {
		var inc muster.IncidentKey
		if inc, err = v.keyOf(v.ref()); err == nil {
			word, err = v.Chat.Run(v.ctx(), v.actor, inc, text)
		}
	} else {
		_, err = run[*muster.Entry](v, "AddTimelineEntry", command.AddTimelineEntry{Incident: v.ref(), Kind: muster.EntryKind(kind), Text: text})
	}
	if err == nil {
		return v.done(v.roomURL(), word, "")
	}
	if code := muster.CodeOf(err); code == muster.ErrInternal || code == muster.ErrForbidden || code == muster.ErrUnavailable {
		return err
	}
	return v.room(http.StatusUnprocessableEntity, func(p *view.Room) {
		p.Composer.Kind, p.Composer.Text, p.Composer.Problem = kind, text, oneLine(err)
	})
}

// oneLine tells an error and its fields in one line.
func oneLine(err error) string {
	title, text := errorWords(err)
	if len(fieldsOf(err)) == 0 {
		return muster.MessageOf(err)
	}
	return title + ". " + text
}

func setAnswer(v *visit) error {
	_, err := run[*muster.Incident](v, "SetAnswer", command.SetAnswer{Incident: v.ref(), Question: muster.Question(v.field("key")), Text: v.field("text")})
	return v.roomDone(err, "Answered.", "")
}

func assignRole(v *visit) error {
	role, person := muster.Role(v.field("role")), muster.UserName(v.field("person"))
	_, err := run[*muster.Incident](v, "AssignRole", command.AssignRole{Incident: v.ref(), Role: role, Person: person, Topic: v.field("topic")})
	return v.roomDone(err, v.Queries.Catalog().DisplayName(person)+" is "+role.Word()+" now.", "")
}

func startAction(v *visit) error {
	_, err := run[*muster.Incident](v, "StartAction", command.StartAction{Incident: v.ref(), Text: v.field("text"), Person: muster.UserName(v.field("person"))})
	return v.roomDone(err, "Started.", "")
}

func finishAction(v *visit) error {
	outcome := v.field("outcome")
	if text := v.field("text"); text != "" {
		outcome = strings.TrimPrefix(outcome+": "+text, ": ")
	}
	_, err := run[*muster.Incident](v, "FinishAction", command.FinishAction{Incident: v.ref(), Action: muster.ActionID(v.r.PathValue("action")), Outcome: outcome})
	return v.roomDone(err, "Finished.", "")
}

func addTheory(v *visit) error {
	_, err := run[*muster.Incident](v, "AddTheory", command.AddTheory{Incident: v.ref(), Text: v.field("text")})
	return v.roomDone(err, "Added.", "")
}

func setTheory(v *visit) error {
	state := muster.TheoryState(v.either("state"))
	_, err := run[*muster.Incident](v, "SetTheory", command.SetTheory{Incident: v.ref(), Theory: muster.TheoryID(v.r.PathValue("theory")), State: state})
	undo := v.r.URL.Path + "?state=" + string(muster.TheoryOpen)
	if state == muster.TheoryOpen {
		undo = ""
	}
	return v.roomDone(err, "The theory is "+theoryWord(state)+".", undo)
}

func theoryWord(s muster.TheoryState) string {
	switch s {
	case muster.TheoryConfirmed:
		return "confirmed"
	case muster.TheoryRuledOut:
		return "ruled out"
	case muster.TheoryOpen:
	}
	return "open"
}

// pinEntry pins an entry, or takes the pin away with ?pinned=false.
func pinEntry(v *visit) error {
	pinned := v.either("pinned") != "false"
	_, err := run[*muster.Entry](v, "PinEntry", command.PinEntry{Incident: v.ref(), Entry: muster.EntryID(v.r.PathValue("entry")), Pinned: pinned})
	return v.roomDone(err, "", "")
}

// postUpdate posts what is known, what is done, and when the next word comes.
func postUpdate(v *visit) error {
	in := command.PostStatusUpdate{Incident: v.ref(), Known: v.field("known"), Doing: v.field("doing"), Audience: muster.Audience(v.field("audience"))}
	err := v.promise(&in)
	if err == nil {
		_, err = run[*muster.StatusUpdate](v, "PostStatusUpdate", in)
	}
	if !refused(err) {
		return v.roomDone(err, "Posted.", "")
	}
	return v.room(http.StatusUnprocessableEntity, func(p *view.Room) { v.again(&p.Update, err) })
}

// promise reads when the next update is promised for: minutes from now, a time of day, or never.
func (v *visit) promise(in *command.PostStatusUpdate) error {
	wrong := func(msg string) error {
		return muster.Invalid("The update cannot be posted", []muster.FieldError{{Path: "next_update_by", Message: msg}})
	}
	switch by := v.field("next_update_by"); by {
	case "final":
		in.Final = true
	case "at":
		at, err := time.ParseInLocation("15:04", v.field("next_update_at"), v.zone)
		if err != nil {
			return wrong("write a time of day, like 03:30")
		}
		n := v.now.In(v.zone)
		t := time.Date(n.Year(), n.Month(), n.Day(), at.Hour(), at.Minute(), 0, 0, v.zone)
		if !t.After(n) {
			t = time.Date(n.Year(), n.Month(), n.Day()+1, at.Hour(), at.Minute(), 0, 0, v.zone)
		}
		in.NextUpdateBy = muster.At(t)
	case "":
		return wrong("say when they hear from you again, or that it is the last update")
	default:
		min, err := strconv.Atoi(by)
		if err != nil || min < 1 || min > 24*60 {
			return wrong("say when they hear from you again, or that it is the last update")
		}
		in.In = muster.Duration(time.Duration(min) * time.Minute)
	}
	return nil
}

// again fills a refused update form with what was typed.
func (v *visit) again(u *view.UpdateForm, err error) {
	u.Open = true
	u.Known, u.Doing, u.At = v.field("known"), v.field("doing"), v.field("next_update_at")
	by := v.field("next_update_by")
	u.Final = by == "final"
	if by != "at" {
		u.At = ""
	}
	u.Minutes, u.Audiences = options(u.Minutes, by), options(u.Audiences, v.field("audience"))
	u.Problems = problems(err, map[string]string{"in": "next_update_by"})
}

// transition is a step of the incident's life: its operation, what the toast says, and how it is undone.
func transition(op, text, undo string) handler {
	return func(v *visit) error {
		inc, err := run[*muster.Incident](v, op, command.NoteIncident{Incident: v.ref(), Note: v.field("text")})
		if err != nil {
			return v.roomDone(err, "", "")
		}
		back := ""
		if undo != "" {
			back = v.roomURL() + undo
		}
		return v.done(v.back(v.roomURL()), string(inc.Key)+" "+text, back)
	}
}

// setSeverity changes how bad it is; the undo sets what it was.
func setSeverity(v *visit) error {
	was, err := v.Queries.Incident(v.ctx(), v.viewer(), v.ref())
	if err != nil {
		return err
	}
	before := was.Severity
	inc, err := run[*muster.Incident](v, "SetSeverity", command.SetSeverity{Incident: v.ref(), Severity: muster.Severity(v.either("severity")), Why: v.field("text")})
	if err != nil {
		return v.roomDone(err, "", "")
	}
	undo := ""
	if before != inc.Severity {
		undo = v.roomURL() + "/severity?severity=" + string(before)
	}
	return v.roomDone(nil, string(inc.Key)+" is "+string(inc.Severity)+" now.", undo)
}

// pageIn pages a person into the room, about its newest alert that is not over.
func pageIn(v *visit) error {
	alerts, err := v.unresolved(v.ref())
	if err != nil {
		return err
	}
	if len(alerts) == 0 {
		return muster.Errorf(muster.ErrConflict, "Nobody can be paged: %s has no open alert. Link one first.", v.ref())
	}
	who := muster.UserName(v.field("target"))
	_, err = run[*muster.Alert](v, "PageResponder", command.PageResponder{Alert: alerts[0].ID, Person: who, Note: v.field("text")})
	return v.roomDone(err, "Muster pages "+v.Queries.Catalog().DisplayName(who)+".", "")
}

// linkAlert joins an alert, named by its ID or its address.
func linkAlert(v *visit) error {
	ref := v.field("alert")
	if i := strings.LastIndex(strings.TrimRight(ref, "/"), "/"); i >= 0 {
		ref = strings.TrimRight(ref, "/")[i+1:]
	}
	id, err := muster.ParseID[muster.AlertID](ref)
	if err != nil {
		err = muster.Invalid("The alert cannot be linked", []muster.FieldError{{Path: "alert", Message: "give the alert's ID, or the address of its page"}})
		return v.roomDone(err, "", "")
	}
	_, err = run[*muster.Incident](v, "LinkAlert", command.LinkAlert{Incident: v.ref(), Alert: id})
	return v.roomDone(err, "Linked.", "")
}

// openReview drafts the review and leads to it.
func openReview(v *visit) error {
	rev, err := run[*muster.Review](v, "OpenReview", command.OneIncident{Incident: v.ref()})
	if err != nil {
		return err
	}
	return v.done("/reviews/"+string(rev.ID), "The review is drafted from the timeline.", "")
}

// seen notes that the visitor has the room in view. The script posts it; looking by itself changes nothing.
func seen(v *visit) error {
	if _, err := run[muster.Nothing](v, "MarkSeen", command.OneIncident{Incident: v.ref()}); err != nil {
		return err
	}
	v.w.WriteHeader(http.StatusNoContent)
	return nil
}
