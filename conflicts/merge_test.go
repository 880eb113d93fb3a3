package conflicts

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wedsync/crdt"
)

// merged is the open entry of a field.
func (w *world) merged(path crdt.Path) Merged {
	w.t.Helper()
	row, ok := w.mergedRows[w.rec.View().Merged[path]]
	if !ok || row.Status != MergedOpen {
		w.t.Fatalf("no entry about %s is open", path)
	}
	return row
}

func (w *world) noMerged(path crdt.Path) {
	w.t.Helper()
	if id, ok := w.rec.View().Merged[path]; ok {
		w.t.Fatalf("%s has an open entry: %+v", path, w.mergedRows[id])
	}
}

// sides checks the values of an entry: the first shows.
func sides(t *testing.T, m Merged, want ...any) {
	t.Helper()
	var got []any
	for _, v := range m.Values {
		got = append(got, v.Value.JSON())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("other values (-want +got):\n%s", diff)
	}
}

// use has somebody choose a value of a field's entry.
func (w *world) use(who Principal, path crdt.Path, n int) *Outcome {
	w.t.Helper()
	m := w.merged(path)
	u := MergedUse{By: who, Entry: m.ID, Value: m.Values[n].Change, Policy: w.policy}
	w.kind, w.from = KindUse, who
	return w.do(func(r *Record) *Outcome {
		if u.Now.IsZero() {
			u.Now = w.now
		}
		out, err := r.UseMerged(u)
		if err != nil {
			w.t.Fatalf("use: %v", err)
		}
		return out
	})
}

func (w *world) dismissMerged(who Principal, path crdt.Path) *Outcome {
	w.t.Helper()
	id, now := w.merged(path).ID, w.now
	w.kind, w.from = KindDismiss, who
	return w.do(func(r *Record) *Outcome {
		out, err := r.DismissMerged(who, id, w.policy, now)
		if err != nil {
			w.t.Fatalf("dismiss: %v", err)
		}
		return out
	})
}

func TestTwoValuesOfAnOrdinaryFieldMakeAnEntryAndTheOtherCanBeUsed(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b.ramble(3) // so that b's value shows
		b.set("phone", f.s("0172"))
		c := a.set("phone", f.s("0171"))
		a.push()
		w.noMerged("phone")
		out := b.push()
		if out.Hub != nil || len(out.Merged) != 1 {
			t.Fatalf("outcome %+v", out)
		}
		m := w.merged("phone")
		sides(t, m, "0172", "0171")
		shown, other := m.Values[0], m.Values[1]
		if shown.Author.User != "bob" || shown.Author.Device != "bob-1" || !shown.ReceivedAt.Equal(w.now) || shown.EditedAt.Unix() != b.clock {
			t.Errorf("shown %+v", shown)
		}
		if other.Author.User != "alice" || other.Change != c.Hash || !other.ReceivedAt.IsZero() || other.Source != FromDevice {
			t.Errorf("other %+v", other)
		}
		a.pull()
		if got := a.value("phone"); !got.Equal(f.s("0172")) {
			t.Fatalf("a device shows %+v", got)
		}
		out = w.use(olga, "phone", 1)
		closed := w.mergedRows[m.ID]
		if out.Hub == nil || closed.Status != MergedUsed || closed.Used != c.Hash || closed.ClosedBy.User != "olga" || closed.Version != 2 {
			t.Fatalf("closed as %+v", closed)
		}
		for _, d := range []*device{a, b} {
			d.pull()
			if got := d.value("phone"); !got.Equal(f.s("0171")) {
				t.Fatalf("%s shows %+v", d.who.Device, got)
			}
		}
		w.noMerged("phone")
	})
}

func TestEntryClosesWhenSomebodyWritesKnowingAllValues(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.set("phone", f.s("0171"))
		b.set("phone", f.s("0172"))
		a.push()
		b.push()
		id := w.merged("phone").ID
		a.set("phone", f.s("0173")) // knows its own alone
		a.push()
		if m := w.merged("phone"); m.ID != id || m.Version != 2 || len(m.Values) != 2 {
			t.Fatalf("entry %+v", m)
		}
		b.pull()
		b.set("phone", f.s("0174"))
		b.push()
		m := w.mergedRows[id]
		if m.Status != MergedSuperseded || m.ClosedBy.User != "bob" || !m.Used.IsZero() {
			t.Fatalf("closed as %+v", m)
		}
		w.noMerged("phone")
	})
}

func TestSameValueTwiceMakesNoEntry(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.set("phone", f.s("0171"))
		b.set("phone", text("0171"))
		a.push()
		b.push()
		w.noMerged("phone")
		if len(w.mergedRows) != 0 {
			t.Fatalf("entries %+v", w.mergedRows)
		}
	})
}

func TestTypingIntoOneTextMakesNoEntry(t *testing.T) {
	w := newWorld(t, modes(EveryEdit))
	a := w.device(alice)
	a.typeInto("notes", "peonies")
	a.push()
	b := w.device(bob)
	b.pull()
	a.typeInto("notes", "peonies, white")
	b.typeInto("notes", "peonies!")
	a.push()
	b.push()
	w.noMerged("notes")
	w.checkReplay()
}

func TestDeletionBesideAValueMakesAnEntryWhoeverComesFirst(t *testing.T) {
	for _, deletesFirst := range []bool{true, false} {
		story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
			a.set("notes", crdt.Value{})
			b.set("notes", f.s("bring the rings"))
			if deletesFirst {
				a.push()
				b.push()
			} else {
				b.push()
				a.push()
			}
			m := w.merged("notes")
			sides(t, m, "bring the rings", nil)
			if m.Values[1].Author.User != "alice" {
				t.Errorf("deleted by %+v", m.Values[1])
			}
			w.use(bob, "notes", 1)
			b.pull()
			if got := b.value("notes"); got.Kind != crdt.Missing {
				t.Errorf("the deletion was used, and a device shows %+v", got)
			}
			w.noMerged("notes")
		})
	}
}

func TestChoicesAboutAMergedEntryAreToldInTheHistory(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b.ramble(3) // so that b's values show
		for _, key := range []crdt.Path{"phone", "email"} {
			a.set(key, f.s("a"))
			b.set(key, f.s("b"))
		}
		a.push()
		b.push()
		w.use(olga, "phone", 1)
		w.dismissMerged(bob, "email")
		b.pull()
		a.pull()
		b.set("email", crdt.Value{})
		a.set("email", f.s("c"))
		a.push()
		b.push()
		w.use(bob, "email", 0)
		wantLines(t, w.lines(HistoryQuery{Field: "phone"}),
			"sync phone: <nil> → a, alice",
			"sync phone: <nil> → b, bob",
			"use phone: b → a, olga",
		)
		wantLines(t, w.lines(HistoryQuery{Field: "email"}),
			"sync email: <nil> → a, alice",
			"sync email: <nil> → b, bob",
			"dismiss email: b → b, bob",
			"sync email: b → c, alice",
			"sync email: b → <nil>, bob",
			"use email: c → c, bob", // against the deletion
		)
		if all := w.lines(HistoryQuery{Author: "olga"}); len(all) != 1 || all[0] != "use phone: b → a, olga" {
			t.Errorf("olga's history %q", all)
		}
	})
}

func TestWhatShowsCanBeUsedAgainstADeletion(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.set("notes", crdt.Value{})
		b.set("notes", f.s("bring the rings"))
		a.push()
		b.push()
		id := w.merged("notes").ID
		w.use(bob, "notes", 0)
		if m := w.mergedRows[id]; m.Status != MergedUsed {
			t.Errorf("closed as %+v", m)
		}
		b.pull()
		if got := b.value("notes"); !got.Equal(f.s("bring the rings")) {
			t.Errorf("a device shows %+v", got)
		}
	})
}

func TestThirdValueJoinsTheEntry(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		c := w.device(olga)
		c.pull()
		for i, d := range []*device{a, b, c} {
			d.set("phone", f.s(fmt.Sprint("017", i)))
			d.push()
		}
		m := w.merged("phone")
		if len(m.Values) != 3 || m.Version != 2 {
			t.Fatalf("entry %+v", m)
		}
		w.use(alice, "phone", 2)
		a.pull()
		if got := a.value("phone"); !got.Equal(m.Values[2].Value) {
			t.Fatalf("a device shows %+v, chosen was %+v", got, m.Values[2])
		}
	})
}

func TestOneAuthorsTwoDevicesMakeAnEntryToo(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, _ *device) {
		second := w.device(Principal{Supplier: "s", User: "alice", Device: "alice-2", Role: Member})
		second.pull()
		a.set("phone", f.s("0171"))
		second.set("phone", f.s("0172"))
		a.push()
		second.push()
		if m := w.merged("phone"); m.Values[0].Author.User != "alice" || m.Values[1].Author.User != "alice" {
			t.Fatalf("entry %+v", m)
		}
	})
}

func TestResentChangesMakeNoSecondEntry(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		raws := [][]byte{a.set("phone", f.s("0171")).Raw, b.set("phone", f.s("0172")).Raw}
		a.push()
		b.push()
		m := w.merged("phone")
		a.deliver(alice, raws[:1])
		b.deliver(bob, raws[1:])
		w.dismissMerged(bob, "phone")
		if m := w.mergedRows[m.ID]; m.Status != MergedDismissed || m.ClosedBy.User != "bob" {
			t.Fatalf("closed as %+v", m)
		}
		b.deliver(bob, raws[1:])
		w.noMerged("phone")
		if len(w.mergedRows) != 1 {
			t.Fatalf("entries %+v", w.mergedRows)
		}
	})
}

func TestSavedFormThatChangesNothingIsNoLoss(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.set("notes", f.s("hello"))
		b.set("email", f.s("x"))
		b.set("notes", f.s("goodbye")) // with a longer history, so that it shows
		a.push()
		b.push()
		w.noMerged("notes")
	})
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.set("email", f.s("x"))
		a.set("notes", f.s("hello")) // hides what b wrote
		b.set("notes", f.s("goodbye"))
		a.push()
		b.push()
		sides(t, w.merged("notes"), "hello", "goodbye")
	})
}

func TestEditOverTheAPIIsAnAuthorLikeAnother(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b.set("phone", f.s("0172"))
		w.edit(olga, fieldsOf("phone", f.s("0171"), "notes", f.s("called")), nil)
		at := w.now
		b.push()
		m := w.merged("phone")
		var api MergedValue
		for _, v := range m.Values {
			if v.Source == FromAPI {
				api = v
			}
		}
		if api.Author.User != "olga" || !api.ReceivedAt.Equal(at) || !api.Value.Equal(f.s("0171")) {
			t.Fatalf("entry %+v", m)
		}
		w.edit(bob, fieldsOf("phone", f.s("0173")), nil)
		if m := w.mergedRows[m.ID]; m.Status != MergedSuperseded || m.ClosedBy.User != "bob" {
			t.Fatalf("closed as %+v", m)
		}
	})
}

func TestWhatAConnectionSaysBesideADeviceIsAnEntryOfItsOwnSource(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b.set("phone", f.s("0172"))
		at := w.now
		w.webhook("e1", "phone", f.s("0171"))
		b.push()
		m := w.merged("phone")
		sources := make(map[Source]MergedValue)
		for _, v := range m.Values {
			sources[v.Source] = v
		}
		crms := sources[FromWebhook]
		if len(m.Values) != 2 || !crms.Author.same(crm.author()) || !crms.ReceivedAt.Equal(at) || !crms.Value.Equal(f.s("0171")) {
			t.Fatalf("entry %+v", m)
		}
		if device := sources[FromDevice]; device.Author.User != "bob" {
			t.Fatalf("entry %+v", m)
		}
	})
}

func TestHubChangesOfCriticalFieldsMakeNoEntries(t *testing.T) {
	policy := modes(EveryEdit)
	policy.Fields = append(policy.Fields, FieldPolicy{Path: "venue.name", Kind: Text, Review: EveryEdit})
	story(t, policy, func(t *testing.T, w *world, f form, a, b *device) {
		b.set("budget", f.n(20))
		a.set("budget", f.n(10))
		w.edit(olga, fieldsOf("venue.name", f.s("Mill")), nil) // the hub makes the map
		b.set("venue", venue("Barn", "Kiel"))
		a.push()
		b.push()
		w.resolve("budget", Resolution{Action: Keep})
		if len(w.mergedRows) != 0 {
			t.Fatalf("entries %+v", w.mergedRows)
		}
	})
}

func TestFieldThatTurnsCriticalClosesItsEntry(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.set("phone", f.s("0171"))
		b.set("phone", f.s("0172"))
		a.push()
		b.push()
		id := w.merged("phone").ID
		policy := modes(EveryEdit)
		policy.Version = 2
		policy.Fields = append(policy.Fields, FieldPolicy{Path: "phone", Kind: Text, Review: EveryEdit})
		w.policy = policy
		a.pull()
		a.set("email", f.s("x"))
		a.push()
		if m := w.mergedRows[id]; m.Status != MergedSuperseded || m.ClosedBy != nil {
			t.Fatalf("closed as %+v", m)
		}
		w.pending("phone")
	})
}

func TestRecordMadeOfflineByTwoHasItsEntriesOnceItIsJudged(t *testing.T) {
	w := newWorld(t, modes(EveryEdit))
	a, b := w.device(alice), w.device(bob)
	a.set("notes", text("hello"))
	b.copyFrom(a)
	a.set("phone", str("0171"))
	b.set("phone", str("0172"))
	a.copyFrom(b)
	raws := a.unsent()
	w.receive(alice, raws[:2], a.graph.Heads())
	w.noMerged("phone")
	w.receive(alice, raws[2:], a.graph.Heads())
	m := w.merged("phone")
	if len(m.Values) != 2 || m.Values[0].Author.Actor == "" {
		t.Fatalf("entry %+v", m)
	}
	b.set("email", str("x"))
	w.receive(bob, b.unsent(), b.graph.Heads())
	named := 0
	for _, v := range w.merged("phone").Values {
		if v.Author.User == "bob" {
			named++
		}
	}
	if named != 1 {
		t.Fatalf("once its device is known the entry is %+v", w.merged("phone"))
	}
	w.checkReplay()
}

func TestLongTextIsCutInTheEntryAndUsedInFull(t *testing.T) {
	long := strings.Repeat("ä", 400)
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.set("notes", f.s(long))
		b.set("email", f.s("x"))
		b.set("notes", f.s("short"))
		a.push()
		b.push()
		m := w.merged("notes")
		cut := m.Values[1]
		if !cut.Cut || len(cut.Value.Str) != MaxMergedValue || !strings.HasPrefix(long, cut.Value.Str) || m.Values[0].Cut {
			t.Fatalf("entry %+v", m)
		}
		w.use(alice, "notes", 1)
		b.pull()
		if got := b.value("notes"); !got.Equal(f.s(long)) {
			t.Fatalf("a device shows %d bytes", len(got.Str))
		}
	})
}

func TestEntryFollowsATextThatGoesOnWithoutShowing(t *testing.T) {
	w := newWorld(t, modes(EveryEdit))
	a := w.device(alice)
	a.set("email", text("x"))
	a.push()
	b := w.device(bob)
	b.pull()
	b.set("phone", text("1"))
	b.set("notes", text("short"))
	a.typeInto("notes", "lil")
	b.push()
	a.push()
	sides(t, w.merged("notes"), "short", "lil")
	a.typeInto("notes", "lilies")
	a.push()
	m := w.merged("notes")
	sides(t, m, "short", "lilies")
	w.use(alice, "notes", 1)
	b.pull()
	if got := b.value("notes"); !got.Equal(text("lilies")) {
		t.Fatalf("a device shows %+v", got)
	}
	w.checkReplay()
}

func TestTypingIntoATextThatSomebodyReplacedIsFoundWhoeverComesFirst(t *testing.T) {
	for _, typesFirst := range []bool{true, false} {
		w := newWorld(t, modes(EveryEdit))
		a := w.device(alice)
		a.set("notes", text("hello"))
		a.push()
		b := w.device(bob)
		b.pull()
		a.typeInto("notes", "hello, bring the rings")
		b.set("notes", text("goodbye"))
		if typesFirst {
			a.push()
			b.push()
		} else {
			b.push()
			a.push()
		}
		m := w.merged("notes")
		sides(t, m, "goodbye", "hello, bring the rings")
		if m.Values[1].Author.User != "alice" || m.Values[1].Change != a.mine[len(a.mine)-1] {
			t.Errorf("entry %+v", m)
		}
		w.use(bob, "notes", 1)
		if got := w.mergedRows[m.ID]; got.Status != MergedUsed {
			t.Errorf("closed as %+v", got)
		}
		for _, d := range []*device{a, b} {
			d.pull()
			if got := d.value("notes"); !got.Equal(text("hello, bring the rings")) {
				t.Errorf("%s shows %+v", d.who.Device, got)
			}
		}
		w.checkReplay()
	}
}

func TestTypingThatTheReplacerKnewIsNoLoss(t *testing.T) {
	w := newWorld(t, modes(EveryEdit))
	a := w.device(alice)
	a.set("notes", text("hello"))
	a.push()
	b := w.device(bob)
	a.typeInto("notes", "hello, bring the rings")
	a.push()
	b.pull()
	b.set("notes", text("goodbye"))
	a.set("email", text("x")) // beside it
	a.push()
	b.push()
	w.noMerged("notes")
	w.checkReplay()
}

func TestWhatTheAPITypedIntoAReplacedTextHasItsAuthor(t *testing.T) {
	w := newWorld(t, modes(EveryEdit))
	a := w.device(alice)
	a.set("notes", text("hello"))
	a.push()
	b := w.device(bob)
	b.pull()
	w.edit(olga, fieldsOf("notes", text("hello world")), nil)
	b.set("notes", text("goodbye"))
	b.push()
	m := w.merged("notes")
	sides(t, m, "goodbye", "hello world")
	if m.Values[1].Author.User != "olga" || m.Values[1].Source != FromAPI {
		t.Errorf("entry %+v", m)
	}
	w.checkReplay()
}

func TestOpenEntriesOfARecordAreBounded(t *testing.T) {
	w := newWorld(t, modes(EveryEdit))
	a := w.device(alice)
	a.set("notes", text("hello"))
	a.push()
	b := w.device(bob)
	b.pull()
	for _, d := range []*device{a, b} {
		fields := crdt.NewFields(manyPaths()...)
		for i := range d.graph.Len() {
			fields.Apply(i, decode(t, d.graph.At(i).Raw))
		}
		d.fields = fields
		for i, p := range manyPaths()[:MaxMerged+3] {
			d.set(p, str(fmt.Sprint(d.who.User, i)))
			if d == b {
				d.push()
			}
		}
		d.push()
	}
	if got := len(w.rec.View().Merged); got != MaxMerged {
		t.Fatalf("%d entries are open", got)
	}
	crowded := 0
	for _, m := range w.mergedRows {
		if m.Crowded {
			crowded++
			if m.Status != MergedSuperseded || m.ClosedBy != nil {
				t.Errorf("closed as %+v", m)
			}
		}
	}
	if crowded != 3 {
		t.Errorf("%d entries were closed for newer ones", crowded)
	}
	for _, p := range manyPaths()[:3] {
		w.noMerged(p)
	}
}

func manyPaths() []crdt.Path {
	var paths []crdt.Path
	for i := range MaxMerged + 3 {
		paths = append(paths, crdt.Path(fmt.Sprintf("field %02d", i)))
	}
	return append(paths, devicePaths...)
}

func TestEntriesAreClosedByThoseWhoMayWriteAndOnce(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.set("phone", f.s("0171"))
		b.set("phone", f.s("0172"))
		a.push()
		b.push()
		m := w.merged("phone")
		before := w.rec.Ledger()
		for _, c := range []struct {
			use  MergedUse
			want error
		}{
			{MergedUse{By: guest, Entry: m.ID, Value: m.Values[0].Change}, ErrForbidden},
			{MergedUse{By: alice, Entry: "x", Value: m.Values[0].Change}, ErrUnknownMerged},
			{MergedUse{By: alice, Entry: m.ID, Value: crdt.Hash{1}}, ErrUnknownValue},
		} {
			c.use.Policy, c.use.Now = w.policy, w.now
			if _, err := w.rec.UseMerged(c.use); err != c.want {
				t.Errorf("%+v: %v, want %v", c.use, err, c.want)
			}
		}
		if _, err := w.rec.DismissMerged(guest, m.ID, w.policy, w.now); err != ErrForbidden {
			t.Errorf("a viewer dismisses: %v", err)
		}
		if string(before) != string(w.rec.Ledger()) {
			t.Error("a refused command changed the ledger")
		}
		w.dismissMerged(crm, "phone")
		if _, err := w.rec.DismissMerged(alice, m.ID, w.policy, w.now); err != ErrUnknownMerged {
			t.Errorf("dismissed twice: %v", err)
		}
	})
}
