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

// ErrOldTables means that the tables are of an older version than this one needs,
// or not there at all.
var ErrOldTables = errors.New("the tables are of an older version")

// Migrate brings the tables in the database of an address to this version, as
// Open does, and says from which version to which. 0 stands for no tables. The
// tables of jobs, which Open leaves until they are needed, are made, too.
func Migrate(ctx context.Context, address string) (from, to int64, err error) {
	config, err := parse(address)
	if err != nil {
		return 0, 0, err
	}
	from, to, err = migrateFrom(ctx, config)
	if err == nil {
		err = migrateJobs(ctx, config)
	}
	if err != nil {
		return from, to, fmt.Errorf("migrate %s: %w", describe(config.ConnConfig), explain(ctx, err))
	}
	return from, to, nil
}

func migrate(ctx context.Context, config *pgxpool.Config) error {
	_, _, err := migrateFrom(ctx, config)
	return err
}

// checkTables finds out whether the tables are of this version.
func checkTables(ctx context.Context, config *pgxpool.Config) error {
	current, newest, err := versions(ctx, config.ConnConfig)
	if err == nil && current < newest {
		err = fmt.Errorf("%w: %d, and not %d", ErrOldTables, current, newest)
	}
	return err
}

// migrateFrom brings the tables to this version. Of several nodes one does it and
// the others wait.
func migrateFrom(ctx context.Context, config *pgxpool.Config) (from, to int64, err error) {
	c := config.ConnConfig.Copy()
	delete(c.RuntimeParams, "statement_timeout") // a migration takes what it takes
	delete(c.RuntimeParams, "idle_in_transaction_session_timeout")
	delete(c.RuntimeParams, "lock_timeout")
	from, to, err = versions(ctx, c)
	if err != nil || from == to {
		return from, to, err
	}
	db := stdlib.OpenDB(*c)
	if err = makeSchema(ctx, db); err == nil {
		var p *goose.Provider
		if p, err = provider(db); err == nil {
			_, err = p.Up(ctx)
		}
	}
	return from, to, errors.Join(err, db.Close())
}

// makeSchema makes the schema that goose notes versions in.
func makeSchema(ctx context.Context, db *sql.DB) error {
	_, err := db.ExecContext(ctx, `CREATE SCHEMA IF NOT EXISTS wedsync`)
	var e *pgconn.PgError
	if errors.As(err, &e) && (e.Code == "23505" || e.Code == "42P06") {
		return nil // another node was quicker
	}
	return err
}

// versions are that of the tables, 0 if there are none, and the one that this
// program needs.
func versions(ctx context.Context, c *pgx.ConnConfig) (current, newest int64, err error) {
	if newest, err = newestMigration(); err != nil {
		return 0, 0, err
	}
	current, err = currentMigration(ctx, c)
	if err == nil && current > newest {
		err = fmt.Errorf("written by a newer wedsync (tables of version %d, this one knows %d): run that one", current, newest)
	}
	return current, newest, err
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

// currentMigration is the version of the tables, 0 if there are none.
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
		return 0, nil
	}
	err = conn.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM `+versionTable+` WHERE is_applied`).Scan(&version)
	return version, err
}
