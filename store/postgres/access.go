package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/conflicts"
	"wedsync/store"
)

// AccessOf implements [store.Accesses].
func (s *Store) AccessOf(ctx context.Context, supplier string) (store.Access, error) {
	const version = `SELECT access_version FROM wedsync.suppliers WHERE name = $1`
	const roles = `SELECT user_id, role FROM wedsync.roles WHERE supplier = $1`
	const revoked = `SELECT user_id, device, at FROM wedsync.revoked WHERE supplier = $1`
	a := store.Access{Roles: make(map[string]conflicts.Role), Revoked: make(map[store.DeviceID]time.Time)}
	err := s.read(ctx, "access", func(ctx context.Context, p *pgxpool.Pool) error {
		// The version first, so that what follows is no older.
		err := p.QueryRow(ctx, version, escape(supplier)).Scan(&a.Version)
		if isNone(err) || err == nil && a.Version == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		rows, err := p.Query(ctx, roles, escape(supplier))
		err = each(rows, err, func(row pgx.Rows) error {
			var user, role string
			err := row.Scan(&user, &role)
			a.Roles[unescape(user)] = conflicts.Role(role)
			return err
		})
		if err != nil {
			return err
		}
		rows, err = p.Query(ctx, revoked, escape(supplier))
		return each(rows, err, func(row pgx.Rows) error {
			var user, device string
			var at time.Time
			err := row.Scan(&user, &device, &at)
			a.Revoked[store.DeviceID{User: unescape(user), Device: unescape(device)}] = at.UTC()
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
	const set = `INSERT INTO wedsync.roles AS r (supplier, user_id, role) VALUES ($1, $2, $3)
		ON CONFLICT (supplier, user_id) DO UPDATE SET role = excluded.role WHERE r.role <> excluded.role`
	const forget = `DELETE FROM wedsync.roles WHERE supplier = $1 AND user_id = $2`
	const many = `SELECT count(*) > $2 FROM wedsync.roles WHERE supplier = $1`
	return s.changeAccess(ctx, "set role", supplier, func(ctx context.Context, tx pgx.Tx) (changed int64, err error) {
		if role == "" {
			return affected(tx.Exec(ctx, forget, escape(supplier), escape(user)))
		}
		changed, err = affected(tx.Exec(ctx, set, escape(supplier), escape(user), string(role)))
		if err != nil {
			return 0, err
		}
		return changed, tooMany(ctx, tx, many, store.MaxRoles, supplier)
	})
}

// Revoke implements [store.Accesses].
func (s *Store) Revoke(ctx context.Context, supplier string, d store.DeviceID, at time.Time) (uint64, error) {
	const insert = `INSERT INTO wedsync.revoked (supplier, user_id, device, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`
	const many = `SELECT count(*) > $2 FROM wedsync.revoked WHERE supplier = $1`
	return s.changeAccess(ctx, "revoke", supplier, func(ctx context.Context, tx pgx.Tx) (changed int64, err error) {
		changed, err = affected(tx.Exec(ctx, insert, escape(supplier), escape(d.User), escape(d.Device), micros(at)))
		if err != nil {
			return 0, err
		}
		return changed, tooMany(ctx, tx, many, store.MaxRevoked, supplier)
	})
}

// Readmit implements [store.Accesses].
func (s *Store) Readmit(ctx context.Context, supplier string, d store.DeviceID) (uint64, error) {
	const remove = `DELETE FROM wedsync.revoked WHERE supplier = $1 AND user_id = $2 AND device = $3`
	return s.changeAccess(ctx, "readmit", supplier, func(ctx context.Context, tx pgx.Tx) (int64, error) {
		return affected(tx.Exec(ctx, remove, escape(supplier), escape(d.User), escape(d.Device)))
	})
}

// affected is how many rows a statement changed.
func affected(tag pgconn.CommandTag, err error) (int64, error) { return tag.RowsAffected(), err }

// tooMany returns ErrTooMany if a query finds more rows of a supplier than may be.
func tooMany(ctx context.Context, tx pgx.Tx, query string, most int, supplier string) error {
	var many bool
	err := tx.QueryRow(ctx, query, escape(supplier), most).Scan(&many)
	if err == nil && many {
		err = fmt.Errorf("supplier %q has %d: %w", supplier, most, store.ErrTooMany)
	}
	return err
}

// changeAccess runs a change of access, which says how many rows it changed, and
// raises the version if it changed any. Other nodes hear of it.
func (s *Store) changeAccess(ctx context.Context, what, supplier string, change func(context.Context, pgx.Tx) (int64, error)) (version uint64, err error) {
	const raise = `UPDATE wedsync.suppliers SET access_version = access_version + $2 WHERE name = $1 RETURNING access_version`
	err = s.write(ctx, s.durable, what, func(ctx context.Context, tx pgx.Tx) error {
		if err := holdSuppliers(ctx, tx, []string{escape(supplier)}); err != nil {
			return err
		}
		changed, err := change(ctx, tx)
		if err != nil {
			return err
		}
		return tx.QueryRow(ctx, raise, escape(supplier), min(changed, 1)).Scan(&version)
	})
	if err == nil {
		s.bell.moved([]string{supplier})
	}
	return version, err
}

// RestoreAccess implements [store.Copier].
func (s *Store) RestoreAccess(ctx context.Context, supplier string, a store.Access) error {
	const update = `UPDATE wedsync.suppliers SET access_version = $2 WHERE name = $1`
	name := escape(supplier)
	var roles, revoked [][]any
	for user, role := range a.Roles {
		roles = append(roles, []any{name, escape(user), string(role)})
	}
	for d, at := range a.Revoked {
		revoked = append(revoked, []any{name, escape(d.User), escape(d.Device), micros(at)})
	}
	return s.write(ctx, s.durable, "restore access", func(ctx context.Context, tx pgx.Tx) error {
		if err := holdSuppliers(ctx, tx, []string{name}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, update, name, int64(a.Version)); err != nil {
			return err
		}
		for _, part := range []struct {
			table   string
			columns []string
			rows    [][]any
		}{
			{"roles", []string{"supplier", "user_id", "role"}, roles},
			{"revoked", []string{"supplier", "user_id", "device", "at"}, revoked},
		} {
			if _, err := tx.Exec(ctx, `DELETE FROM wedsync.`+part.table+` WHERE supplier = $1`, name); err != nil {
				return err
			}
			if _, err := tx.CopyFrom(ctx, pgx.Identifier{"wedsync", part.table}, part.columns, pgx.CopyFromRows(part.rows)); err != nil {
				return err
			}
		}
		return nil
	})
}
