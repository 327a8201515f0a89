package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

func (s *Web) trustRoutes() {
	s.page("GET /oncall/callsheet", callSheet)
	s.page("GET /oncall/callsheet.html", callSheetFile)
	s.page("POST /settings/audit/verify", verifyLedger)
	s.page("GET /settings/heartbeat", heartbeat)
	s.page("POST /settings/heartbeat", setHeartbeat)
	s.page("POST /settings/pagetests", setPageTests)
}

// callSheet is who is on call in the next days, for paper.
func callSheet(v *visit) error {
	days, _ := strconv.Atoi(v.param("days")) // what is no number is the usual number
	d, err := v.Queries.CallSheet(v.ctx(), v.viewer(), days)
	if err != nil {
		return err
	}
	p := view.CallSheet{Shell: v.shell("Call sheet", view.PlaceOnCall), Lead: d.Lead(v.zone), FileURL: "/oncall/callsheet.html?" + v.r.URL.RawQuery}
	for i := range d.People {
		x := &d.People[i]
		p.People = append(p.People, view.CallPerson{Person: *v.person(x.ID, x.Name), Zone: x.Zone, Reach: x.Reach(), None: len(x.Ways) == 0})
	}
	for _, r := range d.Rosters {
		for _, role := range r.Roles {
			row := view.CallRole{Title: r.Title, Role: capital(role.Role.Word())}
			for _, sh := range role.Shifts {
				names := make([]string, len(sh.People))
				for i, who := range sh.People {
					names[i] = who.Name
				}
				row.Shifts = append(row.Shifts, view.CallShift{From: sh.From.In(v.zone).Format("Mon 2 Jan 15:04"), Until: sh.Until.In(v.zone).Format("Mon 2 Jan 15:04"), Who: joined(names)})
			}
			p.Roles = append(p.Roles, row)
		}
	}
	for _, n := range []int{7, 14, 30} {
		text := strconv.Itoa(n)
		p.Days = append(p.Days, view.Filter{Text: text + " days", URL: "/oncall/callsheet?days=" + text, Current: n == days || days == 0 && n == 14})
	}
	return v.render(http.StatusOK, view.CallSheetPage(p))
}

// callSheetFile is the same as one file that needs nothing else.
func callSheetFile(v *visit) error {
	days, _ := strconv.Atoi(v.param("days"))
	d, err := v.Queries.CallSheet(v.ctx(), v.viewer(), days)
	if err != nil {
		return err
	}
	text, err := d.HTML(v.zone)
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="call-sheet.html"`)
	h.Set("Cache-Control", "no-store")
	_, _ = v.w.Write([]byte(text)) // the reader has gone: there is nobody to tell
	return nil
}

// sealed says how far the ledger is.
func (v *visit) sealed() (out view.Sealed, err error) {
	l, err := query.Run[muster.Nothing, query.LedgerState](v.ctx(), v.Queries, "GetLedger", v.actor, muster.Nothing{})
	if err != nil {
		return out, err
	}
	out = view.Sealed{Head: l.Head, Key: l.Key, VerifyURL: "/settings/audit/verify", Rows: int(l.Position)}
	if l.Last != nil {
		out.At, out.Position = l.Last.At.Time, int(l.Last.Position)
	}
	return out, nil
}

// verifyLedger reads the whole ledger and says in a sentence whether anything was changed.
func verifyLedger(v *visit) error {
	known := v.field("known")
	rep, err := v.Queries.Verify(v.ctx(), v.actor, known)
	if err != nil {
		return err
	}
	n := view.Note{Tone: view.ToneOK, Lead: "Nothing is wrong", Text: plural(int(rep.Rows), "row of the ledger", "rows of the ledger") + ", " +
		plural(int(rep.Pages), "page", "pages") + ", " + plural(int(rep.Audit), "row of the security log", "rows of the security log") + " and " + plural(rep.Checkpoints, "signed checkpoint", "signed checkpoints") + " agree."}
	if !rep.OK() {
		n = view.Note{Tone: view.ToneCritical, Lead: "Something was changed", Text: rep.Wrong}
	}
	return v.auditPage(&n, known)
}

// heartbeat is where Muster tells somebody outside that all is well, and what its auditor found.
func heartbeat(v *visit) error { return v.heartbeat(http.StatusOK, nil) }

func (v *visit) heartbeat(status int, wrong []view.Problem) error {
	if !v.can(muster.AccessAdmin) {
		return muster.Errorf(muster.ErrForbidden, "Only an admin may see and set the heartbeat.")
	}
	w := v.Queries.WatchNow()
	p := view.Heartbeat{
		Shell: v.shell("Heartbeat", view.PlaceSettings), Tabs: v.tabs(view.TabHeartbeat), URL: "/settings/heartbeat", To: w.BeatTo, BeatAt: w.BeatAt.Time, Error: w.BeatError,
		LookedAt: w.LookedAt.Time, Problems: wrong, Address: v.field("url"), Every: v.field("every"),
	}
	var err error
	if p.Tests, err = v.pageTests(); err != nil {
		return err
	}
	for _, f := range w.Findings {
		p.Findings = append(p.Findings, view.Note{Tone: view.ToneCritical, Lead: capital(f.Kind), Text: f.Text + " Since " + v.clock(f.Since) + "."})
	}
	return v.render(status, view.HeartbeatPage(p))
}

func setHeartbeat(v *visit) error {
	in := command.SetHeartbeat{URL: v.field("url")}
	if text := v.field("every"); text != "" {
		d, err := time.ParseDuration(strings.ReplaceAll(text, " ", ""))
		if err != nil {
			return v.heartbeat(http.StatusUnprocessableEntity, []view.Problem{{Field: "every", Message: "Write a time like 1m or 30s."}})
		}
		in.Every = muster.Duration(d)
	}
	_, err := run[command.SetHeartbeat](v, "SetHeartbeat", in)
	if refused(err) {
		return v.heartbeat(http.StatusUnprocessableEntity, problems(err, nil))
	}
	if err != nil {
		return err
	}
	text := "Set. The first heartbeat goes within a minute while all is well."
	if in.URL == "" {
		text = "No heartbeat any more: nobody outside notices when Muster is gone."
	}
	return v.done("/settings/heartbeat", text, "")
}

// watched warns of what the auditor found, and of providers in trouble; nil when there is nothing.
func (v *visit) watched() *view.Note {
	w := v.Queries.WatchNow()
	if len(w.Findings) > 0 {
		return &view.Note{Tone: view.ToneCritical, Lead: "Muster itself", Text: w.Findings[0].Text}
	}
	if len(w.Circuits) > 0 {
		n := v.circuit(w.Circuits[0], "")
		if more := len(w.Circuits) - 1; more > 0 {
			n.Text += " " + plural(more, "other is", "others are") + " in trouble, too."
		}
		return &n
	}
	return nil
}

// circuit says which provider is in trouble, and what Muster does meanwhile. node is named where several may answer.
func (v *visit) circuit(c query.WatchCircuit, node string) view.Note {
	n := view.Note{
		Tone: view.ToneMajor, Lead: "Provider in trouble", Link: view.Link{Text: v.connectorTitle(c.Connector), URL: docURL(muster.KindConnectors, c.Connector)},
		Text: v.connectorTitle(c.Connector) + " has failed since " + v.clock(c.Since) + ", " + plural(c.Failures, "call", "calls") + " in a row: " +
			sentence(muster.Clip(c.Problem, 120)) + " Pages go their next way at once; every five seconds one tries whether it works again.",
	}
	if node != "" {
		n.Text += " That is what the node " + node + " sees; each node looks for itself."
	}
	return n
}

// itself says how Muster is: what its auditor found, who watches it, and which providers are in trouble.
func (v *visit) itself() (out []view.Note) {
	w := v.Queries.WatchNow()
	admin := v.may(muster.AccessAdmin, "/settings/heartbeat")
	for _, f := range w.Findings {
		out = append(out, view.Note{Tone: view.ToneCritical, Lead: capital(f.Kind), Text: f.Text + " Since " + v.clock(f.Since) + "."})
	}
	for _, c := range w.Circuits {
		out = append(out, v.circuit(c, w.Node))
	}
	switch {
	case w.LookedAt.IsZero():
		out = append(out, view.Note{Tone: view.ToneNone, Lead: "Auditor", Text: "It has not looked yet."})
	case len(w.Findings) == 0:
		out = append(out, view.Note{Tone: view.ToneOK, Lead: "Auditor", Text: "It looked at " + v.clock(w.LookedAt) + ": nobody is forgotten, nothing is late."})
	}
	beat := view.Note{Tone: view.ToneOK, Lead: "Heartbeat", Link: view.Link{Text: "Heartbeat", URL: admin}}
	switch {
	case w.BeatTo == "":
		beat.Tone, beat.Text, beat.Link.Text = view.ToneMinor, "Nobody outside notices when Muster is gone: no watchdog is set.", "Set one"
	case w.BeatError != "":
		beat.Tone, beat.Text = view.ToneMajor, "The watchdog did not take the last one: "+sentence(w.BeatError)
	case w.BeatAt.IsZero():
		beat.Tone, beat.Text = view.ToneNone, "The watchdog has not taken one yet."
	default:
		beat.Text = "The watchdog took the last one at " + v.clock(w.BeatAt) + "."
	}
	return append(out, beat)
}

// pageLedger is what the ledger says of one page of an alert.
func (v *visit) pageLedger(id muster.PageID, pages []query.Page) (*view.PageLedger, error) {
	for i := range pages {
		if pages[i].ID != id {
			continue
		}
		list, err := v.Queries.PageEvents(v.ctx(), v.viewer(), id)
		if err != nil {
			return nil, err
		}
		out := &view.PageLedger{Title: pages[i].Name + ", " + pages[i].Method}
		for _, e := range list {
			line := view.LedgerLine{At: e.When.Time, What: capital(string(e.Kind)), Text: joinDots(e.Means, e.Why), Sealed: "not sealed yet"}
			if e.Provider != "" {
				line.Text = joinDots(line.Text, "the provider calls it "+muster.Clip(e.Provider, 60))
			}
			if e.Position > 0 {
				line.Sealed = "sealed at row " + strconv.FormatInt(e.Position, 10)
			}
			out.Lines = append(out.Lines, line)
		}
		return out, nil
	}
	return nil, nil //nolint:nilnil // a page of another alert is not shown here
}

// pageTests is the setting of weekly test pages.
func (v *visit) pageTests() (*view.PageTests, error) {
	s, err := v.Queries.PageTests(v.ctx())
	if err != nil {
		return nil, err
	}
	out := &view.PageTests{URL: "/settings/pagetests", On: s.Weekday != "", Note: "Nobody gets test pages. Once a week is good: a contact method that nobody tries may have stopped working."}
	if out.On {
		out.Note = "Everybody gets a test page every " + capital(s.Weekday) + ", each week by the next of their urgent contact methods. Who does not answer within a day is told, and so are the owners of their teams."
	}
	out.Weekdays = append(out.Weekdays, view.Option{Text: "never"})
	for d := time.Monday; d <= time.Monday+6; d++ {
		word := (d % 7).String()
		out.Weekdays = append(out.Weekdays, view.Option{Value: strings.ToLower(word), Text: word})
	}
	out.Weekdays = options(out.Weekdays, s.Weekday)
	hour := s.Hour
	if !out.On {
		hour = 10
	}
	for h := range 24 {
		text := strconv.Itoa(h)
		out.Hours = append(out.Hours, view.Option{Value: text, Text: text + ":00", Selected: h == hour})
	}
	return out, nil
}

func setPageTests(v *visit) error {
	hour, err := strconv.Atoi(v.field("hour"))
	if err != nil {
		hour = 10
	}
	out, err := run[command.SetPageTest](v, "SetPageTest", command.SetPageTest{Weekday: v.field("weekday"), Hour: &hour})
	if err != nil {
		return err
	}
	text := "Nobody gets test pages any more."
	if out.Weekday != "" && out.Hour != nil {
		text = "Set: everybody gets a test page every " + capital(out.Weekday) + " at " + strconv.Itoa(*out.Hour) + ":00 of their own time."
	}
	return v.done("/settings/heartbeat#tests", text, "")
}
