package columnar

import "math"

// Deltas reads a column of counters, each written as the difference to the one
// before it.
type Deltas struct {
	runs Runs[int64]
	sum  int64
}

// NewDeltas reads s.
func NewDeltas(s string) Deltas {
	return Deltas{runs: Runs[int64]{r: NewReader(s), read: readInt}}
}

// Next reads the next counter; ok is false for a null and after an error.
func (c *Deltas) Next() (v uint64, ok bool) {
	d, ok := c.runs.Next()
	if !ok {
		return 0, false
	}
	if d > math.MaxInt64-c.sum || c.sum+d < 0 {
		c.runs.r.fail(ErrOverflow)
		return 0, false
	}
	c.sum += d
	return uint64(c.sum), true
}

// End says what was wrong with the rows read, or that there are more.
func (c *Deltas) End() error { return c.runs.End() }
