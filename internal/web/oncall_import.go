package web

import (
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// importPage is the form that makes a rotation of a roster from a calendar or a table.
func importPage(v *visit) error {
	d, rev, err := v.roster()
	if err != nil {
		return err
	}
	in := command.ImportShifts{Roster: d.Name, Revision: rev, Rotation: "imported"}
	for i := range d.Rotations {
		if len(d.Rotations[i].Shifts) > 0 {
			in.Rotation, in.Role, in.Zone = d.Rotations[i].Name, d.Rotations[i].Role, d.Rotations[i].Zone
		}
	}
	return v.importForm(http.StatusOK, d, &in, nil)
}

// maxWrongLines is how many wrong lines of a file a screen shows.
const maxWrongLines = 50

// sendImport shows what the file would do, or does it. The file is read anew with each press: what was shown is what is
// written, and a file that is chosen anew is shown first.
func sendImport(v *visit) error {
	d, _, err := v.roster()
	if err != nil {
		return err
	}
	in, fresh, err := v.readImport(d.Name)
	if err != nil {
		return err
	}
	do := v.field("do")
	if fresh || (do != "save" && do != "propose") {
		do = "preview"
	}
	if do == "save" {
		if v.field("accept") != "" {
			in.Accept = query.ReachesNobody
		}
		out, err := run[*command.ImportedShifts](v, "ImportShifts", *in)
		switch code := muster.CodeOf(err); {
		case err == nil && out.What == "unchanged":
			return v.done("/oncall?roster="+string(d.Name), "Nothing to import: the rotation "+out.Rotation+" has these shifts already.", "")
		case err == nil:
			return v.done("/oncall?roster="+string(d.Name), "Imported "+plural(out.Shifts, "shift", "shifts")+" as revision "+itoa(int(out.Revision))+".", "")
		case code == muster.ErrPrecondition:
			in.Revision = v.Queries.Catalog().RevisionOf(muster.DocRef(muster.KindRosters, d.Name))
			return v.tryImport(http.StatusConflict, d, in, err)
		case code == muster.ErrInvalid, code == muster.ErrConflict:
			return v.tryImport(code.HTTPStatus(), d, in, err)
		default:
			return err
		}
	}
	if do == "propose" {
		out, err := v.dryImport(*in)
		if err != nil {
			return v.tryImport(http.StatusUnprocessableEntity, d, in, nil)
		}
		form := formOf(out.Draft, in.Revision)
		form.why = in.Why
		return v.proposeRoster(form)
	}
	return v.tryImport(http.StatusOK, d, in, nil)
}

// readImport reads the form; fresh says that a file came with it.
func (v *visit) readImport(roster muster.RosterName) (in *command.ImportShifts, fresh bool, err error) {
	in = &command.ImportShifts{Roster: roster}
	if strings.HasPrefix(v.r.Header.Get("Content-Type"), "multipart/") {
		if err := v.r.ParseMultipartForm(maxForm); err != nil { // the body is bounded already
			return nil, false, muster.WrapError(muster.ErrUnreadable, err, "The form cannot be read, or it is larger than 1 MiB, which is the most that a form may send.")
		}
		if f, _, err := v.r.FormFile("file"); err == nil {
			body, err := io.ReadAll(f)
			if closed := f.Close(); err == nil {
				err = closed
			}
			if err != nil {
				return nil, false, muster.WrapError(muster.ErrUnreadable, err, "The file cannot be read. Choose it again.")
			}
			in.Body, fresh = string(body), len(body) > 0
		}
	}
	if !fresh {
		in.Body = strings.ReplaceAll(v.r.PostFormValue("body"), "\r\n", "\n")
	}
	in.Rotation, in.Role, in.Zone, in.Why = lineOf(v.field("rotation")), muster.RosterRole(v.field("role")), v.field("zone"), lineOf(v.field("why"))
	in.Format = "csv"
	if strings.Contains(in.Body[:min(len(in.Body), 4096)], "BEGIN:VCALENDAR") {
		in.Format = "ical"
	}
	rev, _ := strconv.ParseInt(v.field("etag"), 10, 64) // what is no number asks for no revision
	in.Revision = muster.Revision(rev)
	return in, fresh, nil
}

// dryImport says what an import would come to, whatever the change gate thinks of it: the preview tells that.
func (v *visit) dryImport(in command.ImportShifts) (*command.ImportedShifts, error) {
	in.DryRun, in.Accept = true, query.ReachesNobody
	return run[*command.ImportedShifts](v, "ImportShifts", in)
}

// tryImport shows what the import would do, or what is wrong with the file; refusal is why it was not written.
func (v *visit) tryImport(status int, d *muster.Roster, in *command.ImportShifts, refusal error) error {
	out, err := v.dryImport(*in)
	if muster.CodeOf(err) == muster.ErrPrecondition {
		in.Revision = v.Queries.Catalog().RevisionOf(muster.DocRef(muster.KindRosters, d.Name))
		out, err = v.dryImport(*in)
	}
	if code := muster.CodeOf(err); err != nil && (code == muster.ErrInvalid || code == muster.ErrConflict) {
		return v.importForm(http.StatusUnprocessableEntity, d, in, func(p *view.ImportPage) { wrongImport(p, err) })
	}
	if err != nil {
		return err
	}
	result := v.importResult(out)
	var shown *view.RosterPreview
	if !result.Same {
		form := formOf(out.Draft, in.Revision)
		if shown, _, err = v.rosterPreview(form, d); err != nil {
			return err
		}
	}
	return v.importForm(status, d, in, func(p *view.ImportPage) {
		p.Result, p.Preview = &result, shown
		if refusal == nil {
			return
		}
		e := view.RosterEditor{}
		v.gateAsks(&e, refusal)
		p.Gate, p.Problems = e.Gate, e.Problems
	})
}

// importResult says it in words.
func (v *visit) importResult(out *command.ImportedShifts) view.ImportResult {
	c := v.Queries.Catalog()
	r := view.ImportResult{Same: out.What == "unchanged", Shifts: out.Shifts, From: out.From.Time, To: out.Until.Time, Added: out.Added, Removed: out.Removed}
	var names []string
	for _, u := range out.People {
		names = append(names, c.DisplayName(u))
	}
	if len(names) > 6 {
		names = append(names[:6:6], plural(len(names)-6, "other", "others"))
	}
	r.People = joined(names)
	as := "“" + out.Rotation + "”, " + string(out.Role)
	switch {
	case r.Same:
		r.What = "Nothing would change: the rotation " + as + ", has these shifts already."
	case out.What == "created":
		r.What = "Would make the rotation " + as + "."
	default:
		r.What = "Would replace the rotation " + as + "."
	}
	mind := func(text string) {
		r.Notes = append(r.Notes, view.Note{Tone: view.ToneMinor, Lead: "Mind", Text: text})
	}
	if out.Pattern {
		mind("The rotation follows a pattern until now. Afterwards it has these shifts and no others.")
	}
	if out.LeftOut > 0 {
		mind(plural(out.LeftOut, "line is of another role and is left out.", "lines are of other roles and are left out."))
	}
	if len(out.Overrules) > 0 {
		mind("Where it has somebody, it wins over " + joined(out.Overrules) + ": the same role.")
	}
	return r
}

// wrongImport puts what is wrong beside the lines of the file.
func wrongImport(p *view.ImportPage, err error) {
	lines := strings.Split(p.Body, "\n")
	for _, f := range fieldsOf(err) {
		if f.Line < 1 || f.Line > len(lines) {
			pr := view.Problem{Field: f.Path, Message: sentence(f.Message)}
			if f.Path != "rotation" && f.Path != "zone" && f.Path != "body" {
				pr = view.Problem{Message: sentence(strings.TrimSpace(f.Path + " " + f.Message))}
			}
			p.Problems = append(p.Problems, pr)
			continue
		}
		if len(p.Wrong) < maxWrongLines {
			p.Wrong = append(p.Wrong, view.WrongLine{Line: f.Line, Text: muster.CleanLine(lines[f.Line-1], 120), Message: sentence(f.Message)})
		}
	}
	if len(p.Wrong) == 0 && len(p.Problems) == 0 {
		p.Problems = []view.Problem{{Message: muster.MessageOf(err)}}
	}
}

func (v *visit) importForm(status int, d *muster.Roster, in *command.ImportShifts, change func(*view.ImportPage)) error {
	p := view.ImportPage{
		Shell: v.shell("Import shifts", view.PlaceOnCall), Back: view.Link{Text: docTitle(d), URL: "/oncall?roster=" + string(d.Name)},
		URL: "/oncall/" + string(d.Name) + "/import", Body: in.Body, Rotation: in.Rotation, Zone: in.Zone, Zones: rosterZones(v.commonZones()), Why: in.Why,
		ETag: strconv.FormatInt(int64(in.Revision), 10), Roles: []view.Option{{Value: "", Text: "As the rotation is, else primary"}},
	}
	for i := range d.Rotations {
		p.Rotations = append(p.Rotations, d.Rotations[i].Name)
	}
	for _, r := range muster.RosterRoles() {
		p.Roles = append(p.Roles, view.Option{Value: string(r), Text: capital(r), Selected: r == in.Role})
	}
	if change != nil {
		change(&p)
	}
	return v.render(status, view.ImportShiftsPage(p))
}
