package conflicts

import (
	"fmt"
	"slices"

	"wedsync/crdt"
)

// Follows reports whether the record of a stored ledger is in line with a
// policy, so that [Record.Judge] would do nothing for it.
func Follows(ledger []byte, p *Policy) (bool, error) {
	l, err := parseLedger(ledger)
	if err != nil {
		return false, err
	}
	for _, fp := range p.Fields {
		f := l.Fields[fp.Path]
		if f == nil || !f.Critical || f.Policy != fp {
			return false, nil
		}
		if !(measure{fp.Kind, p.zone()}).shown(f.accepted()).Equal(f.Shown) {
			return false, nil
		}
	}
	dropped := func(path crdt.Path) bool {
		_, named := p.field(path)
		return !named && l.Fields[path].Pending == nil
	}
	return !slices.ContainsFunc(l.critical(), dropped), nil
}

// adopt brings the record under a policy. Fields that turned critical are
// evaluated, those that the policy dropped are let go unless a conflict is
// pending.
func (b *batch) adopt(p *Policy) {
	if p == nil || p == b.adopted {
		return
	}
	r := b.Record
	r.policy, r.adopted = p, p
	var turned []FieldPolicy
	for _, fp := range p.Fields {
		f := b.ledger.Fields[fp.Path]
		if f == nil || !f.Critical {
			turned = append(turned, fp)
			continue
		}
		b.reread(f, fp)
	}
	b.letGo()
	b.rewatch()
	if b.ledger.Listed && b.ledger.Awaiting == nil && len(turned) > 0 {
		b.late = answer{To: b.start}
		b.evaluate(turned)
	}
}

// letGo ends the time of fields that the policy dropped and that wait for no
// decision.
func (b *batch) letGo() {
	for path, f := range b.ledger.Fields {
		if _, named := b.policy.field(path); !named && f.Critical && f.Pending == nil {
			f.Critical = false
			b.dirty = true
		}
	}
}

// reread has a critical field follow its policy. Its accepted value stays what
// it was, and may read otherwise.
func (b *batch) reread(f *field, fp FieldPolicy) {
	if f.Policy != fp {
		f.Policy = fp
		b.dirty = true
	}
	if shown := b.measure(f).shown(f.accepted()); !shown.Equal(f.Shown) {
		f.Shown = shown
		b.dirty = true
	}
}

// rewatch makes the table of live operations anew if other paths matter now.
func (b *batch) rewatch() {
	paths := b.watched()
	if slices.Equal(paths, b.watching) {
		return
	}
	fields, err := b.watch()
	if err != nil {
		b.out.Err = fmt.Errorf("read the history again: %w", err)
		return
	}
	b.Record.fields, b.Record.watching = fields, paths
}
