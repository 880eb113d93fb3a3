package postgres

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/crdt"
	"wedsync/store"
)

const queueRows = ` FROM sync_conflicts c LEFT JOIN wedsync.projections n ON n.supplier = c.supplier_id AND n.record = c.record`

// selection is a statement on what a query selects of sync_conflicts c beside
// projections n.
func selection(head, supplier string, q store.ConflictQuery) where {
	w := where{query: head + ` WHERE c.supplier_id = $1`, args: []any{escape(supplier)}}
	w.and(q.Status != "", `c.status = $`, string(q.Status))
	w.and(q.Field != "", `c.field = $`, escape(string(q.Field)))
	w.and(q.Record != (crdt.RecordID{}), `c.record = $`, [16]byte(q.Record))
	w.and(!q.OpenedBefore.IsZero(), `c.opened_at < $`, micros(q.OpenedBefore))
	w.and(!q.QuietBefore.IsZero(), `c.quiet_since < $`, micros(q.QuietBefore))
	w.and(q.Author != "", `$ = ANY (c.author_users)`, escape(q.Author))
	w.and(q.Device != "", `$ = ANY (c.author_devices)`, escape(q.Device))
	w.and(q.Source != "", `$ = ANY (c.sources)`, escape(string(q.Source)))
	w.and(q.Search != "", `NOT EXISTS (SELECT 1 FROM unnest($::text[]) w WHERE strpos(coalesce(n.search, ''), w) = 0)`,
		escapeAll(strings.Fields(store.FoldName(q.Search))))
	return w
}

// conflictsSelect is the statement that reads one page of a query.
func conflictsSelect(supplier string, q store.ConflictQuery) (string, []any) {
	key, after, order := `''`, `c.id > $`, `c.id`
	switch q.Order {
	case store.ByNewest:
		after, order = `c.id < $`, `c.id DESC`
	case store.ByClient:
		key = `coalesce(n.sort, '')`
	case store.ByField:
		key = `c.field`
	}
	place := []any{escape(q.After.ID)}
	if key != `''` {
		after, order = `(`+key+`, c.id) > ($, $)`, key+`, c.id`
		place = []any{escape(q.After.Key), escape(q.After.ID)}
	}
	w := selection(`SELECT c.id, c.body, coalesce(n.name, ''), `+key+queueRows, supplier, q)
	w.and(q.After != (store.ConflictPlace{}), after, place...)
	return w.page(order, q.Limit)
}

// Conflicts implements [store.Conflicts].
func (s *Store) Conflicts(ctx context.Context, supplier string, q store.ConflictQuery) (found []store.QueuedConflict, err error) {
	query, args := conflictsSelect(supplier, q)
	err = s.read(ctx, "conflicts", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, query, args...)
		return each(rows, err, func(row pgx.Rows) error {
			var c store.QueuedConflict
			var body string
			if err := row.Scan(&c.Place.ID, &body, &c.Client, &c.Place.Key); err != nil {
				return err
			}
			c.Place.ID, c.Place.Key, c.Client = unescape(c.Place.ID), unescape(c.Place.Key), unescape(c.Client)
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
	w := selection(`SELECT c.field, count(*)`+queueRows, supplier, q)
	counts := make(map[crdt.Path]int)
	err := s.read(ctx, "conflict counts", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, w.query+` GROUP BY c.field`, w.args...)
		return each(rows, err, func(row pgx.Rows) error {
			var field string
			var n int
			err := row.Scan(&field, &n)
			counts[crdt.Path(unescape(field))] = n
			return err
		})
	})
	return counts, err
}

// ConflictDevices implements [store.Conflicts].
func (s *Store) ConflictDevices(ctx context.Context, supplier string, q store.ConflictQuery, limit int) (counts []store.DeviceCount, err error) {
	w := selection(`SELECT user_id, device, count(*) AS n FROM (SELECT DISTINCT c.id, a.user_id, a.device`+queueRows+
		` CROSS JOIN unnest(c.author_users, c.author_devices) AS a (user_id, device)`, supplier, q)
	w.args = append(w.args, max(limit, 0))
	query := w.query + `) d WHERE device <> '' GROUP BY user_id, device ORDER BY n DESC, user_id, device LIMIT $` + strconv.Itoa(len(w.args))
	err = s.read(ctx, "conflict devices", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, query, w.args...)
		return each(rows, err, func(row pgx.Rows) error {
			var d store.DeviceCount
			err := row.Scan(&d.User, &d.Device, &d.Conflicts)
			d.User, d.Device = unescape(d.User), unescape(d.Device)
			counts = append(counts, d)
			return err
		})
	})
	return counts, err
}

const waitingQuery = `SELECT supplier_id, count(*), min(opened_at), min(quiet_since)
	FROM sync_conflicts WHERE status = 'pending' GROUP BY supplier_id ORDER BY supplier_id`

// Waiting implements [store.Conflicts].
func (s *Store) Waiting(ctx context.Context) (found []store.Waiting, err error) {
	err = s.read(ctx, "waiting", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, waitingQuery)
		return each(rows, err, func(row pgx.Rows) error {
			var w store.Waiting
			var oldest, quiet time.Time
			err := row.Scan(&w.Supplier, &w.Pending, &oldest, &quiet)
			w.Supplier, w.Oldest, w.Quiet = unescape(w.Supplier), oldest.UTC(), quiet.UTC()
			found = append(found, w)
			return err
		})
	})
	return found, err
}
