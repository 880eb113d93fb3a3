package main

import (
	"encoding/binary"
	"errors"
	"fmt"

	"wedsync/crdt"
)

// appendMessage is an Automerge sync message: these are my heads, this is what
// we both have and I have nothing since, and here are changes.
func appendMessage(dst []byte, heads, shared []crdt.Hash, changes ...[]byte) []byte {
	dst = appendHashes(append(dst, 0x42), heads)
	dst = append(dst, 0) // needs nothing
	dst = append(appendHashes(append(dst, 1), shared), 0)
	dst = binary.AppendUvarint(dst, uint64(len(changes)))
	for _, c := range changes {
		dst = append(binary.AppendUvarint(dst, uint64(len(c))), c...)
	}
	return dst
}

func appendHashes(dst []byte, hashes []crdt.Hash) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(hashes)))
	for _, h := range hashes {
		dst = append(dst, h[:]...)
	}
	return dst
}

// readMessage reads the heads that a sync message announces, and whether
// changes come with them.
func readMessage(data []byte) (heads []crdt.Hash, changes bool, err error) {
	if len(data) == 0 || data[0] != 0x42 && data[0] != 0x43 {
		return nil, false, errors.New("not a sync message")
	}
	r := reader{rest: data[1:]}
	for range r.count(32) {
		heads = append(heads, crdt.Hash(r.take(32)))
	}
	r.take(32 * r.count(32)) // needs
	for range r.count(2) {   // haves
		r.take(32 * r.count(32))
		r.bytes() // Bloom filter
	}
	return heads, r.count(1) > 0, r.err
}

// A reader reads what both Automerge and lib0 are made of. After an error it
// gives nothing but zeros.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// count reads how many things of at least so many bytes follow.
func (r *reader) count(least int) int {
	n := r.uvarint()
	if n > uint64(len(r.rest)/least) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) take(n int) []byte {
	if n > len(r.rest) {
		r.fail()
		return make([]byte, n)
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) bytes() []byte { return r.take(r.count(1)) }

func (r *reader) fail() {
	if r.err == nil {
		r.err = fmt.Errorf("message ends too early, %d bytes before its end", len(r.rest))
	}
	r.rest = nil
}
