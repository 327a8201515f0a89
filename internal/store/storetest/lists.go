package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// alert makes a plain open alert that set may change.
func (w *world) alert(set func(*muster.Alert)) *muster.Alert {
	now := w.tick()
	a := &muster.Alert{
		ID: muster.NewID[muster.AlertID](w.ids, now.Time), Status: muster.AlertOpen, Title: "Checkout is slow", Severity: muster.SeverityMajor,
		Source: "azure", Service: "storefront", Fingerprint: muster.Fingerprint(w.ids.Token(16)), ReceivedAt: now, LastSignalAt: now,
		Signals: 1, NextWakeAt: now.Plus(300e9),
	}
	if set != nil {
		set(a)
	}
	return a
}

func (w *world) alerts(n int, set func(i int, a *muster.Alert)) []*muster.Alert {
	w.Helper()
	list := make([]*muster.Alert, n)
	for i := range list {
		list[i] = w.alert(func(a *muster.Alert) {
			if set != nil {
				set(i, a)
			}
		})
	}
	w.write(func(tx store.Tx) error { return tx.InsertAlerts(list) })
	return list
}

func missingRows(w *world) {
	w.read(func(r store.Reader) error {
		for what, err := range map[string]error{
			"alert": second(r.Alert("alt_x")), "page": second(r.Page("pag_x")), "delivery": second(r.Delivery("dlv_x")),
			"incident": second(r.Incident("inc_x")), "incident by key": second(r.IncidentByKey("INC-9")), "entry": second(r.Entry("ent_x")),
			"review": second(r.Review("rev_x")), "contact": second(r.Contact("con_x")), "notice": second(r.Notice("ntc_x")), "swap request": second(r.SwapRequest("swp_x")), "hand-over note": second(r.Handover("hnd_x")), "session": second(r.SessionByHash("x")),
			"key": second(r.KeyByHash("x")), "key by ID": second(r.Key("key_x")), "secret": second(r.Secret("x")), "signal": second(r.Signal("sig_x")),
		} {
			if muster.CodeOf(err) != muster.ErrNotFound {
				w.Errorf("a missing %s: %v", what, err)
			}
		}
		if e, err := r.EscalationOf("alt_x"); e != nil || err != nil {
			w.Errorf("a missing escalation is %v, %v", e, err)
		}
		if e, err := r.LastAudit(); e != nil || err != nil {
			w.Errorf("an empty security log ends with %v, %v", e, err)
		}
		if at, err := r.NextTimer(); !at.IsZero() || err != nil {
			w.Errorf("without a timer the next is %v, %v", at, err)
		}
		if at, err := r.NextDelivery(w.tick()); !at.IsZero() || err != nil {
			w.Errorf("without a delivery the next is %v, %v", at, err)
		}
		return nil
	})
	// A getter that finds nothing does not poison; a change that finds nothing does.
	w.write(func(tx store.Tx) error {
		if _, err := tx.Alert("alt_x"); muster.CodeOf(err) != muster.ErrNotFound {
			return err
		}
		return tx.SetMeta("after", "yes")
	})
	w.wants(muster.ErrNotFound, w.try(func(tx store.Tx) error {
		_ = tx.UpdateAlert(w.alert(nil))
		return nil
	}))
}

func second[T any](_ T, err error) error { return err }

func oneOpenAlert(w *world) {
	a := w.alerts(1, nil)[0]
	twin := func(status muster.AlertStatus) *muster.Alert {
		return w.alert(func(b *muster.Alert) { b.Fingerprint, b.Status = a.Fingerprint, status })
	}
	w.wants(muster.ErrConflict, w.try(func(tx store.Tx) error { return tx.InsertAlerts([]*muster.Alert{twin(muster.AlertOpen)}) }))
	w.wants(muster.ErrConflict, w.try(func(tx store.Tx) error { return tx.InsertAlerts([]*muster.Alert{twin(muster.AlertAcknowledged)}) }))
	w.write(func(tx store.Tx) error { return tx.InsertAlerts([]*muster.Alert{twin(muster.AlertResolved)}) })
	other := twin(muster.AlertOpen)
	other.Source = "prometheus"
	w.write(func(tx store.Tx) error { return tx.InsertAlerts([]*muster.Alert{other}) })

	keys := []store.AlertKey{{Source: "azure", Fingerprint: a.Fingerprint}, {Source: "prometheus", Fingerprint: a.Fingerprint}, {Source: "azure", Fingerprint: "none"}}
	look := func(r store.Reader) map[store.AlertKey]muster.AlertID {
		found, err := r.OpenAlerts(keys)
		if err != nil {
			w.Fatal(causes(err))
		}
		return found
	}
	w.read(func(r store.Reader) error {
		if got := look(r); len(got) != 2 || got[keys[0]] != a.ID || got[keys[1]] != other.ID {
			w.Errorf("open alerts are %v", got)
		}
		return nil
	})
	w.write(func(tx store.Tx) error {
		a, err := tx.Alert(look(tx)[keys[0]])
		if err != nil {
			return err
		}
		a.Status, a.ResolvedAt = muster.AlertResolved, w.tick()
		return tx.UpdateAlert(a)
	})
	w.write(func(tx store.Tx) error {
		if look(tx)[keys[0]] != "" {
			w.Error("a resolved alert is among the open ones")
		}
		return tx.InsertAlerts([]*muster.Alert{twin(muster.AlertOpen)})
	})
}

func openAlertWakes(w *world) {
	insert := func(set func(*muster.Alert)) error {
		return w.try(func(tx store.Tx) error { return tx.InsertAlerts([]*muster.Alert{w.alert(set)}) })
	}
	if insert(func(a *muster.Alert) { a.NextWakeAt = muster.Instant{} }) == nil {
		w.Error("an open alert that nothing wakes was stored")
	}
	for _, fine := range []func(*muster.Alert){
		func(a *muster.Alert) { a.NextWakeAt, a.Triage = muster.Instant{}, true },
		func(a *muster.Alert) {
			a.NextWakeAt, a.Suppressed = muster.Instant{}, &muster.Suppressed{By: "deploy", Until: w.tick()}
		},
		func(a *muster.Alert) { a.NextWakeAt, a.Status = muster.Instant{}, muster.AlertAcknowledged },
		func(a *muster.Alert) { a.NextWakeAt, a.Status = muster.Instant{}, muster.AlertResolved },
	} {
		if err := insert(fine); err != nil {
			w.Error(causes(err))
		}
	}
}

// append appends n signals to an alert.
func (w *world) append(tx store.Tx, alert muster.AlertID, n int, at muster.Instant) error {
	rows := make([]muster.RawSignal, n)
	for i := range rows {
		rows[i] = muster.RawSignal{ID: id[muster.SignalID](w), Alert: alert, Outcome: muster.OutcomeAppended, ReceivedAt: at}
	}
	return tx.InsertSignals(rows)
}

func counts(w *world) {
	list := w.alerts(2, nil)
	late, early := w.tick().Plus(60e9), w.tick().Plus(-60e9)
	w.write(func(tx store.Tx) error {
		return errors.Join(w.append(tx, list[0].ID, 3, late), w.append(tx, list[1].ID, 1, early), w.append(tx, list[0].ID, 2, early),
			tx.InsertSignals([]muster.RawSignal{{ID: id[muster.SignalID](w), Alert: list[1].ID, Outcome: muster.OutcomeResolved, ReceivedAt: late}}))
	})
	list[0].Signals, list[0].LastSignalAt = 6, late
	list[1].Signals = 2
	w.read(func(r store.Reader) error {
		for _, a := range list {
			got, err := r.Alert(a.ID)
			if err != nil {
				return err
			}
			same(w, "counted alert", a, got)
		}
		return nil
	})
	w.wants(muster.ErrNotFound, w.try(func(tx store.Tx) error { return w.append(tx, "alt_x", 1, late) }))
}

func alertFilters(w *world) {
	yes, no := true, false
	list := w.alerts(6, func(i int, a *muster.Alert) {
		switch i {
		case 0:
			a.Status, a.Title = muster.AlertAcknowledged, "CPU at 100 % on ÄPFEL_1"
		case 1:
			a.Status, a.Incident = muster.AlertResolved, "inc_1"
		case 2:
			a.Service, a.Source = "payments", "prometheus"
		case 3:
			a.Severity, a.Triage = muster.SeverityInfo, true
		case 4:
			a.Title, a.ReceivedAt = "cpu 100 apfel", a.ReceivedAt.Plus(3600e9)
		}
	})
	for what, c := range map[string]struct {
		filter store.AlertFilter
		want   []int
	}{
		"all":               {store.AlertFilter{}, []int{5, 4, 3, 2, 1, 0}},
		"one status":        {store.AlertFilter{Status: []muster.AlertStatus{muster.AlertResolved}}, []int{1}},
		"two statuses":      {store.AlertFilter{Status: []muster.AlertStatus{muster.AlertResolved, muster.AlertAcknowledged}}, []int{1, 0}},
		"service":           {store.AlertFilter{Service: "payments"}, []int{2}},
		"source":            {store.AlertFilter{Source: "prometheus"}, []int{2}},
		"severity":          {store.AlertFilter{Severity: muster.SeverityInfo}, []int{3}},
		"incident":          {store.AlertFilter{Incident: "inc_1"}, []int{1}},
		"triage":            {store.AlertFilter{Triage: &yes}, []int{3}},
		"not triage":        {store.AlertFilter{Triage: &no, Service: "storefront"}, []int{5, 4, 1, 0}},
		"words":             {store.AlertFilter{Query: " 100   CPU "}, []int{4, 0}},
		"words in any case": {store.AlertFilter{Query: "äpfel_"}, []int{0}},
		"percent":           {store.AlertFilter{Query: "100 %"}, []int{0}},
		"since":             {store.AlertFilter{Since: list[4].ReceivedAt}, []int{4}},
		"limit":             {store.AlertFilter{List: store.List{Limit: 2}}, []int{5, 4}},
		"after":             {store.AlertFilter{List: store.List{Limit: 2, After: string(list[4].ID)}}, []int{3, 2}},
	} {
		w.read(func(r store.Reader) error {
			found, err := r.Alerts(c.filter)
			got := make([]int, len(found))
			for i, a := range found {
				got[i] = slices.IndexFunc(list, func(b *muster.Alert) bool { return a.ID == b.ID })
			}
			if !slices.Equal(got, c.want) {
				w.Errorf("%s: found %v, wanted %v", what, got, c.want)
			}
			return err
		})
	}
	w.read(func(r store.Reader) error {
		every, err := r.CountAlerts()
		two, err2 := r.CountAlerts(muster.AlertOpen, muster.AlertResolved)
		if every != 6 || two != 5 || err != nil || err2 != nil {
			w.Errorf("counted %d and %d, %v %v", every, two, err, err2)
		}
		return nil
	})
}

func (w *world) incident(number int64, set func(*muster.Incident)) *muster.Incident {
	i := &muster.Incident{
		ID: id[muster.IncidentID](w), Number: number, Key: muster.KeyOf(number), Title: "Checkout fails", Status: muster.IncidentOpen,
		Severity: muster.SEV2, Service: "storefront", DeclaredAt: w.tick(),
	}
	if set != nil {
		set(i)
	}
	w.write(func(tx store.Tx) error { return tx.InsertIncident(i) })
	return i
}

func incidentFilters(w *world) {
	yes := true
	w.incident(1, nil)
	w.incident(2, func(i *muster.Incident) { i.Status, i.Severity = muster.IncidentMitigated, muster.SEV1 })
	w.incident(3, func(i *muster.Incident) { i.Service, i.Public, i.Title = "payments", true, "Cards are refused" })
	for what, c := range map[string]struct {
		filter store.IncidentFilter
		want   string
	}{
		"all":      {store.IncidentFilter{}, "[3 2 1]"},
		"status":   {store.IncidentFilter{Status: []muster.IncidentStatus{muster.IncidentMitigated, muster.IncidentClosed}}, "[2]"},
		"severity": {store.IncidentFilter{Severity: muster.SEV1}, "[2]"},
		"service":  {store.IncidentFilter{Service: "payments"}, "[3]"},
		"public":   {store.IncidentFilter{Public: &yes}, "[3]"},
		"word":     {store.IncidentFilter{Query: "CARDS"}, "[3]"},
		"key":      {store.IncidentFilter{Query: "inc-2"}, "[2]"},
		"limit":    {store.IncidentFilter{List: store.List{Limit: 1}}, "[3]"},
	} {
		w.read(func(r store.Reader) error {
			list, err := r.Incidents(c.filter)
			var got []int64
			for _, i := range list {
				got = append(got, i.Number)
			}
			if fmt.Sprint(got) != c.want {
				w.Errorf("%s: found %v, wanted %s", what, got, c.want)
			}
			return err
		})
	}
	w.read(func(r store.Reader) error {
		i, err := r.IncidentByKey("INC-2")
		if err == nil && i.Number != 2 {
			w.Errorf("INC-2 is %d", i.Number)
		}
		return err
	})
	w.wants(muster.ErrConflict, w.try(func(tx store.Tx) error {
		return tx.InsertIncident(&muster.Incident{ID: "inc_z", Number: 9, Key: "INC-3", Status: muster.IncidentOpen})
	}))
}

// paging walks through lists while rows are added and changed: what was there at the beginning comes once.
func paging(w *world) {
	list := w.alerts(57, func(i int, a *muster.Alert) {
		if i%3 == 0 {
			a.Service = "payments"
		}
	})
	var got []muster.AlertID
	for after := ""; ; {
		var page []*muster.Alert
		w.read(func(r store.Reader) (err error) {
			page, err = r.Alerts(store.AlertFilter{Service: "storefront", List: store.List{Limit: 7, After: after}})
			return err
		})
		if len(page) == 0 {
			break
		}
		for _, a := range page {
			got = append(got, a.ID)
		}
		after = string(page[len(page)-1].ID)
		w.alerts(2, nil)
		w.write(func(tx store.Tx) error {
			return w.append(tx, page[0].ID, 1, w.tick())
		})
	}
	var want []muster.AlertID
	for _, a := range slices.Backward(list) {
		if a.Service == "storefront" {
			want = append(want, a.ID)
		}
	}
	same(w, "pages of alerts", want, got)

	w.write(func(tx store.Tx) error {
		pages, entries := []*muster.Page{}, []*muster.Entry{}
		for i := range 1200 {
			pages = append(pages, &muster.Page{ID: id[muster.PageID](w), Alert: "alt_1", Person: "ana", Connector: "demo", State: muster.PagePlanned, PlannedAt: w.tick(), Step: i})
			entries = append(entries, &muster.Entry{ID: id[muster.EntryID](w), Alert: "alt_1", Kind: muster.EntryPage, Recorded: w.tick()})
		}
		if err := tx.InsertPages(pages); err != nil {
			return err
		}
		return tx.AppendEntries(entries)
	})
	w.read(func(r store.Reader) error {
		for what, pages := range map[string]func(store.List) ([]*muster.Page, error){
			"a person":  func(l store.List) ([]*muster.Page, error) { return r.PagesFor("ana", l) },
			"everybody": func(l store.List) ([]*muster.Page, error) { return r.PagesFor("", l) },
			"connector": func(l store.List) ([]*muster.Page, error) { return r.PagesByConnector("demo", l) },
		} {
			most, err := pages(store.List{Limit: 5000})
			if err != nil || len(most) != 1000 || most[0].Step != 1199 || most[999].Step != 200 {
				w.Errorf("pages of %s: %d, %v", what, len(most), err)
				continue
			}
			rest, err := pages(store.List{Limit: 300, After: string(most[999].ID)})
			if err != nil || len(rest) != 200 || rest[199].Step != 0 {
				w.Errorf("the rest of the pages of %s: %d, %v", what, len(rest), err)
			}
		}
		ordered, err := r.PagesOf("alt_1")
		if err != nil || len(ordered) != 1200 || ordered[0].Step != 0 || ordered[1199].Step != 1199 {
			w.Errorf("pages of the alert: %d, %v", len(ordered), err)
		}
		late, err := r.PagesSince("alt_1", muster.MadeAt(ordered[1100].ID))
		if err != nil || len(late) < 100 || len(late) >= 1200 || late[len(late)-1].Step != 1199 || late[0].Step > 1100 {
			w.Errorf("pages of the alert since one of them: %d, %v", len(late), err)
		}
		recent, err := r.RecentEntries(store.List{Limit: 3})
		if err != nil || len(recent) != 3 || recent[0].Seq != 1200 || recent[2].Seq != 1198 {
			w.Errorf("recent entries: %d, %v", len(recent), err)
		}
		return err
	})
}

func rawSignals(w *world) {
	a := w.alerts(1, nil)[0]
	body := bytes.Repeat([]byte("\x00\xffraw"), 50_000)
	var rows []muster.RawSignal
	for i := range 3 {
		s := muster.RawSignal{ID: id[muster.SignalID](w), Source: "azure", Alert: a.ID, Outcome: muster.OutcomeAppended, ReceivedAt: w.tick(), Part: i}
		if i == 0 {
			s.Raw = body
		} else {
			s.First = rows[0].ID
		}
		rows = append(rows, s)
	}
	rows[0].ID = muster.NewID[muster.SignalID](w.ids, a.ReceivedAt.Time)
	rows[1].First, rows[2].First = rows[0].ID, rows[0].ID
	w.write(func(tx store.Tx) error { return tx.InsertSignals(rows[:2]) })
	w.write(func(tx store.Tx) error { return tx.InsertSignals(rows[2:]) })
	w.read(func(r store.Reader) error {
		list, err := r.SignalsOf(a.ID, store.List{Limit: 2})
		if err != nil {
			return err
		}
		if len(list) != 2 || list[0].ID != rows[2].ID || list[0].Raw != nil || list[1].Raw != nil {
			w.Errorf("signals of the alert: %+v", list)
		}
		if list, err = r.SignalsOf(a.ID, store.List{After: string(rows[1].ID)}); err != nil || len(list) != 1 || list[0].ID != rows[0].ID {
			w.Errorf("the rest of the signals: %+v, %v", list, err)
		}
		if list, err = r.SignalsOf("alt_x", store.List{After: string(rows[1].ID)}); err != nil || len(list) != 0 {
			w.Errorf("signals of another alert: %+v, %v", list, err)
		}
		if list, err = r.FirstSignals(a); err != nil || len(list) != 1 || list[0].ID != rows[0].ID || list[0].Raw != nil {
			w.Errorf("signals that were received with the alert: %+v, %v", list, err)
		}
		for _, want := range rows {
			got, err := r.Signal(want.ID)
			if err != nil {
				return err
			}
			want.Raw = body
			same(w, "signal", &want, got)
		}
		return nil
	})
}

// A signal that says what an earlier one said reads like any other, also when that one is gone.
func repeatedSignals(w *world) {
	a := w.alerts(1, func(_ int, a *muster.Alert) { a.Title = "from the alert" })[0]
	full := muster.RawSignal{
		ID: id[muster.SignalID](w), Source: "azure", Format: "generic", Alert: a.ID, Outcome: muster.OutcomeAppended, ReceivedAt: w.tick(),
		Signal: muster.Signal{Source: "azure", State: muster.SignalFiring, Title: "said once", Labels: map[string]string{"a": "b"}, DetectedAt: w.tick(), EndsAt: w.tick()},
	}
	again := full
	again.ID, again.ReceivedAt, again.Same = id[muster.SignalID](w), w.tick(), full.ID
	again.Signal.DetectedAt, again.Signal.EndsAt, again.Signal.ClaimedAt = w.tick(), muster.Instant{}, "then"
	w.write(func(tx store.Tx) error { return tx.InsertSignals([]muster.RawSignal{full, again}) })
	want := again
	want.Same = ""
	check := func(when string, n int) {
		w.read(func(r store.Reader) error {
			got, err := r.Signal(again.ID)
			if err != nil {
				return err
			}
			same(w, when, &want, got)
			list, err := r.SignalsOf(a.ID, store.List{})
			if err == nil && len(list) == n {
				same(w, when+", in a list", want, list[0])
			} else {
				w.Errorf("%s: %d signals, %v", when, len(list), err)
			}
			return nil
		})
	}
	check("a repetition", 2)
	w.write(func(tx store.Tx) error {
		return second(tx.DeleteSignalsBefore(again.ReceivedAt.Plus(-time.Millisecond), 100))
	})
	want.Signal = muster.Signal{
		Source: a.Source, State: muster.SignalFiring, Title: a.Title, Summary: a.Summary, Severity: a.Severity, Impact: a.Impact, Action: a.Action,
		Service: a.Service, Labels: a.Labels, Links: a.Links, DetectedAt: again.Signal.DetectedAt, ClaimedAt: "then",
	}
	check("a repetition of what is gone", 1)
}

func janitor(w *world) {
	var signals []muster.RawSignal
	var deliveries []*muster.Delivery
	states := []muster.DeliveryState{muster.DeliveryDone, muster.DeliveryPlanned, muster.DeliveryFailed, muster.DeliveryStarted, muster.DeliveryCancelled}
	for i := range 10 {
		signals = append(signals, muster.RawSignal{ID: id[muster.SignalID](w), Outcome: muster.OutcomeRejected, ReceivedAt: w.tick()})
		deliveries = append(deliveries, &muster.Delivery{ID: id[muster.DeliveryID](w), State: states[i%5], DueAt: w.tick(), LeaseUntil: w.tick(), CreatedAt: w.tick()})
	}
	w.write(func(tx store.Tx) error {
		if err := tx.InsertSignals(signals); err != nil {
			return err
		}
		return tx.InsertDeliveries(deliveries)
	})
	remove := func(what string, want int, fn func(tx store.Tx) (int, error)) {
		w.write(func(tx store.Tx) error {
			n, err := fn(tx)
			if n != want {
				w.Errorf("%s: deleted %d, wanted %d", what, n, want)
			}
			return err
		})
	}
	before := signals[7].ReceivedAt
	remove("signals", 5, func(tx store.Tx) (int, error) { return tx.DeleteSignalsBefore(before, 5) })
	remove("more signals", 2, func(tx store.Tx) (int, error) { return tx.DeleteSignalsBefore(before, 5) })
	remove("deliveries", 4, func(tx store.Tx) (int, error) { return tx.DeleteDeliveriesBefore(w.tick(), 4) })
	remove("more deliveries", 2, func(tx store.Tx) (int, error) { return tx.DeleteDeliveriesBefore(w.tick(), 4) })
	w.read(func(r store.Reader) error {
		if _, err := r.Signal(signals[6].ID); muster.CodeOf(err) != muster.ErrNotFound {
			w.Errorf("an old signal is still there: %v", err)
		}
		if _, err := r.Signal(signals[7].ID); err != nil {
			w.Errorf("a newer signal: %v", err)
		}
		planned, err := r.CountDeliveries(muster.DeliveryPlanned)
		started, err2 := r.CountDeliveries(muster.DeliveryStarted)
		done, err3 := r.CountDeliveries(muster.DeliveryDone)
		if planned != 2 || started != 2 || done != 0 || err != nil || err2 != nil || err3 != nil {
			w.Errorf("left are %d planned, %d started, %d done", planned, started, done)
		}
		return nil
	})
}
