package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// selection is what a query selects, as the condition of a statement on
// sync_conflicts c beside client_names n. Whatever is asked, the text of the
// condition is one of a few.
func selection(supplier string, q store.ConflictQuery) (where string, args []any) {
	where, args = ` WHERE c.supplier = (SELECT key FROM suppliers WHERE name = ?)`, []any{supplier}
	and := func(given bool, condition string, value any) {
		if given {
			where += " AND " + condition
			args = append(args, value)
		}
	}
	and(q.Status != "", `c.status = ?`, string(q.Status))
	and(q.Field != "", `c.field = ?`, string(q.Field))
	and(q.Record != (crdt.RecordID{}), `c.record = (SELECT key FROM records WHERE id = ?)`, q.Record[:])
	and(!q.OpenedBefore.IsZero(), `c.opened_at < ?`, q.OpenedBefore.UnixMicro())
	and(!q.QuietBefore.IsZero(), `c.quiet_since < ?`, q.QuietBefore.UnixMicro())
	and(q.Author != "", `EXISTS (SELECT 1 FROM json_each(c.body, '$.proposals') p, json_each(p.value, '$.authors') a
		WHERE json_extract(a.value, '$.user') = ?)`, q.Author)
	and(q.Device != "", `EXISTS (SELECT 1 FROM json_each(c.body, '$.proposals') p, json_each(p.value, '$.authors') a
		WHERE json_extract(a.value, '$.device') = ?)`, q.Device)
	and(q.Source != "", `EXISTS (SELECT 1 FROM json_each(c.body, '$.proposals') p
		WHERE json_extract(p.value, '$.source') = ?)`, string(q.Source))
	and(q.Search != "", `NOT EXISTS (SELECT 1 FROM json_each(?) w WHERE instr(coalesce(n.search, ''), w.value) = 0)`, wordsOf(q.Search))
	return where, args
}

// wordsOf are the words of a search, folded, as a JSON array.
func wordsOf(search string) string {
	words, err := json.Marshal(strings.Fields(store.FoldName(search)))
	if err != nil {
		return "[]" // strings can always be written
	}
	return string(words)
}

const queueRows = ` FROM sync_conflicts c LEFT JOIN client_names n ON n.record = c.record`

// conflictsQuery is the statement that reads one page of a query.
func conflictsQuery(supplier string, q store.ConflictQuery) (query string, args []any) {
	where, args := selection(supplier, q)
	key, after, order := `''`, ` AND c.id > ?`, `c.id`
	switch q.Order {
	case store.ByNewest:
		after, order = ` AND c.id < ?`, `c.id DESC`
	case store.ByClient:
		key = `coalesce(n.sort, '')`
	case store.ByField:
		key = `c.field`
	}
	place := []any{q.After.ID}
	if key != `''` {
		after, order = ` AND (`+key+`, c.id) > (?, ?)`, key+`, c.id`
		place = []any{q.After.Key, q.After.ID}
	}
	if q.After != (store.ConflictPlace{}) {
		where, args = where+after, append(args, place...)
	}
	return `SELECT c.id, c.body, coalesce(n.name, ''), ` + key + queueRows + where +
		` ORDER BY ` + order + ` LIMIT ?`, append(args, max(q.Limit, 0))
}

// Conflicts implements [store.Conflicts].
func (s *Store) Conflicts(ctx context.Context, supplier string, q store.ConflictQuery) (found []store.QueuedConflict, err error) {
	query, args := conflictsQuery(supplier, q)
	err = s.read(ctx, "conflicts", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, query, args, func(rows *sql.Rows) error {
			var c store.QueuedConflict
			var body []byte
			if err := rows.Scan(&c.Place.ID, &body, &c.Client, &c.Place.Key); err != nil {
				return err
			}
			var err error
			c.Conflict, err = readConflict(c.Place.ID, body)
			found = append(found, c)
			return err
		})
	})
	return found, err
}

// ConflictCounts implements [store.Conflicts].
func (s *Store) ConflictCounts(ctx context.Context, supplier string, q store.ConflictQuery) (map[crdt.Path]int, error) {
	where, args := selection(supplier, q)
	counts := make(map[crdt.Path]int)
	err := s.read(ctx, "conflict counts", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, `SELECT c.field, count(*)`+queueRows+where+` GROUP BY c.field`, args, func(rows *sql.Rows) error {
			var field string
			var n int
			err := rows.Scan(&field, &n)
			counts[crdt.Path(field)] = n
			return err
		})
	})
	return counts, err
}

// ConflictDevices implements [store.Conflicts].
func (s *Store) ConflictDevices(ctx context.Context, supplier string, q store.ConflictQuery, limit int) (counts []store.DeviceCount, err error) {
	where, args := selection(supplier, q)
	query := `SELECT user, device, count(*) AS rows FROM (
			SELECT DISTINCT c.id, coalesce(json_extract(a.value, '$.user'), '') AS user, json_extract(a.value, '$.device') AS device` +
		` FROM sync_conflicts c LEFT JOIN client_names n ON n.record = c.record,
			json_each(c.body, '$.proposals') p, json_each(p.value, '$.authors') a` + where + `)
		WHERE device <> '' GROUP BY user, device ORDER BY rows DESC, user, device LIMIT ?`
	err = s.read(ctx, "conflict devices", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, query, append(args, max(limit, 0)), func(rows *sql.Rows) error {
			var d store.DeviceCount
			err := rows.Scan(&d.User, &d.Device, &d.Conflicts)
			counts = append(counts, d)
			return err
		})
	})
	return counts, err
}

const waitingQuery = `SELECT s.name, w.pending, w.oldest, w.quiet FROM (
		SELECT supplier, count(*) AS pending, min(opened_at) AS oldest, min(quiet_since) AS quiet
		FROM sync_conflicts WHERE status = 'pending' GROUP BY supplier) w
	JOIN suppliers s ON s.key = w.supplier ORDER BY s.name`

// Waiting implements [store.Conflicts].
func (s *Store) Waiting(ctx context.Context) (found []store.Waiting, err error) {
	err = s.read(ctx, "waiting", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, waitingQuery, nil, func(rows *sql.Rows) error {
			var w store.Waiting
			var oldest, quiet int64
			err := rows.Scan(&w.Supplier, &w.Pending, &oldest, &quiet)
			w.Oldest, w.Quiet = time.UnixMicro(oldest).UTC(), time.UnixMicro(quiet).UTC()
			found = append(found, w)
			return err
		})
	})
	return found, err
}

func readConflict(id string, body []byte) (c conflicts.Conflict, err error) {
	if err := json.Unmarshal(body, &c); err != nil {
		return c, fmt.Errorf("conflict %s: %w: %w", id, err, store.ErrCorrupt)
	}
	return c, nil
}
