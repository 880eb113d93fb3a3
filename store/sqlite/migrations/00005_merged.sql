-- Entries about ordinary fields that people set apart, so that no value is lost unseen.

-- +goose Up

CREATE TABLE merged (
    id        TEXT    PRIMARY KEY,
    supplier  INTEGER NOT NULL REFERENCES suppliers (key),
    record    INTEGER NOT NULL REFERENCES records (key),
    field     TEXT    NOT NULL,
    status    TEXT    NOT NULL,
    version   INTEGER NOT NULL,
    opened_at INTEGER NOT NULL, -- microseconds since 1970
    body      TEXT    NOT NULL
);
CREATE UNIQUE INDEX merged_open ON merged (record, field) WHERE status = 'open';
CREATE INDEX merged_by_supplier ON merged (supplier, id);
CREATE INDEX merged_by_status ON merged (supplier, status, id);
CREATE INDEX merged_by_record ON merged (record, id);
