-- Two users may call their devices alike, and why a device was refused outlives the hub; nothing was noted before.

-- +goose Up

DROP TABLE device_heads;
DROP TABLE devices;

CREATE TABLE devices (
    key        INTEGER PRIMARY KEY,
    supplier   INTEGER NOT NULL REFERENCES suppliers (key),
    user       TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    storage_id TEXT    NOT NULL,
    at         INTEGER NOT NULL, -- microseconds since 1970
    UNIQUE (supplier, user, name)
);
CREATE INDEX devices_by_time ON devices (supplier, at);

CREATE TABLE device_heads (
    record  INTEGER NOT NULL REFERENCES records (key),
    device  INTEGER NOT NULL REFERENCES devices (key),
    heads   BLOB    NOT NULL,
    refused TEXT    NOT NULL,
    at      INTEGER NOT NULL, -- microseconds since 1970
    PRIMARY KEY (record, device)
) WITHOUT ROWID;
CREATE INDEX device_heads_by_device ON device_heads (device);
