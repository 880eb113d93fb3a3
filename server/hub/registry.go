package hub

import "sync"

// A registry knows the connected devices. The same device under the same peer
// id is connected once; a stranger under that peer id is another device.
type registry struct {
	mu  sync.Mutex
	set map[*Device]bool
	by  map[deviceKey]*Device
}

type deviceKey struct{ supplier, user, device, peer string }

func (d *Device) key() deviceKey {
	return deviceKey{d.who.Supplier, d.who.User, d.who.Device, d.peerID}
}

// add returns the older connection of the same device, if there is one.
func (g *registry) add(d *Device) (old *Device) {
	g.mu.Lock()
	defer g.mu.Unlock()
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

func (g *registry) all() []*Device {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]*Device, 0, len(g.set))
	for d := range g.set {
		out = append(out, d)
	}
	return out
}
