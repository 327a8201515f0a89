-- Calendars: addresses at which shifts are read, and the leave and holidays that are read from elsewhere.

-- +goose Up
-- hash is that of the token in the address, which is kept nowhere.
CREATE TABLE feed (
    id TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX feed_hash ON feed (hash);

-- source is the connector whose calendar it was read from, '' when it was entered by hand; person is '' for holidays.
CREATE TABLE leave (
    id TEXT NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    person TEXT NOT NULL,
    from_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX leave_until ON leave (until_at, from_at);
CREATE INDEX leave_source ON leave (source);
CREATE INDEX leave_person ON leave (person);
