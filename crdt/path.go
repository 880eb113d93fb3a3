package crdt

import "strings"

// A Path names a field: a root key, or map keys joined by dots.
type Path string

// Keys are the map keys of the path, from the root down.
func (p Path) Keys() []string { return strings.Split(string(p), ".") }
