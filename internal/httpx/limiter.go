package httpx

import (
	"container/list"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/muster-oncall/muster"
)

// Limiter allows each key (an address, an integration key, an account) so many requests in a time. It remembers a
// bounded number of keys: the one that was idle longest is forgotten first, which can only be in its favour.
type Limiter struct {
	mu    sync.Mutex
	every rate.Limit
	burst int
	keep  int
	keys  map[string]*list.Element
	order *list.List // front: used last
}

type limited struct {
	key string
	lim *rate.Limiter
}

// NewLimiter allows n requests per time, all of them at once if need be, for each of keep keys.
func NewLimiter(n int, per time.Duration, keep int) *Limiter {
	return &Limiter{
		every: rate.Every(per / time.Duration(max(n, 1))), burst: max(n, 1), keep: max(keep, 1),
		keys: map[string]*list.Element{}, order: list.New(),
	}
}

// Allow takes one request from the key's allowance; when there is none, it says how long until there is.
func (l *Limiter) Allow(key string) (ok bool, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.keys[key]
	if e == nil {
		if l.order.Len() >= l.keep {
			old := l.order.Back()
			if v, ok := l.order.Remove(old).(*limited); ok {
				delete(l.keys, v.key)
			}
		}
		e = l.order.PushFront(&limited{key: key, lim: rate.NewLimiter(l.every, l.burst)})
		l.keys[key] = e
	} else {
		l.order.MoveToFront(e)
	}
	v, isLimited := e.Value.(*limited)
	if !isLimited || v.lim.Allow() {
		return true, 0
	}
	r := v.lim.Reserve()
	wait = r.Delay()
	r.Cancel()
	return false, wait
}

// Len is the number of keys that are remembered.
func (l *Limiter) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.keys)
}

// Check is [Limiter.Allow] as an error with Retry-After.
func (l *Limiter) Check(key string) error {
	ok, wait := l.Allow(key)
	if ok {
		return nil
	}
	e := muster.Errorf(muster.ErrRateLimited, "Too many requests from the same place. Try again in %s.", muster.Duration(wait.Round(time.Second)+time.Second))
	e.RetryAfter = wait
	return e
}

// Limit answers 429 to requests whose key is over its allowance.
func Limit(l *Limiter, key func(*http.Request) string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := l.Check(key(r)); err != nil {
			WriteError(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// RemoteIP is the address of the peer that holds the connection, without its port. Headers that a proxy may have set
// are not believed.
func RemoteIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
