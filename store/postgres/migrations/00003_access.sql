-- Who may do what, so that a device can be shut out and a role taken back; names of devices; tickets.

-- +goose Up

-- access_version is raised by every change of roles and revoked.
ALTER TABLE wedsync.suppliers ADD COLUMN access_version bigint NOT NULL DEFAULT 0;

CREATE TABLE wedsync.roles (
    supplier text COLLATE "C" NOT NULL,
    user_id  text COLLATE "C" NOT NULL,
    role     text NOT NULL,
    PRIMARY KEY (supplier, user_id)
);

-- Beside devices, because it outlives what is forgotten there.
CREATE TABLE wedsync.revoked (
    supplier text COLLATE "C" NOT NULL,
    user_id  text COLLATE "C" NOT NULL,
    device   text COLLATE "C" NOT NULL,
    at       timestamptz NOT NULL,
    PRIMARY KEY (supplier, user_id, device)
);

-- label is what people call a device, since when it was first seen; of older
-- rows nobody knows better than at.
ALTER TABLE wedsync.devices ADD COLUMN label text NOT NULL DEFAULT '', ADD COLUMN since timestamptz;
UPDATE wedsync.devices SET since = at;
ALTER TABLE wedsync.devices ALTER COLUMN since SET NOT NULL;

-- Distributed by hash: a ticket is looked up before anything else is known.
CREATE TABLE wedsync.tickets (
    hash     bytea PRIMARY KEY,
    supplier text COLLATE "C" NOT NULL,
    user_id  text COLLATE "C" NOT NULL,
    device   text COLLATE "C" NOT NULL,
    role     text NOT NULL,
    expires  timestamptz NOT NULL, -- of the token
    until    timestamptz NOT NULL  -- of the ticket
);
CREATE INDEX tickets_by_user ON wedsync.tickets (supplier, user_id);
CREATE INDEX tickets_by_time ON wedsync.tickets (until);

ALTER TABLE wedsync.roles ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.revoked ENABLE ROW LEVEL SECURITY;
ALTER TABLE wedsync.tickets ENABLE ROW LEVEL SECURITY;
