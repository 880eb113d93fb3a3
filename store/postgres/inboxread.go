package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/crdt"
	"wedsync/store"
)

const (
	eventSelect  = `SELECT number, connection, id, external, subject, type, received, state, version, attempts, due, record, candidates, error`
	eventContent = `, header, body, outcome`
	eventRows    = ` FROM wedsync.inbox WHERE supplier = $1`
)

// InboxEvent implements [store.Inbox].
func (s *Store) InboxEvent(ctx context.Context, supplier, id string) (e store.InboxEvent, err error) {
	err = s.read(ctx, "inbox event", func(ctx context.Context, p *pgxpool.Pool) error {
		row := p.QueryRow(ctx, eventSelect+eventContent+eventRows+` AND id = $2`, escape(supplier), escape(id))
		e, err = scanEvent(row, supplier, false)
		return err
	})
	return e, err
}

func scanEvent(row pgx.Row, supplier string, brief bool) (store.InboxEvent, error) {
	e := store.InboxEvent{Supplier: supplier}
	var record *[16]byte
	var candidates [][16]byte
	into := []any{
		&e.Number, &e.Connection, &e.ID, &e.External, &e.Subject, &e.Type, &e.Received, &e.State, &e.Version, &e.Attempts,
		&e.Due, &record, &candidates, &e.Error,
	}
	if !brief {
		into = append(into, &e.Header, &e.Body, &e.Outcome)
	}
	if err := row.Scan(into...); err != nil {
		return store.InboxEvent{}, err
	}
	for _, text := range []*string{&e.Connection, &e.ID, &e.External, &e.Subject, &e.Type, &e.Error} {
		*text = unescape(*text)
	}
	e.Received, e.Due, e.Record = e.Received.UTC(), e.Due.UTC(), recordIn(record)
	for _, id := range candidates {
		e.Candidates = append(e.Candidates, id)
	}
	return e, nil
}

// inboxSelect is the statement that reads one page of a query.
func inboxSelect(supplier string, q store.InboxQuery) (query string, args []any) {
	w := where{query: eventSelect, args: []any{escape(supplier)}}
	if !q.Brief {
		w.query += eventContent
	}
	w.query += eventRows
	w.and(q.Connection != "", `connection = $`, escape(q.Connection))
	w.and(q.State != "", `state = $`, string(q.State))
	if q.State != "" && q.State != store.EventDone {
		w.query += ` AND state <> 'done'` // there is an index of these
	}
	w.and(q.Subject != "", `subject = $`, escape(q.Subject))
	w.and(q.Type != "", `type = $`, escape(q.Type))
	w.and(q.Record != (crdt.RecordID{}), `record = $`, [16]byte(q.Record))
	w.and(!q.From.IsZero(), `received >= $`, micros(q.From))
	w.and(!q.To.IsZero(), `received < $`, micros(q.To))
	w.and(q.After != 0 && q.Oldest, `number > $`, q.After)
	w.and(q.After != 0 && !q.Oldest, `number < $`, q.After)
	if q.Oldest {
		return w.page(`number`, q.Limit)
	}
	return w.page(`number DESC`, q.Limit)
}

// InboxEvents implements [store.Inbox].
func (s *Store) InboxEvents(ctx context.Context, supplier string, q store.InboxQuery) ([]store.InboxEvent, error) {
	query, args := inboxSelect(supplier, q)
	return s.events(ctx, "inbox events", supplier, q.Brief, query, args...)
}

const unfinishedQuery = eventSelect + eventContent + eventRows + ` AND connection = $2 AND subject = $3 AND number <= $4
	AND state = 'received' ORDER BY number LIMIT $5`

// Unfinished implements [store.Inbox].
func (s *Store) Unfinished(ctx context.Context, e store.InboxEvent, limit int) ([]store.InboxEvent, error) {
	return s.events(ctx, "unfinished", e.Supplier, false, unfinishedQuery,
		escape(e.Supplier), escape(e.Connection), escape(e.Subject), e.Number, max(limit, 0))
}

// events reads a page of events.
func (s *Store) events(ctx context.Context, what, supplier string, brief bool, query string, args ...any) (found []store.InboxEvent, err error) {
	err = s.read(ctx, what, func(ctx context.Context, p *pgxpool.Pool) (err error) {
		found, err = page(ctx, p, query, args, func(row pgx.Rows) (store.InboxEvent, int, error) {
			e, err := scanEvent(row, supplier, brief)
			return e, len(e.Header) + len(e.Body) + len(e.Outcome), err
		})
		return err
	})
	return found, err
}

const dueEventsQuery = `SELECT supplier, id FROM wedsync.inbox WHERE state = 'received' AND due <= $1 ORDER BY due, number LIMIT $2`

// DueEvents implements [store.Inbox].
func (s *Store) DueEvents(ctx context.Context, now time.Time, limit int) (due []store.EventKey, err error) {
	err = s.read(ctx, "due events", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, dueEventsQuery, micros(now), max(limit, 0))
		return each(rows, err, func(row pgx.Rows) error {
			var k store.EventKey
			err := row.Scan(&k.Supplier, &k.ID)
			due = append(due, store.EventKey{Supplier: unescape(k.Supplier), ID: unescape(k.ID)})
			return err
		})
	})
	return due, err
}

const inboxCountsQuery = `SELECT connection, state, count(*) FROM wedsync.inbox WHERE supplier = $1 AND state <> 'done' GROUP BY connection, state`

// InboxCounts implements [store.Inbox].
func (s *Store) InboxCounts(ctx context.Context, supplier string) (found map[string]map[store.InboxState]int, err error) {
	err = s.read(ctx, "inbox counts", func(ctx context.Context, p *pgxpool.Pool) (err error) {
		found, err = counts[store.InboxState](ctx, p, inboxCountsQuery, escape(supplier))
		return err
	})
	return found, err
}
