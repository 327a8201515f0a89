package exchange

import (
	"slices"
	"strconv"
	"strings"

	"github.com/muster-oncall/muster"
)

// TableRow is a row of an on-call table kept outside.
type TableRow = muster.RosterRow

// partition is where the table of the plain form keeps everybody.
const partition = "1"

// TableOfShifts gives the extended form: a row per shift, numbered from 1 by roster, time and role, and whether it is the
// one that runs at the instant. Service is what service says of a roster; nil leaves it empty.
func TableOfShifts(shifts []ShiftRow, at muster.Instant, service func(roster string) string) []TableRow {
	shifts = slices.Clone(shifts)
	slices.SortStableFunc(shifts, compareShifts)
	rows := make([]TableRow, len(shifts))
	for i, s := range shifts {
		rows[i] = TableRow{
			PartitionKey: partition, RowKey: strconv.Itoa(i + 1), Email: s.Email, OnCall: s.runs(at), Name: s.Person,
			Roster: s.Roster, Role: s.Role, From: s.From, Until: s.Until,
		}
		if service != nil {
			rows[i].Service = service(s.Roster)
		}
	}
	return rows
}

// TableOfPeople gives the plain form: a row per person and service, numbered from 1, and whether the person is on call
// at the instant. Whoever reads it knows one kind of on call, so shifts of roles other than the ones given do not count;
// without roles those of the primary count alone. People are those of all shifts, on call or not; shifts without a mail
// address are left out, for such a table knows people by it.
func TableOfPeople(shifts []ShiftRow, at muster.Instant, service func(roster string) string, roles ...muster.RosterRole) []TableRow {
	if len(roles) == 0 {
		roles = []muster.RosterRole{muster.PrimaryResponder}
	}
	type key struct{ email, service string }
	found := map[key]int{}
	var rows []TableRow
	for _, s := range shifts {
		if s.Email == "" {
			continue
		}
		k := key{email: strings.ToLower(s.Email)}
		if service != nil {
			k.service = service(s.Roster)
		}
		i, ok := found[k]
		if !ok {
			i = len(rows)
			found[k] = i
			rows = append(rows, TableRow{PartitionKey: partition, Email: s.Email, Name: s.Person, Service: k.service})
		}
		rows[i].OnCall = rows[i].OnCall || s.runs(at) && slices.Contains(roles, muster.RosterRole(s.Role))
		if rows[i].Name == "" {
			rows[i].Name = s.Person
		}
	}
	slices.SortStableFunc(rows, func(a, b TableRow) int {
		if c := strings.Compare(strings.ToLower(a.Email), strings.ToLower(b.Email)); c != 0 {
			return c
		}
		return strings.Compare(a.Service, b.Service)
	})
	for i := range rows {
		rows[i].RowKey = strconv.Itoa(i + 1)
	}
	return rows
}

// ShiftsOfTable gives the shifts that rows say. A row of the extended form is its own shift. A row of the plain form says
// only who is on call at the instant at which the table was read: it becomes a primary's shift from then until the end
// given, for the roster that is given, unless the person is not on call. Line is the row's place in rows, from 1. As with
// [ReadShifts], any fault means no shifts at all.
func ShiftsOfTable(rows []TableRow, roster string, at, until muster.Instant, checks ...RowCheck) ([]ShiftRow, []muster.FieldError) {
	var f faults
	if len(rows) > MaxRows {
		f.add(0, "", "the table has more than %d rows: take out the old ones", MaxRows)
		return nil, f.all()
	}
	var out []ShiftRow
	for i, r := range rows {
		line := i + 1
		place := "row " + quote(r.PartitionKey+"/"+r.RowKey)
		before := len(f.list) + f.more
		s := ShiftRow{
			Line: line, Roster: muster.CleanLine(r.Roster, maxName), Role: strings.ToLower(muster.CleanLine(r.Role, maxName)),
			Person: muster.CleanLine(r.Name, maxName), Email: mailAddress(r.Email), From: r.From, Until: r.Until,
		}
		plain := s.Roster == "" && s.Role == "" && r.From.IsZero() && r.Until.IsZero()
		if plain {
			s.Roster, s.From, s.Until = muster.CleanLine(roster, maxName), at, until
		}
		if s.Role == "" {
			s.Role = string(muster.PrimaryResponder)
		}
		switch {
		case r.Email != "" && s.Email == "":
			f.add(line, "email", "%s: %s is not a mail address: write it like anna@example.org", place, quote(r.Email))
		case s.Email == "" && (plain || s.Person == ""):
			f.add(line, "email", "%s: nobody is named: write the person's mail address", place)
		}
		if s.Roster == "" {
			f.add(line, "roster", "%s: the roster is missing: write its name", place)
		}
		if !slices.Contains(muster.RosterRoles(), muster.RosterRole(s.Role)) {
			f.add(line, "role", "%s: %s is not a role of a roster: write %s", place, quote(r.Role), roleWords())
		}
		switch {
		case s.From.IsZero() || s.Until.IsZero():
			f.add(line, "from", "%s: the shift needs both its times, from and until: write them", place)
		case !s.Until.After(s.From.Time):
			f.add(line, "until", "%s: the shift ends before it has begun: until must be later than from", place)
		}
		if !plain || r.OnCall {
			for _, check := range checks {
				if path, problem := check(s); problem != "" {
					f.add(line, path, "%s: %s", place, problem)
				}
			}
		}
		if len(f.list)+f.more == before && (!plain || r.OnCall) {
			out = append(out, s)
		}
	}
	if wrong := f.all(); len(wrong) > 0 {
		return nil, wrong
	}
	return out, nil
}

// runs reports whether the shift holds the instant; its end belongs to the next.
func (s ShiftRow) runs(at muster.Instant) bool {
	return !at.Before(s.From.Time) && at.Before(s.Until.Time)
}

func compareShifts(a, b ShiftRow) int {
	if c := strings.Compare(a.Roster, b.Roster); c != 0 {
		return c
	}
	if c := a.From.Compare(b.From.Time); c != 0 {
		return c
	}
	order := muster.RosterRoles()
	if c := slices.Index(order, muster.RosterRole(a.Role)) - slices.Index(order, muster.RosterRole(b.Role)); c != 0 {
		return c
	}
	if c := strings.Compare(a.Email+"\n"+a.Person, b.Email+"\n"+b.Person); c != 0 {
		return c
	}
	return a.Until.Compare(b.Until.Time)
}
