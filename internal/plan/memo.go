package plan

import "sync"

// maxMemo is how many stretches of time a snapshot keeps at most: about ten megabytes, where there are a hundred rosters.
const maxMemo = 60_000

// memo keeps what follows from a snapshot alone, so that screens need not compute it at each view. A change of the catalog
// or of the zone data makes another snapshot, whose memo is empty.
type memo struct {
	mu   sync.Mutex
	kept map[any]any
	size int
}

// Kept gives what was computed under a key before, or computes it. It must follow from the snapshot and the key alone, and
// nobody may change it. Types of keys keep what different callers ask for apart; size counts the stretches of time in it.
// When too much is kept, all of it is forgotten.
func Kept[K comparable, V any](s *Snapshot, key K, size func(V) int, compute func() V) V {
	s.memo.mu.Lock()
	v, ok := s.memo.kept[key].(V)
	s.memo.mu.Unlock()
	if ok {
		return v
	}
	v = compute()
	n := size(v) + 1
	if n > maxMemo {
		return v
	}
	s.memo.mu.Lock()
	defer s.memo.mu.Unlock()
	if s.memo.kept == nil || s.memo.size+n > maxMemo {
		s.memo.kept, s.memo.size = map[any]any{}, 0
	}
	if _, ok := s.memo.kept[key]; !ok { // somebody else may have been faster
		s.memo.kept[key] = v
		s.memo.size += n
	}
	return v
}

// Forget lets go of what [Kept] keeps: the snapshot is not the newest any more.
func (s *Snapshot) Forget() {
	s.memo.mu.Lock()
	defer s.memo.mu.Unlock()
	s.memo.kept, s.memo.size = nil, 0
}
