package conflicts

import (
	"errors"
	"testing"

	"wedsync/crdt"
)

func fieldsOf(pairs ...any) map[crdt.Path]crdt.Value {
	m := make(map[crdt.Path]crdt.Value)
	for i := 0; i < len(pairs); i += 2 {
		m[crdt.Path(pairs[i].(string))] = pairs[i+1].(crdt.Value)
	}
	return m
}

func TestAPICreatesARecordByTheFirstValueRule(t *testing.T) {
	for _, who := range []Principal{alice, olga} {
		w := newWorld(t, modes(EveryEdit))
		out := w.edit(who, fieldsOf("name", text("Ann & Ben"), "wedding_date", text("2027-06-12"), "budget", num(12500)), nil)
		if !w.rec.Listed() || len(out.Stored) != 1 || out.Hub == nil {
			t.Fatalf("outcome %+v", out)
		}
		w.verdict(out, "wedding_date", EditAccepted, "", 6)
		w.accepted("budget", num(12500), 1)
		w.accepted("venue_name", crdt.Value{}, 0)
		d := w.device(bob)
		d.pull()
		if got := d.value("wedding_date"); !got.Equal(text("2027-06-12")) {
			t.Fatalf("a device shows %+v", got)
		}
		w.checkReplay()
	}
	w := newWorld(t, modes(ConflictingEdits))
	out := w.edit(crm, fieldsOf("budget", num(12500)), nil)
	w.verdict(out, "budget", EditDiverted, NeedsReview, 13)
	w.accepted("budget", crdt.Value{}, 0)
}

func TestDivertedAPIValueIsAProposalAlone(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		out := w.edit(bob, fieldsOf("budget", num(77), "notes", text("hello you")), nil)
		v := w.verdict(out, "budget", EditDiverted, NeedsReview, 13)
		if v.Conflict != w.rec.View().Pending["budget"] || v.Proposal == "" || v.Change != "" {
			t.Fatalf("verdict %+v", v)
		}
		a.pull()
		if got := a.value("budget"); !got.Equal(f.n(1)) {
			t.Fatalf("a device shows %+v", got)
		}
		if got := a.value("notes"); !got.Equal(text("hello you")) {
			t.Fatalf("notes are %+v", got)
		}
		for i := range w.rec.graph.Len() {
			c := decode(t, w.rec.graph.At(i).Raw)
			for _, op := range c.Ops {
				if op.Value.Equal(num(77)) {
					t.Fatal("the proposal's value is in the document")
				}
			}
		}
		// The same author goes on, over the API and on the phone.
		out = w.edit(bob, fieldsOf("budget", num(78)), nil)
		w.verdict(out, "budget", EditDiverted, NeedsReview, 4)
		values(t, w.open("budget"), 78)
		out = w.edit(bob, fieldsOf("budget", num(1)), nil)
		w.verdict(out, "budget", EditNoChange, "", 2)
		w.noPending("budget")
		a.pull()
		if got := a.value(marksPath); len(got.Map) != 0 {
			t.Fatalf("sync_conflicts is %+v", got)
		}
	})
}

func TestIfMatchSaysWhatTheCallerKnew(t *testing.T) {
	story(t, modes(ConflictingEdits), func(t *testing.T, w *world, f form, a, b *device) {
		w.verdict(w.edit(bob, fieldsOf("budget", num(2)), map[crdt.Path]uint64{"budget": 1}), "budget", EditAccepted, "", 12)
		w.verdict(w.edit(bob, fieldsOf("budget", num(3)), map[crdt.Path]uint64{"budget": 1}), "budget", EditDiverted, StaleBase, 10)
		w.verdict(w.edit(alice, fieldsOf("venue_name", text("Castle")), nil), "venue_name", EditAccepted, "", 12)
		b.pull()
		if got := b.value("budget"); !got.Equal(num(2)) {
			t.Fatalf("a device shows %+v", got)
		}
		b.set("venue_name", f.s("Palace"))
		w.verdict(b.push(), "venue_name", EditAccepted, "", 12)
	})
}

func TestAPIEditOfATextIsTheSmallestSplice(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		w.edit(olga, fieldsOf("notes", text("hello world")), nil)
		b.pull()
		b.typeInto("notes", "hello world!")
		out := w.edit(olga, fieldsOf("notes", text("hello, world")), nil)
		if got := out.Hub.NumOps; got != 1 {
			t.Fatalf("%d operations", got)
		}
		b.push()
		b.pull()
		if got := b.value("notes"); got.Str != "hello, world!" {
			t.Fatalf("notes are %q", got.Str)
		}
		if out := w.edit(olga, fieldsOf("notes", text("hello, world!")), nil); out.Hub != nil || !out.Empty() {
			t.Fatal("an edit that says nothing new was stored")
		}
		w.edit(olga, fieldsOf("notes", crdt.Value{Kind: crdt.Null}), nil)
		b.pull()
		if got := b.value("notes"); got.Kind != crdt.Missing {
			t.Fatalf("cleared notes are %+v", got)
		}
	})
}

func TestAPIWritesOnlyWhatItMay(t *testing.T) {
	p := modes(EveryEdit)
	p.Fields = append(p.Fields, FieldPolicy{Path: "venue.name", Kind: Text, Review: EveryEdit})
	story(t, p, func(t *testing.T, w *world, f form, a, b *device) {
		for _, fields := range []map[crdt.Path]crdt.Value{
			fieldsOf("sync_conflicts", text("x")),
			fieldsOf("sync_conflicts.budget", text("x")),
			fieldsOf("", text("x")),
			fieldsOf("a..b", text("x")),
			fieldsOf("venue", crdt.Value{Kind: crdt.Map}),
			fieldsOf("budget.amount", num(1)),
			fieldsOf("a", crdt.Value{Kind: crdt.Map}, "a.b", num(1)),
		} {
			before := string(w.rec.Ledger())
			_, err := w.rec.Edit(Edit{From: olga, Fields: fields, Policy: w.policy, Now: w.now})
			var field *FieldError
			if !errors.As(err, &field) {
				t.Fatalf("%v: %v", fields, err)
			}
			if string(w.rec.Ledger()) != before {
				t.Fatalf("%v changed the ledger", fields)
			}
		}
		if _, err := w.rec.Edit(Edit{From: guest, Fields: fieldsOf("notes", text("x")), Policy: w.policy, Now: w.now}); !errors.Is(err, ErrForbidden) {
			t.Fatalf("a viewer got %v", err)
		}
		out := w.edit(olga, fieldsOf("venue.name", text("Castle"), "venue.city", text("Kiel")), nil)
		w.verdict(out, "venue.name", EditAccepted, "", 6)
	})
}

func TestAPIEditWithAKnownKeyIsDecidedOnce(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		e := Edit{From: bob, Fields: fieldsOf("budget", num(77)), Key: "k", Policy: w.policy}
		for range 2 {
			w.seen[name(num(77))] = true
			w.do(func(r *Record) *Outcome {
				if e.Now.IsZero() {
					e.Now = w.now
				}
				out, err := r.Edit(e)
				if err != nil {
					t.Fatal(err)
				}
				return out
			})
		}
		if row := w.pending("budget"); row.Version != 1 || len(row.Proposals) != 1 {
			t.Fatalf("conflict %+v", row)
		}
	})
}
