package conflicts

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wedsync/crdt"
)

// fataler is what the harness needs of a test.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

var (
	alice = Principal{Supplier: "s", User: "alice", Device: "alice-1", Role: Member}
	bob   = Principal{Supplier: "s", User: "bob", Device: "bob-1", Role: Member}
	olga  = Principal{Supplier: "s", User: "olga", Device: "olga-1", Role: Owner}
	crm   = Principal{Supplier: "s", User: "crm", Role: Integration}
	guest = Principal{Supplier: "s", User: "guest", Device: "guest-1", Role: Viewer}
)

// A form is how a device writes a value.
type form string

const (
	scalars form = "scalars"
	texts   form = "js-texts"
)

// n is a number in a form.
func (f form) n(n int64) crdt.Value {
	if f == texts {
		return crdt.Value{Kind: crdt.Text, Str: fmt.Sprint(n)}
	}
	return crdt.Value{Kind: crdt.Int, Int: n}
}

// s is a string in a form.
func (f form) s(s string) crdt.Value {
	if f == texts {
		return crdt.Value{Kind: crdt.Text, Str: s}
	}
	return crdt.Value{Kind: crdt.Str, Str: s}
}

// A world is one record on a hub, what was stored of it, and a second copy
// that is loaded before each batch and must say the same.
type world struct {
	t          fataler
	id         crdt.RecordID
	env        *Env
	policy     *Policy
	rec        *Record
	now        time.Time
	ledger     []byte
	batches    []StoredBatch
	pasts      []Past  // the journal
	log        LogHead // of its decision log
	kind       string  // of the batch that is next
	from       Principal
	replay     []func(*Record) *Outcome
	origin     origin          // where a replay begins
	backups    []origin        // what was stored after each batch
	seen       map[string]bool // values that some author saw, or that a person chose
	rows       map[string]Conflict
	mergedRows map[string]Merged
	actors     int
}

// An origin is what was stored at some time.
type origin struct {
	ledger  []byte
	batches []StoredBatch
	pasts   []Past
}

func modes(review Review) *Policy {
	p := DefaultPolicy()
	for i := range p.Fields {
		p.Fields[i].Review = review
	}
	return p
}

func newWorld(t fataler, p *Policy) *world {
	t.Helper()
	w := &world{
		t: t, id: crdt.RecordID{1, 2, 3}, env: &Env{Secret: []byte("0123456789abcdef0123456789abcdef"), Limits: crdt.DefaultLimits},
		policy: p, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		seen: map[string]bool{}, rows: map[string]Conflict{}, mergedRows: map[string]Merged{},
	}
	w.rec = New(w.id, w.env, p)
	return w
}

// do runs one batch on the record, on a copy loaded from what was stored, and
// checks what holds after every batch.
func (w *world) do(run func(*Record) *Outcome) *Outcome {
	w.t.Helper()
	w.now = w.now.Add(time.Second)
	twin, err := Load(w.id, w.env, w.policy, w.ledger, w.batches)
	if err != nil {
		w.t.Fatalf("load: %v", err)
	}
	before := w.rec.View()
	found, listed := w.rec.pendings(), w.rec.Listed()
	waiting := len(w.rec.carriers) > 0 // a loaded copy does not have those
	out := run(w.rec)
	if out.Err != nil {
		w.t.Fatalf("outcome: %v", out.Err)
	}
	again := run(twin)
	if got, want := twin.Ledger(), w.rec.Ledger(); !waiting && !bytes.Equal(got, want) {
		w.t.Fatalf("a loaded record came to another ledger:\n%s", cmp.Diff(string(want), string(got)))
	}
	if !waiting && len(again.Stored) != len(out.Stored) {
		w.t.Fatalf("a loaded record stores %d changes, not %d", len(again.Stored), len(out.Stored))
	}
	for i := range w.rec.graph.Len() {
		h := w.rec.graph.At(i).Hash
		want, _ := w.rec.graph.Sealed(h)
		if got, _ := twin.graph.Sealed(h); got != want && !waiting {
			w.t.Fatalf("in a loaded record %s is answered by %s, not %s", h, got, want)
		}
	}
	if !out.LedgerChanged && w.ledger != nil && !bytes.Equal(w.ledger, w.rec.Ledger()) {
		w.t.Fatalf("the ledger changed in silence:\n%s", cmp.Diff(string(w.ledger), string(w.rec.Ledger())))
	}
	w.replay = append(w.replay, run)
	w.checkSteps(out, found, listed)
	w.save(out)
	w.check(before, out)
	return out
}

func (w *world) save(out *Outcome) {
	b := StoredBatch{Hub: out.Hub != nil}
	for _, c := range out.Stored {
		b.Chunks = append(b.Chunks, c.Raw)
	}
	if len(out.Stored) > 0 {
		w.batches = append(w.batches, b)
	}
	w.pasts = append(w.pasts, Past{
		StoredBatch: b, Number: uint64(len(w.pasts) + 1), Kind: w.kind, From: w.from, At: w.now,
		Verdicts: out.Verdicts, Log: out.Log, Carried: out.Carried, Chosen: out.Chosen,
	})
	if out.LedgerChanged {
		w.ledger = w.rec.Ledger()
	}
	for _, c := range out.Conflicts {
		w.rows[c.ID] = c
	}
	for _, m := range out.Merged {
		w.mergedRows[m.ID] = m
	}
	w.backups = append(w.backups, origin{w.ledger, slices.Clip(w.batches), slices.Clip(w.pasts)})
}

// checkReplay plays all batches again on a new record.
func (w *world) checkReplay() {
	w.t.Helper()
	if len(w.replay) == 0 {
		return
	}
	rec, err := Load(w.id, w.env, w.policy, w.origin.ledger, w.origin.batches)
	if err != nil {
		w.t.Fatalf("load: %v", err)
	}
	for _, run := range w.replay {
		for _, m := range run(rec).Merged {
			if was := w.mergedRows[m.ID]; m.Version > was.Version || m.Version == was.Version && !cmp.Equal(was, m) {
				w.t.Fatalf("a replay came to another entry:\n%s", cmp.Diff(was, m))
			}
		}
	}
	if got, want := rec.Ledger(), w.rec.Ledger(); !bytes.Equal(got, want) {
		w.t.Fatalf("a replay came to another ledger:\n%s", cmp.Diff(string(want), string(got)))
	}
	w.checkStored()
	w.checkHistory()
}

func (w *world) receive(who Principal, raws [][]byte, announced []crdt.Hash) *Outcome {
	w.t.Helper()
	announced = slices.Clone(announced)
	w.kind, w.from = "sync", who
	var at time.Time
	policy := w.policy
	return w.do(func(r *Record) *Outcome {
		if at.IsZero() {
			at = w.now
		}
		var changes []*crdt.Change
		for _, raw := range raws {
			changes = append(changes, decode(w.t, raw))
		}
		return r.Receive(Delivery{From: who, Changes: changes, Announced: announced, Policy: policy, Now: at})
	})
}

// edit is an API edit.
func (w *world) edit(who Principal, fields map[crdt.Path]crdt.Value, ifMatch map[crdt.Path]uint64) *Outcome {
	w.t.Helper()
	for _, v := range fields {
		w.seen[name(v)] = true
	}
	w.kind, w.from = "api", who
	var at time.Time
	policy := w.policy
	return w.do(func(r *Record) *Outcome {
		if at.IsZero() {
			at = w.now
		}
		out, err := r.Edit(Edit{From: who, Fields: fields, IfMatch: ifMatch, Policy: policy, Now: at})
		if err != nil {
			w.t.Fatalf("edit: %v", err)
		}
		return out
	})
}

// resolve decides the pending conflict of a field.
func (w *world) resolve(path crdt.Path, s Resolution) *Outcome {
	w.t.Helper()
	c := w.pending(path)
	s.Conflict, s.Version, s.Policy = c.ID, c.Version, w.policy
	if s.By.User == "" {
		s.By = olga
	}
	w.seen[name(s.Value)] = true
	w.kind, w.from = "resolve", s.By
	return w.do(func(r *Record) *Outcome {
		if s.Now.IsZero() {
			s.Now = w.now
		}
		out, err := r.Resolve(s)
		if err != nil {
			w.t.Fatalf("resolve: %v", err)
		}
		return out
	})
}

// pending is the row of a field's pending conflict.
func (w *world) pending(path crdt.Path) Conflict {
	w.t.Helper()
	id := w.rec.View().Pending[path]
	row, ok := w.rows[id]
	if !ok {
		w.t.Fatalf("nothing is pending for %s", path)
	}
	return row
}

func (w *world) noPending(path crdt.Path) {
	w.t.Helper()
	if id, ok := w.rec.View().Pending[path]; ok {
		w.t.Fatalf("%s has a pending conflict: %+v", path, w.rows[id])
	}
}

// accepted checks the value that counts.
func (w *world) accepted(path crdt.Path, value crdt.Value, revision uint64) {
	w.t.Helper()
	a := w.rec.View().Accepted[path]
	if !a.Written.Equal(value) || a.Revision != revision {
		w.t.Fatalf("%s is %+v at revision %d, want %+v at %d", path, a.Written, a.Revision, value, revision)
	}
}

// verdict checks the last verdict about a field.
func (w *world) verdict(out *Outcome, path crdt.Path, result Result, reason string, rule int) Verdict {
	w.t.Helper()
	for _, v := range slices.Backward(out.Verdicts) {
		if v.Field != path {
			continue
		}
		if v.Outcome != string(result) || v.Reason != reason || v.Rule != rule {
			w.t.Fatalf("%s is %s %q by rule %d, want %s %q by rule %d", path, v.Outcome, v.Reason, v.Rule, result, reason, rule)
		}
		return v
	}
	w.t.Fatalf("no verdict about %s in %+v", path, out.Verdicts)
	return Verdict{}
}

// open are the values of the open proposals of a field.
func (w *world) open(path crdt.Path) []any {
	w.t.Helper()
	var values []any
	row := w.pending(path)
	for _, p := range row.open() {
		values = append(values, p.Value.JSON())
	}
	return values
}

// openID is the id of the nth open proposal of a field.
func (w *world) openID(path crdt.Path, n int) string {
	w.t.Helper()
	row := w.pending(path)
	return row.open()[n].ID
}

// story runs a test for scalars and for JS texts, on a record that alice
// introduced with budget 1 and venue_name "Barn", each at revision 1.
func story(t *testing.T, p *Policy, play func(t *testing.T, w *world, f form, a, b *device)) {
	t.Helper()
	for _, f := range []form{scalars, texts} {
		t.Run(string(f), func(t *testing.T) {
			w := newWorld(t, p)
			a := w.device(alice)
			a.change(func(b *crdt.Builder) {
				b.Set("budget", f.n(1))
				b.Set("venue_name", f.s("Barn"))
				b.Set("notes", f.s("hello"))
			})
			a.push()
			w.accepted("budget", f.n(1), 1)
			w.accepted("venue_name", f.s("Barn"), 1)
			b := w.device(bob)
			b.pull()
			play(t, w, f, a, b)
			w.checkReplay()
		})
	}
}
