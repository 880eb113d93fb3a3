package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

const insertConflicts = `INSERT INTO sync_conflicts AS t (supplier_id, id, client_id, record, field, status, version, reason, base_value, current_value,
		proposed_value, decision, decided_value, decided_by, opened_at, quiet_since, closed_at, author_users, author_devices, sources, body)
	SELECT supplier_id, id, client_id, record, field, status, version, reason, base_value, current_value,
		proposed_value, decision, decided_value, decided_by, opened_at, quiet_since, closed_at, author_users, author_devices, sources, body
	FROM json_to_recordset($1::json) AS r (supplier_id text, id text, client_id text, record uuid, field text, status text, version bigint,
		reason text, base_value jsonb, current_value jsonb, proposed_value jsonb, decision text, decided_value jsonb, decided_by text,
		opened_at timestamptz, quiet_since timestamptz, closed_at timestamptz, author_users text[], author_devices text[], sources text[], body text)
	ON CONFLICT (supplier_id, id) DO UPDATE SET status = excluded.status, version = excluded.version, reason = excluded.reason,
		base_value = excluded.base_value, current_value = excluded.current_value, proposed_value = excluded.proposed_value,
		decision = excluded.decision, decided_value = excluded.decided_value, decided_by = excluded.decided_by,
		quiet_since = excluded.quiet_since, closed_at = excluded.closed_at, author_users = excluded.author_users,
		author_devices = excluded.author_devices, sources = excluded.sources, body = excluded.body`

func conflictQueue() queue {
	return queue{
		table: `sync_conflicts`, supplierColumn: `supplier_id`, open: string(conflicts.Pending), insert: insertConflicts,
		moved:  func(id string) string { return fmt.Sprintf("conflict %s is of another record or field", id) },
		second: store.SecondPending,
	}
}

// A conflictRow is a row of sync_conflicts, as JSON. Its texts are escaped.
type conflictRow struct {
	Supplier  string          `json:"supplier_id"`
	ID        string          `json:"id"`
	Client    string          `json:"client_id"`
	Record    string          `json:"record"`
	Field     string          `json:"field"`
	Status    string          `json:"status"`
	Version   uint64          `json:"version"`
	Reason    string          `json:"reason"`
	Base      json.RawMessage `json:"base_value"`
	Current   json.RawMessage `json:"current_value"`
	Proposed  json.RawMessage `json:"proposed_value"`
	Decision  *string         `json:"decision"`
	Decided   json.RawMessage `json:"decided_value"`
	DecidedBy *string         `json:"decided_by"`
	Opened    time.Time       `json:"opened_at"`
	Quiet     time.Time       `json:"quiet_since"`
	Closed    *time.Time      `json:"closed_at"`
	Users     []string        `json:"author_users"`
	Devices   []string        `json:"author_devices"`
	Sources   []string        `json:"sources"`
	Body      string          `json:"body"`
}

func conflictEntry(commit int, supplier string, c *conflicts.Conflict) entry {
	return entry{
		commit: commit, supplier: supplier, id: escape(c.ID), record: c.Record, field: escape(string(c.Field)), path: c.Field,
		open: c.Status == conflicts.Pending, row: newConflictRow(supplier, c),
	}
}

func newConflictRow(supplier string, c *conflicts.Conflict) *lazyRow {
	return &lazyRow{func() (any, error) {
		body, err := json.Marshal(c)
		if err != nil {
			return nil, err
		}
		r := conflictRow{
			Supplier: supplier, ID: escape(c.ID), Client: c.Record.ClientID(), Record: hexID(c.Record), Field: escape(string(c.Field)),
			Status: string(c.Status), Version: c.Version, Reason: escape(c.Reason), Base: plain(c.Base.Value), Current: plain(c.Current.Value),
			Opened: micros(c.OpenedAt), Quiet: micros(c.QuietSince()), Users: []string{}, Devices: []string{}, Sources: []string{}, Body: string(body),
		}
		for _, p := range c.Proposals {
			r.Sources = append(r.Sources, escape(string(p.Source)))
			if r.Proposed == nil || p.State == conflicts.Open {
				r.Proposed = plain(p.Value)
			}
			for _, w := range p.Authors {
				r.Users, r.Devices = append(r.Users, escape(w.User)), append(r.Devices, escape(w.Device))
			}
		}
		if !c.ClosedAt.IsZero() {
			closed := micros(c.ClosedAt)
			r.Closed = &closed
		}
		if d := c.Decision; d != nil {
			action, by := string(d.Action), escape(d.By.User)
			r.Decision, r.DecidedBy, r.Decided = &action, &by, plain(d.Value)
		}
		return r, nil
	}}
}

// plain is a value as people read it, nil where JSON has no word for it.
func plain(v crdt.Value) json.RawMessage {
	b, err := json.Marshal(v.JSON())
	if err != nil {
		return nil
	}
	return readable(b)
}

// Conflict implements [store.Conflicts].
func (s *Store) Conflict(ctx context.Context, supplier, id string) (c conflicts.Conflict, err error) {
	const query = `SELECT body FROM sync_conflicts WHERE supplier_id = $1 AND id = $2`
	err = s.read(ctx, "conflict", func(ctx context.Context, p *pgxpool.Pool) error {
		var body string
		if err := p.QueryRow(ctx, query, escape(supplier), escape(id)).Scan(&body); err != nil {
			return err
		}
		c, err = readConflict(id, body)
		return err
	})
	return c, err
}

func readConflict(id, body string) (c conflicts.Conflict, err error) {
	if err := json.Unmarshal([]byte(body), &c); err != nil {
		return c, fmt.Errorf("conflict %s: %w: %w", id, err, store.ErrCorrupt)
	}
	return c, nil
}
