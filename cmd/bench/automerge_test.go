package main

import (
	"bytes"
	"context"
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
	c, err := newHistories(context.Background(), work{records: 2, changes: 3})
	if err != nil {
		t.Fatal(err)
	}
	h := c.(*histories).all[1]
	for _, changes := range [][][]byte{nil, h.chunks[1:2]} {
		frame := appendFrame(nil, "sync", "me", "hub", h.document, appendMessage(nil, h.heads(2), h.heads(1), changes...))
		var e envelope
		if err := cbor.Unmarshal(frame, &e); err != nil {
			t.Fatal(err)
		}
		if e.Type != "sync" || e.SenderID != "me" || e.DocumentID != h.document {
			t.Errorf("got %+v", e)
		}
		heads, has, err := readMessage(e.Data)
		if err != nil || has != (len(changes) > 0) {
			t.Errorf("got changes %t, %v; want %d", has, err, len(changes))
		}
		if n, err := h.held(heads); err != nil || n != 2 {
			t.Errorf("got %d changes, %v; want 2", n, err)
		}
	}
}

func FuzzReadMessage(f *testing.F) {
	h := newHistory(1, 2)
	f.Add(appendMessage(nil, h.heads(2), h.heads(1), h.chunks[1]))
	f.Add([]byte{0x42, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, data []byte) {
		heads, _, err := readMessage(data)
		if err == nil && len(data) < 5+32*len(heads) {
			t.Errorf("%d heads from %d bytes", len(heads), len(data))
		}
		for i, head := range heads {
			if err == nil && !bytes.Equal(head[:], data[2+32*i:34+32*i]) && len(heads) < 128 {
				t.Errorf("head %d is not what was sent", i)
			}
		}
	})
}
