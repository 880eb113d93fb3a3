package main

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/fxamacker/cbor/v2"

	"wedsync/crdt"
)

// A namedAttack is an input that has harmed an Automerge peer before.
type namedAttack struct {
	name   string
	inputs [][]byte
}

// namedAttacks are the attacks of the facts about Automerge's format, aimed at
// one record.
func namedAttacks(t target, from string) []namedAttack {
	change := func(c crdt.Change) []byte { return changeFrame(from, t.id, c) }
	message := func(b ...byte) []byte { return syncFrame(from, t.id, b) }
	chunk := func(b []byte) []byte { return syncFrame(from, t.id, syncMessage(b)) }
	first, err := crdt.Decode(t.changes[0], crdt.DefaultLimits)
	if err != nil {
		panic(err) // it was written by Automerge
	}
	return []namedAttack{
		{"Bloom filter with zero bits", [][]byte{message(0x42, 0, 0, 1, 0, 3, 1, 0, 7, 0)}},
		{"Bloom filter with 2^32-1 probes", [][]byte{message(0x42, 0, 0, 1, 0, 9, 1, 10, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 1, 0)}},
		{"Bloom filter with 2^32-1 entries", [][]byte{message(0x42, 0, 0, 1, 0, 9, 0xff, 0xff, 0xff, 0xff, 0x0f, 10, 7, 1, 1, 0)}},
		{"2^60 heads", [][]byte{message(append([]byte{0x42}, uvarint(1<<60)...)...)}},
		{"2^60 changes", [][]byte{message(append([]byte{0x42, 0, 0, 0}, uvarint(1<<60)...)...)}},
		{"change of 2^60 bytes", [][]byte{message(append([]byte{0x42, 0, 0, 0, 1}, uvarint(1<<60)...)...)}},
		{"chunk that says it has 2^60 bytes", [][]byte{chunk(append([]byte{0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 1}, uvarint(1<<60)...))}},
		{"byte string of 2^60 bytes in a frame", [][]byte{append([]byte{0xa1, 0x64, 'd', 'a', 't', 'a', 0x5b}, binary.BigEndian.AppendUint64(nil, 1<<60)...)}},
		{"frame nested ten thousand deep", [][]byte{bytes.Repeat([]byte{0x81}, 10_000)}},
		{"frame of 40 MB", [][]byte{syncFrame(from, t.id, make([]byte, 40<<20))}},
		{"first operation 2^32-1", [][]byte{change(crdt.Change{Seq: 1, StartOp: math.MaxUint32})}},
		{"first operation 2^32", [][]byte{change(crdt.Change{Seq: 1, StartOp: 1 << 32})}},
		{"first operation 2^63", [][]byte{change(crdt.Change{Seq: 1, StartOp: 1 << 63})}},
		{"first operation 0", [][]byte{change(crdt.Change{Seq: 1})}},
		{"sequence 0", [][]byte{change(crdt.Change{StartOp: 100})}},
		{"sequence 2^40", [][]byte{change(crdt.Change{Seq: 1 << 40, StartOp: 100})}},
		{"ten thousand writes of one key", [][]byte{change(crdt.Change{Seq: 1, StartOp: 100, Ops: manyPuts(10_000)})}},
		{"a hundred thousand writes of one key", [][]byte{change(crdt.Change{Seq: 1, StartOp: 100, Ops: manyPuts(100_000)})}},
		{"a million writes of one key", [][]byte{change(crdt.Change{Seq: 1, StartOp: 100, Ops: manyPuts(1_000_000)})}},
		{"64 MB in 65 kB of deflate", [][]byte{chunk(bomb(64))}},
		{"1 GB in 1 MB of deflate", [][]byte{chunk(bomb(1024))}},
		{"dependencies that do not exist", orphans(from, t, 1500)},
		{"second change under one actor and sequence", [][]byte{change(crdt.Change{Actor: first.Actor, Seq: 1, StartOp: 1})}},
		{"saved document", [][]byte{chunk(ofType(0, t.changes[0])), message(append([]byte{0x43, 0, 0, 0, 1}, withLength(ofType(0, t.changes[0]))...)...)}},
		{"bundle", [][]byte{chunk(ofType(3, t.changes[0]))}},
		{"chunk of unknown type", [][]byte{chunk(ofType(9, t.changes[0]))}},
		{"operation on an object that does not exist", [][]byte{change(crdt.Change{Seq: 1, StartOp: 100, Ops: []crdt.Op{{
			Obj: crdt.OpID{Counter: 77, Actor: "attacker-attack!"}, Key: "k", Action: crdt.Set, Value: crdt.Value{Kind: crdt.Int},
		}}})}},
		{"increment that is no number", [][]byte{change(crdt.Change{Seq: 1, StartOp: 100, Ops: []crdt.Op{{
			Key: "k", Action: crdt.Inc, Value: crdt.Value{Kind: crdt.Str, Str: "x"},
		}}})}},
		{"unknown action", [][]byte{change(crdt.Change{Seq: 1, StartOp: 100, Ops: []crdt.Op{{Key: "k", Action: 200}}})}},
		{"write into the hub's own map", [][]byte{change(crdt.Change{Seq: 1, StartOp: 100, Deps: nil, Ops: []crdt.Op{{
			Key: "sync_conflicts", Action: crdt.Set, Value: crdt.Value{Kind: crdt.Str, Str: "mine"},
		}}})}},
	}
}

// manyPuts sets one key again and again without naming what it replaces.
func manyPuts(n int) []crdt.Op {
	ops := make([]crdt.Op, n)
	for i := range ops {
		ops[i] = crdt.Op{Key: "k", Action: crdt.Set, Value: crdt.Value{Kind: crdt.Int, Int: 1}}
	}
	return ops
}

// orphans are changes that wait for ones which nobody has.
func orphans(from string, t target, n int) [][]byte {
	var inputs [][]byte
	for i := range n {
		inputs = append(inputs, changeFrame(from, t.id, orphan(i, "waiting")))
	}
	return inputs
}

func orphan(i int, text string) crdt.Change {
	return crdt.Change{
		Actor: crdt.ActorID(fmt.Sprintf("orphan-%09d", i)), Seq: 1, StartOp: 100,
		Deps: []crdt.Hash{sha256.Sum256([]byte(fmt.Sprint(i)))},
		Ops:  []crdt.Op{{Key: "k", Action: crdt.Set, Value: crdt.Value{Kind: crdt.Str, Str: text}}},
	}
}

// changeFrame carries one change. Unless it says otherwise it is by an actor of
// the attackers and sets a field.
func changeFrame(from, document string, c crdt.Change) []byte {
	return syncFrame(from, document, syncMessage(encoded(c)))
}

func encoded(c crdt.Change) []byte {
	if c.Actor == "" {
		c.Actor = "attacker-attack!"
	}
	if c.Ops == nil {
		c.Ops = []crdt.Op{{Key: "k", Action: crdt.Set, Value: crdt.Value{Kind: crdt.Int, Int: 1}}}
	}
	c.NumOps = len(c.Ops)
	return crdt.Encode(&c)
}

// bomb is a deflated chunk that inflates to so many megabytes of zeros. It is
// put together from one megabyte, deflated once: all that follow look alike.
func bomb(megabytes int) []byte {
	var one bytes.Buffer
	w, err := flate.NewWriter(&one, flate.BestCompression)
	if err != nil {
		panic(err) // the level is a constant
	}
	_, _ = w.Write(make([]byte, 1<<20)) // a buffer takes everything
	_ = w.Flush()
	body := bytes.Repeat(one.Bytes(), megabytes)
	body = append(body, 0x01, 0x00, 0x00, 0xff, 0xff) // the last block, empty
	head := append([]byte{0x85, 0x6f, 0x4a, 0x83, 1, 2, 3, 4, 2}, uvarint(uint64(len(body)))...)
	return append(head, body...)
}

// ofType is a chunk with another type byte and a repaired checksum.
func ofType(kind byte, chunk []byte) []byte {
	b := bytes.Clone(chunk)
	b[8] = kind
	return repaired(b)
}

// repaired is a chunk whose length and checksum are right again, as far as it
// has any.
func repaired(chunk []byte) []byte {
	const header = 4 + 4 + 1 // magic, checksum, type
	if len(chunk) < header {
		return chunk
	}
	_, size := binary.Uvarint(chunk[header:])
	body := chunk[header+max(size, 0):]
	b := append(bytes.Clone(chunk[:header]), uvarint(uint64(len(body)))...)
	b = append(b, body...)
	sum := sha256.Sum256(b[8:])
	copy(b[4:8], sum[:4])
	copy(b, []byte{0x85, 0x6f, 0x4a, 0x83})
	return b
}

// syncMessage carries changes and says nothing else.
func syncMessage(changes ...[]byte) []byte {
	b := []byte{0x42, 0, 0, 1, 0, 0}
	b = append(b, uvarint(uint64(len(changes)))...)
	for _, c := range changes {
		b = append(b, withLength(c)...)
	}
	return b
}

func withLength(b []byte) []byte { return append(uvarint(uint64(len(b))), b...) }

func uvarint(n uint64) []byte { return binary.AppendUvarint(nil, n) }

// syncHead begins a sync frame whose data are so many bytes and follow.
func syncHead(from, document string, data int) []byte {
	b, err := cbor.Marshal(map[string]any{"type": "sync", "senderId": from, "targetId": "hub", "documentId": document})
	if err != nil {
		panic(err) // nothing but strings
	}
	b[0]++ // one pair more
	b = append(b, "\x64data\x5a"...)
	return binary.BigEndian.AppendUint32(b, uint32(data))
}

func syncFrame(from, document string, data []byte) []byte {
	b, err := cbor.Marshal(map[string]any{
		"type": "sync", "senderId": from, "targetId": "hub", "documentId": document, "data": data,
	})
	if err != nil {
		panic(err) // nothing but strings and bytes
	}
	return b
}
