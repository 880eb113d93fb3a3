package syncproto

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"wedsync/crdt"
)

// A scene is a hub that answers some changes of authors with sealing changes,
// and plain devices that apply whatever comes.
type scene struct {
	t       testing.TB
	rng     *rand.Rand
	hub     *replica
	devices []*replica
	links   []*link
	sealed  []*crdt.Change
}

func newScene(t testing.TB, seed uint64) *scene {
	s := &scene{t: t, rng: seeded(t, seed), hub: newReplica(t, "hub")}
	target, bad := 100+s.rng.IntN(800), s.rng.IntN(2) == 0
	s.hub.tune = func(v *View) {
		v.target = target
		if bad {
			v.newBloom = badBloom
		}
	}
	s.hub.renew()
	for i := range 3 {
		d := newReplica(t, fmt.Sprintf("device%d", i))
		d.tune = func(v *View) {
			if bad {
				v.newBloom = badBloom
			}
		}
		d.renew()
		l := join(s.hub, d)
		l.seen = s.seen(d)
		s.devices, s.links = append(s.devices, d), append(s.links, l)
	}
	return s
}

// seen judges what arrives at the hub, and looks at what a device holds after
// every message.
func (s *scene) seen(d *replica) func(int, []*crdt.Change) {
	return func(end int, added []*crdt.Change) {
		if end == 1 {
			s.noneBare(d)
			return
		}
		for _, c := range added {
			if c.Actor != s.hub.actor && s.rng.IntN(3) == 0 {
				s.hub.answer(c)
				s.sealed = append(s.sealed, c)
			}
		}
	}
}

// noneBare fails if a device holds another's sealed change without its seal.
func (s *scene) noneBare(d *replica) {
	s.t.Helper()
	for _, c := range s.sealed {
		by, _ := s.hub.graph.Sealed(c.Hash)
		if c.Actor != d.actor && d.graph.Has(c.Hash) && !d.graph.Has(by) {
			s.t.Fatalf("%s holds %s without %s", d.name, c.Hash, by)
		}
	}
}

func (s *scene) step() {
	i := s.rng.IntN(len(s.links))
	l := s.links[i]
	switch k := s.rng.IntN(100); {
	case k < 15:
		s.devices[i].edit(s.rng.IntN(200))
	case k < 20:
		s.hub.edit(s.rng.IntN(200))
	case k < 40:
		l.pump(0)
	case k < 58:
		l.pump(1)
	case k < 76:
		l.deliver(0)
	case k < 94:
		l.deliver(1)
	case k < 97:
		l.connect()
		s.devices[i].hello(l)
	case k < 98:
		l.peers[0] = NewPeer(PeerOptions{})
	default:
		l.peers[1] = NewPeer(PeerOptions{})
	}
}

func TestSealedChangeNeverArrivesWithoutItsSeal(t *testing.T) {
	sealed := 0
	for seed := range uint64(400) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			s := newScene(t, seed)
			for range 200 {
				s.step()
			}
			settle(t, 2000, s.links...)
			sameHeads(t, append(s.devices, s.hub)...)
			sealed += len(s.sealed)
		})
	}
	if sealed < 1000 {
		t.Errorf("only %d changes were sealed", sealed)
	}
}

// parts are all messages that are due to a peer now.
func parts(t testing.TB, p *Peer, v *View) (all []*Message) {
	t.Helper()
	for {
		data, ok := p.Next(v)
		if !ok {
			return all
		}
		all = append(all, parse(t, data))
		if len(all) > 1000 {
			t.Fatal("the parts never end")
		}
	}
}

func TestLongHistoryComesInPartsThatAreEachComplete(t *testing.T) {
	hub, device := newReplica(t, "hub"), newReplica(t, "device")
	hub.tune = func(v *View) { v.target = 1000 }
	for range 50 {
		hub.edit(100)
	}
	p := NewPeer(PeerOptions{})
	p.Receive(hub.graph, &Message{Have: []Have{{}}})
	all := parts(t, p, hub.view)
	if len(all) < 8 {
		t.Errorf("%d parts, about 10 expected", len(all))
	}
	for i, m := range all {
		size := 0
		for _, raw := range m.Changes {
			size += len(raw)
			device.add(decode(t, raw))
		}
		if size > 1000 {
			t.Errorf("part %d has %d bytes of changes", i, size)
		}
		if !slices.Equal(m.Heads, device.graph.Heads()) {
			t.Errorf("after part %d the device holds %v, it was told %v", i, device.graph.Heads(), m.Heads)
		}
	}
	sameHeads(t, hub, device)
}

func TestSealedChangeIsNotCutFromItsSeal(t *testing.T) {
	hub, author := newReplica(t, "hub"), newReplica(t, "author")
	hub.tune = func(v *View) { v.target = 300 }
	author.add(hub.edit(10))
	d := author.edit(10)
	hub.add(d)
	for range 5 {
		hub.edit(200)
	}
	by := hub.answer(d)
	hub.edit(200)
	p := NewPeer(PeerOptions{})
	p.Receive(hub.graph, &Message{Have: []Have{{}}})
	all := parts(t, p, hub.view)
	if len(all) != 3 {
		t.Fatalf("%d parts, want what comes before, the sealed change up to its seal, and the rest", len(all))
	}
	middle := all[1].Changes
	if !slices.Equal(middle[0], d.Raw) || !slices.Equal(middle[len(middle)-1], by.Raw) {
		t.Error("the second part is not from the sealed change to its seal")
	}
	if !slices.Equal(all[1].Heads, []crdt.Hash{by.Hash}) {
		t.Error("the second part does not announce the seal")
	}
}

func TestWhatCannotBeCutBelowTheLimitIsNotSent(t *testing.T) {
	hub, author := newReplica(t, "hub"), newReplica(t, "author")
	hub.tune = func(v *View) { v.target, v.limit = 300, 900 }
	author.add(hub.edit(10))
	d := author.edit(10)
	hub.add(d)
	for range 8 {
		hub.edit(200)
	}
	hub.answer(d)
	p := NewPeer(PeerOptions{})
	p.Receive(hub.graph, &Message{Have: []Have{{}}})
	all := parts(t, p, hub.view)
	if len(all) != 1 || len(all[0].Changes) != 1 {
		t.Errorf("%d parts, want only what comes before the sealed change", len(all))
	}
	if size, stuck := p.Stuck(); !stuck || size <= 900 {
		t.Errorf("stuck %v with %d bytes", stuck, size)
	}
	// What the device brings is acknowledged all the same.
	device := newReplica(t, "device")
	device.add(hub.graph.At(0))
	own := device.edit(5)
	m := Message{Heads: []crdt.Hash{own.Hash}, Changes: [][]byte{own.Raw}, Have: []Have{{LastSync: []crdt.Hash{hub.graph.At(0).Hash}}}}
	p.Receive(hub.graph, &m)
	hub.add(own)
	all = parts(t, p, hub.view)
	if len(all) != 1 || !slices.Equal(all[0].Heads, m.Heads) {
		t.Errorf("the device's edit is not acknowledged: %v", all)
	}
}

func TestSealThatIsNotThereYetHoldsItsMemberBack(t *testing.T) {
	hub, author := newReplica(t, "hub"), newReplica(t, "author")
	author.add(hub.edit(10))
	d := author.edit(10)
	hub.add(d)
	by := hub.draft(hub.graph.Heads(), 5)
	hub.graph.Seal(d.Hash, by.Hash)
	p := NewPeer(PeerOptions{})
	p.Receive(hub.graph, &Message{Have: []Have{{}}})
	if all := parts(t, p, hub.view); len(all) != 1 || len(all[0].Changes) != 1 {
		t.Errorf("%d parts, want what comes before the sealed change", len(all))
	}
	hub.add(by)
	if all := parts(t, p, hub.view); len(all) != 1 || len(all[0].Changes) != 2 {
		t.Errorf("%d parts, want the sealed change with its seal", len(all))
	}
}

func TestFalseHitOnWhatASealNeedsIsSentAnyway(t *testing.T) {
	hub, author := newReplica(t, "hub"), newReplica(t, "author")
	first := hub.edit(10)
	author.add(first)
	d := author.edit(10)
	other := hub.edit(10)
	hub.add(d)
	by := hub.answer(d)
	device := newReplica(t, "device")
	own := device.edit(5)
	// The filter hits falsely for all but the sealed change and its seal.
	filter := NewBloom([]crdt.Hash{own.Hash, first.Hash, other.Hash})
	if filter.Contains(d.Hash) {
		t.Fatal("the test needs a filter that misses the sealed change")
	}
	p := NewPeer(PeerOptions{})
	p.Receive(hub.graph, &Message{Heads: []crdt.Hash{own.Hash}, Have: []Have{{Bloom: filter}}})
	all := parts(t, p, hub.view)
	if len(all) != 1 {
		t.Fatalf("%d messages", len(all))
	}
	want := raw([]*crdt.Change{first, other, d, by})
	if !slices.EqualFunc(all[0].Changes, want, slices.Equal) {
		t.Errorf("%d changes are sent, want the sealed one, its seal and all before that", len(all[0].Changes))
	}
	if !slices.Equal(all[0].Need, []crdt.Hash{own.Hash}) {
		t.Errorf("need %v", all[0].Need)
	}
}
