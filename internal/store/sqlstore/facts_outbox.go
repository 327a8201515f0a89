package sqlstore

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

var intoTimer = into("timer", "id, kind, ref, due_at, generation")

// InsertTimers writes new timers.
func (t *tx) InsertTimers(rows []muster.Timer) error {
	args := make([]any, 0, len(rows)*intoTimer.width)
	for i := range rows {
		r := &rows[i]
		args = append(args, string(r.ID), string(r.Kind), r.Ref, r.DueAt.Micros(), r.Generation)
	}
	return t.insert(intoTimer, args)
}

const selectTimer = "SELECT id, kind, ref, due_at, generation FROM timer"

func scanTimer(r row) (*muster.Timer, error) {
	var id, kind string
	var due int64
	v := &muster.Timer{}
	err := r.Scan(&id, &kind, &v.Ref, &due, &v.Generation)
	v.ID, v.Kind, v.DueAt = muster.TimerID(id), muster.TimerKind(kind), muster.FromMicros(due)
	return v, err
}

func scanTimerValue(r row) (muster.Timer, error) {
	v, err := scanTimer(r)
	return *v, err
}

// NextTimer is when the earliest timer is due.
func (t *tx) NextTimer() (muster.Instant, error) {
	us, err := t.number("SELECT COALESCE(MIN(due_at), 0) FROM timer")
	return muster.FromMicros(us), err
}

// DueTimers lists the timers that are due, earliest first, and locks nothing.
func (t *tx) DueTimers(now muster.Instant, limit int) ([]muster.Timer, error) {
	return all(t, scanTimerValue, selectTimer+" WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2", now.Micros(), limit)
}

// TimersOf lists the timers about a fact, earliest first.
func (t *tx) TimersOf(ref string) ([]muster.Timer, error) {
	return all(t, scanTimerValue, selectTimer+" WHERE ref = $1 ORDER BY due_at, id", ref)
}

// LockTimer locks a timer; nil when it is gone or another node holds it.
func (t *tx) LockTimer(id muster.TimerID) (*muster.Timer, error) {
	return find(t, scanTimer, selectTimer+" WHERE id = $1"+t.d.claim, string(id))
}

// MoveTimer changes when a timer is due.
func (t *tx) MoveTimer(id muster.TimerID, due muster.Instant) error {
	return t.change("timer", string(id), "UPDATE timer SET due_at = $2 WHERE id = $1", string(id), due.Micros())
}

// DeleteTimer removes a timer, if it is still there.
func (t *tx) DeleteTimer(id muster.TimerID) error {
	_, err := t.exec("DELETE FROM timer WHERE id = $1", string(id))
	return err
}

// DeleteTimersOf removes the timers about a fact: those of the given kinds, all when none is given.
func (t *tx) DeleteTimersOf(ref string, kinds ...muster.TimerKind) error {
	var w where
	w.and("ref = ?", ref)
	oneOf(&w, "kind", kinds)
	_, err := t.exec("DELETE FROM timer"+w.text.String(), w.args...)
	return err
}

const deliveryColumns = "id, kind, connector, page, alert, ref, payload, state, due_at, attempts, lease_node, lease_until, epoch, created_at, service, urgency"

var intoDelivery = into("delivery", deliveryColumns+", wake_at")

// wakeOf is when somebody may claim the delivery: a planned one when it is due and not leased (a delivery may be born
// leased to the node that made it), a started one when its lease has ended; never when it is over.
func wakeOf(d *muster.Delivery) any {
	switch d.State {
	case muster.DeliveryPlanned:
		return max(d.DueAt.Micros(), d.LeaseUntil.Micros())
	case muster.DeliveryStarted:
		return d.LeaseUntil.Micros()
	case muster.DeliveryDone, muster.DeliveryFailed, muster.DeliveryCancelled:
	}
	return nil
}

// InsertDeliveries writes new deliveries.
func (t *tx) InsertDeliveries(rows []*muster.Delivery) error {
	args := make([]any, 0, len(rows)*intoDelivery.width)
	for _, d := range rows {
		args = append(args, string(d.ID), string(d.Kind), string(d.Connector), string(d.Page), string(d.Alert), d.Ref, bytesOf(d.Payload),
			string(d.State), d.DueAt.Micros(), d.Attempts, d.LeaseNode, d.LeaseUntil.Micros(), d.Epoch, d.CreatedAt.Micros(), string(d.Service), string(d.Urgency), wakeOf(d))
	}
	return t.insert(intoDelivery, args)
}

func scanDelivery(r row) (*muster.Delivery, error) {
	var id, kind, connector, page, alert, state, service, urgency string
	var payload []byte
	var due, lease, created int64
	d := &muster.Delivery{}
	err := r.Scan(&id, &kind, &connector, &page, &alert, &d.Ref, &payload, &state, &due, &d.Attempts, &d.LeaseNode, &lease, &d.Epoch, &created, &service, &urgency)
	d.ID, d.Kind, d.Connector = muster.DeliveryID(id), muster.DeliveryKind(kind), muster.ConnectorName(connector)
	d.Page, d.Alert, d.State = muster.PageID(page), muster.AlertID(alert), muster.DeliveryState(state)
	d.Service, d.Urgency = muster.ServiceName(service), muster.Urgency(urgency)
	d.Payload = json.RawMessage(bytesOrNil(payload))
	d.DueAt, d.LeaseUntil, d.CreatedAt = muster.FromMicros(due), muster.FromMicros(lease), muster.FromMicros(created)
	return d, err
}

// NextDelivery is when the next delivery can be claimed: it is in the past when one waits already.
func (t *tx) NextDelivery(muster.Instant) (muster.Instant, error) {
	us, err := t.number("SELECT COALESCE(MIN(wake_at), 0) FROM delivery WHERE wake_at IS NOT NULL")
	return muster.FromMicros(us), err
}

// Delivery gives one delivery.
func (t *tx) Delivery(id muster.DeliveryID) (*muster.Delivery, error) {
	return get(t, "delivery", string(id), scanDelivery, "SELECT "+deliveryColumns+" FROM delivery WHERE id = $1"+t.lock, string(id))
}

// DeliveriesBy lists the deliveries of a connector.
func (t *tx) DeliveriesBy(connector muster.ConnectorName, l store.List) ([]*muster.Delivery, error) {
	var w where
	w.and("connector = ?", string(connector))
	w.list(l)
	return all(t, scanDelivery, "SELECT "+deliveryColumns+" FROM delivery"+w.text.String(), w.args...)
}

// CountDeliveries counts the deliveries in a state: quickly those that are not over, by a look at all of them the others.
func (t *tx) CountDeliveries(state muster.DeliveryState) (int, error) {
	text := "SELECT COUNT(*) FROM delivery WHERE state = $1"
	if state == muster.DeliveryPlanned || state == muster.DeliveryStarted {
		text += " AND wake_at IS NOT NULL"
	}
	n, err := t.number(text, string(state))
	return int(n), err
}

// ClaimDeliveries leases what can be claimed. The guard stands in the outer WHERE, too: without it PostgreSQL gives rows
// to two claimers.
func (t *tx) ClaimDeliveries(node string, now, leaseUntil muster.Instant, limit int) ([]*muster.Delivery, error) {
	list, err := all(t, scanDelivery, "UPDATE delivery SET lease_node = $1, lease_until = $2, wake_at = $2, epoch = epoch + 1 "+
		"WHERE id IN (SELECT id FROM delivery WHERE wake_at <= $3 ORDER BY wake_at, id LIMIT $4"+t.d.claim+") AND wake_at <= $3 "+
		"RETURNING "+deliveryColumns, node, leaseUntil.Micros(), now.Micros(), limit)
	slices.SortFunc(list, func(a, b *muster.Delivery) int {
		return cmp.Or(a.DueAt.Compare(b.DueAt.Time), strings.Compare(string(a.ID), string(b.ID)))
	})
	return list, err
}

var moveDeliveries = alter("delivery", "id", "titiitii",
	"state = $3, due_at = $4, attempts = $5, lease_node = $6, lease_until = $7, wake_at = $8", "delivery.epoch = $2")

// UpdateDeliveries writes the rows whose epoch is still the given one, and says which these were.
func (t *tx) UpdateDeliveries(rows []*muster.Delivery) (map[muster.DeliveryID]bool, error) {
	args := make([]any, 0, len(rows)*8)
	for _, d := range rows {
		args = append(args, string(d.ID), d.Epoch, string(d.State), d.DueAt.Micros(), d.Attempts, d.LeaseNode, d.LeaseUntil.Micros(), wakeOf(d))
	}
	changed, err := t.alter(moveDeliveries, args)
	if err != nil {
		return nil, err
	}
	written := make(map[muster.DeliveryID]bool, len(rows))
	for i, n := range changed {
		if n > 0 {
			written[rows[i].ID] = true
		}
	}
	return written, nil
}

// ReleaseLeases ends the leases of a node, so that what it had begun can be claimed at once.
func (t *tx) ReleaseLeases(node string, now muster.Instant) error {
	_, err := t.exec("UPDATE delivery SET lease_until = $2, wake_at = CASE WHEN state = 'planned' AND due_at > $2 THEN due_at ELSE $2 END "+
		"WHERE wake_at IS NOT NULL AND lease_node = $1 AND lease_until > $2", node, now.Micros())
	return err
}

// HastenDelivery moves the planned delivery of a page forward. Its lease, if it has one, stays.
func (t *tx) HastenDelivery(page muster.PageID, due muster.Instant) error {
	_, err := t.exec("UPDATE delivery SET due_at = $2, wake_at = CASE WHEN lease_until > $2 THEN lease_until ELSE $2 END "+
		"WHERE state = 'planned' AND page = $1 AND due_at > $2", string(page), due.Micros())
	return err
}

// CancelDeliveries cancels planned deliveries and raises their epoch, so that a worker that holds one in memory cannot
// start it any more.
func (t *tx) CancelDeliveries(pages []muster.PageID) error {
	if len(pages) == 0 {
		return t.ready()
	}
	_, err := t.exec("UPDATE delivery SET state = 'cancelled', wake_at = NULL, epoch = epoch + 1 WHERE state = 'planned' AND page "+t.d.in("$1"),
		t.d.list(texts(pages)))
	return err
}

// DeleteDeliveriesBefore deletes the oldest deliveries that are over and were made before an instant.
func (t *tx) DeleteDeliveriesBefore(before muster.Instant, limit int) (int, error) {
	n, err := t.exec("DELETE FROM delivery WHERE id IN (SELECT id FROM delivery WHERE wake_at IS NULL "+
		"AND created_at < $1 ORDER BY created_at LIMIT $2)", before.Micros(), limit)
	return int(n), err
}
