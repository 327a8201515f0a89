package mustertest_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-oncall/muster/internal/mustertest"
)

// knowing is the storefront with an expert for its database, who has quiet hours now, one who has none, and a trainee.
const knowing = `
kind: user
name: chen
display: Chen
zone: Asia/Singapore
quiet: [{from: "00:00", to: "00:00"}]
---
kind: user
name: lea
display: Lea
zone: Europe/Berlin
---
kind: user
name: noor
display: Noor
zone: Europe/Berlin
---
kind: roster
name: platform
title: Platform
team: storefront
topics:
  - {name: database, title: Cosmos DB, experts: [chen, noor]}
---
kind: roster
name: storefront
title: Storefront
team: storefront
rotations:
  - {name: first, role: primary, zone: Europe/Berlin, every: 1, unit: week, handoff: "09:00", start: "1999-12-27", people: [ravi]}
  - {name: second, role: secondary, zone: America/Los_Angeles, every: 1, unit: week, handoff: "09:00", start: "1999-12-27", people: [ana]}
  - {name: learning, role: shadow, zone: Europe/Berlin, every: 1, unit: week, handoff: "09:00", start: "1999-12-27", people: [lea]}
`

// withExperts is the storefront with these changes.
func withExperts() string {
	storefront, rest, _ := strings.Cut(mustertest.Storefront, "kind: roster\n")
	_, rest, _ = strings.Cut(rest, "---\n")
	return storefront + strings.TrimPrefix(knowing, "\n") + "---\n" + rest
}

// askTheExpert is the story of an alert that needs somebody who knows, and of a trainee who watches.
func askTheExpert(t *testing.T, w *mustertest.World) {
	t.Helper()
	alert := w.Fire("cart", "critical")
	rang := notified(t, w, 2)
	for _, r := range rang {
		if (r.Person == "Ravi") != (r.Page != "") || (r.Person == "Lea") != strings.HasPrefix(r.Title, "You shadow: Ravi was paged about ") {
			t.Errorf("the phone of %s shows %+v", r.Person, r)
		}
	}
	why := w.Do("ana", "GET", "/api/v1/alerts/"+alert+"/why", nil).Want(http.StatusOK)
	if why.Text("informed.0.id") != "lea" || why.JSON("people.1") != nil {
		t.Errorf("the explanation tells %s", why.Body)
	}

	list := w.Do("ravi", "GET", "/api/v1/experts", nil).Want(http.StatusOK)
	if list.Text("items.0.topic") != "database" || list.Text("items.0.asked.0.id") != "noor" || list.JSON("items.0.experts.0.quiet_now") != true {
		t.Errorf("the directory says %s", list.Body)
	}
	w.Do("ravi", "GET", "/api/v1/experts?topic=databse", nil).Want(http.StatusNotFound)

	key := w.Do("ravi", "POST", "/api/v1/alerts/"+alert+"/acknowledge", nil).Want(http.StatusOK).Text("incident_key")
	w.Do("ravi", "POST", "/api/v1/alerts/"+alert+"/page", map[string]string{"topic": "databse"}).Want(http.StatusUnprocessableEntity)
	w.Do("ravi", "POST", "/api/v1/alerts/"+alert+"/page", map[string]string{"topic": "cosmos db", "note": "it hangs"}).Want(http.StatusOK)
	rang = notified(t, w, 3)
	if rang[2].Person != "Noor" || rang[2].Page == "" {
		t.Fatalf("the phone of %+v rang, want Noor's", rang[2])
	}
	token := rang[2].Link[strings.LastIndex(rang[2].Link, "/")+1:]
	w.Do("", "POST", "/p/"+token+"/ack", nil).Want(http.StatusSeeOther)
	inc := w.Do("ana", "GET", "/api/v1/incidents/"+key, nil).Want(http.StatusOK)
	if !strings.Contains(string(inc.Body), `"role":"expert","person":"noor"`) {
		t.Errorf("Noor is no expert of the incident: %s", inc.Body)
	}
}

func TestAskTheExpert(t *testing.T) {
	dir := t.TempDir()
	bubbleOf(t, mustertest.Options{Dir: dir, Docs: withExperts()}, func(t *testing.T, w *mustertest.World) {
		askTheExpert(t, w)
		pass(time.Hour)
	})
}

func TestAskTheExpertOnPostgres(t *testing.T) {
	w := mustertest.New(t, mustertest.Options{Store: mustertest.Postgres(t), Docs: withExperts()})
	defer w.Stop()
	askTheExpert(t, w)
}

// bubbleOf tells a story in a bubble, in a world of its own.
func bubbleOf(t *testing.T, o mustertest.Options, story func(t *testing.T, w *mustertest.World)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := mustertest.New(t, o)
		defer w.Stop()
		story(t, w)
	})
}
