package main

import (
	"testing"

	"github.com/fxamacker/cbor/v2"

	"wedsync/crdt"
)

func TestPreparedChangesAreAChainThatTheHubTakes(t *testing.T) {
	h := newHistory(7, 50)
	g := crdt.NewGraph(crdt.DefaultLimits)
	for i, chunk := range h.chunks {
		c, err := crdt.Decode(chunk, crdt.DefaultLimits)
		if err != nil {
			t.Fatalf("change %d: %v", i, err)
		}
		if c.Hash != h.hashes[i] {
			t.Fatalf("change %d: got hash %s, want %s", i, h.hashes[i], c.Hash)
		}
		if added, err := g.Add(c); err != nil || len(added) != 1 {
			t.Fatalf("change %d: added %d, %v", i, len(added), err)
		}
	}
	if got := g.Heads(); len(got) != 1 || got[0] != h.hashes[49] {
		t.Errorf("got heads %v, want the last change alone", got)
	}
}

func TestFramesReadBackAsTheyWereMeant(t *testing.T) {
	h := newHistory(1, 2)
	frame := appendSync(nil, "me", "hub", h.document, appendMessage(nil, h.hashes[1], h.chunks[1]))
	var e envelope
	if err := cbor.Unmarshal(frame, &e); err != nil {
		t.Fatal(err)
	}
	if e.Type != "sync" || e.SenderID != "me" || e.DocumentID != h.document {
		t.Errorf("got %+v", e)
	}
	if at, err := headIndex(e, h); err != nil || at != 1 {
		t.Errorf("got head %d, %v; want 1", at, err)
	}
}

func TestCPUTimeOfACommandWithOddNameIsRead(t *testing.T) {
	line := "42 (a) b) (c) S 7 42 42 0 -1 4194304 100 0 0 0 11 22 33 44 20 0 1 0 5 6 7"
	got, ok := parseStat(line)
	if want := (stat{parent: 7, own: 33, ended: 77}); !ok || got != want {
		t.Errorf("got %+v, %t; want %+v", got, ok, want)
	}
}

func TestRatioSaysHowManyTimesBetterTheHubIs(t *testing.T) {
	r := &report{}
	r.add("hub", []row{{Name: "rate", Unit: "/s", Value: 100, Higher: true}, {Name: "delay", Unit: "ms", Value: 2}})
	r.add("sync-server", []row{{Name: "rate", Unit: "/s", Value: 20, Higher: true}, {Name: "delay", Unit: "ms", Value: 8}})
	if rate, delay := r.Lines[0].Ratio, r.Lines[1].Ratio; rate != 5 || delay != 4 {
		t.Errorf("got %v and %v, want 5 and 4", rate, delay)
	}
}

func FuzzHeadsOf(f *testing.F) {
	f.Add(appendMessage(nil, crdt.Hash{1}))
	f.Add([]byte{0x42, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, data []byte) {
		heads, err := headsOf(data)
		if err == nil && len(data) < 2+32*len(heads) {
			t.Errorf("%d heads from %d bytes", len(heads), len(data))
		}
	})
}
