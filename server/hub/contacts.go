package hub

import (
	"sync"
	"time"

	"wedsync/crdt"
)

// contacts remembers the devices that were here since the hub started, and what
// each held of the records it spoke of when it left. It forgets nothing, up to
// a limit of device and record pairs; beyond it what leaves is not remembered.
type contacts struct {
	mu    sync.Mutex
	by    map[string]map[contactKey]*contact // by supplier
	pairs int
}

type contactKey struct{ user, device string }

type contact struct {
	connections int
	last        time.Time
	records     map[crdt.RecordID]holding
}

// A holding is what a device that left held of one record.
type holding struct {
	heads   []crdt.Hash
	refused string
	seen    time.Time
}

func (d *Device) contactKey() contactKey { return contactKey{d.who.User, d.who.Device} }

func (c *contacts) at(d *Device) *contact {
	if c.by == nil {
		c.by = make(map[string]map[contactKey]*contact)
	}
	devices := c.by[d.who.Supplier]
	if devices == nil {
		devices = make(map[contactKey]*contact)
		c.by[d.who.Supplier] = devices
	}
	k := devices[d.contactKey()]
	if k == nil {
		k = &contact{records: make(map[crdt.RecordID]holding)}
		devices[d.contactKey()] = k
	}
	return k
}

func (c *contacts) joined(d *Device, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.at(d)
	k.connections++
	k.last = now
}

func (c *contacts) gone(d *Device, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.at(d)
	k.connections--
	k.last = now
}

// left keeps what a member held of a record.
func (c *contacts) left(id crdt.RecordID, m *member, limit int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.at(m.device)
	if _, known := k.records[id]; !known {
		if c.pairs >= limit {
			return
		}
		c.pairs++
	}
	k.records[id] = holding{m.heads, m.refused, m.seen}
}

// of returns what the devices that left held of a record.
func (c *contacts) of(supplier string, id crdt.RecordID) map[contactKey]holding {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make(map[contactKey]holding)
	for key, k := range c.by[supplier] {
		if h, ok := k.records[id]; ok {
			out[key] = h
		}
	}
	return out
}
