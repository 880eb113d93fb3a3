package oracle_test

import (
	"fmt"

	"wedsync/conflicts"
	"wedsync/crdt"
)

// edit makes one change of a device.
func (p *player) edit(d *device) {
	var done []string
	c := d.write(p.world, p.now.Unix(), func(w *writer) {
		for range 1 + p.rng.IntN(2) {
			done = append(done, p.editField(w, pick(p.rng, p.fields)))
		}
		if p.rng.IntN(5) == 0 {
			w.typeInto("notes", p.rng)
			done = append(done, "notes")
		}
	})
	if c != nil {
		p.logf("%s writes %s: %v", d.who.Device, c.Hash.String()[:6], done)
	}
}

func (p *player) editField(w *writer, f conflicts.FieldPolicy) string {
	nested := len(f.Path.Keys()) > 1
	switch n := p.rng.IntN(20); {
	case n < 5:
		w.typeInto(f.Path, p.rng)
		return fmt.Sprintf("%s typed %s", f.Path, show(w.doc().Field(f.Path)))
	case n < 6:
		w.set(f.Path, crdt.Value{})
		return fmt.Sprintf("%s deleted", f.Path)
	case n < 8: // a form saved unchanged
		v := w.doc().Field(f.Path)
		w.set(f.Path, v)
		return fmt.Sprintf("%s saved as %s", f.Path, show(v))
	case n < 10: // back to what counted before
		revisions := p.oracle.Revisions(f.Path)
		if len(revisions) == 0 {
			return ""
		}
		v := pick(p.rng, revisions).Value
		w.set(f.Path, v)
		return fmt.Sprintf("%s back to %s", f.Path, show(v))
	case n < 11:
		w.increment(f.Path, 10)
		return fmt.Sprintf("%s incremented", f.Path)
	case n < 14 && nested: // the whole parent
		parent := crdt.Path(f.Path.Keys()[0])
		v := pick(p.rng, []crdt.Value{{}, str("nowhere"), object("Barn"), object("Castle"), {Kind: crdt.Map, Map: map[string]crdt.Value{
			"city": w.doc().Field(f.Path), "phone": integer(1),
		}}})
		w.set(parent, v)
		return fmt.Sprintf("%s replaced by %s", parent, show(v))
	}
	v := anyValue(p.rng, f.Kind)
	w.set(f.Path, v)
	return fmt.Sprintf("%s = %s", f.Path, show(v))
}

// ramble makes a device's history longer than the hub's.
func (p *player) ramble(d *device) {
	d.write(p.world, p.now.Unix(), func(w *writer) {
		for i := range 40 {
			w.append(crdt.Op{Obj: crdt.OpID{}, Key: fmt.Sprintf("k%d-%d", p.rng.Uint32(), i), Action: crdt.Set, Value: integer(int64(i))})
		}
	})
	p.logf("%s rambles", d.who.Device)
}

// trespass writes where only the hub may.
func (p *player) trespass(d *device) {
	c := d.write(p.world, p.now.Unix(), func(w *writer) {
		switch p.rng.IntN(4) {
		case 0:
			w.set("sync_conflicts", pick(p.rng, []crdt.Value{{}, str("mine"), {Kind: crdt.Map}, object("x")}))
		case 1:
			w.set("sync_conflicts.budget", pick(p.rng, []crdt.Value{{}, str("mine"), text("mine")}))
		default:
			w.set("sync_conflicts."+pick(p.rng, []crdt.Path{"wedding_date", "foo", "venue_name"}), pick(p.rng, []crdt.Value{{}, str("mine")}))
		}
	})
	if c != nil {
		p.logf("%s trespasses with %s", d.who.Device, c.Hash.String()[:6])
	}
	p.push(d)
}
