package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"wedsync/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// versionTable is where goose notes which migrations were applied.
const versionTable = "wedsync.goose_db_version"

// leastServer is the oldest version of PostgreSQL that views with the rights of
// their readers are known to.
const leastServer = 150000

// migrate brings the tables to this version. Of several nodes one does it and
// the others wait.
func migrate(ctx context.Context, config *pgxpool.Config) error {
	c := config.ConnConfig.Copy()
	delete(c.RuntimeParams, "statement_timeout") // a migration takes what it takes
	delete(c.RuntimeParams, "idle_in_transaction_session_timeout")
	delete(c.RuntimeParams, "lock_timeout")
	newest, err := newestMigration()
	if err != nil {
		return err
	}
	current, err := currentMigration(ctx, c)
	if err != nil || current == newest {
		return err
	}
	if current > newest {
		return fmt.Errorf("written by a newer wedsync (tables of version %d, this one knows %d): run that one", current, newest)
	}
	db := stdlib.OpenDB(*c)
	p, err := provider(db)
	if err == nil {
		_, err = p.Up(ctx)
	}
	return errors.Join(err, db.Close())
}

// provider knows the migrations. It has the database wait a second between
// attempts to be the one that migrates, and gives up after ten minutes.
func provider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 600))
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, files, goose.WithDisableGlobalRegistry(true),
		goose.WithTableName(versionTable), goose.WithSessionLocker(locker))
}

func newestMigration() (int64, error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(files) == 0 {
		return 0, fmt.Errorf("no migrations: %w", err)
	}
	return goose.NumericComponent(files[len(files)-1])
}

// currentMigration is the version of the tables, 0 if there are none. It makes
// the schema that goose notes it in.
func currentMigration(ctx context.Context, c *pgx.ConnConfig) (version int64, err error) {
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	var server int
	var known bool
	const query = `SELECT current_setting('server_version_num')::int, to_regclass($1) IS NOT NULL`
	if err := conn.QueryRow(ctx, query, versionTable).Scan(&server, &known); err != nil {
		return 0, err
	}
	if server < leastServer {
		return 0, fmt.Errorf("%w: PostgreSQL %d is too old, it must be %d or newer", store.ErrUnavailable, server/10000, leastServer/10000)
	}
	if !known {
		_, err := conn.Exec(ctx, `CREATE SCHEMA IF NOT EXISTS wedsync`)
		var e *pgconn.PgError
		if errors.As(err, &e) && (e.Code == "23505" || e.Code == "42P06") {
			err = nil // another node was quicker
		}
		return 0, err
	}
	err = conn.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM `+versionTable+` WHERE is_applied`).Scan(&version)
	return version, err
}
