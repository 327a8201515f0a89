-- Intake: a new alert is in one index less. alert_status holds what the auditor asks of open alerts, too. Since this version
-- the body of a signal that says what an earlier one said names that one and holds its times alone: older versions show it
-- without words.

-- +goose Up
DROP INDEX alert_waits;
DROP INDEX alert_status;
CREATE INDEX alert_status ON alert (status, id, held);
