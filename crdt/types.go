package crdt

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"strings"
)

// A Hash names a change: the SHA-256 of its uncompressed chunk without magic
// and checksum.
type Hash [32]byte

// String is the hash in lower-case hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText is String.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads what MarshalText wrote.
func (h *Hash) UnmarshalText(b []byte) error {
	if len(b) != hex.EncodedLen(len(h)) {
		return fmt.Errorf("hash of %d characters: %w", len(b), ErrMalformed)
	}
	if _, err := hex.Decode(h[:], b); err != nil {
		return fmt.Errorf("hash %q: %w", b, ErrMalformed)
	}
	return nil
}

// IsZero reports whether h names no change.
func (h Hash) IsZero() bool { return h == Hash{} }

// Compare orders hashes by their bytes.
func (h Hash) Compare(o Hash) int { return bytes.Compare(h[:], o[:]) }

// An ActorID is the raw bytes of an Automerge actor, as a comparable string.
type ActorID string

// String is the actor in lower-case hexadecimal, as JavaScript shows it.
func (a ActorID) String() string { return hex.EncodeToString([]byte(a)) }

// An OpID names an operation; the zero OpID names the root object, the head of
// a sequence, or nothing, as the context says.
type OpID struct {
	Counter uint64
	Actor   ActorID
}

// IsZero reports whether id names no operation.
func (id OpID) IsZero() bool { return id.Counter == 0 }

// Compare is Automerge's total order of operations: by counter, then by actor.
func (id OpID) Compare(o OpID) int {
	if c := cmp.Compare(id.Counter, o.Counter); c != 0 {
		return c
	}
	return strings.Compare(string(id.Actor), string(o.Actor))
}

// An Action says what an operation does. The numbers are those of the format.
type Action uint8

// The actions of the format.
const (
	MakeMap   Action = 0
	Set       Action = 1
	MakeList  Action = 2
	Del       Action = 3
	MakeText  Action = 4
	Inc       Action = 5
	MakeTable Action = 6
	Mark      Action = 7
)

// Makes reports whether the action creates an object.
func (a Action) Makes() bool {
	return a == MakeMap || a == MakeList || a == MakeText || a == MakeTable
}

// An Op is one operation of a change.
type Op struct {
	ID     OpID
	Obj    OpID   // the object it acts on; zero is the root map
	Key    string // the map key, if not Seq
	Elem   OpID   // the element of a list or text, if Seq; zero is the head
	Seq    bool   // whether Elem rather than Key says where
	Insert bool
	Action Action
	Value  Value  // of Set and Inc (an Int), and of Mark
	Pred   []OpID // the operations that it replaces, ascending
	Begin  bool   // of Mark: whether it begins the mark Name or ends the last one
	Expand bool   // of Mark
	Name   string // of Mark that begins
}

// A Change is a decoded change chunk. It does not change once decoded, except
// that Ops may be dropped (set to nil) when nobody needs them any more; they
// can be had again by decoding Raw.
type Change struct {
	Hash    Hash
	Deps    []Hash // ascending
	Actor   ActorID
	Seq     uint64 // 1 for an actor's first change
	StartOp uint64 // counter of the first operation
	NumOps  int
	Time    int64 // the author's clock, Unix seconds; never used to order
	Message string
	Ops     []Op
	Raw     []byte // the chunk as it was received, magic and checksum included
}

// MaxOp is the counter of the last operation, or StartOp-1 if there is none.
func (c *Change) MaxOp() uint64 { return c.StartOp + uint64(c.NumOps) - 1 }
