package api

import (
	"context"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/httpx"
)

// Heartbeats takes signs of life of other systems. *command.Commands is one.
type Heartbeats interface {
	Beat(ctx context.Context, in command.Beat) (command.BeatResult, error)
}

// maxBeatText is how much of the body of a sign of life is kept: its end, because that is where a log says what went wrong.
const maxBeatText = 2000

// heartbeat takes one sign of life: POST or PUT /in/{key}/heartbeat/{name}. Its body is free text.
func (d *intakeDoor) heartbeat(w http.ResponseWriter, r *http.Request) {
	begin := time.Now()
	status := http.StatusAccepted
	out, err := d.beat(r, begin)
	if err != nil {
		status = muster.CodeOf(err).HTTPStatus()
		if status >= http.StatusInternalServerError {
			d.Log.ErrorContext(r.Context(), "a heartbeat could not be stored", "error", err)
		}
		httpx.WriteError(w, r, err)
	} else {
		httpx.WriteJSON(w, r, status, out)
	}
	d.Metrics.intake(status, time.Since(begin))
}

func (d *intakeDoor) beat(r *http.Request, begin time.Time) (out command.BeatResult, err error) {
	ctx, cancel := context.WithTimeout(r.Context(), intakeLimit)
	defer cancel()
	k, err := d.key(ctx, r.PathValue("key"))
	if err != nil {
		if muster.CodeOf(err) == muster.ErrUnauthenticated {
			d.refused(r, "unknown intake key", "intake refused", "heartbeat")
		}
		return out, err
	}
	if !k.allow.AllowN(begin, 1) {
		e := muster.Errorf(muster.ErrRateLimited, "This key sends more than %d requests per second. Send again in a second, or ask for a higher limit.", d.rate)
		e.RetryAfter = time.Second
		return out, e
	}
	in := command.Beat{Source: k.source, Name: r.PathValue("name")}
	switch state := strings.ToLower(r.URL.Query().Get("state")); state {
	case "", "ok", "success":
	case "fail", "failed":
		in.Failed = true
	default:
		return out, muster.Errorf(muster.ErrInvalid, "%q is not a state of a heartbeat: leave it out, or write state=fail.", muster.Clip(state, 20))
	}
	buf := d.pool.get()
	defer d.pool.put(buf)
	if err := d.pool.read(buf, r); err != nil {
		return out, err
	}
	if in.Failed {
		in.Text = tail(buf.String(), maxBeatText)
	}
	if d.Heartbeats == nil {
		return out, muster.Errorf(muster.ErrNotFound, "No heartbeats are taken here.")
	}
	return d.Heartbeats.Beat(ctx, in)
}

// tail is the end of a text, at most n bytes of it, from the beginning of a character.
func tail(s string, n int) string {
	if len(s) <= n {
		return s
	}
	s = s[len(s)-n:]
	for len(s) > 0 && !utf8.RuneStart(s[0]) {
		s = s[1:]
	}
	return "…" + s
}

// heartbeatByGet refuses what would change something and is asked for with a method that never does: whoever looks at the
// address with a browser, and everything that follows links, would keep a dead system alive.
func heartbeatByGet(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", "POST, PUT")
	httpx.WriteJSON(problemWriter{w}, r, http.StatusMethodNotAllowed, httpx.Problem{
		Type: "urn:muster:problem:method", Title: "Not this method", Status: http.StatusMethodNotAllowed, Code: muster.ErrNotFound,
		Detail: "GET never changes anything here, so it is no sign of life. Send POST or PUT: curl -fsS -X POST --retry 5 URL",
	})
}
