package storetest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// noon is when everything happens.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 123456000, time.UTC)

// recordID makes the n-th record id. Ids ascend with n.
func recordID(n int) crdt.RecordID {
	var id crdt.RecordID
	binary.BigEndian.PutUint64(id[:], uint64(n))
	id[15] = 1
	return id
}

func hash(parts ...any) crdt.Hash { return sha256.Sum256(fmt.Append(nil, parts...)) }

// chunk makes 160 bytes that no other name has.
func chunk(parts ...any) []byte {
	h := hash(parts...)
	b := make([]byte, 0, 160)
	for len(b) < 160 {
		b = append(b, h[:]...)
	}
	return b
}

// commit makes the step of a record from a version to the next: one batch of
// one chunk.
func commit(supplier string, id crdt.RecordID, version uint64) store.Commit {
	return store.Commit{
		Supplier: supplier,
		Record:   id,
		Version:  version,
		State:    store.Listed,
		Heads:    []crdt.Hash{hash(id, version)},
		Batches:  []store.Batch{{Chunks: [][]byte{chunk(id, version)}, Origin: origin(supplier)}},
	}
}

func origin(supplier string) store.Origin {
	return store.Origin{
		Kind:   "sync",
		From:   conflicts.Principal{Supplier: supplier, User: "ada", Device: "tablet", Role: conflicts.Owner},
		Policy: 1,
		At:     noon,
	}
}

// conflict makes a pending conflict. Ids ascend with n.
func conflict(n int, id crdt.RecordID, field crdt.Path) conflicts.Conflict {
	return conflicts.Conflict{
		ID:       fmt.Sprintf("%026d", n),
		Record:   id,
		Field:    field,
		Status:   conflicts.Pending,
		Version:  1,
		Reason:   "stale",
		OpenedAt: noon,
		Base:     conflicts.Revisioned{Revision: 1, Value: crdt.Value{Kind: crdt.Text, Str: "<a> \u2028 &"}},
		Current:  conflicts.Revisioned{Revision: 2, Value: crdt.Value{Kind: crdt.Int, Int: -1 << 62}},
		Proposals: []conflicts.Proposal{{
			ID:         fmt.Sprintf("p%d", n),
			Value:      crdt.Value{Kind: crdt.Bytes, Bytes: []byte{0, 255}},
			State:      conflicts.Open,
			Authors:    []conflicts.Author{{User: "ben", Role: conflicts.Member}},
			EditedAt:   noon,
			ReceivedAt: noon,
		}},
	}
}

func with(c store.Commit, rows ...conflicts.Conflict) store.Commit {
	c.Conflicts = rows
	return c
}

func resolved(c conflicts.Conflict) conflicts.Conflict {
	c.Status = conflicts.Resolved
	c.Version++
	c.ClosedAt = noon
	return c
}

func answered(c store.Commit, principal, key string) store.Commit {
	c.Answer = &store.Answer{
		Principal: principal,
		Key:       key,
		Request:   hash(key),
		Status:    201,
		Body:      []byte(`{"ok":true}`),
		At:        noon,
	}
	return c
}
