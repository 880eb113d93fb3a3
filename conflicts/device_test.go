package conflicts

import (
	"bytes"
	"crypto/sha256"
	"fmt"

	"wedsync/crdt"
)

// A device has a copy of the record.
type device struct {
	w      *world
	who    Principal
	actor  crdt.ActorID
	graph  *crdt.Graph
	fields *crdt.Fields
	mine   []crdt.Hash
	clock  int64
}

var devicePaths = []crdt.Path{"wedding_date", "venue_name", "budget", "notes", "venue", "phone", "email", marksPath}

func (w *world) device(who Principal) *device {
	w.actors++
	sum := sha256.Sum256(fmt.Appendf(nil, "actor %d of %s", w.actors, who.Device))
	return &device{
		w: w, who: who, actor: crdt.ActorID(sum[:16]),
		graph: crdt.NewGraph(crdt.DefaultLimits), fields: crdt.NewFields(devicePaths...), clock: 1_700_000_000,
	}
}

func (d *device) apply(c *crdt.Change) {
	d.w.t.Helper()
	added, err := d.graph.AddHub(c)
	if err != nil {
		d.w.t.Fatalf("%s applies %s: %v", d.who.Device, c.Hash, err)
	}
	for _, c := range added {
		i, _ := d.graph.Index(c.Hash)
		d.fields.Apply(i, c)
	}
}

// change commits what edit builds as one change.
func (d *device) change(edit func(b *crdt.Builder)) *crdt.Change {
	d.w.t.Helper()
	b := crdt.NewBuilder(d.fields, d.graph, d.actor, d.clock)
	edit(b)
	c := b.Change("")
	d.apply(c)
	d.mine = append(d.mine, c.Hash)
	for _, p := range devicePaths {
		d.w.seen[name(d.value(p))] = true
	}
	d.w.seen[name(d.fields.Value("venue.name", d.graph.All()))] = true
	return c
}

func (d *device) set(p crdt.Path, v crdt.Value) *crdt.Change {
	d.w.t.Helper()
	return d.change(func(b *crdt.Builder) { b.Set(p, v) })
}

// typeInto makes the text at a path read want, a letter a change.
func (d *device) typeInto(p crdt.Path, want string) {
	d.w.t.Helper()
	if d.value(p).Kind != crdt.Text {
		d.set(p, crdt.Value{Kind: crdt.Text})
	}
	for d.value(p).Str != want {
		now := []rune(d.value(p).Str)
		goal := []rune(want)
		next := string(goal[:min(len(goal), len(now)+1)])
		if len(now) > 0 && !bytes.HasPrefix([]byte(want), []byte(string(now))) {
			next = string(now[:len(now)-1])
		}
		d.change(func(b *crdt.Builder) { b.Splice(p, next) })
	}
}

// ramble makes the device's history longer, so that its operations out-rank
// what others write.
func (d *device) ramble(n int) {
	for i := range n {
		d.set("notes", crdt.Value{Kind: crdt.Int, Int: int64(i)})
	}
}

func (d *device) value(p crdt.Path) crdt.Value { return d.fields.Value(p, d.graph.All()) }

// pull brings the device what the hub has.
func (d *device) pull() {
	d.w.t.Helper()
	for i := range d.w.rec.graph.Len() {
		c := d.w.rec.graph.At(i)
		if d.graph.Has(c.Hash) {
			continue
		}
		d.apply(decode(d.w.t, c.Raw))
	}
}

// copyFrom brings the device what another has.
func (d *device) copyFrom(o *device) {
	d.w.t.Helper()
	for i := range o.graph.Len() {
		if c := o.graph.At(i); !d.graph.Has(c.Hash) {
			d.apply(decode(d.w.t, c.Raw))
		}
	}
}

func decode(t fataler, raw []byte) *crdt.Change {
	t.Helper()
	c, err := crdt.Decode(raw, crdt.DefaultLimits)
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	return c
}

// unsent are the device's changes that the hub does not hold.
func (d *device) unsent() [][]byte {
	var raws [][]byte
	for i := range d.graph.Len() {
		if c := d.graph.At(i); !d.w.rec.graph.Has(c.Hash) {
			raws = append(raws, c.Raw)
		}
	}
	return raws
}

// push delivers all that the hub lacks as one batch.
func (d *device) push() *Outcome {
	d.w.t.Helper()
	return d.deliver(d.who, d.unsent())
}

// deliver delivers chunks as one batch over somebody's connection.
func (d *device) deliver(who Principal, raws [][]byte) *Outcome {
	d.w.t.Helper()
	return d.w.receive(who, raws, d.graph.Heads())
}
