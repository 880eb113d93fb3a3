package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"wedsync/store"
	"wedsync/store/postgres"
	"wedsync/store/sqlite"
)

// A storeFlags says where a hub keeps what it knows.
type storeFlags struct {
	Data  string `help:"Directory that holds everything the hub knows; made if it is not there (default ${default})." default:"./wedsync-data" type:"path" placeholder:"DIR"`
	Store string `help:"PostgreSQL database that holds it instead, for one hub or many: postgres://USER:PASSWORD@HOST:PORT/DATABASE." env:"WEDSYNC_STORE" placeholder:"ADDRESS"`
}

// shared reports whether the hub's store is a database.
func (f storeFlags) shared() bool { return f.Store != "" }

// flag is the part of a command line that names the same store, without the
// password of its address.
func (f storeFlags) flag() string {
	if f.shared() {
		return "--store " + quoted(withoutPassword(f.Store))
	}
	return "--data " + quoted(f.Data)
}

// open opens the store. It waits for a database that does not answer yet.
func (f storeFlags) open(ctx context.Context, log *slog.Logger) (store.Store, error) {
	if !f.shared() {
		return sqlite.Open(ctx, f.Data)
	}
	return f.openDatabase(ctx, log, postgres.Open)
}

// openAsIs is open for a database whose tables must be of this version already.
func (f storeFlags) openAsIs(ctx context.Context, log *slog.Logger) (store.Store, error) {
	if !f.shared() {
		return nil, errors.New("--no-migrate is for a database that is named by --store: a data directory is brought to this version by whoever opens it")
	}
	s, err := f.openDatabase(ctx, log, postgres.OpenAsIs)
	if errors.Is(err, postgres.ErrOldTables) {
		err = fmt.Errorf("%w (run wedsync migrate %s with the password, or serve without --no-migrate)", err, f.flag())
	}
	return s, err
}

func (f storeFlags) openDatabase(ctx context.Context, log *slog.Logger, open func(context.Context, string) (*postgres.Store, error)) (store.Store, error) {
	var s *postgres.Store
	err := f.await(ctx, log, func() (err error) {
		s, err = open(ctx, f.Store)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// await does something with the database once it answers, and says that it waits.
func (f storeFlags) await(ctx context.Context, log *slog.Logger, do func() error) error {
	if err := f.check(); err != nil {
		return fmt.Errorf("--store: %w", err)
	}
	const again = time.Second
	for told := ""; ; {
		err := do()
		if err == nil || ctx.Err() != nil || !passes(err) {
			return err
		}
		if why := err.Error(); why != told {
			log.Warn("waiting for PostgreSQL", "err", err)
			told = why
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(again):
		}
	}
}

// check refuses an address that is none of a PostgreSQL database.
func (f storeFlags) check() error {
	if strings.HasPrefix(f.Store, "postgres://") || strings.HasPrefix(f.Store, "postgresql://") {
		return nil
	}
	return fmt.Errorf("%q is no address of a PostgreSQL database, postgres://USER:PASSWORD@HOST:PORT/DATABASE", withoutPassword(f.Store))
}

// passes reports whether a database that cannot be opened may be opened later
// without anybody doing something here.
func passes(err error) bool {
	var server *pgconn.PgError
	if errors.As(err, &server) && (strings.HasPrefix(server.Code, "28") || server.Code == "3D000") {
		return false // user, password or database
	}
	return errors.Is(err, store.ErrUnavailable)
}

// identity reads who the hub is, whether or not it is running.
func (f storeFlags) identity(ctx context.Context, log *slog.Logger) (identity store.Identity, err error) {
	if !f.shared() {
		return sqlite.Identity(ctx, f.Data)
	}
	s, err := f.open(ctx, log)
	if err != nil {
		return identity, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return s.Identity(ctx)
}

// withoutPassword is an address as it may be shown.
func withoutPassword(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "postgres://…"
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	q := u.Query()
	q.Del("password")
	q.Del("sslpassword")
	u.RawQuery = q.Encode()
	return u.String()
}
