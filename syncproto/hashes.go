package syncproto

import (
	"slices"

	"wedsync/crdt"
)

// ascending is hashes in order and each once. The slice itself is returned if
// it is so already, as Automerge's are.
func ascending(hashes []crdt.Hash) []crdt.Hash {
	for i := 1; i < len(hashes); i++ {
		if hashes[i-1].Compare(hashes[i]) >= 0 {
			sorted := slices.Clone(hashes)
			slices.SortFunc(sorted, crdt.Hash.Compare)
			return slices.Compact(sorted)
		}
	}
	return hashes
}

// knows reports whether g holds all of hashes.
func knows(g *crdt.Graph, hashes []crdt.Hash) bool {
	for _, h := range hashes {
		if !g.Has(h) {
			return false
		}
	}
	return true
}

// anyWithin reports whether one of hashes is among heads or an ancestor of one.
func anyWithin(g *crdt.Graph, heads, hashes []crdt.Hash) bool {
	if len(hashes) == 0 {
		return false
	}
	past := g.View(heads...)
	return slices.ContainsFunc(hashes, func(h crdt.Hash) bool {
		i, known := g.Index(h)
		return known && past.Has(i)
	})
}

// among reports whether all of hashes are among all, which ascend.
func among(all, hashes []crdt.Hash) bool {
	for _, h := range hashes {
		if _, found := slices.BinarySearchFunc(all, h, crdt.Hash.Compare); !found {
			return false
		}
	}
	return true
}

// tips are the known ones of hashes that no other of them descends from, ascending.
func tips(g *crdt.Graph, hashes []crdt.Hash) []crdt.Hash {
	var known []crdt.Hash
	var deps []crdt.Hash
	for _, h := range hashes {
		if i, ok := g.Index(h); ok {
			known = append(known, h)
			deps = append(deps, g.At(i).Deps...)
		}
	}
	past := g.View(deps...)
	known = slices.DeleteFunc(known, func(h crdt.Hash) bool {
		i, _ := g.Index(h)
		return past.Has(i)
	})
	return ascending(known)
}
