package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"wedsync/crdt"
)

const fields = 20 // ordinary fields of a record

// A history is a record's changes, one after the other, ready to be sent.
type history struct {
	document string
	chunks   [][]byte
	hashes   []crdt.Hash
	index    map[crdt.Hash]int
}

// newHistory makes record n with so many changes: the first creates it, each of
// the others sets one field.
func newHistory(n, changes int) *history {
	actor := actorOf(n)
	h := &history{document: recordOf(n).DocumentID(), index: make(map[crdt.Hash]int, changes)}
	h.push(&crdt.Change{Actor: actor, Seq: 1, StartOp: 1, Time: 1_800_000_000, Ops: firstOps(actor)})
	last := make([]crdt.OpID, fields)
	for i := range last {
		last[i] = crdt.OpID{Counter: uint64(i + 1), Actor: actor}
	}
	next := uint64(len(firstOps(actor)) + 1)
	for i := 1; i < changes; i++ {
		f := i % fields
		op := crdt.Op{
			ID: crdt.OpID{Counter: next, Actor: actor}, Key: fieldName(f), Action: crdt.Set,
			Value: crdt.Value{Kind: crdt.Str, Str: fmt.Sprintf("value %d of record %d", i, n)},
			Pred:  []crdt.OpID{last[f]},
		}
		last[f] = op.ID
		h.push(&crdt.Change{
			Actor: actor, Seq: uint64(i + 1), StartOp: next, Deps: []crdt.Hash{h.hashes[i-1]},
			Time: 1_800_000_000 + int64(i), Ops: []crdt.Op{op},
		})
		next++
	}
	return h
}

func firstOps(actor crdt.ActorID) []crdt.Op {
	ops := make([]crdt.Op, 0, fields+2)
	set := func(key, value string) {
		ops = append(ops, crdt.Op{
			ID: crdt.OpID{Counter: uint64(len(ops) + 1), Actor: actor}, Key: key, Action: crdt.Set,
			Value: crdt.Value{Kind: crdt.Str, Str: value},
		})
	}
	for i := range fields {
		set(fieldName(i), "nothing yet")
	}
	set("venue_name", "Orchard Barn")
	set("wedding_date", "2027-06-12")
	return ops
}

func (h *history) push(c *crdt.Change) {
	c.NumOps = len(c.Ops)
	chunk := crdt.Encode(c)
	hash := crdt.Hash(sha256.Sum256(chunk[8:])) // without magic and checksum
	h.index[hash] = len(h.hashes)
	h.chunks = append(h.chunks, chunk)
	h.hashes = append(h.hashes, hash)
}

// heads is what a copy with the first n changes announces.
func (h *history) heads(n int) []crdt.Hash {
	if n == 0 {
		return nil
	}
	return h.hashes[n-1 : n]
}

// held is how many changes a copy with these heads has.
func (h *history) held(heads []crdt.Hash) (int, error) {
	if len(heads) == 0 {
		return 0, nil
	}
	at, known := h.index[heads[0]]
	if !known || len(heads) > 1 {
		return 0, fmt.Errorf("record %s has heads that nobody wrote: %v", h.document, heads)
	}
	return at + 1, nil
}

func fieldName(i int) string { return fmt.Sprintf("field_%02d", i) }

func actorOf(n int) crdt.ActorID {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("actor"), uint64(n)))
	return crdt.ActorID(sum[:16])
}

func recordOf(n int) crdt.RecordID {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("record"), uint64(n)))
	id := crdt.RecordID(sum[:16])
	id[6] = id[6]&0x0f | 0x40 // old automerge-repo insists on the bits of a UUID v4
	id[8] = id[8]&0x3f | 0x80
	return id
}

// Histories is a corpus of Automerge changes.
type histories struct {
	all    []*history
	number map[string]int // of each document
	of     work
}

func newHistories(_ context.Context, w work) (corpus, error) {
	h := &histories{all: make([]*history, w.records), number: make(map[string]int, w.records), of: w}
	for i := range h.all {
		h.all[i] = newHistory(i, w.changes)
		h.number[h.all[i].document] = i
	}
	return h, nil
}

func (h *histories) work() work { return h.of }
