package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"wedsync/conflicts"
	"wedsync/store"
)

// AccessOf implements [store.Accesses].
func (s *Store) AccessOf(ctx context.Context, supplier string) (store.Access, error) {
	const version = `SELECT access_version FROM suppliers WHERE name = ?`
	const roles = `SELECT r.user, r.role FROM suppliers s JOIN roles r ON r.supplier = s.key WHERE s.name = ?`
	const revoked = `SELECT r.user, r.device, r.at FROM suppliers s JOIN revoked r ON r.supplier = s.key WHERE s.name = ?`
	a := store.Access{Roles: make(map[string]conflicts.Role), Revoked: make(map[store.DeviceID]time.Time)}
	err := s.read(ctx, "access", func(ctx context.Context, p *pool) error {
		// The version first, so that what follows is no older.
		var n int64
		err := p.row(ctx, version, []any{supplier}, &n)
		if errors.Is(err, sql.ErrNoRows) || err == nil && n == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		a.Version = uint64(n)
		err = p.rows(ctx, roles, []any{supplier}, func(rows *sql.Rows) error {
			var user, role string
			err := rows.Scan(&user, &role)
			a.Roles[user] = conflicts.Role(role)
			return err
		})
		if err != nil {
			return err
		}
		return p.rows(ctx, revoked, []any{supplier}, func(rows *sql.Rows) error {
			var d store.DeviceID
			var at int64
			err := rows.Scan(&d.User, &d.Device, &at)
			a.Revoked[d] = time.UnixMicro(at).UTC()
			return err
		})
	})
	if err != nil {
		return store.Access{}, err
	}
	return a, nil
}

// SetRole implements [store.Accesses].
func (s *Store) SetRole(ctx context.Context, supplier, user string, role conflicts.Role) (uint64, error) {
	const set = `INSERT INTO roles (supplier, user, role) SELECT key, ?, ? FROM suppliers WHERE name = ?
		ON CONFLICT DO UPDATE SET role = excluded.role WHERE role <> excluded.role`
	const forget = `DELETE FROM roles WHERE user = ? AND supplier = (SELECT key FROM suppliers WHERE name = ?)`
	const many = `SELECT count(*) > ? FROM suppliers s JOIN roles r ON r.supplier = s.key WHERE s.name = ?`
	return s.changeAccess(ctx, "set role", supplier, func(ctx context.Context, t *transaction) (changed int64, err error) {
		if role == "" {
			return t.exec(ctx, forget, user, supplier)
		}
		changed, err = t.exec(ctx, set, user, string(role), supplier)
		return changed, errors.Join(err, t.tooMany(ctx, many, store.MaxRoles, supplier))
	})
}

// Revoke implements [store.Accesses].
func (s *Store) Revoke(ctx context.Context, supplier string, d store.DeviceID, at time.Time) (uint64, error) {
	const insert = `INSERT INTO revoked (supplier, user, device, at) SELECT key, ?, ?, ? FROM suppliers WHERE name = ?
		ON CONFLICT DO NOTHING`
	const many = `SELECT count(*) > ? FROM suppliers s JOIN revoked r ON r.supplier = s.key WHERE s.name = ?`
	return s.changeAccess(ctx, "revoke", supplier, func(ctx context.Context, t *transaction) (changed int64, err error) {
		changed, err = t.exec(ctx, insert, d.User, d.Device, at.UnixMicro(), supplier)
		return changed, errors.Join(err, t.tooMany(ctx, many, store.MaxRevoked, supplier))
	})
}

// Readmit implements [store.Accesses].
func (s *Store) Readmit(ctx context.Context, supplier string, d store.DeviceID) (uint64, error) {
	const remove = `DELETE FROM revoked WHERE user = ? AND device = ? AND supplier = (SELECT key FROM suppliers WHERE name = ?)`
	return s.changeAccess(ctx, "readmit", supplier, func(ctx context.Context, t *transaction) (int64, error) {
		return t.exec(ctx, remove, d.User, d.Device, supplier)
	})
}

// tooMany returns ErrTooMany if a query finds more rows of a supplier than may be.
func (t *transaction) tooMany(ctx context.Context, query string, most int, supplier string) error {
	var many bool
	err := t.row(ctx, query, []any{most, supplier}, &many)
	if err == nil && many {
		err = fmt.Errorf("supplier %q has %d: %w", supplier, most, store.ErrTooMany)
	}
	return err
}

// changeAccess runs a change of access, which says how many rows it changed, and
// raises the version if it changed any.
func (s *Store) changeAccess(ctx context.Context, what, supplier string, change func(context.Context, *transaction) (int64, error)) (version uint64, err error) {
	const insert = `INSERT INTO suppliers (name) VALUES (?) ON CONFLICT DO NOTHING`
	const raise = `UPDATE suppliers SET access_version = access_version + ? WHERE name = ? RETURNING access_version`
	err = s.write(ctx, s.durable, what, func(ctx context.Context, t *transaction) error {
		if _, err := t.exec(ctx, insert, supplier); err != nil {
			return err
		}
		changed, err := change(ctx, t)
		if err != nil {
			return err
		}
		var n int64
		err = t.row(ctx, raise, []any{min(changed, 1), supplier}, &n)
		version = uint64(n)
		return err
	})
	return version, err
}

// RestoreAccess implements [store.Copier].
func (s *Store) RestoreAccess(ctx context.Context, supplier string, a store.Access) error {
	const upsert = `INSERT INTO suppliers (name, access_version) VALUES (?, ?)
		ON CONFLICT DO UPDATE SET access_version = excluded.access_version RETURNING key`
	const role = `INSERT INTO roles (supplier, user, role) VALUES (?, ?, ?)`
	const revoke = `INSERT INTO revoked (supplier, user, device, at) VALUES (?, ?, ?, ?)`
	return s.write(ctx, s.durable, "restore access", func(ctx context.Context, t *transaction) error {
		var key int64
		if err := t.row(ctx, upsert, []any{supplier, int64(a.Version)}, &key); err != nil {
			return err
		}
		for _, former := range []string{`DELETE FROM roles WHERE supplier = ?`, `DELETE FROM revoked WHERE supplier = ?`} {
			if _, err := t.exec(ctx, former, key); err != nil {
				return err
			}
		}
		for user, r := range a.Roles {
			if _, err := t.exec(ctx, role, key, user, string(r)); err != nil {
				return err
			}
		}
		for d, at := range a.Revoked {
			if _, err := t.exec(ctx, revoke, key, d.User, d.Device, at.UnixMicro()); err != nil {
				return err
			}
		}
		return nil
	})
}
