package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// tabs is the row of places inside Settings.
func (v *visit) tabs(current string) view.SettingsTabs {
	return view.SettingsTabs{
		Current: current, Documents: "/settings", Sources: "/settings/sources", Changes: "/changes", Connectors: "/settings/connectors", People: "/settings/people", Keys: "/settings/keys",
		Audit: v.may(muster.AccessAdmin, "/settings/audit"), Heartbeat: v.may(muster.AccessAdmin, "/settings/heartbeat"),
	}
}

// settings is the list of every document; with a kind, of that kind alone.
func settings(v *visit) error {
	groups, rev, err := v.Queries.DocumentList(v.ctx(), v.viewer())
	if err != nil {
		return err
	}
	about, err := v.Queries.About(v.ctx(), v.viewer())
	if err != nil {
		return err
	}
	p := view.Catalog{Shell: v.shell("Settings", view.PlaceSettings), Tabs: v.tabs(view.TabDocuments), Revision: int(rev), ExportURL: "/settings/export"}
	p.About = aboutFacts(about)
	only := v.r.PathValue("kind")
	for _, g := range groups {
		if only != "" && string(g.Kind) != only {
			continue
		}
		title, hint := kindTitle(g.Kind)
		k := view.DocumentKind{Kind: string(g.Kind), Title: title, Hint: hint, NewURL: v.may(muster.AccessTeamOwner, "/settings/"+string(g.Kind)+"/new")}
		for _, d := range g.Docs {
			k.Docs = append(k.Docs, view.DocumentRow{
				Name: d.Name, Title: d.Title, URL: docURL(g.Kind, d.Name), Revision: int(d.Revision), By: d.By.Name, At: d.At.Time, Note: docNote(d.Doc),
			})
		}
		p.Kinds = append(p.Kinds, k)
	}
	if len(p.Kinds) == 0 {
		return muster.Errorf(muster.ErrNotFound, "There is no kind of document called %q.", muster.Clip(only, 40))
	}
	return v.render(http.StatusOK, view.CatalogPage(p))
}

// aboutFacts says what runs here.
func aboutFacts(a query.About) []view.Fact {
	zones := a.Zones.Version
	if day, err := time.Parse(time.DateOnly, a.Zones.Released); err == nil {
		zones += " of " + day.Format("2 January 2006")
	}
	return []view.Fact{{Name: "Muster", Value: a.Version}, {Name: "Time zone data", Value: joinDots(zones, a.Zones.Source), Warning: a.Zones.ZoneNote()}}
}

// docNote is a word about a document in the list.
func docNote(d muster.Document) string {
	switch d := d.(type) {
	case *muster.Roster:
		return plural(len(d.Rotations), "rotation", "rotations")
	case *muster.Policy:
		return plural(len(d.Steps), "step", "steps")
	case *muster.Silence:
		return "until " + d.Until.UTC().Format("2 Jan 15:04") + " UTC"
	case *muster.Connector:
		return d.Kind
	case *muster.StatusPage:
		return string(d.Audience)
	case *muster.User:
		if d.Disabled {
			return "has left"
		}
	}
	return ""
}

// export is the whole catalog as one file.
func export(v *visit) error {
	out, err := query.Run[muster.Nothing, query.Export](v.ctx(), v.Queries, "ExportCatalog", v.actor, muster.Nothing{})
	if err != nil {
		return err
	}
	kind, name, body := out.File()
	h := v.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "no-store")
	_, err = v.w.Write(body)
	return err
}

// kind is the kind of documents that the address names.
func (v *visit) kind() (muster.Kind, error) {
	k := muster.Kind(v.r.PathValue("kind"))
	if slices.Contains(muster.Kinds(), k) {
		return k, nil
	}
	return "", muster.Errorf(muster.ErrNotFound, "There is no kind of document called %q.", muster.Clip(string(k), 40))
}

// document is one document with its editor, history and what differs; /new is the editor for one that does not exist yet.
func document(v *visit) error {
	if v.r.PathValue("name") == "new" {
		return newDocument(v)
	}
	k, err := v.kind()
	if err != nil {
		return err
	}
	return v.document(http.StatusOK, k, nil)
}

func (v *visit) document(status int, k muster.Kind, change func(*view.Document)) error {
	name := v.r.PathValue("name")
	at, _ := strconv.Atoi(v.param("revision")) // what is no number shows the newest
	d, err := v.Queries.DocumentDetail(v.ctx(), v.viewer(), k, name, muster.Revision(max(at, 0)))
	if err != nil {
		return err
	}
	title, _ := kindTitle(k)
	self := docURL(k, name)
	p := view.Document{
		Shell: v.shell(docTitle(d.Doc), view.PlaceSettings), Tabs: v.tabs(view.TabDocuments), Kind: string(k), KindTitle: title,
		KindURL: "/settings#" + string(k), Name: name, Format: "YAML", Body: d.YAML, ETag: strconv.FormatInt(int64(d.Newest), 10),
	}
	if v.actor.Owns(d.Doc.DocTeam()) || (k == muster.KindUsers && name == string(v.actor.User)) {
		p.URL, p.CheckURL = self, self+"/check"
		if d.Newest > 0 && (k != muster.KindRoutes || name != string(muster.DefaultRoute)) {
			p.DeleteURL = self + "/delete"
		}
	}
	if at > 0 && muster.Revision(at) != d.Newest {
		p.Shown, p.URL, p.CheckURL, p.DeleteURL = int(d.Revision), "", "", ""
	}
	may := v.actor.Owns(d.Doc.DocTeam())
	for i, r := range d.Revisions {
		row := view.RevisionRow{Revision: int(r.Revision), At: r.At.Time, By: r.By.Name, Why: r.Why, Current: i == 0, DiffURL: self + "?revision=" + strconv.FormatInt(int64(r.Revision), 10)}
		if i > 0 && r.Body != "" && may {
			row.RestoreURL = self + "/restore/" + strconv.FormatInt(int64(r.Revision), 10)
		}
		p.Revisions = append(p.Revisions, row)
	}
	for _, ref := range d.UsedBy {
		p.UsedBy = append(p.UsedBy, view.Link{Text: ref, URL: refLink(ref)})
	}
	p.Diff, p.DiffTitle = diff(d)
	if c, ok := d.Doc.(*muster.Connector); ok {
		if p.Connector, err = v.connectorPanel(c); err != nil {
			return err
		}
	}
	if change != nil {
		change(&p)
	}
	return v.render(status, view.DocumentPage(p))
}

// diff is what a revision changed, with the numbers of its lines.
func diff(d *query.DocumentDetail) (out []view.DiffLine, title string) {
	if out = numbered(d.Diff); len(out) == 0 {
		return nil, ""
	}
	title = "Revision " + itoa(int(d.Revision)) + ", new"
	if d.Before > 0 {
		title = "Revision " + itoa(int(d.Before)) + " to " + itoa(int(d.Revision))
	}
	return out, title
}

// numbered gives lines that differ their numbers.
func numbered(lines []query.DiffLine) (out []view.DiffLine) {
	before, after := 0, 0
	for _, l := range lines {
		line := view.DiffLine{Op: string(l.Op), Text: l.Text}
		if l.Op != "+" {
			before++
			line.Old = before
		}
		if l.Op != "-" {
			after++
			line.New = after
		}
		out = append(out, line)
	}
	return out
}

// newDocument is the editor for a document that does not exist yet.
func newDocument(v *visit) error {
	k, err := v.kind()
	if err != nil {
		return err
	}
	body, err := v.skeleton(k)
	if err != nil {
		return err
	}
	return v.newDocument(http.StatusOK, view.Document{Kind: string(k), Body: body})
}

func (v *visit) newDocument(status int, p view.Document) error {
	k := muster.Kind(p.Kind)
	title, hint := kindTitle(k)
	p.Shell, p.Tabs, p.KindTitle, p.KindURL = v.shell("New: "+title, view.PlaceSettings), v.tabs(view.TabDocuments), title, "/settings#"+p.Kind
	p.New, p.Format, p.URL, p.CheckURL = true, "YAML", "/settings/"+p.Kind, "/settings/"+p.Kind+"/check"
	p.Help = []view.Figure{{Label: title, Value: hint}}
	if k == muster.KindConnectors {
		v.connectorHelp(&p)
	}
	return v.render(status, view.DocumentPage(p))
}

// skeleton is a text to begin with.
func (v *visit) skeleton(k muster.Kind) (string, error) {
	me := string(v.actor.User)
	team := "operations"
	if len(v.actor.Teams) > 0 {
		team = string(v.actor.Teams[0])
	}
	switch k {
	case muster.KindUsers:
		return "kind: user\nname: \ndisplay: \nemail: \nzone: " + v.zone.String() + "\nteams: []\n", nil
	case muster.KindTeams:
		return "kind: team\nname: \ntitle: \nowners: [" + me + "]\n", nil
	case muster.KindServices:
		return "kind: service\nname: \ntitle: \nteam: " + team + "\npolicy: \nimpact: \n", nil
	case muster.KindRosters:
		return "kind: roster\nname: \ntitle: \nteam: " + team + "\nrotations:\n  - name: weekly\n    role: primary\n    zone: " + v.zone.String() +
			"\n    every: 3\n    unit: day\n    handoff: \"09:00\"\n    start: \"" + v.now.In(v.zone).Format(time.DateOnly) + "\"\n    people: [" + me + "]\n", nil
	case muster.KindPolicies:
		return "kind: policy\nname: \ntitle: \nteam: " + team + "\nsteps:\n  - targets:\n      - user: " + me + "\n    wait: 5m\nrepeat: 2\n", nil
	case muster.KindRoutes:
		return "kind: route\nname: \ntitle: \nteam: " + team + "\nmatch: severity == \"critical\"\npolicy: \n", nil
	case muster.KindSilences:
		return v.silenceSkeleton(team)
	case muster.KindSources:
		return "kind: source\nname: \ntitle: \nteam: " + team + "\n", nil
	case muster.KindRunbooks:
		return "kind: runbook\nname: \ntitle: \nteam: " + team + "\ntext: |\n  ## First\n\n  1. \n", nil
	case muster.KindConnectors:
		return v.connectorSkeleton(), nil
	case muster.KindStatusPages:
		return "kind: statuspage\nname: \ntitle: \nteam: " + team + "\naudience: public\ncomponents: []\n", nil
	}
	return "", nil
}

// silenceSkeleton begins a silence, for alerts like the one of ?alert=.
func (v *visit) silenceSkeleton(team string) (string, error) {
	match := `source == "…"`
	if id := v.param("alert"); id != "" {
		a, err := v.Queries.Alert(v.ctx(), v.viewer(), muster.AlertID(id))
		if err != nil {
			return "", err
		}
		match = "source == " + strconv.Quote(string(a.Source)) + " && title == " + strconv.Quote(a.Title)
		if s := v.Queries.Catalog().Services[a.Service]; s != nil {
			team = string(s.Team)
		}
	}
	t := v.now.UTC().Truncate(time.Minute)
	return "kind: silence\nname: quiet-" + t.Format("0102-1504") + "\nmatch: '" + strings.ReplaceAll(match, "'", "''") + "'\nfrom: " + t.Format(time.RFC3339) + "\nuntil: " +
		t.Add(2*time.Hour).Format(time.RFC3339) + "\nowner: " + string(v.actor.User) + "\nwhy: \nteam: " + team + "\n", nil
}

// saveDocument writes what the editor sent, if nobody else did since; with check it only says what is wrong.
func saveDocument(check bool) handler {
	return func(v *visit) error {
		k, err := v.kind()
		if err != nil {
			return err
		}
		etag, _ := strconv.ParseInt(v.field("etag"), 10, 64) // an etag that is no number matches nothing
		in := command.PutText{Kind: k, Name: v.r.PathValue("name"), Text: v.r.PostFormValue("body"), IfMatch: muster.Revision(etag), Why: v.field("why"), Accept: v.field("accept"), DryRun: check}
		out, err := v.Commands.PutText(v.ctx(), v.actor, in)
		if err == nil && !check {
			return v.done(docURL(k, out.Name), strings.TrimSpace("Saved as revision "+itoa(int(out.Revision))+". "+out.Judged), "")
		}
		code := muster.CodeOf(err)
		if err != nil && code != muster.ErrInvalid && code != muster.ErrPrecondition && !command.Gated(err) {
			return err
		}
		return v.again422(k, in, err)
	}
}

// again422 shows the editor again with what was typed and what is wrong with it.
func (v *visit) again422(k muster.Kind, in command.PutText, err error) error {
	status, effect := http.StatusUnprocessableEntity, ""
	if err == nil {
		effect = v.effect(k, in.Text)
	}
	fill := func(p *view.Document) {
		p.Body, p.Why, p.ETag = in.Text, in.Why, v.field("etag")
		p.Problems = docProblems(muster.DocRef(k, in.Name), err)
		if err == nil {
			status, p.Effect = http.StatusOK, "Nothing is wrong with it. It is not saved yet."+effect
		}
		if command.Gated(err) {
			p.Accept, p.ProposeURL = command.ReachesNobody, docURL(k, in.Name)+"/propose"
			if in.Name == "" {
				p.ProposeURL = "/settings/" + string(k) + "/propose"
			}
		}
	}
	if code := muster.CodeOf(err); code == muster.ErrPrecondition || code == muster.ErrConflict {
		status = http.StatusConflict
	}
	if in.Name == "" {
		p := view.Document{Kind: string(k), Name: v.field("name")}
		fill(&p)
		return v.newDocument(status, p)
	}
	var p view.Document
	fill(&p)
	return v.document(status, k, fill)
}

// effect says what a document would change of who is paged, where that can be changed by its kind.
func (v *visit) effect(k muster.Kind, text string) string {
	switch k {
	case muster.KindRosters, muster.KindPolicies, muster.KindRoutes, muster.KindServices, muster.KindUsers, muster.KindSources:
	default:
		return ""
	}
	out, err := v.Queries.PlanChange(v.ctx(), v.actor, query.PlanChange{Documents: text})
	if err != nil || len(out.Changes) == 0 {
		return "" // what is wrong was told, and what nothing changes needs no telling
	}
	words := append([]string{out.Summary}, out.Dangers[:min(len(out.Dangers), 2)]...)
	for _, w := range out.PolicyWarnings {
		words = append(words, w.Text)
	}
	return " " + strings.Join(words, " ")
}

// docProblems puts the paths of a document's errors into its own terms.
func docProblems(ref string, err error) []view.Problem {
	out := problems(err, nil)
	for i := range out {
		out[i].Field = strings.TrimPrefix(strings.TrimPrefix(out[i].Field, ref), ".")
	}
	return out
}

func deleteDocument(v *visit) error {
	k, err := v.kind()
	if err != nil {
		return err
	}
	name := v.r.PathValue("name")
	rev := v.Queries.Catalog().RevisionOf(muster.DocRef(k, name))
	_, err = run[muster.Nothing](v, "DeleteDocument", command.OneDocument{Kind: k, Name: name, IfMatch: rev, Why: v.field("why")})
	if refused(err) {
		return v.document(http.StatusUnprocessableEntity, k, func(p *view.Document) { p.Problems = problems(err, nil) })
	}
	if err != nil {
		return err
	}
	return v.done("/settings#"+string(k), "Removed. Its history is kept.", "")
}

// restoreDocument makes an earlier revision the newest again.
func restoreDocument(v *visit) error {
	k, err := v.kind()
	if err != nil {
		return err
	}
	name := v.r.PathValue("name")
	at, _ := strconv.Atoi(v.r.PathValue("revision"))
	if at < 1 {
		return muster.Errorf(muster.ErrNotFound, "There is no such revision.")
	}
	old, err := v.Queries.DocumentDetail(v.ctx(), v.viewer(), k, name, muster.Revision(at))
	if err != nil {
		return err
	}
	out, err := v.Commands.PutText(v.ctx(), v.actor, command.PutText{Kind: k, Name: name, Text: old.YAML, IfMatch: old.Newest, Why: "as in revision " + itoa(at)})
	if refused(err) {
		return v.document(http.StatusUnprocessableEntity, k, func(p *view.Document) { p.Problems = docProblems(muster.DocRef(k, name), err) })
	}
	if err != nil {
		return err
	}
	return v.done(docURL(k, name), "Revision "+itoa(at)+" is the newest again, as "+itoa(int(out.Revision))+".", "")
}
