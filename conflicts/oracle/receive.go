package oracle

import (
	"slices"

	"wedsync/crdt"
)

// Receive plays a device's batch.
func (r *Record) Receive(d Delivery) *Result {
	res := r.begin(d.Now)
	if r.Listed {
		r.follow(d.Policy)
	}
	var chunks []*crdt.Change
	for _, raw := range d.Chunks {
		c, err := crdt.Decode(raw, crdt.DefaultLimits)
		if err != nil {
			panic(err) // the oracle is told of honest changes alone
		}
		chunks = append(chunks, c)
	}
	if d.From.Role == "viewer" {
		for _, c := range chunks {
			if !r.History.Has(c.Hash) {
				res.Refused[c.Hash] = "read_only"
			}
		}
		return res
	}
	for _, c := range chunks {
		r.take(c, d.From)
	}
	added := r.release()
	r.introduce(d)
	everything := r.History.See(r.History.All())
	for _, c := range added {
		res.Stored = append(res.Stored, c.Hash)
		if everything.touched(marks, c) {
			res.Trespassed = append(res.Trespassed, c.Hash)
		}
	}
	if !r.Listed {
		if r.introducer != nil && r.History.HasAll(r.introducer.heads) {
			r.judgeAsItStands(d.Policy)
		}
		return res
	}
	r.judge(added)
	return res
}

// Judge plays the hub or an owner bringing the record in line with a policy,
// outside of any batch: a record that waits for its introducer is judged as it
// stands.
func (r *Record) Judge(j Delivery) *Result {
	res := r.begin(j.Now)
	if !r.Listed {
		if r.introducer != nil {
			r.judgeAsItStands(j.Policy)
		}
		return res
	}
	r.follow(j.Policy)
	return res
}

func (r *Record) begin(now Now) *Result {
	r.batch = batch{now: now, before: r.History.All(), result: &Result{Refused: make(map[crdt.Hash]string)}}
	return r.batch.result
}

// introduce notes who brings a new record, the first of which something could
// be stored, and what that device announced.
func (r *Record) introduce(d Delivery) {
	if r.Listed || len(r.History.All()) == 0 {
		return
	}
	if r.introducer == nil {
		r.introducer = &introducer{who: d.From}
	}
	in := r.introducer
	if in.who.User == d.From.User && in.who.Device == d.From.Device {
		in.heads = append(in.heads, d.Announced...)
	}
}

// take takes a new change, or refuses it, and binds its actor.
func (r *Record) take(c *crdt.Change, from Principal) {
	waits := slices.ContainsFunc(r.waiting, func(w waiting) bool { return w.change.Hash == c.Hash })
	if r.History.Has(c.Hash) || waits {
		return
	}
	if r.hubs[c.Actor] {
		r.batch.result.Refused[c.Hash] = "forged_hub_change"
		return
	}
	bound, ok := r.actors[c.Actor]
	if ok && bound.User != from.User {
		r.batch.result.Refused[c.Hash] = "forged_actor"
		return
	}
	if r.Holds(c.Actor, c.Seq) {
		r.batch.result.Refused[c.Hash] = "equivocation"
		return
	}
	if !ok && r.Listed {
		r.bind(c.Actor, from)
	}
	r.waiting = append(r.waiting, waiting{c, from})
}

// Holds reports whether the history holds an actor's change of that number.
func (r *Record) Holds(a crdt.ActorID, seq uint64) bool {
	return slices.ContainsFunc(r.History.changes, func(c *crdt.Change) bool { return c.Actor == a && c.Seq == seq })
}

// bind binds an actor to a principal and passes on its proposals.
func (r *Record) bind(a crdt.ActorID, to Principal) {
	r.actors[a] = to
	for _, f := range r.fields {
		for _, p := range f.proposals() {
			p.pass(a, to)
		}
	}
}

// release adds the changes that wait for nothing any more.
func (r *Record) release() []*crdt.Change {
	var added []*crdt.Change
	for {
		i := slices.IndexFunc(r.waiting, func(w waiting) bool { return r.History.HasAll(w.change.Deps) })
		if i < 0 {
			return added
		}
		w := r.waiting[i]
		r.waiting = slices.Delete(r.waiting, i, i+1)
		r.History.Add(w.change)
		r.carriers[w.change.Hash] = w.by
		added = append(added, w.change)
	}
}

// author is who a change belongs to, and what that author may do.
func (r *Record) author(c *crdt.Change) (Author, string) {
	carrier := r.carriers[c.Hash]
	bound, ok := r.actors[c.Actor]
	if !ok {
		return Author{Actor: c.Actor, CarriedBy: carrier.Device}, lesser("member", carrier.Role)
	}
	a := Author{User: bound.User, Device: bound.Device}
	if carrier.Device != bound.Device {
		a.CarriedBy = carrier.Device
	}
	return a, lesser(bound.Role, carrier.Role)
}
