package storetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wedsync/conflicts"
	"wedsync/store"
)

const hearsay = 5 * time.Second // within which another process hears of a commit

// other opens the bench's store once more, as another process would.
func (b *bench) other() store.Store {
	b.Helper()
	s, err := b.open(b.ctx, b.place)
	if err != nil {
		b.Fatalf("open a shared store again: %v", err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Errorf("close: %v", err)
		}
	})
	return s
}

// listen has a store listened to until the case ends. It returns once the
// listener hears what is told through another.
func (b *bench) listen(s, through store.Store) (moved chan string, told chan string) {
	b.Helper()
	moved, told = make(chan string, 1000), make(chan string, 1000)
	ctx, cancel := context.WithCancel(b.ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- s.Listen(ctx, store.Listener{
			Moved: func(supplier string) { moved <- supplier },
			Told:  func(message []byte) { told <- string(message) },
		})
	}()
	b.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.Errorf("listen: %v", err)
		}
	})
	late := time.After(hearsay)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		b.ok("tell", through.Tell(b.ctx, []byte("are you there?")))
		select {
		case <-told:
			for len(told) > 0 {
				<-told
			}
			return moved, told
		case <-tick.C:
		case <-late:
			b.Fatalf("a listener heard nothing in %s", hearsay)
		}
	}
}

// hears waits for a word.
func (b *bench) hears(from chan string, want string) {
	b.Helper()
	late := time.After(hearsay)
	for {
		select {
		case got := <-from:
			if got == want {
				return
			}
		case <-late:
			b.Fatalf("%q was not heard in %s", want, hearsay)
		}
	}
}

func (b *bench) ends(suppliers ...string) map[string]store.End {
	b.Helper()
	ends, err := b.Ends(b.ctx, suppliers)
	b.ok("ends", err)
	return ends
}

func (b *bench) moves(supplier string, after uint64, limit int) []store.Move {
	b.Helper()
	moves, err := b.Moves(b.ctx, supplier, after, limit)
	b.ok("moves", err)
	return moves
}

var nodeCases = []testcase{
	{"EndsSayHowFarSuppliersHaveCome", func(b *bench) {
		b.must(commit("rose", recordID(1), 0), commit("lily", recordID(2), 0))
		b.must(commit("rose", recordID(1), 1), commit("rose", recordID(3), 0))
		b.ok("set policy", b.SetPolicy(b.ctx, "lily", &conflicts.Policy{Version: 7}))
		b.same("ends", b.ends("rose", "lily", "nobody"), map[string]store.End{
			"rose": {Number: 3, Policy: 1}, "lily": {Number: 1, Policy: 7}, "nobody": {Policy: 1},
		})
		b.same("ends of none", len(b.ends()), 0)
	}},
	{"MovesAreTheJournalWithoutItsBatches", func(b *bench) {
		for version := range uint64(3) {
			b.must(commit("rose", recordID(1), version), commit("lily", recordID(9), version), commit("rose", recordID(2), version))
		}
		var want []store.Move
		for _, e := range b.journal("rose", 0, 100) {
			want = append(want, store.Move{Number: e.Number, Record: e.Record, Version: e.Version})
		}
		b.same("count", len(want), 6)
		b.same("moves", b.moves("rose", 0, 100), want)
		b.same("a page", b.moves("rose", 2, 3), want[2:5])
		b.same("beyond the end", len(b.moves("rose", 6, 100)), 0)
		b.same("of nobody", len(b.moves("nobody", 0, 100)), 0)
	}},
	{"LaterReadsWhatCameSinceAVersion", func(b *bench) {
		id := recordID(1)
		for version := range uint64(5) {
			b.must(commit("rose", id, version))
		}
		whole := b.load(id)
		entries := b.journal("rose", 0, 100)
		for version := range uint64(7) {
			later, err := b.Later(b.ctx, id, version)
			b.ok("later", err)
			var want []store.Batch
			for _, e := range entries {
				for _, batch := range e.Batches {
					if e.Version > version {
						batch.Origin = store.Origin{}
						want = append(want, batch)
					}
				}
			}
			b.same(fmt.Sprint("batches later than version ", version), later.Batches, want)
			b.same("heads", later.Heads, whole.Heads)
			b.same("ledger", later.Ledger, whole.Ledger)
		}
		if _, err := b.Later(b.ctx, recordID(2), 0); !errors.Is(err, store.ErrNotFound) {
			b.Errorf("later of an unknown record: got error %v, want %v", err, store.ErrNotFound)
		}
	}},
	{"OtherProcessesHearOfCommitsAndPolicies", func(b *bench) {
		if !b.Shared() {
			if s, err := b.open(b.ctx, b.place); err == nil {
				b.ok("close", s.Close())
				b.Fatal("a store that is not shared was opened twice")
			}
			return
		}
		other := b.other()
		moved, _ := b.listen(other, b.Store)
		b.must(commit("rose", recordID(1), 0))
		b.hears(moved, "rose")
		b.ok("set policy", b.SetPolicy(b.ctx, "lily", &conflicts.Policy{Version: 2}))
		b.hears(moved, "lily")
		// Many suppliers at once are all heard of.
		var commits []store.Commit
		for i := range 300 {
			commits = append(commits, commit(fmt.Sprintf("supplier with a rather long name, number %d", i), recordID(100+i), 0))
		}
		b.must(commits...)
		heard := make(map[string]bool)
		for late := time.After(hearsay); len(heard) < len(commits); {
			select {
			case supplier := <-moved:
				heard[supplier] = true
			case <-late:
				b.Fatalf("%d of %d suppliers were heard of in %s", len(heard), len(commits), hearsay)
			}
		}
	}},
	{"WhatIsToldReachesTheOthersAlone", func(b *bench) {
		if !b.Shared() {
			b.ok("tell", b.Tell(b.ctx, []byte("nobody there")))
			return
		}
		other := b.other()
		_, theirs := b.listen(other, b.Store)
		_, own := b.listen(b.Store, other)
		long := string(make([]byte, store.MaxTold))
		b.ok("tell", b.Tell(b.ctx, []byte(long)))
		b.hears(theirs, long)
		b.ok("tell", other.Tell(b.ctx, []byte("and back")))
		b.hears(own, "and back")
		b.same("heard of oneself", len(own), 0)
	}},
	{"ListeningEndsWithItsContext", func(b *bench) {
		ctx, cancel := context.WithCancel(b.ctx)
		cancel()
		b.ok("listen", b.Listen(ctx, store.Listener{Moved: func(string) {}, Told: func([]byte) {}}))
	}},
}
