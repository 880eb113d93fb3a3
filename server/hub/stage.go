package hub

import (
	"errors"
	"slices"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// A stage gathers what the tasks of one turn led to, until it is stored.
type stage struct {
	now       time.Time
	batches   []store.Batch
	conflicts []conflicts.Conflict
	receipts  []conflicts.Receipt
	merged    []conflicts.Merged
	ledger    bool
	answer    *store.Answer
	erasure   *store.Erasure // instead of all above
	brought   []*Device      // delivered changes that are staged
	touched   []*member      // spoke; may be due an answer
	everyone  bool           // all members may be due a message
	moved     bool           // the record was brought up to what another node stored
	said      []func()       // called once the turn is over, whatever became of it
	replies   []func(error)  // called once it is stored, or with why not
	broken    error          // why the last task may not be stored, nor the record be used any more
}

// add takes over what one batch led to.
func (s *stage) add(kind string, from conflicts.Principal, policy uint64, o *conflicts.Outcome) {
	if !o.Empty() || len(o.Verdicts) > 0 {
		b := store.Batch{Hub: o.Hub != nil, Origin: store.Origin{
			Kind: kind, From: from, Policy: policy, At: s.now, Input: o.Input,
			Verdicts: o.Verdicts, Log: o.Log, Carried: o.Carried, Reminded: o.Reminded, Chosen: o.Chosen,
			Changed: o.Changed, Steps: o.Steps, Activity: o.Activity,
		}}
		for _, c := range o.Stored {
			b.Chunks = append(b.Chunks, c.Raw)
		}
		s.batches = append(s.batches, b)
	}
	for _, c := range o.Conflicts {
		i := slices.IndexFunc(s.conflicts, func(old conflicts.Conflict) bool { return old.ID == c.ID })
		if i < 0 {
			s.conflicts = append(s.conflicts, c)
			continue
		}
		s.conflicts[i] = c
	}
	s.receipts = append(s.receipts, o.Receipts...)
	s.merge(o.Merged)
	s.ledger = s.ledger || o.LedgerChanged
}

func (s *stage) empty() bool {
	return len(s.batches) == 0 && len(s.conflicts) == 0 && !s.ledger && s.answer == nil
}

func (s *stage) touch(m *member) {
	if !slices.Contains(s.touched, m) {
		s.touched = append(s.touched, m)
	}
}

// refuse notes what was not taken of a member's changes, or had to be undone.
func (s *stage) refuse(r *room, m *member, o *conflicts.Outcome) {
	for _, refusal := range o.Refused {
		m.peer.Refuse(refusal.Hash)
		m.refused = refusal.Reason
		s.said = append(s.said, func() { m.device.refused(r.id, refusal) })
	}
	for _, h := range o.Trespassed {
		s.said = append(s.said, func() {
			m.device.complain(r.id, conflicts.Refusal{Hash: h, Reason: "trespass", Err: errTrespass})
		})
	}
}

var errTrespass = errors.New("wrote into sync_conflicts, which is the hub's; that was undone")

// repeated has it count, once it is stored, that a device set values again.
func (s *stage) repeated(r *room, d *Device, fields []crdt.Path) {
	s.replies = append(s.replies, func(err error) {
		if err == nil {
			r.repeated(d, fields, s.now)
		}
	})
}

// deny tells a device at the end of the turn that it cannot have the record.
func (s *stage) deny(r *room, d *Device) {
	s.said = append(s.said, func() { d.putUnavailable(r.id.DocumentID()) })
}

// fail tells everybody whose edit came to nothing.
func (s *stage) fail(err error) {
	for _, d := range s.brought {
		d.comeBack()
	}
	for _, reply := range s.replies {
		reply(err)
	}
}

// commit stores what is staged.
func (r *room) commit(s *stage) error {
	if s.erasure != nil {
		return r.erase(*s.erasure)
	}
	if s.empty() {
		return nil
	}
	c := store.Commit{
		Supplier:  r.supplier(),
		Record:    r.id,
		Version:   r.stored.Version,
		State:     store.Introducing,
		Heads:     slices.Clone(r.record.Graph().Heads()),
		Batches:   s.batches,
		Conflicts: s.conflicts,
		Receipts:  s.receipts,
		Merged:    s.merged,
		Answer:    s.answer,
	}
	switch {
	case r.directory:
		c.State = store.Directory
	case r.record.Deleted():
		c.State = store.Deleted
	case r.record.Listed():
		c.State = store.Listed
	}
	if s.ledger || c.Version == 0 {
		c.Ledger = r.record.Ledger()
	}
	if err := r.hub.commits.store(c); err != nil {
		return err
	}
	r.storedAs(store.Heads{Supplier: c.Supplier, Version: c.Version + 1, State: c.State, Heads: c.Heads})
	r.count(s)
	if c.State == store.Listed {
		r.hub.project.changed(r.id)
	}
	return nil
}

// storedAs notes what the room has stored.
func (r *room) storedAs(now store.Heads) {
	was := r.stored
	r.stored = now
	if (was.State == store.Listed) != (now.State == store.Listed) {
		r.hub.directories.changed(now.Supplier, 0, r.id)
	}
}

func (r *room) count(s *stage) {
	r.countMerged(s)
	for _, b := range s.batches {
		r.hub.metrics.changes.Add(float64(len(b.Chunks)))
		if b.Hub {
			r.hub.metrics.hubChanges.Inc()
		}
		for _, v := range b.Origin.Verdicts {
			r.hub.metrics.verdicts.WithLabelValues(v.Outcome).Inc()
		}
	}
}
