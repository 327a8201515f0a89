package storetest

import (
	"fmt"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// ask reads one thing.
func ask[T any](w *world, read func(r store.Reader) (T, error)) (v T) {
	w.Helper()
	w.read(func(r store.Reader) (err error) {
		v, err = read(r)
		return err
	})
	return v
}

// chain: rows of the ledger get their places, and no place is taken twice.
func chain(w *world) {
	var rows []muster.LedgerRow
	for i := range 4 {
		row := muster.LedgerRow{At: w.tick(), Body: fmt.Sprintf(`[{"page":"pag_%d"}]`, i%2)}
		row.ID = id[muster.LedgerID](w)
		w.write(func(tx store.Tx) error { return tx.InsertLedger(&row) })
		rows = append(rows, row)
	}
	head := func() muster.LedgerRow { return ask(w, store.Reader.LedgerHead) }
	same(w, "no end", muster.LedgerRow{}, head())
	loose := func(since muster.LedgerID, limit int) []muster.LedgerRow {
		return ask(w, func(r store.Reader) ([]muster.LedgerRow, error) { return r.Unsealed(since, limit) })
	}
	same(w, "two loose rows", rows[:2], loose("", 2))
	same(w, "loose rows since one", rows[2:], loose(rows[2].ID, 10))
	for i := range 3 {
		rows[i].Position, rows[i].Hash = int64(i+1), fmt.Sprint("hash ", i)
	}
	w.write(func(tx store.Tx) error {
		if _, err := tx.LedgerHead(); err != nil { // locks the end
			return err
		}
		return tx.SealLedger(rows[:3])
	})
	same(w, "the end", muster.LedgerRow{ID: rows[2].ID, Position: 3, Hash: "hash 2"}, head())
	same(w, "what is left loose", rows[3:], loose("", 10))
	same(w, "the chain behind the first", rows[1:3], ask(w, func(r store.Reader) ([]muster.LedgerRow, error) { return r.Sealed(1, 10) }))
	again := rows[3]
	again.Position, again.Hash = 3, "another"
	w.wants(muster.ErrConflict, w.try(func(tx store.Tx) error { return tx.SealLedger([]muster.LedgerRow{again}) }))
	mentions := func(from, until muster.Instant) []muster.LedgerRow {
		return ask(w, func(r store.Reader) ([]muster.LedgerRow, error) { return r.LedgerOf("pag_1", from, until, 10) })
	}
	same(w, "rows about a page, sealed or not", []muster.LedgerRow{rows[1], rows[3]}, mentions(rows[0].At, w.tick()))
	same(w, "of a short time", rows[1:2], mentions(rows[1].At, rows[3].At))

	var points []muster.Checkpoint
	for i := range 2 {
		p := muster.Checkpoint{Position: int64(i + 1), Hash: rows[i].Hash, At: w.tick(), Key: "key", Signature: "signature"}
		w.write(func(tx store.Tx) error { return tx.InsertCheckpoint(&p) })
		points = append(points, p)
	}
	same(w, "the last checkpoint", &points[1], ask(w, store.Reader.LastCheckpoint))
	same(w, "checkpoints after one", points[1:], ask(w, func(r store.Reader) ([]muster.Checkpoint, error) { return r.Checkpoints(points[0].At, 10) }))
}

// storms: what is on for people, and what waits for their digests.
func storms(w *world) {
	two := w.alerts(2, nil)
	since := w.tick()
	paged := func(person muster.UserName, service muster.ServiceName, apart bool, about ...muster.AlertID) *muster.Page {
		p := &muster.Page{ID: id[muster.PageID](w), Alert: about[0], Person: person, Connector: "demo", State: muster.PagePlanned, PlannedAt: w.tick(), Service: service, Apart: apart}
		if len(about) > 1 {
			p.Digest = about
		}
		w.write(func(tx store.Tx) error { return tx.InsertPages([]*muster.Page{p}) })
		return p
	}
	single, digest := paged("ana", "cart", true, two[0].ID), paged("ben", "", false, two[0].ID, two[1].ID)
	recent := func(people ...muster.UserName) []muster.RecentPage {
		return ask(w, func(r store.Reader) ([]muster.RecentPage, error) { return r.RecentPages(people, since) })
	}
	first := muster.RecentPage{Person: "ana", Alert: two[0].ID, Service: "cart", Apart: true, At: muster.MadeAt(single.ID)}
	same(w, "recent pages of one", []muster.RecentPage{first}, recent("ana"))
	same(w, "of several", []muster.RecentPage{{Person: "ben", Alert: two[0].ID, At: muster.MadeAt(digest.ID)}, first}, recent("ana", "ben", "cho"))
	var about []muster.PageID
	for _, p := range ask(w, func(r store.Reader) ([]*muster.Page, error) { return r.PagesOf(two[1].ID) }) {
		about = append(about, p.ID)
	}
	same(w, "pages of an alert that a digest tells of", []muster.PageID{digest.ID}, about)
	var in []muster.AlertID
	for _, a := range ask(w, func(r store.Reader) ([]*muster.Alert, error) {
		return r.AlertsIn([]muster.AlertID{two[1].ID, "alt_x", two[0].ID})
	}) {
		in = append(in, a.ID)
	}
	same(w, "alerts in the given order", []muster.AlertID{two[1].ID, two[0].ID}, in)

	on := func(tx store.Reader, people ...muster.UserName) ([]muster.Storming, error) { return tx.Storms(people) }
	storm := muster.Storming{Person: "ana", Since: since, Services: []muster.ServiceName{"cart"}, Generation: 1}
	for range 2 { // the newest counts
		storm.Generation++
		w.write(func(tx store.Tx) error { return tx.PutStorm(&storm) })
	}
	for _, people := range [][]muster.UserName{{"ana"}, {"ana", "ben"}} {
		same(w, "storms", []muster.Storming{storm}, ask(w, func(r store.Reader) ([]muster.Storming, error) { return on(r, people...) }))
		w.write(func(tx store.Tx) error { return second(on(tx, people...)) }) // locks
	}
	w.write(func(tx store.Tx) error { return tx.DeleteStorm("ana") })
	same(w, "a storm that is over", nil, ask(w, func(r store.Reader) ([]muster.Storming, error) { return on(r, "ana") }))

	waits := func(person muster.UserName) []muster.Gathered {
		return ask(w, func(r store.Reader) ([]muster.Gathered, error) { return r.Gathered(person, 10) })
	}
	var rows []muster.Gathered
	for _, person := range []muster.UserName{"ana", "ben"} {
		for _, a := range two {
			rows = append(rows, muster.Gathered{Person: person, Alert: a.ID, Escalation: "esc_1", At: w.tick(), Why: []muster.Reason{{Kind: muster.ReasonStep, Text: "why"}}})
		}
	}
	for range 2 { // one that is there is replaced
		rows[0].Step++
		w.write(func(tx store.Tx) error { return tx.InsertGathered(rows) })
	}
	same(w, "what waits for a digest", rows[:2], waits("ana"))
	w.write(func(tx store.Tx) error { return tx.DeleteGathered("ana", []muster.AlertID{two[1].ID}) })
	same(w, "what is left", rows[:1], waits("ana"))
	w.write(func(tx store.Tx) error { return tx.DropGathered(two[0].ID, "ben", "cho") })
	same(w, "without the dropped", rows[3:], waits("ben"))
	w.write(func(tx store.Tx) error { return tx.DropGathered(two[0].ID) })
	for i, want := range []bool{false, true} {
		same(w, "waits", want, ask(w, func(r store.Reader) (bool, error) { return r.IsGathered(two[i].ID) }))
	}
}

// noise: ratings, flaps, ends that came early, groups.
func noise(w *world) {
	rating := &muster.Rating{Alert: "alt_1", Person: "ana", Route: "default", Service: "cart", Useful: true, At: w.tick()}
	for _, useful := range []bool{true, false} { // the newest word counts
		rating.Useful, rating.Why, rating.At = useful, "a dream", w.tick()
		w.write(func(tx store.Tx) error { return tx.PutRating(rating) })
	}
	rated := func(person muster.UserName) *muster.Rating {
		return ask(w, func(r store.Reader) (*muster.Rating, error) { return r.RatingOf("alt_1", person) })
	}
	same(w, "a rating", rating, rated("ana"))
	same(w, "no rating", nil, rated("ben"))
	key, other := store.AlertKey{Source: "azure", Fingerprint: "f"}, store.AlertKey{Source: "azure", Fingerprint: "g"}
	for times := 1; times <= 3; times++ {
		w.write(func(tx store.Tx) error {
			n, err := tx.CountFlap("2026-11-22", key, "default", "cart")
			same(w, "flaps on a day", times, n)
			return err
		})
	}
	since := func(at muster.Instant) []muster.Noise {
		return ask(w, func(r store.Reader) ([]muster.Noise, error) { return r.Noise(at) })
	}
	same(w, "noise", []muster.Noise{{Route: "default", Service: "cart", NotUseful: 1, Flaps: 3}}, since(rating.At))
	same(w, "noise of later days", nil, since(rating.At.Plus(48*time.Hour)))
	volume(w)

	var ended muster.Instant
	w.write(func(tx store.Tx) error { // it is judged by the store's own clock
		ended = tx.Now().Plus(-time.Minute)
		for range 2 {
			if err := tx.PutEarlyEnd(key, ended, tx.Now()); err != nil {
				return err
			}
		}
		return tx.PutEarlyEnd(other, ended, tx.Now().Plus(-store.EarlyEndLife-time.Minute))
	})
	ends := func() map[store.AlertKey]muster.Instant {
		return ask(w, func(r store.Reader) (map[store.AlertKey]muster.Instant, error) {
			return r.EarlyEnds([]store.AlertKey{key, other, {Source: "none", Fingerprint: "f"}})
		})
	}
	same(w, "an end that came early, and none that is too old", map[store.AlertKey]muster.Instant{key: ended}, ends())
	w.write(func(tx store.Tx) error { return tx.DeleteEarlyEnd(key) })
	same(w, "no end", 0, len(ends()))

	begun := w.tick()
	w.write(func(tx store.Tx) error {
		for _, head := range []muster.AlertID{"alt_1", "alt_2"} {
			if err := tx.PutHead("group\x00 1", head, begun); err != nil {
				return err
			}
		}
		for _, a := range []muster.AlertID{"alt_4", "alt_3", "alt_3"} {
			if err := tx.InsertMember("alt_2", a); err != nil {
				return err
			}
		}
		head, at, err := tx.HeadOf("group\x00 1")
		same(w, "the first of a group", "alt_2", head)
		same(w, "when it began", begun, at)
		return err
	})
	members := func() []muster.AlertID {
		return ask(w, func(r store.Reader) ([]muster.AlertID, error) { return r.Members("alt_2") })
	}
	same(w, "members", []muster.AlertID{"alt_3", "alt_4"}, members())
	w.write(func(tx store.Tx) error { return tx.DeleteMembers("alt_2") })
	same(w, "no members", 0, len(members()))
}

// pulses: heartbeats of others, of one source and of all.
func pulses(w *world) {
	var rows []muster.Pulse
	for _, at := range []struct {
		source muster.SourceName
		name   string
	}{{"backup", "nightly"}, {"backup", "weekly"}, {"queue", "worker"}} {
		p := muster.Pulse{Source: at.source, Name: at.name, Status: muster.HeartbeatWaiting, Since: w.tick(), DueAt: w.tick()}
		for _, status := range []muster.HeartbeatStatus{muster.HeartbeatWaiting, muster.HeartbeatLate} { // the newest counts
			p.Status = status
			w.write(func(tx store.Tx) error { return tx.PutPulse(&p) })
		}
		rows = append(rows, p)
	}
	one := func(r store.Reader, name string) (*muster.Pulse, error) { return r.Pulse("backup", name) }
	same(w, "one", &rows[1], ask(w, func(r store.Reader) (*muster.Pulse, error) { return one(r, "weekly") }))
	same(w, "none", nil, ask(w, func(r store.Reader) (*muster.Pulse, error) { return one(r, "'; --\x00") }))
	list := func(source muster.SourceName) []muster.Pulse {
		return ask(w, func(r store.Reader) ([]muster.Pulse, error) { return r.Pulses(source) })
	}
	same(w, "all", rows, list(""))
	same(w, "of a source", rows[:2], list("backup"))
	w.write(func(tx store.Tx) error {
		if err := second(tx.Pulses("")); err != nil { // locks
			return err
		}
		return tx.DeletePulse("backup", "nightly")
	})
	same(w, "what is left of it", rows[1:2], list("backup"))
}

// watched: open alerts that nothing wakes, pages that nobody sends, and what is overdue.
func watched(w *world) {
	list := w.alerts(3, nil)
	at := w.tick()
	page := &muster.Page{ID: id[muster.PageID](w), Alert: list[0].ID, Person: "ana", Connector: "demo", State: muster.PageStarted, PlannedAt: at}
	held := &muster.Page{ID: id[muster.PageID](w), Alert: list[0].ID, Person: "ana", Connector: "demo", State: muster.PagePlanned, PlannedAt: at}
	w.write(func(tx store.Tx) error {
		if err := tx.InsertPages([]*muster.Page{page, held}); err != nil {
			return err
		}
		return tx.InsertTimers([]muster.Timer{
			{ID: id[muster.TimerID](w), Kind: muster.TimerEscalate, Ref: string(list[0].ID), DueAt: at},
			{ID: id[muster.TimerID](w), Kind: muster.TimerAlertEnds, Ref: string(list[1].ID), DueAt: at},
			{ID: id[muster.TimerID](w), Kind: muster.TimerEscalate, Ref: string(list[2].ID), DueAt: at.Plus(time.Hour)},
		})
	})
	w.deliveries(1, func(_ int, d *muster.Delivery) { d.Page, d.DueAt = held.ID, at })
	same(w, "open alerts that nothing wakes", []muster.AlertID{list[1].ID}, ask(w, func(r store.Reader) ([]muster.AlertID, error) { return r.Unwoken(5) }))
	lost := func(since muster.PageID) []muster.PageID {
		return ask(w, func(r store.Reader) ([]muster.PageID, error) { return r.LostPages(since, 5) })
	}
	same(w, "pages that nobody sends", []muster.PageID{page.ID}, lost(""))
	same(w, "of the later ones", 0, len(lost(held.ID)))
	w.read(func(r store.Reader) error {
		timers, deliveries, err := r.Overdue(at.Plus(time.Second))
		same(w, "overdue timers and deliveries", [2]int{2, 1}, [2]int{timers, deliveries})
		return err
	})
}

// volume: how many of the newest alerts and pages there were, by service, connector and state.
func volume(w *world) {
	since := w.tick()
	made := w.alerts(3, func(i int, a *muster.Alert) { a.Service = []muster.ServiceName{"cart", "cart", "search"}[i] })
	for i, state := range []muster.PageState{muster.PageProved, muster.PageAccepted, muster.PageAccepted} {
		p := &muster.Page{ID: id[muster.PageID](w), Alert: made[i].ID, Person: "ana", Connector: "sms", State: muster.PagePlanned, PlannedAt: w.tick(), Service: made[i].Service}
		w.write(func(tx store.Tx) error { return tx.InsertPages([]*muster.Page{p}) })
		p.State = state
		w.write(func(tx store.Tx) error { return tx.UpdatePages([]*muster.Page{p}) })
	}
	count := func(atMost int) muster.Volume {
		return ask(w, func(r store.Reader) (muster.Volume, error) { return r.Volume(since, atMost) })
	}
	last := muster.PageCount{Service: "search", Connector: "sms", State: muster.PageAccepted, Pages: 1}
	same(w, "the volume", muster.Volume{
		Alerts: map[muster.ServiceName]int{"cart": 2, "search": 1},
		Pages: []muster.PageCount{
			{Service: "cart", Connector: "sms", State: muster.PageAccepted, Pages: 1}, {Service: "cart", Connector: "sms", State: muster.PageProved, Pages: 1}, last,
		},
	}, count(100))
	same(w, "the newest of it", muster.Volume{Alerts: map[muster.ServiceName]int{"search": 1}, Pages: []muster.PageCount{last}, Cut: true}, count(1))
}
