// Package escalate decides what an escalation does next: whom it pages, when it wakes again, what it stops.
//
// It is pure: it imports the root package and the standard library, reads no clock and keeps nothing. [Step] is total:
// any event in any state has a defined result, and an event that means nothing in a state changes nothing.
//
// The states are those of [muster.EscalationStatus]. A paused escalation is either acknowledged or held back (silenced,
// or its alert waits for triage). The two are told apart by StepAt, which is when the escalation last moved: it is zero
// while the escalation is held.
//
//	new ──Start──▶ running ──rounds used up──▶ exhausted ──Timer──▶ exhausted, the fallback is paged again
//	 │              │  ▲                          │
//	Hold           Ack Unack                     Ack
//	 ▼              ▼  │                          ▼
//	held ──Release─▶ … paused (acknowledged) ◀────┘         Resolve ends any of them
//
// What it promises, by the numbers that the tests use:
//   - I8: an escalation that is running or exhausted always has a wake-up later than now;
//   - I10: when every round is used up the fallback is paged, and again every [RepeatFallback] until somebody acknowledges;
//   - I11: a step that reaches nobody goes on at once, and a note says so;
//   - I13: a pause for an acknowledgement with a time-out, and one for a silence, has an end with a wake-up;
//   - I14: an acknowledgement cancels every page that has not been started;
//   - I29: what people wish of hours never silences the last step that reaches anybody;
//   - I15: a step lasts at least its wait after its first real attempt, which the caller records as StepStarted. A step
//     that was never attempted counts from when it was decided.
//
// A step may ask for more: a condition (When), that its people take turns (RoundRobin: who had the last turn is handed in, and
// whose turn it was is handed out), or that it waits for somebody to come on call (Hold). A step that waits is running and
// WaitsUntil is set; it looks again when somebody comes, and every [holdLook], and is passed over at its end. Rooms and webhooks
// are told and count for nothing. A policy may ask for several acknowledgements: until there are enough, the escalation goes
// on, and who has acknowledged is not paged again. When nobody else is left, those who have acknowledged have it.
//
// People may wish not to be paged at some hours. A step follows that as long as it, or a later one, reaches somebody else; the
// last step that reaches anybody, and the fallback, do not when nobody would be reached.
//
// An acknowledgement that ends, by its time-out or by a person, begins a new round at step 1 at once: the person who had
// it is gone, and whoever is first in line now should know first. Round numbers only rise, so that a page is known by its
// round, step, person and contact. Such a round is walked to its end even when the policy's rounds are used up.
package escalate
