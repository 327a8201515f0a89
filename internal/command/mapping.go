package command

import (
	"sync"
	"time"

	"github.com/muster-oncall/muster"
)

// What is kept of each source to try its mapping with: the newest so many requests, one within a time at most, because the
// busiest source must not pay for it.
const (
	keptSamples = 20
	sampleEvery = 5 * time.Second
)

// samples says when a request of each source was kept last by this process.
type samples struct {
	mu   sync.Mutex
	last map[muster.SourceName]muster.Instant
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
}

// sample notes that a request is one of those to be kept, unless another of its source was just now. One that was chosen
// stays so when its transaction runs again.
func (b *intakeBatch) sample(it *receiveItem, id muster.SignalID) {
	if it.sampled || b.sampled.due(it.Source, b.Now()) {
		it.sampled = true
		b.kept = append(b.kept, sample{it.Source, id})
	}
}

// keepSamples writes them.
func (b *intakeBatch) keepSamples() error {
	for _, s := range b.kept {
		if err := b.KeepSample(s.source, s.id, keptSamples); err != nil {
			return err
		}
	}
	return nil
}
