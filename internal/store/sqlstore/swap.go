package sqlstore

import (
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

func parties(s *muster.SwapRequest) string {
	return storable(" " + strings.Join(texts(s.Parties()), " ") + " ")
}

// InsertSwapRequest writes a new swap request.
func (t *tx) InsertSwapRequest(s *muster.SwapRequest) error {
	_, err := t.exec("INSERT INTO swap_request (id, roster, status, parties, body) VALUES ($1, $2, $3, $4, $5)",
		string(s.ID), storable(string(s.Roster)), string(s.Status), parties(s), t.encode(s))
	return err
}

// UpdateSwapRequest writes a swap request as it is given.
func (t *tx) UpdateSwapRequest(s *muster.SwapRequest) error {
	return t.change("swap request", string(s.ID), "UPDATE swap_request SET roster = $2, status = $3, parties = $4, body = $5 WHERE id = $1",
		string(s.ID), storable(string(s.Roster)), string(s.Status), parties(s), t.encode(s))
}

// DeleteSwapRequestsBefore deletes the oldest requests that were made before an instant and are not open any more.
func (t *tx) DeleteSwapRequestsBefore(before muster.Instant, limit int) (int, error) {
	n, err := t.exec("DELETE FROM swap_request WHERE id IN (SELECT id FROM swap_request WHERE id < $1 AND status <> $3 ORDER BY id LIMIT $2)",
		madeAt("swp", before), limit, string(muster.SwapOpen))
	return int(n), err
}

// SwapRequest gives one swap request.
func (t *tx) SwapRequest(id muster.SwapRequestID) (*muster.SwapRequest, error) {
	return get(t, "swap request", string(id), scanBody[muster.SwapRequest], "SELECT body FROM swap_request WHERE id = $1"+t.lock, string(id))
}

// SwapRequests lists swap requests, newest first.
func (t *tx) SwapRequests(f store.SwapFilter) ([]*muster.SwapRequest, error) {
	var w where
	oneOf(&w, "status", f.Status)
	if f.Roster != "" {
		w.and("roster = ?", string(f.Roster))
	}
	if f.Person != "" {
		name := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(storable(string(f.Person)))
		w.and(`parties LIKE ? ESCAPE '\'`, "% "+name+" %")
	}
	w.list(f.List)
	return all(t, scanBody[muster.SwapRequest], "SELECT body FROM swap_request"+w.text.String(), w.args...)
}
