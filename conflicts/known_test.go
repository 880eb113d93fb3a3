package conflicts

import (
	"encoding/json"
	"errors"
	"maps"
	"testing"
	"time"

	"wedsync/crdt"
)

// decidedAt is a stored ledger whose fields were decided at these minutes.
func decidedAt(t *testing.T, minutes map[crdt.Path][]int) []byte {
	t.Helper()
	l := newLedger()
	for path, at := range minutes {
		f := &field{Critical: true}
		for _, m := range at {
			f.Revisions = append(f.Revisions, Revision{At: time.Date(2027, 1, 1, 0, m, 0, 0, time.UTC)})
		}
		l.Fields[path] = f
	}
	b, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestKnownRevisionsAreThoseOfTheNamedMoment(t *testing.T) {
	ledger := decidedAt(t, map[crdt.Path][]int{"budget": {1, 3, 4}, "wedding_date": {2}, "venue_name": nil})
	for decisions, want := range []map[crdt.Path]uint64{
		{"budget": 0, "wedding_date": 0, "venue_name": 0},
		{"budget": 1, "wedding_date": 0, "venue_name": 0},
		{"budget": 1, "wedding_date": 1, "venue_name": 0},
		{"budget": 2, "wedding_date": 1, "venue_name": 0},
		{"budget": 3, "wedding_date": 1, "venue_name": 0},
	} {
		got, err := KnownAt(ledger, uint64(decisions))
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("after %d decisions: %v, %v, want %v", decisions, got, err, want)
		}
	}
	var ahead *StepsError
	if got, err := KnownAt(ledger, 5); !errors.As(err, &ahead) {
		t.Errorf("after a decision that was never made: %v, %v", got, err)
	}
}

func TestDecisionsOfOneMomentAreKnownTogether(t *testing.T) {
	ledger := decidedAt(t, map[crdt.Path][]int{"budget": {1, 2}, "wedding_date": {2}})
	got, err := KnownAt(ledger, 2)
	if want := (map[crdt.Path]uint64{"budget": 1, "wedding_date": 0}); err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
}

func TestClockThatWasSetBackHidesNoLaterRevision(t *testing.T) {
	ledger := decidedAt(t, map[crdt.Path][]int{"budget": {9, 1}, "wedding_date": {5}})
	got, err := KnownAt(ledger, 1)
	if err != nil || got["budget"] > 1 {
		t.Errorf("%v, %v: the second revision is known before the first", got, err)
	}
	got, err = KnownAt(ledger, 3)
	if want := (map[crdt.Path]uint64{"budget": 2, "wedding_date": 1}); err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
}
