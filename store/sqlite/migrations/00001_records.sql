-- The first schema: records and their commits, the queue of conflicts, what
-- suppliers, commands and devices leave behind.

-- +goose Up

-- Small integer keys stand for suppliers and records in every other table.
-- number is that of the supplier's last journal entry.
CREATE TABLE suppliers (
    key            INTEGER PRIMARY KEY,
    name           TEXT    NOT NULL UNIQUE,
    number         INTEGER NOT NULL DEFAULT 0,
    policy_version INTEGER NOT NULL DEFAULT 1,
    policy         TEXT
);

-- Rows are small, because every commit writes one and a reconnect storm reads
-- thousands. They are never deleted: the id stays bound to its supplier.
CREATE TABLE records (
    key      INTEGER PRIMARY KEY,
    id       BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    supplier INTEGER NOT NULL REFERENCES suppliers (key),
    version  INTEGER NOT NULL,
    state    INTEGER NOT NULL,
    heads    BLOB    NOT NULL
);
CREATE INDEX records_by_supplier ON records (supplier, id);

CREATE TABLE ledgers (
    record INTEGER PRIMARY KEY REFERENCES records (key),
    body   TEXT NOT NULL
);

CREATE TABLE projections (
    record INTEGER PRIMARY KEY REFERENCES records (key),
    heads  BLOB NOT NULL,
    fields TEXT NOT NULL
);

-- One row per commit. entry is supplier << 40 | journal number, so that the
-- table itself is each supplier's journal in order.
CREATE TABLE batches (
    entry   INTEGER PRIMARY KEY,
    record  INTEGER NOT NULL REFERENCES records (key),
    version INTEGER NOT NULL,
    body    BLOB    NOT NULL,
    origins TEXT    NOT NULL
);
CREATE INDEX batches_by_record ON batches (record);

CREATE TABLE sync_conflicts (
    id        TEXT    PRIMARY KEY,
    supplier  INTEGER NOT NULL REFERENCES suppliers (key),
    record    INTEGER NOT NULL REFERENCES records (key),
    field     TEXT    NOT NULL,
    status    TEXT    NOT NULL,
    version   INTEGER NOT NULL,
    opened_at INTEGER NOT NULL, -- microseconds since 1970
    body      TEXT    NOT NULL
);
CREATE UNIQUE INDEX sync_conflicts_pending ON sync_conflicts (record, field) WHERE status = 'pending';
CREATE INDEX sync_conflicts_by_supplier ON sync_conflicts (supplier, id);
CREATE INDEX sync_conflicts_by_status ON sync_conflicts (supplier, status, id);
CREATE INDEX sync_conflicts_by_record ON sync_conflicts (record, id);

CREATE TABLE answers (
    principal TEXT    NOT NULL,
    key       TEXT    NOT NULL,
    request   BLOB    NOT NULL,
    status    INTEGER NOT NULL,
    body      BLOB    NOT NULL,
    at        INTEGER NOT NULL, -- microseconds since 1970
    PRIMARY KEY (principal, key)
) WITHOUT ROWID;

CREATE TABLE devices (
    key        INTEGER PRIMARY KEY,
    supplier   INTEGER NOT NULL REFERENCES suppliers (key),
    name       TEXT    NOT NULL,
    user       TEXT    NOT NULL,
    storage_id TEXT    NOT NULL,
    at         INTEGER NOT NULL, -- microseconds since 1970
    UNIQUE (supplier, name)
);

CREATE TABLE device_heads (
    record INTEGER NOT NULL REFERENCES records (key),
    device INTEGER NOT NULL REFERENCES devices (key),
    heads  BLOB    NOT NULL,
    at     INTEGER NOT NULL, -- microseconds since 1970
    PRIMARY KEY (record, device)
) WITHOUT ROWID;

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;
