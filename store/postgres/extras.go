package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/crdt"
	"wedsync/store"
)

// extras are the rows that few batches have: conflicts, merged entries,
// receipts. They are written by a second round trip, once it is known which
// commits are stored and that no row breaks a rule.
type extras struct {
	queues   [2]queue // conflicts, merged
	receipts []receiptRow
}

// A queue is rows with an id, of which at most one per record and field is open.
type queue struct {
	table, open    string
	supplierColumn string
	entries        []entry
	existing       []entry
	moved          func(id string) string                            // what is wrong if a row changes its record or field
	second         func(crdt.RecordID, crdt.Path) *store.CommitError // if a second one would be open
	insert         string
}

// An entry is a row of a queue, or what is already stored of one.
type entry struct {
	commit              int
	supplier, id, field string // escaped
	record              crdt.RecordID
	path                crdt.Path
	open                bool
	row                 any
}

// A place is where at most one entry is open.
type place struct {
	record crdt.RecordID
	field  string
}

// A key is where at most one entry is.
type key struct{ supplier, id string }

// extras are those of some commits, nil if they have none.
func (a *appending) extras(part []int) *extras {
	var x extras
	some := false
	for _, i := range part {
		c := &a.commits[i]
		if len(c.Conflicts)+len(c.Merged)+len(c.Receipts) == 0 {
			continue
		}
		if !some {
			some, x.queues = true, [2]queue{conflictQueue(), mergedQueue()}
		}
		for n := range c.Conflicts {
			x.queues[0].entries = append(x.queues[0].entries, conflictEntry(i, a.rows[i].supplier, &c.Conflicts[n]))
		}
		for n := range c.Merged {
			x.queues[1].entries = append(x.queues[1].entries, mergedEntry(i, a.rows[i].supplier, &c.Merged[n]))
		}
		for n := range c.Receipts {
			x.receipts = append(x.receipts, newReceiptRow(i, a.rows[i].supplier, &c.Receipts[n]))
		}
	}
	if !some {
		return nil
	}
	return &x
}

// queueChecks adds the statements that read what is stored where the entries go.
func (x *extras) queueChecks(batch *pgx.Batch) {
	for n := range x.queues {
		q := &x.queues[n]
		if len(q.entries) == 0 {
			continue
		}
		var suppliers, ids, fields []string
		var records [][16]byte
		for i := range q.entries {
			e := &q.entries[i]
			suppliers, ids, fields, records = append(suppliers, e.supplier), append(ids, e.id), append(fields, e.field), append(records, e.record)
		}
		query := fmt.Sprintf(`SELECT t.%[2]s, t.id, t.record, t.field, t.status = '%[3]s' FROM unnest($1::text[], $2::text[]) AS k (supplier, id)
			JOIN %[1]s t ON t.%[2]s = k.supplier AND t.id = k.id
			UNION SELECT t.%[2]s, t.id, t.record, t.field, true FROM unnest($1::text[], $3::uuid[], $4::text[]) AS k (supplier, record, field)
			JOIN %[1]s t ON t.%[2]s = k.supplier AND t.record = k.record AND t.field = k.field AND t.status = '%[3]s'`,
			q.table, q.supplierColumn, q.open)
		batch.Queue(query, suppliers, ids, records, fields).Query(func(rows pgx.Rows) error {
			var e entry
			_, err := pgx.ForEachRow(rows, []any{&e.supplier, &e.id, (*[16]byte)(&e.record), &e.field, &e.open}, func() error {
				q.existing = append(q.existing, e)
				return nil
			})
			return err
		})
	}
}

// finish writes the rows of the commits that are stored, and commits.
func (x *extras) finish(ctx context.Context, conn *pgxpool.Conn, a *appending, stored []int) error {
	is := make(map[int]bool, len(stored))
	for _, i := range stored {
		is[i] = true
	}
	var batch pgx.Batch
	for n := range x.queues {
		q := &x.queues[n]
		if err := q.check(is); err != nil {
			return err
		}
		// Those that are closed go first, so that a field may close one and open the next.
		for _, open := range []bool{false, true} {
			var rows []any
			for _, e := range q.entries {
				if is[e.commit] && e.open == open {
					rows = append(rows, e.row)
				}
			}
			if err := queueJSON(&batch, q.insert, rows); err != nil {
				return err
			}
		}
	}
	var rows []any
	for _, r := range x.receipts {
		if is[r.commit] {
			rows = append(rows, r)
		}
	}
	if err := queueJSON(&batch, insertReceipts, rows); err != nil {
		return err
	}
	batch.Queue(`COMMIT`)
	return conn.SendBatch(ctx, &batch).Close()
}

// queueJSON adds a statement whose one argument is rows as a JSON array.
func queueJSON(batch *pgx.Batch, query string, rows []any) error {
	if len(rows) == 0 {
		return nil
	}
	array, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	batch.Queue(query, string(array))
	return nil
}

// check finds the first entry of a stored commit that breaks a rule.
func (q *queue) check(stored map[int]bool) error {
	held := make(map[key]entry, len(q.existing))
	opened := make(map[string]map[place]string) // supplier → place → id
	set := func(e entry, id string) {
		if opened[e.supplier] == nil {
			opened[e.supplier] = make(map[place]string)
		}
		opened[e.supplier][place{e.record, e.field}] = id
	}
	for _, e := range q.existing {
		held[key{e.supplier, e.id}] = e
		if e.open {
			set(e, e.id)
		}
	}
	for _, open := range []bool{false, true} {
		for _, e := range q.entries {
			if !stored[e.commit] || e.open != open {
				continue
			}
			before, known := held[key{e.supplier, e.id}]
			if known && (before.record != e.record || before.field != e.field) {
				return &store.CommitError{Record: e.record, Reason: q.moved(unescape(e.id))}
			}
			held[key{e.supplier, e.id}] = e
			now := opened[e.supplier][place{e.record, e.field}]
			switch {
			case e.open && now != "" && now != e.id:
				return q.second(e.record, e.path)
			case e.open:
				set(e, e.id)
			case now == e.id:
				set(e, "")
			}
		}
	}
	return nil
}
