package account_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wedsync/server/communications/account"
	"wedsync/server/communications/vault"
	"wedsync/store"
	"wedsync/testdata/providers"
)

const ben = "ben@barn.example"

// newLostStage is a stage with the mailboxes of anna and ben, of which anna's is lost.
func newLostStage(t *testing.T, lose func(s *stage, a account.Account)) (s *stage, k *account.Keeper, lost account.Account) {
	t.Helper()
	s = newStage(t, providers.Options{})
	s.providers.AddAccount(providers.Google, ben, "Ben")
	k = s.keeper()
	lost = s.connect(k, account.Wish{})
	s.connectAs(k, ben, account.Wish{})
	lose(s, lost)
	return s, k, lost
}

// unreadable has the settings of an account end early.
func unreadable(s *stage, a account.Account) {
	s.t.Helper()
	a.Account.Settings = a.Account.Settings[:len(a.Account.Settings)-1]
	if err := s.store.SetAccount(s.t.Context(), a.Account); err != nil {
		s.t.Fatal(err)
	}
}

// lostSecrets are the ways in which the secret of an account is lost.
var lostSecrets = map[string]func(s *stage, a account.Account){
	"altered":     func(s *stage, a account.Account) { a.Secret.Text[20] ^= 1; s.put(a) },
	"another's":   func(s *stage, a account.Account) { a.Secret = seal(s.t, s.vault, "another"); s.put(a) },
	"key altered": func(s *stage, a account.Account) { a.Secret.Data[20] ^= 1; s.put(a) },
	"without key": func(s *stage, a account.Account) {
		other := vault.New(filepath.Join(s.t.TempDir(), "keys.json"))
		if err := other.Create(s.clock.now()); err != nil {
			s.t.Fatal(err)
		}
		a.Secret = seal(s.t, other, a.ID)
		s.put(a)
	},
	"no secret": func(s *stage, a account.Account) {
		sealed, err := s.vault.Seal(vault.Owner{Supplier: a.Supplier, Account: a.ID}, []byte("no JSON"))
		if err != nil {
			s.t.Fatal(err)
		}
		a.Secret = sealed
		s.put(a)
	},
}

func TestAccountWhoseSecretIsLostIsConnectedAgain(t *testing.T) {
	t.Parallel()
	for name, lose := range lostSecrets {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, k, lost := newLostStage(t, lose)
			got, err := k.Account(t.Context(), "barn", lost.ID)
			if err != nil || got.State != account.Reconnect || !strings.Contains(got.Error, "connect it again") || got.Address != anna {
				t.Errorf("%+v, %v", got.Settings, err)
			}
			paused := true
			if got, err = k.Set(t.Context(), "barn", lost.ID, 0, account.Wish{Paused: &paused}); err != nil || got.State != account.Paused {
				t.Errorf("paused: %+v, %v", got.Settings, err)
			}
			paused = false
			if got, err = k.Set(t.Context(), "barn", lost.ID, 0, account.Wish{Paused: &paused}); err != nil || got.State != account.Reconnect {
				t.Errorf("resumed: %+v, %v", got.Settings, err)
			}
			again := s.connect(k, account.Wish{})
			if again.ID != lost.ID || again.State != account.Connected || again.Error != "" || !s.works(s.token(k, again.ID)) {
				t.Errorf("%+v", again)
			}
			all, err := k.Accounts(t.Context(), "barn")
			if err != nil || slices.ContainsFunc(all, func(a account.Account) bool { return a.State != account.Connected }) || len(all) != 2 {
				t.Errorf("%+v, %v", all, err)
			}
		})
	}
}

func TestAccountWhoseSettingsAreLostIsConnectedBesideAndDisconnected(t *testing.T) {
	t.Parallel()
	s, k, lost := newLostStage(t, unreadable)
	states := func() (states []account.State) {
		all, err := k.Accounts(t.Context(), "barn")
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range all {
			states = append(states, a.State)
		}
		slices.Sort(states)
		return states
	}
	if got := states(); !slices.Equal(got, []account.State{account.Connected, account.Reconnect}) {
		t.Errorf("%v", got)
	}
	got, err := k.Account(t.Context(), "barn", lost.ID)
	if err != nil || got.Provider != "google" || got.Address != lost.ID || got.Level != store.LevelMetadata || !strings.Contains(got.Error, "connect it again, then disconnect this one") {
		t.Errorf("%+v, %v", got, err)
	}
	name := "Mail"
	if _, err := k.Set(t.Context(), "barn", lost.ID, 0, account.Wish{Name: &name}); !errors.Is(err, account.ErrSettings) {
		t.Errorf("set: %v", err)
	}
	if again := s.connect(k, account.Wish{}); again.ID == lost.ID || !s.works(s.token(k, again.ID)) {
		t.Errorf("%+v", again)
	}
	if err := k.Disconnect(t.Context(), "barn", lost.ID); err != nil {
		t.Fatal(err)
	}
	if got := states(); !slices.Equal(got, []account.State{account.Connected, account.Connected}) {
		t.Errorf("%v", got)
	}
}
