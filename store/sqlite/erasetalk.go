package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	"wedsync/store"
	"wedsync/store/talk"
)

// talk erases what the record and its supplier told each other, while its contacts
// are still there.
func (x *erasing) talk(ctx context.Context, e store.Erasure) error {
	contacts, err := x.ownContacts(ctx, e)
	if err != nil {
		return err
	}
	items, err := x.itemsOf(ctx, e, contacts)
	if err != nil {
		return err
	}
	for _, id := range items {
		if err := x.item(ctx, e, id, contacts); err != nil {
			return err
		}
	}
	_, err = x.exec(ctx, `DELETE FROM links WHERE record = ?`, e.Record[:])
	return err
}

// ownContacts reads the contacts that the record has, or had, and no other listed
// one has.
func (x *erasing) ownContacts(ctx context.Context, e store.Erasure) (contacts []store.Contact, err error) {
	const query = `SELECT c.kind, c.value FROM (SELECT record, kind, value FROM contacts WHERE record = ?1
			UNION SELECT ?1, json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?2)) c
		JOIN records r ON r.key = c.record WHERE` + told + ` AND` + alone
	former := make([][2]string, len(e.Contacts))
	for i, c := range e.Contacts {
		former[i] = [2]string{string(c.Kind), c.Value}
	}
	list, err := json.Marshal(former)
	if err != nil {
		return nil, err
	}
	err = x.rows(ctx, query, []any{x.record, string(list)}, func(rows *sql.Rows) error {
		var c store.Contact
		err := rows.Scan(&c.Kind, &c.Value)
		contacts = append(contacts, c)
		return err
	})
	return contacts, err
}

// itemsOf names the items that have one of the contacts or were linked.
func (x *erasing) itemsOf(ctx context.Context, e store.Erasure, contacts []store.Contact) (items []string, err error) {
	add := func(query string, args ...any) error {
		return x.rows(ctx, query, args, func(rows *sql.Rows) error {
			var id string
			err := rows.Scan(&id)
			items = append(items, id)
			return err
		})
	}
	err = add(`SELECT item FROM links WHERE record = ? AND supplier = ?`, e.Record[:], x.supplier)
	for _, c := range contacts {
		if err == nil {
			err = add(`SELECT item FROM item_contacts WHERE supplier = ? AND kind = ? AND value = ?`, x.supplier, string(c.Kind), c.Value)
		}
	}
	slices.Sort(items)
	return slices.Compact(items), err
}

// item erases an item that is in no other record's timeline and that nobody has
// unlinked from this one's, and what it says of the contacts otherwise.
func (x *erasing) item(ctx context.Context, e store.Erasure, id string, contacts []store.Contact) error {
	const others = `SELECT EXISTS (SELECT 1 FROM links WHERE supplier = ?1 AND item = ?2 AND record = ?3 AND state = 'unlinked')
		OR EXISTS (SELECT 1` + owning + `) OR EXISTS (SELECT 1` + linking + `) FROM items i WHERE i.supplier = ?1 AND i.id = ?2`
	r, err := readItem(ctx, x, e.Supplier, x.supplier, itemByID, x.supplier, id)
	if err != nil || r == nil || r.Erased {
		return err
	}
	var kept bool
	if err := x.row(ctx, others, []any{x.supplier, id, e.Record[:]}, &kept); err != nil {
		return err
	}
	after := r.Row
	after.Version++
	if kept {
		after.Forget(contacts)
	} else {
		after.Erase()
		if _, err := x.exec(ctx, `DELETE FROM links WHERE supplier = ? AND item = ?`, x.supplier, id); err != nil {
			return err
		}
	}
	return x.writeItem(ctx, x.supplier, &talk.Change{Before: &r.Row, Row: &after})
}
