package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"sync"
	"time"
)

var tokenShape = regexp.MustCompile(`lg-[0-9a-z]+-[0-9]+`)

// sink takes pages, counts the alerts that they are about, and writes a log that `loadgen verify` reads.
type sink struct {
	srv *http.Server
	mu  sync.Mutex
	log *bufio.Writer
	f   *os.File

	seen  map[string]int
	calls map[call]time.Time // when whom was paged first about what
	first time.Time
	last  time.Time
}

// call is a page: about which alert, and to whose address.
type call struct{ token, path string }

// listen starts a sink. Its log is appended to, so that a sink may be started again.
func listenSink(ctx context.Context, addr, log string) (*sink, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	s := &sink{f: f, log: bufio.NewWriter(f), seen: map[string]int{}, calls: map[call]time.Time{}}
	s.srv = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := s.srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "bench: the sink ended:", err)
		}
	}()
	return s, nil
}

// ServeHTTP takes one page.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	at, token := time.Now(), tokenShape.Find(body)
	if token != nil {
		s.mu.Lock()
		if s.seen[string(token)]++; s.seen[string(token)] == 1 {
			s.last = at
			if s.first.IsZero() {
				s.first = at
			}
		}
		if c := (call{string(token), r.URL.Path}); s.calls[c].IsZero() {
			s.calls[c] = at
		}
		fmt.Fprintf(s.log, "%d %s %s\n", at.UnixMicro(), r.URL.Path, token)
		s.mu.Unlock()
	}
	w.WriteHeader(http.StatusNoContent)
}

// arrived is how many alerts have been paged about.
func (s *sink) arrived() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen)
}

// called is how many pages arrived that differ in their alert or in whom they are for.
func (s *sink) called() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.calls)
}

// again is how many pages arrived more than once.
func (s *sink) again() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.seen {
		if c > 1 {
			n++
		}
	}
	return n
}

// await waits until so many alerts have been paged about, and says when the last came.
func (s *sink) await(ctx context.Context, n int, within time.Duration) (last time.Time, ok bool) {
	for end := time.Now().Add(within); s.arrived() < n; {
		if time.Now().After(end) || ctx.Err() != nil {
			return time.Time{}, false
		}
		time.Sleep(2 * time.Millisecond)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last, true
}

// close ends the sink and writes its log out.
func (s *sink) close() error {
	err := s.srv.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(err, s.log.Flush(), s.f.Close())
}
