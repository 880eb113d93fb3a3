package engine

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"wedsync/crdt"
)

// A history is a set of changes in causal order.
type history []change

// A change is as much of a chunk as the engine needs to know.
type change struct {
	hash crdt.Hash
	deps []crdt.Hash
	raw  []byte
}

const (
	chunkHeader = 4 + 4 // magic and checksum
	plain       = 1
	deflated    = 2
)

var magic = []byte{0x85, 0x6f, 0x4a, 0x83}

// readHistory reads the headers of chunks. It refuses what is no change, what
// stands there twice and what comes before something that it depends on.
func readHistory(chunks [][]byte) (history, error) {
	h := make(history, 0, len(chunks))
	known := make(map[crdt.Hash]bool, len(chunks))
	for i, raw := range chunks {
		c, err := readChange(raw)
		if err != nil {
			return nil, fmt.Errorf("chunk %d of %d: %w", i, len(chunks), err)
		}
		if known[c.hash] {
			return nil, fmt.Errorf("chunk %d of %d: change %s stands there twice: %w", i, len(chunks), c.hash, crdt.ErrInvalid)
		}
		for _, d := range c.deps {
			if !known[d] {
				return nil, fmt.Errorf("chunk %d of %d: change %s comes before its dependency %s: %w", i, len(chunks), c.hash, d, crdt.ErrInvalid)
			}
		}
		known[c.hash] = true
		h = append(h, c)
	}
	return h, nil
}

// readChange reads the header of a chunk and checks that its checksum is right,
// so that the chunks of a history can be put one behind the other.
func readChange(raw []byte) (change, error) {
	if len(raw) <= chunkHeader || !bytes.Equal(raw[:len(magic)], magic) {
		return change{}, fmt.Errorf("no chunk: %w", crdt.ErrMalformed)
	}
	kind := raw[chunkHeader]
	size, n := binary.Uvarint(raw[chunkHeader+1:])
	if n <= 0 || size != uint64(len(raw)-chunkHeader-1-n) {
		return change{}, fmt.Errorf("chunk length: %w", crdt.ErrMalformed)
	}
	body := raw[chunkHeader+1+n:]
	switch kind {
	case plain:
	case deflated:
		inflated, err := inflate(body)
		if err != nil {
			return change{}, err
		}
		body = inflated
	default:
		return change{}, fmt.Errorf("chunk of type %d: %w", kind, crdt.ErrUnsupported)
	}
	deps, err := readDeps(body)
	if err != nil {
		return change{}, err
	}
	c := change{hash: hashBody(body), deps: deps, raw: raw}
	if !bytes.Equal(c.hash[:4], raw[len(magic):chunkHeader]) {
		return change{}, fmt.Errorf("chunk checksum: %w", crdt.ErrMalformed)
	}
	return c, nil
}

func hashBody(body []byte) crdt.Hash {
	s := sha256.New()
	s.Write(binary.AppendUvarint([]byte{plain}, uint64(len(body))))
	s.Write(body)
	return crdt.Hash(s.Sum(nil))
}

func inflate(b []byte) ([]byte, error) {
	limit := crdt.DefaultLimits.MaxInflated
	out, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(b)), int64(limit)+1))
	if err != nil {
		return nil, fmt.Errorf("inflate chunk: %w", crdt.ErrMalformed)
	}
	if len(out) > limit {
		return nil, fmt.Errorf("chunk inflates to more than %d bytes: %w", limit, crdt.ErrLimit)
	}
	return out, nil
}

func readDeps(body []byte) ([]crdt.Hash, error) {
	count, n := binary.Uvarint(body)
	if n <= 0 || count > uint64(len(body)-n)/uint64(len(crdt.Hash{})) {
		return nil, fmt.Errorf("chunk dependencies: %w", crdt.ErrMalformed)
	}
	deps := make([]crdt.Hash, count)
	for i := range deps {
		n += copy(deps[i][:], body[n:])
	}
	return deps, nil
}

// without splits h into what remains if the changes in bad, and all that
// depends on them, are left out, and what is left out.
func (h history) without(bad map[crdt.Hash]bool) (kept history, left []crdt.Hash) {
	if len(bad) == 0 {
		return h, nil
	}
	out := make(map[crdt.Hash]bool)
	for _, c := range h {
		if bad[c.hash] || slices.ContainsFunc(c.deps, func(d crdt.Hash) bool { return out[d] }) {
			out[c.hash] = true
			left = append(left, c.hash)
			continue
		}
		kept = append(kept, c)
	}
	return kept, left
}

// heads are the changes that no other depends on, ascending.
func (h history) heads() []crdt.Hash {
	heads := make(map[crdt.Hash]bool)
	for _, c := range h {
		heads[c.hash] = true
		for _, d := range c.deps {
			delete(heads, d)
		}
	}
	sorted := make([]crdt.Hash, 0, len(heads))
	for head := range heads {
		sorted = append(sorted, head)
	}
	slices.SortFunc(sorted, crdt.Hash.Compare)
	return sorted
}

func (h history) size() int {
	n := 0
	for _, c := range h {
		n += len(c.raw)
	}
	return n
}
