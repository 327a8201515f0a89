package catalog

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/rota"
)

// Load reads the catalog as it stood at a revision.
type Load func(ctx context.Context, rev muster.Revision) (*muster.Catalog, error)

// maxOld is how many older snapshots are kept for explanations.
const maxOld = 24

// Live holds the newest snapshot and a few older ones. It is safe for concurrent use; reading the newest takes no lock.
type Live struct {
	current atomic.Pointer[plan.Snapshot]
	load    Load

	mu    sync.Mutex
	zones *rota.Zones      // that every snapshot has
	old   []*plan.Snapshot // the one that was used last at the end
}

// NewLive returns an empty holder that finds older revisions with load, and that decides with the zones that Muster carries
// until [Live.UseZones] brings others.
func NewLive(load Load) *Live { return &Live{load: load, zones: rota.NewZones()} }

// Zones are those that snapshots have from now on.
func (l *Live) Zones() *rota.Zones {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.zones
}

// UseZones puts other zones into every snapshot that is asked for from here on. Whoever decides at this moment goes on with
// the snapshot that it has, so that no decision mixes two.
func (l *Live) UseZones(zones *rota.Zones) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.zones = zones
	for i, s := range l.old {
		l.old[i] = s.WithZones(zones)
	}
	if s := l.current.Load(); s != nil {
		l.current.Store(s.WithZones(zones))
	}
}

// Current is the newest snapshot; nil before the first [Live.Swap].
func (l *Live) Current() *plan.Snapshot { return l.current.Load() }

// Swap makes s the newest snapshot, unless a newer one came before it.
func (l *Live) Swap(s *plan.Snapshot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.current.Load()
	if was != nil && was.Catalog.Revision > s.Catalog.Revision {
		return
	}
	l.current.Store(s.WithZones(l.zones)) // others may have come while s was made
	if was != nil && was.Catalog.Revision != s.Catalog.Revision {
		l.keep(was)
	}
}

// At is the snapshot of a revision: the newest, a kept one, or one that is loaded. Documents of an older catalog that
// cannot be used any more are left out, as they were then.
func (l *Live) At(ctx context.Context, rev muster.Revision) (*plan.Snapshot, error) {
	if s := l.Current(); s != nil && s.Catalog.Revision == rev {
		return s, nil
	}
	if s := l.kept(rev); s != nil {
		return s, nil
	}
	if l.load == nil {
		return nil, muster.Errorf(muster.ErrNotFound, "The catalog's revision %d is not kept.", rev)
	}
	c, err := l.load(ctx, rev)
	if err != nil {
		return nil, fmt.Errorf("load revision %d of the catalog: %w", rev, err)
	}
	s, _ := plan.NewSnapshot(c, l.Zones())
	if c.Revision == rev {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.keep(s.WithZones(l.zones))
	}
	return s, nil
}

// History is [Live.At] for [plan.Explain], within the life of a request. All of its snapshots have the same zones, whatever
// happens meanwhile.
func (l *Live) History(ctx context.Context) plan.History {
	zones := l.Zones()
	return historyFunc(func(rev muster.Revision) (*plan.Snapshot, error) {
		s, err := l.At(ctx, rev)
		if err != nil {
			return nil, err
		}
		return s.WithZones(zones), nil
	})
}

type historyFunc func(muster.Revision) (*plan.Snapshot, error)

// At implements [plan.History].
func (f historyFunc) At(rev muster.Revision) (*plan.Snapshot, error) { return f(rev) }

func (l *Live) kept(rev muster.Revision) *plan.Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.old, func(s *plan.Snapshot) bool { return s.Catalog.Revision == rev })
	if i < 0 {
		return nil
	}
	s := l.old[i]
	l.old = append(slices.Delete(l.old, i, i+1), s)
	return s
}

// keep is called with mu locked.
func (l *Live) keep(s *plan.Snapshot) {
	s.Forget() // explanations ask for moments, not for weeks
	l.old = slices.DeleteFunc(l.old, func(o *plan.Snapshot) bool { return o.Catalog.Revision == s.Catalog.Revision })
	l.old = append(l.old, s)
	if len(l.old) > maxOld {
		l.old = slices.Delete(l.old, 0, len(l.old)-maxOld)
	}
}
