package httpx_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/muster-oncall/muster/internal/httpx"
)

// What came of a request: an answer, an error after which nobody knows, an error before anything left. None of them shows
// the address.
func TestSend(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/gone":
			panic(http.ErrAbortHandler)
		case "/elsewhere":
			http.Redirect(w, r, "/", http.StatusFound)
		case "/long":
			_, _ = w.Write([]byte(strings.Repeat("x", 200_000)))
		default:
			_, _ = w.Write([]byte("yes"))
		}
	}))
	defer srv.Close()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for name, c := range map[string]struct {
		client *http.Client
		url    string
		status int
		length int
		sent   bool
		is     error
	}{
		"answered":  {srv.Client(), srv.URL, 200, 3, true, nil},
		"redirect":  {srv.Client(), srv.URL + "/elsewhere", 302, -1, true, nil},
		"long":      {srv.Client(), srv.URL + "/long", 200, 64 << 10, true, nil},
		"broke off": {srv.Client(), srv.URL + "/gone", 0, 0, true, nil},
		"nobody":    {srv.Client(), closed.URL, 0, 0, false, nil},
		"refused":   {nil, srv.URL, 0, 0, false, httpx.ErrRefused},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url+"?token=canary", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		got, err := httpx.Send(httpx.Caller(c.client), req)
		status := 0
		if got.Response != nil {
			status = got.Response.StatusCode
		}
		if (err == nil) != (c.status != 0) || status != c.status || got.Sent != c.sent || c.length >= 0 && len(got.Body) != c.length {
			t.Errorf("%s: %d, %d bytes, sent %v, %v", name, status, len(got.Body), got.Sent, err)
		}
		if err != nil && (strings.Contains(err.Error(), "canary") || c.is != nil && !errors.Is(err, c.is)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
