package hub

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// A commandTask is an edit or a resolution through the API.
type commandTask struct {
	supplier string
	creates  bool // the record must not exist yet; otherwise it must
	restores bool // the record must be deleted; otherwise it must not
	kind     string
	from     conflicts.Principal
	run      func(*conflicts.Record, *conflicts.Policy, time.Time) (*conflicts.Outcome, error)
	answer   AnswerFunc
	done     chan<- commandResult // has room for one
}

// broke answers the caller.
func (t *commandTask) broke(r *room, err error) {
	r.hub.log.Error("edit left out: the record cannot take it (run wedsync doctor)",
		"record", r.id, "supplier", t.supplier, "err", err)
	t.done <- commandResult{nil, err}
}

type commandResult struct {
	outcome *conflicts.Outcome
	err     error
}

func (t *commandTask) stage(r *room, s *stage) bool {
	if t.answer != nil && !s.empty() {
		return false // a commit that may prove answered already concerns nobody else
	}
	o, policy, err := t.try(r, s.now)
	if err == nil && o.Err != nil {
		s.broken = o.Err
		return true
	}
	if err == nil && t.answer != nil {
		s.answer = t.answer(r.id, o)
	}
	if err == nil {
		s.add(t.kind, t.from, policy, o)
	}
	s.replies = append(s.replies, func(failed error) {
		if failed != nil {
			o, err = nil, failed
		}
		t.done <- commandResult{o, err}
	})
	return true
}

// try runs the command under the policy that is in force when its turn comes,
// and says which that is.
func (t *commandTask) try(r *room, now time.Time) (o *conflicts.Outcome, version uint64, err error) {
	record, err := t.open(r)
	if err != nil {
		return nil, 0, err
	}
	policy, err := r.hub.Policy(r.hub.ctx, t.supplier)
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	o, err = t.run(record, policy, now)
	return o, policy.Version, err
}

// open has the record in memory if the command may be run on it.
func (t *commandTask) open(r *room) (*conflicts.Record, error) {
	if err := r.look(); err != nil {
		return nil, err
	}
	switch known := r.stored.Version > 0; {
	case t.creates && (known || r.claimant != "" && r.claimant != t.supplier):
		return nil, ErrTaken
	case t.creates:
		r.claimant = t.supplier
	case !r.commanded(t.supplier):
		return nil, store.ErrNotFound
	}
	if err := r.open(); err != nil {
		return nil, err
	}
	record, ok := r.record.(*conflicts.Record)
	if !ok || record.Deleted() != t.restores {
		return nil, store.ErrNotFound
	}
	return record, nil
}

// commanded reports whether the room's is a record that commands of a supplier
// may be about.
func (r *room) commanded(supplier string) bool {
	state := r.stored.State
	return r.stored.Version > 0 && r.stored.Supplier == supplier && (state == store.Listed || state == store.Deleted)
}

func (h *Hub) command(ctx context.Context, id crdt.RecordID, t *commandTask) (*conflicts.Outcome, error) {
	done := make(chan commandResult, 1)
	t.done = done
	if err := h.deliver(ctx, id, t); err != nil {
		return nil, err
	}
	result := <-done
	if errors.Is(result.err, errStale) {
		return nil, fmt.Errorf("%w: the record is being changed elsewhere", ErrUnavailable)
	}
	return result.outcome, result.err
}

// Create makes a record of the edit's fields. The edit's policy and time are
// filled in by the hub.
func (h *Hub) Create(ctx context.Context, e conflicts.Edit, answer AnswerFunc) (crdt.RecordID, *conflicts.Outcome, error) {
	id := crdt.NewRecordID(ulid.Make())
	o, err := h.CreateAs(ctx, id, e, answer)
	return id, o, err
}

// CreateAs is Create with an id that the caller chose, or [ErrTaken].
func (h *Hub) CreateAs(ctx context.Context, id crdt.RecordID, e conflicts.Edit, answer AnswerFunc) (*conflicts.Outcome, error) {
	return h.edit(ctx, id, e, true, answer)
}

// Edit writes fields of a record, or [store.ErrNotFound]. The edit's policy and
// time are filled in by the hub.
func (h *Hub) Edit(ctx context.Context, id crdt.RecordID, e conflicts.Edit, answer AnswerFunc) (*conflicts.Outcome, error) {
	return h.edit(ctx, id, e, false, answer)
}

func (h *Hub) edit(ctx context.Context, id crdt.RecordID, e conflicts.Edit, creates bool, answer AnswerFunc) (*conflicts.Outcome, error) {
	if !e.From.Role.MayPropose() {
		return nil, ErrForbidden
	}
	return h.command(ctx, id, &commandTask{
		supplier: e.From.Supplier, creates: creates, kind: conflicts.KindAPI, from: e.From, answer: answer,
		run: func(r *conflicts.Record, p *conflicts.Policy, now time.Time) (*conflicts.Outcome, error) {
			e.Policy, e.Now = p, now
			return r.Edit(e)
		},
	})
}

// Resolve decides a conflict of a record. The resolution's policy and time are
// filled in by the hub.
func (h *Hub) Resolve(ctx context.Context, id crdt.RecordID, s conflicts.Resolution, answer AnswerFunc) (*conflicts.Outcome, error) {
	if !s.By.Role.MayResolve() {
		return nil, ErrForbidden
	}
	return h.command(ctx, id, &commandTask{
		supplier: s.By.Supplier, kind: "resolve", from: s.By, answer: answer,
		run: func(r *conflicts.Record, p *conflicts.Policy, now time.Time) (*conflicts.Outcome, error) {
			s.Policy, s.Now = p, now
			return r.Resolve(s)
		},
	})
}

// Withdraw takes a proposal of a record back, by an author of it or somebody
// who may resolve. The withdrawal's policy and time are filled in by the hub.
func (h *Hub) Withdraw(ctx context.Context, id crdt.RecordID, w conflicts.Withdrawal, answer AnswerFunc) (*conflicts.Outcome, error) {
	return h.command(ctx, id, &commandTask{
		supplier: w.By.Supplier, kind: "withdraw", from: w.By, answer: answer,
		run: func(r *conflicts.Record, p *conflicts.Policy, now time.Time) (*conflicts.Outcome, error) {
			w.Policy, w.Now = p, now
			return r.Withdraw(w)
		},
	})
}

// Reopen has a decided conflict of a record reconsidered.
func (h *Hub) Reopen(ctx context.Context, id crdt.RecordID, by conflicts.Principal, conflict string, answer AnswerFunc) (*conflicts.Outcome, error) {
	if !by.Role.MayResolve() {
		return nil, ErrForbidden
	}
	return h.command(ctx, id, &commandTask{
		supplier: by.Supplier, kind: "reopen", from: by, answer: answer,
		run: func(r *conflicts.Record, p *conflicts.Policy, now time.Time) (*conflicts.Outcome, error) {
			former, err := h.store.Conflict(h.ctx, by.Supplier, conflict)
			if err != nil {
				return nil, err
			}
			return r.Reopen(conflicts.Reopening{By: by, Former: former, Policy: p, Now: now})
		},
	})
}
