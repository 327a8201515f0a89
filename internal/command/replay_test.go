package command_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/intake/email"
	"github.com/muster-oncall/muster/internal/intake/generic"
	"github.com/muster-oncall/muster/internal/store"
)

// parse reads what sources send, as the application does.
func parse(format string, src *muster.Source, body []byte, received muster.Instant) ([]muster.Signal, error) {
	switch format {
	case "generic":
		return generic.Parse(src, body, received)
	case "email":
		return email.Parse(src, body, received)
	}
	return nil, muster.Errorf(muster.ErrNotFound, "there is no format called %q", format)
}

const probes = "kind: source\nname: probes\ntitle: Probes\nservice: cart\nmapping: {items: %s, title: name, key: id}\n"

// post is a request as a door hands it over.
func (w *world) post(src muster.SourceName, format, body string) []command.SignalResult {
	w.Helper()
	in := command.ReceiveSignals{Source: src, Format: format, Raw: []byte(body)}
	var err error
	in.Signals, err = parse(format, w.commands.Live.Current().Catalog.Sources[src], in.Raw, muster.At(time.Now()))
	if err != nil {
		in.Reason = err.Error()
	}
	res, err := w.commands.ReceiveSignals(w.Context(), in)
	w.ok(err)
	return res
}

// unread posts what cannot be read, and gives the rejected signal.
func (w *world) unread(src muster.SourceName, format, body string) *muster.RejectedSignal {
	w.Helper()
	if res := w.post(src, format, body); len(res) != 1 || res[0].Outcome != muster.OutcomeRejected {
		w.Fatalf("%q gave %+v", body, res)
	}
	return w.waiting(src)[0]
}

func (w *world) waiting(src muster.SourceName) []*muster.RejectedSignal {
	w.Helper()
	return read(w, func(r store.Reader) ([]*muster.RejectedSignal, error) {
		return r.RejectedSignals(store.RejectedFilter{Source: src, Status: []muster.RejectedStatus{muster.RejectedWaiting}})
	})
}

func TestARejectedSignalIsReplayedOnce(t *testing.T) {
	bubble(t, func(w *world) { replays(w) })
}

func replays(w *world) {
	w.put(fmt.Sprintf(probes, "checks"))
	s := w.unread("probes", "generic", `{"checks":[1,2],"results":[{"id":"c1","name":"Search is slow"},{"id":"c2","name":"Cart is slow"},{"id":"c1","name":"Search is slow"}]}`)
	if s.Status != muster.RejectedWaiting || s.Format != "generic" || s.Source != "probes" || s.Reason == "" {
		w.Fatalf("it waits as %+v", s)
	}
	again := command.ReplaySignal{Signal: s.ID}
	_, err := do[*muster.RejectedSignal](w, w.as("rob"), "ReplaySignal", again)
	if muster.CodeOf(err) != muster.ErrInvalid || !strings.Contains(explain(err), "It still cannot be read") || !strings.Contains(explain(err), "checks[0]") {
		w.Errorf("the same mapping gave %v", err)
	}
	if len(w.waiting("probes")) != 1 {
		w.Error("what failed does not wait any more")
	}
	refused[*muster.RejectedSignal](w, muster.ErrForbidden, w.as("vic"), "ReplaySignal", again)
	refused[*muster.RejectedSignal](w, muster.ErrInvalid, w.as("rob"), "ReplaySignal", command.ReplaySignal{Signal: s.ID, Format: "morse"})

	w.put(fmt.Sprintf(probes, "results"))
	out := must[*muster.RejectedSignal](w, w.as("rob"), "ReplaySignal", again)
	if out.Status != muster.RejectedReplayed || len(out.Results) != 3 || out.SettledBy == nil || out.SettledBy.User != "rob" || out.SettledAt.IsZero() {
		w.Fatalf("replayed: %+v", out)
	}
	for i, want := range []muster.Outcome{muster.OutcomeOpened, muster.OutcomeOpened, muster.OutcomeAppended} {
		if out.Results[i].Outcome != want {
			w.Errorf("the %d. signal was %s, want %s", i+1, out.Results[i].Outcome, want)
		}
	}
	a := w.alert(out.Results[0].Alert)
	if a.Title != "Search is slow" || a.Signals != 2 || a.Source != "probes" || a.Service != "cart" || a.Status != muster.AlertOpen || len(w.pages(a.ID)) == 0 {
		w.Errorf("the alert is %+v", a)
	}
	heard := strings.Join(w.heard(store.TimelineFilter{Alert: a.ID}), "\n")
	if !strings.Contains(heard, "Probes fired: Search is slow") || strings.Count(heard, "Rob replayed what came from Probes at ") != 1 {
		w.Errorf("the timeline says\n%s", heard)
	}
	if len(w.waiting("probes")) != 0 {
		w.Error("it waits after it was replayed")
	}
	for _, op := range []func() error{
		func() error { _, err := do[*muster.RejectedSignal](w, w.as("ana"), "ReplaySignal", again); return err },
		func() error {
			_, err := do[*muster.RejectedSignal](w, w.as("ana"), "DismissSignal", command.DismissSignal{Signal: s.ID, Why: "late"})
			return err
		},
	} {
		if err := op(); muster.CodeOf(err) != muster.ErrConflict || !strings.Contains(explain(err), "It was replayed already, by Rob at ") {
			w.Errorf("the second time gave %v", err)
		}
	}
	if a := w.alert(a.ID); a.Signals != 2 {
		w.Errorf("the second time was counted: %d", a.Signals)
	}
	if rows, err := w.commands.VerifyAudit(w.Context()); err != nil || rows == 0 {
		w.Errorf("the security log: %d, %v", rows, err)
	}
}

func TestThePartThatCannotBeReadIsNotLost(t *testing.T) {
	bubble(t, func(w *world) { partlyRead(w) })
}

func partlyRead(w *world) {
	w.put(fmt.Sprintf(probes, "checks"))
	body := `{"checks":[{"id":"a","name":"A"},7,{"id":"b","name":"B"},null],"more":[{"id":"a","name":"A"},{"id":"c","name":"C"},{"id":"b","name":"B"},8]}`
	res := w.post("probes", "generic", body)
	if len(res) != 3 || res[0].Outcome != muster.OutcomeOpened || res[1].Outcome != muster.OutcomeOpened || res[2].Outcome != muster.OutcomeRejected || res[2].Alert != "" {
		w.Fatalf("it gave %+v", res)
	}
	if d := res[2].Detail; !strings.Contains(d, "checks[1]") || !strings.Contains(d, "checks[3]") || strings.Contains(d, "checks[0]") {
		w.Errorf("the reason is %q", d)
	}
	waiting := w.waiting("probes")
	if len(waiting) != 1 || waiting[0].Reason != res[2].Detail {
		w.Fatalf("these wait: %+v", waiting)
	}
	again := command.ReplaySignal{Signal: waiting[0].ID}
	row := read(w, func(r store.Reader) (*muster.RawSignal, error) { return r.Signal(again.Signal) })
	if string(row.Raw) != body || row.Outcome != muster.OutcomeRejected || row.Part != 2 {
		w.Errorf("the part is kept as %+v", row)
	}
	// What is over meanwhile does not begin again, and nothing is settled for nothing.
	must[*muster.Alert](w, w.as("rob"), "ResolveAlert", command.NoteAlert{Alert: res[0].Alert})
	if _, err := do[*muster.RejectedSignal](w, w.as("rob"), "ReplaySignal", again); muster.CodeOf(err) != muster.ErrInvalid || !strings.Contains(explain(err), "Nothing more can be read of it") {
		w.Errorf("the same mapping gave %v", err)
	}
	w.put(fmt.Sprintf(probes, "more"))
	out := must[*muster.RejectedSignal](w, w.as("rob"), "ReplaySignal", again)
	if out.Status != muster.RejectedReplayed || len(out.Results) != 1 || out.Results[0].Outcome != muster.OutcomeOpened || !strings.Contains(out.Why, "a part of it could not be read") {
		w.Fatalf("replayed: %+v", out)
	}
	if a := w.alert(out.Results[0].Alert); a.Title != "C" {
		w.Errorf("it opened %q", a.Title)
	}
	alerts := read(w, func(r store.Reader) ([]*muster.Alert, error) { return r.Alerts(store.AlertFilter{Source: "probes"}) })
	if b := w.alert(res[1].Alert); len(alerts) != 3 || b.Signals != 1 || w.alert(res[0].Alert).Status != muster.AlertResolved || len(w.waiting("probes")) != 0 {
		w.Errorf("%d alerts, B has %d signals", len(alerts), b.Signals)
	}

	// All of it was taken: there is nothing to replay.
	w.put(fmt.Sprintf(probes, "checks"))
	w.post("probes", "generic", `{"checks":[{"id":"d","name":"D"},7],"more":[{"id":"d","name":"D"}]}`)
	w.put(fmt.Sprintf(probes, "more"))
	refused[*muster.RejectedSignal](w, muster.ErrConflict, w.as("rob"), "ReplaySignal", command.ReplaySignal{Signal: w.waiting("probes")[0].ID})
}

func TestManyReplayOneSignal(t *testing.T) {
	bubble(t, func(w *world) { manyReplay(w) })
}

func manyReplay(w *world) {
	s := w.unread("monitoring", "email", `{"title":"It burns","id":"fire"}`)
	errs := make(chan error, 8)
	for range cap(errs) {
		go func() {
			_, err := do[*muster.RejectedSignal](w, w.as("rob"), "ReplaySignal", command.ReplaySignal{Signal: s.ID, Format: "generic"})
			errs <- err
		}()
	}
	done := 0
	for range cap(errs) {
		switch err := <-errs; muster.CodeOf(err) {
		case "":
			done++
		case muster.ErrConflict:
		default:
			w.Errorf("a replay gave %v", err)
		}
	}
	if done != 1 {
		w.Errorf("%d of 8 replayed it", done)
	}
	alerts := read(w, func(r store.Reader) ([]*muster.Alert, error) {
		return r.Alerts(store.AlertFilter{Source: "monitoring"})
	})
	if len(alerts) != 1 || alerts[0].Signals != 1 || alerts[0].Title != "It burns" {
		w.Errorf("the alerts are %+v", alerts)
	}
}

func TestARejectedSignalIsDismissedWithAReason(t *testing.T) {
	bubble(t, func(w *world) {
		for i, body := range []string{"not JSON", "\x00\xff", strings.Repeat("[", 2000), `{"a":1,"a":2}`, "\"\u202eevil\"\x00"} {
			s := w.unread("monitoring", "generic", body)
			raw := read(w, func(r store.Reader) (*muster.RawSignal, error) { return r.Signal(s.ID) })
			if string(raw.Raw) != body || raw.Outcome != muster.OutcomeRejected || raw.Alert != "" {
				w.Errorf("%d: what came is not what is kept: %q", i, raw.Raw)
			}
			refused[*muster.RejectedSignal](w, muster.ErrInvalid, w.as("rob"), "ReplaySignal", command.ReplaySignal{Signal: s.ID})
			refused[*muster.RejectedSignal](w, muster.ErrInvalid, w.as("rob"), "DismissSignal", command.DismissSignal{Signal: s.ID, Why: " \n"})
			refused[*muster.RejectedSignal](w, muster.ErrForbidden, w.as("vic"), "DismissSignal", command.DismissSignal{Signal: s.ID, Why: "no"})
			out := must[*muster.RejectedSignal](w, w.as("rob"), "DismissSignal", command.DismissSignal{Signal: s.ID, Why: "a test of the sender"})
			if out.Status != muster.RejectedDismissed || out.Why != "a test of the sender" || len(w.waiting("monitoring")) != 0 {
				w.Errorf("%d: dismissed: %+v", i, out)
			}
		}
		refused[*muster.RejectedSignal](w, muster.ErrNotFound, w.as("rob"), "ReplaySignal", command.ReplaySignal{Signal: muster.NewID[muster.SignalID](w.commands.IDs, time.Now())})
		empty := w.unread("monitoring", "email", "[]")
		refused[*muster.RejectedSignal](w, muster.ErrConflict, w.as("rob"), "ReplaySignal", command.ReplaySignal{Signal: empty.ID, Format: "generic"})
	})
}

// An end that is replayed late does not end what began again since (I5).
func TestAReplayIsJudgedByItsOwnTime(t *testing.T) {
	bubble(t, func(w *world) {
		body := func(state string) string {
			return fmt.Sprintf(`{"title":"Down","id":"x","state":%q,"at":%q}`, state, time.Now().UTC().Format(time.RFC3339))
		}
		w.post("monitoring", "generic", body("firing"))
		pass(time.Minute)
		end := w.unread("monitoring", "email", body("resolved"))
		pass(time.Minute)
		w.post("monitoring", "generic", body("firing"))
		pass(time.Minute)
		out := must[*muster.RejectedSignal](w, w.as("rob"), "ReplaySignal", command.ReplaySignal{Signal: end.ID, Format: "generic"})
		if len(out.Results) != 1 || out.Results[0].Outcome != muster.OutcomeRejected || w.alert(out.Results[0].Alert).Status != muster.AlertOpen {
			w.Errorf("replayed: %+v", out)
		}
	})
}

// The newest requests of each source are kept, one within five seconds.
func TestSamplesOfASource(t *testing.T) {
	bubble(t, func(w *world) {
		samples := func(src muster.SourceName) []muster.RawSignal {
			return read(w, func(r store.Reader) ([]muster.RawSignal, error) { return r.Samples(src) })
		}
		for i := range 30 {
			for range 3 {
				w.post("monitoring", "generic", fmt.Sprintf(`{"title":"%d","id":"x"}`, i))
			}
			if i == 0 {
				w.post("form", "generic", `"The cellar is under water"`)
			}
			pass(5 * time.Second)
		}
		w.unread("monitoring", "generic", "last")
		got := samples("monitoring")
		if len(got) != 20 || got[0].Detail == "" || got[1].Signal.Title != "29" || got[19].Signal.Title != "11" {
			w.Errorf("kept are %d: %+v", len(got), got)
		}
		// What no mapping reads takes the place of nothing, and its newest is known.
		for range 25 {
			pass(5 * time.Second)
			_, err := w.commands.ReceiveSignals(w.Context(), command.ReceiveSignals{Source: "form", Format: "report", Raw: []byte("{}"), Signals: []muster.Signal{signal("flood", muster.SignalFiring)}})
			w.ok(err)
		}
		if got := samples("form"); len(got) != 1 || got[0].Format != "generic" {
			w.Errorf("kept of the form are %+v", got)
		}
		if got := samples(store.OwnSamples("form")); len(got) != 1 || got[0].Format != "report" || got[0].ReceivedAt != muster.At(time.Now()) {
			w.Errorf("kept of its reports are %+v", got)
		}
	})
}
