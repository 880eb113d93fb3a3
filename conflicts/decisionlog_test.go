package conflicts

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wedsync/crdt"
)

// entries are all entries of a world's decision log.
func (w *world) entries() []LogEntry {
	var all []LogEntry
	for _, p := range w.pasts {
		all = append(all, p.Log...)
	}
	return all
}

// acts are the entries in few words.
func (w *world) acts() []string {
	var all []string
	for _, e := range w.entries() {
		all = append(all, strings.TrimSpace(string(e.Act)+" "+string(e.Field)+" "+string(e.Cause)+" "+string(e.Action)))
	}
	return all
}

func wantActs(t *testing.T, w *world, want ...string) {
	t.Helper()
	if got := w.acts(); !slices.Equal(got, want) {
		t.Fatalf("log\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestEveryDecisionAboutACriticalFieldIsLogged(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b.set("budget", f.n(20))
		b.push() // a proposal is no decision
		w.resolve("budget", Resolution{Action: Accept, Proposal: w.openID("budget", 0), Note: "they called"})
		b.pull()
		b.set("budget", f.n(30))
		b.push()
		former := w.pending("budget")
		w.resolve("budget", Resolution{Action: Keep})
		w.edit(olga, map[crdt.Path]crdt.Value{"venue_name": text("Castle"), "notes": text("x")}, nil)
		w.reopen(w.rows[former.ID])
		w.withdraw(olga, "budget", 0)
		wantActs(t, w,
			"decided venue_name created", "decided budget created",
			"decided budget resolution accept", "decided budget resolution keep",
			"decided venue_name edit", "reopened budget", "withdrawn budget")
		accepted := w.entries()[2]
		if accepted.Note != "they called" || accepted.By.User != "olga" || accepted.Proposal == "" || accepted.Conflict == "" ||
			accepted.Revision != 2 || !accepted.Value.Equal(f.n(20)) || accepted.Change.IsZero() {
			t.Fatalf("entry %+v", accepted)
		}
		if e := w.entries()[5]; e.Former != former.ID || e.Conflict == former.ID {
			t.Fatalf("entry %+v", e)
		}
	})
}

func TestPolicyMadeRevisionsAreLogged(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		p := modes(EveryEdit)
		p.Version++
		p.Fields = append(p.Fields, FieldPolicy{Path: "notes", Kind: Text, Review: EveryEdit})
		w.policy, w.kind, w.from = p, "policy", Principal{}
		at := w.now
		w.do(func(r *Record) *Outcome { return r.Judge(Judgement{Policy: p, Now: at}) })
		wantActs(t, w, "decided venue_name created", "decided budget created", "decided notes created")
	})
}

func TestWipedRecordBeginsANewLogAndSaysSo(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b.set("budget", f.n(20))
		b.push()
		w.resolve("budget", Resolution{Action: Keep})
		a.pull()
		w.restore(origin{})
		a.push()
		wantActs(t, w, "recovered", "decided budget recovered", "decided venue_name recovered")
		if e := w.entries()[0]; e.Number != 1 || !e.Previous.IsZero() || e.By.User != "alice" {
			t.Fatalf("entry %+v", e)
		}
	})
}

func TestRestoredRecordGoesOnWithTheLogOfItsBackupAndSaysSo(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		backup := w.backups[len(w.backups)-1]
		b.set("budget", f.n(20))
		b.push()
		w.resolve("budget", Resolution{Action: Accept, Proposal: w.openID("budget", 0)})
		b.pull()
		w.restore(backup)
		b.push()
		wantActs(t, w,
			"decided venue_name created", "decided budget created",
			"recovered", "decided budget recovered", "decided venue_name recovered")
	})
}

func TestLedgerOfAHubWithoutLogCountsWhatIsNotInIt(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		var old map[string]any
		if err := json.Unmarshal(w.ledger, &old); err != nil {
			t.Fatal(err)
		}
		old["version"] = 1
		delete(old, "log")
		bytes, err := json.Marshal(old)
		if err != nil {
			t.Fatal(err)
		}
		l, err := parseLedger(bytes)
		if err != nil {
			t.Fatal(err)
		}
		if want := (LogHead{Unlogged: 2}); l.Log != want || l.Version != ledgerVersion {
			t.Fatalf("log %+v of version %d, want %+v", l.Log, l.Version, want)
		}
	})
}

// drawEntry draws an entry with something in most members.
func drawEntry(t *rapid.T) LogEntry {
	word := func(label string) string { return rapid.String().Draw(t, label) }
	value := rapid.SampledFrom([]crdt.Value{
		{},
		num(7), text("<é> \u2028\u0000"), float(0.1), stamp(-1),
		{Kind: crdt.Null},
		{Kind: crdt.Bytes, Bytes: []byte{255}},
		{Kind: crdt.Map, Map: map[string]crdt.Value{"b": num(1), "a": text("x")}},
		{Kind: crdt.List, List: []crdt.Value{num(1)}},
	}).Draw(t, "value")
	return LogEntry{
		Number: rapid.Uint64().Draw(t, "number"), Previous: crdt.Hash{rapid.Byte().Draw(t, "previous")},
		Act: Act(word("act")), At: time.Unix(rapid.Int64Range(0, 1<<35).Draw(t, "at"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")),
		By:    Author{User: word("user"), Device: word("device"), Role: Owner, Actor: word("actor"), CarriedBy: word("carried")},
		Field: crdt.Path(word("field")), Revision: rapid.Uint64().Draw(t, "revision"), Value: value,
		Cause: Cause(word("cause")), Rule: rapid.IntRange(0, 13).Draw(t, "rule"), Change: crdt.Hash{rapid.Byte().Draw(t, "change")},
		Action: Action(word("action")), Note: word("note"), Conflict: word("conflict"), Proposal: word("proposal"), Former: word("former"),
	}
}

func TestStoredEntryHasTheHashItWasMadeWith(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEntry(t)
		stored, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var read LogEntry
		if err := json.Unmarshal(stored, &read); err != nil {
			t.Fatal(err)
		}
		if got, want := read.Hash(crdt.RecordID{1}), e.Hash(crdt.RecordID{1}); got != want {
			t.Fatalf("hash of %s is %s, was %s", stored, got, want)
		}
	})
}

func TestNothingOfAnEntryCanChangeWithoutItsHash(t *testing.T) {
	e := LogEntry{Number: 3, At: time.Unix(1, 0), Act: ActDecided, Field: "budget", Revision: 2, Value: num(5), Note: "ab", Conflict: "c"}
	seen := map[crdt.Hash]string{e.Hash(crdt.RecordID{1}): "nothing", e.Hash(crdt.RecordID{2}): "record"}
	for what, change := range map[string]func(*LogEntry){
		"number":   func(e *LogEntry) { e.Number++ },
		"previous": func(e *LogEntry) { e.Previous[31]++ },
		"act":      func(e *LogEntry) { e.Act = ActReopened },
		"time":     func(e *LogEntry) { e.At = e.At.Add(1) },
		"user":     func(e *LogEntry) { e.By.User = "eve" },
		"device":   func(e *LogEntry) { e.By.Device = "eve" },
		"role":     func(e *LogEntry) { e.By.Role = Owner },
		"actor":    func(e *LogEntry) { e.By.Actor = "eve" },
		"carrier":  func(e *LogEntry) { e.By.CarriedBy = "eve" },
		"field":    func(e *LogEntry) { e.Field = "venue_name" },
		"revision": func(e *LogEntry) { e.Revision++ },
		"value":    func(e *LogEntry) { e.Value = num(6) },
		"kind":     func(e *LogEntry) { e.Value = text("5") },
		"cause":    func(e *LogEntry) { e.Cause = CauseEdit },
		"rule":     func(e *LogEntry) { e.Rule = 7 },
		"change":   func(e *LogEntry) { e.Change[0]++ },
		"action":   func(e *LogEntry) { e.Action = Keep },
		"note":     func(e *LogEntry) { e.Note = "ac" },
		"boundary": func(e *LogEntry) { e.Note, e.Conflict = "a", "bc" },
		"conflict": func(e *LogEntry) { e.Conflict = "d" },
		"proposal": func(e *LogEntry) { e.Proposal = "p" },
		"former":   func(e *LogEntry) { e.Former = "f" },
	} {
		changed := e
		change(&changed)
		h := changed.Hash(crdt.RecordID{1})
		if other, taken := seen[h]; taken {
			t.Errorf("a changed %s gives the hash of a changed %s", what, other)
		}
		seen[h] = what
	}
}
