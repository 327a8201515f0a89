package web

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/event"
	"github.com/muster-oncall/muster/internal/httpx"
)

// maxStreams is how many live streams one session may hold: more tabs than anybody looks at.
const maxStreams = 16

// streams counts the live streams of each session.
type streams struct {
	mu   sync.Mutex
	open map[string]int
}

func (s *streams) enter(who string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[who] >= maxStreams {
		return false
	}
	s.open[who]++
	return true
}

func (s *streams) leave(who string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[who]--; s.open[who] <= 0 {
		delete(s.open, who)
	}
}

// topic is what a stream listens to.
type topic struct {
	name     string
	incident muster.IncidentID // of a room
	parts    func([]string) []string
	bus      []string
}

// listen streams what changed: `event: changed` with the names of the parts of the page, for those who are signed in.
func (v *visit) listen() error {
	t, err := topicOf(v.param("topic"))
	if err != nil {
		return err
	}
	t.bus = append(t.bus, command.NoticeTopic(v.actor.User))
	return v.stream(t, v.cookies.Token(v.r), v.identify)
}

func topicOf(name string) (topic, error) {
	kind, ref, _ := strings.Cut(name, ":")
	switch kind {
	case "now":
		return topic{name: name, parts: nowParts, bus: []string{"now"}}, nil
	case "phones":
		return topic{name: name, parts: phonesParts, bus: []string{"now", "pages"}}, nil
	case "setup":
		return topic{name: name, parts: statusParts, bus: []string{"now", "pages"}}, nil
	case "status":
		return topic{name: name, parts: statusParts, bus: []string{"now"}}, nil
	case "incident":
		id, err := muster.ParseID[muster.IncidentID](ref)
		return topic{name: name, incident: id, parts: roomParts, bus: []string{name}}, err
	case "alert":
		_, err := muster.ParseID[muster.AlertID](ref)
		return topic{name: name, parts: alertParts, bus: []string{name}}, err
	case "review":
		_, err := muster.ParseID[muster.ReviewID](ref)
		return topic{name: name, parts: reviewParts, bus: []string{name}}, err
	}
	return topic{}, muster.Errorf(muster.ErrNotFound, "There is nothing live called %q.", muster.Clip(name, 40))
}

// stream sends changes until the reader goes, the session ends or the server stops. It subscribes before it asks what
// was missed, so that nothing falls between the two.
func (v *visit) stream(t topic, who string, still func() error) error {
	if v.r.Method != http.MethodGet {
		return nil // HEAD: there is a stream here
	}
	if !v.streams.enter(who) {
		return &muster.Error{Code: muster.ErrRateLimited, Message: "Too many live tabs are open. Close some.", RetryAfter: 10 * time.Second}
	}
	defer v.streams.leave(who)
	sub := v.Bus.Subscribe(t.bus...)
	defer sub.Close()
	missed, seq, err := v.missed(t)
	if err != nil {
		return err
	}
	out, err := httpx.NewSSE(v.w, v.r)
	if err != nil {
		return err
	}
	if out.Retry(2*time.Second) != nil {
		return nil
	}
	if len(missed) > 0 && v.changed(out, missed, seq) != nil {
		return nil
	}
	v.pump(t, sub, out, still)
	return nil
}

func (v *visit) pump(t topic, sub *event.Subscription, out *httpx.SSE, still func() error) {
	tick := time.NewTicker(httpx.KeepAliveEvery)
	defer tick.Stop()
	for {
		select {
		case <-v.ctx().Done():
			return
		case <-v.closing:
			return
		case <-tick.C:
			if still() != nil || out.KeepAlive() != nil {
				return
			}
		case <-sub.C:
			events, lost := sub.Take()
			var kinds []string
			var seq int64
			for _, e := range events {
				kinds = append(kinds, e.Parts...)
				seq = max(seq, e.Seq)
			}
			parts := withBell(t, kinds)
			if lost {
				parts = []string{"*"}
			}
			if v.changed(out, parts, seq) != nil {
				return
			}
		}
	}
}

// changed tells the page which of its parts to fetch again. In the demo its strip may change with everything.
func (v *visit) changed(out *httpx.SSE, parts []string, seq int64) error {
	if v.Guide.Strip != nil {
		parts = append(parts, "guide")
	}
	if len(parts) == 0 {
		return nil
	}
	id := ""
	if seq > 0 {
		id = strconv.FormatInt(seq, 10)
	}
	return out.Event(id, "changed", strings.Join(parts, " "))
}

// missed asks the rows what a reader does not have yet, who comes back with the last event that it saw. In a room that is
// the sequence of its timeline; other pages have none and are fetched again as a whole. A page that was just loaded has
// seen no event: it is fetched again when anything happened between its loading and now.
func (v *visit) missed(t topic) (parts []string, seq int64, err error) {
	last := httpx.LastEventID(v.r)
	if last == "" {
		if after := v.param("after"); after != "" && after != v.Bus.Mark() {
			return []string{"*"}, 0, nil
		}
		return nil, 0, nil
	}
	after, perr := strconv.ParseInt(last, 10, 64)
	known := t.incident != "" && perr == nil && after >= 0
	if !known {
		return []string{"*"}, 0, nil
	}
	entries, err := v.entriesAfter(t.incident, after)
	if err != nil {
		return nil, 0, err
	}
	var kinds []string
	for _, e := range entries {
		kinds = append(kinds, string(e.Kind))
		seq = max(seq, e.Seq)
	}
	return t.parts(kinds), seq, nil
}
