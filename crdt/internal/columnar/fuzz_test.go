package columnar

import (
	"strings"
	"testing"
)

const maxRows = 10_000

func FuzzColumns(f *testing.F) {
	for _, s := range []string{"", "\x02\x05", "\x7e\x01\x02\x00\x03\x04\x07", "\x7f\x03abc", "\x00\x02\x7f\x01", "\x00\x03\x01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		rewriteRuns(t, s, Uints(s), NewUintWriter())
		rewriteRuns(t, s, Strings(s), NewStringWriter())
		rewriteDeltas(t, s)
		rewriteBools(t, s, NewBools(s))
		rewriteBools(t, s, NewSparseBools(s))
	})
}

// rewriteRuns reads a column and writes what it read: a column that was
// accepted comes out as it was, row for row and byte for byte.
func rewriteRuns[T comparable](t *testing.T, s string, c Runs[T], w RunWriter[T]) {
	n, err := c.Rows(maxRows)
	if err != nil {
		return
	}
	for range n {
		if v, ok := c.Next(); ok {
			w.Append(v)
		} else {
			w.AppendNull()
		}
	}
	if c.End() == nil && string(w.Bytes()) != s {
		t.Errorf("%d rows: %x, was %x", n, w.Bytes(), s)
	}
}

func rewriteDeltas(t *testing.T, s string) {
	c, w := NewDeltas(s), NewDeltaWriter()
	n, err := c.runs.Rows(maxRows)
	if err != nil {
		return
	}
	for range n {
		if v, ok := c.Next(); ok {
			w.Append(v)
		} else {
			w.AppendNull()
		}
	}
	if c.End() == nil && string(w.Bytes()) != s {
		t.Errorf("%d rows: %x, was %x", n, w.Bytes(), s)
	}
}

func rewriteBools(t *testing.T, s string, c Bools) {
	var w BoolWriter
	for range maxRows {
		if c.End() == nil {
			break
		}
		w.Append(c.Next())
	}
	if c.End() == nil && string(w.Bytes()) != s {
		t.Errorf("%x, was %x", w.Bytes(), s)
	}
}

func FuzzNumbers(f *testing.F) {
	f.Add("\x80\x01")
	f.Add(strings.Repeat("\xff", 9) + "\x01")
	f.Add(strings.Repeat("\x80", 9) + "\x7f")
	f.Fuzz(func(t *testing.T, s string) {
		u := NewReader(s)
		if v := u.Uint(); u.Err() == nil && string(AppendUint(nil, v)) != s[:len(s)-u.Len()] {
			t.Errorf("%x became %d", s, v)
		}
		i := NewReader(s)
		if v := i.Int(); i.Err() == nil && string(AppendInt(nil, v)) != s[:len(s)-i.Len()] {
			t.Errorf("%x became %d", s, v)
		}
	})
}
