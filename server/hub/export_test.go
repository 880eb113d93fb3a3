package hub

import (
	"context"
	"time"

	"wedsync/crdt"
)

// Settle returns when all tasks of a record that were queued before have had
// their turn, and that turn is over.
func Settle(ctx context.Context, h *Hub, id crdt.RecordID) error {
	for range 2 { // the first is answered within the last turn of those before
		done := make(chan struct{})
		if err := h.deliver(ctx, id, settleTask{done}); err != nil {
			return err
		}
		<-done
	}
	return nil
}

type settleTask struct{ done chan struct{} }

func (t settleTask) stage(_ *room, s *stage) bool {
	s.replies = append(s.replies, func(error) { close(t.done) })
	return true
}

// Next is Take for a test that nobody notifies: it waits until something is due.
func (d *Device) Next(ctx context.Context, out []Outgoing) ([]Outgoing, error) {
	due := make(chan struct{}, 1)
	d.Notify(func() {
		select {
		case due <- struct{}{}:
		default:
		}
	})
	for {
		sent, err := d.Take(out)
		if err != nil || len(sent) > 0 {
			return sent, err
		}
		select {
		case <-due:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Remind reminds of a record's conflicts.
func Remind(ctx context.Context, h *Hub, supplier string, id crdt.RecordID, after time.Duration) error {
	return newReminder(h).remindOf(ctx, supplier, id, after)
}

// Rooms counts the rooms of a hub.
func Rooms(h *Hub) int {
	n := 0
	for i := range h.rooms.shards {
		s := &h.rooms.shards[i]
		s.mu.Lock()
		n += len(s.rooms)
		s.mu.Unlock()
	}
	return n
}

// Members counts the devices in the room of a record.
func Members(h *Hub, id crdt.RecordID) int {
	n := make(chan int, 1)
	_ = h.deliver(h.ctx, id, countTask{n})
	return <-n
}

type countTask struct{ n chan<- int }

func (t countTask) stage(r *room, _ *stage) bool {
	t.n <- len(r.members)
	return true
}

// Opened reports whether a record is in memory.
func Opened(h *Hub, id crdt.RecordID) bool {
	open := make(chan bool, 1)
	_ = h.deliver(h.ctx, id, openedTask{open})
	return <-open
}

type openedTask struct{ open chan<- bool }

func (t openedTask) stage(r *room, _ *stage) bool {
	t.open <- r.record != nil
	return true
}

// RestWhileTyping has the rest of a device that types end in the turn in which
// its author types on.
func RestWhileTyping(ctx context.Context, h *Hub, id crdt.RecordID, d *Device) error {
	return h.deliver(ctx, id, restWhileTyping{d})
}

type restWhileTyping struct{ device *Device }

func (t restWhileTyping) stage(r *room, s *stage) bool {
	restedTask(t).stage(r, s)
	r.typed(r.members[t.device], s.now)
	return true
}

// Mistake has the hub believe that a device holds all of a record.
func Mistake(ctx context.Context, h *Hub, id crdt.RecordID, d *Device) error {
	done := make(chan error, 1)
	if err := h.deliver(ctx, id, mistakeTask{d, done}); err != nil {
		return err
	}
	return <-done
}

type mistakeTask struct {
	device *Device
	done   chan<- error
}

func (t mistakeTask) stage(r *room, s *stage) bool {
	err := r.open()
	if err == nil {
		m := r.member(t.device)
		m.announce(r.stored.Heads, s.now)
		m.restore(r.record.Graph())
		_, _ = m.peer.Next(r.view) // it has heard all
	}
	t.done <- err
	return true
}
