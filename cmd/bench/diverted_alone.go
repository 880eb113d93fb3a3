package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
)

// A desk takes changes as the hub does, without sockets and store.
type desk struct {
	env    *conflicts.Env
	policy *conflicts.Policy
	now    time.Time
}

// divertAlone judges the edits in this process. It counts what the hub calls of
// crdt and conflicts for each: decode the change, judge it, and encode the
// ledger if that changed.
func divertAlone(records *histories, edits []memberEdits, quarters []quarter) (c comparison, err error) {
	d := desk{
		env:    &conflicts.Env{Secret: bytes.Repeat([]byte{1}, 32), Limits: crdt.DefaultLimits},
		policy: conflicts.DefaultPolicy(),
		now:    time.Unix(1_800_200_000, 0),
	}
	if err := d.policy.Check(); err != nil {
		return c, err
	}
	held := make([]*conflicts.Record, len(edits))
	for n, e := range edits {
		if held[n], err = d.prepare(records.all[n], n, e.one); err != nil {
			return c, fmt.Errorf("record %d: %w", n, err)
		}
	}
	for _, q := range quarters {
		runtime.GC() // what was made before is not this quarter's
		began, err := clock(os.Getpid())
		if err != nil {
			return c, err
		}
		for n := q.from; n < q.to; n++ {
			if err := d.member(held[n], edits[n].two); err != nil {
				return c, fmt.Errorf("record %d: %w", n, err)
			}
		}
		ended, err := clock(os.Getpid())
		if err != nil {
			return c, err
		}
		c.add(q, ended-began)
	}
	return c, nil
}

// prepare is a record that its owner brought, with a member's first edit.
func (d desk) prepare(h *history, n int, first memberEdit) (*conflicts.Record, error) {
	r := conflicts.New(recordOf(n), d.env, d.policy)
	owner := conflicts.Principal{Supplier: "bench", User: "bench", Device: "bench", Role: conflicts.Owner}
	if _, err := d.deliver(r, owner, h.chunks[0], h.hashes[0]); err != nil {
		return nil, err
	}
	return r, d.member(r, first)
}

// member delivers a member's edit, and checks what became of it.
func (d desk) member(r *conflicts.Record, e memberEdit) error {
	member := conflicts.Principal{Supplier: "bench", User: "member", Device: "member", Role: conflicts.Member}
	o, err := d.deliver(r, member, e.chunk, e.hash)
	if err != nil {
		return err
	}
	diverted := len(o.Verdicts) == 1 && o.Verdicts[0].Outcome == string(conflicts.EditDiverted) && o.Hub != nil
	if diverted != e.diverted {
		return fmt.Errorf("the %s edit came to the verdicts %+v", e.kind(), o.Verdicts)
	}
	return nil
}

func (d desk) deliver(r *conflicts.Record, from conflicts.Principal, chunk []byte, hash crdt.Hash) (*conflicts.Outcome, error) {
	c, err := crdt.Decode(chunk, d.env.Limits)
	if err != nil {
		return nil, err
	}
	o := r.Receive(conflicts.Delivery{
		From: from, Changes: []*crdt.Change{c}, Announced: []crdt.Hash{hash}, Policy: d.policy, Now: d.now,
	})
	if o.LedgerChanged {
		r.Ledger()
	}
	if len(o.Refused) > 0 {
		return nil, fmt.Errorf("the change was refused: %w", o.Refused[0].Err)
	}
	return o, o.Err
}
