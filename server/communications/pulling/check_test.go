package pulling_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wedsync/server/communications/pulling"
	"wedsync/server/communications/source"
	"wedsync/store"
)

// A checkedBox is a mailbox that can be asked what it has.
type checkedBox struct {
	*mailbox
	asked int // ids
	fail  error
	every int // how many calls come to each that fails for now; 0 if none does
	calls int
}

// newCheckedScene is a scene of account "a", whose mailbox was read and can be asked what it has.
func newCheckedScene(t *testing.T, scopes map[string]int) (*scene, *checkedBox) {
	t.Helper()
	s := newScene(t, scopes, "a")
	b := &checkedBox{mailbox: s.b}
	s.e.Readers["microsoft"] = b
	s.now()
	return s, b
}

// Gone implements [source.Checker]. What has a number too high for its scope is gone.
func (b *checkedBox) Gone(_ context.Context, _ source.Account, scope string, ids []string) (gone []string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked += len(ids)
	for _, id := range ids {
		var n int
		if name, ok := strings.CutPrefix(id, scope+"-"); ok {
			if _, err := fmt.Sscan(name, &n); err != nil {
				return nil, err
			}
		}
		if n >= b.scopes[scope] {
			gone = append(gone, id)
		}
	}
	if b.calls++; b.every > 0 && b.calls%b.every == 0 {
		return nil, source.ErrTemporary
	}
	return gone, b.fail
}

// lose makes the provider forget the place in a scope once.
func (b *checkedBox) lose(scope string) {
	once := true
	b.step = func(_ context.Context, of string, from int) error {
		if of == scope && from > 0 && once {
			once = false
			return source.ErrPlace
		}
		return nil
	}
}

func TestWhatWentWhileThePlaceWasLostIsRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b := newCheckedScene(t, map[string]int{"folder:in": 450, "folder:out": 30})
		s.want(480)
		for n := range 300 { // which nobody tells of any more
			id := fmt.Sprintf("folder:in-%d", 1000+n)
			s.m.items["a/"+id] = store.Item{Subject: id}
		}
		s.m.items["a/folder:out-1000"] = store.Item{}
		s.now()
		s.want(781)
		if b.asked != 0 {
			t.Errorf("asked for %d ids before", b.asked)
		}
		b.lose("folder:in")
		s.now()
		s.want(481) // the place in the other folder was not lost
		if got := s.source("a", "outlook"); got.State != pulling.UpToDate || b.asked != 781 {
			t.Errorf("asked for %d ids: %+v", b.asked, got)
		}
		s.now()
		if b.asked != 781 {
			t.Errorf("asked for %d ids once more", b.asked-781)
		}
	})
}

func TestWhatCannotBeLookedForKeepsNothingFromBeingRead(t *testing.T) {
	for name, fail := range map[string]error{"ever": source.ErrUnreadable, "now": source.ErrTemporary} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, b := newCheckedScene(t, map[string]int{"folder:in": 25})
				s.m.items["a/folder:in-1000"] = store.Item{}
				b.lose("folder:in")
				b.fail = fail
				s.now()
				s.b.arrive("folder:in", 1)
				s.now()
				s.want(26 + 1)
				want := map[string]pulling.State{"ever": pulling.UpToDate, "now": pulling.Resyncing}[name]
				if got := s.source("a", "outlook"); got.State != want || !got.LastSuccess.Equal(time.Now()) {
					t.Errorf("%+v", got)
				}
				b.fail = nil
				time.Sleep(time.Minute)
				s.now()
				s.want(26 + map[string]int{"ever": 1, "now": 0}[name])
				if got := s.source("a", "outlook"); got.State != pulling.UpToDate {
					t.Errorf("%+v", got)
				}
			})
		})
	}
}

func TestWhatWentIsFoundThoughTheProviderFailsAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const there = 450
		s, b := newCheckedScene(t, map[string]int{"folder:in": there})
		s.m.items["a/folder:in-1000"] = store.Item{}
		b.lose("folder:in")
		b.every = 3
		for range 20 {
			s.now()
			time.Sleep(time.Minute)
		}
		s.want(there)
		if b.asked > 2*there {
			t.Errorf("asked for %d ids", b.asked)
		}
	})
}

// The store fails before what went is removed, or before it can say that it was.
func TestWhatWentIsRemovedThoughTheStoreFailsAtThat(t *testing.T) {
	for name, breaks := range map[string]func(*memory, func(store.Pull) error){
		"before": func(m *memory, fail func(store.Pull) error) { m.fail = fail },
		"after":  func(m *memory, lose func(store.Pull) error) { m.lose = lose },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const there = 45
				s, b := newCheckedScene(t, map[string]int{"folder:in": there})
				for _, id := range []string{"folder:in-1000", "folder:in-3000"} { // in different steps
					s.m.items["a/"+id] = store.Item{}
				}
				b.lose("folder:in")
				failed := 0
				breaks(s.m, func(p store.Pull) error {
					if len(p.Removed) == 0 || failed > 0 {
						return nil
					}
					failed++
					return errors.New("the disk is full")
				})
				s.now()
				if failed != 1 {
					t.Fatalf("the store failed %d times", failed)
				}
				if got := s.source("a", "outlook"); got.State == pulling.UpToDate {
					t.Errorf("after the store failed: %+v", got)
				}
				s.b.arrive("folder:in", 1)
				time.Sleep(time.Minute)
				s.now()
				s.want(there + 1)
				if got := s.source("a", "outlook"); got.State != pulling.UpToDate {
					t.Errorf("%+v", got)
				}
			})
		})
	}
}
