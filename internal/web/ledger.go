package web

import (
	"net/http"
	"net/url"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

func (s *Web) ledgerRoutes() {
	s.page("GET /oncall/fairness", ledger)
	s.page("GET /oncall/fairness.csv", ledgerFile)
	s.page("GET /oncall/{roster}/handovers", handovers)
	s.page("POST /oncall/{roster}/handovers", writeHandover)
}

// ledgerDays is how long the period is that nobody chose.
const ledgerDays = 90

// period reads from and to as days of the visitor's calendar; both days are part of it.
func (v *visit) period() (in query.AskFairness, from, to string, wrong []muster.FieldError) {
	day := func(name string, otherwise time.Time) (time.Time, string) {
		text := v.param(name)
		if text == "" {
			return otherwise, otherwise.Format(time.DateOnly)
		}
		t, err := time.ParseInLocation(time.DateOnly, text, v.zone)
		if err != nil {
			wrong = append(wrong, muster.FieldError{Path: name, Message: "this is not a day: write it like 2026-11-02"})
			return otherwise, text
		}
		return t, text
	}
	n := v.now.In(v.zone)
	today := time.Date(n.Year(), n.Month(), n.Day(), 0, 0, 0, 0, v.zone)
	var a, b time.Time
	b, to = day("to", today)
	a, from = day("from", b.AddDate(0, 0, 1-ledgerDays))
	in = query.AskFairness{From: muster.At(a), Until: muster.At(b.AddDate(0, 0, 1)), Roster: muster.RosterName(v.param("roster"))}
	if len(wrong) == 0 && b.Before(a) {
		wrong = append(wrong, muster.FieldError{Path: "to", Message: "must not be before the first day"})
	}
	return in, from, to, wrong
}

// ledger is the fairness ledger.
func ledger(v *visit) error {
	in, from, to, wrong := v.period()
	p := view.Ledger{
		Shell: v.shell("Fairness", view.PlaceOnCall), From: in.From.Time, To: in.Until.Time, URL: "/oncall/fairness", FromDay: from, ToDay: to, Roster: string(in.Roster),
		Empty: "Nobody is on call in this period.",
	}
	status := http.StatusOK
	err := muster.Invalid("The period is not right", wrong)
	if err == nil {
		err = v.ledgerRows(&p, in)
	}
	if refused(err) {
		status, p.Empty = http.StatusUnprocessableEntity, muster.MessageOf(err)
		p.Problems = problems(err, map[string]string{"until": "to"})
	} else if err != nil {
		return err
	}
	link := func(path string, a, b time.Time) string {
		q := url.Values{"from": {a.Format(time.DateOnly)}, "to": {b.Format(time.DateOnly)}}
		if in.Roster != "" {
			q.Set("roster", string(in.Roster))
		}
		return path + "?" + q.Encode()
	}
	today := v.now.In(v.zone)
	for _, x := range []struct {
		text string
		a, b time.Time
	}{
		{"Last 30 days", today.AddDate(0, 0, -29), today},
		{"Last 90 days", today.AddDate(0, 0, 1-ledgerDays), today},
		{"Last 365 days", today.AddDate(0, 0, -364), today},
		{"Next 90 days", today.AddDate(0, 0, 1), today.AddDate(0, 0, ledgerDays)},
	} {
		f := view.Filter{Text: x.text, URL: link("/oncall/fairness", x.a, x.b)}
		f.Current = from == x.a.Format(time.DateOnly) && to == x.b.Format(time.DateOnly)
		p.Periods = append(p.Periods, f)
	}
	p.CSV = link("/oncall/fairness.csv", in.From.In(v.zone), in.Until.In(v.zone).AddDate(0, 0, -1))
	p.Rosters = append(p.Rosters, view.Filter{Text: "All rosters"})
	for _, d := range v.Queries.Catalog().Documents(muster.KindRosters) {
		p.Rosters = append(p.Rosters, view.Filter{Text: docTitle(d), URL: d.DocName()})
	}
	p.Rosters = v.chips("roster", p.Rosters...)
	return v.render(status, view.LedgerPage(p))
}

func (v *visit) ledgerRows(p *view.Ledger, in query.AskFairness) error {
	t, err := v.Queries.Fairness(v.ctx(), v.viewer(), in)
	if err != nil {
		return err
	}
	for _, r := range t.Items {
		p.Rows = append(p.Rows, view.LedgerRow{
			Person: *v.person(r.Person, r.Name), Left: r.Left, Primary: r.Primary, Secondary: r.Secondary, Shadow: r.Shadow, Total: r.Total, Night: r.NightHours,
			Weekend: r.WeekendHours, Holiday: r.HolidayHours, Nights: r.Nights, Shifts: r.Shifts, Pages: r.Pages, NightPages: r.NightPages,
		})
	}
	return nil
}

// ledgerFile is the ledger for spreadsheets.
func ledgerFile(v *visit) error {
	in, _, _, wrong := v.period()
	if err := muster.Invalid("The period is not right", wrong); err != nil {
		return err
	}
	t, err := v.Queries.Fairness(v.ctx(), v.viewer(), in)
	if err != nil {
		return err
	}
	mediaType, name, body := query.FairnessFile{FairnessTable: *t}.File()
	v.w.Header().Set("Content-Type", mediaType)
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, _ = v.w.Write(body) // the reader has gone: there is nobody to tell
	return nil
}

// handovers is the hand-over notes of a roster.
func handovers(v *visit) error {
	d, err := v.Queries.HandoverPage(v.ctx(), v.viewer(), query.ListHandovers{Roster: muster.RosterName(v.r.PathValue("roster")), Cursor: v.param("cursor"), Limit: 20})
	if err != nil {
		return err
	}
	post := "/oncall/" + string(d.Roster) + "/handovers"
	p := view.Handovers{
		Shell: v.live("Hand-overs of "+d.Title, view.PlaceOnCall, "now"), Roster: view.Link{Text: d.Title, URL: "/oncall?roster=" + string(d.Roster)}, Pager: v.pager(d.Notes.Next),
	}
	for _, x := range d.Drafts {
		row := view.HandoverDraft{Role: capital(x.Role.Word()), Who: v.namesOf(x.People), Until: x.Until.Time, Words: x.Words, By: v.nameOf(x.WordsBy), Key: string(x.Role)}
		if x.MayWrite {
			row.SaveURL = post
		}
		p.Drafts = append(p.Drafts, row)
	}
	for _, n := range d.Notes.Items {
		row := view.HandoverNote{
			ID: string(n.ID), Role: capital(n.Role.Word()), RoleName: string(n.Role), From: v.namesOf(n.From), To: v.namesOf(n.To), At: n.At.Time, Since: n.Since.Time,
			Summary: n.Summary, Words: n.Words, By: v.nameOf(n.WordsBy),
		}
		for _, i := range n.Items {
			row.Items = append(row.Items, handoverItem(i))
		}
		if n.MayEdit {
			row.EditURL = post
		}
		p.Notes = append(p.Notes, row)
	}
	return v.render(http.StatusOK, view.HandoversPage(p))
}

func handoverItem(i muster.HandoverItem) view.HandoverItem {
	out := view.HandoverItem{Link: view.Link{Text: i.Title}, State: i.State}
	switch i.Kind {
	case muster.HandoverAlert:
		out.Kind, out.Link.URL = view.State{Tone: view.ToneMinor, Word: "Alert"}, "/a/"+i.Ref
	case muster.HandoverIncident:
		out.Kind, out.Link.URL = view.State{Tone: view.ToneMajor, Word: i.Ref}, "/i/"+i.Ref
	case muster.HandoverSilence:
		out.Kind, out.Link.URL = view.State{Tone: view.ToneInfo, Word: "Silence"}, docURL(muster.KindSilences, i.Ref)
	}
	if out.Link.Text == "" {
		out.Link.Text = i.Ref
	}
	return out
}

// nameOf is the name of somebody; nobody has none.
func (v *visit) nameOf(u muster.UserName) string {
	if u == "" {
		return ""
	}
	return v.Queries.Catalog().DisplayName(u)
}

func (v *visit) namesOf(people []muster.UserName) string {
	names := make([]string, len(people))
	for i, u := range people {
		names[i] = v.nameOf(u)
	}
	return joined(names)
}

// writeHandover keeps what the visitor tells those who follow.
func writeHandover(v *visit) error {
	in := command.WriteHandover{
		Roster: muster.RosterName(v.r.PathValue("roster")), Role: muster.RosterRole(v.field("role")), Handover: muster.HandoverID(v.field("note")), Text: v.field("text"),
	}
	n, err := run[*muster.HandoverNote](v, "WriteHandover", in)
	if err != nil {
		return err
	}
	text := "Saved."
	if n.Draft() {
		text = "Kept: those who follow read it at the hand-over."
	}
	return v.done("/oncall/"+string(in.Roster)+"/handovers", text, "")
}
