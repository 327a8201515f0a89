package sqlstore

import (
	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// PutRating writes what a person said of a page; the newest word counts.
func (t *tx) PutRating(r *muster.Rating) error {
	_, err := t.exec("INSERT INTO rating (alert, person, route, service, useful, why, rated_at) VALUES ($1, $2, $3, $4, $5, $6, $7) "+
		"ON CONFLICT (alert, person) DO UPDATE SET useful = excluded.useful, why = excluded.why, rated_at = excluded.rated_at",
		string(r.Alert), string(r.Person), storable(string(r.Route)), storable(string(r.Service)), r.Useful, storable(r.Why), r.At.Micros())
	return err
}

// RatingOf gives what a person said of having been paged about an alert.
func (t *tx) RatingOf(alert muster.AlertID, person muster.UserName) (*muster.Rating, error) {
	return find(t, func(r row) (*muster.Rating, error) {
		out := &muster.Rating{Alert: alert, Person: person}
		var route, service string
		var at int64
		err := r.Scan(&route, &service, &out.Useful, &out.Why, &at)
		out.Route, out.Service, out.At = muster.RouteName(route), muster.ServiceName(service), muster.FromMicros(at)
		return out, err
	}, "SELECT route, service, useful, why, rated_at FROM rating WHERE alert = $1 AND person = $2", string(alert), string(person))
}

// Noise counts ratings and flaps since an instant, by route and service, the noisiest first.
func (t *tx) Noise(since muster.Instant) ([]muster.Noise, error) {
	return all(t, func(r row) (muster.Noise, error) {
		var route, service string
		var useful, not, flaps int64
		err := r.Scan(&route, &service, &useful, &not, &flaps)
		return muster.Noise{Route: muster.RouteName(route), Service: muster.ServiceName(service), Useful: int(useful), NotUseful: int(not), Flaps: int(flaps)}, err
	}, "SELECT route, service, CAST(SUM(useful) AS BIGINT), CAST(SUM(useless) AS BIGINT), CAST(SUM(flaps) AS BIGINT) FROM ("+
		"SELECT route, service, CASE WHEN useful THEN 1 ELSE 0 END AS useful, CASE WHEN useful THEN 0 ELSE 1 END AS useless, 0 AS flaps FROM rating WHERE rated_at >= $1 "+
		"UNION ALL SELECT route, service, 0, 0, times FROM flap WHERE day >= $2) AS counted "+
		"GROUP BY route, service ORDER BY SUM(useless) DESC, SUM(flaps) DESC, route, service LIMIT 20", since.Micros(), since.UTC().Format("2006-01-02"))
}

// Volume counts the newest alerts and pages since an instant. It looks at each row: atMost bounds what it costs.
func (t *tx) Volume(since muster.Instant, atMost int) (out muster.Volume, err error) {
	out.Alerts = map[muster.ServiceName]int{}
	alerts, pages := 0, 0
	err = t.query(func(r row) error {
		var service string
		var n int64
		err := r.Scan(&service, &n)
		out.Alerts[muster.ServiceName(service)] = int(n)
		alerts += int(n)
		return err
	}, "SELECT service, COUNT(*) FROM (SELECT service FROM alert WHERE id >= $1 ORDER BY id DESC LIMIT $2) AS newest GROUP BY service", madeAt("alt", since), atMost)
	if err != nil {
		return out, err
	}
	out.Pages, err = all(t, func(r row) (muster.PageCount, error) {
		var service, connector, state string
		var n int64
		err := r.Scan(&service, &connector, &state, &n)
		pages += int(n)
		return muster.PageCount{Service: muster.ServiceName(service), Connector: muster.ConnectorName(connector), State: muster.PageState(state), Pages: int(n)}, err
	}, "SELECT service, connector, state, COUNT(*) FROM (SELECT service, connector, state FROM page WHERE id >= $1 ORDER BY id DESC LIMIT $2) AS newest "+
		"GROUP BY service, connector, state ORDER BY service, connector, state", madeAt("pag", since), atMost)
	out.Cut = alerts == atMost || pages == atMost
	return out, err
}

// CountFlap counts that a condition was over within its hold, and says how often that was on a day.
func (t *tx) CountFlap(day string, key store.AlertKey, route muster.RouteName, service muster.ServiceName) (times int, err error) {
	err = t.query(func(r row) error {
		var n int64
		err := r.Scan(&n)
		times = int(n)
		return err
	}, "INSERT INTO flap (day, open_key, route, service, times) VALUES ($1, $2, $3, $4, 1) "+
		"ON CONFLICT (day, open_key) DO UPDATE SET times = flap.times + 1 RETURNING times",
		day, openKey(key.Source, key.Fingerprint), storable(string(route)), storable(string(service)))
	return times, err
}

// PutEarlyEnd keeps an end that came before its beginning, and deletes those that are too old.
func (t *tx) PutEarlyEnd(key store.AlertKey, ended, received muster.Instant) error {
	if _, err := t.exec("DELETE FROM early_end WHERE received_at < $1", received.Plus(-store.EarlyEndLife).Micros()); err != nil {
		return err
	}
	_, err := t.exec("INSERT INTO early_end (open_key, ended_at, received_at) VALUES ($1, $2, $3) "+
		"ON CONFLICT (open_key) DO UPDATE SET ended_at = excluded.ended_at, received_at = excluded.received_at",
		openKey(key.Source, key.Fingerprint), ended.Micros(), received.Micros())
	return err
}

// EarlyEnds gives the ends that came before their beginnings and are not too old.
func (t *tx) EarlyEnds(keys []store.AlertKey) (map[store.AlertKey]muster.Instant, error) {
	var out map[store.AlertKey]muster.Instant
	some := false
	if err := t.query(func(r row) error { return r.Scan(&some) }, "SELECT EXISTS (SELECT 1 FROM early_end)"); err != nil || !some {
		return nil, err
	}
	list, back := make([]string, len(keys)), make(map[string]store.AlertKey, len(keys))
	for i, k := range keys {
		list[i] = openKey(k.Source, k.Fingerprint)
		back[list[i]] = k
	}
	err := t.query(func(r row) error {
		var key string
		var at int64
		err := r.Scan(&key, &at)
		if out == nil {
			out = map[store.AlertKey]muster.Instant{}
		}
		out[back[key]] = muster.FromMicros(at)
		return err
	}, "SELECT open_key, ended_at FROM early_end WHERE open_key "+t.d.in("$1")+" AND received_at >= $2", t.d.list(list), t.now.Plus(-store.EarlyEndLife).Micros())
	return out, err
}

// DeleteEarlyEnd forgets an end whose beginning came.
func (t *tx) DeleteEarlyEnd(key store.AlertKey) error {
	_, err := t.exec("DELETE FROM early_end WHERE open_key = $1", openKey(key.Source, key.Fingerprint))
	return err
}

// HeadOf gives the first alert of a group. In a Tx its row is locked.
func (t *tx) HeadOf(group string) (head muster.AlertID, begun muster.Instant, err error) {
	err = t.query(func(r row) error {
		var id string
		var at int64
		err := r.Scan(&id, &at)
		head, begun = muster.AlertID(id), muster.FromMicros(at)
		return err
	}, "SELECT head, begun_at FROM alert_group WHERE id = $1"+t.lock, storable(group))
	return head, begun, err
}

// PutHead makes an alert the first one of a group.
func (t *tx) PutHead(group string, head muster.AlertID, begun muster.Instant) error {
	_, err := t.exec("INSERT INTO alert_group (id, head, begun_at) VALUES ($1, $2, $3) "+
		"ON CONFLICT (id) DO UPDATE SET head = excluded.head, begun_at = excluded.begun_at", storable(group), string(head), begun.Micros())
	return err
}

// InsertMember joins an alert to the first one of its group.
func (t *tx) InsertMember(head, alert muster.AlertID) error {
	_, err := t.exec("INSERT INTO alert_member (head, alert) VALUES ($1, $2) ON CONFLICT (head, alert) DO NOTHING", string(head), string(alert))
	return err
}

// Members lists the alerts that joined another one.
func (t *tx) Members(head muster.AlertID) ([]muster.AlertID, error) {
	return all(t, func(r row) (muster.AlertID, error) {
		var id string
		err := r.Scan(&id)
		return muster.AlertID(id), err
	}, "SELECT alert FROM alert_member WHERE head = $1 ORDER BY alert", string(head))
}

// DeleteMembers forgets who joined an alert.
func (t *tx) DeleteMembers(head muster.AlertID) error {
	_, err := t.exec("DELETE FROM alert_member WHERE head = $1", string(head))
	return err
}
