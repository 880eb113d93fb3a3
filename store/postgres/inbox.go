package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"wedsync/crdt"
	"wedsync/store"
)

const (
	arrivalsQuery = `SELECT nextval('wedsync.arrivals') FROM generate_series(1, $1)`
	roomQuery     = `SELECT n, (SELECT count(*) FROM (SELECT 1 FROM wedsync.inbox WHERE supplier = n AND state <> 'done' LIMIT $2) AS x)
		FROM unnest($1::text[]) AS n`
	knownQuery   = `SELECT EXISTS (SELECT 1 FROM wedsync.inbox WHERE supplier = $1 AND connection = $2 AND external = $3)`
	insertEvents = `INSERT INTO wedsync.inbox (supplier, number, connection, id, external, subject, type, received, header, body, state, version, attempts, due, record, outcome, error)
		SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[], $9::bytea[], $10::bytea[],
			$11::text[], $12::bigint[], $13::int[], $14::timestamptz[], $15::uuid[], $16::bytea[], $17::text[])
			AS n (supplier, number, connection, id, external, subject, type, received, header, body, state, version, attempts, due, record, outcome, error)
		ORDER BY supplier, connection, external
		ON CONFLICT DO NOTHING RETURNING number`
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
	r := receiving{events: events, known: &s.known}
	err := s.write(ctx, s.durable, "receive events", func(ctx context.Context, tx pgx.Tx) error {
		for _, step := range []func(context.Context, pgx.Tx) error{r.begin, r.insert, r.explain} {
			if err := step(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r.arrivals, nil
}

// A receiving is some events on their way into the inbox.
type receiving struct {
	events   []store.InboxEvent
	known    *suppliers
	room     map[string]int // for more events, by supplier
	numbers  []int64
	arrivals []store.Arrival
}

// begin finds out for how many events there is room, and takes numbers.
func (r *receiving) begin(ctx context.Context, tx pgx.Tx) error {
	r.room, r.arrivals, r.numbers = make(map[string]int), make([]store.Arrival, len(r.events)), nil
	var names []string
	for i := range r.events {
		names = append(names, escape(r.events[i].Supplier))
	}
	names = sortedSet(names)
	var batch pgx.Batch
	if fresh := r.known.missing(names); len(fresh) > 0 {
		batch.Queue(insertSuppliers, fresh)
	}
	batch.Queue(roomQuery, names, store.MaxInbox).Query(func(rows pgx.Rows) error {
		return each(rows, nil, func(row pgx.Rows) error {
			var name string
			var unfinished int
			err := row.Scan(&name, &unfinished)
			r.room[name] = store.MaxInbox - unfinished
			return err
		})
	})
	batch.Queue(arrivalsQuery, len(r.events)).Query(func(rows pgx.Rows) error {
		return each(rows, nil, func(row pgx.Rows) error {
			var number int64
			err := row.Scan(&number)
			r.numbers = append(r.numbers, number)
			return err
		})
	})
	err := tx.SendBatch(ctx, &batch).Close()
	slices.Sort(r.numbers)
	return err
}

// insert stores those for which there is room.
func (r *receiving) insert(ctx context.Context, tx pgx.Tx) error {
	var rows []eventRow
	tried := make(map[int64]int)
	for i := range r.events {
		name := escape(r.events[i].Supplier)
		if r.room[name] <= 0 {
			continue
		}
		r.room[name]--
		r.arrivals[i] = store.EventKnown
		tried[r.numbers[i]] = i
		e := r.events[i]
		e.Record, e.Version, e.Number, e.Body = crdt.RecordID{}, 1, r.numbers[i], notNull(e.Body)
		rows = append(rows, eventRow{name, &e})
	}
	return insertRows(ctx, tx, rows, func(number int64) { r.arrivals[tried[number]] = store.EventStored })
}

// explain says of those for which there was none whether they are known.
func (r *receiving) explain(ctx context.Context, tx pgx.Tx) error {
	for i := range r.events {
		if r.arrivals[i] != 0 {
			continue
		}
		e := &r.events[i]
		var known bool
		if err := tx.QueryRow(ctx, knownQuery, escape(e.Supplier), escape(e.Connection), escape(e.External)).Scan(&known); err != nil {
			return err
		}
		r.arrivals[i] = store.EventRefused
		if known {
			r.arrivals[i] = store.EventKnown
		}
	}
	return nil
}

// An eventRow is an event of a supplier, whose name is escaped.
type eventRow struct {
	supplier string
	*store.InboxEvent
}

// statementBytes is about how much of events goes in one statement: the server ends
// a transaction in which it waits for us for too long.
const statementBytes = 1 << 20

// insertRows stores events unless they are there, and tells the numbers of those
// that were not.
func insertRows(ctx context.Context, tx pgx.Tx, events []eventRow, stored func(number int64)) error {
	for next := 0; next < len(events); {
		var c eventColumns
		for size := 0; next < len(events) && size < statementBytes; next++ {
			e := events[next]
			c.add(e.supplier, e.InboxEvent)
			size += len(e.Header) + len(e.Body) + len(e.Outcome)
		}
		rows, err := tx.Query(ctx, insertEvents, c.args()...)
		err = each(rows, err, func(row pgx.Rows) error {
			var number int64
			err := row.Scan(&number)
			stored(number)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eventColumns are the columns of some events. Their texts are escaped.
type eventColumns struct {
	suppliers, connections, ids, externals, subjects, types, states, errors []string
	numbers, versions                                                       []int64
	attempts                                                                []int32
	received, due                                                           []time.Time
	headers, bodies, outcomes                                               [][]byte
	records                                                                 []*[16]byte
}

func (c *eventColumns) add(supplier string, e *store.InboxEvent) {
	c.suppliers, c.connections, c.ids = append(c.suppliers, supplier), append(c.connections, escape(e.Connection)), append(c.ids, escape(e.ID))
	c.externals, c.subjects, c.types = append(c.externals, escape(e.External)), append(c.subjects, escape(e.Subject)), append(c.types, escape(e.Type))
	c.states, c.errors = append(c.states, string(e.State)), append(c.errors, escape(e.Error))
	c.numbers, c.versions, c.attempts = append(c.numbers, e.Number), append(c.versions, int64(e.Version)), append(c.attempts, int32(e.Attempts))
	c.received, c.due = append(c.received, micros(e.Received)), append(c.due, micros(e.Due))
	c.headers, c.bodies, c.outcomes = append(c.headers, e.Header), append(c.bodies, e.Body), append(c.outcomes, e.Outcome)
	c.records = append(c.records, recordOrNull(e.Record))
}

// args are the arguments of insertEvents.
func (c *eventColumns) args() []any {
	return []any{
		c.suppliers, c.numbers, c.connections, c.ids, c.externals, c.subjects, c.types, c.received, c.headers, c.bodies,
		c.states, c.versions, c.attempts, c.due, c.records, c.outcomes, c.errors,
	}
}

// UpdateEvent implements [store.Inbox].
func (s *Store) UpdateEvent(ctx context.Context, e store.InboxEvent) error {
	const find = `SELECT i.version, i.state, EXISTS (SELECT 1 FROM wedsync.inbox o
			WHERE o.supplier = i.supplier AND o.connection = $3 AND o.external = i.external AND o.id <> i.id)
		FROM wedsync.inbox i WHERE i.supplier = $1 AND i.id = $2 FOR NO KEY UPDATE`
	const update = `UPDATE wedsync.inbox SET version = version + 1, connection = $3, subject = $4, type = $5, body = CASE WHEN body IS NULL OR body = $6 THEN body ELSE $6 END, state = $7, attempts = $8, due = $9,
		record = $10, candidates = nullif($11::uuid[], '{}'), outcome = $12, error = $13 WHERE supplier = $1 AND id = $2`
	if err := store.CheckEvent(&e); err != nil {
		return err
	}
	name, id := escape(e.Supplier), escape(e.ID)
	records := slices.Clone(e.Candidates)
	if e.Record != (crdt.RecordID{}) {
		records = append(records, e.Record)
	}
	err := s.write(ctx, s.durable, "update event", func(ctx context.Context, tx pgx.Tx) error {
		if len(records) > 0 {
			if err := checkRecords(ctx, tx, name, records...); err != nil {
				return err
			}
		}
		var version uint64
		var state store.InboxState
		var taken bool
		err := tx.QueryRow(ctx, find, name, id, escape(e.Connection)).Scan(&version, &state, &taken)
		switch {
		case err != nil:
			return err
		case version != e.Version:
			return fmt.Errorf("version %d was read, it is at %d: %w", e.Version, version, store.ErrStale)
		case taken:
			return fmt.Errorf("connection %s has delivered it: %w", e.Connection, store.ErrNotEmpty)
		}
		if state == store.EventReceived && (e.State == store.EventReceived || e.State == store.EventDone) {
			if _, err := tx.Exec(ctx, `SET LOCAL synchronous_commit = off`); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, update, name, id, escape(e.Connection), escape(e.Subject), escape(e.Type), notNull(e.Body), string(e.State),
			int32(e.Attempts), micros(e.Due), recordOrNull(e.Record), uuids(e.Candidates), e.Outcome, escape(e.Error))
		return err
	})
	if err != nil {
		err = fmt.Errorf("event %s: %w", e.ID, err)
	}
	return err
}

// ForgetEvents implements [store.Inbox].
func (s *Store) ForgetEvents(ctx context.Context, content, keys time.Time, limit int) (int, error) {
	const remove = `DELETE FROM wedsync.inbox WHERE ctid = ANY (ARRAY(SELECT ctid FROM wedsync.inbox
		WHERE received < $1 AND state = 'done' ORDER BY received LIMIT $2 FOR UPDATE SKIP LOCKED))`
	const blank = `UPDATE wedsync.inbox SET version = version + 1, header = NULL, body = NULL, outcome = NULL, error = ''
		WHERE ctid = ANY (ARRAY(SELECT ctid FROM wedsync.inbox WHERE received < $1 AND state = 'done' AND body IS NOT NULL
		ORDER BY received LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED))`
	limit = max(limit, 0)
	var forgotten int64
	err := s.write(ctx, s.lax, "forget events", func(ctx context.Context, tx pgx.Tx) error {
		removed, err := affected(tx.Exec(ctx, remove, micros(keys), limit))
		if err != nil {
			return err
		}
		blanked, err := affected(tx.Exec(ctx, blank, micros(content), int64(limit)-removed))
		forgotten = removed + blanked
		return err
	})
	return int(forgotten), err
}
