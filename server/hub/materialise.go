package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"wedsync/crdt"
	"wedsync/crdt/engine"
	"wedsync/store"
)

// A document up to this size is made in this process, which takes a fraction of
// a millisecond; a larger one by the engine, whose workers have memory of their
// own that is bounded.
const (
	ownOps   = 1 << 14
	ownBytes = 1 << 20
)

// materialise makes the projection of a record as it is now.
func (h *Hub) materialise(ctx context.Context, id crdt.RecordID) (store.Projection, error) {
	chunks, heads, err := h.chunks(ctx, id)
	if err != nil {
		return store.Projection{}, err
	}
	result, err := documentOf(ctx, h.engine, id, chunks)
	if err != nil {
		h.metrics.projections.WithLabelValues("failed").Inc()
		return store.Projection{}, err
	}
	if !slices.Equal(result.Heads, heads) {
		h.metrics.projections.WithLabelValues("incomplete").Inc()
		return store.Projection{}, fmt.Errorf("record %s: %d of its changes cannot be materialised", id, len(result.Quarantined))
	}
	h.metrics.projections.WithLabelValues("made").Inc()
	return store.Projection{Record: id, Heads: result.Heads, Fields: result.JSON}, nil
}

// documentOf is the whole document that a record's chunks make.
func documentOf(ctx context.Context, large Materialiser, id crdt.RecordID, chunks [][]byte) (*engine.Result, error) {
	value, heads, err := crdt.Materialise(chunks, ownOps, ownBytes)
	if errors.Is(err, crdt.ErrLimit) {
		return large.Materialise(ctx, id, chunks)
	}
	if err != nil {
		return nil, fmt.Errorf("materialise %s: %w", id, err)
	}
	json, err := crdt.EncodeJSON(value)
	return &engine.Result{Heads: heads, JSON: json}, err
}

// chunks are a record's stored changes and the heads that they lead to: from
// memory if the record is open, else from the store.
func (h *Hub) chunks(ctx context.Context, id crdt.RecordID) ([][]byte, []crdt.Hash, error) {
	if r := h.rooms.find(id); r != nil {
		done := make(chan openChunks, 1)
		if err := h.deliver(ctx, id, chunksTask{done}); err != nil {
			return nil, nil, err
		}
		if open := <-done; open.heads != nil {
			return open.chunks, open.heads, nil
		}
	}
	stored, err := h.store.Load(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	var chunks [][]byte
	for _, b := range stored.Batches {
		chunks = append(chunks, b.Chunks...)
	}
	return chunks, stored.Heads.Heads, nil
}

// openChunks is the history of an open record; zero if it is closed.
type openChunks struct {
	chunks [][]byte
	heads  []crdt.Hash
}

// A chunksTask reads the history of a record if it is open and all of it stored.
type chunksTask struct{ done chan<- openChunks } // has room for one

func (t chunksTask) stage(r *room, s *stage) bool {
	if !s.empty() {
		return false // what is staged is not stored yet
	}
	var open openChunks
	if r.record != nil && r.stored.State == store.Listed {
		g := r.record.Graph()
		open.heads = g.Heads()
		open.chunks = make([][]byte, g.Len())
		for i := range open.chunks {
			open.chunks[i] = g.At(i).Raw
		}
	}
	s.replies = append(s.replies, func(error) { t.done <- open })
	return true
}
