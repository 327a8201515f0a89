package fake_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/muster-oncall/muster/internal/connector/ical/fake"
)

func TestRefuses(t *testing.T) {
	s := fake.New("/secret/basic.ics", fake.Calendar(fake.Day("1", "20261225", "Christmas")))
	for name, c := range map[string]struct {
		method, path string
		header       map[string]string
		status       int
	}{
		"good":           {"GET", "/secret/basic.ics", map[string]string{"User-Agent": "x"}, 200},
		"another path":   {"GET", "/public/basic.ics", map[string]string{"User-Agent": "x"}, 404},
		"a write":        {"PUT", "/secret/basic.ics", map[string]string{"User-Agent": "x"}, 405},
		"without a name": {"GET", "/secret/basic.ics", nil, 403},
		"another type":   {"GET", "/secret/basic.ics", map[string]string{"User-Agent": "x", "Accept": "application/json"}, 406},
	} {
		r := httptest.NewRequestWithContext(t.Context(), c.method, c.path, http.NoBody)
		for k, v := range c.header {
			r.Header.Set(k, v)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != c.status {
			t.Errorf("%s: %d, want %d", name, w.Code, c.status)
		}
	}
	if n := len(s.Refused()); n != 4 {
		t.Errorf("%d refused", n)
	}
}
