-- Swap requests: who asks for somebody to take a shift, or offers to, and what came of it.

-- +goose Up
-- parties are the people whom the request names, each between spaces.
CREATE TABLE swap_request (
    id TEXT NOT NULL PRIMARY KEY,
    roster TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'accepted', 'declined', 'withdrawn', 'expired')),
    parties TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX swap_request_status ON swap_request (status, id);
CREATE INDEX swap_request_roster ON swap_request (roster, id);
