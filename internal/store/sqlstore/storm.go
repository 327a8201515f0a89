package sqlstore

import (
	"slices"

	"github.com/muster-oncall/muster"
)

// maxRecent bounds how many recent pages are looked at.
const maxRecent = 2000

// RecentPages gives the alerts about which people were paged since an instant. It finds them by identifier.
func (t *tx) RecentPages(people []muster.UserName, since muster.Instant) ([]muster.RecentPage, error) {
	scan := func(r row) (out muster.RecentPage, err error) {
		var id, person, alert, service string
		err = r.Scan(&id, &person, &alert, &service, &out.Apart)
		out.Person, out.Alert, out.Service = muster.UserName(person), muster.AlertID(alert), muster.ServiceName(service)
		out.At = muster.MadeAt(muster.PageID(id))
		return out, err
	}
	const columns = "SELECT id, person, alert, service, apart FROM page WHERE "
	if len(people) == 1 {
		return all(t, scan, columns+"person = $1 AND id > $2 ORDER BY id DESC LIMIT $3", string(people[0]), madeAt("pag", since), maxRecent)
	}
	return all(t, scan, columns+"person "+t.d.in("$1")+" AND id > $2 ORDER BY id DESC LIMIT $3", t.d.list(texts(people)), madeAt("pag", since), maxRecent)
}

// Storms gives the storms that are on for people.
func (t *tx) Storms(people []muster.UserName) ([]muster.Storming, error) {
	if len(people) == 1 {
		return all(t, scanValue[muster.Storming], "SELECT body FROM storm WHERE person = $1"+t.lock, string(people[0]))
	}
	return all(t, scanValue[muster.Storming], "SELECT body FROM storm WHERE person "+t.d.in("$1")+" ORDER BY person"+t.lock, t.d.list(texts(people)))
}

// PutStorm writes a storm.
func (t *tx) PutStorm(s *muster.Storming) error {
	_, err := t.exec("INSERT INTO storm (person, body) VALUES ($1, $2) ON CONFLICT (person) DO UPDATE SET body = excluded.body", string(s.Person), t.encode(s))
	return err
}

// DeleteStorm ends a storm.
func (t *tx) DeleteStorm(person muster.UserName) error {
	_, err := t.exec("DELETE FROM storm WHERE person = $1", string(person))
	return err
}

// Gathered lists what waits for the next digest of a person.
func (t *tx) Gathered(person muster.UserName, limit int) ([]muster.Gathered, error) {
	return all(t, scanValue[muster.Gathered], "SELECT body FROM gathered WHERE person = $1 ORDER BY planned_at, alert LIMIT $2"+t.lock, string(person), limit)
}

// IsGathered reports whether a page about an alert waits for a digest.
func (t *tx) IsGathered(alert muster.AlertID) (bool, error) {
	n := 0
	err := t.query(func(r row) error { return r.Scan(&n) }, "SELECT COUNT(*) FROM gathered WHERE alert = $1", string(alert))
	return n > 0, err
}

// InsertGathered writes pages that wait for a digest.
func (t *tx) InsertGathered(rows []muster.Gathered) error {
	args := make([]any, 0, 4*len(rows))
	for i := range rows {
		g := &rows[i]
		args = append(args, string(g.Person), string(g.Alert), g.At.Micros(), t.text(appendGathered(t.body[:0], g)))
	}
	_, err := t.many("INSERT INTO gathered (person, alert, planned_at, body) VALUES ($1, $2, $3, $4) "+
		"ON CONFLICT (person, alert) DO UPDATE SET planned_at = excluded.planned_at, body = excluded.body", 4, args)
	return err
}

// DeleteGathered takes pages out that wait for a digest of a person.
func (t *tx) DeleteGathered(person muster.UserName, alerts []muster.AlertID) error {
	_, err := t.exec("DELETE FROM gathered WHERE person = $1 AND alert "+t.d.in("$2"), string(person), t.d.list(texts(alerts)))
	return err
}

// DropGathered takes the pages about an alert out.
func (t *tx) DropGathered(alert muster.AlertID, people ...muster.UserName) error {
	if len(people) == 0 {
		_, err := t.exec("DELETE FROM gathered WHERE alert = $1", string(alert))
		return err
	}
	_, err := t.exec("DELETE FROM gathered WHERE alert = $1 AND person "+t.d.in("$2"), string(alert), t.d.list(texts(people)))
	return err
}

// AlertsIn gives the alerts with these identifiers.
func (t *tx) AlertsIn(ids []muster.AlertID) ([]*muster.Alert, error) {
	list, err := all(t, scanAlert, selectAlert+" WHERE alert.id "+t.d.in("$1"), t.d.list(texts(ids)))
	place := make(map[muster.AlertID]int, len(ids))
	for i, id := range ids {
		place[id] = i
	}
	slices.SortFunc(list, func(a, b *muster.Alert) int { return place[a.ID] - place[b.ID] })
	return list, err
}

var intoDigest = into("digest", "alert, page")

// digests writes which alerts pages about several are about.
func (t *tx) digests(rows []*muster.Page) error {
	var args []any
	for _, p := range rows {
		for _, a := range p.Digest {
			if a != p.Alert {
				args = append(args, storable(string(a)), string(p.ID))
			}
		}
	}
	return t.insert(intoDigest, args)
}
