package view

import "time"

// OnCall answers who: now, by lanes, and at any moment through the time machine.
//
// Parts: "head", "now", "lanes", "moment", "mine".
type OnCall struct {
	Shell Shell

	Headline  string   // "Storefront: Ravi until 09:00, then Leo"
	Rosters   []Filter // one chip per roster, or All
	Warnings  []Warned // gaps first, then shifts over four days, no secondary, unreachable people
	Accepted  []Warned // what somebody accepted for a while
	Now       []RosterNow
	Schedules []Schedule // one per roster shown
	Window    Window
	Compact   bool   // for phones: without the lanes; LanesURL shows them
	LanesURL  string // shows the lanes on a phone, or the layers of many rosters
	LanesText string

	Moment   Moment
	Override OverrideForm
	Why      *MomentWhy // of a service at the moment; nil when none was asked for
	MyShifts []Shift
	MineURL  string
	Pointed  Pointed // what the link in a message leads to; empty: nothing
	MendURL  string  // where all warnings are, when only gaps are told here
	NowURL   string  // the simple page of who is on call now
	NewURL   string  // builds a roster; "" when you may not

	ExpertsURL   string // who may be asked about what
	CalendarsURL string // feeds to subscribe to, leave and holidays

	Asked    []CoverAsked
	Fairness []Fairness // may be empty
	FairNote string     // "night is 22–07 local"
	PrintURL string     // the call sheet; optional
	FairURL  string     // the whole ledger; optional
}

// Window is what the lanes show and where one goes from there.
type Window struct {
	Title                 string // "23 November to 6 December"
	Zooms                 []Filter
	Earlier, Later, Today string // URLs
	EarlierText           string // "Two weeks earlier"
	LaterText             string
	From                  string // 2026-11-23, for the form that jumps
	URL                   string // GET from=
	Hidden                []Field
}

// Schedule is the lanes of one roster.
type Schedule struct {
	Name    string // "Storefront"
	ID      string // name of the document; "" when nothing on it can be dragged
	URL     string // where its title leads
	EditURL string // its editor; "" when you may not

	ArrangeURL   string // swaps shifts of others; "" when you may not
	ImportURL    string // makes a rotation of a file; "" when you may not
	HandoversURL string // its hand-over notes

	Summary  string // "Ravi until 09:00, then Leo"
	From, To time.Time
	Year     bool
	Lanes    []Lane           // final schedule first, layers below
	Zones    []*time.Location // of its rotations
	At       string           // URL of the time machine, to which a local time is added
	Moment   time.Time        // of the time machine; zero: none
	Width    int              // in pixels; 0: that of a page
}

// Lane is one row: the final schedule of a role, a rotation, or overrides and swaps.
type Lane struct {
	Title  string // "On call", "Berlin", "Overrides and swaps"
	Note   string // "final schedule", "10–18 Mon–Fri Berlin"
	Hint   string // the whole of the note, on hover
	Kind   string // final, layer, patches
	Role   string // of a final lane: what a drag on it overrides
	Blocks []Block
	Turns  []Block // whose turn it is, where hours leave pauses
}

// Block is one stretch on a lane.
type Block struct {
	From, To time.Time // may reach beyond the window
	Person   string    // "" for a gap
	You      bool
	Kind     string // shift, override, swap, replaced, gap
	Shade    int    // 0, 1, 2: grey steps that tell rotations apart
	By       string // "override, instead of Mia"
	Note     string // "dentist, agreed by both"
	Zone     *time.Location
}

// OverrideForm replaces who is on call in a window.
//
// Form fields: roster, role, person, from, to (2006-01-02T15:04 in the viewer's zone), why.
type OverrideForm struct {
	URL      string // POST; "" when you may not
	PageURL  string // the form on the page itself, for phones; "": in a sheet
	TakeURL  string // POST roster, role: you have the pager from now until the hand-off
	Open     bool
	Rosters  []Option
	Roles    []Option
	People   []Option
	From, To string // as typed or proposed
	Why      string
	Problems []Problem
	Existing []OverrideRow // present and coming
}

// OverrideRow is an override or swap that exists.
type OverrideRow struct {
	Text     string // "Noor for Mia, primary of Storefront"
	From, To time.Time
	Why, By  string
	Kind     string // override, swap
	Lapsed   string // why it does not apply any more
	UndoURL  string // POST, no fields
}

// Moment is the time machine: a moment, and who is on call then and by what.
//
// Form fields (GET): at (2006-01-02T15:04 in the viewer's zone) or, pressed with by=slide, slide (a step of the window).
type Moment struct {
	URL        string
	Hidden     []Field
	At         string
	Slide, Max int       // where the slider stands, and its last step
	Step       int       // seconds of a step
	From       time.Time // of step 0
	Services   []Option  // for the full explanation
	Asked      bool
	When       time.Time
	Past       bool
	Revision   int // of the catalog that answered
	Rows       []MomentRow
	NowURL     string
	Problems   []Problem
}

// MomentRow is who holds a role of a roster at the moment.
type MomentRow struct {
	Roster, Role string
	URL          string
	People       []Person // empty: nobody
	By           string   // "turn of the rotation primary", "override", "swap"
	Tag          string   // override, swap; "" for a turn
	Text         string   // the sentence that says why
	Since, Until time.Time
	Elsewhere    string // the moment where they are: "12:30 Berlin"
	Revision     int
	RevisionURL  string
	Whys         []Link // the full why of each service
	OfferURL     string // POST person, role, at: you offer to take the shift; "" when it cannot be offered
	ArrangeURL   string // swaps the shift, for an owner of the team; "" when you may not
	At           string // a moment of the shift, RFC 3339
	Holder       string // name of the document of who has it
}

// MomentWhy is who would be paged about a service at the moment.
type MomentWhy struct {
	Service string
	When    time.Time
	Waves   []Wave
	Why     Why
	Problem string
}

// Wave is one step of the answer: "First paged", "After 5 min".
type Wave struct {
	When   string
	People string // "Noor, override for Mia"; "" is nobody
	Note   string
}

// Warned is something to mend in a roster, with the ways to do it.
type Warned struct {
	Note      Note
	AcceptURL string // POST why, until (a day) and Fields; "" when you may not
	Fields    []Field
	Until     time.Time // of an accepted one
	Why, By   string
	UndoURL   string
}

func (w Warned) gap() bool { return w.Note.Tone == ToneMajor || w.Note.Tone == ToneCritical }

func otherWarnings(list []Warned) (out []Warned) {
	for _, w := range list {
		if !w.gap() {
			out = append(out, w)
		}
	}
	return out
}

// furtherGaps is how many gaps follow the three that are told at once.
func furtherGaps(list []Warned) int { return max(0, len(list)-len(otherWarnings(list))-3) }

// agendaTime is an end of a stretch in a list under days.
func (s Shell) agendaTime(t time.Time) string {
	if sameDay(s.in(t), s.in(s.Now)) {
		return s.hm(t)
	}
	return s.in(t).Format("Mon" + nb + "15:04")
}

// Shift is one of my shifts.
type Shift struct {
	Roster, Role string
	URL          string
	From, To     time.Time
	Elsewhere    string // in the rotation's zone, when it is another
	Running      bool
	Patch        string // override, swap; "" for a turn
	AskURL       string // POST roster, rotation, start, why: asks for cover; "" when it cannot be asked for
	MoreURL      string // GET: the whole form of that
	Fields       []Field
	Asked        *CoverAsked // cover was asked for
	Open         bool        // the form is open already
}

// askID tells the form of a shift that was pointed at from those of the list.
func (s Shift) askID(i int) string {
	if s.Open {
		return "ask-now-" + num(i)
	}
	return "ask-" + num(i)
}

// Pointed is the shift, or the request for cover, that the link in a message leads to.
type Pointed struct {
	Title  string // "" when no message led here
	Text   string // how it stands, when there is nothing to answer
	Shifts []Shift
	Asked  []CoverAsked
}

// CoverAsked is a request for cover, as its viewer may answer it.
type CoverAsked struct {
	Text        string // "Ravi asks for cover: primary of Storefront"
	From, To    time.Time
	Why         string
	Offers      []string // "Chen offers"
	AcceptURLs  []Link   // POST: accept somebody's offer
	OfferURL    string   // POST
	DeclineURL  string   // POST
	WithdrawURL string   // POST
}

// Fairness is one person's row of the ledger.
type Fairness struct {
	Person Person
	Hours  float64 // on call
	Night  float64 // of these at night
	Mean   float64 // everybody's average
	Pages  int
	Heavy  bool // carries more nights than is fair
}

// OnCallNow is who is on call now, big and simple.
//
// Parts: "now".
type OnCallNow struct {
	Shell   Shell
	Cards   []NowCard
	Back    string // the lanes; "" for strangers
	SignIn  string // for strangers
	Nothing string // why there is nothing to see
}

// NowCard is one roster.
type NowCard struct {
	Roster string
	URL    string
	Held   []NowHeld
	Next   string // "then Leo"
}

// NowHeld is who holds a role.
type NowHeld struct {
	Role   string
	People []Person // empty: nobody
	Until  time.Time
	Clocks string // "09:00 Berlin · 08:00 UTC"
}

// MyShifts is the page of somebody's own shifts.
//
// Parts: "mine".
type MyShifts struct {
	Shell  Shell
	Shifts []Shift
	Asked  []CoverAsked // by others, that you could take
	Hours  float64
	Nights int
	Back   string
}
