package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"wedsync/crdt"
	"wedsync/store"
)

var concurrencyCases = []testcase{
	{"NoReaderEverSkipsANumber", followers},
	{"NoneOfManyReadersOfOneJournalEverSkipsANumber", crowd},
	{"WritersOfManySuppliersInAnyOrderNeverFail", tangle},
	{"OfManyRivalsForAVersionOneWins", func(b *bench) {
		id := recordID(1)
		const rounds, rivals = 10, 16
		for v := range uint64(rounds) {
			var won atomic.Int32
			var g errgroup.Group
			for r := range rivals {
				g.Go(func() error {
					c := commit("rose", id, v)
					c.Batches[0].Chunks[0] = chunk(v, r)
					stale, err := b.Append(b.ctx, []store.Commit{c})
					if len(stale) == 0 && err == nil {
						won.Add(1)
					}
					return err
				})
			}
			b.ok("append", g.Wait())
			b.same("winners", won.Load(), int32(1))
		}
		b.same("batches", len(b.load(id).Batches), rounds)
	}},
	{"LoadIsOfOneVersionWhileCommitsArrive", func(b *bench) {
		id := recordID(1)
		const versions = 300
		b.must(commit("rose", id, 0))
		var g errgroup.Group
		g.Go(func() error {
			for v := uint64(1); v < versions; v++ {
				c := commit("rose", id, v)
				c.Ledger = fmt.Appendf(nil, "%d", v+1)
				if _, err := b.Append(b.ctx, []store.Commit{c}); err != nil {
					return err
				}
			}
			return nil
		})
		for v := uint64(1); v < versions; {
			st := b.load(id)
			v = st.Version
			b.same("batches", uint64(len(st.Batches)), v)
			b.same("heads", st.Heads.Heads, []crdt.Hash{hash(id, v-1)})
			if v > 1 {
				b.same("ledger", string(st.Ledger), fmt.Sprint(v))
			}
			if b.Failed() {
				break
			}
		}
		b.ok("append", g.Wait())
	}},
}

// followers lets 64 goroutines append to 4 suppliers while each supplier's
// journal is followed by a reader.
func followers(b *bench) {
	const suppliers, writers, steps = 4, 64, 10
	const entries = writers / suppliers * steps
	var g errgroup.Group
	var writing sync.WaitGroup
	ended := make(chan struct{})
	for w := range writers {
		writing.Add(1)
		g.Go(func() (err error) {
			defer writing.Done()
			supplier := fmt.Sprint("supplier-", w%suppliers)
			for v := range uint64(steps) {
				if _, err := b.Append(b.ctx, []store.Commit{commit(supplier, recordID(w), v)}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	go func() { writing.Wait(); close(ended) }()
	for f := range suppliers {
		g.Go(func() error { return b.follow(fmt.Sprint("supplier-", f), entries, ended) })
	}
	b.ok("append and follow", g.Wait())
}

// crowd lets 64 goroutines append to one journal while 64 others follow it.
func crowd(b *bench) {
	const each, steps = 64, 4
	var g errgroup.Group
	var writing sync.WaitGroup
	ended := make(chan struct{})
	for w := range each {
		writing.Add(1)
		g.Go(func() error {
			defer writing.Done()
			for v := range uint64(steps) {
				if _, err := b.Append(b.ctx, []store.Commit{commit("rose", recordID(w), v)}); err != nil {
					return err
				}
			}
			return nil
		})
		g.Go(func() error { return b.follow("rose", each*steps, ended) })
	}
	go func() { writing.Wait(); close(ended) }()
	b.ok("append and follow", g.Wait())
}

// tangle lets goroutines append batches over many suppliers, each in an order of
// its own, while others erase, note devices and project.
func tangle(b *bench) {
	const writers, suppliers, steps = 16, 12, 6
	seed := rand.Uint64()
	b.Logf("seed %d", seed)
	var g errgroup.Group
	for w := range writers {
		random := rand.New(rand.NewPCG(seed, uint64(w)))
		g.Go(func() error {
			for v := range uint64(steps) {
				var commits []store.Commit
				var devices []store.Device
				var projections []store.Projection
				var said []store.DeviceHeads
				for _, n := range random.Perm(suppliers) {
					name, id := fmt.Sprint("supplier-", n), recordID(w*100+n)
					c := commit(name, id, v)
					if v == 0 {
						c = with(c, conflict(w*100+n, id, "budget"))
					}
					commits = append(commits, c)
					user := fmt.Sprint("user-", random.IntN(4))
					devices = append(devices, store.Device{Supplier: name, User: user, Device: "phone", At: noon})
					projections = append(projections, store.Projection{Record: recordID(random.IntN(writers)*100 + n), Fields: []byte(`{"name":"Ada"}`)})
					said = append(said, store.DeviceHeads{Supplier: name, User: user, Device: "phone", Record: recordID(random.IntN(writers)*100 + n), At: noon})
				}
				stale, err := b.Append(b.ctx, commits)
				if err != nil || len(stale) > 0 {
					return fmt.Errorf("writer %d, step %d: %w, %d stale", w, v, err, len(stale))
				}
				if err := errors.Join(b.Seen(b.ctx, devices), b.Project(b.ctx, projections...), b.Announce(b.ctx, said)); err != nil {
					return err
				}
			}
			n := random.IntN(suppliers)
			return b.Erase(b.ctx, erasure(fmt.Sprint("supplier-", n), recordID(w*100+n), steps))
		})
	}
	b.ok("append", g.Wait())
	total := 0
	for n := range suppliers {
		total += len(b.journal(fmt.Sprint("supplier-", n), 0, 1000))
	}
	b.same("entries", total, writers*(suppliers*steps+1))
}

// follow reads a journal until it has seen so many entries, or until writing
// has ended and there is no more.
func (b *bench) follow(supplier string, entries uint64, ended <-chan struct{}) error {
	versions := map[crdt.RecordID]uint64{}
	for last := uint64(0); last < entries; {
		over := false
		select {
		case <-ended:
			over = true
		default:
		}
		page, err := b.Journal(b.ctx, supplier, last, 7)
		if err != nil {
			return err
		}
		for _, e := range page {
			if e.Number != last+1 {
				return fmt.Errorf("%s: entry %d follows entry %d", supplier, e.Number, last)
			}
			if e.Version != versions[e.Record]+1 {
				return fmt.Errorf("%s: entry %d has version %d of a record last seen at %d", supplier, e.Number, e.Version, versions[e.Record])
			}
			last, versions[e.Record] = e.Number, e.Version
		}
		if over && len(page) == 0 {
			return fmt.Errorf("%s: the journal ends at %d of %d", supplier, last, entries)
		}
	}
	return nil
}
