package conflicts

import (
	"fmt"
	"slices"

	"wedsync/crdt"
)

// check holds the record against what must always be true.
func (w *world) check(before *LedgerView, out *Outcome) {
	w.t.Helper()
	if w.rec.Settled() {
		w.checkMirror(w.rec.graph.All(), true)
		w.checkMerged("notes")
		w.checkMerged("phone")
	}
	w.checkLog(before, out)
	if out.Hub != nil && len(out.Stored) > 1 && !w.diverted(out) && w.rec.Settled() &&
		w.right(w.rec.graph.View(out.Hub.Deps...)) {
		w.t.Fatalf("a batch that left everything right got a hub change: %+v", out.Verdicts)
	}
	pending := map[crdt.Path]int{}
	for _, row := range w.rows {
		if row.Status == Pending {
			pending[row.Field]++
			if w.rec.View().Pending[row.Field] != row.ID {
				w.t.Fatalf("row %s is pending, the ledger says %q", row.ID, w.rec.View().Pending[row.Field])
			}
		}
		w.checkRow(row)
	}
	for path, n := range pending {
		if n > 1 {
			w.t.Fatalf("%d pending conflicts of %s", n, path)
		}
	}
	for path, a := range w.rec.View().Accepted {
		was := before.Accepted[path]
		if a.Revision < was.Revision || a.Revision == was.Revision && !a.Written.Equal(was.Written) {
			w.t.Fatalf("%s moved from %+v to %+v", path, was, a)
		}
		w.checkSeen(a.Written)
	}
	for i := range w.rec.graph.Len() {
		if by, ok := w.rec.graph.Sealed(w.rec.graph.At(i).Hash); ok && !w.rec.graph.Contains(by, w.rec.graph.At(i).Hash) {
			w.t.Fatalf("change %d is answered by a change that does not know it", i)
		}
	}
}

// checkMerged holds the entry of a field against a document of its own: what is
// live and hidden stands in an open entry, and the shown value is its first.
func (w *world) checkMerged(path crdt.Path) {
	w.t.Helper()
	if f := w.rec.ledger.Fields[path]; f != nil && f.Critical {
		return
	}
	for _, m := range w.mergedRows {
		if m.Field == path && (m.Status == MergedDismissed || m.Crowded) {
			return // whoever saw it left it so
		}
	}
	fields := crdt.NewFields(path)
	for i := range w.rec.graph.Len() {
		fields.Apply(i, decode(w.t, w.rec.graph.At(i).Raw))
	}
	m, open := w.mergedRows[w.rec.View().Merged[path]], w.rec.View().Merged[path] != ""
	if open && (m.Status != MergedOpen || len(m.Values) < 2) {
		w.t.Fatalf("%s has the entry %+v", path, m)
	}
	for i, l := range fields.Live(path, w.rec.graph.All()) {
		c := w.rec.graph.At(l.Change)
		idle := anything.same(l.Value, fields.Value(path, w.rec.graph.View(c.Deps...)))
		want, _ := excerpt(l.Value)
		kept := slices.ContainsFunc(m.Values, func(v MergedValue) bool { return anything.same(v.Value, want) })
		switch shown := fields.Value(path, w.rec.graph.All()); {
		case i == 0 && open && !m.Values[0].Value.Equal(want):
			w.t.Fatalf("%s shows %+v, the entry begins with %+v", path, l.Value, m.Values[0])
		case i > 0 && !idle && !anything.same(l.Value, shown) && !kept:
			w.t.Fatalf("%s hides %+v in silence; entry %+v", path, l.Value, m)
		}
	}
}

// checkLog: the batch's entries go on with the decision log, and there is one
// for each revision.
func (w *world) checkLog(before *LedgerView, out *Outcome) {
	w.t.Helper()
	raised := uint64(0)
	for i := range out.Log {
		e := &out.Log[i]
		if e.Number != w.log.Count+1 || e.Previous != w.log.Hash {
			w.t.Fatalf("%s follows %s, want number %d after %s", e, e.Previous, w.log.Count+1, w.log.Hash)
		}
		w.log.Count, w.log.Hash = e.Number, e.Hash(w.id)
		if e.Act != ActDecided {
			continue
		}
		raised++
		if r := w.rec.ledger.Fields[e.Field].Revisions[e.Revision-1]; !r.Value.Equal(e.Value) || r.Change != e.Change || r.Cause != e.Cause {
			w.t.Fatalf("%s says %+v, revision is %+v", e, e, r)
		}
	}
	if got := w.rec.ledger.Log; got != w.log {
		w.t.Fatalf("the ledger ends the log at %+v, want %+v", got, w.log)
	}
	if n := w.rec.View().Revision - before.Revision; n != raised {
		w.t.Fatalf("%d revisions, %d entries of the log", n, raised)
	}
}

func (w *world) checkRow(row Conflict) {
	w.t.Helper()
	open := 0
	ids := map[string]bool{}
	for _, p := range row.Proposals {
		if ids[p.ID] {
			w.t.Fatalf("conflict %s has proposal %s twice", row.ID, p.ID)
		}
		ids[p.ID] = true
		if p.State == Open {
			open++
		}
		if len(p.Authors) == 0 {
			w.t.Fatalf("proposal %s has no author", p.ID)
		}
		w.checkSeen(p.Value)
	}
	if (row.Status == Pending) != (open > 0) {
		w.t.Fatalf("conflict %s is %s with %d open proposals", row.ID, row.Status, open)
	}
}

// checkSeen: nobody's value is ever made of two people's.
func (w *world) checkSeen(v crdt.Value) {
	w.t.Helper()
	if !w.seen[name(v)] && !(measure{kind: Any}).cleared(v) {
		w.t.Fatalf("%+v is a value that no author saw", v)
	}
}

func name(v crdt.Value) string { return fmt.Sprint(v.Kind, v.JSON()) }

func (w *world) right(v crdt.View) bool { return w.checkMirror(v, false) }

// checkMirror holds a view against the mirror rule.
func (w *world) checkMirror(v crdt.View, must bool) bool {
	w.t.Helper()
	for path, f := range w.rec.ledger.Fields {
		if !f.Critical {
			continue
		}
		want := (&batch{Record: w.rec}).mirrored(path)
		live := w.rec.fields.Live(path, v)
		ok := len(live) == 1 && live[0].Value.Equal(want)
		if want.Kind == crdt.Missing {
			ok = len(live) == 0
		}
		if len(path.Keys()) > 1 {
			ok = w.rec.fields.Mirrors(path, v, want)
		}
		if !ok && must {
			w.t.Fatalf("%s must show %+v alone, shows %+v", path, want, live)
		}
		if !ok {
			return false
		}
	}
	live := w.rec.fields.Live(marksPath, v)
	marks := w.rec.fields.Value(marksPath, v).Map
	pending := w.rec.View().Pending
	if len(marks) != len(pending) || len(live) > 1 {
		if must {
			w.t.Fatalf("sync_conflicts is %+v, pending are %v", marks, pending)
		}
		return false
	}
	for path, id := range pending {
		if got := marks[string(path)]; got.Kind != crdt.Str || got.Str != id {
			if must {
				w.t.Fatalf("sync_conflicts[%s] is %+v, want %s", path, got, id)
			}
			return false
		}
	}
	return true
}

func (w *world) diverted(out *Outcome) bool {
	return slices.ContainsFunc(out.Verdicts, func(v Verdict) bool {
		return v.Outcome == string(EditDiverted) || v.Outcome == string(EditRejected)
	})
}
