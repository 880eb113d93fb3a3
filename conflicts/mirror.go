package conflicts

import (
	"fmt"
	"maps"
	"slices"

	"wedsync/crdt"
)

// marksPath is the root map in which devices read which fields wait for a
// decision: field → conflict id.
const marksPath crdt.Path = "sync_conflicts"

// answer writes the batch's hub change, if one is due: it makes each critical
// field show the accepted value alone and sync_conflicts name the pending
// conflicts, as the mirror rule asks. write adds what else is to be written;
// fields must watch it. A record that waits to be judged is left alone.
func (b *batch) answer(fields *crdt.Fields, write func(*crdt.Builder)) {
	if b.ledger.Awaiting != nil || len(b.touches) == 0 && len(b.look) == 0 && write == nil {
		return
	}
	builder := b.builder(fields, b.now)
	for _, path := range b.ledger.critical() {
		want := b.mirrored(path)
		if b.mustLook(path) && !fields.Mirrors(path, b.graph.All(), want) {
			builder.Set(path, want)
		}
	}
	if want := b.marks(); !b.marked(want) {
		builder.Set(marksPath, want)
	}
	if write != nil {
		write(builder)
	}
	if builder.Len() > 0 || b.due || len(b.decided) > 0 {
		b.write(b.build(builder))
	}
}

// mustLook reports whether the batch may have left a field otherwise than the
// ledger says.
func (b *batch) mustLook(path crdt.Path) bool {
	return b.look[path] || slices.ContainsFunc(b.touches, func(t touch) bool { return t.path == path })
}

// mirrored is what the document must show at a critical field.
func (b *batch) mirrored(path crdt.Path) crdt.Value {
	f := b.ledger.Fields[path]
	if v := f.accepted(); !b.measure(f).cleared(v) {
		return v
	}
	return crdt.Value{}
}

// marks is what sync_conflicts must be.
func (b *batch) marks() crdt.Value {
	m := make(map[string]crdt.Value)
	for path, f := range b.ledger.Fields {
		if f.Pending != nil {
			m[string(path)] = crdt.Value{Kind: crdt.Str, Str: f.Pending.ID}
		}
	}
	return crdt.Value{Kind: crdt.Map, Map: m}
}

// marked reports whether sync_conflicts is what it must be. Before the first
// conflict there is none.
func (b *batch) marked(want crdt.Value) bool {
	live := b.fields.Live(marksPath, b.graph.All())
	if len(live) == 0 {
		return len(want.Map) == 0
	}
	return len(live) == 1 && live[0].Value.Equal(want)
}

// write makes c the hub change of the batch: it joins the history, establishes
// what the batch decided, and is never missing where the batch's changes go.
func (b *batch) write(c *crdt.Change) {
	if _, err := b.graph.AddHub(c); err != nil {
		b.out.Err = fmt.Errorf("add a hub change: %w", err)
		return
	}
	batch := b.graph.Len() - 1
	for i := b.start; i < batch; i++ {
		b.graph.Seal(b.graph.At(i).Hash, c.Hash)
	}
	if b.late.To > b.late.From {
		b.late.By = c.Hash
		b.seal(b.late)
		b.ledger.Answers = append(b.ledger.Answers, b.late)
		b.dirty = true
	}
	for _, path := range b.decided {
		f := b.ledger.Fields[path]
		f.Revisions[f.revision()-1].Change = c.Hash
	}
	b.answering = true
	b.store(c)
	b.out.Hub = c
}

// seal notes for changes that were judged late which hub change answers them.
func (r *Record) seal(a answer) {
	for i := a.From; i < a.To && i < r.graph.Len(); i++ {
		if h := r.graph.At(i).Hash; h != a.By {
			r.graph.Seal(h, a.By)
		}
	}
}

// watch is a table of live operations over all paths whose values matter, and
// others, made from the history.
func (r *Record) watch(others ...crdt.Path) (*crdt.Fields, error) {
	fields := crdt.NewFields(slices.Concat(r.watched(), others)...)
	for i := range r.graph.Len() {
		c, err := crdt.Decode(r.graph.At(i).Raw, r.env.storedLimits())
		if err != nil {
			return nil, err
		}
		fields.Apply(i, c)
	}
	return fields, nil
}

// watched are the paths that a record always watches, ascending.
func (r *Record) watched() []crdt.Path {
	paths := map[crdt.Path]bool{marksPath: true}
	for _, f := range r.policy.Fields {
		paths[f.Path] = true
	}
	for _, p := range r.ledger.critical() {
		paths[p] = true
	}
	return slices.Sorted(maps.Keys(paths))
}
