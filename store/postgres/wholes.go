package postgres

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// wholesQuery reads a page of records, which ends with the one that leads beyond
// MaxPage.
const wholesQuery = `SELECT id, supplier, version, state, heads, ledger, fields, projected FROM (
		SELECT *, sum(size) OVER (ORDER BY id) - size AS before FROM (
			SELECT r.id, r.supplier, r.version, r.state, r.heads, l.body AS ledger, p.fields, p.heads AS projected,
				coalesce(octet_length(l.body), 0) + coalesce(octet_length(p.fields), 0) AS size
			FROM wedsync.records r
			LEFT JOIN wedsync.ledgers l ON l.supplier = r.supplier AND l.record = r.id
			LEFT JOIN wedsync.projections p ON p.supplier = r.supplier AND p.record = r.id
			WHERE r.supplier = $1 AND r.id > $2 ORDER BY r.id LIMIT $3) b) w
	WHERE before <= $4 ORDER BY id`

// Wholes implements [store.Copier].
func (s *Store) Wholes(ctx context.Context, supplier string, after crdt.RecordID, limit int) (found []store.Whole, err error) {
	err = s.read(ctx, "wholes", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, wholesQuery, escape(supplier), [16]byte(after), max(limit, 0), store.MaxPage)
		err = each(rows, err, func(row pgx.Rows) error {
			w, err := scanWhole(row)
			found = append(found, w)
			return err
		})
		if err != nil || len(found) == 0 {
			return err
		}
		f := filling{page: found, index: make(map[crdt.RecordID]int, len(found)), sizes: make([]int, len(found))}
		if err := f.fill(ctx, p, escape(supplier)); err != nil {
			return err
		}
		found = f.bounded()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func scanWhole(row pgx.Rows) (w store.Whole, err error) {
	var r headsRow
	var fields *string
	var projected []byte
	if err := row.Scan(append(r.into(), &w.Ledger, &fields, &projected)...); err != nil {
		return w, err
	}
	w.Record = r.id
	if w.Heads, err = r.read(); err != nil {
		return w, err
	}
	if fields != nil {
		w.Projection = []byte(*fields)
	}
	if w.ProjectedHeads, err = store.DecodeHeads(projected); err != nil {
		return w, fmt.Errorf("record %s: projection: %w", w.Record, err)
	}
	return w, nil
}

// A filling is a page of records of which all but the first rows are yet to be read.
type filling struct {
	page  []store.Whole
	index map[crdt.RecordID]int
	sizes []int // of what was read of each
}

// bounded is the page up to the record that leads beyond MaxPage.
func (f *filling) bounded() []store.Whole {
	size := 0
	for i := range f.page {
		if size > store.MaxPage {
			return f.page[:i]
		}
		size += f.sizes[i] + len(f.page[i].Ledger) + len(f.page[i].Projection)
	}
	return f.page
}

// fill reads the rest of the page's records, in one round trip.
func (f *filling) fill(ctx context.Context, p *pgxpool.Pool, supplier string) error {
	ids := make([][16]byte, len(f.page))
	for i := range f.page {
		ids[i] = f.page[i].Record
		f.index[f.page[i].Record] = i
	}
	var batch pgx.Batch
	for _, part := range []struct {
		query string
		row   func(pgx.Rows) error
	}{
		{
			`SELECT record, body FROM sync_conflicts WHERE supplier_id = $1 AND record = ANY ($2::uuid[]) ORDER BY record, id`,
			bodies(f, func(w *store.Whole) *[]conflicts.Conflict { return &w.Conflicts }),
		},
		{
			`SELECT record, body FROM wedsync.merged WHERE supplier = $1 AND record = ANY ($2::uuid[]) ORDER BY record, id`,
			bodies(f, func(w *store.Whole) *[]conflicts.Merged { return &w.Merged }),
		},
		{`SELECT r.record, r.body, ARRAY(SELECT device FROM wedsync.receipt_devices d WHERE d.supplier = r.supplier AND d.receipt = r.id)
			FROM wedsync.receipts r WHERE r.supplier = $1 AND r.record = ANY ($2::uuid[]) ORDER BY r.record, r.id`, f.receipt},
		{`SELECT a.record, a.principal, a.key, a.request, a.status, a.body, a.at FROM wedsync.answers a
			JOIN wedsync.bindings k ON k.id = a.record AND k.supplier = $1 WHERE a.record = ANY ($2::uuid[])`, f.answer},
		{`SELECT record, user_id, device, heads, refused, at FROM wedsync.device_heads
			WHERE supplier = $1 AND record = ANY ($2::uuid[])`, f.device},
	} {
		batch.Queue(part.query, supplier, ids).Query(func(rows pgx.Rows) error { return each(rows, nil, part.row) })
	}
	if err := p.SendBatch(ctx, &batch).Close(); err != nil {
		return err
	}
	for i := range f.page {
		w := &f.page[i]
		slices.SortFunc(w.Answers, func(a, b store.Answer) int {
			return cmp.Or(cmp.Compare(a.Principal, b.Principal), cmp.Compare(a.Key, b.Key))
		})
		slices.SortFunc(w.Devices, func(a, b store.DeviceHeads) int {
			return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Device, b.Device))
		})
	}
	return nil
}

// of is the record that a row is of, of which so much was read.
func (f *filling) of(id crdt.RecordID, size int) *store.Whole {
	i := f.index[id]
	f.sizes[i] += size
	return &f.page[i]
}

// bodies reads rows that are one JSON text each.
func bodies[T any](f *filling, list func(*store.Whole) *[]T) func(pgx.Rows) error {
	return func(row pgx.Rows) error {
		var id crdt.RecordID
		var body string
		var one T
		if err := row.Scan((*[16]byte)(&id), &body); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(body), &one); err != nil {
			return fmt.Errorf("record %s: %T: %w: %w", id, one, err, store.ErrCorrupt)
		}
		into := list(f.of(id, len(body)))
		*into = append(*into, one)
		return nil
	}
}

func (f *filling) receipt(row pgx.Rows) error {
	var id crdt.RecordID
	var body string
	var told store.Told
	if err := row.Scan((*[16]byte)(&id), &body, &told.Devices); err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(body), &told.Receipt); err != nil {
		return fmt.Errorf("record %s: receipt: %w: %w", id, err, store.ErrCorrupt)
	}
	for i, device := range told.Devices {
		told.Devices[i] = unescape(device)
	}
	slices.Sort(told.Devices)
	w := f.of(id, len(body))
	w.Receipts = append(w.Receipts, told)
	return nil
}

func (f *filling) answer(row pgx.Rows) error {
	var id crdt.RecordID
	var a store.Answer
	var request []byte
	if err := row.Scan((*[16]byte)(&id), &a.Principal, &a.Key, &request, &a.Status, &a.Body, &a.At); err != nil {
		return err
	}
	a.Principal, a.Key, a.At = unescape(a.Principal), unescape(a.Key), a.At.UTC()
	if len(request) != len(a.Request) {
		return fmt.Errorf("key %q of %s: request hash of %d bytes: %w", a.Key, a.Principal, len(request), store.ErrCorrupt)
	}
	a.Request = [32]byte(request)
	w := f.of(id, len(a.Body))
	w.Answers = append(w.Answers, a)
	return nil
}

func (f *filling) device(row pgx.Rows) error {
	h, err := scanDeviceHeads(row)
	if err != nil {
		return err
	}
	w := f.of(h.Record, len(crdt.Hash{})*len(h.Heads))
	h.Supplier = w.Supplier
	w.Devices = append(w.Devices, h)
	return nil
}
