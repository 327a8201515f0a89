-- Hand-over notes of rosters.

-- +goose Up
-- changed_at is when the roster changed hands, 0 for a draft: there is one note for each change, and one draft.
CREATE TABLE handover (
    id TEXT NOT NULL PRIMARY KEY,
    roster TEXT NOT NULL,
    role TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX handover_change ON handover (roster, role, changed_at);
