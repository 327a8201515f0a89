-- Past: the signals that opened alerts, to be played through a draft of the catalog. Between them lie those of storms, which
-- would have to be read one by one.

-- +goose Up
CREATE INDEX signal_opening ON signal (id) WHERE (outcome = 'opened' OR outcome = 'silenced' OR outcome = 'triage');
