package engine

import (
	"encoding/binary"
	"strconv"
	"testing"

	"wedsync/crdt"
)

// A draft is a change of one operation, which a test may get wrong.
type draft struct {
	actor   byte
	seq     uint64
	startOp uint64
	deps    []crdt.Hash
	key     string
	value   byte
	bytes   []byte // in place of value
	object  byte   // index into the actor table plus one; 0 is the root
}

// chunk encodes d, with a right checksum and nothing else checked.
func (d draft) chunk() []byte {
	body := binary.AppendUvarint(nil, uint64(len(d.deps)))
	for _, dep := range d.deps {
		body = append(body, dep[:]...)
	}
	body = append(body, 1, d.actor)
	body = binary.AppendUvarint(body, d.seq)
	body = binary.AppendUvarint(body, d.startOp)
	body = append(body, 0, 0, 0) // time, message, other actors
	type column struct {
		spec byte
		data []byte
	}
	var columns []column
	if d.object > 0 {
		columns = append(columns, column{0x01, []byte{0x7f, d.object - 1}}, column{0x02, []byte{0x7f, 1}})
	}
	meta, value := []byte{0x7f, 1<<4 | 4}, []byte{d.value & 0x3f}
	if d.bytes != nil {
		meta, value = binary.AppendUvarint([]byte{0x7f}, uint64(len(d.bytes))<<4|7), d.bytes
	}
	columns = append(columns,
		column{0x15, append([]byte{0x7f, byte(len(d.key))}, d.key...)},
		column{0x34, []byte{1}},
		column{0x42, []byte{0x7f, byte(crdt.Set)}},
		column{0x56, meta},
		column{0x57, value},
		column{0x70, []byte{0x7f, 0}})
	body = append(body, byte(len(columns)))
	for _, c := range columns {
		body = binary.AppendUvarint(append(body, c.spec), uint64(len(c.data)))
	}
	for _, c := range columns {
		body = append(body, c.data...)
	}
	return seal(body)
}

// seal makes a chunk of the body of a change.
func seal(body []byte) []byte {
	hash := hashBody(body)
	raw := append(append([]byte(nil), magic...), hash[:4]...)
	raw = binary.AppendUvarint(append(raw, plain), uint64(len(body)))
	return append(raw, body...)
}

func hashOf(t testing.TB, chunk []byte) crdt.Hash {
	t.Helper()
	c, err := readChange(chunk)
	if err != nil {
		t.Fatal(err)
	}
	return c.hash
}

// chain is n changes of one actor, each after the one before it, after deps.
func chain(t testing.TB, actor byte, n int, deps ...crdt.Hash) [][]byte {
	t.Helper()
	var chunks [][]byte
	for i := range n {
		d := draft{actor: actor, seq: uint64(i + 1), startOp: uint64(i + 1), deps: deps, key: "k" + strconv.Itoa(i%20), value: byte(i % 64)}
		chunks = append(chunks, d.chunk())
		deps = []crdt.Hash{hashOf(t, chunks[i])}
	}
	return chunks
}

// heavy is n changes of one actor that set a megabyte each.
func heavy(t testing.TB, actor byte, n int) [][]byte {
	t.Helper()
	var chunks [][]byte
	var deps []crdt.Hash
	for i := range n {
		d := draft{actor: actor, seq: uint64(i + 1), startOp: uint64(i + 1), deps: deps, key: "k" + strconv.Itoa(i), bytes: make([]byte, 1<<20)}
		chunks = append(chunks, d.chunk())
		deps = []crdt.Hash{hashOf(t, chunks[i])}
	}
	return chunks
}

// killer is a change after deps whose object names an actor that is not there.
// automerge-go aborts on it.
func killer(actor byte, deps ...crdt.Hash) []byte {
	return draft{actor: actor, seq: 1, startOp: 1000, deps: deps, key: "x", value: 1, object: 10}.chunk()
}
