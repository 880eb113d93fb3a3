package postgres

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"
	"golang.org/x/sync/errgroup"

	"wedsync/store"
)

func TestManyNodesMayMakeTheTablesAtOnce(t *testing.T) {
	if err := server.Run(t.Context(), "postgres", `CREATE DATABASE bare`); err != nil {
		t.Fatal(err)
	}
	var g errgroup.Group
	for range 6 {
		g.Go(func() error {
			s, err := Open(t.Context(), server.Address("bare"))
			if err != nil {
				return err
			}
			return errors.Join(s.Ping(t.Context()), s.Close())
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}

func TestTablesOfANewerVersionAreRefused(t *testing.T) {
	address := database(t)
	s := opened(t, address)
	if _, err := s.durable.Exec(t.Context(), `INSERT INTO `+versionTable+` (version_id, is_applied) VALUES (99, true)`); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), address); err == nil || !strings.Contains(err.Error(), "newer wedsync") {
		t.Errorf("got error %v, want one that names a newer wedsync", err)
	}
}

func TestNoErrorShowsThePassword(t *testing.T) {
	const secret = "hunter2 secret"
	for _, address := range []string{
		"postgres://hub:hunter2%20secret@127.0.0.1:1/db",
		"postgres://hub:hunter2 secret@127.0.0.1:1/db",
		"postgres://hub:hunter2%20secret@127.0.0.1:port/db",
		"postgres://hub:hunter2%20secret@127.0.0.1:1/db?sslmode=nonsense",
		"postgres://hub@127.0.0.1:1/db?password=hunter2%20secret&sslmode=nonsense",
		"host=127.0.0.1 port=1 password='hunter2 secret' sslmode=nonsense",
		"host=127.0.0.1 port=1 user=hub password='hunter2 secret'",
		"hunter2 secret",
	} {
		_, err := Open(t.Context(), address)
		if err == nil {
			t.Errorf("%s was opened", address)
			continue
		}
		for _, part := range []string{"hunter2", secret} {
			if strings.Contains(err.Error(), part) {
				t.Errorf("the error of %q shows the password: %v", address, err)
			}
		}
	}
}

func TestServerThatCannotBeReachedIsUnavailableAndNamed(t *testing.T) {
	_, err := Open(t.Context(), "postgres://hub:secret@127.0.0.1:1/wedsync")
	if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "postgres://hub@127.0.0.1:1/wedsync") {
		t.Errorf("got error %v, want %v that names the address", err, store.ErrUnavailable)
	}
}

func TestCommitsWaitForTheDiskAndProjectionsDoNot(t *testing.T) {
	s := opened(t, database(t))
	var durable, lax string
	err := errors.Join(
		s.durable.QueryRow(t.Context(), `SHOW synchronous_commit`).Scan(&durable),
		s.lax.QueryRow(t.Context(), `SHOW synchronous_commit`).Scan(&lax))
	if err != nil || durable != "on" || lax != "off" {
		t.Errorf("durable %s, lax %s, %v; want on, off", durable, lax, err)
	}
}

func TestTablesOfAnOlderVersionAreRefusedAsTheyAreAndMigrated(t *testing.T) {
	if err := server.Run(t.Context(), "postgres", `CREATE DATABASE older`); err != nil {
		t.Fatal(err)
	}
	address := server.Address("older")
	newest, err := newestMigration()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenAsIs(t.Context(), address); !errors.Is(err, ErrOldTables) {
		t.Errorf("without tables: got error %v, want %v", err, ErrOldTables)
	}
	config, err := parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if current, err := currentMigration(t.Context(), config.ConnConfig); err != nil || current != 0 {
		t.Fatalf("tables of version %d, %v", current, err)
	}
	db := stdlib.OpenDB(*config.ConnConfig)
	p, err := provider(db)
	if err == nil {
		err = makeSchema(t.Context(), db)
	}
	if err == nil {
		_, err = p.UpTo(t.Context(), 1)
	}
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenAsIs(t.Context(), address); !errors.Is(err, ErrOldTables) {
		t.Errorf("with tables of version 1: got error %v, want %v", err, ErrOldTables)
	}
	for _, want := range []int64{1, newest} {
		if from, to, err := Migrate(t.Context(), address); err != nil || from != want || to != newest {
			t.Errorf("migrated from %d to %d, %v; want from %d to %d", from, to, err, want, newest)
		}
	}
	s, err := OpenAsIs(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Ping(t.Context()), s.Close()); err != nil {
		t.Error(err)
	}
}
