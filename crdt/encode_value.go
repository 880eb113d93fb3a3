package crdt

import (
	"encoding/binary"
	"math"

	"wedsync/crdt/internal/columnar"
)

// appendScalar appends the bytes of a scalar and tells its type code. What is
// no scalar is null.
func appendScalar(dst []byte, v Value) ([]byte, uint8) {
	switch v.Kind {
	case Bool:
		return dst, codeFalse + uint8(v.Int&1)
	case Int:
		return columnar.AppendInt(dst, v.Int), codeInt
	case Uint:
		return columnar.AppendUint(dst, v.Uint), codeUint
	case Float:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.Float)), codeFloat
	case Str:
		return append(dst, v.Str...), codeStr
	case Bytes:
		return append(dst, v.Bytes...), codeBytes
	case Counter:
		return columnar.AppendInt(dst, v.Int), codeCounter
	case Timestamp:
		return columnar.AppendInt(dst, v.Int), codeTimestamp
	case Unknown:
		return append(dst, v.Bytes...), v.Code & codeMask
	}
	return dst, codeNull
}
