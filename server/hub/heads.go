package hub

import (
	"context"
	"errors"

	"wedsync/crdt"
	"wedsync/store"
)

// A headsLoader answers what the store knows of a record, many records in one
// query: what is asked while a query runs is asked together in the next.
type headsLoader struct {
	hub *Hub
	in  chan headsQuestion
}

type headsQuestion struct {
	id   crdt.RecordID
	done chan<- headsAnswer // has room for one
}

type headsAnswer struct {
	heads store.Heads
	err   error
}

const maxHeadsQuery = 2000 // records of one query

func newHeadsLoader(h *Hub) *headsLoader {
	return &headsLoader{hub: h, in: make(chan headsQuestion, maxHeadsQuery)}
}

// load gives the zero Heads for a record that the store does not know.
func (l *headsLoader) load(id crdt.RecordID) (store.Heads, error) {
	done := make(chan headsAnswer, 1)
	l.in <- headsQuestion{id, done}
	a := <-done
	return a.heads, a.err
}

// run ends with the hub's context, when no room is left to ask.
func (l *headsLoader) run() {
	for {
		select {
		case <-l.hub.ctx.Done():
			return
		case first := <-l.in:
			l.answer(l.gather(first))
		}
	}
}

func (l *headsLoader) gather(first headsQuestion) []headsQuestion {
	batch := []headsQuestion{first}
	for len(batch) < maxHeadsQuery {
		select {
		case next := <-l.in:
			batch = append(batch, next)
		default:
			return batch
		}
	}
	return batch
}

func (l *headsLoader) answer(batch []headsQuestion) {
	ids := make([]crdt.RecordID, len(batch))
	for i, q := range batch {
		ids[i] = q.id
	}
	known, err := l.hub.store.Heads(context.WithoutCancel(l.hub.ctx), ids)
	if errors.Is(err, store.ErrCorrupt) && len(batch) > 1 {
		// One bad row is no reason to be silent about the others.
		for i := range batch {
			l.answer(batch[i : i+1])
		}
		return
	}
	for _, q := range batch {
		q.done <- headsAnswer{known[q.id], err}
	}
}
