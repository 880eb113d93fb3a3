package conflicts

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"wedsync/crdt"
)

// An apiWrite says who wrote an ordinary field over the API or a webhook, which
// the change itself, being the hub's, does not tell.
type apiWrite struct {
	Change crdt.Hash `json:"change"`
	By     Author    `json:"by"`
	At     time.Time `json:"at"`
}

// merge brings the merged entries in line with the ordinary fields that the
// batch wrote and that are or were written apart. A record that waits to be
// judged gets its entries once it is.
func (b *batch) merge() {
	if len(b.apart) == 0 && len(b.ledger.Merged) == 0 {
		return
	}
	if b.ledger.Awaiting != nil || !b.ledger.Listed || b.out.Err != nil {
		return
	}
	for _, path := range slices.Sorted(maps.Keys(b.ledger.Merged)) {
		if !b.ordinary(path) {
			b.closeMerged(path, MergedSuperseded, nil)
		}
	}
	for _, key := range b.apart {
		if path := crdt.Path(key); b.ordinary(path) {
			b.mergeField(path)
		}
	}
	if u := b.using; u != nil {
		// What was chosen may be what the field holds alone, against a deletion.
		if m := b.ledger.openMerged(u.Entry); m != nil {
			b.settleMerged(m, nil)
		}
	}
	b.crowdOut()
}

// allApart are the keys that were written apart, or whose entries say so.
func (b *batch) allApart() []string {
	keys := b.roots.Apart()
	for path := range b.ledger.Merged {
		keys = append(keys, string(path))
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// ordinary reports whether a root key is an ordinary field.
func (b *batch) ordinary(key crdt.Path) bool {
	if key == marksPath {
		return false
	}
	f := b.ledger.Fields[key]
	return f == nil || !f.Critical || strings.Contains(string(key), ".")
}

// mergeField makes, moves or closes the entry of a field.
func (b *batch) mergeField(path crdt.Path) {
	values, err := b.rivals(path)
	if err != nil {
		b.out.Err = err
		return
	}
	m := b.ledger.Merged[path]
	switch {
	case len(values) < 2 && m == nil:
	case len(values) < 2:
		b.settleMerged(m, values)
	case m == nil:
		b.openMerged(path, values)
	case !slices.EqualFunc(m.Values, values, MergedValue.same):
		m.Values = values
		m.Version++
		b.moveMerged(m)
	}
}

// same reports whether two values of an entry are the same for people.
func (v MergedValue) same(o MergedValue) bool {
	return v.Change == o.Change && v.Cut == o.Cut && v.Value.Equal(o.Value)
}

// rivals are the different values that the latest writes of a field wrote. A
// value that does not show and that its author found there already, as when a
// form is saved, is no loss.
func (b *batch) rivals(path crdt.Path) ([]MergedValue, error) {
	writes, err := b.roots.Latest(string(path), b.env.storedLimits(), mergedReach)
	if err != nil {
		return nil, err
	}
	var different []crdt.RootWrite
	for i, w := range writes {
		same := func(o crdt.RootWrite) bool { return anything.same(o.Value, w.Value) }
		idle := i > 0 && w.Before != nil && anything.same(*w.Before, w.Value)
		if !idle && b.rival(path, w) && !slices.ContainsFunc(different, same) {
			different = append(different, w)
		}
	}
	values := make([]MergedValue, len(different))
	for i, w := range different {
		values[i] = b.mergedValue(path, w)
	}
	return values, nil
}

// rival reports whether a write is somebody's: in a map above a critical field
// the hub writes by itself.
func (b *batch) rival(path crdt.Path, w crdt.RootWrite) bool {
	return !b.isHubActor(b.graph.At(w.Change).Actor) ||
		!slices.ContainsFunc(b.ledger.critical(), func(critical crdt.Path) bool { return below(critical, path) })
}

// mergedValue is a write as an entry keeps it. What an entry said of its author
// stays said.
func (b *batch) mergedValue(path crdt.Path, w crdt.RootWrite) MergedValue {
	c := b.graph.At(w.Change)
	v := MergedValue{Change: c.Hash, Author: b.owner(c), Source: FromDevice, EditedAt: authored(c)}
	if m := b.ledger.Merged[path]; m != nil && m.of(c.Hash) != nil {
		v = *m.of(c.Hash)
	} else if b.isHubActor(c.Actor) {
		v.Source = FromAPI
		if api, ok := b.ledger.Wrote[path]; ok && api.Change == c.Hash {
			v.Author, v.ReceivedAt, v.Source = api.By, api.At, source{}.way(api.By)
		}
	} else if w.Change >= b.start {
		v.Author, v.ReceivedAt = b.author(c), b.now
	}
	v.Value, v.Cut = excerpt(w.Value)
	return v
}

// openMerged makes an entry.
func (b *batch) openMerged(path crdt.Path, values []MergedValue) {
	var cause strings.Builder
	for _, v := range values {
		cause.Write(v.Change[:])
	}
	if b.ledger.Merged == nil {
		b.ledger.Merged = make(map[crdt.Path]*Merged)
	}
	m := &Merged{
		ID: newID(b.now, "merged", b.id, path, cause.String()), Record: b.id, Field: path,
		Status: MergedOpen, Version: 1, Values: values, OpenedAt: b.now,
	}
	b.ledger.Merged[path] = m
	b.moveMerged(m)
}

// settleMerged closes an entry of which somebody chose a value, or whose values
// were written over by somebody who knew them: what is left is that one's.
func (b *batch) settleMerged(m *Merged, left []MergedValue) {
	status, by := MergedSuperseded, (*Author)(nil)
	if len(left) > 0 {
		by = &left[0].Author
	}
	if u := b.using; u != nil && u.Entry == m.ID {
		author := u.By.author()
		status, by, m.Used = MergedUsed, &author, u.Value
		b.out.Chosen = m.Field
	}
	b.closeMerged(m.Field, status, by)
}

// closeMerged ends an entry.
func (b *batch) closeMerged(path crdt.Path, status MergedStatus, by *Author) {
	m := b.ledger.Merged[path]
	delete(b.ledger.Merged, path)
	m.Status, m.ClosedAt, m.ClosedBy = status, b.now, by
	m.Version++
	b.moveMerged(m)
}

// crowdOut closes the oldest entries of a record that has too many.
func (b *batch) crowdOut() {
	for len(b.ledger.Merged) > MaxMerged {
		oldest := slices.MinFunc(slices.Collect(maps.Values(b.ledger.Merged)), func(x, y *Merged) int {
			return cmp.Compare(x.ID, y.ID)
		})
		oldest.Crowded = true
		b.closeMerged(oldest.Field, MergedSuperseded, nil)
	}
}

// moveMerged notes that an entry changed.
func (b *batch) moveMerged(m *Merged) {
	if !slices.Contains(b.merged, m) {
		b.merged = append(b.merged, m)
	}
	b.dirty = true
}
