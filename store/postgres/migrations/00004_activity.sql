-- People read which fields a batch changed, how far it brought conflicts, and what apps posted. A directory lists a
-- supplier's records and is none itself: what the hub writes into it is no client's activity.

-- +goose Up

CREATE OR REPLACE VIEW client_activities WITH (security_invoker = true) AS
    SELECT b.supplier AS supplier_id, b.number, o.ordinality AS part, wedsync.client_id(b.record) AS client_id, b.version,
        (o.origin ->> 'at')::timestamptz AS at, o.origin ->> 'kind' AS kind,
        o.origin #>> '{from,user}' AS user_id, o.origin #>> '{from,device}' AS device, o.origin #>> '{from,role}' AS role,
        o.origin -> 'verdicts' AS verdicts,
        o.origin -> 'changed' AS changed, o.origin -> 'steps' AS steps, o.origin -> 'activity' AS activity
    FROM wedsync.batches b, jsonb_array_elements(wedsync.readable(b.origins)) WITH ORDINALITY AS o (origin, ordinality)
    WHERE o.origin ->> 'kind' IS DISTINCT FROM 'directory';
