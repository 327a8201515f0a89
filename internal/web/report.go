package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/web/view"
)

// honeypot is a field that people do not see and programs fill in.
const honeypot = "website"

// reportPage is the form on which staff and customers report without an account.
func reportPage(v *visit) error {
	if _, err := v.reportSource(); err != nil {
		return err
	}
	return v.report(http.StatusOK, view.Report{Kind: v.param("kind")})
}

func (v *visit) report(status int, p view.Report) error {
	p.Shell = v.plainShell("Report a problem")
	p.URL = v.r.URL.Path
	note, err := v.knownTrouble()
	if err != nil {
		return err
	}
	p.Status = note
	return v.render(status, view.ReportPage(p))
}

// reportSource finds the source that the address names. Only sources of people may be written to without a key: else
// anybody could speak as a monitor.
func (v *visit) reportSource() (*muster.Source, error) {
	name := muster.SourceName(v.r.PathValue("source"))
	src := v.Queries.Catalog().Sources[name]
	if src == nil || (src.DetectedBy != muster.DetectedByCustomer && src.DetectedBy != muster.DetectedByStaff) {
		return nil, muster.Errorf(muster.ErrNotFound, "There is no report form here. Ask for the right address.")
	}
	return src, nil
}

// sendReport makes a signal out of a report. It waits for a person to confirm it, unless a route says otherwise.
func sendReport(v *visit) error {
	src, err := v.reportSource()
	if err != nil {
		return err
	}
	p := view.Report{
		Title: v.field("title"), Summary: v.field("summary"), Impact: v.field("impact"), Name: v.field("name"), Contact: v.field("contact"),
		Kind: v.field("kind"), Sent: true, SentRef: "Reported at " + v.now.UTC().Format("15:04") + " UTC.",
	}
	if v.field(honeypot) != "" {
		return v.report(http.StatusOK, p) // a program: it may think that it was heard
	}
	if err := v.reports.Check(v.remote()); err != nil {
		return err
	}
	if p.Problems = checkReport(p); len(p.Problems) > 0 {
		p.Sent = false
		return v.report(http.StatusUnprocessableEntity, p)
	}
	sig := reported(src, p, v.now)
	raw, err := json.Marshal(map[string]string{"title": p.Title, "summary": p.Summary, "impact": p.Impact, "name": p.Name, "contact": p.Contact, "kind": p.Kind})
	if err != nil {
		return err
	}
	got, err := v.Commands.ReceiveSignals(v.ctx(), command.ReceiveSignals{Source: src.Name, Format: "report", Raw: raw, Signals: []muster.Signal{sig}})
	if err != nil {
		return err
	}
	p.Known = slices.ContainsFunc(got, func(r command.SignalResult) bool { return r.Outcome == muster.OutcomeAppended })
	return v.report(http.StatusOK, p)
}

func checkReport(p view.Report) (out []view.Problem) {
	if p.Title == "" {
		out = append(out, view.Problem{Field: "title", Message: "Say in a few words what is wrong."})
	}
	for _, f := range []struct {
		name, value string
		limit       int
	}{{"title", p.Title, 200}, {"summary", p.Summary, 4000}, {"impact", p.Impact, 500}, {"name", p.Name, 100}, {"contact", p.Contact, 200}} {
		if len(f.value) > f.limit {
			out = append(out, view.Problem{Field: f.name, Message: "This is longer than " + itoa(f.limit) + " characters: make it shorter."})
		}
	}
	return out
}

func reported(src *muster.Source, p view.Report, now time.Time) muster.Signal {
	by := muster.DetectedByCustomer
	if p.Kind == string(muster.DetectedByStaff) {
		by = muster.DetectedByStaff
	}
	who := strings.Join(slices.DeleteFunc([]string{muster.CleanLine(p.Name, 100), muster.CleanLine(p.Contact, 200)}, func(s string) bool { return s == "" }), ", ")
	if who == "" {
		who = "A " + string(by)
		if by == muster.DetectedByStaff {
			who = "Somebody of our staff"
		}
	}
	return muster.Signal{
		Source: src.Name, State: muster.SignalFiring, Title: muster.CleanLine(p.Title, 200), Summary: muster.CleanText(p.Summary, 4000),
		Severity: muster.SeverityUnknown, Impact: muster.CleanText(p.Impact, 500), Service: src.Service, DetectedAt: muster.At(now),
		DetectedBy: by, Reporter: who, Triage: true, Mapped: []string{"It was written into the report form."},
	}
}

// knownTrouble says what is known in public already, so that people need not report it again.
func (v *visit) knownTrouble() (n view.Note, err error) {
	for _, d := range v.Queries.Catalog().Documents(muster.KindStatusPages) {
		sp, ok := d.(*muster.StatusPage)
		if !ok || sp.Audience != muster.AudiencePublic {
			continue
		}
		page, err := v.Queries.StatusPageData(v.ctx(), sp.Name)
		if err != nil {
			return n, err
		}
		for _, in := range page.Incidents {
			if len(in.Updates) == 0 {
				continue
			}
			n = view.Note{Tone: view.ToneMinor, Lead: "We know", Text: in.Updates[0].Known, Link: view.Link{Text: "Status page", URL: "/s/" + string(sp.Name) + "/"}}
			if by := in.Updates[0].NextUpdateBy; !by.IsZero() {
				n.Text += " Next update by " + by.UTC().Format("15:04") + " UTC."
			}
			return n, nil
		}
	}
	return n, nil
}
