package sqlstore

import "github.com/muster-oncall/muster"

// Pulse gives what is known of a heartbeat.
func (t *tx) Pulse(source muster.SourceName, name string) (*muster.Pulse, error) {
	return find(t, scanBody[muster.Pulse], "SELECT body FROM heartbeat WHERE source = $1 AND name = $2"+t.lock, storable(string(source)), storable(name))
}

// Pulses gives what is known of the heartbeats of a source, or of all.
func (t *tx) Pulses(source muster.SourceName) ([]muster.Pulse, error) {
	if source == "" {
		return all(t, scanValue[muster.Pulse], "SELECT body FROM heartbeat ORDER BY source, name"+t.lock)
	}
	return all(t, scanValue[muster.Pulse], "SELECT body FROM heartbeat WHERE source = $1 ORDER BY name"+t.lock, storable(string(source)))
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
