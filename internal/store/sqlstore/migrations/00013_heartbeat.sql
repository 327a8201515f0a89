-- What is known of the heartbeats of other systems, which sources declare.

-- +goose Up
CREATE TABLE heartbeat (
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (source, name)
);
