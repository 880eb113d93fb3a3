package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"wedsync/store"
	"wedsync/store/postgres/pgtest"
	"wedsync/store/storetest"
)

// serverVariable tells a child of RunCrash where the server of its parent is.
const serverVariable = "WEDSYNC_PGTEST_AT"

// server is the one server of this package's tests, for all that do not stop it.
var server *pgtest.Server

func TestMain(m *testing.M) { os.Exit(run(m)) }

// run starts the server, or finds its parent's.
func run(m *testing.M) (code int) {
	if dir := os.Getenv(serverVariable); dir != "" {
		server = pgtest.At(dir)
		storetest.Main(m, open)
		return 1
	}
	var err error
	if server, err = started(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := errors.Join(server.Close(), goleak.Find()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	if err := os.Setenv(serverVariable, server.Dir()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// started starts a server whose template holds the tables.
func started(ctx context.Context, settings ...string) (*pgtest.Server, error) {
	s, err := pgtest.Start(settings...)
	if err != nil {
		return nil, err
	}
	if err := s.Template(ctx, func(ctx context.Context, address string) error {
		st, err := Open(ctx, address)
		if err != nil {
			return err
		}
		return st.Close()
	}); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// open opens the store of a directory, which holds nothing but the address of
// its database.
func open(ctx context.Context, dir string) (store.Store, error) {
	address, err := addressOf(ctx, dir)
	if err != nil {
		return nil, err
	}
	return Open(ctx, address)
}

// addressOf is the address in a directory, of a new database if there is none.
func addressOf(ctx context.Context, dir string) (string, error) {
	file := filepath.Join(dir, "address")
	address, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		var made string
		if made, err = server.Database(ctx); err == nil {
			address, err = []byte(made), os.WriteFile(file, []byte(made), 0o600)
		}
	}
	return string(address), err
}

// openAlone is open once nobody else is connected: the last transaction of a
// process that was killed goes on until the server is through with it.
func openAlone(ctx context.Context, dir string) (s store.Store, err error) {
	address, err := addressOf(ctx, dir)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	const others = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`
	for n := 1; n > 0; {
		if err := conn.QueryRow(ctx, others).Scan(&n); err != nil {
			return nil, err
		}
	}
	return Open(ctx, address)
}

func TestStoreKeepsThePromisesOfTheContract(t *testing.T) {
	storetest.Run(t, open)
}

func TestNothingAcknowledgedIsLostWhenTheProcessIsKilled(t *testing.T) {
	storetest.RunCrash(t, openAlone)
}

// database makes a fresh database until the test ends.
func database(t testing.TB) string {
	t.Helper()
	address, err := server.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// opened opens a store until the test ends.
func opened(t testing.TB, address string) *Store {
	t.Helper()
	s, err := Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestNodesOnOneDatabaseHearOfEachOther(t *testing.T) {
	storetest.RunNodes(t, open)
}
