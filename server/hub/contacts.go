package hub

import (
	"container/list"
	"sync"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
)

// contacts remembers what devices that left held of the records they spoke of,
// since the hub started. Beyond the limit it forgets who left longest ago.
type contacts struct {
	limit int // device and record pairs

	mu    sync.Mutex
	by    map[crdt.RecordID]map[contactKey]*list.Element
	order list.List // of *holding, who left last in front
}

type contactKey struct{ supplier, user, device string }

// A holding is what a device holds of one record.
type holding struct {
	record  crdt.RecordID
	key     contactKey
	heads   []crdt.Hash // as last announced
	sure    []crdt.Hash // which it holds besides for certain; not stored
	refused string
	seen    time.Time
}

func (r *room) holding(m *member) *holding {
	h := &holding{record: r.id, key: m.device.contactKey(), heads: m.heads, refused: m.refused, seen: m.seen}
	if m.peer != nil {
		h.sure = m.peer.Held()
	}
	if !m.device.who.Role.MayPropose() {
		h.refused = conflicts.RefusedReadOnly
	}
	return h
}

func (d *Device) contactKey() contactKey {
	return contactKey{d.who.Supplier, d.who.User, d.who.Device}
}

// left keeps what a device held.
func (c *contacts) left(h *holding) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil {
		c.by = make(map[crdt.RecordID]map[contactKey]*list.Element)
	}
	devices := c.by[h.record]
	if devices == nil {
		devices = make(map[contactKey]*list.Element)
		c.by[h.record] = devices
	}
	if old := devices[h.key]; old != nil {
		c.order.Remove(old)
	}
	devices[h.key] = c.order.PushFront(h)
	if c.order.Len() > c.limit {
		c.forget(c.order.Back())
	}
}

func (c *contacts) forget(e *list.Element) {
	h := c.order.Remove(e).(*holding)
	delete(c.by[h.record], h.key)
	if len(c.by[h.record]) == 0 {
		delete(c.by, h.record)
	}
}

// of returns what devices of a supplier that left held of a record.
func (c *contacts) of(supplier string, id crdt.RecordID) map[contactKey]*holding {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make(map[contactKey]*holding)
	for key, e := range c.by[id] {
		if key.supplier == supplier {
			out[key] = e.Value.(*holding)
		}
	}
	return out
}

// newer takes over what devices held, where that is newer than what is known. Another
// node may have heard of a device since it left this one.
func newer(known, more map[contactKey]*holding) {
	for key, h := range more {
		if old := known[key]; old == nil || !h.seen.Before(old.seen) {
			known[key] = h
		}
	}
}
