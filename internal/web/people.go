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

// people is the list of people with their contact methods.
func people(v *visit) error {
	list, err := v.Queries.People(v.ctx(), v.viewer())
	if err != nil {
		return err
	}
	p := view.People{Shell: v.shell("People", view.PlaceSettings), Tabs: v.tabs(view.TabPeople), NewURL: v.may(muster.AccessAdmin, "/settings/users/new")}
	for _, row := range list {
		p.Rows = append(p.Rows, v.personRow(row))
	}
	return v.render(http.StatusOK, view.PeoplePage(p))
}

// self says whether the visitor may change a person's contact methods.
func (v *visit) self(u muster.UserName) bool {
	return v.actor.User == u || v.actor.Access == muster.AccessAdmin
}

func (v *visit) personRow(row query.PersonRow) view.PersonRow {
	u := row.User
	zone := v.Queries.Zone(u.Name)
	out := view.PersonRow{
		Person: *v.person(u.Name, docTitle(u)), Access: strings.ReplaceAll(string(row.Access), "-", " "), Teams: strings.Join(row.Teams, ", "),
		Zone: city(zone) + ", " + v.now.In(zone).Format("15:04"), Warning: row.Warning,
	}
	if row.Access == "" {
		out.Access = "has left"
	}
	for _, c := range row.Contacts {
		m := view.ContactMethodRow{Name: c.Method, Kind: string(c.Connector), Address: c.Hint}
		switch {
		case c.VerifiedAt.IsZero():
			m.Unverified = true
			m.State = view.State{Tone: view.ToneMinor, Word: "Not verified"}
		case c.LastProved.IsZero():
			m.State = view.State{Tone: view.ToneNone, Word: "Never proved"}
		default:
			m.State = view.State{Tone: view.ToneOK, Word: "Proved " + v.clock(c.LastProved)}
		}
		if v.self(u.Name) {
			m.TestURL = "/settings/contacts/" + string(c.ID) + "/test?of=" + string(u.Name)
			m.RemoveURL = "/settings/contacts/" + string(c.ID) + "/remove?of=" + string(u.Name)
		}
		out.Methods = append(out.Methods, m)
	}
	return out
}

// shownShifts is how many shifts a person's page lists: it is opened on phones.
const shownShifts = 10

// profile is one person's own page.
func profile(v *visit) error { return v.profile(http.StatusOK, nil) }

func (v *visit) profile(status int, wrong []view.Problem) error {
	return v.profileOf(muster.UserName(v.r.PathValue("name")), status, wrong, nil)
}

// profileOf is the page of a person after something that was not done: wrong says what, insist asks whether it is meant.
func (v *visit) profileOf(name muster.UserName, status int, wrong []view.Problem, insist *view.Insist) error {
	d, err := v.Queries.Profile(v.ctx(), v.viewer(), name)
	if err != nil {
		return err
	}
	p := view.Profile{
		Shell: v.shell(docTitle(d.User), view.PlaceSettings), Tabs: v.tabs(view.TabPeople), Row: v.personRow(d.PersonRow), Problems: wrong, Insist: insist,
		Document: view.Link{Text: "Document", URL: docURL(muster.KindUsers, name)},
	}
	for _, s := range d.Shifts[:min(len(d.Shifts), shownShifts)] {
		p.Shifts = append(p.Shifts, shiftOf(s))
	}
	if n := len(d.Shifts) - shownShifts; n > 0 {
		p.MoreShifts = view.Link{Text: "and " + strconv.Itoa(n) + " more within 30 days", URL: "/oncall"}
		if v.actor.User == name {
			p.MoreShifts.URL = "/oncall/mine"
		}
	}
	if v.self(name) {
		self := "/settings/people/" + string(name)
		p.PassURL, p.RemindURL = self+"/passphrase", self+"/reminders"
		for _, r := range muster.Reminders() {
			p.Reminders = append(p.Reminders, view.Option{Value: string(r), Text: reminderWord(r), Selected: slices.Contains(d.User.Reminded(), r)})
		}
		v.reached(&p, d)
		p.RulesOpen = slices.ContainsFunc(wrong, func(w view.Problem) bool { return w.Field == "notify" })
		for i := range p.Row.Methods {
			if p.Row.Methods[i].Unused = unruled(d, &d.Contacts[i]); p.Row.Methods[i].Unused != "" {
				p.Row.Methods[i].UseURL = self + "/rules/add"
			}
			p.Row.Methods[i].Last = v.lastPage(d, d.Contacts[i].ID)
			p.Row.Methods[i].Tried = v.lastTest(d, d.Contacts[i].ID)
		}
	}
	return v.render(status, view.ProfilePage(p))
}

func reminderWord(r muster.Reminder) string {
	switch r {
	case muster.RemindWeek:
		return "7 days before"
	case muster.RemindDay:
		return "1 day before"
	case muster.RemindStart:
	}
	return "when it begins"
}

// setReminders chooses when a person is reminded of shifts: it is a part of their document.
func setReminders(v *visit) error {
	name := muster.UserName(v.r.PathValue("name"))
	cat := v.Queries.Catalog()
	u := cat.Users[name]
	if u == nil {
		return muster.Errorf(muster.ErrNotFound, "There is no user %q.", muster.Clip(string(name), 60))
	}
	next := *u
	next.Reminders = []muster.Reminder{}
	for _, r := range muster.Reminders() {
		if slices.Contains(v.r.Form["remind"], string(r)) {
			next.Reminders = append(next.Reminders, r)
		}
	}
	if len(next.Reminders) == len(muster.Reminders()) {
		next.Reminders = nil // as it is for everybody
	}
	body, err := json.Marshal(&next)
	if err != nil {
		return err
	}
	_, err = run[*command.Document](v, "PutDocument", command.PutDocument{
		Kind: muster.KindUsers, Name: string(name), Body: body, IfMatch: cat.RevisionOf(muster.DocRef(muster.KindUsers, string(name))), Why: "reminders of shifts",
	})
	if err != nil {
		return err
	}
	return v.done("/settings/people/"+string(name), "Saved.", "")
}

// addContact adds a contact method of a person.
func addContact(v *visit) error {
	name := muster.UserName(v.r.PathValue("name"))
	ct, err := run[*muster.Contact](v, "AddContact", command.AddContact{
		User: name, Method: string(userName(v.field("name"))), Connector: muster.ConnectorName(v.field("kind")), Address: v.field("address"),
	})
	if code := muster.CodeOf(err); code == muster.ErrInvalid || code == muster.ErrConflict {
		return v.profile(http.StatusUnprocessableEntity, problems(err, map[string]string{"method": "name", "connector": "kind"}))
	}
	if err != nil {
		return err
	}
	if !ct.VerifiedAt.IsZero() {
		return v.done("/settings/people/"+string(name), "Added.", "")
	}
	if _, err := run[muster.Nothing](v, "TestContact", command.OneContact{Contact: ct.ID}); err != nil && muster.CodeOf(err) != muster.ErrRateLimited {
		return err
	} else if err != nil {
		return v.done("/settings/people/"+string(name), "Added. Many tests went out within the last hour: send one later to verify it.", "")
	}
	return v.done("/settings/people/"+string(name), "Added. A test is on its way: open the link in it and press the button to verify it.", "")
}

// setPassphrase changes a passphrase: people give their present one first, an admin may set that of others. All sessions
// of the person end; this browser gets a new one.
func setPassphrase(v *visit) error {
	name := muster.UserName(v.r.PathValue("name"))
	self := name == v.actor.User
	if self {
		u := v.Queries.Catalog().Users[name]
		if err := v.passes.Check(string(name)); err != nil {
			return err
		}
		_, err := v.Commands.SignIn(v.ctx(), u.Email, v.r.PostFormValue("old"), v.r.UserAgent())
		if muster.CodeOf(err) == muster.ErrUnauthenticated {
			return v.profile(http.StatusUnprocessableEntity, []view.Problem{{Field: "old", Message: "This is not your present passphrase."}})
		}
		if err != nil {
			return err
		}
	}
	err := v.Commands.SetPassphrase(v.ctx(), v.actor, command.SetPassphrase{User: name, Passphrase: v.r.PostFormValue("new")})
	if refused(err) {
		return v.profile(http.StatusUnprocessableEntity, problems(err, map[string]string{"passphrase": "new"}))
	}
	if err != nil {
		return err
	}
	if self {
		token, err := v.Commands.OpenSession(v.ctx(), name, v.r.UserAgent())
		if err != nil {
			return err
		}
		v.cookies.Set(v.w, token, v.now.Add(command.SessionLife))
	}
	return v.done("/settings/people/"+string(name), "The passphrase is changed. Other browsers have to sign in again.", "")
}
