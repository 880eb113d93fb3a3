package account_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"wedsync/server/communications/account"
	"wedsync/server/communications/vault"
	"wedsync/store"
	"wedsync/testdata/providers"
)

func TestTokensAreNowhereToBeSeen(t *testing.T) {
	t.Parallel()
	s := newStage(t, providers.Options{})
	k := s.keeper()
	a := s.connect(k, account.Wish{})
	var said strings.Builder
	note := func(what any, err error) { fmt.Fprintf(&said, "%+v %v\n", what, err) }
	secrets := []string{s.token(k, a.ID)}
	note(a, nil)
	for _, fault := range []providers.Fault{providers.Broken, providers.Truncated, providers.Dropped, providers.Limited} {
		s.clock.forward(time.Hour)
		s.providers.Next(fault, "/token", 1)
		_, _, err := k.Token(t.Context(), a.ID)
		note(nil, err)
		secrets = append(secrets, s.token(k, a.ID))
	}
	_, err := k.Finish(t.Context(), account.Connecting{Provider: account.Google, Verifier: "verifier-verifier"}, "code-code")
	note(nil, err)
	s.providers.Disconnect(providers.Google, anna)
	note(nil, k.Refused(t.Context(), a.ID, secrets[len(secrets)-1]))
	_, _, err = k.Token(t.Context(), a.ID)
	note(nil, err)
	all, err := k.Accounts(t.Context(), "barn")
	note(all, err)
	note(nil, k.Disconnect(t.Context(), "barn", a.ID))
	for _, stored := range s.store.those(func(store.Account) bool { return true }) {
		said.Write(stored.Settings)
	}
	said.WriteString(s.log.String())
	for _, secret := range append(secrets, "access-", "refresh-", "verifier-verifier", "code-code", providers.ClientSecret) {
		if strings.Contains(said.String(), secret) {
			t.Errorf("%s is said:\n%s", secret, said.String())
		}
	}
}

func TestStoredAccountHoldsNoTokenThatCanBeRead(t *testing.T) {
	t.Parallel()
	s := newStage(t, providers.Options{})
	a := s.connect(s.keeper(), account.Wish{})
	settings := string(a.Account.Settings)
	for _, text := range []string{"access-", "refresh-"} {
		if strings.Contains(settings, text) {
			t.Error(settings)
		}
	}
}

func TestKeysAreChangedWhileHubsRefreshTokens(t *testing.T) {
	t.Parallel()
	s := newStage(t, providers.Options{Rotate: true})
	k := s.keeper()
	k.Wake = nil
	var ids []string
	for i := range 5 {
		address := fmt.Sprintf("user%d@barn.example", i)
		s.providers.AddAccount(providers.Google, address, "")
		ids = append(ids, s.connectAs(k, address, account.Wish{}).ID)
	}
	old, err := s.vault.Keys()
	if err != nil {
		t.Fatal(err)
	}
	var hub sync.WaitGroup
	stop := make(chan struct{})
	hub.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				s.clock.forward(20 * time.Minute)
				if _, _, err := k.Token(t.Context(), ids[i%len(ids)]); err != nil {
					t.Error(err)
				}
			}
		}
	})
	tool := vault.New(s.vault.Path())
	for range 3 {
		if _, err := tool.Add(s.clock.now()); err != nil {
			t.Fatal(err)
		}
		for settled := false; !settled; {
			done, _, err := account.Reseal(t.Context(), s.store, tool, s.clock.now, func(account.Resealing) {})
			if err != nil || done.Accounts != len(ids) {
				t.Fatalf("%+v, %v", done, err)
			}
			settled = done.Resealed == 0
		}
		if _, err := tool.Retire(func(string) bool { return false }); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	hub.Wait()
	keys, err := tool.Keys()
	if err != nil || len(keys) != 1 || keys[0].ID == old[0].ID {
		t.Errorf("%d keys, %v", len(keys), err)
	}
	fresh := s.keeper()
	fresh.Vault = vault.New(s.vault.Path())
	for _, id := range ids {
		if !s.works(s.token(fresh, id)) {
			t.Errorf("account %s is lost", id)
		}
	}
}

func TestKeysThatAreGoneAreNotReplacedByNewOnes(t *testing.T) {
	t.Parallel()
	s := newStage(t, providers.Options{})
	a := s.connect(s.keeper(), account.Wish{})
	if err := os.Rename(s.vault.Path(), filepath.Join(t.TempDir(), "elsewhere")); err != nil {
		t.Fatal(err)
	}
	started := s.keeper()
	started.Vault = vault.New(s.vault.Path())
	if _, _, err := started.Token(t.Context(), a.ID); !errors.Is(err, vault.ErrNoFile) || !strings.Contains(err.Error(), s.vault.Path()) {
		t.Errorf("got %v", err)
	}
	_, _, err := started.Begin(t.Context(), owner, account.Google, account.Wish{}, redirect)
	var setup *account.SetupError
	if !errors.As(err, &setup) || !strings.Contains(setup.Todo, s.vault.Path()) {
		t.Errorf("got %v", err)
	}
	if a, err := started.Account(t.Context(), "barn", a.ID); err != nil || a.State != account.Connected {
		t.Errorf("%v, %v: it works again once the file is back", a.State, err)
	}
}
