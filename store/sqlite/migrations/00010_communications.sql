-- What suppliers and their clients told each other: accounts that are read, how far, and the items found there.

-- +goose Up

CREATE TABLE accounts (
    id       TEXT    PRIMARY KEY,
    supplier INTEGER NOT NULL REFERENCES suppliers (key),
    provider TEXT    NOT NULL,
    version  INTEGER NOT NULL,
    settings BLOB    NOT NULL,
    created  INTEGER NOT NULL, -- microseconds since 1970, as all times here
    changed  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX accounts_by_supplier ON accounts (supplier, id);

CREATE TABLE cursors (
    account TEXT    NOT NULL REFERENCES accounts (id),
    scope   TEXT    NOT NULL,
    version INTEGER NOT NULL,
    due     INTEGER NOT NULL,
    state   BLOB    NOT NULL,
    PRIMARY KEY (account, scope)
) WITHOUT ROWID;
CREATE INDEX cursors_due ON cursors (due, account, scope);

-- Rows are small; what only an item's own page shows lies beside them. Of an
-- erased one nothing is left but hash and id.
CREATE TABLE items (
    key          INTEGER PRIMARY KEY,
    supplier     INTEGER NOT NULL REFERENCES suppliers (key),
    id           TEXT    NOT NULL,
    hash         BLOB    NOT NULL CHECK (length(hash) = 32),
    kind         TEXT    NOT NULL,
    thread       BLOB    CHECK (length(thread) = 32),
    at           INTEGER NOT NULL,
    direction    TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    snippet      TEXT    NOT NULL,
    participants BLOB    NOT NULL,
    version      INTEGER NOT NULL,
    told         INTEGER NOT NULL,
    present      INTEGER NOT NULL, -- whether an occurrence is not removed
    erased       INTEGER NOT NULL,
    forgotten    BLOB    NOT NULL, -- marks of contacts that were erased from it
    UNIQUE (supplier, id),
    UNIQUE (supplier, hash)
);
CREATE INDEX items_by_time ON items (supplier, at, id) WHERE present;
CREATE INDEX items_by_thread ON items (supplier, thread, at, id) WHERE thread IS NOT NULL AND present;
CREATE INDEX items_untold ON items (id) WHERE present AND NOT told;

CREATE TABLE item_contents (
    key    INTEGER PRIMARY KEY REFERENCES items (key),
    body   TEXT NOT NULL,
    detail BLOB
);

-- The words by which items are found, made by the hub. What is deleted here is
-- overwritten at once.
CREATE VIRTUAL TABLE item_words USING fts5 (words, tokenize = 'ascii', detail = 'none', prefix = '1 2 3');
INSERT INTO item_words (item_words, rank) VALUES ('secure-delete', 1);

-- Whoever takes an item away takes its content and its words along.
-- +goose StatementBegin
CREATE TRIGGER contents_follow_items AFTER DELETE ON items
BEGIN
    DELETE FROM item_contents WHERE key = OLD.key;
    DELETE FROM item_words WHERE rowid = OLD.key;
END;
-- +goose StatementEnd

-- Who took part, by contacts that tell whose an item is.
CREATE TABLE item_contacts (
    supplier INTEGER NOT NULL REFERENCES suppliers (key),
    kind     TEXT    NOT NULL,
    value    TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    item     TEXT    NOT NULL,
    PRIMARY KEY (supplier, item, kind, value)
) WITHOUT ROWID;
CREATE INDEX item_contacts_by_value ON item_contacts (supplier, kind, value, at, item);
CREATE INDEX contacts_whole ON contacts (kind, value, record);

CREATE TABLE occurrences (
    supplier     INTEGER NOT NULL REFERENCES suppliers (key),
    account      TEXT    NOT NULL,
    provider     TEXT    NOT NULL,
    item         TEXT    NOT NULL,
    level        INTEGER NOT NULL,
    removed      INTEGER NOT NULL,
    participants BLOB    NOT NULL,
    PRIMARY KEY (supplier, item, account, provider),
    UNIQUE (supplier, account, provider)
) WITHOUT ROWID;

CREATE TABLE links (
    supplier INTEGER NOT NULL REFERENCES suppliers (key),
    item     TEXT    NOT NULL,
    record   BLOB    NOT NULL CHECK (length(record) = 16),
    state    TEXT    NOT NULL,
    user     TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    item_at  INTEGER NOT NULL, -- when the item took place
    PRIMARY KEY (supplier, item, record)
) WITHOUT ROWID;
CREATE INDEX links_by_record ON links (record, state, item_at, item);
