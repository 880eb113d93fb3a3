-- Whose an event that waits may be, so that it goes with a client who is erased.

-- +goose Up

ALTER TABLE wedsync.inbox ADD COLUMN candidates uuid[];
CREATE INDEX inbox_with_candidates ON wedsync.inbox (supplier) WHERE candidates IS NOT NULL;

-- What waits is worked on again, so that its candidates are known.
UPDATE wedsync.inbox SET state = 'received', version = version + 1, attempts = 0, outcome = NULL WHERE state = 'waiting';
