package syncproto

import (
	"bytes"
	"encoding/base64"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"wedsync/crdt"
)

// How many random sessions with JavaScript are played, each from its own seed.
// Without flags that is the short form, which belongs to the ordinary tests.
var (
	soakSessions = flag.Int("soak.sessions", 150, "random sync sessions, `N` in all")
	soakSeed     = flag.Uint64("soak.seed", 0, "seed of the first random session")
	soakReport   = flag.Duration("soak.report", 0, "how often to tell how far a test is; 0 for never")
)

// A client is a JavaScript document and its connection to the hub.
type client struct {
	doc      string
	peer     *Peer    // what the hub believes of it
	up, down [][]byte // messages on their way
}

// An encounter is one record at the hub and the JavaScript clients that share it.
type encounter struct {
	t       testing.TB
	node    *node
	rng     *rand.Rand
	hub     *replica
	author  string // a JavaScript document that makes the hub's changes
	clients []*client
	blind   bool // filters of clients arrive with all bits set
	sent    int
}

func newEncounter(t testing.TB, n *node, seed uint64) *encounter {
	e := &encounter{t: t, node: n, rng: seeded(t, seed), hub: newReplica(t, "hub"), author: fmt.Sprintf("hub-%d", seed)}
	e.hub.tune = e.tuning()
	e.hub.renew()
	e.blind = e.rng.IntN(4) == 0
	e.node.ask(e.t, "open", command{"doc": e.author, "actor": e.actor()})
	for i := range 1 + e.rng.IntN(3) {
		c := &client{doc: fmt.Sprintf("%d-%d", seed, i), peer: NewPeer(PeerOptions{})}
		e.node.ask(e.t, "open", command{"doc": c.doc, "actor": e.actor()})
		e.clients = append(e.clients, c)
	}
	return e
}

func (e *encounter) actor() string { return fmt.Sprintf("%016x%016x", e.rng.Uint64(), e.rng.Uint64()) }

// tuning makes a third of the hubs cut early and a third use filters that hit
// for nearly everything.
func (e *encounter) tuning() func(*View) {
	cut, bad := e.rng.IntN(3) == 0, e.rng.IntN(3) == 0
	return func(v *View) {
		if cut {
			v.target = 300
		}
		if bad {
			v.newBloom = badBloom
		}
	}
}

// badBloom has one bit for each entry and so hits most of the time.
func badBloom(hashes []crdt.Hash) Bloom {
	if len(hashes) == 0 {
		return Bloom{}
	}
	b := Bloom{entries: uint32(len(hashes)), perEntry: 1, probes: 1}
	b.bits = bytes.Repeat([]byte{0xff}, int(b.size()))
	return b
}

func (e *encounter) dice(changes int) []float64 {
	dice := make([]float64, 3*changes)
	for i := range dice {
		dice[i] = e.rng.Float64()
	}
	return dice
}

// step does one random thing.
func (e *encounter) step() {
	c := e.clients[e.rng.IntN(len(e.clients))]
	switch k := e.rng.IntN(100); {
	case k < 18:
		e.node.ask(e.t, "edit", command{"doc": c.doc, "dice": e.dice(1 + e.rng.IntN(4))})
	case k < 26:
		e.hubEdits(1 + e.rng.IntN(3))
	case k < 50:
		e.generate(c)
	case k < 70:
		e.deliverUp(c)
	case k < 83:
		e.pump(c)
	case k < 95:
		e.deliverDown(c)
	case k < 97:
		e.reconnect(c, e.rng.IntN(2) == 0)
	case k < 98:
		e.node.ask(e.t, "forget", command{"doc": c.doc, "peer": "hub"})
	case k < 99:
		e.loseChanges(c, e.rng.IntN(2) == 0)
	default:
		c.peer = NewPeer(PeerOptions{})
	}
}

// hubEdits makes changes on top of all that the hub holds.
func (e *encounter) hubEdits(n int) {
	e.t.Helper()
	known := e.node.heads(e.t, e.author)
	var chunks []string
	for _, c := range e.hub.graph.Since(known) {
		chunks = append(chunks, base64.StdEncoding.EncodeToString(c.Raw))
	}
	if len(chunks) > 0 {
		e.node.ask(e.t, "apply", command{"doc": e.author, "changes": chunks})
	}
	before := e.node.ask(e.t, "heads", command{"doc": e.author}).Heads
	e.node.ask(e.t, "edit", command{"doc": e.author, "dice": e.dice(n)})
	for _, chunk := range e.node.ask(e.t, "since", command{"doc": e.author, "heads": before}).Changes {
		e.hub.add(decode(e.t, fromBase64(e.t, chunk)))
	}
}

// generate lets the client send, and checks that we re-encode what it sends.
func (e *encounter) generate(c *client) bool {
	e.t.Helper()
	m := e.node.ask(e.t, "generate", command{"doc": c.doc, "peer": "hub"}).Message
	if m == nil {
		return false
	}
	data := fromBase64(e.t, *m)
	parse(e.t, data)
	c.up = append(c.up, data)
	e.sent++
	return true
}

func (e *encounter) deliverUp(c *client) bool {
	e.t.Helper()
	if len(c.up) == 0 {
		return false
	}
	data := c.up[0]
	c.up = c.up[1:]
	if e.blind {
		data = blinded(e.t, data)
	}
	e.hub.receive(c.peer, data)
	return true
}

// loseChanges lets the hub hear of what the client sent, but not take it, as of a
// record that is deleted. It may begin with the client anew after that.
func (e *encounter) loseChanges(c *client, anew bool) {
	e.t.Helper()
	if len(c.up) == 0 {
		return
	}
	m := parse(e.t, c.up[0])
	c.up = c.up[1:]
	m.Changes = nil
	if anew {
		c.peer, m = NewPeer(PeerOptions{}), &Message{Heads: m.Heads}
	}
	c.peer.Receive(e.hub.graph, m)
}

// blinded is the message with filters that hit for everything.
func blinded(t testing.TB, data []byte) []byte {
	m := parse(t, data)
	for i, h := range m.Have {
		m.Have[i].Bloom.bits = bytes.Repeat([]byte{0xff}, len(h.Bloom.bits))
	}
	return m.Append(nil)
}

func (e *encounter) pump(c *client) bool {
	e.t.Helper()
	data, ok := c.peer.Next(e.hub.view)
	if !ok {
		return false
	}
	parse(e.t, data)
	c.down = append(c.down, data)
	e.sent++
	return true
}

func (e *encounter) deliverDown(c *client) bool {
	if len(c.down) == 0 {
		return false
	}
	e.node.ask(e.t, "receive", command{"doc": c.doc, "peer": "hub", "message": base64.StdEncoding.EncodeToString(c.down[0])})
	c.down = c.down[1:]
	return true
}

// reconnect loses what is on the way. The client forgets what was not
// confirmed, and all if it has no storage.
func (e *encounter) reconnect(c *client, storage bool) {
	c.up, c.down, c.peer = nil, nil, NewPeer(PeerOptions{})
	cmd := "forget"
	if storage {
		cmd = "persist"
	}
	e.node.ask(e.t, cmd, command{"doc": c.doc, "peer": "hub"})
}

// settle lets all talk until all are silent.
func (e *encounter) settle() {
	e.t.Helper()
	start := e.sent
	for busy := true; busy; {
		busy = false
		for _, c := range e.clients {
			for _, act := range []func(*client) bool{e.generate, e.deliverUp, e.pump, e.deliverDown} {
				busy = act(c) || busy
			}
		}
		if e.sent-start > 1000 {
			e.t.Fatal("the exchange never ends")
		}
	}
	for _, c := range e.clients {
		if got := e.node.heads(e.t, c.doc); !slices.Equal(got, e.hub.graph.Heads()) {
			e.t.Fatalf("stalled: %s has %v, the hub %v, missing %v", c.doc, got, e.hub.graph.Heads(), e.hub.graph.Missing(got))
		}
	}
}

// sameContent checks that all clients show the same.
func (e *encounter) sameContent() {
	e.t.Helper()
	want := e.node.ask(e.t, "show", command{"doc": e.clients[0].doc}).Value
	for _, c := range e.clients[1:] {
		if got := e.node.ask(e.t, "show", command{"doc": c.doc}).Value; !bytes.Equal(got, want) {
			e.t.Fatalf("%s shows\n%s\n%s shows\n%s", e.clients[0].doc, want, c.doc, got)
		}
	}
}

func (e *encounter) close() {
	for _, c := range e.clients {
		e.node.ask(e.t, "close", command{"doc": c.doc})
	}
	e.node.ask(e.t, "close", command{"doc": e.author})
}

func TestRandomSessionsWithJavaScriptConvergeWithoutStalling(t *testing.T) {
	n := startNode(t)
	messages := 0
	began := time.Now()
	told := began
	for i := range uint64(*soakSessions) {
		seed := *soakSeed + i
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			e := newEncounter(t, n, seed)
			for range 1 + e.rng.IntN(3) {
				for range 10 + e.rng.IntN(60) {
					e.step()
				}
				e.settle()
			}
			e.sameContent()
			e.close()
			messages += e.sent
		})
		if *soakReport > 0 && time.Since(told) > *soakReport {
			told = time.Now()
			fmt.Printf("· sessions, seed %d: %d of %d, %.0f/s\n", *soakSeed, i+1, *soakSessions, float64(i+1)/time.Since(began).Seconds())
		}
	}
	result := fmt.Sprintf("sessions, seed %d: %d in %.0f s; %d messages", *soakSeed, *soakSessions, time.Since(began).Seconds(), messages)
	t.Log(result)
	if *soakReport > 0 {
		fmt.Println(map[bool]string{true: "✗", false: "✓"}[t.Failed()], result)
	}
}

// What a hub could not take, the client counts as sent.
func TestJavaScriptSendsAgainWhatTheHubCouldNotTake(t *testing.T) {
	n := startNode(t)
	for _, anew := range []bool{false, true} {
		t.Run(fmt.Sprintf("anew %t", anew), func(t *testing.T) {
			e := newEncounter(t, n, 5)
			c := e.clients[0]
			n.ask(t, "edit", command{"doc": c.doc, "dice": e.dice(20)})
			e.settle()
			n.ask(t, "edit", command{"doc": c.doc, "dice": e.dice(1)})
			e.generate(c)
			e.loseChanges(c, anew)
			e.settle()
			e.close()
		})
	}
}

// A hub that lost changes, and clients that remember what it had.
func TestRestoredHubAndRestoredClientMeetJavaScriptAgain(t *testing.T) {
	n := startNode(t)
	for seed := range uint64(40) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			e := newEncounter(t, n, 10_000+seed)
			for range 30 {
				e.step()
			}
			e.settle()
			backup := e.hub.graph.Since(nil)
			old := e.clients[0]
			n.ask(t, "save", command{"doc": old.doc, "as": old.doc})
			for range 40 {
				e.step()
			}
			e.settle()
			if seed%2 == 0 {
				e.restoreHub(backup[:len(backup)/(1+int(seed/2)%3)])
			} else {
				// The client's sync state now says more than its document holds.
				n.ask(t, "restore", command{"doc": old.doc, "from": old.doc, "actor": e.actor()})
				e.reconnect(old, true)
			}
			e.settle()
			e.sameContent()
			e.close()
		})
	}
}

// restoreHub leaves the hub with nothing but backup; the clients keep what they
// know of it.
func (e *encounter) restoreHub(backup []*crdt.Change) {
	e.hub.graph = crdt.NewGraph(crdt.DefaultLimits)
	e.hub.renew()
	for _, c := range backup {
		e.hub.add(c)
	}
	for _, c := range e.clients {
		e.reconnect(c, true)
	}
}

func TestFiltersOfJavaScriptAreByteForByteOurs(t *testing.T) {
	n := startNode(t)
	e := newEncounter(t, n, 77)
	c := e.clients[0]
	for i := range 40 {
		n.ask(t, "edit", command{"doc": c.doc, "dice": e.dice(1 + i%5)})
		n.ask(t, "forget", command{"doc": c.doc, "peer": "hub"})
		m := parse(t, fromBase64(t, *n.ask(t, "generate", command{"doc": c.doc, "peer": "hub"}).Message))
		var hashes []crdt.Hash
		for _, chunk := range n.ask(t, "since", command{"doc": c.doc, "heads": []string{}}).Changes {
			hashes = append(hashes, decode(t, fromBase64(t, chunk)).Hash)
		}
		ours, theirs := NewBloom(hashes).append(nil), m.Have[0].Bloom.append(nil)
		if !bytes.Equal(ours, theirs) {
			t.Fatalf("over %d hashes\n got %x\nwant %x", len(hashes), ours, theirs)
		}
	}
}
