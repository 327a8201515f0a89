-- Breaks older versions: they count in columns that are gone.
-- Counts: what each signal changes lies apart from the alert, whose row is wide. A storm that repeats a hundred open alerts
-- dirties a page or two instead of one for each alert.

-- +goose Up
CREATE TABLE alert_count (
    alert TEXT NOT NULL PRIMARY KEY,
    signals BIGINT NOT NULL,
    last_signal_at BIGINT NOT NULL,
    newest TEXT NOT NULL
);
INSERT INTO alert_count (alert, signals, last_signal_at, newest)
    SELECT id, signals, last_signal_at, COALESCE((SELECT MAX(signal.id) FROM signal WHERE signal.alert = alert.id), '') FROM alert ORDER BY id;
ALTER TABLE alert DROP COLUMN signals;
ALTER TABLE alert DROP COLUMN last_signal_at;

-- previous is the signal of the same alert that came before, '' for none. The signals of an alert are a chain that begins at
-- newest: an index by alert would dirty a page for each signal.
ALTER TABLE signal ADD COLUMN previous TEXT NOT NULL DEFAULT '';
UPDATE signal SET previous = COALESCE((SELECT MAX(older.id) FROM signal older WHERE older.alert = signal.alert AND older.id < signal.id), '') WHERE alert <> '';
DROP INDEX signal_alert;
