// Package plan composes the deciders: it routes an arriving signal, takes the steps of an escalation, answers who is on
// call, and explains all of it. Intake and engine run [Arrive] and [Escalate]; [Explain] runs the same two functions
// again with the facts that were kept, so that an explanation cannot differ from what was done.
//
// It is pure: it imports the root package, rota, route and escalate, and neither reads a clock nor does I/O. Older
// catalogs come from a [History] that is handed in.
package plan
