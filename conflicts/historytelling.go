package conflicts

import (
	"slices"

	"wedsync/crdt"
)

// An event of a History. Its values are read when it is told.
type event struct {
	Event
	first, last int         // graph indexes of the changes before and after which the values are read; -1 if they are set
	heads       []crdt.Hash // where the value is read that stays; nil if it does not
	typed       bool        // nothing but typing into texts
	plain       bool        // told only if it changed what its author saw
}

// A telling makes events of one batch.
type telling struct {
	*History
	past    *Past
	start   int           // graph index of its first change
	typed   []bool        // by its changes
	touched [][]crdt.Path // by its changes

	entries []int             // of the log by its verdicts, -1 for none
	ruled   []bool            // the verdicts that are told
	logged  []bool            // the entries that are told
	folded  map[foldKey][]int // changes that were decided with a later one
	hashes  []crdt.Hash       // of the entries
}

// A foldKey is what folded edits have in common.
type foldKey struct {
	field  crdt.Path
	author string
}

// tell makes the batch's events: those of its changes in their order, then what
// was ruled about others, then what was decided without an edit.
func (t *telling) tell() {
	t.match()
	for i, paths := range t.touched {
		for _, path := range paths {
			t.change(i, path)
		}
	}
	for k := range t.past.Verdicts {
		if !t.ruled[k] && t.told(t.past.Verdicts[k].Field) {
			t.ruling(k)
		}
	}
	for k := range t.past.Log {
		if !t.logged[k] && t.told(t.past.Log[k].Field) {
			t.act(k)
		}
	}
	t.choice()
	if kind := t.past.Kind; (kind == KindDelete || kind == KindRestore) && t.only == "" {
		t.add(&event{Event: Event{Kind: kind, Author: t.past.From.author()}, first: -1})
	}
}

func (t *telling) told(path crdt.Path) bool { return t.only == "" || path == t.only }

// match finds the entry of the log that each verdict led to, if one did.
func (t *telling) match() {
	p := t.past
	t.ruled, t.logged = make([]bool, len(p.Verdicts)), make([]bool, len(p.Log))
	t.folded = make(map[foldKey][]int)
	for i := range p.Log {
		t.hashes = append(t.hashes, p.Log[i].Hash(t.record.id))
	}
	taken := make([]bool, len(p.Log))
	for _, v := range p.Verdicts {
		entry := -1
		for n, e := range p.Log {
			if !taken[n] && v.ledTo(&e) {
				entry, taken[n] = n, true
				break
			}
		}
		t.entries = append(t.entries, entry)
	}
}

// ledTo reports whether an entry of the log can be what a verdict led to.
func (v *Verdict) ledTo(e *LogEntry) bool {
	return v.Outcome == string(EditAccepted) && v.Proposal == "" && e.Field == v.Field &&
		e.Act == ActDecided && (e.Cause == CauseEdit || e.Cause == CauseCreated)
}

// change tells what a change of the batch did to a field.
func (t *telling) change(i int, path crdt.Path) {
	at := t.start + i
	c := t.graph.At(at)
	answer := t.past.Hub && i == len(t.touched)-1
	critical := t.critical(path)
	if answer && (critical || t.past.Kind != KindAPI && t.past.Kind != KindWebhook && t.past.Kind != KindUse) {
		return // it writes what the verdicts and the log say
	}
	e := &event{
		Event: Event{Kind: t.past.Kind, Field: path, Changes: 1},
		first: at, last: at, plain: path != t.past.Chosen,
	}
	switch {
	case answer:
		e.Author = t.past.From.author()
	case t.record.isHubActor(c.Actor):
		e.Kind, e.Author = KindRecovered, Author{Actor: c.Actor.String()}
	default:
		e.Author, e.Edited, e.typed = t.author(i, c), authored(c), t.typed[i]
		if critical && !t.judged(e, c) {
			return
		}
	}
	t.add(e)
}

// ruling tells a verdict about something else than a change of the batch.
func (t *telling) ruling(k int) {
	v := t.past.Verdicts[k]
	e := &event{Event: Event{Kind: t.past.Kind, Field: v.Field, Author: t.named(v.Author), Changes: 1}, first: -1}
	at, known := t.verdictChange(k)
	switch {
	case known:
		e.first, e.last = at, at
		e.Edited = authored(t.graph.At(at))
	case v.Rule > 0:
		e.Before, e.After = t.revision(v.Field, v.Base), v.Value
	case v.Outcome == string(WithdrawnByAuth) && t.past.From.User == v.Author.User && !t.dismissed(v.Proposal):
		e.Kind = KindWithdrawn
		e.Before, e.After = v.Value, t.revision(v.Field, v.Base)
	default:
		return // an author's share in what an entry of the log tells
	}
	t.rule(e, k)
	if e.Entry != nil && known {
		e.first = -1
		e.Before, e.After = t.revision(v.Field, e.Entry.Revision-1), e.Entry.Value
	}
	t.add(e)
}

// dismissed reports whether the batch took a proposal back for its authors.
func (t *telling) dismissed(proposal string) bool {
	return slices.ContainsFunc(t.past.Log, func(e LogEntry) bool { return e.Act == ActWithdrawn && e.Proposal == proposal })
}

// act tells what was decided without an edit.
func (t *telling) act(k int) {
	entry := &t.past.Log[k]
	e := &event{Event: Event{Kind: t.past.Kind, Field: entry.Field, Author: t.named(entry.By), Changes: 1}, first: -1}
	switch entry.Act {
	case ActDecided:
		e.Before, e.After = t.revision(entry.Field, entry.Revision-1), entry.Value
	case ActWithdrawn:
		e.Before, e.After = entry.Value, t.revision(entry.Field, entry.Revision)
	case ActReopened:
		e.Before, e.After = entry.Value, entry.Value
	}
	if entry.Act == ActRecovered || entry.Cause == CauseRecovered {
		e.Kind = KindRecovered
	}
	t.enter(e, k)
	t.add(e)
}

// choice tells that somebody left a field as it shows that people had set apart.
func (t *telling) choice() {
	path := t.past.Chosen
	if path == "" || !t.told(path) || slices.ContainsFunc(t.touched, func(paths []crdt.Path) bool { return slices.Contains(paths, path) }) {
		return
	}
	t.add(&event{
		Event: Event{Kind: t.past.Kind, Field: path, Author: t.past.From.author()},
		first: -1, heads: slices.Clone(t.graph.Heads()),
	})
}

// revision is the value of a critical field at a revision.
func (t *telling) revision(path crdt.Path, n uint64) crdt.Value {
	if f := t.record.ledger.Fields[path]; f != nil {
		return f.value(n)
	}
	return crdt.Value{}
}
