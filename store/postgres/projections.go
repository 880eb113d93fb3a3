package postgres

import (
	"context"
	"encoding/json"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"

	"wedsync/crdt"
	"wedsync/store"
)

const (
	// ownersQuery locks the suppliers of records, so that none is erased meanwhile.
	ownersQuery = `SELECT 1 FROM wedsync.suppliers
		WHERE name = ANY (ARRAY(SELECT supplier FROM wedsync.bindings WHERE id = ANY ($1::uuid[]))) ORDER BY name FOR KEY SHARE`
	projectQuery = `INSERT INTO wedsync.projections (supplier, record, heads, fields, name, sort, search)
		SELECT r.supplier, r.id, n.heads, n.fields, n.name, n.sort, n.search
		FROM unnest($1::uuid[], $2::bytea[], $3::text[], $4::text[], $5::text[], $6::text[]) AS n (id, heads, fields, name, sort, search)
		JOIN wedsync.bindings k ON k.id = n.id
		JOIN wedsync.records r ON r.supplier = k.supplier AND r.id = k.id AND r.state <> 4
		ORDER BY r.supplier, r.id
		ON CONFLICT (supplier, record) DO UPDATE SET heads = excluded.heads, fields = excluded.fields,
			name = excluded.name, sort = excluded.sort, search = excluded.search`
	clientsQuery = `INSERT INTO clients (supplier_id, client_id, document_id, name, email, phone, wedding_date, venue_name, budget, fields, version, updated_at)
		SELECT r.supplier, n.client_id, n.document_id, nullif(n.name, ''), n.email, n.phone, n.wedding_date::date, n.venue_name, n.budget::numeric, n.fields::jsonb, r.version, now()
		FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
			AS n (id, client_id, document_id, name, email, phone, wedding_date, venue_name, budget, fields)
		JOIN wedsync.bindings k ON k.id = n.id
		JOIN wedsync.records r ON r.supplier = k.supplier AND r.id = k.id AND r.state = 2
		ORDER BY r.supplier, n.client_id
		ON CONFLICT (supplier_id, client_id) DO UPDATE SET name = excluded.name, email = excluded.email, phone = excluded.phone,
			wedding_date = excluded.wedding_date, venue_name = excluded.venue_name, budget = excluded.budget, fields = excluded.fields,
			version = excluded.version, updated_at = excluded.updated_at`
)

// Project implements [store.Projections]. It writes clients too.
func (s *Store) Project(ctx context.Context, projections ...store.Projection) error {
	p := newProjecting(projections)
	return s.write(ctx, s.lax, "project", func(ctx context.Context, tx pgx.Tx) error {
		var batch pgx.Batch
		p.queue(&batch)
		return tx.SendBatch(ctx, &batch).Close()
	})
}

// newProjecting is the columns of projections; of two of a record the last counts.
func newProjecting(projections []store.Projection) *projecting {
	last := make(map[crdt.RecordID]int, len(projections))
	for i := range projections {
		last[projections[i].Record] = i
	}
	var p projecting
	for i := range projections {
		if last[projections[i].Record] == i {
			p.add(&projections[i])
		}
	}
	return &p
}

// queue adds the statements that store the projections.
func (p *projecting) queue(batch *pgx.Batch) {
	batch.Queue(ownersQuery, p.ids)
	batch.Queue(projectQuery, p.ids, p.heads, p.fields, p.names, p.sorts, p.searches)
	batch.Queue(clientsQuery, p.ids, p.clients, p.documents, p.names, p.emails, p.phones, p.dates, p.venues, p.budgets, p.readable)
	p.contacts.queue(batch, p.ids)
}

// A projecting is the columns of some projections.
type projecting struct {
	ids                                    [][16]byte
	heads                                  [][]byte
	fields, names, sorts, searches         []string
	clients, documents, readable           []string
	emails, phones, dates, venues, budgets []*string
	contacts                               contactColumns
}

func (p *projecting) add(one *store.Projection) {
	p.contacts.add(one)
	n := store.NamesIn(one.Fields)
	p.ids, p.heads, p.fields = append(p.ids, one.Record), append(p.heads, store.EncodeHeads(one.Heads)), append(p.fields, string(one.Fields))
	p.names, p.sorts, p.searches = append(p.names, escape(n.Client)), append(p.sorts, escape(n.Sort)), append(p.searches, escape(n.Search))
	p.clients, p.documents = append(p.clients, one.Record.ClientID()), append(p.documents, one.Record.DocumentID())
	var fields map[string]json.RawMessage
	if json.Unmarshal(one.Fields, &fields) != nil {
		fields = nil
	}
	p.emails, p.phones = append(p.emails, textIn(fields["email"])), append(p.phones, textIn(fields["phone"]))
	p.venues = append(p.venues, textIn(fields["venue_name"]))
	p.dates, p.budgets = append(p.dates, dateIn(fields["wedding_date"])), append(p.budgets, numberIn(fields["budget"]))
	if fields == nil {
		p.readable = append(p.readable, `{}`)
		return
	}
	p.readable = append(p.readable, string(readable(one.Fields)))
}

// textIn is a field's text, or the JSON of what else it is; nil if it is not there.
func textIn(field json.RawMessage) *string {
	var text string
	switch {
	case len(field) == 0 || string(field) == "null":
		return nil
	case json.Unmarshal(field, &text) != nil:
		text = string(field)
	}
	text = escape(text)
	return &text
}

// dateIn is a field's date, nil if it is none.
func dateIn(field json.RawMessage) *string {
	text := textIn(field)
	if text == nil {
		return nil
	}
	if _, err := time.Parse(time.DateOnly, *text); err != nil || *text < "0001" {
		return nil
	}
	return text
}

var decimal = regexp.MustCompile(`^-?[0-9]{1,100}(\.[0-9]{1,100})?$`)

// numberIn is a field's number, nil if it is none.
func numberIn(field json.RawMessage) *string {
	text := textIn(field)
	if text == nil || !decimal.MatchString(*text) {
		return nil
	}
	return text
}
