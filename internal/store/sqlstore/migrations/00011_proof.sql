-- Proof: what a delivery is about, so that who waits for one provider together goes in turns. Empty for what is no page.

-- +goose Up
ALTER TABLE delivery ADD COLUMN service TEXT NOT NULL DEFAULT '';
ALTER TABLE delivery ADD COLUMN urgency TEXT NOT NULL DEFAULT '';
