package conflicts

import (
	"strings"

	"wedsync/crdt"
)

// value is what a field shows in a view; critical fields below it are told by
// themselves.
func (h *History) value(path crdt.Path, v crdt.View) crdt.Value {
	value := h.fields.Value(path, v)
	for _, hidden := range h.hidden {
		if below(hidden, path) {
			value = without(value, strings.Split(strings.TrimPrefix(string(hidden), string(path)+"."), "."))
		}
	}
	return value
}

// without is a value less what is at a path below it.
func without(v crdt.Value, keys []string) crdt.Value {
	inner, there := v.Map[keys[0]]
	if !there {
		return v
	}
	if len(keys) > 1 {
		v.Map[keys[0]] = without(inner, keys[1:])
		return v
	}
	delete(v.Map, keys[0])
	return v
}
