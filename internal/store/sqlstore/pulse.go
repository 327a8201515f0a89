package sqlstore

import "github.com/muster-oncall/muster"

// maxLook bounds how many of the newest signals are looked at for those that could not be read: they have no index, because
// every signal would pay for it.
const maxLook = 20_000

// Pulse gives what is known of a heartbeat.
func (t *tx) Pulse(source muster.SourceName, name string) (*muster.Pulse, error) {
	return find(t, scanBody[muster.Pulse], "SELECT body FROM heartbeat WHERE source = $1 AND name = $2"+t.lock, storable(string(source)), storable(name))
}

// Pulses gives what is known of the heartbeats of a source, or of all.
func (t *tx) Pulses(source muster.SourceName) ([]muster.Pulse, error) {
	scan := func(r row) (muster.Pulse, error) {
		p, err := scanBody[muster.Pulse](r)
		if err != nil {
			return muster.Pulse{}, err
		}
		return *p, nil
	}
	if source == "" {
		return all(t, scan, "SELECT body FROM heartbeat ORDER BY source, name"+t.lock)
	}
	return all(t, scan, "SELECT body FROM heartbeat WHERE source = $1 ORDER BY name"+t.lock, storable(string(source)))
}

// PutPulse writes what is known of a heartbeat.
func (t *tx) PutPulse(p *muster.Pulse) error {
	_, err := t.exec("INSERT INTO heartbeat (source, name, body) VALUES ($1, $2, $3) ON CONFLICT (source, name) DO UPDATE SET body = excluded.body",
		storable(string(p.Source)), storable(p.Name), t.encode(p))
	return err
}

// DeletePulse forgets a heartbeat.
func (t *tx) DeletePulse(source muster.SourceName, name string) error {
	_, err := t.exec("DELETE FROM heartbeat WHERE source = $1 AND name = $2", storable(string(source)), storable(name))
	return err
}

// RejectedSignals gives signals of a source that could not be read.
func (t *tx) RejectedSignals(source muster.SourceName, n int) ([]muster.RawSignal, error) {
	list, err := all(t, scanSignal, "SELECT body FROM (SELECT id, outcome, alert, body FROM signal ORDER BY id DESC LIMIT $1) AS newest "+
		"WHERE outcome = 'rejected' AND alert = '' ORDER BY id DESC", maxLook)
	var out []muster.RawSignal
	for i := range list {
		if s := &list[i]; s.Source == source && s.Signal.Title == "" && len(out) < limit(n) {
			out = append(out, *s)
		}
	}
	return out, err
}

// SettleSignal writes that a signal which could not be read has been replayed.
func (t *tx) SettleSignal(s *muster.RawSignal) error {
	row := *s
	row.Raw = nil
	return t.change("signal", string(s.ID), "UPDATE signal SET body = $2 WHERE id = $1 AND outcome = 'rejected'", string(s.ID), t.encode(&row))
}
