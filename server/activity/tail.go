package activity

import (
	"context"
	"fmt"
	"time"

	"wedsync/server/hub"
)

// A tail reads one supplier's journal for all who listen on this node, and puts
// what it tells into a ring.
type tail struct {
	streams  *Streams
	supplier string
	source   Source

	wakes chan struct{} // one slot: the journal may have moved on
	notes chan hub.PresenceNote
	begun chan struct{} // closed once ring is there
	ring  *ring
	stop  context.CancelFunc

	listeners int       // under Streams.mu
	idle      time.Time // since when there is none; under Streams.mu

	// All below belongs to run.

	read     uint64 // the journal's last number that was read
	folder   *folder
	presence *presences
	signs    uint64 // of life that were told
}

func newTail(s *Streams, supplier string) *tail {
	return &tail{
		streams: s, supplier: supplier, source: NewSource(s.epoch, supplier),
		wakes: make(chan struct{}, 1), notes: make(chan hub.PresenceNote, presenceWait), begun: make(chan struct{}),
		folder: newFolder(), presence: newPresences(),
	}
}

// wake has the journal looked at.
func (t *tail) wake() {
	select {
	case t.wakes <- struct{}{}:
	default:
	}
}

// note takes a sign of life, unless too many wait. What is too large to be shown
// does not wait with it.
func (t *tail) note(n hub.PresenceNote) {
	if len(n.Data) > maxPresenceData {
		n.Data = nil
	}
	select {
	case t.notes <- n:
	default:
	}
}

// run ends with ctx.
func (t *tail) run(ctx context.Context) {
	defer t.streams.hub.Watch(t.supplier, hub.Watcher{Moved: t.wake, Presence: t.note})()
	if !t.begin(ctx) {
		return
	}
	poll := time.NewTicker(t.streams.limits.Poll)
	defer poll.Stop()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var signs []hub.PresenceNote
		select {
		case <-ctx.Done():
			return
		case <-t.wakes:
		case <-poll.C:
		case <-timer.C:
		case n := <-t.notes:
			signs = t.presence.take(time.Now(), n, signs)
		}
		t.look(ctx)
		t.show(signs)
		if !rest(ctx, t.streams.limits.Pace) {
			return
		}
		if at := t.next(); !at.IsZero() {
			timer.Reset(max(0, time.Until(at)))
		}
	}
}

// begin finds out where the journal ends. It tries until it can or ctx ends.
func (t *tail) begin(ctx context.Context) bool {
	for {
		ends, err := t.streams.store.Ends(ctx, []string{t.supplier})
		if err == nil {
			t.read = ends[t.supplier].Number
			t.ring = newRing(t.streams.limits, t.read)
			close(t.begun)
			return true
		}
		t.streams.log.Warn("the journal's end cannot be read now; listeners wait", "supplier", t.supplier, "err", err)
		if !rest(ctx, t.streams.limits.Poll) {
			return false
		}
	}
}

// rest waits, and reports whether ctx goes on.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// look reads what is new in the journal, and tells what is due. What cannot be
// read now is read later.
func (t *tail) look(ctx context.Context) {
	for {
		entries, err := t.streams.store.Happenings(ctx, t.supplier, t.read, page)
		if err != nil && ctx.Err() == nil {
			t.streams.log.Warn("the journal cannot be read now; listeners wait", "supplier", t.supplier, "after", t.read, "err", err)
		}
		var out []told
		now := time.Now()
		for i := range entries {
			for _, e := range tell(&entries[i]) {
				out = t.folder.take(now, e, out)
			}
			t.read = entries[i].Number
		}
		if t.read-t.folder.safe(t.read) > uint64(t.streams.limits.RingEvents/2) {
			out = t.folder.flush(out) // what is held must not fall off the ring
		}
		t.put(t.folder.due(now, out))
		if len(entries) == 0 {
			return
		}
	}
}

// put puts events into the ring.
func (t *tail) put(events []told) {
	positions := t.folder.positions(events, t.read)
	items := make([]item, len(events))
	for i := range events {
		e := &events[i]
		body := encode(t.source.told(e, positions[i]))
		items[i] = item{Message{t.source.position(positions[i]), positions[i], body}, e.record, e.last, e.kind == ClientErased}
		t.streams.metrics.events.WithLabelValues(e.kind).Inc()
	}
	t.ring.add(items, t.folder.safe(t.read))
}

// told completes the event of what is told.
func (s Source) told(e *told, position uint64) Event {
	return s.event(fmt.Sprintf("%s:%d/%d", s.Epoch, e.last, e.index), position, e.kind, e.at, e.data)
}

// show puts signs of life into the ring: those given and those that are due.
func (t *tail) show(signs []hub.PresenceNote) {
	for len(t.notes) > 0 {
		signs = t.presence.take(time.Now(), <-t.notes, signs)
	}
	signs = t.presence.due(time.Now(), signs)
	if len(signs) == 0 {
		return
	}
	safe := t.folder.safe(t.read)
	items := make([]item, len(signs))
	for i := range signs {
		n := &signs[i]
		t.signs++
		id := fmt.Sprintf("%s:%s/%d", t.source.Epoch, t.streams.node, t.signs)
		kind, data := t.presence.data(n)
		e := t.source.event(id, safe, kind, n.At, data)
		items[i] = item{Message: Message{e.Position, safe, encode(e)}, record: n.Record}
		t.streams.metrics.events.WithLabelValues(e.Type).Inc()
	}
	t.ring.add(items, safe)
}

// next is when something held becomes due, zero if nothing is held.
func (t *tail) next() time.Time {
	at := t.folder.next()
	if p := t.presence.next(); at.IsZero() || !p.IsZero() && p.Before(at) {
		at = p
	}
	return at
}
