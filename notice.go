package muster

import (
	"fmt"
	"slices"
	"strings"
)

// Notice is something that a person is told, and that expects no acknowledgement: a shift that begins soon, a swap that
// somebody asks for. It is kept for the web, and sent by one contact method at most. What demands attention is a [Page].
type Notice struct {
	ID     NoticeID   `json:"id"`
	Person UserName   `json:"person"`
	Kind   NoticeKind `json:"kind"`
	Title  string     `json:"title"`             // one line: "You are on call from 09:00"
	Text   string     `json:"text"`              // what else there is to know; may be empty
	URL    string     `json:"url,omitempty"`     // where to look, a path inside Muster: "/oncall?roster=web"
	Ref    string     `json:"ref,omitempty"`     // what it is about: "rosters/web", the ID of a swap, a contact method's ID
	Key    string     `json:"key"`               // idempotency: a person is told the same key once
	At     Instant    `json:"at"`                // when it was told
	SeenAt Instant    `json:"seen_at"`           // zero: not yet
	SentBy ContactID  `json:"sent_by,omitempty"` // the contact method that it goes by; empty: it shows in the web alone
}

// NoticeKind says what a notice is about.
type NoticeKind string

// The kinds of notices.
const (
	NoticeShiftReminder NoticeKind = "shift_reminder" // a shift begins soon
	NoticeShiftHandoff  NoticeKind = "shift_handoff"  // a shift was handed over, with its note
	NoticeShiftChanged  NoticeKind = "shift_changed"  // somebody changed who is on call
	NoticeSwapRequest   NoticeKind = "swap_request"   // somebody asks for a swap or for cover
	NoticeSwapAnswered  NoticeKind = "swap_answered"  // it was accepted, refused or withdrawn
	NoticeZoneMoved     NoticeKind = "zone_moved"     // new zone data moves a hand-over
	NoticeLeaveConflict NoticeKind = "leave_conflict" // a shift falls into leave or a holiday
	NoticeShadow        NoticeKind = "shadow"         // somebody whom one shadows was paged
	NoticeContactTest   NoticeKind = "contact_test"   // a contact method is tried out
	NoticeUnreachable   NoticeKind = "unreachable"    // somebody has no contact method left
	NoticeSilenceEnds   NoticeKind = "silence_ends"   // a silence of theirs ends soon
	NoticeExhausted     NoticeKind = "exhausted"      // nobody answered: a policy is used up
	NoticeNobodyOnCall  NoticeKind = "nobody_on_call" // a step waits until somebody is on call

	NoticePageTest       NoticeKind = "page_test"        // the weekly test page
	NoticePageTestMissed NoticeKind = "page_test_missed" // somebody did not answer it

	NoticeRestored NoticeKind = "restored" // Muster was restored from a backup
	NoticeAuditor  NoticeKind = "auditor"  // the auditor found something that should not be

	NoticeChangeProposed NoticeKind = "change_proposed" // somebody asks for a second person's word on a change
	NoticeChangeDecided  NoticeKind = "change_decided"  // it was approved or rejected
)

// NoticeKinds lists the kinds in the order in which screens show them.
func NoticeKinds() []NoticeKind {
	return []NoticeKind{
		NoticeShiftReminder, NoticeShiftHandoff, NoticeShiftChanged, NoticeSwapRequest, NoticeSwapAnswered, NoticeZoneMoved,
		NoticeLeaveConflict, NoticeShadow, NoticeChangeProposed, NoticeChangeDecided, NoticeContactTest, NoticePageTest, NoticePageTestMissed, NoticeUnreachable, NoticeAuditor, NoticeRestored,
		NoticeExhausted, NoticeNobodyOnCall, NoticeSilenceEnds,
	}
}

// Tries reports whether a notice tries out a contact method: its message bears a link of its own.
func (k NoticeKind) Tries() bool { return k == NoticeContactTest || k == NoticePageTest }

// Word is the kind in words.
func (k NoticeKind) Word() string {
	switch k {
	case NoticeShiftReminder:
		return "Your shift"
	case NoticeShiftHandoff:
		return "Hand-over"
	case NoticeShiftChanged:
		return "Shift changed"
	case NoticeSwapRequest:
		return "Swap asked for"
	case NoticeSwapAnswered:
		return "Swap answered"
	case NoticeZoneMoved:
		return "Clock change"
	case NoticeLeaveConflict:
		return "Leave conflict"
	case NoticeShadow:
		return "You shadow"
	case NoticeChangeProposed:
		return "Change to approve"
	case NoticeChangeDecided:
		return "Change decided"
	case NoticeContactTest:
		return "Contact test"
	case NoticePageTest:
		return "Test page"
	case NoticePageTestMissed:
		return "Test not answered"
	case NoticeUnreachable:
		return "Cannot be paged"
	case NoticeAuditor:
		return "Muster itself"
	case NoticeRestored:
		return "Restored"
	case NoticeSilenceEnds:
		return "Silence ends"
	case NoticeExhausted:
		return "Nobody answered"
	case NoticeNobodyOnCall:
		return "Nobody on call"
	}
	return string(k)
}

// The longest texts of a notice.
const (
	maxNoticeTitle = 200
	maxNoticeText  = 4000
)

// Tidy cleans the texts of a notice: names and notes that people wrote are in them, and they go into mails.
func (n *Notice) Tidy() {
	n.Title, n.Text = CleanLine(n.Title, maxNoticeTitle), CleanText(n.Text, maxNoticeText)
}

// Validate says everything that is wrong with a notice before it is told.
func (n *Notice) Validate() (wrong []FieldError) {
	bad := func(path, format string, args ...any) {
		wrong = append(wrong, FieldError{Path: path, Message: fmt.Sprintf(format, args...)})
	}
	if n.Person == "" {
		bad("person", "say who is told")
	}
	if !slices.Contains(NoticeKinds(), n.Kind) {
		bad("kind", "%q is not a kind of notice", Clip(string(n.Kind), 40))
	}
	if strings.TrimSpace(n.Title) == "" {
		bad("title", "say in one line what there is to know")
	}
	if n.Key == "" {
		bad("key", "name what is told, so that it is told once")
	}
	if n.URL != "" && !LocalPath(n.URL) {
		bad("url", "%q is not a path inside Muster: it begins with one slash", Clip(n.URL, 80))
	}
	return wrong
}

// LocalPath reports whether s leads to a place inside Muster and to no other site: it begins with one slash and holds
// nothing that browsers read as the beginning of a host.
func LocalPath(s string) bool {
	return strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//") && !strings.ContainsAny(s, "\\\r\n\t\x00")
}
