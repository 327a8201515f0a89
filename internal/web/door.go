package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/web/view"
)

// signInPage asks for a passphrase. With a token in its address it shows a button that sends it: looking acts never.
func signInPage(v *visit) error {
	return v.door(http.StatusOK, view.SignIn{Token: muster.Clip(v.param("token"), 200), Next: localPath(v.param("next"))})
}

func (v *visit) door(status int, p view.SignIn) error {
	p.Shell = v.plainShell("Sign in")
	p.URL, p.TokenURL = "/signin", "/signin"
	return v.render(status, view.SignInPage(p))
}

// signIn opens a session, for a passphrase or for the token of a person's key.
func signIn(v *visit) error {
	next, email, token := localPath(v.field("next")), v.field("email"), v.field("token")
	refused := func(err error) error {
		code := muster.CodeOf(err)
		if code != muster.ErrUnauthenticated && code != muster.ErrRateLimited {
			return err
		}
		return v.door(code.HTTPStatus(), view.SignIn{Email: email, Next: next, Problem: muster.MessageOf(err)})
	}
	if err := v.signIns.Check(v.remote()); err != nil {
		return refused(err)
	}
	var session string
	var err error
	if token != "" {
		session, err = v.byToken(token)
	} else if err = v.passes.Check(strings.ToLower(email)); err == nil {
		session, err = v.Commands.SignIn(v.ctx(), email, v.r.PostFormValue("passphrase"), v.r.UserAgent())
	}
	if err != nil {
		return refused(err)
	}
	v.enter(session)
	return v.done(next, "", "")
}

// byToken opens a session for the person whose key this is. A wrong one is written down.
func (v *visit) byToken(token string) (string, error) {
	session, err := v.Commands.SignInByKey(v.ctx(), token, v.r.UserAgent())
	if muster.CodeOf(err) == muster.ErrUnauthenticated {
		v.written("sign-in refused", "", map[string]string{"by": "token"})
	}
	return session, err
}

// enter hands the browser a session and ends the one that it came with.
func (v *visit) enter(session string) {
	if old := v.cookies.Token(v.r); old != "" {
		if a, err := v.Commands.ByToken(v.ctx(), old, muster.SurfaceWeb); err == nil && a.Key == "" {
			_ = v.Commands.SignOut(v.ctx(), a, old) // the old session ends by itself, if not now
		}
	}
	v.cookies.Set(v.w, session, v.now.Add(command.SessionLife))
}

func signOut(v *visit) error {
	if err := v.Commands.SignOut(v.ctx(), v.actor, v.cookies.Token(v.r)); err != nil {
		return err
	}
	v.cookies.Clear(v.w)
	return v.done("/signin", "", "")
}

// written adds a refused attempt to the security log, a few times for each address: the log must not be flooded by
// whoever has no right to anything.
func (v *visit) written(op, ref string, facts map[string]string) {
	if ok, _ := v.forgeries.Allow(v.remote()); !ok {
		return
	}
	if facts == nil {
		facts = map[string]string{}
	}
	facts["remote"] = v.remote()
	who := muster.Actor{Name: "Somebody", Surface: muster.SurfaceWeb}
	if err := v.Commands.Audit(v.ctx(), who, op, ref, facts); err != nil {
		v.Log.Error("a refusal could not be written to the security log", "op", op, "error", err)
	}
}

// setupPage is the first start, reached by the one-time link.
func setupPage(v *visit) error {
	return v.setup(http.StatusOK, view.Setup{Token: muster.Clip(v.param("token"), 200), PublicURL: v.seenURL()})
}

func (v *visit) setup(status int, p view.Setup) error {
	p.Shell, p.URL, p.Zones = v.plainShell("Set up"), "/setup", zoneNames
	p.LocalHost = onlyHere(p.PublicURL)
	return v.render(status, view.SetupPage(p))
}

// onlyHere reports whether an address means this machine alone.
func onlyHere(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Hostname() == "localhost" || strings.HasPrefix(u.Hostname(), "127.") || u.Hostname() == "::1")
}

// zoneNames are suggestions; every name of the database is taken.
var zoneNames = []string{
	"UTC", "Europe/London", "Europe/Berlin", "Europe/Paris", "Europe/Helsinki", "America/New_York", "America/Chicago", "America/Denver",
	"America/Los_Angeles", "America/Sao_Paulo", "Africa/Johannesburg", "Asia/Dubai", "Asia/Kolkata", "Asia/Singapore", "Asia/Tokyo",
	"Australia/Sydney", "Pacific/Auckland",
}

// seenURL is the address by which this request came: a proposal.
func (v *visit) seenURL() string {
	if u := v.PublicURL(); u != "" {
		return u
	}
	scheme := "http"
	if v.r.TLS != nil || v.Secure {
		scheme = "https"
	}
	return scheme + "://" + v.r.Host
}

// setUp makes the first admin, signs them in, and shows what comes next, with the line that sends the first alert: its key is
// shown this once.
func setUp(v *visit) error {
	if err := v.setups.Check(v.remote()); err != nil {
		return err
	}
	p := view.Setup{
		Token: v.field("token"), Name: v.field("name"), Email: v.field("email"), PublicURL: v.field("public_url"), Zone: v.field("zone"),
	}
	out, err := v.Commands.Setup(v.ctx(), command.Setup{
		Token: p.Token, Name: userName(p.Name), Display: muster.CleanLine(p.Name, 80), Email: p.Email,
		Passphrase: v.r.PostFormValue("passphrase"), PublicURL: p.PublicURL, Zone: p.Zone,
	})
	if err != nil {
		if !refused(err) {
			return err
		}
		p.Problems = problems(err, map[string]string{"users/" + string(userName(p.Name)) + ".display": "name", "users/" + string(userName(p.Name)) + ".email": "email"})
		return v.setup(http.StatusUnprocessableEntity, p)
	}
	session, err := v.Commands.OpenSession(v.ctx(), out.User, v.r.UserAgent())
	if err != nil {
		return err
	}
	v.enter(session)
	if v.actor, err = v.Commands.ByToken(v.ctx(), session, muster.SurfaceWeb); err != nil {
		return err
	}
	v.zone = v.Queries.Zone(v.actor.User)
	line := FirstAlert(strings.TrimRight(p.PublicURL, "/"), out.IntakeKey)
	return v.wizard(http.StatusOK, stepMail, func(w *view.Wizard) { w.Command = line })
}

// FirstAlert is the line that sends a first alert with an intake key.
func FirstAlert(publicURL, key string) string {
	return `curl --json '{"title":"My first alert","severity":"critical"}' ` + publicURL + `/in/` + key + `/generic`
}

// userName makes the name of a document out of a person's: "Ana Rossi" to ana-rossi.
func userName(display string) muster.UserName {
	var b strings.Builder
	for _, r := range strings.ToLower(display) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	name := strings.Trim(muster.Clip(b.String(), 60), "-…")
	if name == "" {
		name = "admin-" + time.Now().Format("20060102")
	}
	return muster.UserName(name)
}
