package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"wedsync/crdt"
	"wedsync/store"
)

// ReceiveEvents implements [store.Inbox].
func (s *Store) ReceiveEvents(ctx context.Context, events []store.InboxEvent) ([]store.Arrival, error) {
	if len(events) == 0 {
		return nil, nil
	}
	for i := range events {
		if err := store.CheckEvent(&events[i]); err != nil {
			return nil, fmt.Errorf("event %s: %w", events[i].ID, err)
		}
	}
	arrivals := make([]store.Arrival, len(events))
	err := s.write(ctx, s.durable, "receive events", func(ctx context.Context, t *transaction) error {
		r := receiving{transaction: t, room: make(map[string]int)}
		for i := range events {
			var err error
			if arrivals[i], err = r.event(ctx, &events[i]); err != nil {
				return fmt.Errorf("event %s: %w", events[i].ID, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return arrivals, nil
}

// A receiving is some events on their way into the inbox.
type receiving struct {
	*transaction
	room map[string]int // for more events, by supplier
}

const insertEvent = `INSERT INTO inbox (number, supplier, connection, id, external, subject, type, received, state, version, attempts, due, record, candidates, outcome, error, kept)
	SELECT ?, key, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM suppliers WHERE name = ? ON CONFLICT DO NOTHING RETURNING number`

func (r *receiving) event(ctx context.Context, e *store.InboxEvent) (store.Arrival, error) {
	const known = `SELECT EXISTS (SELECT 1 FROM suppliers s JOIN inbox i ON i.supplier = s.key
		WHERE s.name = ? AND i.connection = ? AND i.external = ?)`
	room, err := r.roomOf(ctx, e.Supplier)
	if err != nil {
		return 0, err
	}
	if room <= 0 {
		var is bool
		err := r.row(ctx, known, []any{e.Supplier, e.Connection, e.External}, &is)
		if is {
			return store.EventKnown, err
		}
		return store.EventRefused, err
	}
	fresh := *e
	fresh.Number, fresh.Version, fresh.Record, fresh.Candidates, fresh.Body = 0, 1, crdt.RecordID{}, nil, notNull(e.Body)
	stored, err := r.insertEvent(ctx, &fresh)
	if err != nil || !stored {
		return store.EventKnown, err
	}
	if e.State != store.EventDone {
		r.room[e.Supplier]--
	}
	return store.EventStored, nil
}

// roomOf is for how many events of a supplier there is room.
func (r *receiving) roomOf(ctx context.Context, supplier string) (int, error) {
	const count = `SELECT count(*) FROM suppliers s JOIN inbox i ON i.supplier = s.key WHERE s.name = ? AND i.state <> 'done'`
	if room, ok := r.room[supplier]; ok {
		return room, nil
	}
	if err := r.supplier(ctx, supplier); err != nil {
		return 0, err
	}
	var unfinished int
	err := r.row(ctx, count, []any{supplier}, &unfinished)
	r.room[supplier] = store.MaxInbox - unfinished
	return r.room[supplier], err
}

// insertEvent stores an event as it is, under its number if it has one. It
// reports whether it was not left out.
func (t *transaction) insertEvent(ctx context.Context, e *store.InboxEvent) (bool, error) {
	const content = `INSERT INTO inbox_contents (number, header, body) VALUES (?, ?, ?)`
	number := sql.NullInt64{Int64: e.Number, Valid: e.Number != 0}
	args := []any{
		number, e.Connection, e.ID, e.External, e.Subject, e.Type, e.Received.UnixMicro(), string(e.State), int64(e.Version),
		e.Attempts, e.Due.UnixMicro(), recordOrNull(e.Record), recordsOrNull(e.Candidates), e.Outcome, e.Error, e.Body != nil, e.Supplier,
	}
	err := t.row(ctx, insertEvent, args, &number)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err == nil && e.Body != nil {
		_, err = t.exec(ctx, content, number.Int64, e.Header, e.Body)
	}
	return true, err
}

// UpdateEvent implements [store.Inbox].
func (s *Store) UpdateEvent(ctx context.Context, e store.InboxEvent) error {
	const find = `SELECT i.number, i.version, EXISTS (SELECT 1 FROM inbox o
			WHERE o.supplier = s.key AND o.connection = ?3 AND o.external = i.external AND o.number <> i.number)
		FROM suppliers s JOIN inbox i ON i.supplier = s.key WHERE s.name = ?1 AND i.id = ?2`
	const update = `UPDATE inbox SET version = version + 1, connection = ?, subject = ?, type = ?, state = ?, attempts = ?, due = ?,
		record = ?, candidates = ?, outcome = ?, error = ? WHERE number = ?`
	const edit = `UPDATE inbox_contents SET body = ?1 WHERE number = ?2 AND body <> ?1`
	if err := store.CheckEvent(&e); err != nil {
		return err
	}
	w, err := s.writerOf(ctx, &e)
	if err != nil {
		return err
	}
	return s.write(ctx, w, "update event", func(ctx context.Context, t *transaction) error {
		for _, id := range append([]crdt.RecordID{e.Record}, e.Candidates...) {
			foreign, err := t.foreign(ctx, e.Supplier, id)
			if err != nil {
				return err
			}
			if foreign {
				return fmt.Errorf("event %s: record %s: %w", e.ID, id, store.ErrNotFound)
			}
		}
		var number, version int64
		var taken bool
		err := t.row(ctx, find, []any{e.Supplier, e.ID, e.Connection}, &number, &version, &taken)
		switch {
		case err != nil: // sql.ErrNoRows is store.ErrNotFound to the caller
			return fmt.Errorf("event %s: %w", e.ID, err)
		case uint64(version) != e.Version:
			return fmt.Errorf("event %s: version %d was read, it is at %d: %w", e.ID, e.Version, version, store.ErrStale)
		case taken:
			return fmt.Errorf("event %s: connection %s has delivered it: %w", e.ID, e.Connection, store.ErrNotEmpty)
		}
		_, err = t.exec(ctx, update, e.Connection, e.Subject, e.Type, string(e.State), e.Attempts, e.Due.UnixMicro(),
			recordOrNull(e.Record), recordsOrNull(e.Candidates), e.Outcome, e.Error, number)
		if err == nil {
			_, err = t.exec(ctx, edit, notNull(e.Body), number)
		}
		return err
	})
}

// writerOf is the one that writes a change of an event. If the event is no longer
// as it was read, the change is stale and it does not matter which.
func (s *Store) writerOf(ctx context.Context, e *store.InboxEvent) (*writer, error) {
	if e.State != store.EventReceived && e.State != store.EventDone {
		return s.durable, nil
	}
	const query = `SELECT i.state = 'received'` + eventRows + ` AND i.id = ?`
	w := s.durable
	err := s.read(ctx, "update event", func(ctx context.Context, p *pool) error {
		var received bool
		err := p.row(ctx, query, []any{e.Supplier, e.ID}, &received)
		if received {
			w = s.lax
		}
		return err
	})
	return w, err
}

// ForgetEvents implements [store.Inbox].
func (s *Store) ForgetEvents(ctx context.Context, content, keys time.Time, limit int) (int, error) {
	const remove = `DELETE FROM inbox WHERE number IN (SELECT number FROM inbox
		WHERE received < ? AND state = 'done' ORDER BY received LIMIT ?)`
	const some = `(SELECT number FROM inbox WHERE received < ? AND state = 'done' AND kept ORDER BY received LIMIT ?)`
	limit = max(limit, 0)
	var forgotten int64
	err := s.write(ctx, s.lax, "forget events", func(ctx context.Context, t *transaction) error {
		removed, err := t.exec(ctx, remove, keys.UnixMicro(), limit)
		if err != nil {
			return err
		}
		blanked, err := t.blank(ctx, some, content.UnixMicro(), int64(limit)-removed)
		forgotten = removed + blanked
		return err
	})
	return int(forgotten), err
}

// blank takes the content away of the events whose numbers a query finds, and
// returns how many these are.
func (t *transaction) blank(ctx context.Context, numbers string, args ...any) (int64, error) {
	if _, err := t.exec(ctx, `DELETE FROM inbox_contents WHERE number IN `+numbers, args...); err != nil {
		return 0, err
	}
	return t.exec(ctx, `UPDATE inbox SET version = version + 1, outcome = NULL, error = '', kept = 0 WHERE number IN `+numbers, args...)
}

const eventColumns = `s.name, i.number, i.connection, i.id, i.external, i.subject, i.type, i.received, i.state, i.version, i.attempts, i.due, i.record, i.candidates, i.error`

const eventContent = `, c.header, c.body, i.outcome`

const (
	eventRows   = ` FROM suppliers s JOIN inbox i ON i.supplier = s.key WHERE s.name = ?`
	eventsWhole = ` FROM suppliers s JOIN inbox i ON i.supplier = s.key LEFT JOIN inbox_contents c ON c.number = i.number WHERE s.name = ?`
)

// InboxEvent implements [store.Inbox].
func (s *Store) InboxEvent(ctx context.Context, supplier, id string) (e store.InboxEvent, err error) {
	const query = `SELECT ` + eventColumns + eventContent + eventsWhole + ` AND i.id = ?`
	err = s.read(ctx, "inbox event", func(ctx context.Context, p *pool) error {
		e, err = scanEvent(func(into ...any) error { return p.row(ctx, query, []any{supplier, id}, into...) }, false)
		return err
	})
	return e, err
}

func scanEvent(scan func(...any) error, brief bool) (e store.InboxEvent, err error) {
	var received, due int64
	var record, candidates []byte
	into := []any{
		&e.Supplier, &e.Number, &e.Connection, &e.ID, &e.External, &e.Subject, &e.Type, &received, &e.State,
		&e.Version, &e.Attempts, &due, &record, &candidates, &e.Error,
	}
	if !brief {
		into = append(into, &e.Header, &e.Body, &e.Outcome)
	}
	if err := scan(into...); err != nil {
		return store.InboxEvent{}, err
	}
	e.Received, e.Due = time.UnixMicro(received).UTC(), time.UnixMicro(due).UTC()
	if e.Record, err = recordIn(record); err == nil {
		e.Candidates, err = recordsIn(candidates)
	}
	if err != nil {
		return store.InboxEvent{}, fmt.Errorf("event %s: %w", e.ID, err)
	}
	return e, nil
}

// inboxQuery is the statement that reads one page of a query. Whatever is asked,
// its text is one of a few.
func inboxQuery(supplier string, q store.InboxQuery) (query string, args []any) {
	query, args = `SELECT `+eventColumns, []any{supplier}
	if q.Brief {
		query += eventRows
	} else {
		query += eventContent + eventsWhole
	}
	and := func(given bool, condition string, value any) {
		if given {
			query += " AND " + condition
			args = append(args, value)
		}
	}
	and(q.Connection != "", `i.connection = ?`, q.Connection)
	and(q.State != "", `i.state = ?`, string(q.State))
	if q.State != "" && q.State != store.EventDone {
		query += ` AND i.state <> 'done'` // there is an index of these
	}
	and(q.Subject != "", `i.subject = ?`, q.Subject)
	and(q.Type != "", `i.type = ?`, q.Type)
	and(q.Record != (crdt.RecordID{}), `i.record = ?`, q.Record[:])
	and(!q.From.IsZero(), `i.received >= ?`, q.From.UnixMicro())
	and(!q.To.IsZero(), `i.received < ?`, q.To.UnixMicro())
	and(q.After != 0 && q.Oldest, `i.number > ?`, q.After)
	and(q.After != 0 && !q.Oldest, `i.number < ?`, q.After)
	order := ` ORDER BY i.number DESC LIMIT ?`
	if q.Oldest {
		order = ` ORDER BY i.number LIMIT ?`
	}
	return query + order, append(args, max(q.Limit, 0))
}

// InboxEvents implements [store.Inbox].
func (s *Store) InboxEvents(ctx context.Context, supplier string, q store.InboxQuery) ([]store.InboxEvent, error) {
	query, args := inboxQuery(supplier, q)
	return s.events(ctx, "inbox events", q.Brief, query, args...)
}

const unfinishedQuery = `SELECT ` + eventColumns + eventContent + eventsWhole + ` AND i.connection = ? AND i.subject = ? AND i.number <= ?
	AND i.state = 'received' ORDER BY i.number LIMIT ?`

// Unfinished implements [store.Inbox].
func (s *Store) Unfinished(ctx context.Context, e store.InboxEvent, limit int) ([]store.InboxEvent, error) {
	return s.events(ctx, "unfinished", false, unfinishedQuery, e.Supplier, e.Connection, e.Subject, e.Number, max(limit, 0))
}

// events reads a page of events.
func (s *Store) events(ctx context.Context, what string, brief bool, query string, args ...any) (found []store.InboxEvent, err error) {
	err = s.read(ctx, what, func(ctx context.Context, p *pool) (err error) {
		found, err = page(ctx, p, query, args, func(rows *sql.Rows) (store.InboxEvent, int, error) {
			e, err := scanEvent(rows.Scan, brief)
			return e, len(e.Header) + len(e.Body) + len(e.Outcome), err
		})
		return err
	})
	return found, err
}

const dueEventsQuery = `SELECT s.name, i.id FROM inbox i JOIN suppliers s ON s.key = i.supplier
	WHERE i.state = 'received' AND i.due <= ? ORDER BY i.due, i.number LIMIT ?`

// DueEvents implements [store.Inbox].
func (s *Store) DueEvents(ctx context.Context, now time.Time, limit int) (due []store.EventKey, err error) {
	err = s.read(ctx, "due events", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, dueEventsQuery, []any{now.UnixMicro(), max(limit, 0)}, func(rows *sql.Rows) error {
			var k store.EventKey
			err := rows.Scan(&k.Supplier, &k.ID)
			due = append(due, k)
			return err
		})
	})
	return due, err
}

// InboxCounts implements [store.Inbox].
func (s *Store) InboxCounts(ctx context.Context, supplier string) (found map[string]map[store.InboxState]int, err error) {
	const query = `SELECT i.connection, i.state, count(*) FROM suppliers s JOIN inbox i ON i.supplier = s.key
		WHERE s.name = ? AND i.state <> 'done' GROUP BY i.connection, i.state`
	err = s.read(ctx, "inbox counts", func(ctx context.Context, p *pool) (err error) {
		found, err = counts[store.InboxState](ctx, p, query, supplier)
		return err
	})
	return found, err
}
