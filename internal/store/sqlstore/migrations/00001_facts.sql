-- Facts: what happened and what is due. One text for both databases: identifiers are TEXT made by the application, instants
-- BIGINT microseconds (0 or NULL: none), states TEXT with a CHECK (of ORs: for IN, SQLite fills a table in each statement).
-- Kinds have no CHECK: they grow with the product, and the types in the root package are their list. `body` is the whole
-- noun as JSON and nobody looks inside it here; a column that is changed without the body says so. There are no foreign
-- keys: a command may write in any order, and a deferred check would fail the commit of its neighbours. Each index costs a
-- new alert some microseconds, so there is none that only a rare question needs.

-- +goose Up
CREATE TABLE signal (
    id TEXT NOT NULL PRIMARY KEY,
    alert TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome = 'opened' OR outcome = 'appended' OR outcome = 'resolved' OR outcome = 'silenced' OR outcome = 'triage' OR outcome = 'rejected'),
    received_at BIGINT NOT NULL,
    body TEXT NOT NULL,
    raw BYTEA
);
CREATE INDEX signal_alert ON signal (alert, id);

-- open_key is source/fingerprint while the alert is not resolved. signals and last_signal_at win over the body.
CREATE TABLE alert (
    id TEXT NOT NULL PRIMARY KEY,
    status TEXT NOT NULL CHECK (status = 'open' OR status = 'acknowledged' OR status = 'resolved'),
    triage BOOLEAN NOT NULL,
    held BOOLEAN NOT NULL,
    open_key TEXT,
    source TEXT NOT NULL,
    service TEXT NOT NULL,
    severity TEXT NOT NULL,
    incident TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    next_wake_at BIGINT,
    signals BIGINT NOT NULL,
    last_signal_at BIGINT NOT NULL,
    search TEXT NOT NULL,
    reasons TEXT NOT NULL,
    body TEXT NOT NULL,
    CONSTRAINT alert_open_has_key CHECK (status = 'resolved' OR open_key IS NOT NULL),
    CONSTRAINT alert_open_wakes CHECK (status <> 'open' OR held OR next_wake_at IS NOT NULL)
);
CREATE UNIQUE INDEX alert_open ON alert (open_key) WHERE open_key IS NOT NULL;
CREATE INDEX alert_status ON alert (status, id);
CREATE INDEX alert_service ON alert (service, id);
CREATE INDEX alert_incident ON alert (incident, id) WHERE incident <> '';

CREATE TABLE escalation (
    id TEXT NOT NULL PRIMARY KEY,
    alert TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status = 'running' OR status = 'paused' OR status = 'exhausted' OR status = 'ended'),
    body TEXT NOT NULL
);
CREATE INDEX escalation_alert ON escalation (alert, id);

-- life is what changes while a page lives; body is the rest of it.
CREATE TABLE page (
    id TEXT NOT NULL PRIMARY KEY,
    alert TEXT NOT NULL,
    person TEXT NOT NULL,
    connector TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state = 'planned' OR state = 'started' OR state = 'accepted' OR state = 'proved' OR state = 'unknown' OR state = 'failed' OR state = 'cancelled'),
    life TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX page_alert ON page (alert);
CREATE INDEX page_person ON page (person, id);

CREATE TABLE timer (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    ref TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    generation BIGINT NOT NULL
);
CREATE INDEX timer_due ON timer (due_at, id);
CREATE INDEX timer_ref ON timer (ref);

-- wake_at is when somebody may claim the row: due and not leased, or the lease has ended. NULL when nothing is left to do.
CREATE TABLE delivery (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    connector TEXT NOT NULL,
    page TEXT NOT NULL,
    alert TEXT NOT NULL,
    ref TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state = 'planned' OR state = 'started' OR state = 'done' OR state = 'failed' OR state = 'cancelled'),
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    lease_node TEXT NOT NULL,
    lease_until BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    wake_at BIGINT,
    payload BYTEA,
    CONSTRAINT delivery_wakes CHECK (state <> 'planned' AND state <> 'started' OR wake_at IS NOT NULL)
);
CREATE INDEX delivery_wake ON delivery (wake_at, id) WHERE wake_at IS NOT NULL;
CREATE INDEX delivery_over ON delivery (created_at) WHERE wake_at IS NULL;
CREATE INDEX delivery_connector ON delivery (connector, id);
CREATE INDEX delivery_page ON delivery (page) WHERE state = 'planned';

-- topic is the incident, or the alert where there is no incident. pinned wins over the body.
CREATE TABLE entry (
    id TEXT NOT NULL PRIMARY KEY,
    topic TEXT NOT NULL,
    seq BIGINT NOT NULL,
    incident TEXT NOT NULL,
    alert TEXT NOT NULL,
    recorded BIGINT NOT NULL,
    pinned BOOLEAN NOT NULL,
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX entry_topic ON entry (topic, seq);
CREATE INDEX entry_both ON entry (alert) WHERE incident <> '' AND alert <> '';

CREATE TABLE incident (
    id TEXT NOT NULL PRIMARY KEY,
    key TEXT NOT NULL,
    number BIGINT NOT NULL,
    status TEXT NOT NULL CHECK (status = 'open' OR status = 'mitigated' OR status = 'resolved' OR status = 'closed'),
    severity TEXT NOT NULL,
    service TEXT NOT NULL,
    public BOOLEAN NOT NULL,
    generation BIGINT NOT NULL,
    search TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX incident_key ON incident (key);
CREATE UNIQUE INDEX incident_number ON incident (number);
CREATE INDEX incident_status ON incident (status, id);

CREATE TABLE status_update (
    id TEXT NOT NULL PRIMARY KEY,
    incident TEXT NOT NULL,
    number BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX status_update_incident ON status_update (incident, number);

CREATE TABLE awareness (
    incident TEXT NOT NULL,
    person TEXT NOT NULL,
    name TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    via TEXT NOT NULL,
    PRIMARY KEY (incident, person)
);

CREATE TABLE review (
    id TEXT NOT NULL PRIMARY KEY,
    incident TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status = 'draft' OR status = 'published'),
    body TEXT NOT NULL
);
CREATE INDEX review_incident ON review (incident);
