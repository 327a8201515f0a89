package sqlstore

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

var (
	intoSignal = into("signal", "id, alert, outcome, received_at, previous, body, raw")
	intoCount  = into("alert_count", "alert, signals, last_signal_at, newest")

	countSignals = alter("alert_count", "alert", "tiit", "signals = signals + $2, newest = $4, "+
		"last_signal_at = CASE WHEN last_signal_at < $3 THEN $3 ELSE last_signal_at END", "")
)

// alertCount is what a set of signals changes of an alert's row in alert_count.
type alertCount struct {
	newest string
	more   int
	last   muster.Instant
}

// InsertSignals writes signal rows, each with the one of its alert before it, and counts those that were appended.
func (t *tx) InsertSignals(rows []muster.RawSignal) error {
	if err := t.findNewest(rows); err != nil {
		return err
	}
	counts := make(map[muster.AlertID]*alertCount, len(rows))
	args := make([]any, 0, len(rows)*intoSignal.width)
	for i := range rows {
		s, previous := &rows[i], ""
		if s.Alert != "" {
			c := counts[s.Alert]
			if c == nil {
				newest, known := t.newest[s.Alert]
				if !known {
					return t.fail(missing("alert", string(s.Alert)))
				}
				c = &alertCount{newest: newest}
				counts[s.Alert] = c
			}
			previous, c.newest = c.newest, string(s.ID)
			if s.Outcome == muster.OutcomeAppended {
				c.more++
				if c.last.Before(s.ReceivedAt.Time) {
					c.last = s.ReceivedAt
				}
			}
		}
		write := appendSignal
		if s.Same != "" {
			write = appendRepeat
		}
		args = append(args, string(s.ID), string(s.Alert), string(s.Outcome), s.ReceivedAt.Micros(), previous,
			t.text(write(t.body[:0], s)), bytesOf(s.Raw))
	}
	if err := t.insert(intoSignal, args); err != nil {
		return err
	}
	args = args[:0]
	for alert, c := range counts {
		t.newest[alert] = c.newest
		args = append(args, string(alert), c.more, c.last.Micros(), c.newest)
	}
	_, err := t.alter(countSignals, args)
	return err
}

// findNewest learns the newest signals of the alerts that signals belong to, where this transaction does not know them. In a
// Tx of PostgreSQL their rows are locked, in order.
func (t *tx) findNewest(rows []muster.RawSignal) error {
	var ids []string
	for i := range rows {
		if _, known := t.newest[rows[i].Alert]; rows[i].Alert != "" && !known {
			ids = append(ids, string(rows[i].Alert))
		}
	}
	if len(ids) == 0 {
		return t.ready()
	}
	return t.query(func(r row) error {
		var id, newest string
		err := r.Scan(&id, &newest)
		t.isNewest(muster.AlertID(id), newest)
		return err
	}, "SELECT alert, newest FROM alert_count WHERE alert "+t.d.in("$1")+" ORDER BY alert"+t.lock, t.d.list(ids))
}

// isNewest notes the newest signal of an alert whose row in alert_count nobody else can change before the commit.
func (t *tx) isNewest(alert muster.AlertID, signal string) {
	if t.newest == nil {
		t.newest = map[muster.AlertID]string{}
	}
	t.newest[alert] = signal
}

// keptSignal is the body of a signal.
type keptSignal struct {
	muster.RawSignal
	Same muster.SignalID `json:"same"`
}

func scanKept(r row) (muster.RawSignal, error) {
	s, err := scanValue[keptSignal](r)
	s.RawSignal.Same = s.Same
	return s.RawSignal, err
}

// signals lists signals without Raw. What one of them says that an earlier one said is looked up there.
func (t *tx) signals(text string, args ...any) ([]muster.RawSignal, error) {
	list, err := all(t, scanKept, text, args...)
	if err != nil {
		return nil, err
	}
	return list, t.sayAgain(list)
}

// sayAgain fills in what signals say that an earlier one said.
func (t *tx) sayAgain(list []muster.RawSignal) error {
	var ids []string
	said := map[muster.SignalID]muster.Signal{}
	for i := range list {
		if same := list[i].Same; same != "" {
			if _, known := said[same]; !known {
				said[same] = muster.Signal{}
				ids = append(ids, string(same))
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if err := t.query(func(r row) error {
		s, err := scanValue[muster.RawSignal](r)
		said[s.ID] = s.Signal
		return err
	}, "SELECT body FROM signal WHERE id "+t.d.in("$1"), t.d.list(ids)); err != nil {
		return err
	}
	for i := range list {
		s := &list[i]
		if s.Same == "" {
			continue
		}
		full := said[s.Same]
		if full.State == "" { // it was deleted, as this one will be within the hour
			if err := t.asTheAlert(s.Alert, &full); err != nil {
				return err
			}
			said[s.Same] = full
		}
		full.DetectedAt, full.ClaimedAt, full.EndsAt = s.Signal.DetectedAt, s.Signal.ClaimedAt, s.Signal.EndsAt
		s.Signal, s.Same = full, ""
	}
	return nil
}

// asTheAlert fills in what an alert was opened with, for a repetition of which nothing else is left.
func (t *tx) asTheAlert(id muster.AlertID, s *muster.Signal) error {
	a, err := find(t, scanAlert, selectAlert+" WHERE id = $1", string(id))
	if err != nil {
		return err
	}
	s.State = muster.SignalFiring
	if a != nil {
		s.Source, s.Title, s.Summary, s.Severity, s.Labels, s.Links = a.Source, a.Title, a.Summary, a.Severity, a.Labels, a.Links
		s.Impact, s.Action, s.Service = a.Impact, a.Action, a.Service
	}
	return nil
}

// SignalsOf lists the signals of an alert, without Raw: it follows their chain. Those of no alert it finds by looking at the
// newest one by one.
func (t *tx) SignalsOf(alert muster.AlertID, l store.List) ([]muster.RawSignal, error) {
	if alert == "" {
		var w where
		w.and("alert = ''")
		w.list(l)
		return t.signals("SELECT body FROM signal"+w.text.String(), w.args...)
	}
	first, from := "SELECT newest FROM alert_count WHERE alert = $1", string(alert)
	if l.After != "" {
		first, from = "SELECT previous FROM signal WHERE id = $1", l.After
	}
	return t.signals("SELECT body FROM (WITH RECURSIVE chain (previous, body) AS ("+
		"SELECT previous, body FROM signal WHERE id = ("+first+") AND alert = $2 "+
		"UNION ALL SELECT signal.previous, signal.body FROM chain JOIN signal ON signal.id = chain.previous"+
		") SELECT body FROM chain LIMIT $3) AS found", from, string(alert), limit(l.Limit))
}

// FirstSignals lists the signals of an alert that were received with it, without Raw. It finds them by identifier.
func (t *tx) FirstSignals(a *muster.Alert) ([]muster.RawSignal, error) {
	return t.signals("SELECT body FROM signal WHERE id >= $1 AND id < $2 AND alert = $3 ORDER BY id",
		madeAt("sig", a.ReceivedAt), madeAt("sig", a.ReceivedAt.Plus(time.Millisecond)), string(a.ID))
}

// Signal gives one signal with Raw, which lies in the row of the first part of its request.
func (t *tx) Signal(id muster.SignalID) (*muster.RawSignal, error) {
	scan := func(r row) (*muster.RawSignal, error) {
		var body, raw []byte
		if err := r.Scan(&body, &raw); err != nil {
			return nil, err
		}
		var s keptSignal
		if err := decode(body, &s); err != nil {
			return nil, err
		}
		s.RawSignal.Same, s.Raw = s.Same, bytesOrNil(raw)
		return &s.RawSignal, nil
	}
	s, err := get(t, "signal", string(id), scan, "SELECT body, raw FROM signal WHERE id = $1"+t.lock, string(id))
	if err != nil {
		return nil, err
	}
	again := []muster.RawSignal{*s}
	if err := t.sayAgain(again); err != nil {
		return nil, err
	}
	if s = &again[0]; s.First == "" || s.Raw != nil {
		return s, nil
	}
	first, err := find(t, scan, "SELECT body, raw FROM signal WHERE id = $1", string(s.First))
	if err != nil {
		return nil, err
	}
	if first != nil {
		s.Raw = first.Raw
	}
	return s, nil
}

// DeleteSignalsBefore deletes the oldest signals that were received before an instant. It finds them by identifier.
func (t *tx) DeleteSignalsBefore(before muster.Instant, limit int) (int, error) {
	n, err := t.exec("DELETE FROM signal WHERE id IN (SELECT id FROM signal WHERE id < $1 AND received_at < $2 ORDER BY id LIMIT $3)",
		madeAt("sig", before), before.Micros(), limit)
	if err == nil {
		err = t.deleteRejectedBefore(madeAt("sig", before), limit)
	}
	return int(n), err
}

var intoAlert = into("alert", "id, status, triage, held, open_key, source, service, severity, incident, received_at, next_wake_at, "+
	"search, reasons, body")

// openKey is the identity of an alert until it is resolved. Names of sources have no slash.
func openKey(s muster.SourceName, f muster.Fingerprint) string { return string(s) + "/" + string(f) }

// alertColumns gives the values of intoAlert's columns.
func (t *tx) alertColumns(args []any, a *muster.Alert) []any {
	var key any
	if a.Status != muster.AlertResolved {
		key = openKey(a.Source, a.Fingerprint)
	}
	return append(args, string(a.ID), string(a.Status), a.Triage, a.Triage || a.Suppressed != nil || a.Recorded, key, string(a.Source),
		string(a.Service), string(a.Severity), string(a.Incident), a.ReceivedAt.Micros(), wake(a.NextWakeAt),
		strings.ToLower(a.Title), t.text(appendReasons(t.body[:0], a.Reasons)), t.text(appendAlert(t.body[:0], a)))
}

// InsertAlerts writes new alerts.
func (t *tx) InsertAlerts(rows []*muster.Alert) error {
	args, counts := make([]any, 0, len(rows)*intoAlert.width), make([]any, 0, len(rows)*intoCount.width)
	for _, a := range rows {
		args = t.alertColumns(args, a)
		counts = append(counts, string(a.ID), a.Signals, a.LastSignalAt.Micros(), "")
		t.begin(string(a.ID))
		t.isNewest(a.ID, "")
	}
	if err := t.insert(intoAlert, args); err != nil {
		return err
	}
	return t.insert(intoCount, counts)
}

const updateAlert = "UPDATE alert SET status = $2, triage = $3, held = $4, open_key = $5, source = $6, service = $7, severity = $8, " +
	"incident = $9, received_at = $10, next_wake_at = $11, search = $12, reasons = $13, body = $14 WHERE id = $1"

// UpdateAlert writes an alert as it is given.
func (t *tx) UpdateAlert(a *muster.Alert) error {
	if err := t.change("alert", string(a.ID), updateAlert, t.alertColumns(nil, a)...); err != nil {
		return err
	}
	return t.change("alert", string(a.ID), "UPDATE alert_count SET signals = $2, last_signal_at = $3 WHERE alert = $1",
		string(a.ID), a.Signals, a.LastSignalAt.Micros())
}

const selectAlert = "SELECT body, reasons, signals, last_signal_at FROM alert JOIN alert_count ON alert_count.alert = alert.id"

func scanAlert(r row) (*muster.Alert, error) {
	var body, reasons []byte
	var signals int
	var last int64
	if err := r.Scan(&body, &reasons, &signals, &last); err != nil {
		return nil, err
	}
	a := &muster.Alert{}
	if err := decode(body, a); err != nil {
		return nil, err
	}
	if err := decode(reasons, &a.Reasons); err != nil {
		return nil, err
	}
	a.Signals, a.LastSignalAt = signals, muster.FromMicros(last)
	return a, nil
}

// Alert gives one alert.
func (t *tx) Alert(id muster.AlertID) (*muster.Alert, error) {
	return get(t, "alert", string(id), scanAlert, selectAlert+" WHERE id = $1"+t.lock, string(id))
}

// Alerts lists alerts, newest first.
func (t *tx) Alerts(f store.AlertFilter) ([]*muster.Alert, error) {
	var w where
	oneOf(&w, "status", f.Status)
	if f.Service != "" {
		w.and("service = ?", string(f.Service))
	}
	if f.Source != "" {
		w.and("source = ?", string(f.Source))
	}
	if f.Severity != "" {
		w.and("severity = ?", string(f.Severity))
	}
	if f.Incident != "" {
		w.and("incident = ? AND incident <> ''", string(f.Incident))
	}
	if f.Triage != nil {
		w.and("triage = ?", *f.Triage)
	}
	if !f.Since.IsZero() { // the identifier ends the search, a day of doubt between it and the receipt
		w.and("received_at >= ? AND id >= ?", f.Since.Micros(), madeAt("alt", f.Since.Plus(-24*time.Hour)))
	}
	w.words(f.Query)
	w.list(f.List)
	return all(t, scanAlert, selectAlert+w.text.String(), w.args...)
}

// OpenAlerts finds the alerts that are not resolved and have these identities. In a Tx of PostgreSQL they are locked in
// the order of their keys, so that two sets cannot wait for each other.
//
// It gives their IDs only: a storm of signals about open alerts asks nothing else, and reading what each alert holds would
// be a quarter of the work.
func (t *tx) OpenAlerts(keys []store.AlertKey) (map[store.AlertKey]muster.AlertID, error) {
	const columns = "SELECT id, open_key, newest FROM alert JOIN alert_count ON alert_count.alert = alert.id WHERE open_key "
	list, by := make([]string, len(keys)), make(map[string]store.AlertKey, len(keys))
	for i, k := range keys {
		list[i] = openKey(k.Source, k.Fingerprint)
		by[list[i]] = k
	}
	text, args := columns+t.d.in("$1"), []any{t.d.list(list)}
	if t.lock != "" {
		text += " ORDER BY open_key" + t.lock
	}
	if len(list) == 1 {
		text, args = columns+"= $1"+t.lock, []any{list[0]}
	}
	found := make(map[store.AlertKey]muster.AlertID, len(keys))
	err := t.query(func(r row) error {
		var id, key, newest string
		if err := r.Scan(&id, &key, &newest); err != nil {
			return err
		}
		found[by[key]] = muster.AlertID(id)
		t.isNewest(muster.AlertID(id), newest) // a set that asks is about to append
		return nil
	}, text, args...)
	return found, err
}

// CountAlerts counts alerts in any of the states, all alerts when none is given.
func (t *tx) CountAlerts(status ...muster.AlertStatus) (int, error) {
	var w where
	oneOf(&w, "status", status)
	n, err := t.number("SELECT COUNT(*) FROM alert"+w.text.String(), w.args...)
	return int(n), err
}

var intoEscalation = into("escalation", "id, alert, status, body")

// InsertEscalations writes new escalations.
func (t *tx) InsertEscalations(rows []*muster.Escalation) error {
	args := make([]any, 0, len(rows)*intoEscalation.width)
	var last *muster.Policy
	policy := ""
	for _, e := range rows {
		if last == nil || !samePolicy(last, &e.Policy) {
			last, policy = &e.Policy, t.encode(&e.Policy)
		}
		args = append(args, string(e.ID), string(e.Alert), string(e.Status), t.text(appendEscalation(t.body[:0], e, policy)))
	}
	return t.insert(intoEscalation, args)
}

// UpdateEscalation writes an escalation as it is given.
func (t *tx) UpdateEscalation(e *muster.Escalation) error {
	return t.change("escalation", string(e.ID), "UPDATE escalation SET status = $2, body = $3 WHERE id = $1", string(e.ID), string(e.Status),
		t.text(appendEscalation(t.body[:0], e, t.encode(&e.Policy))))
}

// EscalationOf gives the newest escalation of an alert, nil if there is none.
func (t *tx) EscalationOf(alert muster.AlertID) (*muster.Escalation, error) {
	return find(t, scanBody[muster.Escalation], "SELECT body FROM escalation WHERE alert = $1 ORDER BY id DESC LIMIT 1"+t.lock, string(alert))
}

// Page gives one page.
func (t *tx) Page(id muster.PageID) (*muster.Page, error) {
	return get(t, "page", string(id), scanPage, "SELECT body, life FROM page WHERE id = $1"+t.lock, string(id))
}

// PagesOf lists the pages of an alert, and those about several to which it belongs, in the order in which they were planned.
func (t *tx) PagesOf(alert muster.AlertID) ([]*muster.Page, error) {
	return t.pagesOf(alert, "")
}

// PagesSince lists those that were planned since an instant: their identifiers say when.
func (t *tx) PagesSince(alert muster.AlertID, since muster.Instant) ([]*muster.Page, error) {
	return t.pagesOf(alert, " AND page.id >= $2", madeAt("pag", since))
}

// PlannedPages lists those that nobody has begun to send.
func (t *tx) PlannedPages(alert muster.AlertID) ([]*muster.Page, error) {
	return t.pagesOf(alert, " AND page.state = 'planned'")
}

func (t *tx) pagesOf(alert muster.AlertID, and string, args ...any) ([]*muster.Page, error) {
	list, err := all(t, scanPage, "SELECT body, life FROM page WHERE alert = $1"+and+
		" UNION ALL SELECT page.body, page.life FROM digest JOIN page ON page.id = digest.page WHERE digest.alert = $1"+and,
		append([]any{string(alert)}, args...)...)
	slices.SortFunc(list, func(a, b *muster.Page) int {
		return cmp.Or(a.PlannedAt.Compare(b.PlannedAt.Time), a.DueAt.Compare(b.DueAt.Time), cmp.Compare(a.ID, b.ID))
	})
	return list, err
}

// PagesFor lists the pages of a person, of everybody for "".
func (t *tx) PagesFor(user muster.UserName, l store.List) ([]*muster.Page, error) {
	var w where
	if user != "" {
		w.and("person = ?", string(user))
	}
	w.list(l)
	return all(t, scanPage, "SELECT body, life FROM page"+w.text.String(), w.args...)
}

// PagesByConnector lists the pages that use a connector. It looks at the newest pages one by one, so it is slow for a
// connector that was not used for long.
func (t *tx) PagesByConnector(c muster.ConnectorName, l store.List) ([]*muster.Page, error) {
	var w where
	w.and("connector = ?", string(c))
	w.list(l)
	return all(t, scanPage, "SELECT body, life FROM page"+w.text.String(), w.args...)
}

// bytesOf is a []byte as an argument: NULL for an empty one, which both databases then give back alike.
func bytesOf(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

func bytesOrNil(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}
