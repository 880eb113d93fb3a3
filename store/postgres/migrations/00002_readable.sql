-- What people and their tools read: clients, sync_conflicts and client_activities,
-- each supplier its own rows. They lie in the first schema of the search path.

-- +goose Up

-- The supplier that a request's token names, as Supabase and PostgREST hand
-- it on, escaped like the column that it is compared with.
CREATE FUNCTION wedsync.supplier_claim() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
        SELECT replace(coalesce(c #>> '{app_metadata,supplier_id}', c ->> 'supplier_id'), '\', '\\')
        FROM (SELECT nullif(current_setting('request.jwt.claims', true), '')::jsonb) AS claims (c)
    $$;

-- JSON that may hold the one character that jsonb does not.
-- +goose StatementBegin
CREATE FUNCTION wedsync.readable(body text) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
        SELECT CASE WHEN strpos(body, '\u0000') = 0 THEN body::jsonb
            ELSE regexp_replace(body, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g')::jsonb END
    $$;
-- +goose StatementEnd

-- The ULID text of a record's id.
-- +goose StatementBegin
CREATE FUNCTION wedsync.client_id(id uuid) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
        SELECT string_agg(substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + substring(bits FROM 1 + 5 * i FOR 5)::int, 1), '' ORDER BY i)
        FROM (SELECT B'00' || ('x' || replace(id::text, '-', ''))::bit(128)) AS b (bits), generate_series(0, 25) AS i
    $$;
-- +goose StatementEnd

-- The rows of the queue. body is what the hub reads, the other columns are for people.
CREATE TABLE sync_conflicts (
    supplier_id    text COLLATE "C" NOT NULL,
    id             text COLLATE "C" NOT NULL,
    client_id      text COLLATE "C" NOT NULL,
    record         uuid NOT NULL,
    field          text COLLATE "C" NOT NULL,
    status         text COLLATE "C" NOT NULL,
    version        bigint NOT NULL,
    reason         text NOT NULL,
    base_value     jsonb,
    current_value  jsonb,
    proposed_value jsonb, -- of the proposal that is open or was opened last
    decision       text,
    decided_value  jsonb,
    decided_by     text,
    opened_at      timestamptz NOT NULL,
    quiet_since    timestamptz NOT NULL,
    closed_at      timestamptz,
    author_users   text[] COLLATE "C" NOT NULL,
    author_devices text[] COLLATE "C" NOT NULL, -- beside author_users
    sources        text[] COLLATE "C" NOT NULL,
    body           text NOT NULL,
    PRIMARY KEY (supplier_id, id)
);
CREATE UNIQUE INDEX sync_conflicts_pending ON sync_conflicts (supplier_id, record, field) WHERE status = 'pending';
CREATE INDEX sync_conflicts_by_status ON sync_conflicts (supplier_id, status, id);
CREATE INDEX sync_conflicts_by_record ON sync_conflicts (supplier_id, record, id);
CREATE INDEX sync_conflicts_waiting ON sync_conflicts (supplier_id, quiet_since, opened_at) WHERE status = 'pending';

-- Listed records as they were last projected.
CREATE TABLE clients (
    supplier_id  text COLLATE "C" NOT NULL,
    client_id    text COLLATE "C" NOT NULL,
    document_id  text COLLATE "C" NOT NULL,
    name         text,
    email        text,
    phone        text,
    wedding_date date,    -- null if it is none
    venue_name   text,
    budget       numeric, -- null if it is none
    fields       jsonb NOT NULL, -- all of them
    version      bigint NOT NULL, -- of the record
    updated_at   timestamptz NOT NULL,
    PRIMARY KEY (supplier_id, client_id)
);

-- The journal, one row per batch.
CREATE VIEW client_activities WITH (security_invoker = true) AS
    SELECT b.supplier AS supplier_id, b.number, o.ordinality AS part, wedsync.client_id(b.record) AS client_id, b.version,
        (o.origin ->> 'at')::timestamptz AS at, o.origin ->> 'kind' AS kind,
        o.origin #>> '{from,user}' AS user_id, o.origin #>> '{from,device}' AS device, o.origin #>> '{from,role}' AS role,
        o.origin -> 'verdicts' AS verdicts
    FROM wedsync.batches b, jsonb_array_elements(wedsync.readable(b.origins)) WITH ORDINALITY AS o (origin, ordinality);

ALTER TABLE sync_conflicts ENABLE ROW LEVEL SECURITY;
ALTER TABLE clients ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON sync_conflicts FOR SELECT USING (supplier_id = (SELECT wedsync.supplier_claim()));
CREATE POLICY own_rows ON clients FOR SELECT USING (supplier_id = (SELECT wedsync.supplier_claim()));
CREATE POLICY own_rows ON wedsync.batches FOR SELECT USING (supplier = (SELECT wedsync.supplier_claim()));

-- Whoever reads as wedsync_reader, or as Supabase's authenticated, may read and
-- nothing else. A hub that may not make roles leaves that to whoever may.
-- +goose StatementBegin
DO $$
DECLARE
    reader text;
BEGIN
    BEGIN
        CREATE ROLE wedsync_reader NOLOGIN;
    EXCEPTION
        WHEN duplicate_object OR unique_violation THEN NULL;
        WHEN insufficient_privilege THEN
            RAISE NOTICE 'wedsync: this user may not create the role wedsync_reader';
    END;
    FOR reader IN SELECT rolname FROM pg_roles WHERE rolname IN ('wedsync_reader', 'authenticated') LOOP
        EXECUTE format('REVOKE ALL ON clients, sync_conflicts, client_activities FROM %I', reader);
        EXECUTE format('GRANT SELECT ON clients, sync_conflicts, client_activities TO %I', reader);
        EXECUTE format('GRANT SELECT (supplier, number, record, version, origins) ON wedsync.batches TO %I', reader);
    END LOOP;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_publication WHERE pubname = 'wedsync') THEN
        CREATE PUBLICATION wedsync;
    END IF;
    ALTER PUBLICATION wedsync ADD TABLE clients, sync_conflicts;
END $$;
-- +goose StatementEnd
