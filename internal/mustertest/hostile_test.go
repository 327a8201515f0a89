package mustertest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/mustertest"
)

// Whoever could choose both a stored secret and the server that it is sent to could read every secret.
func TestOwnersOfATeamCannotSendSecretsAway(t *testing.T) {
	bubble(t, func(t *testing.T, w *mustertest.World) {
		apply := func(as muster.UserName, doc string) *mustertest.Answer {
			return w.Do(as, "POST", "/api/v1/apply", map[string]string{"documents": doc})
		}
		const mail = "kind: connector\nname: mail\ntype: email\nteam: storefront\nsettings: {host: HOST, from: a@b.example, username: u}\nsecrets: {password: SECRET}\n"
		own := strings.NewReplacer("HOST", "mail.example", "SECRET", "phones-secret").Replace(mail)
		apply("ravi", own).Want(http.StatusForbidden)
		apply("ana", own).Want(http.StatusOK)
		apply("ravi", strings.ReplaceAll(own, "mail.example", "evil.example")).Want(http.StatusForbidden)
		apply("ravi", strings.ReplaceAll(own, "phones-secret", "teams-secret")).Want(http.StatusForbidden)
		apply("ravi", own+"title: Our mail\n").Want(http.StatusOK)
	})
}

// By its directory ID a chat knows who speaks: nobody may take another person's.
func TestOnlyAdminsSayWhoSpeaksInAChat(t *testing.T) {
	bubble(t, func(t *testing.T, w *mustertest.World) {
		doc := "kind: user\nname: ravi\ndisplay: Ravi\nzone: Europe/Berlin\ntitle: Engineer\n"
		w.Do("ravi", "POST", "/api/v1/apply", map[string]string{"documents": doc}).Want(http.StatusOK)
		w.Do("ravi", "POST", "/api/v1/apply", map[string]string{"documents": doc + "directory: dir-ana\n"}).Want(http.StatusForbidden)
	})
}

func TestAConnectorThatIsNotThereAnswersLikeAWrongSignature(t *testing.T) {
	bubble(t, func(t *testing.T, w *mustertest.World) {
		for _, name := range []string{"teams", "phones", "nothing"} {
			w.Do("", "POST", "/chat/teams/"+name+"/webhook", `{"type":"message","text":"open x"}`).Want(http.StatusUnauthorized)
		}
	})
}

// What people send by one surface is shown on every other.
func TestTextOfPeopleIsCleaned(t *testing.T) {
	bubble(t, func(t *testing.T, w *mustertest.World) {
		sly := "Cart \u202egnp.exe\u0000\u0007\u2028<b>fails</b>"
		const clean = "Cart gnp.exe <b>fails</b>"
		inc := w.Do("ravi", "POST", "/api/v1/incidents", map[string]any{"title": sly}).Want(http.StatusCreated)
		if got := inc.Text("title"); got != clean {
			t.Errorf("the title is %q, want %q", got, clean)
		}
		note := w.Do("ravi", "POST", "/api/v1/incidents/INC-1/timeline", map[string]any{"text": sly + "\nsecond line"}).Want(http.StatusCreated)
		if got := note.Text("text"); got != clean+"\nsecond line" {
			t.Errorf("the note is %q", got)
		}
		w.Do("ana", "PUT", "/api/v1/secrets/odd", map[string]any{"value": " \u0007kept as it is "}).Want(http.StatusNoContent)
		if got, err := w.App.Commands.SecretValue(t.Context(), "odd"); err != nil || got != " \u0007kept as it is " {
			t.Errorf("the secret is %q, %v", got, err)
		}
	})
}

// A test of a webhook goes to its own address, not to the mail address of whoever pressed the button.
func TestTheTestOfAWebhookReachesIt(t *testing.T) {
	bubble(t, func(t *testing.T, w *mustertest.World) {
		doc := "kind: connector\nname: hook\ntype: webhook\nsettings: {url: \"https://phone.test/hook\"}\nsecrets: {secret: phones-secret}\n---\n" +
			"kind: user\nname: ana\ndisplay: Ana\nzone: America/Los_Angeles\naccess: admin\nemail: ana@example.com\n"
		w.Do("ana", "POST", "/api/v1/apply", map[string]string{"documents": doc}).Want(http.StatusOK)
		w.Do("ana", "POST", "/api/v1/connectors/hook/test", nil).Want(http.StatusNoContent)
		pass(time.Second)
		if got := w.Do("ana", "GET", "/api/v1/connectors/hook/deliveries", nil).Want(http.StatusOK).Text("items.0.state"); got != "done" {
			t.Errorf("the test is %s", got)
		}
	})
}

// What is wrong between documents is told by file and line, too.
func TestApplyNamesTheLineOfAMissingReference(t *testing.T) {
	bubble(t, func(t *testing.T, w *mustertest.World) {
		doc := "kind: team\nname: ops\ntitle: Ops\nowners: [ana]\n---\nkind: service\nname: search\ntitle: Search\nteam: ops\npolicy: urgnet\n"
		bad := w.Do("ana", "POST", "/api/v1/apply", map[string]any{"documents": doc, "file": "ops.yaml"}).Want(http.StatusUnprocessableEntity)
		if bad.JSON("errors.0.line") != 10.0 || bad.Text("errors.0.file") != "ops.yaml" || !strings.Contains(bad.Text("errors.0.message"), "did you mean urgent") {
			t.Errorf("it says %s", bad.Body)
		}
	})
}

func TestEveryAnswerThatABrowserMayShowSaysWhatItMayDo(t *testing.T) {
	bubble(t, func(t *testing.T, w *mustertest.World) {
		for _, path := range []string{"/signin", "/s/public/", "/api/docs", "/api/v1/alerts", "/api/openapi.json", "/nothing"} {
			h := w.Do("", "GET", path, nil).Header
			if h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
				t.Errorf("%s has the headers %v", path, h)
			}
		}
	})
}
