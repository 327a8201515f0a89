package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// editRoster is the editor of a roster as it stands.
func editRoster(v *visit) error {
	d, rev, err := v.roster()
	if err != nil {
		return err
	}
	return v.rosterEditor(http.StatusOK, formOf(d, rev), nil)
}

// newRoster is the editor of a roster that does not exist yet, with the builder open.
func newRoster(v *visit) error {
	d := &muster.Roster{}
	if len(v.actor.Teams) > 0 {
		d.Team = v.actor.Teams[0]
	}
	return v.rosterEditor(http.StatusOK, formOf(d, 0), nil)
}

// roster is the one that the address names, for those who may edit it.
func (v *visit) roster() (*muster.Roster, muster.Revision, error) {
	name := muster.RosterName(v.r.PathValue("roster"))
	d := v.Queries.Catalog().Rosters[name]
	if d == nil {
		return nil, 0, muster.Errorf(muster.ErrNotFound, "There is no roster called %q.", muster.Clip(string(name), 70))
	}
	if !v.actor.Owns(d.Team) {
		return nil, 0, muster.Errorf(muster.ErrForbidden, "The roster %s belongs to the team %s: its owners can change it. You can override and swap shifts.", docTitle(d), d.Team)
	}
	return d, v.Queries.Catalog().RevisionOf(muster.DocRef(muster.KindRosters, name)), nil
}

// sendRoster takes the editor's form: a button changes the draft, shows what it means, or saves it.
func sendRoster(v *visit) error {
	base := &muster.Roster{}
	if v.r.PathValue("roster") != "" {
		d, _, err := v.roster()
		if err != nil {
			return err
		}
		base = d
	} else if !v.can(muster.AccessTeamOwner) {
		return muster.Errorf(muster.ErrForbidden, "Owners of a team make its rosters.")
	}
	form := readRoster(v.r.Form, base)
	if over, err := strconv.ParseInt(v.field("over"), 10, 64); err == nil { // over what somebody else saved meanwhile
		form.etag = muster.Revision(over)
		return v.saveRoster(form)
	}
	switch do := v.field("do"); do {
	case "save":
		return v.saveRoster(form)
	case "propose":
		return v.proposeRoster(form)
	case "preview", "replay", "":
		return v.rosterEditor(http.StatusOK, form, nil)
	case "add":
		form.add(v.build(v.readShape(), form.draft.Team)...)
		return v.rosterEditor(http.StatusOK, form, nil)
	default:
		if !form.act(do) {
			return muster.Errorf(muster.ErrNotFound, "The form has no such button: go back and load it again.")
		}
		return v.rosterEditor(http.StatusOK, form, nil)
	}
}

// rosterEditor draws the form with its preview.
func (v *visit) rosterEditor(status int, form *rosterForm, change func(*view.RosterEditor)) error {
	form.settle()
	d, c := form.draft, v.Queries.Catalog()
	stands := c.Rosters[d.Name]
	p := view.RosterEditor{
		New: v.r.PathValue("roster") == "", Back: "/oncall", Name: string(d.Name), Title: d.Title, Why: form.why, Public: d.Public,
		ETag: strconv.FormatInt(int64(form.etag), 10), Zones: rosterZones(v.commonZones()),
	}
	title := "New roster"
	p.URL = "/oncall/new"
	if !p.New {
		title, p.URL, p.Back, p.DocURL = "Edit "+docTitle(d), editURL(d.Name), "/oncall?roster="+string(d.Name), docURL(muster.KindRosters, d.Name)
		p.Kept = keptWords(d)
	}
	p.Shell = v.shell(title, view.PlaceOnCall)
	p.Build = v.buildForm(len(d.Rotations) == 0)
	for _, t := range c.Documents(muster.KindTeams) {
		if v.actor.Owns(muster.TeamName(t.DocName())) {
			p.Teams = append(p.Teams, view.Option{Value: t.DocName(), Text: docTitle(t), Selected: t.DocName() == string(d.Team)})
		}
	}
	p.Roles = []view.Option{{Value: "", Text: "Pages for alerts"}}
	for _, r := range []muster.Role{muster.RoleIncidentCommander, muster.RoleCommunicationCoordinator, muster.RoleScribe} {
		p.Roles = append(p.Roles, view.Option{Value: string(r), Text: "Role: " + r.Word(), Selected: r == d.Role})
	}
	for _, o := range v.userOptions("") {
		o.Hint = ""
		p.People = append(p.People, o)
	}
	p.People = append(p.People, view.Option{Value: string(muster.Nobody), Text: "(an empty place)"})
	wrong := d.Check()
	if len(wrong) == 0 {
		var err error
		if p.Preview, wrong, err = v.rosterPreview(form, stands); err != nil {
			return err
		}
	}
	if v.r.Method == http.MethodGet && p.New {
		wrong = nil
	}
	if len(d.Rotations) == 0 && v.field("do") != "save" {
		wrong = nil // it has only begun
	}
	p.Rotations = form.draw(c.DisplayName, wrong)
	for _, f := range wrong {
		if !strings.HasPrefix(f.Path, "rotations[") {
			p.Problems = append(p.Problems, rosterProblem(f))
		}
	}
	if change != nil {
		change(&p)
	}
	return v.render(status, view.RosterEditorPage(p))
}

func rosterProblem(f muster.FieldError) view.Problem {
	if slices.Contains([]string{"title", "name", "team", "role"}, f.Path) {
		return view.Problem{Field: f.Path, Message: sentence(f.Message)}
	}
	return view.Problem{Message: sentence(strings.TrimSpace(f.Path + " " + f.Message))}
}

// keptWords says what the form does not edit.
func keptWords(d *muster.Roster) string {
	var words []string
	for _, x := range []struct {
		n         int
		one, many string
	}{
		{len(d.Overrides), "override", "overrides"},
		{len(d.Swaps), "swap", "swaps"},
		{len(d.Topics), "topic of experts", "topics of experts"},
		{len(d.Accepted), "accepted warning", "accepted warnings"},
	} {
		if x.n > 0 {
			words = append(words, plural(x.n, x.one, x.many))
		}
	}
	return joined(words)
}

// rosterZones are suggestions: where people live, and one for most offsets.
func rosterZones(lived []string) []string {
	out := lived
	for _, z := range []string{
		"UTC", "America/Los_Angeles", "America/Denver", "America/Chicago", "America/New_York", "America/Sao_Paulo", "Europe/London", "Europe/Berlin",
		"Europe/Kyiv", "Africa/Johannesburg", "Asia/Dubai", "Asia/Kolkata", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney", "Pacific/Auckland",
	} {
		if !slices.Contains(out, z) {
			out = append(out, z)
		}
	}
	return out
}

// putRoster is the operation that the form asks for.
func (v *visit) putRoster(form *rosterForm) (command.PutDocument, error) {
	form.settle()
	body, err := json.Marshal(form.draft)
	in := command.PutDocument{
		Kind: muster.KindRosters, Name: string(form.draft.Name), Body: body, IfMatch: form.etag, Why: form.why,
	}
	if v.field("accept") != "" {
		in.Accept = query.ReachesNobody
	}
	return in, err
}

// saveRoster writes the roster, if nobody else did since.
func (v *visit) saveRoster(form *rosterForm) error {
	form.etag = v.freshETag(form)
	in, err := v.putRoster(form)
	if err != nil {
		return err
	}
	out, err := run[*command.Document](v, "PutDocument", in)
	switch code := muster.CodeOf(err); {
	case err == nil:
		return v.done("/oncall?roster="+out.Name, "Saved as revision "+itoa(int(out.Revision))+".", "")
	case code == muster.ErrPrecondition:
		return v.rosterEditor(http.StatusConflict, form, func(p *view.RosterEditor) { v.conflict(p, form, err) })
	case code == muster.ErrInvalid:
		return v.rosterEditor(http.StatusUnprocessableEntity, form, func(p *view.RosterEditor) { v.refusedRoster(p, form, err) })
	case code == muster.ErrConflict:
		return v.rosterEditor(http.StatusConflict, form, func(p *view.RosterEditor) { v.gateAsks(p, err) })
	default:
		return err
	}
}

// refusedRoster puts what the operation found beside the fields, where the form did not find it by itself.
func (v *visit) refusedRoster(p *view.RosterEditor, form *rosterForm, err error) {
	wrong := slices.Clone(fieldsOf(err))
	for i := range wrong {
		wrong[i].Path = strings.TrimPrefix(wrong[i].Path, muster.DocRef(muster.KindRosters, form.draft.Name)+".")
	}
	p.Rotations = form.draw(v.Queries.Catalog().DisplayName, wrong)
	p.Problems = nil
	for _, f := range wrong {
		if !strings.HasPrefix(f.Path, "rotations[") {
			p.Problems = append(p.Problems, rosterProblem(f))
		}
	}
	if len(wrong) == 0 {
		p.Problems = []view.Problem{{Message: muster.MessageOf(err)}}
	}
}

// freshETag is the newest revision when all that changed since the form was drawn is what the form does not edit:
// overrides, swaps and accepted warnings. The form keeps those as they are now.
func (v *visit) freshETag(form *rosterForm) muster.Revision {
	if form.etag == 0 {
		return 0
	}
	since, err := v.Queries.RosterSince(v.ctx(), v.viewer(), form.draft.Name, form.etag)
	if err != nil || !since.PatchesOnly {
		return form.etag // the operation says what is wrong
	}
	return since.Newest
}

// conflict says who saved meanwhile and what they changed.
func (v *visit) conflict(p *view.RosterEditor, form *rosterForm, refusal error) {
	since, err := v.Queries.RosterSince(v.ctx(), v.viewer(), form.draft.Name, form.etag)
	if err != nil {
		p.Problems = append(p.Problems, view.Problem{Message: muster.MessageOf(refusal)})
		return
	}
	c := &view.EditConflict{ETag: strconv.FormatInt(int64(since.Newest), 10), TheirsL: view.Link{Text: "Begin again from theirs", URL: p.URL}}
	c.Text = since.By.Name + " saved revision " + itoa(int(since.Newest)) + " at " + v.clock(since.At)
	if since.Why != "" {
		c.Text += ": " + since.Why
	}
	c.Text = strings.TrimRight(c.Text, ".") + "."
	for _, l := range since.Diff {
		c.Diff = append(c.Diff, view.DiffLine{Op: string(l.Op), Text: l.Text})
	}
	p.Conflict = c
}
