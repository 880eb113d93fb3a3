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

// migrate brings the tables to this version.
func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	current, newest, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if current > newest {
		return fmt.Errorf("written by a newer wedsync (tables of version %d, this one knows %d): run that one", current, newest)
	}
	_, err = p.Up(ctx)
	return err
}
