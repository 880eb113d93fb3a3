package columnar

import "encoding/binary"

// AppendUint appends v as unsigned LEB128.
func AppendUint(dst []byte, v uint64) []byte { return binary.AppendUvarint(dst, v) }

// AppendInt appends v as signed LEB128.
func AppendInt(dst []byte, v int64) []byte {
	for v < -0x40 || v >= 0x40 {
		dst = append(dst, byte(v)|0x80)
		v >>= 7
	}
	return append(dst, byte(v)&0x7f)
}

// AppendString appends the length of s and s.
func AppendString(dst []byte, s string) []byte {
	return append(AppendUint(dst, uint64(len(s))), s...)
}

// RunWriter writes what [Runs] reads.
type RunWriter[T comparable] struct {
	put     func([]byte, T) []byte
	buf     []byte // finished runs
	lits    []byte // values of the literal run at hand, without last
	numLits int64
	last    T
	count   int64 // how often last was appended
	nulls   uint64
}

// NewUintWriter writes a column of unsigned numbers.
func NewUintWriter() RunWriter[uint64] { return RunWriter[uint64]{put: AppendUint} }

// NewStringWriter writes a column of strings.
func NewStringWriter() RunWriter[string] { return RunWriter[string]{put: AppendString} }

// Append adds a row with a value.
func (w *RunWriter[T]) Append(v T) {
	w.flushNulls()
	if w.count > 0 && v == w.last {
		w.flushLiterals()
		w.count++
		return
	}
	w.settle()
	w.last, w.count = v, 1
}

// AppendNull adds a row without a value.
func (w *RunWriter[T]) AppendNull() {
	w.settle()
	w.flushLiterals()
	w.nulls++
}

// Bytes is the whole column, empty if it has no value at all. Nothing may be
// appended afterwards.
func (w *RunWriter[T]) Bytes() []byte {
	w.settle()
	w.flushLiterals()
	if len(w.buf) > 0 {
		w.flushNulls()
	}
	return w.buf
}

// settle decides what last becomes: a run of its own, or one more literal.
func (w *RunWriter[T]) settle() {
	switch {
	case w.count == 1:
		w.lits = w.put(w.lits, w.last)
		w.numLits++
	case w.count > 1:
		w.buf = w.put(AppendInt(w.buf, w.count), w.last)
	}
	w.count = 0
}

func (w *RunWriter[T]) flushLiterals() {
	if w.numLits == 0 {
		return
	}
	w.buf = append(AppendInt(w.buf, -w.numLits), w.lits...)
	w.lits, w.numLits = w.lits[:0], 0
}

func (w *RunWriter[T]) flushNulls() {
	if w.nulls == 0 {
		return
	}
	w.buf = AppendUint(append(w.buf, 0), w.nulls)
	w.nulls = 0
}

// DeltaWriter writes what [Deltas] reads.
type DeltaWriter struct {
	runs RunWriter[int64]
	last uint64
}

// NewDeltaWriter writes a column of counters.
func NewDeltaWriter() DeltaWriter { return DeltaWriter{runs: RunWriter[int64]{put: AppendInt}} }

// Append adds a row with a counter.
func (w *DeltaWriter) Append(v uint64) {
	w.runs.Append(int64(v - w.last))
	w.last = v
}

// AppendNull adds a row without a counter.
func (w *DeltaWriter) AppendNull() { w.runs.AppendNull() }

// Bytes is the whole column, empty if it has no counter at all.
func (w *DeltaWriter) Bytes() []byte { return w.runs.Bytes() }

// BoolWriter writes what [Bools] reads.
type BoolWriter struct {
	buf   []byte
	value bool
	count uint64
	any   bool
}

// Append adds a row.
func (w *BoolWriter) Append(v bool) {
	if v != w.value {
		w.buf = AppendUint(w.buf, w.count)
		w.value, w.count = v, 0
	}
	w.count++
	w.any = w.any || v
}

// Bytes is the whole column.
func (w *BoolWriter) Bytes() []byte {
	if w.count == 0 {
		return w.buf
	}
	return AppendUint(w.buf, w.count)
}

// Any reports whether a row was true.
func (w *BoolWriter) Any() bool { return w.any }
