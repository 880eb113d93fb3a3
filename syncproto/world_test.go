package syncproto

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"wedsync/crdt"
)

// A replica is one copy of a record in a test, with a peer for each of its links.
type replica struct {
	t     testing.TB
	name  string
	actor crdt.ActorID
	graph *crdt.Graph
	view  *View
	tune  func(*View)
}

func newReplica(t testing.TB, name string) *replica {
	r := &replica{t: t, name: name, actor: crdt.ActorID(fmt.Sprintf("%-16s", name)), graph: crdt.NewGraph(crdt.DefaultLimits)}
	r.renew()
	return r
}

// renew must follow whatever changes the graph.
func (r *replica) renew() {
	r.view = NewView(r.graph)
	if r.tune != nil {
		r.tune(r.view)
	}
}

// edit makes a change of about size bytes on top of all that the replica holds.
func (r *replica) edit(size int) *crdt.Change {
	r.t.Helper()
	c := r.draft(r.graph.Heads(), size)
	r.add(c)
	return c
}

// draft is a change on top of deps that is not added.
func (r *replica) draft(deps []crdt.Hash, size int) *crdt.Change {
	r.t.Helper()
	seq := r.graph.Seq(r.actor) + 1
	raw := crdt.Encode(&crdt.Change{
		Actor: r.actor, Seq: seq, StartOp: r.graph.MaxOp() + 1, Deps: deps,
		Ops: []crdt.Op{{
			Key: fmt.Sprintf("%s%d", r.name, seq), Action: crdt.Set,
			Value: crdt.Value{Kind: crdt.Bytes, Bytes: bytes.Repeat([]byte{7}, size)},
		}},
	})
	return decode(r.t, raw)
}

func decode(t testing.TB, raw []byte) *crdt.Change {
	t.Helper()
	c, err := crdt.Decode(raw, crdt.DefaultLimits)
	if err != nil {
		t.Fatalf("decode a change of the test: %v", err)
	}
	return c
}

func (r *replica) add(c *crdt.Change) {
	r.t.Helper()
	if _, err := r.graph.Add(c); err != nil {
		r.t.Fatalf("%s adds %s: %v", r.name, c.Hash, err)
	}
	r.renew()
}

// answer seals d as a hub does: with a change on top of everything.
func (r *replica) answer(d *crdt.Change) *crdt.Change {
	by := r.edit(10)
	r.graph.Seal(d.Hash, by.Hash)
	return by
}

// receive is what an owner does with an encoded message.
func (r *replica) receive(p *Peer, data []byte) (added []*crdt.Change) {
	r.t.Helper()
	m := parse(r.t, data)
	p.Receive(r.graph, m)
	for _, raw := range m.Changes {
		new, err := r.graph.Add(decode(r.t, raw))
		if err != nil {
			r.t.Fatalf("%s: %v", r.name, err)
		}
		added = append(added, new...)
	}
	if len(added) > 0 {
		r.renew()
	}
	return added
}

// parse decodes a message and checks that it encodes to the same bytes.
func parse(t testing.TB, data []byte) *Message {
	t.Helper()
	m, err := DecodeMessage(data)
	if err != nil {
		t.Fatalf("decode %x: %v", data, err)
	}
	if again := m.Append(nil); !bytes.Equal(again, data) {
		t.Fatalf("message re-encodes differently:\n got %x\nwant %x", again, data)
	}
	return m
}

// A link joins two replicas by an ordered, whole stream in each direction.
type link struct {
	ends  [2]*replica
	peers [2]*Peer    // peers[i] is what ends[i] believes of the other
	wire  [2][][]byte // wire[i] is on its way to ends[i]
	sent  int         // messages ever
	bytes int
	// seen is called after ends[i] received a message.
	seen func(i int, added []*crdt.Change)
}

func join(a, b *replica, options ...PeerOptions) *link {
	l := &link{ends: [2]*replica{a, b}}
	l.connect(options...)
	return l
}

// connect begins a new stream; what was on the old one is lost.
func (l *link) connect(options ...PeerOptions) {
	o := append(options, PeerOptions{}, PeerOptions{})
	l.peers = [2]*Peer{NewPeer(o[0]), NewPeer(o[1])}
	l.wire = [2][][]byte{}
}

// pump lets ends[i] send one message, if one is due.
func (l *link) pump(i int) bool {
	data, ok := l.peers[i].Next(l.ends[i].view)
	if ok {
		l.wire[1-i] = append(l.wire[1-i], slices.Clone(data))
		l.sent++
		l.bytes += len(data)
	}
	return ok
}

// deliver gives ends[i] the oldest message on its way.
func (l *link) deliver(i int) bool {
	if len(l.wire[i]) == 0 {
		return false
	}
	data := l.wire[i][0]
	l.wire[i] = l.wire[i][1:]
	added := l.ends[i].receive(l.peers[i], data)
	if l.seen != nil {
		l.seen(i, added)
	}
	return true
}

// settle lets the links talk until all are silent. More than limit messages
// are a loop.
func settle(t testing.TB, limit int, links ...*link) {
	t.Helper()
	for n := 0; ; {
		busy := false
		for _, l := range links {
			for i := range 2 {
				for l.pump(i) {
					busy = true
					n++
				}
				for l.deliver(i) {
					busy = true
				}
			}
		}
		if !busy {
			return
		}
		if n > limit {
			t.Fatalf("more than %d messages: they never end", limit)
		}
	}
}

// sameHeads fails unless the replicas hold the same.
func sameHeads(t testing.TB, replicas ...*replica) {
	t.Helper()
	for _, r := range replicas[1:] {
		if !slices.Equal(r.graph.Heads(), replicas[0].graph.Heads()) {
			t.Fatalf("%s has %v, %s has %v", r.name, r.graph.Heads(), replicas[0].name, replicas[0].graph.Heads())
		}
	}
}

// seeded is a source of chance whose seed a failing test prints.
func seeded(t testing.TB, seed uint64) *rand.Rand {
	t.Helper()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 1))
}
