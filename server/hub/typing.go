package hub

import "time"

// While an author types into a critical text, the room sends its device
// nothing: a mirror, or another's edit, would land between two keystrokes. The
// device is told once its author has rested, or has been kept waiting for too
// long. What it sends is taken as ever, and the others hear of it at once.

// A typing is an author at work. Its member is told nothing meanwhile.
type typing struct {
	since time.Time
	timer *time.Timer // ends it
}

// typed notes that a member's author typed.
func (r *room) typed(m *member, now time.Time) {
	if m.rested {
		return // what it typed in the turn of its rest
	}
	if m.typing == nil {
		device := m.device
		m.typing = &typing{since: now, timer: time.AfterFunc(r.hub.limits.TypingRest, func() {
			// A hub that closes has no use for the task.
			_ = r.hub.deliver(r.hub.ctx, r.id, restedTask{device})
		})}
		return
	}
	left := r.hub.limits.TypingMost - now.Sub(m.typing.since)
	m.typing.timer.Reset(max(min(left, r.hub.limits.TypingRest), 0))
}

// stopTyping has a member told again of what it missed.
func (m *member) stopTyping() {
	if m.typing != nil {
		m.typing.timer.Stop()
		m.typing = nil
	}
}

// restedTask tells a device what it was not told while its author typed.
type restedTask struct{ device *Device }

func (t restedTask) stage(r *room, s *stage) bool {
	if m := r.members[t.device]; m != nil {
		m.stopTyping()
		m.rested = true
		s.touch(m)
	}
	return askTask(t).stage(r, s)
}
