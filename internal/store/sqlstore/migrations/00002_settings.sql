-- Settings: the catalog's documents, contact methods, access, the security log and single values.

-- +goose Up
-- counter holds what is locked to be counted: the catalog's head (a sequence would lose the order of edits), the number of
-- the newest incident, and a row that is locked to append to the security log.
CREATE TABLE counter (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('catalog_head', 0), ('incident', 0), ('audit', 0);

CREATE TABLE doc_revision (
    rev BIGINT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    actor TEXT NOT NULL,
    why TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (kind, name, rev)
);

CREATE TABLE contact (
    id TEXT NOT NULL PRIMARY KEY,
    user_name TEXT NOT NULL,
    sealed BYTEA,
    body TEXT NOT NULL
);
CREATE INDEX contact_user ON contact (user_name);

CREATE TABLE session (
    id TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL,
    user_name TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX session_hash ON session (hash);
CREATE INDEX session_user_name ON session (user_name);

CREATE TABLE api_key (
    id TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL,
    revoked BOOLEAN NOT NULL,
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX api_key_hash ON api_key (hash);

CREATE TABLE passphrase (
    user_name TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL
);

CREATE TABLE secret (
    name TEXT NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL
);

CREATE TABLE audit (
    id TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX audit_seq ON audit (seq);

CREATE TABLE replayed (
    key TEXT NOT NULL PRIMARY KEY,
    request_hash TEXT NOT NULL,
    status BIGINT NOT NULL,
    body BYTEA,
    at BIGINT NOT NULL
);
CREATE INDEX replayed_at ON replayed (at);

CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
