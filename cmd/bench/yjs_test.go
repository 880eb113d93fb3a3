package main

import (
	"encoding/hex"
	"testing"
)

func TestClockTellsHowManyChangesThereAre(t *testing.T) {
	for _, n := range []int{0, 1, 2, 120} {
		if got, err := readVector(vectorOf(n)); err != nil || got != n {
			t.Errorf("got %d, %v; want %d", got, err, n)
		}
	}
}

func TestUpdateOfYjsTellsTheChangesItCompletes(t *testing.T) {
	// Printed by updates.js 3: the third change alone.
	third, err := hex.DecodeString("0101d285d8cc0417a8d285d8cc040201771376616c75652032206f66207265636f7264203001d285d8cc04010201")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := readUpdate(third); err != nil || got != 3 {
		t.Errorf("got %d, %v; want 3", got, err)
	}
}

func TestUpdatesAreSplitByTheirLengths(t *testing.T) {
	all, err := splitUpdates([]byte{1, 0, 0, 0, 'a', 0, 0, 0, 0, 2, 0, 0, 0, 'b', 'c'})
	if err != nil || len(all) != 3 || string(all[2]) != "bc" {
		t.Errorf("got %q, %v", all, err)
	}
	for _, cut := range [][]byte{{1, 0, 0}, {2, 0, 0, 0, 'a'}} {
		if all, err := splitUpdates(cut); err == nil {
			t.Errorf("got %q of %v, want an error", all, cut)
		}
	}
}

func FuzzReadUpdate(f *testing.F) {
	f.Add(emptyUpdate())
	f.Add(vectorOf(3))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, read := range []func([]byte) (int, error){readUpdate, readVector} {
			if n, err := read(body); err == nil && n > 0 && len(body) < 3 {
				t.Errorf("%d changes from %d bytes", n, len(body))
			}
		}
	})
}
