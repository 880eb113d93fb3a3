package crdt

// Mirrors reports whether a path shows want and nothing else lives there: every
// live map at its last step holds exactly one live value, which equals want, or
// none if want is Missing. It is what Builder.Set brings about.
func (f *Fields) Mirrors(p Path, v View, want Value) bool {
	keys := f.keys(p)
	last := keys[len(keys)-1]
	maps := f.maps(keys[:len(keys)-1], v)
	for _, obj := range maps {
		live := f.actors.descending(obj.keys[last], v)
		if want.Kind == Missing {
			if len(live) > 0 {
				return false
			}
			continue
		}
		if len(live) != 1 || !f.value(live[0], v).Equal(want) {
			return false
		}
	}
	return want.Kind == Missing || f.shown(p, v) != nil
}
