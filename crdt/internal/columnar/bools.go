package columnar

// Bools reads a column of truth values: the lengths of runs of false and true
// in turn, false first.
type Bools struct {
	r       Reader
	left    uint64
	value   bool
	started bool
	sparse  bool
	any     bool // whether a row was true
}

// NewBools reads s.
func NewBools(s string) Bools { return Bools{r: NewReader(s)} }

// NewSparseBools reads s, a column that has no bytes if every row is false.
func NewSparseBools(s string) Bools { return Bools{r: NewReader(s), sparse: true} }

// Next reads the next row; it is false after an error.
func (c *Bools) Next() bool {
	for c.left == 0 {
		if !c.nextRun() {
			return false
		}
	}
	c.left--
	return c.value
}

func (c *Bools) nextRun() bool {
	if c.r.Len() == 0 {
		if c.started || !c.sparse {
			c.r.fail(ErrShort)
		}
		return false
	}
	c.left = c.r.Uint()
	c.value = c.started && !c.value
	if c.left == 0 && c.started {
		c.r.fail(ErrForm)
	}
	c.started = true
	c.any = c.any || c.value
	return c.r.err == nil
}

// End says what was wrong with the rows read, or that there are more.
func (c *Bools) End() error {
	switch {
	case c.r.err != nil:
		return c.r.err
	case c.left > 0 || c.r.Len() > 0:
		return ErrLong
	case c.sparse && c.started && !c.any:
		return ErrForm
	}
	return nil
}
