package columnar

// Runs reads a run-length column: runs of one value, literal runs of differing
// values, and runs of nulls. A column without bytes stands for nulls without
// end.
type Runs[T comparable] struct {
	r        Reader
	read     func(Reader) (T, Reader)
	kind     runKind
	left     uint64 // rows of the run at hand
	last     T      // the value read last
	adjacent bool   // whether last is the row just before
	any      bool   // whether there was a value at all
}

type runKind uint8

const (
	noRun runKind = iota
	repeats
	literals
	nulls
)

// Uints reads a column of unsigned numbers.
func Uints(s string) Runs[uint64] {
	return Runs[uint64]{r: NewReader(s), read: readUint}
}

// Strings reads a column of strings, which it returns as parts of s.
func Strings(s string) Runs[string] {
	return Runs[string]{r: NewReader(s), read: readString}
}

// Next reads the next row; ok is false for a null and after an error.
func (c *Runs[T]) Next() (v T, ok bool) {
	if c.left == 0 && !c.nextRun() {
		return v, false
	}
	c.left--
	switch c.kind {
	case nulls:
		return v, false
	case literals:
		ok = c.value()
		return c.last, ok
	}
	return c.last, true
}

// End says what was wrong with the rows read, or that there are more.
func (c *Runs[T]) End() error {
	switch {
	case c.r.err != nil:
		return c.r.err
	case c.left > 0 || c.r.Len() > 0:
		return ErrLong
	case c.kind != noRun && !c.any:
		return ErrForm
	}
	return nil
}

// Rows counts the rows that are still to come, or says that they are more than
// limit. It costs time by the bytes of the column, not by its rows.
func (c Runs[T]) Rows(limit uint64) (uint64, error) {
	n := c.left
	for c.r.Len() > 0 && c.nextRun() {
		if c.left > limit || n > limit-c.left {
			return 0, ErrLimit
		}
		n += c.left
		for c.kind == literals && c.left > 0 && c.value() {
			c.left--
		}
		c.left = 0
	}
	return n, c.r.err
}

func (c *Runs[T]) nextRun() bool {
	if c.r.err != nil || c.r.Len() == 0 {
		return c.missing()
	}
	before := c.kind
	switch n := c.r.Int(); {
	case n > 0:
		c.kind, c.left = repeats, uint64(n)
		c.require(n > 1)
		c.value()
	case n < 0:
		c.kind, c.left = literals, uint64(-n)
		c.require(before != literals)
	default:
		c.kind, c.left = nulls, c.r.Uint()
		c.require(before != nulls && c.left > 0)
		c.adjacent = false
	}
	if c.r.err != nil {
		c.left = 0
	}
	return c.r.err == nil
}

// missing notes that a row was wanted where the column has ended.
func (c *Runs[T]) missing() bool {
	if c.kind != noRun {
		c.r.fail(ErrShort)
	}
	return false
}

// value reads a value. The same value twice in a row belongs into one run.
func (c *Runs[T]) value() bool {
	v, rest := c.read(c.r)
	c.r = rest
	c.require(!c.adjacent || v != c.last)
	c.last, c.adjacent, c.any = v, true, true
	return c.r.err == nil
}

func (c *Runs[T]) require(canonical bool) {
	if !canonical {
		c.r.fail(ErrForm)
	}
}

// The values of columns are read by functions that take and return a Reader,
// not a pointer to one, so that columns can live on the stack.

func readUint(r Reader) (uint64, Reader)   { v := r.Uint(); return v, r }
func readInt(r Reader) (int64, Reader)     { v := r.Int(); return v, r }
func readString(r Reader) (string, Reader) { v := r.String(); return v, r }
