package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"

	"wedsync/store"
)

// contacts keeps the contacts in a projection beside it.
func (t *transaction) contacts(ctx context.Context, p *store.Projection) error {
	const forget = `DELETE FROM contacts WHERE record = (SELECT key FROM records WHERE id = ?)
		AND kind || ':' || value NOT IN (SELECT value FROM json_each(?))`
	const insert = `INSERT INTO contacts (record, kind, value, found)
		SELECT key, ?, ?, ? FROM records r JOIN projections p ON p.record = r.key WHERE id = ? AND state <> ?
		ON CONFLICT DO NOTHING`
	contacts := store.ContactsIn(p.Fields)
	kept := make([]string, len(contacts))
	for i, c := range contacts {
		kept[i] = string(c.Kind) + ":" + c.Value
	}
	list, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, forget, p.Record[:], string(list)); err != nil {
		return err
	}
	for _, c := range contacts {
		if _, err := t.exec(ctx, insert, string(c.Kind), c.Value, c.Key(), p.Record[:], int64(store.Erased)); err != nil {
			return err
		}
	}
	return nil
}

const byContactQuery = `SELECT DISTINCT r.id, c.kind, c.value
	FROM json_each(?1) asked
	JOIN contacts c ON c.kind = json_extract(asked.value, '$[0]') AND c.found = json_extract(asked.value, '$[1]')
	JOIN records r ON r.key = c.record JOIN suppliers s ON s.key = r.supplier
	WHERE s.name = ?2 AND r.state = ?3 ORDER BY r.id, c.kind, c.value LIMIT ?4`

// ByContact implements [store.Contacts].
func (s *Store) ByContact(ctx context.Context, supplier string, contacts []store.Contact, limit int) (found []store.ContactMatch, err error) {
	asked := make([][2]string, len(contacts))
	for i, c := range contacts {
		asked[i] = [2]string{string(c.Kind), c.Key()}
	}
	list, err := json.Marshal(asked)
	if err != nil {
		return nil, err
	}
	err = s.read(ctx, "by contact", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, byContactQuery, []any{string(list), supplier, int64(store.Listed), max(limit, 0)}, func(rows *sql.Rows) error {
			var id []byte
			var m store.ContactMatch
			err := rows.Scan(&id, &m.Contact.Kind, &m.Contact.Value)
			if err == nil {
				m.Record, err = recordIn(id)
			}
			found = append(found, m)
			return err
		})
	})
	return found, err
}
