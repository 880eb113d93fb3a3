package columnar

import (
	"errors"
	"math"
	"testing"
)

func TestNumbersComeBack(t *testing.T) {
	for _, v := range []int64{0, 1, -1, 63, 64, -64, -65, 8191, 8192, math.MaxInt32, math.MinInt32, 1 << 62, -1 << 62, math.MaxInt64, math.MinInt64} {
		r := NewReader(string(AppendInt(nil, v)))
		if got := r.Int(); got != v || r.End() != nil {
			t.Errorf("signed %d came back as %d, %v", v, got, r.End())
		}
		r = NewReader(string(AppendUint(nil, uint64(v))))
		if got := r.Uint(); got != uint64(v) || r.End() != nil {
			t.Errorf("unsigned %d came back as %d, %v", uint64(v), got, r.End())
		}
	}
}

func TestNumbersInOtherFormsAreRefused(t *testing.T) {
	for _, c := range []struct {
		s              string
		unsign, signed error
	}{
		{"", ErrShort, ErrShort},
		{"\x80", ErrShort, ErrShort},
		{"\x80\x00", ErrForm, ErrForm},
		{"\xff\x7f", nil, ErrForm},
		{"\xff\x00", ErrForm, nil},
		{"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02", ErrOverflow, ErrOverflow},
		{"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", ErrOverflow, ErrOverflow},
	} {
		u, i := NewReader(c.s), NewReader(c.s)
		u.Uint()
		i.Int()
		if !errors.Is(u.Err(), c.unsign) || !errors.Is(i.Err(), c.signed) {
			t.Errorf("%x: unsigned %v, signed %v, want %v, %v", c.s, u.Err(), i.Err(), c.unsign, c.signed)
		}
	}
}

// null stands for a row without a value in the tables below.
const null = math.MaxUint64

func TestRunsAreWrittenAsAutomergeWritesThem(t *testing.T) {
	for _, c := range []struct {
		name string
		rows []uint64
		want string
	}{
		{"nothing", nil, ""},
		{"nulls alone", []uint64{null, null}, ""},
		{"one value", []uint64{5}, "\x7f\x05"},
		{"a run", []uint64{5, 5, 5}, "\x03\x05"},
		{"literals", []uint64{1, 2, 3}, "\x7d\x01\x02\x03"},
		{"literals, then a run", []uint64{1, 2, 3, 3}, "\x7e\x01\x02\x02\x03"},
		{"a run, then literals", []uint64{3, 3, 1, 2}, "\x02\x03\x7e\x01\x02"},
		{"two runs", []uint64{3, 3, 1, 1}, "\x02\x03\x02\x01"},
		{"nulls first", []uint64{null, null, 7}, "\x00\x02\x7f\x07"},
		{"nulls last", []uint64{7, null}, "\x7f\x07\x00\x01"},
		{"nulls between equal values", []uint64{7, null, 7}, "\x7f\x07\x00\x01\x7f\x07"},
	} {
		w := NewUintWriter()
		for _, v := range c.rows {
			if v == null {
				w.AppendNull()
			} else {
				w.Append(v)
			}
		}
		got := string(w.Bytes())
		if got != c.want {
			t.Errorf("%s: wrote %x, want %x", c.name, got, c.want)
		}
		r := Uints(got)
		for i, want := range c.rows {
			if v, ok := r.Next(); ok != (want != null) || ok && v != want {
				t.Errorf("%s: row %d is %d, %t, want %d", c.name, i, v, ok, want)
			}
		}
		if err := r.End(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestRunsInOtherFormsAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, s string
		rows    int
		want    error
	}{
		{"run of one", "\x01\x05", 1, ErrForm},
		{"equal literals", "\x7e\x05\x05", 2, ErrForm},
		{"literals after literals", "\x7f\x05\x7f\x06", 2, ErrForm},
		{"run after a run of the same", "\x02\x05\x02\x05", 4, ErrForm},
		{"literal after a run of the same", "\x02\x05\x7f\x05", 3, ErrForm},
		{"run after a literal of the same", "\x7f\x05\x02\x05", 3, ErrForm},
		{"nulls after nulls", "\x7f\x05\x00\x01\x00\x01", 3, ErrForm},
		{"no nulls", "\x7f\x05\x00\x00", 2, ErrForm},
		{"nulls alone", "\x00\x02", 2, ErrForm},
		{"a row too few", "\x02\x05", 3, ErrShort},
		{"a row too many", "\x02\x05", 1, ErrLong},
		{"a run that nobody asked for", "\x02\x05\x7f\x06", 2, ErrLong},
		{"a run without its value", "\x02", 2, ErrShort},
	} {
		r := Uints(c.s)
		for range c.rows {
			r.Next()
		}
		if err := r.End(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestDeltasStayWithinCounters(t *testing.T) {
	w := NewDeltaWriter()
	for _, v := range []uint64{7, 8, 9, 3} {
		w.Append(v)
	}
	w.AppendNull()
	w.Append(3)
	if got, want := string(w.Bytes()), "\x7f\x07\x02\x01\x7f\x7a\x00\x01\x7f\x00"; got != want {
		t.Errorf("wrote %x, want %x", got, want)
	}
	for _, s := range []string{"\x7f\x7f", "\x7e\x05\x7a", "\x02" + string(AppendInt(nil, math.MaxInt64)), "\x7f" + string(AppendInt(nil, math.MinInt64))} {
		r := NewDeltas(s)
		for range 2 {
			r.Next()
		}
		if err := r.End(); !errors.Is(err, ErrOverflow) {
			t.Errorf("%x: %v", s, err)
		}
	}
}

func TestBoolsAreRunsFromFalseOn(t *testing.T) {
	for _, c := range []struct {
		rows []bool
		want string
	}{
		{nil, ""},
		{[]bool{false, false}, "\x02"},
		{[]bool{true}, "\x00\x01"},
		{[]bool{false, true, true, false}, "\x01\x02\x01"},
	} {
		var w BoolWriter
		r := NewBools(c.want)
		for i, v := range c.rows {
			w.Append(v)
			if got := r.Next(); got != v {
				t.Errorf("%v: row %d is %t", c.rows, i, got)
			}
		}
		if got := string(w.Bytes()); got != c.want || r.End() != nil {
			t.Errorf("%v: wrote %x, want %x; read with %v", c.rows, got, c.want, r.End())
		}
	}
}

func TestBoolsInOtherFormsAreRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		r    Bools
		rows int
		want error
	}{
		{"empty run", NewBools("\x01\x00\x01"), 2, ErrForm},
		{"a row too few", NewBools("\x01"), 2, ErrShort},
		{"a row too many", NewBools("\x02"), 1, ErrLong},
		{"no bytes", NewBools(""), 1, ErrShort},
		{"sparse without a true row", NewSparseBools("\x02"), 2, ErrForm},
		{"sparse without bytes", NewSparseBools(""), 9, nil},
	} {
		for range c.rows {
			c.r.Next()
		}
		if err := c.r.End(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}
