package pulling_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"wedsync/server/communications/pulling"
	"wedsync/server/communications/source"
	"wedsync/store"
)

func TestMain(m *testing.M) {
	if at := os.Getenv(crashAt); at != "" {
		fmt.Fprintln(os.Stderr, readAndCrash(strings.Split(at, " ")))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

const supplier = "studio"

// A memory is a store in memory that can be told to fail.
type memory struct {
	mu       sync.Mutex
	accounts map[string]pulling.Account
	own      []store.Contact
	cursors  map[store.CursorKey]store.Cursor
	items    map[string]store.Item // by account and its provider's id
	pulls    int
	jobs     []store.Job
	fail     func(store.Pull) error // before a pull is stored
	lose     func(store.Pull) error // after it is
}

func newMemory() *memory {
	return &memory{
		accounts: make(map[string]pulling.Account), cursors: make(map[store.CursorKey]store.Cursor), items: make(map[string]store.Item),
	}
}

func (m *memory) Account(_ context.Context, id string) (pulling.Account, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.accounts[id]
	if !ok {
		return a, store.ErrNotFound
	}
	return a, nil
}

func (m *memory) Accounts(_ context.Context, of string) ([]pulling.Account, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []pulling.Account
	for _, id := range slices.Sorted(maps.Keys(m.accounts)) {
		if a := m.accounts[id]; a.Supplier == of {
			all = append(all, a)
		}
	}
	return all, nil
}

func (m *memory) Own(context.Context, string) ([]store.Contact, error) { return m.own, nil }

func (m *memory) AllAccounts(_ context.Context, after string, limit int) ([]store.Account, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []store.Account
	for _, id := range slices.Sorted(maps.Keys(m.accounts)) {
		if id > after && len(all) < limit {
			all = append(all, store.Account{Supplier: m.accounts[id].Supplier, ID: id, Provider: m.accounts[id].Provider})
		}
	}
	return all, nil
}

func (m *memory) Cursors(ctx context.Context, of, account string) ([]store.Cursor, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []store.Cursor
	for key, c := range m.cursors {
		if key.Supplier == of && key.Account == account {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(c, d store.Cursor) int { return compare(c.Scope, d.Scope) })
	return all, ctx.Err()
}

func compare(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

func (m *memory) DueCursors(_ context.Context, now time.Time, limit int) ([]store.CursorKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var due []store.CursorKey
	for key, c := range m.cursors {
		if !c.Due.After(now) && len(due) < limit {
			due = append(due, key)
		}
	}
	return due, nil
}

func (m *memory) SetCursor(_ context.Context, c store.Cursor) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.set(c)
}

func (m *memory) set(c store.Cursor) error {
	key := store.CursorKey{Supplier: c.Supplier, Account: c.Account, Scope: c.Scope}
	if _, ok := m.accounts[c.Account]; !ok {
		return store.ErrNotFound
	}
	if m.cursors[key].Version != c.Version {
		return store.ErrStale
	}
	c.Version++
	m.cursors[key] = c
	return nil
}

func (m *memory) StorePull(_ context.Context, p store.Pull) (store.Pulled, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		if err := m.fail(p); err != nil {
			return store.Pulled{}, err
		}
	}
	if err := m.set(*p.Cursor); err != nil {
		return store.Pulled{}, err
	}
	m.pulls++
	var stored store.Pulled
	for _, item := range p.Items {
		key := p.Account + "/" + item.Occurrences[0].Provider
		if _, ok := m.items[key]; !ok {
			stored.Fresh++
		}
		m.items[key] = item
		stored.IDs = append(stored.IDs, item.ID)
	}
	for _, id := range p.Removed {
		delete(m.items, p.Account+"/"+id)
	}
	if m.lose != nil {
		return stored, m.lose(p)
	}
	return stored, nil
}

func (m *memory) Occurrences(_ context.Context, _, account, after string, limit int) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var ids []string
	for _, key := range slices.Sorted(maps.Keys(m.items)) {
		id, ok := strings.CutPrefix(key, account+"/")
		if ok && id > after && len(ids) < limit {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (m *memory) PutJobs(_ context.Context, jobs ...store.Job) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.jobs = append(m.jobs, jobs...)
	return nil
}

// A mailbox is a source whose scopes have numbered things, of which each step
// gives some.
type mailbox struct {
	mu     sync.Mutex
	scopes map[string]int // how many things each has
	asked  []string       // scope and where it was read from
	step   func(ctx context.Context, scope string, from int) error
	look   error
	slow   time.Duration // that it takes to say which scopes there are
	now    int           // steps that are being made
	most   int
}

const stepOf = 10

func (b *mailbox) Scopes(context.Context, source.Account) ([]string, error) {
	time.Sleep(b.slow)
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Sorted(maps.Keys(b.scopes)), b.look
}

func (b *mailbox) Pull(ctx context.Context, _ source.Account, scope string, place source.Place) (source.Step, error) {
	from := 0
	if place.State != nil {
		if err := json.Unmarshal(place.State, &from); err != nil {
			return source.Step{}, err
		}
	}
	b.mu.Lock()
	b.asked = append(b.asked, fmt.Sprintf("%s %d", scope, from))
	b.now++
	b.most = max(b.most, b.now)
	step := b.step
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		b.now--
		b.mu.Unlock()
	}()
	if step != nil {
		if err := step(ctx, scope, from); err != nil {
			return source.Step{}, err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	to := min(from+stepOf, b.scopes[scope])
	s := source.Step{State: json.RawMessage(fmt.Sprint(to)), More: to < b.scopes[scope], Left: b.scopes[scope] - to}
	for n := from; n < to; n++ {
		id := fmt.Sprintf("%s-%d", scope, n)
		s.Found = append(s.Found, store.Item{Key: source.Key("email", id), Kind: "email", Direction: store.Inbound, At: time.Unix(1_800_000_000+int64(n), 0), Subject: id, Occurrences: []store.Occurrence{{Provider: id}}})
	}
	return s, nil
}

func (b *mailbox) arrive(scope string, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.scopes[scope] += n
}

// A scene is an engine that reads a mailbox.
type scene struct {
	*testing.T
	m *memory
	b *mailbox
	e *pulling.Engine
}

func newScene(t *testing.T, scopes map[string]int, accounts ...string) *scene {
	t.Helper()
	s := &scene{T: t, m: newMemory(), b: &mailbox{scopes: scopes}}
	for _, id := range accounts {
		s.m.accounts[id] = pulling.Account{Supplier: supplier, ID: id, Provider: "microsoft", Name: id, Source: source.Account{Address: id + "@example.com"}}
	}
	s.e = s.engine()
	return s
}

// engine is another engine on the same store.
func (s *scene) engine() *pulling.Engine {
	s.Helper()
	e, err := pulling.New(pulling.Options{
		Store: s.m, Accounts: s.m, Readers: map[string]source.Source{"microsoft": s.b},
		Caller: func(string, string) source.Caller { return nil }, Clock: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		s.Fatal(err)
	}
	return e
}

func (s *scene) now(accounts ...string) {
	s.Helper()
	if err := s.e.Now(s.Context(), supplier, accounts, nil); err != nil {
		s.Fatal(err)
	}
}

// ring runs the jobs whose time has come.
func (s *scene) ring() {
	s.Helper()
	for {
		s.m.mu.Lock()
		i := slices.IndexFunc(s.m.jobs, func(j store.Job) bool { return !j.At.After(time.Now()) })
		if i < 0 {
			s.m.mu.Unlock()
			return
		}
		j := s.m.jobs[i]
		s.m.jobs = slices.Delete(s.m.jobs, i, i+1)
		s.m.mu.Unlock()
		if err := s.e.Workers()[j.Kind].Run(s.Context(), j); err != nil {
			s.Fatal(err)
		}
	}
}

func (s *scene) want(items int) {
	s.Helper()
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if len(s.m.items) != items {
		s.Errorf("%d items are stored, want %d", len(s.m.items), items)
	}
}

func (s *scene) source(account, name string) pulling.Source {
	s.Helper()
	all, err := s.e.Sources(s.Context(), supplier)
	if err != nil {
		s.Fatal(err)
	}
	for _, one := range all {
		if one.Account == account && one.Name == name {
			return one
		}
	}
	s.Fatalf("no source %s of %s in %+v", name, account, all)
	return pulling.Source{}
}
