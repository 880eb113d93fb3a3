package conflicts

import "wedsync/crdt"

// Shown is v as the API shows it where it is the value of that field: canonical
// if it fits the field's kind, nil if cleared, else as it was written.
func (p *Policy) Shown(field crdt.Path, v crdt.Value) any {
	f, ok := p.field(field)
	if !ok {
		f.Kind = Any
	}
	return measure{f.Kind, p.zone()}.shown(v).JSON()
}
