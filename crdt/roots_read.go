package crdt

import "fmt"

// A RootWrite is one of the latest writes of a root key.
type RootWrite struct {
	Change int // graph index; of what is lost, that of the last change that came into it
	// Value is what was written, with all that has come into it since; Missing
	// if the key was deleted.
	Value Value
	// Before is what the key showed the author just before, nil if that lies too
	// far back, and for what is lost.
	Before *Value
}

// Latest reads the latest writes of a key: the one that shows is the first, and
// deletions come last. It decodes the changes since the oldest of them, by
// limits. If those are more than reach, it decodes only the changes that made
// the writes, and misses what came into an object later.
func (r *Roots) Latest(key string, limits Limits, reach int) ([]RootWrite, error) {
	writes := r.sorted(r.writes(key))
	if len(writes) == 0 {
		return nil, nil
	}
	from, err := r.begin(key, writes, limits)
	if err != nil {
		return nil, err
	}
	near := r.graph.Len()-from <= reach
	fields, err := r.read(key, writes, from, near, limits)
	if err != nil {
		return nil, err
	}
	latest := make([]RootWrite, len(writes))
	for i, w := range writes {
		latest[i] = RootWrite{Change: r.author(w), Value: fields.written(key, r.id(w), r.graph.All())}
		if near && !w.lost {
			before := fields.showed(key, r.graph.View(r.graph.At(latest[i].Change).Deps...))
			latest[i].Before = &before
		}
	}
	return latest, nil
}

// author is the index of the change that a write is told of.
func (r *Roots) author(w rootWrite) int {
	if touches := r.touches[w.rootID]; w.lost && len(touches) > 0 {
		return int(touches[len(touches)-1])
	}
	return int(w.change)
}

// begin is the index of the first change that has to do with some writes of a
// key: that of the oldest or of one that it replaced.
func (r *Roots) begin(key string, writes []rootWrite, limits Limits) (int, error) {
	from := r.graph.Len()
	for _, w := range writes {
		c, err := r.decode(int(w.change), limits)
		if err != nil {
			return 0, err
		}
		from = min(from, int(w.change))
		for n := range c.Ops {
			if op := &c.Ops[n]; op.Obj.IsZero() && op.Key == key {
				for _, p := range op.Pred {
					if i, ok := r.graph.authors.of(p.Actor).before(p.Counter); ok {
						from = min(from, i)
					}
				}
			}
		}
	}
	return from, nil
}

// read applies the changes from an index on to a table of one key; if that is
// far back, only those that made the writes.
func (r *Roots) read(key string, writes []rootWrite, from int, near bool, limits Limits) (*Fields, error) {
	made := make(map[int]bool, len(writes))
	for _, w := range writes {
		made[int(w.change)] = true
	}
	fields := newFields([]watched{{Path(key), []string{key}}})
	for i := from; i < r.graph.Len(); i++ {
		if !near && !made[i] {
			continue
		}
		c, err := r.decode(i, limits)
		if err != nil {
			return nil, err
		}
		fields.Apply(i, c)
	}
	return fields, nil
}

func (r *Roots) decode(i int, limits Limits) (*Change, error) {
	c, err := Decode(r.graph.At(i).Raw, limits)
	if err != nil {
		return nil, fmt.Errorf("change %d: %w", i, err)
	}
	return c, nil
}

// written is the value of a write of a root key, replaced or not, Missing if it
// wrote none.
func (f *Fields) written(key string, id OpID, v View) Value {
	s := f.root.keys[key]
	if s == nil {
		return Value{}
	}
	for _, writes := range [][]write{s.live, s.dead} {
		for i := range writes {
			if f.actors.id(writes[i].id) == id {
				return f.value(&writes[i], v)
			}
		}
	}
	return Value{}
}

// showed is the value that a view shows at a root key.
func (f *Fields) showed(key string, v View) Value {
	w := f.actors.highest(f.root.keys[key].in(v))
	if w == nil {
		return Value{}
	}
	return f.value(w, v)
}
