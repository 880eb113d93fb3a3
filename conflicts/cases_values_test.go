package conflicts

import (
	"errors"
	"testing"

	"wedsync/crdt"
)

func TestCase13_TextTypedByTwoPeopleNeverBlends(t *testing.T) {
	play := func(mode Review, one, two int) func(t *testing.T, w *world, f form, a, b *device) {
		return func(t *testing.T, w *world, f form, a, b *device) {
			if f == scalars {
				a.set("venue_name", crdt.Value{Kind: crdt.Text, Str: "Barn"})
				w.seen[name(crdt.Value{Kind: crdt.Text, Str: "Barn"})] = true
				a.push()
				b.pull()
			}
			type typing struct {
				d    *device
				text string
			}
			typings := []typing{{a, "Barnyard"}, {b, "Bar Nine"}}
			for _, n := range []int{one, two} {
				typings[n].d.typeInto("venue_name", typings[n].text)
			}
			for _, n := range []int{one, two} {
				typings[n].d.push()
			}
			switch mode {
			case EveryEdit:
				values(t, w.open("venue_name"), typings[one].text, typings[two].text)
			case ConflictingEdits:
				w.accepted("venue_name", crdt.Value{Kind: crdt.Text, Str: typings[one].text}, 2)
				values(t, w.open("venue_name"), typings[two].text)
			}
		}
	}
	for _, mode := range []Review{EveryEdit, ConflictingEdits} {
		story(t, modes(mode), play(mode, 0, 1))
		story(t, modes(mode), play(mode, 1, 0))
	}
	t.Run("interleaved", func(t *testing.T) {
		story(t, modes(ConflictingEdits), func(t *testing.T, w *world, f form, a, b *device) {
			a.set("venue_name", crdt.Value{Kind: crdt.Text, Str: "Bar"})
			a.push()
			b.pull()
			for _, d := range []*device{a, b} {
				if got := d.value("venue_name"); got.Str != "Bar" {
					t.Fatalf("%s shows %+v", d.who.Device, got)
				}
			}
			a.typeInto("venue_name", "Bar A")
			b.typeInto("venue_name", "Bar B")
			a.push()
			b.push()
			a.typeInto("venue_name", "Bar Aha")
			b.typeInto("venue_name", "Bar Bob")
			w.verdict(a.push(), "venue_name", EditAccepted, "", 7)
			b.push()
			w.accepted("venue_name", crdt.Value{Kind: crdt.Text, Str: "Bar Aha"}, w.rec.View().Accepted["venue_name"].Revision)
			values(t, w.open("venue_name"), "Bar Bob")
		})
	})
}

func TestCase14_OtherKindsOfValuesCompareCanonically(t *testing.T) {
	const noon = 1_812_801_600_000 // 2027-06-12T12:00:00Z
	for _, same := range []struct {
		path  crdt.Path
		value crdt.Value
	}{
		{"budget", crdt.Value{Kind: crdt.Text, Str: "1.0"}},
		{"budget", crdt.Value{Kind: crdt.Counter, Int: 1}},
		{"budget", crdt.Value{Kind: crdt.Float, Float: 1}},
		{"budget", crdt.Value{Kind: crdt.Uint, Uint: 1}},
		{"venue_name", crdt.Value{Kind: crdt.Text, Str: " Barn "}},
		{"wedding_date", crdt.Value{Kind: crdt.Timestamp, Int: noon}},
	} {
		story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
			o := w.device(olga)
			o.pull()
			o.set("wedding_date", f.s("2027-06-12"))
			o.push()
			b.pull()
			b.set(same.path, same.value)
			out := b.push()
			w.verdict(out, same.path, EditNoChange, "", 1)
			w.noPending(same.path)
		})
	}
	for _, unfit := range []struct {
		path  crdt.Path
		value crdt.Value
	}{
		{"budget", crdt.Value{Kind: crdt.Text, Str: "12,500"}},
		{"budget", crdt.Value{Kind: crdt.Timestamp, Int: noon}},
		{"venue_name", crdt.Value{Kind: crdt.Counter, Int: 7}},
		{"venue_name", crdt.Value{Kind: crdt.Map, Map: map[string]crdt.Value{"a": {Kind: crdt.Int, Int: 1}}}},
	} {
		story(t, modes(ConflictingEdits), func(t *testing.T, w *world, f form, a, b *device) {
			b.set(unfit.path, unfit.value)
			w.verdict(b.push(), unfit.path, EditDiverted, InvalidValue, 11)
			w.resolve(unfit.path, Resolution{Action: Accept, Proposal: w.pending(unfit.path).Proposals[0].ID})
			w.accepted(unfit.path, unfit.value, 2)
		})
	}
	story(t, modes(ConflictingEdits), func(t *testing.T, w *world, f form, a, b *device) {
		b.set("budget", f.n(9))
		a.set("budget", f.n(8))
		a.push()
		b.push()
		c := w.pending("budget")
		_, err := w.rec.Resolve(Resolution{
			By: olga, Conflict: c.ID, Version: c.Version, Action: Custom, Value: f.s("a lot"), Policy: w.policy, Now: w.now,
		})
		var unfit *UnfitError
		if !errors.As(err, &unfit) {
			t.Fatalf("an ill-fitting custom value got %v", err)
		}
	})
}

func TestCase15_OneChangeEditsNotesAndBudget(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b.change(func(c *crdt.Builder) {
			c.Set("notes", f.s("call them"))
			c.Set("budget", f.n(10))
		})
		w.verdict(b.push(), "budget", EditDiverted, NeedsReview, 13)
		a.pull()
		if got := a.value("notes"); !got.Equal(f.s("call them")) {
			t.Fatalf("notes are %+v", got)
		}
		if got := a.value("budget"); !got.Equal(f.n(1)) {
			t.Fatalf("budget is %+v", got)
		}
	})
}

func TestCase16_TwentyOfflineEditsAreOne(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		for n := range int64(20) {
			b.set("budget", f.n(100+n))
		}
		out := b.push()
		if len(out.Verdicts) != 1 {
			t.Fatalf("verdicts %+v", out.Verdicts)
		}
		row := w.pending("budget")
		if len(row.Proposals) != 1 || row.Version != 1 {
			t.Fatalf("conflict %+v", row)
		}
		values(t, w.open("budget"), 119)
	})
	story(t, modes(ConflictingEdits), func(t *testing.T, w *world, f form, a, b *device) {
		for n := range int64(20) {
			b.set("budget", f.n(100+n))
		}
		b.push()
		w.accepted("budget", f.n(119), 2)
	})
}
