package account_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"wedsync/server/communications/account"
	"wedsync/server/communications/vault"
	"wedsync/store"
)

// sealedAccount stores an account whose secret a vault has sealed.
func sealedAccount(t *testing.T, s *accounts, id string, sealed vault.Sealed) {
	t.Helper()
	settings, err := json.Marshal(account.Settings{Name: id, State: account.Connected, Secret: sealed})
	if err != nil {
		t.Fatal(err)
	}
	a := store.Account{Supplier: "barn", ID: id, Provider: string(account.Google), Settings: settings}
	if err := s.SetAccount(t.Context(), a); err != nil {
		t.Fatal(err)
	}
}

func seal(t *testing.T, v *vault.Vault, id string) vault.Sealed {
	t.Helper()
	sealed, err := v.Seal(vault.Owner{Supplier: "barn", Account: id}, []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// keyOf is the key that an account's secret is sealed with, which must open it.
func keyOf(t *testing.T, s *accounts, path, id string) string {
	t.Helper()
	stored, err := s.Account(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	a, err := account.Of(stored)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := vault.New(path).Open(vault.Owner{Supplier: "barn", Account: id}, a.Secret); err != nil {
		t.Error(err)
	}
	return a.Secret.Key
}

func TestKeyIsRetiredOnlyWhenNoHubCanStoreWhatItSealed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, path := newAccounts(), filepath.Join(t.TempDir(), "keys.json")
		v := vault.New(path)
		if err := v.Create(time.Now()); err != nil {
			t.Fatal(err)
		}
		sealedAccount(t, s, "a", seal(t, v, "a"))
		late := seal(t, v, "b") // by a hub that takes its time
		begun, waited := time.Now(), false
		done, err := account.Rotate(t.Context(), s, vault.New(path), account.Rotating{Progress: func(r account.Resealing) {
			if r.Waiting && !waited {
				waited = true
				sealedAccount(t, s, "b", late)
			}
		}})
		if err != nil || done.Resumed || done.Resealed != 2 || len(done.Retired) != 1 || done.Retired[0] != late.Key {
			t.Errorf("%+v, %v", done, err)
		}
		if took := time.Since(begun); took < account.StoredWithin {
			t.Errorf("it took %v", took)
		}
		for _, id := range []string{"a", "b"} {
			if got := keyOf(t, s, path, id); got != done.Key {
				t.Errorf("account %s has key %s, not %s", id, got, done.Key)
			}
		}
	})
}

func TestRotationThatBrokeOffGoesOn(t *testing.T) {
	t.Parallel()
	s, path := newAccounts(), filepath.Join(t.TempDir(), "keys.json")
	v := vault.New(path)
	if err := v.Create(time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"a", "b", "c"} {
		sealedAccount(t, s, id, seal(t, v, id))
	}
	broken := errors.New("the disk is full")
	s.raced = func(a store.Account) {
		if a.ID == "b" {
			panic(broken)
		}
	}
	func() {
		defer func() {
			if got := recover(); got != broken {
				t.Errorf("it broke off with %v", got)
			}
		}()
		_, err := account.Rotate(t.Context(), s, vault.New(path), account.Rotating{Alone: true, Progress: func(account.Resealing) {}})
		t.Errorf("it ended with %v", err)
	}()
	s.raced = nil
	keys, err := v.Keys()
	if err != nil || len(keys) != 2 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	var last account.Resealing
	done, err := account.Rotate(t.Context(), s, vault.New(path), account.Rotating{Alone: true, Progress: func(r account.Resealing) { last = r }})
	if err != nil || !done.Resumed || done.Key != keys[1].ID || done.Resealed != 2 || len(done.Retired) != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	if last.Accounts != 3 || last.Resealed != 2 {
		t.Errorf("told %+v", last)
	}
	for _, id := range []string{"a", "b", "c"} {
		if got := keyOf(t, s, path, id); got != done.Key {
			t.Errorf("account %s has key %s, not %s", id, got, done.Key)
		}
	}
}

func TestRotationEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := vault.New(filepath.Join(t.TempDir(), "keys.json"))
		if err := v.Create(time.Now()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		_, err := account.Rotate(ctx, newAccounts(), v, account.Rotating{Progress: func(r account.Resealing) {
			if r.Waiting {
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if keys, err := v.Keys(); err != nil || len(keys) != 2 {
			t.Errorf("%d keys, %v: the one before is still there", len(keys), err)
		}
	})
}
