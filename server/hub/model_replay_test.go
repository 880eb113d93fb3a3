package hub_test

import (
	"maps"
	"slices"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
)

// replay does all batches of the journal again on a record of its own, and
// compares what they lead to with what the store keeps.
func (m *model) replay() {
	if m.at.record == nil {
		return
	}
	rows := make(map[string]conflicts.Conflict)
	merged := make(map[string]conflicts.Merged)
	receipts := make(map[string]string)
	find := func(id string) (conflicts.Conflict, bool) {
		row, ok := rows[id]
		return row, ok
	}
	var rec *conflicts.Record
	for _, e := range m.at.entries {
		for _, b := range e.Batches {
			policy := m.at.policies[b.Origin.Policy]
			if rec == nil {
				rec = conflicts.New(m.id, &conflicts.Env{Secret: modelIdentity.Secret, Limits: crdt.DefaultLimits}, policy)
			}
			out, err := rec.Replay(conflicts.Journaled{
				StoredBatch: conflicts.StoredBatch{Chunks: b.Chunks, Hub: b.Hub},
				From:        b.Origin.From, Policy: policy, At: b.Origin.At, Input: b.Origin.Input,
			}, find)
			if err != nil {
				m.t.Fatalf("replay of entry %d: %v\n%s", e.Number, err, asJSON(b.Origin))
			}
			var chunks [][]byte
			for _, c := range out.Stored {
				chunks = append(chunks, c.Raw)
			}
			if !slices.EqualFunc(chunks, b.Chunks, slices.Equal[[]byte]) || (out.Hub != nil) != b.Hub {
				m.t.Fatalf("a replay of entry %d writes another hub change: %s", e.Number, asJSON(b.Origin))
			}
			m.alike("verdicts", e.Number, b.Origin.Verdicts, out.Verdicts)
			m.alike("input", e.Number, b.Origin.Input, out.Input)
			m.alike("decision log", e.Number, b.Origin.Log, out.Log)
			for _, row := range out.Conflicts {
				rows[row.ID] = row
			}
			for _, e := range out.Merged {
				merged[e.ID] = e
			}
			for _, r := range out.Receipts {
				receipts[r.ID] = asJSON(r)
			}
		}
	}
	kept := make(map[string]conflicts.Conflict)
	for _, row := range m.at.rows {
		kept[row.ID] = row
	}
	m.alike("conflicts", 0, kept, rows)
	entries := make(map[string]conflicts.Merged)
	for _, e := range m.at.merged {
		entries[e.ID] = e
	}
	m.alike("merged entries", 0, entries, merged)
	m.alike("ledger", 0, string(m.at.ledger), string(rec.Ledger()))
	m.alike("receipts", 0, m.receipts(), receipts)
	m.checkup()
	m.tally.note("replay")
}

// checkup has the doctor look: it must come to the same, and find nothing.
func (m *model) checkup() {
	policy, err := m.hub.Policy(m.ctx, modelSupplier)
	m.must(err)
	c := hub.Checkup{
		Store: m.store, Engine: noEngine{}, Supplier: modelSupplier, Policy: policy,
		Env: &conflicts.Env{Secret: modelIdentity.Secret, Limits: crdt.DefaultLimits},
	}
	report, err := c.Record(m.ctx, m.id)
	m.must(err)
	for _, f := range report.Findings {
		m.t.Errorf("a checkup finds: %s", f.What)
	}
	if report.Unproven != nil {
		m.t.Errorf("a checkup cannot tell: %v", report.Unproven)
	}
}

// receipts are all that the store keeps.
func (m *model) receipts() map[string]string {
	kept := make(map[string]string)
	for _, user := range []string{"alice", "bob", "olga", "vera", "crm"} {
		found, err := m.store.Receipts(m.ctx, modelSupplier, user, "a device that never was", "", 10_000)
		m.must(err)
		for _, r := range found {
			kept[r.ID] = asJSON(r)
		}
	}
	return kept
}

func (m *model) alike(what string, entry uint64, kept, replayed any) {
	if a, b := asJSON(kept), asJSON(replayed); a != b {
		m.t.Fatalf("a replay leads to other %s at entry %d (- kept, + replayed):\n%s", what, entry, cmp.Diff(a, b))
	}
}

// converge has everybody exchange everything: then each document shows the
// accepted values alone.
func (m *model) converge(t *rapid.T) {
	m.done("restore", m.hub.Restore(m.ctx, m.id, m.owner(), nil))
	m.check(t)
	writers := m.authors[:4]
	for range len(writers) + 1 {
		for _, a := range writers {
			if raws := a.unsent(false); len(raws) > 0 {
				a.deliver(raws)
				m.check(t)
			}
		}
		if m.at.record == nil || !m.at.record.Settled() {
			return // its introducer keeps something back for good
		}
		for _, a := range writers {
			a.pull(len(m.at.batches))
		}
	}
	for _, a := range writers {
		if n := len(a.unsent(true)); n > 0 {
			t.Fatalf("%s holds %d changes that the hub never took", a.who.Device, n)
		}
		for _, path := range slices.Sorted(maps.Keys(m.at.view.Accepted)) {
			accepted := m.at.view.Accepted[path]
			want := accepted.Written
			if accepted.Value.Kind == crdt.Missing {
				want = crdt.Value{}
			}
			if len(path.Keys()) == 1 && !a.value(path).Equal(want) {
				t.Fatalf("%s shows %s %+v, accepted is %+v", a.who.Device, path, a.value(path), want)
			}
		}
	}
}
