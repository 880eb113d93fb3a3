package conflicts

import (
	"container/heap"

	"wedsync/crdt"
)

// order is the place of each touching change in causal order, ties by hash:
// that of the batch's changes, in whatever order they came, or of the whole
// history if earlier ones are judged.
func (b *batch) order(touches []touch) map[int]int {
	order := make(map[int]int)
	first := b.start
	for _, t := range touches {
		order[t.index] = 0
		if t.index < b.start {
			first = 0
		}
	}
	if len(order) < 2 {
		return order
	}
	q := newQueue(b.graph, first)
	for place := 0; q.Len() > 0; place++ {
		i := q.next()
		if _, touching := order[i]; touching {
			order[i] = place
		}
	}
	return order
}

// A queue hands out the changes of a graph from an index on, each after its
// dependencies; of those that are free, the lowest hash first.
type queue struct {
	graph    *crdt.Graph
	free     []int
	blocked  map[int]int   // how many dependencies a change still waits for
	children map[int][]int // that wait for a change
}

func newQueue(g *crdt.Graph, first int) *queue {
	q := &queue{graph: g, blocked: make(map[int]int), children: make(map[int][]int)}
	for i := first; i < g.Len(); i++ {
		for _, dep := range g.At(i).Deps {
			if p, ok := g.Index(dep); ok && p >= first {
				q.blocked[i]++
				q.children[p] = append(q.children[p], i)
			}
		}
		if q.blocked[i] == 0 {
			q.free = append(q.free, i)
		}
	}
	heap.Init(q)
	return q
}

// next is the next change.
func (q *queue) next() int {
	i := heap.Pop(q).(int)
	for _, child := range q.children[i] {
		if q.blocked[child]--; q.blocked[child] == 0 {
			heap.Push(q, child)
		}
	}
	return i
}

// Len, Less, Swap, Push and Pop make free a heap.
func (q *queue) Len() int { return len(q.free) }

func (q *queue) Less(i, j int) bool {
	return q.graph.At(q.free[i]).Hash.Compare(q.graph.At(q.free[j]).Hash) < 0
}

func (q *queue) Swap(i, j int) { q.free[i], q.free[j] = q.free[j], q.free[i] }

func (q *queue) Push(x any) { q.free = append(q.free, x.(int)) }

func (q *queue) Pop() any {
	last := len(q.free) - 1
	i := q.free[last]
	q.free = q.free[:last]
	return i
}
