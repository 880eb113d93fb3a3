package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wedsync/conflicts"
	"wedsync/server/communications/account"
	"wedsync/server/outbound"
	"wedsync/store/sqlite"
)

const (
	twilioSID = "AC00000000000000000000000000000001"
)

// startTwilio knows one account.
func startTwilio(t *testing.T) (url string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != twilioSID || password != twilioPassword {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if _, err := w.Write([]byte(`{"status":"active"}`)); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// inKeeper does something with the keeper of a hub that is stopped.
func inKeeper(t *testing.T, data string, do func(*account.Keeper)) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	client := outbound.New(outbound.Options{AllowPrivate: true})
	defer func() {
		client.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	identity, err := s.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	flags := communicationFlags{TwilioURL: startTwilio(t)}
	do(flags.keeper(storeFlags{Data: data}, s, identity, client, nil))
}

func TestKeysAreRotatedAndAccountsGoOn(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if _, err := wedsync(t, "keys", "list", "--data", data); err == nil || !strings.Contains(err.Error(), "when the first account is connected") {
		t.Errorf("no keys yet: %v", err)
	}
	if _, err := wedsync(t, "keys", "rotate", "--data", filepath.Join(data, "none")); err == nil {
		t.Error("a key was made where there was none")
	}
	if _, err := os.Stat(filepath.Join(data, "none")); !os.IsNotExist(err) {
		t.Errorf("a store was made: %v", err)
	}
	var id string
	inKeeper(t, data, func(k *account.Keeper) {
		olga := conflicts.Principal{Supplier: "barn", User: "olga", Role: conflicts.Owner}
		a, err := k.ConnectTwilio(t.Context(), olga, twilioSID, twilioPassword, account.Wish{})
		if err != nil {
			t.Fatal(err)
		}
		id = a.ID
	})
	before := keysOf(t, data)
	out := mustRun(t, "keys", "rotate", "--data", data)
	after := keysOf(t, data)
	if len(before) != 1 || len(after) != 1 || before[0] == after[0] {
		t.Errorf("keys %v, then %v", before, after)
	}
	wantParts(t, out, "key "+after[0].ID+" is in use: 1 account encrypted under it; ended: "+before[0].ID)
	wantParts(t, mustRun(t, "keys", "--data", data), after[0].ID, "encrypts")
	inKeeper(t, data, func(k *account.Keeper) {
		if user, password, err := k.Credentials(t.Context(), id); err != nil || user != twilioSID || password != twilioPassword {
			t.Errorf("%q, %v", user, err)
		}
	})
}

// keysOf are the keys that a data directory's file has, as they are listed.
func keysOf(t *testing.T, data string) []shownKey {
	t.Helper()
	out := mustRun(t, "keys", "list", "--data", data, "--json")
	var listed struct{ Keys []shownKey }
	if err := json.Unmarshal([]byte(out), &listed); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	file, err := os.ReadFile(filepath.Join(data, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	var secret struct{ Keys []struct{ Key string } }
	if err := json.Unmarshal(file, &secret); err != nil {
		t.Fatal(err)
	}
	for _, k := range secret.Keys {
		if k.Key == "" || strings.Contains(out, k.Key) {
			t.Error("a list has the key itself")
		}
	}
	return listed.Keys
}

func TestFileOfKeysIsMadeOnce(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "keys.json")
	wantParts(t, mustRun(t, "keys", "create", "--keys", file), "made "+file, "wedsync serve --keys ")
	made, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	wantParts(t, mustRun(t, "keys", "create", "--keys", file), "is there already, with 1 key")
	if kept, err := os.ReadFile(file); err != nil || string(kept) != string(made) {
		t.Errorf("the file was changed, %v", err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := wedsync(t, "keys", "list", "--keys", file); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a file that others may read: %v", err)
	}
	if _, err := wedsync(t, "keys", "rotate", "--store", "postgres://db.example.com/wedsync"); err == nil || !strings.Contains(err.Error(), "--keys FILE is needed") {
		t.Errorf("a database without a file: %v", err)
	}
}
