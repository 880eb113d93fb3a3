package conflicts

import "wedsync/crdt"

// judged gives the event of a critical edit its verdict. It is false for an edit
// that was decided with a later one of the batch.
func (t *telling) judged(e *event, c *crdt.Change) bool {
	key := foldKey{e.Field, e.Author.key()}
	hash := c.Hash.String()
	for k, v := range t.past.Verdicts {
		if v.Field != e.Field || v.Change == "" {
			continue
		}
		switch {
		case v.Change == hash && !t.ruled[k] && t.showsEntry(e, k):
			t.rule(e, k)
			if v.Rule > 1 && len(t.folded[key]) > 0 {
				e.first, e.Changes = t.folded[key][0], len(t.folded[key])+1
				delete(t.folded, key)
			}
			return true
		case v.Rule > 1 && !t.ruled[k] && t.foldsInto(c, k):
			t.folded[key] = append(t.folded[key], e.last)
			return false
		}
	}
	return true
}

// showsEntry reports whether the revision that a verdict led to, if any, is what
// the author of an edit saw. What counted when a record came whole need not be.
func (t *telling) showsEntry(e *event, k int) bool {
	n := t.entries[k]
	return n < 0 || t.past.Log[n].Value.Equal(t.value(e.Field, t.graph.View(t.graph.At(e.last).Hash)))
}

// foldsInto reports whether a change was decided with the one of a verdict.
func (t *telling) foldsInto(c *crdt.Change, k int) bool {
	later, known := t.verdictChange(k)
	return known && later >= t.start && t.owner(t.graph.At(later)).same(t.owner(c)) &&
		t.graph.At(later).Hash != c.Hash && t.graph.Contains(t.graph.At(later).Hash, c.Hash)
}

// verdictChange is the graph index of the change that a verdict names.
func (t *telling) verdictChange(k int) (int, bool) {
	var h crdt.Hash
	if h.UnmarshalText([]byte(t.past.Verdicts[k].Change)) != nil {
		return 0, false
	}
	return t.graph.Index(h)
}

// rule gives an event a verdict, and the entry that it led to.
func (t *telling) rule(e *event, k int) {
	e.Verdict, e.plain = &t.past.Verdicts[k], false
	t.ruled[k] = true
	if n := t.entries[k]; n >= 0 {
		t.enter(e, n)
	}
}

func (t *telling) enter(e *event, n int) {
	e.Entry, e.Hash = &t.past.Log[n], t.hashes[n]
	t.logged[n] = true
}
