package hub

import (
	"container/list"
	"sync"
	"time"
)

// resident are the records in memory. One that rests is closed after a while,
// and sooner if all of them take too many bytes: the one that rested longest
// first.
type resident struct {
	limit int           // bytes
	rest  time.Duration // after which a record is closed, at the latest after twice that

	mu      sync.Mutex
	bytes   int
	order   list.List // of *room, most recently used in front
	at      map[*room]*residentEntry
	sweep   *time.Timer // runs while there are any
	stopped bool
}

type residentEntry struct {
	element *list.Element
	bytes   int
	asked   bool // to close its record, since it was last held
	swept   bool // rests since the last sweep at least
}

// hold notes that a room holds bytes, zero for none, and returns the rooms that
// should close their records, each once.
func (l *resident) hold(r *room, bytes int) (excess []*room) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.at[r]
	switch {
	case e == nil && bytes == 0:
		return nil
	case e == nil:
		if l.at == nil {
			l.at = make(map[*room]*residentEntry)
		}
		e = &residentEntry{element: l.order.PushFront(r)}
		l.at[r] = e
	case bytes == 0:
		l.order.Remove(e.element)
		delete(l.at, r)
	default:
		l.order.MoveToFront(e.element)
	}
	l.bytes += bytes - e.bytes
	e.bytes, e.asked, e.swept = bytes, false, false
	if l.sweep == nil && !l.stopped {
		l.sweep = time.AfterFunc(l.rest, l.closeRested)
	}
	left := l.bytes
	for el := l.order.Back(); el != nil && left > l.limit; el = el.Prev() {
		old := el.Value.(*room)
		if old == r {
			break
		}
		left -= l.at[old].bytes
		if !l.at[old].asked {
			l.at[old].asked = true
			excess = append(excess, old)
		}
	}
	return excess
}

// closeRested closes the records that nobody used since the last sweep.
func (l *resident) closeRested() {
	for _, r := range l.rested() {
		r.askToClose()
	}
}

// rested are the rooms to close, each once, and begins the next sweep.
func (l *resident) rested() (rooms []*room) {
	l.mu.Lock()
	defer l.mu.Unlock()
	entry := func(el *list.Element) *residentEntry { return l.at[el.Value.(*room)] }
	for el := l.order.Back(); el != nil && entry(el).swept; el = el.Prev() {
		if e := entry(el); !e.asked {
			e.asked = true
			rooms = append(rooms, el.Value.(*room))
		}
	}
	for el := l.order.Front(); el != nil && !entry(el).swept; el = el.Next() {
		entry(el).swept = true
	}
	l.sweep = nil
	if l.order.Len() > 0 && !l.stopped {
		l.sweep = time.AfterFunc(l.rest, l.closeRested)
	}
	return rooms
}

// stop ends the sweeps.
func (l *resident) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = true
	if l.sweep != nil {
		l.sweep.Stop()
	}
}

func (l *resident) size() (records, bytes int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.at), l.bytes
}
