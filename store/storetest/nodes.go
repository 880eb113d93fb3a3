package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

var nodeCases = []testcase{
	{"EndsTellNumberAndPolicyOfManySuppliers", func(b *bench) {
		b.must(commit("rose", recordID(1), 0), commit("rose", recordID(2), 0), commit("lily", recordID(3), 0))
		p := conflicts.DefaultPolicy()
		p.Version = 7
		b.ok("set policy", b.SetPolicy(b.ctx, "lily", p))
		b.ok("erase", b.Erase(b.ctx, erasure("rose", recordID(2), 1)))
		ends, err := b.Ends(b.ctx, []string{"rose", "nobody", "lily", "rose"})
		b.ok("ends", err)
		b.same("ends", ends, map[string]store.End{"rose": {Number: 3, Policy: 1}, "lily": {Number: 1, Policy: 7}, "nobody": {Policy: 1}})
		ends, err = b.Ends(b.ctx, nil)
		b.ok("ends", err)
		b.same("ends of nobody", len(ends), 0)
	}},
	{"MovesAreTheJournalWithoutItsBatches", func(b *bench) {
		for v := range uint64(4) {
			b.must(commit("rose", recordID(1), v), commit("lily", recordID(2), v), commit("rose", recordID(3), v))
		}
		b.ok("erase", b.Erase(b.ctx, erasure("rose", recordID(1), 4)))
		var want []store.Move
		for _, e := range b.journal("rose", 2, 5) {
			want = append(want, store.Move{Number: e.Number, Record: e.Record, Version: e.Version})
		}
		moves, err := b.Moves(b.ctx, "rose", 2, 5)
		b.ok("moves", err)
		b.same("moves", moves, want)
		b.same("number of moves", len(moves), 5)
		for _, none := range []struct {
			supplier string
			after    uint64
			limit    int
		}{{"rose", 9, 9}, {"rose", math.MaxUint64, 9}, {"rose", 0, 0}, {"rose", 0, -1}, {"nobody", 0, 9}} {
			moves, err := b.Moves(b.ctx, none.supplier, none.after, none.limit)
			b.ok("moves", err)
			b.same(fmt.Sprintf("moves of %v", none), len(moves), 0)
		}
	}},
	{"LaterIsLoadWithoutTheBatchesOfEarlierCommits", func(b *bench) {
		id := recordID(1)
		for v := range uint64(4) {
			c := commit("rose", id, v)
			c.Ledger = fmt.Appendf(nil, `{"v":%d}`, v)
			b.must(c, commit("rose", recordID(2), v))
		}
		whole := b.load(id)
		for _, version := range []uint64{0, 1, 3, 4, 5, math.MaxUint64} {
			want := *whole
			want.Batches = whole.Batches[min(version, 4):]
			got, err := b.Later(b.ctx, id, version)
			b.ok("later", err)
			b.same(fmt.Sprintf("later than version %d", version), got, &want)
		}
		_, err := b.Later(b.ctx, recordID(9), 1)
		b.notFound("later of an unknown record", err)
	}},
	{"ListenEndsWithItsContext", func(b *bench) {
		ctx, cancel := context.WithCancel(b.ctx)
		ended := make(chan error, 1)
		go func() { ended <- b.Listen(ctx, store.Listener{}) }()
		cancel()
		b.ok("listen", <-ended)
	}},
	{"MessageThatIsTooLargeIsNotTold", func(b *bench) {
		b.ok("tell", b.Tell(b.ctx, make([]byte, store.MaxTold)))
		if err := b.Tell(b.ctx, make([]byte, store.MaxTold+1)); !errors.Is(err, store.ErrTooMany) {
			b.Errorf("got error %v, want %v", err, store.ErrTooMany)
		}
	}},
	{"TextsOfAnyBytesAreReadBack", oddTexts},
}

// oddTexts has names that a database may find hard to hold.
func oddTexts(b *bench) {
	supplier, user, device := "ro\x00se\\", "a\\0da\x00", "\xff\\x\nphone'"
	id := recordID(1)
	k := conflict(1, id, "bud\x00get\\")
	k.Proposals[0].Authors[0].User = "be\x00n"
	m := mergedEntry(1, id, "no\x00tes")
	c := merging(telling(answered(with(commit(supplier, id, 0), k), user, "k\x00"), receipt(1, id, user)), m)
	c.Batches[0].Origin.From.User = user
	b.must(c)
	b.must(commit("ro\\0se\\\\", recordID(2), 0))
	b.project(id, `{"name":"A\u0000da","notes":"\\u0000"}`)
	seen := store.Device{Supplier: supplier, User: user, Device: device, StorageID: "\x00", Name: "\\x\xff", Since: noon, At: noon}
	b.ok("seen", b.Seen(b.ctx, []store.Device{seen}))
	said := store.DeviceHeads{Supplier: supplier, User: user, Device: device, Record: id, Heads: []crdt.Hash{hash(1)}, Refused: "\x00", At: noon}
	b.ok("announce", b.Announce(b.ctx, []store.DeviceHeads{said}))

	b.same("supplier", b.load(id).Supplier, supplier)
	b.same("entries", len(b.journal(supplier, 0, 9)), 1)
	b.same("author", b.journal(supplier, 0, 9)[0].Batches[0].Origin.From.User, user)
	b.same("conflicts", b.queue(supplier, store.ConflictQuery{Author: "be\x00n", Field: "bud\x00get\\", Limit: 9}), []conflicts.Conflict{k})
	b.same("merged", b.merged(supplier, store.MergedQuery{Limit: 9}), []conflicts.Merged{m})
	b.same("receipts", len(b.unread(supplier, user, device, "", 9)), 1)
	b.ok("acknowledge", b.Acknowledge(b.ctx, supplier, user, device, receipt(1, id, user).ID))
	b.same("receipts", len(b.unread(supplier, user, device, "", 9)), 0)
	_, err := b.Answer(b.ctx, user, "k\x00")
	b.ok("answer", err)
	s, err := b.Summary(b.ctx, supplier, id)
	b.ok("summary", err)
	b.same("projection", string(s.Projection), `{"name":"A\u0000da","notes":"\\u0000"}`)
	devices, err := b.DevicesOf(b.ctx, supplier)
	b.ok("devices", err)
	b.same("devices", devices, []store.Device{seen})
	heads, err := b.DeviceHeads(b.ctx, supplier, []crdt.RecordID{id})
	b.ok("device heads", err)
	b.same("device heads", heads, []store.DeviceHeads{said})
	suppliers, err := b.Suppliers(b.ctx, "", 9)
	b.ok("suppliers", err)
	b.same("suppliers", len(suppliers), 2)
	ends, err := b.Ends(b.ctx, []string{supplier})
	b.ok("ends", err)
	b.same("ends", ends, map[string]store.End{supplier: {Number: 1, Policy: 1}})
	shut := store.DeviceID{User: user, Device: device}
	b.setRole(1, supplier, user, conflicts.Viewer)
	b.revoke(2, supplier, shut, noon)
	b.same("access", b.access(supplier), store.Access{
		Version: 2, Roles: map[string]conflicts.Role{user: conflicts.Viewer}, Revoked: map[store.DeviceID]time.Time{shut: noon},
	})
	b.readmit(3, supplier, shut)
	b.setRole(4, supplier, user, "")
	b.same("access", b.access(supplier), store.Access{Version: 4})
}

// RunNodes holds stores that several processes may have open at once to what the
// contract says of that.
func RunNodes(t *testing.T, open Open) {
	for _, c := range []struct {
		claim string
		run   func(b, other *bench)
	}{
		{"CommitsPoliciesAndAccessOfAnotherNodeAreHeard", func(b, other *bench) {
			h := other.listen()
			b.must(commit("rose", recordID(1), 0))
			h.hears(b, "rose")
			b.must(commit("a\nb\x00\\", recordID(2), 0))
			h.hears(b, "a\nb\x00\\")
			p := conflicts.DefaultPolicy()
			p.Version = 2
			b.ok("set policy", b.SetPolicy(b.ctx, "lily", p))
			h.hears(b, "lily")
			b.setRole(1, "mill", "ada", conflicts.Viewer)
			h.hears(b, "mill")
			b.revoke(1, "barn", store.DeviceID{User: "ada", Device: "phone"}, noon)
			h.hears(b, "barn")
			b.readmit(2, "barn", store.DeviceID{User: "ada", Device: "phone"})
			h.hears(b, "barn")
			b.ok("erase", b.Erase(b.ctx, erasure("rose", recordID(1), 1)))
			h.hears(b, "rose")
		}},
		{"ManySuppliersAtOnceAreAllHeard", func(b, other *bench) {
			h := other.listen()
			var commits []store.Commit
			for n := range 2000 {
				commits = append(commits, commit(fmt.Sprint("supplier-with-a-long-name-", n), recordID(n), 0))
			}
			b.must(commits...)
			var all []string
			for _, c := range commits {
				all = append(all, c.Supplier)
			}
			h.hears(b, all...)
		}},
		{"WhatIsToldIsHeardByOthersAndNotByOneself", func(b, other *bench) {
			mine, theirs := b.listen(), other.listen()
			for _, message := range [][]byte{{}, {0, 255, '\n'}, bytes.Repeat([]byte{7}, store.MaxTold)} {
				b.ok("tell", b.Tell(b.ctx, message))
				if got := <-theirs.told; !bytes.Equal(got, message) {
					b.Errorf("heard %d bytes, told were %d", len(got), len(message))
				}
			}
			b.must(commit("rose", recordID(1), 0))
			theirs.hears(b, "rose")
			// The other's message comes after all that the node itself has sent.
			b.ok("tell", other.Tell(b.ctx, []byte("last")))
			for got := range mine.told {
				if bytes.Equal(got, []byte("last")) {
					break
				}
				b.same("heard", strings.Contains("test end", string(got)), true) // of those that began to listen
			}
			b.same("heard of oneself", len(mine.moved), 0)
		}},
		{"NodesThatDivertAtOnceStoreOneStep", func(b, other *bench) {
			id := recordID(1)
			for v := range uint64(20) {
				var g errgroup.Group
				stale := make([]int, 2)
				for n, node := range []*bench{b, other} {
					g.Go(func() error {
						s, err := node.Append(b.ctx, []store.Commit{commit("rose", id, v)})
						stale[n] = len(s)
						return err
					})
				}
				b.ok("append", g.Wait())
				b.same("stale", stale[0]+stale[1], 1)
			}
		}},
		{"AllNodesAreTheSameHub", func(b, other *bench) {
			one, err := b.Identity(b.ctx)
			b.ok("identity", err)
			two, err := other.Identity(b.ctx)
			b.ok("identity", err)
			b.same("identity", two, one)
		}},
		{"ClosedStoreEndsItsListeners", func(b, other *bench) {
			ended := make(chan error, 1)
			h := heard{moved: make(chan string, 1)}
			go func() { ended <- other.Listen(b.ctx, h.listener()) }()
			for v := uint64(0); ; v++ { // until it listens
				b.must(commit("rose", recordID(1), v))
				select {
				case <-h.moved:
				case <-time.After(10 * time.Millisecond):
					continue
				}
				break
			}
			b.ok("close", other.Close())
			if err := <-ended; !errors.Is(err, store.ErrUnavailable) {
				b.Errorf("got error %v, want %v", err, store.ErrUnavailable)
			}
		}},
	} {
		t.Run(c.claim, func(t *testing.T) {
			b := newBench(t, open)
			other := &bench{T: t, open: open, place: b.place, ctx: b.ctx}
			other.start()
			t.Cleanup(other.stop)
			c.run(b, other)
		})
	}
}

// heard is what a listener hears.
type heard struct {
	moved chan string
	told  chan []byte
}

func (h *heard) listener() store.Listener {
	return store.Listener{
		Moved: func(supplier string) {
			select {
			case h.moved <- supplier:
			default: // nobody waits for so many
			}
		},
		Told: func(message []byte) { h.told <- message },
	}
}

// listen listens until the test ends, and returns once it does.
func (b *bench) listen() *heard {
	b.Helper()
	h := &heard{moved: make(chan string, 10_000), told: make(chan []byte, 100)}
	ctx, cancel := context.WithCancel(b.ctx)
	ended := make(chan error, 1)
	go func() { ended <- b.Listen(ctx, h.listener()) }()
	b.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.Errorf("listen: %v", err)
		}
	})
	third := &bench{T: b.T, open: b.open, place: b.place, ctx: b.ctx}
	third.start()
	defer third.stop()
	for { // what is told before it listens is not heard
		b.ok("tell", third.Tell(b.ctx, []byte("test")))
		select {
		case <-h.told:
		case err := <-ended:
			b.Fatalf("listen: %v", err)
		case <-time.After(10 * time.Millisecond):
			continue
		}
		break
	}
	// Messages of one node come in order, so that the rest is heard before the end.
	b.ok("tell", third.Tell(b.ctx, []byte("end")))
	for string(<-h.told) != "end" {
	}
	return h
}

// hears waits until some suppliers were all heard of.
func (h *heard) hears(b *bench, suppliers ...string) {
	b.Helper()
	missing := make(map[string]bool)
	for _, name := range suppliers {
		missing[name] = true
	}
	timeout := time.After(20 * time.Second)
	for len(missing) > 0 {
		select {
		case got := <-h.moved:
			delete(missing, got)
		case <-timeout:
			b.Fatalf("never heard of %d of %d suppliers", len(missing), len(suppliers))
		}
	}
}
