package conflicts

import (
	"slices"
	"testing"

	"wedsync/crdt"
)

// pendings are the conflicts that wait, as they stand.
func (r *Record) pendings() map[string]Conflict {
	rows := make(map[string]Conflict)
	for _, f := range r.ledger.Fields {
		if f.Pending != nil {
			rows[f.Pending.ID] = f.Pending.row()
		}
	}
	return rows
}

// checkSteps holds what an outcome tells of its steps against the rows before and
// after it: nothing moves unsaid, and nothing is said that did not move.
func (w *world) checkSteps(out *Outcome, found map[string]Conflict, listed bool) {
	w.t.Helper()
	steps := out.Steps
	if steps == nil {
		steps = new(Steps)
	}
	told := make(map[string]ConflictStep)
	for _, s := range steps.Conflicts {
		told[s.ID] = s
	}
	for _, row := range out.Conflicts {
		was, known := found[row.ID]
		if !known && row.Status == Resolved && row.ReopenedAs != "" {
			continue // its new conflict says that
		}
		s, said := told[row.ID]
		delete(told, row.ID)
		if moved := !known || was.Status != row.Status || was.Version != row.Version; moved != said {
			w.t.Fatalf("conflict %s moved: %v; told: %v %+v", row.ID, moved, said, s)
		}
		if !said {
			continue
		}
		if s.Status != row.Status || s.Version != row.Version || s.Was != was.Status || s.Field != row.Field {
			w.t.Fatalf("conflict %s came from %s to %s, version %d; told: %+v", row.ID, was.Status, row.Status, row.Version, s)
		}
		for i, p := range row.Proposals {
			var before State
			if i < len(was.Proposals) {
				before = was.Proposals[i].State
			}
			n := slices.IndexFunc(s.Proposals, func(x ProposalStep) bool { return x.ID == p.ID })
			if (before != p.State) != (n >= 0) || n >= 0 && (s.Proposals[n].State != p.State || s.Proposals[n].Was != before) {
				w.t.Fatalf("proposal %s came from %q to %s; told: %+v", p.ID, before, p.State, s.Proposals)
			}
		}
	}
	if len(told) > 0 {
		w.t.Fatalf("told of conflicts that did not move: %+v", told)
	}
	if len(steps.Merged) != min(len(out.Merged), MaxSteps) {
		w.t.Fatalf("%d merged entries moved; told: %+v", len(out.Merged), steps.Merged)
	}
	if (steps.Phase == Introducing) != !w.rec.Listed() || (steps.Phase == Created) != (w.rec.Listed() && !listed) {
		w.t.Fatalf("listed before: %v, now: %v; told: %q", listed, w.rec.Listed(), steps.Phase)
	}
}

func sameKeys(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%s: changed are %q, want %q", what, got, want)
	}
}

func TestABatchTellsWhichKeysItsAuthorChanged(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.set("phone", f.s("1"))
		a.set("notes", f.s("x"))
		sameKeys(t, "two keys", a.push().Changed, "notes", "phone")
		a.set("budget", f.n(10))
		sameKeys(t, "a critical field, and the hub's answer", a.push().Changed, "budget")
		out := w.resolve("budget", Resolution{Action: Keep})
		sameKeys(t, "a decision", out.Changed)
		out = w.edit(olga, map[crdt.Path]crdt.Value{"email": f.s("z@example.org"), "budget": f.n(3)}, nil)
		sameKeys(t, "an edit of the API", out.Changed, "budget", "email")
		a.pull()
		a.change(func(b *crdt.Builder) {
			b.Set("venue", crdt.Value{Kind: crdt.Map, Map: map[string]crdt.Value{
				"rooms": {Kind: crdt.List, List: []crdt.Value{{Kind: crdt.Map, Map: map[string]crdt.Value{"name": f.s("hall")}}}},
			}})
		})
		sameKeys(t, "a map", a.push().Changed, "venue")
	})
}

func TestTheFirstBatchTellsAllKeysOfTheRecord(t *testing.T) {
	w := newWorld(t, DefaultPolicy())
	out := w.edit(olga, map[crdt.Path]crdt.Value{"name": scalars.s("Zoe"), "budget": scalars.n(1)}, nil)
	if out.Steps == nil || out.Steps.Phase != Created {
		t.Fatalf("steps %+v", out.Steps)
	}
	sameKeys(t, "created", out.Changed, "budget", "name")
}

func TestOfManyChangedKeysTheFirstAreNamed(t *testing.T) {
	w := newWorld(t, DefaultPolicy())
	w.edit(olga, map[crdt.Path]crdt.Value{"name": scalars.s("Zoe")}, nil)
	fields := make(map[crdt.Path]crdt.Value)
	for i := range 2 * MaxChanged {
		fields[crdt.Path("k"+string(rune('a'+i/26))+string(rune('a'+i%26)))] = scalars.n(1)
	}
	got := w.edit(olga, fields, nil).Changed
	if len(got) != MaxChanged+1 || got[MaxChanged] != ChangedMore || !slices.IsSorted(got[:MaxChanged]) {
		t.Fatalf("%d keys: %q", len(got), got)
	}
}

func TestAPostedActivityChangesNothing(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		w.kind, w.from = KindActivity, alice
		out := w.do(func(r *Record) *Outcome {
			o, err := r.Post(alice, Activity{Kind: "call", Text: "Called"}, w.policy, w.now)
			if err != nil {
				t.Fatal(err)
			}
			return o
		})
		if out.Activity == nil || out.Empty() || len(out.Stored) > 0 || out.LedgerChanged {
			t.Fatalf("outcome %+v", out)
		}
		if _, err := w.rec.Post(guest, Activity{Kind: "call", Text: "Called"}, w.policy, w.now); err != ErrForbidden {
			t.Fatalf("posted by a viewer: %v", err)
		}
	})
}

func TestActivitiesAreBoundedAndNamed(t *testing.T) {
	long := string(make([]byte, MaxActivityText+1))
	for member, bad := range map[string][]Activity{
		"kind": {{Text: "x"}, {Kind: "-a", Text: "x"}, {Kind: "a b", Text: "x"}, {Kind: "a.", Text: "x"}, {Kind: long, Text: "x"}},
		"text": {{Kind: "call"}, {Kind: "call", Text: long}, {Kind: "call", Text: "\xff"}},
		"data": {{Kind: "call", Text: "x", Data: []byte("{")}, {Kind: "call", Text: "x", Data: make([]byte, MaxActivityData+1)}},
	} {
		for _, a := range bad {
			err, is := a.Check().(*ActivityError)
			if !is || err.Member != member {
				t.Errorf("activity %.40q: got %v, want a fault of %s", a.Kind+a.Text, err, member)
			}
		}
	}
	if err := (&Activity{Kind: "crm.call-2", Text: "x", Data: []byte(`{"a":1}`)}).Check(); err != nil {
		t.Error(err)
	}
}
