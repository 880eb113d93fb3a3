package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"wedsync/crdt"
	"wedsync/store"
)

// Seen implements [store.Devices].
func (s *Store) Seen(ctx context.Context, devices []store.Device) error {
	const supplier = `INSERT INTO suppliers (name) VALUES (?) ON CONFLICT DO NOTHING`
	const upsert = `INSERT INTO devices (supplier, name, user, storage_id, at)
		SELECT key, ?, ?, ?, ? FROM suppliers WHERE name = ?
		ON CONFLICT DO UPDATE SET user = excluded.user, storage_id = excluded.storage_id, at = excluded.at
		WHERE excluded.at >= at`
	if len(devices) == 0 {
		return nil
	}
	return s.write(ctx, s.lax, "seen", func(ctx context.Context, t *transaction) error {
		for _, d := range devices {
			if _, err := t.exec(ctx, supplier, d.Supplier); err != nil {
				return err
			}
			if _, err := t.exec(ctx, upsert, d.Device, d.User, d.StorageID, d.At.UnixMicro(), d.Supplier); err != nil {
				return err
			}
		}
		return nil
	})
}

// DevicesOf implements [store.Devices].
func (s *Store) DevicesOf(ctx context.Context, supplier string) (devices []store.Device, err error) {
	const query = `SELECT d.name, d.user, d.storage_id, d.at
		FROM suppliers s JOIN devices d ON d.supplier = s.key WHERE s.name = ? ORDER BY d.name`
	err = s.read(ctx, "devices", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, query, []any{supplier}, func(rows *sql.Rows) error {
			d := store.Device{Supplier: supplier}
			var at int64
			err := rows.Scan(&d.Device, &d.User, &d.StorageID, &at)
			d.At = time.UnixMicro(at).UTC()
			devices = append(devices, d)
			return err
		})
	})
	return devices, err
}

// Announce implements [store.Devices].
func (s *Store) Announce(ctx context.Context, heads []store.DeviceHeads) error {
	const upsert = `INSERT INTO device_heads (record, device, heads, at)
		SELECT r.key, d.key, ?, ?
		FROM suppliers s JOIN devices d ON d.supplier = s.key JOIN records r ON r.supplier = s.key
		WHERE s.name = ? AND d.name = ? AND r.id = ?
		ON CONFLICT DO UPDATE SET heads = excluded.heads, at = excluded.at WHERE excluded.at >= at`
	if len(heads) == 0 {
		return nil
	}
	return s.write(ctx, s.lax, "announce", func(ctx context.Context, t *transaction) error {
		for i := range heads {
			h := &heads[i]
			_, err := t.exec(ctx, upsert, store.EncodeHeads(h.Heads), h.At.UnixMicro(), h.Supplier, h.Device, h.Record[:])
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// DeviceHeads implements [store.Devices].
func (s *Store) DeviceHeads(ctx context.Context, supplier string, ids []crdt.RecordID) (found []store.DeviceHeads, err error) {
	const query = eachID + ` SELECT DISTINCT r.id, d.name, h.heads, h.at
		FROM n CROSS JOIN records r ON r.id = n.id
		JOIN suppliers s ON s.key = r.supplier
		JOIN device_heads h ON h.record = r.key
		JOIN devices d ON d.key = h.device
		WHERE s.name = ?2 ORDER BY r.id, d.name`
	err = s.read(ctx, "device heads", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, query, []any{packIDs(ids), supplier}, func(rows *sql.Rows) error {
			h, err := scanDeviceHeads(rows)
			h.Supplier = supplier
			found = append(found, h)
			return err
		})
	})
	return found, err
}

func scanDeviceHeads(rows *sql.Rows) (h store.DeviceHeads, err error) {
	var id, heads []byte
	var at int64
	if err := rows.Scan(&id, &h.Device, &heads, &at); err != nil {
		return h, err
	}
	if len(id) != len(h.Record) {
		return h, fmt.Errorf("heads of device %q: record id %x: %w", h.Device, id, store.ErrCorrupt)
	}
	h.Record, h.At = crdt.RecordID(id), time.UnixMicro(at).UTC()
	if h.Heads, err = store.DecodeHeads(heads); err != nil {
		return h, fmt.Errorf("heads of device %q for record %s: %w", h.Device, h.Record, err)
	}
	return h, nil
}
