package crdt

import (
	"bytes"
	"maps"
	"math"
	"slices"
)

// Equal reports whether v and o are the same value of the same kind. Floats are
// the same if their bits are.
func (v Value) Equal(o Value) bool {
	return v.Kind == o.Kind && v.Int == o.Int && v.Uint == o.Uint && v.Str == o.Str && v.Code == o.Code &&
		math.Float64bits(v.Float) == math.Float64bits(o.Float) &&
		bytes.Equal(v.Bytes, o.Bytes) &&
		maps.EqualFunc(v.Map, o.Map, Value.Equal) &&
		slices.EqualFunc(v.List, o.List, Value.Equal)
}
