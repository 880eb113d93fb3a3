package syncproto

import (
	"slices"

	"wedsync/crdt"
)

// Next is the encoded message that is due to the peer now, or none. The caller
// delivers it or drops the Peer. What is too much for one message comes in
// parts: call Next again, at once or after other things were received. The
// bytes are shared with other peers and must not be modified.
func (p *Peer) Next(v *View) (data []byte, ok bool) {
	p.stuck = 0
	switch {
	case !p.spoke:
		return p.greet(v)
	case slices.Equal(p.heads, v.heads):
		p.held, p.sent = v.heads, nil
	case knows(v.graph, p.heads):
		p.merge(v)
	default:
		return p.reconcile(v)
	}
	if len(p.sent) > 0 || anyWithin(v.graph, p.held, p.need) {
		return p.reconcile(v)
	}
	return p.follow(v)
}

// greet announces our heads to a peer that has not spoken. It answers with its own.
func (p *Peer) greet(v *View) ([]byte, bool) {
	if len(v.heads) == 0 || p.hasHeard(v.heads) {
		return nil, false
	}
	p.tell(v.greeting())
	return v.greeting().data, true
}

// follow serves a peer of which we know exactly what it holds: the message is
// the same for all that hold the same.
func (p *Peer) follow(v *View) ([]byte, bool) {
	p.brought, p.have = nil, nil
	if slices.Equal(p.held, v.heads) && p.hasHeard(v.heads) && !p.owed {
		return nil, false
	}
	part := v.follow(p.held, p.options.ReadOnly)
	p.held, p.stuck = part.heads, part.stuck
	if part.changes == 0 && p.hasHeard(part.heads) && !p.owed {
		return nil, false
	}
	p.tell(part)
	p.need, p.asked = nil, nil
	return part.data, true
}

// reconcile serves a peer that holds what we do not know, or of which we had
// to guess what it holds: Automerge's exchange of needs and Bloom filters.
func (p *Peer) reconcile(v *View) ([]byte, bool) {
	p.prove(v.graph)
	missing := p.missing(v.graph)
	o := p.offer(v)
	part := v.cut(p.held, o)
	ask := part.last && len(missing) > 0 &&
		(p.news || !slices.Equal(missing, p.asked) || v.graph.Bytes() != p.askedAt)
	p.stuck = part.stuck
	if part.changes == 0 && !ask && p.hasHeard(part.heads) {
		p.need = nil
		return nil, false
	}
	if ask && part.changes == 0 && p.doubts > 0 {
		return p.askAnew(v, missing), true
	}
	m := Message{Heads: part.heads, Changes: raw(o.due[:part.changes])}
	if part.last {
		m.Need, m.Have = missing, p.ourHave(v, missing)
		p.need = nil
	}
	p.asked, p.askedAt = m.Need, v.graph.Bytes()
	p.tell(part)
	p.remember(o.due[:part.changes], part.heads)
	return m.Append(nil), true
}

// askAnew asks a peer that repeated itself instead of sending what it was asked
// for: it has sent that before, to a hub that could not take it, and Automerge
// sends nothing twice to a peer that has heads. So we say that we have none; the
// filter keeps it from sending more than we lack.
func (p *Peer) askAnew(v *View, missing []crdt.Hash) []byte {
	m := Message{Need: missing, Have: []Have{{Bloom: v.bloom(nil)}}}
	p.asked, p.askedAt = missing, v.graph.Bytes()
	p.tell(&part{})
	return m.Append(nil)
}

// merge notes that the peer holds its heads besides what it holds already.
func (p *Peer) merge(v *View) {
	if slices.Equal(p.held, v.heads) || slices.Equal(p.held, p.heads) {
		return
	}
	p.held = ascending(slices.Concat(p.held, p.heads))
}

// prove puts what is certain into held and takes it out of sent.
func (p *Peer) prove(g *crdt.Graph) {
	claims := slices.Concat(p.held, p.heads, p.brought)
	if !p.disproved {
		for _, h := range p.have {
			claims = append(claims, h.LastSync...)
		}
	}
	p.held = tips(g, claims)
	p.brought = slices.DeleteFunc(p.brought, g.Has)
	held := g.View(p.held...)
	for h := range p.sent {
		if i, ok := g.Index(h); !ok || held.Has(i) {
			delete(p.sent, h)
		}
	}
}

// missing are the changes to ask for: what the peer announced, we lack and
// want. If we know its heads, it has nothing that we lack.
func (p *Peer) missing(g *crdt.Graph) []crdt.Hash {
	if p.options.ReadOnly || knows(g, p.heads) {
		return nil
	}
	return slices.DeleteFunc(g.Missing(p.heads), func(h crdt.Hash) bool {
		_, refused := p.refused[h]
		return refused
	})
}

// ourHave is what a peer with changes of its own is told that we have, so that
// it can send the rest. A viewer is told nothing, and so sends nothing. Nor is
// a peer from which we need more than its heads: as in Automerge, it is to
// send just that first.
func (p *Peer) ourHave(v *View, missing []crdt.Hash) []Have {
	if p.options.ReadOnly || !among(p.heads, missing) {
		return nil
	}
	return []Have{{LastSync: p.held, Bloom: v.bloom(p.held)}}
}

// hasHeard reports whether our last message announced heads.
func (p *Peer) hasHeard(heads []crdt.Hash) bool {
	return p.answered && slices.Equal(p.told, heads)
}

func (p *Peer) tell(part *part) {
	p.answered, p.told = true, part.heads
	p.news, p.owed = false, false
}

// remember notes what was sent on a guess.
func (p *Peer) remember(changes []*crdt.Change, heads []crdt.Hash) {
	if len(p.sent)+len(changes) > maxSent {
		p.held, p.sent = heads, nil
		return
	}
	if p.sent == nil && len(changes) > 0 {
		p.sent = make(map[crdt.Hash]struct{}, len(changes))
	}
	for _, c := range changes {
		p.sent[c.Hash] = struct{}{}
	}
}
