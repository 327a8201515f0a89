// Package event is the bus that the store's commit hook feeds: live screens learn that something changed and read it
// again. It carries that something changed, not what it means; nothing depends on an event arriving, because whoever
// listens can always read the rows. It may import store.
//
// Order: the events of one commit are published together and in their order; a subscriber sees commits in the order in
// which they were published. A subscriber that does not keep up loses events, never memory: it is told so by Missed.
package event

import (
	"strconv"
	"sync"
	"time"

	"github.com/muster-oncall/muster/internal/store"
)

// backlog is how many events wait for a subscriber.
const backlog = 512

// Bus hands events to subscribers. The zero value is not usable: make it with New.
type Bus struct {
	mu     sync.Mutex
	topics map[string]map[*Subscription]struct{}
	count  uint64 // of the publications so far
	born   int64  // tells this bus from that of another node, or of before a restart
}

// New returns a bus without subscribers.
func New() *Bus {
	return &Bus{topics: map[string]map[*Subscription]struct{}{}, born: time.Now().UnixNano()}
}

// Mark names how far the bus is. Who subscribes later and finds another mark than at the time of reading the rows reads
// them again: something may have changed in between, on any topic.
func (b *Bus) Mark() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strconv.FormatInt(b.born, 36) + "-" + strconv.FormatUint(b.count, 36)
}

// Publish hands events to those who subscribed to their topics. It never waits.
func (b *Bus) Publish(events []store.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count++
	for _, e := range events {
		for s := range b.topics[e.Topic] {
			s.add(e)
		}
	}
}

// Missed tells every subscriber that something may have been lost: hints of other nodes did not come for a while.
func (b *Bus) Missed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count++
	for _, subs := range b.topics {
		for s := range subs {
			s.lost()
		}
	}
}

// Subscription receives the events of some topics.
type Subscription struct {
	// C has a value when there is something to take.
	C      chan struct{}
	bus    *Bus
	topics []string

	mu     sync.Mutex
	events []store.Event
	missed bool
}

// Subscribe begins to receive. Close it in the end.
func (b *Bus) Subscribe(topics ...string) *Subscription {
	s := &Subscription{C: make(chan struct{}, 1), bus: b, topics: topics}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range topics {
		if b.topics[t] == nil {
			b.topics[t] = map[*Subscription]struct{}{}
		}
		b.topics[t][s] = struct{}{}
	}
	return s
}

func (s *Subscription) add(e store.Event) {
	s.mu.Lock()
	if len(s.events) < backlog {
		s.events = append(s.events, e)
	} else {
		s.missed = true
	}
	s.mu.Unlock()
	select {
	case s.C <- struct{}{}:
	default:
	}
}

func (s *Subscription) lost() {
	s.mu.Lock()
	s.missed = true
	s.mu.Unlock()
	select {
	case s.C <- struct{}{}:
	default:
	}
}

// Take returns what has come in since the last call, and whether something was lost: then read everything again.
func (s *Subscription) Take() (events []store.Event, missed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	events, missed = s.events, s.missed
	s.events, s.missed = nil, false
	return events, missed
}

// Close ends the subscription. It may be called twice.
func (s *Subscription) Close() {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	for _, t := range s.topics {
		delete(s.bus.topics[t], s)
		if len(s.bus.topics[t]) == 0 {
			delete(s.bus.topics, t)
		}
	}
}
