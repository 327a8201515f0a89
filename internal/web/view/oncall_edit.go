package view

import "time"

// RosterEditor changes a roster, or makes one. The whole form travels with every press, so that it works without script:
// rows are moved, added and taken away by buttons (do=…), and nothing is saved before do=save.
//
// Form fields: etag, name, title, team, role, public, why; rot (the key of each rotation, what wins first) and for a
// rotation with the key k: k.name k.was k.role k.kind k.zone k.every k.unit k.handoff k.start k.until k.together, k.days
// (many), k.person k.joins k.leaves (one of each for a person), k.h (the key of each window) and k.h.from k.h.to k.h.days.
//
// Parts: "editor", "preview".
type RosterEditor struct {
	Shell  Shell
	New    bool
	URL    string // POST
	Back   string
	DocURL string // the whole document as text; "" for a new one

	ETag, Name, Title, Why string
	Public                 bool
	Teams, Roles           []Option
	Rotations              []RotationForm
	People                 []Option // whom a row may name; with many, rows are text fields with suggestions
	Zones                  []string // suggestions
	Kept                   string   // what the roster has beside and keeps: "2 overrides, 1 topic"
	Build                  BuildForm
	Problems               []Problem

	Conflict *EditConflict
	Gate     *GateQuestion
	Preview  *RosterPreview
}

// BuildForm adds rotations of a well-known shape: add.shape, add.zone (many), add.from, add.to, add.handoff.
type BuildForm struct {
	Open     bool
	Shapes   []Option
	Zones    []string
	From, To string
	Handoff  string
}

// RotationForm is one rotation as form rows.
type RotationForm struct {
	Key, Name, Was     string // Was is its name before, so that swaps find it again
	Roles, Kinds       []Option
	Units              []Option
	Zone, Every        string
	Handoff            string
	Start, Until       string
	Together           string
	Days               []Option
	People             []MemberRow // the last one is empty, to add somebody
	Hours              []HoursRow
	Fixed              int // shifts given one by one, which are kept and not edited here
	First, Last        bool
	Problems           []Problem
	Note               string // "every 3 days · Berlin"
	MoreOpen, Restrict bool
}

// MemberRow is a person's place in a rotation.
type MemberRow struct {
	Person        string // "" is the row that adds one
	Name          string
	Joins, Leaves string // days
	First, Last   bool
}

// HoursRow is a window of the day.
type HoursRow struct {
	Key, From, To string
	Days          []Option
}

// EditConflict says that somebody else saved meanwhile.
type EditConflict struct {
	Text    string // "Noor saved revision 31 two minutes ago: “…”"
	Diff    []DiffLine
	ETag    string // of theirs: saving with it puts this form over theirs
	TheirsL Link   // begin again from theirs
}

// GateQuestion is what the change gate says, with the ways on.
type GateQuestion struct {
	Text    string
	Lines   []string
	Word    string // name of the box that says it explicitly
	Label   string
	Propose bool // a second person can be asked
}

// RosterPreview is what the draft would change in the next 30 days.
type RosterPreview struct {
	Same     bool // nothing changes
	Lanes    Schedule
	Bad      []Note // gaps that open, who would reach nobody
	Warnings []Note
	Mended   []string
	Handed   []HandedRow
	More     int
	Load     []LoadRow
	Clocks   []string
	Replay   *Replay
}

// HandedRow is a stretch that somebody else has afterwards.
type HandedRow struct {
	Role          string
	From, To      time.Time
	Before, After string // "" is nobody
}

// LoadRow is a person's hours before and after.
type LoadRow struct {
	Name                                  string
	You                                   bool
	Hours, HoursAfter, Nights, NightAfter float64
}

// Replay is the past alerts of 90 days with the draft, a part at a time.
type Replay struct {
	URL     string // not empty: it may be begun
	Played  bool   // it was begun
	Running bool   // there is more: Cursor goes on
	Cursor  string
	Done    int
	Of      int
	Others  int // that would have paged other people
	Lost    int // that would have reached nobody
	Lines   []string
}

// text sums a replay up.
func (r *Replay) text() string {
	if r.Others == 0 && r.Lost == 0 {
		return "would have paged the same people."
	}
	return plural(r.Others, "alert", "alerts") + " would have paged other people, " + num(r.Lost) + " nobody."
}

func (r *Replay) tone() Tone {
	switch {
	case r.Lost > 0:
		return ToneCritical
	case r.Others > 0:
		return ToneInfo
	}
	return ToneOK
}

// delta words a change of hours: "+12 h".
func delta(before, after float64) string {
	d := after - before
	switch {
	case d > -.5 && d < .5:
		return "±0" + nb + "h"
	case d > 0:
		return "+" + hours(d)
	}
	return "−" + hours(-d)
}

// gains marks who carries more.
func gains(before, after float64) string {
	switch {
	case after-before >= .5:
		return "up"
	case before-after >= .5:
		return "down"
	}
	return ""
}

// few reports whether rows name people by a list to choose from.
func (p *RosterEditor) few() bool { return len(p.People) <= 60 }
