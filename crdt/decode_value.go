package crdt

import (
	"encoding/binary"
	"fmt"
	"math"

	"wedsync/crdt/internal/columnar"
)

// The type codes of scalar values. The bits above them are the length.
const (
	codeNull      = 0
	codeFalse     = 1
	codeTrue      = 2
	codeUint      = 3
	codeInt       = 4
	codeFloat     = 5
	codeStr       = 6
	codeBytes     = 7
	codeCounter   = 8
	codeTimestamp = 9
	codeBits      = 4
	codeMask      = 1<<codeBits - 1
)

// decodeValue reads the value of one row.
func decodeValue(v *Value, cols *opColumns) error {
	meta, ok := cols.valMeta.Next()
	if !ok {
		return fmt.Errorf("operation without a value: %w", ErrMalformed)
	}
	raw := cols.valRaw.Take(meta >> codeBits)
	if err := cols.valRaw.Err(); err != nil {
		return fmt.Errorf("value: %w: %w", err, ErrMalformed)
	}
	r := columnar.NewReader(raw)
	switch code := uint8(meta & codeMask); code {
	case codeNull:
		v.Kind = Null
	case codeFalse, codeTrue:
		v.Kind, v.Int = Bool, int64(code-codeFalse)
	case codeUint:
		v.Kind, v.Uint = Uint, r.Uint()
	case codeInt:
		v.Kind, v.Int = Int, r.Int()
	case codeCounter:
		v.Kind, v.Int = Counter, r.Int()
	case codeTimestamp:
		v.Kind, v.Int = Timestamp, r.Int()
	case codeFloat:
		v.Kind, v.Float = Float, readFloat(&r)
	case codeStr:
		v.Kind, v.Str = Str, r.Take(uint64(len(raw)))
		return validText("string", raw)
	case codeBytes:
		v.Kind, v.Bytes = Bytes, []byte(r.Take(uint64(len(raw))))
	default:
		v.Kind, v.Code, v.Bytes = Unknown, code, []byte(r.Take(uint64(len(raw))))
	}
	if err := r.End(); err != nil {
		return fmt.Errorf("value of type %d in %d bytes: %w: %w", meta&codeMask, len(raw), err, ErrMalformed)
	}
	return nil
}

func readFloat(r *columnar.Reader) float64 {
	b := r.Take(8)
	if len(b) < 8 {
		return 0
	}
	return math.Float64frombits(binary.LittleEndian.Uint64([]byte(b)))
}
