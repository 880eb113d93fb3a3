package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"wedsync/conflicts"
	"wedsync/store"
)

// A movedTask brings a room up to date with what another node stored.
type movedTask struct {
	version uint64 // that the store has at least; 0 if that is to be asked
}

func (t movedTask) stage(r *room, s *stage) bool {
	if !s.empty() {
		return false // the commit finds out by itself, or it was ours
	}
	if !r.known || r.corrupt != nil || t.version > 0 && t.version <= r.stored.Version {
		return true
	}
	was := r.stored
	if err := r.catchUp(); err != nil {
		if !errors.Is(err, conflicts.ErrFollow) {
			r.hub.log.Warn("what another node stored cannot be read now", "record", r.id, "err", err)
		}
		r.forget()
		return true
	}
	if r.stored.Version == was.Version {
		return true
	}
	r.hub.metrics.followed.Inc()
	s.moved = true
	return true
}

// catchUp reads what the store has beyond what the room knows.
func (r *room) catchUp() error {
	if r.record == nil || r.stored.Version == 0 {
		r.forget() // members ask again
		return r.look()
	}
	stored, err := r.hub.store.Later(context.WithoutCancel(r.hub.ctx), r.id, r.stored.Version)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if stored.Version == r.stored.Version {
		return nil
	}
	if stored.State == store.Erased || stored.Version < r.stored.Version {
		r.forget()
		return r.look()
	}
	if err := r.record.Follow(stored.Ledger, storedBatches(stored.Batches)); err != nil {
		return err
	}
	if !slices.Equal(r.record.Graph().Heads(), stored.Heads.Heads) {
		return conflicts.ErrFollow
	}
	r.stored = stored.Heads
	return nil
}

// storedBatches are batches as a record takes them.
func storedBatches(from []store.Batch) []conflicts.StoredBatch {
	batches := make([]conflicts.StoredBatch, len(from))
	for i, b := range from {
		batches[i] = conflicts.StoredBatch{Chunks: b.Chunks, Hub: b.Hub}
	}
	return batches
}
