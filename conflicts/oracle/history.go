package oracle

import (
	"slices"

	"wedsync/crdt"
)

// A History is a set of changes of one record, each after its dependencies.
type History struct {
	changes []*crdt.Change
	index   map[crdt.Hash]int
	pasts   []Past // of each change: itself and all its ancestors
}

// A Past says of each change of a history, by its index, whether it is in. A
// change beyond its end is not.
type Past []bool

// NewHistory is a history without changes.
func NewHistory() *History { return &History{index: make(map[crdt.Hash]int)} }

// Add adds a change, whose dependencies are there. It is false, and does
// nothing, if the change is there already.
func (h *History) Add(c *crdt.Change) bool {
	if h.Has(c.Hash) {
		return false
	}
	past := h.Past(c.Deps...)
	for len(past) <= len(h.changes) {
		past = append(past, false)
	}
	past[len(h.changes)] = true
	h.index[c.Hash] = len(h.changes)
	h.changes = append(h.changes, c)
	h.pasts = append(h.pasts, past)
	return true
}

// Has reports whether the history holds a change.
func (h *History) Has(hash crdt.Hash) bool {
	_, ok := h.index[hash]
	return ok
}

// HasAll reports whether the history holds all of some changes.
func (h *History) HasAll(hashes []crdt.Hash) bool {
	return !slices.ContainsFunc(hashes, func(hash crdt.Hash) bool { return !h.Has(hash) })
}

// Change is the change of that name, nil if there is none.
func (h *History) Change(hash crdt.Hash) *crdt.Change {
	if i, ok := h.index[hash]; ok {
		return h.changes[i]
	}
	return nil
}

// Past is the union of the pasts of some changes, themselves included. Those
// that the history lacks are left out.
func (h *History) Past(hashes ...crdt.Hash) Past {
	union := make(Past, len(h.changes))
	for _, hash := range hashes {
		i, ok := h.index[hash]
		if !ok {
			continue
		}
		for j, in := range h.pasts[i] {
			union[j] = union[j] || in
		}
	}
	return union
}

// All is the past that holds everything.
func (h *History) All() Past {
	all := make(Past, len(h.changes))
	for i := range all {
		all[i] = true
	}
	return all
}

// In reports whether a change is in a past.
func (h *History) In(past Past, hash crdt.Hash) bool {
	i, ok := h.index[hash]
	return ok && i < len(past) && past[i]
}

// Of are the changes of a past, each after its dependencies.
func (h *History) Of(past Past) []*crdt.Change {
	var changes []*crdt.Change
	for i, in := range past {
		if in {
			changes = append(changes, h.changes[i])
		}
	}
	return changes
}

// Heads are the changes of a past that no other change of it depends on,
// ascending.
func (h *History) Heads(past Past) []crdt.Hash {
	named := make(map[crdt.Hash]bool)
	changes := h.Of(past)
	for _, c := range changes {
		for _, d := range c.Deps {
			named[d] = true
		}
	}
	var heads []crdt.Hash
	for _, c := range changes {
		if !named[c.Hash] {
			heads = append(heads, c.Hash)
		}
	}
	slices.SortFunc(heads, crdt.Hash.Compare)
	return heads
}

// MaxOp is the highest operation counter of a past.
func (h *History) MaxOp(past Past) uint64 {
	highest := uint64(0)
	for _, c := range h.Of(past) {
		highest = max(highest, c.MaxOp())
	}
	return highest
}
