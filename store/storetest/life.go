package storetest

import (
	"bytes"
	"errors"
	"regexp"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// stalePolicy sets a policy that must be refused as stale.
func (b *bench) stalePolicy(supplier string, p *conflicts.Policy) {
	b.Helper()
	if err := b.SetPolicy(b.ctx, supplier, p); !errors.Is(err, store.ErrStale) {
		b.Errorf("set policy of version %d: got error %v, want %v", p.Version, err, store.ErrStale)
	}
}

var lifeCases = []testcase{
	{"IdentityIsMadeOnceAndStays", func(b *bench) {
		first, err := b.Identity(b.ctx)
		b.ok("identity", err)
		b.same("bytes of the secret", len(first.Secret), 32)
		b.same("secret is zero", bytes.Equal(first.Secret, make([]byte, 32)), false)
		uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
		if !uuid.MatchString(first.StorageID) {
			b.Errorf("storage id %q is no UUID", first.StorageID)
		}
		if !regexp.MustCompile(`^[0-9a-z]{10}$`).MatchString(first.Epoch) {
			b.Errorf("epoch %q is not ten letters and digits", first.Epoch)
		}
		again, err := b.Identity(b.ctx)
		b.ok("identity", err)
		b.same("identity asked again", again, first)
		b.restart()
		later, err := b.Identity(b.ctx)
		b.ok("identity", err)
		b.same("identity after a restart", later, first)
	}},
	{"TwoHubsAreNotTheSame", func(b *bench) {
		other := newBench(b.T, b.open)
		one, err := b.Identity(b.ctx)
		b.ok("identity", err)
		two, err := other.Identity(b.ctx)
		b.ok("identity", err)
		b.same("equal secrets", bytes.Equal(one.Secret, two.Secret), false)
		b.same("equal storage ids", one.StorageID == two.StorageID, false)
		b.same("equal epochs", one.Epoch == two.Epoch, false)
	}},
	{"PingAnswersWhileOpen", func(b *bench) {
		for range 3 {
			b.ok("ping", b.Ping(b.ctx))
		}
	}},
	{"ClosedStoreIsUnavailable", func(b *bench) {
		id := recordID(1)
		b.must(commit("rose", id, 0))
		b.stop()
		_, appended := b.Append(b.ctx, []store.Commit{commit("rose", id, 1)})
		_, loaded := b.Load(b.ctx, id)
		_, heads := b.Heads(b.ctx, []crdt.RecordID{id})
		for call, err := range map[string]error{
			"append": appended, "load": loaded, "heads": heads, "ping": b.Ping(b.ctx),
			"project": b.Project(b.ctx, store.Projection{Record: id}),
		} {
			if !errors.Is(err, store.ErrUnavailable) {
				b.Errorf("%s: got error %v, want %v", call, err, store.ErrUnavailable)
			}
		}
		b.ok("close again", b.Close())
		b.start()
		b.same("version", b.version(id), uint64(1))
	}},
}
