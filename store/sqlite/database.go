package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"net/url"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
)

// settings of every connection. A checkpoint after 16 MB of log rather than
// 4 MB writes a hot page once instead of four times.
const settings = "_pragma=busy_timeout(5000)" +
	"&_pragma=journal_mode(wal)" +
	"&_pragma=cache_size(-32768)" +
	"&_pragma=wal_autocheckpoint(4096)" +
	"&_pragma=journal_size_limit(67108864)"

// openDatabase prepares connections to the file. Their commits wait for the
// disk if synchronous is "full", and may be lost in a power failure if it is
// "normal"; neither can damage the file.
func openDatabase(file, synchronous string, connections int, options string) (*sql.DB, error) {
	source := "file:" + (&url.URL{Path: file}).EscapedPath() + "?" + settings +
		"&_pragma=synchronous(" + synchronous + ")" + options
	connector, err := sqlite.NewConnector(source)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

//go:embed migrations/*.sql
var migrations embed.FS

// versionTable is where goose notes which migrations were applied.
const versionTable = "goose_db_version"

// migrate brings the tables to this version. Goose takes megabytes for each file
// that it reads, so it is asked only if there is something to do.
func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	newest, err := newestMigration(files)
	if err != nil {
		return err
	}
	current, err := currentMigration(ctx, db)
	if err != nil || current == newest {
		return err
	}
	if current > newest {
		return fmt.Errorf("written by a newer wedsync (tables of version %d, this one knows %d): run that one", current, newest)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true), goose.WithTableName(versionTable))
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

func newestMigration(files fs.FS) (int64, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil || len(names) == 0 {
		return 0, fmt.Errorf("no migrations: %w", err)
	}
	return goose.NumericComponent(names[len(names)-1])
}

// currentMigration is the version of the tables, 0 if there are none.
func currentMigration(ctx context.Context, db *sql.DB) (version int64, err error) {
	var known bool
	if err := db.QueryRowContext(ctx, `SELECT count(*) > 0 FROM sqlite_master WHERE name = ?`, versionTable).Scan(&known); err != nil || !known {
		return 0, err
	}
	err = db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM `+versionTable+` WHERE is_applied`).Scan(&version)
	return version, err
}
