-- What the auditor looks for every 15 seconds: open alerts without a wake-up, and pages that nothing sends. Each index holds
-- only the rows that are in question, so that a look costs what is open and not what was kept.

-- +goose Up
CREATE INDEX alert_waits ON alert (status, id, held) WHERE status = 'open' AND NOT held;
CREATE INDEX page_waits ON page (id, alert) WHERE state = 'planned' OR state = 'started' OR state = 'unknown';
DROP INDEX timer_ref;
CREATE INDEX timer_ref ON timer (ref, kind);
