package api

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/muster-oncall/muster"
)

// bearers remembers who bears an API key, so that a program that asks a hundred times a second is not looked up a hundred
// times. What it remembers counts for [keyLife], with the catalog that gave the rights, and until the next
// [API.Invalidate]: a key that is revoked through this node stops at once, one that another node revokes within a second.
// Sessions are not remembered.
type bearers struct {
	mu    sync.RWMutex
	count uint64 // of the times that everything was forgotten
	known map[bearer]bearing
}

// bearer is the hash of a token, which is never kept itself, and the surface by which it came.
type bearer struct {
	hash [sha256.Size]byte
	via  muster.Surface
}

type bearing struct {
	actor   muster.Actor
	catalog *muster.Catalog
	until   time.Time
}

// forget is called after a commit and before its reply. A look-up that runs meanwhile may have read what was before.
func (b *bearers) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count++
	clear(b.known)
}

// bearer finds who bears a token that stands in a header.
func (a *API) bearer(ctx context.Context, token string, via muster.Surface) (muster.Actor, error) {
	key := bearer{sha256.Sum256([]byte(token)), via}
	catalog, now := a.Catalog(), time.Now()
	b := &a.bearers
	b.mu.RLock()
	k, count := b.known[key], b.count
	b.mu.RUnlock()
	if now.Before(k.until) && k.catalog == catalog {
		return k.actor, nil
	}
	actor, err := a.Keys.ByToken(ctx, token, via)
	if err != nil || actor.Key == "" {
		return actor, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.count != count {
		return actor, nil
	}
	if b.known == nil || len(b.known) >= maxKeys {
		b.known = map[bearer]bearing{}
	}
	b.known[key] = bearing{actor, catalog, now.Add(keyLife)}
	return actor, nil
}
