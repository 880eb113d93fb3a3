package conflicts

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"

	"wedsync/crdt"
)

func FuzzLedger(f *testing.F) {
	w := newWorld(f, modes(ConflictingEdits))
	a, b := w.device(alice), w.device(bob)
	a.set("budget", scalars.n(1))
	a.push()
	f.Add(w.ledger)
	b.pull()
	b.set("budget", scalars.n(2))
	a.set("budget", texts.n(3))
	b.push()
	a.push()
	f.Add(w.ledger)
	f.Add([]byte(`{"version":1,"fields":{"budget":null}}`))
	f.Add([]byte(`{"version":1,"fields":{"budget":{"pending":{}}}}`))
	f.Add([]byte(`{"version":1,"actors":{"zz":{}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := parseLedger(b)
		if err != nil {
			return
		}
		l.view()
		once := (&Record{ledger: l}).Ledger()
		if plain, err := json.Marshal(l); err != nil || !bytes.Equal(once, plain) {
			t.Fatalf("got  %s\nwant %s, %v", once, plain, err)
		}
		again, err := parseLedger(once)
		if err != nil {
			t.Fatalf("%s: %v", once, err)
		}
		if twice := (&Record{ledger: again}).Ledger(); !bytes.Equal(once, twice) {
			t.Fatalf("got %s, want %s", twice, once)
		}
	})
}

func TestLedgerOfALaterHubIsRefused(t *testing.T) {
	for _, b := range []string{`{"version":4}`, `{"version":0}`, `[]`, `{`, `{"version":1,"fields":{"budget":null}}`, `{"version":1,"fields":{"budget":{"pending":{}}}}`, `{"version":1,"answers":[{"from":-1,"to":2}]}`, `{"version":1,"awaiting":{"from":-1}}`, `{"version":1,"epoch":18446744073709551615}`} {
		if _, err := ReadLedger([]byte(b)); err == nil {
			t.Errorf("%s was read", b)
		}
	}
	v, err := ReadLedger(nil)
	if err != nil || v.Listed || len(v.Accepted) != 0 {
		t.Errorf("no ledger reads as %+v, %v", v, err)
	}
}

func TestReadLedgerTellsWhatCounts(t *testing.T) {
	w := newWorld(t, modes(ConflictingEdits))
	a, b := w.device(alice), w.device(bob)
	a.change(func(c *crdt.Builder) {
		c.Set("budget", text("12500.00"))
		c.Set("wedding_date", stamp(1_812_801_600_000))
	})
	a.push()
	b.pull()
	b.set("budget", num(13000))
	a.set("budget", num(14000))
	b.push()
	a.push()
	v, err := ReadLedger(w.ledger)
	if err != nil {
		t.Fatal(err)
	}
	if got := v.Accepted["wedding_date"].Value; !got.Equal(str("2027-06-12")) {
		t.Errorf("wedding_date reads %+v", got)
	}
	budget := v.Accepted["budget"]
	if !budget.Value.Equal(num(13000)) || budget.Revision != 2 || budget.DecidedBy.User != "bob" || budget.Cause != CauseEdit {
		t.Errorf("budget reads %+v", budget)
	}
	if _, critical := v.Accepted["venue_name"]; !critical {
		t.Error("a critical field that was never set is not told")
	}
	if v.Revision != 3 || !v.Listed || v.Pending["budget"] == "" || len(v.Pending) != 1 {
		t.Errorf("view %+v", v)
	}
}

func TestBatchThatTouchesNothingWatchedLeavesTheLedgerAlone(t *testing.T) {
	w := newWorld(t, modes(EveryEdit))
	a := w.device(alice)
	a.set("budget", scalars.n(1))
	a.push()
	a.ramble(1)
	if out := a.push(); !out.LedgerChanged {
		t.Fatal("the new binding is not told")
	}
	a.ramble(3)
	if out := a.push(); out.LedgerChanged || out.Hub != nil || len(out.Stored) != 3 || len(out.Verdicts) != 0 {
		t.Fatalf("outcome %+v", out)
	}
}

func BenchmarkReceiveAnOrdinaryChange(b *testing.B) {
	w := newWorld(b, modes(EveryEdit))
	d := w.device(alice)
	d.set("budget", scalars.n(1))
	d.push()
	d.ramble(1)
	d.push()
	const batch = 2000
	var raws [][]byte
	for len(raws) < batch {
		raws = append(raws, d.set("notes", num(int64(len(raws)))).Raw)
	}
	changes := make([]*crdt.Change, batch)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if i%batch == 0 {
			b.StopTimer()
			rec, err := Load(w.id, w.env, w.policy, w.ledger, w.batches)
			if err != nil {
				b.Fatal(err)
			}
			w.rec = rec
			for j, raw := range raws {
				changes[j] = decode(b, raw)
			}
			b.StartTimer()
		}
		w.rec.Receive(Delivery{From: alice, Changes: changes[i%batch : i%batch+1], Policy: w.policy, Now: w.now})
	}
}

func TestValuesThatJSONLacksSurviveInTheLedger(t *testing.T) {
	policy := modes(EveryEdit)
	policy.Fields = append(policy.Fields, FieldPolicy{Path: "notes", Kind: Any, Review: ConflictingEdits})
	for _, v := range []crdt.Value{
		float(math.NaN()), float(math.Inf(1)), float(math.Copysign(0, -1)),
		{Kind: crdt.Bytes, Bytes: []byte{0, 255}},
		stamp(math.MinInt64), stamp(math.MaxInt64), unsigned(math.MaxUint64), num(math.MinInt64), counter(-5),
		str("\x00\u2028"),
		{Kind: crdt.List, List: []crdt.Value{float(math.NaN()), text("x")}},
		{Kind: crdt.Map, Map: map[string]crdt.Value{"": num(1), "b.c": {Kind: crdt.Null}}},
	} {
		story(t, policy, func(t *testing.T, w *world, f form, a, b *device) {
			for _, path := range []crdt.Path{"notes", "budget", "wedding_date", "venue_name"} {
				b.set(path, v)
			}
			b.push() // loads the ledger again
			w.accepted("notes", v, 2)
			for _, path := range []crdt.Path{"wedding_date", "budget"} {
				if row, pending := w.rows[w.rec.View().Pending[path]]; pending {
					w.resolve(path, Resolution{Action: Accept, Proposal: row.open()[0].ID})
				}
			}
			b.pull()
			if got := b.value("notes"); !got.Equal(v) {
				t.Fatalf("a device shows %+v, want %+v", got, v)
			}
		})
	}
}
