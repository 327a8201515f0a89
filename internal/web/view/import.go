package view

import "time"

// ImportPage makes a rotation of a roster from a calendar or a table: it is shown first, then written.
//
// Form fields (POST, also multipart): file, body, rotation, role, zone, why, etag, accept, and do: preview, replay, save,
// propose. The text travels with the form, so nothing is kept in between.
//
// Parts: none; the page stands still.
type ImportPage struct {
	Shell     Shell
	Back      Link // the roster
	URL       string
	Body      string
	Rotation  string
	Rotations []string // suggestions
	Roles     []Option
	Zone      string
	Zones     []string
	Why, ETag string
	Problems  []Problem
	Wrong     []WrongLine // of the file; then nothing is imported
	Result    *ImportResult
	Gate      *GateQuestion
	Preview   *RosterPreview
}

// WrongLine is what is wrong with a line of a file.
type WrongLine struct {
	Line    int
	Text    string // the line itself
	Message string
}

// ImportResult says what the import would do.
type ImportResult struct {
	What     string // "makes the rotation imported, primary"
	Same     bool   // nothing would change
	Shifts   int
	People   string
	From, To time.Time
	Added    int
	Removed  int
	Notes    []Note
}

// example is a table that can be imported.
func (p *ImportPage) example() string {
	name := p.Back.Text
	return "roster,role,person,start,end\n" + name + ",primary,ana,2026-12-24 09:00,2026-12-27 09:00\n" + name + ",primary,ravi,2026-12-27 09:00,2026-12-30 09:00\n"
}
