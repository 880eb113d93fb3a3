package syncproto

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"wedsync/crdt"
)

// What Automerge builds its filters with: about one false hit in a hundred.
const (
	bloomBits   = 10
	bloomProbes = 7
)

// A Bloom is Automerge's Bloom filter over change hashes. The zero Bloom holds
// nothing.
type Bloom struct {
	entries, perEntry, probes uint32
	bits                      []byte
}

// NewBloom is a filter that holds hashes. Beyond [MaxBloomEntries] the rest is
// left out: the other side may then send what we hold, which costs bandwidth.
func NewBloom(hashes []crdt.Hash) Bloom {
	if len(hashes) == 0 {
		return Bloom{}
	}
	if len(hashes) > MaxBloomEntries {
		hashes = hashes[:MaxBloomEntries]
	}
	b := Bloom{entries: uint32(len(hashes)), perEntry: bloomBits, probes: bloomProbes}
	b.bits = make([]byte, b.size())
	for _, h := range hashes {
		for p := range b.probed(h) {
			b.bits[p>>3] |= 1 << (p & 7)
		}
	}
	return b
}

// Contains reports whether the filter may hold h. A miss is certain.
func (b Bloom) Contains(h crdt.Hash) bool {
	if b.entries == 0 {
		return false
	}
	for p := range b.probed(h) {
		if b.bits[p>>3]&(1<<(p&7)) == 0 {
			return false
		}
	}
	return true
}

// Empty reports whether the filter holds nothing.
func (b Bloom) Empty() bool { return b.entries == 0 }

// size is the length of bits.
func (b Bloom) size() uint64 {
	return (uint64(b.entries)*uint64(b.perEntry) + 7) / 8
}

// probed yields the bits that stand for h: triple hashing of its first twelve
// bytes, in 32-bit arithmetic as Automerge has it.
func (b Bloom) probed(h crdt.Hash) func(yield func(uint32) bool) {
	return func(yield func(uint32) bool) {
		n := uint32(8 * len(b.bits))
		x := binary.LittleEndian.Uint32(h[0:]) % n
		y := binary.LittleEndian.Uint32(h[4:]) % n
		z := binary.LittleEndian.Uint32(h[8:]) % n
		for i := uint32(0); i < b.probes; i++ {
			if i > 0 {
				x, y = (x+y)%n, (y+z)%n
			}
			if !yield(x) {
				return
			}
		}
	}
}

// clone is a copy that aliases no frame.
func (b Bloom) clone() Bloom {
	b.bits = bytes.Clone(b.bits)
	return b
}

// bloom reads a filter that follows its length.
func (r *reader) bloom() Bloom {
	sub := reader{rest: r.chunk("bloom filter")}
	if len(sub.rest) == 0 {
		return Bloom{}
	}
	b := Bloom{
		entries:  uint32(sub.uvarint("entries", MaxBloomEntries)),
		perEntry: uint32(sub.uvarint("bits per entry", MaxBloomBits)),
		probes:   uint32(sub.uvarint("probes", MaxBloomProbes)),
	}
	if sub.err == nil && (b.entries == 0 || b.perEntry == 0 || b.probes == 0) {
		sub.fail("zero entries, bits or probes", ErrMalformed)
	}
	if sub.err == nil && uint64(len(sub.rest)) != b.size() {
		sub.fail(fmt.Sprintf("%d bytes of bits, %d expected", len(sub.rest), b.size()), ErrMalformed)
	}
	if sub.err != nil {
		r.fail("bloom filter", sub.err)
		return Bloom{}
	}
	b.bits = sub.rest
	return b
}

// append appends the filter and, before it, its length.
func (b Bloom) append(dst []byte) []byte {
	if b.entries == 0 {
		return append(dst, 0)
	}
	var head [3 * binary.MaxVarintLen32]byte
	h := binary.AppendUvarint(head[:0], uint64(b.entries))
	h = binary.AppendUvarint(h, uint64(b.perEntry))
	h = binary.AppendUvarint(h, uint64(b.probes))
	dst = binary.AppendUvarint(dst, uint64(len(h)+len(b.bits)))
	return append(append(dst, h...), b.bits...)
}
