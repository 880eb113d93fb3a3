package conflicts

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"wedsync/crdt"
)

// examine examines what is stored of a world's record, which may have been
// changed.
func (w *world) examine(ledger []byte, pasts []Past, rows map[string]Conflict, merged map[string]Merged) []string {
	x := NewExamination(w.id, w.env, w.policy, ledger)
	for _, p := range pasts {
		x.Add(p)
	}
	var list []Conflict
	for _, row := range rows {
		list = append(list, row)
	}
	var found []string
	for _, f := range x.Finish(w.rec.graph.Heads(), list, slices.Collect(maps.Values(merged))) {
		if f.Advice == "" {
			w.t.Fatalf("nothing is advised about %q", f.What)
		}
		found = append(found, f.What)
	}
	return found
}

// decidedStory is a record with five decisions, one of them on a resolved
// conflict with a note, and a conflict that is pending.
func decidedStory(t *testing.T, play func(t *testing.T, w *world)) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b.set("budget", f.n(20))
		b.push()
		w.resolve("budget", Resolution{Action: Accept, Proposal: w.openID("budget", 0), Note: "they called"})
		w.edit(olga, map[crdt.Path]crdt.Value{"budget": num(30), "venue_name": text("Castle")}, nil)
		b.pull()
		b.set("venue_name", f.s("Tent"))
		b.push()
		play(t, w)
	})
}

func TestSoundRecordIsFoundSound(t *testing.T) {
	decidedStory(t, func(t *testing.T, w *world) {
		if found := w.examine(w.ledger, w.pasts, w.rows, w.mergedRows); len(found) > 0 {
			t.Fatalf("found %q", found)
		}
	})
}

// tamper gives the stored forms of a world, changed by text, to an examination.
func tamper(t *testing.T, w *world, inLedger, inPasts func(string) string) []string {
	t.Helper()
	ledger, pasts := string(w.ledger), slices.Clone(w.pasts)
	if inLedger != nil {
		if ledger = inLedger(ledger); ledger == string(w.ledger) {
			t.Fatalf("nothing was changed in %s", ledger)
		}
	}
	changed := inPasts == nil
	for i := range pasts {
		b, err := json.Marshal(pasts[i].Log)
		if err != nil {
			t.Fatal(err)
		}
		if inPasts == nil {
			continue
		}
		text := inPasts(string(b))
		changed = changed || text != string(b)
		pasts[i].Log = nil
		if err := json.Unmarshal([]byte(text), &pasts[i].Log); err != nil {
			t.Fatal(err)
		}
	}
	if !changed {
		t.Fatal("nothing was changed in the log")
	}
	return w.examine([]byte(ledger), pasts, w.rows, w.mergedRows)
}

func replacing(old, with string) func(string) string {
	return func(s string) string { return strings.ReplaceAll(s, old, with) }
}

func TestTamperingIsFoundWhereverItIs(t *testing.T) {
	decidedStory(t, func(t *testing.T, w *world) {
		last := w.entries()[len(w.entries())-1]
		for what, c := range map[string]struct {
			ledger, log func(string) string
			want        string // all in one finding
		}{
			"the note of a decision": {
				log:  replacing("they called", "nobody called"),
				want: "decision 3 (decided budget, revision 2,|does not have the hash that decision 4",
			},
			"who decided last": {
				log: func(s string) string {
					if strings.Contains(s, `"number":5`) {
						s = strings.ReplaceAll(s, "olga", "otto")
					}
					return s
				},
				want: "decision 5|does not have the hash that the ledger names",
			},
			"a decision left out": {
				log: func(s string) string {
					if strings.Contains(s, `"number":3`) {
						return "null"
					}
					return s
				},
				want: "follows decision 2: the ones between are missing",
			},
			"the last decision left out": {
				log: func(s string) string {
					if strings.Contains(s, `"number":5`) {
						return "null"
					}
					return s
				},
				want: "its decision log ends with decision 3, the ledger says 5",
			},
			"the accepted value": {
				ledger: replacing(`"shown":{"int":30}`, `"shown":{"int":31}`),
				want:   "budget is shown as another value than revision 3",
			},
			"a value in the ledger's revisions": {
				ledger: replacing(`{"value":{"text":"Castle"}`, `{"value":{"text":"Cellar"}`),
				want:   "(decided venue_name, revision 2,|has another value than revision 2 in the ledger",
			},
			"the end of the log in the ledger": {
				ledger: replacing(last.Hash(w.id).String(), strings.Repeat("a", 64)),
				want:   "decision 5|does not have the hash that the ledger names",
			},
			"revisions called older than the log": {
				ledger: replacing(`"log":{"count":5,`, `"log":{"unlogged":1,"count":5,`),
				want:   "0 revisions have no decision in the log, the ledger says 1",
			},
		} {
			found := tamper(t, w, c.ledger, c.log)
			if !slices.ContainsFunc(found, func(f string) bool {
				return !slices.ContainsFunc(strings.Split(c.want, "|"), func(part string) bool { return !strings.Contains(f, part) })
			}) {
				t.Errorf("%s: found %q, want %q", what, found, c.want)
			}
		}
	})
}

func TestRowsThatSayOtherwiseThanLedgerAndLogAreFound(t *testing.T) {
	decidedStory(t, func(t *testing.T, w *world) {
		for what, c := range map[string]struct {
			change func(rows map[string]Conflict, row Conflict)
			status Status // of the row to change
			want   string
		}{
			"the note": {func(rows map[string]Conflict, row Conflict) {
				d := *row.Decision
				d.Note = "nobody called"
				row.Decision = &d
				rows[row.ID] = row
			}, Resolved, "tells its decision otherwise than decision 3"},
			"a pending row is gone": {func(rows map[string]Conflict, row Conflict) {
				delete(rows, row.ID)
			}, Pending, "is pending, sync_conflicts does not say so"},
			"a second pending row": {func(rows map[string]Conflict, row Conflict) {
				row.ID = "another"
				rows[row.ID] = row
			}, Pending, "conflict another of venue_name is pending, the ledger does not know it"},
		} {
			rows := map[string]Conflict{}
			var chosen Conflict
			for id, row := range w.rows {
				rows[id] = row
				if row.Status == c.status {
					chosen = row
				}
			}
			c.change(rows, chosen)
			if found := w.examine(w.ledger, w.pasts, rows, w.mergedRows); len(found) != 1 || !strings.Contains(found[0], c.want) {
				t.Errorf("%s: found %q, want %q", what, found, c.want)
			}
		}
	})
}

func TestMergedEntriesThatSayOtherwiseThanTheLedgerAreFound(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		for _, key := range []crdt.Path{"phone", "email"} {
			a.set(key, f.s("a"))
			b.set(key, f.s("b"))
		}
		a.push()
		b.push()
		w.dismissMerged(bob, "email")
		m := w.merged("phone")
		if found := w.examine(w.ledger, w.pasts, w.rows, w.mergedRows); len(found) > 0 {
			t.Fatalf("found %q", found)
		}
		other := m
		other.Values = slices.Clone(m.Values)
		other.Values[1].Author.User = "mallory"
		for what, c := range map[string]struct {
			change func(rows map[string]Merged)
			want   string
		}{
			"another author": {
				func(rows map[string]Merged) { rows[m.ID] = other },
				"merged entry " + m.ID + " of phone is stored otherwise than the ledger has it",
			},
			"an entry is gone": {
				func(rows map[string]Merged) { delete(rows, m.ID) },
				"merged entry " + m.ID + " of phone is open in the ledger alone",
			},
			"an entry is closed": {
				func(rows map[string]Merged) {
					closed := m
					closed.Status = MergedDismissed
					rows[m.ID] = closed
				},
				"merged entry " + m.ID + " of phone is open in the ledger alone",
			},
			"a closed entry is open": {
				func(rows map[string]Merged) {
					for id, row := range rows {
						row.Status = MergedOpen
						rows[id] = row
					}
				},
				" of email is open, the ledger does not know it",
			},
		} {
			rows := maps.Clone(w.mergedRows)
			c.change(rows)
			if found := w.examine(w.ledger, w.pasts, w.rows, rows); len(found) != 1 || !strings.Contains(found[0], c.want) {
				t.Errorf("%s: found %q, want %q", what, found, c.want)
			}
		}
		change := m.Values[1].Change.String()
		strange := strings.ReplaceAll(string(w.ledger), change, strings.Repeat("a", 64))
		found := w.examine([]byte(strange), w.pasts, w.rows, w.mergedRows)
		if !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, "which the record does not hold") }) {
			t.Errorf("a value of an unknown change: found %q", found)
		}
	})
}

func TestDamagedChangesAndLedgersAreFound(t *testing.T) {
	decidedStory(t, func(t *testing.T, w *world) {
		pasts := slices.Clone(w.pasts)
		pasts[1].Chunks = [][]byte{slices.Clone(pasts[1].Chunks[0])}
		pasts[1].Chunks[0][20]++
		if found := w.examine(w.ledger, pasts, w.rows, w.mergedRows); len(found) != 1 || !strings.Contains(found[0], "its changes cannot be read: batch 1: change 0") {
			t.Errorf("a damaged change: found %q", found)
		}
		if found := w.examine([]byte(`{"version":99}`), w.pasts, w.rows, w.mergedRows); len(found) != 1 || !strings.Contains(found[0], "its ledger cannot be read") {
			t.Errorf("a ledger of the future: found %q", found)
		}
		x := NewExamination(w.id, w.env, w.policy, w.ledger)
		for _, p := range w.pasts {
			x.Add(p)
		}
		if found := x.Finish([]crdt.Hash{{1}}, nil, nil); !strings.Contains(found[len(found)-1].What, "lead to other heads") {
			t.Errorf("other heads: found %+v", found)
		}
	})
}

func TestHighCountersAreAWarning(t *testing.T) {
	w := newWorld(t, modes(EveryEdit))
	w.env.Limits.OpGap = 2 * CounterWarning // else it takes 8,192 changes
	a := w.device(alice)
	first := a.set("budget", num(1))
	a.push()
	c := *decode(t, first.Raw)
	c.Deps, c.Seq, c.StartOp = w.rec.graph.Heads(), 2, CounterWarning
	c.Ops[0].ID.Counter, c.Ops[0].Key = CounterWarning, "notes"
	raw := crdt.Encode(&c)
	x := NewExamination(w.id, w.env, w.policy, w.ledger)
	for _, p := range w.pasts {
		x.Add(p)
	}
	x.Add(Past{StoredBatch: StoredBatch{Chunks: [][]byte{raw}}})
	found := x.Finish([]crdt.Hash{decode(t, raw).Hash}, nil, nil)
	if len(found) != 1 || !found[0].Warning || !strings.Contains(found[0].What, "counted up to 536870912") {
		t.Fatalf("found %+v", found)
	}
}

// checkStored has everything that is stored examined.
func (w *world) checkStored() {
	w.t.Helper()
	if found := w.examine(w.ledger, w.pasts, w.rows, w.mergedRows); len(found) > 0 {
		w.t.Fatalf("found in what is stored: %q", found)
	}
}

func TestRecordOfAHubWithoutLogIsFoundSoundAndGoesOn(t *testing.T) {
	decidedStory(t, func(t *testing.T, w *world) {
		for i := range w.pasts {
			w.pasts[i].Log = nil
		}
		var old map[string]any
		if err := json.Unmarshal(w.ledger, &old); err != nil {
			t.Fatal(err)
		}
		old["version"] = 1
		delete(old, "log")
		ledger, err := json.Marshal(old)
		if err != nil {
			t.Fatal(err)
		}
		w.ledger, w.replay = ledger, nil
		w.checkStored()
		if w.rec, err = Load(w.id, w.env, w.policy, w.ledger, w.batches); err != nil {
			t.Fatal(err)
		}
		w.log = w.rec.ledger.Log
		w.edit(olga, map[crdt.Path]crdt.Value{"budget": num(40)}, nil)
		w.replay = nil
		w.checkStored()
		if n := len(w.entries()); n != 1 || w.entries()[0].Number != 1 || w.entries()[0].Revision != 4 {
			t.Fatalf("log %+v", w.entries())
		}
	})
}

// FuzzExamination gives the doctor whatever may stand in a file.
func FuzzExamination(f *testing.F) {
	w := newWorld(f, modes(EveryEdit))
	a, b := w.device(alice), w.device(bob)
	a.set("budget", num(1))
	a.push()
	b.pull()
	b.set("budget", num(2))
	b.push()
	w.resolve("budget", Resolution{Action: Keep, Note: "x"})
	a.set("phone", text("0171"))
	b.set("phone", text("0172"))
	a.push()
	b.push()
	w.merged("phone")
	for i, p := range w.pasts {
		entries, err := json.Marshal(p.Log)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(w.ledger, entries, uint8(i))
	}
	f.Fuzz(func(t *testing.T, ledger, entries []byte, at uint8) {
		pasts := slices.Clone(w.pasts)
		p := &pasts[int(at)%len(pasts)]
		p.Log = nil
		if json.Unmarshal(entries, &p.Log) != nil {
			return
		}
		w.examine(ledger, pasts, w.rows, w.mergedRows)
		h, err := NewHistory(w.id, w.env, w.policy, ledger, "")
		if err != nil {
			return
		}
		for _, p := range pasts {
			if err := h.Add(p); err != nil {
				t.Fatal(err)
			}
		}
		h.Page(HistoryQuery{Limit: 100})
	})
}
