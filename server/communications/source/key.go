package source

import (
	"crypto/sha256"
	"encoding/binary"
	"io"
)

// Key is the hash that all copies of one communication have: of its kind and of
// what names it wherever it is, a Message-ID for instance. What it is made of
// cannot be read from it.
func Key(parts ...string) (key [32]byte) {
	h := sha256.New()
	for _, part := range parts {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		_, _ = h.Write(size[:]) // a hash takes all
		_, _ = io.WriteString(h, part)
	}
	h.Sum(key[:0])
	return key
}

// maxID bounds the bytes of a provider's id.
const maxID = 1 << 10

// OddID reports whether an id is none that a provider gives.
func OddID(id string) bool { return id == "" || len(id) > maxID || Line(id, maxID) != id }
