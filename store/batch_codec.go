package store

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"wedsync/crdt"
)

// A commit's batches are stored as one row: the chunks in a body, which is what
// opening a record reads, and the origins beside it as JSON, for people and for
// replay. Both stores keep the same bytes, so that a hub can move from one to
// the other.
//
// The body is a format byte, the number of batches, and for each batch a byte
// of flags, the number of chunks, and each chunk with its length before it.
// Numbers are unsigned varints.
const (
	bodyFormat = 1
	flagHub    = 1
)

// AppendBody appends the body of a commit's batches to dst.
func AppendBody(dst []byte, batches []Batch) []byte {
	dst = append(dst, bodyFormat)
	dst = binary.AppendUvarint(dst, uint64(len(batches)))
	for _, b := range batches {
		var flags byte
		if b.Hub {
			flags |= flagHub
		}
		dst = append(dst, flags)
		dst = binary.AppendUvarint(dst, uint64(len(b.Chunks)))
		for _, c := range b.Chunks {
			dst = binary.AppendUvarint(dst, uint64(len(c)))
			dst = append(dst, c...)
		}
	}
	return dst
}

// DecodeBody reads the batches of a body, Origin left zero. The chunks are
// parts of body. A body that AppendBody cannot have made is ErrCorrupt.
func DecodeBody(body []byte) ([]Batch, error) {
	r := bodyReader{rest: body}
	if f := r.byte(); r.err == nil && f != bodyFormat {
		return nil, fmt.Errorf("body of format %d, only %d is known: %w", f, bodyFormat, ErrCorrupt)
	}
	n := r.count("batches", 2)
	if n == 0 {
		return nil, r.end()
	}
	batches := make([]Batch, n)
	for i := range batches {
		batches[i] = r.batch()
	}
	return batches, r.end()
}

// A bodyReader takes a body apart; after the first error it yields zeroes.
type bodyReader struct {
	rest []byte
	err  error
}

func (r *bodyReader) batch() Batch {
	flags := r.byte()
	if flags&^flagHub != 0 {
		r.fail("unknown flags %#x", flags)
	}
	b := Batch{Hub: flags&flagHub != 0}
	n := r.count("chunks", 1)
	if n == 0 {
		return b
	}
	b.Chunks = make([][]byte, n)
	for i := range b.Chunks {
		b.Chunks[i] = r.take(r.count("bytes", 1))
	}
	return b
}

func (r *bodyReader) byte() byte {
	b := r.take(1)
	if len(b) == 0 {
		return 0
	}
	return b[0]
}

func (r *bodyReader) take(n int) []byte {
	if r.err != nil {
		return nil
	}
	if n > len(r.rest) {
		r.fail("%d bytes are missing", n-len(r.rest))
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

// count reads a number of things that take at least size bytes each, so that
// no more is allocated than the body can hold.
func (r *bodyReader) count(what string, size int) int {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail("number of %s is cut off", what)
		return 0
	}
	r.rest = r.rest[n:]
	if v > uint64(len(r.rest)/size) {
		r.fail("%d %s in the last %d bytes", v, what, len(r.rest))
		return 0
	}
	return int(v)
}

func (r *bodyReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("body: "+format+": %w", append(args, ErrCorrupt)...)
	}
}

func (r *bodyReader) end() error {
	if r.err == nil && len(r.rest) > 0 {
		r.fail("%d bytes too many", len(r.rest))
	}
	return r.err
}

// EncodeOrigins is the JSON array of the batches' origins.
func EncodeOrigins(batches []Batch) ([]byte, error) {
	origins := make([]Origin, len(batches))
	for i, b := range batches {
		origins[i] = b.Origin
	}
	return json.Marshal(origins)
}

// DecodeOrigins sets the origins of batches from what EncodeOrigins made.
func DecodeOrigins(b []byte, batches []Batch) error {
	var origins []Origin
	if err := json.Unmarshal(b, &origins); err != nil {
		return fmt.Errorf("origins: %w: %w", err, ErrCorrupt)
	}
	if len(origins) != len(batches) {
		return fmt.Errorf("%d origins of %d batches: %w", len(origins), len(batches), ErrCorrupt)
	}
	for i := range batches {
		batches[i].Origin = origins[i]
	}
	return nil
}

// OriginsAlone are batches with nothing but the origins that EncodeOrigins made.
func OriginsAlone(b []byte) ([]Batch, error) {
	var origins []Origin
	if err := json.Unmarshal(b, &origins); err != nil {
		return nil, fmt.Errorf("origins: %w: %w", err, ErrCorrupt)
	}
	if len(origins) == 0 {
		return nil, nil
	}
	batches := make([]Batch, len(origins))
	for i := range origins {
		batches[i].Origin = origins[i]
	}
	return batches, nil
}

// EncodeHeads puts hashes after one another.
func EncodeHeads(heads []crdt.Hash) []byte {
	b := make([]byte, 0, len(heads)*len(crdt.Hash{}))
	for _, h := range heads {
		b = append(b, h[:]...)
	}
	return b
}

// DecodeHeads takes apart what EncodeHeads put together.
func DecodeHeads(b []byte) ([]crdt.Hash, error) {
	const size = len(crdt.Hash{})
	if len(b)%size != 0 {
		return nil, fmt.Errorf("heads of %d bytes: %w", len(b), ErrCorrupt)
	}
	if len(b) == 0 {
		return nil, nil
	}
	heads := make([]crdt.Hash, len(b)/size)
	for i := range heads {
		heads[i] = crdt.Hash(b[i*size : (i+1)*size])
	}
	return heads, nil
}
