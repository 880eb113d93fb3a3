-- What suppliers and their clients told each other: accounts that are read, how far, and the items found there.

-- +goose Up

-- Distributed by id: an account is looked up before anything else is known.
CREATE TABLE wedsync.accounts (
    id       text   COLLATE "C" PRIMARY KEY,
    supplier text   COLLATE "C" NOT NULL,
    provider text   NOT NULL,
    version  bigint NOT NULL,
    settings bytea  NOT NULL,
    created  timestamptz NOT NULL,
    changed  timestamptz NOT NULL
);
CREATE INDEX accounts_by_supplier ON wedsync.accounts (supplier, id);

CREATE TABLE wedsync.cursors (
    supplier text   COLLATE "C" NOT NULL,
    account  text   COLLATE "C" NOT NULL,
    scope    text   COLLATE "C" NOT NULL,
    version  bigint NOT NULL,
    due      timestamptz NOT NULL,
    state    bytea  NOT NULL,
    PRIMARY KEY (supplier, account, scope)
);
CREATE INDEX cursors_due ON wedsync.cursors (due, account, scope);

-- Of an erased item nothing is left but key and id. Who writes items of a
-- supplier holds a lock of that, so that two do not write the same at once.
CREATE TABLE wedsync.items (
    supplier     text    COLLATE "C" NOT NULL,
    id           text    COLLATE "C" NOT NULL,
    key          bytea   NOT NULL,
    kind         text    COLLATE "C" NOT NULL,
    thread       bytea,
    at           timestamptz NOT NULL,
    direction    text    COLLATE "C" NOT NULL,
    subject      text    NOT NULL,
    snippet      text    NOT NULL,
    body         text    NOT NULL,
    detail       bytea,
    participants bytea   NOT NULL,
    version      bigint  NOT NULL,
    told         boolean NOT NULL,
    present      boolean NOT NULL, -- whether an occurrence is not removed
    erased       boolean NOT NULL,
    forgotten    bytea   NOT NULL, -- marks of contacts that were erased from it
    PRIMARY KEY (supplier, id),
    UNIQUE (supplier, key)
);
CREATE INDEX items_by_time ON wedsync.items (supplier, at, id) WHERE present;
CREATE INDEX items_by_thread ON wedsync.items (supplier, thread, at, id) WHERE thread IS NOT NULL AND present;
CREATE INDEX items_untold ON wedsync.items (id) WHERE present AND NOT told;

-- The words by which items are found, made by the hub.
CREATE TABLE wedsync.item_words (
    supplier text COLLATE "C" NOT NULL,
    item     text COLLATE "C" NOT NULL,
    words    tsvector NOT NULL,
    PRIMARY KEY (supplier, item)
);
CREATE INDEX item_words_found ON wedsync.item_words USING gin (words);

-- Who took part, by contacts that tell whose an item is.
CREATE TABLE wedsync.item_contacts (
    supplier text COLLATE "C" NOT NULL,
    kind     text COLLATE "C" NOT NULL,
    value    text COLLATE "C" NOT NULL,
    at       timestamptz NOT NULL,
    item     text COLLATE "C" NOT NULL,
    PRIMARY KEY (supplier, kind, value, at, item)
);
CREATE INDEX item_contacts_by_item ON wedsync.item_contacts (supplier, item);
CREATE INDEX contacts_whole ON wedsync.contacts (supplier, kind, value, record);

CREATE TABLE wedsync.occurrences (
    supplier     text     COLLATE "C" NOT NULL,
    account      text     COLLATE "C" NOT NULL,
    provider     text     COLLATE "C" NOT NULL,
    item         text     COLLATE "C" NOT NULL,
    level        smallint NOT NULL,
    removed      boolean  NOT NULL,
    participants bytea    NOT NULL,
    PRIMARY KEY (supplier, account, provider)
);
CREATE INDEX occurrences_by_item ON wedsync.occurrences (supplier, item);

CREATE TABLE wedsync.links (
    supplier text COLLATE "C" NOT NULL,
    item     text COLLATE "C" NOT NULL,
    record   uuid NOT NULL,
    state    text COLLATE "C" NOT NULL,
    user_id  text COLLATE "C" NOT NULL,
    at       timestamptz NOT NULL,
    item_at  timestamptz NOT NULL, -- when the item took place
    PRIMARY KEY (supplier, item, record)
);
CREATE INDEX links_by_record ON wedsync.links (supplier, record, state, item_at, item);

-- They hold secrets and letters: nobody but the hub.
ALTER TABLE wedsync.accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.cursors ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.items ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.item_words ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.item_contacts ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.occurrences ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.links ENABLE ROW LEVEL SECURITY;
