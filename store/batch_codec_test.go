package store_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"wedsync/crdt"
	"wedsync/store"
)

func bodies() [][]store.Batch {
	return [][]store.Batch{
		nil,
		{{}},
		{{Chunks: [][]byte{{1, 2, 3}}}},
		{{Chunks: [][]byte{{}, {4}, bytes.Repeat([]byte{5}, 300)}, Hub: true}, {}, {Chunks: [][]byte{{6}}}},
	}
}

func TestBodyIsReadBackWhole(t *testing.T) {
	for _, want := range bodies() {
		got, err := store.DecodeBody(store.AppendBody(nil, want))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestBodyCutOffAnywhereIsCorrupt(t *testing.T) {
	for _, b := range bodies() {
		whole := store.AppendBody(nil, b)
		for n := range whole {
			if _, err := store.DecodeBody(whole[:n]); !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("first %d of %d bytes: got error %v, want %v", n, len(whole), err, store.ErrCorrupt)
			}
		}
		if _, err := store.DecodeBody(append(whole, 0)); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("a byte too many: got error %v, want %v", err, store.ErrCorrupt)
		}
	}
}

func TestBodyOfManyThingsThatAreNotThereAllocatesLittle(t *testing.T) {
	huge := []byte{1, 0xff, 0xff, 0xff, 0xff, 0x0f} // four thousand million batches
	allocated := testing.AllocsPerRun(10, func() {
		if _, err := store.DecodeBody(huge); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("got error %v, want %v", err, store.ErrCorrupt)
		}
	})
	if allocated > 20 {
		t.Errorf("%v allocations", allocated)
	}
}

func TestOriginsBelongToTheirBatches(t *testing.T) {
	batches := []store.Batch{{Origin: store.Origin{Kind: "sync"}}, {Origin: store.Origin{Kind: "api", Policy: 2}}}
	b, err := store.EncodeOrigins(batches)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]store.Batch, 2)
	if err := store.DecodeOrigins(b, got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(batches, got); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"", "[]", "{}", "[{}]", "[1,2]"} {
		if err := store.DecodeOrigins([]byte(bad), got); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("%q: got error %v, want %v", bad, err, store.ErrCorrupt)
		}
	}
}

func TestHeadsAreReadBackWhole(t *testing.T) {
	for _, want := range [][]crdt.Hash{nil, {{1}}, {{1}, {2, 3}}} {
		got, err := store.DecodeHeads(store.EncodeHeads(want))
		if err != nil || !cmp.Equal(want, got) {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
	}
	if _, err := store.DecodeHeads(make([]byte, 33)); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("33 bytes: got error %v, want %v", err, store.ErrCorrupt)
	}
}

// FuzzDecodeBody holds that what can be read can be written and read again, and
// that nothing panics or is read twice.
func FuzzDecodeBody(f *testing.F) {
	for _, b := range bodies() {
		f.Add(store.AppendBody(nil, b))
	}
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, body []byte) {
		batches, err := store.DecodeBody(body)
		if err != nil {
			if !errors.Is(err, store.ErrCorrupt) {
				t.Fatalf("error %v is not %v", err, store.ErrCorrupt)
			}
			return
		}
		size := 0
		for _, b := range batches {
			for _, c := range b.Chunks {
				size += len(c)
			}
		}
		if size > len(body) {
			t.Fatalf("%d bytes of chunks in a body of %d", size, len(body))
		}
		again, err := store.DecodeBody(store.AppendBody(nil, batches))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(batches, again, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}
