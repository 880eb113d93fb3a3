package engine

import (
	"testing"
	"time"

	"wedsync/crdt"
)

func TestHoldsGrowAndAreBounded(t *testing.T) {
	var h held
	now := time.Unix(1_800_000_000, 0)
	for i := range maxHeld + 1 {
		h.hold(crdt.RecordID{1, byte(i), byte(i >> 8)}, now.Add(time.Duration(i)), time.Second)
	}
	if len(h.records) != maxHeld {
		t.Errorf("%d records held, want %d", len(h.records), maxHeld)
	}
	if err := h.check(crdt.RecordID{1}, now); err != nil {
		t.Errorf("the record that could be tried soonest is still held: %v", err)
	}
	other := crdt.RecordID{9}
	for _, want := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
		if got := h.hold(other, now, time.Second).Sub(now); got != want {
			t.Errorf("held for %v, want %v", got, want)
		}
	}
	for range 20 {
		h.hold(other, now, time.Second)
	}
	if got := h.hold(other, now, time.Second).Sub(now); got != longHold {
		t.Errorf("held for %v, want %v", got, longHold)
	}
	if err := h.check(other, now.Add(longHold)); err != nil {
		t.Errorf("when the time is over: %v", err)
	}
	h.release(other)
	if err := h.check(other, now); err != nil {
		t.Errorf("after it was well: %v", err)
	}
}
