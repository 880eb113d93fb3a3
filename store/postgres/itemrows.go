package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"wedsync/store"
	"wedsync/store/talk"
)

// A querier reads: a pool, or a transaction.
type querier interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
}

const (
	itemsByID = `SELECT i.id, i.key, i.kind, i.thread, i.at, i.direction, i.subject, i.snippet, i.body, i.detail,
		i.participants, i.version, i.told, i.erased, i.forgotten FROM wedsync.items i WHERE i.supplier = $1 AND i.id = ANY ($2::text[])`
	briefByID = `SELECT i.id, i.key, i.kind, i.thread, i.at, i.direction, i.subject, i.snippet, '', NULL::bytea,
		i.participants, i.version, i.told, i.erased, i.forgotten FROM wedsync.items i WHERE i.supplier = $1 AND i.id = ANY ($2::text[])`
	copiesOf = `SELECT item, account, provider, level, removed, participants FROM wedsync.occurrences WHERE supplier = $1 AND item = ANY ($2::text[])`
	// pulledItems finds the items of some keys, and those that some copies are of.
	pulledItems = `SELECT id FROM wedsync.items WHERE supplier = $1 AND key = ANY ($2::bytea[])
		UNION SELECT item FROM wedsync.occurrences WHERE supplier = $1 AND account = $3 AND provider = ANY ($4::text[])`
)

// readRows reads items with their copies, in no order. Supplier is not escaped, the
// ids are.
func readRows(ctx context.Context, q querier, query, supplier string, ids []string) (found map[string]*talk.Row, err error) {
	found = make(map[string]*talk.Row, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	rows, err := q.Query(ctx, query, escape(supplier), ids)
	err = each(rows, err, func(row pgx.Rows) error {
		r, err := scanItem(row)
		r.Supplier = supplier
		found[r.ID] = r
		return err
	})
	if err != nil {
		return nil, err
	}
	rows, err = q.Query(ctx, copiesOf, escape(supplier), ids)
	err = each(rows, err, func(row pgx.Rows) error {
		var c talk.Copy
		var item string
		var participants []byte
		if err := row.Scan(&item, &c.Account, &c.Provider, &c.Level, &c.Removed, &participants); err != nil {
			return err
		}
		c.Account, c.Provider = unescape(c.Account), unescape(c.Provider)
		var err error
		c.Participants, err = store.DecodeParticipants(participants)
		if r := found[unescape(item)]; r != nil {
			r.Copies = append(r.Copies, c)
		}
		return err
	})
	for _, r := range found {
		talk.SortCopies(r.Copies)
	}
	return found, err
}

func scanItem(row pgx.Rows) (*talk.Row, error) {
	r := new(talk.Row)
	var key, thread, participants, forgotten []byte
	err := row.Scan(&r.ID, &key, &r.Kind, &thread, &r.At, &r.Direction, &r.Subject, &r.Snippet, &r.Body, &r.Detail,
		&participants, &r.Version, &r.Told, &r.Erased, &forgotten)
	if err != nil {
		return r, err
	}
	r.ID, r.Kind, r.Direction = unescape(r.ID), unescape(r.Kind), store.Direction(unescape(string(r.Direction)))
	r.Subject, r.Snippet, r.Body = unescape(r.Subject), unescape(r.Snippet), unescape(r.Body)
	r.At = r.At.UTC()
	copy(r.Key[:], key)
	copy(r.Thread[:], thread)
	r.Forgotten = talk.DecodeMarks(forgotten)
	if r.Participants, err = store.DecodeParticipants(participants); err != nil {
		err = fmt.Errorf("item %s: %w", r.ID, err)
	}
	return r, err
}

const (
	moveKeys  = `UPDATE wedsync.items SET key = $3 WHERE supplier = $1 AND id = $2`
	moveLinks = `UPDATE wedsync.links l SET item = $3, item_at = (SELECT at FROM wedsync.items WHERE supplier = $1 AND id = $3)
		WHERE supplier = $1 AND item = $2 AND NOT EXISTS (SELECT 1 FROM wedsync.links h WHERE h.supplier = $1 AND h.item = $3 AND h.record = l.record)`
	putItems = `INSERT INTO wedsync.items (supplier, id, key, kind, thread, at, direction, subject, snippet, body, detail, participants, version, told, present, erased, forgotten)
		SELECT $1, * FROM unnest($2::text[], $3::bytea[], $4::text[], $5::bytea[], $6::timestamptz[], $7::text[], $8::text[], $9::text[], $10::text[], $11::bytea[],
			$12::bytea[], $13::bigint[], $14::boolean[], $15::boolean[], $16::boolean[], $17::bytea[])
		ON CONFLICT (supplier, id) DO UPDATE SET kind = excluded.kind, thread = excluded.thread, at = excluded.at, direction = excluded.direction,
			subject = excluded.subject, snippet = excluded.snippet, body = excluded.body, detail = excluded.detail, participants = excluded.participants,
			version = excluded.version, told = excluded.told, present = excluded.present, erased = excluded.erased, forgotten = excluded.forgotten`
	datedLinks = `UPDATE wedsync.links l SET item_at = n.at FROM unnest($2::text[], $3::timestamptz[]) AS n (id, at)
		WHERE l.supplier = $1 AND l.item = n.id AND l.item_at <> n.at`
	putContacts = `INSERT INTO wedsync.item_contacts (supplier, kind, value, at, item)
		SELECT $1, * FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::text[]) ON CONFLICT DO NOTHING`
	putCopies = `INSERT INTO wedsync.occurrences (supplier, account, provider, item, level, removed, participants)
		SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::smallint[], $6::boolean[], $7::bytea[])`
	putWords = `INSERT INTO wedsync.item_words (supplier, item, words) VALUES ($1, $2, array_to_tsvector($3::text[]))`
)

// writeItems stores changes. Who calls it holds the supplier's items (holdItems).
func writeItems(ctx context.Context, tx pgx.Tx, supplier string, changes []talk.Change) error {
	for start, size := 0, 0; start < len(changes); size = 0 {
		end := start
		for ; end < len(changes) && size < statementBytes; end++ {
			r := changes[end].Row
			size += len(r.Subject) + len(r.Snippet) + len(r.Body)*2 + len(r.Detail)
		}
		var batch pgx.Batch
		queueItems(&batch, supplier, changes[start:end], start == 0, changes)
		if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
			return err
		}
		start = end
	}
	var batch pgx.Batch
	for _, c := range changes {
		if c.Gone() {
			batch.Queue(moveLinks, escape(supplier), escape(c.Before.ID), escape(c.Heir))
			batch.Queue(`DELETE FROM wedsync.links WHERE supplier = $1 AND item = $2`, escape(supplier), escape(c.Before.ID))
		}
	}
	return tx.SendBatch(ctx, &batch).Close()
}

// queueItems adds the statements that store a part of some changes. The first part
// removes what all of them replace.
func queueItems(batch *pgx.Batch, supplier string, part []talk.Change, first bool, all []talk.Change) {
	name := escape(supplier)
	if first {
		queueRemovals(batch, name, all)
	}
	var items itemColumns
	var words []func()
	for i := range part {
		c := &part[i]
		if c.Gone() {
			continue
		}
		items.add(c.Row)
		if !c.Row.Erased && c.Row.Worded(c.Before) {
			words = append(words, func() {
				batch.Queue(putWords, name, escape(c.Row.ID), store.ItemWords(&c.Row.Item))
			})
		}
	}
	if len(items.ids) == 0 {
		return
	}
	batch.Queue(putItems, items.args(name)...)
	batch.Queue(datedLinks, name, items.ids, items.ats)
	batch.Queue(putContacts, name, items.contacts.kinds, items.contacts.values, items.contacts.ats, items.contacts.items)
	batch.Queue(putCopies, name, items.copies.accounts, items.copies.providers, items.copies.items, items.copies.levels, items.copies.removed, items.copies.participants)
	for _, queue := range words {
		queue()
	}
}

// queueRemovals adds the statements that remove what lies beside changed items,
// those items that go, and the keys that others get.
func queueRemovals(batch *pgx.Batch, name string, changes []talk.Change) {
	var known, gone, worded []string
	for i := range changes {
		c := &changes[i]
		if c.Before == nil {
			continue
		}
		known = append(known, escape(c.Before.ID))
		if c.Gone() {
			gone = append(gone, escape(c.Before.ID))
		}
		if c.Gone() || c.Row.Worded(c.Before) {
			worded = append(worded, escape(c.Before.ID))
		}
	}
	if len(known) == 0 {
		return
	}
	batch.Queue(`DELETE FROM wedsync.occurrences WHERE supplier = $1 AND item = ANY ($2::text[])`, name, known)
	batch.Queue(`DELETE FROM wedsync.item_contacts WHERE supplier = $1 AND item = ANY ($2::text[])`, name, known)
	batch.Queue(`DELETE FROM wedsync.item_words WHERE supplier = $1 AND item = ANY ($2::text[])`, name, worded)
	batch.Queue(`DELETE FROM wedsync.items WHERE supplier = $1 AND id = ANY ($2::text[])`, name, gone)
	for i := range changes {
		if c := &changes[i]; c.Before != nil && !c.Gone() && c.Before.Key != c.Row.Key {
			batch.Queue(moveKeys, name, escape(c.Row.ID), c.Row.Key[:])
		}
	}
}

// itemColumns are the columns of some items, and of what lies beside them. Their
// texts are escaped.
type itemColumns struct {
	ids, kinds, directions, subjects, snippets, bodies []string
	keys, threads, details, participants, forgotten    [][]byte
	ats                                                []time.Time
	versions                                           []int64
	told, present, erased                              []bool

	contacts struct {
		kinds, values, items []string
		ats                  []time.Time
	}
	copies struct {
		accounts, providers, items []string
		levels                     []int16
		removed                    []bool
		participants               [][]byte
	}
}

func (c *itemColumns) add(r *talk.Row) {
	id, at := escape(r.ID), micros(r.At)
	var thread []byte
	if r.Thread != [32]byte{} {
		thread = r.Thread[:]
	}
	c.ids, c.keys, c.kinds, c.threads = append(c.ids, id), append(c.keys, r.Key[:]), append(c.kinds, escape(r.Kind)), append(c.threads, thread)
	c.ats, c.directions, c.subjects = append(c.ats, at), append(c.directions, escape(string(r.Direction))), append(c.subjects, escape(r.Subject))
	c.snippets, c.bodies, c.details = append(c.snippets, escape(r.Snippet)), append(c.bodies, escape(r.Body)), append(c.details, r.Detail)
	c.participants, c.versions = append(c.participants, store.EncodeParticipants(r.Participants)), append(c.versions, int64(r.Version))
	c.told, c.present, c.erased = append(c.told, r.Told), append(c.present, r.Present()), append(c.erased, r.Erased)
	c.forgotten = append(c.forgotten, talk.EncodeMarks(r.Forgotten))
	for i := range r.Participants {
		if p := &r.Participants[i]; p.Tells() {
			c.contacts.kinds, c.contacts.values = append(c.contacts.kinds, escape(string(p.Kind))), append(c.contacts.values, escape(p.Value))
			c.contacts.ats, c.contacts.items = append(c.contacts.ats, at), append(c.contacts.items, id)
		}
	}
	for _, one := range r.Copies {
		c.copies.accounts, c.copies.providers = append(c.copies.accounts, escape(one.Account)), append(c.copies.providers, escape(one.Provider))
		c.copies.items, c.copies.levels = append(c.copies.items, id), append(c.copies.levels, int16(one.Level))
		c.copies.removed, c.copies.participants = append(c.copies.removed, one.Removed), append(c.copies.participants, store.EncodeParticipants(one.Participants))
	}
}

// args are the arguments of putItems.
func (c *itemColumns) args(name string) []any {
	return []any{
		name, c.ids, c.keys, c.kinds, c.threads, c.ats, c.directions, c.subjects, c.snippets, c.bodies, c.details,
		c.participants, c.versions, c.told, c.present, c.erased, c.forgotten,
	}
}
