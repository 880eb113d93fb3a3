-- The hub's own tables: every key begins with the supplier, so that they can be
-- distributed by it, except where a key comes from outside all suppliers.

-- +goose Up

-- Texts sort by their bytes, as Go's do. Those that devices choose are escaped
-- where PostgreSQL cannot hold them, and so are backslashes.

-- number is that of the supplier's last journal entry. Who writes rows of a
-- supplier holds this row: commits FOR NO KEY UPDATE, what removes rows FOR
-- UPDATE, notes that may be lost FOR KEY SHARE.
CREATE TABLE wedsync.suppliers (
    name           text COLLATE "C" PRIMARY KEY,
    number         bigint NOT NULL DEFAULT 0,
    policy_version bigint NOT NULL DEFAULT 1,
    policy         text
) WITH (fillfactor = 50);

-- Every policy that was in force is kept, so that a journal can be replayed.
CREATE TABLE wedsync.policy_versions (
    supplier text   COLLATE "C" NOT NULL,
    version  bigint NOT NULL,
    policy   text   NOT NULL,
    PRIMARY KEY (supplier, version)
);

-- Whose an id is. Distributed by id; rows outlive their records.
CREATE TABLE wedsync.bindings (
    id       uuid PRIMARY KEY,
    supplier text COLLATE "C" NOT NULL
);

-- Rows are small and no index holds what a commit changes, so that their new
-- versions stay on their page.
CREATE TABLE wedsync.records (
    supplier text COLLATE "C" NOT NULL,
    id       uuid NOT NULL,
    version  bigint NOT NULL,
    state    smallint NOT NULL,
    heads    bytea NOT NULL,
    PRIMARY KEY (supplier, id)
) WITH (fillfactor = 70);

CREATE TABLE wedsync.ledgers (
    supplier text COLLATE "C" NOT NULL,
    record   uuid NOT NULL,
    body     bytea NOT NULL,
    PRIMARY KEY (supplier, record)
);

-- One row per commit. Bodies hold what is compressed already.
CREATE TABLE wedsync.batches (
    supplier text COLLATE "C" NOT NULL,
    number   bigint NOT NULL,
    record   uuid NOT NULL,
    version  bigint NOT NULL,
    body     bytea NOT NULL,
    origins  text NOT NULL,
    PRIMARY KEY (supplier, number)
);
ALTER TABLE wedsync.batches ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX batches_by_record ON wedsync.batches (supplier, record, version);

CREATE TABLE wedsync.projections (
    supplier text COLLATE "C" NOT NULL,
    record   uuid NOT NULL,
    heads    bytea NOT NULL,
    fields   text NOT NULL,
    name     text COLLATE "C" NOT NULL,
    sort     text COLLATE "C" NOT NULL,
    search   text COLLATE "C" NOT NULL,
    PRIMARY KEY (supplier, record)
);

CREATE TABLE wedsync.merged (
    supplier  text COLLATE "C" NOT NULL,
    id        text COLLATE "C" NOT NULL,
    record    uuid NOT NULL,
    field     text COLLATE "C" NOT NULL,
    status    text COLLATE "C" NOT NULL,
    version   bigint NOT NULL,
    opened_at timestamptz NOT NULL,
    body      text NOT NULL,
    PRIMARY KEY (supplier, id)
);
CREATE UNIQUE INDEX merged_open ON wedsync.merged (supplier, record, field) WHERE status = 'open';
CREATE INDEX merged_by_status ON wedsync.merged (supplier, status, id);
CREATE INDEX merged_by_record ON wedsync.merged (supplier, record, id);

CREATE TABLE wedsync.receipts (
    supplier text COLLATE "C" NOT NULL,
    id       text COLLATE "C" NOT NULL,
    user_id  text COLLATE "C" NOT NULL,
    record   uuid NOT NULL,
    body     text NOT NULL,
    PRIMARY KEY (supplier, id)
);
CREATE INDEX receipts_by_user ON wedsync.receipts (supplier, user_id, id);
CREATE INDEX receipts_by_record ON wedsync.receipts (supplier, record);

CREATE TABLE wedsync.receipt_devices (
    supplier text COLLATE "C" NOT NULL,
    receipt  text COLLATE "C" NOT NULL,
    device   text COLLATE "C" NOT NULL,
    PRIMARY KEY (supplier, receipt, device)
);

-- Distributed by principal: a key is looked up before anything else is known.
CREATE TABLE wedsync.answers (
    principal text COLLATE "C" NOT NULL,
    key       text COLLATE "C" NOT NULL,
    request   bytea NOT NULL,
    status    integer NOT NULL,
    body      bytea NOT NULL,
    at        timestamptz NOT NULL,
    record    uuid NOT NULL,
    PRIMARY KEY (principal, key)
);
CREATE INDEX answers_by_record ON wedsync.answers (record);

CREATE TABLE wedsync.devices (
    supplier   text COLLATE "C" NOT NULL,
    user_id    text COLLATE "C" NOT NULL,
    name       text COLLATE "C" NOT NULL,
    storage_id text COLLATE "C" NOT NULL,
    at         timestamptz NOT NULL,
    PRIMARY KEY (supplier, user_id, name)
);
CREATE INDEX devices_by_time ON wedsync.devices (supplier, at);

CREATE TABLE wedsync.device_heads (
    supplier text COLLATE "C" NOT NULL,
    record   uuid NOT NULL,
    user_id  text COLLATE "C" NOT NULL,
    device   text COLLATE "C" NOT NULL,
    heads    bytea NOT NULL,
    refused  text NOT NULL,
    at       timestamptz NOT NULL,
    PRIMARY KEY (supplier, record, user_id, device)
);
CREATE INDEX device_heads_by_device ON wedsync.device_heads (supplier, user_id, device);

-- What the hubs on this database have in common. The same on every shard.
CREATE TABLE wedsync.meta (
    name  text PRIMARY KEY,
    value bytea NOT NULL
);

-- Nobody but the hub: schemas of other software may grant rights on all tables.
ALTER TABLE wedsync.suppliers ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.policy_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.bindings ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.records ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.ledgers ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.batches ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.projections ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.merged ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.receipts ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.receipt_devices ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.answers ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.devices ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.device_heads ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.meta ENABLE ROW LEVEL SECURITY;
