package command_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/seal"
	"github.com/muster-oncall/muster/internal/store"
)

const phrase = "four words that nobody guesses"

func (w *world) byToken(token string) (muster.Actor, error) {
	w.Helper()
	return w.commands.ByToken(w.Context(), token, muster.SurfaceAPI)
}

// setPhrase gives Rob a passphrase.
func (w *world) setPhrase() {
	w.Helper()
	w.ok(w.commands.SetPassphrase(w.Context(), w.as("ana"), command.SetPassphrase{User: "rob", Passphrase: phrase}))
}

func TestASessionLivesAndExpires(t *testing.T) {
	bubble(t, func(w *world) {
		w.setPhrase()
		token, err := w.commands.SignIn(w.Context(), " ROB@example.org ", phrase, "a browser")
		w.ok(err)
		a, err := w.byToken(token)
		w.ok(err)
		if a.User != "rob" || a.Access != muster.AccessResponder || a.Key != "" {
			w.Errorf("the session is %+v", a)
		}
		pass(command.SessionLife - time.Minute)
		if _, err := w.byToken(token); err != nil {
			w.Errorf("a minute before its end: %v", err)
		}
		pass(2 * time.Minute)
		if _, err := w.byToken(token); muster.CodeOf(err) != muster.ErrUnauthenticated {
			w.Errorf("after its end: %v", err)
		}
		token, err = w.commands.OpenSession(w.Context(), "rob", "a browser")
		w.ok(err)
		w.ok(w.commands.SignOut(w.Context(), w.as("rob"), token))
		w.ok(w.commands.SignOut(w.Context(), w.as("rob"), token))
		if _, err := w.byToken(token); muster.CodeOf(err) != muster.ErrUnauthenticated {
			w.Errorf("after signing out: %v", err)
		}
	})
}

func TestARefusedSignInTellsNothing(t *testing.T) {
	bubble(t, func(w *world) {
		w.setPhrase()
		var texts []string
		for _, try := range []struct{ email, phrase string }{
			{"rob@example.org", "something else entirely"},
			{"nobody@example.org", phrase},
			{"ana@example.org", phrase},
			{"", phrase},
			{"rob@example.org", strings.Repeat("x", 5000)},
		} {
			_, err := w.commands.SignIn(w.Context(), try.email, try.phrase, "a browser")
			if muster.CodeOf(err) != muster.ErrUnauthenticated {
				w.Errorf("%q gave %v", try.email, err)
			}
			texts = append(texts, muster.MessageOf(err))
		}
		if len(slices.Compact(texts)) != 1 {
			w.Errorf("the answers differ: %q", texts)
		}
		log := read(w, func(r store.Reader) ([]*muster.AuditEntry, error) { return r.Audit(store.List{}) })
		n := 0
		for _, e := range log {
			if e.Op == "sign-in refused" {
				n++
			}
			if strings.Contains(e.By.Name+e.Ref, phrase) {
				w.Error("the security log holds a passphrase")
			}
		}
		if n != 5 {
			w.Errorf("%d refusals are in the security log, want five", n)
		}
	})
}

func TestANewPassphraseEndsOtherSessions(t *testing.T) {
	bubble(t, func(w *world) {
		w.setPhrase()
		token, err := w.commands.SignIn(w.Context(), "rob@example.org", phrase, "a browser")
		w.ok(err)
		w.ok(w.commands.SetPassphrase(w.Context(), w.as("rob"), command.SetPassphrase{User: "rob", Passphrase: "another four good words"}))
		if _, err := w.byToken(token); muster.CodeOf(err) != muster.ErrUnauthenticated {
			w.Errorf("the old session: %v", err)
		}
		if _, err := w.commands.SignIn(w.Context(), "rob@example.org", phrase, ""); muster.CodeOf(err) != muster.ErrUnauthenticated {
			w.Errorf("the old passphrase: %v", err)
		}
		for _, who := range []muster.UserName{"vic", "olga"} {
			if err := w.commands.SetPassphrase(w.Context(), w.as(who), command.SetPassphrase{User: "rob", Passphrase: phrase}); muster.CodeOf(err) != muster.ErrForbidden {
				w.Errorf("%s changed Rob's passphrase: %v", who, err)
			}
		}
		if err := w.commands.SetPassphrase(w.Context(), w.as("rob"), command.SetPassphrase{User: "rob", Passphrase: "short"}); muster.CodeOf(err) != muster.ErrInvalid {
			w.Errorf("a short passphrase: %v", err)
		}
	})
}

func TestWhoLeftIsShutOut(t *testing.T) {
	bubble(t, func(w *world) {
		w.setPhrase()
		session, err := w.commands.SignIn(w.Context(), "rob@example.org", phrase, "")
		w.ok(err)
		key := must[*command.NewKey](w, w.as("rob"), "CreateKey", command.CreateKey{Name: "Mine"})
		was := w.commands.Live.Current().Catalog.Users["rob"]
		out := *was
		out.Disabled = true
		w.put(yamlOf(w, &out))
		for what, token := range map[string]string{"session": session, "key": key.Token} {
			if _, err := w.byToken(token); muster.CodeOf(err) != muster.ErrUnauthenticated {
				w.Errorf("a disabled person's %s: %v", what, err)
			}
		}
		if _, err := w.commands.SignIn(w.Context(), "rob@example.org", phrase, ""); muster.CodeOf(err) != muster.ErrUnauthenticated {
			w.Errorf("a disabled person signed in: %v", err)
		}
		w.put(yamlOf(w, was)) // back from the holidays
		if _, err := w.byToken(session); muster.CodeOf(err) != muster.ErrUnauthenticated {
			w.Errorf("the old session came back: %v", err)
		}
		if _, err := w.byToken(key.Token); err != nil {
			w.Errorf("the key of somebody who came back: %v", err)
		}
		// Removed for good, and somebody else gets the name.
		w.put("kind: roster\nname: storefront\ntitle: Storefront\nteam: storefront\nrotations:\n  - {name: first, role: primary, zone: UTC, every: 1, unit: week, handoff: \"09:00\", start: \"1999-12-27\", people: [olga]}\n")
		must[muster.Nothing](w, w.as("ana"), "DeleteDocument", command.OneDocument{Kind: muster.KindUsers, Name: "rob", Any: true})
		w.put(yamlOf(w, was))
		if _, err := w.byToken(key.Token); muster.CodeOf(err) != muster.ErrUnauthenticated {
			w.Errorf("the key of the Rob before opens: %v", err)
		}
		if _, err := w.commands.SignIn(w.Context(), "rob@example.org", phrase, ""); muster.CodeOf(err) != muster.ErrUnauthenticated {
			w.Errorf("the passphrase of the Rob before opens: %v", err)
		}
		contacts := read(w, func(r store.Reader) (map[muster.UserName][]muster.Contact, error) {
			return r.ContactsOf([]muster.UserName{"rob"})
		})
		if n := len(contacts["rob"]); n != 0 {
			w.Errorf("the new Rob has %d contact methods of the old one", n)
		}
	})
}

func TestKeysDoWhatTheyAreFor(t *testing.T) {
	bubble(t, func(w *world) { keys(w) })
}

func keys(w *world) {
	rob := w.as("rob")
	mine := must[*command.NewKey](w, rob, "CreateKey", command.CreateKey{Name: "Mine"})
	intake := must[*command.NewKey](w, w.as("olga"), "CreateKey", command.CreateKey{Name: "A monitor", Source: "monitoring", User: "ana"})
	if !strings.HasPrefix(mine.Token, "mst_") || !strings.HasPrefix(intake.Token, "msi_") || intake.User != "" {
		w.Errorf("the keys are %+v and %+v", mine, intake)
	}
	a, err := w.byToken(mine.Token)
	w.ok(err)
	if a.User != "rob" || a.Key != mine.ID || a.Access != muster.AccessResponder {
		w.Errorf("Rob's key acts as %+v", a)
	}
	if src, err := w.commands.SourceByToken(w.Context(), intake.Token); err != nil || src != "monitoring" {
		w.Errorf("the intake key is for %q: %v", src, err)
	}
	// One kind of key is no good for the other's work.
	if _, err := w.byToken(intake.Token); muster.CodeOf(err) != muster.ErrUnauthenticated {
		w.Errorf("an intake key reads: %v", err)
	}
	if _, err := w.commands.SourceByToken(w.Context(), mine.Token); muster.CodeOf(err) != muster.ErrUnauthenticated {
		w.Errorf("a person's key sends signals: %v", err)
	}
	for _, token := range []string{"", "mst_", "mss_none", "msi_none", mine.Token + "x"} {
		if _, err := w.byToken(token); muster.CodeOf(err) != muster.ErrUnauthenticated {
			w.Errorf("the token %q: %v", token, err)
		}
	}
	rows := read(w, func(r store.Reader) ([]*muster.APIKey, error) { return r.Keys() })
	for _, k := range rows {
		if k.LastUsed.IsZero() {
			w.Errorf("nobody knows that the key %s was used", k.Name)
		}
		if strings.Contains(mine.Token+intake.Token, k.Prefix) && len(k.Prefix) > 8 {
			w.Errorf("the key's prefix %q tells too much", k.Prefix)
		}
	}
	// Whose keys one may make and end.
	refused[*command.NewKey](w, muster.ErrForbidden, rob, "CreateKey", command.CreateKey{Name: "Ana's", User: "ana"})
	refused[*command.NewKey](w, muster.ErrForbidden, w.as("olga"), "CreateKey", command.CreateKey{Name: "Rob's", User: "rob"})
	refused[*command.NewKey](w, muster.ErrForbidden, w.as("olga"), "CreateKey", command.CreateKey{Name: "The form's", Source: "form"}) // no team's
	refused[*command.NewKey](w, muster.ErrNotFound, w.as("ana"), "CreateKey", command.CreateKey{Name: "None", Source: "none"})
	refused[*command.NewKey](w, muster.ErrInvalid, rob, "CreateKey", command.CreateKey{Name: " "})
	refused[muster.Nothing](w, muster.ErrForbidden, rob, "RevokeKey", command.RevokeKey{Key: intake.ID})
	refused[muster.Nothing](w, muster.ErrForbidden, w.as("olga"), "RevokeKey", command.RevokeKey{Key: mine.ID})
	refused[muster.Nothing](w, muster.ErrNotFound, rob, "RevokeKey", command.RevokeKey{Key: "key_none"})
	for range 2 {
		must[muster.Nothing](w, rob, "RevokeKey", command.RevokeKey{Key: mine.ID})
		must[muster.Nothing](w, w.as("olga"), "RevokeKey", command.RevokeKey{Key: intake.ID})
	}
	if _, err := w.byToken(mine.Token); muster.CodeOf(err) != muster.ErrUnauthenticated {
		w.Errorf("a revoked key: %v", err)
	}
	if _, err := w.commands.SourceByToken(w.Context(), intake.Token); muster.CodeOf(err) != muster.ErrUnauthenticated {
		w.Errorf("a revoked intake key: %v", err)
	}
}

// A session that was opened with a key ends with it; the person's other sessions stay.
func TestASessionEndsWithTheKeyThatOpenedIt(t *testing.T) {
	bubble(t, func(w *world) { sessionsOfKeys(w) })
}

func sessionsOfKeys(w *world) {
	key := must[*command.NewKey](w, w.as("rob"), "CreateKey", command.CreateKey{Name: "Mine"})
	other := must[*command.NewKey](w, w.as("rob"), "CreateKey", command.CreateKey{Name: "Another"})
	byKey, err := w.commands.SignInByKey(w.Context(), key.Token, "a browser")
	w.ok(err)
	byOther, err := w.commands.SignInByKey(w.Context(), other.Token, "a browser")
	w.ok(err)
	byPhrase, err := w.commands.OpenSession(w.Context(), "rob", "a browser")
	w.ok(err)
	if a, err := w.byToken(byKey); err != nil || a.User != "rob" || a.Key != "" {
		w.Errorf("the session acts as %+v: %v", a, err)
	}
	if _, err := w.commands.SignInByKey(w.Context(), byKey, ""); muster.CodeOf(err) != muster.ErrUnauthenticated {
		w.Errorf("a session opens another: %v", err)
	}
	must[muster.Nothing](w, w.as("rob"), "RevokeKey", command.RevokeKey{Key: key.ID})
	for token, open := range map[string]bool{byKey: false, byOther: true, byPhrase: true} {
		if _, err := w.byToken(token); (err == nil) != open {
			w.Errorf("of the sessions by the key, by another and by a passphrase, one should be open %v: %v", open, err)
		}
	}
	list := read(w, func(r store.Reader) ([]*muster.Session, error) { return r.SessionsOf("rob") })
	if len(list) != 2 {
		w.Errorf("%d sessions are left, want two", len(list))
	}
	if _, err := w.commands.SignInByKey(w.Context(), key.Token, ""); muster.CodeOf(err) != muster.ErrUnauthenticated {
		w.Errorf("the revoked key opens a session: %v", err)
	}
	// A row that an older version left, or that was put back from a copy, opens nothing either.
	w.ok(w.db.Write(w.Context(), store.LanePeople, "Test", func(tx store.Tx) error {
		return tx.InsertSession(seal.HashToken("mss_left"), &muster.Session{ID: "ses_left", User: "rob", ExpiresAt: tx.Now().Plus(time.Hour), Key: key.ID})
	}))
	if _, err := w.byToken("mss_left"); muster.CodeOf(err) != muster.ErrUnauthenticated {
		w.Errorf("a session of a revoked key: %v", err)
	}
}

// Rights are those of the moment, not those of the sign-in.
func TestRightsChangeAtOnce(t *testing.T) {
	bubble(t, func(w *world) {
		token, err := w.commands.OpenSession(w.Context(), "rob", "")
		w.ok(err)
		w.put(shifts("olga"))
		u := *w.commands.Live.Current().Catalog.Users["rob"]
		u.Access = muster.AccessViewer
		w.put(yamlOf(w, &u))
		if a, err := w.byToken(token); err != nil || a.Access != muster.AccessViewer {
			w.Errorf("after Rob became a viewer he is %s: %v", a.Access, err)
		}
	})
}

// emptyBubble is a bubble without documents: before setup.
func emptyBubble(t *testing.T, story func(w *world)) {
	t.Helper()
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := open(t, "sqlite:"+dir+"/muster.db", dir)
		defer w.close()
		story(w)
	})
}

func TestSetupWorksOnce(t *testing.T) {
	emptyBubble(t, func(w *world) { setupOnce(w) })
}

func setupOnce(w *world) {
	in := command.Setup{
		Token: "the one-time token", Name: "zoe", Display: "Zoe", Email: "zoe@example.org", Passphrase: phrase,
		PublicURL: "https://muster.example.org/", Zone: "Europe/Berlin",
	}
	if _, err := w.commands.Setup(w.Context(), in); muster.CodeOf(err) != muster.ErrForbidden {
		w.Fatalf("setup before there is a link: %v", err)
	}
	open, err := w.commands.BeginSetup(w.Context(), in.Token)
	w.ok(err)
	if !open {
		w.Fatal("an empty installation cannot be set up")
	}
	for what, change := range map[string]func(*command.Setup){
		"a wrong token": func(s *command.Setup) { s.Token = "another" }, "no token": func(s *command.Setup) { s.Token = "" },
		"no zone": func(s *command.Setup) { s.Zone = "" }, "a zone of this machine": func(s *command.Setup) { s.Zone = "Local" },
		"no address": func(s *command.Setup) { s.PublicURL = "muster" }, "a short passphrase": func(s *command.Setup) { s.Passphrase = "short" },
		"a name with spaces": func(s *command.Setup) { s.Name = "Zoe Z" },
	} {
		bad := in
		change(&bad)
		if _, err := w.commands.Setup(w.Context(), bad); muster.CodeOf(err) != muster.ErrForbidden && muster.CodeOf(err) != muster.ErrInvalid {
			w.Errorf("setup with %s: %v", what, err)
		}
	}
	if n := len(w.commands.Live.Current().Catalog.Users); n != 0 {
		w.Fatalf("a setup that failed left %d people", n)
	}
	var wg sync.WaitGroup
	results := make([]*command.SetupResult, 4)
	for i := range results {
		wg.Go(func() { results[i], _ = w.commands.Setup(w.Context(), in) })
	}
	wg.Wait()
	results = slices.DeleteFunc(results, func(r *command.SetupResult) bool { return r == nil })
	if len(results) != 1 {
		w.Fatalf("%d setups with one link succeeded, want one", len(results))
	}
	if _, err := w.commands.Setup(w.Context(), in); muster.CodeOf(err) != muster.ErrForbidden {
		w.Errorf("the link works twice: %v", err)
	}
	if again, err := w.commands.BeginSetup(w.Context(), "another"); err != nil || again {
		w.Errorf("after setup it can be set up: %v, %v", again, err)
	}
	if u, err := w.commands.Recall(w.Context(), command.MetaPublicURL); err != nil || u != "https://muster.example.org" {
		w.Errorf("the address is %q: %v", u, err)
	}
	// What was made works: sign in, send the first alert, and a phone rings.
	token, err := w.commands.SignIn(w.Context(), "zoe@example.org", phrase, "")
	w.ok(err)
	if a, err := w.byToken(token); err != nil || a.Access != muster.AccessAdmin {
		w.Errorf("the first admin is %+v: %v", a, err)
	}
	src, err := w.commands.SourceByToken(w.Context(), results[0].IntakeKey)
	w.ok(err)
	r := w.send(src, signal("first", muster.SignalFiring))[0]
	if pages := w.pages(r.Alert); len(pages) != 1 || pages[0].Person != "zoe" {
		w.Errorf("the first alert pages %+v", pages)
	}
}

// A link that was printed before documents came in by another door opens nothing.
func TestAnOldSetupLinkOpensNothing(t *testing.T) {
	emptyBubble(t, func(w *world) {
		_, err := w.commands.BeginSetup(w.Context(), "token")
		w.ok(err)
		w.seed()
		if _, err := w.commands.Setup(w.Context(), command.Setup{
			Token: "token", Name: "mallory", Display: "M", Email: "m@example.org", Passphrase: phrase, PublicURL: "https://m.example.org", Zone: "UTC",
		}); muster.CodeOf(err) != muster.ErrForbidden {
			w.Errorf("it made an admin: %v", err)
		}
	})
}
