package crdt

import (
	"math"
	"slices"
)

// A Graph is the set of changes of one record and how they depend on each
// other. A change gets an index when it joins; parents have lower indexes than
// their children. A change whose dependencies are not all there waits for
// them, within limits. A Graph is for one goroutine at a time, reads included.
type Graph struct {
	limits  Limits
	nodes   []node
	edges   []int32 // the parents of all nodes, node by node
	index   map[Hash]int32
	heads   []Hash // ascending; replaced, never written
	authors authors
	makes   map[opKey]Action // every object, by the operation that made it
	orphans orphans
	dropped []Dropped
	seals   map[Hash]Hash
	viewed  []viewed // lately, the last first
	maxOp   uint64
	bytes   int
}

// A node is a change in its place.
type node struct {
	change *Change
	maxOp  uint64 // the highest operation counter of it and its past
	edges  uint32 // where its parents end in Graph.edges
	child  int32  // the lowest index of a child, or none
	width  int32  // how many heads the graph had when this node was the last
	low    int32  // all nodes below this index are in its past, and perhaps more
}

// none is an index that no node has.
const none = math.MaxInt32

// A Dropped is a change that waited and turned out invalid when its
// dependencies were there.
type Dropped struct {
	Change *Change
	Err    error
}

// NewGraph makes an empty graph. l.HubOps may be at most 1<<32 and
// l.MaxChanges at most 1<<30.
func NewGraph(l Limits) *Graph {
	return &Graph{
		limits:  l,
		index:   make(map[Hash]int32),
		authors: make(authors),
		makes:   make(map[opKey]Action),
		orphans: newOrphans(),
		seals:   make(map[Hash]Hash),
	}
}

// Add adds a device's change. A change that is there or waits is no news and
// no error. One whose dependencies are missing waits, and nothing is added.
// Otherwise added is c and the changes that waited for it, in causal order.
// An error wraps ErrInvalid, ErrLimit or ErrEquivocation and leaves the graph
// as it was; a change that stops waiting and proves invalid is no error of c
// but told by Dropped. Add needs c.Ops and keeps c.
func (g *Graph) Add(c *Change) (added []*Change, err error) {
	return g.add(c, g.limits.DeviceOps)
}

// AddHub is Add for a change of the hub itself and for one that the hub has
// stored: its operation counters may reach up to Limits.HubOps.
func (g *Graph) AddHub(c *Change) (added []*Change, err error) {
	return g.add(c, g.limits.HubOps)
}

// add adds c, whose operation counters must end below ops.
func (g *Graph) add(c *Change, ops uint64) ([]*Change, error) {
	if g.Has(c.Hash) || g.orphans.has(c.Hash) {
		return nil, nil
	}
	parents, missing, err := g.check(c, ops)
	if err != nil {
		return nil, err
	}
	if missing > 0 {
		g.orphans.put(c, ops, missing, g.Has)
		return nil, nil
	}
	g.join(c, parents)
	if g.orphans.len() == 0 {
		return []*Change{c}, nil
	}
	return g.release(c), nil
}

// release adds the changes that waited for c alone, and for those, and so on.
func (g *Graph) release(c *Change) []*Change {
	added := []*Change{c}
	for next := 0; next < len(added); next++ {
		for _, w := range g.orphans.release(added[next].Hash) {
			if err := w.decode(g.limits); err != nil {
				g.dropped = append(g.dropped, Dropped{w.change, err})
				continue
			}
			parents, _, err := g.check(w.change, w.ops)
			if err != nil {
				g.dropped = append(g.dropped, Dropped{w.change, err})
				continue
			}
			g.join(w.change, parents)
			added = append(added, w.change)
		}
	}
	return added
}

// join makes a checked change a node.
func (g *Graph) join(c *Change, parents []int32) {
	i := int32(len(g.nodes))
	maxOp, low := c.MaxOp(), int32(0)
	for _, p := range parents {
		parent := &g.nodes[p]
		maxOp = max(maxOp, parent.maxOp)
		parent.child = min(parent.child, i)
		low = max(low, parent.low)
		if parent.low == p {
			low = max(low, p+1)
		}
	}
	if slices.Equal(c.Deps, g.heads) {
		low = i
	}
	g.edges = append(g.edges, parents...)
	g.heads = replaceHeads(g.heads, c)
	g.nodes = append(g.nodes, node{
		change: c,
		maxOp:  maxOp,
		edges:  uint32(len(g.edges)),
		child:  none,
		width:  int32(len(g.heads)),
		low:    low,
	})
	g.index[c.Hash] = i
	g.maxOp = max(g.maxOp, maxOp)
	g.bytes += len(c.Raw)
	g.authors.add(c, i, g.makes)
}

// replaceHeads puts c in the place of its dependencies.
func replaceHeads(heads []Hash, c *Change) []Hash {
	next := make([]Hash, 0, len(heads)+1)
	for _, h := range heads {
		if _, found := slices.BinarySearchFunc(c.Deps, h, Hash.Compare); !found {
			next = append(next, h)
		}
	}
	at, _ := slices.BinarySearchFunc(next, c.Hash, Hash.Compare)
	return slices.Insert(next, at, c.Hash)
}

// parents are the indexes of the dependencies of node i.
func (g *Graph) parents(i int) []int32 {
	if i == 0 {
		return nil
	}
	return g.edges[g.nodes[i-1].edges:g.nodes[i].edges]
}

// Dropped returns the changes that waited and proved invalid since it was last
// called. What waits for them waits on.
func (g *Graph) Dropped() []Dropped {
	d := g.dropped
	g.dropped = nil
	return d
}

// Has reports whether h has joined the graph.
func (g *Graph) Has(h Hash) bool {
	_, ok := g.index[h]
	return ok
}

// Index is the index of a change.
func (g *Graph) Index(h Hash) (int, bool) {
	i, ok := g.index[h]
	return int(i), ok
}

// At is the change with index i.
func (g *Graph) At(i int) *Change { return g.nodes[i].change }

// Len counts the changes; waiting ones are not among them.
func (g *Graph) Len() int { return len(g.nodes) }

// Heads are the changes that no other depends on, ascending. They must not be
// modified, and do not change when the graph grows.
func (g *Graph) Heads() []Hash { return g.heads }

// MaxOp is the highest operation counter of the graph.
func (g *Graph) MaxOp() uint64 { return g.maxOp }

// Bytes counts the bytes of the chunks held, waiting ones included.
func (g *Graph) Bytes() int { return g.bytes + g.orphans.bytes }

// Seq is the last sequence number of an actor, 0 if there is none.
func (g *Graph) Seq(a ActorID) uint64 { return g.authors.of(a).seq() }

// BySeq is the change of an actor with a sequence number.
func (g *Graph) BySeq(a ActorID, seq uint64) (Hash, bool) {
	author := g.authors.of(a)
	if seq == 0 || seq > author.seq() {
		return Hash{}, false
	}
	return g.At(int(author.changes[seq-1])).Hash, true
}

// Seal notes that member must never be sent without by, the hub change that
// answers it.
func (g *Graph) Seal(member, by Hash) { g.seals[member] = by }

// Sealed is the hub change that member must be sent with, if any.
func (g *Graph) Sealed(member Hash) (by Hash, ok bool) {
	by, ok = g.seals[member]
	return by, ok
}

// Waiting are the changes that wait for a dependency, ascending.
func (g *Graph) Waiting() []Hash { return g.orphans.hashes() }

// WaitingChanges are the changes that wait for a dependency, ascending by hash,
// without their operations. They must not be modified.
func (g *Graph) WaitingChanges() []*Change {
	var all []*Change
	for _, h := range g.orphans.hashes() {
		all = append(all, g.orphans.waiters[h].change)
	}
	return all
}

// Missing is what must be asked for to hold heads: those of them that neither
// are there nor wait, and what waiting changes still need. Ascending.
func (g *Graph) Missing(heads []Hash) []Hash {
	missing := g.orphans.needs()
	for _, h := range heads {
		if !g.Has(h) && !g.orphans.has(h) {
			missing = append(missing, h)
		}
	}
	slices.SortFunc(missing, Hash.Compare)
	return slices.Compact(missing)
}
