package web_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
)

func viewer() query.Viewer { return query.Viewer{Actor: admin()} }

// stream is a live stream that is read line by line.
type stream struct {
	t      testing.TB
	lines  *bufio.Scanner
	cancel context.CancelFunc
}

func (p *person) listen(topic, last string) *stream {
	p.t.Helper()
	ctx, cancel := context.WithCancel(p.t.Context())
	p.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.server.URL+"/live?topic="+topic, nil)
	p.must(err)
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	res, err := p.client.Do(req)
	p.must(err)
	p.t.Cleanup(func() { _ = res.Body.Close() })
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		p.t.Fatalf("the stream is answered %d %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	return &stream{p.t, bufio.NewScanner(res.Body), cancel}
}

// next is the id and the parts of the next event.
func (s *stream) next() (id string, parts []string) {
	s.t.Helper()
	for s.lines.Scan() {
		switch name, value, _ := strings.Cut(s.lines.Text(), ": "); name {
		case "id":
			id = value
		case "data":
			return id, strings.Fields(value)
		}
	}
	s.t.Fatalf("the stream ended: %v", s.lines.Err())
	return "", nil
}

func has(parts []string, want ...string) bool {
	for _, w := range want {
		found := false
		for _, p := range parts {
			found = found || p == w
		}
		if !found {
			return false
		}
	}
	return true
}

func TestALiveRoomSaysWhatChangedAndResumes(t *testing.T) {
	w := newWorld(t)
	a := w.fire("Cart fails")
	inc, err := w.queries.Incident(t.Context(), viewer(), string(a.IncidentKey))
	w.must(err)
	self, p := "/i/"+string(inc.Key), w.as("ana")
	topic := "incident:" + string(inc.ID)
	s := p.listen(topic, fmt.Sprint(w.room(inc.Key).LastSeq))
	p.post(self+"/say", "kind", "said", "text", "one")
	id, parts := s.next()
	for !has(parts, "stream") { // the first visit marks who has seen it
		id, parts = s.next()
	}
	s.cancel()
	p.post(self+"/say", "kind", "said", "text", "two")
	p.post(self+"/role", "role", "scribe", "person", "mia")

	s = p.listen(topic, id)
	next, parts := s.next()
	if !has(parts, "stream", "roles", "head") || next != fmt.Sprint(w.room(inc.Key).LastSeq) {
		t.Errorf("resumed after %s with %s %v", id, next, parts)
	}
	s = p.listen(topic, next)
	p.post(self+"/theories", "text", "three")
	if _, parts := s.next(); !has(parts, "theories") {
		t.Errorf("nothing was missed, and the stream says %v", parts)
	}
	if s := p.listen("now", "17"); true {
		if _, parts := s.next(); !has(parts, "*") {
			t.Errorf("a page without a sequence resumes with %v", parts)
		}
	}
	p.get("/live?topic=secrets").want(t, http.StatusNotFound)
	p.get("/live?topic=incident:INC-1").want(t, http.StatusNotFound)
}

func TestNowAndPhonesAreLive(t *testing.T) {
	w := newWorld(t)
	p := w.as("ana")
	s, phones := p.listen("now", ""), p.listen("phones", "")
	w.fire("Cart fails")
	if _, parts := s.next(); !has(parts, "incidents", "headline", "unowned", "list", "wall") {
		t.Errorf("now says %v", parts)
	}
	if _, parts := phones.next(); !has(parts, "phones") {
		t.Errorf("phones say %v", parts)
	}
	s = p.listen("now", "")
	w.must(w.commands.Batch(t.Context(), "Team", admin(), func(b *command.Batch) error {
		return b.Apply(command.ApplyDocuments{Documents: "kind: team\nname: x\ntitle: X\n"})
	}))
	if _, parts := s.next(); !has(parts, "oncall") {
		t.Errorf("after a new document now says %v", parts)
	}
}

func TestStreamsEndWithTheServerAndTheSession(t *testing.T) {
	w := newWorld(t)
	p := w.as("ana")
	open := make([]*stream, 0, 16)
	for range 16 {
		open = append(open, p.listen("now", ""))
	}
	p.get("/live?topic=now").want(t, http.StatusTooManyRequests)
	w.as("ravi").listen("now", "") // another session has streams of its own
	w.web.Close()
	for _, s := range open {
		for s.lines.Scan() {
		}
	}
	w.web.Close() // may be called twice
}

func TestEveryKindOfEntryChangesAPartOfTheRoom(t *testing.T) {
	w := newWorld(t)
	a := w.fire("Cart fails")
	body := w.as("ana").get("/i/"+string(a.IncidentKey)).want(t, 200).body
	for _, part := range []string{"stream", "answers", "seen", "head", "phases", "menu", "alerts", "roles", "actions", "theories", "status", "guidance"} {
		if !strings.Contains(body, `data-part="`+part+`"`) {
			t.Errorf("the room has no part %q", part)
		}
	}
}
