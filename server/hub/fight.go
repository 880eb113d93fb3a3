package hub

import (
	"slices"
	"time"

	"wedsync/crdt"
)

// Some program on a device may set a value again whenever the hub mirrors it
// away: then each answer of the hub brings a new edit, for ever. The room takes
// such a device's batches for the record at most every few seconds: what comes
// sooner waits, as if its network were slow, and nobody else does.

const (
	fightWindow = time.Minute     // in which values that are set again are counted
	fightLimit  = 10              // how many of them are no fight yet
	fightRest   = 5 * time.Second // between two batches of a device that fights
	maxFights   = 256             // devices of one record that are watched for fighting; beyond, none is added
)

// A fight is a device of a record that sets values again.
type fight struct {
	again   []time.Time // when, in the last fightWindow, at most fightLimit+1 of them
	field   crdt.Path   // of the last
	taken   time.Time   // when a batch was taken last
	waiting []*syncTask // messages that have to wait, in their order
}

// on reports whether the device fights.
func (f *fight) on(now time.Time) bool {
	return len(f.again) > fightLimit && now.Sub(f.again[len(f.again)-1-fightLimit]) < fightWindow
}

// over reports whether nothing of the fight counts any more.
func (f *fight) over(now time.Time) bool {
	return len(f.waiting) == 0 && now.Sub(f.again[len(f.again)-1]) >= fightWindow
}

// repeated notes that a device set values again, in a batch that is stored.
func (r *room) repeated(d *Device, fields []crdt.Path, now time.Time) {
	f := r.fights[d.contactKey()]
	if f == nil {
		for key, old := range r.fights {
			if old.over(now) {
				delete(r.fights, key)
			}
		}
		if len(r.fights) >= maxFights {
			return
		}
		if r.fights == nil {
			r.fights = make(map[contactKey]*fight)
		}
		f = &fight{}
		r.fights[d.contactKey()] = f
	}
	for _, path := range fields {
		f.again, f.field = append(f.again, now), path
	}
	f.again = f.again[max(0, len(f.again)-fightLimit-1):]
	f.taken = now
}

// delays reports whether a message has to wait, because its device fights or
// because earlier ones of it wait. It is called only if there are fights.
func (r *room) delays(t *syncTask, now time.Time) bool {
	key := t.device.contactKey()
	f := r.fights[key]
	if f == nil {
		return false
	}
	r.abandon(f)
	if f.over(now) {
		delete(r.fights, key)
		if len(r.fights) == 0 {
			r.fights = nil
		}
		return false
	}
	rest := fightRest - now.Sub(f.taken)
	if len(f.waiting) == 0 && (len(t.message.Changes) == 0 || rest <= 0 || !f.on(now)) {
		if len(t.message.Changes) > 0 {
			f.taken = now
		}
		return false
	}
	if slices.Contains(f.waiting, t) {
		return true // the turn is staged again
	}
	if !r.hub.delayed.tryTake(t.weight) {
		t.device.comeBack()
		return true
	}
	f.waiting = append(f.waiting, t)
	if len(f.waiting) == 1 {
		time.AfterFunc(rest, func() {
			// A hub that closes has no use for the task.
			_ = r.hub.deliver(r.hub.ctx, r.id, &truceTask{fight: f})
		})
	}
	return true
}

// abandon lets go of what waits from connections that have ended.
func (r *room) abandon(f *fight) {
	f.waiting = slices.DeleteFunc(f.waiting, func(t *syncTask) bool {
		ended := t.device.closed()
		if ended {
			r.hub.delayed.give(t.weight)
		}
		return ended
	})
}

// A truceTask takes what a device that fights had to wait with.
type truceTask struct {
	fight *fight
	taken []*syncTask // of fight; they stay the task's if the turn is staged again
	last  *syncTask   // the one that was staged last
}

func (t *truceTask) stage(r *room, s *stage) bool {
	r.abandon(t.fight)
	for _, m := range t.fight.waiting {
		r.hub.delayed.give(m.weight)
	}
	t.taken = append(t.taken, t.fight.waiting...)
	t.fight.waiting = nil
	for _, m := range t.taken {
		if t.last = m; len(m.message.Changes) > 0 {
			t.fight.taken = s.now
		}
		if m.take(r, s); s.broken != nil {
			break
		}
	}
	return true
}

// broke leaves the device without an answer.
func (t *truceTask) broke(r *room, err error) { t.last.broke(r, err) }
