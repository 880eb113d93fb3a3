package syncproto

import (
	"encoding/binary"
	"fmt"

	"wedsync/crdt"
)

// messageV1 is the first byte of a sync message that carries change chunks.
const messageV1 = 0x42

// A Message is an Automerge sync message of version 1. What DecodeMessage
// accepts, Append encodes to the same bytes.
type Message struct {
	Heads   []crdt.Hash // the sender's heads
	Need    []crdt.Hash // changes that it asks for
	Have    []Have      // what it holds, so that the rest can be sent
	Changes [][]byte    // change chunks
	Flags   []byte      // what followed the changes; we never send any
}

// A Have says that its sender holds LastSync, all that came before it, and
// since then what is in Bloom.
type Have struct {
	LastSync []crdt.Hash
	Bloom    Bloom
}

// DecodeMessage reads a sync message. Its changes, filters and flags alias b.
func DecodeMessage(b []byte) (*Message, error) {
	if len(b) > MaxFrame {
		return nil, fmt.Errorf("sync message of %d bytes: %w", len(b), ErrLimit)
	}
	if len(b) == 0 {
		return nil, fmt.Errorf("sync message: empty: %w", ErrMalformed)
	}
	if b[0] != messageV1 {
		return nil, fmt.Errorf("sync message of type %#x: %w", b[0], ErrPayload)
	}
	r := reader{rest: b[1:]}
	m := &Message{
		Heads:   r.hashes("heads", MaxHeads),
		Need:    r.hashes("need", MaxNeeds),
		Have:    r.haves(),
		Changes: r.changes(),
	}
	if len(r.rest) > MaxFlags {
		r.fail("flags", ErrLimit)
	}
	if r.err != nil {
		return nil, fmt.Errorf("sync message: %w", r.err)
	}
	if len(r.rest) > 0 {
		m.Flags = r.rest
	}
	return m, nil
}

func (r *reader) haves() []Have {
	n := r.uvarint("have", MaxHaves)
	var haves []Have
	for range n {
		haves = append(haves, Have{LastSync: r.hashes("last sync", MaxHeads), Bloom: r.bloom()})
	}
	return haves
}

func (r *reader) changes() [][]byte {
	n := r.uvarint("changes", MaxChanges)
	if n > uint64(len(r.rest)) { // each takes a byte at least
		r.fail("changes", ErrMalformed)
		return nil
	}
	if n == 0 {
		return nil
	}
	changes := make([][]byte, n)
	for i := range changes {
		changes[i] = r.chunk("change")
	}
	return changes
}

// Append appends the encoded message to dst.
func (m *Message) Append(dst []byte) []byte {
	dst = append(dst, messageV1)
	dst = appendHashes(dst, m.Heads)
	dst = appendHashes(dst, m.Need)
	dst = binary.AppendUvarint(dst, uint64(len(m.Have)))
	for _, h := range m.Have {
		dst = appendHashes(dst, h.LastSync)
		dst = h.Bloom.append(dst)
	}
	dst = binary.AppendUvarint(dst, uint64(len(m.Changes)))
	for _, c := range m.Changes {
		dst = binary.AppendUvarint(dst, uint64(len(c)))
		dst = append(dst, c...)
	}
	return append(dst, m.Flags...)
}

func appendHashes(dst []byte, hashes []crdt.Hash) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(hashes)))
	for i := range hashes {
		dst = append(dst, hashes[i][:]...)
	}
	return dst
}

// Size is about how many bytes the message takes, and not less.
func (m *Message) Size() int { return sizeOf(m) }

// sizeOf is about the length of m once encoded, and not less.
func sizeOf(m *Message) int {
	const number = binary.MaxVarintLen32
	n := 1 + 4*number + len(m.Flags) + len(crdt.Hash{})*(len(m.Heads)+len(m.Need))
	for _, h := range m.Have {
		n += 5*number + len(crdt.Hash{})*len(h.LastSync) + len(h.Bloom.bits)
	}
	for _, c := range m.Changes {
		n += number + len(c)
	}
	return n
}
