// Package lifecycle decides what an incident is and becomes: its states and phases, its promised updates, the answers to
// the five questions that Muster can give by itself, and the draft of its review.
//
// It is pure: it imports the root package and the standard library, and takes the present as an argument. Functions take
// an incident by value and return it changed; slices that they change are copied, so that the value given stays as it was.
// They do not look at who may do something, and write no timeline: that is for commands.
//
// A change that already holds is no error: the incident comes back as it was, with changed false. A change that the state
// forbids is [muster.ErrConflict] and says what to do first.
//
//	open ──▶ mitigated ──▶ resolved ──▶ closed
//	  └──────────────────────▲   Reopen leads from any of them back to open.
package lifecycle
