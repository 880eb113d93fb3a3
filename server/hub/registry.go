package hub

import "sync"

// A registry knows the connected devices. The same device under the same peer
// id is connected once; a stranger under that peer id is another device.
type registry struct {
	mu     sync.Mutex
	set    map[*Device]bool
	by     map[deviceKey]*Device
	closed bool // whoever joins now comes too late
}

type deviceKey struct{ supplier, user, device, peer string }

func (d *Device) key() deviceKey {
	return deviceKey{d.who.Supplier, d.who.User, d.who.Device, d.peerID}
}

// add returns the older connection of the same device, if there is one. A
// device that comes once the hub stops is closed like the others.
func (g *registry) add(d *Device) (old *Device) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		d.Close(GoingAway)
	}
	if g.set == nil {
		g.set, g.by = make(map[*Device]bool), make(map[deviceKey]*Device)
	}
	old = g.by[d.key()]
	g.set[d], g.by[d.key()] = true, d
	return old
}

func (g *registry) remove(d *Device) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.set, d)
	if g.by[d.key()] == d {
		delete(g.by, d.key())
	}
}

// of are the connections of a supplier's devices.
func (g *registry) of(supplier string) (found []*Device) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for d := range g.set {
		if d.who.Supplier == supplier {
			found = append(found, d)
		}
	}
	return found
}

// close closes all devices, and those that come later.
func (g *registry) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for d := range g.set {
		d.Close(GoingAway)
	}
}
