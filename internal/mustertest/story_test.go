package mustertest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-oncall/muster/internal/connector/teams/fake"
	"github.com/muster-oncall/muster/internal/mustertest"
)

// bubble tells a story in a bubble: a minute passes as soon as everybody waits.
func bubble(t *testing.T, story func(t *testing.T, w *mustertest.World)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := mustertest.New(t, mustertest.Options{Dir: dir})
		defer w.Stop()
		story(t, w)
	})
}

// pass lets time go on.
func pass(d time.Duration) {
	time.Sleep(d) // in a bubble
	synctest.Wait()
}

func people(w *mustertest.World) []string {
	var who []string
	for _, r := range w.Phones.Rang() {
		who = append(who, r.Person)
	}
	return who
}

func wantRang(t *testing.T, w *mustertest.World, who ...string) {
	t.Helper()
	if got := people(w); !slices.Equal(got, who) {
		t.Fatalf("the phones of %v rang, want %v", got, who)
	}
}

func TestFromAlertToLesson(t *testing.T) {
	bubble(t, func(t *testing.T, w *mustertest.World) {
		// A problem has been detected through various tooling: Ravi is primary, his phone rings.
		alert := w.Fire("cart", "critical")
		pass(time.Second)
		wantRang(t, w, "Ravi")

		// He does not answer. After five minutes the secondary's phone rings.
		pass(5 * time.Minute)
		wantRang(t, w, "Ravi", "Ana")

		// She presses the button on the page: that proves it, and nobody else is woken.
		link := w.Phones.Rang()[1].Link
		token := link[strings.LastIndex(link, "/")+1:]
		w.Do("", "GET", "/p/"+token, nil).Want(http.StatusOK)
		if got := w.Do("ana", "GET", "/api/v1/alerts/"+alert, nil).Want(http.StatusOK); got.Text("status") != "open" {
			t.Fatalf("looking at the page made the alert %s: GET must never act", got.Text("status"))
		}
		w.Do("", "POST", "/p/"+token+"/ack", nil).Want(http.StatusSeeOther)
		a := w.Do("ana", "GET", "/api/v1/alerts/"+alert, nil).Want(http.StatusOK)
		if a.Text("status") != "acknowledged" || a.Text("pages.1.state") != "proved" || a.Text("pages.0.state") != "accepted" {
			t.Fatalf("after the button: %s", a.Body)
		}

		// The route has declared an incident: the five answers are there from the first screen.
		key := a.Text("incident_key")
		inc := w.Do("zoe", "GET", "/api/v1/incidents/"+key, nil).Want(http.StatusOK)
		for _, q := range []string{"when", "how", "who", "bad"} {
			if inc.JSON("answers."+q) == nil {
				t.Errorf("the incident does not answer %q: %s", q, inc.Body)
			}
		}
		room := "/api/v1/incidents/" + key
		w.Do("ana", "POST", room+"/roles", map[string]any{"role": "commander"}).Want(http.StatusOK)
		w.Do("ravi", "POST", room+"/actions", map[string]any{"text": "Roll cart-api back"}).Want(http.StatusOK)

		// What we know, what is being done, when they hear again.
		w.Do("ana", "POST", room+"/updates", map[string]any{
			"known": "Customers cannot add to the cart", "doing": "We are undoing the last release", "in": "15m", "audience": "public",
		}).Want(http.StatusCreated)
		pass(time.Second)
		page := w.Do("", "GET", "/s/public/", nil).Want(http.StatusOK)
		if !strings.Contains(string(page.Body), "Customers cannot add to the cart") {
			t.Fatalf("the status page does not have the update: %s", page.Body)
		}

		// The promise is not kept: the room hears of it, and the page says so.
		pass(16 * time.Minute)
		if tl := w.Do("ana", "GET", room+"/timeline", nil).Want(http.StatusOK); !strings.Contains(string(tl.Body), "overdue") {
			t.Fatalf("the timeline is silent about the promise: %s", tl.Body)
		}

		w.Do("ana", "POST", room+"/mitigate", nil).Want(http.StatusOK)
		w.Do("ana", "POST", room+"/resolve", nil).Want(http.StatusOK)
		if got := w.Do("ana", "GET", "/api/v1/alerts/"+alert, nil); got.Text("status") != "resolved" {
			t.Errorf("the alert is %s after its incident was resolved", got.Text("status"))
		}
		rev := w.Do("ana", "POST", room+"/review", nil).Want(http.StatusCreated)
		if n, ok := rev.JSON("timeline").([]any); !ok || len(n) < 8 {
			t.Errorf("the draft holds too little of the timeline: %s", rev.Body)
		}
		pass(3 * time.Hour)
		wantRang(t, w, "Ravi", "Ana")
	})
}

func TestWhyIsWhatHappenedEvenAfterTheCatalogChanged(t *testing.T) {
	bubble(t, func(t *testing.T, w *mustertest.World) {
		alert := w.Fire("cart", "critical")
		pass(6 * time.Minute)
		wantRang(t, w, "Ravi", "Ana")
		why := "/api/v1/alerts/" + alert + "/why"
		before := w.Do("ana", "GET", why, nil).Want(http.StatusOK)
		// Somebody edits policy, roster and route in between.
		w.Do("ana", "POST", "/api/v1/apply", map[string]any{"why": "a test", "documents": `
kind: policy
name: urgent
title: Another
team: storefront
steps: [{targets: [{user: zoe}], wait: 1h}]
---
kind: roster
name: storefront
title: Storefront
team: storefront
rotations: [{name: only, role: primary, zone: UTC, every: 1, unit: day, handoff: "00:00", start: "1999-01-01", people: [zoe]}]
---
kind: route
name: critical
order: 10
match: 'false'
`}).Want(http.StatusOK)
		after := w.Do("ana", "GET", why, nil).Want(http.StatusOK)
		if string(before.Body) != string(after.Body) {
			t.Fatalf("the explanation changed with the catalog:\n%s\n%s", before.Body, after.Body)
		}
		if p := after.Text("people.0.id") + after.Text("people.1.id"); p != "raviana" {
			t.Fatalf("the explanation says %q, but Ravi's and Ana's phones rang: %s", p, after.Body)
		}
	})
}

func TestSilencedAlertsPageWhenTheSilenceEnds(t *testing.T) {
	bubble(t, func(t *testing.T, w *mustertest.World) {
		w.Do("ana", "POST", "/api/v1/silences", map[string]any{"match": `title.contains("cart")`, "for": "1h", "why": "load test"}).Want(http.StatusCreated)
		alert := w.Fire("cart", "minor")
		pass(30 * time.Minute)
		wantRang(t, w)
		if a := w.Do("ana", "GET", "/api/v1/alerts/"+alert, nil); a.JSON("suppressed") == nil {
			t.Fatalf("the alert does not say that it is silenced: %s", a.Body)
		}
		pass(31 * time.Minute)
		wantRang(t, w, "Ravi")
	})
}

func TestNobodyAnswersIsLoud(t *testing.T) {
	bubble(t, func(t *testing.T, w *mustertest.World) {
		w.Fire("cart", "minor")
		pass(21*time.Minute + time.Second) // two rounds of two steps
		got := people(w)
		// The admin is paged and the team is told in one instant, in either order.
		if len(got) < 5 || !slices.Contains(got[4:], "Ana") {
			t.Fatalf("after the policy was used up the phones of %v rang, want the admin's after the fourth", got)
		}
		pass(16 * time.Minute)
		if again := people(w); len(again) < len(got)+2 {
			t.Fatalf("an exhausted policy went quiet: %v", again)
		}
	})
}

func TestTheStatusPageFromTeams(t *testing.T) {
	bubble(t, func(t *testing.T, w *mustertest.World) {
		say := func(text string) string {
			t.Helper()
			m := fake.Message{Mention: "StatusPage", Text: text, Name: "Ana", ObjectID: "dir-ana", At: time.Now()}
			got, err := fake.Post(t.Context(), w.Client, w.URL+"/chat/teams/teams/webhook", mustertest.TeamsSecret, m)
			if err != nil {
				t.Fatal(err)
			}
			pass(time.Second)
			return got
		}
		if got := say("update nothing is open"); !strings.Contains(got, "There is no open incident right now.") {
			t.Fatalf("update without an incident answered %q", got)
		}
		say("open The cart is failing")
		if page := w.Do("", "GET", "/s/public/", nil).Want(http.StatusOK); !strings.Contains(string(page.Body), "The cart is failing") {
			t.Fatalf("the page does not show what Teams opened: %s", page.Body)
		}
		if got := say("update We found the cause"); !strings.Contains(got, "30") {
			t.Errorf("the reply %q does not say which promise was filled in", got)
		}
		if page := w.Do("", "GET", "/s/public/", nil); !strings.Contains(string(page.Body), "We found the cause") {
			t.Fatalf("the page does not show the update: %s", page.Body)
		}
		say("close It works again")
		if got := say("close once more"); !strings.Contains(got, "There is no open incident right now.") {
			t.Errorf("a second close answered %q", got)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/chat/teams/teams/webhook", strings.NewReader(`{"type":"message","text":"open forged"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "HMAC AAAA")
		w.Send(req).Want(http.StatusUnauthorized)
	})
}

func TestEachAudienceSeesItsOwnUpdates(t *testing.T) {
	bubble(t, func(t *testing.T, w *mustertest.World) {
		w.Do("ana", "POST", "/api/v1/incidents", map[string]any{"title": "The cart fails", "service": "cart"}).Want(http.StatusCreated)
		for audience, known := range map[string]string{"responders": "for-responders", "organisation": "for-everybody-here", "public": "for-customers"} {
			w.Do("ana", "POST", "/api/v1/incidents/INC-1/updates", map[string]any{"known": known, "in": "30m", "audience": audience}).Want(http.StatusCreated)
		}
		pass(time.Second)
		w.Do("", "GET", "/s/internal/", nil).Want(http.StatusUnauthorized)
		w.Do("", "GET", "/s/internal/status.json", nil).Want(http.StatusUnauthorized)
		for _, sly := range []string{"/s/public/..%2finternal/", "/s/public/..%2finternal/status.json", "/s/public/.muster-files", "/s/public%00/"} {
			w.Do("", "GET", sly, nil).Want(http.StatusNotFound)
		}
		w.Do("", "GET", "/s/nothing/", nil).Want(http.StatusNotFound)
		w.Do("", "GET", "/s/", nil).Want(http.StatusNotFound)
		inside := string(w.Do("zoe", "GET", "/s/internal/", nil).Want(http.StatusOK).Body)
		outside := string(w.Do("", "GET", "/s/public/", nil).Want(http.StatusOK).Body)
		if strings.Contains(inside, "for-responders") || !strings.Contains(inside, "for-everybody-here") || !strings.Contains(inside, "for-customers") {
			t.Errorf("the organisation's page tells the wrong things: %s", inside)
		}
		if strings.Contains(outside, "for-responders") || strings.Contains(outside, "for-everybody-here") || !strings.Contains(outside, "for-customers") {
			t.Errorf("the public page tells the wrong things: %s", outside)
		}
	})
}

func TestTheSameStoryOnPostgres(t *testing.T) {
	w := mustertest.New(t, mustertest.Options{Store: mustertest.Postgres(t)})
	defer w.Stop()
	alert := w.Fire("cart", "critical")
	deadline := time.Now().Add(20 * time.Second)
	for len(w.Phones.Rang()) == 0 {
		if time.Now().After(deadline) {
			t.Fatal("no phone rang on PostgreSQL")
		}
		<-time.After(5 * time.Millisecond)
	}
	link := w.Phones.Rang()[0].Link
	w.Do("", "POST", link[strings.Index(link, "/p/"):]+"/ack", nil).Want(http.StatusSeeOther)
	a := w.Do("ana", "GET", "/api/v1/alerts/"+alert, nil).Want(http.StatusOK)
	if a.Text("status") != "acknowledged" || a.Text("pages.0.state") != "proved" || a.Text("incident_key") != "INC-1" {
		t.Fatalf("after the button: %s", a.Body)
	}
	w.Do("ravi", "POST", "/api/v1/incidents/INC-1/timeline", map[string]any{"kind": "saw", "text": "503 everywhere"}).Want(http.StatusCreated)
	w.Clear("cart")
	if a := w.Do("ana", "GET", "/api/v1/alerts/"+alert, nil); a.Text("status") != "resolved" {
		t.Fatalf("the end of the condition left the alert %s", a.Text("status"))
	}
}
