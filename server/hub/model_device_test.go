package hub_test

import (
	"crypto/sha256"
	"fmt"

	"pgregory.net/rapid"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/syncproto"
)

// An author is a device of the model: a copy of the record that is edited
// offline, and delivers over a new connection each time.
type author struct {
	m      *model
	who    conflicts.Principal
	actor  crdt.ActorID
	graph  *crdt.Graph
	fields *crdt.Fields
}

var modelPaths = []crdt.Path{"wedding_date", "venue_name", "budget", "notes", "venue", "sync_conflicts"}

func (m *model) author(who conflicts.Principal) *author {
	sum := sha256.Sum256(fmt.Appendf(nil, "actor of %s", who.Device))
	l := crdt.DefaultLimits
	l.DeviceOps = l.HubOps
	return &author{
		m: m, who: who, actor: crdt.ActorID(sum[:16]),
		graph: crdt.NewGraph(l), fields: crdt.NewFields(modelPaths...),
	}
}

func (a *author) value(p crdt.Path) crdt.Value { return a.fields.Value(p, a.graph.All()) }

func (a *author) take(raw []byte) {
	c := mustDecode(a.m.t, raw)
	if a.graph.Has(c.Hash) {
		return
	}
	added, err := a.graph.AddHub(c)
	if err != nil {
		a.m.t.Fatalf("%s applies %s: %v", a.who.Device, c.Hash, err)
	}
	for _, c := range added {
		i, _ := a.graph.Index(c.Hash)
		a.fields.Apply(i, c)
	}
}

// change commits what edit builds as one change.
func (a *author) change(edit func(b *crdt.Builder)) {
	b := crdt.NewBuilder(a.fields, a.graph, a.actor, 1_700_000_000)
	edit(b)
	a.take(b.Change("").Raw)
}

// write makes a random change.
func (a *author) write(t *rapid.T) {
	a.change(func(b *crdt.Builder) {
		switch rapid.SampledFrom([]string{"budget", "budget", "date", "type", "venue", "venue name", "notes", "notes", "forge"}).Draw(t, "what") {
		case "budget":
			b.Set("budget", budgetValue(t))
		case "date":
			b.Set("wedding_date", textOrString(t, rapid.SampledFrom([]string{"2027-06-12", "2027-06-19", "soon", ""}).Draw(t, "day")))
		case "type":
			name := rapid.SampledFrom([]string{"Barn", "Barnyard", "Bar", "Castle"}).Draw(t, "name")
			if !b.Splice("venue_name", name) {
				b.Set("venue_name", crdt.Value{Kind: crdt.Text, Str: name})
			}
		case "venue":
			b.Set("venue", crdt.Value{Kind: crdt.Map, Map: map[string]crdt.Value{
				"name": textOrString(t, rapid.SampledFrom([]string{"x", "y"}).Draw(t, "name")), "city": {Kind: crdt.Str, Str: "Kiel"},
			}})
		case "venue name":
			b.Set("venue.name", textOrString(t, rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "name")))
		case "notes":
			b.Set("notes", crdt.Value{Kind: crdt.Int, Int: rapid.Int64Range(0, 9).Draw(t, "n")})
		case "forge":
			b.Set("sync_conflicts", crdt.Value{Kind: crdt.Map, Map: map[string]crdt.Value{"budget": {Kind: crdt.Str, Str: "x"}}})
		}
	})
}

func budgetValue(t *rapid.T) crdt.Value {
	n := rapid.Int64Range(1, 4).Draw(t, "number")
	return rapid.SampledFrom([]crdt.Value{
		{Kind: crdt.Int, Int: n},
		{Kind: crdt.Int, Int: n},
		{Kind: crdt.Text, Str: fmt.Sprint(n)},
		{Kind: crdt.Str, Str: fmt.Sprint(n)},
		{},
		{Kind: crdt.Text, Str: "a lot"},
		{Kind: crdt.Counter, Int: n},
	}).Draw(t, "budget")
}

func textOrString(t *rapid.T, s string) crdt.Value {
	return crdt.Value{Kind: rapid.SampledFrom([]crdt.Kind{crdt.Str, crdt.Text}).Draw(t, "form"), Str: s}
}

// unsent are the changes that the store lacks: only the author's own unless it
// brings back a lost record, for what somebody else carries would become his.
func (a *author) unsent(all bool) (raws [][]byte) {
	missing := make(map[crdt.Hash]bool)
	for i := range a.graph.Len() {
		c := a.graph.At(i)
		if a.m.at.graph != nil && a.m.at.graph.Has(c.Hash) {
			continue
		}
		mine := all || c.Actor == a.actor
		for _, dep := range c.Deps {
			mine = mine && !missing[dep]
		}
		if missing[c.Hash] = !mine; mine {
			raws = append(raws, c.Raw)
		}
	}
	return raws
}

// deliver brings changes over a connection of its own, and waits for their turn.
func (a *author) deliver(raws [][]byte) {
	t := a.m.t
	d, err := a.m.hub.Join(a.m.ctx, a.who, syncproto.Joined{PeerID: a.who.Device, StorageID: a.who.Device})
	if err != nil {
		t.Fatalf("%s joins: %v", a.who.Device, err)
	}
	defer d.Leave()
	message := &syncproto.Message{Heads: a.graph.Heads(), Have: []syncproto.Have{{}}, Changes: raws}
	if err := d.Receive(a.m.ctx, syncproto.Sync{Record: a.m.id, Message: message}); err != nil {
		t.Fatalf("%s delivers: %v", a.who.Device, err)
	}
	a.m.settle()
}

// push delivers something of what the store lacks: the beginning, the end before
// the beginning, or all; now and then also what it has.
func (a *author) push(t *rapid.T) {
	raws := a.unsent(false)
	if len(raws) == 0 {
		return
	}
	n := rapid.IntRange(0, len(raws)-1).Draw(t, "cut")
	switch rapid.SampledFrom([]string{"all", "all", "beginning", "reordered", "twice", "end first"}).Draw(t, "delivery") {
	case "all":
		a.deliver(raws)
	case "beginning":
		a.deliver(raws[:n+1])
	case "reordered":
		a.deliver(append(append([][]byte{}, raws[n:]...), raws[:n]...))
	case "twice":
		a.deliver(raws)
		a.deliver(raws)
	case "end first":
		a.deliver(raws[n:])
		a.m.check(t)
		if n > 0 && rapid.Bool().Draw(t, "beginning too") {
			a.deliver(raws[:n])
		}
	}
}

// pull brings what the hub has stored, or had stored some batches ago.
func (a *author) pull(batches int) {
	for _, b := range a.m.at.batches[:batches] {
		for _, raw := range b.Chunks {
			a.take(raw)
		}
	}
}
