package oracle_test

import (
	"slices"

	"wedsync/conflicts"
	"wedsync/conflicts/oracle"
	"wedsync/crdt"
)

// unsent are the changes of a device that the hub lacks. What others wrote it
// brings only if it uploads the record, or if they are the same person's.
func (p *player) unsent(d *device, foreign bool) [][]byte {
	var chunks [][]byte
	for _, c := range p.world.Of(d.known) {
		own := slices.ContainsFunc(p.devices, func(o *device) bool { return o.actor == c.Actor && o.who.User == d.who.User })
		if !p.oracle.History.Has(c.Hash) && (own || foreign) {
			chunks = append(chunks, c.Raw)
		}
	}
	return chunks
}

// push delivers what the hub lacks: all of it, its beginning, one by one, or
// its end before its beginning.
func (p *player) push(d *device) {
	if p.rng.IntN(4) == 0 {
		for _, o := range p.devices {
			if o.who.User == d.who.User {
				d.know(p.world, o.known)
			}
		}
	}
	// Hardly anybody brings what others wrote: it would become his.
	chunks := p.unsent(d, !p.oracle.Listed || p.rng.IntN(30) == 0)
	if len(chunks) == 0 {
		return
	}
	switch p.rng.IntN(8) {
	case 0:
		p.deliver(d, chunks[:1+p.rng.IntN(len(chunks))])
	case 1:
		for _, c := range chunks {
			p.deliver(d, [][]byte{c})
		}
	case 2:
		n := p.rng.IntN(len(chunks))
		p.deliver(d, chunks[n:])
		if n > 0 && p.rng.IntN(2) == 0 {
			p.deliver(d, chunks[:n])
		}
	default:
		p.deliver(d, chunks)
	}
}

// pull brings a device what the hub holds, or held some batches ago.
func (p *player) pull(d *device) {
	if !p.oracle.Listed || len(p.ends) == 0 {
		return
	}
	end := p.ends[len(p.ends)-1]
	if p.rng.IntN(4) == 0 {
		end = pick(p.rng, p.ends)
	}
	d.know(p.world, p.world.Past(p.order[:end]...))
	p.logf("%s pulls %d", d.who.Device, end)
}

// again delivers what the hub has.
func (p *player) again(d *device) {
	var chunks [][]byte
	for _, c := range p.world.Of(d.known) {
		if c.Actor == d.actor {
			chunks = append(chunks, c.Raw)
		}
	}
	if len(chunks) > 0 {
		p.deliver(d, chunks)
	}
}

// forge delivers a change under an actor that is bound to another's device.
func (p *player) forge(d *device) {
	victim := pick(p.rng, p.devices)
	if victim.who.User == d.who.User || !p.oracle.Listed {
		return
	}
	forger := &device{who: d.who, actor: victim.actor, seq: victim.seq, known: victim.known}
	if p.oracle.BoundTo(victim.actor) == "" {
		return
	}
	c := forger.write(p.scratch(), 4102444800, func(w *writer) { w.set("budget", integer(666)) })
	p.logf("%s forges %s", d.who.Device, c.Hash.String()[:6])
	p.deliver(d, [][]byte{c.Raw})
}

func (p *player) deliver(d *device, chunks [][]byte) {
	var changes []*crdt.Change
	var names []string
	for _, raw := range chunks {
		c, err := crdt.Decode(raw, crdt.DefaultLimits)
		if err != nil {
			panic(err)
		}
		changes = append(changes, c)
		names = append(names, c.Hash.String()[:6])
	}
	p.logf("%s (%s) delivers %v", d.who.Device, d.who.Role, names)
	heads := p.world.Heads(d.known)
	out := p.rec.Receive(conflicts.Delivery{From: d.who, Changes: changes, Announced: heads, Policy: p.policy, Now: p.now})
	res := p.oracle.Receive(oracle.Delivery{
		From: principal(d.who), Chunks: chunks, Announced: heads, Policy: oraclePolicy(p.policy), Now: p.now,
	})
	p.settle(out, res)
}

// equivocate delivers another change in the place of the device's last one, as
// a copy restored from a backup does.
func (p *player) equivocate(d *device) {
	if d.seq == 0 {
		return
	}
	copied := &device{who: d.who, actor: d.actor, seq: d.seq - 1}
	for _, c := range p.world.Of(d.known) {
		if c.Actor != d.actor || c.Seq < d.seq {
			copied.know(p.world, p.world.Past(c.Deps...))
			if c.Actor == d.actor {
				copied.know(p.world, p.world.Past(c.Hash))
			}
		}
	}
	c := copied.write(p.scratch(), 4102444800, func(w *writer) { w.set("notes", integer(666)) })
	held := p.oracle.Holds(d.actor, d.seq)
	if held {
		p.logf("%s equivocates with %s", d.who.Device, c.Hash.String()[:6])
		p.deliver(d, [][]byte{c.Raw})
	}
}

// scratch is a copy of the world for what nobody else ever sees.
func (p *player) scratch() *oracle.History {
	scratch := oracle.NewHistory()
	for _, c := range p.world.Of(p.world.All()) {
		scratch.Add(c)
	}
	return scratch
}
