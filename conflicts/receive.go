package conflicts

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"wedsync/crdt"
)

// The reasons of refusals.
const (
	RefusedReadOnly     = "read_only"
	RefusedDirectory    = "directory" // see [Directory]
	RefusedForged       = "forged_actor"
	RefusedHubActor     = "forged_hub_change"
	RefusedEquivocation = "equivocation"
	RefusedLimit        = "limit"
	RefusedInvalid      = "invalid"
)

// errReadOnly means that the deliverer may not write.
var errReadOnly = errors.New("the role only reads")

// Receive takes a device's batch. Changes that cannot be taken become
// Refusals; the others are history from here on.
func (r *Record) Receive(d Delivery) *Outcome {
	b := r.begin(d.From, d.Policy, d.Now)
	return b.receive(d.Changes, d.Announced)
}

func (b *batch) receive(changes []*crdt.Change, announced []crdt.Hash) *Outcome {
	lost := b.take(changes)
	switch {
	case b.await(announced, lost):
		b.complete()
	case b.ledger.Awaiting == nil && len(b.touches) > 0:
		b.judge(b.touches)
	}
	b.trespassed()
	b.answer(b.fields, nil)
	return b.outcome()
}

// take adds what a device delivered to the history. It reports whether hub
// changes came back that the hub did not hold.
func (b *batch) take(changes []*crdt.Change) (lost bool) {
	recovering := b.ledger.Awaiting != nil
	if !recovering && b.bringsLost(changes) {
		recovering, b.delivered().Recovers = true, true
	}
	for _, c := range changes {
		if b.graph.Has(c.Hash) {
			continue
		}
		added, err := b.add(c, recovering)
		if err != nil {
			b.refuse(c, err)
			continue
		}
		for _, c := range added {
			lost = lost || b.genuine(c)
			b.store(c)
		}
	}
	for _, dropped := range b.graph.Dropped() {
		delete(b.carriers, dropped.Change.Hash)
		b.refuse(dropped.Change, dropped.Err)
	}
	return lost
}

// add adds one change that is new to the hub. What comes in a first upload, or
// with hub changes that the hub had lost, is mostly others' and was taken once:
// whoever brings it, it keeps its author and binds nobody.
func (b *batch) add(c *crdt.Change, recovering bool) ([]*crdt.Change, error) {
	if !b.from.Role.MayPropose() {
		return nil, errReadOnly
	}
	if b.genuine(c) {
		return b.graph.AddHub(c)
	}
	if b.graph.Len() >= b.env.room() {
		return nil, fmt.Errorf("the record has %d changes: %w", b.graph.Len(), crdt.ErrLimit)
	}
	if err := b.refuseAuthor(c, recovering); err != nil {
		return nil, err
	}
	added, err := b.graph.Add(c)
	if err != nil {
		return nil, err
	}
	if b.ledger.Listed && !recovering && !b.replays.waited(c.Hash) {
		b.bind(c.Actor, b.from)
		if len(added) == 0 {
			b.delivered().Bound = append(b.delivered().Bound, c.Actor.String())
		}
	}
	if _, waits := b.carriers[c.Hash]; len(added) == 0 && !waits {
		b.carriers[c.Hash] = b.from
	}
	return added, nil
}

// bringsLost reports whether genuine hub changes that the hub does not hold
// are among those delivered.
func (b *batch) bringsLost(changes []*crdt.Change) bool {
	return b.replays != nil && b.replays.Recovers || slices.ContainsFunc(changes, func(c *crdt.Change) bool {
		return strings.HasPrefix(c.Message, tagPrefix) && !b.graph.Has(c.Hash) && b.genuine(c)
	})
}

// refuse notes that a change was not taken.
func (b *batch) refuse(c *crdt.Change, err error) {
	b.out.Refused = append(b.out.Refused, Refusal{Hash: c.Hash, Reason: refusalReason(err), Err: err, Raw: c.Raw})
}

func refusalReason(err error) string {
	switch {
	case errors.Is(err, errReadOnly):
		return RefusedReadOnly
	case errors.Is(err, errHubActor):
		return RefusedHubActor
	case errors.Is(err, errForged):
		return RefusedForged
	case errors.Is(err, crdt.ErrEquivocation):
		return RefusedEquivocation
	case errors.Is(err, crdt.ErrLimit):
		return RefusedLimit
	}
	return RefusedInvalid
}

// trespassed notes the batch's changes that wrote what only the hub writes.
func (b *batch) trespassed() {
	for _, t := range b.touches {
		if c := b.graph.At(t.index); t.path == marksPath && !b.isHubActor(c.Actor) {
			b.out.Trespassed = append(b.out.Trespassed, c.Hash)
		}
	}
}
