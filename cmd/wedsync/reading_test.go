package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wedsync/server/communications/account"
	"wedsync/server/communications/pulling"
	"wedsync/server/communications/source"
	"wedsync/server/communications/vault"
	"wedsync/store"
	"wedsync/store/sqlite"
)

// A readingScene is a hub's reading of accounts, whose provider is a function.
type readingScene struct {
	*testing.T
	*sqlite.Store
	keeper *account.Keeper
	engine *pulling.Engine

	mu    sync.Mutex
	jobs  []store.Job
	rung  map[string]int // how often a job looked for what is due of an account
	asked map[string]int // how often an account was read
	log   strings.Builder
}

func newReadingScene(t *testing.T) *readingScene {
	t.Helper()
	s := &readingScene{T: t, rung: make(map[string]int), asked: make(map[string]int)}
	var err error
	if s.Store, err = sqlite.Open(t.Context(), t.TempDir()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	log := slog.New(slog.NewTextHandler(&s.log, nil))
	s.keeper = account.New(account.Options{Store: s, Jobs: s, Vault: newVault(t), Log: log})
	s.engine, err = pulling.New(pulling.Options{
		Store: s, Accounts: kept{s.keeper}, Readers: map[string]source.Source{"microsoft": s}, Clock: time.Now, Log: log,
		Caller: func(id, _ string) source.Caller { return tokenOf{s, id} },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newVault(t *testing.T) *vault.Vault {
	t.Helper()
	v := vault.New(filepath.Join(t.TempDir(), "keys.json"))
	if err := v.Create(time.Now()); err != nil {
		t.Fatal(err)
	}
	return v
}

// sealedAccount is an account whose secret a vault has sealed.
func sealedAccount(t *testing.T, id string, v *vault.Vault) store.Account {
	t.Helper()
	sealed, err := v.Seal(vault.Owner{Supplier: "barn", Account: id}, []byte(`{"access":"token","until":"2200-01-01T00:00:00Z"}`))
	if err != nil {
		t.Fatal(err)
	}
	settings, err := json.Marshal(account.Settings{
		Name: id, Address: id + "@barn.example", Level: store.LevelEverything, State: account.Connected, Secret: sealed,
		Own: []store.Contact{{Kind: store.EMail, Value: id + "@barn.example"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return store.Account{Supplier: "barn", ID: id, Provider: "microsoft", Settings: settings}
}

func (s *readingScene) put(a store.Account) {
	s.Helper()
	if err := s.SetAccount(s.Context(), a); err != nil {
		s.Fatal(err)
	}
}

// damage changes the settings of an account as they are stored.
func (s *readingScene) damage(id string, change func([]byte) []byte) {
	s.Helper()
	a, err := s.Account(s.Context(), id)
	if err != nil {
		s.Fatal(err)
	}
	a.Settings = change(a.Settings)
	s.put(a)
}

// PutJobs keeps jobs until their time comes.
func (s *readingScene) PutJobs(_ context.Context, jobs ...store.Job) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.jobs = append(s.jobs, jobs...)
	return nil
}

// pass lets time pass, during which nobody but the sweep asks for anything.
func (s *readingScene) pass(d time.Duration) {
	s.Helper()
	for until := time.Now().Add(d); time.Now().Before(until); time.Sleep(30 * time.Second) {
		if err := s.engine.Sweep(s.Context()); err != nil {
			s.Fatal(err)
		}
		for j, ok := s.due(); ok; j, ok = s.due() {
			s.rung[j.Key]++
			if err := s.engine.Work(s.Context(), j.Key); err != nil {
				s.Error(err)
			}
		}
	}
}

// due takes a job whose time has come.
func (s *readingScene) due() (j store.Job, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.jobs, func(j store.Job) bool { return j.Kind == pulling.PullKind && !j.At.After(time.Now()) })
	if i < 0 {
		return j, false
	}
	j = s.jobs[i]
	s.jobs = slices.Delete(s.jobs, i, i+1)
	return j, true
}

// state is how it stands with an account's mail.
func (s *readingScene) state(id string) pulling.Source {
	s.Helper()
	all, err := s.engine.Sources(s.Context(), "barn")
	if err != nil {
		s.Fatal(err)
	}
	i := slices.IndexFunc(all, func(one pulling.Source) bool { return one.Account == id && one.Name == "outlook" })
	if i < 0 {
		s.Fatalf("no source of %s in %+v", id, all)
	}
	return all[i]
}

// Scopes implements [source.Source].
func (s *readingScene) Scopes(context.Context, source.Account) ([]string, error) {
	return []string{"folder:in"}, nil
}

// Pull implements [source.Source]. It finds nothing, but has to authenticate for that.
func (s *readingScene) Pull(ctx context.Context, a source.Account, _ string, _ source.Place) (source.Step, error) {
	if len(a.Own) == 0 {
		s.Error("nobody knows what is the supplier's own")
	}
	_, err := a.Caller.Call(ctx, source.Request{})
	return source.Step{State: []byte("1")}, err
}

// A tokenOf gets the token of an account, and asks nobody.
type tokenOf struct {
	*readingScene
	id string
}

// Call implements [source.Caller].
func (c tokenOf) Call(ctx context.Context, _ source.Request) (source.Answer, error) {
	c.mu.Lock()
	c.asked[c.id]++
	c.mu.Unlock()
	_, _, err := c.keeper.Token(ctx, c.id)
	return source.Answer{}, err
}

// altered is text with one character of a member changed.
func altered(settings []byte, member string) []byte {
	i := strings.Index(string(settings), `"`+member+`":"`) + len(member) + 20
	was := settings[i]
	if settings[i] = 'A'; was == 'A' {
		settings[i] = 'B'
	}
	return settings
}

func TestAccountThatCannotBeReadStopsNoOther(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(s *readingScene)
		says   string
	}{
		"settings": {
			func(s *readingScene) { s.damage("b", func(was []byte) []byte { return was[:len(was)-1] }) },
			"connect it again, then disconnect this one",
		},
		"data key": {
			func(s *readingScene) { s.damage("b", func(was []byte) []byte { return altered(was, "data_key") }) },
			"is damaged: connect it again",
		},
		"secret": {
			func(s *readingScene) { s.damage("b", func(was []byte) []byte { return altered(was, "text") }) },
			"is damaged: connect it again",
		},
		"key": {
			func(s *readingScene) {
				if err := s.DeleteAccount(s.Context(), "barn", "b"); err != nil {
					s.Fatal(err)
				}
				s.put(sealedAccount(s.T, "b", newVault(s.T)))
			},
			"a key that the hub does not have",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newReadingScene(t)
				for _, id := range []string{"a", "b", "c"} {
					s.put(sealedAccount(t, id, s.keeper.Vault))
				}
				s.pass(time.Hour)
				for _, id := range []string{"a", "b", "c"} {
					if got := s.state(id); got.State != pulling.UpToDate {
						t.Fatalf("%s: %+v", id, got)
					}
				}
				c.damage(s)
				clear(s.rung)
				clear(s.asked)
				s.pass(3 * time.Hour)
				for _, id := range []string{"a", "c"} {
					if got := s.state(id); got.State != pulling.UpToDate || s.asked[id] < 30 {
						t.Errorf("%s was read %d times: %+v", id, s.asked[id], got)
					}
				}
				if got := s.state("b"); got.State != pulling.Reconnect || !strings.Contains(got.Error, c.says) || got.Title == "" || got.Address == "" {
					t.Errorf("%+v", got)
				}
				if s.asked["b"] > 0 || s.rung["b"] > 8 {
					t.Errorf("it was read %d times, and looked at %d times", s.asked["b"], s.rung["b"])
				}
				if n := strings.Count(s.log.String(), "has to be connected again"); n != 1 {
					t.Errorf("the log says so %d times:\n%s", n, s.log.String())
				}
				if err := s.keeper.Disconnect(t.Context(), "barn", "b"); err != nil {
					t.Fatal(err)
				}
				if all, err := s.keeper.Accounts(t.Context(), "barn"); len(all) != 2 || err != nil {
					t.Errorf("%d accounts, %v", len(all), err)
				}
			})
		})
	}
}

func TestAccountIsReadOnceItsKeyIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newReadingScene(t)
		before := newVault(t)
		s.put(sealedAccount(t, "b", before))
		s.pass(time.Hour)
		if got := s.state("b"); got.State != pulling.Reconnect || s.asked["b"] > 0 {
			t.Errorf("it was read %d times: %+v", s.asked["b"], got)
		}
		if err := os.Rename(before.Path(), s.keeper.Vault.Path()); err != nil {
			t.Fatal(err)
		}
		s.pass(2 * time.Hour)
		if got := s.state("b"); got.State != pulling.UpToDate {
			t.Errorf("%+v", got)
		}
	})
}
