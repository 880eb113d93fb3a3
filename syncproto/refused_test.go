package syncproto

import (
	"fmt"
	"slices"
	"testing"
)

// A viewer's own edits, and edits that the hub refuses, must not keep the two
// sides talking for ever, nor keep the client from hearing of others' edits.
func TestClientWhoseEditsAreNotTakenFallsSilentAndKeepsListening(t *testing.T) {
	n := startNode(t)
	for seed := range uint64(30) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			e := newEncounter(t, n, 20_000+seed)
			c := e.clients[0]
			c.peer = NewPeer(PeerOptions{ReadOnly: seed%2 == 0})
			for range 5 {
				e.hubEdits(1 + e.rng.IntN(3))
				if e.rng.IntN(2) == 0 {
					n.ask(t, "edit", command{"doc": c.doc, "dice": e.dice(2)})
				}
				before := e.sent
				e.talkRefusing(c)
				if e.sent-before > 20 {
					t.Fatalf("%d messages for a few edits", e.sent-before)
				}
				e.hears(c)
			}
			e.close()
		})
	}
}

// talkRefusing lets hub and client talk until both are silent; the hub takes
// none of the client's changes.
func (e *encounter) talkRefusing(c *client) {
	e.t.Helper()
	start := e.sent
	for busy := true; busy && e.sent-start < 100; {
		busy = e.generate(c)
		for ; len(c.up) > 0; c.up = c.up[1:] {
			m := parse(e.t, c.up[0])
			c.peer.Receive(e.hub.graph, m)
			for _, raw := range m.Changes {
				if c.peer.options.ReadOnly {
					e.t.Error("a viewer was made to send changes")
				}
				c.peer.Refuse(decode(e.t, raw).Hash)
			}
		}
		for e.pump(c) {
			busy = true
		}
		for e.deliverDown(c) {
		}
	}
}

// hears fails unless the client holds all that the hub holds.
func (e *encounter) hears(c *client) {
	e.t.Helper()
	var all []string
	for _, h := range e.node.ask(e.t, "since", command{"doc": c.doc, "heads": []string{}}).Changes {
		all = append(all, decode(e.t, fromBase64(e.t, h)).Hash.String())
	}
	for _, change := range e.hub.graph.Since(nil) {
		if !slices.Contains(all, change.Hash.String()) {
			e.t.Fatalf("the client lacks %s", change.Hash)
		}
	}
}
