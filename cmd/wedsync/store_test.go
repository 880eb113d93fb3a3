package main

import (
	"strings"
	"testing"

	"wedsync/store/postgres/pgtest"
)

// startDatabase starts a PostgreSQL with an empty database.
func startDatabase(t *testing.T) (server *pgtest.Server, address string) {
	t.Helper()
	s, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Run(t.Context(), "postgres", "CREATE DATABASE hub"); err != nil {
		t.Fatal(err)
	}
	return s, s.Address("hub")
}

func TestHubOnADatabaseIsCheckedAndKeepsItsIdentity(t *testing.T) {
	t.Parallel()
	_, address := startDatabase(t)
	h := startHubOn(t, address)
	token := h.token(owner("olga"))
	made := h.api(owner("olga")).create(map[string]any{"name": "Ada", "wedding_date": "2027-06-12"})
	h.stop()
	wantParts(t, mustRun(t, "doctor", "--store", address), "checked 1 records of 1 suppliers", "nothing is wrong")
	h.start()
	a := &api{t: t, base: "http://" + h.address, token: token}
	if got := a.get(made.ClientID).Fields["wedding_date"]; got != "2027-06-12" {
		t.Errorf("after a restart the date is %v", got)
	}
}

func TestHubWaitsForItsDatabaseAndSaysSo(t *testing.T) {
	t.Parallel()
	s, address := startDatabase(t)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	h := newHub(t, "", "--store", address)
	h.launch()
	t.Cleanup(h.kill)
	h.log.await(t, "waiting for PostgreSQL")
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	h.await()
	h.api(owner("olga")).create(map[string]any{"name": "Ada"})
}

func TestAddressesOfDatabasesAreRefusedWithoutTheirPassword(t *testing.T) {
	t.Parallel()
	_, address := startDatabase(t)
	for name, c := range map[string]struct{ store, want string }{
		"no such database": {strings.Replace(address, "/hub?", "/nothing?", 1), "there is no such database"},
		"another kind":     {"mysql://olga:hush@localhost/hub", "no address of a PostgreSQL database"},
		"no address":       {"postgres://olga:hush@localhost:port/hub", "postgres://USER:PASSWORD@HOST:PORT/DATABASE"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := wedsync(t, "serve", "--listen", "127.0.0.1:0", "--store", c.store)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error()+out, "hush") {
				t.Errorf("tells the password: %v", err)
			}
		})
	}
}
