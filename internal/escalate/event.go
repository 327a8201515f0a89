package escalate

import (
	"time"

	"github.com/muster-oncall/muster"
)

// EventKind says what happened to an escalation.
type EventKind string

// The kinds of events.
const (
	Start    EventKind = "start"    // the alert opened
	Timer    EventKind = "timer"    // the wake-up of a step or of the fallback is due
	Ack      EventKind = "ack"      // somebody acknowledged the alert
	Unack    EventKind = "unack"    // the acknowledgement was taken back, or ran out
	Hold     EventKind = "hold"     // the alert is silenced, or waits for triage
	Release  EventKind = "release"  // the silence ended, or somebody confirmed the alert
	Resolve  EventKind = "resolve"  // the alert is over
	Again    EventKind = "again"    // what is known of the pages cannot be believed, because Muster was restored: all over again
	Escalate EventKind = "escalate" // a person asks for the next step now; this ends a pause of any kind, also an acknowledgement
)

// Event is what happened. Because is a clause for the explanation ("Ana asked for it", "the acknowledgement ran out after
// 30m"); without it the sentence is a general one.
type Event struct {
	Kind EventKind
	By   muster.Acknowledgement // who acknowledged, or gave it back; a policy that asks for several counts them
	// Until ends the hold of a Hold: when the silence ends. Zero: it has no end of its own, a person ends it (triage). On an
	// Unack it says that the alert is silenced until then: it is held instead of paged. On an Ack it is the end that the
	// person gave it, in place of the policy's: a snooze.
	Until   muster.Instant
	Because string
}

// Who answers whom a step reaches. The reasons come back on the pages and notes that they explain.
type Who interface {
	// OnCall resolves a target to people: nobody is an empty list with a reason that says so.
	OnCall(t muster.Target) ([]muster.UserName, []muster.Reason)
	// Methods are the ways to page a person. None means that the person cannot be reached now, with a reason. The reasons
	// tell how they were chosen; that they are used is told here. Pressing: nobody else is reached, so what the person
	// wishes of hours does not count.
	Methods(u muster.UserName, urgency muster.Urgency, pressing bool) Ways
	// Fallback is whom an exhausted escalation pages when its policy names nobody, or nobody who can be reached.
	Fallback() ([]muster.UserName, []muster.Reason)
	// Told says whether there is a connector that can be told, what it is called, and why it is told or cannot be.
	Told(c muster.ConnectorName) (title string, ok bool, why muster.Reason)
	// Within reports whether the moment lies in the hours on the clocks of a zone, and tells the moment on these clocks.
	Within(hours []muster.Window, zone string) (in bool, clock string)
	// Night reports whether it is night where a person lives, and tells the moment there.
	Night(u muster.UserName) (night bool, clock string)
	// Next is the first moment after this one and before until from which on a target may reach somebody who can be paged;
	// zero: none is known of.
	Next(t muster.Target, until muster.Instant) muster.Instant
}

// Namer is a [Who] that knows how people are called. Without it people are shown by the names of their documents.
type Namer interface {
	Name(u muster.UserName) string
}

// Method is one way to page a person, After the moment of the step.
type Method struct {
	Contact muster.ContactFact
	After   time.Duration
}

// Ways are how a person is paged.
type Ways struct {
	Methods []Method // in order
	Why     []muster.Reason
	// Spared says that the person's own hours left out everything, or everything that rings: then it does not count as
	// reaching somebody.
	Spared bool
}

// Effects are what follows from an event besides the escalation's new state.
type Effects struct {
	Pages    []muster.Planned // to be planned, in order
	Wake     muster.Instant   // set a timer for this instant; zero: none
	WakeKind muster.TimerKind
	// CancelTimers removes the timers that the escalation has before Wake is set.
	CancelTimers bool
	// CancelPages cancels the planned pages that are not started.
	CancelPages bool
	// Acknowledged says that the alert counts as acknowledged from now on.
	Acknowledged bool
	// Answered is who acknowledged while more people have to: their own planned pages are cancelled, others go on.
	Answered *muster.Acknowledgement
	// Turns are whose turn it was in steps with turns that were taken: to be kept for the next alert.
	Turns map[int]muster.UserName
	// Told are rooms and webhooks that are told. They count for nothing.
	Told []muster.Told
	// Taken is the step that was taken, to be completed with Revision and Contacts and added to the escalation.
	Taken *muster.StepTaken
	// Gathered are pages that are left to the next digest of their person, because of a storm. [Step] leaves it empty.
	Gathered []muster.Planned
	// Informed are the shadows of those who are paged. [Step] leaves it empty: who composes the deciders completes it.
	Informed []muster.Informed
	// Notes are what nobody is paged about: steps that reached nobody, rounds that are used up.
	Notes []muster.Reason
}

// RepeatFallback is how long an exhausted escalation waits before it pages the fallback again: long enough for somebody to
// find a computer, short enough that an unheard page does not cost an hour.
const RepeatFallback = 5 * time.Minute

// holdLook is how often a step that waits for somebody to come on call looks again by itself: for shifts that somebody took
// and contact methods that were verified meanwhile.
const holdLook = 5 * time.Minute

// minWait guards against a policy that came around the checks with a step that waits for nothing: it would page in a
// loop without end.
const minWait = 30 * time.Second
