-- Proposals: changes of the catalog that wait for a second person.

-- +goose Up
CREATE TABLE change_proposal (
    id TEXT NOT NULL PRIMARY KEY,
    status TEXT NOT NULL CHECK (status = 'open' OR status = 'approved' OR status = 'rejected'),
    body TEXT NOT NULL
);
CREATE INDEX change_proposal_status ON change_proposal (status, id);
