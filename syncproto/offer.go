package syncproto

import (
	"slices"

	"wedsync/crdt"
)

// An offer is what is due to one peer, in the order of the graph's indexes.
type offer struct {
	since []*crdt.Change // what the peer is not certain to hold
	due   []*crdt.Change // what of it to send, and what else the peer asked for
}

// offer selects what is due to a peer of which we must guess what it holds.
func (p *Peer) offer(v *View) *offer {
	s := newSelection(v.graph, v.graph.Since(p.held))
	switch {
	case knows(v.graph, p.heads):
		s.takeAll()
	case len(p.have) == 0:
	case p.disproved || !p.sharesKnown(v.graph):
		// It remembers more than we hold, so its filter says nothing about what
		// it lacks of ours. If it asks, we begin anew; else our answer makes it
		// say afresh what it has.
		if len(p.need) > 0 {
			s.takeAll()
		}
	default:
		s.takeMisses(p.have)
	}
	for _, h := range p.need {
		s.takeOne(h)
	}
	s.cover()
	return s.offer(p.sent)
}

// sharesKnown reports whether we hold all that the peer says we last had in common.
func (p *Peer) sharesKnown(g *crdt.Graph) bool {
	for _, h := range p.have {
		if !knows(g, h.LastSync) {
			return false
		}
	}
	return true
}

// A selection marks changes to be sent.
type selection struct {
	graph   *crdt.Graph
	since   []*crdt.Change
	at      map[crdt.Hash]int // where in since
	taken   []bool
	covered []bool         // what a seal's past has reached
	extra   []*crdt.Change // asked for though held
}

func newSelection(g *crdt.Graph, since []*crdt.Change) *selection {
	s := &selection{
		graph:   g,
		since:   since,
		at:      make(map[crdt.Hash]int, len(since)),
		taken:   make([]bool, len(since)),
		covered: make([]bool, len(since)),
	}
	for i, c := range since {
		s.at[c.Hash] = i
	}
	return s
}

func (s *selection) takeAll() {
	for i := range s.taken {
		s.taken[i] = true
	}
}

// takeMisses takes what one of the peer's filters does not hold, and all that
// descends from it.
func (s *selection) takeMisses(have []Have) {
	for i, c := range s.since {
		s.taken[i] = missed(have, c.Hash) || slices.ContainsFunc(c.Deps, s.takes)
	}
}

func missed(have []Have, h crdt.Hash) bool {
	return !slices.ContainsFunc(have, func(have Have) bool { return have.Bloom.Contains(h) })
}

func (s *selection) takes(h crdt.Hash) bool {
	i, ok := s.at[h]
	return ok && s.taken[i]
}

// takeOne takes a change that the peer asked for, if there is one.
func (s *selection) takeOne(h crdt.Hash) {
	if i, ok := s.at[h]; ok {
		s.taken[i] = true
	} else if i, ok := s.graph.Index(h); ok {
		s.extra = append(s.extra, s.graph.At(i))
	}
}

// cover takes, for each sealed change that is taken, what seals it with all
// that the peer is not certain to hold of that one's past, and so on until no
// sealed change is bare.
func (s *selection) cover() {
	var seals []crdt.Hash
	for i, c := range s.since {
		if s.taken[i] {
			seals = s.appendSeal(seals, c.Hash)
		}
	}
	for _, c := range s.extra {
		seals = s.appendSeal(seals, c.Hash)
	}
	for len(seals) > 0 {
		h := seals[len(seals)-1]
		seals = seals[:len(seals)-1]
		i, ok := s.at[h]
		if !ok || s.covered[i] {
			continue
		}
		s.taken[i], s.covered[i] = true, true
		seals = s.appendSeal(seals, h)
		seals = append(seals, s.since[i].Deps...)
	}
}

func (s *selection) appendSeal(seals []crdt.Hash, h crdt.Hash) []crdt.Hash {
	if by, ok := s.graph.Sealed(h); ok {
		return append(seals, by)
	}
	return seals
}

// offer is what was taken, without what was sent already.
func (s *selection) offer(sent map[crdt.Hash]struct{}) *offer {
	o := &offer{since: s.since}
	for i, c := range s.since {
		if _, ok := sent[c.Hash]; s.taken[i] && !ok {
			o.due = append(o.due, c)
		}
	}
	if len(s.extra) == 0 {
		return o
	}
	for _, c := range s.extra {
		if _, ok := sent[c.Hash]; !ok {
			o.due = append(o.due, c)
		}
	}
	slices.SortFunc(o.due, func(a, b *crdt.Change) int {
		i, _ := s.graph.Index(a.Hash)
		j, _ := s.graph.Index(b.Hash)
		return i - j
	})
	return o
}
