package hub

import (
	"context"
	"weak"

	"golang.org/x/sync/semaphore"

	"wedsync/crdt"
)

// heavy lets one at a time have many operations in memory, each in the room of
// the one before, unless that was collected as garbage.
type heavy struct {
	turn *semaphore.Weighted
	room weak.Pointer[crdt.Room] // of whose turn it is
}

func newHeavy() *heavy { return &heavy{turn: semaphore.NewWeighted(1)} }

// enter waits for the turn. Whoever has entered leaves.
func (h *heavy) enter(ctx context.Context) (*crdt.Room, error) {
	if err := h.turn.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	if room := h.room.Value(); room != nil {
		return room, nil
	}
	return new(crdt.Room), nil
}

func (h *heavy) leave(room *crdt.Room) {
	h.room = weak.Make(room)
	h.turn.Release(1)
}
