package conflicts

import (
	"slices"
	"testing"

	"wedsync/crdt"
)

// textWorld is a record whose venue is a text that alice and bob have.
func textWorld(t *testing.T, p *Policy) (w *world, a, b *device) {
	t.Helper()
	w = newWorld(t, p)
	a, b = w.device(alice), w.device(bob)
	a.set("venue_name", crdt.Value{Kind: crdt.Text, Str: "Barn"})
	a.set("budget", num(1))
	a.push()
	a.pull()
	b.pull()
	return w, a, b
}

func TestOnlyEditsInsideAStandingTextAreTyping(t *testing.T) {
	for _, review := range []Review{EveryEdit, ConflictingEdits} {
		_, a, b := textWorld(t, modes(review))
		told := func(want bool, what string, d *device, edit func()) {
			t.Helper()
			edit()
			if out := d.push(); out.Typed != want {
				t.Errorf("%s: %s is called typing: %v", review, what, out.Typed)
			}
			d.pull()
		}
		told(true, "a letter", a, func() { a.typeInto("venue_name", "Barns") })
		told(true, "a space that means nothing", a, func() { a.typeInto("venue_name", a.value("venue_name").Str+" ") })
		told(false, "a text that is replaced", a, func() { a.set("venue_name", crdt.Value{Kind: crdt.Text, Str: "Mill"}) })
		told(false, "a number", a, func() { a.set("budget", num(2)) })
		told(false, "an ordinary text", a, func() { a.typeInto("notes", "peonies") })
		// While another text stands there, the one that was replaced is typed into.
		b.pull()
		b.typeInto("venue_name", b.value("venue_name").Str+"!")
		a.set("venue_name", crdt.Value{Kind: crdt.Text, Str: "Abbey"})
		a.push()
		told(true, "a letter in a text that others replaced", b, func() {})
	}
}

func TestOnlyAValueThatWasMirroredAwayIsSetAgain(t *testing.T) {
	for _, review := range []Review{EveryEdit, Locked} {
		_, a, b := textWorld(t, modes(review))
		push := func(d *device, path crdt.Path, v crdt.Value, want ...crdt.Path) {
			t.Helper()
			d.pull()
			d.set(path, v)
			if out := d.push(); !slices.Equal(out.Repeated, want) {
				t.Errorf("%s: %s sets %s: repeated %v, want %v", review, d.who.User, v.Str, out.Repeated, want)
			}
		}
		mill := crdt.Value{Kind: crdt.Text, Str: "Mill"}
		push(a, "budget", num(2))
		for range 3 {
			push(a, "budget", num(2), "budget")
		}
		push(b, "budget", num(2)) // ben agrees, he does not fight
		push(a, "budget", num(3)) // another value
		push(a, "venue_name", mill)
		push(a, "venue_name", mill, "venue_name")
		push(a, "venue_name", crdt.Value{Kind: crdt.Str, Str: " Mill "}, "venue_name")
		// Typing on, on top of a mirror, is no fight.
		for _, letter := range []string{"A", "b", "b", "e", "y"} {
			a.pull()
			a.typeInto("venue_name", a.value("venue_name").Str+letter)
			if out := a.push(); len(out.Repeated) > 0 {
				t.Errorf("%s: typing %q is called a repetition", review, letter)
			}
		}
	}
}
