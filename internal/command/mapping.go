package command

import (
	"sync"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// What is kept of each source to try its mapping with: the newest so many requests, one within a time at most, because the
// busiest source must not pay for it. Of what came in a format of our own, which no mapping reads, the newest is kept apart.
const (
	keptSamples = 20
	sampleEvery = 5 * time.Second
)

// samples says when a request of each source was kept last by this process.
type samples struct {
	mu   sync.Mutex
	last map[muster.SourceName]muster.Instant
	own  map[string]bool // formats that no parser reads
}

// isOwn reports whether a format is one of our own. There are few of them, and doors take no others.
func (s *samples) isOwn(format string, parse muster.SignalParser) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	own, known := s.own[format]
	if !known && parse != nil {
		_, err := parse(format, &muster.Source{}, nil, muster.Instant{})
		own = muster.CodeOf(err) == muster.ErrNotFound
		if s.own == nil {
			s.own = map[string]bool{}
		}
		s.own[format] = own
	}
	return own
}

func (s *samples) due(source muster.SourceName, now muster.Instant) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last, ok := s.last[source]; ok && now.Sub(last.Time).Abs() < sampleEvery {
		return false
	}
	if s.last == nil {
		s.last = map[muster.SourceName]muster.Instant{}
	}
	s.last[source] = now
	return true
}

// sample is a request to be kept, by its first signal.
type sample struct {
	source muster.SourceName
	id     muster.SignalID
	keep   int
}

// sample notes that a request is one of those to be kept, unless another of its source was just now. One that was chosen
// stays so when its transaction runs again.
func (b *intakeBatch) sample(it *receiveItem, id muster.SignalID) {
	s := sample{it.Source, id, keptSamples}
	if b.sampled.isOwn(it.Format, b.Parse) {
		s.source, s.keep = store.OwnSamples(it.Source), 1
	}
	if it.sampled || b.sampled.due(s.source, b.Now()) {
		it.sampled = true
		b.kept = append(b.kept, s)
	}
}

// keepSamples writes them.
func (b *intakeBatch) keepSamples() error {
	for _, s := range b.kept {
		if err := b.KeepSample(s.source, s.id, s.keep); err != nil {
			return err
		}
	}
	return nil
}
