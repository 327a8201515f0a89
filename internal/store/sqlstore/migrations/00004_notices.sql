-- Notices: what people are told without having to answer.

-- +goose Up
-- key names what is told: a person is told the same key once. seen_at is 0 until the person saw it.
CREATE TABLE notice (
    id TEXT NOT NULL PRIMARY KEY,
    person TEXT NOT NULL,
    key TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX notice_key ON notice (person, key);
CREATE INDEX notice_person ON notice (person, id);
CREATE INDEX notice_unseen ON notice (person, id) WHERE seen_at = 0;
