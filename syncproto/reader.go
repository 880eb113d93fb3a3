package syncproto

import (
	"fmt"

	"wedsync/crdt"
)

// A reader takes a sync message apart. Its first failure sticks; what is read
// after it is zero.
type reader struct {
	rest []byte
	err  error
}

// fail records that part could not be read because of err.
func (r *reader) fail(part string, err error) {
	if r.err == nil {
		r.err = fmt.Errorf("%s: %w", part, err)
	}
	r.rest = nil
}

// uvarint reads an unsigned LEB128 number of at most limit. Overlong forms are
// malformed, so that what is accepted re-encodes to the same bytes.
func (r *reader) uvarint(part string, limit uint64) uint64 {
	var n uint64
	for i, b := range r.rest {
		if i == 9 && b > 1 {
			break
		}
		n |= uint64(b&0x7f) << (7 * i)
		if b >= 0x80 {
			continue
		}
		if b == 0 && i > 0 {
			break
		}
		r.rest = r.rest[i+1:]
		if n > limit {
			r.fail(part, fmt.Errorf("%d, at most %d: %w", n, limit, ErrLimit))
			return 0
		}
		return n
	}
	r.fail(part, ErrMalformed)
	return 0
}

// bytes reads n bytes, which alias the message.
func (r *reader) bytes(part string, n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.fail(part, ErrMalformed)
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

// chunk reads bytes that follow their length.
func (r *reader) chunk(part string) []byte {
	return r.bytes(part, r.uvarint(part, MaxFrame))
}

// hashes reads a list of at most limit hashes, nil if it is empty.
func (r *reader) hashes(part string, limit uint64) []crdt.Hash {
	n := r.uvarint(part, limit)
	b := r.bytes(part, n*uint64(len(crdt.Hash{})))
	if len(b) == 0 {
		return nil
	}
	hashes := make([]crdt.Hash, n)
	for i := range hashes {
		b = b[copy(hashes[i][:], b):]
	}
	return hashes
}
