package hub

import (
	"context"

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
	found bool
	err   error
}

const maxHeadsQuery = 2000 // records of one query

func newHeadsLoader(h *Hub) *headsLoader {
	return &headsLoader{hub: h, in: make(chan headsQuestion, maxHeadsQuery)}
}

func (l *headsLoader) load(id crdt.RecordID) (store.Heads, bool, error) {
	done := make(chan headsAnswer, 1)
	l.in <- headsQuestion{id, done}
	a := <-done
	return a.heads, a.found, a.err
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
	for _, q := range batch {
		heads, found := known[q.id]
		q.done <- headsAnswer{heads, found, err}
	}
}
