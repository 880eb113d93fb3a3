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

// A cachedView is the view of one change, kept for the change that follows it.
type cachedView struct {
	view View
	tip  int // the change; meaningless while the view is empty
}

// All is the view of all changes that are in the graph now.
func (g *Graph) All() View { return View{n: len(g.nodes), low: len(g.nodes)} }

// View is the causal past of heads, heads included. Unknown heads are ignored.
func (g *Graph) View(heads ...Hash) View {
	return g.past(g.known(heads), 0)
}

// Contains reports whether a is of or an ancestor of it. It is false if one of
// them is unknown.
func (g *Graph) Contains(of, a Hash) bool {
	tip, ok := g.index[of]
	if !ok {
		return false
	}
	i, ok := g.index[a]
	return ok && i <= tip && g.past([]int32{tip}, int(i)).Has(int(i))
}

// Since are the changes that are neither among heads nor ancestors of those,
// parents before children. Unknown heads are ignored.
func (g *Graph) Since(heads []Hash) []*Change {
	if slices.Equal(heads, g.heads) {
		return nil
	}
	v := g.past(g.known(heads), 0)
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

// past is the view of tips, which ascend, and their ancestors. It need be
// right for indexes from floor on only.
func (g *Graph) past(tips []int32, floor int) View {
	if len(tips) == 0 {
		return View{}
	}
	if len(tips) > 1 {
		return g.walk(tips, floor)
	}
	tip := int(tips[0])
	if c := &g.tip; c.view.n > 0 {
		if c.tip == tip {
			return c.view
		}
		if parents := g.parents(tip); len(parents) == 1 && int(parents[0]) == c.tip {
			c.view, c.tip = c.view.grow(tip), tip
			return c.view
		}
	}
	v := g.walk(tips, floor)
	if floor == 0 {
		g.tip = cachedView{v, tip}
	}
	return v
}

// grow is the view with the change at index i, which lies above all that it
// holds, besides.
func (v View) grow(i int) View {
	if len(v.bits) == 0 && v.n == i {
		return View{n: i + 1, low: i + 1}
	}
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
func (g *Graph) walk(tips []int32, floor int) View {
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
	for ; i >= floor && heads < g.nodes[i].width; i-- {
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
