package syncproto

import (
	"slices"
	"testing"

	"wedsync/crdt"
)

// exchange is a link whose first word is the second end's, as with a device.
func exchange(t testing.TB, hub, device *replica, options ...PeerOptions) *link {
	t.Helper()
	l := join(hub, device, options...)
	device.hello(l)
	l.deliver(0)
	settle(t, 50, l)
	return l
}

// hello is a device's first message: Automerge's, with a filter over all.
func (r *replica) hello(l *link) {
	m := Message{Heads: r.graph.Heads(), Have: []Have{{Bloom: r.view.bloom(nil)}}}
	l.peers[1].tell(&part{heads: m.Heads})
	l.wire[0] = append(l.wire[0], m.Append(nil))
	l.sent++
}

func TestNewDeviceGetsEverythingAndConfirmsOnce(t *testing.T) {
	hub, device := newReplica(t, "hub"), newReplica(t, "device")
	for range 30 {
		hub.edit(5)
	}
	l := exchange(t, hub, device)
	sameHeads(t, hub, device)
	if l.sent != 3 {
		t.Errorf("%d messages, want 3: hello, everything, confirmation", l.sent)
	}
	if !l.peers[0].InSync(hub.graph) {
		t.Error("the hub does not know that the device is in sync")
	}
}

func TestEqualHeadsAreAnsweredOnceAndNotAgain(t *testing.T) {
	hub, device := newReplica(t, "hub"), newReplica(t, "device")
	hub.edit(5)
	device.add(hub.graph.At(0))
	l := exchange(t, hub, device)
	if l.sent != 2 {
		t.Errorf("%d messages, want hello and answer", l.sent)
	}
}

func TestAuthorLearnsByEqualHeadsThatItsEditIsSafe(t *testing.T) {
	hub, device := newReplica(t, "hub"), newReplica(t, "device")
	l := exchange(t, hub, device)
	before := l.sent
	device.edit(5)
	settle(t, 10, l)
	sameHeads(t, hub, device)
	if l.sent != before+2 {
		t.Errorf("%d messages for one edit, want edit and acknowledgement", l.sent-before)
	}
	if got := l.peers[1].Heads(); !slices.Equal(got, device.graph.Heads()) {
		t.Errorf("the device was told %v, it holds %v", got, device.graph.Heads())
	}
}

func TestEditOfAnotherIsRelayedWithoutFilterAndConfirmed(t *testing.T) {
	hub, device := newReplica(t, "hub"), newReplica(t, "device")
	hub.edit(5)
	l := exchange(t, hub, device)
	c := hub.edit(5)
	data, ok := l.peers[0].Next(hub.view)
	if !ok {
		t.Fatal("nothing is sent")
	}
	m := parse(t, data)
	if len(m.Changes) != 1 || !slices.Equal(m.Changes[0], c.Raw) {
		t.Errorf("%d changes, want the new one", len(m.Changes))
	}
	if len(m.Have) != 1 || !slices.Equal(m.Have[0].LastSync, hub.graph.Heads()) || !m.Have[0].Bloom.Empty() {
		t.Errorf("have %v, want our heads without a filter", m.Have)
	}
	if len(m.Need) != 0 || len(m.Flags) != 0 {
		t.Errorf("need %v, flags %x, want none", m.Need, m.Flags)
	}
}

func TestPeersInTheSamePositionShareOneEncoding(t *testing.T) {
	hub := newReplica(t, "hub")
	hub.edit(5)
	var links []*link
	for range 5 {
		device := newReplica(t, "device")
		device.actor = crdt.ActorID([]byte{byte(len(links)), 1, 2, 3})
		links = append(links, exchange(t, hub, device))
	}
	links[0].ends[1].edit(5)
	links[0].pump(1)
	links[0].deliver(0)
	var bodies [][]byte
	for _, l := range links {
		data, ok := l.peers[0].Next(hub.view)
		if !ok {
			t.Fatal("a device gets nothing")
		}
		bodies = append(bodies, data)
	}
	for i, b := range bodies[2:] {
		if &b[0] != &bodies[1][0] {
			t.Errorf("subscriber %d has bytes of its own", i+2)
		}
	}
	if len(hub.view.parts) > 2 {
		t.Errorf("%d messages were encoded, want one for the author and one for the others", len(hub.view.parts))
	}
}

func TestDivergedDevicesMeetWithoutSendingWhatBothHave(t *testing.T) {
	hub, device := newReplica(t, "hub"), newReplica(t, "device")
	for range 200 {
		device.add(hub.edit(100))
	}
	hub.edit(100)
	device.edit(100)
	l := exchange(t, hub, device)
	sameHeads(t, hub, device)
	if l.bytes > 3000 {
		t.Errorf("%d bytes were sent for two changes of 100", l.bytes)
	}
}

func TestWipedHubIsGivenEverythingBack(t *testing.T) {
	hub, device := newReplica(t, "hub"), newReplica(t, "device")
	for range 20 {
		device.add(hub.edit(5))
	}
	for _, left := range []int{0, 7} {
		restored := newReplica(t, "hub")
		for i := range left {
			restored.add(hub.graph.At(i))
		}
		l := join(restored, device)
		// A device that remembers more in common than the hub still has.
		m := Message{Heads: device.graph.Heads(), Have: []Have{{LastSync: device.graph.Heads()}}}
		l.peers[1].tell(&part{heads: m.Heads})
		l.wire[0] = append(l.wire[0], m.Append(nil))
		l.deliver(0)
		settle(t, 20, l)
		sameHeads(t, restored, device)
	}
}

func TestDeviceThatLostItsDataGetsItAgain(t *testing.T) {
	hub, device := newReplica(t, "hub"), newReplica(t, "device")
	for range 20 {
		hub.edit(5)
	}
	l := exchange(t, hub, device)
	for _, kept := range []int{0, 9} {
		device.graph = crdt.NewGraph(crdt.DefaultLimits)
		for i := range kept {
			device.add(hub.graph.At(i))
		}
		device.renew()
		l.peers[1] = NewPeer(PeerOptions{})
		device.hello(l)
		settle(t, 20, l)
		sameHeads(t, hub, device)
	}
}

func TestViewerIsServedButNotAsked(t *testing.T) {
	hub, device := newReplica(t, "hub"), newReplica(t, "device")
	hub.edit(5)
	l := exchange(t, hub, device, PeerOptions{ReadOnly: true})
	device.edit(5)
	p, answers := l.peers[0], 0
	for i := range 10 {
		shared := hub.graph.Heads()
		if i == 5 {
			device.add(hub.edit(5))
		}
		p.Receive(hub.graph, &Message{Heads: device.graph.Heads(), Have: []Have{{LastSync: shared}}})
		data, ok := p.Next(hub.view)
		if !ok {
			continue
		}
		answers++
		m := parse(t, data)
		if len(m.Need) > 0 || len(m.Have) > 0 {
			t.Errorf("the viewer is asked for %v, beyond %v", m.Need, m.Have)
		}
		if !slices.Equal(m.Heads, hub.graph.Heads()) {
			t.Errorf("the viewer hears of %v, the hub holds %v", m.Heads, hub.graph.Heads())
		}
	}
	if answers != 1 {
		t.Errorf("%d messages to the viewer, want one, for the hub's edit", answers)
	}
}

func TestRefusedChangeIsNotAskedForAgain(t *testing.T) {
	hub, device := newReplica(t, "hub"), newReplica(t, "device")
	hub.edit(5)
	device.add(hub.graph.At(0))
	bad := device.edit(5)
	p := NewPeer(PeerOptions{})
	offer := Message{Heads: []crdt.Hash{bad.Hash}, Have: []Have{{Bloom: NewBloom([]crdt.Hash{bad.Hash})}}, Changes: [][]byte{bad.Raw}}
	for i := range 20 {
		p.Receive(hub.graph, &offer)
		p.Refuse(bad.Hash)
		data, ok := p.Next(hub.view)
		if !ok {
			continue
		}
		if m := parse(t, data); len(m.Need) > 0 {
			t.Fatalf("message %d asks for the refused change", i)
		}
		if i > 0 {
			t.Fatalf("offer %d of the same refused change is answered: %x", i, data)
		}
	}
	hub.edit(5)
	if _, ok := p.Next(hub.view); !ok {
		t.Error("the peer hears no more of the record")
	}
}

func TestPeerThatCannotDeliverIsNotAskedForEver(t *testing.T) {
	hub, device := newReplica(t, "hub"), newReplica(t, "device")
	hub.edit(5)
	lost := device.edit(5)
	p, asked := NewPeer(PeerOptions{}), 0
	for range 100 {
		p.Receive(hub.graph, &Message{Heads: []crdt.Hash{lost.Hash}, Have: []Have{{}}})
		if _, ok := p.Next(hub.view); ok {
			asked++
		}
	}
	if asked > 1+maxDoubts {
		t.Errorf("asked %d times for a change that never comes", asked)
	}
}

func TestRepeatedMessageIsAnsweredWhenSomethingIsMissing(t *testing.T) {
	hub, device := newReplica(t, "hub"), newReplica(t, "device")
	hub.edit(5)
	l := exchange(t, hub, device)
	hub.edit(5)
	l.pump(0)
	l.wire[1] = nil // the device dropped it
	l.peers[1] = NewPeer(PeerOptions{})
	device.hello(l)
	settle(t, 10, l)
	sameHeads(t, hub, device)
}

func TestEditsThatCrossOnTheWayAreSentOnce(t *testing.T) {
	hub, device := newReplica(t, "hub"), newReplica(t, "device")
	device.add(hub.edit(5))
	l := exchange(t, hub, device)
	carried := 0
	count := func(i int) {
		carried += len(parse(t, l.wire[i][len(l.wire[i])-1]).Changes)
	}
	rng := seeded(t, 5)
	for range 200 {
		switch end := rng.IntN(2); rng.IntN(3) {
		case 0:
			l.ends[end].edit(5)
			if l.pump(end) {
				count(1 - end)
			}
		default:
			if l.deliver(end) && l.pump(end) {
				count(1 - end)
			}
		}
	}
	for busy := true; busy; {
		busy = l.deliver(0) || l.deliver(1)
		for end := range 2 {
			for l.pump(end) {
				count(1 - end)
				busy = true
			}
		}
	}
	sameHeads(t, hub, device)
	if edits := hub.graph.Len() - 1; carried > edits {
		t.Errorf("%d changes were carried for %d edits", carried, edits)
	}
}

func TestPeerThatCannotFollowBeginsAnew(t *testing.T) {
	hub, device := newReplica(t, "hub"), newReplica(t, "device")
	device.add(hub.edit(5))
	l := exchange(t, hub, device)
	lost := hub.edit(5)
	l.pump(0)
	own := device.edit(5)
	// Automerge's reset: what we said we had in common is not there.
	p := l.peers[0]
	p.Receive(hub.graph, &Message{Heads: []crdt.Hash{own.Hash}, Have: []Have{{}}})
	all := parts(t, p, hub.view)
	if len(all) != 1 || !slices.ContainsFunc(all[0].Changes, func(raw []byte) bool { return slices.Equal(raw, lost.Raw) }) {
		t.Errorf("the lost change is not sent again: %v", all)
	}
}

func TestPeerThatClaimsMoreThanItHoldsGetsWhatItLacks(t *testing.T) {
	hub, device := newReplica(t, "hub"), newReplica(t, "device")
	for range 10 {
		hub.edit(5)
	}
	own := device.edit(5)
	p := NewPeer(PeerOptions{})
	p.Receive(hub.graph, &Message{
		Heads: []crdt.Hash{own.Hash},
		Need:  []crdt.Hash{hub.graph.At(4).Hash},
		Have:  []Have{{LastSync: hub.graph.Heads()}},
	})
	all := parts(t, p, hub.view)
	if len(all) != 1 || len(all[0].Changes) != 10 {
		t.Errorf("%d messages, want one with all ten changes", len(all))
	}
}

func TestPeerGetsWhatItAsksForByName(t *testing.T) {
	hub, device := newReplica(t, "hub"), newReplica(t, "device")
	for range 10 {
		device.add(hub.edit(5))
	}
	l := exchange(t, hub, device)
	for range maxDoubts + 2 { // as often as it asks
		want := hub.graph.At(4)
		p := l.peers[0]
		p.Receive(hub.graph, &Message{Heads: device.graph.Heads(), Need: []crdt.Hash{want.Hash}})
		all := parts(t, p, hub.view)
		if len(all) != 1 || len(all[0].Changes) != 1 || !slices.Equal(all[0].Changes[0], want.Raw) {
			t.Fatalf("%d messages, want one with what it asks for", len(all))
		}
	}
}

func TestInStepPeerCostsNoAllocation(t *testing.T) {
	hub, device := newReplica(t, "hub"), newReplica(t, "device")
	hub.edit(5)
	l := exchange(t, hub, device)
	hub.edit(5)
	p := l.peers[0]
	first := *p
	p.Next(hub.view)
	n := testing.AllocsPerRun(100, func() {
		*p = first
		if _, ok := p.Next(hub.view); !ok {
			t.Fatal("nothing is due")
		}
	})
	if n > 0 {
		t.Errorf("%v allocations for a peer whose message is encoded already", n)
	}
}
