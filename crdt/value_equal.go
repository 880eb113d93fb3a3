package crdt

// Equal reports whether v and o are the same value of the same kind.
func (v Value) Equal(o Value) bool { return false }
