package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"wedsync/store"
	"wedsync/store/talk"
)

// talk erases what the record and its supplier told each other, while its contacts
// are still there.
func (x *erasing) talk(ctx context.Context, e store.Erasure) error {
	if err := holdItems(ctx, x, x.supplier); err != nil {
		return err
	}
	kinds, values := contactTexts(e.Contacts)
	contacts, err := readContacts(x.Query(ctx, erasedContacts, x.supplier, x.record, kinds, values))
	if err != nil {
		return err
	}
	items, err := x.itemsOf(ctx, contacts)
	for len(items) > 0 && err == nil {
		part := items[:min(len(items), itemsAtOnce)]
		items = items[len(part):]
		err = x.items(ctx, e, part, contacts)
	}
	if err == nil {
		_, err = x.Exec(ctx, `DELETE FROM wedsync.links WHERE supplier = $1 AND record = $2`, x.supplier, x.record)
	}
	return err
}

// erasedContacts reads the contacts that a record has, or had, and no other listed one
// has.
const erasedContacts = `SELECT c.kind, c.value FROM (SELECT supplier, record, kind, value FROM wedsync.contacts WHERE supplier = $1 AND record = $2
		UNION SELECT $1, $2, n.kind, n.value FROM unnest($3::text[], $4::text[]) AS n (kind, value)) AS c
	WHERE` + told + ` AND` + alone

// contactTexts are the columns of some contacts.
func contactTexts(contacts []store.Contact) (kinds, values []string) {
	kinds, values = make([]string, len(contacts)), make([]string, len(contacts))
	for i, c := range contacts {
		kinds[i], values[i] = string(c.Kind), escape(c.Value)
	}
	return kinds, values
}

// itemsOf names the items that have one of the contacts or were linked, escaped.
func (x *erasing) itemsOf(ctx context.Context, contacts []store.Contact) (items []string, err error) {
	const query = `SELECT item FROM wedsync.links WHERE supplier = $1 AND record = $2
		UNION SELECT p.item FROM unnest($3::text[], $4::text[]) AS n (kind, value)
			JOIN wedsync.item_contacts p ON p.supplier = $1 AND p.kind = n.kind AND p.value = n.value`
	kinds, values := contactTexts(contacts)
	rows, err := x.Query(ctx, query, x.supplier, x.record, kinds, values)
	err = each(rows, err, func(row pgx.Rows) error {
		var id string
		err := row.Scan(&id)
		items = append(items, id)
		return err
	})
	return items, err
}

// items erases those items that are in no other record's timeline and that nobody
// has unlinked from this one's, and of the others what they say of the contacts.
func (x *erasing) items(ctx context.Context, e store.Erasure, ids []string, contacts []store.Contact) error {
	const others = `SELECT i.id FROM wedsync.items i WHERE i.supplier = $1 AND i.id = ANY ($2::text[])
		AND (EXISTS (SELECT 1 FROM wedsync.links WHERE supplier = $1 AND item = i.id AND record = $3 AND state = 'unlinked')
			OR EXISTS (SELECT 1` + owning + `) OR EXISTS (SELECT 1` + linking + `))`
	found, err := readRows(ctx, x, itemsByID, e.Supplier, ids)
	if err != nil {
		return err
	}
	kept := make(map[string]bool)
	rows, err := x.Query(ctx, others, x.supplier, ids, x.record)
	err = each(rows, err, func(row pgx.Rows) error {
		var id string
		err := row.Scan(&id)
		kept[unescape(id)] = true
		return err
	})
	if err != nil {
		return err
	}
	var changes []talk.Change
	var erased []string
	for id, before := range found {
		if before.Erased {
			continue
		}
		after := *before
		after.Version++
		if kept[id] {
			after.Forget(contacts)
		} else {
			after.Erase()
			erased = append(erased, escape(id))
		}
		changes = append(changes, talk.Change{Before: before, Row: &after})
	}
	if _, err := x.Exec(ctx, `DELETE FROM wedsync.links WHERE supplier = $1 AND item = ANY ($2::text[])`, x.supplier, erased); err != nil {
		return err
	}
	return writeItems(ctx, x, e.Supplier, changes)
}
