package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/syncproto"
)

// A scribe edits one record over a wire client, change by change.
type scribe struct {
	t       *testing.T
	actor   crdt.ActorID
	id      crdt.RecordID
	changes []*crdt.Change // all it made
	raw     [][]byte       // the same, encoded
	known   int            // how many of them the hub has said it has
}

// edit makes a change that sets the field count.
func (s *scribe) edit() {
	s.t.Helper()
	n := uint64(len(s.changes) + 1)
	c := crdt.Change{
		Actor: s.actor, Seq: n, StartOp: n, NumOps: 1,
		Ops: []crdt.Op{{
			ID: crdt.OpID{Counter: n, Actor: s.actor}, Key: "count", Action: crdt.Set,
			Value: crdt.Value{Kind: crdt.Str, Str: fmt.Sprint(n)},
		}},
	}
	if n > 1 {
		last := s.changes[n-2]
		c.Deps = []crdt.Hash{last.Hash}
		c.Ops[0].Pred = []crdt.OpID{last.Ops[0].ID}
	}
	raw := crdt.Encode(&c)
	decoded, err := crdt.Decode(raw, crdt.DefaultLimits)
	if err != nil {
		s.t.Fatal(err)
	}
	s.changes, s.raw = append(s.changes, decoded), append(s.raw, raw)
}

// exchange sends what the hub has not said it has, and waits until it says so.
func (s *scribe) exchange(c *wireClient, peer string) error {
	last := s.changes[len(s.changes)-1].Hash
	m := syncproto.Message{Heads: []crdt.Hash{last}, Have: []syncproto.Have{{}}, Changes: s.raw[s.known:]}
	if err := c.write(syncFrame(peer, s.id.DocumentID(), m.Append(nil))); err != nil {
		return err
	}
	for {
		ctx, cancel := context.WithTimeout(s.t.Context(), patience)
		f, err := c.read(ctx)
		cancel()
		if err != nil {
			return err
		}
		if f["type"] != "sync" {
			continue
		}
		answer, err := syncproto.DecodeMessage(f["data"].([]byte))
		if err != nil {
			s.t.Fatal(err)
		}
		if slices.Contains(answer.Heads, last) {
			s.known = len(s.changes)
			return nil
		}
	}
}

func TestDeviceWhoseTokenEndsComesBackWithATicketAndLosesNothing(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	brief := strings.TrimSpace(mustRun(t, "token", "--data", h.data, "--supplier", "barn", "--user", "ada", "--role", "member", "--device", "ada-device", "--ttl", "3s"))
	s := &scribe{t: t, actor: "0123456789abcdef", id: crdt.RecordID{0: 7, 6: 0x40, 8: 0x80}}
	phone := joinWire(t, "ws://"+h.address+"/sync?token="+brief, "phone")
	for {
		s.edit()
		err := s.exchange(phone, "phone")
		if err == nil {
			continue
		}
		if code := websocket.CloseStatus(err); code != websocket.StatusCode(hub.Unauthorised) {
			t.Fatalf("ended by %v, want %d", err, hub.Unauthorised)
		}
		break
	}
	if code := dialWire(t, "ws://"+h.address+"/sync?token="+brief).awaitClose(); code != websocket.StatusCode(hub.Unauthorised) {
		t.Errorf("with the old token: closed with %d", code)
	}
	s.edit() // offline
	var ticket struct{ Ticket string }
	h.api(member("ada")).must("POST", "/api/realtime/ticket", nil, &ticket)
	again := joinWire(t, "ws://"+h.address+"/sync?ticket="+ticket.Ticket, "phone")
	if err := s.exchange(again, "phone"); err != nil {
		t.Fatal(err)
	}
	got := h.api(owner("olga")).get(s.id.DocumentID())
	if want := fmt.Sprint(len(s.changes)); got.Fields["count"] != want {
		t.Errorf("the hub has edit %v, want %s", got.Fields["count"], want)
	}
}
