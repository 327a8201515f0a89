package muster

// TimerKind says what happens when a timer is due.
type TimerKind string

// The kinds of timers.
const (
	TimerEscalate      TimerKind = "escalate"       // the next step of an escalation
	TimerAckTimeout    TimerKind = "ack_timeout"    // an acknowledged alert pages again
	TimerSilenceEnd    TimerKind = "silence_end"    // a silenced alert pages now
	TimerSilenceRemind TimerKind = "silence_remind" // the owner of a silence is told that it ends soon
	TimerAlertEnds     TimerKind = "alert_ends"     // the sender's endsAt passes: resolve
	TimerProof         TimerKind = "proof"          // pages of an alert should be proved by now, or others stand in for their providers
	TimerPromise       TimerKind = "promise"        // a promised update is due soon or overdue
	TimerReviewRemind  TimerKind = "review_remind"  // a review has not been published
	TimerSwapExpire    TimerKind = "swap_expire"    // nobody has answered a swap request: tell, and in the end give it up
	TimerPublish       TimerKind = "roster_publish" // a roster changes hands: the tables outside are told
	TimerCalendar      TimerKind = "calendar_fetch" // a calendar of leave or holidays is fetched again
	TimerLeaveCheck    TimerKind = "leave_check"    // shifts are compared with leave
	TimerShiftRemind   TimerKind = "shift_remind"   // people of a roster are reminded of shifts
	TimerHeartbeat     TimerKind = "heartbeat"      // a sign of life of another system is late
	TimerProbe         TimerKind = "probe"          // the auditor's: it does nothing, and shows that timers fire
	TimerPageTest      TimerKind = "page_test"      // test pages are due, or were not answered
	TimerHandover      TimerKind = "handover"       // a roster may change hands: a note is drawn up
	TimerDigest        TimerKind = "digest"         // what was gathered for a person in a storm is paged together
)

// Timer is something that happens later: a row. Its effect and its removal commit together.
type Timer struct {
	ID         TimerID
	Kind       TimerKind
	Ref        string // the ID of the fact that it is about
	DueAt      Instant
	Generation int // of the fact; an older one is stale and does nothing
}
