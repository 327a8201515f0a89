package sqlstore_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
	"github.com/muster-oncall/muster/internal/store/sqlstore"
	"github.com/muster-oncall/muster/internal/store/storetest"
)

// hinted is a store that keeps what it is told of other nodes.
type hinted struct {
	*sqlstore.DB
	got chan []store.Event
}

func newHinted(t *testing.T, dsn string) *hinted {
	t.Helper()
	h := &hinted{got: make(chan []store.Event, 1000)}
	db, err := sqlstore.Open(t.Context(), dsn, sqlstore.Options{OnHint: func(e []store.Event) { h.got <- e }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	h.DB = db
	return h
}

// await waits for the hint of a topic and gives it.
func (h *hinted) await(t *testing.T, topic string) store.Event {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		select {
		case events := <-h.got:
			if i := slices.IndexFunc(events, func(e store.Event) bool { return e.Topic == topic }); i >= 0 {
				return events[i]
			}
		case <-late:
			t.Fatalf("nobody told of %q", topic)
		}
	}
}

func (h *hinted) commit(t *testing.T, events ...store.Event) {
	t.Helper()
	if err := h.Write(t.Context(), store.LanePeople, "test", func(tx store.Tx) error {
		for _, e := range events {
			tx.Emit(e)
		}
		return tx.SetMeta("hint", "given")
	}); err != nil {
		t.Fatal(err)
	}
}

func TestOtherNodesAreHintedAtCommits(t *testing.T) {
	t.Parallel()
	dsn := storetest.Postgres(t)
	one, two := newHinted(t, dsn), newHinted(t, dsn)
	one.await(t, store.TopicMissed) // both listen from here on
	two.await(t, store.TopicMissed)

	due := muster.FromMicros(1_700_000_000_000_000)
	one.commit(t,
		store.Event{Topic: "deliveries", Delivery: &muster.Delivery{ID: "del_1"}}, // its own: nobody else can do anything with it
		store.Event{Topic: "timers", Due: due.Plus(time.Hour)}, store.Event{Topic: "timers", Due: due},
		store.Event{Topic: "incident:inc_1", Parts: []string{"note"}, Seq: 7}, store.Event{Topic: "incident:inc_1", Parts: []string{"action"}, Seq: 8},
	)
	if e := two.await(t, "timers"); e.Due != due {
		t.Errorf("the timer is said to be due at %v", e.Due)
	}
	one.commit(t, store.Event{Topic: "catalog", Revision: 12})
	if e := two.await(t, "catalog"); e.Revision != 12 {
		t.Errorf("the catalog is said to be at revision %d", e.Revision)
	}
	two.commit(t, store.Event{Topic: "incident:inc_2", Parts: []string{"note"}, Seq: 3})
	// The first hint that reaches the first node is the second's: its own do not come back to it.
	if e := <-one.got; len(e) != 1 || e[0].Topic != "incident:inc_2" || e[0].Seq != 3 || !slices.Equal(e[0].Parts, []string{"note"}) {
		t.Errorf("the first node was told %+v", e)
	}
}

// TestManyChangesAreOneHint commits more topics than a hint can name: then it says that anything may have changed.
func TestManyChangesAreOneHint(t *testing.T) {
	t.Parallel()
	dsn := storetest.Postgres(t)
	one, two := newHinted(t, dsn), newHinted(t, dsn)
	one.await(t, store.TopicMissed)
	two.await(t, store.TopicMissed)
	events := make([]store.Event, 3000)
	for i := range events {
		events[i] = store.Event{Topic: fmt.Sprintf("alert:alt_%022d", i), Parts: []string{"signal"}}
	}
	one.commit(t, events...)
	two.await(t, store.TopicMissed)
}

// TestHintsComeBack cuts the connections that carry hints: they are made again, and the node is told that it may have
// missed some.
func TestHintsComeBack(t *testing.T) {
	t.Parallel()
	dsn := storetest.Postgres(t)
	one, two := newHinted(t, dsn), newHinted(t, dsn)
	one.await(t, store.TopicMissed)
	two.await(t, store.TopicMissed)
	side, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer side.Close(context.Background())
	if _, err := side.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'muster-hints'"); err != nil {
		t.Fatal(err)
	}
	two.await(t, store.TopicMissed)
	one.commit(t, store.Event{Topic: "settings"}) // may be lost: the sender finds its connection broken
	for tick := time.NewTicker(100 * time.Millisecond); ; {
		select {
		case events := <-two.got:
			if slices.ContainsFunc(events, func(e store.Event) bool { return e.Topic == "settings" }) {
				tick.Stop()
				return
			}
		case <-tick.C:
			one.commit(t, store.Event{Topic: "settings"})
		}
	}
}
