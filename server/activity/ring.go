package activity

import (
	"sync"

	"wedsync/crdt"
)

// A Message is an event as it goes to a listener.
type Message struct {
	Position string // of the event, where it is a safe place to go on from
	number   uint64 // in it
	Body     []byte // the event as JSON on one line; shared, read only
}

// An item is an event in a ring.
type item struct {
	Message
	record crdt.RecordID
	last   uint64 // the last journal number that it tells of; 0 of presence
	erases bool   // what was told of the record before is not told again
}

// A ring keeps the recent events of one supplier. Events are counted from 0 on;
// the oldest go when there are too many.
type ring struct {
	mostItems, mostBytes int

	mu    sync.Mutex
	items []item        // event n is at n modulo its length
	from  uint64        // the oldest event that is kept
	next  uint64        // the event that comes next
	bytes int           // of the bodies
	lost  uint64        // the highest journal number that a dropped event told of, or that came before the ring
	safe  uint64        // everything up to it was told
	grew  chan struct{} // closed when safe or next moves
}

func newRing(l Limits, begin uint64) *ring {
	return &ring{mostItems: l.RingEvents, mostBytes: l.RingBytes, lost: begin, safe: begin, grew: make(chan struct{})}
}

// add adds events, after which everything up to safe was told.
func (r *ring) add(items []item, safe uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(items) == 0 && safe == r.safe {
		return
	}
	for _, it := range items {
		if it.erases {
			r.forget(it.record)
		}
		if int(r.next-r.from) == r.mostItems {
			r.drop()
		}
		r.put(it)
		for r.bytes > r.mostBytes && r.next-r.from > 1 {
			r.drop()
		}
	}
	r.safe = safe
	close(r.grew)
	r.grew = make(chan struct{})
}

// put adds one event. The ring grows until it has its full length. The caller
// holds mu.
func (r *ring) put(it item) {
	if n := len(r.items); n < r.mostItems && int(r.next-r.from) == n {
		grown := make([]item, min(r.mostItems, max(2*n, 64)))
		for i := r.from; i < r.next; i++ {
			grown[i%uint64(len(grown))] = r.items[i%uint64(n)]
		}
		r.items = grown
	}
	r.items[r.next%uint64(len(r.items))] = it
	r.next++
	r.bytes += len(it.Body)
}

// drop forgets the oldest event. The caller holds mu.
func (r *ring) drop() {
	old := &r.items[r.from%uint64(len(r.items))]
	r.lost = max(r.lost, old.last)
	r.bytes -= len(old.Body)
	*old = item{}
	r.from++
}

// forget takes the events of a record out of the ring. The caller holds mu.
func (r *ring) forget(id crdt.RecordID) {
	for n := r.from; n < r.next; n++ {
		if it := &r.items[n%uint64(len(r.items))]; it.record == id {
			r.bytes -= len(it.Body)
			it.Message = Message{}
		}
	}
}

// join is where a listener begins that was told everything up to a number. It is
// false if the ring does not go back that far.
// It begins as late as it can, so that it does not fall off at once.
func (r *ring) join(number uint64) (event uint64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.after(number), number >= r.lost
}

// now is where a listener begins that knows what is stored now.
func (r *ring) now() place {
	r.mu.Lock()
	defer r.mu.Unlock()
	number := max(r.safe, r.lost)
	return place{r.after(number), number}
}

// after is the first event that tells of something above a number. The caller
// holds mu.
func (r *ring) after(number uint64) (event uint64) {
	for event = r.from; event < r.next; event++ {
		if r.items[event%uint64(len(r.items))].last > number {
			break
		}
	}
	return event
}

// A place is how far a listener has come in a ring.
type place struct {
	event uint64 // that is looked at next
	skip  uint64 // events that tell of nothing above this number are known
}

// take appends the events that a listener has yet to be told and wants, at most
// some, and moves its place. Without any, grew is closed once there may be more,
// and safe is the number up to which the listener was told everything. A listener
// that fell off the ring is behind.
func (r *ring) take(p *place, wants func(crdt.RecordID) bool, most int, out []Message) (_ []Message, grew <-chan struct{}, safe uint64, behind bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p.event < r.from {
		return out, nil, 0, true
	}
	for ; p.event < r.next && len(out) < most; p.event++ {
		it := &r.items[p.event%uint64(len(r.items))]
		if it.Body != nil && (it.last == 0 || it.last > p.skip) && wants(it.record) {
			out = append(out, it.Message)
		}
	}
	return out, r.grew, max(r.safe, p.skip), false
}
