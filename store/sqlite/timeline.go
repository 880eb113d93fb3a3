package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"wedsync/crdt"
	"wedsync/store"
)

// Whose an item is: of the listed record (2) that alone has the contact of one of
// those who took part (p), unless a person has unlinked it from that.
const (
	alone = ` NOT EXISTS (SELECT 1 FROM contacts o JOIN records x ON x.key = o.record
		WHERE o.kind = c.kind AND o.value = c.value AND o.record <> c.record AND x.supplier = r.supplier AND x.state = 2)`
	told     = ` (c.kind = 'email' OR c.value GLOB '+*')`
	unlinked = ` EXISTS (SELECT 1 FROM links u WHERE u.supplier = r.supplier AND u.item = p.item AND u.record = r.id AND u.state = 'unlinked')`
	owning   = ` FROM item_contacts p JOIN contacts c ON c.kind = p.kind AND c.value = p.value
		JOIN records r ON r.key = c.record AND r.supplier = p.supplier AND r.state = 2 WHERE p.supplier = i.supplier AND p.item = i.id AND` + alone + ` AND NOT` + unlinked
	linking = ` FROM links l JOIN records r ON r.id = l.record AND r.supplier = l.supplier AND r.state = 2
		WHERE l.supplier = i.supplier AND l.item = i.id AND l.state = 'linked'`
)

// ownContactsQuery reads the contacts that a listed record alone has.
const ownContactsQuery = `SELECT c.kind, c.value FROM suppliers s JOIN records r ON r.supplier = s.key JOIN contacts c ON c.record = r.key
	WHERE s.name = ? AND r.id = ? AND r.state = 2 AND` + told + ` AND` + alone + ` ORDER BY c.kind, c.value`

// A stream is a part of a timeline: the items of a contact, those that are linked,
// or those that are nobody's. Each is read in order from an index.
type stream struct {
	at, item string // columns of the position
	from     string
	args     []any
	word     string // what all of its items have among their words
}

func contactStream(supplier string, record crdt.RecordID, c store.Contact) stream {
	return stream{
		at: `p.at`, item: `p.item`,
		from: ` FROM suppliers s JOIN item_contacts p ON p.supplier = s.key JOIN items i ON i.supplier = p.supplier AND i.id = p.item
			WHERE s.name = ? AND p.kind = ? AND p.value = ? AND NOT EXISTS (SELECT 1 FROM links u
				WHERE u.supplier = p.supplier AND u.item = p.item AND u.record = ? AND u.state = 'unlinked')`,
		args: []any{supplier, string(c.Kind), c.Value, record[:]},
		word: store.OfContact(supplier, c),
	}
}

func linkStream(supplier string, record crdt.RecordID) stream {
	return stream{
		at: `l.item_at`, item: `l.item`,
		from: ` FROM suppliers s JOIN records r ON r.supplier = s.key AND r.state = 2 JOIN links l ON l.record = r.id AND l.supplier = s.key
			JOIN items i ON i.supplier = l.supplier AND i.id = l.item WHERE s.name = ? AND r.id = ? AND l.state = 'linked'`,
		args: []any{supplier, record[:]},
		word: store.OfSupplier(supplier),
	}
}

func unmatchedStream(supplier string) stream {
	return stream{
		at: `i.at`, item: `i.id`,
		from: ` FROM suppliers s JOIN items i ON i.supplier = s.key WHERE s.name = ?
			AND NOT EXISTS (SELECT 1` + owning + `) AND NOT EXISTS (SELECT 1` + linking + `)`,
		args: []any{supplier},
		word: store.OfSupplier(supplier),
	}
}

// query is the statement that reads a page of the stream. Whatever is asked, its
// text is one of a few.
func (s stream) query(q *store.TimelineQuery) (query string, args []any) {
	query, args = `SELECT `+s.at+`, `+s.item+s.from+` AND i.present`, s.args
	and := func(given bool, condition string, values ...any) {
		if given {
			query += ` AND ` + condition
			args = append(args, values...)
		}
	}
	kinds, err := json.Marshal(q.Kinds)
	and(len(q.Kinds) > 0 && err == nil, `i.kind IN (SELECT value FROM json_each(?))`, string(kinds))
	and(q.Account != "", `EXISTS (SELECT 1 FROM occurrences o WHERE o.supplier = i.supplier AND o.item = i.id AND o.account = ? AND NOT o.removed)`, q.Account)
	and(q.Direction != "", `i.direction = ?`, string(q.Direction))
	and(q.Thread != [32]byte{}, `i.thread = ?`, q.Thread[:])
	if words := store.SearchWords(q.Text); len(words) > 0 {
		match := `"` + s.word + `" AND "` + strings.Join(words, `"* AND "`) + `"*`
		and(true, `i.key IN (SELECT rowid FROM item_words WHERE item_words MATCH ?)`, match)
	}
	and(!q.From.IsZero(), s.at+` >= ?`, q.From.UnixMicro())
	and(!q.To.IsZero(), s.at+` < ?`, q.To.UnixMicro())
	and(q.Before != store.TimelinePosition{}, `(`+s.at+`, `+s.item+`) < (?, ?)`, q.Before.At.UnixMicro(), q.Before.ID)
	return query + ` ORDER BY ` + s.at + ` DESC, ` + s.item + ` DESC LIMIT ?`, append(args, max(q.Limit, 0))
}

// Timeline implements [store.Communications].
func (s *Store) Timeline(ctx context.Context, supplier string, q store.TimelineQuery) (found []store.Item, err error) {
	if q.Text != "" && len(store.SearchWords(q.Text)) == 0 {
		return nil, nil // there is nothing that such a text finds
	}
	err = s.read(ctx, "timeline", func(ctx context.Context, p *pool) error {
		streams, err := streamsOf(ctx, p, supplier, q.Record)
		if err != nil {
			return err
		}
		var all []store.TimelinePosition
		for _, one := range streams {
			query, args := one.query(&q)
			err := p.rows(ctx, query, args, func(rows *sql.Rows) error {
				var at int64
				var position store.TimelinePosition
				err := rows.Scan(&at, &position.ID)
				position.At = time.UnixMicro(at).UTC()
				all = append(all, position)
				return err
			})
			if err != nil {
				return err
			}
		}
		found, err = readItems(ctx, p, supplier, store.Newest(all, q.Limit), q.Brief)
		return err
	})
	return found, err
}

// streamsOf are the parts of a record's timeline.
func streamsOf(ctx context.Context, p *pool, supplier string, record crdt.RecordID) (streams []stream, err error) {
	if record == (crdt.RecordID{}) {
		return []stream{unmatchedStream(supplier)}, nil
	}
	streams = append(streams, linkStream(supplier, record))
	err = p.rows(ctx, ownContactsQuery, []any{supplier, record[:]}, func(rows *sql.Rows) error {
		var c store.Contact
		err := rows.Scan(&c.Kind, &c.Value)
		streams = append(streams, contactStream(supplier, record, c))
		return err
	})
	return streams, err
}

// readItems reads the items of a page.
func readItems(ctx context.Context, p *pool, supplier string, positions []store.TimelinePosition, brief bool) (found []store.Item, err error) {
	if len(positions) == 0 {
		return nil, nil
	}
	var key int64
	if err := p.row(ctx, `SELECT key FROM suppliers WHERE name = ?`, []any{supplier}, &key); err != nil {
		return nil, err
	}
	size := 0
	for _, position := range positions {
		r, err := readItem(ctx, p, supplier, key, itemByID, key, position.ID)
		if err != nil {
			return nil, err
		}
		if r == nil || !r.Present() {
			continue // it went meanwhile
		}
		it := r.Whole()
		if brief {
			it.Body, it.Detail = "", nil
		}
		found = append(found, it)
		if size += len(it.Subject) + len(it.Snippet) + len(it.Body) + len(it.Detail); size > store.MaxPage {
			break
		}
	}
	return found, nil
}

// Item implements [store.Communications].
func (s *Store) Item(ctx context.Context, supplier, id string) (it store.Item, err error) {
	err = s.read(ctx, "item", func(ctx context.Context, p *pool) error {
		items, err := readItems(ctx, p, supplier, []store.TimelinePosition{{ID: id}}, false)
		if err != nil {
			return err
		}
		if len(items) == 0 {
			return store.ErrNotFound
		}
		it = items[0]
		return nil
	})
	return it, err
}

// Items implements [store.Communications].
func (s *Store) Items(ctx context.Context, supplier string, ids []string) (found []store.Item, err error) {
	positions := make([]store.TimelinePosition, len(ids))
	for i, id := range ids {
		positions[i].ID = id
	}
	err = s.read(ctx, "items", func(ctx context.Context, p *pool) error {
		found, err = readItems(ctx, p, supplier, positions, true)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // the supplier has none
		}
		return err
	})
	return found, err
}
