package crdt

import "slices"

// Fields keeps the operations that ever touched the watched paths of a record:
// writes of their keys, and whatever lies below in objects that stand or once
// stood there, be it a letter of a text. A value can so be read in any View.
//
// Changes of a graph are applied in the order of their indexes. Fields is for
// one goroutine at a time, reads included.
type Fields struct {
	watched []watched
	root    *object
	objects map[OpID]*object // but the root
	actors  actors
	touched []bool // by the change being applied; of watched
}

// A watched path.
type watched struct {
	path Path
	keys []string
}

// A step is a place on the way to watched paths, or the place of one.
type step struct {
	next  map[string]*step
	over  []int // the watched paths at this step or above
	touch []int // those, and the ones below
}

// maxNesting bounds how deep objects nest below a watched path. What lies
// deeper is not kept.
const maxNesting = 100

// NewFields watches paths.
func NewFields(paths ...Path) *Fields {
	all := make([]watched, len(paths))
	for i, p := range paths {
		all[i] = watched{p, p.Keys()}
	}
	return newFields(all)
}

func newFields(paths []watched) *Fields {
	top := &step{}
	f := &Fields{
		watched: paths,
		objects: make(map[OpID]*object),
		actors:  newActors(),
		touched: make([]bool, len(paths)),
	}
	for i, p := range paths {
		top.lay(p.keys, i)
	}
	top.inherit(nil)
	f.root = newObject(true, top, true, 0)
	return f
}

// lay lays the steps to watched path i.
func (s *step) lay(keys []string, i int) {
	s.touch = append(s.touch, i)
	if len(keys) == 0 {
		s.over = append(s.over, i)
		return
	}
	if s.next == nil {
		s.next = make(map[string]*step)
	}
	if s.next[keys[0]] == nil {
		s.next[keys[0]] = &step{}
	}
	s.next[keys[0]].lay(keys[1:], i)
}

// inherit makes what is over a step to be over all below it.
func (s *step) inherit(over []int) {
	s.over = append(slices.Clip(over), s.over...)
	s.touch = append(slices.Clip(over), s.touch...)
	for _, next := range s.next {
		next.inherit(s.over)
	}
}

// watches reports whether all writes to a path are kept.
func (f *Fields) watches(keys []string) bool {
	s := f.root.step
	for _, key := range keys {
		next := s.next[key]
		if next == nil {
			return len(s.over) > 0
		}
		s = next
	}
	return true
}

// Apply notes what the change with graph index i does to watched paths, and
// returns those that it touches, at the path, above it or below, in the order
// of NewFields. It needs c.Ops.
func (f *Fields) Apply(i int, c *Change) []Path {
	hit := false
	var last OpID
	obj := f.root
	for n := range c.Ops {
		op := &c.Ops[n]
		if op.Obj != last {
			last, obj = op.Obj, f.object(op.Obj)
		}
		if obj != nil && f.apply(int32(i), op, obj) {
			hit = true
		}
	}
	if !hit {
		return nil
	}
	var paths []Path
	for n, touched := range f.touched {
		if touched {
			paths = append(paths, f.watched[n].path)
			f.touched[n] = false
		}
	}
	return paths
}

// object is the object that id made, nil if it is not kept.
func (f *Fields) object(id OpID) *object {
	if id.IsZero() {
		return f.root
	}
	return f.objects[id]
}

// apply notes one operation on an object that is kept, and reports whether it
// touches a watched path.
func (f *Fields) apply(change int32, op *Op, obj *object) bool {
	if op.Seq != (obj.elems != nil) {
		return false
	}
	if op.Seq {
		f.touch(obj.step.over)
		f.applyElem(change, op, obj)
		return true
	}
	at, exact := obj.step, false
	if next := obj.next(op.Key); next != nil {
		at, exact = next, true
		f.touch(next.touch)
	} else if len(obj.step.over) > 0 {
		f.touch(obj.step.over)
	} else {
		return false
	}
	s := obj.slot(op.Key)
	for _, p := range op.Pred {
		s.replace(f.actors.key(p), change, op)
	}
	if op.Action == Set || op.Action.Makes() {
		s.live = append(s.live, f.write(change, op, f.make(op, at, exact, obj.depth+1)))
	}
	return true
}

// applyElem is apply for an operation on an element.
func (f *Fields) applyElem(change int32, op *Op, obj *object) {
	q := obj.elems
	at := head
	if !op.Elem.IsZero() {
		known := false
		if at, known = q.index[f.actors.key(op.Elem)]; !known {
			return
		}
	}
	switch {
	case op.Insert:
		q.insert(f.write(change, op, f.make(op, obj.step, false, obj.depth+1)), at, &f.actors)
	case at != head:
		e := &q.elems[at]
		for _, p := range op.Pred {
			e.replace(f.actors.key(p), change, op)
		}
		if op.Action == Set || op.Action.Makes() {
			e.extra().also = append(e.extra().also, f.write(change, op, f.make(op, obj.step, false, obj.depth+1)))
		}
	}
}

// make makes the object that op makes, if it makes one that must be kept. It
// stands at a step itself (exact) or somewhere below it.
func (f *Fields) make(op *Op, at *step, exact bool, depth int) *object {
	isMap := op.Action == MakeMap || op.Action == MakeTable
	watched := len(at.over) > 0 || exact && isMap
	if !op.Action.Makes() || !watched || depth > maxNesting {
		return nil
	}
	obj := newObject(isMap, at, exact, depth)
	obj.id = f.actors.id(f.actors.key(op.ID))
	f.objects[obj.id] = obj
	return obj
}

func (f *Fields) touch(paths []int) {
	for _, i := range paths {
		f.touched[i] = true
	}
}
