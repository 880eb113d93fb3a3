package crdt

import "slices"

// A View is a set of changes that holds the dependencies of each: a state of
// the record as somebody may have seen it. The zero View is empty. A View
// stays what it is when its graph grows.
type View struct {
	n    int      // changes from this index on are outside
	low  int      // changes below this index are inside
	bits []uint64 // what lies between: bit i-low of change i
}

// Has reports whether the change with index i is in the view.
func (v View) Has(i int) bool {
	if i < v.low {
		return true
	}
	at := i - v.low
	return i < v.n && v.bits[at>>6]>>(at&63)&1 != 0
}

// viewed is the view of one change, kept for those that follow it.
type viewed struct {
	tip  int
	view View
}

const (
	maxViewed = 16  // how many views are kept
	maxClimb  = 256 // how far below a change a kept view is looked for
)

// All is the view of all changes that are in the graph now.
func (g *Graph) All() View { return View{n: len(g.nodes), low: len(g.nodes)} }

// View is the causal past of heads, heads included. Unknown heads are ignored.
func (g *Graph) View(heads ...Hash) View { return g.past(g.known(heads)) }

// Contains reports whether a is of or an ancestor of it. It is false if one of
// them is unknown.
func (g *Graph) Contains(of, a Hash) bool {
	tip, ok := g.index[of]
	if !ok {
		return false
	}
	i, ok := g.index[a]
	if !ok || i > tip {
		return false
	}
	return g.surely(tip, i) || g.past([]int32{tip}).Has(int(i))
}

// surely reports whether it is plain that node i is of or an ancestor of it.
func (g *Graph) surely(of, i int32) bool {
	n := &g.nodes[of]
	return i < n.low || i == of || i < of && g.nodes[i].change.Actor == n.change.Actor
}

// Since are the changes that are neither among heads nor ancestors of those,
// parents before children. Unknown heads are ignored.
func (g *Graph) Since(heads []Hash) []*Change {
	if slices.Equal(heads, g.heads) {
		return nil
	}
	v := g.past(g.known(heads))
	var since []*Change
	for i := v.low; i < len(g.nodes); i++ {
		if !v.Has(i) {
			since = append(since, g.nodes[i].change)
		}
	}
	return since
}

// known are the indexes of those of hashes that are in the graph, each once.
func (g *Graph) known(hashes []Hash) []int32 {
	known := make([]int32, 0, len(hashes))
	for _, h := range hashes {
		if i, ok := g.index[h]; ok {
			known = append(known, i)
		}
	}
	slices.Sort(known)
	return slices.Compact(known)
}

// past is the view of tips, which ascend, and their ancestors.
func (g *Graph) past(tips []int32) View {
	switch {
	case len(tips) == 0:
		return View{}
	case len(tips) > 1:
		return g.walk(tips)
	}
	tip := int(tips[0])
	if n := &g.nodes[tip]; int(n.low) == tip {
		return View{n: tip + 1, low: tip + 1}
	}
	v := g.climb(tip)
	if v.n == 0 {
		v = g.walk(tips)
	}
	if len(g.viewed) == maxViewed {
		g.viewed = g.viewed[:maxViewed-1]
	}
	g.viewed = slices.Insert(g.viewed, 0, viewed{tip, v})
	return v
}

// climb makes the view of tip from one that is kept, which is then kept no
// more. It is empty if there is none close below.
func (g *Graph) climb(tip int) View {
	var above []int
	for i := tip; len(above) < maxClimb; {
		if k := slices.IndexFunc(g.viewed, func(v viewed) bool { return v.tip == i }); k >= 0 {
			v := g.viewed[k].view
			g.viewed = slices.Delete(g.viewed, k, k+1)
			for _, i := range slices.Backward(above) {
				v = v.grow(i)
			}
			return v
		}
		parents := g.parents(i)
		if len(parents) != 1 {
			break
		}
		above = append(above, i)
		i = int(parents[0])
	}
	return View{}
}

// grow is the view with the change at index i, which lies above all that it
// holds, besides. It shares the memory of v.
func (v View) grow(i int) View {
	at := i - v.low
	for at>>6 >= len(v.bits) {
		v.bits = append(v.bits, 0)
	}
	v.bits[at>>6] |= 1 << (at & 63)
	v.n = i + 1
	return v
}

// walk finds the past of tips from the highest downwards. It ends where all
// that lies below is in the past, so it costs no more than what runs beside
// the tips.
func (g *Graph) walk(tips []int32) View {
	top := int(tips[len(tips)-1])
	m := marks{top: top}
	heads := int32(0) // how many heads of the graph of nodes 0 to i are in the past
	for _, t := range tips {
		m.set(int(t))
		if int(g.nodes[t].child) > top {
			heads++
		}
	}
	i := top
	for ; i >= 0 && heads < g.nodes[i].width; i-- {
		inside := m.has(i)
		if inside {
			heads--
		}
		for _, p := range g.parents(i) {
			if inside {
				m.set(int(p))
			}
			if int(g.nodes[p].child) == i && m.has(int(p)) {
				heads++
			}
		}
	}
	return m.view(i + 1)
}

// marks is a set of indexes up to top that grows downwards.
type marks struct {
	top  int
	down []bool // of index top, top-1, …
}

func (m *marks) has(i int) bool { return m.top-i < len(m.down) && m.down[m.top-i] }

func (m *marks) set(i int) {
	if more := m.top - i + 1 - len(m.down); more > 0 {
		m.down = append(m.down, make([]bool, more)...)
	}
	m.down[m.top-i] = true
}

// view is the view of the marked indexes from low on and all below.
func (m *marks) view(low int) View {
	v := View{n: m.top + 1, low: low}
	v.bits = make([]uint64, (v.n-low+63)>>6)
	for i := low; i < v.n; i++ {
		if m.has(i) {
			v.bits[(i-low)>>6] |= 1 << ((i - low) & 63)
		}
	}
	return v
}
