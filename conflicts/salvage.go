package conflicts

import (
	"slices"
	"time"

	"wedsync/crdt"
)

// A Reentry is a critical field as it stands in a device's copy that cannot be
// taken, for a person to enter again.
type Reentry struct {
	Field    crdt.Path
	Value    crdt.Value // as readers would see it; Missing if the copy has cleared the field
	EditedAt time.Time  // of the last edit, by its author's clock
}

// Salvage reads what changes that were refused, and those that wait for them,
// say about critical fields: each field that they touch, as the copy shows it
// that they are of, in ascending order of path. What leads to values that count
// anyway, or cannot be decoded, is left out.
func (r *Record) Salvage(refused [][]byte) []Reentry {
	lost := r.lost(refused)
	g, fields, err := r.copyBefore(lost)
	if err != nil {
		return nil // a history that cannot be read; opening the record tells of it
	}
	last := make(map[crdt.Path]*crdt.Change)
	for _, c := range lost {
		added, err := g.Add(c)
		if err != nil {
			continue
		}
		for _, c := range added {
			i, _ := g.Index(c.Hash)
			for _, path := range fields.Apply(i, c) {
				last[path] = c
			}
		}
	}
	var found []Reentry
	for _, path := range r.ledger.critical() {
		c := last[path]
		if c == nil {
			continue
		}
		f := r.ledger.Fields[path]
		m := measure{f.Policy.Kind, r.policy.zone()}
		if v := fields.Value(path, g.All()); !m.same(v, f.accepted()) {
			found = append(found, Reentry{Field: path, Value: m.shown(v), EditedAt: authored(c)})
		}
	}
	return found
}

// lost are the changes that were refused, in causal order as far as they can be
// decoded, and behind them those that wait for them.
func (r *Record) lost(refused [][]byte) []*crdt.Change {
	var lost []*crdt.Change
	of := make(map[crdt.Hash]bool)
	take := func(raw []byte) {
		if c, err := crdt.Decode(raw, r.env.Limits); err == nil && !of[c.Hash] {
			of[c.Hash] = true
			lost = append(lost, c)
		}
	}
	for _, raw := range refused {
		take(raw)
	}
	waiting := r.graph.WaitingChanges()
	for more := true; more; {
		more = false
		for _, c := range waiting {
			if !of[c.Hash] && slices.ContainsFunc(c.Deps, func(h crdt.Hash) bool { return of[h] }) {
				take(c.Raw)
				more = more || of[c.Hash]
			}
		}
	}
	return lost
}

// copyBefore is the history that some changes build on, with the critical
// fields as it shows them.
func (r *Record) copyBefore(lost []*crdt.Change) (*crdt.Graph, *crdt.Fields, error) {
	var deps []crdt.Hash
	for _, c := range lost {
		deps = append(deps, c.Deps...)
	}
	past := r.graph.View(deps...)
	g, fields := crdt.NewGraph(r.env.storedLimits()), crdt.NewFields(r.ledger.critical()...)
	for i := range r.graph.Len() {
		if !past.Has(i) {
			continue
		}
		c, err := crdt.Decode(r.graph.At(i).Raw, r.env.storedLimits())
		if err != nil {
			return nil, nil, err
		}
		if _, err := g.AddHub(c); err != nil {
			return nil, nil, err
		}
		fields.Apply(g.Len()-1, c)
		c.Ops = nil
	}
	return g, fields, nil
}
