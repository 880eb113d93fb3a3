package postgres

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/crdt"
	"wedsync/store"
)

// Whose an item (i) is: of the listed record (2) that alone has the contact of one
// of those who took part (p), unless a person has unlinked it from that.
const (
	alone = ` NOT EXISTS (SELECT 1 FROM wedsync.contacts o JOIN wedsync.records x ON x.supplier = o.supplier AND x.id = o.record
		WHERE o.supplier = c.supplier AND o.kind = c.kind AND o.value = c.value AND o.record <> c.record AND x.state = 2)`
	told     = ` (c.kind = 'email' OR starts_with(c.value, '+'))`
	unlinked = ` EXISTS (SELECT 1 FROM wedsync.links u WHERE u.supplier = r.supplier AND u.item = p.item AND u.record = r.id AND u.state = 'unlinked')`
	owning   = ` FROM wedsync.item_contacts p JOIN wedsync.contacts c ON c.supplier = p.supplier AND c.kind = p.kind AND c.value = p.value
		JOIN wedsync.records r ON r.supplier = c.supplier AND r.id = c.record AND r.state = 2
		WHERE p.supplier = i.supplier AND p.item = i.id AND` + alone + ` AND NOT` + unlinked
	linking = ` FROM wedsync.links l JOIN wedsync.records r ON r.supplier = l.supplier AND r.id = l.record AND r.state = 2
		WHERE l.supplier = i.supplier AND l.item = i.id AND l.state = 'linked'`
)

// ownContactsQuery reads the contacts that a listed record alone has.
const ownContactsQuery = `SELECT c.kind, c.value FROM wedsync.records r JOIN wedsync.contacts c ON c.supplier = r.supplier AND c.record = r.id
	WHERE r.supplier = $1 AND r.id = $2 AND r.state = 2 AND` + told + ` AND` + alone + ` ORDER BY c.kind, c.value`

// A stream is a part of a timeline: the items of a contact, those that are linked,
// or those that are nobody's. Each is read in order from an index.
type stream struct {
	at, item string // columns of the position
	where    where
	word     string // what all of its items have among their words
}

func contactStream(supplier string, record crdt.RecordID, c store.Contact) stream {
	return stream{
		at: `p.at`, item: `p.item`, word: store.OfContact(supplier, c),
		where: where{
			` FROM wedsync.item_contacts p JOIN wedsync.items i ON i.supplier = p.supplier AND i.id = p.item
			WHERE p.supplier = $1 AND p.kind = $2 AND p.value = $3 AND NOT EXISTS (SELECT 1 FROM wedsync.links u
				WHERE u.supplier = p.supplier AND u.item = p.item AND u.record = $4 AND u.state = 'unlinked')`,
			[]any{escape(supplier), escape(string(c.Kind)), escape(c.Value), [16]byte(record)},
		},
	}
}

func linkStream(supplier string, record crdt.RecordID) stream {
	return stream{
		at: `l.item_at`, item: `l.item`, word: store.OfSupplier(supplier),
		where: where{
			` FROM wedsync.records r JOIN wedsync.links l ON l.supplier = r.supplier AND l.record = r.id
			JOIN wedsync.items i ON i.supplier = l.supplier AND i.id = l.item
			WHERE r.supplier = $1 AND r.id = $2 AND r.state = 2 AND l.supplier = $1 AND l.record = $2 AND l.state = 'linked'`,
			[]any{escape(supplier), [16]byte(record)},
		},
	}
}

func unmatchedStream(supplier string) stream {
	return stream{
		at: `i.at`, item: `i.id`, word: store.OfSupplier(supplier),
		where: where{
			` FROM wedsync.items i WHERE i.supplier = $1
			AND NOT EXISTS (SELECT 1` + owning + `) AND NOT EXISTS (SELECT 1` + linking + `)`,
			[]any{escape(supplier)},
		},
	}
}

// query is the statement that reads a page of the stream. Whatever is asked, its
// text is one of a few.
func (s stream) query(q *store.TimelineQuery) (query string, args []any) {
	w := s.where
	w.query += ` AND i.present`
	w.and(len(q.Kinds) > 0, `i.kind = ANY ($::text[])`, escapeAll(q.Kinds))
	w.and(q.Account != "", `EXISTS (SELECT 1 FROM wedsync.occurrences o WHERE o.supplier = i.supplier AND o.item = i.id AND o.account = $ AND NOT o.removed)`, escape(q.Account))
	w.and(q.Direction != "", `i.direction = $`, escape(string(q.Direction)))
	w.and(q.Thread != [32]byte{}, `i.thread = $`, q.Thread[:])
	w.and(!q.From.IsZero(), s.at+` >= $`, micros(q.From))
	w.and(!q.To.IsZero(), s.at+` < $`, micros(q.To))
	w.and(q.Before != store.TimelinePosition{}, `(`+s.at+`, `+s.item+`) < ($, $)`, micros(q.Before.At), escape(q.Before.ID))
	found := ""
	if words := store.SearchWords(q.Text); len(words) > 0 {
		w.and(true, `i.id IN (SELECT item FROM found)`)
		w.args = append(w.args, `'`+s.word+`' & '`+strings.Join(words, `':* & '`)+`':*`)
		found = `WITH found AS MATERIALIZED (SELECT item FROM wedsync.item_words WHERE supplier = $1 AND words @@ $` + strconv.Itoa(len(w.args)) + `::tsquery) `
	}
	w.query = found + `SELECT ` + s.at + `, ` + s.item + w.query
	return w.page(s.at+` DESC, `+s.item+` DESC`, q.Limit)
}

// Timeline implements [store.Communications].
func (s *Store) Timeline(ctx context.Context, supplier string, q store.TimelineQuery) (found []store.Item, err error) {
	if q.Text != "" && len(store.SearchWords(q.Text)) == 0 {
		return nil, nil // there is nothing that such a text finds
	}
	err = s.read(ctx, "timeline", func(ctx context.Context, p *pgxpool.Pool) error {
		streams, err := streamsOf(ctx, p, supplier, q.Record)
		if err != nil {
			return err
		}
		all, err := positions(ctx, p, streams, &q)
		if err != nil {
			return err
		}
		found, err = readItems(ctx, p, supplier, store.Newest(all, q.Limit), q.Brief)
		return err
	})
	return found, err
}

// positions reads a page of each stream.
func positions(ctx context.Context, p *pgxpool.Pool, streams []stream, q *store.TimelineQuery) (all []store.TimelinePosition, err error) {
	var batch pgx.Batch
	for _, one := range streams {
		query, args := one.query(q)
		batch.Queue(query, args...).Query(func(rows pgx.Rows) error {
			return each(rows, nil, func(row pgx.Rows) error {
				var position store.TimelinePosition
				err := row.Scan(&position.At, &position.ID)
				position.At, position.ID = position.At.UTC(), unescape(position.ID)
				all = append(all, position)
				return err
			})
		})
	}
	return all, p.SendBatch(ctx, &batch).Close()
}

// streamsOf are the parts of a record's timeline.
func streamsOf(ctx context.Context, p *pgxpool.Pool, supplier string, record crdt.RecordID) (streams []stream, err error) {
	if record == (crdt.RecordID{}) {
		return []stream{unmatchedStream(supplier)}, nil
	}
	streams = append(streams, linkStream(supplier, record))
	contacts, err := readContacts(p.Query(ctx, ownContactsQuery, escape(supplier), [16]byte(record)))
	for _, c := range contacts {
		streams = append(streams, contactStream(supplier, record, c))
	}
	return streams, err
}

// readContacts reads the contacts that a query finds.
func readContacts(rows pgx.Rows, err error) (contacts []store.Contact, _ error) {
	err = each(rows, err, func(row pgx.Rows) error {
		var c store.Contact
		err := row.Scan(&c.Kind, &c.Value)
		c.Value = unescape(c.Value)
		contacts = append(contacts, c)
		return err
	})
	return contacts, err
}

// readItems reads the items of a page.
func readItems(ctx context.Context, p *pgxpool.Pool, supplier string, positions []store.TimelinePosition, brief bool) (found []store.Item, err error) {
	query := itemsByID
	if brief {
		query = briefByID
	}
	size := 0
	for len(positions) > 0 && size <= store.MaxPage {
		part := positions[:min(len(positions), itemsAtOnce)]
		positions = positions[len(part):]
		ids := make([]string, len(part))
		for i := range part {
			ids[i] = escape(part[i].ID)
		}
		rows, err := readRows(ctx, p, query, supplier, ids)
		if err != nil {
			return nil, err
		}
		for _, position := range part {
			r := rows[position.ID]
			if r == nil || !r.Present() || size > store.MaxPage {
				continue // it went meanwhile, or the page is full
			}
			it := r.Whole()
			size += len(it.Subject) + len(it.Snippet) + len(it.Body) + len(it.Detail)
			found = append(found, it)
		}
	}
	return found, nil
}

// itemsAtOnce bounds the items that are read in one statement, which may be large.
const itemsAtOnce = 64

// Item implements [store.Communications].
func (s *Store) Item(ctx context.Context, supplier, id string) (it store.Item, err error) {
	err = s.read(ctx, "item", func(ctx context.Context, p *pgxpool.Pool) error {
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
	err = s.read(ctx, "items", func(ctx context.Context, p *pgxpool.Pool) error {
		found, err = readItems(ctx, p, supplier, positions, true)
		if errors.Is(err, store.ErrNotFound) {
			return nil // the supplier has none
		}
		return err
	})
	return found, err
}
