package conflicts

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wedsync/crdt"
)

// A model plays random stories; the world checks after every batch what must
// always be true: the mirror rule, one pending conflict per field, values that
// only move with a revision, no hub change without need, no value that nobody
// saw, and that a loaded record goes on alike.
type model struct {
	w       *world
	devices []*device
	form    form
	lossy   bool // the hub loses its store now and then
}

func newModel(t *rapid.T, lossy bool) *model {
	policy := modes(rapid.SampledFrom([]Review{EveryEdit, ConflictingEdits, Locked}).Draw(t, "review"))
	if rapid.Bool().Draw(t, "nested") {
		policy.Fields = append(policy.Fields, FieldPolicy{Path: "venue.name", Kind: Text, Review: EveryEdit})
	}
	m := &model{w: newWorld(t, policy), form: rapid.SampledFrom([]form{scalars, texts}).Draw(t, "form"), lossy: lossy}
	second := Principal{Supplier: "s", User: "bob", Device: "bob-2", Role: Member}
	for _, who := range []Principal{alice, bob, second, olga} {
		m.devices = append(m.devices, m.w.device(who))
	}
	first := m.devices[0]
	first.change(func(b *crdt.Builder) {
		b.Set("budget", m.form.n(1))
		b.Set("venue_name", text("Barn"))
	})
	if rapid.Bool().Draw(t, "twofold introduction") {
		m.devices[1].copyFrom(first)
		m.devices[1].set("budget", m.form.n(2))
		first.set("budget", m.form.n(3))
		first.copyFrom(m.devices[1])
	}
	first.push()
	return m
}

func (m *model) device(t *rapid.T) *device { return rapid.SampledFrom(m.devices).Draw(t, "device") }

func (m *model) number(t *rapid.T) crdt.Value {
	v := m.form.n(rapid.Int64Range(0, 4).Draw(t, "number"))
	return rapid.SampledFrom([]crdt.Value{v, v, v, v, {}, text("a lot"), {Kind: crdt.Counter, Int: v.Int}}).Draw(t, "value")
}

func (m *model) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"budget": func(t *rapid.T) { m.device(t).set("budget", m.number(t)) },
		"date": func(t *rapid.T) {
			day := rapid.SampledFrom([]string{"2027-06-12", "2027-06-19", "soon"}).Draw(t, "day")
			m.device(t).set("wedding_date", m.form.s(day))
		},
		"type": func(t *rapid.T) {
			m.device(t).typeInto("venue_name", rapid.SampledFrom([]string{"Barnyard", "Bar", "Castle", "B"}).Draw(t, "name"))
		},
		"venue": func(t *rapid.T) {
			m.device(t).set("venue", venue(rapid.SampledFrom([]string{"x", "y"}).Draw(t, "name"), "Kiel"))
		},
		"notes": func(t *rapid.T) { m.device(t).ramble(rapid.IntRange(1, 20).Draw(t, "n")) },
		"phone": func(t *rapid.T) {
			v := rapid.SampledFrom([]crdt.Value{m.form.s("0171"), m.form.s("0172"), text("0173"), {}}).Draw(t, "phone")
			m.device(t).set("phone", v)
		},
		"use": m.use,
		"forge": func(t *rapid.T) {
			m.device(t).set(marksPath, crdt.Value{Kind: crdt.Map, Map: map[string]crdt.Value{"budget": str("x")}})
		},
		"meet":   func(t *rapid.T) { m.device(t).copyFrom(m.device(t)) },
		"pull":   func(t *rapid.T) { m.device(t).pull() },
		"push":   m.push,
		"push 2": m.push,
		"api": func(t *rapid.T) {
			who := rapid.SampledFrom([]Principal{alice, bob, olga, crm}).Draw(t, "who")
			var match map[crdt.Path]uint64
			if rapid.Bool().Draw(t, "if-match") {
				match = map[crdt.Path]uint64{"budget": rapid.Uint64Range(0, 3).Draw(t, "revision")}
			}
			m.w.edit(who, fieldsOf("budget", m.number(t), "notes", text(rapid.SampledFrom([]string{"n", "nn"}).Draw(t, "notes"))), match)
		},
		"resolve": m.resolve,
		"lose":    m.lose,
	}
}

// push delivers some of what a device has, in causal order, as one batch.
func (m *model) push(t *rapid.T) {
	d := m.device(t)
	raws := d.own()
	if len(raws) > 0 {
		raws = raws[:rapid.IntRange(1, len(raws)).Draw(t, "changes")]
		d.w.receive(d.who, raws, d.graph.Heads())
	}
}

// own are the device's changes that the hub lacks and may take from it: those
// of its user, and only if all before them are taken too.
func (d *device) own() [][]byte {
	var raws [][]byte
	missing := map[crdt.Hash]bool{}
	for i := range d.graph.Len() {
		c := d.graph.At(i)
		if d.w.rec.graph.Has(c.Hash) {
			continue
		}
		mine := c.Actor == d.actor
		for _, dep := range c.Deps {
			mine = mine && !missing[dep]
		}
		if missing[c.Hash] = !mine; mine {
			raws = append(raws, c.Raw)
		}
	}
	return raws
}

func (m *model) resolve(t *rapid.T) {
	for _, path := range []crdt.Path{"budget", "wedding_date", "venue_name", "venue.name"} {
		if _, pending := m.w.rec.View().Pending[path]; !pending {
			continue
		}
		s := Resolution{Action: rapid.SampledFrom([]Action{Accept, Keep, Custom}).Draw(t, "action")}
		if s.Action == Accept {
			row := m.w.pending(path)
			s.Proposal = rapid.SampledFrom(row.open()).Draw(t, "proposal").ID
		}
		if s.Action == Custom && path == "wedding_date" {
			s.Value = text("2027-07-01")
		} else if s.Action == Custom {
			s.Value = text("3")
		}
		m.w.resolve(path, s)
		return
	}
}

// use chooses a value of an entry about an ordinary field.
func (m *model) use(t *rapid.T) {
	for _, path := range []crdt.Path{"phone", "notes"} {
		if _, open := m.w.rec.View().Merged[path]; open {
			n := rapid.IntRange(0, len(m.w.merged(path).Values)-1).Draw(t, "n")
			m.w.use(rapid.SampledFrom([]Principal{alice, bob, olga, crm}).Draw(t, "who"), path, n)
			return
		}
	}
}

// lose restores the hub from a random backup that lacks a hub change; a device
// that has everything brings it back.
func (m *model) lose(t *rapid.T) {
	d := m.device(t)
	d.pull()
	backup := rapid.SampledFrom(append(m.w.backups, origin{})).Draw(t, "backup")
	if !m.lossy || !m.lacks(backup) {
		return
	}
	m.w.restore(backup)
	raws := d.unsent()
	m.w.receive(d.who, raws, d.graph.Heads())
}

// lacks reports whether a backup lacks a hub change that is stored now.
// Without that a hub cannot know that it lost anything.
func (m *model) lacks(backup origin) bool {
	held := map[string]bool{}
	for _, b := range backup.batches {
		held[string(b.Chunks[len(b.Chunks)-1])] = true
	}
	return slices.ContainsFunc(m.w.batches, func(b StoredBatch) bool {
		return b.Hub && !held[string(b.Chunks[len(b.Chunks)-1])]
	})
}

func TestWhateverHappensTheLedgerAndTheDocumentAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { newModel(t, false).play(t) })
}

func TestTheyAgreeAlsoWhenTheHubLosesItsStore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { newModel(t, true).play(t) })
}

// play plays a story to its end, where everybody has exchanged everything.
func (m *model) play(t *rapid.T) {
	t.Repeat(m.actions())
	for range len(m.devices) + 1 {
		for _, d := range m.devices {
			if raws := d.own(); len(raws) > 0 {
				m.w.receive(d.who, raws, d.graph.Heads())
			}
		}
		for _, d := range m.devices {
			d.pull()
		}
	}
	m.agree(t)
	m.w.checkReplay()
}

// agree: once all is exchanged every device shows the accepted values, and
// which fields wait.
func (m *model) agree(t *rapid.T) {
	view := m.w.rec.View()
	for _, d := range m.devices {
		for _, path := range []crdt.Path{"budget", "wedding_date", "venue_name"} {
			want := view.Accepted[path].Written
			if (measure{kind: Any}).cleared(want) {
				want = crdt.Value{}
			}
			if got := d.value(path); !got.Equal(want) {
				t.Fatalf("%s shows %s %+v, accepted is %+v", d.who.Device, path, got, want)
			}
		}
		if got := d.value(marksPath); len(got.Map) != len(view.Pending) {
			t.Fatalf("%s shows %+v waiting, pending are %v", d.who.Device, got, view.Pending)
		}
	}
}
