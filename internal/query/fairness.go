package query

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/rota"
)

// AskFairness asks what on-call asked of people in a period.
type AskFairness struct {
	From   muster.Instant    `json:"from,omitzero" query:"from" doc:"from when; 90 days ago when empty"`
	Until  muster.Instant    `json:"until,omitzero" query:"until" doc:"until when, also in the future; now when empty"`
	Roster muster.RosterName `json:"roster,omitempty" query:"roster" doc:"of one roster"`
	Team   muster.TeamName   `json:"team,omitempty" query:"team" doc:"of the rosters of one team"`
	Format string            `json:"format,omitempty" query:"format" doc:"csv: as a file, unless JSON is asked for"`
}

// FairnessTable is what on-call asked of people in a period.
type FairnessTable struct {
	From  muster.Instant `json:"from"`
	Until muster.Instant `json:"until"`
	Items []FairnessRow  `json:"items"` // by name
}

// FairnessRow is one person's share.
type FairnessRow struct {
	Name string `json:"name"`
	plan.Share
	Left bool `json:"left,omitempty"` // has left, or is not known any more
}

// FairnessFile is the table as a file.
type FairnessFile struct{ FairnessTable }

// File is the table as CSV, for spreadsheets.
func (t FairnessFile) File() (mediaType, name string, body []byte) {
	return "text/csv; charset=utf-8", "fairness-" + t.From.UTC().Format(time.DateOnly) + "-" + t.Until.UTC().Format(time.DateOnly) + ".csv", t.CSV()
}

// CSV writes the table with a row of headings. What a spreadsheet would take for a formula is marked as text.
func (t *FairnessTable) CSV() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	hours := func(h float64) string { return strconv.FormatFloat(h, 'f', 2, 64) }
	rows := [][]string{{
		"person", "name", "from", "until", "primary_hours", "secondary_hours", "shadow_hours", "total_hours", "nights", "night_hours", "weekend_hours", "holiday_hours",
		"shifts", "pages", "night_pages",
	}}
	for i := range t.Items {
		r := &t.Items[i]
		rows = append(rows, []string{
			string(r.Person), plainCell(r.Name), t.From.UTC().Format(time.RFC3339), t.Until.UTC().Format(time.RFC3339), hours(r.Primary), hours(r.Secondary), hours(r.Shadow),
			hours(r.Total), strconv.Itoa(r.Nights), hours(r.NightHours), hours(r.WeekendHours), hours(r.HolidayHours), strconv.Itoa(r.Shifts), strconv.Itoa(r.Pages), strconv.Itoa(r.NightPages),
		})
	}
	_ = w.WriteAll(rows) // into memory: that does not fail
	return b.Bytes()
}

func plainCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// longestFairness bounds the period of one question.
const longestFairness = 3 * 366 * 24 * time.Hour

// Fairness adds up what on-call asked of people: the past by the rosters as they were valid then, with overrides and swaps,
// the future by those of now. Who belongs to a roster that is asked about and has nothing is listed with nothing.
func (q *Queries) Fairness(ctx context.Context, who Viewer, in AskFairness) (*FairnessTable, error) {
	return ask(ctx, q, who, func(r *read) (*FairnessTable, error) {
		t, err := r.fairness(in)
		return &t, err
	})
}

func (r *read) fairness(in AskFairness) (FairnessTable, error) {
	if in.Until.IsZero() {
		in.Until = r.Now()
		if !in.From.IsZero() && !in.From.Before(r.Now().Time) {
			in.Until = in.From.Plus(90 * 24 * time.Hour)
		}
	}
	if in.From.IsZero() {
		in.From = in.Until.Plus(-90 * 24 * time.Hour)
	}
	out := FairnessTable{From: in.From, Until: in.Until, Items: []FairnessRow{}}
	var wrong []muster.FieldError
	switch d := in.Until.Sub(in.From.Time); {
	case d <= 0:
		wrong = append(wrong, muster.FieldError{Path: "until", Message: "must be later than from"})
	case d > longestFairness:
		wrong = append(wrong, muster.FieldError{Path: "until", Message: "at most three years at once"})
	}
	if in.Format != "" && in.Format != "csv" && in.Format != "json" {
		wrong = append(wrong, muster.FieldError{Path: "format", Message: fmt.Sprintf("%q is neither csv nor json", muster.Clip(in.Format, 20))})
	}
	if err := muster.Invalid("The period is not right", wrong); err != nil {
		return out, err
	}
	if in.Team != "" && r.cat.Teams[in.Team] == nil {
		return out, noDocument(r.cat, muster.KindTeams, string(in.Team))
	}
	shares, err := r.shares(in)
	if err != nil {
		return out, err
	}
	for _, s := range shares {
		u := r.cat.Users[s.Person]
		out.Items = append(out.Items, FairnessRow{Name: r.cat.DisplayName(s.Person), Share: s, Left: u == nil || u.Disabled})
	}
	slices.SortStableFunc(out.Items, func(a, b FairnessRow) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return out, nil
}

// shares adds up, for everybody who had something and everybody who belongs to the rosters.
func (r *read) shares(in AskFairness) ([]plan.Share, error) {
	eras, err := r.erasOf(in)
	if err != nil {
		return nil, err
	}
	if in.Roster != "" && len(eras) == 0 && r.cat.Rosters[in.Roster] == nil {
		return nil, noDocument(r.cat, muster.KindRosters, string(in.Roster))
	}
	leave, err := r.LeaveBetween(in.From, in.Until)
	if err != nil {
		return nil, err
	}
	paged, err := r.pagedIn(in)
	if err != nil {
		return nil, err
	}
	shares := plan.Shares(eras, plan.ShareFacts{From: in.From, Until: in.Until, Zone: r.zoneOf, Holidays: leave, Paged: paged})
	listed := map[muster.UserName]bool{}
	for _, s := range shares {
		listed[s.Person] = true
	}
	for _, ros := range r.rosters() {
		if in.Roster != "" && ros.Name != in.Roster || in.Team != "" && ros.Team != in.Team {
			continue
		}
		for _, u := range ros.Everybody() {
			if d := r.cat.Users[u]; d != nil && !d.Disabled && !listed[u] {
				listed[u] = true
				shares = append(shares, plan.Share{Person: u})
			}
		}
	}
	return shares, nil
}

// erasOf walks the revisions of the rosters over the period.
func (r *read) erasOf(in AskFairness) (eras []plan.Era, err error) {
	rows, err := r.HistoryOf(muster.KindRosters, in.From, earlier(in.Until, r.Now()))
	if err != nil {
		return nil, err
	}
	last := map[string]int{} // index of the era of a roster that goes on
	for _, row := range rows {
		if in.Roster != "" && row.Name != string(in.Roster) {
			continue
		}
		from := later(row.At, in.From)
		if i, ok := last[row.Name]; ok {
			from = later(from, eras[i].From)
			eras[i].Until = from
			delete(last, row.Name)
		}
		if row.Body == "" {
			continue
		}
		ros := r.cat.Rosters[muster.RosterName(row.Name)]
		if ros == nil || r.cat.RevisionOf(muster.DocRef(row.Kind, row.Name)) != row.Revision {
			ros = &muster.Roster{}
			if err := json.Unmarshal([]byte(row.Body), ros); err != nil {
				return nil, fmt.Errorf("query: the stored document %s/%s cannot be read: %w", row.Kind, row.Name, err)
			}
		}
		if in.Team != "" && ros.Team != in.Team {
			continue
		}
		e := plan.Era{Roster: ros.Name, From: from, Until: in.Until}
		if current := r.snap.Schedule(ros.Name); current != nil && current.Roster() == ros {
			e.Schedule = current
		} else {
			e.Schedule = rota.Make(r.snap.Zones, ros)
		}
		last[row.Name] = len(eras)
		eras = append(eras, e)
	}
	return eras, nil
}

// pagedIn lists the pages about the services that are asked about.
func (r *read) pagedIn(in AskFairness) (out []plan.PagedAt, err error) {
	rows, err := r.PagedBetween(in.From, earlier(in.Until, r.Now()))
	var serves []muster.ServiceName
	if in.Roster != "" {
		serves = r.snap.Serves(in.Roster)
	}
	for _, p := range rows {
		if in.Roster != "" && !slices.Contains(serves, p.Service) {
			continue
		}
		if s := r.cat.Services[p.Service]; in.Team != "" && (s == nil || s.Team != in.Team) {
			continue
		}
		out = append(out, plan.PagedAt{Person: p.Person, Alert: p.Alert, At: p.At})
	}
	return out, err
}

func (r *read) zoneOf(u muster.UserName) *time.Location {
	if d := r.cat.Users[u]; d != nil {
		if z, err := r.snap.Zones.Load(d.Zone); err == nil {
			return z
		}
	}
	return time.UTC
}

// asFile lets a question answer with a file when CSV is asked for.
func asFile(o muster.Op) muster.Op {
	exec := o.Exec
	o.Exec = func(ctx context.Context, a muster.Actor, in any) (any, error) {
		out, err := exec(ctx, a, in)
		if t, ok := out.(FairnessTable); ok && err == nil {
			if q, ok := in.(*AskFairness); ok && q.Format == "csv" {
				return FairnessFile{t}, nil
			}
		}
		return out, err
	}
	return o
}
