package command

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/exchange"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/store"
)

// tableAhead is how far ahead shifts are written into a table.
const tableAhead = 90 * 24 * time.Hour

// maxTableRows is the most that is written into one table: what comes after it, later shifts, is left out.
const maxTableRows = 5000

// ExportRoster writes a roster into a table kept outside.
type ExportRoster struct {
	Roster    muster.RosterName    `json:"roster" path:"roster" arg:"1" doc:"the roster"`
	Connector muster.ConnectorName `json:"connector" arg:"2" doc:"the connector to the table"`
}

// ImportRoster makes or replaces one rotation of a roster by the shifts in a table kept outside.
type ImportRoster struct {
	Roster    muster.RosterName    `json:"roster" path:"roster" arg:"1" doc:"the roster"`
	Connector muster.ConnectorName `json:"connector" arg:"2" doc:"the connector to the table"`
	Rotation  string               `json:"rotation" doc:"name of the rotation that is made or replaced"`
	Role      muster.RosterRole    `json:"role,omitempty" doc:"primary, secondary or shadow; when empty that of the rotation, else primary"`
	Until     muster.Instant       `json:"until,omitzero" doc:"for a table that only says who is on call now: until when they are; a week from now when empty"`
	Accept    string               `json:"accept,omitempty" doc:"reaches-nobody: import it even if somebody would not be paged any more"`
}

// RosterBegun says that a table will be read or written in a moment. What came of it shows in the connector's state.
type RosterBegun struct {
	Delivery  muster.DeliveryID    `json:"delivery"`
	Connector muster.ConnectorName `json:"connector"`
}

// rosterJob is what a delivery of the kind roster is to do.
type rosterJob struct {
	Roster   muster.RosterName `json:"roster"`
	Import   bool              `json:"import,omitempty"`
	Rotation string            `json:"rotation,omitempty"`
	Role     muster.RosterRole `json:"role,omitempty"`
	Until    muster.Instant    `json:"until,omitzero"`
	Accept   string            `json:"accept,omitempty"`
	By       muster.UserName   `json:"by,omitempty"` // whose rights count, and who is told
}

func jobOf(d *muster.Delivery) (job rosterJob, err error) {
	if err := json.Unmarshal(d.Payload, &job); err != nil {
		return job, fmt.Errorf("command: the delivery %s cannot be read: %w", d.ID, err)
	}
	return job, nil
}

// RosterJob says which roster a delivery is about, and whether it reads.
func RosterJob(d *muster.Delivery) (roster muster.RosterName, reads bool, err error) {
	job, err := jobOf(d)
	return job.Roster, job.Import, err
}

func (c *Call) exportRoster(in ExportRoster) (*RosterBegun, error) {
	r, err := c.rosterTable(in.Roster, in.Connector)
	if err != nil {
		return nil, err
	}
	if err := c.mustOwn(r.Team, "what is told about the roster "+string(r.Name)); err != nil {
		return nil, err
	}
	return c.beginRoster(in.Connector, rosterJob{Roster: r.Name, By: c.Actor.User}, "export roster")
}

func (c *Call) importRoster(in ImportRoster) (*RosterBegun, error) {
	r, err := c.rosterTable(in.Roster, in.Connector)
	if err != nil {
		return nil, err
	}
	if err := c.mustOwn(r.Team, "the roster "+string(r.Name)); err != nil {
		return nil, err
	}
	if in.Rotation == "" {
		return nil, muster.Invalid("The roster cannot be imported", []muster.FieldError{{Path: "rotation", Message: "name the rotation that is made or replaced"}})
	}
	if c.Actor.User == "" {
		return nil, muster.Errorf(muster.ErrForbidden, "A person has to import a roster: by their rights it is written, and they are told what came of it.")
	}
	return c.beginRoster(in.Connector, rosterJob{Roster: r.Name, Import: true, Rotation: in.Rotation, Role: in.Role, Until: in.Until, Accept: in.Accept, By: c.Actor.User}, "import roster")
}

// rosterTable finds a roster and looks whether a connector has a table.
func (c *Call) rosterTable(name muster.RosterName, conn muster.ConnectorName) (*muster.Roster, error) {
	r, doc := c.Snap.Catalog.Rosters[name], c.Snap.Catalog.Connectors[conn]
	switch {
	case r == nil:
		return nil, muster.Errorf(muster.ErrNotFound, "There is no roster called %q.", muster.Clip(string(name), 70))
	case doc == nil:
		return nil, muster.Errorf(muster.ErrNotFound, "There is no connector called %q.", muster.Clip(string(conn), 70))
	case !c.does(doc).Table:
		return nil, muster.Errorf(muster.ErrInvalid, "The connector %q (%s) has no table for rosters: name one of the kind azure-table.", doc.Name, doc.Kind)
	}
	return r, nil
}

// does says what a connector can be used for besides telling people.
func (c *Commands) does(doc *muster.Connector) Abilities {
	if c.Abilities == nil || doc == nil {
		return Abilities{}
	}
	return c.Deps.Abilities(doc.Kind)
}

// Abilities are what a kind of connector can be used for besides telling people.
type Abilities struct {
	Table    bool // rosters are written into it and read from it
	Calendar bool // leave and holidays are read from it

	Address     string         // what the addresses of people are: "a mail address"; "": people cannot be reached by it
	Proof       muster.Proof   // the best that its provider can tell of a page
	ProofWithin time.Duration  // how long to wait for it; 0: muster.DefaultProofWithin
	Surface     muster.Surface // by what people answer its pages; "": the page's own screen
	PagesOnly   bool           // no notices: a telephone rings for what is urgent
	Browser     bool           // a browser makes the addresses: nobody writes, dials or may read them
	Room        string         // the setting that says which room it tells; "": it tells people alone
	Checked     string         // what is known when it was asked and found nothing wrong; "": it cannot be asked
	Stops       bool           // its provider goes on trying to reach people until it is told to stop
}

func (c *Call) beginRoster(conn muster.ConnectorName, job rosterJob, what string) (*RosterBegun, error) {
	b, err := json.Marshal(job)
	if err != nil {
		return nil, err
	}
	ref := "export/"
	if job.Import {
		ref = "import/"
	}
	d := &muster.Delivery{
		ID: id[muster.DeliveryID](c), Kind: muster.DeliverRoster, Connector: conn, Ref: ref + string(job.Roster), Payload: b,
		State: muster.DeliveryPlanned, DueAt: c.Now(), CreatedAt: c.Now(),
	}
	if err := c.begin(d); err != nil {
		return nil, err
	}
	out := &RosterBegun{Delivery: d.ID, Connector: conn}
	if c.Actor.Machine {
		return out, nil
	}
	return out, c.audit(what, muster.DocRef(muster.KindRosters, string(job.Roster)), map[string]string{"connector": string(conn)})
}

// begin writes a delivery that is due now and wakes the engine.
func (c *Call) begin(d *muster.Delivery) error {
	c.leaseIfDue(d)
	if err := c.InsertDeliveries([]*muster.Delivery{d}); err != nil {
		return err
	}
	c.emitDelivery(d, nil)
	return nil
}

// arm sets a timer anew: there is one of its kind for ref.
func (c *Call) arm(kind muster.TimerKind, ref string, due muster.Instant) error {
	if err := c.DeleteTimersOf(ref, kind); err != nil {
		return err
	}
	timers := []muster.Timer{{ID: id[muster.TimerID](c), Kind: kind, Ref: ref, DueAt: due}}
	if err := c.InsertTimers(timers); err != nil {
		return err
	}
	c.emitTimers(timers)
	return nil
}

// firePublish tells the tables of a roster that it changed hands, or was changed, and waits for the next time.
func (c *Call) firePublish(t *muster.Timer) error {
	_, name, _ := muster.SplitDocRef(t.Ref)
	r := c.Snap.Catalog.Rosters[muster.RosterName(name)]
	if r == nil || len(r.Publish) == 0 {
		return nil
	}
	for _, conn := range r.Publish {
		if !c.does(c.Snap.Catalog.Connectors[conn]).Table {
			if err := c.setState(conn, func(s *muster.ConnectorState) {
				s.Error = fmt.Sprintf("The roster %s publishes to this connector, which has no table for rosters", r.Name)
			}); err != nil {
				return err
			}
			continue
		}
		if _, err := c.beginRoster(conn, rosterJob{Roster: r.Name}, ""); err != nil {
			return err
		}
	}
	next := c.Snap.Schedule(r.Name).NextChange(c.Now())
	if next.IsZero() {
		return nil
	}
	return c.arm(muster.TimerPublish, t.Ref, next)
}

// TableRows says what a table has to hold from now on: the roster of the delivery, and those that publish to the same
// table. Present are the rows that it holds: who of Muster's people is on call there, and not by any of these rosters any
// more, is set to not on call. Extended asks for a row per shift, else there is one per person.
func (c *Commands) TableRows(ctx context.Context, d *muster.Delivery, extended bool, present []muster.RosterRow) ([]muster.RosterRow, error) {
	job, err := jobOf(d)
	if err != nil {
		return nil, err
	}
	if err := c.Load(ctx); err != nil {
		return nil, err
	}
	var now muster.Instant
	if err := c.Store.Read(ctx, func(r store.Reader) error { now = r.Now(); return nil }); err != nil {
		return nil, err
	}
	s := c.Live.Current()
	var names []muster.RosterName
	for _, r := range s.Catalog.Rosters {
		if r.Name == job.Roster || slices.Contains(r.Publish, d.Connector) {
			names = append(names, r.Name)
		}
	}
	slices.Sort(names)
	service := func(roster string) string {
		if list := s.Serves(muster.RosterName(roster)); len(list) == 1 {
			return string(list[0])
		}
		return ""
	}
	until := now.Plus(tableAhead)
	if !extended {
		until = now.Plus(time.Microsecond)
	}
	var shifts []exchange.ShiftRow
	for _, name := range names {
		shifts = append(shifts, exchange.ShiftsOf(s.Schedule(name), s.Catalog, now, until)...)
	}
	if extended {
		return extendedTable(shifts, now, service), nil
	}
	return plainTable(s, names, shifts, now, service, present), nil
}

// extendedTable leaves the keys to the connector, which gives a shift the same one each time.
func extendedTable(shifts []exchange.ShiftRow, now muster.Instant, service func(string) string) []muster.RosterRow {
	rows := exchange.TableOfShifts(shifts, now, service)
	slices.SortStableFunc(rows, func(a, b muster.RosterRow) int { return a.From.Compare(b.From.Time) })
	rows = rows[:min(len(rows), maxTableRows)]
	for i := range rows {
		rows[i].PartitionKey, rows[i].RowKey = "", ""
	}
	return rows
}

func plainTable(s *plan.Snapshot, names []muster.RosterName, shifts []exchange.ShiftRow, now muster.Instant, service func(string) string, present []muster.RosterRow) []muster.RosterRow {
	ours := map[string]bool{}
	for _, u := range s.Catalog.Users {
		if u.Email != "" {
			ours[strings.ToLower(u.Email)] = true
		}
	}
	var rows []muster.RosterRow
	listed := map[string]bool{}
	add := func(r muster.RosterRow) {
		if key := strings.ToLower(r.Email); r.Email != "" && !listed[key] {
			listed[key] = true
			rows = append(rows, r)
		}
	}
	for _, r := range exchange.TableOfPeople(shifts, now, service) {
		r.RowKey = ""
		add(r)
	}
	for _, name := range names {
		for _, u := range s.Catalog.Rosters[name].Everybody() {
			if d := s.Catalog.Users[u]; d != nil && !d.Disabled {
				add(muster.RosterRow{Email: d.Email, Name: s.Catalog.DisplayName(u), Service: service(string(name))})
			}
		}
	}
	for _, p := range present {
		if p.OnCall && ours[strings.ToLower(p.Email)] {
			add(muster.RosterRow{Email: p.Email})
		}
	}
	return rows
}

// ImportTable puts the rows of a table into the roster that a delivery names, with the rights of who asked for it, and
// tells them. It gives what is to be remembered of it. An error of the code ErrInvalid or ErrForbidden stays one.
func (c *Commands) ImportTable(ctx context.Context, d *muster.Delivery, rows []muster.RosterRow) (detail string, err error) {
	job, err := jobOf(d)
	if err != nil {
		return "", err
	}
	actor, err := c.ActorOf(job.By, muster.SurfaceEngine)
	if err != nil {
		return "", err
	}
	err = c.do(ctx, "ImportTable", actor, func(call *Call) error {
		until := job.Until
		if until.IsZero() {
			until = call.Now().Plus(7 * 24 * time.Hour)
		}
		if !until.After(call.Now().Time) {
			return muster.Errorf(muster.ErrInvalid, "The time until which the people of the table are on call is over.")
		}
		r := call.Snap.Catalog.Rosters[job.Roster]
		if r == nil {
			return muster.Errorf(muster.ErrNotFound, "There is no roster called %q any more.", job.Roster)
		}
		check := rowCheck{who: newWhoIs(call.Snap.Catalog), roster: r, role: importRole(r, job.Rotation, job.Role), others: true} // a table may hold several rosters
		shifts, wrong := exchange.ShiftsOfTable(rows, string(job.Roster), call.Now(), until, check.fault)
		if err := muster.Invalid("The table was not imported, because of these rows", wrong); err != nil {
			return err
		}
		shifts = slices.DeleteFunc(shifts, func(s exchange.ShiftRow) bool { return !ofRoster(s, r) })
		got, err := call.importRows(ImportShifts{
			Roster: job.Roster, Rotation: job.Rotation, Role: job.Role, Accept: job.Accept, Zone: importZone(r, job.Rotation), Why: "import from " + string(d.Connector), rows: shifts,
		})
		if err != nil {
			return err
		}
		detail = fmt.Sprintf("%s: %s read into %s, %d new, %d gone", call.rosterTitle(job.Roster), countOf(got.Shifts, "shift"), job.Rotation, got.Added, got.Removed)
		if err := call.notify(muster.Notice{
			Person: job.By, Kind: muster.NoticeShiftChanged, Ref: muster.DocRef(muster.KindRosters, string(job.Roster)), URL: "/oncall?roster=" + string(job.Roster),
			Title: fmt.Sprintf("%s was imported from %s", call.rosterTitle(job.Roster), d.Connector), Text: detail + ".", Key: "roster/" + string(d.ID) + "/done",
		}); err != nil {
			return err
		}
		return call.setState(d.Connector, func(s *muster.ConnectorState) { worked(detail, s) })
	})
	return detail, err
}

func (c *Call) rosterTitle(name muster.RosterName) string { return rosterTitle(c.Snap.Catalog, name) }

func rosterTitle(cat *muster.Catalog, name muster.RosterName) string {
	if r := cat.Rosters[name]; r != nil && r.Title != "" {
		return r.Title
	}
	return string(name)
}

func countOf(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
