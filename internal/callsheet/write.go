package callsheet

import (
	"html/template"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
)

// stampForm is how a sheet tells an instant.
const stampForm = "Mon 2 Jan 15:04"

func names(people []plan.Person) string {
	if len(people) == 0 {
		return "NOBODY"
	}
	list := make([]string, len(people))
	for i, p := range people {
		list[i] = muster.CleanLine(p.Name, 80)
	}
	return strings.Join(list, ", ")
}

// Reach is how to reach a person, in one line.
func (p *Person) Reach() string {
	if len(p.Ways) == 0 {
		return "no contact method"
	}
	list := make([]string, len(p.Ways))
	for i, w := range p.Ways {
		list[i] = w.String()
	}
	return strings.Join(list, "; ")
}

// String is a way in words: "mobile +1 ··· 0142".
func (w Way) String() string {
	s := strings.TrimSpace(w.Method + " " + muster.CleanLine(w.Address, 300))
	if !w.Verified {
		s += " (not verified)"
	}
	return s
}

// placeOf names a zone; that of the machine, which has no name, by what its clocks say.
func placeOf(zone *time.Location, at muster.Instant) string {
	if zone.String() != "Local" {
		return zone.String()
	}
	return at.In(zone).Format("MST (UTC-07:00)")
}

// Lead says what the sheet is.
func (s *Sheet) Lead(zone *time.Location) string {
	t := "Made " + s.At.In(zone).Format("Mon 2 January 2006, 15:04") + ", valid until " + s.Until.In(zone).Format(stampForm) + " unless somebody changes a shift. Times are those of " + placeOf(zone, s.At) + "."
	if !s.Numbers {
		t += " Numbers are hints only."
	}
	return t
}

// Text is the sheet for a terminal, with times of a zone.
func (s *Sheet) Text(zone *time.Location) string {
	var b strings.Builder
	b.WriteString("CALL SHEET\n" + s.Lead(zone) + "\n")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(cells ...string) { _, _ = w.Write([]byte(strings.Join(cells, "\t") + "\n")) } // into memory
	for i := range s.Rosters {
		r := &s.Rosters[i]
		for _, role := range r.Roles {
			row("")
			row(muster.CleanLine(r.Title, 120) + ", " + role.Role.Word())
			for _, sh := range role.Shifts {
				row("  "+sh.From.In(zone).Format(stampForm), "to "+sh.Until.In(zone).Format(stampForm), names(sh.People))
			}
		}
	}
	row("")
	row("How to reach them")
	for i := range s.People {
		p := &s.People[i]
		row("  "+muster.CleanLine(p.Name, 80), p.Zone, p.Reach())
	}
	if len(s.People) == 0 {
		row("  Nobody is on call in these days.")
	}
	_ = w.Flush() // into memory
	return b.String()
}

// HTML is the sheet as one file that needs nothing else and is meant for paper.
func (s *Sheet) HTML(zone *time.Location) (string, error) {
	var b strings.Builder
	err := page.Execute(&b, sheetPage{s, zone})
	return b.String(), err
}

type sheetPage struct {
	*Sheet
	zone *time.Location
}

func (p sheetPage) Stamp(i muster.Instant) string     { return i.In(p.zone).Format(stampForm) }
func (p sheetPage) Words() string                     { return p.Lead(p.zone) }
func (p sheetPage) Names(people []plan.Person) string { return names(people) }
func (p sheetPage) Reached(x Person) string           { return x.Reach() }

// The file carries its look inside, because a drawer has no server.
var page = template.Must(template.New("sheet").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light"><title>Call sheet</title>
<style>
body{font:14px/1.4 system-ui,sans-serif;max-width:46rem;margin:1.5rem auto;padding:0 1rem;color:#111;background:#fff}
h1{font-size:1.5rem;margin:0}h2{font-size:1.05rem;margin:1.4rem 0 .3rem}p{margin:.3rem 0}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
td,th{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;border-bottom:1px solid #ccc}
tr{break-inside:avoid}h2{break-after:avoid}.gap{font-weight:700}
@page{margin:15mm}@media print{body{margin:0;max-width:none;padding:0;font-size:10.5pt}}
</style></head>
<body>
<h1>Call sheet</h1>
<p>{{.Words}}</p>
<h2>How to reach them</h2>
<table><tr><th>Person</th><th>Zone</th><th>Contact methods</th></tr>
{{range .People}}<tr><td><b>{{.Name}}</b></td><td>{{.Zone}}</td><td>{{$.Reached .}}</td></tr>
{{else}}<tr><td colspan="3">Nobody is on call in these days.</td></tr>
{{end}}</table>
{{range $r := .Rosters}}{{range .Roles}}<h2>{{$r.Title}}, {{.Role.Word}}</h2>
<table><tr><th>From</th><th>Until</th><th>Who</th></tr>
{{range .Shifts}}<tr><td>{{$.Stamp .From}}</td><td>{{$.Stamp .Until}}</td><td{{if not .People}} class="gap"{{end}}>{{$.Names .People}}</td></tr>
{{end}}</table>
{{end}}{{end}}</body></html>
`))
