// Package fake is a server of calendar feeds at secret addresses, with ETag and Last-Modified, which refuses what a careful
// server refuses. Tests use it. It imports the standard library only and shares no code with the connector.
package fake

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Server is an http.Handler that serves one calendar at one path; everything else is 404.
type Server struct {
	mu       sync.Mutex
	path     string
	body     string
	kind     string
	changed  time.Time
	noETag   bool
	refused  []string
	requests []http.Header
	status   int
	header   http.Header
	hang     chan struct{}
}

// New makes a server whose calendar is at path, which begins with a slash.
func New(path, calendar string) *Server {
	s := &Server{path: path}
	s.Set(calendar)
	return s
}

// Calendar is a whole calendar with these components inside.
func Calendar(inside ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//fake//EN\r\n" + strings.Join(inside, "") + "END:VCALENDAR\r\n"
}

// Day is an event of one whole day, written 20261225.
func Day(uid, day, summary string) string {
	return "BEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:" + day + "\r\nSUMMARY:" + summary + "\r\nEND:VEVENT\r\n"
}

// Set replaces the calendar.
func (s *Server) Set(calendar string) { s.SetAs("text/calendar; charset=utf-8", calendar) }

// SetAs replaces what the address shows, by something of a media type.
func (s *Server) SetAs(kind, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kind, s.body = kind, body
	if now := time.Now().UTC().Truncate(time.Second); now.After(s.changed) {
		s.changed = now
	} else {
		s.changed = s.changed.Add(time.Second) // its clock has seconds only, and each version has its own
	}
}

// WithoutETag serves Last-Modified alone.
func (s *Server) WithoutETag() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noETag = true
}

// Move gives the calendar another path; the old one is revoked.
func (s *Server) Move(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.path = path
}

// Answer makes good requests be answered with a status and headers; 0 ends it.
func (s *Server) Answer(status int, header http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.header = status, header
}

// Hang keeps requests waiting until release is called.
func (s *Server) Hang() (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	hang := make(chan struct{})
	s.hang = hang
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.hang = nil
		close(hang)
	}
}

// Refused tells why requests were not answered.
func (s *Server) Refused() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.refused)
}

// Requests are the headers of the good requests.
func (s *Server) Requests() []http.Header {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	path, body, kind, changed, noETag, status, header, hang := s.path, s.body, s.kind, s.changed, s.noETag, s.status, s.header, s.hang
	s.mu.Unlock()
	refuse := func(status int, why string) {
		s.mu.Lock()
		s.refused = append(s.refused, why)
		s.mu.Unlock()
		http.Error(w, why, status)
	}
	switch {
	case r.URL.Path != path:
		refuse(http.StatusNotFound, "there is no calendar at this address")
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		refuse(http.StatusMethodNotAllowed, "calendars are only read")
		return
	case r.Header.Get("User-Agent") == "" || strings.HasPrefix(r.Header.Get("User-Agent"), "Go-http-client"):
		refuse(http.StatusForbidden, "say who you are")
		return
	case r.Header.Get("Accept") != "" && !strings.Contains(r.Header.Get("Accept"), "text/calendar") && !strings.Contains(r.Header.Get("Accept"), "*/*"):
		refuse(http.StatusNotAcceptable, "there are calendars only")
		return
	}
	s.mu.Lock()
	s.requests = append(s.requests, r.Header.Clone())
	s.mu.Unlock()
	if hang != nil {
		select {
		case <-hang:
		case <-r.Context().Done():
			return
		}
	}
	if status != 0 {
		maps.Copy(w.Header(), header)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "body of the answer") // no connector may show it
		return
	}
	sum := sha256.Sum256([]byte(body))
	etag := `"` + hex.EncodeToString(sum[:8]) + `"`
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Last-Modified", changed.Format(http.TimeFormat))
	if !noETag {
		w.Header().Set("ETag", etag)
	}
	if unchanged(r, etag, noETag, changed) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = io.WriteString(w, body) // the caller has gone or hears it
}

// unchanged follows RFC 9110: If-None-Match counts before If-Modified-Since.
func unchanged(r *http.Request, etag string, noETag bool, changed time.Time) bool {
	if match := r.Header.Get("If-None-Match"); match != "" && !noETag {
		return match == "*" || slices.Contains(strings.Split(strings.ReplaceAll(match, " ", ""), ","), etag)
	}
	since, err := http.ParseTime(r.Header.Get("If-Modified-Since"))
	return err == nil && !changed.After(since)
}
