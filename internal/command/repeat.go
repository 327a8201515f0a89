package command

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/muster-oncall/muster"
)

// repeats remembers what was said last about alerts: nine in ten signals say again what is stored already, and then their
// rows need not hold it once more. It is this node's own and forgets at every start: whatever it does not know is stored
// in full.
type repeats struct {
	seed maphash.Seed

	mu         sync.Mutex
	young, old map[muster.AlertID]said
}

// said is a signal that was stored in full.
type said struct {
	sum uint64
	in  muster.SignalID
	at  muster.Instant
}

const (
	maxSaid  = 8192      // alerts of each of the two generations
	saidLife = time.Hour // so long a signal in full stands for others, which are deleted with it, or little later
)

func newRepeats() *repeats {
	return &repeats{seed: maphash.MakeSeed(), young: map[muster.AlertID]said{}}
}

// of is what was said last, if that is not too old.
func (r *repeats) of(a muster.AlertID, now muster.Instant) (said, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.young[a]
	if !ok {
		s, ok = r.old[a]
	}
	return s, ok && now.Sub(s.at.Time).Abs() < saidLife
}

// learn takes what a transaction has stored in full, after its commit.
func (r *repeats) learn(news map[muster.AlertID]said) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for a, s := range news {
		if len(r.young) >= maxSaid {
			r.young, r.old = make(map[muster.AlertID]said, maxSaid), r.young
		}
		r.young[a] = s
	}
}

// sum is equal for signals that say the same besides their times, and differs for all others: its seed is random, and it is
// compared with one other sum alone.
func (r *repeats) sum(s *muster.Signal) uint64 {
	var h maphash.Hash
	h.SetSeed(r.seed)
	text := func(t string) {
		_, _ = h.WriteString(t) // it takes everything
		_ = h.WriteByte(0xff)   // which is in no text
	}
	for _, t := range [...]string{
		string(s.Source), s.Key, string(s.State), s.Title, s.Summary, string(s.Severity), s.Impact, s.Action, string(s.Service),
		string(s.DetectedBy), s.Reporter,
	} {
		text(t)
	}
	if s.Triage {
		text("triage")
	}
	for _, l := range s.Links {
		text(l.Title)
		text(l.URL)
	}
	for _, list := range [...][]string{s.Identity, s.Mapped} {
		_ = h.WriteByte(0xfe)
		for _, t := range list {
			text(t)
		}
	}
	labels := uint64(len(s.Labels))
	for k, v := range s.Labels { // in any order
		labels += maphash.String(r.seed, k)*3 ^ maphash.String(r.seed, v)
	}
	return h.Sum64() ^ labels*0x9e3779b97f4a7c15
}
