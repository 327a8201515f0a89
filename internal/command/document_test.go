package command_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store"
)

func body(w *world, d muster.Document) json.RawMessage {
	w.Helper()
	b, err := json.Marshal(d)
	w.ok(err)
	return b
}

// runbook is the body of the runbook "cart".
func runbook(w *world, title string) json.RawMessage {
	w.Helper()
	return body(w, &muster.Runbook{Name: "cart", Title: title, Team: "storefront", Text: "Look at the database."})
}

func TestADocumentIsWrittenOverTheRevisionThatWasRead(t *testing.T) {
	bubble(t, func(w *world) { ifMatch(w) })
}

func ifMatch(w *world) {
	olga := w.as("olga")
	put := command.PutDocument{Kind: muster.KindRunbooks, Name: "cart", Body: runbook(w, "One"), Why: "a test"}
	one := must[*command.Document](w, olga, "PutDocument", put)
	if !one.Created || one.Revision == 0 {
		w.Fatalf("a new document: %+v", one)
	}
	refused[*command.Document](w, muster.ErrPrecondition, olga, "PutDocument", put) // it exists by now
	put.Body, put.IfMatch = runbook(w, "Two"), one.Revision
	two := must[*command.Document](w, olga, "PutDocument", put)
	if two.Created || two.Revision <= one.Revision {
		w.Errorf("the second revision is %+v", two)
	}
	refused[*command.Document](w, muster.ErrPrecondition, olga, "PutDocument", put) // the lost update
	refused[muster.Nothing](w, muster.ErrPrecondition, olga, "DeleteDocument", command.OneDocument{Kind: muster.KindRunbooks, Name: "cart", IfMatch: one.Revision})
	if got := w.commands.Live.Current().Catalog.Runbooks["cart"].Title; got != "Two" {
		w.Errorf("the catalog has %q", got)
	}
	must[muster.Nothing](w, olga, "DeleteDocument", command.OneDocument{Kind: muster.KindRunbooks, Name: "cart", IfMatch: two.Revision})
	put.IfMatch = two.Revision
	refused[*command.Document](w, muster.ErrPrecondition, olga, "PutDocument", put)
	refused[muster.Nothing](w, muster.ErrNotFound, olga, "DeleteDocument", command.OneDocument{Kind: muster.KindRunbooks, Name: "cart", Any: true})
	history := read(w, func(r store.Reader) ([]muster.DocRevision, error) {
		return r.DocHistory(muster.KindRunbooks, "cart", store.List{})
	})
	if len(history) != 3 || history[0].Body != "" || history[2].By.User != "olga" || history[2].Why != "a test" {
		w.Errorf("the history is %+v", history)
	}
}

func TestWhatADocumentNeeds(t *testing.T) {
	bubble(t, func(w *world) {
		olga := w.as("olga")
		put := func(kind, name, text string) error {
			_, err := do[*command.Document](w, olga, "PutDocument", command.PutDocument{Kind: muster.Kind(kind), Name: name, Body: json.RawMessage(text)})
			return err
		}
		if err := put("runbok", "x", `{}`); muster.CodeOf(err) != muster.ErrNotFound || !strings.Contains(err.Error(), "did you mean runbooks?") {
			w.Errorf("an unknown kind gave %v", err)
		}
		if err := put("runbooks", "x", `{"name":"y","title":"Y","team":"storefront","text":"t"}`); muster.CodeOf(err) != muster.ErrInvalid {
			w.Errorf("a name that is not the address's gave %v", err)
		}
		if err := put("runbooks", "x", `{"name":"x","team":"storefront","text":"t"}`); muster.CodeOf(err) != muster.ErrInvalid {
			w.Errorf("a document without a title gave %v", err)
		}
		if err := put("services", "x", `{"name":"x","title":"X","team":"storefront","policy":"urgnt"}`); muster.CodeOf(err) != muster.ErrInvalid || !strings.Contains(explain(err), "did you mean urgent?") {
			w.Errorf("a reference to nothing gave %v", err)
		}
	})
}

func TestTheDefaultRouteCannotBeRemoved(t *testing.T) {
	bubble(t, func(w *world) {
		refused[muster.Nothing](w, muster.ErrConflict, w.as("ana"), "DeleteDocument", command.OneDocument{Kind: muster.KindRoutes, Name: "default", Any: true})
		if w.commands.Live.Current().Catalog.Routes[muster.DefaultRoute] == nil {
			w.Fatal("it is gone")
		}
	})
}

func TestWhatIsReferredToCannotBeRemoved(t *testing.T) {
	bubble(t, func(w *world) {
		_, err := do[muster.Nothing](w, w.as("ana"), "DeleteDocument", command.OneDocument{Kind: muster.KindPolicies, Name: "urgent", Any: true})
		if muster.CodeOf(err) != muster.ErrInvalid || !strings.Contains(explain(err), "services/cart") {
			w.Errorf("a policy that a service needs: %v", err)
		}
	})
}

func TestTheLastAdminStays(t *testing.T) {
	bubble(t, func(w *world) {
		ana := w.as("ana")
		refused[muster.Nothing](w, muster.ErrConflict, ana, "DeleteDocument", command.OneDocument{Kind: muster.KindUsers, Name: "ana", Any: true})
		for _, change := range []func(*muster.User){func(u *muster.User) { u.Disabled = true }, func(u *muster.User) { u.Access = muster.AccessViewer }} {
			u := *w.commands.Live.Current().Catalog.Users["ana"]
			change(&u)
			refused[*command.Document](w, muster.ErrConflict, ana, "PutDocument", command.PutDocument{Kind: muster.KindUsers, Name: "ana", Body: body(w, &u), Any: true})
		}
		olga := *w.commands.Live.Current().Catalog.Users["olga"]
		olga.Access = muster.AccessAdmin
		w.put(yamlOf(w, &olga))
		w.put(lone)
		u := *w.commands.Live.Current().Catalog.Users["ana"]
		u.Access = muster.AccessViewer
		must[*command.Document](w, ana, "PutDocument", command.PutDocument{Kind: muster.KindUsers, Name: "ana", Body: body(w, &u), Any: true})
	})
}

const two = `
kind: runbook
name: cart
title: When the cart fails
team: storefront
text: Look at the database.
---
kind: runbook
name: pay
title: When paying fails
team: storefront
text: Call the bank.
`

func TestApplyIsAllOrNone(t *testing.T) {
	bubble(t, func(w *world) { allOrNone(w) })
}

func allOrNone(w *world) {
	olga := w.as("olga")
	before := w.commands.Live.Current().Catalog.Revision
	if _, err := do[*command.Applied](w, olga, "ApplyDocuments", command.ApplyDocuments{Documents: two + "---\nkind: service\nname: pay\ntitle: Paying\nteam: storefront\npolicy: none\n"}); muster.CodeOf(err) != muster.ErrInvalid {
		w.Errorf("a file with one wrong reference gave %v", err)
	}
	if _, err := do[*command.Applied](w, olga, "ApplyDocuments", command.ApplyDocuments{Documents: two + "---\nkind: runbook\nname: other\ntitle: Another team's\nteam: warehouse\ntext: t\n"}); muster.CodeOf(err) != muster.ErrForbidden {
		w.Errorf("a file with another team's document gave %v", err)
	}
	dry := must[*command.Applied](w, olga, "ApplyDocuments", command.ApplyDocuments{Documents: two, DryRun: true})
	if head := read(w, func(r store.Reader) (muster.Revision, error) { return r.Head() }); head != before || len(dry.Changes) != 2 || dry.Changes[0].What != "created" {
		w.Fatalf("before the right one the revision is %d, want %d; the dry run says %+v", head, before, dry.Changes)
	}
	got := must[*command.Applied](w, olga, "ApplyDocuments", command.ApplyDocuments{Documents: two})
	if got.Revision != before+2 {
		w.Errorf("the revision after is %d, want %d: one for each document", got.Revision, before+2)
	}
	again := must[*command.Applied](w, olga, "ApplyDocuments", command.ApplyDocuments{Documents: strings.Replace(two, "Call the bank", "Call the other bank", 1)})
	if again.Changes[0].What != "unchanged" || again.Changes[1].What != "changed" || again.Revision != before+3 {
		w.Errorf("applied again: %+v", again)
	}
}

func TestTenErrorsAreToldAtOnce(t *testing.T) {
	bubble(t, func(w *world) {
		var file strings.Builder
		for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
			file.WriteString("---\nkind: service\nname: " + name + "\ntitle: A service\nteam: storefront\npolicy: urgnt\n")
		}
		_, err := do[*command.Applied](w, w.as("ana"), "ApplyDocuments", command.ApplyDocuments{Documents: file.String(), File: "ten.yaml"})
		var e *muster.Error
		if !errors.As(err, &e) || e.Code != muster.ErrInvalid || len(e.Fields) != 10 {
			w.Fatalf("a file with ten errors gave %s", explain(err))
		}
		for _, f := range e.Fields {
			if f.Path == "" || !strings.Contains(f.Message, "did you mean urgent?") {
				w.Errorf("an error says %+v", f)
			}
		}
	})
}

func TestOverridesOfPeopleSurviveApply(t *testing.T) {
	bubble(t, func(w *world) {
		o := must[*muster.Override](w, w.as("rob"), "OverrideShift", command.OverrideShift{
			Roster: "storefront", People: []muster.UserName{"olga"}, Until: muster.At(time.Now().Add(time.Hour)), Why: "dentist",
		})
		w.put(documents[strings.Index(documents, "kind: roster"):strings.Index(documents, "kind: policy")])
		w.put(`
kind: roster
name: storefront
title: The storefront's roster
team: storefront
rotations:
  - {name: first, role: primary, zone: UTC, every: 1, unit: week, handoff: "09:00", start: "1999-12-27", people: [rob, olga]}
`)
		r := w.commands.Live.Current().Catalog.Rosters["storefront"]
		if r.Title != "The storefront's roster" || len(r.Overrides) != 1 || r.Overrides[0].ID != o.ID || r.Overrides[0].By != "rob" {
			w.Fatalf("after an apply the roster is %q with the overrides %+v", r.Title, r.Overrides)
		}
		w.start()
		w.fire("cart")
		pass(time.Second)
		if who := w.who(); !slices.Equal(who, []string{"Olga"}) {
			w.Errorf("the phones of %v rang, want Olga's, who took over", who)
		}
	})
}

func TestWhatAnOverrideNeeds(t *testing.T) {
	bubble(t, func(w *world) {
		in := command.OverrideShift{Roster: "storefront", People: []muster.UserName{"olga"}, Until: muster.At(time.Now().Add(time.Hour))}
		unknown, past, stranger, nobody := in, in, in, in
		unknown.Roster, past.Until, stranger.People, nobody.People = "none", muster.At(time.Now()), []muster.UserName{"nobody"}, nil
		past.From = muster.At(time.Now().Add(-time.Hour))
		refused[*muster.Override](w, muster.ErrNotFound, w.as("rob"), "OverrideShift", unknown)
		refused[*muster.Override](w, muster.ErrInvalid, w.as("rob"), "OverrideShift", past)
		refused[*muster.Override](w, muster.ErrInvalid, w.as("rob"), "OverrideShift", stranger)
		refused[*muster.Override](w, muster.ErrForbidden, w.as("rob"), "OverrideShift", nobody) // it silences the roster
		must[*muster.Override](w, w.as("olga"), "OverrideShift", nobody)
		o := must[*muster.Override](w, w.as("rob"), "OverrideShift", in)
		if o.Role != muster.PrimaryResponder || o.By != "rob" || o.From.IsZero() {
			w.Errorf("the override is %+v", o)
		}
		// The right to override is not the right to write the roster.
		refused[*command.Document](w, muster.ErrForbidden, w.as("rob"), "PutDocument", command.PutDocument{
			Kind: muster.KindRosters, Name: "storefront", Body: body(w, w.commands.Live.Current().Catalog.Rosters["storefront"]), Any: true,
		})
	})
}

func TestRightsOverDocuments(t *testing.T) {
	bubble(t, func(w *world) {
		put := func(who muster.UserName, d muster.Document) error {
			_, err := do[*command.Document](w, w.as(who), "PutDocument", command.PutDocument{Kind: d.DocKind(), Name: d.DocName(), Body: body(w, d), Any: true})
			return err
		}
		cat := func() *muster.Catalog { return w.commands.Live.Current().Catalog }
		mine := *cat().Users["rob"]
		mine.Zone, mine.Notify = "Europe/Paris", []muster.NotificationRule{{Method: "mail"}}
		w.ok(put("rob", &mine))
		for what, change := range map[string]func(*muster.User){
			"rights": func(u *muster.User) { u.Access = muster.AccessAdmin }, "e-mail": func(u *muster.User) { u.Email = "ana2@example.org" },
			"teams": func(u *muster.User) { u.Teams = []muster.TeamName{"storefront"} }, "directory": func(u *muster.User) { u.Directory = "dir-ana" },
		} {
			u := *cat().Users["rob"]
			change(&u)
			if err := put("rob", &u); muster.CodeOf(err) != muster.ErrForbidden {
				w.Errorf("Rob changed his own %s: %v", what, err)
			}
		}
		other := *cat().Users["vic"]
		other.Title = "Somebody"
		if err := put("rob", &other); muster.CodeOf(err) != muster.ErrForbidden {
			w.Errorf("Rob changed Vic: %v", err)
		}
		team := *cat().Teams["storefront"]
		team.Owners = []muster.UserName{"olga", "rob"}
		if err := put("rob", &team); muster.CodeOf(err) != muster.ErrForbidden {
			w.Errorf("Rob made himself an owner: %v", err)
		}
		w.ok(put("olga", &team))
		taken := *cat().Services["cart"]
		taken.Team = "warehouse"
		if err := put("olga", &taken); muster.CodeOf(err) != muster.ErrForbidden {
			w.Errorf("Olga gave a service to a team that is not hers: %v", err)
		}
		if err := put("olga", &muster.Route{Name: "mine", Match: "true", Policy: "urgent"}); muster.CodeOf(err) != muster.ErrForbidden {
			w.Errorf("Olga wrote a route that no team owns: %v", err)
		}
		secret := &muster.Connector{Name: "hook", Kind: "webhook", Team: "storefront", Secrets: map[string]string{"secret": "somebody-elses"}}
		if err := put("olga", secret); muster.CodeOf(err) != muster.ErrForbidden {
			w.Errorf("Olga let a connector of hers use a stored secret: %v", err)
		}
	})
}

// Two nodes on one store: the one that did not write learns of it, whatever it does next.
func TestANodeThatIsBehindRunsTheCommandAgain(t *testing.T) {
	bubble(t, func(w *world) {
		other := newCommands(w.T, w.db, w.commands.Box, "other")
		w.put(two)
		if _, err := command.Run[command.OneDocument, muster.Nothing](w.Context(), other, "DeleteDocument", w.as("ana"), command.OneDocument{Kind: muster.KindRunbooks, Name: "cart", Any: true}); err != nil {
			w.Fatalf("the other node does not know the document: %v", err)
		}
		if _, err := do[*command.Applied](w, w.as("ana"), "ApplyDocuments", command.ApplyDocuments{Documents: two}); err != nil {
			w.Fatal(err)
		}
		if cat := w.commands.Live.Current().Catalog; cat.Runbooks["cart"] == nil || cat.Runbooks["pay"] == nil {
			w.Error("the node's catalog is not the newest")
		}
		if other.Live.Current().Catalog.Runbooks["cart"] != nil {
			w.Fatal("the other node has learnt already: the test shows nothing")
		}
		w.ok(other.Load(w.Context()))
		if other.Live.Current().Catalog.Runbooks["cart"] == nil {
			w.Error("loading brings nothing new")
		}
	})
}

// The editor's door has the same rights and the same checks, and says at which line something is wrong.
func TestTheEditorsDoor(t *testing.T) {
	bubble(t, func(w *world) {
		text := "kind: runbook\nname: cart\ntitle: When the cart fails\nteam: storefront\ntext: t\n"
		in := command.PutText{Kind: muster.KindRunbooks, Text: text}
		for _, who := range []muster.UserName{"vic", "rob"} {
			if _, err := w.commands.PutText(w.Context(), w.as(who), in); muster.CodeOf(err) != muster.ErrForbidden {
				w.Errorf("%s wrote it: %v", who, err)
			}
		}
		if _, err := w.commands.PutText(w.Context(), muster.Actor{}, in); err == nil {
			w.Error("nobody wrote it")
		}
		dry := in
		dry.DryRun = true
		if _, err := w.commands.PutText(w.Context(), w.as("olga"), dry); err != nil || w.commands.Live.Current().Catalog.Runbooks["cart"] != nil {
			w.Errorf("a dry run: %v", err)
		}
		doc, err := w.commands.PutText(w.Context(), w.as("olga"), in)
		w.ok(err)
		if !doc.Created {
			w.Error("it is not new")
		}
		if _, err := w.commands.PutText(w.Context(), w.as("olga"), in); muster.CodeOf(err) != muster.ErrPrecondition {
			w.Errorf("written again without its revision: %v", err)
		}
		in.Name, in.IfMatch = "pay", doc.Revision
		if _, err := w.commands.PutText(w.Context(), w.as("olga"), in); muster.CodeOf(err) != muster.ErrInvalid {
			w.Errorf("renamed: %v", err)
		}
		in = command.PutText{Kind: muster.KindServices, Text: "kind: service\nname: pay\ntitle: Paying\nteam: storefront\npolicy: urgnt\n"}
		_, err = w.commands.PutText(w.Context(), w.as("olga"), in)
		var e *muster.Error
		if !errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Line != 5 {
			w.Errorf("a wrong reference is told as %s, want line 5", explain(err))
		}
	})
}

// Two people with one e-mail address, or one ID in the chat, could not be told apart.
func TestPeopleCanBeToldApart(t *testing.T) {
	bubble(t, func(w *world) {
		for what, change := range map[string]string{"e-mail": "email: ROB@example.org", "directory": "directory: dir-1"} {
			w.put("kind: user\nname: first\ndisplay: First\nzone: UTC\ndirectory: dir-1\n")
			_, err := do[*command.Applied](w, w.as("ana"), "ApplyDocuments", command.ApplyDocuments{Documents: "kind: user\nname: second\ndisplay: Second\nzone: UTC\n" + change + "\n"})
			if muster.CodeOf(err) != muster.ErrInvalid {
				w.Errorf("two people of one %s: %v", what, err)
			}
		}
	})
}
