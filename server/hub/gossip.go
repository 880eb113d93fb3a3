package hub

import (
	"sync"

	"github.com/fxamacker/cbor/v2"

	"wedsync/crdt"
	"wedsync/store"
	"wedsync/syncproto"
)

// A gossip carries presence between nodes: at best effort, what gathers while
// one message is on its way goes with the next.
type gossip struct {
	hub   *Hub
	wakes chan struct{} // one slot: there is something to tell

	mu      sync.Mutex
	waiting [][]byte
	bytes   int
}

// maxGossip bounds the bytes of presence that wait to be told; beyond, the
// oldest go.
const maxGossip = 256 << 10

// A whisper is an ephemeral message as nodes tell it each other.
type whisper struct {
	_        struct{} `cbor:",toarray"`
	Record   crdt.RecordID
	Supplier string
	From     string // the author's peer id
	User     string
	Device   string
	Count    uint64
	Session  string
	Data     []byte
	Reading  string // a source that is being read, of which Data tells; empty for a device's message
}

func newGossip(h *Hub) *gossip { return &gossip{hub: h, wakes: make(chan struct{}, 1)} }

// tell tells other nodes of a presence. One that is too large stays here.
func (g *gossip) tell(supplier string, from *Device, e syncproto.Ephemeral) {
	b, err := cbor.Marshal(whisper{
		Record: e.Record, Supplier: supplier, From: from.peerID, User: from.who.User, Device: from.who.Device,
		Count: e.Count, Session: e.SessionID, Data: e.Data,
	})
	if err != nil || len(b) > store.MaxTold {
		return
	}
	g.send(b)
}

// reading tells other nodes how far a source has been read.
func (g *gossip) reading(supplier string, n PresenceNote) {
	b, err := cbor.Marshal(whisper{Record: n.Record, Supplier: supplier, Data: n.Data, Reading: n.Reading})
	if err == nil && len(b) <= store.MaxTold {
		g.send(b)
	}
}

// look tells other nodes that the status of a supplier is asked for here: a whisper
// about no record.
func (g *gossip) look(supplier string) {
	if b, err := cbor.Marshal(whisper{Supplier: supplier}); err == nil && len(b) <= store.MaxTold {
		g.send(b)
	}
}

// send has a whisper go with the next message.
func (g *gossip) send(b []byte) {
	g.mu.Lock()
	g.waiting = append(g.waiting, b)
	for g.bytes += len(b); g.bytes > maxGossip; g.waiting = g.waiting[1:] {
		g.bytes -= len(g.waiting[0])
	}
	g.mu.Unlock()
	select {
	case g.wakes <- struct{}{}:
	default:
	}
}

// run ends with the hub's context.
func (g *gossip) run() {
	for {
		select {
		case <-g.hub.ctx.Done():
			return
		case <-g.wakes:
		}
		for b := g.take(); len(b) > 0; b = g.take() {
			if err := g.hub.store.Tell(g.hub.ctx, b); err != nil {
				g.hub.log.Debug("presence does not reach other nodes", "err", err)
				break
			}
		}
	}
}

// take is as much of what waits as can be told at once: a sequence of whispers.
func (g *gossip) take() (b []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(g.waiting) > 0 && len(b)+len(g.waiting[0]) <= store.MaxTold {
		b = append(b, g.waiting[0]...)
		g.bytes -= len(g.waiting[0])
		g.waiting = g.waiting[1:]
	}
	return b
}

// heard passes on what another node told.
func (g *gossip) heard(message []byte) {
	for len(message) > 0 {
		var w whisper
		rest, err := cbor.UnmarshalFirst(message, &w)
		if err != nil {
			g.hub.log.Warn("another node told something that makes no sense", "err", err)
			return
		}
		message = rest
		if w.Record == (crdt.RecordID{}) {
			g.hub.notes.hurry(w.Supplier)
			continue
		}
		g.hub.watchers.present(w.Supplier, PresenceNote{
			Record: w.Record, User: w.User, Device: w.Device, Data: w.Data, At: g.hub.now(), Reading: w.Reading,
		})
		if w.Reading != "" {
			continue
		}
		if r := g.hub.rooms.find(w.Record); r != nil {
			// Presence is for those who are there now: a full queue drops it.
			_, _ = r.push(whisperTask{w.Supplier, w.From, syncproto.Ephemeral{
				Record: w.Record, Count: w.Count, SessionID: w.Session, Data: w.Data,
			}})
		}
	}
}

// A whisperTask is presence of a device of another node.
type whisperTask struct {
	supplier, from string
	message        syncproto.Ephemeral
}

func (t whisperTask) stage(r *room, s *stage) bool {
	if r.stored.Supplier != t.supplier || !r.shown() {
		return true
	}
	s.said = append(s.said, func() { r.relayPresence(nil, t.from, t.message) })
	return true
}
