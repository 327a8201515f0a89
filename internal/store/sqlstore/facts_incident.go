package sqlstore

import (
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

var intoIncident = into("incident", "id, key, number, status, severity, service, public, generation, search, body")

func (t *tx) incidentColumns(i *muster.Incident) []any {
	return []any{
		string(i.ID), string(i.Key), i.Number, string(i.Status), string(i.Severity), string(i.Service), i.Public, i.Generation,
		strings.ToLower(string(i.Key) + " " + i.Title), t.encode(i),
	}
}

// NextIncidentNumber counts without gaps: the row is locked until the commit, and a failed command gives its number back.
func (t *tx) NextIncidentNumber() (int64, error) {
	return t.number("UPDATE counter SET value = value + 1 WHERE name = 'incident' RETURNING value")
}

// InsertIncident writes a new incident.
func (t *tx) InsertIncident(i *muster.Incident) error {
	t.begin(string(i.ID))
	return t.insert(intoIncident, t.incidentColumns(i))
}

// UpdateIncident writes an incident as it is given.
func (t *tx) UpdateIncident(i *muster.Incident) error {
	return t.change("incident", string(i.ID), "UPDATE incident SET key = $2, number = $3, status = $4, severity = $5, service = $6, "+
		"public = $7, generation = $8, search = $9, body = $10 WHERE id = $1", t.incidentColumns(i)...)
}

const selectIncident = "SELECT body, generation FROM incident"

func scanIncident(r row) (*muster.Incident, error) {
	var body []byte
	i := &muster.Incident{}
	if err := r.Scan(&body, &i.Generation); err != nil {
		return nil, err
	}
	return i, decode(body, i)
}

// Incident gives one incident.
func (t *tx) Incident(id muster.IncidentID) (*muster.Incident, error) {
	return get(t, "incident", string(id), scanIncident, selectIncident+" WHERE id = $1"+t.lock, string(id))
}

// IncidentByKey gives the incident with a key.
func (t *tx) IncidentByKey(key muster.IncidentKey) (*muster.Incident, error) {
	return get(t, "incident", string(key), scanIncident, selectIncident+" WHERE key = $1"+t.lock, string(key))
}

// Incidents lists incidents, newest first. Query finds words of the title and of the key.
func (t *tx) Incidents(f store.IncidentFilter) ([]*muster.Incident, error) {
	var w where
	oneOf(&w, "status", f.Status)
	if f.Severity != "" {
		w.and("severity = ?", string(f.Severity))
	}
	if f.Service != "" {
		w.and("service = ?", string(f.Service))
	}
	if f.Public != nil {
		w.and("public = ?", *f.Public)
	}
	w.words(f.Query)
	w.list(f.List)
	return all(t, scanIncident, selectIncident+w.text.String(), w.args...)
}

var intoUpdate = into("status_update", "id, incident, number, body")

// InsertUpdate writes a status update.
func (t *tx) InsertUpdate(u *muster.StatusUpdate) error {
	return t.insert(intoUpdate, []any{string(u.ID), string(u.Incident), u.Number, t.encode(u)})
}

// Updates lists the status updates of an incident, newest first.
func (t *tx) Updates(id muster.IncidentID) ([]*muster.StatusUpdate, error) {
	return all(t, scanBody[muster.StatusUpdate], "SELECT body FROM status_update WHERE incident = $1 ORDER BY number DESC, id DESC", string(id))
}

// Seen keeps that somebody saw an incident: Via is how they saw it first, Name what they were called last.
func (t *tx) Seen(a muster.Awareness) (bool, error) {
	args := []any{string(a.Incident), string(a.Person), a.Name, a.First.Micros(), a.Last.Micros()}
	n, err := t.exec("INSERT INTO awareness (incident, person, name, first_at, last_at, via) VALUES ($1, $2, $3, $4, $5, $6) "+
		"ON CONFLICT (incident, person) DO NOTHING", append(args, string(a.Via))...)
	if err != nil || n > 0 {
		return n > 0, err
	}
	_, err = t.exec("UPDATE awareness SET name = $3, first_at = CASE WHEN first_at > $4 THEN $4 ELSE first_at END, "+
		"last_at = CASE WHEN last_at < $5 THEN $5 ELSE last_at END WHERE incident = $1 AND person = $2", args...)
	return false, err
}

// Awareness lists who has seen an incident; first to see it first.
func (t *tx) Awareness(id muster.IncidentID) ([]muster.Awareness, error) {
	return all(t, func(r row) (muster.Awareness, error) {
		var person, via string
		var first, last int64
		a := muster.Awareness{Incident: id}
		err := r.Scan(&person, &a.Name, &first, &last, &via)
		a.Person, a.Via, a.First, a.Last = muster.UserName(person), muster.Surface(via), muster.FromMicros(first), muster.FromMicros(last)
		return a, err
	}, "SELECT person, name, first_at, last_at, via FROM awareness WHERE incident = $1 ORDER BY first_at, person", string(id))
}

var intoEntry = into("entry", "id, topic, seq, incident, alert, recorded, pinned, body")

func topicOf(e *muster.Entry) string {
	if e.Incident != "" {
		return string(e.Incident)
	}
	return string(e.Alert)
}

// begin notes that a topic is new in this transaction, so that its entries count from 1 without a look.
func (t *tx) begin(topic string) {
	if t.seqs == nil {
		t.seqs = map[string]int64{}
	}
	if _, known := t.seqs[topic]; !known {
		t.seqs[topic] = 0
	}
}

// AppendEntries writes entries and counts them within their topic. The topic's own row (incident, alert) is locked first
// where rows are locked; what slips through is stopped by the unique index, and the command is run again.
func (t *tx) AppendEntries(rows []*muster.Entry) error {
	if err := t.countTopics(rows); err != nil {
		return err
	}
	args := make([]any, 0, len(rows)*intoEntry.width)
	for _, e := range rows {
		topic := topicOf(e)
		if e.Seq == 0 {
			e.Seq = t.seqs[topic] + 1
			t.assigned = append(t.assigned, e)
		}
		t.seqs[topic] = max(t.seqs[topic], e.Seq)
		args = append(args, string(e.ID), topic, e.Seq, string(e.Incident), string(e.Alert), e.Recorded.Micros(), e.Pinned, t.text(appendEntry(t.body[:0], e)))
	}
	return t.insert(intoEntry, args)
}

// countTopics learns the highest Seq of the entries' topics.
func (t *tx) countTopics(rows []*muster.Entry) error {
	var unknown, incidents, alerts []string
	for _, e := range rows {
		topic := topicOf(e)
		if _, known := t.seqs[topic]; known {
			continue
		}
		t.begin(topic)
		unknown = append(unknown, topic)
		if e.Incident != "" {
			incidents = append(incidents, topic)
		} else {
			alerts = append(alerts, topic)
		}
	}
	if len(unknown) == 0 {
		return t.ready()
	}
	ignore := func(row) error { return nil }
	if t.lock != "" && len(incidents) > 0 {
		if err := t.query(ignore, "SELECT id FROM incident WHERE id "+t.d.in("$1")+" ORDER BY id"+t.lock, t.d.list(incidents)); err != nil {
			return err
		}
	}
	if t.lock != "" && len(alerts) > 0 {
		if err := t.query(ignore, "SELECT id FROM alert WHERE id "+t.d.in("$1")+" ORDER BY id"+t.lock, t.d.list(alerts)); err != nil {
			return err
		}
	}
	return t.query(func(r row) error {
		var topic string
		var seq int64
		err := r.Scan(&topic, &seq)
		t.seqs[topic] = seq
		return err
	}, "SELECT topic, MAX(seq) FROM entry WHERE topic "+t.d.in("$1")+" GROUP BY topic", t.d.list(unknown))
}

// PinEntry pins or unpins an entry.
func (t *tx) PinEntry(id muster.EntryID, pinned bool) error {
	return t.change("timeline entry", string(id), "UPDATE entry SET pinned = $2 WHERE id = $1", string(id), pinned)
}

func scanEntry(r row) (*muster.Entry, error) {
	var body []byte
	var pinned bool
	if err := r.Scan(&body, &pinned); err != nil {
		return nil, err
	}
	e := &muster.Entry{}
	err := decode(body, e)
	e.Pinned = pinned
	return e, err
}

// Timeline gives the newest entries of an incident or of an alert, oldest first. Those of an alert may lie in the topic of
// its incident, too, so they are ordered by the moment at which they were written down.
func (t *tx) Timeline(f store.TimelineFilter) (list []*muster.Entry, err error) {
	n := f.Limit
	if n <= 0 {
		n = maxRows
	}
	switch {
	case f.Incident != "" && f.Alert != "":
		list, err = all(t, scanEntry, "SELECT body, pinned FROM entry WHERE topic = $1 AND alert = $2 AND seq > $3 ORDER BY seq DESC LIMIT $4",
			string(f.Incident), string(f.Alert), f.AfterSeq, n)
	case f.Incident != "":
		list, err = all(t, scanEntry, "SELECT body, pinned FROM entry WHERE topic = $1 AND seq > $2 ORDER BY seq DESC LIMIT $3",
			string(f.Incident), f.AfterSeq, n)
	default:
		list, err = all(t, scanEntry, "SELECT body, pinned FROM entry WHERE (topic = $1 OR alert = $1 AND incident <> '' AND alert <> '') AND seq > $2 "+
			"ORDER BY recorded DESC, seq DESC, id DESC LIMIT $3", string(f.Alert), f.AfterSeq, n)
	}
	slices.Reverse(list)
	return list, err
}

// Entry gives one entry.
func (t *tx) Entry(id muster.EntryID) (*muster.Entry, error) {
	return get(t, "timeline entry", string(id), scanEntry, "SELECT body, pinned FROM entry WHERE id = $1"+t.lock, string(id))
}

// RecentEntries lists the entries of everything.
func (t *tx) RecentEntries(l store.List) ([]*muster.Entry, error) {
	var w where
	w.list(l)
	return all(t, scanEntry, "SELECT body, pinned FROM entry"+w.text.String(), w.args...)
}

var intoReview = into("review", "id, incident, status, body")

// InsertReview writes a new review.
func (t *tx) InsertReview(r *muster.Review) error {
	return t.insert(intoReview, []any{string(r.ID), string(r.Incident), string(r.Status), t.encode(r)})
}

// UpdateReview writes a review as it is given.
func (t *tx) UpdateReview(r *muster.Review) error {
	return t.change("review", string(r.ID), "UPDATE review SET incident = $2, status = $3, body = $4 WHERE id = $1",
		string(r.ID), string(r.Incident), string(r.Status), t.encode(r))
}

// Review gives one review.
func (t *tx) Review(id muster.ReviewID) (*muster.Review, error) {
	return get(t, "review", string(id), scanBody[muster.Review], "SELECT body FROM review WHERE id = $1"+t.lock, string(id))
}

// Reviews lists reviews.
func (t *tx) Reviews(l store.List) ([]*muster.Review, error) {
	var w where
	w.list(l)
	return all(t, scanBody[muster.Review], "SELECT body FROM review"+w.text.String(), w.args...)
}
