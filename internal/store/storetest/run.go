package storetest

import (
	"context"
	"crypto/rand"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// Open gives an empty store that hands its events to hook, and sees to it that it is closed at the end of the test.
type Open func(t *testing.T, hook func([]store.Event)) store.DB

// Run tries everything.
func Run(t *testing.T, open Open) {
	t.Helper()
	for _, c := range []struct {
		name string
		try  func(w *world)
	}{
		{"every field comes back", roundTrips},
		{"hostile text is stored", hostileText},
		{"a missing row is not found", missingRows},
		{"one open alert per key", oneOpenAlert},
		{"an open alert has a wake-up", openAlertWakes},
		{"signals are counted", counts},
		{"alerts are found by filter", alertFilters},
		{"incidents are found by filter", incidentFilters},
		{"lists page without gaps", paging},
		{"signals keep their raw body once", rawSignals},
		{"what is said again is kept once", repeatedSignals},
		{"old rows are deleted in portions", janitor},
		{"a proof outlives the result of an attempt", finishedPages},
		{"timers", timers},
		{"deliveries are claimed when they are due", claims},
		{"a claimer that is late is refused", fencing},
		{"deliveries are hastened, released and cancelled", outboxMoves},
		{"claimers never share a row", manyClaimers},
		{"timers fire once", manyTimers},
		{"no update is lost", lostUpdates},
		{"no sighting is lost", sightings},
		{"no count is lost", lostBumps},
		{"incident numbers do not repeat", incidentNumbers},
		{"the catalog keeps every edit in order", catalogEdits},
		{"the catalog at a revision", catalogAt},
		{"an edit without the lock is refused", catalogUnlocked},
		{"the security log has one end", auditChain},
		{"entries are counted within their topic", entrySeqs},
		{"entries are counted by many at once", manyEntries},
		{"the same alert from two sides", racingAlerts},
		{"contacts", contacts},
		{"notices", notices},
		{"the past in large pages", pastAlerts},
		{"proposals", proposals},
		{"many tell the same", toldByMany},
		{"swap requests are found by filter", swapRequests},
		{"leave is replaced as a whole", leave},
		{"feeds are found by their hash", feeds},
		{"hand-over notes, one for each change", handovers},
		{"pages and revisions over a period", ledger},
		{"the ledger of pages is one chain", chain},
		{"storms, and what they gather", storms},
		{"ratings, flaps, early ends, groups", noise},
		{"heartbeats of others", pulses},
		{"what could not be read", rejected},
		{"what the auditor looks for", watched},
		{"sessions, keys and secrets", access},
		{"single values and remembered answers", meta},
		{"events come after the commit, in order", events},
		{"a failed command leaves nothing", failedCommand},
		{"an ignored error fails the command", swallowedError},
		{"a panic is an error", panickingCommand},
		{"neighbours are left alone", neighbours},
		{"a cancelled command", cancelledCommand},
		{"people go before intake", lanes},
		{"a read sees one snapshot", snapshot},
		{"a kept transaction is dead", keptTransaction},
		{"after the end", afterClose},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &world{T: t, ids: muster.NewIDs(rand.Reader), clock: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
			w.db = open(t, w.hook)
			c.try(w)
		})
	}
}

// world is one test's store with what it said.
type world struct {
	*testing.T
	db  store.DB
	ids *muster.IDs

	mu     sync.Mutex
	clock  time.Time
	events []store.Event
}

func (w *world) hook(events []store.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, events...)
}

// tick is a new instant, a millisecond later than the one before, so that identifiers made of it have an order.
func (w *world) tick() muster.Instant {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(time.Millisecond)
	return muster.At(w.clock)
}

func id[T ~string](w *world) T { return muster.NewID[T](w.ids, w.tick().Time) }

func (w *world) try(fn func(tx store.Tx) error) error {
	return w.db.Write(w.Context(), store.LanePeople, "test", fn)
}

func (w *world) write(fn func(tx store.Tx) error) {
	w.Helper()
	if err := w.try(fn); err != nil {
		w.Fatalf("writing: %v", causes(err))
	}
}

func (w *world) read(fn func(r store.Reader) error) {
	w.Helper()
	if err := w.db.Read(w.Context(), fn); err != nil {
		w.Fatalf("reading: %v", causes(err))
	}
}

// wants checks the code of an error.
func (w *world) wants(code muster.Code, err error) {
	w.Helper()
	if got := muster.CodeOf(err); got != code {
		w.Fatalf("the error's code is %q, wanted %q: %v", got, code, causes(err))
	}
}

// together runs fn n times at once and gives what they returned.
func (w *world) together(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = fn(i)
		})
	}
	close(start)
	all.Wait()
	return errs
}

// none fails the test when any of the errors is one.
func (w *world) none(errs []error) {
	w.Helper()
	for _, err := range errs {
		if err != nil {
			w.Fatalf("a command failed: %v", causes(err))
		}
	}
}

// causes words an error with what lies inside it.
func causes(err error) string {
	if err == nil {
		return "no error"
	}
	var s strings.Builder
	s.WriteString(err.Error())
	for u, ok := err.(interface{ Unwrap() error }); ok && u.Unwrap() != nil; u, ok = u.Unwrap().(interface{ Unwrap() error }) {
		s.WriteString(": " + u.Unwrap().Error())
	}
	return s.String()
}

func background() context.Context { return context.Background() }
