package conflicts

import (
	"fmt"
	"maps"
	"slices"

	"wedsync/crdt"
)

// Edit writes fields for the API. Critical fields are decided by the rules,
// ordinary ones are written, all in one hub change. What diverts is a proposal
// alone and not written. On an error nothing has changed.
func (r *Record) Edit(e Edit) (*Outcome, error) { return r.edit(e, nil) }

// edit is Edit, which may carry out the choice of a merged entry's value.
func (r *Record) edit(e Edit, using *MergedUse) (*Outcome, error) {
	if !e.From.Role.MayPropose() {
		return nil, ErrForbidden
	}
	if r.ledger.Awaiting != nil {
		return nil, ErrIntroducing
	}
	if r.full() {
		return nil, ErrFull
	}
	critical, ordinary, err := r.sorted(e)
	if err != nil {
		return nil, err
	}
	b := r.begin(e.From, e.Policy, e.Now)
	b.out.Input = &Input{Edit: &e}
	if using != nil {
		b.out.Input = &Input{Uses: using}
	}
	b.using = using
	b.found()
	for _, path := range critical {
		b.attempt(b.ledger.Fields[path], e)
	}
	b.writeOrdinary(ordinary, e.Fields)
	return b.outcome(), nil
}

// writeOrdinary ends an edit with its hub change, which writes the ordinary
// fields too.
func (b *batch) writeOrdinary(paths []crdt.Path, values map[crdt.Path]crdt.Value) {
	if len(paths) == 0 {
		b.answer(b.fields, nil)
		return
	}
	fields, err := b.watch(paths...)
	if err != nil {
		b.out.Err = err
		return
	}
	b.answer(fields, func(builder *crdt.Builder) {
		for _, path := range paths {
			put(builder, fields, b.graph.All(), path, values[path])
		}
	})
	b.sign(paths)
}

// sign notes who wrote ordinary fields, as long as nobody else writes them.
func (b *batch) sign(paths []crdt.Path) {
	if b.out.Hub == nil {
		return
	}
	for key, w := range b.ledger.Wrote {
		if i, ok := b.graph.Index(w.Change); !ok || !b.roots.Wrote(i, string(key)) {
			delete(b.ledger.Wrote, key)
			b.dirty = true
		}
	}
	at := b.graph.Len() - 1
	for _, path := range paths {
		if key := path.Keys()[0]; b.roots.Wrote(at, key) {
			if b.ledger.Wrote == nil {
				b.ledger.Wrote = make(map[crdt.Path]apiWrite)
			}
			b.ledger.Wrote[crdt.Path(key)] = apiWrite{b.out.Hub.Hash, b.from.author(), b.now}
			b.dirty = true
		}
	}
}

// found makes a record that holds nothing one that the API creates.
func (b *batch) found() {
	if !b.ledger.Listed {
		b.ledger.Listed = true
		b.dirty = true
		b.evaluate(b.policy.Fields)
	}
}

// sorted are the critical and the ordinary paths of an edit, ascending.
func (r *Record) sorted(e Edit) (critical, ordinary []crdt.Path, err error) {
	paths := slices.Sorted(maps.Keys(e.Fields))
	for i, path := range paths {
		if reason := r.unwritable(path, e.policy(r)); reason != "" {
			return nil, nil, &FieldError{path, reason}
		}
		for _, other := range paths[:i] {
			if below(path, other) {
				return nil, nil, &FieldError{path, fmt.Sprintf("lies within %q, which is set too", other)}
			}
		}
		if r.isCritical(path, e.policy(r)) {
			critical = append(critical, path)
		} else {
			ordinary = append(ordinary, path)
		}
	}
	return critical, ordinary, nil
}

// policy is the policy that an edit is judged by.
func (e Edit) policy(r *Record) *Policy {
	if e.Policy == nil {
		return r.policy
	}
	return e.Policy
}

// isCritical reports whether a path is critical under a policy, or stays so
// because of its pending conflict.
func (r *Record) isCritical(path crdt.Path, p *Policy) bool {
	_, named := p.field(path)
	f := r.ledger.Fields[path]
	return named || f != nil && f.Pending != nil
}

// unwritable says why the API may not write a path, empty if it may.
func (r *Record) unwritable(path crdt.Path, p *Policy) string {
	if slices.Contains(path.Keys(), "") {
		return "has an empty key"
	}
	if reserved(path) {
		return "is written by the hub alone"
	}
	watched := r.ledger.critical()
	for _, f := range p.Fields {
		watched = append(watched, f.Path)
	}
	for _, critical := range watched {
		if below(critical, path) {
			return fmt.Sprintf("contains the critical field %q: set that by its own path", critical)
		}
		if below(path, critical) {
			return fmt.Sprintf("lies within the critical field %q", critical)
		}
	}
	return ""
}

// attempt decides the API's edit of one critical field.
func (b *batch) attempt(f *field, e Edit) {
	base, named := e.IfMatch[f.Policy.Path]
	if !named || base > f.revision() {
		base = f.revision()
	}
	key := ""
	if e.Key != "" {
		key = e.From.User + " " + e.Key
	}
	author := e.From.author()
	b.rule(f, &Attempt{
		Value: e.Fields[f.Policy.Path], Author: author, Base: base,
		Known: f.knows(key), BuildsOn: f.openOf(author.key()), At: b.now,
	}, source{
		key: key, edited: b.now, cause: fmt.Sprintf("%s %q %d %d", author.key(), key, b.now.UnixNano(), f.revision()),
	})
}

// put writes an ordinary field: a changed text by the smallest splice, nothing
// if the field shows that value alone already.
func put(b *crdt.Builder, fields *crdt.Fields, v crdt.View, path crdt.Path, value crdt.Value) {
	if value.Kind == crdt.Null {
		value = crdt.Value{}
	}
	if fields.Mirrors(path, v, value) {
		return
	}
	if value.Kind == crdt.Text && len(fields.Live(path, v)) == 1 && b.Splice(path, value.Str) {
		return
	}
	b.Set(path, value)
}
