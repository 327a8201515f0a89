package view

import "time"

// Places of the rail, for Shell.Place. Any other value lights none of them.
const (
	PlaceNow       = "now"
	PlaceIncidents = "incidents"
	PlaceAlerts    = "alerts"
	PlaceOnCall    = "oncall"
	PlaceServices  = "services"
	PlaceStatus    = "status"
	PlaceReviews   = "reviews"
	PlaceReadiness = "readiness"
	PlaceSettings  = "settings"
	PlaceNotices   = "notices"
)

// Shell is what surrounds every page: head, rail, banner, demo strip, toast. A page without a signed-in person
// (sign-in, setup, report form, error) leaves Me nil, and the rail is not drawn.
//
// Part names common to all pages: "guide" (demo strip), "toast".
type Shell struct {
	Title string // of the document, without " · Muster"
	Place string // one of the Place constants: which entry of the rail is current
	Org   string // the organisation's name, "Tailwind Traders"

	Now  time.Time      // the instant that relative times are counted from; never zero
	Zone *time.Location // the viewer's zone; nil is UTC

	CSS string // URL of the style sheet, from static.Path("app.css")
	JS  string // URL of the script, from static.Path("app.js"); a page's own screen has phone.js, which is small
	// Install is the URL of the icon for home screens; "" on pages that nobody puts there.
	Install string
	// Icon is the URL of the favicon, from static.Path("icon.svg").
	Icon string

	Places Places // where the rail leads

	Theme    string // "light", "dark", or "" for the system's choice (from a cookie)
	ThemeURL string // POST theme=light|dark|system; answers 303 back

	Me *Me // who is signed in; nil draws no rail
	// LiveURL is "/live?topic=now" or "/live?topic=incident:inc_…"; it may carry the ID of the last event that the page
	// already shows, so that nothing is lost between the page and the stream. "" means that the page does not change.
	LiveURL    string
	PaletteURL string // GET with q= answers JSON [{"text","hint","url","icon"}]; "" switches Ctrl-K off
	DeclareURL string // the declare page; also key C; "" hides the button
	SearchURL  string // page that works without script for the search box; ?q=

	Bell   *Bell  // what is new for the person; nil draws none
	Guide  *Guide // the demo's guided strip; nil draws none
	Toast  *Toast // what was just done, with undo; nil draws none
	Banner *Note  // a standing warning about Muster itself ("No page channel has been proved yet"); nil draws none
}

// Places is where the rail leads; an empty URL leaves a place out.
type Places struct {
	Now, Incidents, Alerts, OnCall, Services, Status, Reviews, Readiness, Settings string
	Wall, Phones                                                                   string // in the menu under the person; optional
}

// Me is the signed-in person as the rail shows them.
type Me struct {
	Name       string // "Ana"
	URL        string // own page: contact methods, zone
	SignOutURL string // POST, no fields
}

// Guide is the strip that leads through the demo.
type Guide struct {
	Step, Of int    // "step 3 of 9"
	Text     string // one line: what just happened
	Action   Button // the one thing to do next; an empty URL draws none
	// Auto presses Action by itself once, and only with script (the first step of the play).
	Auto     bool
	CloseURL string   // POST, no fields: closes the strip
	Scenes   []Button // each begins a scene
	NoteURL  string   // optional link "what is this?"; "" draws none
}

// Toast tells what was just done and offers to take it back for ten seconds.
type Toast struct {
	Text    string // "INC-42 is SEV1 now."
	UndoURL string // POST, no fields; "" when it cannot be undone
	Tone    Tone   // ToneOK unless it failed
}

// Note is a sentence with a tone and perhaps a link.
type Note struct {
	Tone Tone
	Lead string // the word in bold before it, "Gap"; may be ""
	Text string
	Link Link // optional
	More Link // optional, a second way out
}

// Tone is what a colour means. Every tone has its icon; a word always stands beside it.
type Tone string

// The tones. ToneNone is quiet grey.
const (
	ToneNone     Tone = ""
	ToneCritical Tone = "critical"
	ToneMajor    Tone = "major"
	ToneMinor    Tone = "minor"
	ToneInfo     Tone = "info"
	ToneOK       Tone = "ok"
)

// State is an icon, a word and a colour, always together: "SEV1 Critical", "Acknowledged by Ana", "Draft".
type State struct {
	Tone  Tone
	Word  string
	Solid bool // white on red: only SEV1 and a critical page
}

// Link is a text that leads somewhere. URL may be empty: then only the text is drawn.
type Link struct {
	Text string
	URL  string
}

// Button is one POST form with a button. Fields are sent as hidden inputs in the order given.
type Button struct {
	Text   string
	URL    string // POST target; for Get true, where the link leads
	Icon   string // name of an icon (icons.go); "" draws none
	Fields []Field
	Wakes  string // "This pages 3 people: Ana, Ravi, Chen." shown before it is pressed; "" when it wakes nobody
	Get    bool   // a link that looks like a button
	Part   string // optional: part that holds it, when it differs from the page
}

// Field is a name and a value of a form.
type Field struct {
	Name, Value string
}

// Option is one choice of a select or a set of radio buttons.
type Option struct {
	Value    string
	Text     string
	Hint     string // said small beside it: "11 people", "214 subscribers"
	Selected bool
}

// Person is somebody as screens name them.
type Person struct {
	Name string
	URL  string
	You  bool // adds "you" and the accent
}

// Promise is when the next update is due, and who said so. Past zero it is drawn as overdue.
type Promise struct {
	By     time.Time // the promised instant
	MadeAt time.Time // when it was promised: start of the bar; zero draws no bar
	Who    string    // "Tom"; "Muster" for a default promise
	You    bool
	Final  bool   // no further update is promised; By is ignored
	KeepBy Link   // the way to keep it: "Post update"; optional
	Why    string // optional sentence: "default of 30 minutes"
}

// Problem is one thing that is wrong with what somebody sent, in the user's words.
type Problem struct {
	Field   string // name of the form's field, or a path in a document ("steps[1].targets"); "" for the whole form
	Line    int    // 1-based line in a document; 0 when it does not apply
	Message string // what is wrong and what to do
}

// Filter is one chip above a list: a link that narrows it. The state lives in the URL.
type Filter struct {
	Text    string
	URL     string
	Icon    string
	Count   int // shown when above zero
	Current bool
}

// Pager leads to older and newer entries of a list; empty URLs draw nothing.
type Pager struct {
	NewerURL, OlderURL string
}

// Search is the box above a list. It GETs URL with q=; Hidden keeps the other filters.
type Search struct {
	URL    string
	Value  string
	Hint   string // placeholder: "Title, service or key"
	Hidden []Field
}

// Empty is what a list says when it has nothing: one sentence, one button, one command to copy.
type Empty struct {
	Text    string
	Action  Button
	Command string // shown in a copyable line: curl …; may be ""
}
