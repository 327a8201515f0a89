-- Rejected signals: requests that nothing could be read from, until a person replays or dismisses them. What was received lies
-- in signal. Those that were rejected before are kept there and are not listed.

-- +goose Up
CREATE TABLE rejected_signal (
    id TEXT NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status = 'waiting' OR status = 'replayed' OR status = 'dismissed'),
    body TEXT NOT NULL
);
CREATE INDEX rejected_signal_source ON rejected_signal (source, id);
CREATE INDEX rejected_signal_waiting ON rejected_signal (source, id) WHERE status = 'waiting';

-- Requests that sources sent lately, by their first signals: what a mapping is tried with.
CREATE TABLE source_sample (
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (source, id)
);
CREATE INDEX source_sample_id ON source_sample (id);
