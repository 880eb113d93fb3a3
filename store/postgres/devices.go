package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/crdt"
	"wedsync/store"
)

// lockNotes keeps rows of suppliers from being removed until the transaction
// ends. It delays no commit.
const lockNotes = `SELECT 1 FROM wedsync.suppliers WHERE name = ANY ($1::text[]) ORDER BY name FOR KEY SHARE`

// Seen implements [store.Devices]. Of what one call says twice of a device the
// last counts. Rows are written in order of their keys, so that two calls never
// wait for one another.
func (s *Store) Seen(ctx context.Context, devices []store.Device) error {
	const suppliers = `INSERT INTO wedsync.suppliers (name) SELECT n FROM unnest($1::text[]) n ORDER BY n ON CONFLICT DO NOTHING`
	const upsert = `INSERT INTO wedsync.devices AS d (supplier, user_id, name, storage_id, label, since, at)
		SELECT DISTINCT ON (supplier, user_id, name) supplier, user_id, name, storage_id, label, since, at
		FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[])
			WITH ORDINALITY AS n (supplier, user_id, name, storage_id, label, since, at, ord)
		ORDER BY supplier, user_id, name, at DESC, ord DESC
		ON CONFLICT (supplier, user_id, name) DO UPDATE SET storage_id = excluded.storage_id, at = excluded.at WHERE excluded.at >= d.at`
	const many = `SELECT n FROM unnest($1::text[]) n WHERE EXISTS (SELECT 1 FROM wedsync.devices WHERE supplier = n OFFSET $2)`
	if len(devices) == 0 {
		return nil
	}
	var names, users, devs, storages, labels []string
	var firsts, times []time.Time
	for _, d := range devices {
		names, users, devs = append(names, escape(d.Supplier)), append(users, escape(d.User)), append(devs, escape(d.Device))
		storages, labels = append(storages, escape(d.StorageID)), append(labels, escape(d.Name))
		if d.Since.IsZero() {
			d.Since = d.At
		}
		firsts, times = append(firsts, micros(d.Since)), append(times, micros(d.At))
	}
	distinct := sortedSet(names)
	var crowded []string
	err := s.write(ctx, s.lax, "seen", func(ctx context.Context, tx pgx.Tx) error {
		if fresh := s.known.missing(distinct); len(fresh) > 0 {
			if _, err := tx.Exec(ctx, suppliers, fresh); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, lockNotes, distinct); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, upsert, names, users, devs, storages, labels, firsts, times); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, many, distinct, store.MaxDevices)
		if err == nil {
			crowded, err = pgx.CollectRows(rows, pgx.RowTo[string])
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, supplier := range crowded {
		if err := s.forgetDevices(ctx, supplier); err != nil {
			return err
		}
	}
	return nil
}

// forgetDevices forgets the devices of a supplier that are too many.
func (s *Store) forgetDevices(ctx context.Context, supplier string) error {
	const forget = `WITH gone AS (
			DELETE FROM wedsync.devices d USING (
				SELECT user_id, name FROM wedsync.devices WHERE supplier = $1 ORDER BY at DESC, user_id DESC, name DESC OFFSET $2) x
			WHERE d.supplier = $1 AND d.user_id = x.user_id AND d.name = x.name RETURNING d.user_id, d.name)
		DELETE FROM wedsync.device_heads h USING gone g WHERE h.supplier = $1 AND h.user_id = g.user_id AND h.device = g.name`
	return s.write(ctx, s.lax, "seen", func(ctx context.Context, tx pgx.Tx) error {
		if err := lockAlone(ctx, tx, supplier); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, forget, supplier, store.MaxDevices)
		return err
	})
}

// DevicesOf implements [store.Devices].
func (s *Store) DevicesOf(ctx context.Context, supplier string) (devices []store.Device, err error) {
	const query = `SELECT user_id, name, storage_id, label, since, at FROM wedsync.devices WHERE supplier = $1`
	err = s.read(ctx, "devices", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, query, escape(supplier))
		return each(rows, err, func(row pgx.Rows) error {
			d := store.Device{Supplier: supplier}
			err := row.Scan(&d.User, &d.Device, &d.StorageID, &d.Name, &d.Since, &d.At)
			d.User, d.Device, d.StorageID, d.Name = unescape(d.User), unescape(d.Device), unescape(d.StorageID), unescape(d.Name)
			d.Since, d.At = d.Since.UTC(), d.At.UTC()
			devices = append(devices, d)
			return err
		})
	})
	slices.SortFunc(devices, func(a, b store.Device) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Device, b.Device))
	})
	return devices, err
}

// NameDevice implements [store.Devices].
func (s *Store) NameDevice(ctx context.Context, supplier string, d store.DeviceID, name string) error {
	const update = `UPDATE wedsync.devices SET label = $4 WHERE supplier = $1 AND user_id = $2 AND name = $3`
	return s.write(ctx, s.durable, "name device", func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockNotes, []string{escape(supplier)}); err != nil {
			return err
		}
		named, err := affected(tx.Exec(ctx, update, escape(supplier), escape(d.User), escape(d.Device), escape(name)))
		if err == nil && named == 0 {
			err = fmt.Errorf("device %q of user %q: %w", d.Device, d.User, store.ErrNotFound)
		}
		return err
	})
}

// announceQuery notes what devices hold.
const announceQuery = `INSERT INTO wedsync.device_heads AS h (supplier, record, user_id, device, heads, refused, at)
	SELECT DISTINCT ON (n.supplier, n.record, n.user_id, n.device) n.supplier, n.record, n.user_id, n.device, n.heads, n.refused, n.at
	FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::timestamptz[])
		WITH ORDINALITY AS n (supplier, record, user_id, device, heads, refused, at, ord)
	JOIN wedsync.devices d ON d.supplier = n.supplier AND d.user_id = n.user_id AND d.name = n.device
	JOIN wedsync.records r ON r.supplier = n.supplier AND r.id = n.record AND r.state <> 4
	ORDER BY n.supplier, n.record, n.user_id, n.device, n.at DESC, n.ord DESC
	ON CONFLICT (supplier, record, user_id, device) DO UPDATE SET heads = excluded.heads, refused = excluded.refused, at = excluded.at
	WHERE excluded.at >= h.at`

// Announce implements [store.Devices].
func (s *Store) Announce(ctx context.Context, heads []store.DeviceHeads) error {
	if len(heads) == 0 {
		return nil
	}
	a := newAnnouncing(heads)
	return s.write(ctx, s.lax, "announce", func(ctx context.Context, tx pgx.Tx) error {
		var batch pgx.Batch
		a.queue(&batch)
		return tx.SendBatch(ctx, &batch).Close()
	})
}

// An announcing is the columns of what devices hold. Its texts are escaped.
type announcing struct {
	names, users, devices, refused []string
	ids                            [][16]byte
	hashes                         [][]byte
	times                          []time.Time
}

func newAnnouncing(heads []store.DeviceHeads) *announcing {
	var a announcing
	for i := range heads {
		h := &heads[i]
		a.names, a.users, a.devices = append(a.names, escape(h.Supplier)), append(a.users, escape(h.User)), append(a.devices, escape(h.Device))
		a.ids, a.hashes, a.refused = append(a.ids, h.Record), append(a.hashes, store.EncodeHeads(h.Heads)), append(a.refused, escape(h.Refused))
		a.times = append(a.times, micros(h.At))
	}
	return &a
}

// queue adds the statements that note it.
func (a *announcing) queue(batch *pgx.Batch) {
	batch.Queue(lockNotes, sortedSet(a.names))
	batch.Queue(announceQuery, a.names, a.ids, a.users, a.devices, a.hashes, a.refused, a.times)
}

// DeviceHeads implements [store.Devices].
func (s *Store) DeviceHeads(ctx context.Context, supplier string, ids []crdt.RecordID) (found []store.DeviceHeads, err error) {
	const query = `SELECT record, user_id, device, heads, refused, at FROM wedsync.device_heads
		WHERE supplier = $1 AND record = ANY ($2::uuid[]) ORDER BY record, user_id, device`
	err = s.read(ctx, "device heads", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, query, escape(supplier), uuids(ids))
		return each(rows, err, func(row pgx.Rows) error {
			h, err := scanDeviceHeads(row)
			h.Supplier = supplier
			found = append(found, h)
			return err
		})
	})
	return found, err
}

func scanDeviceHeads(row pgx.Rows) (h store.DeviceHeads, err error) {
	var heads []byte
	if err := row.Scan((*[16]byte)(&h.Record), &h.User, &h.Device, &heads, &h.Refused, &h.At); err != nil {
		return h, err
	}
	h.User, h.Device, h.Refused, h.At = unescape(h.User), unescape(h.Device), unescape(h.Refused), h.At.UTC()
	if h.Heads, err = store.DecodeHeads(heads); err != nil {
		return h, fmt.Errorf("heads of device %q for record %s: %w", h.Device, h.Record, err)
	}
	return h, nil
}

// sortedSet are some names in order, each once.
func sortedSet(names []string) []string {
	set := slices.Clone(names)
	slices.Sort(set)
	return slices.Compact(set)
}
