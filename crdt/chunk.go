package crdt

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"fmt"
	"io"

	"wedsync/crdt/internal/columnar"
)

// The types of chunks.
const (
	documentChunk = 0
	changeChunk   = 1
	deflatedChunk = 2
	bundleChunk   = 3
)

// A chunk is magic, checksum, type, length, body.
const (
	magic      = "\x85\x6f\x4a\x83"
	hashedFrom = 8 // the hash covers everything from the type on
	bodyFrom   = 9 // where the length begins
)

// openChunk checks the envelope of a change chunk. The body shares memory with
// raw if it is not deflated.
func openChunk(raw []byte, l *Limits) (body []byte, h Hash, err error) {
	if len(raw) > l.MaxChunk {
		return nil, h, fmt.Errorf("chunk of %d bytes: %w", len(raw), ErrLimit)
	}
	if len(raw) <= bodyFrom || string(raw[:len(magic)]) != magic {
		return nil, h, fmt.Errorf("no chunk magic: %w", ErrMalformed)
	}
	kind := raw[hashedFrom]
	if kind != changeChunk && kind != deflatedChunk {
		return nil, h, fmt.Errorf("%s: %w", nameOfChunk(kind), ErrUnsupported)
	}
	if body, err = chunkBody(raw[bodyFrom:]); err != nil {
		return nil, h, err
	}
	if kind == changeChunk {
		h = sha256.Sum256(raw[hashedFrom:])
	} else {
		if body, err = inflate(body, l.MaxInflated); err != nil {
			return nil, h, err
		}
		h = hashBody(body)
	}
	if !bytes.Equal(h[:4], raw[4:hashedFrom]) {
		return nil, h, fmt.Errorf("checksum %x does not fit: %w", raw[4:hashedFrom], ErrMalformed)
	}
	return body, h, nil
}

func nameOfChunk(kind byte) string {
	switch kind {
	case documentChunk:
		return "saved document"
	case bundleChunk:
		return "bundle"
	}
	return fmt.Sprintf("chunk of type %d", kind)
}

// chunkBody is what follows the length at the front of b; it must be as long
// as that says.
func chunkBody(b []byte) ([]byte, error) {
	prefix := columnar.NewReader(string(b[:min(len(b), 10)]))
	before := prefix.Len()
	n := prefix.Uint()
	if err := prefix.Err(); err != nil {
		return nil, fmt.Errorf("chunk length: %w: %w", err, ErrMalformed)
	}
	body := b[before-prefix.Len():]
	if n != uint64(len(body)) {
		return nil, fmt.Errorf("chunk of %d bytes says that it has %d: %w", len(body), n, ErrMalformed)
	}
	return body, nil
}

// inflate undoes DEFLATE, up to limit bytes.
func inflate(b []byte, limit int) ([]byte, error) {
	src := bytes.NewReader(b)
	body, err := io.ReadAll(io.LimitReader(flate.NewReader(src), int64(limit)+1))
	switch {
	case len(body) > limit:
		return nil, fmt.Errorf("chunk inflates to more than %d bytes: %w", limit, ErrLimit)
	case err != nil:
		return nil, fmt.Errorf("inflate chunk: %w: %w", err, ErrMalformed)
	case src.Len() > 0:
		return nil, fmt.Errorf("%d bytes after the deflated chunk: %w", src.Len(), ErrMalformed)
	}
	return body, nil
}

// hashBody is the hash of the plain chunk that has this body.
func hashBody(body []byte) Hash { return Hash(sha256.Sum256(appendHashed(nil, body))) }

// appendHashed appends the hashed part of the plain chunk that has this body.
func appendHashed(dst, body []byte) []byte {
	return append(columnar.AppendUint(append(dst, changeChunk), uint64(len(body))), body...)
}

// sealChunk is the plain chunk that has this body.
func sealChunk(body []byte) []byte {
	raw := make([]byte, hashedFrom, len(body)+20)
	raw = appendHashed(raw, body)
	sum := sha256.Sum256(raw[hashedFrom:])
	copy(raw, magic)
	copy(raw[len(magic):hashedFrom], sum[:])
	return raw
}
