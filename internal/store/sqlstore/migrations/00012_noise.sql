-- Noise: what keeps people from being woken more often than it helps. A page names its service, and whether it went out
-- singly in a storm of other services, because both decide about the next one.

-- +goose Up
ALTER TABLE page ADD COLUMN service TEXT NOT NULL DEFAULT '';
ALTER TABLE page ADD COLUMN apart BOOLEAN NOT NULL DEFAULT FALSE;

-- A storm that is on for a person. While something is gathered for them, there is one, and a timer.
CREATE TABLE storm (
    person TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
);

-- Pages that wait for the next digest of their person.
CREATE TABLE gathered (
    person TEXT NOT NULL,
    alert TEXT NOT NULL,
    planned_at BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (person, alert)
);
CREATE INDEX gathered_alert ON gathered (alert);

-- Which pages are about an alert besides those that name it themselves.
CREATE TABLE digest (
    alert TEXT NOT NULL,
    page TEXT NOT NULL,
    PRIMARY KEY (alert, page)
);

-- Ends that came before their beginning, kept for minutes. open_key as in alert.
CREATE TABLE early_end (
    open_key TEXT NOT NULL PRIMARY KEY,
    ended_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL
);

-- How often a condition was over within the hold of its route, on a day in UTC.
CREATE TABLE flap (
    day TEXT NOT NULL,
    open_key TEXT NOT NULL,
    route TEXT NOT NULL,
    service TEXT NOT NULL,
    times BIGINT NOT NULL,
    PRIMARY KEY (day, open_key)
);

-- The first open alert of a group of a route, and those that joined it.
CREATE TABLE alert_group (
    id TEXT NOT NULL PRIMARY KEY,
    head TEXT NOT NULL,
    begun_at BIGINT NOT NULL
);
CREATE TABLE alert_member (
    head TEXT NOT NULL,
    alert TEXT NOT NULL,
    PRIMARY KEY (head, alert)
);

-- Whether a person found it useful to be paged about an alert.
CREATE TABLE rating (
    alert TEXT NOT NULL,
    person TEXT NOT NULL,
    route TEXT NOT NULL,
    service TEXT NOT NULL,
    useful BOOLEAN NOT NULL,
    why TEXT NOT NULL,
    rated_at BIGINT NOT NULL,
    PRIMARY KEY (alert, person)
);
CREATE INDEX rating_at ON rating (rated_at);
