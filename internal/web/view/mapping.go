package view

import (
	"strings"
	"time"
)

// Sources is the list of where signals come from.
//
// Parts: none; the page stands still.
type Sources struct {
	Shell  Shell
	Tabs   SettingsTabs
	NewURL string
	Rows   []SourceRow
}

// SourceRow is one source.
type SourceRow struct {
	Title, Name string
	DocURL      string
	MapURL      string // "" for those who may not see what was sent
	LastAt      time.Time
	LastText    string
	Waiting     string // "3", "1000 or more"; "" for none
}

// Mapping is the editor of a source's mapping, beside what the source sent and what that would come to.
//
// Form fields (POST): those of Fields, signal, payload, format, why, etag, accept, and do: preview, save. Nothing but save
// changes anything.
//
// Parts: "editor", "preview", "paths", and "p-" with the name of a field.
type Mapping struct {
	Shell    Shell
	Tabs     SettingsTabs
	Source   string
	Title    string
	DocURL   string
	URL      string // POST
	Save     bool   // you may write the document
	ETag     string
	Why      string
	Groups   []MappingGroup
	Problems []Problem
	Gate     *GateQuestion
	Paths    []string // suggestions: what the payload has
	Payloads []Option // requests that came; empty: none yet
	Formats  []Option
	Own      string // a payload of one's own
	Result   *TrialResult
	Rejected []RejectedRow // that wait
	More     int           // so many more wait
	Settled  []RejectedRow // the newest of those that are settled
	RejectID string        // the rejected signal that is open in the editor
}

// MappingGroup is a row of fields that belong together.
type MappingGroup struct {
	Title, Hint string
	Fields      []MappingField
}

// MappingField is one field of a mapping.
type MappingField struct {
	Name, Label, Value, Hint string
	Lines                    bool // one thing a line
	Path                     bool // takes a path: suggestions are offered
}

// parts are the parts of the page that follow what is typed.
func (p *Mapping) parts() string {
	list := []string{"preview", "paths"}
	for _, g := range p.Groups {
		for _, f := range g.Fields {
			list = append(list, "p-"+f.Name)
		}
	}
	return strings.Join(list, " ")
}

// TrialResult is what a request would come to.
type TrialResult struct {
	Problem string // why it cannot be read, or a part of it
	Wrong   []Problem
	At      time.Time // when it came; zero for a payload of one's own
	Format  string
	Payload string
	Cut     string // "the first 64 KiB of 300 KiB"; "" when all of it is shown
	Signals []TriedSignal
	More    int
	None    string // why there is nothing to show
	Unused  string // that the format needs no mapping
}

// TriedSignal is one signal of it.
type TriedSignal struct {
	Title    string
	Severity State
	State    State
	Outcome  string // in a sentence
	Alert    Link   // that it would join or end
	Facts    []Figure
	IfNew    bool     // the waves are those of a new alert, and this is counted on an open one
	Found    []string // how each field was found
	Labels   []Field
	Waves    []Wave
	Routed   []WhyStep
}

// RejectedRow is a request that could not be read in full.
type RejectedRow struct {
	ID         string
	At         time.Time
	Format     string
	Reason     string
	OpenURL    string // GET: in the editor
	ReplayURL  string // POST
	ReplayAs   string // the format that was chosen instead of its own
	DismissURL string // POST why
	State      State  // of one that is settled
	Settled    string // by whom, when, and what came of it
	Alert      Link
}
