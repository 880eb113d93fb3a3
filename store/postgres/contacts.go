package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/store"
)

const (
	forgetContacts = `DELETE FROM wedsync.contacts c USING wedsync.bindings k
		WHERE k.id = ANY ($1::uuid[]) AND c.supplier = k.supplier AND c.record = k.id AND NOT EXISTS (
			SELECT 1 FROM unnest($2::uuid[], $3::text[], $4::text[]) AS n (id, kind, value)
			WHERE n.id = c.record AND n.kind = c.kind AND n.value = c.value)`
	insertContacts = `INSERT INTO wedsync.contacts (supplier, record, kind, value, found)
		SELECT r.supplier, r.id, n.kind, n.value, n.found
		FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS n (id, kind, value, found)
		JOIN wedsync.bindings k ON k.id = n.id
		JOIN wedsync.records r ON r.supplier = k.supplier AND r.id = k.id AND r.state <> 4
		ORDER BY r.supplier, r.id, n.kind, n.value
		ON CONFLICT DO NOTHING`
)

// contactColumns are the columns of the contacts in some projections.
type contactColumns struct {
	ids                  [][16]byte
	kinds, values, found []string
}

func (c *contactColumns) add(p *store.Projection) {
	for _, one := range store.ContactsIn(p.Fields) {
		c.ids, c.kinds = append(c.ids, p.Record), append(c.kinds, string(one.Kind))
		c.values, c.found = append(c.values, escape(one.Value)), append(c.found, escape(one.Key()))
	}
}

// queue adds the statements that keep the contacts of projected records. Their
// projections were written before, so that of two calls one waits.
func (c *contactColumns) queue(batch *pgx.Batch, projected [][16]byte) {
	batch.Queue(forgetContacts, projected, c.ids, c.kinds, c.values)
	if len(c.ids) > 0 {
		batch.Queue(insertContacts, c.ids, c.kinds, c.values, c.found)
	}
}

const byContactQuery = `SELECT DISTINCT c.record, c.kind, c.value
	FROM unnest($2::text[], $3::text[]) AS asked (kind, found)
	JOIN wedsync.contacts c ON c.supplier = $1 AND c.kind = asked.kind AND c.found = asked.found
	JOIN wedsync.records r ON r.supplier = c.supplier AND r.id = c.record AND r.state = 2
	ORDER BY c.record, c.kind, c.value LIMIT $4`

// ByContact implements [store.Contacts].
func (s *Store) ByContact(ctx context.Context, supplier string, contacts []store.Contact, limit int) (found []store.ContactMatch, err error) {
	kinds, keys := make([]string, len(contacts)), make([]string, len(contacts))
	for i, c := range contacts {
		kinds[i], keys[i] = string(c.Kind), escape(c.Key())
	}
	err = s.read(ctx, "by contact", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, byContactQuery, escape(supplier), kinds, keys, max(limit, 0))
		return each(rows, err, func(row pgx.Rows) error {
			var m store.ContactMatch
			err := row.Scan((*[16]byte)(&m.Record), &m.Contact.Kind, &m.Contact.Value)
			m.Contact.Value = unescape(m.Contact.Value)
			found = append(found, m)
			return err
		})
	})
	return found, err
}
