package syncproto

import (
	"math"
	"slices"

	"wedsync/crdt"
)

// A View is one state of one record, valid until its graph changes. Peers in
// the same position share the messages that it encodes. It belongs to the
// record's owner, like the graph.
type View struct {
	graph  *crdt.Graph
	heads  []crdt.Hash
	parts  map[string]*part
	blooms map[string]Bloom
	hello  *part
	key    []byte // for lookups without allocation

	target, limit int                     // SendTarget and SendLimit
	newBloom      func([]crdt.Hash) Bloom // NewBloom
}

// A part is a message, or the part of one that is sent next.
type part struct {
	data    []byte
	heads   []crdt.Hash // what the peer holds when it has the message
	changes int         // how many changes it carries
	last    bool        // nothing more can be sent after it
	stuck   int         // see Peer.Stuck
}

// NewView is the present state of g.
func NewView(g *crdt.Graph) *View {
	return &View{
		graph:    g,
		heads:    g.Heads(),
		parts:    make(map[string]*part),
		blooms:   make(map[string]Bloom),
		target:   SendTarget,
		limit:    SendLimit,
		newBloom: NewBloom,
	}
}

// greeting announces our heads and shows nothing.
func (v *View) greeting() *part {
	if v.hello == nil {
		m := Message{Heads: v.heads}
		v.hello = &part{data: m.Append(nil), heads: v.heads}
	}
	return v.hello
}

// follow is the next part for a peer that holds held and no other change of
// ours. After it the peer holds what the message announces, hence no filter: it
// is to send what is new since then. A viewer is not to send anything.
func (v *View) follow(held []crdt.Hash, readOnly bool) *part {
	v.key = v.key[:0]
	if readOnly {
		v.key = append(v.key, 'r')
	}
	v.key = appendRaw(v.key, held)
	if p, ok := v.parts[string(v.key)]; ok {
		return p
	}
	key := string(v.key)
	o := &offer{since: v.graph.Since(held)}
	o.due = o.since
	p := v.cut(held, o)
	m := Message{Heads: p.heads, Changes: raw(o.due[:p.changes])}
	if !readOnly {
		m.Have = []Have{{LastSync: p.heads}}
	}
	p.data = m.Append(make([]byte, 0, sizeOf(&m)))
	v.parts[key] = p
	return p
}

// bloom is a filter over our changes since held.
func (v *View) bloom(held []crdt.Hash) Bloom {
	v.key = appendRaw(v.key[:0], held)
	if b, ok := v.blooms[string(v.key)]; ok {
		return b
	}
	key := string(v.key)
	since := v.graph.Since(held)
	hashes := make([]crdt.Hash, len(since))
	for i, c := range since {
		hashes[i] = c.Hash
	}
	b := v.newBloom(hashes)
	v.blooms[key] = b
	return b
}

// cut is the next part of an offer to a peer that holds held: as many changes
// as the target allows, ending where no sealed change is left uncovered.
func (v *View) cut(held []crdt.Hash, o *offer) *part {
	n, stuck := v.fit(o.due)
	switch {
	case n == len(o.due):
		return &part{heads: v.heads, changes: n, last: true}
	case n == 0:
		return &part{heads: tips(v.graph, held), last: true, stuck: stuck}
	}
	// Indexes are topological, so what lies below the cut is complete.
	claims, next := slices.Clone(held), v.indexAt(o.due, n)
	for i, c := range o.since {
		if v.indexAt(o.since, i) >= next {
			break
		}
		claims = append(claims, c.Hash)
	}
	return &part{heads: tips(v.graph, claims), changes: n}
}

// fit is how many of the changes due, which ascend by index, go into one
// message; if none, stuck is the size of what cannot be cut.
func (v *View) fit(due []*crdt.Change) (n, stuck int) {
	size, cover := 0, -1
	for i, c := range due {
		size += len(c.Raw)
		if n > 0 && (size > v.target || i >= MaxChanges) {
			return n, 0
		}
		if size > v.limit {
			return 0, size
		}
		cover = max(cover, v.coveredBy(c))
		if v.indexAt(due, i+1) > cover {
			n = i + 1
		}
	}
	return n, size
}

// coveredBy is the index of the change that seals c: a message that carries c
// goes at least that far.
func (v *View) coveredBy(c *crdt.Change) int {
	by, sealed := v.graph.Sealed(c.Hash)
	if !sealed {
		return -1
	}
	if i, ok := v.graph.Index(by); ok {
		return i
	}
	return math.MaxInt // not there, so c cannot be sent
}

// indexAt is the index of the change at position i of due, or one above all.
func (v *View) indexAt(due []*crdt.Change, i int) int {
	if i == len(due) {
		return v.graph.Len()
	}
	at, _ := v.graph.Index(due[i].Hash)
	return at
}

func raw(changes []*crdt.Change) [][]byte {
	if len(changes) == 0 {
		return nil
	}
	chunks := make([][]byte, len(changes))
	for i, c := range changes {
		chunks[i] = c.Raw
	}
	return chunks
}

func appendRaw(dst []byte, hashes []crdt.Hash) []byte {
	for i := range hashes {
		dst = append(dst, hashes[i][:]...)
	}
	return dst
}
