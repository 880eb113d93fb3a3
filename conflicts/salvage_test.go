package conflicts

import (
	"testing"

	"wedsync/crdt"
)

// refusedOf are the changes that outcomes refused.
func refusedOf(outs ...*Outcome) (raws [][]byte) {
	for _, out := range outs {
		for _, refusal := range out.Refused {
			raws = append(raws, refusal.Raw)
		}
	}
	return raws
}

func TestCriticalEditsOfACopyThatEquivocatesAreListedToBeEnteredAgain(t *testing.T) {
	w, a, _ := textWorld(t, modes(ConflictingEdits))
	restored := w.device(alice) // the same device, from a backup
	restored.actor = a.actor
	restored.copyFrom(a)
	a.set("budget", num(2))
	a.push()

	restored.set("notes", crdt.Value{Kind: crdt.Str, Str: "peonies"}) // of the refused change itself
	first := restored.push()
	restored.typeInto("venue_name", "Barn by the lake")
	second := restored.push()
	restored.set("budget", num(2)) // counts anyway
	restored.set("wedding_date", crdt.Value{Kind: crdt.Str, Str: "2027-06-12"})
	third := restored.push()
	refused := refusedOf(first, second, third)
	if len(refused) == 0 {
		t.Fatal("nothing was refused")
	}
	got := w.rec.Salvage(refused)
	want := map[crdt.Path]string{"venue_name": "Barn by the lake", "wedding_date": "2027-06-12"}
	for _, e := range got {
		if want[e.Field] != e.Value.Str || e.EditedAt.IsZero() {
			t.Errorf("listed %+v", e)
		}
		delete(want, e.Field)
	}
	if len(want) > 0 {
		t.Errorf("not listed: %v", want)
	}
	if got := w.rec.Salvage([][]byte{{1, 2, 3}}); len(got) != 0 {
		t.Errorf("of nonsense: %+v", got)
	}
	w.checkReplay() // reading changes nothing
}

func TestCriticalEditsUnderAnothersActorAreListedToBeEnteredAgain(t *testing.T) {
	w, a, b := textWorld(t, modes(ConflictingEdits))
	a.set("notes", num(1))
	a.push() // binds the actor to alice
	b.pull()
	b.actor = a.actor
	b.set("budget", num(7))
	out := b.push()
	if got := w.rec.Salvage(refusedOf(out)); len(got) != 1 || got[0].Field != "budget" || got[0].Value.Int != 7 {
		t.Errorf("listed %+v of %+v", got, out.Refused)
	}
}
