-- Ledger: what was done to pages, a row for each transaction that did something. A row is never changed. Its place in the
-- chain lies in a table of its own, so that sealing it does not write its body again.

-- +goose Up
CREATE TABLE ledger (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    body TEXT NOT NULL
);

CREATE TABLE ledger_seal (
    pos BIGINT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE UNIQUE INDEX ledger_seal_id ON ledger_seal (id);

CREATE TABLE ledger_checkpoint (
    at BIGINT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
);

-- A row that is locked to append to the chain.
INSERT INTO counter (name, value) VALUES ('ledger', 0);
