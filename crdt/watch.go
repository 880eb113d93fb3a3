package crdt

import "slices"

// Watch begins to watch a root key that no change applied so far has written,
// as the path of that name, also if dots are in it. A key that is watched, or
// leads to a watched path, stays as it is.
func (f *Fields) Watch(key string) {
	top, p := f.root.step, Path(key)
	if top.next[key] != nil || slices.ContainsFunc(f.watched, func(w watched) bool { return w.path == p }) {
		return
	}
	i := len(f.watched)
	f.watched = append(f.watched, watched{p, []string{key}})
	f.touched = append(f.touched, false)
	top.touch = append(top.touch, i)
	if top.next == nil {
		top.next = make(map[string]*step)
	}
	top.next[key] = &step{over: []int{i}, touch: []int{i}}
}

// Len is how many paths are watched.
func (f *Fields) Len() int { return len(f.watched) }
