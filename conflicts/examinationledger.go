package conflicts

import (
	"fmt"
	"maps"
	"slices"

	"wedsync/crdt"
)

// revisions holds each field's revisions against the decisions that made them.
func (x *Examination) revisions(l *ledger) {
	decided := make(map[crdt.Path][]*LogEntry)
	for i := range x.entries {
		if e := &x.entries[i]; e.Act == ActDecided {
			decided[e.Field] = append(decided[e.Field], e)
		}
	}
	unlogged := uint64(0)
	for _, path := range l.paths() {
		f := l.Fields[path]
		unlogged += f.revision() - min(f.revision(), uint64(len(decided[path])))
		x.field(f, decided[path])
		if !x.showsAccepted(f) {
			x.find(adviceTamper, "%s is shown as another value than revision %d, which counts", path, f.revision())
		}
	}
	if unlogged != l.Log.Unlogged {
		x.find(adviceTamper, "%d revisions have no decision in the log, the ledger says %d", unlogged, l.Log.Unlogged)
	}
	for _, path := range slices.Sorted(maps.Keys(decided)) {
		if l.Fields[path] == nil {
			x.find(adviceTamper, "%s is about a field that the ledger does not know", decided[path][0])
		}
	}
}

// showsAccepted reports whether readers are shown the value that counts. The day
// of a timestamp depends on a zone that may have changed since.
func (x *Examination) showsAccepted(f *field) bool {
	if f.Policy.Kind == Date && f.accepted().Kind == crdt.Timestamp {
		return true
	}
	return measure{f.Policy.Kind, x.policy.zone()}.shown(f.accepted()).Equal(f.Shown)
}

// field holds the last revisions of one field against their decisions.
func (x *Examination) field(f *field, decided []*LogEntry) {
	first := f.revision() - min(f.revision(), uint64(len(decided)))
	for i, e := range decided {
		n := first + uint64(i) + 1
		if e.Revision != n || n > f.revision() {
			x.find(adviceTamper, "%s is where revision %d was decided, of %d", e, n, f.revision())
			return
		}
		r := f.Revisions[n-1]
		for _, m := range []struct {
			what string
			same bool
		}{
			{"value", r.Value.Equal(e.Value)},
			{"cause", r.Cause == e.Cause && r.Rule == e.Rule},
			{"time", r.At.Equal(e.At)},
			{"author", e.By.User == "" || r.Author == e.By},
			{"change", r.Change == e.Change},
		} {
			if !m.same {
				x.find(adviceTamper, "%s has another %s than revision %d in the ledger", e, m.what, n)
			}
		}
	}
}

// rows holds the rows of sync_conflicts against ledger and log.
func (x *Examination) rows(l *ledger, rows []Conflict) {
	waiting := make(map[string]bool)
	for _, f := range l.Fields {
		if f.Pending != nil {
			waiting[f.Pending.ID] = true
		}
	}
	for _, row := range rows {
		if row.Status == Pending || row.Status == RecordDeleted {
			if !waiting[row.ID] {
				x.find(adviceBug, "conflict %s of %s is %s, the ledger does not know it", row.ID, row.Field, row.Status)
			}
			delete(waiting, row.ID)
		}
		x.decision(row)
	}
	for _, id := range slices.Sorted(maps.Keys(waiting)) {
		x.find(adviceBug, "conflict %s is pending, sync_conflicts does not say so", id)
	}
}

// decision holds what a row says of its decision against the log.
func (x *Examination) decision(row Conflict) {
	d := row.Decision
	if d == nil {
		return
	}
	for i := range x.entries {
		e := &x.entries[i]
		if e.Act != ActDecided || e.Field != row.Field || e.Revision != d.Revision {
			continue
		}
		same := e.Conflict == row.ID && e.Action == d.Action && e.Note == d.Note && e.Value.Equal(d.Value) &&
			e.At.Equal(d.At) && (e.By.User == "" || e.By.User == d.By.User)
		if !same {
			x.find(adviceTamper, "conflict %s of %s tells its decision otherwise than %s", row.ID, row.Field, e)
		}
	}
}

// document holds what the changes show against the ledger.
func (x *Examination) document(r *Record) {
	if top := r.graph.MaxOp(); top >= CounterWarning {
		x.findings = append(x.findings, Finding{
			What: fmt.Sprintf("its operations are counted up to %d", top), Advice: adviceLarge, Warning: true,
		})
	}
	if !r.Settled() {
		return
	}
	b := &batch{Record: r}
	for _, path := range r.ledger.critical() {
		if !r.fields.Mirrors(path, r.graph.All(), b.mirrored(path)) {
			x.find(adviceBug, "the document does not show the accepted value of %s alone", path)
		}
	}
	if !b.marked(b.marks()) {
		x.find(adviceBug, "the document's sync_conflicts does not name the pending conflicts")
	}
}
