package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/api"
)

// A person's key is remembered between requests; what is done through this node counts from the next request on.
func TestARememberedKeyStopsAtOnce(t *testing.T) {
	w := newWorld(t)
	as := func(token string) []string { return []string{"Authorization", "Bearer " + token} }
	var keys struct{ Items []muster.APIKey }
	must(t, json.Unmarshal(w.do("GET", "/api/v1/keys", "").Body.Bytes(), &keys))
	want(t, w.do("GET", "/api/v1/oncall", "", as(w.viewer)...), 200)
	want(t, w.do("GET", "/api/v1/oncall", "", as(w.viewer)...), 200)
	for _, k := range keys.Items {
		if k.User == "vic" {
			want(t, w.do("DELETE", "/api/v1/keys/"+string(k.ID), ""), 204)
		}
	}
	want(t, w.do("GET", "/api/v1/oncall", "", as(w.viewer)...), 401)
	want(t, w.do("GET", "/api/v1/oncall", ""), 200)
}

// A session that was opened with a key is not remembered: it ends with the key, by the header and by the cookie.
func TestASessionStopsWithItsKey(t *testing.T) {
	w := newWorld(t)
	session, err := w.commands.SignInByKey(t.Context(), w.viewer, "a browser")
	must(t, err)
	byHeader, byCookie := []string{"Authorization", "Bearer " + session}, []string{"Authorization", "", "Cookie", "muster=" + session}
	byKey := []string{"Authorization", "Bearer " + w.viewer}
	for _, h := range [][]string{byHeader, byCookie, byKey} {
		want(t, w.do("GET", "/api/v1/oncall", "", h...), 200)
	}
	var keys struct{ Items []muster.APIKey }
	must(t, json.Unmarshal(w.do("GET", "/api/v1/keys", "").Body.Bytes(), &keys))
	for _, k := range keys.Items {
		if k.User == "vic" {
			want(t, w.do("DELETE", "/api/v1/keys/"+string(k.ID), ""), 204)
		}
	}
	for _, h := range [][]string{byHeader, byCookie, byKey} {
		want(t, w.do("GET", "/api/v1/oncall", "", h...), 401)
	}
}

func TestARememberedKeyHasTheRightsOfNow(t *testing.T) {
	w := newWorld(t)
	vic := []string{"Authorization", "Bearer " + w.viewer}
	admin := `{"display":"Vic Moreau","zone":"UTC","access":"admin"}`
	want(t, w.do("GET", "/api/v1/audit", "", vic...), 403)
	want(t, w.do("PUT", "/api/v1/users/vic", admin, "If-Match", "*"), 200)
	want(t, w.do("GET", "/api/v1/audit", "", vic...), 200)
	want(t, w.do("PUT", "/api/v1/users/vic", `{"display":"Vic Moreau","zone":"UTC","access":"viewer"}`, "If-Match", "*"), 200)
	want(t, w.do("GET", "/api/v1/audit", "", vic...), 403)
	want(t, w.do("PUT", "/api/v1/users/vic", `{"display":"Vic Moreau","zone":"UTC","disabled":true}`, "If-Match", "*"), 200)
	want(t, w.do("GET", "/api/v1/oncall", "", vic...), 401)
}

// lookups counts how often the store is asked, and can be revoked while it answers.
type lookups struct {
	sink
	asked   int
	key     muster.APIKeyID
	revoked bool
	between func() // what happens between reading and answering
}

func (l *lookups) ByToken(_ context.Context, _ string, via muster.Surface) (muster.Actor, error) {
	l.asked++
	if l.revoked {
		return muster.Actor{}, muster.Errorf(muster.ErrUnauthenticated, "nobody")
	}
	if l.between != nil {
		l.between()
	}
	return muster.Actor{User: "ana", Access: muster.AccessViewer, Key: l.key, Surface: via}, nil
}

func (l *lookups) door(t *testing.T) (a *api.API, ask func() int) {
	cat := muster.NewCatalog(1, nil, nil)
	a, err := api.New(api.Options{Keys: l, Intake: l, Audit: l, Catalog: func() *muster.Catalog { return cat }})
	must(t, err)
	return a, func() int {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody)
		req.Header.Set("Authorization", "Bearer token")
		rec := httptest.NewRecorder()
		a.ServeHTTP(rec, req)
		return rec.Code
	}
}

// Another node tells nobody here that it revoked a key: after a second the store is asked again.
func TestAKeyIsRememberedForASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lookups{key: "key_1"}
		_, ask := l.door(t)
		for range 10 {
			if code := ask(); code != 200 {
				t.Fatalf("answered %d", code)
			}
		}
		if l.asked != 1 {
			t.Errorf("ten requests asked the store %d times", l.asked)
		}
		l.revoked = true
		<-time.After(time.Second)
		if code := ask(); code != 401 {
			t.Errorf("a second after it was revoked elsewhere it is answered %d", code)
		}
	})
}

func TestASessionIsNotRemembered(t *testing.T) {
	l := &lookups{}
	_, ask := l.door(t)
	ask()
	ask()
	if l.asked != 2 {
		t.Errorf("two requests asked the store %d times", l.asked)
	}
}

// The look-up read the key before it was revoked, and answers after everything was forgotten.
func TestALookUpThatIsOvertakenIsNotRemembered(t *testing.T) {
	l := &lookups{key: "key_1"}
	a, ask := l.door(t)
	l.between = func() {
		l.revoked = true
		a.Invalidate()
	}
	ask()
	if code := ask(); code != 401 {
		t.Errorf("a revoked key is answered %d", code)
	}
}
