package activity

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wedsync/crdt"
	"wedsync/store"
)

// A played event came at a time, in milliseconds.
type played struct {
	at     int
	record byte
	user   string
	key    string // empty for an event that is not folded
}

// play has a folder take events and tells what came out, in its order.
func play(events []played, each func(now time.Time, upTo uint64, f *folder, out []told)) {
	f := newFolder()
	begin := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	number := uint64(0)
	at := func(ms int) time.Time { return begin.Add(time.Duration(ms) * time.Millisecond) }
	for _, p := range events {
		each(at(p.at), number, f, f.due(at(p.at), nil))
		number++
		o := changed(p.user, p.key)
		if p.key == "" {
			o.Changed, o.Kind = nil, "delete"
		}
		o.At = at(p.at)
		var out []told
		for _, e := range tell(&store.Entry{Number: number, Record: record(p.record), Batches: []store.Batch{{Origin: o}}}) {
			out = f.take(at(p.at), e, out)
		}
		each(at(p.at), number, f, out)
	}
	for range 2 {
		end := at(events[len(events)-1].at + 5000)
		each(end, number, f, f.due(end, nil))
	}
}

func TestBurstsAreFolded(t *testing.T) {
	for _, c := range []struct {
		name   string
		events []played
		want   [][2]uint64
	}{
		{"one is told at once", []played{{0, 1, "ada", "a"}}, [][2]uint64{{1, 1}}},
		{"what follows is told together", []played{{0, 1, "ada", "a"}, {10, 1, "ada", "b"}, {900, 1, "ada", "a"}}, [][2]uint64{{1, 1}, {2, 3}}},
		{"who rests for a second begins anew", []played{{0, 1, "ada", "a"}, {1000, 1, "ada", "b"}}, [][2]uint64{{1, 1}, {2, 2}}},
		{"a long burst is told each second", []played{{0, 1, "ada", "a"}, {500, 1, "ada", "a"}, {1200, 1, "ada", "a"}, {1900, 1, "ada", "a"}, {2300, 1, "ada", "a"}}, [][2]uint64{{1, 1}, {2, 2}, {3, 4}, {5, 5}}},
		{"another author ends it", []played{{0, 1, "ada", "a"}, {10, 1, "ada", "b"}, {20, 1, "ben", "b"}}, [][2]uint64{{1, 1}, {2, 2}, {3, 3}}},
		{"another event ends it", []played{{0, 1, "ada", "a"}, {10, 1, "ada", "b"}, {20, 1, "ada", ""}}, [][2]uint64{{1, 1}, {2, 2}, {3, 3}}},
		{"another record does not", []played{{0, 1, "ada", "a"}, {10, 1, "ada", "b"}, {20, 2, "ada", "b"}, {30, 1, "ada", "c"}}, [][2]uint64{{1, 1}, {3, 3}, {2, 4}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got [][2]uint64
			play(c.events, func(_ time.Time, _ uint64, _ *folder, out []told) {
				for _, e := range out {
					got = append(got, [2]uint64{e.first, e.last})
				}
			})
			if !slices.Equal(got, c.want) {
				t.Errorf("told %v, want %v", got, c.want)
			}
		})
	}
}

func TestAFoldedEventNamesAllFieldsAndHowManyCommits(t *testing.T) {
	var last told
	play([]played{{0, 1, "ada", "a"}, {10, 1, "ada", "c"}, {20, 1, "ada", "b"}, {30, 1, "ada", "c"}}, func(_ time.Time, _ uint64, _ *folder, out []told) {
		if len(out) > 0 {
			last = out[len(out)-1]
		}
	})
	d := last.data
	if !slices.Equal(d.Fields, []string{"b", "c"}) || d.Commits != 3 || *d.Offsets != [2]uint64{2, 4} || d.Text != "ada changed b and c on phone." {
		t.Errorf("told %+v, offsets %v", d, d.Offsets)
	}
}

// TestFoldingLosesNothing: each record's numbers are told once, in order, nothing
// is held for longer than a second, and a position is never ahead of what was told.
func TestFoldingLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := 0
		events := make([]played, rapid.IntRange(1, 60).Draw(t, "events"))
		owed := make(map[crdt.RecordID][]uint64)
		for i := range events {
			at += rapid.SampledFrom([]int{0, 1, 100, 400, 999, 1000, 3000}).Draw(t, "rest")
			events[i] = played{
				at, byte(rapid.IntRange(1, 3).Draw(t, "record")), rapid.SampledFrom([]string{"ada", "ben"}).Draw(t, "user"),
				rapid.SampledFrom([]string{"a", "b", "c", ""}).Draw(t, "key"),
			}
			owed[record(events[i].record)] = append(owed[record(events[i].record)], uint64(i+1))
		}
		play(events, func(now time.Time, upTo uint64, f *folder, out []told) {
			positions := f.positions(out, upTo)
			for i, e := range out {
				owing := owed[e.record]
				n := e.data.Commits
				if n > len(owing) || owing[0] != e.first || owing[n-1] != e.last {
					t.Fatalf("told %d to %d as %d commits, owing are %v", e.first, e.last, n, owing)
				}
				owed[e.record] = owing[n:]
				for _, numbers := range owed {
					if len(numbers) > 0 && numbers[0] <= positions[i] {
						t.Fatalf("position %d after %d to %d, but %d is to be told", positions[i], e.first, e.last, numbers[0])
					}
				}
			}
			for _, b := range f.bursts {
				if b.held != nil && now.Sub(b.held.began) > burst {
					t.Fatalf("held for %s", now.Sub(b.held.began))
				}
			}
		})
		for id, numbers := range owed {
			if len(numbers) > 0 {
				t.Fatalf("never told of %s: %v", id, numbers)
			}
		}
	})
}
