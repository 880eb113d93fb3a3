-- Who may do what, so that a device can be shut out and a role taken back; names of devices; tickets.

-- +goose Up

-- access_version is raised by every change of roles and revoked.
ALTER TABLE suppliers ADD COLUMN access_version INTEGER NOT NULL DEFAULT 0;

CREATE TABLE roles (
    supplier INTEGER NOT NULL REFERENCES suppliers (key),
    user     TEXT    NOT NULL,
    role     TEXT    NOT NULL,
    PRIMARY KEY (supplier, user)
) WITHOUT ROWID;

-- Beside devices, because it outlives what is forgotten there.
CREATE TABLE revoked (
    supplier INTEGER NOT NULL REFERENCES suppliers (key),
    user     TEXT    NOT NULL,
    device   TEXT    NOT NULL,
    at       INTEGER NOT NULL, -- microseconds since 1970
    PRIMARY KEY (supplier, user, device)
) WITHOUT ROWID;

-- label is what people call a device, since when it was first seen, in
-- microseconds since 1970; of older rows nobody knows better than at.
ALTER TABLE devices ADD COLUMN label TEXT NOT NULL DEFAULT '';
ALTER TABLE devices ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
UPDATE devices SET since = at;

CREATE TABLE tickets (
    hash     BLOB    PRIMARY KEY CHECK (length(hash) = 32),
    supplier TEXT    NOT NULL,
    user     TEXT    NOT NULL,
    device   TEXT    NOT NULL,
    role     TEXT    NOT NULL,
    expires  INTEGER NOT NULL, -- microseconds since 1970, of the token
    until    INTEGER NOT NULL  -- likewise, of the ticket
) WITHOUT ROWID;
CREATE INDEX tickets_by_user ON tickets (supplier, user);
CREATE INDEX tickets_by_time ON tickets (until);
