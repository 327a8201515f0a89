package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// act lets one action happen.
func (r *run) act(a Action) {
	switch a.Kind {
	case Fire, Clear:
		if a.Twice {
			var both sync.WaitGroup
			both.Go(func() { r.send(a) })
			both.Go(func() { r.send(a) })
			both.Wait()
			return
		}
		r.send(a)
	case Ack, Unack, Escalate, Resolve, Snooze:
		r.person(a)
	case AckPage, Look:
		r.button(a)
	case Silence:
		r.silence(a)
	case PutPolicy, PutRoster, PutUser:
		r.put(a)
	case Remove:
		r.remove(a)
	case Crash:
		r.crash(a)
	case Restart:
		if n := r.current(); n != nil {
			r.stop(n, false, a.For)
		}
	case Provider, Store: // the weather looks by itself
	}
}

// send tells what a monitor tells, until it is answered.
func (r *run) send(a Action) {
	s := &send{action: a.ID, span: span{from: time.Now()}, clear: a.Kind == Clear, keys: a.Keys, group: a.Group}
	state, claim := "firing", "startsAt"
	if s.clear {
		state, claim = "resolved", "endsAt"
	}
	if a.Claim != 0 {
		s.claim = epoch.Add(a.Claim)
		claim = fmt.Sprintf(`,%q:%q`, claim, s.claim.Format(time.RFC3339Nano))
	} else {
		claim = ""
	}
	var b strings.Builder
	b.WriteString(`{"alerts":[`)
	for i, k := range a.Keys {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"status":%q,"fingerprint":"c%d","labels":{"alertname":"Failures","group":%q,"severity":%q},"annotations":{"summary":%q}%s}`, state, k, a.Group, severity(k), title(k), claim)
	}
	b.WriteString(`]}`)
	status, body, unknown := r.insist("", http.MethodPost, "/in/"+r.intake()+"/alertmanager", b.String())
	s.status, s.unknown, s.to = status, unknown, time.Now()
	var got struct {
		Signals []sendResult `json:"signals"`
	}
	if status == http.StatusAccepted {
		if err := json.Unmarshal(body, &got); err != nil || len(got.Signals) != len(a.Keys) {
			r.fail(fmt.Sprintf("the monitor was answered %q for %d conditions", body, len(a.Keys)))
		}
		s.results = got.Signals
	}
	r.rec.mu.Lock()
	r.rec.sends = append(r.rec.sends, s)
	r.rec.mu.Unlock()
}

func title(key int) string { return fmt.Sprintf("Failures of c%d", key) }

// severity is how bad a condition is: it stays the same.
func severity(key int) string { return []string{"minor", "minor", "major", "critical"}[key%4] }

// intake is the key of the monitor, which stays the same.
func (r *run) intake() string {
	for {
		if n := r.current(); n != nil {
			return n.world.Intake
		}
		time.Sleep(time.Second) // in a bubble
	}
}

var verbs = map[Kind]string{Ack: "acknowledge", Unack: "unacknowledge", Escalate: "escalate", Resolve: "resolve", Snooze: "snooze"}

// person does something about an alert.
func (r *run) person(a Action) {
	alert := r.rec.alertOf(a.Keys[0])
	if alert == "" {
		return
	}
	o := &op{action: a.ID, span: span{from: time.Now()}, kind: a.Kind, key: a.Keys[0], alert: alert, who: a.Who, group: a.Group, long: a.For}
	var in any
	if a.Kind == Snooze {
		in = map[string]any{"for": a.For.String()}
	}
	status, body, unknown := r.insist(a.Who, http.MethodPost, "/api/v1/alerts/"+alert+"/"+verbs[a.Kind], in)
	var got struct {
		Status string `json:"status"`
	}
	if status == http.StatusOK {
		if err := json.Unmarshal(body, &got); err != nil {
			r.fail(err.Error())
		}
	}
	o.status, o.answer, o.unknown = status, got.Status, unknown
	r.did(o)
}

func (r *run) did(o *op) {
	o.to = time.Now()
	r.rec.mu.Lock()
	r.rec.ops = append(r.rec.ops, o)
	r.rec.mu.Unlock()
}

// button opens the link of the last page about an alert, and presses its button unless it is a scanner that does.
func (r *run) button(a Action) {
	alert := r.rec.alertOf(a.Keys[0])
	c := r.rec.lastCall(alert)
	if alert == "" || c == nil {
		return
	}
	path := c.link[strings.Index(c.link, "/p/"):]
	o := &op{action: a.ID, span: span{from: time.Now()}, kind: a.Kind, key: a.Keys[0], alert: alert, who: c.address, group: a.Group, page: c.page}
	if a.Kind == Look {
		status, _, unknown := r.insist("", http.MethodGet, path, nil)
		o.status, o.unknown = status, unknown
	} else {
		status, _, unknown := r.insist("", http.MethodPost, path+"/ack", "")
		o.status, o.unknown = status, unknown
	}
	r.did(o)
}

func (r *run) silence(a Action) {
	o := &op{action: a.ID, span: span{from: time.Now()}, kind: Silence, who: a.Who, group: a.Group}
	name := fmt.Sprintf("silence-%d", a.ID)
	status, body, unknown := r.insist(a.Who, http.MethodPost, "/api/v1/silences", map[string]any{
		"name": name, "match": fmt.Sprintf("labels.group == %q", a.Group), "for": a.For.String(), "why": "a test",
	})
	if status == http.StatusConflict && unknown > 0 { // an attempt without an answer had made it
		status, body, _ = r.insist(a.Who, http.MethodGet, "/api/v1/silences/"+name, nil)
	}
	var got struct {
		Until time.Time `json:"until"`
		Body  struct {
			Until time.Time `json:"until"`
		} `json:"document"`
	}
	if status < 300 {
		if err := json.Unmarshal(body, &got); err != nil {
			r.fail(err.Error())
		}
	}
	o.status, o.unknown, o.until = status, unknown, got.Until
	if o.until.IsZero() {
		o.until = got.Body.Until
	}
	r.did(o)
}

// put writes a document.
func (r *run) put(a Action) {
	e := &edit{action: a.ID, span: span{from: time.Now()}, put: a.put}
	text := ""
	switch d := a.put.(type) {
	case *policy:
		text = d.doc()
	case *roster:
		text = d.doc()
	case *user:
		text = d.doc()
	}
	status, body, unknown := r.insist("boss", http.MethodPost, "/api/v1/apply", map[string]any{"documents": text, "why": "a test", "accept": "reaches-nobody"})
	e.status, e.unknown, e.to = status, unknown, time.Now()
	if status != http.StatusOK {
		r.rec.note(fmt.Sprintf("a change was refused: %d %s", status, body))
	}
	r.rec.mu.Lock()
	r.rec.edits = append(r.rec.edits, e)
	r.rec.mu.Unlock()
}

func (r *run) remove(a Action) {
	e := &edit{action: a.ID, span: span{from: time.Now()}, who: a.Who, method: a.Name}
	for _, m := range r.s.Org.users[a.Who].methods {
		if m.name == a.Name {
			e.status, _, e.unknown = r.insist("boss", http.MethodDelete, "/api/v1/contacts/"+m.id, nil)
			if e.status == http.StatusNotFound && e.unknown > 0 {
				e.status = http.StatusNoContent
			}
		}
	}
	e.to = time.Now()
	r.rec.mu.Lock()
	r.rec.edits = append(r.rec.edits, e)
	r.rec.mu.Unlock()
}

// crash kills the process at a place that it passes, or where it stands when it does not pass there soon.
func (r *run) crash(a Action) {
	n := r.current()
	if n == nil {
		return
	}
	n.mu.Lock()
	free := n.place == ""
	if free {
		n.place, n.passes = a.How, a.Nth
	}
	n.mu.Unlock()
	if !free {
		return
	}
	select {
	case <-n.killed:
	case <-n.ctx.Done():
		return
	case <-time.After(time.Minute):
	}
	r.stop(n, true, a.For)
}

// watch looks into the store once in a while: each alert that pages must have a wake-up ahead (I8, I9).
func (r *run) watch() {
	for at := 10 * time.Minute; at < r.s.Length+r.s.Settle; at += 20 * time.Minute {
		r.until(at + time.Second)
		if n := r.current(); n != nil {
			r.wakeups(n)
		}
	}
}

func (r *run) wakeups(n *node) {
	var open []*muster.Alert
	var timers []muster.Timer
	var now time.Time
	err := n.world.App.DB.Read(r.t.Context(), func(rd store.Reader) (err error) {
		now = rd.Now().Time
		if timers, err = rd.DueTimers(rd.Now().Plus(30*24*time.Hour), 100_000); err != nil {
			return err
		}
		open, err = everyAlert(rd, muster.AlertOpen)
		return err
	})
	if err != nil {
		return // it died meanwhile
	}
	ahead := map[string]muster.Timer{}
	for _, t := range timers {
		if t.Kind == muster.TimerEscalate || t.Kind == muster.TimerSilenceEnd {
			ahead[t.Ref] = t
		}
	}
	for _, a := range open {
		t, ok := ahead[string(a.ID)]
		switch {
		case a.Triage:
		case a.NextWakeAt.IsZero():
			r.seen("I8", now, a, "is open and unacknowledged, and its row has no next wake-up")
		case !ok:
			r.seen("I8", now, a, "is open and unacknowledged, and no timer will wake its escalation")
		case t.DueAt.After(now.Add(13 * time.Hour)):
			r.seen("I8", now, a, "is woken only at "+t.DueAt.Format(time.RFC3339))
		}
	}
}

func (r *run) seen(invariant string, at time.Time, a *muster.Alert, text string) {
	r.rec.mu.Lock()
	defer r.rec.mu.Unlock()
	r.rec.early = append(r.rec.early, Violation{Invariant: invariant, At: at.Sub(epoch), Alert: string(a.ID), Key: keyOf(a.Title), Text: "the alert about " + a.Title + " " + text})
}

func keyOf(title string) int {
	k := -1
	_, _ = fmt.Sscanf(title, "Failures of c%d", &k)
	return k
}

func everyAlert(rd store.Reader, status ...muster.AlertStatus) (all []*muster.Alert, err error) {
	l := store.List{Limit: 1000}
	for {
		rows, err := rd.Alerts(store.AlertFilter{List: l, Status: status})
		all = append(all, rows...)
		if err != nil || len(rows) < l.Limit {
			return all, err
		}
		l.After = string(rows[len(rows)-1].ID)
	}
}

// gather takes the rows that Muster kept.
func (r *run) gather() {
	n := r.current()
	if n == nil {
		return
	}
	r.wakeups(n)
	err := n.world.App.DB.Read(r.t.Context(), func(rd store.Reader) (err error) {
		r.rec.end = rd.Now().Time
		if r.rec.alerts, err = everyAlert(rd); err != nil {
			return err
		}
		l := store.List{Limit: 1000}
		for {
			rows, err := rd.PagesFor("", l)
			r.rec.pages = append(r.rec.pages, rows...)
			if err != nil {
				return err
			}
			if len(rows) < l.Limit {
				break
			}
			l.After = string(rows[len(rows)-1].ID)
		}
		if r.rec.notices, err = rd.Notices(store.NoticeFilter{List: store.List{Limit: 1000}}); err != nil {
			return err
		}
		r.rec.books, err = everyRow(rd)
		return err
	})
	if err != nil {
		r.fail("the rows cannot be read: " + err.Error())
	}
}

// everyRow reads the ledger, in its order.
func everyRow(rd store.Reader) (all []muster.LedgerRow, err error) {
	for after := int64(0); ; after = all[len(all)-1].Position {
		rows, err := rd.Sealed(after, 1000)
		all = append(all, rows...)
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			break
		}
	}
	loose, err := rd.Unsealed("", 1000)
	return append(all, loose...), err
}

// verify asks Muster to verify its own ledger (I42).
func (r *run) verify() {
	status, body, err := r.do(r.current(), "boss", http.MethodGet, "/api/v1/ledger/verify", nil)
	var report struct {
		Rows  int    `json:"rows"`
		Wrong string `json:"wrong"`
	}
	if err == nil && status == http.StatusOK {
		err = json.Unmarshal(body, &report)
	}
	switch {
	case err != nil || status != http.StatusOK:
		r.fail(fmt.Sprintf("the ledger cannot be verified: %d %.200s %v", status, body, err))
	case report.Wrong != "":
		r.rec.early = append(r.rec.early, Violation{Invariant: "I42", At: time.Since(epoch), Key: -1, Text: report.Wrong})
	}
}
