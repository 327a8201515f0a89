package httpx

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
)

// SSE writes server-sent events. It is for one goroutine: the handler's, whose loop also sends [SSE.KeepAlive] now and
// then and ends with the request's context.
type SSE struct {
	w   http.ResponseWriter
	rc  *http.ResponseController
	buf []byte
}

// sseWrite is how long one event may take to leave. A browser that takes none for so long is gone.
const sseWrite = 15 * time.Second

// KeepAliveEvery is how often a quiet stream should call [SSE.KeepAlive]: below the minute after which proxies hang up.
const KeepAliveEvery = 20 * time.Second

// NewSSE begins the stream. The answer's headers leave at once, so that the browser knows that it is connected.
func NewSSE(w http.ResponseWriter, _ *http.Request) (*SSE, error) {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would collect events
	s := &SSE{w: w, rc: http.NewResponseController(w)}
	w.WriteHeader(http.StatusOK)
	if err := s.rc.Flush(); err != nil {
		return nil, muster.WrapError(muster.ErrInternal, err, "The connection cannot stream.")
	}
	return s, nil
}

// LastEventID is where a stream that broke off wants to go on, "" for a new one.
func LastEventID(r *http.Request) string {
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		return id
	}
	return r.URL.Query().Get("last_event_id")
}

// Event sends one event. id and name are one line each and may be ""; data may have many lines.
func (s *SSE) Event(id, name, data string) error {
	b := s.buf[:0]
	if id != "" {
		b = append(append(append(b, "id: "...), oneLine(id)...), '\n')
	}
	if name != "" {
		b = append(append(append(b, "event: "...), oneLine(name)...), '\n')
	}
	data = strings.ReplaceAll(strings.ReplaceAll(data, "\r\n", "\n"), "\r", "\n")
	for line := range strings.SplitSeq(data, "\n") {
		b = append(append(append(b, "data: "...), line...), '\n')
	}
	b = append(b, '\n')
	s.buf = b
	return s.send(b)
}

// Retry tells the browser how long to wait before it connects again.
func (s *SSE) Retry(d time.Duration) error {
	return s.send([]byte("retry: " + strconv.FormatInt(d.Milliseconds(), 10) + "\n\n"))
}

// KeepAlive sends a comment, which browsers ignore and proxies see.
func (s *SSE) KeepAlive() error { return s.send([]byte(":\n\n")) }

func (s *SSE) send(b []byte) error {
	// Test servers have no deadlines to set; a stream without one is still a stream.
	_ = s.rc.SetWriteDeadline(time.Now().Add(sseWrite))
	if _, err := s.w.Write(b); err != nil {
		return fmt.Errorf("the reader of the stream is gone: %w", err)
	}
	if err := s.rc.Flush(); err != nil {
		return fmt.Errorf("the reader of the stream is gone: %w", err)
	}
	return nil
}

func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == 0 {
			return -1
		}
		return r
	}, s)
}
