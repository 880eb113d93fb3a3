package conflicts

import (
	"bytes"
	"crypto/sha256"
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
	t       fataler
	id      crdt.RecordID
	env     *Env
	policy  *Policy
	rec     *Record
	now     time.Time
	ledger  []byte
	batches []StoredBatch
	replay  []func(*Record) *Outcome
	origin  origin          // where a replay begins
	backups []origin        // what was stored after each batch
	seen    map[string]bool // values that some author saw, or that a person chose
	rows    map[string]Conflict
	actors  int
}

// An origin is what was stored at some time.
type origin struct {
	ledger  []byte
	batches []StoredBatch
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
		seen: map[string]bool{}, rows: map[string]Conflict{},
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
	if !out.LedgerChanged && w.ledger != nil && !bytes.Equal(w.ledger, w.rec.Ledger()) {
		w.t.Fatalf("the ledger changed in silence:\n%s", cmp.Diff(string(w.ledger), string(w.rec.Ledger())))
	}
	w.replay = append(w.replay, run)
	w.save(out)
	w.check(before, out)
	return out
}

func (w *world) save(out *Outcome) {
	if len(out.Stored) > 0 {
		b := StoredBatch{Hub: out.Hub != nil}
		for _, c := range out.Stored {
			b.Chunks = append(b.Chunks, c.Raw)
		}
		w.batches = append(w.batches, b)
	}
	if out.LedgerChanged {
		w.ledger = w.rec.Ledger()
	}
	for _, c := range out.Conflicts {
		w.rows[c.ID] = c
	}
	w.backups = append(w.backups, origin{w.ledger, slices.Clip(w.batches)})
}

// check holds the record against what must always be true.
func (w *world) check(before *LedgerView, out *Outcome) {
	w.t.Helper()
	if w.rec.Settled() {
		w.checkMirror(w.rec.graph.All(), true)
	}
	if out.Hub != nil && len(out.Stored) > 1 && !w.diverted(out) && w.rec.Settled() &&
		w.right(w.rec.graph.View(out.Hub.Deps...)) {
		w.t.Fatalf("a batch that left everything right got a hub change: %+v", out.Verdicts)
	}
	pending := map[crdt.Path]int{}
	for _, row := range w.rows {
		if row.Status == Pending {
			pending[row.Field]++
			if w.rec.View().Pending[row.Field] != row.ID {
				w.t.Fatalf("row %s is pending, the ledger says %q", row.ID, w.rec.View().Pending[row.Field])
			}
		}
		w.checkRow(row)
	}
	for path, n := range pending {
		if n > 1 {
			w.t.Fatalf("%d pending conflicts of %s", n, path)
		}
	}
	for path, a := range w.rec.View().Accepted {
		was := before.Accepted[path]
		if a.Revision < was.Revision || a.Revision == was.Revision && !a.Written.Equal(was.Written) {
			w.t.Fatalf("%s moved from %+v to %+v", path, was, a)
		}
		w.checkSeen(a.Written)
	}
	for i := range w.rec.graph.Len() {
		if by, ok := w.rec.graph.Sealed(w.rec.graph.At(i).Hash); ok && !w.rec.graph.Contains(by, w.rec.graph.At(i).Hash) {
			w.t.Fatalf("change %d is answered by a change that does not know it", i)
		}
	}
}

func (w *world) checkRow(row Conflict) {
	w.t.Helper()
	open := 0
	ids := map[string]bool{}
	for _, p := range row.Proposals {
		if ids[p.ID] {
			w.t.Fatalf("conflict %s has proposal %s twice", row.ID, p.ID)
		}
		ids[p.ID] = true
		if p.State == Open {
			open++
		}
		if len(p.Authors) == 0 {
			w.t.Fatalf("proposal %s has no author", p.ID)
		}
		w.checkSeen(p.Value)
	}
	if (row.Status == Pending) != (open > 0) {
		w.t.Fatalf("conflict %s is %s with %d open proposals", row.ID, row.Status, open)
	}
}

// checkSeen: nobody's value is ever made of two people's.
func (w *world) checkSeen(v crdt.Value) {
	w.t.Helper()
	if !w.seen[name(v)] && !(measure{kind: Any}).cleared(v) {
		w.t.Fatalf("%+v is a value that no author saw", v)
	}
}

func name(v crdt.Value) string { return fmt.Sprint(v.Kind, v.JSON()) }

func (w *world) right(v crdt.View) bool { return w.checkMirror(v, false) }

// checkMirror holds a view against the mirror rule.
func (w *world) checkMirror(v crdt.View, must bool) bool {
	w.t.Helper()
	for path, f := range w.rec.ledger.Fields {
		if !f.Critical {
			continue
		}
		want := (&batch{Record: w.rec}).mirrored(path)
		live := w.rec.fields.Live(path, v)
		ok := len(live) == 1 && live[0].Value.Equal(want)
		if want.Kind == crdt.Missing {
			ok = len(live) == 0
		}
		if len(path.Keys()) > 1 {
			ok = w.rec.fields.Mirrors(path, v, want)
		}
		if !ok && must {
			w.t.Fatalf("%s must show %+v alone, shows %+v", path, want, live)
		}
		if !ok {
			return false
		}
	}
	live := w.rec.fields.Live(marksPath, v)
	marks := w.rec.fields.Value(marksPath, v).Map
	pending := w.rec.View().Pending
	if len(marks) != len(pending) || len(live) > 1 {
		if must {
			w.t.Fatalf("sync_conflicts is %+v, pending are %v", marks, pending)
		}
		return false
	}
	for path, id := range pending {
		if got := marks[string(path)]; got.Kind != crdt.Str || got.Str != id {
			if must {
				w.t.Fatalf("sync_conflicts[%s] is %+v, want %s", path, got, id)
			}
			return false
		}
	}
	return true
}

func (w *world) diverted(out *Outcome) bool {
	return slices.ContainsFunc(out.Verdicts, func(v Verdict) bool {
		return v.Outcome == string(EditDiverted) || v.Outcome == string(EditRejected)
	})
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
		run(rec)
	}
	if got, want := rec.Ledger(), w.rec.Ledger(); !bytes.Equal(got, want) {
		w.t.Fatalf("a replay came to another ledger:\n%s", cmp.Diff(string(want), string(got)))
	}
}

// A device has a copy of the record.
type device struct {
	w      *world
	who    Principal
	actor  crdt.ActorID
	graph  *crdt.Graph
	fields *crdt.Fields
	mine   []crdt.Hash
	clock  int64
}

var devicePaths = []crdt.Path{"wedding_date", "venue_name", "budget", "notes", "venue", marksPath}

func (w *world) device(who Principal) *device {
	w.actors++
	sum := sha256.Sum256(fmt.Appendf(nil, "actor %d of %s", w.actors, who.Device))
	return &device{
		w: w, who: who, actor: crdt.ActorID(sum[:16]),
		graph: crdt.NewGraph(crdt.DefaultLimits), fields: crdt.NewFields(devicePaths...), clock: 1_700_000_000,
	}
}

func (d *device) apply(c *crdt.Change) {
	d.w.t.Helper()
	added, err := d.graph.AddHub(c)
	if err != nil {
		d.w.t.Fatalf("%s applies %s: %v", d.who.Device, c.Hash, err)
	}
	for _, c := range added {
		i, _ := d.graph.Index(c.Hash)
		d.fields.Apply(i, c)
	}
}

// change commits what edit builds as one change.
func (d *device) change(edit func(b *crdt.Builder)) *crdt.Change {
	d.w.t.Helper()
	b := crdt.NewBuilder(d.fields, d.graph, d.actor, d.clock)
	edit(b)
	c := b.Change("")
	d.apply(c)
	d.mine = append(d.mine, c.Hash)
	for _, p := range devicePaths {
		d.w.seen[name(d.value(p))] = true
	}
	d.w.seen[name(d.fields.Value("venue.name", d.graph.All()))] = true
	return c
}

func (d *device) set(p crdt.Path, v crdt.Value) *crdt.Change {
	d.w.t.Helper()
	return d.change(func(b *crdt.Builder) { b.Set(p, v) })
}

// typeInto makes the text at a path read want, a letter a change.
func (d *device) typeInto(p crdt.Path, want string) {
	d.w.t.Helper()
	if d.value(p).Kind != crdt.Text {
		d.set(p, crdt.Value{Kind: crdt.Text})
	}
	for d.value(p).Str != want {
		now := []rune(d.value(p).Str)
		goal := []rune(want)
		next := string(goal[:min(len(goal), len(now)+1)])
		if len(now) > 0 && !bytes.HasPrefix([]byte(want), []byte(string(now))) {
			next = string(now[:len(now)-1])
		}
		d.change(func(b *crdt.Builder) { b.Splice(p, next) })
	}
}

// ramble makes the device's history longer, so that its operations out-rank
// what others write.
func (d *device) ramble(n int) {
	for i := range n {
		d.set("notes", crdt.Value{Kind: crdt.Int, Int: int64(i)})
	}
}

func (d *device) value(p crdt.Path) crdt.Value { return d.fields.Value(p, d.graph.All()) }

// pull brings the device what the hub has.
func (d *device) pull() {
	d.w.t.Helper()
	for i := range d.w.rec.graph.Len() {
		c := d.w.rec.graph.At(i)
		if d.graph.Has(c.Hash) {
			continue
		}
		d.apply(decode(d.w.t, c.Raw))
	}
}

// copyFrom brings the device what another has.
func (d *device) copyFrom(o *device) {
	d.w.t.Helper()
	for i := range o.graph.Len() {
		if c := o.graph.At(i); !d.graph.Has(c.Hash) {
			d.apply(decode(d.w.t, c.Raw))
		}
	}
}

func decode(t fataler, raw []byte) *crdt.Change {
	t.Helper()
	c, err := crdt.Decode(raw, crdt.DefaultLimits)
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	return c
}

// unsent are the device's changes that the hub does not hold.
func (d *device) unsent() [][]byte {
	var raws [][]byte
	for i := range d.graph.Len() {
		if c := d.graph.At(i); !d.w.rec.graph.Has(c.Hash) {
			raws = append(raws, c.Raw)
		}
	}
	return raws
}

// push delivers all that the hub lacks as one batch.
func (d *device) push() *Outcome {
	d.w.t.Helper()
	return d.deliver(d.who, d.unsent())
}

// deliver delivers chunks as one batch over somebody's connection.
func (d *device) deliver(who Principal, raws [][]byte) *Outcome {
	d.w.t.Helper()
	return d.w.receive(who, raws, d.graph.Heads())
}

func (w *world) receive(who Principal, raws [][]byte, announced []crdt.Hash) *Outcome {
	w.t.Helper()
	announced = slices.Clone(announced)
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
