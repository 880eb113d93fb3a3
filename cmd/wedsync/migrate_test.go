package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wedsync/store/postgres/pgtest"
)

func TestTablesAreMadeByMigrateAloneIfServeMayNot(t *testing.T) {
	t.Parallel()
	_, address := startDatabase(t)
	_, err := wedsync(t, "serve", "--listen", "127.0.0.1:0", "--store", address, "--no-migrate")
	if err == nil || !strings.Contains(err.Error(), "run wedsync migrate --store ") {
		t.Errorf("serve without tables: %v", err)
	}
	wantParts(t, mustRun(t, "migrate", "--store", address), "made the tables, of version ")
	wantParts(t, mustRun(t, "migrate", "--store", address), "are of version ", " already")
	h := startHubWith(t, "", "--store", address, "--no-migrate")
	h.store = h.store[:2] // a token needs no more
	h.api(owner("olga")).create(map[string]any{"name": "Ada"})
	_, err = wedsync(t, "serve", "--data", t.TempDir(), "--no-migrate")
	if err == nil || !strings.Contains(err.Error(), "--store") {
		t.Errorf("serve of a directory: %v", err)
	}
}

// TestWrongPasswordIsSaidAtOnce has a server that asks all but its superuser for
// a password.
func TestWrongPasswordIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("/tmp", "wedsync-hba-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	hba := filepath.Join(dir, "hba")
	// The server's user reads it, who may be another than this one.
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(hba, []byte("local all postgres trust\nlocal all all scram-sha-256\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := pgtest.Start("hba_file=" + hba)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, statement := range []string{"CREATE ROLE hub LOGIN PASSWORD 'right'", "CREATE DATABASE hub OWNER hub"} {
		if err := s.Run(context.Background(), "postgres", statement); err != nil {
			t.Fatal(err)
		}
	}
	address := strings.Replace(s.Address("hub"), "postgres@", "hub:hush@", 1)
	source, _ := decidedHub(t)
	for _, args := range [][]string{
		{"serve", "--listen", "127.0.0.1:0", "--store", address},
		{"migrate", "--store", address},
		{"token", "--store", address, "--supplier", "barn", "--user", "ada"},
		{"copy", "--from", source.data, "--to", address},
	} {
		out, err := wedsync(t, args...)
		if err == nil || !strings.Contains(err.Error(), "check user and password") {
			t.Errorf("%s: %v", args[0], err)
		}
		if err != nil && strings.Contains(err.Error()+out, "hush") {
			t.Errorf("%s tells the password: %v", args[0], err)
		}
	}
	right := strings.Replace(address, "hush", "right", 1)
	out := mustRun(t, "copy", "--from", source.data, "--to", right)
	wantParts(t, out, "now: wedsync serve --store ")
	if strings.Contains(out, "right") {
		t.Errorf("tells the password: %s", out)
	}
}
