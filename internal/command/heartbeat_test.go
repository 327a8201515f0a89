package command_test

import (
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store"
)

const nightly = `
kind: source
name: jobs
title: Nightly jobs
team: storefront
service: cart
heartbeats:
  - {name: backup, every: 5m, grace: 1m, severity: minor}
  - {name: invoices, every: 1d, title: Invoices were not written}
`

func (w *world) beat(name string, failed bool) command.BeatResult {
	w.Helper()
	out, err := w.commands.Beat(w.Context(), command.Beat{Source: "jobs", Name: name, Failed: failed, Text: "disk full"})
	w.ok(err)
	return out
}

func (w *world) pulse(name string) (p *muster.Pulse) {
	w.Helper()
	w.ok(w.db.Read(w.Context(), func(r store.Reader) (err error) {
		p, err = r.Pulse("jobs", name)
		return err
	}))
	return p
}

func (w *world) alertsOf(src muster.SourceName) (list []*muster.Alert) {
	w.Helper()
	w.ok(w.db.Read(w.Context(), func(r store.Reader) (err error) {
		list, err = r.Alerts(store.AlertFilter{Source: src, List: store.List{Limit: 10}})
		return err
	}))
	return list
}

func TestAHeartbeatThatStaysAwayAlerts(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(nightly)
		w.start()
		for range 5 {
			pass(5 * time.Minute)
			w.beat("backup", false)
		}
		if n := len(w.alertsOf("jobs")); n > 0 || w.pulse("backup").Status != muster.HeartbeatOK {
			w.Fatalf("%d alerts while it beats; %+v", n, w.pulse("backup"))
		}
		pass(6*time.Minute - time.Second)
		if n := len(w.alertsOf("jobs")); n > 0 {
			w.Fatalf("%d alerts within the grace", n)
		}
		pass(2 * time.Second)
		list := w.alertsOf("jobs")
		if len(list) != 1 || list[0].Title != "No sign of life of backup" || list[0].Severity != muster.SeverityMinor || list[0].Service != "cart" {
			w.Fatalf("late: %+v", list)
		}
		if !strings.Contains(list[0].Summary, "Its last sign of life was at") || len(w.who()) != 1 {
			w.Errorf("%q, rang %v", list[0].Summary, w.who())
		}
		// Resolved by hand while it is still away, it comes back.
		must[*muster.Alert](w, w.as("rob"), "ResolveAlert", command.NoteAlert{Alert: list[0].ID})
		pass(16 * time.Minute)
		if list = w.alertsOf("jobs"); len(list) != 2 || list[0].Status == muster.AlertResolved {
			w.Fatalf("it stays away and nobody is told: %+v", list)
		}
		if got := w.beat("backup", false); got.Alert != list[0].ID || got.Status != muster.HeartbeatOK {
			w.Errorf("the sign of life gave %+v", got)
		}
		if a := w.alert(list[0].ID); a.Status != muster.AlertResolved {
			w.Errorf("the alert is %s after the sign of life", a.Status)
		}
		pass(7 * time.Minute)
		if list = w.alertsOf("jobs"); len(list) != 3 {
			w.Errorf("away again: %d alerts", len(list))
		}
	})
}

func heartbeatFails(w *world) {
	w.put(nightly)
	got := w.beat("backup", true)
	if got.Alert == "" || got.Status != muster.HeartbeatFailed {
		w.Fatalf("a failure gave %+v", got)
	}
	if a := w.alert(got.Alert); a.Summary != "It reported a failure:\ndisk full" {
		w.Errorf("summary %q", a.Summary)
	}
	if again := w.beat("backup", true); again.Alert != got.Alert {
		w.Errorf("the second failure is another alert: %+v", again)
	}
	if end := w.beat("backup", false); end.Alert != got.Alert || w.alert(got.Alert).Status != muster.AlertResolved {
		w.Errorf("a sign of life did not end it: %+v", end)
	}
	// A name that is not declared.
	_, err := w.commands.Beat(w.Context(), command.Beat{Source: "jobs", Name: "backups"})
	if muster.CodeOf(err) != muster.ErrNotFound || !strings.Contains(err.Error(), "did you mean backup?") {
		w.Errorf("an unknown name: %v", err)
	}
	// What is not declared any more is forgotten, and its alert ends.
	got = w.beat("backup", true)
	w.put(strings.Replace(nightly, "  - {name: backup, every: 5m, grace: 1m, severity: minor}\n", "", 1))
	if w.pulse("backup") != nil || w.alert(got.Alert).Status != muster.AlertResolved {
		w.Errorf("%+v, alert %s", w.pulse("backup"), w.alert(got.Alert).Status)
	}
	if p := w.pulse("invoices"); p == nil || p.DueAt.Sub(p.Since.Time) != 24*time.Hour+time.Minute {
		w.Errorf("the other one: %+v", p)
	}
}

func TestAHeartbeatThatFails(t *testing.T) { bubble(t, heartbeatFails) }

// Signs of life that came while Muster itself was away are lost: nobody is alarmed about that.
func TestOurOwnOutageIsNoAlarm(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(nightly)
		w.beat("backup", false)
		pass(time.Hour) // the engine has not been started: as if the process were down
		w.start()
		pass(5 * time.Minute)
		if n := len(w.alertsOf("jobs")); n > 0 {
			w.Fatalf("%d alerts after our own outage", n)
		}
		w.beat("backup", false)
		pass(5 * time.Minute)
		if n := len(w.alertsOf("jobs")); n > 0 {
			w.Fatalf("%d alerts although it beats", n)
		}
		pass(2 * time.Minute)
		if n := len(w.alertsOf("jobs")); n != 1 {
			w.Fatalf("%d alerts when it stays away", n)
		}
	})
}
