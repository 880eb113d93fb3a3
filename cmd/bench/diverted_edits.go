package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"wedsync/crdt"
)

// A memberEdit is a member's change of a record.
type memberEdit struct {
	of       *history
	chunk    []byte
	hash     crdt.Hash
	diverted bool
}

func (e memberEdit) kind() string {
	if e.diverted {
		return "diverted"
	}
	return "ordinary"
}

// answered reads what the hub answers: an ordinary edit with equal heads, a
// diverted one with a change of its own on top.
func (e memberEdit) answered(message []byte) (heads []crdt.Hash, changes bool, err error) {
	heads, changes, err = readMessage(message)
	if err != nil {
		return nil, false, err
	}
	equal := len(heads) == 1 && heads[0] == e.hash
	if e.diverted == equal || e.diverted != changes || len(heads) != 1 {
		return nil, false, fmt.Errorf("the %s edit of %s was answered with heads %v, with changes: %t", e.kind(), e.of.document, heads, changes)
	}
	return heads, changes, nil
}

// MemberEdits are a member's changes of one record. With the first, of an
// ordinary field, the hub learns whose the actor is, and keeps that with the
// record; the second is measured.
type memberEdits struct{ one, two memberEdit }

func (e memberEdits) first() memberEdit  { return e.one }
func (e memberEdits) second() memberEdit { return e.two }

// newMemberEdits makes the changes of all records in the quarters.
func newMemberEdits(records *histories, quarters []quarter) []memberEdits {
	var all []memberEdits
	for _, q := range quarters {
		for n := q.from; n < q.to; n++ {
			all = append(all, newMemberEditsOf(records.all[n], n, q.diverted))
		}
	}
	return all
}

func newMemberEditsOf(h *history, n int, diverted bool) memberEdits {
	owner, member := actorOf(n), memberOf(n)
	begun := uint64(len(firstOps(owner)))
	set := func(seq int, after crdt.Hash, field int, key string) memberEdit {
		next := begun + uint64(seq)
		c := &crdt.Change{
			Actor: member, Seq: uint64(seq), StartOp: next, Deps: []crdt.Hash{after}, Time: 1_800_100_000 + int64(seq), NumOps: 1,
			Ops: []crdt.Op{{
				ID: crdt.OpID{Counter: next, Actor: member}, Key: key, Action: crdt.Set,
				Value: crdt.Value{Kind: crdt.Str, Str: fmt.Sprintf("by a member of record %d", n)},
				Pred:  []crdt.OpID{{Counter: uint64(field + 1), Actor: owner}},
			}},
		}
		chunk := crdt.Encode(c)
		return memberEdit{of: h, chunk: chunk, hash: crdt.Hash(sha256.Sum256(chunk[8:])), diverted: diverted && seq > 1}
	}
	one := set(1, h.hashes[0], 0, fieldName(0))
	if diverted {
		return memberEdits{one, set(2, one.hash, fields, "venue_name")} // the first of firstOps after the ordinary ones
	}
	return memberEdits{one, set(2, one.hash, 1, fieldName(1))}
}

func memberOf(n int) crdt.ActorID {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("member"), uint64(n)))
	return crdt.ActorID(sum[:16])
}
