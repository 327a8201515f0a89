package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

const (
	writers = 8
	rounds  = 25
)

// lostUpdates has many read a row, change it and write it back: each change is there at the end.
func lostUpdates(w *world) {
	a := w.alerts(1, nil)[0]
	i := w.incident(1, nil)
	w.none(w.together(writers, func(n int) error {
		for k := range rounds {
			if err := w.try(func(tx store.Tx) error {
				got, err := tx.Alert(a.ID)
				if err != nil {
					return err
				}
				got.Reasons = append(got.Reasons, muster.Reason{Text: fmt.Sprint(n, "/", k)})
				return tx.UpdateAlert(got)
			}); err != nil {
				return err
			}
			if err := w.try(func(tx store.Tx) error {
				got, err := tx.IncidentByKey(i.Key)
				if err != nil {
					return err
				}
				got.Generation++
				return tx.UpdateIncident(got)
			}); err != nil {
				return err
			}
		}
		return nil
	}))
	w.read(func(r store.Reader) error {
		got, err := r.Alert(a.ID)
		if err != nil {
			return err
		}
		seen := map[string]bool{}
		for _, reason := range got.Reasons {
			seen[reason.Text] = true
		}
		if len(got.Reasons) != writers*rounds || len(seen) != writers*rounds {
			w.Errorf("of %d changes %d are there", writers*rounds, len(seen))
		}
		incident, err := r.Incident(i.ID)
		if err == nil && incident.Generation != writers*rounds {
			w.Errorf("of %d raises %d are there", writers*rounds, incident.Generation)
		}
		return err
	})
}

func sightings(w *world) {
	i := w.incident(1, nil)
	base := w.tick()
	var mu sync.Mutex
	firsts := map[muster.UserName]int{}
	w.none(w.together(writers, func(n int) error {
		for k := range rounds {
			at := base.Plus(time.Duration((n*31+k*7)%rounds) * time.Second)
			person := muster.UserName(fmt.Sprint("person-", k%3))
			first := false
			if err := w.try(func(tx store.Tx) (err error) {
				first, err = tx.Seen(muster.Awareness{Incident: i.ID, Person: person, Name: "P", First: at, Last: at, Via: muster.SurfaceWeb})
				return err
			}); err != nil {
				return err
			}
			if first {
				mu.Lock()
				firsts[person]++
				mu.Unlock()
			}
		}
		return nil
	}))
	w.read(func(r store.Reader) error {
		list, err := r.Awareness(i.ID)
		if len(list) != 3 {
			w.Fatalf("%d people saw it", len(list))
		}
		for _, a := range list {
			if firsts[a.Person] != 1 {
				w.Errorf("%s saw it for the first time %d times", a.Person, firsts[a.Person])
			}
			if a.Last.Before(a.First.Time) {
				w.Errorf("%s saw it last before first: %+v", a.Person, a)
			}
		}
		return err
	})
	w.write(func(tx store.Tx) error {
		_, err := tx.Seen(muster.Awareness{Incident: i.ID, Person: "person-0", Name: "New", First: base.Plus(-time.Hour), Last: base.Plus(time.Hour), Via: muster.SurfaceAPI})
		return err
	})
	w.read(func(r store.Reader) error {
		list, err := r.Awareness(i.ID)
		same(w, "sighting", muster.Awareness{Incident: i.ID, Person: "person-0", Name: "New", First: base.Plus(-time.Hour), Last: base.Plus(time.Hour), Via: muster.SurfaceWeb}, list[0])
		return err
	})
}

func lostBumps(w *world) {
	list := w.alerts(3, nil)
	w.none(w.together(writers, func(n int) error {
		for k := range rounds {
			if err := w.try(func(tx store.Tx) error {
				return errors.Join(w.append(tx, list[0].ID, 1, w.tick()), w.append(tx, list[1+(n+k)%2].ID, 2, w.tick()))
			}); err != nil {
				return err
			}
		}
		return nil
	}))
	w.read(func(r store.Reader) error {
		sum := 0
		for _, a := range list {
			got, err := r.Alert(a.ID)
			if err != nil {
				return err
			}
			sum += got.Signals - 1
			chain, err := r.SignalsOf(a.ID, store.List{})
			if err != nil || len(chain) != min(got.Signals-1, 1000) {
				w.Errorf("%d signals listed of %d: %v", len(chain), got.Signals-1, err)
			}
		}
		if sum != writers*rounds*3 {
			w.Errorf("counted %d signals of %d", sum, writers*rounds*3)
		}
		return nil
	})
}

// incidentNumbers has every second command fail: the numbers have neither repeats nor holes.
func incidentNumbers(w *world) {
	var mu sync.Mutex
	var got []int64
	w.together(writers, func(n int) error {
		for k := range rounds {
			var number int64
			err := w.try(func(tx store.Tx) (err error) {
				if number, err = tx.NextIncidentNumber(); err != nil {
					return err
				}
				if (n+k)%2 == 0 {
					return muster.Errorf(muster.ErrInvalid, "no")
				}
				return tx.InsertIncident(&muster.Incident{ID: id[muster.IncidentID](w), Number: number, Key: muster.KeyOf(number), Status: muster.IncidentOpen})
			})
			if err == nil {
				mu.Lock()
				got = append(got, number)
				mu.Unlock()
			} else if muster.CodeOf(err) != muster.ErrInvalid {
				w.Errorf("declaring: %v", causes(err))
			}
		}
		return nil
	})
	slices.Sort(got)
	for i, n := range got {
		if n != int64(i+1) {
			w.Fatalf("numbers are %v", got)
		}
	}
	if len(got) != writers*rounds/2 {
		w.Errorf("%d incidents were declared", len(got))
	}
}

func catalogEdits(w *world) {
	w.none(w.together(writers, func(n int) error {
		for k := range rounds {
			if err := w.try(func(tx store.Tx) error {
				head, err := tx.LockHead()
				if err != nil {
					return err
				}
				return tx.InsertDocs([]muster.DocRevision{{
					Revision: head + 1, Kind: muster.KindTeams, Name: fmt.Sprint("team-", (n+k)%5), Body: fmt.Sprintf(`{"n":%d,"k":%d}`, n, k), At: tx.Now(),
				}})
			}); err != nil {
				return err
			}
		}
		return nil
	}))
	w.read(func(r store.Reader) error {
		seen := map[muster.Revision]bool{}
		bodies := map[string]bool{}
		for i := range 5 {
			list, err := r.DocHistory(muster.KindTeams, fmt.Sprint("team-", i), store.List{})
			if err != nil {
				return err
			}
			for _, d := range list {
				seen[d.Revision], bodies[d.Body] = true, true
			}
		}
		head, err := r.Head()
		if head != writers*rounds || len(seen) != writers*rounds || len(bodies) != writers*rounds {
			w.Errorf("the head is %d, with %d revisions and %d edits, wanted %d", head, len(seen), len(bodies), writers*rounds)
		}
		return err
	})
}

func auditChain(w *world) {
	w.none(w.together(writers, func(n int) error {
		for k := range rounds {
			if err := w.try(func(tx store.Tx) error {
				last, err := tx.LastAudit()
				if err != nil {
					return err
				}
				e := &muster.AuditEntry{ID: id[muster.AuditID](w), Seq: 1, At: tx.Now(), Op: "test", Hash: fmt.Sprint(n, "/", k)}
				if last != nil {
					e.Seq, e.Before = last.Seq+1, last.Hash
				}
				return tx.InsertAudit(e)
			}); err != nil {
				return err
			}
		}
		return nil
	}))
	w.read(func(r store.Reader) error {
		var list []*muster.AuditEntry
		for after := ""; ; {
			page, err := r.Audit(store.List{Limit: 30, After: after})
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			list = append(list, page...)
			after = string(page[len(page)-1].ID)
		}
		if len(list) != writers*rounds {
			w.Fatalf("%d rows, wanted %d", len(list), writers*rounds)
		}
		slices.Reverse(list)
		for i, e := range list {
			if e.Seq != int64(i+1) || i > 0 && e.Before != list[i-1].Hash {
				w.Fatalf("row %d is %+v after %+v", i, e, list[max(i-1, 0)])
			}
		}
		return nil
	})
}

func entrySeqs(w *world) {
	alert, incident := id[muster.AlertID](w), id[muster.IncidentID](w)
	entry := func(alert muster.AlertID, incident muster.IncidentID) *muster.Entry {
		return &muster.Entry{ID: id[muster.EntryID](w), Alert: alert, Incident: incident, Kind: muster.EntrySaid, Recorded: w.tick()}
	}
	mine := []*muster.Entry{entry(alert, ""), entry(alert, ""), entry("", incident), entry(alert, incident), entry("", incident)}
	w.write(func(tx store.Tx) error { return tx.AppendEntries(mine) })
	more := []*muster.Entry{entry(alert, ""), entry("", incident)}
	failed := entry("", incident)
	_ = w.try(func(tx store.Tx) error {
		if err := tx.AppendEntries([]*muster.Entry{failed}); err != nil {
			return err
		}
		return muster.Errorf(muster.ErrInvalid, "no")
	})
	if failed.Seq != 0 {
		w.Errorf("an entry of a failed command keeps the number %d", failed.Seq)
	}
	w.write(func(tx store.Tx) error {
		for _, e := range more {
			if err := tx.AppendEntries([]*muster.Entry{e}); err != nil {
				return err
			}
		}
		return nil
	})
	var got []int64
	for _, e := range append(mine, more...) {
		got = append(got, e.Seq)
	}
	same(w, "numbers", []int64{1, 2, 1, 2, 3, 3, 4}, got)
	timeline := func(f store.TimelineFilter) (ids []muster.EntryID) {
		w.read(func(r store.Reader) error {
			list, err := r.Timeline(f)
			for _, e := range list {
				ids = append(ids, e.ID)
			}
			return err
		})
		return ids
	}
	pick := func(entries ...*muster.Entry) (ids []muster.EntryID) {
		for _, e := range entries {
			ids = append(ids, e.ID)
		}
		return ids
	}
	same(w, "incident", pick(mine[2], mine[3], mine[4], more[1]), timeline(store.TimelineFilter{Incident: incident}))
	same(w, "incident from 2 on", pick(mine[4], more[1]), timeline(store.TimelineFilter{Incident: incident, AfterSeq: 2}))
	same(w, "newest of the incident", pick(mine[4], more[1]), timeline(store.TimelineFilter{Incident: incident, Limit: 2}))
	same(w, "alert", pick(mine[0], mine[1], mine[3], more[0]), timeline(store.TimelineFilter{Alert: alert}))
	same(w, "newest of the alert", pick(more[0]), timeline(store.TimelineFilter{Alert: alert, Limit: 1}))
	same(w, "alert in the incident", pick(mine[3]), timeline(store.TimelineFilter{Alert: alert, Incident: incident}))
}

func manyEntries(w *world) {
	i := w.incident(1, nil)
	w.none(w.together(writers, func(int) error {
		for range rounds {
			if err := w.try(func(tx store.Tx) error {
				return tx.AppendEntries([]*muster.Entry{
					{ID: id[muster.EntryID](w), Incident: i.ID, Kind: muster.EntrySaid},
					{ID: id[muster.EntryID](w), Incident: i.ID, Kind: muster.EntrySaw},
				})
			}); err != nil {
				return err
			}
		}
		return nil
	}))
	w.read(func(r store.Reader) error {
		list, err := r.Timeline(store.TimelineFilter{Incident: i.ID})
		if len(list) != 2*writers*rounds {
			w.Fatalf("%d entries, wanted %d", len(list), 2*writers*rounds)
		}
		for n, e := range list {
			if e.Seq != int64(n+1) {
				w.Fatalf("entry %d has the number %d", n, e.Seq)
			}
		}
		return err
	})
}

// racingAlerts has many report the same new conditions at once: one alert each, every signal counted, no error.
func racingAlerts(w *world) {
	const conditions = 5
	w.none(w.together(writers, func(n int) error {
		for k := range rounds {
			key := store.AlertKey{Source: "azure", Fingerprint: muster.Fingerprint(fmt.Sprintf("%032d", (n+k)%conditions))}
			if err := w.try(func(tx store.Tx) error {
				open, err := tx.OpenAlerts([]store.AlertKey{key})
				if err != nil {
					return err
				}
				if id := open[key]; id != "" {
					return w.append(tx, id, 1, tx.Now())
				}
				return tx.InsertAlerts([]*muster.Alert{w.alert(func(a *muster.Alert) { a.Fingerprint = key.Fingerprint })})
			}); err != nil {
				return err
			}
		}
		return nil
	}))
	w.read(func(r store.Reader) error {
		list, err := r.Alerts(store.AlertFilter{})
		sum := 0
		for _, a := range list {
			sum += a.Signals
		}
		if len(list) != conditions || sum != writers*rounds {
			w.Errorf("%d alerts with %d signals, wanted %d with %d", len(list), sum, conditions, writers*rounds)
		}
		return err
	})
}
