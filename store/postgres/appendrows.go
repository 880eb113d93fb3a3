package postgres

import (
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"wedsync/store"
)

// A row is what a commit becomes in batches and records.
type row struct {
	supplier string // escaped
	body     []byte
	origins  string
	heads    []byte
}

// encode does before the transaction what needs no database.
func encode(commits []store.Commit) ([]row, error) {
	rows := make([]row, len(commits))
	for i, c := range commits {
		origins, err := store.EncodeOrigins(c.Batches)
		if err != nil {
			return nil, fmt.Errorf("append %s: %w", c.Record, err)
		}
		rows[i] = row{
			supplier: escape(c.Supplier),
			body:     store.AppendBody(nil, c.Batches),
			origins:  string(origins),
			heads:    store.EncodeHeads(c.Heads),
		}
	}
	return rows, nil
}

// A chunk is so many commits that one statement stores them.
type chunk []int

// The size of a chunk. What one statement joins stays small, and so does a message.
const (
	chunkCommits = 256
	chunkBytes   = 64 << 20
)

func (a *appending) chunks(part []int) (chunks []chunk) {
	begin, size := 0, 0
	for n, i := range part {
		more := len(a.rows[i].body) + len(a.commits[i].Ledger)
		if n > begin && (n-begin == chunkCommits || size+more > chunkBytes) {
			chunks = append(chunks, part[begin:n])
			begin, size = n, 0
		}
		size += more
	}
	return append(chunks, part[begin:])
}

// The statement that stores a chunk finds out which commits still have their
// moment, numbers them, and returns their indexes. Its parts see one snapshot,
// from after the suppliers were locked.
const (
	givenCommits = `WITH given AS MATERIALIZED (
		SELECT u.*, s.number AS last FROM unnest($1::int[], $2::text[], $3::uuid[], $4::bigint[], $5::smallint[], $6::bytea[], $7::bytea[], $8::text[], $9::bytea[]`
	givenColumns = `) AS u (ord, supplier, id, version, state, heads, body, origins, ledger`
	givenFrom    = `) JOIN wedsync.suppliers s ON s.name = u.supplier
	), `
	storeCommits = `bound AS (
		INSERT INTO wedsync.bindings (id, supplier) SELECT id, supplier FROM c WHERE version = 0 ORDER BY id
		ON CONFLICT DO NOTHING RETURNING id
	), fresh AS (
		INSERT INTO wedsync.records (supplier, id, version, state, heads)
		SELECT c.supplier, c.id, 1, c.state, c.heads FROM bound JOIN c USING (id)
		RETURNING id
	), moved AS (
		UPDATE wedsync.records r SET version = c.version + 1, state = c.state, heads = c.heads FROM c
		WHERE c.version > 0 AND r.supplier = c.supplier AND r.id = c.id AND r.version = c.version AND r.state <> 4
		RETURNING c.*
	), n AS (
		SELECT k.*, k.last + row_number() OVER (PARTITION BY k.supplier ORDER BY k.ord) AS number
		FROM (SELECT * FROM moved UNION ALL SELECT c.* FROM fresh JOIN c USING (id)) k
	), entered AS (
		INSERT INTO wedsync.batches (supplier, number, record, version, body, origins)
		SELECT supplier, number, id, version + 1, body, origins FROM n
	), counted AS (
		UPDATE wedsync.suppliers s SET number = e.number
		FROM (SELECT supplier, max(number) AS number FROM n GROUP BY supplier) e WHERE s.name = e.supplier
	), ledgers AS (
		INSERT INTO wedsync.ledgers (supplier, record, body) SELECT supplier, id, ledger FROM n WHERE ledger IS NOT NULL
		ON CONFLICT (supplier, record) DO UPDATE SET body = excluded.body
	), hidden AS (
		DELETE FROM clients k USING n
		WHERE n.state <> 2 AND n.version > 0 AND k.supplier_id = n.supplier AND k.client_id = wedsync.client_id(n.id)
	)`
	plainCommits = givenCommits + givenColumns + givenFrom + `c AS (SELECT * FROM given), ` +
		storeCommits + ` SELECT ord FROM n`

	// Of commits with the same key the first counts whose record is as it was read.
	answeredCommits = givenCommits + `, $10::text[], $11::text[], $12::bytea[], $13::int[], $14::bytea[], $15::timestamptz[]` +
		givenColumns + `, principal, key, request, status, answer, at` + givenFrom + `turns AS (
		SELECT g.ord, row_number() OVER (PARTITION BY g.principal, g.key ORDER BY g.ord) AS turn
		FROM given g LEFT JOIN wedsync.bindings k ON k.id = g.id
		LEFT JOIN wedsync.records r ON r.supplier = g.supplier AND r.id = g.id
		WHERE g.principal IS NOT NULL
		AND CASE WHEN g.version = 0 THEN k.id IS NULL ELSE r.version = g.version AND r.state <> 4 END
		AND NOT EXISTS (SELECT 1 FROM wedsync.answers a WHERE a.principal = g.principal AND a.key = g.key)
	), c AS MATERIALIZED (
		SELECT * FROM given g WHERE principal IS NULL OR EXISTS (SELECT 1 FROM turns t WHERE t.ord = g.ord AND t.turn = 1)
	), ` + storeCommits + `, answers AS (
		INSERT INTO wedsync.answers (principal, key, request, status, body, at, record)
		SELECT principal, key, request, status, answer, at, id FROM n WHERE principal IS NOT NULL
	) SELECT ord FROM n`
)

// queue adds the statement that stores a chunk. each is told the index of every
// commit that was.
func (k chunk) queue(batch *pgx.Batch, a *appending, each func(ord int32)) {
	var (
		ords               = make([]int32, len(k))
		names, origins     = make([]string, len(k)), make([]string, len(k))
		ids                = make([][16]byte, len(k))
		versions           = make([]int64, len(k))
		states             = make([]int16, len(k))
		heads, bodies, led = make([][]byte, len(k)), make([][]byte, len(k)), make([][]byte, len(k))
		answered           bool
	)
	for n, i := range k {
		c, r := &a.commits[i], &a.rows[i]
		ords[n], names[n], ids[n], versions[n], states[n] = int32(i), r.supplier, c.Record, int64(c.Version), int16(c.State)
		heads[n], bodies[n], origins[n], led[n] = r.heads, r.body, r.origins, c.Ledger
		answered = answered || c.Answer != nil
	}
	query, args := plainCommits, []any{ords, names, ids, versions, states, heads, bodies, origins, led}
	if answered {
		query, args = answeredCommits, append(args, k.answers(a)...)
	}
	batch.Queue(query, args...).Query(func(rows pgx.Rows) error {
		var ord int32
		_, err := pgx.ForEachRow(rows, []any{&ord}, func() error { each(ord); return nil })
		return err
	})
}

// answers are the columns of the commits' answers.
func (k chunk) answers(a *appending) []any {
	var (
		principals, keys = make([]*string, len(k)), make([]*string, len(k))
		requests, bodies = make([][]byte, len(k)), make([][]byte, len(k))
		statuses         = make([]int32, len(k))
		times            = make([]time.Time, len(k))
	)
	for n, i := range k {
		w := a.commits[i].Answer
		if w == nil {
			continue
		}
		principal, key := escape(w.Principal), escape(w.Key)
		principals[n], keys[n], requests[n], bodies[n] = &principal, &key, w.Request[:], notNull(w.Body)
		statuses[n], times[n] = int32(w.Status), w.At
	}
	return []any{principals, keys, requests, statuses, bodies, times}
}

// notNull keeps an empty blob from becoming NULL.
func notNull(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
