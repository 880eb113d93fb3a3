-- Whose an event that waits may be, so that it goes with a client who is erased.

-- +goose Up

ALTER TABLE inbox ADD COLUMN candidates BLOB; -- the ids of records, one after the other
CREATE INDEX inbox_with_candidates ON inbox (supplier) WHERE candidates IS NOT NULL;

-- What waits is worked on again, so that its candidates are known.
UPDATE inbox SET state = 'received', version = version + 1, attempts = 0, outcome = NULL WHERE state = 'waiting';
