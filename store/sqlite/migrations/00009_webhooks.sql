-- Events that come in and go out: connections and their inbox, endpoints and their deliveries, and whose events they are.

-- +goose Up

CREATE TABLE connections (
    id       TEXT    PRIMARY KEY,
    supplier INTEGER NOT NULL REFERENCES suppliers (key),
    source   TEXT    NOT NULL,
    version  INTEGER NOT NULL,
    settings BLOB    NOT NULL,
    created  INTEGER NOT NULL, -- microseconds since 1970, as all times here
    changed  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX connections_by_supplier ON connections (supplier, id);

-- A number is never used again, so that the order of arrival stays one. Rows are
-- small and change often; what they were delivered with lies beside them until
-- it is forgotten.
CREATE TABLE inbox (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    supplier   INTEGER NOT NULL REFERENCES suppliers (key),
    connection TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    external   TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    type       TEXT    NOT NULL,
    received   INTEGER NOT NULL,
    state      TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,
    due        INTEGER NOT NULL,
    record     BLOB    CHECK (length(record) = 16), -- it need not be there
    outcome    BLOB,
    error      TEXT    NOT NULL,
    kept       INTEGER NOT NULL, -- whether there is a row of inbox_contents
    UNIQUE (supplier, id),
    UNIQUE (supplier, connection, external)
);
CREATE INDEX inbox_by_supplier ON inbox (supplier, number);
CREATE INDEX inbox_by_connection ON inbox (supplier, connection, number);
CREATE INDEX inbox_by_record ON inbox (record) WHERE record IS NOT NULL;
CREATE INDEX inbox_done ON inbox (received) WHERE state = 'done';
CREATE INDEX inbox_to_forget ON inbox (received) WHERE state = 'done' AND kept;
CREATE INDEX inbox_unfinished ON inbox (supplier, state, number, connection) WHERE state <> 'done';
CREATE INDEX inbox_by_subject ON inbox (supplier, connection, subject, number);
CREATE INDEX inbox_due ON inbox (due, number) WHERE state = 'received';

CREATE TABLE inbox_contents (
    number INTEGER PRIMARY KEY REFERENCES inbox (number),
    header BLOB,
    body   BLOB NOT NULL
);

-- Whoever takes an event away takes its content along.
-- +goose StatementBegin
CREATE TRIGGER contents_follow_inbox AFTER DELETE ON inbox
BEGIN
    DELETE FROM inbox_contents WHERE number = OLD.number;
END;
-- +goose StatementEnd

-- Which record an object of a connection is. The record need not be there yet.
CREATE TABLE objects (
    supplier   INTEGER NOT NULL REFERENCES suppliers (key),
    connection TEXT    NOT NULL,
    external   TEXT    NOT NULL,
    record     BLOB    NOT NULL CHECK (length(record) = 16),
    PRIMARY KEY (supplier, connection, external)
) WITHOUT ROWID;
CREATE INDEX objects_by_record ON objects (record);

-- By what a client is found. Projections of before are made again, so that
-- theirs are found, too.
CREATE TABLE contacts (
    record INTEGER NOT NULL REFERENCES records (key),
    kind   TEXT    NOT NULL,
    value  TEXT    NOT NULL,
    found  TEXT    NOT NULL, -- the part of value that is looked for
    PRIMARY KEY (record, kind, value)
) WITHOUT ROWID;
CREATE INDEX contacts_by_value ON contacts (kind, found);
UPDATE projections SET heads = x'';

-- +goose StatementBegin
CREATE TRIGGER contacts_follow_projections AFTER DELETE ON projections
BEGIN
    DELETE FROM contacts WHERE record = OLD.record;
END;
-- +goose StatementEnd

CREATE TABLE endpoints (
    id       TEXT    PRIMARY KEY,
    supplier INTEGER NOT NULL REFERENCES suppliers (key),
    version  INTEGER NOT NULL,
    cursor   INTEGER NOT NULL,
    settings BLOB    NOT NULL,
    created  INTEGER NOT NULL,
    changed  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX endpoints_by_supplier ON endpoints (supplier, id);

-- head marks the pending deliveries that wait for no other: the first of each
-- record, and all that are about none.
CREATE TABLE deliveries (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    supplier INTEGER NOT NULL REFERENCES suppliers (key),
    endpoint TEXT    NOT NULL REFERENCES endpoints (id),
    id       TEXT    NOT NULL,
    number   INTEGER NOT NULL,
    record   BLOB    CHECK (length(record) = 16),
    type     TEXT    NOT NULL,
    state    TEXT    NOT NULL,
    head     INTEGER NOT NULL,
    version  INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    due      INTEGER NOT NULL,
    created  INTEGER NOT NULL,
    log      BLOB,
    UNIQUE (endpoint, id)
);
CREATE INDEX deliveries_by_supplier ON deliveries (supplier, seq);
CREATE INDEX deliveries_by_endpoint ON deliveries (endpoint, seq);
CREATE INDEX deliveries_by_record ON deliveries (record, seq) WHERE record IS NOT NULL;
CREATE INDEX deliveries_unfinished ON deliveries (supplier, state, seq, endpoint) WHERE state <> 'delivered';
CREATE INDEX deliveries_waiting ON deliveries (endpoint, record, seq) WHERE state = 'pending';
CREATE INDEX deliveries_due ON deliveries (endpoint, due, seq) WHERE head;
CREATE INDEX deliveries_heads ON deliveries (endpoint, record) WHERE head;
CREATE INDEX deliveries_by_time ON deliveries (created) WHERE state <> 'pending';

CREATE TABLE delivery_bodies (
    seq  INTEGER PRIMARY KEY REFERENCES deliveries (seq),
    body BLOB NOT NULL
);

-- +goose StatementBegin
CREATE TRIGGER bodies_follow_deliveries AFTER DELETE ON deliveries
BEGIN
    DELETE FROM delivery_bodies WHERE seq = OLD.seq;
END;
-- +goose StatementEnd
