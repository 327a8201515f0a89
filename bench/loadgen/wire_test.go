package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestWireSpeaksHTTP holds requests and answers of the hand-written client against net/http's server.
func TestWireSpeaksHTTP(t *testing.T) {
	var mu sync.Mutex
	conns := map[string]bool{}
	var got string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		mu.Lock()
		conns[r.RemoteAddr] = true
		got = fmt.Sprintf("%s %s %s %s %v", r.Method, r.URL, r.Header.Get("X-A"), body, err)
		mu.Unlock()
		switch r.URL.Query().Get("answer") {
		case "none":
			w.WriteHeader(http.StatusNoContent)
		case "chunks":
			w.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(w, "one,")
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w, "two")
		case "close":
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, "bye")
		default:
			w.WriteHeader(http.StatusAccepted)
			_, _ = io.WriteString(w, strings.Repeat("x", 10_000))
		}
	}))
	defer srv.Close()
	w, err := newWire(srv.URL+"/", 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	tg := &target{url: srv.URL + "/in/{{key}}?answer={{i}}", headers: http.Header{"X-A": {"b"}}, keys: []string{"k0", "k1"}, tmpl: `{"a":"{{token}}","b":"{{other}}"}`}
	tg.useWire(w)
	if code, text, err := tg.send(1, []string{"lg-a-1"}); code != 202 || text != "" || err != nil {
		t.Errorf("%d %q %v", code, text, err)
	}
	if want := `POST /in/k1?answer=1 b {"a":"lg-a-1","b":"{{other}}"} <nil>`; got != want {
		t.Errorf("it sent %s\nnot %s", got, want)
	}
	for _, c := range []struct {
		answer string
		code   int
		text   string
	}{{"none", 204, ""}, {"chunks", 409, "one,two"}, {"", 202, ""}, {"close", 400, "bye"}, {"", 202, ""}} {
		code, text, err := w.post(nil, func(b []byte) []byte { return append(b, "/?answer="+c.answer...) }, func(b []byte) []byte { return b })
		if code != c.code || text != c.text || err != nil {
			t.Errorf("%q: %d %q %v", c.answer, code, text, err)
		}
	}
	if len(conns) != 2 {
		t.Errorf("%d connections, not one until it was closed and another one after that", len(conns))
	}
	srv.CloseClientConnections()
	if code, _, err := w.post(nil, func(b []byte) []byte { return append(b, '/') }, func(b []byte) []byte { return b }); err == nil || code != 0 {
		t.Errorf("a connection that was cut off answered %d", code)
	}
}
