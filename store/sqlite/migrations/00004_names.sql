-- What clients are called, so that the queue is searched and sorted by it, and
-- since when nobody was reminded of a conflict.

-- +goose Up

-- search holds all names of a record, folded. Those of projections that were
-- made before have only their ASCII folded, until they are next made.
CREATE TABLE client_names (
    record INTEGER PRIMARY KEY REFERENCES records (key),
    name   TEXT NOT NULL,
    sort   TEXT NOT NULL,
    search TEXT NOT NULL
);
INSERT INTO client_names (record, name, sort, search)
    SELECT p.record, coalesce(json_extract(p.fields, '$.name'), ''), lower(coalesce(json_extract(p.fields, '$.name'), '')),
        substr(lower(coalesce((SELECT group_concat(value, char(10)) FROM json_each(p.fields)
            WHERE type = 'text' AND key LIKE '%name%'), '')), 1, 2048)
    FROM projections p;

-- Whoever takes a projection away takes the names along.
-- +goose StatementBegin
CREATE TRIGGER client_names_follow_projections AFTER DELETE ON projections
BEGIN
    DELETE FROM client_names WHERE record = OLD.record;
END;
-- +goose StatementEnd

-- quiet_since is when a conflict was opened or last reminded of, in
-- microseconds since 1970.
ALTER TABLE sync_conflicts ADD COLUMN quiet_since INTEGER NOT NULL DEFAULT 0;
UPDATE sync_conflicts SET quiet_since = opened_at;
CREATE INDEX sync_conflicts_waiting ON sync_conflicts (supplier, quiet_since, opened_at) WHERE status = 'pending';
