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
	const upsert = `INSERT INTO devices (supplier, user, name, storage_id, label, since, at)
		SELECT key, ?, ?, ?, ?, ?, ? FROM suppliers WHERE name = ?
		ON CONFLICT DO UPDATE SET storage_id = excluded.storage_id, at = excluded.at
		WHERE excluded.at >= at`
	if len(devices) == 0 {
		return nil
	}
	return s.write(ctx, s.lax, "seen", func(ctx context.Context, t *transaction) error {
		suppliers := make(map[string]bool)
		for _, d := range devices {
			if !suppliers[d.Supplier] {
				suppliers[d.Supplier] = true
				if _, err := t.exec(ctx, supplier, d.Supplier); err != nil {
					return err
				}
			}
			since := d.Since
			if since.IsZero() {
				since = d.At
			}
			_, err := t.exec(ctx, upsert, d.User, d.Device, d.StorageID, d.Name, since.UnixMicro(), d.At.UnixMicro(), d.Supplier)
			if err != nil {
				return err
			}
		}
		for name := range suppliers {
			if err := t.forgetDevices(ctx, name); err != nil {
				return err
			}
		}
		return nil
	})
}

// forgetDevices forgets the devices of a supplier that are too many.
func (t *transaction) forgetDevices(ctx context.Context, supplier string) error {
	const excess = `(SELECT d.key FROM suppliers s JOIN devices d ON d.supplier = s.key
		WHERE s.name = ? ORDER BY d.at DESC, d.key DESC LIMIT -1 OFFSET ?)`
	const heads = `DELETE FROM device_heads WHERE device IN ` + excess
	const devices = `DELETE FROM devices WHERE key IN ` + excess
	if _, err := t.exec(ctx, heads, supplier, store.MaxDevices); err != nil {
		return err
	}
	_, err := t.exec(ctx, devices, supplier, store.MaxDevices)
	return err
}

// DevicesOf implements [store.Devices].
func (s *Store) DevicesOf(ctx context.Context, supplier string) (devices []store.Device, err error) {
	const query = `SELECT d.user, d.name, d.storage_id, d.label, d.since, d.at
		FROM suppliers s JOIN devices d ON d.supplier = s.key WHERE s.name = ? ORDER BY d.user, d.name`
	err = s.read(ctx, "devices", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, query, []any{supplier}, func(rows *sql.Rows) error {
			d := store.Device{Supplier: supplier}
			var since, at int64
			err := rows.Scan(&d.User, &d.Device, &d.StorageID, &d.Name, &since, &at)
			d.Since, d.At = time.UnixMicro(since).UTC(), time.UnixMicro(at).UTC()
			devices = append(devices, d)
			return err
		})
	})
	return devices, err
}

// NameDevice implements [store.Devices].
func (s *Store) NameDevice(ctx context.Context, supplier string, d store.DeviceID, name string) error {
	const update = `UPDATE devices SET label = ? WHERE user = ? AND name = ? AND supplier = (SELECT key FROM suppliers WHERE name = ?)`
	return s.write(ctx, s.durable, "name device", func(ctx context.Context, t *transaction) error {
		n, err := t.exec(ctx, update, name, d.User, d.Device, supplier)
		if err == nil && n == 0 {
			err = fmt.Errorf("device %q of user %q: %w", d.Device, d.User, store.ErrNotFound)
		}
		return err
	})
}

// Announce implements [store.Devices].
func (s *Store) Announce(ctx context.Context, heads []store.DeviceHeads) error {
	if len(heads) == 0 {
		return nil
	}
	return s.write(ctx, s.lax, "announce", func(ctx context.Context, t *transaction) error {
		return t.announce(ctx, heads)
	})
}

func (t *transaction) announce(ctx context.Context, heads []store.DeviceHeads) error {
	const upsert = `INSERT INTO device_heads (record, device, heads, refused, at)
		SELECT r.key, d.key, ?, ?, ?
		FROM suppliers s JOIN devices d ON d.supplier = s.key JOIN records r ON r.supplier = s.key
		WHERE s.name = ? AND d.user = ? AND d.name = ? AND r.id = ? AND r.state <> ?
		ON CONFLICT DO UPDATE SET heads = excluded.heads, refused = excluded.refused, at = excluded.at
		WHERE excluded.at >= at`
	for i := range heads {
		h := &heads[i]
		_, err := t.exec(ctx, upsert, store.EncodeHeads(h.Heads), h.Refused, h.At.UnixMicro(),
			h.Supplier, h.User, h.Device, h.Record[:], int64(store.Erased))
		if err != nil {
			return err
		}
	}
	return nil
}

// DeviceHeads implements [store.Devices].
func (s *Store) DeviceHeads(ctx context.Context, supplier string, ids []crdt.RecordID) (found []store.DeviceHeads, err error) {
	const query = eachID + ` SELECT DISTINCT r.id, d.user, d.name, h.heads, h.refused, h.at
		FROM n CROSS JOIN records r ON r.id = n.id
		JOIN suppliers s ON s.key = r.supplier
		JOIN device_heads h ON h.record = r.key
		JOIN devices d ON d.key = h.device
		WHERE s.name = ?2 ORDER BY r.id, d.user, d.name`
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
	if err := rows.Scan(&id, &h.User, &h.Device, &heads, &h.Refused, &at); err != nil {
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
