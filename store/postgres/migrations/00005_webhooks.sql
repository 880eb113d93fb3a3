-- Events that come in and go out: connections and their inbox, endpoints and their deliveries, and whose events they are.

-- +goose Up

-- Distributed by id: a connection is looked up before anything else is known.
CREATE TABLE wedsync.connections (
    id       text   COLLATE "C" PRIMARY KEY,
    supplier text   COLLATE "C" NOT NULL,
    source   text   NOT NULL,
    version  bigint NOT NULL,
    settings bytea  NOT NULL,
    created  timestamptz NOT NULL,
    changed  timestamptz NOT NULL
);
CREATE INDEX connections_by_supplier ON wedsync.connections (supplier, id);

-- Numbers are taken before a row is written, in the order in which a batch has
-- its events, and never again.
CREATE SEQUENCE wedsync.arrivals AS bigint;

CREATE TABLE wedsync.inbox (
    supplier   text   COLLATE "C" NOT NULL,
    number     bigint NOT NULL,
    connection text   COLLATE "C" NOT NULL,
    id         text   COLLATE "C" NOT NULL,
    external   text   COLLATE "C" NOT NULL,
    subject    text   COLLATE "C" NOT NULL,
    type       text   COLLATE "C" NOT NULL,
    received   timestamptz NOT NULL,
    header     bytea,
    body       bytea, -- NULL once it is forgotten
    state      text   COLLATE "C" NOT NULL,
    version    bigint NOT NULL,
    attempts   integer NOT NULL,
    due        timestamptz NOT NULL,
    record     uuid, -- it need not be there
    outcome    bytea,
    error      text   NOT NULL,
    PRIMARY KEY (supplier, id),
    UNIQUE (supplier, connection, external)
);
CREATE UNIQUE INDEX inbox_by_supplier ON wedsync.inbox (supplier, number);
CREATE INDEX inbox_by_connection ON wedsync.inbox (supplier, connection, number);
CREATE INDEX inbox_by_record ON wedsync.inbox (supplier, record) WHERE record IS NOT NULL;
CREATE INDEX inbox_done ON wedsync.inbox (received) WHERE state = 'done';
CREATE INDEX inbox_to_forget ON wedsync.inbox (received) WHERE state = 'done' AND body IS NOT NULL;
CREATE INDEX inbox_unfinished ON wedsync.inbox (supplier, state, number) INCLUDE (connection) WHERE state <> 'done';
CREATE INDEX inbox_by_subject ON wedsync.inbox (supplier, connection, subject, number);
CREATE INDEX inbox_due ON wedsync.inbox (due, number) WHERE state = 'received';

-- Which record an object of a connection is. The record need not be there yet.
CREATE TABLE wedsync.objects (
    supplier   text COLLATE "C" NOT NULL,
    connection text COLLATE "C" NOT NULL,
    external   text COLLATE "C" NOT NULL,
    record     uuid NOT NULL,
    PRIMARY KEY (supplier, connection, external)
);
CREATE INDEX objects_by_record ON wedsync.objects (supplier, record);

-- By what a client is found. Projections of before are made again, so that
-- theirs are found, too.
CREATE TABLE wedsync.contacts (
    supplier text COLLATE "C" NOT NULL,
    record   uuid NOT NULL,
    kind     text COLLATE "C" NOT NULL,
    value    text COLLATE "C" NOT NULL,
    found    text COLLATE "C" NOT NULL, -- the part of value that is looked for
    PRIMARY KEY (supplier, record, kind, value)
);
CREATE INDEX contacts_by_value ON wedsync.contacts (supplier, kind, found);
UPDATE wedsync.projections SET heads = '';

CREATE TABLE wedsync.endpoints (
    supplier text   COLLATE "C" NOT NULL,
    id       text   COLLATE "C" NOT NULL,
    version  bigint NOT NULL,
    cursor   bigint NOT NULL,
    settings bytea  NOT NULL,
    created  timestamptz NOT NULL,
    changed  timestamptz NOT NULL,
    PRIMARY KEY (supplier, id)
) WITH (fillfactor = 50);

-- As arrivals are.
CREATE SEQUENCE wedsync.departures AS bigint;

-- head marks the pending deliveries that wait for no other: the first of each
-- record, and all that are about none. Who changes what is pending holds the
-- endpoint's row.
CREATE TABLE wedsync.deliveries (
    supplier text    COLLATE "C" NOT NULL,
    endpoint text    COLLATE "C" NOT NULL,
    id       text    COLLATE "C" NOT NULL,
    seq      bigint  NOT NULL,
    number   bigint  NOT NULL,
    record   uuid,
    type     text    COLLATE "C" NOT NULL,
    body     bytea,
    state    text    COLLATE "C" NOT NULL,
    head     boolean NOT NULL,
    version  bigint  NOT NULL,
    attempts integer NOT NULL,
    due      timestamptz NOT NULL,
    created  timestamptz NOT NULL,
    log      bytea,
    PRIMARY KEY (supplier, endpoint, id)
);
CREATE UNIQUE INDEX deliveries_by_supplier ON wedsync.deliveries (supplier, seq);
CREATE INDEX deliveries_by_endpoint ON wedsync.deliveries (supplier, endpoint, seq);
CREATE INDEX deliveries_by_record ON wedsync.deliveries (supplier, record, seq) WHERE record IS NOT NULL;
CREATE INDEX deliveries_unfinished ON wedsync.deliveries (supplier, state, seq) INCLUDE (endpoint) WHERE state <> 'delivered';
CREATE INDEX deliveries_waiting ON wedsync.deliveries (supplier, endpoint, record, seq) WHERE state = 'pending';
CREATE INDEX deliveries_due ON wedsync.deliveries (supplier, endpoint, due, seq) WHERE head;
CREATE INDEX deliveries_heads ON wedsync.deliveries (supplier, endpoint, record) WHERE head;
CREATE INDEX deliveries_by_time ON wedsync.deliveries (created) WHERE state <> 'pending';

-- They hold secrets: nobody but the hub.
ALTER TABLE wedsync.connections ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.inbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.objects ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.contacts ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.endpoints ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.deliveries ENABLE ROW LEVEL SECURITY;
