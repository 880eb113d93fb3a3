package hub

import (
	"log/slog"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
	"wedsync/syncproto"
)

func deafHub() *Hub {
	return &Hub{log: slog.New(slog.DiscardHandler), now: time.Now}
}

// named is a device as others are told of it.
func named(user string) *Device {
	return &Device{peerID: user, who: conflicts.Principal{Supplier: "barn", User: user, Device: "phone of " + user}}
}

// FuzzGossip: what another node tells never ends this one.
func FuzzGossip(f *testing.F) {
	g := newGossip(deafHub())
	g.tell("barn", named("anna"), syncproto.Ephemeral{Record: crdt.RecordID{1}, Count: 7, SessionID: "s", Data: []byte("typing")})
	g.tell("barn", named("ben"), syncproto.Ephemeral{Record: crdt.RecordID{1}, Count: 8, SessionID: "s", Data: []byte("gone")})
	f.Add(g.take())
	f.Add([]byte{0x9f, 0x9f, 0x9f})
	f.Fuzz(func(t *testing.T, message []byte) {
		if len(message) <= store.MaxTold {
			newGossip(deafHub()).heard(message)
		}
	})
}

func TestGossipIsToldInPartsThatFitAndTheOldestGoWhenTooMuchWaits(t *testing.T) {
	g := newGossip(deafHub())
	const size = 1000
	told := 2 * maxGossip / size
	for n := range told {
		g.tell("barn", named("anna"), syncproto.Ephemeral{Count: uint64(n), Data: make([]byte, size)})
	}
	g.tell("barn", named("anna"), syncproto.Ephemeral{Data: make([]byte, store.MaxTold)}) // stays here
	var counts []uint64
	for b := g.take(); len(b) > 0; b = g.take() {
		if len(b) > store.MaxTold {
			t.Fatalf("%d bytes are told at once", len(b))
		}
		for len(b) > 0 {
			var w whisper
			rest, err := cbor.UnmarshalFirst(b, &w)
			if err != nil {
				t.Fatal(err)
			}
			b, counts = rest, append(counts, w.Count)
		}
	}
	if n := len(counts); n == 0 || n*size > maxGossip || counts[n-1] != uint64(told-1) || counts[0] != uint64(told-n) {
		t.Errorf("%d of %d were told, from %d on to %d", n, told, counts[0], counts[n-1])
	}
}
