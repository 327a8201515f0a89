package command

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/exchange"
	"github.com/muster-oncall/muster/internal/plan"
)

// ImportShifts makes or replaces one rotation of a roster by the shifts of a file.
type ImportShifts struct {
	Roster   muster.RosterName `json:"roster" path:"roster" arg:"1" doc:"the roster"`
	Body     string            `json:"body" raw:"yes" doc:"the file itself"`
	Format   string            `json:"format,omitempty" doc:"csv or ical; csv when empty"`
	Rotation string            `json:"rotation" doc:"name of the rotation that is made or replaced"`
	Role     muster.RosterRole `json:"role,omitempty" doc:"primary, secondary or shadow; when empty that of the rotation, else primary. Lines of other roles are left out"`
	Zone     string            `json:"zone,omitempty" doc:"of days and times that name none: Europe/Berlin; when empty that of the rotation, else of the roster's first"`
	Revision muster.Revision   `json:"revision,omitempty" doc:"the revision of the roster that you saw; whatever it is when empty"`
	DryRun   bool              `json:"dry_run,omitempty" doc:"only say what would change"`
	Accept   string            `json:"accept,omitempty" doc:"reaches-nobody: import them even if somebody would not be paged any more"`
	Why      string            `json:"why,omitempty" doc:"why, for the history"`

	rows  []exchange.ShiftRow
	wrong []muster.FieldError
}

// ImportedShifts says what an import changed, or would.
type ImportedShifts struct {
	Roster    muster.RosterName `json:"roster"`
	Rotation  string            `json:"rotation"`
	Role      muster.RosterRole `json:"role"`
	Revision  muster.Revision   `json:"revision"` // of the catalog, after the import
	DryRun    bool              `json:"dry_run,omitempty"`
	What      string            `json:"what"` // of the rotation: created, changed, unchanged
	Shifts    int               `json:"shifts"`
	Added     int               `json:"added"`
	Removed   int               `json:"removed"`
	LeftOut   int               `json:"left_out"` // lines of other roles
	People    []muster.UserName `json:"people"`
	From      muster.Instant    `json:"from"`
	Until     muster.Instant    `json:"until"`
	Pattern   bool              `json:"pattern,omitempty"` // the rotation followed a pattern until now
	Overrules []string          `json:"overrules"`         // rotations of the same role that lie below it

	Draft *muster.Roster `json:"-"` // the roster with it, for surfaces that show what it means
}

// What an import of a calendar reads: the time before and after today.
const (
	calendarBack  = 366 * 24 * time.Hour
	calendarAhead = 2 * 366 * 24 * time.Hour
)

// prepareIn reads the file before the transaction begins.
func (in *ImportShifts) prepareIn(s *plan.Snapshot) error {
	r := s.Catalog.Rosters[in.Roster]
	if r == nil {
		return muster.Errorf(muster.ErrNotFound, "There is no roster called %q.", muster.Clip(string(in.Roster), 70))
	}
	if in.Zone == "" {
		in.Zone = importZone(r, in.Rotation)
	}
	zone, err := s.Zones.Load(in.Zone)
	if err != nil {
		return muster.Invalid("The shifts cannot be imported", s.Zones.Check("zone", in.Zone))
	}
	switch strings.ToLower(in.Format) {
	case "", "csv":
		head, _, _ := strings.Cut(in.Body, "\n")
		check := rowCheck{who: newWhoIs(s.Catalog), roster: r, role: importRole(r, in.Rotation, in.Role), every: !strings.Contains(strings.ToLower(head), "role")}
		in.rows, in.wrong = exchange.ReadShifts([]byte(in.Body), zone, s.Zones.Load, check.fault)
		if check.every {
			for i := range in.rows {
				in.rows[i].Role = "" // without such a column every line is of the role that is imported
			}
		}
	case "ical", "ics":
		now := muster.At(time.Now())
		events, wrong := exchange.ReadCalendar([]byte(in.Body), now.Plus(-calendarBack), now.Plus(calendarAhead), zone, s.Zones.Load)
		in.wrong = wrong
		in.rows = eventRows(newWhoIs(s.Catalog), r, events, &in.wrong)
	default:
		return muster.Invalid("The shifts cannot be imported", []muster.FieldError{{Path: "format", Message: fmt.Sprintf("%q is neither csv nor ical", muster.Clip(in.Format, 20))}})
	}
	in.Body = ""
	return muster.Invalid("The file was not imported, because of these lines", in.wrong)
}

func importZone(r *muster.Roster, rotation string) string {
	for i := range r.Rotations {
		if r.Rotations[i].Name == rotation {
			return r.Rotations[i].Zone
		}
	}
	if len(r.Rotations) > 0 {
		return r.Rotations[0].Zone
	}
	return "UTC"
}

// importRole is the role that is imported: the one that was asked for, else that of the rotation, else primary.
func importRole(r *muster.Roster, rotation string, asked muster.RosterRole) muster.RosterRole {
	for i := range r.Rotations {
		if r.Rotations[i].Name == rotation {
			asked = cmp.Or(asked, r.Rotations[i].Role)
		}
	}
	return cmp.Or(asked, muster.PrimaryResponder)
}

// eventRows makes a line of each person of each event. An event without length is no shift.
func eventRows(who *whoIs, r *muster.Roster, events []exchange.Event, wrong *[]muster.FieldError) (rows []exchange.ShiftRow) {
	told := map[int]bool{}
	for i := range events {
		e := &events[i]
		if !e.Until.After(e.From.Time) {
			continue
		}
		people, problem := who.event(e)
		if problem != "" && !told[e.Line] {
			told[e.Line] = true // once for an event that repeats
			*wrong = append(*wrong, muster.FieldError{Line: e.Line, Path: "SUMMARY", Message: fmt.Sprintf("the event %s on %s: %s", quoted(e.Summary), e.From.UTC().Format("2 Jan 2006"), problem)})
		}
		for _, u := range people {
			rows = append(rows, exchange.ShiftRow{Line: e.Line, Roster: string(r.Name), Person: string(u), From: e.From, Until: e.Until})
		}
	}
	return rows
}

func (c *Call) importShifts(in ImportShifts) (*ImportedShifts, error) {
	if in.Revision != 0 {
		if err := c.match(muster.KindRosters, string(in.Roster), in.Revision, false); err != nil {
			return nil, err
		}
	}
	return c.importRows(in)
}

// importRows puts rows that were read into the roster. What is wrong with any row is told, and then nothing is changed.
func (c *Call) importRows(in ImportShifts) (*ImportedShifts, error) {
	r := c.Snap.Catalog.Rosters[in.Roster]
	if r == nil {
		return nil, muster.Errorf(muster.ErrNotFound, "There is no roster called %q.", muster.Clip(string(in.Roster), 70))
	}
	if err := c.mustOwn(r.Team, "the roster "+string(r.Name)); err != nil {
		return nil, err
	}
	if in.Rotation == "" {
		return nil, muster.Invalid("The shifts cannot be imported", []muster.FieldError{{Path: "rotation", Message: "name the rotation that is made or replaced"}})
	}
	at := slices.IndexFunc(r.Rotations, func(x muster.Rotation) bool { return x.Name == in.Rotation })
	out := &ImportedShifts{Roster: r.Name, Rotation: in.Rotation, Role: importRole(r, in.Rotation, in.Role), Revision: c.Snap.Catalog.Revision, DryRun: in.DryRun, What: "created", Overrules: []string{}}
	next := muster.Rotation{Name: in.Rotation, Zone: in.Zone, Kind: muster.Custom}
	var before []muster.FixedShift
	if at >= 0 {
		old := r.Rotations[at]
		out.What, out.Pattern, before = "changed", len(old.Shifts) == 0, old.Shifts
		if in.Zone == "" {
			next.Zone = old.Zone
		}
	}
	if !slices.Contains(muster.RosterRoles(), out.Role) {
		return nil, muster.Invalid("The shifts cannot be imported", []muster.FieldError{{Path: "role", Message: fmt.Sprintf("%q is not a role of a roster: write primary, secondary or shadow", muster.Clip(string(out.Role), 20))}})
	}
	next.Role = out.Role
	var err error
	if next.Shifts, out.LeftOut, err = fixedShifts(rowCheck{who: newWhoIs(c.Snap.Catalog), roster: r, role: out.Role}, in.rows); err != nil {
		return nil, err
	}
	out.tell(before, next.Shifts)
	doc := *r
	if doc.Rotations = slices.Clone(r.Rotations); at >= 0 {
		doc.Rotations[at] = next
	} else {
		at = len(doc.Rotations)
		doc.Rotations = append(doc.Rotations, next)
	}
	for _, x := range doc.Rotations[:at] {
		if x.Role == next.Role {
			out.Overrules = append(out.Overrules, x.Name)
		}
	}
	out.Draft = &doc
	if plan.Same(r, &doc) {
		out.What = "unchanged"
		return out, nil
	}
	changes := []docChange{{kind: muster.KindRosters, name: string(r.Name), doc: &doc}}
	if c, err = c.accepting(in.Accept); err != nil {
		return nil, err
	}
	if in.DryRun {
		next, err := c.afterDocs(changes)
		if err != nil {
			return nil, err
		}
		_, _, err = c.pass(changes, next)
		return out, err
	}
	why := in.Why
	if why == "" {
		why = "import of the rotation " + in.Rotation
	}
	out.Revision, err = c.writeDocs(changes, why)
	return out, err
}

// rowCheck is what rows are compared with: the people of the catalog, and what is imported.
type rowCheck struct {
	who    *whoIs
	roster *muster.Roster
	role   muster.RosterRole
	every  bool // rows of every role are of the one that is imported
	others bool // rows of other rosters are left out
}

// person finds who a row is about; other says that it is of another role and left out.
func (k rowCheck) person(row exchange.ShiftRow) (u muster.UserName, other bool, path, problem string) {
	if row.Roster != "" && !ofRoster(row, k.roster) { // without one it is told already
		if k.others {
			return "", true, "", ""
		}
		return "", false, "roster", fmt.Sprintf("%s is not the roster %s, into which you import: take the line out, or import it there", quoted(row.Roster), k.roster.Name)
	}
	if !k.every && row.Role != "" && muster.RosterRole(row.Role) != k.role {
		return "", true, "", ""
	}
	u, problem = k.who.row(row)
	return u, false, "person", problem
}

// fault tells it to whoever reads a file, so that people hear of everything that is wrong with it at once.
func (k rowCheck) fault(row exchange.ShiftRow) (path, problem string) {
	if row.Person == "" && row.Email == "" {
		return "", "" // told already
	}
	_, _, path, problem = k.person(row)
	return path, problem
}

func ofRoster(row exchange.ShiftRow, r *muster.Roster) bool {
	return strings.EqualFold(row.Roster, string(r.Name)) || strings.EqualFold(row.Roster, r.Title)
}

// fixedShifts turns rows into shifts: rows of the same time are one shift of several people.
func fixedShifts(check rowCheck, rows []exchange.ShiftRow) (out []muster.FixedShift, leftOut int, err error) {
	type span struct{ from, until muster.Instant }
	places := map[span]int{}
	var wrong []muster.FieldError
	for _, row := range rows {
		u, other, path, problem := check.person(row)
		if other {
			leftOut++
			continue
		}
		if problem != "" {
			wrong = append(wrong, muster.FieldError{Line: row.Line, Path: path, Message: problem})
			continue
		}
		k := span{row.From, row.Until}
		i, ok := places[k]
		if !ok {
			i = len(out)
			places[k] = i
			out = append(out, muster.FixedShift{From: row.From, Until: row.Until})
		}
		if !slices.Contains(out[i].People, u) {
			out[i].People = append(out[i].People, u)
		}
	}
	switch {
	case len(wrong) > 0:
	case len(out) == 0:
		what := fmt.Sprintf("there is no shift of the role %s in it", check.role)
		wrong = []muster.FieldError{{Path: "body", Message: what}}
	case len(out) > muster.MaxShifts:
		wrong = []muster.FieldError{{Path: "body", Message: fmt.Sprintf("it has %d shifts; a rotation takes at most %d: split it", len(out), muster.MaxShifts)}}
	}
	slices.SortStableFunc(out, func(a, b muster.FixedShift) int {
		return cmp.Or(a.From.Compare(b.From.Time), a.Until.Compare(b.Until.Time))
	})
	return out, leftOut, muster.Invalid("Nothing was imported, because of these lines", wrong)
}

// tell counts what differs.
func (o *ImportedShifts) tell(before, after []muster.FixedShift) {
	key := func(s muster.FixedShift) string {
		return fmt.Sprint(s.From.Micros(), s.Until.Micros(), s.People)
	}
	had := map[string]bool{}
	for _, s := range before {
		had[key(s)] = true
	}
	o.Shifts, o.People = len(after), []muster.UserName{}
	kept := 0
	for _, s := range after {
		if had[key(s)] {
			kept++
		}
		for _, u := range s.People {
			if !slices.Contains(o.People, u) {
				o.People = append(o.People, u)
			}
		}
		if o.Until.Before(s.Until.Time) {
			o.Until = s.Until
		}
	}
	o.Added, o.Removed = len(after)-kept, len(had)-kept
	if len(after) > 0 {
		o.From = after[0].From
	}
}
