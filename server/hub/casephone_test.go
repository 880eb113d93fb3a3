package hub_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/syncproto"
)

// A phone is a device in a scene. It is offline unless it sends or pulls.
type phone struct {
	s      *scene
	who    conflicts.Principal
	actor  crdt.ActorID
	graph  *crdt.Graph
	fields *crdt.Fields
	clock  int64 // Unix seconds
}

var phonePaths = []crdt.Path{
	"wedding_date", "venue_name", "budget", "theme", "guests", "notes", "venue", "venue.name", "venue.seats", "sync_conflicts",
}

func (s *scene) phone(who conflicts.Principal) *phone {
	sum := sha256.Sum256(fmt.Append(nil, s.Name(), who.User, who.Device))
	l := limits
	l.DeviceOps = l.HubOps // it holds hub changes too
	return &phone{
		s: s, who: who, actor: crdt.ActorID(sum[:16]),
		graph: crdt.NewGraph(l), fields: crdt.NewFields(phonePaths...), clock: 1_700_000_000,
	}
}

// owner is the phone of an owner who has the record, if there is one.
func (s *scene) owner(user string) *phone { return s.holder(s.owns(user)) }

// person is the phone of an author who has the record.
func (s *scene) person(user string) *phone { return s.holder(s.author(user)) }

func (s *scene) holder(who conflicts.Principal) *phone {
	s.Helper()
	p := s.phone(who)
	p.pull()
	return p
}

func (p *phone) apply(raw []byte) {
	p.s.Helper()
	c, err := crdt.Decode(raw, limits)
	if err != nil {
		p.s.Fatal(err)
	}
	added, err := p.graph.AddHub(c)
	if err != nil {
		p.s.Fatalf("%s applies %s: %v", p.who.Device, c.Hash, err)
	}
	for _, c := range added {
		i, _ := p.graph.Index(c.Hash)
		p.fields.Apply(i, c)
	}
}

// change commits what edit builds as one change.
func (p *phone) change(edit func(b *crdt.Builder)) []byte {
	p.s.Helper()
	b := crdt.NewBuilder(p.fields, p.graph, p.actor, p.clock)
	edit(b)
	raw := b.Change("").Raw
	p.apply(raw)
	return raw
}

func (p *phone) set(path crdt.Path, v crdt.Value) []byte {
	p.s.Helper()
	return p.change(func(b *crdt.Builder) { b.Set(path, v) })
}

// types makes a text read want, a letter a change, whatever stood there before.
func (p *phone) types(path crdt.Path, want string) {
	p.s.Helper()
	if p.value(path).Kind != crdt.Text {
		p.set(path, crdt.Value{Kind: crdt.Text})
	}
	for p.value(path).Str != want {
		now := p.value(path).Str
		next := want[:min(len(want), len(now)+1)]
		if !strings.HasPrefix(want, now) {
			next = now[:len(now)-1]
		}
		p.change(func(b *crdt.Builder) { b.Splice(path, next) })
	}
}

// rambles makes the device's history longer, so that its operations out-rank
// what others write.
func (p *phone) rambles() {
	for i := range 60 {
		p.set("notes", crdt.Value{Kind: crdt.Int, Int: int64(i)})
	}
}

func (p *phone) value(path crdt.Path) crdt.Value { return p.fields.Value(path, p.graph.All()) }

// edits sets a field, sends it and tells what the hub said.
func (p *phone) edits(path crdt.Path, v crdt.Value) {
	p.s.Helper()
	p.set(path, v)
	p.sends()
}

// sends delivers all that the hub lacks and tells what it said.
func (p *phone) sends() {
	p.s.Helper()
	p.send()
	p.s.judged(p.who.User)
}

// send delivers all that the hub is not known to have as one batch, and takes
// nothing.
func (p *phone) send() {
	p.s.Helper()
	var unsent [][]byte
	for i := range p.graph.Len() {
		if c := p.graph.At(i); p.s.stored[c.Hash] == nil {
			unsent = append(unsent, c.Raw)
		}
	}
	p.deliver(p.s.hub, unsent...)
}

// deliver delivers changes as one batch and announces all that the phone has.
func (p *phone) deliver(h *hub.Hub, changes ...[]byte) (heard []hub.Outgoing) {
	p.s.Helper()
	p.online(h, func(d *hub.Device) {
		m := syncproto.Message{Heads: p.graph.Heads(), Have: []syncproto.Have{{}}, Changes: changes}
		p.say(d, m.Append(nil))
		heard = p.hear(h, d)
	})
	return heard
}

// pull syncs until nothing is left to say.
func (p *phone) pull() { p.pullFrom(p.s.hub) }

func (p *phone) pullFrom(h *hub.Hub) {
	p.s.Helper()
	p.online(h, func(d *hub.Device) {
		peer := newPeer()
		first := syncproto.Message{Have: []syncproto.Have{{}}}
		data, ok := first.Append(nil), true
		if p.graph.Len() > 0 {
			data, ok = peer.Next(syncproto.NewView(p.graph))
		}
		for ok {
			p.say(d, data)
			ok = false
			for _, o := range p.hear(h, d) {
				if o.Sync != nil {
					p.take(peer, o.Sync)
					data, ok = peer.Next(syncproto.NewView(p.graph))
				}
			}
		}
	})
}

func (p *phone) take(peer *syncproto.Peer, data []byte) {
	p.s.Helper()
	m, err := syncproto.DecodeMessage(data)
	if err != nil {
		p.s.Fatal(err)
	}
	peer.Receive(p.graph, m)
	for _, raw := range m.Changes {
		p.apply(raw)
	}
}

func (p *phone) online(h *hub.Hub, do func(*hub.Device)) {
	d := join(p.s, h, p.who, syncproto.Joined{PeerID: p.who.Device, StorageID: p.who.Device})
	defer d.Leave()
	do(d)
}

func (p *phone) say(d *hub.Device, data []byte) {
	p.s.Helper()
	m, err := syncproto.DecodeMessage(data)
	if err != nil {
		p.s.Fatal(err)
	}
	if err := d.Receive(p.s.Context(), syncproto.Sync{Record: p.s.id, Message: m}); err != nil {
		p.s.Fatal(err)
	}
}

// hear is all that the hub has to say once it has dealt with what it was told.
func (p *phone) hear(h *hub.Hub, d *hub.Device) (heard []hub.Outgoing) {
	p.s.Helper()
	now, cancel := context.WithCancel(p.s.Context())
	cancel()
	for silent := 0; silent < 2; silent++ {
		if err := hub.Settle(p.s.Context(), h, p.s.id); err != nil {
			p.s.Fatal(err)
		}
		if out, err := d.Next(now, nil); err == nil {
			heard, silent = append(heard, out...), -1
		}
	}
	return heard
}

// copyFrom brings the phone what another has, from device to device.
func (p *phone) copyFrom(o *phone) {
	p.s.Helper()
	for i := range o.graph.Len() {
		if c := o.graph.At(i); !p.graph.Has(c.Hash) {
			p.apply(c.Raw)
		}
	}
}

// twin is a phone that has and is all that this one is: a restored backup.
func (p *phone) twin() *phone {
	p.s.Helper()
	twin := p.s.phone(p.who)
	twin.copyFrom(p)
	return twin
}

// status tells how the hub says that the phone stands.
func (p *phone) status() {
	p.s.Helper()
	all, err := p.s.hub.SyncStatus(p.s.Context(), p.s.supplier, hub.StatusQuery{Limit: 10})
	if err != nil {
		p.s.Fatal(err)
	}
	for _, d := range all.Items[0].Devices {
		if d.User == p.who.User && d.Device == p.who.Device {
			p.s.tell("%s is %s", p.who.User, d.State)
			return
		}
	}
	p.s.tell("%s is unknown", p.who.User)
}
