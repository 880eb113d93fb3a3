package syncproto

import (
	"crypto/sha256"
	"slices"

	"wedsync/crdt"
)

// PeerOptions say how a peer is to be treated.
type PeerOptions struct {
	ReadOnly bool // a viewer: its changes are not asked for
}

// A Peer is what we believe one peer holds of one record, and what is due to
// it. Losing a Peer costs bandwidth, never correctness: a new one asks again.
//
// What always holds:
//
//   - held is certain. It is what the peer announced or sent us, and what we
//     sent it together with all that came before; the stream to a peer is
//     ordered and whole, or the Peer is dropped. A hit in a Bloom filter is no
//     proof: what we sent on the strength of one is in sent, not in held. What
//     the peer says against it (it asks for what it should hold, its heads go
//     back, it repeats itself) empties both, and we begin from its word.
//   - Each of our messages is one of a hub that holds told and nothing else: a
//     message that is cut announces what it completes, so the peer never asks
//     for what is on its way.
//   - A message that carries a sealed change carries what seals it and all of
//     that one's past that is neither in held nor in sent.
//   - Whatever either side lacks, a message that we receive is answered, or one
//     of ours that the peer must answer is on its way. We ask again only after
//     news: a peer that cannot or may not deliver is asked a few times at most,
//     and after the first as by a hub that holds nothing (see askAnew).
//   - If neither side lacks anything and the peer knows that, we are silent.
type Peer struct {
	options PeerOptions

	spoke     bool
	heads     []crdt.Hash // as last announced, ascending
	need      []crdt.Hash // asked for and not answered
	have      []Have      // of the last message; counts while heads are not all known
	disproved bool        // have is not to be believed
	brought   []crdt.Hash // changes of its messages, until heads are known

	held []crdt.Hash
	sent map[crdt.Hash]struct{} // nil unless something was sent on a guess

	answered bool
	told     []crdt.Hash // the heads of our last message
	asked    []crdt.Hash // and its needs
	askedAt  int         // the size of the graph when we asked

	news   bool // the peer said something new since our last message
	owed   bool // it brought changes since our last message
	doubts int  // how often it repeated itself since its heads last moved

	refused map[crdt.Hash]struct{} // never to be asked for
	stuck   int                    // see Stuck
}

// NewPeer is a peer that has said nothing and is believed to hold nothing.
func NewPeer(o PeerOptions) *Peer { return &Peer{options: o} }

// Heads are what the peer last announced, ascending. They must not be modified.
func (p *Peer) Heads() []crdt.Hash { return p.heads }

// Held are changes that the peer is certain to hold, with all that came before
// them. They must not be modified.
func (p *Peer) Held() []crdt.Hash { return p.held }

// Bytes is about how much memory the peer takes.
func (p *Peer) Bytes() int {
	const itself, perHash = 512, 2 * len(crdt.Hash{})
	n := itself + len(crdt.Hash{})*(len(p.heads)+len(p.need)+len(p.brought)+len(p.held)) +
		perHash*(len(p.sent)+len(p.refused))
	for _, h := range p.have {
		n += len(crdt.Hash{})*len(h.LastSync) + len(h.Bloom.bits)
	}
	return n
}

// InSync reports whether the peer last announced the heads of g.
func (p *Peer) InSync(g *crdt.Graph) bool {
	return p.spoke && slices.Equal(p.heads, g.Heads())
}

// Refuse says that h will never be taken, so that it is not asked for.
func (p *Peer) Refuse(h crdt.Hash) {
	if p.refused == nil {
		p.refused = make(map[crdt.Hash]struct{})
	}
	if len(p.refused) >= maxRefused {
		clear(p.refused)
	}
	p.refused[h] = struct{}{}
}

// Stuck is the size of what is due to the peer but cannot be cut below
// [SendLimit], and false if there is no such thing. Such a peer hears of
// nothing that came later.
func (p *Peer) Stuck() (bytes int, ok bool) { return p.stuck, p.stuck > 0 }

// Receive notes what a message says and what its changes prove. It is called
// before the changes are added to g. The Peer keeps nothing of the frame that
// the message was read from, but may keep m's lists of hashes.
func (p *Peer) Receive(g *crdt.Graph, m *Message) {
	heads := ascending(m.Heads)
	moved := !p.spoke || !slices.Equal(heads, p.heads)
	if moved {
		p.doubts = 0
	}
	repeats := !moved && p.doubts < maxDoubts && len(m.Changes) == 0 && len(m.Need) == 0
	if repeats {
		p.doubts++
	}
	if p.spoke && p.contradicts(g, heads, m, moved, repeats) {
		p.held, p.sent, p.answered = nil, nil, false
	}
	p.news = p.news || moved || repeats
	p.owed = p.owed || len(m.Changes) > 0
	p.spoke, p.heads, p.need = true, heads, ascending(m.Need)
	p.believe(g, m.Have)
	p.note(m.Changes)
}

// contradicts reports whether a message says that the peer does not hold what
// we believed.
func (p *Peer) contradicts(g *crdt.Graph, heads []crdt.Hash, m *Message, moved, repeats bool) bool {
	if (moved || repeats) && len(p.told) > 0 && resets(m) {
		return true
	}
	if p.needsHeld(g, m.Need) {
		return true
	}
	if repeats {
		return knows(g, heads) && !slices.Equal(p.held, heads)
	}
	return moved && wentBack(g, p.heads, heads)
}

// needsHeld reports whether the peer asks for what we believe it holds. What it
// asks for and was sent on a guess, may be sent again.
func (p *Peer) needsHeld(g *crdt.Graph, need []crdt.Hash) bool {
	var other []crdt.Hash
	for _, h := range need {
		if _, sent := p.sent[h]; sent {
			delete(p.sent, h)
		} else {
			other = append(other, h)
		}
	}
	return anyWithin(g, p.held, other)
}

// resets reports whether a message is Automerge's "I hold nothing that you
// can count on": it lacks what we said we last had in common.
func resets(m *Message) bool {
	return len(m.Have) == 1 && len(m.Have[0].LastSync) == 0 && m.Have[0].Bloom.Empty()
}

// wentBack reports whether a peer that announced before no longer holds all
// of it when it announces now. Unknown heads may descend from anything.
func wentBack(g *crdt.Graph, before, now []crdt.Hash) bool {
	if len(now) == 0 {
		return len(before) > 0
	}
	if slices.Equal(now, g.Heads()) || !knows(g, now) {
		return false
	}
	past := g.View(now...)
	return slices.ContainsFunc(before, func(h crdt.Hash) bool {
		i, known := g.Index(h)
		return known && !past.Has(i)
	})
}

// note keeps the hashes of changes that the peer sent. A single change under a
// single head is that head, or no loss; a viewer's are not taken.
func (p *Peer) note(changes [][]byte) {
	if p.options.ReadOnly || len(changes) == 1 && len(p.heads) == 1 {
		return
	}
	for _, raw := range changes {
		if h, ok := plainHash(raw); ok && len(p.brought) < maxBrought {
			p.brought = append(p.brought, h)
		}
	}
}

// plainHash is the hash of an uncompressed change chunk. That a compressed one
// is no proof costs bandwidth at most.
func plainHash(raw []byte) (crdt.Hash, bool) {
	const kindAt, plain = 8, 1
	if len(raw) <= kindAt || raw[kindAt] != plain {
		return crdt.Hash{}, false
	}
	return sha256.Sum256(raw[kindAt:]), true
}

// believe keeps what the peer says it has. That counts for nothing if the
// peer asks in the same breath for something that it should have.
func (p *Peer) believe(g *crdt.Graph, have []Have) {
	p.have, p.disproved = nil, false
	for _, h := range have {
		p.have = append(p.have, Have{LastSync: h.LastSync, Bloom: h.Bloom.clone()})
		p.disproved = p.disproved || anyWithin(g, h.LastSync, p.need)
	}
}
