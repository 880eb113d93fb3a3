-- Receipts and answers name their record, so that what is erased can be found.

-- +goose Up

ALTER TABLE receipts ADD COLUMN record INTEGER REFERENCES records (key);
UPDATE receipts SET record = (SELECT r.key FROM sync_conflicts c JOIN records r ON r.key = c.record
    WHERE c.id = json_extract(receipts.body, '$.conflict'));
CREATE INDEX receipts_by_record ON receipts (record);

-- Answers of before this migration name none; an erasure looks into their bodies.
ALTER TABLE answers ADD COLUMN record INTEGER REFERENCES records (key);
CREATE INDEX answers_by_record ON answers (record);
