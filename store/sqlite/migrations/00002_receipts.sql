-- Verdicts on proposals, for each device of their authors until acknowledged.

-- +goose Up

CREATE TABLE receipts (
    key      INTEGER PRIMARY KEY,
    id       TEXT    NOT NULL UNIQUE,
    supplier INTEGER NOT NULL REFERENCES suppliers (key),
    user     TEXT    NOT NULL,
    body     TEXT    NOT NULL
);
CREATE INDEX receipts_by_user ON receipts (supplier, user, id);

CREATE TABLE receipt_devices (
    receipt INTEGER NOT NULL REFERENCES receipts (key),
    device  TEXT    NOT NULL,
    PRIMARY KEY (receipt, device)
) WITHOUT ROWID;
