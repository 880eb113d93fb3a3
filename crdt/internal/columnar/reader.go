package columnar

import (
	"errors"
	"math"
)

// What can be wrong with encoded bytes.
var (
	ErrShort    = errors.New("bytes end early")
	ErrLong     = errors.New("bytes left over")
	ErrOverflow = errors.New("number too large")
	ErrForm     = errors.New("not in canonical form")
	ErrLimit    = errors.New("more rows than allowed")
)

// A Reader takes numbers and bytes off the front of a string. After an error
// it yields zeros; Err tells the first one.
type Reader struct {
	rest string
	err  error
}

// NewReader reads s.
func NewReader(s string) Reader { return Reader{rest: s} }

// Err is the first error met.
func (r *Reader) Err() error { return r.err }

// End is the first error met, or says that there are bytes left.
func (r *Reader) End() error {
	if r.err == nil && len(r.rest) > 0 {
		return ErrLong
	}
	return r.err
}

// Len is the number of bytes not read yet.
func (r *Reader) Len() int { return len(r.rest) }

// Uint reads an unsigned LEB128 number.
func (r *Reader) Uint() uint64 {
	if len(r.rest) > 0 && r.rest[0] < 0x80 {
		v := r.rest[0]
		r.rest = r.rest[1:]
		return uint64(v)
	}
	return r.longUint()
}

func (r *Reader) longUint() uint64 {
	var v uint64
	for i := 0; i < len(r.rest); i++ {
		b := r.rest[i]
		if i == 9 && b > 1 {
			return r.fail(ErrOverflow)
		}
		v |= uint64(b&0x7f) << (7 * i)
		if b >= 0x80 {
			continue
		}
		if b == 0 && i > 0 {
			return r.fail(ErrForm)
		}
		r.rest = r.rest[i+1:]
		return v
	}
	return r.fail(ErrShort)
}

// Int reads a signed LEB128 number.
func (r *Reader) Int() int64 {
	var v int64
	for i := 0; i < len(r.rest); i++ {
		b := r.rest[i]
		if i == 9 && b != 0 && b != 0x7f {
			r.fail(ErrOverflow)
			return 0
		}
		v |= int64(b&0x7f) << (7 * i)
		if b >= 0x80 {
			continue
		}
		if i > 0 && redundant(b, r.rest[i-1]) {
			r.fail(ErrForm)
			return 0
		}
		if b&0x40 != 0 && i < 9 {
			v |= math.MinInt64 >> (63 - 7*(i+1))
		}
		r.rest = r.rest[i+1:]
		return v
	}
	r.fail(ErrShort)
	return 0
}

// redundant reports whether the last byte of a signed number only repeats the
// sign that the byte before it already shows.
func redundant(last, before byte) bool {
	return last == 0 && before&0x40 == 0 || last == 0x7f && before&0x40 != 0
}

// Take reads n bytes.
func (r *Reader) Take(n uint64) string {
	if r.err != nil || n > uint64(len(r.rest)) {
		r.fail(ErrShort)
		return ""
	}
	s := r.rest[:n]
	r.rest = r.rest[n:]
	return s
}

// String reads a length and as many bytes.
func (r *Reader) String() string { return r.Take(r.Uint()) }

func (r *Reader) fail(err error) uint64 {
	if r.err == nil {
		r.err = err
	}
	r.rest = ""
	return 0
}
